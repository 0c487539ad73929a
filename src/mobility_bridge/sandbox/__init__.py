"""The outside, played on loopback: shares no codec with what it tests."""
