"""Letting go of a person: what every store promises of what goes and what stays."""

from dataclasses import replace
from datetime import timedelta

from tests.support.stays import NOMINATION
from tests.support.stores import NOON, Backend, an_exchange, digest, minutes

from mobility_bridge.domain.discrepancy import (
    Discrepancy,
    DiscrepancyEvent,
    DiscrepancyEventKind,
    DiscrepancyState,
    Finding,
    Owner,
    Severity,
    Subject,
    SubjectKind,
    Text,
)
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.personal import RECORD, Trace
from mobility_bridge.domain.record import (
    IdentityKey,
    IdentityKeyKind,
    Record,
    RecordKey,
    RecordKind,
    StayId,
    StudentId,
)
from mobility_bridge.domain.registry_student import StudentDeceased, StudentProtected
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.ports.privacy import Erasure, ToErase
from mobility_bridge.ports.store import Store, UnitOfWork
from mobility_bridge.ports.students import MatchState
from mobility_bridge.store.chain import sha256_of, verify

BRAVA = HeiId("brava.example")
UID, OTHER_UID = (
    LadokUid("0b82ca40-0000-0000-0000-000000000001"),
    LadokUid("0b82ca40-0000-0000-0000-000000000002"),
)
CIVIC = IdentityKey(IdentityKeyKind.CIVIC_NUMBER, "200302140000")
MINE, THEIRS = b"<la>mine</la>", b"<la>theirs</la>"


def a_record(number: int, text: str, body: bytes) -> Record:
    key = RecordKey("ewp", RecordKind.NOMINATION, BRAVA, f"OM-{number}")
    return Record(key, NOMINATION, digest(text), NOON, DocumentRef(sha256_of(body), "ewp.omobilities.v3"))


ONE, TWO = a_record(1, "one", MINE), a_record(2, "two", THEIRS)
ID = StudentId("P1")


def a_discrepancy(student: str) -> tuple[Discrepancy, DiscrepancyEvent]:
    words = Text("a", "b")
    subject = Subject(SubjectKind.STAY, stay_id=StayId(f"{student}-1"), student_id=StudentId(student))
    finding = Finding("LA_MISSING", Severity.WARNING, Owner.US, subject, words, words)
    made = Discrepancy(
        discrepancy_id=f"D-{student}",
        finding=finding,
        state=DiscrepancyState.RESOLVED,
        first_seen_at=NOON,
        opened_at=NOON,
        last_seen_at=NOON,
        changed_at=NOON,
        resolved_at=minutes(5),
    )
    event = DiscrepancyEvent(
        made.discrepancy_id, NOON, DiscrepancyEventKind.OPENED, Severity.WARNING, {}, None, None
    )
    return made, event


def fill(uow: UnitOfWork) -> None:
    """Two students that are alike, each with a record, its former state, a stay, a fact and a discrepancy."""
    for number, (record, body, uid) in enumerate(((ONE, MINE, UID), (TWO, THEIRS, OTHER_UID)), 1):
        student = uow.students.create(NOON)
        key = IdentityKey(IdentityKeyKind.LADOK_STUDENT, uid)
        uow.students.learn(
            student, [key, *([CIVIC] if number == 1 else [])], [f"born:{number}", "same"], NOON
        )
        uow.students.add_stay(student, Direction.OUTGOING, BRAVA, NOON)
        uow.copies.put_documents({sha256_of(body): body})
        uow.records.save([record], NOON)
        uow.records.assign([record.key], student)
        uow.records.save([replace(record, digest=digest(f"later {number}"))], minutes(1))
        uow.discrepancies.save(*a_discrepancy(student))
        uow.work.mark_to_compare([f"student:{student}"], NOON)
        uow.facts.apply([StudentProtected(student_uid=uid, as_of=NOON)], NOON)
        uow.facts.apply([StudentProtected(student_uid=uid, as_of=minutes(1), removed=True)], NOON)
        uow.facts.apply([StudentDeceased(student_uid=uid, as_of=NOON)], NOON)
        uow.evidence.append(
            [
                an_exchange(
                    body, request_body=f"omobility_id=OM-{number}".encode(), url=f"https://x.example/{uid}"
                )
            ]
        )
    uow.students.propose(ID, StudentId("P2"), 0.9, ("email",), NOON)


