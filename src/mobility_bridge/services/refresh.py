"""Fetch the partner copies that are out of date, and keep them with the bytes that prove them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.domain.snapshot import KnownDocument, StoredCopy
from mobility_bridge.errors import ExternalError, InvalidDocument
from mobility_bridge.kit.batches import batched
from mobility_bridge.ports.sources import FetchAnswer, ReadCopy
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import note_success, partner_failed, recovered
from mobility_bridge.services.listing_seen import last_listing
from mobility_bridge.services.subjects import keys_of, partner_key

GET = "iias.get"
"""The call's name in health records."""
MOST_OWN_IDS = 200
"""Ids of ours that are tried on a wrong hash: a partner whose every hash is wrong must not cost a square."""


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
class _Batch:
    """What one request asks for, and the document that all of it stands in: an answer equal to it says nothing new."""

    ids: Sequence[IiaId]
    known: KnownDocument | None = None


async def refresh_partner(context: Context, hei_id: HeiId, *, everything: bool = False) -> RefreshReport:
    """Fetch what is dirty or long unconfirmed from one partner; an error is kept and reported, not raised.

    With `everything`, all that the partner is known to hold is fetched again.
    The partner counts as well again only after a pass without any error: the valid documents beside an
    invalid one do not make it valid.
    """
    started = context.clock.monotonic()
    partner = context.the_network().partner(hei_id)
    offer = partner.offers.get("iias") if partner is not None else None
    limit = offer.max_ids if offer is not None else 1
    batches, ours = await context.store.read(
        lambda uow: _to_ask(uow, context, hei_id, limit, everything=everything)
    )
    total = RefreshReport(hei_id)
    if not batches:
        return total
    for batch in batches:
        total += await _fetch(context, hei_id, batch, ours)
        if total.error is not None and not isinstance(total.error, InvalidDocument):
            break
    if total.error is None:
        await _well(context, hei_id)
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


def _to_ask(
    uow: UnitOfWork, context: Context, hei_id: HeiId, limit: int, *, everything: bool
) -> tuple[Sequence[_Batch], Collection[IiaId]]:
    """Name what to fetch, `limit` ids at a time, and the ids of ours with this partner, if they are few."""
    ids = due_copies(uow, context, hei_id, everything=everything)
    batches = list(batched(ids, limit))
    known = uow.copies.current_documents(hei_id, context.own_hei_id, batches)
    ours = uow.copies.ids_of_partner(context.own_hei_id, hei_id) if ids else set()
    return [*map(_Batch, batches, known)], sorted(ours) if len(ours) <= MOST_OWN_IDS else ()


async def _well(context: Context, hei_id: HeiId) -> None:
    """Note that everything that was asked for came."""
    at = context.clock.now()

    def work(uow: UnitOfWork) -> Health | None:
        former = note_success(uow, hei_id, GET, at)
        if former is not None:
            uow.work.mark_to_compare([partner_key(hei_id)], at)
        return former

    recovered(context, await context.store.write(work))


def due_copies(uow: UnitOfWork, context: Context, hei_id: HeiId, *, everything: bool) -> Sequence[IiaId]:
    """Name what to fetch, in a steady order, so that a batch asked again is byte for byte comparable."""
    dirty = {iia_id for _, iia_id in uow.work.dirty(hei_id)}
    if everything:
        return sorted(dirty | uow.copies.ids_of_partner(hei_id, context.own_hei_id))
    before = context.clock.now() - timedelta(seconds=context.settings.schedule.refresh_after_s)
    stale = uow.copies.ids_to_refresh(hei_id, context.own_hei_id, before, 10_000)
    return sorted(dirty.union(stale))


