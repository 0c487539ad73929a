"""The adapter and the played Ladok share the reference and no code: what one writes, the other must read."""
