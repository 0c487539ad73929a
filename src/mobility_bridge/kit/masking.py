"""What a text may show of a person, by class of data.

P1 (names, birth data, numbers of persons, telephone numbers, free text, grades, bodies) is never written: where a
text holds a number or a day of birth it becomes `***`, and messages of errors that are not ours are left out, since
nothing tells a name from another word. P2 (European Student Identifiers, e-mail addresses) becomes `~` and the
first ten hexadecimal digits of a keyed hash, so that two lines about one person can be told to be. P3 (ids of
objects) and P4 (HEI ids, codes, counts, times) stay as they are.

Source: EWP mobilities: logging rules.
"""

import hashlib
import hmac
import logging
import re
import secrets
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

HIDDEN: Final = "***"
_DIGITS: Final = 10

_ESI: Final = re.compile(
    r"urn(?::|%3A)schac(?::|%3A)personalUniqueCode(?::|%3A)int(?::|%3A)esi(?::|%3A)[^\s<>\"'&,;)\]}]+",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*\.\w{2,}")
_CIVIC: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:19|20)?[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][1-9]|[1-3]0|31|[6-8][0-9]|9[01])[-+]?[0-9A-Z][0-9]{3}(?![0-9A-Za-z])"
)
_BORN: Final = re.compile(
    r"(?<![0-9-])(?:(?:19[2-9][0-9]|20(?:0[0-9]|1[01]))-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[1-9]|[12][0-9]|3[01])[./](?:0[1-9]|1[0-2])[./](?:19[2-9][0-9]|20(?:0[0-9]|1[01])))(?![0-9-])"
)
_PHONE: Final = re.compile(r"(?<![\w:.])\+[1-9][0-9 ()-]{6,}[0-9]")
_PLAIN: Final = frozenset({"timestamp", "event", "level", "run_id", "job_id", "request_id"})


class Mask:
    """Masks texts. `secret` keys the hash, anew each month; without one it holds for this process."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)

    def text(self, text: str) -> str:
        """A text without what it must not show."""
        text = _ESI.sub(self._hashed, text)
        text = _EMAIL.sub(self._hashed, text)
        text = _CIVIC.sub(_unless_it_is_none, text)
        text = _BORN.sub(HIDDEN, text)
        return _PHONE.sub(HIDDEN, text)

    def line(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """A line of the log, every text of it masked."""
        return {
            name: self.text(value) if isinstance(value, str) and name not in _PLAIN else value
            for name, value in line.items()
        }

    def _hashed(self, match: re.Match[str]) -> str:
        value = match[0].replace("%3A", ":").replace("%3a", ":").replace("%40", "@").lower()
        key = hmac.digest(self._secret, f"{datetime.now(UTC):%Y-%m}".encode(), hashlib.sha256)
        return "~" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def _unless_it_is_none(match: re.Match[str]) -> str:
    """Hide a number of a person; a number of another thing seldom has a day in it and the check digit, too."""
    digits = re.sub(r"[-+]", "", match[0])[-10:]
    if not digits[6].isdigit():
        return HIDDEN  # a temporary number has no check digit
    doubled = (int(each) * (2 - at % 2) for at, each in enumerate(digits[:9]))
    total = sum(number // 10 + number % 10 for number in doubled)
    wrong = (total + int(digits[9])) % 10 != 0
    ours = digits[6:] == "0000" or "-" in match[0] or "+" in match[0]
    return match[0] if wrong and not ours else HIDDEN


_mask = Mask()


def scrubbed(text: str) -> str:
    """A text without what it must not show, hashed with this process's own key."""
    return _mask.text(text)


def told(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> str:
    """An unexpected error for a person who mends programs: where it happened and of which kind, not what it said.

    Messages of errors quote what was being worked on, and so do the chains that led to them.
    """
    del error
    where = "".join(traceback.format_tb(frames))
    return f"Traceback (most recent call last):\n{where}{kind.__module__}.{kind.__qualname__}: (message withheld)\n"


class WithheldFormatter(logging.Formatter):
    """Formats what libraries log: masked, and of errors the place and the kind alone."""

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        kind, error, frames = ei
        return "" if kind is None else told(kind, error, frames).rstrip()


def withhold_messages() -> None:
    """Let no unexpected error, and no library's log, show on stderr what was being worked on."""

    def hook(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> None:
        sys.stderr.write(told(kind, error, frames))

    sys.excepthook = hook
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(WithheldFormatter())
