"""Ask a partner's index what it holds for us: notifications are hints, the index is how we find out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.errors import ExternalError
from mobility_bridge.kit.together import Together
from mobility_bridge.ports.sources import IndexAnswer
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.index import IndexDecision, decide_index, names_everything
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import partner_failed, recovered
from mobility_bridge.services.listing_seen import keep_listing, last_listing
from mobility_bridge.services.subjects import agreement_key, keys_of, partner_key

INDEX = "iias.index"
"""The call's name in health records."""

MORE_THAN_ONE = 2
A_DAY_AHEAD = timedelta(days=1)
"""Far enough that no zone read wrongly makes a real change later than it."""


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What one index said. `error` is set when it could not be read, `shrunk_to` when it is not believed."""

    partner_hei_id: HeiId
    listed: int = 0
    new: int = 0
    changed: int = 0
    suspected_gone: int = 0
    shrunk_to: int | None = None
    error: ExternalError | None = None


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one index answered, how it was asked, and whether this partner ignores `modified_since`."""

    hei_id: HeiId
    answer: IndexAnswer
    at: datetime
    modified_since: datetime | None
    ignores: bool
    accept_shrink: bool

    @property
    def full(self) -> bool:
        return self.modified_since is None


_Outcome = tuple[IndexDecision, Health | None]


class Sweeps:
    """Reads indexes, any number at a time; answers that come together are kept in one unit of work."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept = Together(self._keep)

    async def sweep(
        self, hei_id: HeiId, state: IndexState | None, *, full: bool = False, accept_shrink: bool = False
    ) -> SweepReport:
        """Read one partner's index and mark what has to be fetched; an error is kept and reported, not raised.

        `state` is what is known of the index; an older one only asks further back.
        """
        context = self._context
        started = context.clock.monotonic()
        asked_at = context.clock.now()
        modified_since = since(state, context, full=full or accept_shrink)
        try:
            answer = await context.the_network().index(hei_id, modified_since)
            answer, ignores = await _tell_changes_from_everything(
                context, hei_id, state, answer, modified_since
            )
        except ExternalError as error:
            await partner_failed(context, hei_id, INDEX, error)
            return SweepReport(hei_id, error=error)
        heard = _Heard(hei_id, answer, asked_at, modified_since, ignores=ignores, accept_shrink=accept_shrink)
        decision, former = await self._kept.put(heard)
        recovered(context, former)
        _log(context, heard, decision, context.clock.monotonic() - started)
        return SweepReport(
            hei_id,
            len(answer.ids),
            len(decision.new),
            len(decision.changed),
            len(decision.suspected_gone),
            decision.shrunk_to,
        )

    async def _keep(self, heard: Sequence[_Heard]) -> list[_Outcome]:
        return await self._context.store.write(lambda uow: _commit(uow, self._context, heard))


def since(state: IndexState | None, context: Context, *, full: bool) -> datetime | None:
    """Say from when on to ask for changes; None asks for everything.

    The window reaches back before the last index, because some partners read the instant without its zone.
    """
    schedule = context.settings.schedule
    if full or state is None or state.listed_at is None or state.full_at is None:
        return None
    if state.shrunk_to is not None:
        return None
    if context.clock.now() - state.full_at >= timedelta(seconds=schedule.full_sweep_every_s):
        return None
    return state.listed_at - timedelta(seconds=context.settings.sync.overlap_s)


async def sweep_partner(
    context: Context, hei_id: HeiId, *, full: bool = False, accept_shrink: bool = False
) -> SweepReport:
    """Read one partner's index, as `Sweeps.sweep`."""
    state = await context.store.read(lambda uow: uow.partners.index(hei_id))
    return await Sweeps(context).sweep(hei_id, state, full=full, accept_shrink=accept_shrink)


async def _tell_changes_from_everything(
    context: Context,
    hei_id: HeiId,
    state: IndexState | None,
    answer: IndexAnswer,
    modified_since: datetime | None,
) -> tuple[IndexAnswer, bool]:
    """Say whether the partner ignores `modified_since`; the answer carries what shows it.

    What was seen once is believed for as long as each answer names everything.
    """
    if modified_since is None or len(answer.ids) < MORE_THAN_ONE:
        return answer, False
    if state is not None and state.ignores_modified_since:
        return answer, True
    known = await context.store.read(lambda uow: uow.copies.ids_of_partner(hei_id, context.own_hei_id))
    if not names_everything(known, {*answer.ids}):
        return answer, False
    ahead = await context.the_network().index(hei_id, context.clock.now() + A_DAY_AHEAD)
    return replace(answer, exchanges=answer.exchanges + ahead.exchanges), bool(ahead.ids)


