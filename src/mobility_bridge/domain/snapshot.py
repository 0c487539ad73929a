"""One copy of one agreement at one moment: facts read without decoding the whole document."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mobility_bridge.domain.identifiers import Fingerprint, HeiId, IiaHash, IiaId, Sha256


class HashVerdict(StrEnum):
    """Whether a copy's declared `iia-hash` is the one that its text gives, and if not, why.

    Source: EWP agreements: hash trouble; the first cause that fits is named.
    """

    MATCHES = "matches"
    NOT_DECLARED = "not_declared"
    NOT_CHECKED = "not_checked"
    DOC_SCOPE = "HASH_DOC_SCOPE"
    BEFORE_MAPPING = "HASH_BEFORE_MAPPING"
    SWAPPED_IDS = "HASH_SWAPPED_IDS"
    LAYOUT = "HASH_LAYOUT"
    ENCODING = "HASH_ENCODING"
    LEXICAL = "HASH_LEXICAL"
    EMPTY_ELEMENTS = "HASH_EMPTY_ELEMENTS"
    CONTACTS = "HASH_CONTACTS"
    OLD_STYLESHEET = "HASH_OLD_STYLESHEET"
    CASE = "HASH_CASE"
    NOT_COMPUTABLE = "HASH_NOT_COMPUTABLE"
    DECLARED_WRONG = "HASH_DECLARED_WRONG"

    @property
    def trusted(self) -> bool:
        """The declared hash may be used to tell approvals and revisions apart."""
        return self in (HashVerdict.MATCHES, HashVerdict.DOC_SCOPE)


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """Where the bytes of a copy are kept, and which agreement in them it is.

    `format` names the codec (`ewp.iias.v7`, `mobility_online.agreement`); `position` counts from 0.
    """

    sha256: Sha256
    format: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document that is kept: enough to tell whether other bytes are the same.

    `fingerprint` is None where it was never taken; then the bytes must be digested.
    """

    sha256: Sha256
    fingerprint: Fingerprint | None = None


@dataclass(frozen=True, slots=True)
class LocalRecord:
    """What our own system says about a copy beyond its terms.

    `own_approval`: we approved the partner's copy; `partner_approval`: our system believes that the partner
    approved ours. `problems` are values that could not be mapped, as (field, value).
    """

    status: str
    own_approval: bool = False
    partner_approval: bool = False
    record_ids: tuple[str, ...] = ()
    modified_at: datetime | None = None
    last_notified_at: datetime | None = None
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementCopy:
    """One HEI's copy of one agreement, as last read.

    `holder_hei_id` is the HEI that was asked (or is us) and `iia_id` its own id; `listed_hei_ids` are the
    parties in the order of the document. `iia_hash` is the declared hash, `computed_hash` ours over the same
    bytes (None where it cannot be computed). `content_digest` covers the hashed text without the ids, so it
    is equal on two copies with literally the same terms. `stray_attributes`: attributes inside conditions
    that the format does not define. `text_digest` covers all that the holder wrote about this agreement, also
    what is not hashed, but none of its neighbours in the document.
    """

    source: str
    holder_hei_id: HeiId
    iia_id: IiaId
    partner_hei_id: HeiId
    partner_iia_id: IiaId | None
    listed_hei_ids: tuple[str, ...]
    iia_code: str | None
    partner_iia_code: str | None
    in_effect: bool
    terminated: bool | None
    iia_hash: IiaHash | None
    computed_hash: IiaHash | None
    hash_verdict: HashVerdict
    valid_for_approval: bool
    content_digest: Sha256
    document: DocumentRef
    fetched_at: datetime
    stray_attributes: bool = False
    record: LocalRecord | None = None
    text_digest: Sha256 | None = None

    def says_the_same_as(self, other: "AgreementCopy") -> bool:
        """Whether two readings of one copy differ in nothing but when, and in which document, they came."""
        if self.text_digest is None or self.text_digest != other.text_digest:
            return replace(self, fetched_at=other.fetched_at) == other
        return replace(self, fetched_at=other.fetched_at, document=other.document) == other


@dataclass(frozen=True, slots=True)
class StoredCopy:
    """A copy in the store: the copy, and what time did to it.

    `first_seen_at` when this id was first read, `changed_at` when its document last changed, `confirmed_at`
    when it was last read or known to be unchanged; `gone_at` when the holder stopped serving it.
    """

    copy: AgreementCopy
    first_seen_at: datetime
    changed_at: datetime
    confirmed_at: datetime
    gone_at: datetime | None = None

    @property
    def live(self) -> bool:
        return self.gone_at is None


@dataclass(frozen=True, slots=True)
class CopyChange:
    """What storing did to one copy; `former` is its state before, None for a copy that is new."""

    copy: AgreementCopy
    former: StoredCopy | None
