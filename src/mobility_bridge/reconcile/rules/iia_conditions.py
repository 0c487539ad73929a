"""Conditions of one copy have no counterpart in the other, or not in the way they should.

Source: EWP agreements: terms; pairing of conditions.
"""

from collections.abc import Iterator

from mobility_bridge.domain.case import AgreementCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import CORRECT_TOGETHER, TALK, about_terms, terms_due

_SOURCE = "EWP agreements: known trouble with terms; comparing two copies"


@rule(
    code="CONDITION_MISSING",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("A condition is missing at the partner", "Ett villkor saknas hos partnern"),
    text=Text(
        "Our condition on {condition} is not in the partner's copy.",
        "Vårt villkor om {condition} finns inte i partnerns exemplar.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def condition_is_missing_at_the_partner(case: AgreementCase) -> Iterator[Observation]:
    """A condition of ours has no counterpart in the partner's copy.

    Source: EWP agreements: comparing two copies; reported to the network's service desk.
    """
    for _, label in case.comparison.missing if case.comparison is not None else ():
        yield about_terms(case, label, {"condition": label, "local": label, "partner": ""})


@rule(
    code="CONDITION_EXTRA",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("The partner has a further condition", "Partnern har ytterligare ett villkor"),
    text=Text(
        "The partner's condition on {condition} is not in our copy.",
        "Partnerns villkor om {condition} finns inte i vårt exemplar.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def partner_has_a_further_condition(case: AgreementCase) -> Iterator[Observation]:
    """A condition of the partner's copy has no counterpart in ours.

    Source: EWP agreements: comparing two copies.
    """
    for _, label in case.comparison.extra if case.comparison is not None else ():
        yield about_terms(case, label, {"condition": label, "local": "", "partner": label})


@rule(
    code="CONDITION_COUNT",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("A condition is split or merged", "Ett villkor är uppdelat eller sammanslaget"),
    text=Text(
        "{condition}: what is one condition on one side is several on the other ({local} with us, {partner} with the "
        "partner), split by {split_by}. "
        "The places add up, but both copies must have the same conditions.",
        "{condition}: det som är ett villkor på ena sidan är flera på den andra ({local} hos oss, {partner} hos "
        "partnern), uppdelat efter {split_by}. "
        "Antalet platser stämmer, men båda exemplaren måste ha samma villkor.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def condition_is_split_or_merged(case: AgreementCase) -> Iterator[Observation]:
    """One condition on one side stands for several on the other, whose places add up to it.

    Source: EWP agreements: comparing two copies.
    """
    for split in case.comparison.splits if case.comparison is not None else ():
        values = {
            "condition": split.label,
            "local": str(len(split.local_positions)),
            "partner": str(len(split.partner_positions)),
            "split_by": split.split_by,
        }
        yield about_terms(case, split.label, values)


@rule(
    code="DIRECTION_SWAPPED",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Sending and receiving are exchanged", "Sändande och mottagande är omkastade"),
    text=Text(
        "{condition}: in the partner's copy this condition goes the other way.",
        "{condition}: i partnerns exemplar går villkoret åt andra hållet.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def sending_and_receiving_are_exchanged(case: AgreementCase) -> Iterator[Observation]:
    """A condition only finds its counterpart when sending and receiving HEI are exchanged.

    Source: EWP agreements: comparing two copies.
    """
    for pair in case.comparison.pairs if case.comparison is not None else ():
        if pair.direction_swapped:
            yield about_terms(case, pair.label, {"condition": pair.label})


@rule(
    code="NO_CONDITIONS",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("The agreement has no conditions", "Avtalet saknar villkor"),
    text=Text(
        "Copy {copy} of {holder} has no conditions at all.",
        "Exemplaret {copy} hos {holder} innehåller inga villkor alls.",
    ),
    next_step=CORRECT_TOGETHER,
    source="EWP agreements: places, balance, expiry, renewal",
)
def copy_has_no_conditions(case: AgreementCase) -> Iterator[Observation]:
    """A living copy states no condition; then nothing is said about each condition that the other has.

    Source: EWP agreements: places, balance, expiry, renewal, consistency checks.
    """
    if case.standing.ended or case.split_over:
        return
    for place, view, owner in (("", case.partner, None), ("local", case.local, Owner.US)):
        copy = living(view)
        if view is not None and view.iia is not None and copy is not None and not view.iia.conditions:
            values = {"copy": copy.iia_id, "holder": copy.holder_hei_id}
            yield Observation(place, values, terms_due(case), owner=owner)
