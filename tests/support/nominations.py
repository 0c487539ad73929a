"""Nominations, stays and transcripts for tests: builders that name only what matters, and strategies for any."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from tests.support.agreements import texts

from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.nomination import (
    ActivityAttributes,
    ActivityType,
    Nomination,
    NominationSide,
    NominationStatus,
)
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.transcript import (
    GradeFrequency,
    GradingScheme,
    IscedTable,
    ReportStatus,
    ResultCategory,
    ResultDistribution,
    ResultStatus,
    Tor,
    TorAttachment,
    TorCourse,
    TorCredit,
    TorIssuer,
    TorLearner,
    TorReport,
    TorTerm,
    TypedIdentifier,
)

SENDING: Final = HeiId("nordhav.example")
RECEIVING: Final = HeiId("fjordal.example")
GLOBAL_ID: Final = "urn:schac:personalUniqueCode:int:esi:nordhav.example:700100"
ISSUED: Final = datetime(2027, 2, 1, 12, 0, tzinfo=UTC)

# --- builders -----------------------------------------------------------------------------------------


def a_person(**changes: Any) -> Person:
    facts: dict[str, Any] = {
        "names": (PersonName("Provina Testa", "Påhittad"),),
        "birth_date": date(2003, 5, 17),
        "gender": 2,
        "citizenship": "SE",
        "email": "provina.pahittad@student.nordhav.example",
        "global_id": GLOBAL_ID,
    }
    return Person(**(facts | changes))


def a_nomination(**changes: Any) -> Nomination:
    """A student of ours who waits for the other HEI's decision, under an agreement that both know."""
    facts: dict[str, Any] = {
        "omobility_id": OmobilityId("NO-26-0101"),
        "sending_hei": NominationSide(SENDING, "geo", "nh-1042"),
        "receiving_hei": NominationSide(RECEIVING, None, "FJ/2024/88"),
        "student": a_person(),
        "proposal_id": "17",
        "sending_academic_term_ewp_id": "2026/2027-1/2",
        "receiving_academic_year_id": "2026/2027",
        "activity_type": ActivityType.STUDENT_STUDIES,
        "activity_attributes": ActivityAttributes.LONG_TERM,
        "agreement_isced_f_code": "0532",
        "eqf_level_studied_at_departure": 6,
        "nominee_isced_f_code": "0532",
        "status": NominationStatus.PENDING,
    }
    facts |= changes
    return Nomination(**({"written_status": facts["status"]} | facts))


def a_course(code: str = "GEO210", **changes: Any) -> TorCourse:
    """A passed course of 7.5 ECTS with all that EWP wants."""
    facts: dict[str, Any] = {
        "titles": (LangString(f"Course {code}", "en"),),
        "los_id": f"CR/fj-{code}",
        "los_code": code,
        "type": "Course",
        "isced_code": "0532",
        "loi_id": f"CRI/fj-{code}-26",
        "start": date(2026, 8, 24),
        "completed_on": date(2026, 12, 18),
        "term": TorTerm((LangString("Autumn 2026"),), date(2026, 8, 24), date(2027, 1, 17)),
        "status": ResultStatus.PASSED,
        "result_label": "C",
        "result_distribution": ResultDistribution((ResultCategory("C", 19), ResultCategory("F", 4))),
        "credits": (TorCredit("ects", Decimal("7.5")),),
    }
    return TorCourse(**(facts | changes))


def a_report(*courses: TorCourse, **changes: Any) -> TorReport:
    facts: dict[str, Any] = {
        "issuer": TorIssuer(
            RECEIVING, titles=(LangString("Fjordal", "en"),), country="NO", url="https://www.fjordal.example"
        ),
        "courses": courses or (a_course(),),
        "issue_date": ISSUED,
        "status": ReportStatus.FULL,
    }
    return TorReport(**(facts | changes))


def a_tor(*courses: TorCourse, **changes: Any) -> Tor:
    """A transcript that EWP has nothing to say against."""
    facts: dict[str, Any] = {
        "omobility_id": OmobilityId("NO-26-0101"),
        "receiving_academic_year_id": "2026/2027",
        "generated_date": ISSUED,
        "learner": TorLearner(
            a_person(gender=None, email=None), (), LangString("Provina Testa Påhittad"), "ISO"
        ),
        "reports": (a_report(*courses),),
    }
    return Tor(**(facts | changes))


# --- strategies: sound objects, so that they may be written -----------------------------------------------

ids: Final = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
words: Final = texts().filter(lambda text: bool(text.strip()))
tokens: Final = words.map(lambda text: " ".join(text.split(" "))).filter(
    lambda text: text == text.strip(" \t\r\n") and "  " not in text and not set(text) & set("\t\r\n")
)
days: Final = st.dates(date(1, 1, 1), date(9999, 12, 31))
moments: Final = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    datetime(2100, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-3, minutes=-30))]
    ),
)
years: Final = st.integers(1000, 9998).flatmap(
    lambda first: st.sampled_from([f"{first}/{first}", f"{first}/{first + 1}"])
)
isced: Final = st.from_regex(r"[0-9]{4}", fullmatch=True, alphabet=st.characters(codec="ascii"))
lang_strings: Final = st.builds(LangString, texts(), st.sampled_from([None, "en", "sv-SE"]))
titles: Final = st.builds(LangString, tokens, st.sampled_from([None, "en", "el-Latn"]))
esi: Final = st.from_regex(r"[a-z]{2,6}\.example:[0-9]{1,9}", fullmatch=True).map(
    lambda tail: f"urn:schac:personalUniqueCode:int:esi:{tail}"
)


