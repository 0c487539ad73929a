"""Which systems have been heard: read in full, and not too long ago, so that what they do not say is not there.

A round that reads one to its end notes the hour. A system that fails for days is heard no more: then nothing is
said of what it may hold, and its own trouble is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import IndexState
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import RecordKind, StoredRecord
from mobility_bridge.domain.stay import Heard
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.context import Context
from mobility_bridge.services.subjects import student_key

_ALL = 1_000_000
_SENDERS = {
    StudentApi.NOMINATIONS: Heard.NOMINATIONS,
    StudentApi.LEARNING_AGREEMENTS: Heard.LEARNING_AGREEMENTS,
}
_RECEIVERS = {StudentApi.ARRIVALS: Heard.ARRIVALS, StudentApi.TRANSCRIPTS: Heard.TRANSCRIPTS}

_ASKED_BY = (RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT)
"""What tells us of a mobility, so that its arrival and transcript are asked for."""


def served(hei_id: HeiId, api: StudentApi) -> str:
    """The name of what one university's interface serves."""
    return f"{hei_id}.{api}"


def note_heard(uow: UnitOfWork, names: Iterable[str], at: datetime) -> None:
    """Note that these (our own systems by name, or `served`) were read to their end."""
    for name in names:
        uow.set_cursor(f"heard.{name}", at.isoformat())


class Hearing:
    """What is heard at one moment; what all stays share is looked up once."""

    def __init__(self, context: Context, uow: UnitOfWork, now: datetime) -> None:
        self._context = context
        self._uow = uow
        self._since = now - timedelta(days=context.stay_thresholds.heard_days)
        self._partners: dict[HeiId, frozenset[tuple[Direction, Heard]]] = {}
        self._heard_at: dict[str, datetime | None] = {}

    def of_stay(
        self, partner: HeiId | None, direction: Direction, records: Sequence[StoredRecord]
    ) -> frozenset[Heard]:
        """What is heard about one stay: a system that was last heard before anybody told of it says nothing of it."""
        found = self.of(partner, direction)
        known_since = min((each.first_seen_at for each in records), default=None)
        asked_since = min(
            (each.first_seen_at for each in records if each.record.key.kind in _ASKED_BY), default=None
        )
        early = set()
        if known_since is not None and not self._registry_heard_since(known_since):
            early.add(Heard.REGISTRY)
        holder = partner if direction is Direction.OUTGOING else self._context.own_hei_id
        if holder is not None and asked_since is not None:
            early |= {
                what
                for api, what in _RECEIVERS.items()
                if not self._heard_since(served(holder, api), asked_since)
            }
        return found - early

    def _registry_heard_since(self, instant: datetime) -> bool:
        """Whether its feed was read since then; one that is read round after round may be a round behind."""
        registry = self._context.registry
        if registry is None:
            return False
        if not self._registry_fails:
            instant -= timedelta(seconds=2 * self._context.settings.schedule.students_every_s)
        return self._heard_since(registry.name, instant)

    @cached_property
    def _registry_fails(self) -> bool:
        registry = self._context.registry
        calls = self._uow.partners.health(HeiId(registry.name)) if registry is not None else {}
        return any(each.failing_since is not None for each in calls.values())

    def of(self, partner: HeiId | None, direction: Direction) -> frozenset[Heard]:
        """What is heard about stays with this partner in this direction."""
        found = {what for way, what in self.ours if way is direction} - {Heard.AGREEMENTS}
        theirs = {what for way, what in self.theirs(partner) if way is direction} if partner else set()
        if (direction, Heard.AGREEMENTS) not in self.ours:
            theirs.discard(Heard.AGREEMENTS)
        return frozenset(found | theirs)

    @cached_property
    def ours(self) -> frozenset[tuple[Direction, Heard]]:
        """What our own systems tell, and what other hosts serve for us; agreements need the partner's word, too."""
        context, both = self._context, tuple(Direction)
        found: set[tuple[Direction, Heard]] = set()
        applications = [source.name for source in context.applications]
        if applications and all(map(self._recent, applications)):
            found.update((way, Heard.APPLICATIONS) for way in both)
        if context.registry is not None and self._recent(context.registry.name):
            found.update((way, Heard.REGISTRY) for way in both)
        states = [self._uow.partners.index(HeiId(source.name)) for source in context.sources]
        if states and all(state is not None and self._is_recent(state.full_at) for state in states):
            found.update((way, Heard.AGREEMENTS) for way in both)
        return frozenset(found | self._served(context.own_hei_id, Direction.OUTGOING, Direction.INCOMING))

    def theirs(self, partner: HeiId) -> frozenset[tuple[Direction, Heard]]:
        """What a partner's hosts tell of its students who come, of ours who go, and of agreements with us."""
        held = self._partners.get(partner)
        if held is None:
            found = self._served(partner, Direction.INCOMING, Direction.OUTGOING)
            if self._listed(self._uow.partners.index(partner)) and not self._waiting(partner):
                found.update((way, Heard.AGREEMENTS) for way in Direction)
            held = self._partners[partner] = frozenset(found)
        return held

    def _served(self, hei_id: HeiId, sent: Direction, received: Direction) -> set[tuple[Direction, Heard]]:
        sides = ((sent, _SENDERS), (received, _RECEIVERS))
        return {
            (way, what)
            for way, apis in sides
            for api, what in apis.items()
            if self._recent(served(hei_id, api))
        }

    def _recent(self, name: str) -> bool:
        return self._heard_since(name, self._since)

    def _heard_since(self, name: str, instant: datetime) -> bool:
        if name not in self._heard_at:
            held = self._uow.cursor(f"heard.{name}")
            self._heard_at[name] = datetime.fromisoformat(held) if held is not None else None
        at = self._heard_at[name]
        return at is not None and at >= instant

    def _is_recent(self, at: datetime | None) -> bool:
        return at is not None and at >= self._since

    def _listed(self, state: IndexState | None) -> bool:
        """Whether a partner's agreements were listed in full once, and since then what changed."""
        return state is not None and state.full_at is not None and self._is_recent(state.listed_at)

    def _waiting(self, partner: HeiId) -> bool:
        """Whether the partner lists an agreement that we have not read yet."""
        if partner not in self._unread:
            return False
        ids = {iia_id for _, iia_id in self._uow.work.dirty(partner)}
        held = {each.copy.iia_id for each in self._uow.copies.some(partner, self._context.own_hei_id, ids)}
        return bool(ids - held)

    @cached_property
    def _unread(self) -> set[HeiId]:
        return self._uow.work.dirty_partners()


