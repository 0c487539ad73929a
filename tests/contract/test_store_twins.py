"""Memory and SQL are twins: whatever is done to both, both answer alike."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.stores import ALDERTON, BRAVA, US, a_copy, an_exchange, digest, minutes

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.identifiers import HeiId, IiaHash
from mobility_bridge.domain.notification import CnrKind, CnrState
from mobility_bridge.domain.snapshot import DocumentRef, LocalRecord
from mobility_bridge.ports.store import Store, UnitOfWork
from mobility_bridge.store import open_store

Step = Callable[[UnitOfWork], Any]

iia_ids = st.sampled_from(["a", "b", "B", "c"])
many_ids = st.lists(iia_ids, max_size=4)
instants = st.integers(0, 30).map(minutes)
partners = st.sampled_from([ALDERTON, BRAVA])
keys = st.sampled_from([(ALDERTON, US), (US, ALDERTON), (BRAVA, US), (US, BRAVA)])
records = st.builds(LocalRecord, st.just("ACTIVE"), st.booleans(), modified_at=st.none() | instants)

digests = st.sampled_from([digest("one"), digest("two")])


@st.composite
def copies(draw: st.DrawFn) -> Any:
    holder, partner = draw(keys)
    other = partner if holder == US else holder
    return a_copy(
        draw(iia_ids),
        of=other,
        holder=holder,
        partner_iia_id=draw(st.none() | iia_ids),
        in_effect=draw(st.booleans()),
        terminated=draw(st.none() | st.booleans()),
        document=DocumentRef(draw(digests), "ewp.iias.v7"),
        fetched_at=draw(instants),
        record=draw(records) if holder == US else None,
    )


def save(batch: list[Any], at: Any) -> Step:
    return lambda unit: sorted(unit.copies.save(batch, at), key=repr)


def confirm(key: tuple[HeiId, HeiId], ids: list[Any], at: Any, document: Any) -> Step:
    return lambda unit: unit.copies.confirm(*key, ids, at, document)


def mark_gone(key: tuple[HeiId, HeiId], ids: list[Any], at: Any) -> Step:
    return lambda unit: unit.copies.mark_gone(*key, sorted(set(ids)), at)


def decide(partner: HeiId, ours: Any, theirs: Any, *, confirmed: bool) -> Step:
    def step(unit: UnitOfWork) -> None:
        act = unit.links.confirm if confirmed else unit.links.reject
        act(partner, ours, theirs, "anna", "", minutes(0))

    return step


def approve(side: ApprovalSide, iia_id: Any, text: str, at: Any) -> Step:
    approval = Approval(side, ALDERTON, iia_id, IiaHash(digest(text)), at, at)
    return lambda unit: unit.approvals.save(approval)


def withdraw(side: ApprovalSide, iia_id: Any, at: Any) -> Step:
    return lambda unit: unit.approvals.withdraw(side, ALDERTON, iia_id, at)


def queue(kind: CnrKind, partner: HeiId, iia_id: Any, at: Any) -> Step:
    return lambda unit: unit.outbox.queue(kind, partner, iia_id, cause="x", at=at, expires_at=at)


def attempt(at: Any, limit: int, state: CnrState, between: Step) -> Step:
    def step(unit: UnitOfWork) -> Any:
        held = unit.outbox.claim(at, minutes(40), limit)
        between(unit)
        return held, [unit.outbox.save(replace(it, state=state, attempts=it.attempts + 1)) for it in held[1:]]

    return step


def mark(partner: HeiId, ids: list[Any], at: Any) -> Step:
    return lambda unit: unit.work.mark_dirty(partner, ids, at, "x")


def clear(partner: HeiId, ids: list[Any], asked_at: Any) -> Step:
    return lambda unit: unit.work.clear_dirty(partner, ids, asked_at)


def to_compare(ids: list[Any], at: Any) -> Step:
    return lambda unit: unit.work.mark_to_compare(ids, at)


def compared(key: Any, day: date | None) -> Step:
    return lambda unit: unit.work.compared(key, day)


def append(number: int) -> Step:
    return lambda unit: unit.evidence.append([an_exchange(b"<a/>" * n) for n in range(number)])


sides, kinds = st.sampled_from(ApprovalSide), st.sampled_from(CnrKind)
queues = st.builds(queue, kinds, partners, iia_ids, instants)
steps = st.one_of(
    st.builds(save, st.lists(copies(), max_size=4), instants),
    st.builds(save, st.lists(copies(), min_size=1, max_size=2), instants),
    st.builds(confirm, keys, many_ids, instants, st.none() | digests),
    st.builds(mark_gone, keys, many_ids, instants),
    st.builds(decide, partners, iia_ids, iia_ids, confirmed=st.booleans()),
    st.builds(approve, sides, iia_ids, st.sampled_from("xy"), instants),
    st.builds(withdraw, sides, iia_ids, instants),
    queues,
    st.builds(attempt, instants, st.integers(1, 3), st.sampled_from(CnrState), queues),
    st.builds(mark, partners, many_ids, instants),
    st.builds(clear, partners, many_ids, instants),
    st.builds(to_compare, many_ids, instants),
    st.builds(compared, iia_ids, st.none() | st.dates(date(2026, 11, 1), date(2026, 11, 9))),
    st.builds(append, st.integers(0, 2)),
)


def everything(unit: UnitOfWork) -> list[Any]:
    """All that can be read."""
    seen: list[Any] = [unit.copies.partner_hei_ids(), unit.copies.local(), unit.copies.local(live_only=False)]
    for holder, partner in [(ALDERTON, US), (US, ALDERTON), (BRAVA, US), (US, BRAVA)]:
        seen.append(unit.copies.of_partner(holder, partner, live_only=False))
        seen.append(unit.copies.ids_of_partner(holder, partner))
        seen.append(unit.copies.some(holder, partner, ["b", "a"]))
        seen.append(unit.copies.ids_to_refresh(holder, partner, minutes(15), 2))
        for iia_id in ("a", "b", "B", "c"):
            seen.append(unit.copies.history(holder, partner, iia_id))
            seen.append(unit.copies.listing(holder, partner, iia_id))
            seen.append(unit.copies.current_documents(holder, partner, [[iia_id, "a"], [], [iia_id]]))
    for iia_id in ("a", "b", "B", "c"):
        seen.append(unit.copies.find(iia_id))
        seen.append([unit.approvals.current(side, ALDERTON, iia_id) for side in ApprovalSide])
        seen.append(unit.approvals.history(ALDERTON, iia_id))
    for partner in (ALDERTON, BRAVA):
        seen += [unit.links.confirmed(partner), unit.links.rejected(partner)]
    seen += [unit.outbox.select(), unit.outbox.counts(), unit.evidence.scan()]
    seen += [unit.work.dirty(), unit.work.to_compare(), unit.work.due(date(2026, 11, 5))]
    return seen


async def live_through(store: Store, plan: list[Step]) -> list[Any]:
    answers = [await store.write(step) for step in plan]
    answers += await store.read(everything)
    await store.close()
    return answers


@settings(max_examples=60, deadline=None)
@given(plan=st.lists(steps, max_size=20))
def test_memory_and_sqlite_answer_alike(sqlite_template: Path, plan: list[Step]):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(sqlite_template, Path(folder) / "bridge.db")

        in_sql = asyncio.run(live_through(open_store(f"sqlite:///{folder}/bridge.db"), plan))
        in_memory = asyncio.run(live_through(open_store("memory:"), plan))

    assert in_sql == in_memory
