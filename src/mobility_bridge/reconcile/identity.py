"""Which trouble of mapping or identity an agreement has: at most one, the one that explains the others.

Source: EWP agreements: mapping and identity; states of an agreement.
"""

from collections.abc import Callable

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.case import AgreementCase, CopyView, IdStatus
from mobility_bridge.domain.snapshot import AgreementCopy, StoredCopy
from mobility_bridge.reconcile.canonical import hei

COMPARABLE_DESPITE = frozenset(
    {"PARTNER_ORDER", "ID_CHANGED", "NOT_MAPPED_BY_US", "NOT_MAPPED_BY_PARTNER"},
)
"""Troubles under which it is still clear which two texts belong together."""


def identity_trouble(case: AgreementCase) -> str | None:
    """Name the first trouble that applies, in an order in which a cause comes before its effects."""
    return next((code for code, applies in _TROUBLES if applies(case)), None)


def was_concluded(case: AgreementCase) -> bool:
    """Say whether both sides had approved at some time, as far as any system remembers."""
    record = case.local.copy.record if case.local is not None else None
    if case.concluded is not None:
        return True
    by_us = case.approval_by_us is not None or (record is not None and record.own_approval)
    by_partner = case.approval_by_partner is not None or (record is not None and record.partner_approval)
    return by_us and by_partner


def living(view: CopyView | None) -> AgreementCopy | None:
    """The copy, if its holder still serves it."""
    return view.copy if view is not None and view.live else None


def unknown_heis(case: AgreementCase, iia: Iia) -> tuple[str, ...]:
    """HEIs that send or receive in a condition although they are not one of the two partners."""
    parties = {hei(case.own_hei_id), *(hei(each.hei_id) for each in iia.partners)}
    named = {
        each
        for condition in iia.conditions
        for each in (condition.sending_hei_id, condition.receiving_hei_id)
        if hei(each) not in parties
    }
    return tuple(sorted(named))


def _wrong_hei(case: AgreementCase) -> bool:
    partner = living(case.partner)
    if partner is None:
        return False
    wanted = {hei(case.own_hei_id), hei(partner.holder_hei_id)}
    return {hei(each) for each in partner.listed_hei_ids} != wanted


def _wrong_order(case: AgreementCase) -> bool:
    partner = living(case.partner)
    return partner is not None and hei(partner.listed_hei_ids[0]) == hei(case.own_hei_id)


def _split(case: AgreementCase) -> bool:
    return bool(case.split_over)


def _id_changed(case: AgreementCase) -> bool:
    return (
        case.replaced_partner_copy is not None
        and living(case.local) is not None
        and living(case.partner) is not None
    )


def reused_text(case: AgreementCase) -> StoredCopy | None:
    """The text that the partner's id stood for before it was deleted, if it stands for another one now."""
    partner = living(case.partner)
    former = next((each for each in case.partner_history if each.gone_at is not None), None)
    if partner is None or former is None:
        return None
    same_text = former.copy.content_digest == partner.content_digest
    same_pair = partner.partner_iia_id is not None and former.copy.partner_iia_id == partner.partner_iia_id
    return None if same_text or same_pair else former


def _id_reused(case: AgreementCase) -> bool:
    return reused_text(case) is not None


def _mapped_to(status: IdStatus) -> Callable[[AgreementCase], bool]:
    def applies(case: AgreementCase) -> bool:
        partner = living(case.partner)
        listed = partner.partner_iia_id if partner is not None else None
        return listed is not None and case.listed_id_status is status

    return applies


def _duplicated(case: AgreementCase) -> bool:
    local, partner = living(case.local), living(case.partner)
    if local is None or partner is None or not case.competing_local_copies:
        return False
    return partner.partner_iia_id != local.iia_id


def _conflict(case: AgreementCase) -> bool:
    local, partner = living(case.local), living(case.partner)
    if local is None or partner is None:
        return False
    return (
        bool(case.competing_partner_copies)
        or partner.partner_iia_id not in (None, local.iia_id)
        or local.partner_iia_id not in (None, partner.iia_id)
    )


def _unmapped_by_us(case: AgreementCase) -> bool:
    local, partner = living(case.local), living(case.partner)
    return local is not None and partner is not None and local.partner_iia_id is None


def _unmapped_by_partner(case: AgreementCase) -> bool:
    local, partner = living(case.local), living(case.partner)
    return local is not None and partner is not None and partner.partner_iia_id is None


def _lost(case: AgreementCase) -> bool:
    """Our copy still names a copy that the partner no longer serves."""
    local = living(case.local)
    if local is None or case.partner is None or case.partner.live:
        return False
    return local.partner_iia_id in (None, case.partner.copy.iia_id)


def _hidden(case: AgreementCase) -> bool:
    return _lost(case) and case.listed_in_index is True


def _deleted_after_conclusion(case: AgreementCase) -> bool:
    return _lost(case) and was_concluded(case)


def _deleted(case: AgreementCase) -> bool:
    local = living(case.local)
    return _lost(case) and local is not None and local.partner_iia_id is not None


def _no_local(case: AgreementCase) -> bool:
    return case.local is None and living(case.partner) is not None


def _no_partner(case: AgreementCase) -> bool:
    return living(case.local) is not None and living(case.partner) is None


_TROUBLES: tuple[tuple[str, Callable[[AgreementCase], bool]], ...] = (
    ("PARTNER_WRONG_HEI", _wrong_hei),
    ("PARTNER_ORDER", _wrong_order),
    ("AGREEMENT_SPLIT", _split),
    ("ID_REUSED", _id_reused),
    ("MAPPED_TO_DELETED", _mapped_to(IdStatus.DELETED)),
    ("MAPPED_TO_UNKNOWN", _mapped_to(IdStatus.UNKNOWN)),
    ("ID_CHANGED", _id_changed),
    ("DUPLICATE_COPY", _duplicated),
    ("MAPPING_CONFLICT", _conflict),
    ("NOT_MAPPED_BY_US", _unmapped_by_us),
    ("NOT_MAPPED_BY_PARTNER", _unmapped_by_partner),
    ("HIDDEN_BY_PARTNER", _hidden),
    ("DELETED_AFTER_CONCLUSION", _deleted_after_conclusion),
    ("DELETED_BY_PARTNER", _deleted),
    ("NO_LOCAL_COPY", _no_local),
    ("NO_PARTNER_COPY", _no_partner),
)
