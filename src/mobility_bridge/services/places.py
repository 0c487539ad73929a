"""Places and ends over all our agreements."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.places import Balance, Breakdown, Claim, Expiry, PlaceUse
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.calendar import months_before
from mobility_bridge.reconcile.place_use import place_use
from mobility_bridge.reconcile.places import balance, continues, expiry
from mobility_bridge.services.context import Context
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.in_force import text_in_force
from mobility_bridge.services.listing import agreements


@dataclass(frozen=True, slots=True)
class End:
    """When one agreement of ours ends, and which of ours goes on after it."""

    partner_hei_id: HeiId
    iia_id: IiaId
    iia_code: str | None
    expiry: Expiry
    successor_iia_id: IiaId | None


async def balances(context: Context, partner: str | None = None, *, planned: bool = False) -> list[Balance]:
    """Agreed places per partner, kind and year, over our copies of agreements in force, and those taken.

    In force is what both sides approved last: while a change waits for approval, the text before it. With
    `planned`, every copy of ours counts as it is now. What is terminated never counts.
    """
    offers, claims = await _offers(context, partner, planned=planned)
    follows = context.settings.students.enabled
    found: list[Balance] = []
    for hei_id in sorted(offers.keys() | claims.keys()):
        texts = [text for _, text in offers.get(hei_id, ())]
        taken = claims.get(hei_id, []) if follows else None
        found.extend(balance(context.own_hei_id, hei_id, texts, taken))
    return found


async def places(
    context: Context, by: Breakdown, partner: str | None = None, *, planned: bool = False
) -> list[PlaceUse]:
    """Places of students by condition, field or level, offered and taken; what counts is as for `balances`."""
    offers, claims = await _offers(context, partner, planned=planned)
    found: list[PlaceUse] = []
    for hei_id in sorted(offers.keys() | claims.keys()):
        texts, taken = offers.get(hei_id, []), claims.get(hei_id, [])
        found.extend(place_use(context.own_hei_id, hei_id, texts, taken, by))
    return found


async def _offers(
    context: Context, partner: str | None, *, planned: bool
) -> tuple[dict[HeiId, list[tuple[str, Iia]]], dict[HeiId, list[Claim]]]:
    """The texts that count, by partner and our id, and the claims of stays by partner."""
    chosen = HeiId(partner) if partner else None
    listed = await agreements(context, chosen)
    in_force = await context.store.read(lambda uow: _in_force(uow, context))
    offers: dict[HeiId, list[tuple[str, Iia]]] = defaultdict(list)
    for item in listed:
        if item.local is None or item.local.iia is None:
            continue
        now = item.local.iia
        settled = planned or now.terminated_as_a_whole or (item.approved_by_us and item.approved_by_partner)
        text = now if settled else in_force.get((item.partner_hei_id, item.local.copy.iia_id))
        if text is not None:
            offers[item.partner_hei_id].append((item.local.copy.iia_id, text))
    claims: dict[HeiId, list[Claim]] = defaultdict(list)
    if context.settings.students.enabled:
        for claim in await context.store.read(lambda uow: list(uow.places.select(partner=chosen))):
            claims[claim.pool.partner_hei_id].append(claim)
    return dict(offers), dict(claims)


def _in_force(uow: UnitOfWork, context: Context) -> dict[tuple[HeiId, IiaId], Iia]:
    """The texts of ours that both sides approved last, as far as they are kept."""
    gathering = Gathering(context, uow, context.clock.now())
    texts = {
        (held.copy.partner_hei_id, held.copy.iia_id): text_in_force(gathering, held)
        for held in uow.copies.local()
    }
    return {key: text for key, text in texts.items() if text is not None}


async def ends(
    context: Context, partner: str | None = None, *, within_months: int | None = None
) -> list[End]:
    """Our agreements by their last day, with their successors; only those that end soon, or have ended."""
    hei_id = HeiId(partner) if partner else None
    return await context.store.read(lambda uow: _ends(uow, context, hei_id, within_months))


def _ends(uow: UnitOfWork, context: Context, partner: HeiId | None, within_months: int | None) -> list[End]:
    gathering = Gathering(context, uow, context.clock.now())
    today = gathering.now.date()
    views = [view for view in map(gathering.view, uow.copies.local()) if view is not None]
    found = []
    for view in views:
        if view.iia is None or partner not in (None, view.copy.partner_hei_id):
            continue
        end = expiry(view.iia, today)
        if not _soon(end, today, within_months):
            continue
        later = [
            other.copy.iia_id
            for other in views
            if other.iia is not None
            and other.copy.partner_hei_id == view.copy.partner_hei_id
            and other.copy.iia_id != view.copy.iia_id
            and continues(view.iia, other.iia)
        ]
        copy = view.copy
        found.append(End(copy.partner_hei_id, copy.iia_id, copy.iia_code, end, min(later, default=None)))
    return sorted(
        found, key=lambda item: (item.expiry.last_end_on or date.max, item.partner_hei_id, item.iia_id)
    )


def _soon(end: Expiry, today: date, within_months: int | None) -> bool:
    if within_months is None:
        return True
    return end.last_end_on is not None and months_before(end.last_end_on, within_months) <= today