async def _fetch(
    context: Context, hei_id: HeiId, batch: _Batch, own_iia_ids: Collection[IiaId]
) -> RefreshReport:
    """Fetch one batch; when its document is invalid, each id alone, so that one never hides the others."""
    ids = batch.ids
    asked_at = context.clock.now()
    try:
        answer = await context.the_network().fetch(hei_id, ids, batch.known, own_iia_ids)
    except InvalidDocument as error:
        if len(ids) > 1:
            total = RefreshReport(hei_id)
            for iia_id in ids:
                total += await _fetch(context, hei_id, _Batch((iia_id,)), own_iia_ids)
            return total
        await partner_failed(context, hei_id, GET, error)
        return RefreshReport(hei_id, error=error)
    except ExternalError as error:
        await partner_failed(context, hei_id, GET, error)
        return RefreshReport(hei_id, error=error)
    at = context.clock.now()

    def work(uow: UnitOfWork) -> RefreshReport:
        # What was marked while the answer was under way may have changed after it was written.
        uow.work.clear_dirty(hei_id, ids, asked_at)
        return _commit(uow, context, hei_id, batch, answer, at)

    return await context.store.write(work)


def _commit(
    uow: UnitOfWork,
    context: Context,
    hei_id: HeiId,
    batch: _Batch,
    answer: FetchAnswer,
    at: datetime,
) -> RefreshReport:
    own, ids = context.own_hei_id, batch.ids
    uow.evidence.append(answer.exchanges)
    if answer.unchanged:
        assert batch.known is not None
        if uow.copies.confirm(hei_id, own, ids, at, batch.known.sha256) < len(ids):
            # Another text was stored while this one was asked for: only a fresh look tells which is the newer.
            uow.work.mark_dirty(hei_id, ids, at, "stored meanwhile")
        doubtful = _against_the_index(uow, own, hei_id, served=ids)
        uow.work.mark_to_compare(keys_of(uow, own, hei_id, doubtful) if doubtful else (), at)
        return RefreshReport(hei_id, len(ids), unchanged=len(ids))
    ours, foreign = _sorted_out(answer.copies, own, ids)
    uow.copies.put_documents({item.copy.document.sha256: item.document for item in ours})
    changed = uow.copies.save([item.copy for item in ours], at)
    unserved = [*answer.absent, *foreign]
    gone = uow.copies.mark_gone(hei_id, own, unserved, at)
    touched = [change.former for change in changed if change.former is not None]
    touched += uow.copies.some(hei_id, own, [*(change.copy.iia_id for change in changed), *gone])
    served = [item.copy.iia_id for item in ours]
    touched += _against_the_index(uow, own, hei_id, served=served, unserved=unserved)
    keys = [
        *(keys_of(uow, own, hei_id, touched) if touched else ()),
        *_remember_foreign(uow, hei_id, foreign),
    ]
    uow.work.mark_to_compare(dict.fromkeys(keys), at)
    unchanged = len(ours) - len(changed)
    return RefreshReport(hei_id, len(ours), len(changed), unchanged, len(gone))


def _against_the_index(
    uow: UnitOfWork, own: HeiId, hei_id: HeiId, *, served: Iterable[IiaId], unserved: Iterable[IiaId] = ()
) -> list[StoredCopy]:
    """Copies that the partner serves and does not list, or lists and does not serve."""
    listed = last_listing(uow, hei_id)
    if listed is None:
        return []
    doubtful = {iia_id for iia_id in served if iia_id not in listed} | listed.intersection(unserved)
    held = uow.copies.some(hei_id, own, doubtful) if doubtful else ()
    return [each for each in held if each.live is not (each.copy.iia_id in listed)]


def _sorted_out(
    copies: Iterable[ReadCopy], own: HeiId, asked: Sequence[IiaId]
) -> tuple[list[ReadCopy], list[IiaId]]:
    """Keep the copies that were asked for and name us; return the ids of those that do not."""
    ours, foreign, wanted = [], [], set(asked)
    for item in copies:
        if own not in item.copy.listed_hei_ids:
            foreign.append(item.copy.iia_id)
        elif item.copy.iia_id in wanted:
            ours.append(item)
    return ours, foreign


def _remember_foreign(uow: UnitOfWork, hei_id: HeiId, foreign: Sequence[IiaId]) -> list[str]:
    """Remember ids of agreements that are not ours, so that they are reported once and not fetched again."""
    if not foreign:
        return []
    state = uow.partners.index(hei_id) or IndexState(hei_id)
    known = tuple(sorted({*state.foreign_ids, *foreign}))
    uow.partners.save_index(replace(state, foreign_ids=known))
    return [partner_key(hei_id)]
