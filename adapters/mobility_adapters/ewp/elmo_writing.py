"""Transcripts into ELMO 2: what the format cannot say without is refused (ValueError), never made up.

Of a learner nothing is written that nobody asks for: no place of birth, no address.

Source: ELMO 2.1.1; EWP Incoming Mobility ToRs API 3.0.0.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.elmo_names import ESI, LOCAL, LOI_ID, LOS_ID, SCHAC
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.transcript import (
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
from mobility_bridge.kit.xml import Element

_LANG: Final = wire.qname(wire.XML, "lang")


def write_elmo(parent: Element, tor: Tor) -> None:
    """Append an `elmo`. Raises ValueError where ELMO demands what the transcript has not."""
    element = etree.SubElement(parent, _tag("elmo"), nsmap={None: wire.ELMO_V2})  # type: ignore[dict-item]
    _need(element, "generatedDate", _instant(tor.generated_date))
    _write_learner(element, tor.learner)
    if not tor.reports:
        raise ValueError("a transcript must have a report")
    for report in tor.reports:
        _write_report(element, report)
    for attachment in tor.attachments:
        _write_attachment(element, attachment)


def decimal_text(value: Decimal) -> str:
    return f"{value.normalize():f}"


# --- who ------------------------------------------------------------------------------------------------------


def _write_learner(elmo: Element, learner: TorLearner) -> None:
    element, person = _sub(elmo, "learner"), learner.person
    if not person.names or len(person.names) > 1:
        raise ValueError("a learner must have one name, and may have an alternative one")
    if person.citizenship is not None:
        _need(element, "citizenship", person.citizenship).set("type", _type(learner.citizenship_type))
    if person.global_id is not None:
        _write_identifier(element, ESI, person.global_id)
    _write_identifiers(element, learner.identifiers)
    (name,) = person.names
    _need(element, "givenNames", name.given_names)
    _need(element, "familyName", name.family_name)
    # ELMO demands another way to write the name; where there is none, it is the same name once more.
    alternative = learner.alternative_name or LangString(f"{name.given_names} {name.family_name}".strip())
    _write_text(element, "alternativeName", alternative)
    _add(element, "dateOfBirth", _day(person.birth_date))
    _add(element, "gender", None if person.gender is None else str(person.gender))


def _write_issuer(parent: Element, issuer: TorIssuer) -> None:
    element = _sub(parent, "issuer")
    if issuer.country is not None:
        _need(element, "country", issuer.country).set("type", "ISO")
    if issuer.hei_id is not None:
        _write_identifier(element, SCHAC, issuer.hei_id)
    _write_identifiers(element, issuer.identifiers)
    if not issuer.titles:
        raise ValueError("an issuer must have a title")
    _write_texts(element, "title", issuer.titles)
    _need(element, "url", issuer.url)


# --- what one issuer reports ------------------------------------------------------------------------------------


def _write_report(elmo: Element, report: TorReport) -> None:
    element = _sub(elmo, "report")
    _write_issuer(element, report.issuer)
    for course in report.courses:
        _write_course(element, course)
    _need(element, "issueDate", _instant(report.issue_date))
    for scheme in report.grading_schemes:
        scheme_element = _sub(element, "gradingScheme")
        scheme_element.set("localId", scheme.local_id)
        _write_texts(scheme_element, "description", scheme.descriptions)
    if report.status is not None:
        status = _sub(element, "status")
        _need(status, "code", report.status)
        _write_texts(status, "message", report.status_messages)
    for attachment in report.attachments:
        _write_attachment(element, attachment)


def _write_attachment(parent: Element, attachment: TorAttachment) -> None:
    element = _sub(parent, "attachment")
    _write_identifiers(element, attachment.identifiers)
    _write_texts(element, "title", attachment.titles)
    _add(element, "type", attachment.type)
    _write_texts(element, "description", attachment.descriptions)
    _write_texts(element, "content", attachment.contents)


# --- courses --------------------------------------------------------------------------------------------------


def _write_course(parent: Element, course: TorCourse) -> None:
    element = _sub(parent, "learningOpportunitySpecification")
    for kind, value in ((LOS_ID, course.los_id), (LOCAL, course.los_code)):
        if value is not None:
            _write_identifier(element, kind, value)
    _write_identifiers(element, course.los_identifiers)
    if len(element) == 0 or not course.titles:
        raise ValueError("a course must have an identifier and a title")
    _write_texts(element, "title", course.titles)
    _add(element, "type", course.type)
    _add(element, "iscedCode", course.isced_code)
    _write_instance(_sub(element, "specifies"), course)
    for part in course.parts:
        _write_course(_sub(element, "hasPart"), part)


def _write_instance(specifies: Element, course: TorCourse) -> None:
    element = _sub(specifies, "learningOpportunityInstance")
    if course.loi_id is not None:
        _write_identifier(element, LOI_ID, course.loi_id)
    _write_identifiers(element, course.loi_identifiers)
    _add(element, "start", _day(course.start))
    _add(element, "date", _day(course.completed_on))
    if course.term is not None:
        _write_term(element, course.term)
    if course.status is ResultStatus.UNKNOWN:
        raise ValueError("a result must be passed, failed or in progress")
    _add(element, "status", course.status)
    _add(element, "gradingSchemeLocalId", course.grading_scheme_local_id)
    _add(element, "resultLabel", course.result_label)
    if course.result_distribution is not None:
        _write_distribution(element, course.result_distribution)
    for credit in course.credits:
        _write_credit(element, credit)
    _add(element, "languageOfInstruction", course.language_of_instruction)


def _write_term(instance: Element, term: TorTerm) -> None:
    element = _sub(instance, "academicTerm")
    if not term.titles:
        raise ValueError("a term must have a title")
    _write_texts(element, "title", term.titles)
    _need(element, "start", _day(term.start))
    _need(element, "end", _day(term.end))


def _write_distribution(instance: Element, distribution: ResultDistribution) -> None:
    element = _sub(instance, "resultDistribution")
    for category in distribution.categories:
        if category.count is None:
            raise ValueError("a category must have a count")
        each = _sub(element, "category")
        each.set("label", category.label)
        each.set("count", str(category.count))
    _write_texts(element, "description", distribution.descriptions)


def _write_credit(instance: Element, credit: TorCredit) -> None:
    if credit.level is not None:
        raise ValueError("credits have a level in ELMO 1 only")
    element = _sub(instance, "credit")
    _need(element, "scheme", credit.scheme)
    _add(element, "value", None if credit.value is None else decimal_text(credit.value))


# --- values ---------------------------------------------------------------------------------------------------


def _tag(name: str) -> str:
    return wire.qname(wire.ELMO_V2, name)


def _sub(parent: Element, name: str) -> Element:
    return etree.SubElement(parent, _tag(name))


def _add(parent: Element, name: str, value: str | None) -> None:
    """Append a leaf, unless there is nothing to say."""
    if value is not None:
        _sub(parent, name).text = value


def _need(parent: Element, name: str, value: str | None) -> Element:
    if value is None:
        raise ValueError(f"{parent.tag.rpartition('}')[2]} must have {name}")
    leaf = _sub(parent, name)
    leaf.text = value
    return leaf


def _type(written: str | None) -> str:
    if written is None:
        raise ValueError("a citizenship must say what kind of code it is")
    return written


def _write_identifiers(parent: Element, identifiers: Iterable[TypedIdentifier]) -> None:
    for identifier in identifiers:
        _write_identifier(parent, identifier.type, identifier.value)


def _write_identifier(parent: Element, kind: str, value: str) -> None:
    _need(parent, "identifier", value).set("type", kind)


def _write_texts(parent: Element, name: str, texts: Iterable[LangString]) -> None:
    for text in texts:
        _write_text(parent, name, text)


def _write_text(parent: Element, name: str, text: LangString) -> None:
    element = _need(parent, name, text.text)
    if text.lang is not None:
        element.set(_LANG, text.lang)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a time without offset says nothing")
    if offset % timedelta(minutes=1) or not offset:
        return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
    return moment.isoformat()
