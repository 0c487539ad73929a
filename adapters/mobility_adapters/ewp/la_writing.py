"""Learning agreements into XML: what the format cannot say without is refused (ValueError), never made up.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0, get response.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    LaComponent,
    LaContactPerson,
    LaSignature,
    LaStudent,
    LearningAgreement,
    MobilityInstitution,
)
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.kit.xml import Element

PREFIXES: Final[Mapping[str, str]] = {"trm": wire.ACADEMIC_TERM_V2, "p": wire.PHONE}


def _tag(name: str) -> str:
    return wire.qname(wire.OMOBILITY_LAS_V1_GET, name)


def write_agreement(root: Element, la: LearningAgreement) -> None:
    """Append a `la`. Raises ValueError where the format demands what the agreement has not."""
    element = etree.SubElement(root, _tag("la"))
    _need(element, "omobility-id", la.omobility_id)
    _write_institution(element, "sending-hei", la.sending_hei)
    _write_institution(element, "receiving-hei", la.receiving_hei)
    _need(element, "receiving-academic-year-id", la.receiving_academic_year_id)
    write_student(element, la.student)
    _write_planned(element, "start", la.start)
    _write_planned(element, "end", la.end)
    level = la.eqf_level_studied_at_departure
    _need(element, "eqf-level-studied-at-departure", None if level is None else str(level))
    _need(element, "isced-f-code", la.isced_f_code)
    _add(element, "isced-clarification", la.isced_clarification)
    skill = etree.SubElement(element, _tag("student-language-skill"))
    if la.student_language_skill is not None:
        _need(skill, "language", la.student_language_skill.language)
        _need(skill, "cefr-level", la.student_language_skill.cefr_level)
    else:
        raise ValueError("a learning agreement must say which language the student knows")
    if la.first_version is not None:
        write_lists(etree.SubElement(element, _tag("first-version")), la.first_version)
    if la.approved_changes is not None:
        write_lists(etree.SubElement(element, _tag("approved-changes")), la.approved_changes)
    if la.changes_proposal is not None:
        write_proposal(element, la.changes_proposal)
    _add(element, "learning-outcomes-url", la.learning_outcomes_url)
    _add(element, "provisions-url", la.provisions_url)


def write_proposal(la: Element, proposal: ChangesProposal) -> Element:
    """Append a `changes-proposal` with the id that it has."""
    element = etree.SubElement(la, _tag("changes-proposal"))
    element.set("id", proposal.proposal_id)
    write_lists(element, proposal.lists)
    if proposal.student is not None:
        write_student(element, proposal.student)
    return element


def write_lists(element: Element, lists: ComponentLists) -> None:
    for table, components in lists.tables():
        list_element = etree.SubElement(element, _tag(table))
        for component in components:
            _write_component(list_element, component)
    if lists.student_signature is None or lists.sending_hei_signature is None:
        raise ValueError("nobody but the student and the sending institution may show a version")
    write_signature(element, _tag("student-signature"), lists.student_signature)
    write_signature(element, _tag("sending-hei-signature"), lists.sending_hei_signature)
    if lists.receiving_hei_signature is not None:
        write_signature(element, _tag("receiving-hei-signature"), lists.receiving_hei_signature)


def write_signature(parent: Element, tag: str, signature: LaSignature) -> None:
    """Append a signature called `tag`; its children are elements of the get response wherever it stands."""
    if signature.timestamp is None:
        raise ValueError("a signature must say when it was given")
    element = etree.SubElement(parent, tag)
    _add(element, "signer-name", signature.signer_name)
    _add(element, "signer-position", signature.signer_position)
    _add(element, "signer-email", signature.signer_email)
    _add(element, "timestamp", _instant(signature.timestamp))
    _add(element, "signer-app", signature.signer_app)


def write_student(parent: Element, student: LaStudent) -> None:
    element = etree.SubElement(parent, _tag("student"))
    _add(element, "given-names", student.given_names)
    _add(element, "family-name", student.family_name)
    _add(element, "global-id", student.global_id)
    _add(element, "birth-date", None if student.birth_date is None else student.birth_date.isoformat())
    _add(element, "citizenship", student.citizenship)
    _add(element, "gender", None if student.gender is None else str(student.gender))
    _add(element, "email", student.email)


def _write_institution(la: Element, name: str, institution: MobilityInstitution) -> None:
    element = etree.SubElement(la, _tag(name))
    _need(element, "hei-id", institution.hei_id or None)
    _add(element, "ounit-name", institution.ounit_name)
    _add(element, "ounit-id", institution.ounit_id)
    if institution.contact_person is None:
        raise ValueError(f"{name} must have a contact person")
    _write_contact(element, institution.contact_person)


def _write_contact(institution: Element, contact: LaContactPerson) -> None:
    element = etree.SubElement(institution, _tag("contact-person"))
    _need(element, "given-names", contact.given_names)
    _need(element, "family-name", contact.family_name)
    _need(element, "email", contact.email)
    number = contact.phone_number
    if number is not None:
        phone = etree.SubElement(element, wire.qname(wire.PHONE, "phone-number"))
        parts = (("e164", number.e164), ("ext", number.ext), ("other-format", number.other_format))
        for name, value in parts:
            if value is not None:
                etree.SubElement(phone, wire.qname(wire.PHONE, name)).text = value


def _write_planned(la: Element, name: str, planned: PlannedDay | None) -> None:
    if planned is None:
        raise ValueError(f"a learning agreement must have a planned {name}")
    _add(la, f"{name}-date" if planned.exact else f"{name}-year-month", str(planned))


def _write_component(table: Element, component: LaComponent) -> None:
    element = etree.SubElement(table, _tag("component"))
    marks = (
        ("status", component.status),
        ("reason-code", component.reason_code),
        ("reason-text", component.reason_text),
    )
    for name, value in marks:
        if value is not None:
            element.set(name, value)
    _add(element, "los-id", component.los_id)
    _add(element, "los-code", component.los_code)
    _add(element, "title", component.title)
    _add(element, "loi-id", component.loi_id)
    if component.term_id is not None:
        term = etree.SubElement(element, _tag("term-id"))
        for name, number in (
            ("term-number", component.term_id.term_number),
            ("total-terms", component.term_id.total_terms),
        ):
            etree.SubElement(term, wire.qname(wire.ACADEMIC_TERM_V2, name)).text = str(number)
    for credit in component.credits:
        credit_element = etree.SubElement(element, _tag("credit"))
        _add(credit_element, "scheme", credit.scheme)
        _add(credit_element, "value", f"{credit.value.normalize():f}")
    _add(element, "recognition-conditions", component.recognition_conditions)
    _add(element, "short-description", component.short_description)


def _add(parent: Element, name: str, value: str | None) -> None:
    """Append a leaf, unless there is nothing to say."""
    if value is not None:
        etree.SubElement(parent, _tag(name)).text = value


def _need(parent: Element, name: str, value: str | None) -> None:
    if value is None:
        raise ValueError(f"{etree.QName(parent).localname} must have {name}")
    _add(parent, name, value)


def _instant(moment: datetime) -> str:
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a time without offset says nothing")
    if offset % timedelta(minutes=1) or not offset:
        return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
    return moment.isoformat()