def _commit(uow: UnitOfWork, context: Context, heard: Sequence[_Heard]) -> list[_Outcome]:
    partners = [each.hei_id for each in heard]
    states = dict(uow.partners.indexes(partners))
    health = dict(uow.partners.health_of(INDEX, partners))
    uow.evidence.append(exchange for each in heard for exchange in each.answer.exchanges)
    outcomes: list[_Outcome] = []
    keys: list[str] = []
    for each in heard:
        state = states.get(each.hei_id) or IndexState(each.hei_id)
        decision = _decision(uow, context, each, state)
        states[each.hei_id] = after = _after(state, each, decision)
        before = health.get(each.hei_id)
        former = before if before is not None and before.failing_since is not None else None
        health[each.hei_id] = Health(each.hei_id, INDEX, last_ok_at=each.at)
        if decision.dirty:
            uow.work.mark_dirty(each.hei_id, decision.dirty, each.at, "listed by the index")
        keys += _keep_listing(uow, context.own_hei_id, each, decision)
        if former is not None or _facts(after) != _facts(state):
            keys.append(partner_key(each.hei_id))
        outcomes.append((decision, former))
    uow.partners.save_index(*states.values())
    uow.partners.save_health(*health.values())
    uow.work.mark_to_compare(keys, max(each.at for each in heard))
    return outcomes


def _decision(uow: UnitOfWork, context: Context, heard: _Heard, state: IndexState) -> IndexDecision:
    if not heard.full and not heard.answer.ids:
        return IndexDecision(())  # nothing has changed, whatever is known
    return decide_index(
        uow.copies.ids_of_partner(heard.hei_id, context.own_hei_id),
        {*heard.answer.ids}.difference(map(IiaId, state.foreign_ids)),
        full=heard.full,
        ignores=heard.ignores,
        previous_count=state.count,
        floor=context.settings.sync.shrink_floor,
        accept_shrink=heard.accept_shrink,
    )


def _facts(state: IndexState) -> tuple[object, ...]:
    """What rules about a partner look at in its index state."""
    return state.shrunk_to, state.ignores_modified_since, state.foreign_ids


def _keep_listing(uow: UnitOfWork, own: HeiId, heard: _Heard, decision: IndexDecision) -> list[str]:
    """Remember what is listed; return the agreements whose being listed has changed."""
    hei_id, answer, full = heard.hei_id, heard.answer, heard.full
    if decision.shrunk_to is not None or (not full and not answer.ids):
        return []
    before = last_listing(uow, hei_id)
    if before is None and not full:
        return []
    now = frozenset(answer.ids) if full or before is None else before | frozenset(answer.ids)
    if now == before:
        return []
    keep_listing(uow, hei_id, now)
    if before is None:
        return [agreement_key(hei_id, ours=iia_id) for iia_id in uow.copies.ids_of_partner(own, hei_id)]
    held = (uow.copies.get(hei_id, own, iia_id) for iia_id in sorted(before ^ now))
    return keys_of(uow, own, hei_id, [item for item in held if item is not None])


def _after(state: IndexState, heard: _Heard, decision: IndexDecision) -> IndexState:
    """The index state after an answer. A full listing that is not believed changes nothing but `shrunk_to`."""
    if decision.shrunk_to is not None:
        return IndexState(
            state.partner_hei_id,
            state.listed_at,
            state.full_at,
            state.count,
            decision.shrunk_to,
            state.ignores_modified_since,
            state.foreign_ids,
        )
    answer = heard.answer
    was_full = heard.full or decision.ignored_modified_since
    return IndexState(
        state.partner_hei_id,
        heard.at,
        heard.at if was_full else state.full_at,
        len(answer.ids) if was_full else state.count,
        None,
        state.ignores_modified_since if heard.full else decision.ignored_modified_since,
        tuple(sorted(set(state.foreign_ids) & set(answer.ids))) if was_full else state.foreign_ids,
    )


def _log(context: Context, heard: _Heard, decision: IndexDecision, duration_s: float) -> None:
    if decision.shrunk_to is not None:
        context.log.event("index.shrunk", partner_hei_id=heard.hei_id, listed=decision.shrunk_to)
    context.log.event(
        "partner.swept",
        partner_hei_id=heard.hei_id,
        listed=len(heard.answer.ids),
        new=len(decision.new),
        changed=len(decision.changed),
        gone=len(decision.suspected_gone),
        full=heard.full,
        duration_s=round(duration_s, 3),
    )
