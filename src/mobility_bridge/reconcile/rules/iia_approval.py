"""Approvals that are missing, of another text, or worth nothing.

A concluded agreement of which one side has just proposed a change is in order: the approvals still name the
concluded texts, and nothing is said about them while the proposal differs or its grace lasts. Which text an
approval names is worked out in `standing`; here each meaning gets its words.

Source: EWP agreements: which hash an approval carries; approvals and notifications.
"""

from collections.abc import Iterator
from datetime import timedelta

from mobility_bridge.domain.approval import Approval
from mobility_bridge.domain.case import AgreementCase, PartnerApproval, Pending
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import (
    TELL_PROVIDER_OF_APPROVAL,
    change_grace_over,
    flags_lost,
    hash_is_unstable,
    legacy_flags,
    same_terms,
    started_or_due,
)

_SOURCE = "EWP IIAs Approval API 2.0.0; EWP agreements: states of an agreement; known trouble with approvals and notifications"
_READ_TOGETHER = timedelta(hours=1)
_AT_ONCE = timedelta(days=1)


def _hashes(case: AgreementCase) -> dict[str, str]:
    """The text that we serve and the one that the partner approved."""
    local, approval = living(case.local), case.approval_by_partner
    return {
        "served": (local.iia_hash or "") if local is not None else "",
        "approved": approval.iia_hash if approval is not None else "",
    }


def _fresh(case: AgreementCase) -> bool:
    """Our text was read no earlier than about when the approval was: it may have moved on unseen."""
    local, approval = case.local, case.approval_by_partner
    return (
        local is not None
        and approval is not None
        and approval.first_seen_at - local.stored.confirmed_at <= _READ_TOGETHER
    )


