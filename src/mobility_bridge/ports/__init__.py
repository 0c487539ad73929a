"""The shapes of the doors: protocols only."""