def what(**more: object) -> ToErase:
    traces = frozenset({Trace.of(CIVIC), Trace(RECORD, str(ONE.key))})
    given = {"students": (ID,), "uids": frozenset({UID}), "traces": traces, "evidence": (1,), "hidden": {UID}}
    return ToErase(**{**given, **more})  # type: ignore[arg-type]


async def erased(store: Store) -> Erasure:
    await store.write(fill)
    return await store.write(lambda uow: uow.privacy.erase(what(), "karin", "asked for it", minutes(9)))


async def test_all_of_one_person_goes_and_all_of_others_stays(store: Store):
    done = await erased(store)

    assert done.counts == {
        "records": 1,
        "former_records": 1,
        "documents": 1,
        "facts": 2,
        "discrepancies": 1,
        "writes": 0,
        "stays": 1,
        "keys": 2,
        "traits": 2,
        "matches": 1,
        "evidence": 1,
    }

    def look(uow: UnitOfWork) -> None:
        assert uow.records.get(ONE.key) is None
        assert not uow.records.history(ONE.key)
        assert uow.copies.document(sha256_of(MINE)) is None
        assert not uow.facts.of_student(UID)
        assert not uow.students.stays(ID)
        assert not uow.students.by_keys([CIVIC])
        assert not uow.students.exists(ID)
        assert [str(each) for each in uow.students.select()] == ["P2"]
        assert [each.discrepancy_id for each in uow.discrepancies.select()] == ["D-P2"]
        assert not uow.discrepancies.history("D-P1")
        assert uow.work.to_compare() == ["student:P2"]
        (match,) = uow.students.matches()
        assert (match.reasons, match.state, match.score) == ((), MatchState.REJECTED, 0.0)

        assert uow.records.get(TWO.key) is not None
        assert len(uow.records.history(TWO.key)) == 1
        assert uow.copies.document(sha256_of(THEIRS)) == THEIRS
        assert len(uow.facts.of_student(OTHER_UID)) == 2
        assert len(uow.students.stays(StudentId("P2"))) == 1
        assert uow.students.by_traits(["same"]) == ["P2"]
        assert len(uow.discrepancies.history("D-P2")) == 1

    await store.read(look)


async def test_the_bodies_go_and_the_chain_holds(store: Store):
    await erased(store)

    records = await store.read(lambda uow: uow.evidence.scan())

    assert verify(records)[1] == []
    mine, theirs = records
    assert (mine.exchange.body, mine.exchange.request_body) == (b"", b"")
    assert (mine.erased_at, mine.body_length, mine.url_erased) == (minutes(9), len(MINE), True)
    assert mine.exchange.url == "https://x.example/***"
    assert mine.request_sha256 == sha256_of(b"omobility_id=OM-1")
    assert (theirs.exchange.body, theirs.erased_at) == (THEIRS, None)


async def test_a_body_that_came_twice_goes_from_both_records_and_erasing_twice_changes_nothing(store: Store):
    await store.write(
        lambda uow: uow.evidence.append([an_exchange(MINE), an_exchange(MINE), an_exchange(THEIRS)])
    )

    assert await store.write(lambda uow: uow.evidence.erase([1, 99], NOON)) == 2
    assert await store.write(lambda uow: uow.evidence.erase([1, 2], minutes(3))) <= 1

    records = await store.read(lambda uow: uow.evidence.scan())
    assert [each.erased_at for each in records] == [NOON, NOON, None]
    assert verify(records)[1] == []


async def test_fingerprints_stay_by_which_the_person_is_known_again(backend: Backend):
    store = backend.open()
    done = await erased(store)
    stranger = Trace.of(IdentityKey(IdentityKeyKind.CIVIC_NUMBER, "200302150000"))

    known = await store.read(
        lambda uow: uow.privacy.forgotten([Trace.of(CIVIC), stranger, Trace(RECORD, "x")])
    )

    assert known == {Trace.of(CIVIC): done.erasure_id}
    assert await store.read(lambda uow: uow.privacy.forgotten([Trace("other", CIVIC.value)])) == {}


