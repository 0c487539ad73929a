"""Learning agreements in and out: what is read in spite of its form, and what is not written."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from tests.support.fixtures import PUBLISHED, needs_published, sample
from tests.support.learning_agreements import (
    a_component,
    a_proposal,
    a_student,
    an_institution,
    an_la,
    some_lists,
)

from mobility_adapters.ewp.codecs import omobility_las_v1 as codec
from mobility_adapters.ewp.codecs.omobility_las_v1 import OutgoingLaStats, ReadLa
from mobility_adapters.ewp.semantics import UnsoundDocument, blocking
from mobility_adapters.ewp.semantics.learning_agreements import Circumstances
from mobility_bridge.domain.contact import PhoneNumber
from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.la_merge import ects, effective
from mobility_bridge.domain.learning_agreement import (
    ComponentStatus,
    ComponentTable,
    LearningAgreement,
    ReasonCode,
    TermId,
)
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.errors import InvalidDocument

FOLDER = "ewp/omobility-las/v1"
LA = "/omobility-las-get-response/la"


def response(name: str) -> codec.LasResponse:
    return codec.decode_all(sample(f"{FOLDER}/{name}.xml"))


def only(name: str) -> ReadLa:
    (read,) = response(name).agreements
    return read


def codes(read: ReadLa) -> list[str]:
    return [each.code for each in read.problems]


def paths(read: ReadLa, code: str) -> list[str]:
    return [each.path.removeprefix(LA) for each in read.problems if each.code == code]


# --- what a document says -----------------------------------------------------------------------------


def test_a_first_proposal_says_who_goes_where_when_and_for_what() -> None:
    la = only("first-proposal").la

    assert (la.omobility_id, la.sending_hei.hei_id, la.receiving_hei.hei_id) == (
        "N-OM-417",
        "nordhav.example",
        "brava.example",
    )
    assert (la.start, la.end) == (PlannedDay(2026, 9, 7), PlannedDay(2027, 1, 29))
    assert la.student == a_student()
    assert la.first_version is None
    assert la.changes_proposal is not None
    assert la.changes_proposal.lists.receiving_hei_signature is None
    component = (la.changes_proposal.lists.components_studied or ())[0]
    assert (component.los_id, component.los_code, component.loi_id) == (
        "CR/br-eng-310",
        "ENG310",
        "CRI/br-eng-310-h26",
    )
    assert component.term_id == TermId(1, 2)
    assert component.credits[0].value == Decimal("7.5")


def test_months_are_months_and_days_days() -> None:
    la = only("doctoral-first-proposal").la

    assert (la.start, la.end) == (PlannedDay(2026, 11, 2), PlannedDay(2026, 11))


def test_a_changed_name_is_in_both_places() -> None:
    la = only("second-changes-with-new-name").la

    assert la.student.family_name == "Exempelsson Prov"
    assert la.changes_proposal is not None
    assert la.changes_proposal.student is not None
    assert la.changes_proposal.student.family_name == "Exempelsson Prov"
    assert la.changes_proposal.student.given_names is None


def test_a_phone_number_may_be_no_number() -> None:
    contact = only("every-part").la.receiving_hei.contact_person

    assert contact is not None
    assert contact.phone_number == PhoneNumber(None, "12", "ask at the desk")


def test_unusual_spellings_mean_what_they_say() -> None:
    read = only("unusual-spellings")
    la = read.la

    assert (la.start, la.end) == (PlannedDay(2026, 9, 7), PlannedDay(2027, 1))
    assert (la.student.birth_date, la.student.gender) == (date(2004, 2, 29), 2)
    assert la.changes_proposal is not None
    signed = la.changes_proposal.lists.student_signature
    assert signed is not None
    assert signed.timestamp == datetime(2026, 5, 11, 7, 15, 0, 250_000, tzinfo=UTC)
    assert paths(read, "SEM-34") == ["/changes-proposal/student-signature/timestamp"]
    assert codes(read) == ["SEM-34"]


@pytest.mark.parametrize(
    "name",
    [
        "first-proposal",
        "first-version-signed",
        "changes-proposed",
        "changes-approved",
        "second-changes-with-new-name",
        "second-changes-approved",
        "back-to-the-first-version",
        "blended-first-version",
        "doctoral-first-proposal",
        "plain-version-ids",
    ],
)
def test_a_sound_document_has_no_problem(name: str) -> None:
    assert only(name).problems == ()


def test_nothing_visible_is_no_problem() -> None:
    assert response("nothing-visible") == codec.LasResponse(())


def test_agreements_of_one_response_are_read_each_for_itself() -> None:
    one, other = response("two-agreements").agreements

    assert (one.position, other.position) == (0, 1)
    assert (one.la.omobility_id, other.la.omobility_id) == ("N-OM-417", "N-OM-640")
    assert codec.decode_at(sample(f"{FOLDER}/two-agreements.xml"), 1) == other.la


@needs_published
def test_the_published_story_ends_with_what_it_says_it_ends_with() -> None:
    document = (PUBLISHED / "ewp" / "examples" / "la-06-final.xml").read_bytes()

    (read,) = codec.decode_all(document).agreements
    lists = effective(read.la)

    assert read.problems == ()
    assert lists is not None
    studied = lists.components(ComponentTable.STUDIED)
    assert [each.los_code for each in studied] == ["GEO210", "LAN110", "GEO241", "ENV345"]
    assert ects(studied) == ects(lists.components(ComponentTable.RECOGNIZED)) == 30
    assert [each.los_code for each in lists.components(ComponentTable.VIRTUAL)] == ["VIR018"]


@needs_published
def test_every_published_agreement_is_sound() -> None:
    paths_ = sorted((PUBLISHED / "ewp" / "examples").glob("la-[01]*.xml"))

    problems = {
        path.name: [problem for each in read.agreements for problem in each.problems]
        for path in paths_
        if (read := codec.decode_all(path.read_bytes()))
    }

    assert len(problems) >= 10
    assert not any(problems.values())


# --- facts --------------------------------------------------------------------------------------------


def test_facts_are_there_without_decoding() -> None:
    document = sample(f"{FOLDER}/two-agreements.xml")

    facts = codec.read_facts(document)

    assert [each.position for each in facts] == [0, 1]
    assert [each.omobility_id for each in facts] == ["N-OM-417", "N-OM-640"]
    assert facts[0].text_digest != facts[1].text_digest


def test_an_agreement_has_the_same_digest_alone_and_with_others() -> None:
    other = an_la(omobility_id=OmobilityId("N-OM-500"))
    (alone,) = codec.read_facts(codec.lay_out([an_la()]))
    together, neighbour = codec.read_facts(codec.lay_out([an_la(), other]))

    assert together.text_digest == alone.text_digest
    assert neighbour.text_digest != alone.text_digest


# --- read in spite of its form ------------------------------------------------------------------------


def test_term_numbers_in_the_wrong_name_space_are_read() -> None:
    read = only("invalid-term-in-agreement-name-space")

    assert read.la.changes_proposal is not None
    components = read.la.changes_proposal.lists.components_studied or ()
    assert [each.term_id for each in components] == [TermId(1, 2)]
    assert codes(read) == ["XML-01"] * 4
    assert not blocking(read.problems)


def test_reason_is_read_as_reason_code() -> None:
    read = only("invalid-reason-instead-of-reason-code")

    assert read.la.changes_proposal is not None
    one, other = read.la.changes_proposal.lists.components_studied or ()
    assert (one.reason_code, other.reason_code) == (
        ReasonCode.TIMETABLE_CONFLICT,
        ReasonCode.SUBSTITUTING_DELETED,
    )
    assert codes(read) == ["XML-03"] * 3


def test_a_reason_newer_than_we_are_counts_as_none() -> None:
    read = only("invalid-unknown-reason-code")

    assert read.la.changes_proposal is not None
    component = (read.la.changes_proposal.lists.components_studied or ())[0]
    assert (component.status, component.reason_code) == (ComponentStatus.DELETED, None)
    assert paths(read, "SEM-33") == ["/changes-proposal/components-studied/component[1]/@reason-code"]
    assert not blocking(read.problems)


def test_a_student_before_the_signatures_is_read_and_one_in_approved_changes_is_not() -> None:
    early, misplaced = only("invalid-student-before-signatures"), only("invalid-student-in-approved-changes")

    assert early.la.changes_proposal is not None
    assert early.la.changes_proposal.student is not None
    assert early.la.changes_proposal.student.family_name == "Exempelsson Prov"
    assert (codes(early), codes(misplaced)) == (["XML-04"], ["XML-04"])


def test_a_course_id_without_prefix_becomes_the_code_where_there_is_none() -> None:
    read = only("invalid-course-id-without-prefix")

    assert read.la.first_version is not None
    one, other, newer = read.la.first_version.components_studied or ()
    assert (one.los_id, one.los_code) == (None, "ENG310")
    assert (other.los_id, other.los_code, other.loi_id) == (None, "LOG120", None)
    assert (newer.los_id, newer.los_code) == (None, None)
    assert codes(read) == ["XML-13", "XML-13", "XML-13", "SEM-33"]


def test_a_decimal_comma_is_no_number_and_blocks() -> None:
    read = only("invalid-decimal-comma")

    assert read.la.first_version is not None
    assert (read.la.first_version.components_studied or ())[0].credits == ()
    assert [each.code for each in blocking(read.problems)] == ["XML-12"]


def test_what_no_calendar_has_is_left_out_and_named() -> None:
    read = only("invalid-unreadable-days")

    assert (read.la.start, read.la.end, read.la.student.birth_date) == (None, None, None)
    assert paths(read, "UNREADABLE") == [
        "/student/birth-date",
        "/start-date",
        "/end-year-month",
        "/first-version/student-signature/timestamp",
    ]


def test_approved_changes_by_another_name_are_not_passed_over_in_silence() -> None:
    read = only("invalid-called-latest-approved")

    assert read.la.approved_changes is None
    assert [(each.code, each.path) for each in blocking(read.problems)] == [
        ("XML-05", f"{LA}/latest-approved")
    ]


def test_a_status_that_is_none_blocks() -> None:
    read = only("invalid-status-is-no-status")

    assert paths(read, "UNREADABLE") == ["/changes-proposal/components-studied/component[1]/@status"]


def test_of_two_students_the_first_is_taken_and_both_are_told() -> None:
    read = only("invalid-two-students")

    assert read.la.student == a_student()
    assert paths(read, "REPEATED") == ["/student[2]"]


def test_an_element_from_the_future_is_passed_over() -> None:
    read = only("invalid-unknown-element")

    assert paths(read, "UNKNOWN") == ["/sustainability"]
    assert read.la == only("first-version-signed").la


def test_an_agreement_without_id_is_a_problem_of_the_response() -> None:
    read = response("invalid-without-omobility-id")

    assert [each.la.omobility_id for each in read.agreements] == ["N-OM-417"]
    assert [(each.code, each.path) for each in read.problems] == [("MISSING", f"{LA}[2]")]


def test_an_empty_id_is_none() -> None:
    document = sample(f"{FOLDER}/first-proposal.xml").replace(b"N-OM-417", b"")

    assert [each.code for each in codec.decode_all(document).problems] == ["MISSING"]
    with pytest.raises(InvalidDocument, match="no omobility-id"):
        codec.decode_at(document, 0)


def test_a_day_beside_a_month_is_the_one_that_counts() -> None:
    month = b"<start-year-month>2026-10</start-year-month>"
    document = sample(f"{FOLDER}/first-proposal.xml").replace(b"</start-date>", b"</start-date>" + month)

    (read,) = codec.decode_all(document).agreements

    assert read.la.start == PlannedDay(2026, 9, 7)
    assert paths(read, "REPEATED") == ["/start-year-month"]


def test_an_attribute_from_the_future_is_passed_over() -> None:
    document = sample(f"{FOLDER}/first-proposal.xml").replace(b"<component>", b'<component online="true">', 1)

    (read,) = codec.decode_all(document).agreements

    assert paths(read, "UNKNOWN") == ["/changes-proposal/components-studied/component[1]/@online"]


def test_an_agreement_that_comes_twice_is_there_twice_and_told() -> None:
    read = codec.decode_all(codec.lay_out([an_la(), an_la()]))

    assert len(read.agreements) == 2
    assert [(each.code, each.path) for each in read.problems] == [("REPEATED", f"{LA}[2]")]


def test_an_agreement_with_nearly_nothing_is_read_and_says_what_it_lacks() -> None:
    read = only("invalid-nearly-nothing-there")

    assert read.la.omobility_id == "N-OM-9"
    assert len(paths(read, "MISSING")) == 11


def test_documents_without_the_name_space_are_refused() -> None:
    with pytest.raises(InvalidDocument) as refused:
        response("invalid-no-name-space")

    assert refused.value.reason == "wrong_root"


def test_the_expected_institutions_are_compared() -> None:
    document = codec.lay_out([an_la()])

    (read,) = codec.decode_all(document, about=Circumstances(sending_hei_id="cedrona.example")).agreements

    assert codes(read) == ["SEM-28"]


@pytest.mark.parametrize("position", [-1, 1])
def test_there_is_no_agreement_beyond_the_last(position: int) -> None:
    with pytest.raises(InvalidDocument, match="none at"):
        codec.decode_at(codec.lay_out([an_la()]), position)


def test_problems_tell_nothing_about_people() -> None:
    for name in ("invalid-unreadable-days", "invalid-two-students", "student-without-family-name"):
        for each in only(name).problems:
            assert not any(word in each.message for word in ("2004", "Alva", "Exempelsson", "Nils", "@"))


# --- writing ------------------------------------------------------------------------------------------


def test_a_sound_agreement_is_written() -> None:
    document = codec.encode([an_la()], now=datetime(2026, 11, 1, tzinfo=UTC))

    assert [each.la for each in codec.decode_all(document).agreements] == [an_la()]


def test_what_has_any_problem_is_not_written_and_all_are_told() -> None:
    unsound = an_la(student=a_student(family_name="", email=None))

    with pytest.raises(UnsoundDocument) as refused:
        codec.encode([an_la(), unsound])

    assert [(each.code, each.path) for each in refused.value.problems] == [
        ("SEM-06", f"{LA}[2]/student"),
        ("SEM-06", f"{LA}[2]/student"),
    ]


def test_a_signature_of_tomorrow_is_not_written() -> None:
    with pytest.raises(UnsoundDocument, match="SEM-23"):
        codec.encode([an_la()], now=datetime(2026, 5, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "la",
    [
        an_la(start=None),
        an_la(end=None),
        an_la(receiving_academic_year_id=None),
        an_la(eqf_level_studied_at_departure=None),
        an_la(isced_f_code=None),
        an_la(student_language_skill=None),
        an_la(receiving_hei=an_institution("")),
        an_la(receiving_hei=an_institution(contact_person=None)),
        an_la(first_version=some_lists(student_signature=None)),
        an_la(first_version=some_lists(sending_hei_signature=None)),
    ],
)
def test_what_the_format_demands_is_never_made_up(la: LearningAgreement) -> None:
    with pytest.raises(ValueError, match=r"must|may"):
        codec.lay_out([la])


@pytest.mark.parametrize("timestamp", [None, datetime(2026, 5, 11)])  # noqa: DTZ001 - that is what is refused
def test_a_signature_without_a_certain_moment_is_not_written(timestamp: datetime | None) -> None:
    lists = some_lists()
    assert lists.student_signature is not None
    unsure = replace(lists, student_signature=replace(lists.student_signature, timestamp=timestamp))

    with pytest.raises(ValueError, match=r"must say when|without offset"):
        codec.lay_out([an_la(first_version=unsure)])


def test_a_control_character_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="XML compatible"):
        codec.lay_out([an_la(isced_clarification="\x00")])


def test_an_id_stays_as_it_was_given() -> None:
    la = an_la(first_version=None, changes_proposal=a_proposal(some_lists(), proposal_id="version 3"))

    document = codec.encode([la])

    assert b'id="version 3"' in document


def test_a_new_proposal_has_another_id_for_every_other_signature() -> None:
    lists = some_lists(receiving_hei_signature=None)
    assert lists.student_signature is not None
    later = datetime(2026, 5, 12, tzinfo=UTC) + timedelta(hours=1)
    again = replace(lists, student_signature=replace(lists.student_signature, timestamp=later))

    one, same, other = (codec.new_proposal(each) for each in (lists, lists, again))

    assert one == same
    assert len(one.proposal_id) == 64
    assert one.proposal_id != other.proposal_id
    assert one.proposal_id != codec.new_proposal(lists, a_student()).proposal_id
    assert a_component() in (one.lists.components_studied or ())


# --- index and statistics -----------------------------------------------------------------------------


def test_an_index_keeps_its_order_and_repetitions() -> None:
    ids = tuple(map(OmobilityId, ("N-OM-2", "N-OM-1", "N-OM-2")))

    assert codec.decode_index(codec.encode_index(ids)) == ids
    assert codec.decode_index(sample(f"{FOLDER}/index-nothing.xml")) == ()


def test_an_index_with_an_empty_id_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="empty"):
        codec.decode_index(codec.encode_index([OmobilityId("")]))


def test_statistics_are_read_a_row_a_year_and_written_alike() -> None:
    document = sample(f"{FOLDER}/stats-two-years.xml")

    years = codec.decode_stats(document)

    assert years == [
        OutgoingLaStats("2025/2026", 40, 31, 7, 38, 0, 2),
        OutgoingLaStats("2026/2027", 12, 6, 3, 8, 1, 3),
    ]
    assert codec.decode_stats(codec.encode_stats(years)) == years


def test_incomplete_statistics_are_refused() -> None:
    with pytest.raises(InvalidDocument, match="awaiting"):
        codec.decode_stats(sample(f"{FOLDER}/invalid-stats-incomplete.xml"))