def newly_heard(context: Context, uow: UnitOfWork, now: datetime) -> dict[str, str]:
    """Where what is heard is no longer what it was when students were last looked at: by cursor, what it is now."""
    hearing = Hearing(context, uow, now)
    found = {_cursor(None): _text(hearing.ours)}
    found |= {_cursor(each): _text(hearing.theirs(each)) for each in sorted(uow.students.partners())}
    return {name: text for name, text in found.items() if (uow.cursor(name) or "") != text}


def look_again(context: Context, uow: UnitOfWork, now: datetime) -> int:
    """Mark the students of whom something else may be said since a system is heard, or heard no more."""
    changed = newly_heard(context, uow, now)
    students: dict[str, None] = {}
    everybody = _cursor(None) in changed
    for partner in [None] if everybody else sorted(uow.students.partners()):
        if everybody or _cursor(partner) in changed:
            students |= dict.fromkeys(map(student_key, uow.students.select(partner=partner, limit=_ALL)))
    uow.work.mark_to_compare(students, now)
    for name, text in changed.items():
        uow.set_cursor(name, text)
    return len(students)


def _cursor(partner: HeiId | None) -> str:
    return "hearing" if partner is None else f"hearing.{partner}"


def _text(found: Iterable[tuple[Direction, Heard]]) -> str:
    return " ".join(sorted(f"{way}:{what}" for way, what in found))
