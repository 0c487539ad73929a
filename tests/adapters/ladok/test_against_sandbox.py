"""The adapter and the played Ladok share the reference and no code: what one writes, the other must read."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from tests.support.clock import VirtualClock
from tests.support.ladok import AT, OURSELVES, PlayedLadok
from tests.support.ladok_door import drained, registry

from mobility_adapters.ladok.registry import LadokRegistry
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.occasion import (
    CodeRow,
    Commitment,
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    OccasionCancelled,
    PartyDomain,
)
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.registration import (
    Admission,
    ExchangeStay,
    Interruption,
    Participant,
    Participation,
    Registration,
    Withdrawal,
)
from mobility_bridge.domain.registry_student import (
    CivicNumberChanged,
    LadokStudent,
    StudentDeceased,
    StudentProtected,
    StudentReplaced,
)
from mobility_bridge.domain.result import CreditTransfer, OtherMerit, StudentResult
from mobility_bridge.errors import ExternalError, InvalidDocument, NotOffered, Rejected, Unreachable
from mobility_bridge.ports.registry import (
    AdmissionOrder,
    ChangeOrder,
    FeedBatch,
    FeedNotice,
    RegistrationOrder,
    RegistrationState,
    ReportQuestion,
    WithdrawalOrder,
)

SPAN = {"first_day": "2026-08-31", "last_day": "2027-01-17"}
AUTUMN = ReportQuestion(date(2026, 8, 31), date(2027, 1, 17))
ALL = ("A2", "A3", "A4", "A5", "A6", "A7", "A9")
F = TypeVar("F", bound=Fact)


@dataclass
class Year:
    """One agreement with an occasion each way, and the adapter's door to it."""

    ladok: PlayedLadok
    door: LadokRegistry
    clock: VirtualClock
    agreement: str
    coming: str
    going: str

    def student(self, given_names: str = "Tolvan", **facts: object) -> str:
        said = {"family_name": "Tolvansson", "born": "1999-12-12", "sex": 2, **facts}
        return str(self.ladok.do("establish", given_names=given_names, **said).uid)

    async def facts(self, kind: type[F]) -> list[F]:
        return [
            fact
            for batch in await drained(self.door, None)
            for event in batch.events
            for fact in event.facts
            if isinstance(fact, kind)
        ]


@pytest.fixture
def year(tmp_path: Path) -> Year:
    ladok = PlayedLadok()
    clock = VirtualClock(AT)
    agreement = ladok.do(
        "create_education",
        kind="agreement",
        code="UAFIC",
        sv="Utbytesavtal: Alderton",
        en="Exchange agreement: Alderton",
        extern_part_id=991101,
        exchange_programme_id=990101,
    ).uid
    coming = ladok.do("create_occasion", education_uid=agreement, direction="incoming", **SPAN).uid
    going = ladok.do("create_occasion", education_uid=agreement, direction="outgoing", **SPAN).uid
    door = registry(
        _Impatient(ladok), tmp_path, clock=clock, assumed=ALL, registration=True, burst=100, calls_per_s=20
    )
    return Year(ladok, door, clock, agreement, coming, going)


