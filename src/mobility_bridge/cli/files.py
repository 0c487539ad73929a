"""Reading the files that a command names."""

from pathlib import Path

from mobility_bridge.errors import UsageError


def read(file: Path) -> bytes:
    """Read a file whole; `-` is standard input. Raises UsageError for one that cannot be read."""
    import sys

    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", next_step="Name a file that you may read.") from error
