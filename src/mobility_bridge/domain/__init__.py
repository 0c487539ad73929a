"""What the words mean: frozen dataclasses on the standard library alone."""
