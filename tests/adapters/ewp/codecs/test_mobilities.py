"""Nominations and stays as partners write them: what is read, and what is said about it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from tests.support.fixtures import FIXTURES, PUBLISHED, needs_published, sample
from tests.support.nominations import RECEIVING, a_nomination, a_person
from tests.support.read_objects import changed, codes, the_only

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import (
    imobilities_v1,
    imobilities_v2,
    omobilities_v2,
    omobilities_v3,
)
from mobility_adapters.ewp.reading import parse
from mobility_adapters.ewp.semantics.nominations import Circumstances
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.incoming_mobility import ActualDates, ReceiverVerdict
from mobility_bridge.domain.nomination import (
    ActivityAttributes,
    NominationStatus,
)
from mobility_bridge.domain.person import PersonName
from mobility_bridge.errors import InvalidDocument

ID = OmobilityId("NO-26-0101")
MOBILITY = "/omobilities-get-response/student-mobility"


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
