"""Flags of an agreement as a whole: version 6 remains, termination, whether it is in effect.

Source: EWP agreements: attributes for agreements approved in version 6; terms; states.
"""

from collections.abc import Iterator
from datetime import timedelta

from mobility_bridge.domain.case import AgreementCase, CopyView, PartnerApproval
from mobility_bridge.domain.comparison import Equality
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.notification import CnrState
from mobility_bridge.reconcile.calendar import grace_end
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import (
    CORRECT_TOGETHER,
    TELL_PROVIDER,
    flags_lost,
    legacy_flags,
    started_or_due,
)

_SOURCE = "EWP agreements: documents; known trouble with terms"
_AT_ONCE = timedelta(minutes=15)
_COMPLETE = Text(
    "Enter real numbers, languages and four-digit codes in the copy that has the flags and share it again. "
    "Details: mobility-bridge explain {id}",
    "Ange riktiga antal, språk och fyrsiffriga koder i det exemplar som har markeringarna och dela det på nytt. "
    "Detaljer: mobility-bridge explain {id}",
)


def _flagged(case: AgreementCase) -> tuple[str, str]:
    """The flagged elements of our copy and of the partner's, as text."""
    ours = legacy_flags(case.local.iia if case.local is not None else None)
    theirs = legacy_flags(case.partner.iia if case.partner is not None else None)
    return ", ".join(ours), ", ".join(theirs)


def _flags_forbid_approval(case: AgreementCase) -> bool:
    """Flags matter once an approval is wanted: one carried over from version 6 stays valid."""
    return (
        case.standing.approvable
        and not case.standing.mutually_approved
        and not flags_lost(case)
        and any(_flagged(case))
    )


def _never_approved(case: AgreementCase) -> bool:
    return (
        case.standing.partner_approval is PartnerApproval.ABSENT
        and not case.standing.was_concluded
        and case.approval_by_us is None
        and not case.earlier_approvals
    )


def _flag_owner(case: AgreementCase) -> Owner:
    ours, theirs = _flagged(case)
    if ours and theirs:
        return Owner.BOTH
    return Owner.US if ours else Owner.PARTNER


def _about_flags(case: AgreementCase) -> Observation:
    ours, theirs = _flagged(case)
    return Observation("", {"local": ours, "partner": theirs}, started_or_due(case), owner=_flag_owner(case))


@rule(
    code="LEGACY_FLAGS",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Values from version 6 forbid an approval", "Värden från version 6 hindrar godkännande"),
    text=Text(
        "The agreement still carries values or placeholders from version 6 (ours: {local}; partner's: {partner}). "
        "Such a text must not be approved anew.",
        "Avtalet innehåller fortfarande värden eller platshållare från version 6 (vårt: {local}; partnerns: "
        "{partner}). En sådan text får inte godkännas på nytt.",
    ),
    next_step=_COMPLETE,
    source=_SOURCE,
)
def version_6_values_forbid_an_approval(case: AgreementCase) -> Iterator[Observation]:
    """Flags or placeholders of version 6 remain in a text that needs an approval.

    Source: EWP agreements: documents; contradictions.
    """
    if _flags_forbid_approval(case) and not _never_approved(case):
        yield _about_flags(case)


@rule(
    code="LEGACY_FLAGS_ON_NEW",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Version 6 flags on a new agreement", "Markeringar från version 6 på ett nytt avtal"),
    text=Text(
        "A new agreement carries flags meant for agreements approved in version 6 (ours: {local}; partner's: "
        "{partner}).",
        "Ett nytt avtal har markeringar som bara är till för avtal godkända i version 6 (vårt: {local}; partnerns: "
        "{partner}).",
    ),
    next_step=_COMPLETE,
    source=_SOURCE,
)
def version_6_flags_are_used_on_a_new_agreement(case: AgreementCase) -> Iterator[Observation]:
    """Flags stand on an agreement that nobody ever approved, as far as anybody remembers.

    Source: EWP agreements: known trouble with terms.
    """
    if _flags_forbid_approval(case) and _never_approved(case):
        yield _about_flags(case)


