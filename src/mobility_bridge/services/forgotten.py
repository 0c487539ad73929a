"""Know an erased person again when a system tells of them once more, and keep nothing of it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.personal import RECORD, Marks, Trace, about_students, marks_of, named_in, said
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, RecordKey
from mobility_bridge.domain.registry_student import LadokStudent
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import ReadRecord
from mobility_bridge.reconcile.who import exact_keys
from mobility_bridge.services.context import Context
from mobility_bridge.services.whose import own_keys, person_of

I = TypeVar("I", bound=str)  # noqa: E741 - an id


class Sieve:
    """What of one delivery may be kept. Used inside one unit of work, evidence last."""

    def __init__(self, uow: UnitOfWork, own_hei_id: str = "") -> None:
        self._uow = uow
        self._own = own_hei_id
        self._marks: list[Marks] = []
        self._erasures: set[int] = set()
        self._dropped = 0
        self._erased_bodies = 0

    def records(self, read: Iterable[ReadRecord]) -> list[ReadRecord]:
        """Those that are about nobody who was erased."""
        if not self._uow.privacy.any():
            return list(read)
        return [each for each in read if not self._forgotten(each)]

    def facts(self, facts: Sequence[Fact]) -> list[Fact]:
        """Those that are about nobody who was erased."""
        if not self._uow.privacy.any():
            return list(facts)
        traces = [tuple(_traces_of_fact(each)) for each in facts]
        found = self._uow.privacy.forgotten(trace for each in traces for trace in each)
        kept = [
            fact
            for fact, mine in zip(facts, traces, strict=True)
            if not self._note(found.get(trace) for trace in mine)
        ]
        self._dropped += len(facts) - len(kept)
        return kept

    def ids(self, sending: HeiId, keys: Sequence[tuple[I, RecordKey]]) -> list[I]:
        """Those of these mobilities that are nobody's who was erased: they need not be asked for."""
        if not self._uow.privacy.any():
            return [each for each, _ in keys]
        named = {
            each: (
                Trace(RECORD, str(key)),
                *(
                    Trace(IdentityKeyKind.OMOBILITY, f"{hei_id}/{each}")
                    for hei_id in dict.fromkeys((sending, key.holder_hei_id))
                ),
            )
            for each, key in keys
        }
        found = self._uow.privacy.forgotten(trace for each in named.values() for trace in each)
        return [each for each in named if not self._note(found.get(trace) for trace in named[each])]

    def exchanges(self, exchanges: Iterable[Exchange], at: datetime) -> Sequence[int]:
        """Keep exchanges; of those that tell of an erased person the digest alone. Returns their numbers."""
        kept = list(exchanges)
        numbers = self._uow.evidence.append(kept)
        about = [(number, each) for number, each in zip(numbers, kept, strict=True) if about_students(each)]
        if not about or not self._uow.privacy.any():
            return numbers
        told = [number for number, each in about if self._tells(each)]
        if told:
            self._erased_bodies += self._uow.evidence.erase(told, at)
        return numbers

    def tell(self, context: Context, source: str) -> None:
        """Log that somebody was known again, if anybody was."""
        if self._dropped or self._erased_bodies:
            context.log.event(
                "privacy.recognised",
                source=source,
                erasures=", ".join(map(str, sorted(self._erasures))) or None,
                dropped=self._dropped,
                bodies=self._erased_bodies,
            )

    def _forgotten(self, read: ReadRecord) -> bool:
        record = read.record
        person = person_of(record.facts)
        keys = [*own_keys(record, self._own), *(exact_keys(person) if person is not None else ())]
        traces = (Trace(RECORD, str(record.key)), *map(Trace.of, keys))
        if not self._note(self._uow.privacy.forgotten(traces).values()):
            return bool(self._uow.privacy.forgotten([said(record.key, record.digest)]))
        self._dropped += 1
        self._marks.append(marks_of(keys, [person] if person is not None else []))
        return True

    def _tells(self, exchange: Exchange) -> bool:
        if any(marks.are_in_exchange(exchange) for marks in self._marks):
            return True
        parts = (exchange.url.encode(), exchange.request_body, exchange.body)
        traces = (Trace.of(key) for part in parts for key in named_in(part))
        return self._note(self._uow.privacy.forgotten(traces).values())

    def _note(self, erasures: Iterable[int | None]) -> bool:
        found = {each for each in erasures if each is not None}
        self._erasures |= found
        return bool(found)


def _traces_of_fact(fact: Fact) -> Iterator[Trace]:
    uid: LadokUid | None = getattr(fact, "student_uid", None)
    if uid:
        yield Trace.of(IdentityKey(IdentityKeyKind.LADOK_STUDENT, uid))
    if isinstance(fact, LadokStudent) and fact.person is not None:
        yield from map(Trace.of, exact_keys(fact.person))
