"""One module per topic; no rule knows another."""
