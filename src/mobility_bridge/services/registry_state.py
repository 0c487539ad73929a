"""Where the following of the registry stands, as its cursors say: pages missing, things that no event told."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from mobility_bridge.ports.registry import FeedPosition
from mobility_bridge.ports.store import UnitOfWork

FEED = "feed"
REVIEW = "review"
"""The calls' names in health records, and the last parts of their cursors' names."""

PROOF_S = 3600
"""Seconds after which something that no event told counts as missed: events were seen to come half an hour late."""

_NAMED_DAYS = 30
_ENDED = "end_of_"
"""Begins the keys of what is over: once proven it is put right, and not seen again."""


def review_cursor(name: str) -> str:
    return f"{name}.{REVIEW}"


def missing_pages(uow: UnitOfWork, name: str) -> tuple[int, ...]:
    """The pages of a system's feed that were not there when they were asked for."""
    held = uow.cursor(f"{name}.{FEED}")
    try:
        return tuple(gap.page for gap in FeedPosition.parse(held).gaps) if held else ()
    except ValueError:
        return ()  # following the feed says so


def missed_events(uow: UnitOfWork, name: str) -> tuple[tuple[str, int], ...]:
    """What no event of a system's feed told of, proven by two looks: how much of each kind."""
    return ReviewState.parse(uow.cursor(review_cursor(name))).counts()


def reviewed_at(uow: UnitOfWork, name: str) -> datetime | None:
    """When a registry was last reviewed to the end."""
    return ReviewState.parse(uow.cursor(review_cursor(name))).finished_at


@dataclass(frozen=True, slots=True)
class ReviewState:
    """Where reviews stand, kept as a cursor. Keys are those of `reconcile.missed`, instants when each was first seen.

    `after` is the student after whom an unfinished review goes on, `found` what it has seen untold so far, `suspects`
    what the one before saw. `proven` is what a second look confirmed. `before` was untold at the very first review,
    when the feed may not have been read from its beginning: nobody is told of it.
    """

    finished_at: datetime | None = None
    after: str = ""
    found: Mapping[str, datetime] = field(default_factory=dict)
    suspects: Mapping[str, datetime] = field(default_factory=dict)
    proven: Mapping[str, datetime] = field(default_factory=dict)
    before: frozenset[str] = frozenset()

    def cursor(self) -> str:
        """The state as text."""
        said: dict[str, object] = {
            name: {key: at.isoformat() for key, at in sorted(getattr(self, name).items())}
            for name in ("found", "suspects", "proven")
        }
        finished = self.finished_at.isoformat() if self.finished_at else None
        return json.dumps(
            {**said, "finished_at": finished, "after": self.after, "before": sorted(self.before)}
        )

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Read what `cursor` wrote; nothing was reviewed yet where there is nothing."""
        if not text:
            return cls()
        said = json.loads(text)
        found, suspects, proven = (
            {key: datetime.fromisoformat(at) for key, at in said[name].items()}
            for name in ("found", "suspects", "proven")
        )
        finished = datetime.fromisoformat(said["finished_at"]) if said["finished_at"] else None
        return cls(finished, said["after"], found, suspects, proven, frozenset(said["before"]))

    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many of each kind are proven."""
        kinds = [key.partition(":")[0] for key in self.proven]
        return tuple((kind, kinds.count(kind)) for kind in sorted(set(kinds)))

    def is_proof(self, key: str, now: datetime) -> bool:
        """Whether seeing this once more proves it."""
        since = self.suspects.get(key)
        return since is not None and now - since >= timedelta(seconds=PROOF_S)

    def seeing(self, keys: Iterable[str], now: datetime) -> "ReviewState":
        """With what is seen untold of one student."""
        new = {key: self.suspects.get(key, now) for key in keys if key not in self.before}
        return replace(self, found={**self.found, **new})

    def finished(self, now: datetime) -> "ReviewState":
        """At the end of a review: what it confirmed is proven, for as long as anybody may care."""
        recent = now - timedelta(days=_NAMED_DAYS)
        if self.finished_at is None:
            ended = {key: at for key, at in self.found.items() if key.startswith(_ENDED)}
            return ReviewState(now, suspects=ended, before=frozenset(self.found) - ended.keys())
        proven = {key: at for key, at in self.proven.items() if key.startswith(_ENDED)}
        proven |= {key: at for key, at in self.found.items() if self.is_proof(key, now)}
        return ReviewState(
            now,
            suspects=self.found,
            proven={key: at for key, at in proven.items() if at >= recent},
            before=self.before,
        )
