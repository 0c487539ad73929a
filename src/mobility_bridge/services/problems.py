"""Records of ours that could not be read, kept as one text in the health record of their source."""

from collections.abc import Iterable

MOST_CHARACTERS = 2000


def write_problems(problems: Iterable[tuple[str, str]]) -> str:
    """Write (where, what) pairs as lines; those beyond the space are left out whole."""
    lines: list[str] = []
    left = MOST_CHARACTERS
    for where, what in problems:
        line = " ".join(f"{where}: {what}".split())
        left -= len(line) + 1
        if left < 0:
            break
        lines.append(line)
    return "\n".join(lines)


def read_problems(detail: str) -> tuple[tuple[str, str], ...]:
    """Read back what `write_problems` wrote."""
    pairs = (line.partition(": ") for line in detail.splitlines() if line)
    return tuple((where, what) for where, _, what in pairs)
