"""Reading all of a list whose order may change between pages.

Source: Ladok: searching and paging; known trouble, unstable order.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from mobility_adapters.ladok.values import Node, rows, text

LIMIT: Final = 400
"""Rows of one page; what other clients ask for, and below the ceiling that one of them found."""

PASSES: Final = 3
"""How often a list is read before it is called incomplete."""

_MOST_PAGES: Final = 500

Fetch = Callable[[int], Awaitable[Node]]


@dataclass(frozen=True, slots=True)
class Found:
    """Rows by UID in the order in which they were first seen. `missing` is how many more there should be."""

    rows: tuple[Node, ...]
    missing: int = 0


async def all_rows(fetch: Fetch, uid_of: Callable[[Node], str | None], item: str = "") -> Found:
    """Read pages until the distinct UIDs are as many as the answer says there are.

    Shape:   `fetch` gets a page number from 1 and must ask with an order. When rows are missing after the last
             page the order was not stable: everything is read again, a few times at most, and put together.
    """
    found: dict[str, Node] = {}
    total = 0
    for _ in range(PASSES):
        total = await _one_pass(fetch, uid_of, item, found)
        if len(found) >= total:
            break
    return Found(tuple(found.values()), max(0, total - len(found)))


async def _one_pass(
    fetch: Fetch, uid_of: Callable[[Node], str | None], item: str, found: dict[str, Node]
) -> int:
    seen, total = 0, 0
    for page in range(1, _MOST_PAGES + 1):
        node = await fetch(page)
        here = rows(node, "Resultat", item)
        said = text(node, "TotaltAntalPoster")
        seen += len(here)
        total = int(said) if said and said.isdigit() else seen
        for row in here:
            uid = uid_of(row)
            if uid is not None:
                found[uid] = row
        if not here or seen >= total:
            break
    return total
