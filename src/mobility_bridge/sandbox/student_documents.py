"""The XML about students: nominations, learning agreements, dates, transcripts; written by hand.

Source: EWP Outgoing Mobilities API 3.0.0, Outgoing Mobility Learning Agreements API 1.2.0, Incoming Mobilities
API 2.0.0, Incoming Mobility ToRs API 3.0.0 with ELMO 2.1.1, the CNR APIs beside them, common types 1.16.0.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from html import escape
from typing import Final

from mobility_bridge.sandbox.documents import COMMON_NS, tag
from mobility_bridge.sandbox.learning_agreements import (
    Component,
    LearningAgreement,
    Lists,
    Proposal,
    Signature,
    Version,
)
from mobility_bridge.sandbox.students import Grade, Office, Stay, Student, Transcript

_EWP: Final = "https://github.com/erasmus-without-paper"
_LAS: Final = f"{_EWP}/ewp-specs-api-omobility-las/blob/stable-v1/endpoints"
_OMOBILITIES: Final = f"{_EWP}/ewp-specs-api-omobilities/blob/stable-v3/endpoints"
_TORS: Final = f"{_EWP}/ewp-specs-api-imobility-tors/blob/stable-v3/endpoints"
LA_GET_NS: Final = f"{_LAS}/get-response.xsd"
LA_INDEX_NS: Final = f"{_LAS}/index-response.xsd"
LA_UPDATE_NS: Final = f"{_LAS}/update-request.xsd"
LA_UPDATED_NS: Final = f"{_LAS}/update-response.xsd"
OMOBILITIES_GET_NS: Final = f"{_OMOBILITIES}/get-response.xsd"
OMOBILITIES_INDEX_NS: Final = f"{_OMOBILITIES}/index-response.xsd"
OMOBILITIES_UPDATE_NS: Final = f"{_OMOBILITIES}/update-request.xsd"
OMOBILITIES_UPDATED_NS: Final = f"{_OMOBILITIES}/update-response.xsd"
IMOBILITIES_NS: Final = f"{_EWP}/ewp-specs-api-imobilities/blob/stable-v2/endpoints/get-response.xsd"
TORS_GET_NS: Final = f"{_TORS}/get-response.xsd"
TORS_INDEX_NS: Final = f"{_TORS}/index-response.xsd"
ELMO_NS: Final = "https://github.com/emrex-eu/elmo-schemas/tree/v2"
TERM_NS: Final = f"{_EWP}/ewp-specs-types-academic-term/tree/stable-v2"
PHONE_NS: Final = f"{_EWP}/ewp-specs-types-phonenumber/tree/stable-v1"
_CNR_NS: Final = {
    "omobility-cnr": f"{_EWP}/ewp-specs-api-omobility-cnr/tree/stable-v2",
    "omobility-la-cnr": f"{_EWP}/ewp-specs-api-omobility-la-cnr/tree/stable-v1",
    "imobility-cnr": f"{_EWP}/ewp-specs-api-imobility-cnr/tree/stable-v2",
    "imobility-tor-cnr": f"{_EWP}/ewp-specs-api-imobility-tor-cnr/tree/stable-v2",
}
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SCALE: Final = (("A", 9), ("B", 21), ("C", 34), ("D", 12), ("E", 6), ("F", 8))


def _document(root: str, namespace: str, body: str, more: str = "") -> bytes:
    return f'{_HEAD}<{root} xmlns="{namespace}"{more}>{body}</{root}>\n'.encode()


def omobilities_get(stays: Iterable[Stay]) -> bytes:
    return _document("omobilities-get-response", OMOBILITIES_GET_NS, "".join(map(_nomination, stays)))


def omobilities_index(ids: Iterable[str]) -> bytes:
    return _document("omobilities-index-response", OMOBILITIES_INDEX_NS, _ids(ids))


def omobilities_updated(message: str) -> bytes:
    body = f'<ewp:success-user-message xmlns:ewp="{COMMON_NS}">{escape(message)}</ewp:success-user-message>'
    return _document("omobilities-update-response", OMOBILITIES_UPDATED_NS, body)


def las_get(stays: Iterable[Stay]) -> bytes:
    body = "".join(_agreement(stay, stay.la) for stay in stays if stay.la is not None)
    more = f' xmlns:trm="{TERM_NS}" xmlns:p="{PHONE_NS}"'
    return _document("omobility-las-get-response", LA_GET_NS, body, more)


def las_index(ids: Iterable[str]) -> bytes:
    return _document("omobility-las-index-response", LA_INDEX_NS, _ids(ids))


def las_updated(message: str) -> bytes:
    body = f'<ewp:success-user-message xmlns:ewp="{COMMON_NS}">{escape(message)}</ewp:success-user-message>'
    return _document("omobility-las-update-response", LA_UPDATED_NS, body)


def imobilities_get(stays: Iterable[Stay]) -> bytes:
    body = "".join(
        f"<student-mobility>{tag('omobility-id', each.omobility_id)}"
        f"{tag('actual-arrival-date', _day(each.arrived_on))}"
        f"{tag('actual-departure-date', _day(each.departed_on))}</student-mobility>"
        for each in stays
    )
    return _document("imobilities-get-response", IMOBILITIES_NS, body)


def tors_get(stays: Iterable[Stay]) -> bytes:
    body = "".join(_transcript(each, each.transcript) for each in stays if each.transcript is not None)
    return _document("imobility-tors-get-response", TORS_GET_NS, body)


def tors_index(ids: Iterable[str]) -> bytes:
    return _document("imobility-tors-index-response", TORS_INDEX_NS, _ids(ids))


def cnr_response(api: str) -> bytes:
    return _document(f"{api}-response", _CNR_NS[api], "")


def conflict(message: str) -> bytes:
    body = tag("developer-message", message) + tag("user-message", message)
    return _document("error-response", COMMON_NS, body)


def _ids(ids: Iterable[str]) -> str:
    return "".join(tag("omobility-id", each) for each in ids)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _nomination(stay: Stay) -> str:
    student, told = stay.student, stay.nomination
    if told.term is None:
        period = "<non-standard-mobility-period/>"
    else:
        period = tag("sending-academic-term-ewp-id", told.term)
    return (
        f"<student-mobility>{tag('omobility-id', stay.omobility_id)}<student>"
        f"{tag('given-names', student.given_names)}"
        f"{''.join(_named('given-names', given, lang) for given, _, lang in student.scripts)}"
        f"{tag('family-name', student.family_name)}"
        f"{''.join(_named('family-name', family, lang) for _, family, lang in student.scripts)}"
        f"{tag('global-id', student.global_id)}{tag('birth-date', _day(student.birth_date))}"
        f"{tag('nationality', student.citizenship)}{tag('gender', str(student.gender))}"
        f"{tag('email', student.email)}</student>"
        f'<nomination proposal-id="{stay.proposal_id}">'
        f"{_side('sending', stay.sending_hei_id, told.sending_unit_id, told.sending_iia_id)}"
        f"{_side('receiving', stay.receiving_hei_id, told.receiving_unit_id, told.receiving_iia_id)}"
        f"{period}{tag('receiving-academic-year-id', told.receiving_year)}"
        f"{tag('activity-type', 'student-studies')}{tag('activity-attributes', told.activity)}"
        f"{tag('agreement-isced-f-code', told.isced)}"
        f"{tag('eqf-level-studied-at-departure', str(told.eqf_level))}"
        f"{tag('nominee-isced-f-code', told.nominee_isced)}{tag('comment', told.comment)}</nomination>"
        f"{tag('status', stay.status)}</student-mobility>"
    )


def _named(name: str, text: str, lang: str) -> str:
    return f'<{name} xml:lang="{lang}">{escape(text, quote=False)}</{name}>'


def _side(side: str, hei_id: str, unit_id: str | None, iia_id: str | None) -> str:
    return (
        f"<{side}-hei>{tag('hei-id', hei_id)}{tag('ounit-id', unit_id)}{tag('iia-id', iia_id)}</{side}-hei>"
    )


def _agreement(stay: Stay, la: LearningAgreement) -> str:
    language, level = stay.language
    return (
        f"<la>{tag('omobility-id', stay.omobility_id)}"
        f"{_office('sending-hei', stay.sending_hei_id, stay.sending_office)}"
        f"{_office('receiving-hei', stay.receiving_hei_id, stay.receiving_office)}"
        f"{tag('receiving-academic-year-id', stay.nomination.receiving_year)}"
        f"<student>{_student(stay.student)}</student>"
        f"{tag('start-date', _day(stay.starts_on))}{tag('end-date', _day(stay.ends_on))}"
        f"{tag('eqf-level-studied-at-departure', str(stay.nomination.eqf_level))}"
        f"{tag('isced-f-code', stay.nomination.nominee_isced)}"
        f"<student-language-skill>{tag('language', language)}{tag('cefr-level', level)}</student-language-skill>"
        f"{_version('first-version', la.first)}{_version('approved-changes', la.changes)}"
        f"{_proposal(la.proposal)}</la>"
    )


def _office(name: str, hei_id: str, office: Office) -> str:
    phone = ""
    if office.phone is not None:
        phone = f"<p:phone-number>{tag('p:e164', office.phone)}</p:phone-number>"
    return (
        f"<{name}>{tag('hei-id', hei_id)}{tag('ounit-name', office.unit_name)}{tag('ounit-id', office.unit_id)}"
        f"<contact-person>{tag('given-names', office.given_names)}{tag('family-name', office.family_name)}"
        f"{tag('email', office.email)}{phone}</contact-person></{name}>"
    )


def _student(student: Student) -> str:
    return (
        f"{tag('given-names', student.given_names)}{tag('family-name', student.family_name)}"
        f"{tag('global-id', student.global_id)}{tag('birth-date', _day(student.birth_date))}"
        f"{tag('citizenship', student.citizenship)}{tag('gender', str(student.gender))}"
        f"{tag('email', student.email)}"
    )


def _version(name: str, version: Version | None) -> str:
    return "" if version is None else f"<{name}>{_signed(version)}</{name}>"


def _proposal(proposal: Proposal | None) -> str:
    if proposal is None:
        return ""
    changed = "".join(tag(name, value) for name, value in proposal.student_changes)
    student = f"<student>{changed}</student>" if changed else ""
    return (
        f'<changes-proposal id="{escape(proposal.proposal_id)}">{_signed(proposal.version)}{student}'
        "</changes-proposal>"
    )


def _signed(version: Version) -> str:
    return (
        f"{_lists(version.lists)}{_signature('student', version.student)}"
        f"{_signature('sending-hei', version.sending)}"
        f"{_signature('receiving-hei', version.receiving) if version.receiving else ''}"
    )


def _lists(lists: Lists) -> str:
    named = (
        ("components-studied", lists.studied),
        ("components-recognized", lists.recognized),
        ("virtual-components", lists.virtual),
        ("blended-mobility-components", lists.blended),
        ("short-term-doctoral-components", lists.doctoral),
    )
    return "".join(
        f"<{name}>{''.join(map(_component, components))}</{name}>"
        for name, components in named
        if components is not None
    )


def _component(each: Component) -> str:
    marks = "".join(
        f' {name}="{escape(value)}"'
        for name, value in (
            ("status", each.status),
            ("reason-code", each.reason_code),
            ("reason-text", each.reason_text),
        )
        if value is not None
    )
    return f"<component{marks}>{''.join(_component_parts(each))}</component>"


def _component_parts(each: Component) -> Iterator[str]:
    yield tag("los-id", each.los_id)
    yield tag("los-code", each.code)
    yield tag("title", each.title)
    yield tag("loi-id", each.loi_id)
    if each.term is not None:
        number, total = each.term
        yield f"<term-id>{tag('trm:term-number', str(number))}{tag('trm:total-terms', str(total))}</term-id>"
    if each.credits is not None:
        yield f"<credit>{tag('scheme', each.scheme)}{tag('value', each.credits)}</credit>"
    yield tag("recognition-conditions", each.conditions)
    yield tag("short-description", each.description)


def _signature(name: str, signature: Signature) -> str:
    return (
        f"<{name}-signature>{tag('signer-name', signature.name)}{tag('signer-position', signature.position)}"
        f"{tag('signer-email', signature.email)}{tag('timestamp', _moment(signature.at))}"
        f"{tag('signer-app', signature.application)}</{name}-signature>"
    )


def _transcript(stay: Stay, transcript: Transcript) -> str:
    isced = sorted({each.isced for each in transcript.grades if each.isced is not None})
    tables = "".join(
        f'<iscedTable iscedCode="{code}">'
        f"{''.join(_frequency(label, count) for label, count in _SCALE)}</iscedTable>"
        for code in isced
    )
    conversion = f"<gradeConversionTable>{tables}</gradeConversionTable>" if tables else ""
    return (
        f"<tor>{tag('omobility-id', stay.omobility_id)}"
        f"{tag('receiving-academic-year-id', transcript.year or stay.nomination.receiving_year)}"
        f'<elmo xmlns="{ELMO_NS}">{tag("generatedDate", _moment(transcript.issued_at))}'
        f"{_learner(stay, transcript)}{_report(stay, transcript)}</elmo>{conversion}</tor>"
    )


def _frequency(label: str, count: int) -> str:
    share = 100 * count / sum(each for _, each in _SCALE)
    return f'<gradeFrequency label="{label}" percentage="{share:.1f}"/>'


def _learner(stay: Stay, transcript: Transcript) -> str:
    student = transcript.learner or stay.student
    esi = tag("identifier", student.global_id, type="esi") if transcript.identified else ""
    born = _day(student.birth_date) if transcript.identified else None
    family = student.family_name or ""
    return (
        f"<learner>{tag('citizenship', student.citizenship, type='ISO')}{esi}"
        f"{tag('givenNames', student.given_names)}{tag('familyName', family)}"
        f"{tag('alternativeName', f'{student.given_names} {family}'.strip())}{tag('dateOfBirth', born)}</learner>"
    )


def _report(stay: Stay, transcript: Transcript) -> str:
    kind = "schac" if transcript.identified else "local"
    number = (transcript.issuer or stay.receiving_hei_id) if transcript.identified else "1"
    return (
        f"<report><issuer>{tag('identifier', number, type=kind)}"
        f'<title xml:lang="en">{escape(stay.receiving_office.unit_name, quote=False)}</title>'
        f"{tag('url', f'https://{stay.receiving_hei_id}')}</issuer>"
        f"{''.join(_course(stay, transcript, each) for each in transcript.grades)}"
        f"{tag('issueDate', _moment(transcript.issued_at))}"
        '<gradingScheme localId="gs-1"><description xml:lang="en">A to E pass, F fails.</description></gradingScheme>'
        f"<status>{tag('code', 'FULL' if transcript.complete else 'PARTIAL_TEMPORARY')}</status></report>"
    )


def _course(stay: Stay, transcript: Transcript, each: Grade) -> str:
    los = (
        tag("identifier", each.los_id or f"CR/{each.code}", type="ewp-los-id")
        if transcript.identified
        else ""
    )
    loi = (
        tag("identifier", each.loi_id or f"CRI/{each.code}", type="ewp-loi-id")
        if transcript.identified
        else ""
    )
    start, end = stay.starts_on.isoformat(), stay.ends_on.isoformat()
    parts = "".join(f"<hasPart>{_course(stay, transcript, part)}</hasPart>" for part in each.parts)
    categories = "".join(f'<category label="{label}" count="{count}"/>' for label, count in _SCALE)
    return (
        f"<learningOpportunitySpecification>{los}{tag('identifier', each.code, type='local')}"
        f'<title xml:lang="en">{escape(each.title, quote=False)}</title>{tag("type", "Course")}'
        f"{tag('iscedCode', each.isced)}<specifies><learningOpportunityInstance>{loi}"
        f"{tag('start', start)}{tag('date', end)}"
        f'<academicTerm><title xml:lang="en">{stay.nomination.receiving_year}</title>'
        f"{tag('start', start)}{tag('end', end)}</academicTerm>"
        f"{tag('status', each.status)}{tag('gradingSchemeLocalId', 'gs-1')}{tag('resultLabel', each.label)}"
        f"<resultDistribution>{categories}</resultDistribution>"
        f"<credit>{tag('scheme', 'ects')}{tag('value', each.credits)}</credit>"
        f"</learningOpportunityInstance></specifies>{parts}</learningOpportunitySpecification>"
    )
