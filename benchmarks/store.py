"""How the store writes and sweeps, as ratios measured side by side in one run.

    python -m benchmarks.store [rounds] [partners]

`upsert` compares saving a batch of 1,000 copies (new ones, then all of them changed) with the same rows through
the ORM's `merge()`; `sweep` lists the ids of every partner and writes what its index said.
"""

import asyncio
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.pairs import Ratio, ratio_of, report
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, registry

from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId, Sha256
from mobility_bridge.domain.partner import IndexState
from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict
from mobility_bridge.store import open_store
from mobility_bridge.store.migrate import upgrade
from mobility_bridge.store.tables import copies

NOW = datetime(2026, 11, 2, tzinfo=UTC)
BATCH = 1000
BAR = 12  # of a changed copy the former state is kept, too, which merge() does not do
IDS_PER_PARTNER = 333


class Mapped:
    """The same table as the ORM would see it."""


registry().map_imperatively(Mapped, copies)


def digest(text: str) -> Sha256:
    return Sha256(hashlib.sha256(text.encode()).hexdigest())


def a_copy(partner: HeiId, number: int) -> AgreementCopy:
    name = digest(f"{partner} {number}")
    return AgreementCopy(
        source="ewp",
        holder_hei_id=partner,
        iia_id=IiaId(f"{name[:8]}-{name[8:12]}-{number:06}"),
        partner_hei_id=HeiId("nordhav.example"),
        partner_iia_id=IiaId(name[:36]),
        listed_hei_ids=(partner, "nordhav.example"),
        iia_code=f"N/{number}/2026",
        partner_iia_code=None,
        in_effect=True,
        terminated=None,
        iia_hash=IiaHash(name),
        computed_hash=IiaHash(name),
        hash_verdict=HashVerdict.MATCHES,
        valid_for_approval=True,
        content_digest=digest(f"content {name}"),
        document=DocumentRef(digest(f"document {name}"), "ewp.iias.v7"),
        fetched_at=NOW,
    )


def mapped(copy: AgreementCopy) -> Mapped:
    row = Mapped()
    for name in copies.columns.keys():  # noqa: SIM118 - iterating gives columns, not names
        setattr(row, name, getattr(copy, name, None))
    row.listed_hei_ids = json.dumps(copy.listed_hei_ids)
    row.hash_verdict = copy.hash_verdict.value
    row.document_sha256, row.document_format = copy.document.sha256, copy.document.format
    row.document_position = copy.document.position
    row.first_seen_at = row.changed_at = row.confirmed_at = NOW
    return row


async def by_store(url: str, batches: Sequence[Sequence[AgreementCopy]]) -> float:
    store = open_store(url)
    await store.write(lambda _: None)  # the connection is open, as it is on the other side
    started = time.perf_counter()
    for batch in batches:
        await store.write(lambda unit, it=batch: unit.copies.save(it, NOW))
    seconds = time.perf_counter() - started
    await store.close()
    return seconds


def by_merge(url: str, batches: Sequence[Sequence[AgreementCopy]]) -> float:
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
    started = time.perf_counter()
    for batch in batches:
        with Session(engine) as session:
            for copy in batch:
                session.merge(mapped(copy))
            session.commit()
    seconds = time.perf_counter() - started
    engine.dispose()
    return seconds


async def upsert(folder: Path, rounds: int) -> list[Ratio]:
    partner = HeiId("alderton.example")
    new = [a_copy(partner, number) for number in range(BATCH)]
    changed = [replace(copy, in_effect=False, fetched_at=NOW + timedelta(days=1)) for copy in new]
    figures: dict[str, list[tuple[float, float]]] = {"new": [], "changed": []}
    for number in range(rounds):
        ours, theirs = (f"sqlite:///{folder / f'{name}-{number}.db'}" for name in ("store", "merge"))
        upgrade(ours)
        upgrade(theirs)
        for kind, batch in (("new", new), ("changed", changed)):
            if number % 2:
                theirs_s = await asyncio.to_thread(by_merge, theirs, [batch])
                figures[kind].append((await by_store(ours, [batch]), theirs_s))
            else:
                ours_s = await by_store(ours, [batch])
                figures[kind].append((ours_s, await asyncio.to_thread(by_merge, theirs, [batch])))
    return [
        ratio_of(f"save, {kind}", "ORM merge()", [theirs / ours for ours, theirs in pairs], bar=BAR)
        for kind, pairs in figures.items()
    ]


async def sweep(folder: Path, partners: int) -> None:
    url = f"sqlite:///{folder / 'sweep.db'}"
    upgrade(url)
    store = open_store(url)
    names = [HeiId(f"partner{number:04}.example") for number in range(partners)]
    for name in names:
        batch = [a_copy(name, number) for number in range(IDS_PER_PARTNER)]
        await store.write(lambda unit, it=batch: unit.copies.save(it, NOW))
    cpu, wall, ids = time.process_time(), time.perf_counter(), 0
    for name in names:
        found = await store.read(
            lambda unit, it=name: unit.copies.ids_of_partner(it, HeiId("nordhav.example"))
        )
        state = IndexState(name, NOW, NOW, len(found))
        await store.write(lambda unit, it=state: unit.partners.save_index(it))
        ids += len(found)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    await store.close()
    print(
        f"sweep, {partners:,} partners, {ids:,} ids: {cpu:.2f} s CPU, {wall:.2f} s wall, peak {peak:.0f} MB"
    )


async def main(rounds: int, partners: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ratios = await upsert(Path(folder), rounds)
        await sweep(Path(folder), partners)
    report("The store", ratios)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    asyncio.run(main(*given, *(15, 300)[len(given) :]))
