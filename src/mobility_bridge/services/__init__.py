"""One verb per module; each commits one unit of work."""
