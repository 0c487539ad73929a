"""What every store does with students, their records, and the registry's facts."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.support.stays import APPLICATION, EXCHANGE, LA, NOMINATION, PERSON, REGISTRATION
from tests.support.stores import ALDERTON, BRAVA, NOON, US, digest, minutes

from mobility_bridge.domain.discrepancy import Subject, SubjectKind
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.occasion import Occasion
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, Record, RecordKey, RecordKind, StayId
from mobility_bridge.domain.registration import Registration
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.store import Store
from mobility_bridge.ports.students import MatchState
from mobility_bridge.reconcile.who import exact_keys, traits

STU = LadokUid("stu")
ESI = IdentityKey(IdentityKeyKind.GLOBAL_ID, "urn:esi:1")
NUMBER = IdentityKey(IdentityKeyKind.CIVIC_NUMBER, "200302140000")


def a_record(name: str = "700101", *, said: object = APPLICATION, at: float = 0, **facts: object) -> Record:
    kind = {type(APPLICATION): RecordKind.APPLICATION, type(LA): RecordKind.LEARNING_AGREEMENT}.get(
        type(said), RecordKind.NOMINATION
    )
    made = Record(RecordKey("mobility_online", kind, US, name), said, digest(f"{name}{said!r}"), minutes(at))
    return replace(made, **facts)


@pytest.mark.parametrize("said", [APPLICATION, NOMINATION, LA], ids=["application", "nomination", "la"])
async def test_a_record_comes_back_as_it_was(store: Store, said: object) -> None:
    record = a_record(
        said=said,
        document=DocumentRef(digest("d"), "mobility_online.application", 3),
        problems=(("/la/student", "SEM-06"),),
    )
    assert await store.write(lambda uow: uow.records.save([record], NOON)) == [record.key]
    held = await store.read(lambda uow: uow.records.get(record.key))
    assert held is not None
    assert (held.record, held.first_seen_at, held.student_id, held.live) == (record, NOON, None, True)


async def test_an_unchanged_record_is_only_confirmed(store: Store) -> None:
    record = a_record()
    await store.write(lambda uow: uow.records.save([record], NOON))
    again = replace(record, as_of=minutes(5))
    assert await store.write(lambda uow: uow.records.save([again], minutes(5))) == []
    held = await store.read(lambda uow: uow.records.get(record.key))
    assert held is not None
    assert (held.changed_at, held.confirmed_at) == (NOON, minutes(5))
    assert await store.read(lambda uow: uow.records.history(record.key)) in ([], ())


async def test_a_changed_record_keeps_its_former_state(store: Store) -> None:
    before = a_record()
    after = a_record(said=replace(APPLICATION, cancelled=True), at=9)
    after = replace(after, digest=digest("changed"))
    await store.write(lambda uow: uow.records.save([before], NOON))
    assert await store.write(lambda uow: uow.records.save([after], minutes(9))) == [before.key]
    held = await store.read(lambda uow: uow.records.get(before.key))
    former = await store.read(lambda uow: uow.records.history(before.key))
    assert held is not None
    assert held.record.facts.cancelled
    assert [each.record.facts.cancelled for each in former] == [False]


async def test_an_older_reading_changes_nothing(store: Store) -> None:
    newer = a_record(at=9)
    older = replace(a_record(said=replace(APPLICATION, cancelled=True)), digest=digest("older"))
    await store.write(lambda uow: uow.records.save([newer], minutes(9)))
    assert await store.write(lambda uow: uow.records.save([older], minutes(10))) == []
    held = await store.read(lambda uow: uow.records.get(newer.key))
    assert held is not None
    assert not held.record.facts.cancelled


async def test_holders_are_those_of_living_records(store: Store) -> None:
    record = a_record()
    other = replace(record, key=replace(record.key, holder_hei_id=HeiId("brava.example")))
    await store.write(lambda uow: uow.records.save([record, other], NOON))
    kind = RecordKind.APPLICATION
    assert await store.read(lambda uow: uow.records.holders("mobility_online", kind)) == ["brava.example", US]
    await store.write(lambda uow: uow.records.gone([other.key], minutes(1)))
    assert await store.read(lambda uow: uow.records.holders("mobility_online", kind)) == [US]
    assert await store.read(lambda uow: uow.records.holders("mobility_online", RecordKind.NOMINATION)) == []


async def test_a_record_that_is_gone_may_come_back(store: Store) -> None:
    record = a_record()
    await store.write(lambda uow: uow.records.save([record], NOON))
    assert await store.write(lambda uow: uow.records.gone([record.key], minutes(1))) == [record.key]
    assert await store.write(lambda uow: uow.records.gone([record.key], minutes(2))) == []
    assert (
        await store.read(lambda uow: uow.records.digests("mobility_online", RecordKind.APPLICATION, US)) == {}
    )
    assert await store.write(
        lambda uow: uow.records.save([replace(record, as_of=minutes(3))], minutes(3))
    ) == [record.key]
    assert await store.read(
        lambda uow: uow.records.digests("mobility_online", RecordKind.APPLICATION, US)
    ) == {"700101": record.digest}


async def test_a_student_owns_keys_that_nobody_else_gets(store: Store) -> None:
    one = await store.write(lambda uow: uow.students.create(NOON))
    two = await store.write(lambda uow: uow.students.create(NOON))
    await store.write(lambda uow: uow.students.learn(one, [ESI], [], NOON))
    await store.write(lambda uow: uow.students.learn(two, [ESI, NUMBER], [], NOON))
    found = await store.read(lambda uow: uow.students.by_keys([ESI, NUMBER]))
    assert found == {ESI: one, NUMBER: two}
    assert await store.read(lambda uow: uow.students.keys_of(two)) == {NUMBER}


async def test_students_are_found_by_what_they_have_in_common(store: Store) -> None:
    one = await store.write(lambda uow: uow.students.create(NOON))
    for _ in range(2):
        await store.write(lambda uow: uow.students.learn(one, exact_keys(PERSON), traits(PERSON), NOON))
    assert await store.read(lambda uow: uow.students.by_traits(traits(PERSON)[:1])) == [one]
    assert await store.read(lambda uow: uow.students.by_traits(["email:someone@else.example"])) == []


async def test_a_merge_is_followed_and_undone_exactly(store: Store) -> None:
    one, two, three = [await store.write(lambda uow: uow.students.create(NOON)) for _ in range(3)]
    record = a_record()
    await store.write(lambda uow: uow.records.save([record], NOON))
    await store.write(lambda uow: uow.records.assign([record.key], three))
    await store.write(lambda uow: uow.students.learn(three, [NUMBER], [], NOON))
    await store.write(lambda uow: uow.students.merge(two, three, NOON))
    await store.write(lambda uow: uow.students.merge(one, two, NOON))
    assert await store.read(lambda uow: uow.students.current(three)) == one
    assert await store.read(lambda uow: uow.students.by_keys([NUMBER])) == {NUMBER: one}
    assert [row.record for row in await store.read(lambda uow: uow.records.of_student(one))] == [record]
    assert await store.read(lambda uow: uow.students.select()) == [one]
    assert await store.write(lambda uow: uow.students.split(two, NOON)) == one
    assert await store.read(lambda uow: uow.students.current(three)) == two
    assert await store.read(lambda uow: uow.records.of_student(one)) == []
    assert await store.write(lambda uow: uow.students.split(one, NOON)) is None


async def test_stays_are_numbered_and_selected(store: Store) -> None:
    one = await store.write(lambda uow: uow.students.create(NOON))
    two = await store.write(lambda uow: uow.students.create(NOON))
    first = await store.write(lambda uow: uow.students.add_stay(one, Direction.OUTGOING, BRAVA, NOON))
    second = await store.write(lambda uow: uow.students.add_stay(one, Direction.OUTGOING, ALDERTON, NOON))
    await store.write(lambda uow: uow.students.add_stay(two, Direction.INCOMING, BRAVA, NOON))
    assert (first, second) == (StayId(f"{one}-1"), StayId(f"{one}-2"))
    assert [stay.partner_hei_id for stay in await store.read(lambda uow: uow.students.stays(one))] == [
        BRAVA,
        ALDERTON,
    ]
    assert await store.read(lambda uow: uow.students.select(partner=BRAVA)) == [one, two]
    assert await store.read(lambda uow: uow.students.select(partner=BRAVA, direction=Direction.INCOMING)) == [
        two
    ]


async def test_a_rejected_match_is_not_proposed_again(store: Store) -> None:
    one = await store.write(lambda uow: uow.students.create(NOON))
    two = await store.write(lambda uow: uow.students.create(NOON))
    number = await store.write(lambda uow: uow.students.propose(two, one, 0.9, ["birth_date"], NOON))
    assert number is not None
    assert await store.write(lambda uow: uow.students.propose(one, two, 0.9, [], NOON)) is None
    decided = await store.write(
        lambda uow: uow.students.decide(number, MatchState.REJECTED, "kim", "twins", minutes(1))
    )
    assert decided is not None
    assert (decided.one, decided.other, decided.reasons) == (one, two, ("birth_date",))
    assert await store.write(lambda uow: uow.students.propose(one, two, 0.9, [], minutes(2))) is None
    assert await store.read(lambda uow: uow.students.matches(state=MatchState.PROPOSED)) == []
    assert await store.read(lambda uow: uow.students.matches(student_id=two)) == [decided]
    assert await store.write(lambda uow: uow.students.decide(99, MatchState.CONFIRMED, "k", "", NOON)) is None


async def test_the_later_fact_prevails_whatever_the_order(store: Store) -> None:
    later = replace(REGISTRATION, as_of=REGISTRATION.as_of + timedelta(days=1), credits=Decimal(15))
    assert await store.write(lambda uow: uow.facts.apply([later, REGISTRATION], NOON)) == [later]
    assert await store.write(lambda uow: uow.facts.apply([REGISTRATION], NOON)) == []
    assert await store.read(lambda uow: uow.facts.of_student(STU)) == [later]
    removed = replace(later, as_of=later.as_of + timedelta(days=1), removed=True)
    await store.write(lambda uow: uow.facts.apply([removed], NOON))
    assert await store.read(lambda uow: uow.facts.get(later.key)) == removed


async def test_facts_about_no_student_are_found_by_kind(store: Store) -> None:
    assert EXCHANGE.occasion is not None
    await store.write(lambda uow: uow.facts.apply([EXCHANGE.occasion, REGISTRATION], NOON))
    assert await store.read(lambda uow: uow.facts.of_kind(Occasion)) == [EXCHANGE.occasion]
    assert await store.read(lambda uow: uow.facts.of_kind(Registration)) == [REGISTRATION]


async def test_an_event_is_handled_once_until_its_page_is_replayed(store: Store) -> None:
    await store.write(lambda uow: uow.feeds.mark_handled("ladok", ["a", "b"], 4, NOON))
    await store.write(lambda uow: uow.feeds.mark_handled("ladok", ["c", "a"], 5, NOON))
    assert await store.read(lambda uow: uow.feeds.handled("ladok", ["a", "c", "d"])) == {"a", "c"}
    assert await store.write(lambda uow: uow.feeds.forget_from("ladok", 5)) == 1
    assert await store.read(lambda uow: uow.feeds.handled("ladok", ["a", "b", "c"])) == {"a", "b"}


async def test_an_unknown_name_is_no_student(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.read(lambda uow: uow.records.of_student("700101"))  # type: ignore[arg-type]


def test_a_stay_and_a_student_are_subjects_of_their_own() -> None:
    stay = Subject(SubjectKind.STAY, BRAVA, stay_id=StayId("P1-1"))
    assert (stay.key, str(stay)) == ("stay:P1-1", f"P1-1 {BRAVA}")


async def test_a_later_fact_that_says_the_same_counts_as_no_change_and_weighs(store: Store) -> None:
    first = replace(REGISTRATION, as_of=minutes(1), event_uid=LadokUid("e1"))
    read = replace(first, as_of=minutes(5), event_uid=None)
    recalled = replace(first, removed=True, as_of=minutes(3), event_uid=LadokUid("e3"))
    await store.write(lambda uow: uow.facts.apply([first], NOON))
    assert await store.write(lambda uow: uow.facts.apply([read], minutes(5))) == []
    assert await store.read(lambda uow: uow.facts.get(first.key)) == read
    assert await store.read(lambda uow: uow.facts.history_of_student(STU)) == []
    assert await store.write(lambda uow: uow.facts.apply([recalled], minutes(6))) == []
    assert await store.read(lambda uow: uow.facts.get(first.key)) == read


async def test_what_was_said_before_stays_in_the_history_of_a_student(store: Store) -> None:
    first = replace(REGISTRATION, as_of=minutes(1), event_uid=LadokUid("e1"))
    later = replace(first, period=2, as_of=minutes(3), event_uid=LadokUid("e3"))
    recalled = replace(later, removed=True, as_of=minutes(5), event_uid=LadokUid("e5"))
    await store.write(lambda uow: uow.facts.apply([first], minutes(2)))
    await store.write(lambda uow: uow.facts.apply([later, recalled], minutes(6)))
    former = await store.read(lambda uow: uow.facts.history_of_student(STU))
    assert [(each.fact, each.replaced_at) for each in former] == [(first, minutes(6)), (later, minutes(6))]
    assert await store.read(lambda uow: uow.facts.history_of_student(LadokUid("other"))) == []


async def test_facts_of_many_students_and_keys_come_at_once(store: Store) -> None:
    other = replace(REGISTRATION, registration_uid=LadokUid("r2"), student_uid=LadokUid("stu2"))
    await store.write(lambda uow: uow.facts.apply([REGISTRATION, other], NOON))
    uids = [STU, LadokUid("stu2"), LadokUid("nobody")]
    found = await store.read(lambda uow: uow.facts.of_students(uids))
    assert {uid: list(facts) for uid, facts in found.items()} == dict(
        zip(uids, ([REGISTRATION], [other], []), strict=True)
    )
    named = await store.read(lambda uow: uow.facts.get_many([other.key, ("registration", "unknown")]))
    assert named == {other.key: other}
