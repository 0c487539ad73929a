"""Each rule about nominations, stays and transcripts fires where it must, and nowhere else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.support.nominations import (
    GLOBAL_ID,
    RECEIVING,
    SENDING,
    a_course,
    a_nomination,
    a_person,
    a_report,
    a_tor,
)

from mobility_adapters.ewp.codecs import imobilities_v2, imobility_tors_v3, omobilities_v3
from mobility_adapters.ewp.semantics import Severity, UnsoundDocument, incoming, nominations, transcripts
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.nomination import Nomination, NominationSide, NominationStatus
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.problem import Problem
from mobility_bridge.domain.transcript import (
    ResultCategory,
    ResultDistribution,
    Tor,
    TorCredit,
    TorLearner,
    TorTerm,
)

E, W = Severity.BLOCKING, Severity.WARNING
TERM = "/student-mobility/nomination/sending-academic-term-ewp-id"
YEAR = "/student-mobility/nomination/receiving-academic-year-id"
LOS = "/tor/elmo/report/learningOpportunitySpecification"
BELOW = f"{LOS}/hasPart/learningOpportunitySpecification"
LOI = f"{LOS}/specifies/learningOpportunityInstance"


def facts(problems: Iterable[Problem]) -> list[tuple[str, Severity, str]]:
    return [(each.code, each.severity, each.path) for each in problems]


def named(*names: PersonName) -> Nomination:
    return a_nomination(student=a_person(names=names))


# --- nominations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nomination",
    [
        a_nomination(),
        a_nomination(planned_arrival_date=date(2026, 9, 1), planned_departure_date=date(2026, 9, 1)),
        a_nomination(planned_departure_date=date(2026, 9, 1)),
        a_nomination(sending_academic_term_ewp_id=None, non_standard_mobility_period=True),
        a_nomination(sending_academic_term_ewp_id="2026/2026-2/2", receiving_academic_year_id="2026/2026"),
        a_nomination(sending_academic_term_ewp_id="no term at all"),
        a_nomination(sending_hei=NominationSide(SENDING), receiving_hei=NominationSide(RECEIVING)),
        named(PersonName("Modella", "Fantasia"), PersonName("Μοντέλα", "Φαντασία", "el")),
        named(PersonName("Modella", "Fantasia"), PersonName("", "Φαντασία", "el")),
    ],
)
def test_a_sound_nomination_has_no_problem(nomination: Nomination) -> None:
    about = nominations.Circumstances(SENDING, RECEIVING)

    assert facts(nominations.check(nomination, about=about)) == []


@pytest.mark.parametrize(
    ("nomination", "expected"),
    [
        (
            a_nomination(planned_arrival_date=date(2026, 9, 2), planned_departure_date=date(2026, 9, 1)),
            [("SEM-20", E, "/student-mobility/planned-departure-date")],
        ),
        (a_nomination(receiving_academic_year_id="2026/2028"), [("SEM-21", W, YEAR)]),
        (a_nomination(sending_academic_term_ewp_id="2027/2026-1/2"), [("SEM-21", W, TERM)]),
        (
            a_nomination(student=a_person(global_id="700100")),
            [("SEM-22", W, "/student-mobility/student/global-id")],
        ),
        (a_nomination(sending_academic_term_ewp_id="2026/2027-3/2"), [("SEM-24", E, TERM)]),
        (
            a_nomination(receiving_hei=NominationSide(RECEIVING)),
            [("SEM-25", W, "/student-mobility/nomination/receiving-hei")],
        ),
        (
            a_nomination(sending_hei=NominationSide(SENDING)),
            [("SEM-25", W, "/student-mobility/nomination/sending-hei")],
        ),
        (named(PersonName(" \u00a0", "Fantasia")), [("SEM-26", W, "/student-mobility/student/given-names")]),
        (
            named(PersonName("A", "B", "sv"), PersonName("", "C", "SV")),
            [("SEM-26", W, "/student-mobility/student/family-name")],
        ),
        (
            named(),
            [("SEM-26", W, f"/student-mobility/student/{each}") for each in ("given-names", "family-name")],
        ),
    ],
)
def test_an_unsound_nomination_has_this_problem(nomination: Nomination, expected: list[Any]) -> None:
    assert facts(nominations.check(nomination)) == expected


@pytest.mark.parametrize("side", ["sending", "receiving"])
def test_a_nomination_of_another_institution_is_refused(side: str) -> None:
    about = nominations.Circumstances(**{f"{side}_hei_id": "brava.example"})

    found = facts(nominations.check(a_nomination(), about=about))

    assert found == [("SEM-28", E, f"/student-mobility/nomination/{side}-hei/hei-id")]


@pytest.mark.parametrize(
    "after",
    [
        a_nomination(),
        a_nomination(student=a_person(names=(PersonName("Provina", "Exempelqvist"),))),
        a_nomination(status=NominationStatus.APPROVED),
        a_nomination(comment="One more place.", proposal_id="18"),
        a_nomination(proposal_id=None),
    ],
)
def test_a_proposal_id_that_changes_with_its_text_is_right(after: Nomination) -> None:
    assert facts(nominations.check_change(a_nomination(), after)) == []


@pytest.mark.parametrize(
    "after", [a_nomination(proposal_id="18"), a_nomination(eqf_level_studied_at_departure=7)]
)
def test_a_proposal_id_that_does_not_change_with_its_text_is_wrong(after: Nomination) -> None:
    found = facts(nominations.check_change(a_nomination(), after))

    assert found == [("SEM-27", W, "/student-mobility/nomination/@proposal-id")]


def test_an_unsound_nomination_is_not_written() -> None:
    with pytest.raises(UnsoundDocument, match="SEM-24") as refused:
        omobilities_v3.encode([a_nomination(), a_nomination(sending_academic_term_ewp_id="2026/2027-9/2")])

    assert [each.path for each in refused.value.problems] == [
        "/omobilities-get-response/student-mobility[2]/nomination/sending-academic-term-ewp-id"
    ]


@pytest.mark.parametrize(
    "lacking",
    [
        {"proposal_id": None},
        {"proposal_id": ""},
        {"status": None},
        {"activity_type": None},
        {"agreement_isced_f_code": None},
        {"sending_academic_term_ewp_id": None},
        {"non_standard_mobility_period": True},
        {"student": a_person(birth_date=None)},
        {"student": a_person(gender=None)},
        {"sending_hei": NominationSide(None, None, "nh-1042")},
    ],
)
def test_a_nomination_that_lacks_what_the_format_demands_is_not_written(lacking: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|nomination|version"):
        omobilities_v3.encode([a_nomination(**lacking)])


# --- stays ---------------------------------------------------------------------------------------------

CAME, LEFT = date(2026, 8, 28), date(2027, 1, 15)


@pytest.mark.parametrize(("arrival", "departure"), [(None, None), (CAME, None), (CAME, LEFT), (CAME, CAME)])
def test_a_sound_stay_has_no_problem(arrival: date | None, departure: date | None) -> None:
    assert facts(incoming.check(ActualDates(OmobilityId("1"), arrival, departure))) == []


@pytest.mark.parametrize(("arrival", "departure"), [(None, LEFT), (LEFT, CAME)])
def test_a_departure_before_the_arrival_is_reported_and_not_written(
    arrival: date | None, departure: date
) -> None:
    stay = ActualDates(OmobilityId("1"), arrival, departure)

    assert facts(incoming.check(stay)) == [("SEM-29", W, "/student-mobility/actual-departure-date")]
    with pytest.raises(UnsoundDocument, match="SEM-29"):
        imobilities_v2.encode([stay])


# --- transcripts ---------------------------------------------------------------------------------------

ECTS, LOCAL = TorCredit("ects", Decimal(5)), TorCredit("local", Decimal(5))


def learner(person: Person) -> Tor:
    return a_tor(learner=replace(a_tor().learner, person=person))


@pytest.mark.parametrize(
    "tor",
    [
        a_tor(),
        a_tor(a_course(credits=(TorCredit(" ECTS", Decimal(5)),))),
        a_tor(
            a_course(credits=(LOCAL,), parts=(a_course("A", credits=(ECTS,)), a_course("B", credits=(ECTS,))))
        ),
        a_tor(a_course(credits=(ECTS,), parts=(a_course("A", credits=()), a_course("B", credits=(LOCAL,))))),
        a_tor(a_course(status=None)),
    ],
)
def test_a_sound_transcript_has_no_problem(tor: Tor) -> None:
    about = transcripts.Circumstances(RECEIVING, GLOBAL_ID)

    assert facts(transcripts.check(tor, about=about)) == []


@pytest.mark.parametrize(
    ("tor", "expected"),
    [
        (
            a_tor(a_course(term=TorTerm((LangString("Autumn"),), date(2027, 1, 17), date(2026, 8, 24)))),
            [("SEM-20", W, f"{LOI}/academicTerm/end")],
        ),
        (a_tor(receiving_academic_year_id="2026/2025"), [("SEM-21", W, "/tor/receiving-academic-year-id")]),
        (learner(a_person(global_id="700100")), [("SEM-22", W, "/tor/elmo/learner/identifier")]),
        (learner(a_person(global_id=None)), [("SEM-30", E, "/tor/elmo/learner")]),
        (learner(a_person(birth_date=None)), [("SEM-30", E, "/tor/elmo/learner")]),
        (
            a_tor(reports=(replace(a_report(), issuer=replace(a_report().issuer, hei_id=None)),)),
            [("SEM-30", E, "/tor/elmo/report/issuer")],
        ),
        (a_tor(a_course(los_id=None)), [("SEM-30", W, LOS)]),
        (a_tor(a_course(loi_id=None)), [("SEM-30", W, LOI)]),
        (a_tor(a_course(term=None)), [("SEM-30", W, LOI)]),
        (a_tor(a_course(credits=(LOCAL,))), [("SEM-30", W, LOI)]),
        (a_tor(a_course(credits=(TorCredit("ects", None),))), [("SEM-30", W, LOI)]),
        (a_tor(a_course(result_label=None)), [("SEM-30", W, LOI)]),
        (a_tor(a_course(result_distribution=None)), [("SEM-30", W, LOI)]),
        (
            a_tor(a_course(), a_course("B", parts=(a_course("C"),))),
            [
                (
                    "SEM-32",
                    W,
                    f"{LOS}[2]/hasPart/learningOpportunitySpecification/specifies/learningOpportunityInstance/credit",
                )
            ],
        ),
        (
            a_tor(a_course(parts=(a_course("B", credits=(), parts=(a_course("C"),)),))),
            [
                (
                    "SEM-32",
                    W,
                    f"{BELOW}/hasPart/learningOpportunitySpecification/specifies/learningOpportunityInstance/credit",
                )
            ],
        ),
    ],
)
def test_an_unsound_transcript_has_this_problem(tor: Tor, expected: list[Any]) -> None:
    assert facts(transcripts.check(tor)) == expected


def test_a_transcript_of_another_student_is_refused() -> None:
    about = transcripts.Circumstances(global_id=f"{GLOBAL_ID}9")

    found = list(transcripts.check(a_tor(), about=about))

    assert facts(found) == [("SEM-31", E, "/tor/elmo/learner/identifier")]
    assert GLOBAL_ID not in found[0].message


def test_a_transcript_of_another_issuer_is_refused() -> None:
    about = transcripts.Circumstances(receiving_hei_id=HeiId("brava.example"))

    assert facts(transcripts.check(a_tor(), about=about)) == [
        ("SEM-31", E, "/tor/elmo/report/issuer/identifier")
    ]


def test_an_unsound_transcript_is_not_written() -> None:
    with pytest.raises(UnsoundDocument, match="SEM-30"):
        imobility_tors_v3.encode([a_tor(a_course(result_label=None))])


@pytest.mark.parametrize(
    "lacking",
    [
        {"receiving_academic_year_id": None},
        {"generated_date": None},
        {"learner": TorLearner(a_person(names=()), citizenship_type="ISO")},
        {"learner": TorLearner(a_person())},
        {"reports": ()},
        {"reports": (a_report(issue_date=None),)},
        {"reports": (a_report(a_course(titles=())),)},
        {"reports": (a_report(a_course(credits=(replace(ECTS, level="Master"),))),)},
        {
            "reports": (
                a_report(a_course(result_distribution=ResultDistribution((ResultCategory("A", None),)))),
            )
        },
    ],
)
def test_a_transcript_that_lacks_what_the_format_demands_is_not_written(lacking: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|in ELMO 1 only"):
        imobility_tors_v3.lay_out([a_tor(**lacking)])