@rule(
    code="APPROVAL_STALE",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Approval of an earlier text", "Godkännandet gäller en tidigare text"),
    text=Text(
        "The approval by {approver} names an earlier text ({approved}) than the one served now ({served}). "
        "The terms agree, but this text is not approved.",
        "Godkännandet från {approver} gäller en tidigare text ({approved}) än den som visas nu ({served}). "
        "Villkoren stämmer överens, men den här texten är inte godkänd.",
    ),
    next_step=Text(
        "Let {approver} approve the present text. Details: mobility-bridge explain {id}",
        "Låt {approver} godkänna den nuvarande texten. Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def approval_is_of_an_earlier_text(case: AgreementCase) -> Iterator[Observation]:
    """An approval of either side names an earlier revision although the terms of both copies agree.

    After a change of a concluded agreement the other side has some days to approve anew; an approval that
    falls back without a change of ours is reported at once.

    Source: EWP agreements: states of an agreement; known trouble with approvals and notifications; comparing two copies.
    """
    if not case.standing.approvable or not same_terms(case) or _flagged(case):
        return
    yield from _stale_by_partner(case)
    yield from _stale_by_us(case)


def _stale_by_partner(case: AgreementCase) -> Iterator[Observation]:
    meaning = case.standing.partner_approval
    waits = meaning is PartnerApproval.CONCLUDED and not change_grace_over(case)
    if meaning not in (PartnerApproval.EARLIER, PartnerApproval.CONCLUDED) or waits:
        return
    hashes = _hashes(case)
    yield Observation(
        "by_partner",
        {
            "approver": case.subject.partner_hei_id or "",
            "approved": hashes["approved"],
            "served": hashes["served"],
        },
        started_or_due(case),
        owner=Owner.PARTNER,
    )


def _stale_by_us(case: AgreementCase) -> Iterator[Observation]:
    partner, approval = living(case.partner), case.approval_by_us
    if partner is None or approval is None or not approval.current or case.standing.approved_by_us:
        return
    changed = case.standing.pending in (Pending.PARTNERS, Pending.BOTH)
    explained = flags_lost(case) or hash_is_unstable(case)
    if explained or (changed and not change_grace_over(case)):
        return
    values = {
        "approver": case.own_hei_id,
        "approved": approval.iia_hash,
        "served": partner.iia_hash or "",
    }
    yield Observation("by_us", values, started_or_due(case), owner=Owner.US)


@rule(
    code="APPROVAL_WRONG_COPY",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Approval names the partner's own copy", "Godkännandet gäller partnerns eget exemplar"),
    text=Text(
        "The partner's approval of {iia_id} carries the hash of its own copy ({approved}) instead of ours ({served}).",
        "Partnerns godkännande av {iia_id} har hashen för deras eget exemplar ({approved}) i stället för vårt "
        "({served}).",
    ),
    next_step=TELL_PROVIDER_OF_APPROVAL,
    source=_SOURCE,
)
def approval_names_the_partners_own_copy(case: AgreementCase) -> Iterator[Observation]:
    """The approved hash is that of the partner's copy.

    Source: EWP agreements: states of an agreement; known trouble with approvals and notifications.
    """
    if case.standing.mapped and case.standing.partner_approval is PartnerApproval.WRONG_COPY:
        yield Observation(values=_hashes(case), due_on=started_or_due(case))


@rule(
    code="APPROVAL_UNKNOWN_HASH",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Approval of a text that we never served", "Godkännandet gäller en text vi aldrig visat"),
    text=Text(
        "The partner approved {approved}, which is no text of ours that is known here (we serve {served}). It may be a "
        "text that was never read here, or a hash in the manner of version 6.",
        "Partnern godkände {approved}, som inte är någon av våra kända texter (vi visar {served}). Det kan vara en text "
        "som aldrig har lästs här, eller en hash enligt version 6.",
    ),
    next_step=TELL_PROVIDER_OF_APPROVAL,
    source=_SOURCE,
)
def approval_is_of_an_unknown_text(case: AgreementCase) -> Iterator[Observation]:
    """The approved hash is in no history; not said while our own copy was not read since.

    Source: EWP agreements: states of an agreement; known trouble with approvals and notifications.
    """
    if (
        case.standing.mapped
        and case.standing.partner_approval is PartnerApproval.UNKNOWN_HASH
        and _fresh(case)
    ):
        yield Observation(values=_hashes(case), due_on=started_or_due(case))


@rule(
    code="APPROVAL_WITHDRAWN",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Partner took its approval away", "Partnern har dragit tillbaka sitt godkännande"),
    text=Text(
        "The partner had approved our text and no longer says so. The earlier answer is kept as evidence.",
        "Partnern hade godkänt vår text men uppger inte det längre. Det tidigare svaret finns kvar som bevis.",
    ),
    next_step=Text(
        "Contact {partner_hei_id}: the approval must be given again, or was dropped by mistake. "
        "Evidence: mobility-bridge explain {id}",
        "Kontakta {partner_hei_id}: godkännandet måste ges på nytt, eller försvann av misstag. "
        "Bevis: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def partner_took_its_approval_away(case: AgreementCase) -> Iterator[Observation]:
    """An approval of the present or the concluded text was there and is gone although we did nothing.

    Source: EWP agreements: states of an agreement.
    """
    if case.standing.mapped and case.standing.partner_approval is PartnerApproval.WITHDRAWN:
        yield Observation(values={"served": _hashes(case)["served"]}, due_on=started_or_due(case))


@rule(
    code="APPROVAL_AUTO_ADVANCED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner's system approves by itself", "Partnerns system godkänner av sig självt"),
    text=Text(
        "The partner's approval followed our change at once, while its own copy keeps the old terms. Its system "
        "seems to name whatever it fetched last.",
        "Partnerns godkännande följde vår ändring direkt, medan deras eget exemplar har kvar de gamla villkoren. "
        "Deras system verkar ange det som hämtades senast.",
    ),
    next_step=TELL_PROVIDER_OF_APPROVAL,
    source=_SOURCE,
)
def approval_follows_every_change(case: AgreementCase) -> Iterator[Observation]:
    """The approval moved from our last text to the new one within a day, and the partner's terms did not.

    Source: EWP agreements: known trouble with approvals and notifications; habits of systems.
    """
    approval, local, partner = case.approval_by_partner, case.local, case.partner
    if not case.standing.mapped or approval is None or local is None or partner is None or same_terms(case):
        return
    if case.standing.partner_approval is not PartnerApproval.CURRENT or not _approved_before(case, approval):
        return
    changed_at = local.stored.changed_at
    followed = timedelta() <= approval.first_seen_at - changed_at <= _AT_ONCE
    if followed and partner.stored.changed_at < changed_at:
        yield Observation(values=_hashes(case), due_on=started_or_due(case))


def _approved_before(case: AgreementCase, approval: Approval) -> bool:
    """The partner's approval named our previous text before."""
    previous = case.local_history[0].copy.iia_hash if case.local_history else None
    return any(
        each.side is approval.side and each.iia_id == approval.iia_id and each.iia_hash == previous
        for each in case.earlier_approvals
    )


@rule(
    code="APPROVED_UNMAPPED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Approved before the ids were exchanged", "Godkänt innan id:n hade utbytts"),
    text=Text(
        "The partner approved our text as it was without its id ({approved}). That approval is worth nothing, "
        "because the id changes the hash.",
        "Partnern godkände vår text som den var utan deras id ({approved}). Det godkännandet är inget värt, "
        "eftersom id:t ändrar hashen.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} to approve the present text once both copies name each other. "
        "Details: mobility-bridge explain {id}",
        "Be {partner_hei_id} godkänna den nuvarande texten när båda exemplaren anger varandra. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def partner_approved_before_mapping(case: AgreementCase) -> Iterator[Observation]:
    """The approved hash is that of our text with an empty second id.

    Source: EWP agreements: states of an agreement; known trouble with approvals and notifications.
    """
    local, meaning = living(case.local), case.standing.partner_approval
    if local is None or case.standing.ended:
        return
    now_mapped = case.standing.mapped and meaning is PartnerApproval.UNMAPPED_TEXT
    nothing_to_map = (
        local.partner_iia_id is None and case.partner is None and meaning is PartnerApproval.CURRENT
    )
    if now_mapped or nothing_to_map:
        yield Observation(values=_hashes(case), due_on=started_or_due(case))


@rule(
    code="AWAITING_OUR_APPROVAL",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("We have not approved", "Vi har inte godkänt"),
    text=Text(
        "Both copies agree since {since} and are linked, but we have not approved the partner's copy {partner}.",
        "Båda exemplaren stämmer överens sedan {since} och är knutna till varandra, men vi har inte godkänt "
        "partnerns exemplar {partner}.",
    ),
    next_step=Text(
        "Read the partner's copy and approve it in our own system. Details: mobility-bridge explain {id}",
        "Läs partnerns exemplar och godkänn det i vårt eget system. Detaljer: mobility-bridge explain {id}",
    ),
    source="EWP agreements: comparing two copies",
)
def our_approval_is_missing(case: AgreementCase) -> Iterator[Observation]:
    """Mapped, compatible terms, a hash to rely on, and no approval of ours after the grace.

    Source: EWP agreements: comparing two copies.
    """
    approval = case.approval_by_us
    if not _could_be_approved(case):
        return
    given = case.standing.approved_by_us or (approval is not None and approval.current)
    if not given:
        yield Observation("", _since(case), started_or_due(case))


@rule(
    code="AWAITING_PARTNER_APPROVAL",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("The partner has not approved", "Partnern har inte godkänt"),
    text=Text(
        "Both copies agree since {since} and are linked, but the partner has not approved our copy {local}.",
        "Båda exemplaren stämmer överens sedan {since} och är knutna till varandra, men partnern har inte godkänt "
        "vårt exemplar {local}.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} to approve, and notify them again: "
        "mobility-bridge notify {iia_id} --partner {partner_hei_id}",
        "Be {partner_hei_id} godkänna och avisera dem på nytt: "
        "mobility-bridge notify {iia_id} --partner {partner_hei_id}",
    ),
    source="EWP agreements: comparing two copies",
)
def partners_approval_is_missing(case: AgreementCase) -> Iterator[Observation]:
    """Mapped, compatible terms, and the partner answers that it approved nothing, after the grace.

    Silent where our own system claims the approval or holds the agreement active: that contradiction is its
    own finding.

    Source: EWP agreements: comparing two copies.
    """
    local = living(case.local)
    if not _could_be_approved(case) or local is None:
        return
    contradicted = local.record is not None and (
        local.record.partner_approval or local.record.status == "ACTIVE"
    )
    absent = case.standing.partner_approval is PartnerApproval.ABSENT
    if absent and not contradicted:
        yield Observation("", _since(case), started_or_due(case))


def _could_be_approved(case: AgreementCase) -> bool:
    return case.standing.approvable and same_terms(case) and change_grace_over(case) and not _flagged(case)


def _flagged(case: AgreementCase) -> bool:
    """Values of version 6 forbid an approval; that is a finding of its own."""
    views = (case.local, case.partner)
    return any(
        view is not None and (legacy_flags(view.iia) or not view.copy.valid_for_approval) for view in views
    )


def _since(case: AgreementCase) -> dict[str, str]:
    changes = [view.stored.changed_at for view in (case.local, case.partner) if view is not None]
    return {
        "since": max(changes).date().isoformat(),
        "local": case.local.copy.iia_id if case.local is not None else "",
        "partner": case.partner.copy.iia_id if case.partner is not None else "",
    }
