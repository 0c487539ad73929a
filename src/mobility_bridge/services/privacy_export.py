"""Everything that is held about one person, written out for that person.

Of a body that tells of other people, too, only the part about this one is taken out; where that cannot be told
apart, the body is left out and named by its digest.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from lxml import etree

from mobility_bridge.domain.evidence import EvidenceRecord
from mobility_bridge.domain.personal import Marks, legible, named_in
from mobility_bridge.domain.record import StoredRecord, StudentId
from mobility_bridge.errors import UsageError
from mobility_bridge.kit import xml
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.privacy import Portrait, mentions, portrait
from mobility_bridge.services.student_views import show_student

_LARGEST: Final = 64 << 20
LEFT_OUT: Final = (
    "The bodies, or parts of bodies, that tell of other people: their digests are given.",
    "Keyed fingerprints of name, birth date and address, by which the same person is found in two systems.",
    "The log, which names nobody.",
)


@dataclass(frozen=True, slots=True)
class Export:
    """What is held. `data` is everything, as JSON has it; `records` and `bodies` say how much."""

    student_id: StudentId
    data: Mapping[str, Any]
    records: int
    bodies: int
    withheld: int


async def export(context: Context, text: str) -> Export:
    """Write out a student, named by any id that `the_student` takes.

    Raises:  UsageError when nothing has that id, and for a protected identity.
    """
    own = context.own_hei_id
    view = await show_student(context, text)
    student_id = view.student_id
    if view.protected:
        raise UsageError(
            f"the identity of {student_id} is protected: nothing of it leaves the store",
            next_step="Answer the request in the way that your university has for protected identities.",
        )
    person = await context.store.read(lambda uow: portrait(uow, own, student_id))
    told, _ = await mentions(context, person.marks)
    evidence, bodies = [], 0
    for record in told:
        number = record.sequence
        whole = await context.store.read(lambda uow, number=number: uow.evidence.get(number))  # type: ignore[misc]
        if whole is not None:
            entry = await context.store.read(lambda uow, whole=whole: _evidence(uow, whole, person))  # type: ignore[misc]
            bodies += entry["body_is"] in ("whole", "part")
            evidence.append(entry)
    data = await context.store.read(lambda uow: _held(uow, person, context))
    withheld = sum(entry["body_is"] == "left out" for entry in evidence)
    context.log.event("privacy.exported", records=len(person.records), bodies=bodies)
    return Export(
        student_id,
        {**data, "evidence": evidence, "left_out": list(LEFT_OUT)},
        len(person.records),
        bodies,
        withheld,
    )


def _held(uow: UnitOfWork, person: Portrait, context: Context) -> dict[str, Any]:
    student_id = person.students[0]
    discrepancies = [
        each
        for each in uow.discrepancies.select()
        if each.finding.subject.student_id in person.students
        or str(each.finding.subject.stay_id or "").partition("-")[0] in person.students
    ]
    stays = uow.students.stays(student_id)
    return {
        "written_at": as_plain(context.clock.now()),
        "by": context.own_hei_id,
        "students": list(person.students),
        "keys": [{"kind": key.kind.value, "value": key.value} for key in sorted(person.keys, key=str)],
        "stays": as_plain(stays),
        "records": [_record(uow, each) for each in person.records],
        "registry": [
            {
                "facts": as_plain(uow.facts.of_student(uid)),
                "former": as_plain(uow.facts.history_of_student(uid)),
            }
            for uid in sorted(person.uids)
        ],
        "discrepancies": [
            {**as_plain(each), "history": as_plain(uow.discrepancies.history(each.discrepancy_id))}
            for each in discrepancies
        ],
        "matches": as_plain(uow.students.matches(student_id=student_id)),
        "decisions": as_plain(_decisions(uow, person)),
        "writes": [as_plain(each) for stay in stays for each in uow.writes.select(stay_id=stay.stay_id)],
    }


def _record(uow: UnitOfWork, stored: StoredRecord) -> dict[str, Any]:
    return {**as_plain(stored), "former": as_plain(uow.records.history(stored.record.key))}


def _decisions(uow: UnitOfWork, person: Portrait) -> Iterator[object]:
    ids = dict.fromkeys((each.record.key.holder_hei_id, each.record.key.record_id) for each in person.records)
    for hei_id, record_id in ids:
        yield from uow.decisions.of_mobility(hei_id, record_id)  # type: ignore[arg-type]


def _evidence(uow: UnitOfWork, record: EvidenceRecord, person: Portrait) -> dict[str, Any]:
    exchange = record.exchange
    body, how = _part(uow, exchange.body, person)
    asked, asked_how = _part(uow, exchange.request_body, person)
    if record.erased_at is not None:
        how = "erased"
    return {
        "number": record.sequence,
        "received_at": as_plain(exchange.received_at),
        "system": exchange.system,
        "hei_id": exchange.hei_id,
        "api": exchange.api,
        "url": exchange.url if not _others(uow, exchange.url.encode(), person) else None,
        "request": asked,
        "request_is": asked_how,
        "body": body,
        "body_is": how,
        "body_sha256": record.body_sha256,
        "body_length": record.body_length,
    }


def _part(uow: UnitOfWork, body: bytes, person: Portrait) -> tuple[str | None, str]:
    """The body, or the part of it that is about the person, and which of both it is."""
    if not body:
        return None, "empty"
    body = legible(body)
    part, beside = about(body, person.marks)
    if not beside and not _others(uow, body, person):
        return body.decode("utf-8", "replace"), "whole"
    if not part or _others(uow, part, person):
        return None, "left out"
    return part.decode("utf-8", "replace"), "part"


def _others(uow: UnitOfWork, text: bytes, person: Portrait) -> bool:
    """Whether a text names other people by exact keys, known to us or not."""
    named = named_in(text)
    owners = uow.students.by_keys(named)
    mine = frozenset(person.students)
    return any(owner not in mine for owner in owners.values())


def about(body: bytes, marks: Marks) -> tuple[bytes, bool]:
    """What of a list tells of the person, and whether anything stands beside it.

    Of XML, goes down from the root to the first element several of whose children are of one kind, and takes of
    these the ones that tell of the person; of anything else, takes lines.
    """
    try:
        place = xml.parse(body, limit=_LARGEST)
    except xml.XmlRefused:
        lines = body.splitlines()
        told = [line for line in lines if marks.are_in(line)]
        return b"\n".join(told), len(told) < len(lines)
    while True:
        children = list(place.iterchildren("*"))
        telling = [each for each in children if marks.are_in(etree.tostring(each))]
        tags = Counter(each.tag for each in children)
        listed = [each for each in telling if tags[each.tag] > 1]
        if listed:
            beside = sum(tags[tag] for tag in {each.tag for each in listed}) > len(listed)
            return b"\n".join(etree.tostring(each, with_tail=False) for each in listed), beside
        if len(telling) != 1:
            return (etree.tostring(place, with_tail=False) if telling else b""), False
        [place] = telling


def as_plain(value: Any) -> Any:
    """Anything that the store gives, as JSON has it; what is not said is left out."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {each.name: getattr(value, each.name) for each in fields(value)}
        return {name: as_plain(each) for name, each in found.items() if each is not None and each != ()}
    if isinstance(value, Mapping):
        return {str(as_plain(key)): as_plain(each) for key, each in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [as_plain(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value
