"""Fetch the partner copies that are out of date, and keep them with the bytes that prove them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mobility_bridge.domain.identifiers import HeiId, IiaId, Sha256
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.errors import ExternalError, InvalidDocument
from mobility_bridge.kit.batches import batched
from mobility_bridge.ports.sources import FetchAnswer, ReadCopy
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import note_success, partner_failed, recovered
from mobility_bridge.services.subjects import agreement_key, partner_key

GET = "iias.get"
"""The call's name in health records."""


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What fetching from one partner gave."""

    partner_hei_id: HeiId
    fetched: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    error: ExternalError | None = None

    def __add__(self, other: "RefreshReport") -> "RefreshReport":
        return RefreshReport(
            self.partner_hei_id,
            self.fetched + other.fetched,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.gone + other.gone,
            self.error or other.error,
        )


@dataclass(frozen=True, slots=True)
class _Committed:
    report: RefreshReport
    former: Health | None


async def refresh_partner(context: Context, hei_id: HeiId) -> RefreshReport:
    """Fetch what is dirty or long unconfirmed from one partner; an error is kept and reported, not raised."""
    started = context.clock.monotonic()
    partner = context.the_network().partner(hei_id)
    offer = partner.offers.get("iias") if partner is not None else None
    limit = offer.max_ids if offer is not None else 1
    ids = await context.store.read(lambda uow: _due(uow, context, hei_id))
    total = RefreshReport(hei_id)
    for batch in batched(ids, limit):
        total += await _fetch(context, hei_id, batch)
        if total.error is not None and not isinstance(total.error, InvalidDocument):
            break
    if ids:
        context.log.event(
            "copies.refreshed",
            partner_hei_id=hei_id,
            fetched=total.fetched,
            changed=total.changed,
            unchanged=total.unchanged,
            gone=total.gone,
            duration_s=round(context.clock.monotonic() - started, 3),
        )
    return total


def _due(uow: UnitOfWork, context: Context, hei_id: HeiId) -> Sequence[IiaId]:
    """Name what to fetch, in a steady order, so that a batch asked again is byte for byte comparable."""
    dirty = {iia_id for _, iia_id in uow.work.dirty(hei_id)}
    before = context.clock.now() - timedelta(seconds=context.settings.schedule.refresh_after_s)
    stale = uow.copies.ids_to_refresh(hei_id, context.own_hei_id, before, 10_000)
    return sorted(dirty.union(stale))


async def _fetch(context: Context, hei_id: HeiId, ids: Sequence[IiaId]) -> RefreshReport:
    """Fetch one batch; when its document is invalid, each id alone, so that one never hides the others."""
    current = await context.store.read(lambda uow: _current_document(uow, context, hei_id, ids))
    try:
        answer = await context.the_network().fetch(hei_id, ids, lambda sha256: sha256 == current)
    except InvalidDocument as error:
        if len(ids) > 1:
            total = RefreshReport(hei_id)
            for iia_id in ids:
                total += await _fetch(context, hei_id, (iia_id,))
            return total
        await partner_failed(context, hei_id, GET, error)
        return RefreshReport(hei_id, error=error)
    except ExternalError as error:
        await partner_failed(context, hei_id, GET, error)
        return RefreshReport(hei_id, error=error)
    at = context.clock.now()
    committed = await context.store.write(lambda uow: _commit(uow, context, hei_id, ids, answer, at))
    recovered(context, committed.former)
    return committed.report


def _current_document(
    uow: UnitOfWork, context: Context, hei_id: HeiId, ids: Sequence[IiaId]
) -> Sha256 | None:
    """The document that all these copies stand in, if they do: an answer equal to it needs no parsing."""
    held = uow.copies.get(hei_id, context.own_hei_id, ids[0])
    if held is None or not held.live:
        return None
    sha256 = held.copy.document.sha256
    same = uow.copies.is_current_document(hei_id, context.own_hei_id, sha256, ids)
    return sha256 if same else None


def _commit(
    uow: UnitOfWork,
    context: Context,
    hei_id: HeiId,
    ids: Sequence[IiaId],
    answer: FetchAnswer,
    at: datetime,
) -> _Committed:
    own = context.own_hei_id
    uow.evidence.append(answer.exchanges)
    uow.work.clear_dirty(hei_id, ids)
    former = note_success(uow, hei_id, GET, at)
    keys = [partner_key(hei_id)] if former is not None else []
    if answer.unchanged:
        uow.copies.confirm(hei_id, own, ids, at)
        uow.work.mark_to_compare(keys, at)
        return _Committed(RefreshReport(hei_id, len(ids), unchanged=len(ids)), former)
    ours, foreign = _sorted_out(answer.copies, own, ids)
    listed_before = {item.copy.iia_id: _listed(uow, hei_id, own, item.copy.iia_id) for item in ours}
    uow.copies.put_documents({item.copy.document.sha256: item.document for item in ours}.values())
    changed = uow.copies.save([item.copy for item in ours], at)
    gone = uow.copies.mark_gone(hei_id, own, answer.absent, at)
    for item in ours:
        if item.copy.iia_id in changed:
            keys.extend(_keys(hei_id, item.copy.iia_id, item.copy.partner_iia_id))
            keys.extend(_keys(hei_id, item.copy.iia_id, listed_before[item.copy.iia_id]))
    for iia_id in gone:
        keys.extend(_keys(hei_id, iia_id, _listed(uow, hei_id, own, iia_id)))
    keys.extend(_remember_foreign(uow, hei_id, foreign))
    uow.work.mark_to_compare(_with_local(uow, own, hei_id, keys, [*changed, *gone]), at)
    unchanged = len(ours) - len(changed)
    return _Committed(RefreshReport(hei_id, len(ours), len(changed), unchanged, len(gone)), former)


def _sorted_out(
    copies: Iterable[ReadCopy], own: HeiId, asked: Sequence[IiaId]
) -> tuple[list[ReadCopy], list[IiaId]]:
    """Keep the copies that were asked for and name us; return the ids of those that do not."""
    ours, foreign = [], []
    for item in copies:
        if own not in item.copy.listed_hei_ids:
            foreign.append(item.copy.iia_id)
        elif item.copy.iia_id in asked:
            ours.append(item)
    return ours, foreign


def _listed(uow: UnitOfWork, hei_id: HeiId, own: HeiId, iia_id: IiaId) -> IiaId | None:
    held = uow.copies.get(hei_id, own, iia_id)
    return held.copy.partner_iia_id if held is not None else None


def _keys(hei_id: HeiId, theirs: IiaId, ours: IiaId | None) -> list[str]:
    keys = [agreement_key(hei_id, theirs=theirs)]
    if ours is not None:
        keys.append(agreement_key(hei_id, ours=ours))
    return keys


def _with_local(
    uow: UnitOfWork, own: HeiId, hei_id: HeiId, keys: list[str], theirs: Iterable[IiaId]
) -> list[str]:
    """Add our copies that list, or were paired by a person with, the partner copies that changed."""
    paired = {partner_id: local_id for local_id, partner_id in uow.links.confirmed(hei_id).items()}
    for iia_id in theirs:
        keys.extend(
            agreement_key(hei_id, ours=held.copy.iia_id) for held in uow.copies.listing(own, hei_id, iia_id)
        )
        if iia_id in paired:
            keys.append(agreement_key(hei_id, ours=paired[iia_id]))
    return keys


def _remember_foreign(uow: UnitOfWork, hei_id: HeiId, foreign: Sequence[IiaId]) -> list[str]:
    """Remember ids of agreements that are not ours, so that they are reported once and not fetched again."""
    if not foreign:
        return []
    state = uow.partners.index(hei_id) or IndexState(hei_id)
    known = tuple(sorted({*state.foreign_ids, *foreign}))
    uow.partners.save_index(replace(state, foreign_ids=known))
    return [partner_key(hei_id)]
