"""The doors: one package per external system, found by entry point."""
