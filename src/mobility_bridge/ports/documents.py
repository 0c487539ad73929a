"""Tools for documents in hand: no network, no store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.identifiers import IiaHash, IiaId, Sha256
from mobility_bridge.domain.snapshot import HashVerdict


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """Why a document is not valid: line from 1, XPath, and what was expected there."""

    line: int | None
    path: str | None
    message: str


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Which API's document this is, if it is one, and what is wrong with it."""

    valid: bool
    api: str | None
    version: str | None
    problems: tuple[DocumentProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class HashedAgreement:
    """One agreement of a document, in document order, as the official text defines its hash.

    `sha256` and `valid_for_approval` are those of the whole document, as the network's own stylesheet
    gives them; `alone_sha256` and `alone_valid_for_approval` are those of the agreement by itself. They
    differ only where a neighbour is terminated or flagged. `declared` is what the document says, `verdict`
    what comparing it gave, and `text` the hashed text. `way` names the code that hashed the agreement by
    itself, `compiled` or `python`; both give the same.
    """

    iia_id: IiaId
    sha256: IiaHash
    valid_for_approval: bool
    alone_sha256: IiaHash
    alone_valid_for_approval: bool
    declared: str | None
    verdict: HashVerdict
    text: str
    content_digest: Sha256
    conditions_hash: str | None = None
    way: str = "python"


class DocumentInspector(Protocol):
    """Validates, hashes and decodes documents of one network."""

    def validate(self, document: bytes) -> ValidationReport:
        """Say whether a document is valid, naming every problem; never raises for bad input."""
        ...

    def hashes(self, document: bytes) -> Sequence[HashedAgreement]:
        """Hash every agreement of a get response of IIAs 7 or 6.

        Raises:  InvalidDocument for what is not XML, has a DOCTYPE or cannot be hashed.
        Source:  EWP IIAs API 7.0.0, hash text.
        """
        ...

    def agreements(self, document: bytes) -> Sequence[Iia]:
        """Decode every agreement of a get response of IIAs 7. Raises InvalidDocument."""
        ...

    def write(self, iia: Iia) -> bytes:
        """Write one agreement as a get response of IIAs 7, its `iia-hash` computed over what is written."""
        ...

    def segments(self, document: bytes, position: int = 0) -> Sequence[str]:
        """Return the hashed text of one agreement by segments, for showing where two texts part."""
        ...
