"""The feed of events: an open page that grows, and closed ones that stay.

Source: Ladok: the Atom feed, 7.1 to 7.3; assumption A15.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mobility_bridge.sandbox.ladok_numbers import zulu
from mobility_bridge.sandbox.ladok_tree import HEAD, NAMESPACES
from mobility_bridge.sandbox.ladok_world import Entry, LadokWorld

PREFIXES: Final = ("handelser", "uppfoljning")
ATOM_TYPE: Final = "application/atom+xml"
_EVENT_TYPE: Final = "application/vnd.ladok+xml"


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed at one moment. `faults` are those that are on; `base_url` is what its links begin with."""

    ladok: LadokWorld
    now: datetime
    base_url: str
    faults: Collection[str] = ()

    def page(self, prefix: str, name: str) -> bytes | None:
        """One page, asked for as `recent`, `first` or by its number; None when there is none."""
        pages = self._pages()
        if name == "recent":
            position = len(pages) - 1
        elif name == "first":
            position = 0
        elif name.isdigit() and int(name) in map(self._number, range(len(pages))):
            position = next(each for each in range(len(pages)) if self._number(each) == int(name))
        else:
            return None
        return self._document(f"{self.base_url}/{prefix}/feed", position, pages, recent=name == "recent")

    def _number(self, position: int) -> int:
        """Pages count from 1; a gap leaves 2 out."""
        return position + (2 if "feed_page_gap" in self.faults and position else 1)

    def _pages(self) -> list[list[Entry]]:
        """The published entries by page, oldest first. What is late waits for what follows it."""
        size = self.ladok.page_size
        there = [each for each in self.ladok.entries if each.published_at <= self.now]
        pages: list[list[Entry]] = [[] for _ in range(max(1, -(-len(there) // size)))]
        for slot, entry in enumerate(there):
            held_back = entry.late and "feed_late_entry" in self.faults
            if held_back and not any(not later.late for later in there[slot + 1 :]):
                continue
            pages[slot // size].append(entry)
        return pages

    def _document(self, url: str, position: int, pages: list[list[Entry]], *, recent: bool) -> bytes:
        entries = pages[position]
        canonical = f"{url}/{self._number(position)}"
        links = [_link("self", f"{url}/recent" if recent else canonical)]
        if recent:
            links.append(_link("via", canonical))
        if position > 0:
            links.append(_link("prev-archive", f"{url}/{self._number(position - 1)}"))
        if position < len(pages) - 1:
            links.append(_link("next-archive", f"{url}/{self._number(position + 1)}"))
        updated = max((each.published_at for each in entries), default=self.now)
        return (
            f'{HEAD}<feed xmlns="http://www.w3.org/2005/Atom">'
            f'<title type="text">Events for Ladok3.Uppfoljning</title>{"".join(links)}'
            f"<id>urn:id:{self._number(position)}</id>"
            '<generator uri="http://ladok.se/uppfoljning">Uppfoljning</generator>'
            f"<updated>{zulu(updated)}</updated>"
            f"{''.join(self._entry(each) for each in reversed(entries))}</feed>\n"
        ).encode()

    def _entry(self, entry: Entry) -> str:
        prefix, _, name = entry.kind.partition(":")
        return (
            f'<entry><category term="{NAMESPACES[prefix]}/{name}" label="Event-typ"/>'
            f"<id>{entry.entry_uid}</id><updated>{zulu(entry.at)}</updated>"
            f'<content type="{_EVENT_TYPE}">{self._event(entry)}</content></entry>'
        )

    def _event(self, entry: Entry) -> str:
        if "event_context_first" not in self.faults:
            return entry.head + entry.context + entry.rest
        start, marker, uid = entry.head.partition("<events:HandelseUID>")
        return start + entry.context + marker + uid + entry.rest


def _link(rel: str, href: str) -> str:
    return f'<link rel="{rel}" type="{ATOM_TYPE}" href="{href}"/>'