class _Impatient(httpx.AsyncBaseTransport):
    """Ends a call that is never answered with the time-out that a wire would give."""

    def __init__(self, ladok: PlayedLadok) -> None:
        self._inner = httpx.ASGITransport(ladok.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await asyncio.wait_for(self._inner.handle_async_request(request), 0.3)
        except TimeoutError:
            raise httpx.ReadTimeout("nothing came", request=request) from None


def only(found: Iterable[object], kind: type[F]) -> F:
    (fact,) = (each for each in found if isinstance(each, kind))
    return fact


def remarks(batches: Iterable[FeedBatch]) -> list[FeedNotice]:
    return [remark.notice for batch in batches for remark in batch.remarks]


async def test_the_feed_tells_agreement_and_occasions(year: Year) -> None:
    agreement = only(
        [each for each in await year.facts(ExchangeAgreement) if each.code == "UAFIC"], ExchangeAgreement
    )
    assert (agreement.external_party_id, agreement.exchange, agreement.usable) == ("991101", True, True)
    directions = {
        occasion.occasion_uid: occasion.direction
        for occasion in await year.facts(Occasion)
        if occasion.exchange
    }
    assert directions == {year.coming: Direction.INCOMING, year.going: Direction.OUTGOING}


async def test_a_term_abroad_is_told_by_the_feed_and_confirmed_by_reading(year: Year) -> None:
    student = LadokUid(year.student(number="191212121212"))
    admitted = year.ladok.do("admit", student_uid=student, occasion_uid=year.going)
    commitment = only(await year.facts(Commitment), Commitment)
    assert (commitment.student_uid, commitment.package_admission_uid) == (student, admitted.uid)
    inner = only(
        [each for each in await year.facts(Admission) if each.occasion_uid == commitment.occasion_uid],
        Admission,
    )
    assert inner.within_occasion_uids == (year.going,)

    (outcome,) = await year.door.register([RegistrationOrder(student, inner.admission_uid)])
    assert outcome.state is RegistrationState.DONE
    batches = await drained(year.door, None)
    mine = [event for batch in batches for event in batch.events if event.own]
    assert [event.name for event in mine][:2] == ["RegistreringEvent", "PaborjatUtbildningstillfalleEvent"]
    registration = only([fact for event in mine for fact in event.facts], Registration)
    assert registration.admission_uid == inner.admission_uid
    assert year.going in [each.occasion_uid for each in registration.within]
    assert (registration.starts_on, registration.ends_on) == (date(2026, 8, 31), date(2027, 1, 17))

    (again,) = await year.door.register([RegistrationOrder(student, inner.admission_uid)])
    assert again.state is RegistrationState.ALREADY


async def test_reading_a_student_finds_person_and_participations(year: Year) -> None:
    student = LadokUid(year.student(number="191212121212"))
    year.ladok.do("admit", student_uid=student, occasion_uid=year.going)
    by_number = await year.door.find_student(civic_number="191212121212")
    person = only(by_number.facts, LadokStudent).person
    assert person is not None
    assert person.civic_number == "191212121212"
    assert person.ladok_external_uid is not None
    external = LadokUid(person.ladok_external_uid)
    assert only((await year.door.find_student(external_uid=external)).facts, LadokStudent) == only(
        (await year.door.student(student)).facts, LadokStudent
    )
    found = (await year.door.participations(student)).facts
    codes = {each.education_code for each in found if isinstance(each, Participation)}
    assert "UAFIC" in codes
    assert all(not each.begun for each in found if isinstance(each, Participation))
    assert (await year.door.find_student(civic_number="191212121213")).facts == ()


async def test_who_is_on_an_occasion_is_listed_whole(year: Year) -> None:
    students = {year.student(f"Nummer {number}", born=f"2000-01-{number + 1:02}") for number in range(8)}
    for student in students:
        year.ladok.do("admit", student_uid=student, occasion_uid=year.coming)
    for unstable in (False, True):
        year.ladok.app.switch("unstable_order", on=unstable)
        reading = await year.door.participants(LadokUid(year.coming))
        assert {each.student_uid for each in reading.facts if isinstance(each, Participant)} == students
        assert reading.complete


async def test_an_agreement_is_read_with_its_occasions(year: Year) -> None:
    reading = await year.door.occasions("UAFIC")
    assert reading.complete
    assert only(reading.facts, ExchangeAgreement).education_uid == year.agreement
    occasions = [each for each in reading.facts if isinstance(each, Occasion)]
    assert {each.occasion_uid: each.direction for each in occasions} == {
        year.coming: Direction.INCOMING,
        year.going: Direction.OUTGOING,
    }
    assert {each.starts_on for each in occasions} == {date(2026, 8, 31)}
    cancelled = [each for each in reading.facts if isinstance(each, OccasionCancelled)]
    assert [each.removed for each in cancelled] == [True, True]
    assert (await year.door.occasions("UNKNOWN")).facts == ()


async def test_withdrawal_and_interruption_reach_the_feed(year: Year) -> None:
    quits, stops = year.student("Ana"), year.student("Beata")
    given_up = year.ladok.do("admit", student_uid=quits, occasion_uid=year.coming)
    year.ladok.do("withdraw", admission_uid=given_up.uid)
    stopped = year.ladok.do("admit", student_uid=stops, occasion_uid=year.going)
    inner = [each for each in await year.facts(Admission) if year.going in each.within_occasion_uids]
    year.ladok.do("register", admission_uid=inner[-1].admission_uid)
    year.ladok.do("interrupt", admission_uid=stopped.uid, on="2026-11-16")
    assert [each.admission_uid for each in await year.facts(Withdrawal)] == [given_up.uid]
    interrupted = [each for each in await year.facts(Interruption) if each.occasion_uid == year.going]
    assert [(each.student_uid, each.interrupted_on) for each in interrupted] == [(stops, date(2026, 11, 16))]


async def test_what_happens_to_a_person_is_told(year: Year) -> None:
    student, double = year.student("Ana"), year.student("Anna")
    year.ladok.do("replace_number", student_uid=student, number="191212121212")
    year.ladok.do("merge_persons", student_uid=double, into=student)
    year.ladok.do("protect_person", student_uid=student)
    year.ladok.do("mark_deceased", student_uid=student)
    assert only(await year.facts(CivicNumberChanged), CivicNumberChanged).present == "191212121212"
    assert only(await year.facts(StudentReplaced), StudentReplaced).replaced_by == student
    assert only(await year.facts(StudentProtected), StudentProtected).student_uid == student
    assert only(await year.facts(StudentDeceased), StudentDeceased).student_uid == student
    deceased = only((await year.door.student(LadokUid(student))).facts, StudentDeceased)
    assert not deceased.removed


async def test_results_and_recognition_are_read_and_told(year: Year) -> None:
    student = LadokUid(year.student())
    course = next(each for each in year.ladok.world.educations.values() if each.code == "NH1101")
    class_ = year.ladok.do("create_occasion", education_uid=course.uid, **SPAN).uid
    taken = year.ladok.do("admit", student_uid=student, occasion_uid=class_)
    year.ladok.do("register", admission_uid=taken.uid)
    year.ladok.do(
        "attest_result", student_uid=student, occasion_uid=class_, grade="B", examined_on="2026-10-28"
    )
    merit = year.ladok.do(
        "add_merit",
        student_uid=student,
        title="Economia II",
        extent="6 ECTS",
        grade="16",
        examined_on="2027-01-15",
        origin="University of Alderton",
        attested=True,
    )
    facts = (await year.door.results(student)).facts
    result = only(facts, StudentResult)
    assert (result.course_code, result.grade, result.examined_on) == ("NH1101", "B", date(2026, 10, 28))
    found = only(facts, OtherMerit)
    assert (found.other_merit_uid, found.credits) == (merit.uid, Decimal(6))
    assert [each for each in facts if isinstance(each, CreditTransfer)] == []


async def test_code_tables_are_read_and_the_assumed_ones_are_off_until_switched_on(
    year: Year, tmp_path: Path
) -> None:
    parties = (await year.door.code_table("externpart")).facts
    domains = {each.external_party_id: each.schac for each in parties if isinstance(each, PartyDomain)}
    assert domains["991101"] == "alderton.example"
    assert any(isinstance(each, ExternalParty) and each.code == "ALDERT01" for each in parties)
    for table in ("land", "period", "utbildningstyp", "organisation", "utbytesprogram"):
        assert all(isinstance(each, CodeRow) for each in (await year.door.code_table(table)).facts)
    plain = registry(httpx.ASGITransport(year.ladok.app), tmp_path)
    with pytest.raises(NotOffered) as caught:
        await plain.code_table("externpart")
    assert caught.value.reason == "switched_off"
    with pytest.raises(NotOffered):
        await plain.code_table("nothing")


async def test_the_exchange_report_is_a_second_way_in(year: Year, tmp_path: Path) -> None:
    comes = year.student("Ana")
    year.ladok.do("admit", student_uid=comes, occasion_uid=year.coming)
    reading = await year.door.exchange_report(AUTUMN)
    stay = only(reading.facts, ExchangeStay)
    assert reading.problems == ()
    assert (stay.student_uid, stay.direction, stay.agreement_code) == (comes, Direction.INCOMING, "UAFIC")
    assert (stay.starts_on, stay.ends_on) == (date(2026, 8, 31), date(2027, 1, 17))
    assert "Tolvansson" not in repr(stay)
    with pytest.raises(NotOffered):
        await registry(httpx.ASGITransport(year.ladok.app), tmp_path).exchange_report(AUTUMN)


async def test_the_self_test_names_rights_feeds_and_assumptions(year: Year) -> None:
    found = {each.name: each for each in await year.door.probe()}
    assert found["sign-in"].note == OURSELVES
    assert all(each.available for name, each in found.items() if name.startswith(("right", "feed")))
    assert found["A9 exchange report"].assumed
    year.ladok.app.switch("maintenance_window", on=True)
    found = {each.name: each for each in await year.door.probe()}
    assert not found["sign-in"].available
    assert not found["feed /handelser"].available


@pytest.mark.parametrize("fault", ["internal_host_in_links", "event_context_first", "unknown_event_types"])
async def test_oddities_of_the_feed_change_nothing(year: Year, fault: str) -> None:
    year.ladok.app.switch(fault, on=True)
    student = year.student()
    year.ladok.do("admit", student_uid=student, occasion_uid=year.coming)
    admissions = [each for each in await year.facts(Admission) if each.student_uid == student]
    assert [each.occasion_uid for each in admissions] == [year.coming]


async def test_events_sent_twice_count_once(year: Year) -> None:
    year.ladok.app.switch("feed_duplicates", on=True)
    student = year.student()
    year.ladok.do("admit", student_uid=student, occasion_uid=year.coming)
    batches = await drained(year.door, None)
    assert FeedNotice.DUPLICATE in remarks(batches)
    uids = [event.event_uid for batch in batches for event in batch.events]
    assert len(uids) == len(set(uids))


async def test_late_entries_are_not_passed_over(year: Year) -> None:
    position = (await drained(year.door, None))[-1].position
    year.ladok.app.switch("feed_late_entry", on=True)
    heard: list[FeedBatch] = []
    for number in range(7):
        year.ladok.do("add_country", number=900 + number, code=f"X{number}", sv="Land", en="Country")
        batches = await drained(year.door, position)
        position = batches[-1].position
        heard += batches
    year.ladok.app.switch("feed_late_entry", on=False)
    heard += await drained(year.door, position)
    told = [
        fact.code
        for batch in heard
        for event in batch.events
        for fact in event.facts
        if isinstance(fact, CodeRow)
    ]
    assert sorted(filter(None, told)) == [f"X{number}" for number in range(7)]


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        ("wrong_environment", Rejected, "http_4xx"),
        ("right_removed", Rejected, "http_4xx"),
        ("maintenance_window", Unreachable, "http_5xx"),
        ("answers_500", Unreachable, "http_5xx"),
        ("answers_html", InvalidDocument, "content"),
    ],
)
async def test_a_fault_of_the_host_is_named(
    year: Year, fault: str, error: type[ExternalError], reason: str
) -> None:
    year.ladok.app.switch(fault, on=True)
    with pytest.raises(error) as caught:
        await year.door.student(LadokUid(year.student()))
    assert caught.value.reason == reason
    assert caught.value.evidence


