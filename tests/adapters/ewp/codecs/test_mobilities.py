"""Nominations, stays and transcripts as partners write them: what is read, and what is said about it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from tests.support.fixtures import FIXTURES, PUBLISHED, is_meant_to_be_valid, needs_published, sample, samples
from tests.support.nominations import GLOBAL_ID, RECEIVING, SENDING, a_nomination, a_person

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import (
    imobilities_v1,
    imobilities_v2,
    imobility_cnr_v2,
    imobility_tor_cnr_v2,
    imobility_tor_stats_v1,
    imobility_tors_v2,
    imobility_tors_v3,
    omobilities_update_v3,
    omobilities_v2,
    omobilities_v3,
    omobility_cnr_v2,
    omobility_stats_v1,
)
from mobility_adapters.ewp.objects import ObjectsResponse
from mobility_adapters.ewp.reading import parse
from mobility_adapters.ewp.semantics import UnsoundDocument
from mobility_adapters.ewp.semantics.nominations import Circumstances
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.incoming_mobility import ActualDates, ReceiverVerdict
from mobility_bridge.domain.nomination import (
    ActivityAttributes,
    NominationCounts,
    NominationStatus,
)
from mobility_bridge.domain.person import PersonName
from mobility_bridge.domain.problem import Problem
from mobility_bridge.domain.transcript import ReportStatus, ResultStatus, Tor, TorCounts
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.schemas import SchemaSet
from mobility_bridge.ports.student_sources import Decision, ProposalDecision

SCHEMAS = SchemaSet()
ID = OmobilityId("NO-26-0101")
MOBILITY = "/omobilities-get-response/student-mobility"
LOS = "/imobility-tors-get-response/tor/elmo/report/learningOpportunitySpecification"


def is_valid(document: bytes, root: str) -> bool:
    return SCHEMAS.validate(parse(document), root) == ()


def codes(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    return [(each.code, each.path) for each in problems]


def the_only(response: ObjectsResponse[Any]) -> tuple[Any, list[tuple[str, str]]]:
    (read,) = response.objects
    return read.content, codes(read.problems)


def changed(document: bytes, *changes: tuple[str, str]) -> bytes:
    text = document.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


# --- nominations ---------------------------------------------------------------------------------------


def nomination_in(*changes: tuple[str, str]) -> tuple[Any, list[tuple[str, str]]]:
    return the_only(omobilities_v3.decode_all(changed(sample("ewp/omobilities/v3/pending.xml"), *changes)))


def test_a_nomination_says_who_where_and_under_which_agreement() -> None:
    nomination, problems = nomination_in()

    assert nomination == a_nomination(proposal_id=nomination.proposal_id)
    assert nomination.awaits_receiver
    assert problems == []


def test_names_in_several_scripts_belong_together_by_language() -> None:
    response = omobilities_v3.decode_all(sample("ewp/omobilities/v3/rejected-and-cancelled.xml"))

    rejected, cancelled = (each.content for each in response.objects)
    assert cancelled.student.names == (
        PersonName("Modella", "Fantasia"),
        PersonName("Μοντέλα", "Φαντασία", "el"),
    )
    assert (rejected.status, cancelled.status) == (NominationStatus.REJECTED, NominationStatus.CANCELLED)
    assert cancelled.non_standard_mobility_period
    assert cancelled.sending_academic_term_ewp_id is None
    assert [status.is_counted for status in (rejected.status, cancelled.status)] == [False, False]


def test_numbers_and_days_are_read_in_every_legal_spelling() -> None:
    nomination, problems = the_only(
        omobilities_v3.decode_all(sample("ewp/omobilities/v3/values-with-zone-and-padding.xml"))
    )

    assert (nomination.student.birth_date, nomination.student.gender) == (date(2003, 5, 17), 2)
    assert nomination.eqf_level_studied_at_departure == 6
    assert problems == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("<status>pending</status>", "<status>live</status>"), ("UNREADABLE", f"{MOBILITY}/status")),
        (("<status>pending</status>", ""), ("MISSING", MOBILITY)),
        (("<gender>2</gender>", "<gender>x</gender>"), ("UNREADABLE", f"{MOBILITY}/student/gender")),
        (("2003-05-17", "2003-02-30"), ("UNREADABLE", f"{MOBILITY}/student/birth-date")),
        (
            ("<email>provina.pahittad@student.nordhav.example</email>", ""),
            ("MISSING", f"{MOBILITY}/student"),
        ),
        (("long-term", "long-term-virtual"), ("SEM-33", f"{MOBILITY}/nomination/activity-attributes")),
        (("<hei-id>nordhav.example</hei-id>", ""), ("MISSING", f"{MOBILITY}/nomination/sending-hei")),
        (("<status>", "<priority>1</priority><status>"), ("UNKNOWN", f"{MOBILITY}/priority")),
        (("<status>", "<status>approved</status><status>"), ("REPEATED", f"{MOBILITY}/status[2]")),
        (
            ("<receiving-academic-year-id>", "<non-standard-mobility-period/><receiving-academic-year-id>"),
            ("REPEATED", f"{MOBILITY}/nomination/non-standard-mobility-period"),
        ),
    ],
)
def test_what_is_odd_is_read_around_and_reported_with_its_path(
    change: tuple[str, str], problem: tuple[str, str]
) -> None:
    nomination, problems = nomination_in(change)

    assert problems == [problem]
    assert nomination.omobility_id == ID
    assert nomination.receiving_hei.hei_id == RECEIVING


def test_an_unknown_status_is_kept_as_written_and_forbids_a_decision() -> None:
    document = changed(sample("ewp/omobilities/v3/pending.xml"), (">pending<", ">waiting<"))

    (read,) = omobilities_v3.decode_all(document).objects

    assert (read.content.status, read.content.written_status) == (None, "waiting")
    assert [each.severity for each in read.problems] == [Severity.BLOCKING]
    assert not read.content.awaits_receiver


def test_a_nomination_without_a_proposal_id_is_read_and_cannot_be_decided() -> None:
    (read,) = omobilities_v3.decode_all(sample("ewp/omobilities/v3/invalid-missing-proposal-id.xml")).objects

    assert read.content.proposal_id is None
    assert codes(read.problems) == [("MISSING", f"{MOBILITY}/nomination/@proposal-id")]
    assert read.problems[0].severity is Severity.BLOCKING


def test_an_object_without_an_id_is_a_problem_of_the_response() -> None:
    document = changed(sample("ewp/omobilities/v3/pending.xml"), ("NO-26-0101", ""))

    response = omobilities_v3.decode_all(document)

    assert response.objects == ()
    assert codes(response.problems) == [("MISSING", f"{MOBILITY}/omobility-id")]
    with pytest.raises(InvalidDocument, match="no omobility-id"):
        omobilities_v3.decode_at(document, 0)


def test_two_objects_with_one_id_are_both_there_and_reported() -> None:
    document = sample("ewp/omobilities/v3/rejected-and-cancelled.xml").replace(b"NO-26-0103", b"NO-26-0102")

    response = omobilities_v3.decode_all(document)

    assert [each.facts.omobility_id for each in response.objects] == ["NO-26-0102", "NO-26-0102"]
    assert codes(response.problems) == [("REPEATED", f"{MOBILITY}[2]")]


def test_a_place_that_a_document_has_not_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="none at 1"):
        omobilities_v3.decode_at(sample("ewp/omobilities/v3/pending.xml"), 1)


def test_problems_of_a_known_partner_name_the_institutions_that_do_not_fit() -> None:
    about = Circumstances(sending_hei_id=HeiId("brava.example"), receiving_hei_id=RECEIVING)

    (read,) = omobilities_v3.decode_all(sample("ewp/omobilities/v3/pending.xml"), about=about).objects

    assert codes(read.problems) == [("SEM-28", f"{MOBILITY}/nomination/sending-hei/hei-id")]


def test_an_object_has_the_same_digest_alone_and_with_others() -> None:
    one, two = a_nomination(), a_nomination(omobility_id=OmobilityId("NO-26-0102"))
    alone = omobilities_v3.read_facts(omobilities_v3.encode([one]))
    together = omobilities_v3.read_facts(omobilities_v3.encode([two, one]))

    assert alone[0].text_digest == together[1].text_digest != together[0].text_digest
    assert [(each.omobility_id, each.position, each.path) for each in together] == [
        ("NO-26-0102", 0, f"{MOBILITY}[1]"),
        ("NO-26-0101", 1, f"{MOBILITY}[2]"),
    ]


def test_a_status_of_version_2_is_kept_beside_what_it_means() -> None:
    response = omobilities_v2.decode_all(sample("ewp/omobilities/v2/every-status.xml"))

    assert [(each.content.written_status, each.content.status) for each in response.objects] == [
        ("nomination", NominationStatus.PENDING),
        ("live", NominationStatus.APPROVED),
        ("recognized", NominationStatus.APPROVED),
        ("cancelled", NominationStatus.CANCELLED),
    ]


def test_version_2_says_less_and_gives_planned_days() -> None:
    nomination, problems = the_only(
        omobilities_v2.decode_all(sample("ewp/omobilities/v2/live-with-everything.xml"))
    )

    assert nomination.student == a_person()
    assert (nomination.planned_arrival_date, nomination.planned_departure_date) == (
        date(2026, 8, 24),
        date(2027, 1, 17),
    )
    assert nomination.activity_attributes is ActivityAttributes.LONG_TERM
    assert nomination.eqf_level_studied_at_nomination == 6
    assert (nomination.proposal_id, nomination.agreement_isced_f_code, nomination.comment) == (None,) * 3
    assert problems == []
    with pytest.raises(ValueError, match="proposal id"):
        omobilities_v3.lay_out([nomination])


def test_a_status_of_version_3_in_version_2_is_not_believed() -> None:
    nomination, problems = the_only(
        omobilities_v2.decode_all(sample("ewp/omobilities/v2/invalid-status-of-version-3.xml"))
    )

    assert (nomination.status, nomination.written_status) == (None, "pending")
    assert problems == [
        ("UNREADABLE", f"{MOBILITY}/status"),
        ("SEM-20", f"{MOBILITY}/planned-departure-date"),
    ]


# --- proposal ids --------------------------------------------------------------------------------------


def nominations_of(paths: Iterable[Any]) -> list[Any]:
    trees = [parse(path.read_bytes()) for path in paths]
    found = [
        omobilities_v3.decode_all(tree).objects for tree in trees if tree.tag == wire.OMOBILITIES_V3_GET_ROOT
    ]
    return [each.content for objects in found for each in objects]


def test_a_new_proposal_id_is_the_one_that_our_samples_carry() -> None:
    names = ("pending", "approved-name-changed", "rejected-and-cancelled")
    found = nominations_of(FIXTURES / f"ewp/omobilities/v3/{name}.xml" for name in names)

    assert len(found) == 4
    assert [omobilities_v3.with_new_proposal_id(each) for each in found] == found


@needs_published
def test_a_new_proposal_id_is_the_one_that_the_published_examples_carry() -> None:
    found = nominations_of(sorted((PUBLISHED / "ewp/examples").glob("omobility-v3-0*.xml")))

    assert len(found) == 4
    assert [omobilities_v3.with_new_proposal_id(each) for each in found] == found


def test_a_new_proposal_id_depends_on_what_is_proposed_and_on_nothing_else() -> None:
    def new_id(**changes: Any) -> str | None:
        return omobilities_v3.with_new_proposal_id(a_nomination(**changes)).proposal_id

    assert new_id() == new_id(proposal_id=None, status=NominationStatus.REJECTED, student=a_person(gender=1))
    assert new_id() != new_id(comment="One more place.")
    assert new_id() != new_id(eqf_level_studied_at_departure=7)


# --- stays ---------------------------------------------------------------------------------------------


def test_a_stay_has_three_stages() -> None:
    response = imobilities_v2.decode_all(sample("ewp/imobilities/v2/three-stages.xml"))

    assert [each.content for each in response.objects] == [
        ActualDates(ID, date(2026, 8, 28), date(2027, 1, 15)),
        ActualDates(OmobilityId("NO-26-0105"), date(2026, 8, 30)),
        ActualDates(OmobilityId("NO-26-0106")),
    ]


def test_a_stay_is_read_whatever_the_order_and_the_zone() -> None:
    zoned, problems = the_only(imobilities_v2.decode_all(sample("ewp/imobilities/v2/days-with-zone.xml")))
    turned, _ = the_only(imobilities_v2.decode_all(sample("ewp/imobilities/v2/invalid-departure-first.xml")))

    assert zoned == ActualDates(ID, date(2026, 8, 28), date(2027, 1, 15))
    assert turned == ActualDates(ID, date(2026, 8, 28), date(2026, 8, 28))
    assert problems == []


def test_a_time_of_day_is_no_day() -> None:
    stay, problems = the_only(imobilities_v2.decode_all(sample("ewp/imobilities/v2/invalid-time-of-day.xml")))

    assert stay == ActualDates(ID)
    assert problems == [("UNREADABLE", "/imobilities-get-response/student-mobility/actual-arrival-date")]


def test_version_1_says_what_the_receiver_makes_of_a_nomination() -> None:
    response = imobilities_v1.decode_all(sample("ewp/imobilities/v1/every-verdict.xml"))

    verified, pending, rejected = (each.content for each in response.objects)
    assert verified == ActualDates(ID, date(2026, 8, 28), date(2027, 1, 15), ReceiverVerdict.VERIFIED)
    assert pending.verdict is ReceiverVerdict.PENDING
    assert (rejected.verdict, rejected.comment) == (ReceiverVerdict.REJECTED, "No place is left.")
    assert imobilities_v1.decode_at(sample("ewp/imobilities/v1/every-verdict.xml"), 1) == pending
    with pytest.raises(ValueError, match="verdicts"):
        imobilities_v2.encode([verified])


def test_a_verdict_that_nobody_knows_is_none() -> None:
    stay, problems = the_only(
        imobilities_v1.decode_all(sample("ewp/imobilities/v1/invalid-verdict-of-nobody.xml"))
    )

    assert stay == ActualDates(ID)
    assert problems == [("UNREADABLE", "/imobilities-get-response/student-mobility-for-studies/status")]


# --- transcripts ---------------------------------------------------------------------------------------


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


# --- indexes, decisions, receipts, statistics ------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "api", "root"),
    [
        (omobilities_v3, "omobilities", wire.OMOBILITIES_V3_INDEX_ROOT),
        (imobility_tors_v3, "imobility-tors", wire.IMOBILITY_TORS_V3_INDEX_ROOT),
    ],
    ids=["omobilities", "imobility-tors"],
)
def test_an_index_is_read_in_its_order_and_case_and_survives_being_written(
    codec: Any, api: str, root: str
) -> None:
    ids = codec.decode_index(sample(f"ewp/{api}/v3/index-three-mobilities.xml"))

    assert ids == ("NO-26-0101", "no-26-0101", "7b0d9a52-6f0f-4c1e-9d60-2f1f6f0a77e1")
    assert codec.decode_index(codec.encode_index(ids)) == ids
    assert is_valid(codec.encode_index(ids), root)
    assert codec.decode_index(sample(f"ewp/{api}/v3/index-nothing.xml")) == ()
    with pytest.raises(InvalidDocument, match="empty"):
        codec.decode_index(codec.encode_index([""]))


APPROVAL = ProposalDecision(SENDING, ID, "17", Decision.APPROVE)
REJECTION = ProposalDecision(
    SENDING, ID, "17", Decision.REFUSE, "The places for field 0532 in 2026/2027 are gone."
)


@pytest.mark.parametrize(("decision", "name"), [(APPROVAL, "approve"), (REJECTION, "reject")])
def test_a_decision_is_read_and_written(decision: ProposalDecision, name: str) -> None:
    read, problems = omobilities_update_v3.decode_update(
        sample(f"ewp/omobilities/v3/update-{name}.xml"), sending_hei_id=SENDING
    )
    written = omobilities_update_v3.encode_update(decision)

    assert (read, problems) == (decision, ())
    assert omobilities_update_v3.decode_update(written, sending_hei_id=SENDING) == (decision, ())
    assert is_valid(written, wire.OMOBILITIES_V3_UPDATE_REQUEST_ROOT)


@pytest.mark.parametrize(
    "decision",
    [
        ProposalDecision(SENDING, ID, "", Decision.APPROVE),
        ProposalDecision(SENDING, OmobilityId(""), "17", Decision.APPROVE),
        ProposalDecision(SENDING, ID, "17", Decision.REFUSE),
        ProposalDecision(SENDING, ID, "17", Decision.REFUSE, " "),
    ],
)
def test_a_decision_that_does_not_say_what_or_why_is_not_written(decision: ProposalDecision) -> None:
    with pytest.raises(UnsoundDocument, match="MISSING"):
        omobilities_update_v3.encode_update(decision)


def test_an_approval_carries_no_comment() -> None:
    with pytest.raises(ValueError, match="no comment"):
        omobilities_update_v3.encode_update(ProposalDecision(SENDING, ID, "17", Decision.APPROVE, "Welcome."))


@pytest.mark.parametrize("name", ["reject-without-comment", "both-decisions"])
def test_a_decision_that_cannot_be_understood_is_refused(name: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        omobilities_update_v3.decode_update(
            sample(f"ewp/omobilities/v3/invalid-update-{name}.xml"), sending_hei_id=SENDING
        )

    assert refused.value.reason == "content"


def test_unknown_elements_of_a_decision_are_passed_over() -> None:
    document = changed(
        sample("ewp/omobilities/v3/update-approve.xml"), ("<proposal-id>", "<reason>1</reason><proposal-id>")
    )

    read, problems = omobilities_update_v3.decode_update(document, sending_hei_id=SENDING)

    assert read == APPROVAL
    assert codes(problems) == [("UNKNOWN", "/omobilities-update-request/approve-proposal-v1/reason")]


def test_the_answer_to_a_decision_has_words_for_the_user() -> None:
    messages = omobilities_update_v3.decode_update_response(
        sample("ewp/omobilities/v3/update-stored-with-messages.xml")
    )
    written = omobilities_update_v3.encode_update_response(messages)

    assert [each.lang for each in messages] == ["en", None]
    assert omobilities_update_v3.decode_update_response(written) == messages
    assert is_valid(written, wire.OMOBILITIES_V3_UPDATE_RESPONSE_ROOT)
    assert omobilities_update_v3.decode_update_response(sample("ewp/omobilities/v3/update-stored.xml")) == ()


@pytest.mark.parametrize(
    ("codec", "folder", "root"),
    [
        (omobility_cnr_v2, "omobility-cnr", wire.OMOBILITY_CNR_V2_ROOT),
        (imobility_cnr_v2, "imobility-cnr", wire.IMOBILITY_CNR_V2_ROOT),
        (imobility_tor_cnr_v2, "imobility-tor-cnr", wire.IMOBILITY_TOR_CNR_V2_ROOT),
    ],
    ids=["omobility-cnr", "imobility-cnr", "imobility-tor-cnr"],
)
def test_a_receipt_is_known_by_its_root(codec: Any, folder: str, root: str) -> None:
    codec.check(sample(f"ewp/{folder}/v2/understood.xml"))
    codec.check(sample(f"ewp/{folder}/v2/understood-prefixed.xml"))
    assert is_valid(codec.encode(), root)
    with pytest.raises(InvalidDocument) as refused:
        codec.check(sample("ewp/iia-cnr/v3/understood.xml"))
    assert refused.value.reason == "wrong_root"


def test_statistics_of_nominations_survive_being_written() -> None:
    years = omobility_stats_v1.decode(sample("ewp/omobility-stats/v1/two-years.xml"))

    assert years == [NominationCounts("2025/2026", 0, 118), NominationCounts("2026/2027", 14, 97)]
    assert omobility_stats_v1.decode(omobility_stats_v1.encode(years)) == years
    assert is_valid(omobility_stats_v1.encode(years), wire.OMOBILITY_STATS_V1_ROOT)
    assert omobility_stats_v1.decode(sample("ewp/omobility-stats/v1/no-year.xml")) == []


def test_statistics_of_transcripts_survive_being_written() -> None:
    years = imobility_tor_stats_v1.decode(sample("ewp/imobility-tor-stats/v1/two-years.xml"))

    assert years == [TorCounts("2024/2025", 203), TorCounts("2025/2026", 61)]
    assert imobility_tor_stats_v1.decode(imobility_tor_stats_v1.encode(years)) == years
    assert is_valid(imobility_tor_stats_v1.encode(years), wire.IMOBILITY_TOR_STATS_V1_ROOT)
    with pytest.raises(InvalidDocument):
        imobility_tor_stats_v1.decode(sample("ewp/imobility-tor-stats/v1/invalid-count-in-words.xml"))


@pytest.mark.parametrize(
    "codec",
    [omobilities_v3, omobilities_v2, imobilities_v2, imobilities_v1, imobility_tors_v3, imobility_tors_v2],
    ids=lambda codec: codec.FORMAT,
)
def test_a_document_of_another_kind_or_in_no_name_space_is_refused(codec: ModuleType) -> None:
    for document in (
        sample("ewp/iia-cnr/v3/understood.xml"),
        b"<omobilities-get-response/>",
        b"<imobility-tors-get-response/>",
    ):
        with pytest.raises(InvalidDocument) as refused:
            codec.decode_all(document)
        assert refused.value.reason == "wrong_root"


def test_every_schema_valid_sample_is_read_without_a_problem_of_form() -> None:
    for folder, codec in (
        ("omobilities/v3", omobilities_v3),
        ("imobilities/v2", imobilities_v2),
        ("imobility-tors/v3", imobility_tors_v3),
    ):
        for path in samples(f"ewp/{folder}"):
            tree = parse(path.read_bytes())
            if not is_meant_to_be_valid(path) or not tree.tag.endswith("get-response"):
                continue
            response = codec.decode_all(tree)  # type: ignore[attr-defined]
            found = {problem.code for each in response.objects for problem in each.problems}
            assert {code for code in found if not code.startswith(("SEM-", "XML-13"))} == set(), path.name
