"""What a partner's nomination may not change: after approval, under one proposal id, or at all.

Source: EWP mobilities: nomination in version 3; reconciliation of nominations.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.nomination import Nomination, NominationStatus
from mobility_bridge.domain.stay import Seen, StayCase
from mobility_bridge.reconcile.nominations import approved_version, changed_fields, versions
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import first_day
from mobility_bridge.reconcile.stay_person import identifier
from mobility_bridge.reconcile.stay_state import active, in_question
from mobility_bridge.reconcile.who import contradicts

_SOURCE = "EWP mobilities: reconciliation of nominations; nomination in version 3"


def _of_partner(case: StayCase) -> Seen[Nomination] | None:
    """The partner's nomination of a student who comes to us, while it is shown."""
    seen = case.nomination
    return None if case.outgoing or seen is None or not seen.live else seen


@rule(
    code="NOMINATION_CHANGED_AFTER_APPROVAL",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Changed after we approved it", "Ändrad efter att vi godkänt den"),
    text=Text(
        "{partner_hei_id} changed the nomination after our approval ({fields}); what we approved does not hold any "
        "more, and still it reads approved.",
        "{partner_hei_id} har ändrat nomineringen efter vårt godkännande ({fields}); det vi godkände gäller inte "
        "längre, men den står fortfarande som godkänd.",
    ),
    next_step=advice(
        "Accept the change, or ask {partner_hei_id} to cancel the nomination and send a new one.",
        "Godta ändringen, eller be {partner_hei_id} att dra tillbaka nomineringen och skicka en ny.",
    ),
    source=_SOURCE,
)
def approved_nomination_was_changed(case: StayCase) -> Iterator[Observation]:
    """The text of an approved nomination is not the one that was approved; the student's data may change.

    Source: EWP mobilities: nomination in version 3.
    """
    seen = _of_partner(case)
    if seen is None or not in_question(case):
        return
    approved = approved_version(seen)
    changed = changed_fields(approved, seen.said) if approved is not None else ()
    if changed:
        yield Observation("", {"fields": ", ".join(changed)}, first_day(case))


@rule(
    code="IMMUTABLE_CHANGED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("One nomination became another", "En nominering blev en annan"),
    text=Text(
        "Under the same id the nomination now says something else than before: {what}.",
        "Under samma id anger nomineringen nu en annan uppgift än förut: {what}.",
    ),
    next_step=advice(
        "Ask {partner_hei_id} to cancel it and to nominate anew, and do not decide on it until then.",
        "Be {partner_hei_id} att dra tillbaka den och nominera på nytt, och besluta inte om den förrän dess.",
    ),
    source=_SOURCE,
)
def nomination_became_another(case: StayCase) -> Iterator[Observation]:
    """Sending HEI, receiving HEI or the person differ from an earlier version of the same id.

    It is said even where two people in one stay silence the rest.

    Source: EWP mobilities: reconciliation of nominations.
    """
    seen = _of_partner(case)
    if seen is None or not active(case):
        return
    what = {each for earlier, _ in seen.earlier for each in _exchanged(earlier, seen.said)}
    for each in sorted(what):
        yield Observation(each, {"what": each}, first_day(case))


def _exchanged(earlier: Nomination, now: Nomination) -> Iterator[str]:
    if earlier.sending_hei.hei_id != now.sending_hei.hei_id:
        yield "sending-hei"
    if earlier.receiving_hei.hei_id != now.receiving_hei.hei_id:
        yield "receiving-hei"
    known = identifier(earlier.student), identifier(now.student)
    if (None not in known and known[0] != known[1]) or contradicts(earlier.student, now.student):
        yield "student"


@rule(
    code="PROPOSAL_ID_INCONSISTENT",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("The proposal id does not follow the text", "Förslags-id:t följer inte texten"),
    text=Text(
        "The nomination changed on {since}: {what}. A decision on a proposal id must mean one text only.",
        "Nomineringen ändrades {since}: {what}. Ett beslut om ett förslags-id måste gälla en enda text.",
    ),
    next_step=advice(
        "Send this to the technical contact of {partner_hei_id}; look at the whole text before you decide.",
        "Skicka detta till den tekniska kontakten hos {partner_hei_id}; läs hela texten innan du beslutar.",
    ),
    source=_SOURCE,
)
def proposal_id_does_not_follow_the_text(case: StayCase) -> Iterator[Observation]:
    """A new id for the same text, or the same id for another one. Version 2 has no proposal ids.

    A text that changed after approval is another finding.

    Source: EWP mobilities: nomination in version 3; reconciliation of nominations.
    """
    seen = _of_partner(case)
    if seen is None or not in_question(case):
        return
    for (later, since), (former, _) in pairwise(versions(seen)):
        what = _inconsistent(former, later)
        if what is not None:
            yield _since(what, since)
            return


def _inconsistent(former: Nomination, later: Nomination) -> str | None:
    if former.proposal_id is None or later.proposal_id is None:
        return None
    same_id, changed = former.proposal_id == later.proposal_id, bool(changed_fields(former, later))
    if same_id and changed:
        approved = former.status is NominationStatus.APPROVED and later.status is NominationStatus.APPROVED
        return None if approved else "same_id"
    return None if same_id or changed else "new_id"


def _since(what: str, since: datetime) -> Observation:
    return Observation(what, {"what": what, "since": since.date().isoformat()})
