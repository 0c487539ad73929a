"""Whether there is a learning agreement, whether it is agreed in time, and whether what was agreed still stands.

Source: EWP mobilities: learning agreement lifecycle; reconciliation of versions.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.learning_agreement import LaSignature, LearningAgreement
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.stay import DecisionState, Heard, OurDecision, Seen, StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import actual_days, first_day, planned_days
from mobility_bridge.reconcile.stay_la import (
    sender,
    served,
    signatures,
    signed_at,
    signer_digest,
    vanished_signed,
    versions,
)
from mobility_bridge.reconcile.stay_state import (
    accepted,
    in_question,
    known_elsewhere,
    listed_as_signed,
    listed_as_under_way,
    nominated,
    wrong_person,
)

_SOURCE = "EWP mobilities: learning agreement lifecycle"
_ON = "learning_agreement"
_A_DAY = timedelta(days=1)


def _silent(case: StayCase) -> bool:
    """Whether nothing can be said of what is missing: nobody was asked, or what was agreed has vanished.

    Of an exchange that the registry alone knows, that is what is wrong with it.
    """
    unheard = Heard.LEARNING_AGREEMENTS not in case.heard and case.listing is None
    return not in_question(case) or not known_elsewhere(case) or unheard or vanished_signed(case)


@rule(
    code="LA_NOT_APPROVED_AT_START",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text(
        "The stay began without a signed learning agreement",
        "Vistelsen började utan undertecknat studieavtal",
    ),
    text=Text(
        "The stay began on {due_on}, and the learning agreement is not signed by all three. Signatures there: {there}.",
        "Vistelsen började {due_on}, och studieavtalet (Learning Agreement) är inte undertecknat av alla tre. "
        "Underskrifter som finns: {there}.",
    ),
    next_step=advice(
        "Have the missing signatures made now, and decide whether the stay can count from its first day.",
        "Se till att de underskrifter som saknas kommer nu, och avgör om vistelsen kan räknas från första dagen.",
    ),
    source=_SOURCE,
)
def agreement_is_not_signed_when_the_stay_begins(case: StayCase) -> Iterator[Observation]:
    """The first day has come and there is no first version with three signatures, nor a list that says so.

    Where an incoming student is known to have arrived, that is said instead.

    Source: EWP mobilities: when is a learning agreement approved.
    """
    start, la = first_day(case), served(case)
    if _silent(case) or start is None or case.today < start or (la is not None and la.is_approved):
        return
    if la is None and listed_as_signed(case):
        return
    if not case.outgoing and actual_days(case).first is not None:
        return
    there = [side for _, lists in versions(la) for side, _ in signatures(lists)] if la is not None else []
    yield Observation(values={"there": ", ".join(dict.fromkeys(there))}, due_on=start)


@rule(
    code="LA_MISSING",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("There is no learning agreement", "Det finns inget studieavtal"),
    text=Text(
        "The student is accepted at {receiving}, and no learning agreement is shown. The stay begins on {due_on}.",
        "Studenten är antagen vid {receiving}, men inget studieavtal (Learning Agreement) visas. Vistelsen börjar "
        "{due_on}.",
    ),
    next_step=advice(
        "Have the learning agreement signed by the student and by {sending}, and sent to {receiving}.",
        "Se till att studenten och {sending} undertecknar studieavtalet och att det skickas till {receiving}.",
    ),
    source=_SOURCE,
)
def there_is_no_learning_agreement(case: StayCase) -> Iterator[Observation]:
    """An accepted student has none; close to the first day that is grave. On that day another finding takes over.

    Source: EWP mobilities: reconciliation of versions.
    """
    if _silent(case) or not accepted(case) or served(case) is not None or listed_as_under_way(case):
        return
    start = first_day(case)
    if start is not None and case.today >= start:
        return
    close = start is not None and case.today >= start - timedelta(days=case.thresholds.la_missing_grave_days)
    yield Observation(
        values={"sending": case.sending_hei_id or "", "receiving": case.receiving_hei_id or ""},
        due_on=start,
        severity=Severity.BLOCKING if close else None,
        owner=sender(case),
    )


@rule(
    code="LA_WITHOUT_NOMINATION",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("A learning agreement without a nomination", "Studieavtal utan nominering"),
    text=Text(
        "There is a learning agreement {omobility_id}, and its nomination is {nomination_state}.",
        "Det finns ett studieavtal {omobility_id}, men nomineringen är {nomination_state}.",
    ),
    next_step=advice(
        "Ask {sending} which nomination it belongs to; two ids for one stay are a fault of its system.",
        "Fråga {sending} vilken nominering det hör till; två id:n för samma vistelse är ett fel i dess system.",
    ),
    source="EWP mobilities: mobility lifecycle; known trouble",
)
def agreement_has_no_nomination(case: StayCase) -> Iterator[Observation]:
    """A learning agreement whose nomination nobody shows, or which the receiving HEI rejected.

    A cancelled nomination leaves a signed agreement standing, so that is not one.

    Source: EWP mobilities: state table of learning agreements.
    """
    la, nomination = served(case), nominated(case)
    if la is None or wrong_person(case) or Heard.NOMINATIONS not in case.heard:
        return
    if nomination is not None and nomination.status is not NominationStatus.REJECTED:
        return
    values = {
        "omobility_id": la.omobility_id,
        "nomination_state": "unknown" if nomination is None else "rejected",
        "sending": case.sending_hei_id or "",
    }
    yield Observation(values=values, due_on=planned_days(case).first, owner=sender(case))


@rule(
    code="LA_PENDING_TOO_LONG",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("A learning agreement waits for an answer", "Ett studieavtal väntar på svar"),
    text=Text(
        "A proposal that {sending} signed on {since} still waits for the answer of {receiving}.",
        "Ett förslag som {sending} undertecknade {since} väntar fortfarande på svar från {receiving}.",
    ),
    next_step=advice(
        "{receiving} has to approve the proposal or send a comment: remind whoever decides there.",
        "{receiving} behöver godkänna förslaget eller skicka en kommentar: påminn den som beslutar där.",
    ),
    source=_SOURCE,
)
def proposal_waits_too_long(case: StayCase) -> Iterator[Observation]:
    """The receiving HEI has not answered a proposal for too long, counted from the sending HEI's signature.

    Source: EWP mobilities: reconciliation of versions.
    """
    la = served(case)
    if la is None or la.changes_proposal is None or not in_question(case):
        return
    assert case.learning_agreement is not None
    since = signed_at(la.changes_proposal.lists.sending_hei_signature)
    since = since or case.learning_agreement.stored.changed_at
    if case.now - since <= timedelta(days=case.thresholds.la_pending_days):
        return
    values = {
        "since": since.date().isoformat(),
        "sending": case.sending_hei_id or "",
        "receiving": case.receiving_hei_id or "",
    }
    owner = Owner.PARTNER if case.outgoing else Owner.US
    yield Observation(values=values, due_on=planned_days(case).first, owner=owner)


@rule(
    code="LA_DELETED_AFTER_SIGNED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("A signed learning agreement is gone", "Ett undertecknat studieavtal är borta"),
    text=Text(
        "{sending} no longer shows the learning agreement {omobility_id}, which all three had signed. Gone since {since}.",
        "{sending} visar inte längre studieavtalet {omobility_id}, som alla tre hade undertecknat. Borta sedan {since}.",
    ),
    next_step=advice(
        "Ask {sending} to show it again; a cancelled stay is told by the nomination. The last text is kept here.",
        "Be {sending} visa det igen; en inställd vistelse meddelas med nomineringen. Den senaste texten finns kvar här.",
    ),
    source="EWP mobilities: state table of learning agreements",
)
def signed_agreement_is_gone(case: StayCase) -> Iterator[Observation]:
    """What was signed must stay, and the partner stopped showing it although the stay is on.

    Source: EWP mobilities: receiving side, vanished.
    """
    seen = case.learning_agreement
    if case.outgoing or seen is None or not vanished_signed(case) or not in_question(case):
        return
    gone_at = seen.stored.gone_at or case.now
    values = {
        "omobility_id": seen.said.omobility_id,
        "since": gone_at.date().isoformat(),
        "sending": case.sending_hei_id or "",
    }
    yield Observation(values=values, due_on=planned_days(case).first)


@rule(
    code="LA_FIRST_VERSION_CHANGED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("The signed first version was changed", "Den undertecknade första versionen har ändrats"),
    text=Text(
        "The first version of the learning agreement, which all three signed, reads differently since {since}. "
        "Changed in it: {field}.",
        "Studieavtalets första version, som alla tre har undertecknat, har en annan lydelse sedan {since}. Ändrat: "
        "{field}.",
    ),
    next_step=advice(
        "Do not sign further changes. Ask {sending} to restore the text that was signed; it is kept here.",
        "Underteckna inga fler ändringar. Be {sending} återställa den text som undertecknades; den finns kvar här.",
    ),
    source=_SOURCE,
)
def first_version_was_changed(case: StayCase) -> Iterator[Observation]:
    """The oldest first version that all signed is not the one that is shown now.

    Source: EWP mobilities: principles of learning agreements.
    """
    la, seen = served(case), case.learning_agreement
    if la is None or la.first_version is None or seen is None or wrong_person(case):
        return
    signed = [former.first_version for former, _ in seen.earlier if former.is_approved]
    oldest = signed[-1] if signed else la.first_version
    assert oldest is not None
    fields = [name for name in oldest.__slots__ if getattr(oldest, name) != getattr(la.first_version, name)]
    if fields:
        values = {
            "field": ", ".join(each.replace("_", "-") for each in fields),
            "since": _since(seen, oldest).date().isoformat(),
            "sending": case.sending_hei_id or "",
        }
        yield Observation(values=values, owner=sender(case))


def _since(seen: Seen[LearningAgreement], oldest: object) -> datetime:
    """When another text than the oldest signed one was first seen."""
    newer = takewhile(lambda each: each[0].first_version != oldest, seen.earlier)
    return min([seen.stored.changed_at, *(began for _, began in newer)])


@rule(
    code="LA_DECISION_LOST",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Our approval does not show", "Vårt godkännande syns inte"),
    text=Text(
        "We approved a proposal of the learning agreement on {since}, and {sending} does not show our signature.",
        "Vi godkände ett förslag till studieavtal {since}, men {sending} visar inte vår underskrift.",
    ),
    next_step=advice(
        "Read the agreement again. If the same proposal is still open, approve it again; else ask {sending}.",
        "Läs studieavtalet igen. Om samma förslag fortfarande är öppet, godkänn det på nytt; fråga annars {sending}.",
    ),
    source="EWP mobilities: conflicts and idempotency",
)
def our_approval_does_not_show(case: StayCase) -> Iterator[Observation]:
    """An approval of ours was sent, time has passed, and no version carries the signature that we sent.

    Source: EWP mobilities: reconciliation of versions.
    """
    decision, la, seen = _last_approval(case), served(case), case.learning_agreement
    if case.outgoing or decision is None or la is None or seen is None or not in_question(case):
        return
    sent_at = decision.sent_at or decision.decided_at
    patience = timedelta(hours=case.thresholds.decision_lost_hours)
    if case.now - sent_at <= patience or seen.stored.confirmed_at < sent_at:
        return
    if not any(_ours(case, la, decision)):
        values = {"since": sent_at.date().isoformat(), "sending": case.sending_hei_id or ""}
        yield Observation(values=values, due_on=planned_days(case).first)


@rule(
    code="LA_SIGNATURE_ALTERED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Our signature was altered", "Vår underskrift har ändrats"),
    text=Text(
        "The signature that {sending} shows as ours is not the one that we sent: {field} differs.",
        "Den underskrift som {sending} visar som vår är inte den som vi skickade: {field} skiljer sig.",
    ),
    next_step=advice(
        "Ask {sending} to show our signature as it was sent; what we sent is kept here.",
        "Be {sending} visa vår underskrift så som den skickades; det vi skickade finns kvar här.",
    ),
    source="EWP mobilities: receiving side",
)
def our_signature_was_altered(case: StayCase) -> Iterator[Observation]:
    """A version carries our signature with another time, or another signer at the same time.

    Source: EWP mobilities: reconciliation of versions.
    """
    decision, la = _last_approval(case), served(case)
    if case.outgoing or decision is None or la is None or wrong_person(case):
        return
    found = _ours(case, la, decision)
    for alike in () if {"timestamp", "signer"} in found else filter(None, found):
        field = "signer" if "timestamp" in alike else "timestamp"
        yield Observation(values={"field": field, "sending": case.sending_hei_id or ""})
        return


def _last_approval(case: StayCase) -> OurDecision | None:
    """Our latest approval that reached the partner, as far as we know, with the signature that it carried."""
    reached = (DecisionState.SENT, DecisionState.CONFIRMED, DecisionState.UNKNOWN)
    found = [
        each
        for each in case.decisions
        if each.on == _ON and each.approve and each.state in reached and each.signed_at is not None
    ]
    return max(found, key=lambda each: each.decided_at, default=None)


def _ours(case: StayCase, la: LearningAgreement, decision: OurDecision) -> list[set[str]]:
    """What each of our signatures in what is agreed has of the one that went with this decision.

    One that went with another decision of ours, or is more than a day older, is not meant.
    """
    assert decision.signed_at is not None
    others = {each.signed_at for each in case.decisions if each is not decision}
    found = []
    for lists in (la.first_version, la.approved_changes):
        signature = lists.receiving_hei_signature if lists is not None else None
        moment = signed_at(signature)
        if signature is None or moment is None or moment in others or moment < decision.signed_at - _A_DAY:
            continue
        found.append(_likeness(decision, signature))
    return found


def _likeness(decision: OurDecision, signature: LaSignature) -> set[str]:
    """What of the signature that we sent is in this one; times are compared to the second."""
    alike, moment = set(), signed_at(signature)
    assert decision.signed_at is not None
    assert moment is not None
    if abs(moment - decision.signed_at) < timedelta(seconds=1):
        alike.add("timestamp")
    if decision.signer_digest == signer_digest(signature) or (alike and decision.signer_digest is None):
        alike.add("signer")
    return alike
