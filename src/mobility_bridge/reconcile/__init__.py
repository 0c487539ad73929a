"""Facts in, verdicts out: pure and synchronous."""
