"""How an act in Ladok becomes events in the feed.

Source: Ladok: events 8.1 (common part), the feed's time and order 7.3.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from mobility_bridge.sandbox.ladok_numbers import time_id
from mobility_bridge.sandbox.ladok_tree import Member, Names, Obj, element, event_xml
from mobility_bridge.sandbox.ladok_world import Entry, LadokWorld

CREATED: Final = "SKAPAD"
UPDATED: Final = "UPPDATERAD"
REMOVED: Final = "BORTTAGEN"
NATIONAL: Final = -1
UNKNOWN_EVENT: Final = "sd:UtbytesperiodPlaneradEvent"
"""A type that no release has so far."""

_STEP: Final = timedelta(milliseconds=11)
_USERS_SINCE: Final = datetime(2019, 1, 15, tzinfo=UTC)


@dataclass(slots=True)
class Scene:
    """One act: where, when, by whom. `feed` names the faults of the feed that are on meanwhile.

    `at` moves a little with every event, so that they have an order.
    """

    ladok: LadokWorld
    at: datetime
    who: str
    feed: frozenset[str] = frozenset()
    _began_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._began_at = self.at

    def uid(self) -> str:
        return self.ladok.new_uid(self.at)

    def happens(
        self, kind: str, members: Sequence[Member], student_uid: str | None = None, *, national: bool = False
    ) -> None:
        """Write one event; `members` follow the common part."""
        if "unknown_event_types" in self.feed:
            members = [*members, (f"{kind[:2]}:OkantElement", "nytt i en senare version")]
            self._write(UNKNOWN_EVENT, [("sd:StudentUID", student_uid)], student_uid, national=national)
        self._write(kind, members, student_uid, national=national)

    def _write(
        self, kind: str, members: Sequence[Member], student_uid: str | None, *, national: bool
    ) -> None:
        context = Obj(
            [
                ("events:AnvandareUID", user_uid(self.who)),
                ("events:Anvandarnamn", self.who),
                ("events:LarosateID", NATIONAL if national else self.ladok.number),
                ("events:StudentUID", student_uid),
            ]
        )
        shell = event_xml(kind, Obj([("events:X", "")]))
        start, end = shell.split("<events:X></events:X>")
        assert end == f"</{kind}>"
        inside = element("x", Obj(members)).removeprefix("<x>").removesuffix("</x>") if members else ""
        self._publish(
            kind,
            (
                f"{start}<events:HandelseUID>{self.uid()}</events:HandelseUID>",
                element("events:EventContext", context),
                f"{inside}{end}",
            ),
        )
        self.at += _STEP

    def _publish(self, kind: str, parts: tuple[str, str, str]) -> None:
        entries = self.ladok.entries
        every_s = self.ladok.collector_s
        published_at = _next_collection(self.at, every_s) if every_s > 0 else self._began_at
        copies = 2 if "feed_duplicates" in self.feed else 1
        for _ in range(copies):
            slot = len(entries) % self.ladok.page_size
            # Never the last of a page: what comes late comes into the page that is still open.
            late = "feed_late_entry" in self.feed and slot % 2 == 0 and slot < self.ladok.page_size - 2
            uid = self.ladok.new_uid(published_at)
            entries.append(Entry(uid, kind, self.at, published_at, *parts, late=late))


def user_uid(name: str) -> str:
    """The UUID of a user: always the same for a name."""
    return time_id(_USERS_SINCE + timedelta(minutes=zlib.crc32(name.encode()) % 1_000_000), 0)


def grunddata(number: int, code: str, names: Names) -> list[Member]:
    """The members that every event about a code table has."""
    return [
        ("events:Benamningar", names),
        ("events:EventTyp", CREATED),
        ("events:Giltighetsperiod", Obj([])),
        ("events:Id", str(number)),
        ("events:Kod", code),
    ]


def _next_collection(at: datetime, every_s: float) -> datetime:
    since = (at - datetime.min.replace(tzinfo=UTC)).total_seconds()
    return at + timedelta(seconds=every_s - since % every_s)
