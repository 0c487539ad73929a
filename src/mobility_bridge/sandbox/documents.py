"""The XML that partners answer with, written by hand, without line breaks between elements.

Source: EWP IIAs API 7.0.0, IIAs Approval API 2.0.0, IIA CNR API 3.0.0, IIA Approval CNR API 2.0.0,
Echo API 2.0.1, common types 1.16.0.
"""

from collections.abc import Iterable, Iterator
from html import escape

from mobility_bridge.sandbox.world import KINDS, Condition, Contact, Copy, Field, Language, PartnerApproval

_EWP = "https://github.com/erasmus-without-paper"
GET_NS = f"{_EWP}/ewp-specs-api-iias/blob/stable-v7/endpoints/get-response.xsd"
INDEX_NS = f"{_EWP}/ewp-specs-api-iias/blob/stable-v7/endpoints/index-response.xsd"
APPROVAL_NS = f"{_EWP}/ewp-specs-api-iias-approval/tree/stable-v2"
CNR_NS = f"{_EWP}/ewp-specs-api-iia-cnr/tree/stable-v3"
APPROVAL_CNR_NS = f"{_EWP}/ewp-specs-api-iia-approval-cnr/tree/stable-v2"
ECHO_NS = f"{_EWP}/ewp-specs-api-echo/tree/stable-v2"
COMMON_NS = f"{_EWP}/ewp-specs-architecture/blob/stable-v1/common-types.xsd"
CONTACT_NS = f"{_EWP}/ewp-specs-types-contact/tree/stable-v1"
_XSI_NS = "http://www.w3.org/2001/XMLSchema-instance"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def tag(name: str, text: str | None, **attributes: str | None) -> str:
    """One element with text; nothing at all when `text` is None. Underscores in attribute names are dashes."""
    if text is None:
        return ""
    written = "".join(
        f' {key.replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{escape(text, quote=False)}</{name}>"


def get_response(copies: Iterable[tuple[Copy, str]]) -> bytes:
    """A get answer with these copies, each with the hash that it declares."""
    body = "".join(_iia(copy, declared) for copy, declared in copies)
    return _document("iias-get-response", GET_NS, body, f' xmlns:c="{CONTACT_NS}"')


def index_response(ids: Iterable[str]) -> bytes:
    return _document("iias-index-response", INDEX_NS, "".join(tag("iia-id", each) for each in ids))


def approval_response(approvals: Iterable[PartnerApproval], *, with_ids: bool = True) -> bytes:
    body = "".join(
        f"<approval>{tag('iia-id', each.iia_id if with_ids else None)}"
        f"{tag('iia-hash', each.iia_hash)}</approval>"
        for each in approvals
    )
    return _document("iias-approval-response", APPROVAL_NS, body)


def cnr_response() -> bytes:
    return _document("iia-cnr-response", CNR_NS, "")


def approval_cnr_response() -> bytes:
    return _document("iia-approval-cnr-response", APPROVAL_CNR_NS, "")


def echo_response(hei_ids: Iterable[str], echoes: Iterable[str]) -> bytes:
    body = "".join(tag("hei-id", each) for each in hei_ids) + "".join(tag("echo", each) for each in echoes)
    return _document("response", ECHO_NS, body)


def error_response(developer_message: str) -> bytes:
    return _document("error-response", COMMON_NS, tag("developer-message", developer_message))


def _document(root: str, namespace: str, body: str, more: str = "") -> bytes:
    return f'{_HEAD}<{root} xmlns="{namespace}"{more}>{body}</{root}>\n'.encode()


def _iia(copy: Copy, declared: str) -> str:
    partners = [_holder(copy), _other(copy)]
    if copy.swapped:
        partners.reverse()
    terminated = "" if copy.terminated is None else f' terminated-as-a-whole="{copy.terminated}"'
    ordered = sorted(copy.conditions, key=lambda condition: KINDS.index(condition.kind))
    return (
        f"<iia>{''.join(partners)}"
        f"{tag('in-effect', 'true' if copy.in_effect else 'false')}"
        f"<cooperation-conditions{terminated}>{''.join(map(_condition, ordered))}</cooperation-conditions>"
        f"{tag('iia-hash', declared)}</iia>"
    )


def _holder(copy: Copy) -> str:
    signed = copy.signing_date.isoformat() if copy.signing_date else None
    return (
        f"<partner>{tag('hei-id', copy.first_hei_id or copy.holder_hei_id)}{tag('iia-id', copy.iia_id)}"
        f"{tag('iia-code', copy.iia_code)}{tag('signing-date', signed)}"
        f"{_contact('c:contact', copy.contact)}</partner>"
    )


def _other(copy: Copy) -> str:
    return (
        f"<partner>{tag('hei-id', copy.other_hei_id)}{tag('iia-id', copy.other_iia_id)}"
        f"{tag('iia-id', copy.extra_iia_id)}{tag('iia-code', copy.other_iia_code)}</partner>"
    )


def _condition(condition: Condition) -> str:
    return f"<{condition.kind}-mobility-spec>{''.join(_parts(condition))}</{condition.kind}-mobility-spec>"


def _parts(condition: Condition) -> Iterator[str]:
    yield tag("sending-hei-id", condition.sending_hei_id)
    yield tag("sending-ounit-id", condition.sending_ounit_id)
    yield _contact("sending-contact", condition.sending_contact)
    yield tag("receiving-hei-id", condition.receiving_hei_id)
    yield tag("receiving-ounit-id", condition.receiving_ounit_id)
    yield _contact("receiving-contact", condition.receiving_contact)
    yield tag("receiving-first-academic-year-id", condition.first_year)
    yield tag("receiving-last-academic-year-id", condition.last_year)
    undefined = "true" if condition.number_undefined else None
    yield tag("mobilities-per-year", condition.number, not_yet_defined=undefined)
    yield from map(_language, condition.languages)
    yield from (_subject_area(each, condition.stray_type) for each in condition.fields)
    yield tag("other-info-terms", condition.terms)
    if condition.is_student:
        yield tag("total-months-per-year", condition.total)
        yield tag("blended", condition.blended or "false")
        yield from (tag("eqf-level", level) for level in condition.levels)
    else:
        yield tag("total-days-per-year", condition.total)


def _language(language: Language) -> str:
    undefined = ' not-yet-defined="true"' if language.undefined else ""
    return (
        f"<recommended-language-skill{undefined}>{tag('language', language.code)}"
        f"{tag('cefr-level', language.level)}</recommended-language-skill>"
    )


def _subject_area(area: Field, stray_type: str | None) -> str:
    stray = f' xmlns:xsi="{_XSI_NS}" xsi:type="{stray_type}"' if stray_type else ""
    return (
        f"<subject-area{stray}>{tag('isced-f-code', area.code, v6_value=area.v6_value)}"
        f"{tag('isced-clarification', area.clarification)}</subject-area>"
    )


def _contact(name: str, contact: Contact | None) -> str:
    if contact is None:
        return ""
    return f"<{name}>{tag('c:contact-name', contact.name)}{tag('c:email', contact.email)}</{name}>"
