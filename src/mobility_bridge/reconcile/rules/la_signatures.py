"""Signatures of learning agreements: all there, with who signed, in order, and in time.

Source: EWP mobilities: learning agreement lifecycle; rules that no schema can say.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.learning_agreement import ComponentLists, LaSignature
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import first_day, planned_days
from mobility_bridge.reconcile.stay_la import sender, served, signatures, signed_at, versions
from mobility_bridge.reconcile.stay_state import in_question

_SOURCE = "EWP mobilities: learning agreement lifecycle; rules that no schema can say"


@rule(
    code="LA_SIGNATURE_MISSING",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("A signature is missing or incomplete", "En underskrift saknas eller är ofullständig"),
    text=Text(
        "The {version} of the learning agreement has no complete signature: {signature}[, without {field}].",
        "I studieavtalet ({version}) är en underskrift inte fullständig: {signature}[, utan {field}].",
    ),
    next_step=advice(
        "Ask {sending} to publish the learning agreement with all signatures: name, position and e-mail of each.",
        "Be {sending} publicera studieavtalet med alla underskrifter: namn, befattning och e-post för var och en.",
    ),
    source=_SOURCE,
)
def signature_is_missing(case: StayCase) -> Iterator[Observation]:
    """What is agreed lacks a signature, or a university's signature does not say whose it is.

    A proposal needs those of student and sending HEI.

    Source: EWP mobilities: rules SEM-03 and SEM-04.
    """
    la = served(case)
    if la is None or not in_question(case):
        return
    due_on = planned_days(case).first
    for version, lists in versions(la):
        for side, field in _incomplete(version, lists):
            values = {
                "version": version,
                "signature": side,
                "field": field,
                "sending": case.sending_hei_id or "",
            }
            yield Observation(f"{version}/{side}", values, due_on, owner=sender(case))


def _incomplete(version: str, lists: ComponentLists) -> Iterator[tuple[str, str]]:
    """Yield each side whose signature is missing, or what a university's signature lacks."""
    there = dict(signatures(lists))
    needed = ("student-signature", "sending-hei-signature", "receiving-hei-signature")
    for side in needed if version != "changes-proposal" else needed[:2]:
        signature = there.get(side)
        if signature is None:
            yield side, ""
        elif side != "student-signature" and (lacks := _lacks(signature)):
            yield side, lacks


def _lacks(signature: LaSignature) -> str:
    said = {
        "signer-name": signature.signer_name,
        "signer-position": signature.signer_position,
        "signer-email": signature.signer_email,
    }
    return ", ".join(name for name, value in said.items() if not (value or "").strip())


@rule(
    code="LA_SIGNATURE_ORDER",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Signed in the wrong order", "Undertecknat i fel ordning"),
    text=Text(
        "In the {version} of the learning agreement, {signature} is of {second_on}, earlier than {before}, of {first_on}.",
        "I studieavtalet ({version}) är {signature} från {second_on}, tidigare än {before}, från {first_on}.",
    ),
    next_step=advice(
        "Student, sending and receiving university sign in this order: settle with {partner_hei_id} which one counts.",
        "Student, sändande och mottagande lärosäte undertecknar i den ordningen: klara ut med {partner_hei_id} vad "
        "som gäller.",
    ),
    source=_SOURCE,
)
def signatures_are_out_of_order(case: StayCase) -> Iterator[Observation]:
    """A signature is earlier than the one that has to come before it, by more than clocks may differ.

    Source: EWP mobilities: rule SEM-23.
    """
    la = served(case)
    if la is None or not in_question(case):
        return
    tolerance = timedelta(seconds=case.thresholds.signature_tolerance_s)
    for version, lists in versions(la):
        times = [
            (side, moment) for side, each in signatures(lists) if (moment := signed_at(each)) is not None
        ]
        for (first, earlier), (second, later) in pairwise(times):
            if later < earlier - tolerance:
                values = {
                    "version": version,
                    "signature": second,
                    "before": first,
                    "first_on": earlier.date().isoformat(),
                    "second_on": later.date().isoformat(),
                }
                yield Observation(f"{version}/{second}", values)


@rule(
    code="LA_SIGNATURE_FUTURE",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("Signed in the future", "Undertecknat i framtiden"),
    text=Text(
        "In the {version} of the learning agreement, {signature} is of {signed_on}, which is after it was read.",
        "I studieavtalet ({version}) är {signature} från {signed_on}, alltså efter att det lästes.",
    ),
    next_step=advice(
        "Ask whoever signed to look at the clock of the system, and settle which day counts.",
        "Be den som undertecknade kontrollera systemets klocka, och klara ut vilken dag som gäller.",
    ),
    source=_SOURCE,
)
def signature_lies_in_the_future(case: StayCase) -> Iterator[Observation]:
    """A signature is later than the moment at which the document was last read.

    Source: EWP mobilities: rule SEM-23.
    """
    la, seen = served(case), case.learning_agreement
    if la is None or seen is None or not in_question(case):
        return
    latest = seen.stored.confirmed_at + timedelta(seconds=case.thresholds.signature_tolerance_s)
    for version, lists in versions(la):
        for side, signature in signatures(lists):
            moment = signed_at(signature)
            if moment is not None and moment > latest:
                values = {
                    "version": version,
                    "signature": side,
                    "signed_on": moment.date().isoformat(),
                }
                owner = (
                    Owner.US if (side == "receiving-hei-signature") is not case.outgoing else Owner.PARTNER
                )
                yield Observation(f"{version}/{side}", values, owner=owner)


@rule(
    code="LA_SIGNED_AFTER_START",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Signed after the stay had begun", "Undertecknat efter att vistelsen börjat"),
    text=Text(
        "The learning agreement was signed by all on {signed_on}; the stay began on {began_on}.",
        "Studieavtalet var undertecknat av alla först {signed_on}; vistelsen började {began_on}.",
    ),
    next_step=advice(
        "Decide whether the stay counts from its first day, and note why.",
        "Avgör om vistelsen räknas från första dagen, och anteckna varför.",
    ),
    source=_SOURCE,
)
def agreement_was_signed_after_the_start(case: StayCase) -> Iterator[Observation]:
    """The last of the first three signatures is later than the first day of the stay.

    Source: EWP mobilities: when is a learning agreement approved.
    """
    la, start = served(case), first_day(case)
    if la is None or la.first_version is None or not la.is_approved or start is None or not in_question(case):
        return
    moments = [moment for _, each in signatures(la.first_version) if (moment := signed_at(each)) is not None]
    latest = max(moments, default=None)
    if latest is not None and latest.date() > start:
        yield Observation(values={"signed_on": latest.date().isoformat(), "began_on": start.isoformat()})
