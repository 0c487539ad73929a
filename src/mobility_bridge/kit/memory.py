"""What the C library does with memory that Python and libxml2 hand back. Elsewhere than on glibc, nothing is done."""

import ctypes
from functools import cache
from typing import Any, Final

ARENAS: Final = 2
"""The main thread's, and one for all others."""

_M_ARENA_MAX: Final = -8  # malloc.h


def share_arenas() -> None:
    """Let threads take memory from the same place. To be called before there are any.

    glibc gives each of the first threads, up to eight a core, an arena of its own, and what one of them frees
    no other can use: our few threads would hold several times what they need.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return freed memory to the system, after something large is done with. Takes milliseconds."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library, where it is the one that knows both functions; None elsewhere."""
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):  # TypeError: Windows
        return None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