async def test_throttling_only_takes_longer(year: Year) -> None:
    year.ladok.app.switch("throttles", on=True)
    student = LadokUid(year.student())
    for _ in range(4):
        assert (await year.door.student(student)).facts
    assert 60.0 in year.clock.slept


async def test_a_registration_whose_answer_never_comes_is_found_by_looking(year: Year) -> None:
    student = LadokUid(year.student())
    year.ladok.do("admit", student_uid=student, occasion_uid=year.going)
    inner = next(each for each in await year.facts(Admission) if year.going in each.within_occasion_uids)
    year.ladok.app.switch("times_out_after_write", on=True)
    (outcome,) = await year.door.register([RegistrationOrder(student, inner.admission_uid)])
    assert outcome.state is RegistrationState.DONE
    assert [exchange.failure for exchange in outcome.exchanges].count("timeout") == 1


async def test_assumed_writes_are_as_careful_as_a_registration(year: Year) -> None:
    student = LadokUid(year.student())
    admit = AdmissionOrder(student, LadokUid(year.coming))
    (made,) = await year.door.carry_out([admit])
    assert made.state is RegistrationState.DONE
    assert made.after is not None
    assert [each.state for each in await year.door.carry_out([admit])] == [RegistrationState.ALREADY]

    year_long = year.ladok.do(
        "create_occasion",
        education_uid=year.agreement,
        direction="incoming",
        first_day="2026-08-31",
        last_day="2027-06-06",
    ).uid
    change = ChangeOrder(student, made.after.admission_uid, LadokUid(year_long))
    (moved,) = await year.door.carry_out([change])
    assert (moved.state, moved.after is not None) == (RegistrationState.DONE, True)
    assert moved.after is not None
    told = [each for each in await year.facts(Admission) if each.occasion_uid == year_long]
    assert [each.earlier_admission_uid for each in told] == [made.after.admission_uid]

    withdraw = WithdrawalOrder(student, moved.after.admission_uid)
    (left,) = await year.door.carry_out([withdraw])
    assert left.state is RegistrationState.DONE
    assert [each.admission_uid for each in await year.facts(Withdrawal)] == [moved.after.admission_uid]


