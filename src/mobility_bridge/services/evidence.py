"""Evidence kept, selected and walked over."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from functools import partial

from mobility_bridge.domain.evidence import EvidenceRecord, Exchange
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.personal import about_students, named_in
from mobility_bridge.domain.record import IdentityKey, StudentId
from mobility_bridge.errors import UsageError
from mobility_bridge.kit.masking import HIDDEN, scrubbed
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.student_views import view_student

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


async def chosen_numbers(
    context: Context, partner: HeiId | None, about: str | None, numbers: Sequence[int]
) -> list[int]:
    """The numbers of the records that were asked for, oldest first; `numbers` name them one by one.

    Raises:  UsageError when a number does not exist.
    """
    if not numbers:
        return await _matching(context, partner, about)
    wanted = sorted(set(numbers))
    for number in wanted:
        await context.store.read(partial(_insist, number=number))
    return wanted


async def _matching(context: Context, partner: HeiId | None, about: str | None) -> list[int]:
    found: list[int] = []
    while True:
        before = found[-1] if found else None
        page = await context.store.read(partial(_page, partner=partner, about=about, before=before))
        found.extend(page)
        if len(page) < PAGE:
            return found[::-1]


def _page(uow: UnitOfWork, *, partner: HeiId | None, about: str | None, before: int | None) -> list[int]:
    page = uow.evidence.select(partner=partner, text=about, before=before, limit=PAGE)
    return [record.sequence for record in page]


def _insist(uow: UnitOfWork, *, number: int) -> None:
    if not any(record.sequence == number for record in uow.evidence.select(before=number + 1, limit=1)):
        raise _nothing(number)


def _nothing(number: int) -> UsageError:
    return UsageError(
        f"there is no evidence with the number {number}", next_step="Run: mobility-bridge evidence list"
    )


async def one(context: Context, number: int) -> EvidenceRecord:
    """One record with its bodies. Raises UsageError when there is none with this number."""

    def work(uow: UnitOfWork) -> EvidenceRecord:
        record = uow.evidence.get(number)
        if record is None:
            raise _nothing(number)
        return record

    return await context.store.read(work)


async def to_show(context: Context, number: int, *, personal: bool) -> tuple[EvidenceRecord, str | None]:
    """One record as it may be shown, and why it is not whole, if it is not.

    What is about students comes without bodies and with its address masked unless `personal`; what names a
    protected identity comes so always.
    Raises:  UsageError when there is none with this number.
    """
    record = await one(context, number)
    if not about_students(record.exchange):
        return record, None
    if not personal:
        return masked(record), "personal"
    parts = (record.exchange.url.encode(), record.exchange.request_body, record.exchange.body)
    keys = {key for part in parts for key in named_in(part)}
    if await context.store.read(lambda uow: _names_protected(uow, context, record, keys)):
        return masked(record), "protected"
    return record, None


def masked(record: EvidenceRecord) -> EvidenceRecord:
    """The record of an exchange about students without what it says of them."""
    exchange = record.exchange
    if not about_students(exchange):
        return record
    shown = replace(
        exchange,
        url=scrubbed(exchange.url),
        request_body=HIDDEN.encode() if exchange.request_body else b"",
        body=b"",
        failure=None if exchange.failure is None else scrubbed(exchange.failure),
    )
    return replace(record, exchange=shown)


def _names_protected(
    uow: UnitOfWork, context: Context, record: EvidenceRecord, keys: Iterable[IdentityKey]
) -> bool:
    owners = set(uow.students.by_keys(keys).values())
    owners |= {uow.students.current(each) for each in _owners(uow, record)}
    return any(uow.students.exists(each) and view_student(context, uow, each).protected for each in owners)


def _owners(uow: UnitOfWork, record: EvidenceRecord) -> frozenset[StudentId]:
    return uow.privacy.owners([record.body_sha256]).get(record.body_sha256, frozenset())
