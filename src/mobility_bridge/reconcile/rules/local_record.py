"""What our own system says about an agreement, against what the network shows.

Source: Mobility-Online: agreement record; EWP agreements: states of an agreement, derived facts.
"""

from collections.abc import Iterator

from mobility_bridge.domain.case import AgreementCase, PartnerApproval
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.snapshot import LocalRecord
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import started_or_due

_SOURCE = "Mobility-Online: assumed services; EWP agreements: states of an agreement"
_CORRECT_OURS = Text(
    "Correct the record in our own system, or settle the approval with {partner_hei_id}. "
    "Details: mobility-bridge explain {id}",
    "Rätta posten i vårt eget system eller klara ut godkännandet med {partner_hei_id}. "
    "Detaljer: mobility-bridge explain {id}",
)


def _record(case: AgreementCase) -> LocalRecord | None:
    local = living(case.local)
    return None if local is None or case.standing.ended else local.record


@rule(
    code="LOCAL_VALUE_UNMAPPED",
    severity=Severity.WARNING,
    owner=Owner.OPERATIONS,
    title=Text("A value of ours has no counterpart", "Ett värde hos oss saknar motsvarighet"),
    text=Text(
        "Our record states {field} as {value}, for which no value of the network is configured. It is left out of "
        "the comparison.",
        "Vår post anger {field} som {value}, och för det finns ingen motsvarighet inställd. Värdet lämnas utanför "
        "jämförelsen.",
    ),
    next_step=Text(
        "Add the value to the mapping table in config/mappings, or correct it in our own system. "
        "Details: mobility-bridge explain {id}",
        "Lägg till värdet i tabellen i config/mappings eller rätta det i vårt eget system. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source="Mobility-Online: assumed services",
)
def local_value_has_no_counterpart(case: AgreementCase) -> Iterator[Observation]:
    """A value of our own record could not be put into the network's words.

    Source: Mobility-Online: assumed services.
    """
    record = _record(case)
    for name, value in record.problems if record is not None else ():
        yield Observation(f"{name}={value}", {"field": name, "value": value})


@rule(
    code="LOCAL_STATUS_CONTRADICTS",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Our status contradicts the approvals", "Vår status stämmer inte med godkännandena"),
    text=Text(
        "Our system holds the agreement as {status}; mutually approved in the network: {approved}.",
        "I vårt system har avtalet status {status}; godkänt av båda i nätverket: {approved}.",
    ),
    next_step=_CORRECT_OURS,
    source=_SOURCE,
)
def local_status_contradicts_the_approvals(case: AgreementCase) -> Iterator[Observation]:
    """Active without an approval of the partner, or merely sent although both approved.

    Silent where the approval flag of the record is what is wrong.

    Source: EWP agreements: scenarios.
    """
    record, standing = _record(case), case.standing
    if record is None or not standing.approvable:
        return
    active_too_soon = (
        record.status == "ACTIVE"
        and not record.partner_approval
        and standing.partner_approval is PartnerApproval.ABSENT
        and not standing.was_concluded
    )
    if active_too_soon:
        values = {"status": record.status, "approved": "no"}
        yield Observation(values=values, due_on=started_or_due(case))
    elif record.status == "SENT" and record.partner_approval and standing.mutually_approved:
        yield Observation(values={"status": record.status, "approved": "yes"})


@rule(
    code="LOCAL_APPROVAL_DIFFERS",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Our note of the partner's approval is wrong", "Vår uppgift om partnerns godkännande är fel"),
    text=Text(
        "Approved by the partner: {local} in our system, {partner} by the partner's own answer.",
        "Godkänt av partnern: {local} i vårt system, {partner} enligt partnerns eget svar.",
    ),
    next_step=_CORRECT_OURS,
    source=_SOURCE,
)
def local_note_of_the_partners_approval_is_wrong(case: AgreementCase) -> Iterator[Observation]:
    """Our record believes in an approval that the partner does not state, or misses one that it does.

    An approval taken away is another finding.

    Source: EWP agreements: states of an agreement.
    """
    record, standing = _record(case), case.standing
    if record is None or not standing.approvable:
        return
    if record.partner_approval and standing.partner_approval is PartnerApproval.ABSENT:
        yield Observation(values={"local": "yes", "partner": "no"}, due_on=started_or_due(case))
    elif not record.partner_approval and standing.partner_approval is PartnerApproval.CURRENT:
        yield Observation(values={"local": "no", "partner": "yes"})
