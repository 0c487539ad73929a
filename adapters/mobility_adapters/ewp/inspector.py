"""Tools for documents in hand: validate, hash, decode. No settings, no network, no store."""

import re
from collections.abc import Sequence
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import iias_v6, iias_v7
from mobility_adapters.ewp.hash_diagnosis import diagnose
from mobility_adapters.ewp.hash_segments import V6, V7, Rules
from mobility_adapters.ewp.iia_hash import (
    HashText,
    document_hash_texts,
    hash_text,
    scanned_hash_text,
    text_segments,
)
from mobility_adapters.ewp.reading import agreement_elements, expect_root, parse, text, wrong_content
from mobility_adapters.ewp.scanning import Found, read_each
from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.schemas import SchemaProblem, SchemaSet, describe_root
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.documents import DocumentProblem, HashedAgreement, ValidationReport

LIMIT: Final = 64 * 1024 * 1024
"""Bytes of a document that somebody holds in their hands; larger ones are refused as too_large."""

# The parser ends its sentence with the position, of which the report has the line apart.
_LINE_AT_END: Final = re.compile(r", line [0-9]+(?=(?:, column [0-9]+)?$)")
_DECLARED: Final = wire.qname(wire.IIAS_V7_GET, "iia-hash")


class Inspector:
    """Implements `ports.documents.DocumentInspector` for the EWP network."""

    def __init__(self, schemas: SchemaSet | None = None) -> None:
        self._schemas = schemas or SchemaSet()

    def validate(self, document: bytes) -> ValidationReport:
        """Say whether a document is valid: libxml2 decides, xmlschema explains. Never raises for bad input."""
        try:
            tree = parse(document, limit=LIMIT)
        except InvalidDocument as error:
            message = error.message if error.line is None else _LINE_AT_END.sub("", error.message)
            problem = DocumentProblem(error.line, error.path, message)
            return ValidationReport(valid=False, api=None, version=None, problems=(problem,))
        kind = describe_root(tree.tag)
        found = self._schemas.explain(document) if self._schemas.validate(tree) else ()
        return ValidationReport(
            valid=not found,
            api=kind.api if kind else None,
            version=kind.version if kind else None,
            problems=tuple(map(_problem, found)),
        )

    def hashes(self, document: bytes) -> Sequence[HashedAgreement]:
        """Hash every agreement of a get response of version 7 or 6. Raises InvalidDocument."""
        tree, rules = _get_response(document)
        return _v6_hashes(tree) if rules is V6 else _v7_hashes(tree, document)

    def agreements(self, document: bytes) -> Sequence[Iia]:
        """Decode every agreement of a get response of version 7. Raises InvalidDocument."""
        return iias_v7.decode_all(parse(document, limit=LIMIT))

    def write(self, iia: Iia) -> bytes:
        """Write one agreement as a get response of version 7, its hash computed over what is written.

        Raises:  ValueError for terms that the format cannot state.
        """
        return iias_v7.encode([iia])

    def segments(self, document: bytes, position: int = 0) -> Sequence[str]:
        """Return the hashed text of one agreement, alone in its document, by segments.

        Raises:  InvalidDocument, also when there is no agreement at `position`.
        """
        tree, rules = _get_response(document)
        agreements = agreement_elements(tree)
        if not 0 <= position < len(agreements):
            raise wrong_content(f"the document holds {len(agreements)} agreements, none at {position}", tree)
        return text_segments(agreements[position], rules)


def _problem(problem: SchemaProblem) -> DocumentProblem:
    return DocumentProblem(problem.line, problem.path, problem.message)


def _get_response(document: bytes) -> tuple[Element, Rules]:
    tree = parse(document, limit=LIMIT)
    if tree.tag == wire.IIAS_V6_GET_ROOT:
        return tree, V6
    expect_root(tree, wire.IIAS_V7_GET_ROOT)
    return tree, V7


def _v7_hashes(tree: Element, document: bytes) -> list[HashedAgreement]:
    result = []
    hashed = read_each(tree, document, _compiled, _in_python)
    for iia, whole, (alone, way) in zip(
        agreement_elements(tree), document_hash_texts(tree), hashed, strict=True
    ):
        declared = text(iia, _DECLARED)
        result.append(
            HashedAgreement(
                iia_id=IiaId(whole.iia_id),
                sha256=whole.sha256,
                valid_for_approval=whole.valid_for_approval,
                alone_sha256=alone.sha256,
                alone_valid_for_approval=alone.valid_for_approval,
                declared=declared,
                verdict=diagnose(iia, declared, alone=alone),
                text=whole.text,
                content_digest=alone.content_digest,
                way=way,
            )
        )
    return result


def _compiled(found: Found) -> tuple[HashText, str]:
    return scanned_hash_text(found), "compiled"


def _in_python(iia: Element) -> tuple[HashText, str]:
    return hash_text(iia), "python"


def _v6_hashes(tree: Element) -> list[HashedAgreement]:
    """Version 6 declares the older `conditions-hash`, and knows no marker and no flag."""
    return [
        HashedAgreement(
            iia_id=IiaId(agreement.hash_text.iia_id),
            sha256=agreement.hash_text.sha256,
            valid_for_approval=True,
            alone_sha256=agreement.hash_text.sha256,
            alone_valid_for_approval=True,
            declared=agreement.declared,
            verdict=_v6_verdict(agreement),
            text=agreement.hash_text.text,
            content_digest=agreement.hash_text.content_digest,
            conditions_hash=agreement.conditions_hash,
        )
        for agreement in iias_v6.decode(tree)
    ]


def _v6_verdict(agreement: iias_v6.V6Agreement) -> HashVerdict:
    if not agreement.declared:
        return HashVerdict.NOT_DECLARED
    if agreement.declared == agreement.conditions_hash:
        return HashVerdict.MATCHES
    lowered = agreement.declared.strip().lower()
    return HashVerdict.CASE if lowered == agreement.conditions_hash else HashVerdict.DECLARED_WRONG
