"""Get responses of the IIAs API, version 7.

`read_copies` takes the facts that most comparisons need and no more; `decode` takes everything. Decoding
loses nothing that means anything: `encode(decode(document))` is the canonical form of a document that keeps
its schema. That is its canonical XML 2.0, prefixes rewritten, after these steps:

- white space between elements as an indentation by two blanks a level, comments dropped;
- whole numbers without sign and leading zeros, decimals without trailing zeros, booleans as `true` or
  `false`, days without a time zone, language codes without white space around them;
- `not-yet-defined="false"`, an empty `v6-value` and undefined attributes left out;
- `iia-hash` as the rest of the document gives it.

Text is never touched: an empty optional element stays, blanks around a text stay.

Source: EWP IIAs API 7.0.0, get response.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.contacts import CONTACT, read_contact, write_contact
from mobility_adapters.ewp.facts import Party, read_facts
from mobility_adapters.ewp.hash_diagnosis import diagnose
from mobility_adapters.ewp.iia_hash import hash_text, lenient_content_digest
from mobility_adapters.ewp.reading import (
    Parts,
    agreement_elements,
    boolean,
    boolean_attribute,
    day,
    decimal,
    integer,
    open_document,
    parse,
    required_child,
    string_value,
    token,
    wrong_content,
)
from mobility_adapters.ewp.scanning import Found, scan
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.agreement import (
    CooperationCondition,
    Iia,
    IiaPartner,
    LanguageSkill,
    MobilityKind,
    SubjectArea,
)
from mobility_bridge.domain.contact import Contact
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId, Sha256
from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.sources import ReadCopy

_MANY: Final = 24 * 1024
"""Bytes from which on a response is thought to hold so many agreements that one is better taken out of it."""

FORMAT: Final = wire.FORMAT_IIAS_V7


def _tag(name: str) -> str:
    return wire.qname(wire.IIAS_V7_GET, name)


_CONDITION_TAGS: Final = {
    MobilityKind.STUDENT_STUDIES: _tag("student-studies-mobility-spec"),
    MobilityKind.STUDENT_TRAINEESHIP: _tag("student-traineeship-mobility-spec"),
    MobilityKind.STAFF_TEACHING: _tag("staff-teacher-mobility-spec"),
    MobilityKind.STAFF_TRAINING: _tag("staff-training-mobility-spec"),
}
_KINDS: Final = {tag: kind for kind, tag in _CONDITION_TAGS.items()}
_TOTALS: Final = {
    kind: _tag("total-months-per-year" if kind.is_student else "total-days-per-year") for kind in MobilityKind
}
_PLACES: Final = {kind: place for place, kind in enumerate(_CONDITION_TAGS)}

_HEI_ID: Final = _tag("hei-id")
_IIA_ID: Final = _tag("iia-id")
_IIA_CODE: Final = _tag("iia-code")
_IIA_HASH: Final = _tag("iia-hash")
_PARTNER: Final = _tag("partner")
_IN_EFFECT: Final = _tag("in-effect")
_CONDITIONS: Final = _tag("cooperation-conditions")
_SKILL: Final = _tag("recommended-language-skill")
_AREA: Final = _tag("subject-area")
_NUMBER: Final = _tag("mobilities-per-year")
_PDF_FILE: Final = _tag("pdf-file")
_OUNIT_ID: Final = _tag("ounit-id")
_SIGNING_CONTACT: Final = _tag("signing-contact")
_SIGNING_DATE: Final = _tag("signing-date")
_SENDING_HEI_ID: Final = _tag("sending-hei-id")
_SENDING_OUNIT_ID: Final = _tag("sending-ounit-id")
_SENDING_CONTACT: Final = _tag("sending-contact")
_RECEIVING_HEI_ID: Final = _tag("receiving-hei-id")
_RECEIVING_OUNIT_ID: Final = _tag("receiving-ounit-id")
_RECEIVING_CONTACT: Final = _tag("receiving-contact")
_FIRST_YEAR: Final = _tag("receiving-first-academic-year-id")
_LAST_YEAR: Final = _tag("receiving-last-academic-year-id")
_LANGUAGE: Final = _tag("language")
_CEFR_LEVEL: Final = _tag("cefr-level")
_ISCED_CODE: Final = _tag("isced-f-code")
_ISCED_CLARIFICATION: Final = _tag("isced-clarification")
_OTHER_INFO_TERMS: Final = _tag("other-info-terms")
_BLENDED: Final = _tag("blended")
_EQF_LEVEL: Final = _tag("eqf-level")
_TERMINATED: Final = "terminated-as-a-whole"
_NOT_YET: Final = "not-yet-defined"


# --- facts --------------------------------------------------------------------------------------------


def read_copies(  # noqa: PLR0913 - one reading's circumstances, keyword only
    document: bytes,
    *,
    called_hei_id: HeiId,
    own_hei_id: HeiId,
    fetched_at: datetime,
    source: str,
    tree: Element | None = None,
    own_iia_ids: Collection[str] = (),
    digest: Sha256 | None = None,
) -> list[ReadCopy]:
    """Read the facts of every agreement in a response of `called_hei_id` to us.

    Shape:   document order; all share the bytes. `tree` is the parsed document and `digest` its SHA-256 where
             the caller has them. The holder's part is the one that names the called HEI, wherever it stands;
             where none does, the first. `own_iia_ids` help to explain a wrong hash and nothing else.
    Raises:  InvalidDocument (also for a copy without the holder's id, which the schema allows).
    """
    if tree is None:
        tree = open_document(document, wire.IIAS_V7_GET_ROOT)
    if digest is None:
        digest = Sha256(sha256(document).hexdigest())
    read = []
    for position, facts in enumerate(read_facts(tree, document)):
        first, second = facts.parties
        swapped = first.hei_id != called_hei_id and second.hei_id == called_hei_id
        holder, other = (second, first) if swapped else (first, second)
        if not holder.iia_id:
            raise _without_id(agreement_elements(tree)[position], holder, 1 if swapped else 0)
        hashed = facts.hashed
        computed = hashed.sha256 if hashed else None
        copy = AgreementCopy(
            source=source,
            holder_hei_id=called_hei_id,
            iia_id=IiaId(holder.iia_id),
            partner_hei_id=own_hei_id,
            partner_iia_id=IiaId(other.iia_id) if other.iia_id else None,
            listed_hei_ids=(first.hei_id, second.hei_id),
            iia_code=holder.iia_code,
            partner_iia_code=other.iia_code,
            in_effect=facts.in_effect,
            terminated=facts.terminated,
            iia_hash=IiaHash(facts.declared) if facts.declared else None,
            computed_hash=computed,
            hash_verdict=HashVerdict.MATCHES
            if computed is not None and facts.declared == computed
            else diagnose(
                agreement_elements(tree)[position], facts.declared, alone=hashed, own_iia_ids=own_iia_ids
            ),
            valid_for_approval=hashed is not None and hashed.valid_for_approval,
            content_digest=hashed.content_digest
            if hashed
            else lenient_content_digest(agreement_elements(tree)[position]),
            document=DocumentRef(digest, FORMAT, position),
            fetched_at=fetched_at,
            stray_attributes=hashed is not None and hashed.stray_attributes,
            text_digest=facts.text_digest,
        )
        read.append(ReadCopy(copy, document))
    return read


def _without_id(iia: Element, holder: Party, place: int) -> InvalidDocument:
    partner = list(iia.iterchildren(_PARTNER))[place]
    return wrong_content(
        "partner has no iia-id" if holder.iia_id is None else "the holder's iia-id is empty", partner
    )


# --- decode -------------------------------------------------------------------------------------------


def decode_all(document: bytes | Element) -> list[Iia]:
    """Decode every agreement of a response, in document order. Raises InvalidDocument."""
    tree = open_document(document, wire.IIAS_V7_GET_ROOT)
    return [decode(iia) for iia in agreement_elements(tree)]


def decode_at(document: bytes, position: int) -> Iia:
    """Decode the agreement at `position` (from 0) of a stored response. Raises InvalidDocument."""
    alone = _alone(document, position) if len(document) > _MANY else None
    if alone is not None:
        return decode(parse(alone))
    tree = open_document(document, wire.IIAS_V7_GET_ROOT)
    agreements = agreement_elements(tree)
    if not 0 <= position < len(agreements):
        raise wrong_content(f"the document holds {len(agreements)} agreements, none at {position}", tree)
    return decode(agreements[position])


class _Found(Exception):
    """Scanning found what it was for."""


def _alone(document: bytes, position: int) -> bytes | None:
    """The element of one agreement, without parsing its neighbours; None where only a parser can tell."""
    places = count()

    def take(found: Found | None) -> None:
        if next(places) == position:
            raise _Found(None if found is None else found.written)

    try:
        scan(document, take)
    except _Found as found:
        written: bytes | None = found.args[0]
        return written
    return None


def decode(iia: Element) -> Iia:
    """Decode one `iia` element.

    Raises:  InvalidDocument (content) where a required part is missing or a value is not what it should be.
    """
    parts = Parts(iia)
    partners = [_read_partner(Parts(partner)) for partner in parts.all(_PARTNER)]
    if len(partners) != 2:
        raise wrong_content(f"an agreement has two partners, not {len(partners)}", iia)
    conditions = parts.required(_CONDITIONS)
    return Iia(
        partners=(partners[0], partners[1]),
        in_effect=boolean(parts.required(_IN_EFFECT)),
        conditions=tuple([_read_condition(each) for each in conditions.iterchildren("*")]),
        iia_hash=parts.text(_IIA_HASH),
        terminated_as_a_whole=boolean_attribute(conditions, _TERMINATED),
        pdf_file=parts.text(_PDF_FILE),
    )


def _read_partner(parts: Parts) -> IiaPartner:
    signing_contact, signing_date = parts.one(_SIGNING_CONTACT), parts.one(_SIGNING_DATE)
    return IiaPartner(
        hei_id=parts.required_text(_HEI_ID),
        iia_id=parts.text(_IIA_ID),
        iia_code=parts.text(_IIA_CODE),
        ounit_id=parts.text(_OUNIT_ID),
        signing_contact=None if signing_contact is None else read_contact(signing_contact),
        signing_date=None if signing_date is None else day(signing_date),
        contacts=tuple(map(read_contact, parts.all(CONTACT))),
    )


def _read_condition(condition: Element) -> CooperationCondition:
    kind = _KINDS.get(condition.tag)
    if kind is None:
        raise wrong_content("no known kind of mobility", condition)
    parts = Parts(condition)
    number, total, blended = parts.required(_NUMBER), parts.one(_TOTALS[kind]), parts.one(_BLENDED)
    return CooperationCondition(
        kind=kind,
        sending_hei_id=parts.required_text(_SENDING_HEI_ID),
        receiving_hei_id=parts.required_text(_RECEIVING_HEI_ID),
        receiving_first_academic_year_id=parts.required_text(_FIRST_YEAR),
        receiving_last_academic_year_id=parts.required_text(_LAST_YEAR),
        mobilities_per_year=integer(number),
        mobilities_not_yet_defined=boolean_attribute(number, _NOT_YET) or False,
        sending_ounit_id=parts.text(_SENDING_OUNIT_ID),
        receiving_ounit_id=parts.text(_RECEIVING_OUNIT_ID),
        sending_contacts=tuple(map(read_contact, parts.all(_SENDING_CONTACT))),
        receiving_contacts=tuple(map(read_contact, parts.all(_RECEIVING_CONTACT))),
        language_skills=tuple(map(_read_skill, parts.all(_SKILL))),
        subject_areas=tuple(map(_read_area, parts.all(_AREA))),
        other_info_terms=parts.text(_OTHER_INFO_TERMS),
        total_per_year=None if total is None else decimal(total),
        blended=None if blended is None else boolean(blended),
        eqf_levels=tuple(map(integer, parts.all(_EQF_LEVEL))),
    )


def _read_skill(skill: Element) -> LanguageSkill:
    parts = Parts(skill)
    area = parts.one(_AREA)
    return LanguageSkill(
        language=token(parts.required(_LANGUAGE)),
        cefr_level=parts.text(_CEFR_LEVEL),
        subject_area=None if area is None else _read_area(area),
        not_yet_defined=boolean_attribute(skill, _NOT_YET) or False,
    )


def _read_area(area: Element) -> SubjectArea:
    parts = Parts(area)
    code = parts.required(_ISCED_CODE)
    return SubjectArea(
        isced_f_code=string_value(code),
        isced_clarification=parts.text(_ISCED_CLARIFICATION),
        v6_value=code.get("v6-value") or None,
    )


# --- encode -------------------------------------------------------------------------------------------


def encode(iias: Sequence[Iia]) -> bytes:
    """Write a response that holds these agreements, each with the hash of what is written.

    Shape:   UTF-8 with a declaration, indented by two blanks. Conditions are grouped by kind, as the format
             wants it, and otherwise keep their order. `iia_hash` of the input is ignored: the hash is
             computed over the finished bytes, each agreement for itself.
    Raises:  ValueError for what XML or the format cannot say (a control character; a student condition
             without `blended`).
    """
    root = new_document(wire.IIAS_V7_GET_ROOT, c=wire.CONTACT, p=wire.PHONE, a=wire.ADDRESS)
    for iia in iias:
        _write_iia(root, iia)
    served = parse(finished(root))
    for element in agreement_elements(served):
        required_child(element, _IIA_HASH).text = hash_text(element).sha256
    return finished(served)


def _add(parent: Element, name: str, value: str | None) -> Element | None:
    """Append a leaf, unless there is nothing to say."""
    if value is None:
        return None
    element = etree.SubElement(parent, _tag(name))
    element.text = value
    return element


def _write_iia(root: Element, iia: Iia) -> None:
    element = etree.SubElement(root, _tag("iia"))
    for partner in iia.partners:
        _write_partner(element, partner)
    _add(element, "in-effect", _boolean(iia.in_effect))
    conditions = etree.SubElement(element, _CONDITIONS)
    if iia.terminated_as_a_whole is not None:
        conditions.set(_TERMINATED, _boolean(iia.terminated_as_a_whole))
    for condition in sorted(iia.conditions, key=lambda each: _PLACES[each.kind]):
        _write_condition(conditions, condition)
    _add(element, "iia-hash", "")
    _add(element, "pdf-file", iia.pdf_file)


def _write_partner(iia: Element, partner: IiaPartner) -> None:
    element = etree.SubElement(iia, _PARTNER)
    _add(element, "hei-id", partner.hei_id)
    _add(element, "ounit-id", partner.ounit_id)
    _add(element, "iia-id", partner.iia_id)
    _add(element, "iia-code", partner.iia_code)
    if partner.signing_contact is not None:
        write_contact(element, _tag("signing-contact"), partner.signing_contact)
    if partner.signing_date is not None:
        _add(element, "signing-date", partner.signing_date.isoformat())
    for contact in partner.contacts:
        write_contact(element, CONTACT, contact)


def _write_condition(conditions: Element, condition: CooperationCondition) -> None:
    element = etree.SubElement(conditions, _CONDITION_TAGS[condition.kind])
    _write_parties_and_years(element, condition)
    number = etree.SubElement(element, _NUMBER)
    number.text = str(condition.mobilities_per_year)
    _flag(number, set_it=condition.mobilities_not_yet_defined)
    for skill in condition.language_skills:
        _write_skill(element, skill)
    for area in condition.subject_areas:
        _write_area(element, area)
    _add(element, "other-info-terms", condition.other_info_terms)
    if condition.total_per_year is not None:
        etree.SubElement(element, _TOTALS[condition.kind]).text = f"{condition.total_per_year.normalize():f}"
    if condition.kind.is_student:
        if condition.blended is None:
            raise ValueError("a student condition must say whether it is blended")
        _add(element, "blended", _boolean(condition.blended))
        for level in condition.eqf_levels:
            _add(element, "eqf-level", str(level))
    elif condition.blended is not None or condition.eqf_levels:
        raise ValueError("a staff condition has neither blended format nor EQF levels")


def _write_parties_and_years(element: Element, condition: CooperationCondition) -> None:
    _add(element, "sending-hei-id", condition.sending_hei_id)
    _add(element, "sending-ounit-id", condition.sending_ounit_id)
    _write_contacts(element, "sending-contact", condition.sending_contacts)
    _add(element, "receiving-hei-id", condition.receiving_hei_id)
    _add(element, "receiving-ounit-id", condition.receiving_ounit_id)
    _write_contacts(element, "receiving-contact", condition.receiving_contacts)
    _add(element, "receiving-first-academic-year-id", condition.receiving_first_academic_year_id)
    _add(element, "receiving-last-academic-year-id", condition.receiving_last_academic_year_id)


def _write_contacts(element: Element, name: str, contacts: Iterable[Contact]) -> None:
    for contact in contacts:
        write_contact(element, _tag(name), contact)


def _write_skill(condition: Element, skill: LanguageSkill) -> None:
    element = etree.SubElement(condition, _SKILL)
    _flag(element, set_it=skill.not_yet_defined)
    _add(element, "language", skill.language)
    _add(element, "cefr-level", skill.cefr_level)
    if skill.subject_area is not None:
        _write_area(element, skill.subject_area)


def _write_area(parent: Element, area: SubjectArea) -> None:
    element = etree.SubElement(parent, _AREA)
    code = etree.SubElement(element, _tag("isced-f-code"))
    code.text = area.isced_f_code
    if area.v6_value is not None:
        code.set("v6-value", area.v6_value)
    _add(element, "isced-clarification", area.isced_clarification)


def _flag(element: Element, *, set_it: bool) -> None:
    if set_it:
        element.set(_NOT_YET, "true")  # the format forbids sending false


def _boolean(value: bool) -> str:  # noqa: FBT001 - a value to write, not a switch
    return "true" if value else "false"
