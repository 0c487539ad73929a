"""The document of one agreement: its records as canonical JSON, with what changes daily left out.

It is our own format, made because neither a SOAP answer nor a report has one document for each agreement.
Free places, approvals, hashes and times of change are not in it: they say nothing about the terms, and a
document that differs says that the terms do.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mobility_adapters.mobility_online.records import AgreementRecord
from mobility_adapters.mobility_online.values import plain
from mobility_bridge.domain.identifiers import HeiId, IiaId, Sha256
from mobility_bridge.errors import InvalidDocument

FORMAT: Final = "mobility_online.agreement"
SYSTEM: Final = "mobility_online"
_VERSION: Final = 1
_TERMS: Final = (
    "application_type",
    "person_type",
    "programme",
    "academic_years",
    "study_fields",
    "study_levels",
    "total_number",
    "total_months",
    "languages",
    "comment",
)


def write(
    iia_id: IiaId,
    iia_code: str | None,
    partner: tuple[HeiId, IiaId | None],
    records: Sequence[AgreementRecord],
) -> bytes:
    """Write the document; equal facts give equal bytes, whatever the order of the records."""
    ordered = sorted(records, key=lambda record: record.agreement_id)
    return _canonical(
        {
            "format": FORMAT,
            "version": _VERSION,
            "iia_id": iia_id,
            "iia_code": iia_code,
            "partner_hei_id": partner[0],
            "partner_iia_id": partner[1],
            "records": [_stated(record) for record in ordered],
        }
    )


def read(document: bytes) -> Mapping[str, Any]:
    """Read a document back.

    Raises:  InvalidDocument for what `write` has not written.
    """
    try:
        found = json.loads(document)
    except ValueError as error:
        raise _foreign("is not JSON") from error
    if not isinstance(found, dict) or (found.get("format"), found.get("version")) != (FORMAT, _VERSION):
        raise _foreign(f"is not a document of the format {FORMAT}, version {_VERSION}")
    return found


def content_digest(document: Mapping[str, Any], custom_fields: Iterable[str]) -> Sha256:
    """Digest what the network would see as terms: no ids, codes or labels, only configured custom fields."""
    wanted = set(custom_fields)
    terms = [
        {name: record[name] for name in _TERMS}
        | {"custom_fields": {k: v for k, v in record["custom_fields"].items() if k in wanted}}
        for record in document["records"]
    ]
    return digest(_canonical(terms))


def digest(data: bytes) -> Sha256:
    return Sha256(hashlib.sha256(data).hexdigest())


def _stated(record: AgreementRecord) -> dict[str, Any]:
    return {
        "agreement_id": record.agreement_id,
        "agreement_name": record.agreement_name,
        "agreement_number": record.identity.agreement_number,
        "application_type": record.application_type,
        "person_type": record.person_type,
        "institution_code": record.institution_code,
        "institution_name": record.institution_name,
        "country": record.country,
        "programme": record.programme,
        "programme_text": record.programme_text,
        "academic_years": list(record.academic_years),
        "valid_from": record.valid_from.isoformat() if record.valid_from else None,
        "valid_to": record.valid_to.isoformat() if record.valid_to else None,
        "study_fields": list(record.study_fields),
        "study_levels": list(record.study_levels),
        "total_number": record.total_number,
        "total_months": None if record.total_months is None else plain(record.total_months),
        "languages": [list(pair) for pair in record.languages],
        "coordinator": record.coordinator,
        "comment": record.comment,
        "partner_information": record.partner_information,
        "status": record.status,
        "custom_fields": dict(record.custom_fields),
    }


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _foreign(what: str) -> InvalidDocument:
    return InvalidDocument(
        f"The stored document {what}.", system=SYSTEM, reason="content", next_step="Read the source again."
    )
