"""Transcripts as partners write them: what is read, and what is said about it."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from tests.support.fixtures import sample
from tests.support.nominations import GLOBAL_ID, RECEIVING
from tests.support.read_objects import changed, codes, the_only

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import (
    imobility_tors_v2,
    imobility_tors_v3,
)
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.transcript import ReportStatus, ResultStatus, Tor

ID = OmobilityId("NO-26-0101")
LOS = "/imobility-tors-get-response/tor/elmo/report/learningOpportunitySpecification"


def tor_in(name: str, *changes: tuple[str, str]) -> tuple[Tor, list[tuple[str, str]]]:
    return the_only(
        imobility_tors_v3.decode_all(changed(sample(f"ewp/imobility-tors/v3/{name}.xml"), *changes))
    )


def test_a_transcript_says_who_certifies_what_about_whom() -> None:
    tor, problems = tor_in("released")

    assert problems == []
    assert (tor.omobility_id, tor.receiving_academic_year_id) == (ID, "2026/2027")
    assert tor.generated_date == datetime(2027, 2, 1, 12, 30, tzinfo=UTC)
    assert (tor.learner.person.global_id, tor.learner.person.birth_date) == (GLOBAL_ID, date(2003, 5, 17))
    (report,) = tor.reports
    assert (report.issuer.hei_id, report.status) == (RECEIVING, ReportStatus.FULL)
    assert report.issue_date == datetime(2027, 2, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    passed, failed = report.courses
    assert (passed.los_id, passed.los_code, passed.loi_id) == (
        "CR/fj-geo-210",
        "GEO210",
        "CRI/fj-geo-210-26",
    )
    assert (passed.title, passed.result_label, passed.ects) == ("Coastal Rocks", "C", Decimal("7.5"))
    assert (passed.outcome, failed.outcome) == (ResultStatus.PASSED, ResultStatus.FAILED)
    assert passed.completed_on == date(2026, 12, 18)
    assert tor.grade_conversion_table[0].frequencies[1].percentage == 80
    assert tor.seems_complete


def test_a_transcript_may_hold_everything_that_elmo_has() -> None:
    tor, problems = tor_in("with-everything")

    assert problems == []
    assert [course.los_code for course in tor.walk()] == [None, "SEA1", "GEO210"]
    module = tor.reports[0].courses[0]
    assert [title.lang for title in module.titles] == ["en", "no"]
    assert [(credit.scheme, credit.value) for credit in module.credits] == [("local", 10), ("hours", None)]
    assert module.outcome is ResultStatus.IN_PROGRESS
    assert tor.reports[0].status_messages == (LangString("One result is to come.", "en"),)
    assert [each.type for each in tor.learner.identifiers] == ["studentNumber"]
    assert len(tor.attachments) == len(tor.reports[0].attachments) == 1
    assert not tor.seems_complete


def test_a_status_that_is_not_written_means_passed() -> None:
    tor, problems = tor_in("released", ("<status>passed</status>", ""))

    assert problems == []
    assert tor.reports[0].courses[0].status is None
    assert tor.reports[0].courses[0].outcome is ResultStatus.PASSED


def test_a_status_that_nobody_knows_does_not_mean_passed() -> None:
    tor, problems = tor_in("released", ("<status>passed</status>", "<status>aborted</status>"))

    instance = f"{LOS}[1]/specifies/learningOpportunityInstance"
    assert problems == [("UNREADABLE", f"{instance}/status")]
    assert tor.reports[0].courses[0].outcome is ResultStatus.UNKNOWN
    assert not tor.seems_complete
    with pytest.raises(ValueError, match="passed, failed or in progress"):
        imobility_tors_v3.encode([tor])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            ('<country type="ISO">', "<country>"),
            ("XML-14", "/imobility-tors-get-response/tor/elmo/report/issuer/country"),
        ),
        (
            ("<url>https://www.fjordal.example</url>", ""),
            ("XML-14", "/imobility-tors-get-response/tor/elmo/report/issuer"),
        ),
        (
            ("<alternativeName>Provina Testa Påhittad</alternativeName>", ""),
            ("XML-14", "/imobility-tors-get-response/tor/elmo/learner"),
        ),
        (
            ("<value>7.5</value>", "<value>7,5</value>"),
            ("XML-12", f"{LOS}[1]/specifies/learningOpportunityInstance/credit/value"),
        ),
        (
            ('percentage="80"', 'percentage="80,0"'),
            (
                "XML-12",
                "/imobility-tors-get-response/tor/gradeConversionTable/iscedTable/gradeFrequency[2]/@percentage",
            ),
        ),
        (
            ("2027-02-01T12:00:00+01:00", "2027-02-01T12:00:00"),
            ("SEM-34", "/imobility-tors-get-response/tor/elmo/report/issueDate"),
        ),
        (
            ("<code>FULL</code>", "<code>ALMOST</code>"),
            ("SEM-33", "/imobility-tors-get-response/tor/elmo/report/status/code"),
        ),
        (
            ("CRI/fj-geo-210-26", "GRP/fj-geo-210-26"),
            ("SEM-33", f"{LOS}[1]/specifies/learningOpportunityInstance/identifier"),
        ),
    ],
)
def test_what_is_odd_in_a_transcript_is_reported_with_its_path(
    change: tuple[str, str], problem: tuple[str, str]
) -> None:
    tor, problems = tor_in("released", change)

    assert problem in problems
    assert [each for each in problems if each[0] != "SEM-30"] == [problem]
    assert len(tor.reports[0].courses) == 2


def test_an_id_without_its_prefix_is_taken_for_the_code_where_there_is_none() -> None:
    local = '<identifier type="local">GEO210</identifier>'
    with_code, problems = tor_in("old-birth-date-and-code-as-id")
    without, _ = tor_in("old-birth-date-and-code-as-id", (local, ""))

    assert [(each.los_id, each.los_code) for each in (*with_code.walk(), *without.walk())] == [
        (None, "GEO210"),
        (None, "GEO210"),
    ]
    assert ("XML-13", f"{LOS}/identifier[1]") in problems
    assert next(with_code.walk()).ects == Decimal("7.5")


def test_a_birth_date_under_its_old_name_is_read_and_reported() -> None:
    tor, problems = tor_in("old-birth-date-and-code-as-id")

    assert tor.learner.person.birth_date == date(2003, 5, 17)
    assert ("SEM-30", "/imobility-tors-get-response/tor/elmo/learner/bday") in problems


def test_elmo_of_the_other_version_is_read_and_reported() -> None:
    tor, problems = tor_in("invalid-elmo-1-inside")

    assert problems == [("XML-15", "/imobility-tors-get-response/tor/elmo")]
    assert tor.learner.person.global_id == GLOBAL_ID
    assert len(list(tor.walk())) == 1


def test_a_transcript_without_elmo_is_there_and_says_nothing() -> None:
    document = b'<imobility-tors-get-response xmlns="%s"><tor><omobility-id>1</omobility-id></tor></imobility-tors-get-response>'
    (read,) = imobility_tors_v3.decode_all(document % wire.IMOBILITY_TORS_V3_GET.encode()).objects

    assert read.content == Tor(OmobilityId("1"))
    assert {("MISSING", "/imobility-tors-get-response/tor")} <= set(codes(read.problems))
    assert not read.content.seems_complete


def test_version_2_is_read_from_elmo_1() -> None:
    tor, problems = the_only(imobility_tors_v2.decode_all(sample("ewp/imobility-tors/v2/released.xml")))

    assert problems == []
    assert (tor.receiving_academic_year_id, tor.learner.alternative_name) == (None, None)
    assert (tor.learner.person.birth_date, tor.learner.person.citizenship) == (date(2003, 5, 17), "SE")
    assert [course.outcome for course in tor.walk()] == [ResultStatus.PASSED, ResultStatus.FAILED]
    assert imobility_tors_v2.decode_at(sample("ewp/imobility-tors/v2/released.xml"), 0) == tor


def test_credits_of_elmo_1_have_a_level() -> None:
    tor, _ = the_only(imobility_tors_v2.decode_all(sample("ewp/imobility-tors/v2/with-everything.xml")))

    assert [credit.level for credit in tor.reports[0].courses[0].credits] == ["Master", None]
