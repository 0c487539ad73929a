"""Each rule about learning agreements fires where it must, and nowhere else."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.learning_agreements import (
    RECEIVING,
    SENDING,
    SIGNED,
    a_component,
    a_proposal,
    a_signature,
    a_student,
    an_institution,
    an_la,
    deleted,
    inserted,
    some_changes,
    some_lists,
)

from mobility_adapters.ewp.semantics import Severity, UnsoundDocument, blocking, insist
from mobility_adapters.ewp.semantics.learning_agreements import Circumstances, check
from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    LaComponent,
    LaCredit,
    LaSignature,
    LearningAgreement,
    ReasonCode,
    TermId,
)
from mobility_bridge.domain.planned_day import PlannedDay

E, W = Severity.BLOCKING, Severity.WARNING
VIRTUAL = a_component("VIR7", term_id=None, short_description="On line.")
VISIT = LaComponent("Visit to the laboratory")
FIELD_WEEK = LaComponent("Estuary week", short_description="With a seminar on line.")


def short(**table: tuple[LaComponent, ...]) -> ComponentLists:
    """A first version of a short stay: these tables and no other."""
    return some_lists(components_studied=None, components_recognized=None, **table)


def first(**changes: Any) -> LearningAgreement:
    return an_la(first_version=some_lists(**changes))


def changed(**changes: Any) -> LearningAgreement:
    return an_la(approved_changes=some_changes(**changes))


def studied(component: LaComponent) -> LearningAgreement:
    return first(components_studied=(component,))


SOUND = {
    "a first version that all have signed": an_la(),
    "a first proposal": an_la(first_version=None, changes_proposal=a_proposal(some_lists())),
    "approved changes": changed(),
    "a proposal of changes": an_la(changes_proposal=a_proposal()),
    "a proposal beside approved changes": an_la(
        approved_changes=some_changes(), changes_proposal=a_proposal()
    ),
    "a proposal to go back to the first version": an_la(
        approved_changes=some_changes(),
        changes_proposal=a_proposal(some_changes(components_studied=None)),
    ),
    "a virtual component": first(virtual_components=(VIRTUAL,)),
    "a blended mobility": an_la(first_version=short(blended_mobility_components=(FIELD_WEEK, VISIT))),
    "a doctoral mobility": an_la(first_version=short(short_term_doctoral_components=(VISIT,))),
    "a doctoral mobility with a virtual part": an_la(
        first_version=short(short_term_doctoral_components=(FIELD_WEEK,))
    ),
    "the same component deleted and inserted with other credits": changed(
        components_studied=(
            deleted(a_component("LOG120")),
            inserted(a_component("LOG120", credits=(LaCredit("ects", Decimal(5)),))),
        )
    ),
    "a start and an end in one month": an_la(start=PlannedDay(2026, 11, 20), end=PlannedDay(2026, 11)),
    "a start and an end on one day": an_la(start=PlannedDay(2026, 11, 2), end=PlannedDay(2026, 11, 2)),
    "a southern year": an_la(receiving_academic_year_id="2026/2026"),
    "a second scheme of credits": studied(
        a_component(credits=(LaCredit("ects", Decimal(15)), LaCredit("points", Decimal(10))))
    ),
    "a component without credits": studied(a_component(credits=())),
    "conditions of recognition": first(components_recognized=(a_component(recognition_conditions=""),)),
    "a reason in words": changed(
        components_studied=(inserted(a_component("LOG144"), reason_code=None, reason_text="Wanted"),)
    ),
    "a whole year": studied(a_component(term_id=TermId(1, 1))),
    "all signatures at once": first(
        sending_hei_signature=a_signature(0), receiving_hei_signature=a_signature(0)
    ),
    "an identifier in other case": an_la(
        student=a_student(global_id="URN:schac:personalUniqueCode:int:ESI:se:1")
    ),
}

UNSOUND: list[tuple[str, Severity, str, LearningAgreement]] = [
    ("SEM-01", E, "", an_la(first_version=None)),
    (
        "SEM-02",
        E,
        "/approved-changes",
        an_la(
            first_version=None,
            approved_changes=some_changes(),
            changes_proposal=a_proposal(some_lists()),
        ),
    ),
    ("SEM-03", E, "/first-version", first(receiving_hei_signature=None)),
    ("SEM-03", E, "/approved-changes", changed(receiving_hei_signature=None)),
    (
        "SEM-03",
        W,
        "/changes-proposal/receiving-hei-signature",
        an_la(
            changes_proposal=replace(
                a_proposal(), lists=some_changes(receiving_hei_signature=a_signature(29))
            )
        ),
    ),
    (
        "SEM-04",
        W,
        "/first-version/sending-hei-signature",
        first(sending_hei_signature=a_signature(10, signer_name=" ")),
    ),
    (
        "SEM-04",
        W,
        "/first-version/receiving-hei-signature",
        first(receiving_hei_signature=a_signature(20, signer_position=None)),
    ),
    (
        "SEM-04",
        W,
        "/approved-changes/sending-hei-signature/signer-email",
        changed(sending_hei_signature=a_signature(10, signer_email="ask at the desk")),
    ),
    (
        "SEM-05",
        W,
        "/first-version/student-signature/signer-name",
        first(student_signature=LaSignature(SIGNED, "Alva Prov Exempelsson")),
    ),
    ("SEM-06", E, "/student", an_la(student=a_student(family_name=None))),
    ("SEM-06", E, "/student", an_la(student=a_student(given_names=" "))),
    ("SEM-06", E, "/student", an_la(student=a_student(global_id=""))),
    ("SEM-06", E, "/student", an_la(student=a_student(birth_date=None))),
    ("SEM-06", W, "/student", an_la(student=a_student(citizenship=None))),
    ("SEM-06", W, "/student", an_la(student=a_student(gender=None))),
    ("SEM-06", W, "/student", an_la(student=a_student(email=None))),
    ("SEM-07", W, "/sending-hei", an_la(sending_hei=an_institution(ounit_name=None))),
    ("SEM-08", E, "/first-version", an_la(first_version=short())),
    (
        "SEM-08",
        E,
        "/approved-changes",
        an_la(
            approved_changes=some_changes(
                components_studied=None, short_term_doctoral_components=(inserted(VISIT),)
            )
        ),
    ),
    ("SEM-09", W, "/first-version", first(components_recognized=None)),
    ("SEM-09", W, "/first-version", first(components_studied=())),
    (
        "SEM-10",
        E,
        "/first-version/short-term-doctoral-components",
        an_la(first_version=short(short_term_doctoral_components=())),
    ),
    ("SEM-11", W, "/first-version/components-studied/component", studied(inserted(a_component()))),
    (
        "SEM-11",
        W,
        "/changes-proposal/components-studied/component",
        an_la(
            first_version=None,
            changes_proposal=a_proposal(some_lists(components_studied=(a_component(reason_text="Wanted"),))),
        ),
    ),
    (
        "SEM-12",
        W,
        "/approved-changes/components-studied/component",
        changed(components_studied=(inserted(a_component("LOG144"), status=None),)),
    ),
    (
        "SEM-12",
        W,
        "/approved-changes/components-studied/component",
        changed(components_studied=(inserted(a_component("LOG144"), reason_code=None),)),
    ),
    (
        "SEM-12",
        W,
        "/approved-changes/components-studied/component[2]",
        changed(
            components_studied=(
                deleted(a_component("LOG120")),
                inserted(a_component("LOG144"), reason_code=ReasonCode.NOT_AVAILABLE),
            )
        ),
    ),
    ("SEM-13", W, "/first-version/components-studied/component", studied(a_component(term_id=None))),
    ("SEM-13", W, "/first-version/components-studied/component", studied(a_component(term_id=TermId(3, 2)))),
    ("SEM-13", W, "/first-version/components-studied/component", studied(a_component(term_id=TermId(0, 2)))),
    ("SEM-13", W, "/first-version/components-studied/component", studied(a_component(term_id=TermId(1, 10)))),
    (
        "SEM-14",
        W,
        "/first-version/components-studied/component",
        studied(a_component(recognition_conditions="A report")),
    ),
    (
        "SEM-15",
        W,
        "/first-version/components-studied/component",
        studied(a_component(short_description="On line")),
    ),
    (
        "SEM-15",
        W,
        "/first-version/virtual-components/component",
        first(virtual_components=(a_component("VIR7", short_description=" "),)),
    ),
    (
        "SEM-15",
        W,
        "/first-version/blended-mobility-components",
        an_la(first_version=short(blended_mobility_components=(VISIT,))),
    ),
    (
        "SEM-16",
        W,
        "/first-version/components-studied/component",
        studied(a_component(credits=(LaCredit("ects", Decimal(-1)),))),
    ),
    (
        "SEM-16",
        W,
        "/first-version/components-studied/component",
        studied(a_component(credits=(LaCredit("ects", Decimal(5)), LaCredit(" ECTS", Decimal(5))))),
    ),
    (
        "SEM-17",
        W,
        "/approved-changes/components-studied/component",
        changed(components_studied=(deleted(a_component("NEVER1")),)),
    ),
    (
        "SEM-17",
        W,
        "/changes-proposal/components-studied/component[2]",
        an_la(
            changes_proposal=a_proposal(
                some_changes(
                    components_studied=(inserted(a_component("LOG144")), inserted(a_component("ENG310")))
                )
            )
        ),
    ),
    (
        "SEM-18",
        W,
        "/changes-proposal",
        an_la(
            first_version=short(short_term_doctoral_components=(VISIT,)),
            changes_proposal=a_proposal(some_changes(components_studied=None)),
        ),
    ),
    ("SEM-19", E, "/changes-proposal/@id", an_la(changes_proposal=a_proposal(proposal_id=""))),
    ("SEM-20", E, "", an_la(start=PlannedDay(2027, 2, 1), end=PlannedDay(2027, 1))),
    ("SEM-20", E, "", an_la(start=PlannedDay(2027, 1, 30), end=PlannedDay(2027, 1, 29))),
    ("SEM-21", W, "/receiving-academic-year-id", an_la(receiving_academic_year_id="2026/2028")),
    ("SEM-22", W, "/student/global-id", an_la(student=a_student(global_id="20040229-1234"))),
    (
        "SEM-22",
        W,
        "/changes-proposal/student/global-id",
        an_la(
            changes_proposal=a_proposal(student=a_student(global_id="urn:schac:personalUniqueCode:int:esi:"))
        ),
    ),
    (
        "SEM-23",
        W,
        "/first-version/sending-hei-signature/timestamp",
        first(sending_hei_signature=a_signature(-1)),
    ),
    (
        "SEM-23",
        W,
        "/first-version/receiving-hei-signature/timestamp",
        first(receiving_hei_signature=a_signature(9)),
    ),
    (
        "SEM-34",
        W,
        "/first-version/student-signature/timestamp",
        first(student_signature=LaSignature(SIGNED.replace(tzinfo=None))),
    ),
]


@pytest.mark.parametrize("la", SOUND.values(), ids=SOUND)
def test_a_sound_agreement_has_no_problem(la: LearningAgreement) -> None:
    assert list(check(la, about=Circumstances(SENDING, RECEIVING, SIGNED + timedelta(days=1)))) == []


@pytest.mark.parametrize(
    ("code", "severity", "path", "la"),
    UNSOUND,
    ids=[f"{code}{path.replace('/', ' ')}" for code, _, path, _ in UNSOUND],
)
def test_a_broken_rule_is_the_only_problem_and_has_its_place(
    code: str, severity: Severity, path: str, la: LearningAgreement
) -> None:
    found = {(each.code, each.severity, each.path) for each in check(la, at="/la")}

    assert found == {(code, severity, f"/la{path}")}


def test_every_rule_has_a_case_that_breaks_it() -> None:
    written = {code for code, *_ in UNSOUND}

    # 24 to 27 and 29 to 32 are about other documents; 28 needs circumstances, 33 is gone once a document is read.
    assert written == {f"SEM-{number:02}" for number in (*range(1, 24), 34)}


def test_institutions_other_than_the_expected_ones_block() -> None:
    problems = list(check(an_la(), about=Circumstances("cedrona.example", SENDING)))

    assert [(each.code, each.severity, each.path) for each in problems] == [
        ("SEM-28", E, "/la/sending-hei/hei-id"),
        ("SEM-28", E, "/la/receiving-hei/hei-id"),
    ]


@pytest.mark.parametrize(("ahead_minutes", "codes"), [(-1, []), (5, []), (6, ["SEM-23"])])
def test_a_signature_may_be_as_far_in_the_future_as_clocks_differ(
    ahead_minutes: int, codes: list[str]
) -> None:
    la = first(receiving_hei_signature=a_signature(20))
    now = SIGNED + timedelta(minutes=20 - ahead_minutes)

    assert [each.code for each in check(la, about=Circumstances(now=now))] == codes


def test_no_message_tells_anything_about_a_person() -> None:
    secrets = ("Alva", "Exempelsson", "alva.", "700100", "20040229", "Signe", "signe.", "Kajsa", "2004-02-29")

    for _, _, _, la in UNSOUND:
        for each in check(la, about=Circumstances("a.example", "b.example")):
            assert not any(secret in f"{each.path} {each.message}" for secret in secrets), each


def test_only_errors_block() -> None:
    problems = list(check(an_la(student=a_student(family_name=None, email=None))))

    assert [each.severity for each in blocking(problems)] == [E]
    assert len(problems) == 2


def test_a_warning_is_enough_to_refuse_writing() -> None:
    with pytest.raises(UnsoundDocument) as refused:
        insist(check(an_la(student=a_student(email=None))))

    assert [each.code for each in refused.value.problems] == ["SEM-06"]
    assert "SEM-06 /la/student" in str(refused.value)