async def test_an_assumed_write_that_is_refused_says_why(year: Year) -> None:
    student = LadokUid(year.student())
    year.ladok.do("cancel_occasion", uid=year.coming)
    (outcome,) = await year.door.carry_out([AdmissionOrder(student, LadokUid(year.coming))])
    assert outcome.state is RegistrationState.REFUSED
    assert "felaktig_status" in outcome.detail


async def test_no_fact_and_no_message_shows_a_person(year: Year) -> None:
    said = {"family_name": "Zyxwsson", "number": "191212121212", "born": "1912-12-12"}
    student = LadokUid(year.student("Qvintus", email="qvintus@zyxw.example", **said))
    year.ladok.do("change_person", student_uid=student, email="q@zyxw.example")
    year.ladok.do("protect_person", student_uid=student)
    year.ladok.do("admit", student_uid=student, occasion_uid=year.coming)
    shown = [repr(batch.events) + repr(batch.remarks) for batch in await drained(year.door, None)]
    for reading in (
        await year.door.student(student),
        await year.door.find_student(civic_number="191212121212"),
        await year.door.participants(LadokUid(year.coming)),
        await year.door.exchange_report(AUTUMN),
    ):
        assert reading.facts
        shown.append(repr(reading.facts) + repr(reading.problems))
        shown += [exchange.url for exchange in reading.exchanges]
    for personal in ("Zyxw", "Qvintus", "zyxw", "1912", "121212"):
        assert personal not in "".join(shown)
