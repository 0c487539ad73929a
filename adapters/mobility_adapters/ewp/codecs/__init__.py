"""One codec per API and major version; none knows another."""
