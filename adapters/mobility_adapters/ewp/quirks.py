"""What single partners do differently. One row each; the codecs' main path knows none of this.

A row needs the HEI, what is done about it, since when, and where it is written down, for example:

    Quirk(
        hei_id="slow.example", since="2026-11", link="ticket 12345",
        ids_per_call=1, total_s=180.0, post_only=True,
    )
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Quirk:
    """One partner's oddity.

    `ids_per_call` lowers the announced limit, `total_s` replaces the time-out of a call (seconds),
    `post_only` avoids GET for a host that mangles query strings.
    """

    hei_id: str
    since: str
    link: str
    ids_per_call: int | None = None
    total_s: float | None = None
    post_only: bool = False


QUIRKS: Final[tuple[Quirk, ...]] = ()


def by_hei(rows: tuple[Quirk, ...] = QUIRKS) -> Mapping[str, Quirk]:
    """Index the rows; a HEI has at most one."""
    return {row.hei_id: row for row in rows}
