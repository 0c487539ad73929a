"""How far a stay has come, as a whole and in each system, in the words of lists. Pure."""

from collections.abc import Iterator
from enum import StrEnum

from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.stay import Seen, StayCase
from mobility_bridge.reconcile.stay_days import first_day, last_day
from mobility_bridge.reconcile.stay_state import accepted, called_off
from mobility_bridge.reconcile.stay_terms import exchanges, living_exchanges, registered_terms

GONE = "gone"


class StayProgress(StrEnum):
    """How far a stay has come. PLANNED: applied for or nominated, and nobody has accepted it yet."""

    PLANNED = "planned"
    ACCEPTED = "accepted"
    UNDER_WAY = "under_way"
    ENDED = "ended"
    CANCELLED = "cancelled"


def progress(case: StayCase) -> StayProgress:
    """Say how far a stay has come today."""
    withdrawn = [each.withdrawn for each in exchanges(case)]
    if called_off(case) or (withdrawn and all(withdrawn)):
        return StayProgress.CANCELLED
    first, last = first_day(case), last_day(case)
    if last is not None and case.today > last:
        return StayProgress.ENDED
    if first is not None and case.today >= first:
        return StayProgress.UNDER_WAY
    return StayProgress.ACCEPTED if accepted(case) or living_exchanges(case) else StayProgress.PLANNED


def departments(case: StayCase) -> tuple[str, ...]:
    """Our department of a stay, in the words of each system that names one: ours first, each once."""
    found = []
    if case.application is not None:
        found.append(case.application.said.department)
    if case.learning_agreement is not None:
        la = case.learning_agreement.said
        ours = la.sending_hei if case.outgoing else la.receiving_hei
        found += [ours.ounit_name, ours.ounit_id]
    if case.nomination is not None:
        nomination = case.nomination.said
        found.append((nomination.sending_hei if case.outgoing else nomination.receiving_hei).ounit_id)
    return tuple(dict.fromkeys(each for each in found if each))


def states(case: StayCase) -> dict[str, str]:
    """The state of a stay in each system that knows of it, ours first: what to what."""
    return dict(_states(case))


def _states(case: StayCase) -> Iterator[tuple[str, str]]:
    application, nomination, listing = case.application, case.nomination, case.listing
    if application is not None:
        said = application.said
        step = "cancelled" if said.cancelled else said.step or "applied"
        yield "application", step if application.live else GONE
    if nomination is not None:
        status = nomination.said.status
        word = "unknown" if status is None else status.value
        yield "nomination", word if nomination.live else GONE
    if case.learning_agreement is not None:
        yield "learning_agreement", la_state(case.learning_agreement)
    elif listing is not None:
        state = listing.said.state
        word = "unknown" if state is None else state.value
        yield "learning_agreement", word if listing.live else GONE
    if exchanges(case):
        yield "registry", _in_registry(case)
    if case.arrival is not None:
        yield "arrival", _arrival(case) if case.arrival.live else GONE
    if case.transcript is not None:
        yield "transcript", "issued" if case.transcript.live else GONE


def la_state(seen: Seen[LearningAgreement]) -> str:
    """Where a learning agreement stands, in a word."""
    said = seen.said
    if not seen.live:
        return GONE
    if said.changes_proposal is not None:
        return "changes_proposed" if said.is_approved else "proposed"
    if not said.is_approved:
        return "not_signed_by_all"
    return "approved" if said.approved_changes is None else "changes_approved"


def _in_registry(case: StayCase) -> str:
    living: tuple[ExchangeParticipation, ...] = living_exchanges(case)
    if not living:
        return "withdrawn"
    if any(each.interrupted for each in living):
        return "interrupted"
    if all(each.completed for each in living):
        return "completed"
    return "registered" if registered_terms(case) else "admitted"


def _arrival(case: StayCase) -> str:
    said = case.arrival.said if case.arrival is not None else None
    if said is not None and said.actual_departure_date is not None:
        return "departed"
    return "arrived" if said is not None and said.actual_arrival_date is not None else "expected"
