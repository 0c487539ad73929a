"""Evidence kept, selected and walked over."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

from mobility_bridge.domain.evidence import EvidenceRecord, Exchange
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context

PAGE = 500


async def keep(context: Context, exchanges: Sequence[Exchange]) -> None:
    """Keep exchanges that lead to nothing else."""
    await context.store.write(lambda uow: uow.evidence.append(exchanges))


async def pages(context: Context) -> AsyncIterator[Sequence[EvidenceRecord]]:
    """Walk over all evidence with its bodies, oldest first, a page at a time."""
    start = 1
    while True:
        page = await context.store.read(partial(_scan, start=start))
        if not page:
            return
        yield page
        start = page[-1].sequence + 1


def _scan(uow: UnitOfWork, *, start: int) -> Sequence[EvidenceRecord]:
    return uow.evidence.scan(start, PAGE)


async def selected(
    context: Context, partner: HeiId | None, about: str | None, numbers: Sequence[int]
) -> list[EvidenceRecord]:
    """The records that were asked for, with their bodies, oldest first.

    Raises:  UsageError when a number does not exist.
    """

    def work(uow: UnitOfWork) -> list[EvidenceRecord]:
        wanted = numbers or [
            record.sequence for record in uow.evidence.select(partner=partner, text=about, limit=1_000_000)
        ]
        records = []
        for number in sorted(wanted):
            record = uow.evidence.get(number)
            if record is None:
                raise UsageError(
                    f"there is no evidence with the number {number}",
                    next_step="Run: mobility-bridge evidence list",
                )
            records.append(record)
        return records

    return await context.store.read(work)
