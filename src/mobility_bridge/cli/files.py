"""Reading the files that a command names."""

import shlex
from pathlib import Path
from typing import IO

from mobility_bridge.errors import UsageError

LIMIT = 32 << 20
"""Bytes of one file; what has more is no document that a partner sends, and is not read on."""


def read(file: Path) -> bytes:
    """Read a file whole; `-` is standard input.

    Raises:  UsageError for one that cannot be read or has more bytes than LIMIT.
    """
    import sys

    if str(file) == "-":
        return _limited(sys.stdin.buffer, "standard input")
    try:
        with file.open("rb") as stream:
            return _limited(stream, str(file))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", next_step="Name a file that you may read.") from error


def _limited(stream: IO[bytes], name: str) -> bytes:
    """Read to the end, or to the first byte too many."""
    content = stream.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise UsageError(
            f"{name}: more than the {LIMIT} bytes that are read of one file",
            next_step="Name a file with fewer agreements: one answer of a partner, for example.",
        )
    return content


def look_into(file: Path) -> str:
    """The next step where a document is refused."""
    return f"Run: mobility-bridge ewp validate {shlex.quote(str(file))}"
