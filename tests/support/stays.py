"""A stay that is in perfect order, to be put out of order one fact at a time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from mobility_bridge.domain.application import Application, PipelineStep
from mobility_bridge.domain.discrepancy import Subject, SubjectKind
from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.identifiers import ApplicationId, HeiId, LadokUid, OmobilityId, Sha256
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    LaComponent,
    LaCredit,
    LaSignature,
    LaStudent,
    LearningAgreement,
    MobilityInstitution,
    TermId,
)
from mobility_bridge.domain.nomination import (
    ActivityAttributes,
    ActivityType,
    Nomination,
    NominationSide,
    NominationStatus,
)
from mobility_bridge.domain.occasion import ExchangeAgreement, Occasion
from mobility_bridge.domain.person import Direction, Person, PersonName
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import Record, RecordKey, RecordKind, StayId, StoredRecord, StudentId
from mobility_bridge.domain.registration import Registration
from mobility_bridge.domain.stay import AgreementUse, Heard, SaidOfPerson, Seen, StayCase, TermDates
from mobility_bridge.domain.term import Term

US, BRAVA = HeiId("nordhav.example"), HeiId("brava.example")
STAY, STUDENT, OMOBILITY = StayId("P1-1"), StudentId("P1"), OmobilityId("NH-OM-1")
AUTUMN, SPRING = Term(2026, autumn=True), Term(2027, autumn=False)
FIRST, LAST = date(2026, 8, 31), date(2027, 1, 17)
NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 4, 1, 12, tzinfo=UTC)
PERSON = Person(
    names=(PersonName("Alma", "Ek"),),
    birth_date=date(2003, 2, 14),
    gender=2,
    citizenship="SE",
    email="alma@student.nordhav.example",
    global_id="urn:schac:personalUniqueCode:int:esi:ladok.se:externtstudentuid-0b82ca40-261b-11f2-aa10-02005e009999",
    civic_number="200302140000",
)
CALENDAR = {
    AUTUMN: TermDates(AUTUMN, date(2026, 8, 31), date(2027, 1, 17), date(2026, 7, 1), date(2026, 5, 15)),
    SPRING: TermDates(SPRING, date(2027, 1, 18), date(2027, 6, 6), date(2026, 12, 1), date(2026, 10, 15)),
}


def seen(
    kind: RecordKind, said: Any, *earlier: tuple[Any, datetime], source: str = "ewp", **times: Any
) -> Seen[Any]:
    """A living record of something; `changed_at` and the like may be given."""
    at = times.pop("changed_at", LONG_AGO)
    record = Record(RecordKey(source, kind, US, "1"), said, Sha256("0" * 64), at)
    stored = StoredRecord(
        record,
        STUDENT,
        STAY,
        first_seen_at=times.pop("first_seen_at", at),
        changed_at=at,
        confirmed_at=times.pop("confirmed_at", NOW),
        gone_at=times.pop("gone_at", None),
    )
    assert not times
    return Seen(said, stored, earlier)


def signature(days: int, *, name: str | None = "Kim Berg") -> LaSignature:
    """A signature so many days after the first of June."""
    at = datetime(2026, 6, 1, 10, tzinfo=UTC) + timedelta(days=days)
    if name is None:
        return LaSignature(at)
    return LaSignature(at, name, "Coordinator", "kim.berg@nordhav.example")


def component(title: str, code: str, ects: str = "7.5", **facts: Any) -> LaComponent:
    return LaComponent(
        title=title,
        los_id=f"CR/{code}",
        los_code=code,
        term_id=TermId(1, 2),
        credits=(LaCredit("ects", Decimal(ects)),),
        **facts,
    )


STUDIED = tuple(component(f"Course {number}", f"BR{number}") for number in range(1, 5))
RECOGNIZED = tuple(component(f"Home course {number}", f"NH{number}") for number in range(1, 5))
FIRST_VERSION = ComponentLists(
    components_studied=STUDIED,
    components_recognized=RECOGNIZED,
    student_signature=signature(0, name=None),
    sending_hei_signature=signature(1),
    receiving_hei_signature=signature(2, name="Rui Sol"),
)
LA = LearningAgreement(
    omobility_id=OMOBILITY,
    sending_hei=MobilityInstitution(US, "Department of Physics"),
    receiving_hei=MobilityInstitution(BRAVA),
    receiving_academic_year_id="2026/2027",
    student=LaStudent(
        "Alma", "Ek", PERSON.global_id, date(2003, 2, 14), "SE", 2, "alma@student.nordhav.example"
    ),
    start=PlannedDay.on(FIRST),
    end=PlannedDay.on(LAST),
    eqf_level_studied_at_departure=6,
    isced_f_code="0533",
    first_version=FIRST_VERSION,
)
NOMINATION = Nomination(
    omobility_id=OMOBILITY,
    sending_hei=NominationSide(US, iia_id="nh-1"),
    receiving_hei=NominationSide(BRAVA, iia_id="br-1"),
    student=PERSON,
    proposal_id="p1",
    sending_academic_term_ewp_id="2026/2027-1/2",
    receiving_academic_year_id="2026/2027",
    activity_type=ActivityType.STUDENT_STUDIES,
    activity_attributes=ActivityAttributes.LONG_TERM,
    agreement_isced_f_code="0533",
    eqf_level_studied_at_departure=6,
    nominee_isced_f_code="0533",
    status=NominationStatus.APPROVED,
    written_status="approved",
)
APPLICATION = Application(
    application_id=ApplicationId("700101"),
    direction=Direction.OUTGOING,
    person=PERSON,
    person_id="90311",
    partner_hei_id=BRAVA,
    partner_institution_id="2207",
    partner_name="Brava University",
    terms=(AUTUMN,),
    full_year=False,
    starts_on=FIRST,
    ends_on=LAST,
    programme="SMS",
    study_level="B",
    isced_f_code="0533",
    pipeline=(PipelineStep("is_registriert", done=True),),
    cancelled=False,
    omobility_id=OMOBILITY,
)
REGISTRATION = Registration(
    as_of=LONG_AGO,
    registration_uid=LadokUid("reg"),
    student_uid=LadokUid("stu"),
    occasion_uid=LadokUid("course"),
    starts_on=FIRST,
    ends_on=LAST,
    credits=Decimal(30),
)
EXCHANGE = ExchangeParticipation(
    student_uid=LadokUid("stu"),
    admission_uid=LadokUid("adm"),
    occasion_uid=LadokUid("occ"),
    occasion=Occasion(
        as_of=LONG_AGO,
        occasion_uid=LadokUid("occ"),
        education_uid=LadokUid("edu"),
        code="UT262",
        status=3,
        periods=((FIRST, LAST, Decimal(30)),),
        direction=Direction.OUTGOING,
    ),
    agreement=ExchangeAgreement(
        as_of=LONG_AGO, education_uid=LadokUid("edu"), code="UABRA", status=3, exchange=True
    ),
    partner_hei_id=BRAVA,
    direction=Direction.OUTGOING,
    first_day=FIRST,
    last_day=LAST,
    registrations=(REGISTRATION,),
    registered_terms=(AUTUMN,),
)
AGREEMENT = AgreementUse(
    iia_id="nh-1",
    partner_iia_id="br-1",
    mutually_approved=True,
    first_academic_year="2024/2025",
    last_academic_year="2028/2029",
    last_day=date(2029, 8, 31),
    places=3,
    used=1,
    place=1,
)


def a_stay(**facts: Any) -> StayCase:
    """An outgoing student, four weeks before departure, of whom all systems say the same."""
    case = StayCase(
        own_hei_id=US,
        subject=Subject(SubjectKind.STAY, BRAVA, stay_id=STAY, student_id=STUDENT),
        now=NOW,
        direction=Direction.OUTGOING,
        partner_hei_id=BRAVA,
        heard=frozenset(Heard),
        persons=tuple(SaidOfPerson(each, PERSON) for each in ("ladok", "mobility_online", "ewp")),
        known_to_registry=True,
        application=seen(RecordKind.APPLICATION, APPLICATION, source="mobility_online"),
        nomination=seen(RecordKind.NOMINATION, NOMINATION),
        learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, LA),
        exchange=EXCHANGE,
        agreement=AGREEMENT,
        agreement_exists=True,
        registry_agreement_exists=True,
        occasion_exists=True,
        calendar=CALENDAR,
    )
    return replace(case, **facts)


def an_incoming_stay(**facts: Any) -> StayCase:
    """The same the other way round: a partner's student who comes to us."""
    nomination = replace(
        NOMINATION, sending_hei=NOMINATION.receiving_hei, receiving_hei=NOMINATION.sending_hei
    )
    la = replace(LA, sending_hei=MobilityInstitution(BRAVA, "Physics"), receiving_hei=MobilityInstitution(US))
    occasion = replace(EXCHANGE.occasion, direction=Direction.INCOMING) if EXCHANGE.occasion else None
    case = a_stay(
        direction=Direction.INCOMING,
        application=seen(
            RecordKind.APPLICATION,
            replace(APPLICATION, direction=Direction.INCOMING),
            source="mobility_online",
        ),
        nomination=seen(RecordKind.NOMINATION, nomination),
        learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, la),
        exchange=replace(EXCHANGE, direction=Direction.INCOMING, occasion=occasion),
    )
    return replace(case, **facts)


def arrived(
    on: date | None = FIRST, left: date | None = None, *earlier: tuple[Any, datetime], **times: Any
) -> Seen[Any]:
    return seen(RecordKind.ARRIVAL, ActualDates(OMOBILITY, on, left), *earlier, **times)
