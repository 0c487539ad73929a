"""The second layer of validation: what the specifications demand and no schema can say.

One module per family of documents; each has `check(...)`, which takes a decoded object and the path that leads
to it and yields problems. The rules are the same in both directions, the consequence is not:

- what we read is reported with the severity of the rule, and `blocking` picks what forbids a decision;
- what we write must have no problem at all: `insist` refuses it, all problems at once.

Source: EWP specifications of the student mobility family, annotations and texts; known trouble of the network.
"""

from collections.abc import Iterable

from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.problem import Problem

__all__ = ["Problem", "Severity", "UnsoundDocument", "blocking", "error", "insist", "warning"]


class UnsoundDocument(ValueError):
    """A document that must not leave the house. `problems` are all that were found, in document order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        lines = "; ".join(f"{each.code} {each.path}: {each.message}" for each in problems)
        super().__init__(f"{len(problems)} problems: {lines}")
        self.problems = problems


def error(code: str, path: str, message: str) -> Problem:
    """A problem that forbids to decide on the document (severity E of the rules)."""
    return Problem(code, Severity.BLOCKING, path, message)


def warning(code: str, path: str, message: str) -> Problem:
    """A problem that somebody should look at (severity W of the rules)."""
    return Problem(code, Severity.WARNING, path, message)


def blocking(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Pick the problems that forbid to decide on the document."""
    return tuple(each for each in problems if each.severity is Severity.BLOCKING)


def insist(problems: Iterable[Problem]) -> None:
    """Let nothing out that has any problem, a warning included. Raises UnsoundDocument."""
    found = tuple(problems)
    if found:
        raise UnsoundDocument(found)