@rule(
    code="LEGACY_LOST",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner dropped version 6 flags", "Partnern har tappat markeringar från version 6"),
    text=Text(
        "The partner's copy has lost the flags from version 6 while its terms are unchanged, so our approval "
        "no longer fits its text.",
        "Partnerns exemplar har tappat markeringarna från version 6 fast villkoren är oförändrade, så vårt "
        "godkännande passar inte längre till texten.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def partner_dropped_version_6_flags(case: AgreementCase) -> Iterator[Observation]:
    """The text that we approved had flags, the present one has none, and nothing else differs.

    Source: EWP agreements: known trouble with terms.
    """
    partner = living(case.partner)
    if flags_lost(case) and partner is not None and case.approval_by_us is not None:
        values = {"approved": case.approval_by_us.iia_hash, "partner": partner.iia_hash or ""}
        yield Observation(values=values, due_on=started_or_due(case))


@rule(
    code="TERMINATED_ONE_SIDED",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Only one side has terminated", "Bara ena sidan har sagt upp avtalet"),
    text=Text(
        "Terminated as a whole: {local} with us, {partner} with the partner (since {since}).",
        "Uppsagt i sin helhet: {local} hos oss, {partner} hos partnern (sedan {since}).",
    ),
    next_step=Text(
        "Terminate the other copy too if no mobility rests on the agreement; otherwise tell the other side. "
        "Details: mobility-bridge explain {id}",
        "Säg upp även det andra exemplaret om inga mobiliteter grundas på avtalet; meddela annars motparten. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source="EWP agreements: states of an agreement, state A10",
)
def only_one_side_has_terminated(case: AgreementCase) -> Iterator[Observation]:
    """One copy carries the termination flag; blocking once the time to react is over.

    Source: EWP agreements: known trouble with terms to 78.
    """
    if case.comparison is None or case.local is None or case.partner is None:
        return
    for each in case.comparison.whole:
        ours = each.local == "true"
        view: CopyView = case.local if ours else case.partner
        due_on = grace_end(view.stored.changed_at, case.thresholds.termination_grace_days)
        yield Observation(
            "",
            {
                "local": each.local,
                "partner": each.partner,
                "since": view.stored.changed_at.date().isoformat(),
            },
            due_on,
            severity=Severity.BLOCKING if case.today >= due_on else None,
            owner=Owner.PARTNER if ours else Owner.US,
        )


@rule(
    code="TERMINATED_FALSE",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Termination flag sent as false", "Uppsägningsmarkering skickas som falsk"),
    text=Text(
        "The partner sends the termination flag with the value false, which is forbidden. It is read as not "
        "terminated.",
        "Partnern skickar uppsägningsmarkeringen med värdet false, vilket inte är tillåtet. Det läses som inte "
        "uppsagt.",
    ),
    next_step=TELL_PROVIDER,
    source="EWP agreements: known trouble with terms",
)
def termination_flag_is_sent_as_false(case: AgreementCase) -> Iterator[Observation]:
    """The attribute is there with a value that must not be sent.

    Source: EWP agreements: known trouble with terms.
    """
    partner = living(case.partner)
    if partner is not None and partner.terminated is False and not case.standing.ended:
        yield Observation(values={"partner": "false"})


@rule(
    code="IN_EFFECT_MISMATCH",
    severity=Severity.INFORMATION,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("In effect or not", "I kraft eller inte"),
    text=Text(
        "The partner's copy says in effect: {partner}; by the approvals it is: {approved}.",
        "Partnerns exemplar anger i kraft: {partner}; enligt godkännandena är det: {approved}.",
    ),
    next_step=CORRECT_TOGETHER,
    source="EWP agreements: known trouble with terms; comparing two copies",
)
def in_effect_contradicts_the_approvals(case: AgreementCase) -> Iterator[Observation]:
    """In effect without approvals is news; approved by both but not in effect is to be looked at.

    Source: EWP agreements: known trouble with terms: systems set the element at different moments.
    """
    partner, standing = living(case.partner), case.standing
    if partner is None or not standing.approvable:
        return
    if standing.mutually_approved and not partner.in_effect and not partner.terminated:
        yield Observation(values={"partner": "false", "approved": "true"}, severity=Severity.WARNING)
    elif partner.in_effect and _never_approved(case) and not standing.approved_by_us:
        yield Observation(values={"partner": "true", "approved": "false"})


@rule(
    code="STALE_TERMS_AFTER_IMPORT",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("Partner's system took over our text", "Partnerns system tog över vår text"),
    text=Text(
        "The partner's copy became equal to ours on {changed}, right after our notification. Probably its system "
        "copied the text and nobody there has read it.",
        "Partnerns exemplar blev likt vårt {changed}, direkt efter vår avisering. Troligen kopierade deras system "
        "texten utan att någon har läst den.",
    ),
    next_step=CORRECT_TOGETHER,
    source="EWP agreements: known trouble with terms; habits of systems",
)
def partner_copied_our_terms_at_once(case: AgreementCase) -> Iterator[Observation]:
    """Within minutes after our notification the partner's differing terms became ours, before any conclusion.

    Source: EWP agreements: known trouble with terms; several systems mirror on every notification.
    """
    notification, partner = case.last_notification, case.partner
    if case.comparison is None or partner is None or case.standing.was_concluded or not case.partner_history:
        return
    if (
        notification is None
        or notification.state is not CnrState.DELIVERED
        or notification.finished_at is None
    ):
        return
    before, now = case.partner_history[0].copy, partner.copy
    delay = partner.stored.changed_at - notification.finished_at
    equal = case.comparison.equality in (Equality.IDENTICAL, Equality.SAME_TERMS)
    if equal and before.content_digest != now.content_digest and timedelta() <= delay <= _AT_ONCE:
        yield Observation(values={"changed": partner.stored.changed_at.date().isoformat()})