@st.composite
def persons(draw: st.DrawFn) -> Person:
    languages = draw(st.lists(st.sampled_from([None, "el", "ru-Latn"]), min_size=1, max_size=3, unique=True))
    names = tuple(PersonName(draw(words), draw(words), lang) for lang in languages)
    return a_person(
        names=names,
        birth_date=draw(days),
        gender=draw(st.sampled_from([0, 1, 2, 9])),
        citizenship=draw(st.sampled_from(["SE", "GR"])),
        global_id=draw(esi),
    )


@st.composite
def nominations(draw: st.DrawFn) -> Nomination:
    term = draw(st.none() | st.tuples(years, st.integers(1, 9), st.integers(1, 9)))
    both = draw(st.none() | st.tuples(ids, ids)) or (None, None)
    units = st.none() | ids
    return a_nomination(
        omobility_id=OmobilityId(draw(ids)),
        sending_hei=NominationSide(SENDING, draw(units), both[0]),
        receiving_hei=NominationSide(HeiId(draw(words)), draw(units), both[1]),
        student=draw(persons()),
        proposal_id=draw(words),
        sending_academic_term_ewp_id=None if term is None else f"{term[0]}-{min(term[1:])}/{max(term[1:])}",
        non_standard_mobility_period=term is None,
        receiving_academic_year_id=draw(years),
        activity_attributes=draw(st.sampled_from(ActivityAttributes)),
        agreement_isced_f_code=draw(isced),
        eqf_level_studied_at_departure=draw(st.integers(1, 8)),
        nominee_isced_f_code=draw(isced),
        comment=draw(st.none() | texts()),
        status=draw(st.sampled_from(NominationStatus)),
    )


@st.composite
def stays(draw: st.DrawFn) -> ActualDates:
    came, left = sorted((draw(days), draw(days)))
    arrival = draw(st.sampled_from([None, came]))
    return ActualDates(
        OmobilityId(draw(ids)), arrival, None if arrival is None else draw(st.sampled_from([None, left]))
    )


decimals: Final = st.decimals(0, 10**6, places=3, allow_nan=False, allow_infinity=False)
identifiers: Final = st.builds(TypedIdentifier, st.sampled_from(["erasmus", "internal"]), tokens)
attachments: Final = st.builds(
    TorAttachment,
    st.sampled_from([None, "Transcript of Records", "Other"]),
    st.lists(identifiers, max_size=1).map(tuple),
    st.lists(titles, max_size=1).map(tuple),
    st.lists(lang_strings, max_size=1).map(tuple),
    st.lists(lang_strings, max_size=2).map(tuple),
)


@st.composite
def courses(draw: st.DrawFn, *, deep: bool = True) -> TorCourse:
    starts, ends = sorted((draw(days), draw(days)))
    below = draw(st.lists(courses(deep=False), max_size=2)) if deep else []
    in_ects = [] if below else [TorCredit("ects", draw(decimals))]
    return a_course(
        draw(st.from_regex(r"[A-Z]{3}[0-9]{3}", fullmatch=True)),
        titles=tuple(draw(st.lists(titles, min_size=1, max_size=2))),
        los_identifiers=tuple(draw(st.lists(identifiers, max_size=2))),
        type=draw(st.sampled_from([None, "Module", "Course"])),
        isced_code=draw(st.none() | tokens),
        loi_identifiers=tuple(draw(st.lists(identifiers, max_size=1))),
        start=draw(st.none() | days),
        completed_on=draw(st.none() | days),
        term=TorTerm(tuple(draw(st.lists(titles, min_size=1, max_size=2))), starts, ends),
        status=draw(st.sampled_from([None, *(set(ResultStatus) - {ResultStatus.UNKNOWN})])),
        grading_scheme_local_id=draw(st.none() | tokens),
        result_label=draw(tokens),
        result_distribution=ResultDistribution(
            tuple(ResultCategory(draw(tokens), draw(st.integers(0, 10**9))) for _ in range(2)),
            tuple(draw(st.lists(lang_strings, max_size=1))),
        ),
        credits=(*in_ects, *draw(st.lists(st.just(TorCredit("local", None)), max_size=1))),
        language_of_instruction=draw(st.none() | tokens),
        parts=tuple(below),
    )


@st.composite
def tors(draw: st.DrawFn) -> Tor:
    person = a_person(
        names=(PersonName(draw(tokens), draw(tokens)),),
        birth_date=draw(days),
        global_id=draw(esi),
        gender=draw(st.sampled_from([None, 0, 9])),
        email=None,
    )
    report = a_report(
        *draw(st.lists(courses(), min_size=1, max_size=2)),
        issue_date=draw(moments),
        grading_schemes=tuple(GradingScheme(draw(tokens), (draw(lang_strings),)) for _ in range(1)),
        status=(status := draw(st.none() | st.sampled_from(ReportStatus))),
        status_messages=() if status is None else tuple(draw(st.lists(lang_strings, max_size=1))),
        attachments=tuple(draw(st.lists(attachments, max_size=1))),
    )
    table = IscedTable(draw(tokens), (GradeFrequency(draw(tokens), draw(decimals)),))
    return a_tor(
        omobility_id=OmobilityId(draw(ids)),
        receiving_academic_year_id=draw(years),
        generated_date=draw(moments),
        learner=TorLearner(person, tuple(draw(st.lists(identifiers, max_size=1))), draw(lang_strings), "ISO"),
        reports=(report,),
        attachments=tuple(draw(st.lists(attachments, max_size=1))),
        grade_conversion_table=draw(st.sampled_from([(), (table,)])),
    )
