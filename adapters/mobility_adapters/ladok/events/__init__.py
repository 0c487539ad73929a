"""From entries of the feed to facts: dispatch by the category's term, everything of no concern counted and skipped.

Source: Ladok: events.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mobility_adapters.ladok.events import offers, results, students, studies
from mobility_adapters.ladok.events.said import Said, Unreadable
from mobility_adapters.ladok.exchange import ExchangeRules
from mobility_adapters.ladok.feed import Entry
from mobility_bridge.domain.fact import Fact
from mobility_bridge.ports.registry import FeedEvent, FeedNotice, FeedRemark

_NAMESPACE: Final = "http://schemas.ladok.se/"
_REPAIR: Final = "FixEvent"
_REMEMBERED: Final = 1000

Decoder = Callable[[Said], tuple[Fact, ...]]


@dataclass(slots=True)
class Decoded:
    """What some entries gave."""

    events: list[FeedEvent] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    remarks: list[FeedRemark] = field(default_factory=list)


class Seen:
    """The events of one run's last pages. A run's own: what it brought may not have been kept."""

    def __init__(self) -> None:
        self._uids: dict[str, None] = {}

    def add(self, uid: str) -> bool:
        """Note an event; false if it was there. Old ones go: facts are weighed against what is kept anyway."""
        if uid in self._uids:
            return False
        self._uids[uid] = None
        if len(self._uids) > 2 * _REMEMBERED:
            self._uids = dict.fromkeys(list(self._uids)[_REMEMBERED:])
        return True


class EventDecoder:
    """Decodes entries, each kind by the function that knows it."""

    def __init__(self, rules: ExchangeRules, own_user: str | None = None) -> None:
        self._own_user = own_user
        self._decoders: dict[str, tuple[str, bool, Decoder] | str] = {}
        known: dict[str, Decoder] = {**students.EVENTS, **studies.EVENTS, **results.EVENTS}
        known |= {name: partial(_with_rules, decode, rules) for name, decode in offers.EVENTS.items()}
        self._known: Mapping[str, Decoder] = known

    def decode(self, entries: Iterable[Entry], page: int, seen: "Seen") -> Decoded:
        """Decode entries in their order; what cannot be read is remarked on and never hides the others.

        `seen` holds the events of the pages before in the same run: one that comes twice counts once.
        """
        decoded = Decoded()
        for entry in entries:
            kind = self._decoders.get(entry.term) or self._learn(entry.term)
            if isinstance(kind, str):
                decoded.skipped[kind] += 1
                continue
            name, repair, decode = kind
            try:
                event = self._event(entry, page, name, decode, repair=repair)
            except Unreadable as problem:
                detail = f"{name}: {problem}"
                decoded.remarks.append(FeedRemark(FeedNotice.UNREADABLE, page, entry.entry_id, detail))
                continue
            if not seen.add(event.event_uid):
                decoded.remarks.append(FeedRemark(FeedNotice.DUPLICATE, page, entry.entry_id, name))
                continue
            if event.facts:
                decoded.events.append(event)
            else:
                decoded.skipped[name] += 1
        return decoded

    def _event(self, entry: Entry, page: int, name: str, decode: Decoder, *, repair: bool) -> FeedEvent:
        if entry.event is None:
            raise Unreadable("content")
        said = Said(entry.event, name, _instant(entry.updated))
        facts = decode(said)
        return FeedEvent(
            said.event_uid,
            entry.entry_id,
            page,
            name,
            said.at,
            facts,
            said.student,
            own=self._own_user is not None and said.by == self._own_user,
            repair=repair,
            problems=tuple(said.problems),
        )

    def _learn(self, term: str) -> tuple[str, bool, Decoder] | str:
        """Find the decoder of a term, once. A repair says what the event that it repairs says."""
        path = term.removeprefix(_NAMESPACE)
        name = path.rpartition("/")[2]
        repair = name.endswith(_REPAIR)
        decode = self._known.get(path.removesuffix(_REPAIR) + "Event" if repair else path)
        kind = (name or "(no term)") if decode is None else (_plain(name, repair=repair), repair, decode)
        if len(self._decoders) < _REMEMBERED:
            self._decoders[term] = kind
        return kind


def _plain(name: str, *, repair: bool) -> str:
    return name.removesuffix(_REPAIR) + "Event" if repair else name


def _with_rules(decode: offers.Decoder, rules: ExchangeRules, said: Said) -> tuple[Fact, ...]:
    return decode(said, rules)


def _instant(updated: str) -> datetime:
    try:
        said = datetime.fromisoformat(updated.strip())
    except ValueError:
        raise Unreadable("updated") from None
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
