"""Whose a record is: said by exact keys, else a new student, with proposals for a person to decide."""

from collections.abc import Iterable
from datetime import datetime

from mobility_bridge.domain.application import Application, CourseList
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.la_listing import LaListing
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.record import (
    IdentityKey,
    IdentityKeyKind,
    Record,
    StoredRecord,
    StudentId,
)
from mobility_bridge.domain.registry_student import LadokStudent, StudentReplaced
from mobility_bridge.domain.transcript import Tor
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.traces import mobility_name, sender_of
from mobility_bridge.reconcile.who import Known, Resolution, exact_keys, resolve, traits
from mobility_bridge.services.subjects import student_key


def person_of(facts: object) -> Person | None:
    """How a record describes its student; None for one that describes nobody."""
    if isinstance(facts, Application):
        return facts.person
    if isinstance(facts, (Nomination, LaListing)):
        return facts.student
    if isinstance(facts, LearningAgreement):
        return facts.student.as_person()
    if isinstance(facts, Tor):
        return facts.learner.person
    return facts.person if isinstance(facts, LadokStudent) else None


def own_keys(record: Record, own_hei_id: str) -> list[IdentityKey]:
    """The exact keys that a record has by itself: its own number, and the mobility's.

    A mobility's id belongs to the sending HEI.
    """
    facts, found = record.facts, []
    sending = None
    if isinstance(facts, Application):
        found.append(_key(IdentityKeyKind.APPLICATION, f"{record.key.source}:{facts.application_id}"))
        if facts.person_id:
            found.append(_key(IdentityKeyKind.SOURCE_PERSON, f"{record.key.source}:{facts.person_id}"))
        if facts.omobility_id:
            sending = own_hei_id
    elif isinstance(facts, CourseList):
        found.append(_key(IdentityKeyKind.APPLICATION, f"{record.key.source}:{facts.application_id}"))
    elif isinstance(facts, (Nomination, LearningAgreement)):
        sending = facts.sending_hei.hei_id
    elif isinstance(facts, LaListing):
        sending = facts.sending_hei_id
    elif isinstance(facts, (ActualDates, Tor)):
        sending = sender_of(record.key, own_hei_id)
    omobility_id = getattr(facts, "omobility_id", None)
    if sending and omobility_id:
        found.append(_key(IdentityKeyKind.OMOBILITY, mobility_name(sending, omobility_id)))
    return found


def place(uow: UnitOfWork, own_hei_id: str, stored: Iterable[StoredRecord], now: datetime) -> list[StudentId]:
    """Say whose each of these records is and mark the students for comparison; returns the students."""
    found: dict[StudentId, None] = {}
    for each in stored:
        record = each.record
        keys = own_keys(record, own_hei_id)
        person = person_of(record.facts)
        student_id = settle(uow, person or Person(), [*keys, *exact_keys(person or Person())], now)
        if each.student_id is None:
            uow.records.assign([record.key], student_id)
        found[uow.students.current(student_id)] = None
        if each.student_id is not None:
            found[uow.students.current(each.student_id)] = None
    uow.work.mark_to_compare(map(student_key, found), now)
    return list(found)


def settle(uow: UnitOfWork, person: Person, keys: list[IdentityKey], now: datetime) -> StudentId:
    """Find or make the student that a description is of, teach it the keys, tie and propose what follows."""
    candidates = dict.fromkeys(uow.students.by_keys(keys).values())
    candidates |= dict.fromkeys(uow.students.by_traits(traits(person)))
    said = resolve(person, keys, [known(uow, each) for each in candidates])
    student_id = said.student_id or uow.students.create(now)
    uow.students.learn(student_id, keys, traits(person), now)
    _follow(uow, said, student_id, now)
    return student_id


def known(uow: UnitOfWork, student_id: StudentId) -> Known:
    """What is known of a student, as far as telling people apart needs it."""
    keys = uow.students.keys_of(student_id)
    persons = [person_of(each.record.facts) for each in uow.records.of_student(student_id) if each.live]
    for key in keys:
        if key.kind is IdentityKeyKind.LADOK_STUDENT:
            gone = uow.facts.get((StudentReplaced.kind, key.value))
            if gone is None or gone.removed:
                persons.append(person_of(uow.facts.get((LadokStudent.kind, key.value))))
    return Known(student_id, keys, tuple(each for each in persons if each is not None))


def _follow(uow: UnitOfWork, said: Resolution, student_id: StudentId, now: datetime) -> None:
    for other in said.tied:
        uow.students.merge(student_id, other, now)
    for other in said.contested:
        uow.students.propose(student_id, other, 0.0, ("contested_key",), now)
    for proposal in said.proposals:
        uow.students.propose(student_id, proposal.student_id, proposal.score, proposal.reasons, now)


def _key(kind: IdentityKeyKind, value: str) -> IdentityKey:
    return IdentityKey(kind, value)
