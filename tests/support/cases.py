"""Builders for agreements and cases: each names only what matters, the rest is an agreement in good order."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from mobility_bridge.domain.agreement import (
    CooperationCondition,
    Iia,
    IiaPartner,
    LanguageSkill,
    MobilityKind,
    SubjectArea,
)
from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import AgreementCase, Concluded, CopyView, IdStatus
from mobility_bridge.domain.discrepancy import Subject, SubjectKind
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId, Sha256
from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict, LocalRecord, StoredCopy

OURS = HeiId("nordhav.example")
THEIRS = HeiId("alderton.example")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=200)
LOCAL_ID = IiaId("nh-1")
PARTNER_ID = IiaId("ald-1")


def digest(text: str) -> Sha256:
    return Sha256(hashlib.sha256(text.encode()).hexdigest())


LOCAL_HASH = IiaHash(digest("our text"))
PARTNER_HASH = IiaHash(digest("their text"))


def condition(**changes: Any) -> CooperationCondition:
    """Two outgoing study places a year, 2026/2027 to 2028/2029."""
    base = CooperationCondition(
        kind=MobilityKind.STUDENT_STUDIES,
        sending_hei_id=OURS,
        receiving_hei_id=THEIRS,
        receiving_first_academic_year_id="2026/2027",
        receiving_last_academic_year_id="2028/2029",
        mobilities_per_year=2,
        language_skills=(LanguageSkill("en", "B2"),),
        subject_areas=(SubjectArea("0231"),),
        total_per_year=Decimal(10),
        blended=False,
        eqf_levels=(6, 7),
    )
    return replace(base, **changes)


def incoming(**changes: Any) -> CooperationCondition:
    """The same the other way round, unless changed."""
    return condition(**{"sending_hei_id": THEIRS, "receiving_hei_id": OURS, **changes})


def iia(*conditions: CooperationCondition, terminated: bool | None = None, serving: HeiId = OURS) -> Iia:
    """One copy with these conditions, or with one in each direction."""
    ours, theirs = IiaPartner(OURS, LOCAL_ID), IiaPartner(THEIRS, PARTNER_ID)
    return Iia(
        partners=(ours, theirs) if serving == OURS else (theirs, ours),
        in_effect=True,
        conditions=conditions or (condition(), incoming()),
        terminated_as_a_whole=terminated,
    )


def stored(copy: AgreementCopy, **changes: Any) -> StoredCopy:
    """A copy that has long been there and was read just now."""
    base = StoredCopy(copy, first_seen_at=LONG_AGO, changed_at=LONG_AGO, confirmed_at=NOW)
    return replace(base, **changes)


def local_copy(**changes: Any) -> AgreementCopy:
    """Our copy in Mobility-Online: active, approved by both, mapped."""
    base = AgreementCopy(
        source="mobility_online",
        holder_hei_id=OURS,
        iia_id=LOCAL_ID,
        partner_hei_id=THEIRS,
        partner_iia_id=PARTNER_ID,
        listed_hei_ids=(OURS, THEIRS),
        iia_code="NH/1",
        partner_iia_code="ALD/1",
        in_effect=True,
        terminated=None,
        iia_hash=LOCAL_HASH,
        computed_hash=None,
        hash_verdict=HashVerdict.NOT_CHECKED,
        valid_for_approval=True,
        content_digest=digest("our terms"),
        document=DocumentRef(digest("our document"), "mobility_online.agreement"),
        fetched_at=NOW,
        record=LocalRecord("ACTIVE", own_approval=True, partner_approval=True),
    )
    return replace(base, **changes)


def partner_copy(**changes: Any) -> AgreementCopy:
    """The partner's copy as the network shows it: hash verified, mapped."""
    base = AgreementCopy(
        source="ewp",
        holder_hei_id=THEIRS,
        iia_id=PARTNER_ID,
        partner_hei_id=OURS,
        partner_iia_id=LOCAL_ID,
        listed_hei_ids=(THEIRS, OURS),
        iia_code="ALD/1",
        partner_iia_code="NH/1",
        in_effect=True,
        terminated=None,
        iia_hash=PARTNER_HASH,
        computed_hash=PARTNER_HASH,
        hash_verdict=HashVerdict.MATCHES,
        valid_for_approval=True,
        content_digest=digest("their terms"),
        document=DocumentRef(digest("their document"), "ewp.iias.v7"),
        fetched_at=NOW,
    )
    return replace(base, **changes)


def local_view(terms: Iia | None = None, *, kept: dict[str, Any] | None = None, **changes: Any) -> CopyView:
    """Our copy with its terms; `kept` changes what the store says of it."""
    return CopyView(stored(local_copy(**changes), **(kept or {})), terms or iia())


def partner_view(terms: Iia | None = None, *, kept: dict[str, Any] | None = None, **changes: Any) -> CopyView:
    """The partner's copy with its terms; `kept` changes what the store says of it."""
    return CopyView(stored(partner_copy(**changes), **(kept or {})), terms or iia(serving=THEIRS))


def approval(side: ApprovalSide = ApprovalSide.BY_PARTNER, **changes: Any) -> Approval:
    """A current approval of the text that is served."""
    ours = side is ApprovalSide.BY_PARTNER
    base = Approval(
        side=side,
        partner_hei_id=THEIRS,
        iia_id=LOCAL_ID if ours else PARTNER_ID,
        iia_hash=LOCAL_HASH if ours else PARTNER_HASH,
        first_seen_at=LONG_AGO,
        last_seen_at=NOW,
    )
    return replace(base, **changes)


def concluded(**changes: Any) -> Concluded:
    """The present pair of texts, approved by both long ago."""
    base = Concluded(THEIRS, LOCAL_ID, PARTNER_ID, LOCAL_HASH, PARTNER_HASH, LONG_AGO)
    return replace(base, **changes)


def case(**changes: Any) -> AgreementCase:
    """An agreement in perfect order: mapped, the same terms, approved by both."""
    base = AgreementCase(
        own_hei_id=OURS,
        subject=Subject(SubjectKind.AGREEMENT, THEIRS, LOCAL_ID, PARTNER_ID),
        now=NOW,
        local=local_view(),
        partner=partner_view(),
        approval_by_partner=approval(),
        approval_by_us=approval(ApprovalSide.BY_US),
        concluded=concluded(),
        listed_id_status=IdStatus.LIVE,
        listed_in_index=True,
        approvals_read_at=NOW,
    )
    return replace(base, **changes)


def unapproved(**changes: Any) -> AgreementCase:
    """The same agreement before anybody approved it, shared long ago."""
    return case(
        **{
            "local": local_view(record=LocalRecord("SENT"), in_effect=False),
            "partner": partner_view(in_effect=False),
            "approval_by_partner": None,
            "approval_by_us": None,
            "concluded": None,
            **changes,
        }
    )