async def test_what_was_erased_is_told_without_naming_anyone(store: Store):
    done = await erased(store)

    assert await store.read(lambda uow: uow.privacy.erasures()) == [done]
    assert await store.read(lambda uow: uow.privacy.erasure_of(ID)) == done
    assert await store.read(lambda uow: uow.privacy.erasure_of(StudentId("P2"))) is None
    assert (done.students, done.by, done.why) == ((ID,), "karin", "asked for it")


async def test_a_lifted_erasure_lets_the_person_be_known_anew(store: Store):
    done = await erased(store)

    lifted = await store.write(lambda uow: uow.privacy.lift(done.erasure_id, "karin", "is back", minutes(20)))
    again = await store.write(lambda uow: uow.privacy.lift(done.erasure_id, "karin", "is back", minutes(21)))

    assert lifted is not None
    assert (lifted.lifted_at, lifted.lifted_by, lifted.lifted_why) == (minutes(20), "karin", "is back")
    assert again is None
    assert await store.read(lambda uow: uow.privacy.forgotten([Trace.of(CIVIC)])) == {}
    assert await store.write(lambda uow: uow.students.create(NOON)) == "P3"


async def test_it_is_known_whose_records_came_in_a_document(store: Store):
    await store.write(fill)
    wanted = [sha256_of(MINE), sha256_of(THEIRS), sha256_of(b"none")]

    found = await store.read(lambda uow: uow.privacy.owners(wanted))

    assert found == {sha256_of(MINE): {"P1"}, sha256_of(THEIRS): {"P2"}}


async def test_what_is_old_goes_and_a_dry_run_only_counts(store: Store):
    await store.write(fill)
    await store.write(lambda uow: uow.feeds.mark_handled("ladok", ["a", "b"], 1, NOON))
    former, about = [ONE.digest, digest("none")], ["stay:P1-1"]

    for dry_run in (True, False):

        def work(uow: UnitOfWork, *, dry_run: bool = dry_run) -> list[int]:
            return [
                uow.privacy.drop_former(TWO.key, former, NOON, dry_run=dry_run),
                uow.privacy.drop_former(ONE.key, [], NOON, dry_run=dry_run),
                uow.privacy.drop_former(ONE.key, former, NOON, dry_run=dry_run),
                uow.privacy.drop_feed_events(NOON, dry_run=dry_run),
                uow.privacy.drop_feed_events(NOON + timedelta(days=1), dry_run=dry_run),
                uow.privacy.drop_discrepancies(about, minutes(5), dry_run=dry_run),
                uow.privacy.drop_discrepancies([], minutes(6), dry_run=dry_run),
                uow.privacy.drop_discrepancies(about, minutes(6), dry_run=dry_run),
            ]

        assert await store.write(work) == [0, 0, 1, 0, 2, 0, 0, 1]
    assert await store.write(work) == [0] * 8
    assert not await store.read(lambda uow: uow.feeds.handled("ladok", ["a", "b"]))
    assert len(await store.read(lambda uow: uow.records.history(TWO.key))) == 1
    assert await store.read(lambda uow: uow.copies.document(sha256_of(MINE))) == MINE, (
        "the record stands on it"
    )


async def test_a_dropped_record_takes_its_history_and_its_document_with_it(store: Store):
    await store.write(fill)
    shared = replace(a_record(3, "three", THEIRS))
    await store.write(lambda uow: uow.records.save([shared], NOON))

    gone = await store.write(lambda uow: uow.privacy.drop_records([ONE.key, TWO.key], minutes(3)))

    assert gone == 2
    assert await store.read(lambda uow: uow.records.get(ONE.key)) is None
    assert not await store.read(lambda uow: uow.records.history(ONE.key))
    assert await store.read(lambda uow: uow.copies.document(sha256_of(MINE))) is None
    assert await store.read(lambda uow: uow.copies.document(sha256_of(THEIRS))) == THEIRS
    records = await store.read(lambda uow: uow.evidence.scan())
    assert [each.erased_at for each in records] == [minutes(3), None]
    assert verify(records)[1] == []


async def test_what_happened_to_a_discrepancy_is_withheld(store: Store):
    made, event = a_discrepancy("P1")
    await store.write(lambda uow: uow.discrepancies.save(made, replace(event, values={"local": "HT26"})))

    await store.write(lambda uow: uow.privacy.withhold(made.discrepancy_id))

    (left,) = await store.read(lambda uow: uow.discrepancies.history(made.discrepancy_id))
    assert left == event
