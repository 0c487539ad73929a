"""What must hold of a store after everything that can go wrong has gone wrong and been mended."""

from collections import Counter
from typing import Any

from tests.support.events import problems_of

from mobility_bridge.domain.approval import ApprovalSide
from mobility_bridge.domain.discrepancy import Discrepancy, DiscrepancyState
from mobility_bridge.domain.notification import CnrState
from mobility_bridge.ports.store import Store, UnitOfWork
from mobility_bridge.store.chain import START, verify

REMEMBERED = frozenset(
    {
        "APPROVAL_AUTO_ADVANCED",
        "APPROVAL_STALE",
        "APPROVAL_WITHDRAWN",
        "DELETED_AFTER_CONCLUSION",
        "DELETED_BY_PARTNER",
        "HASH_UNSTABLE",
        "ID_CHANGED",
        "ID_REUSED",
        "STALE_TERMS_AFTER_IMPORT",
    }
)
"""What only who was there can say: a bridge that starts today has not seen the text before."""

Fact = tuple[str, str]
"""Code and subject."""


async def standing(store: Store) -> set[Fact]:
    """Discrepancies that stand."""
    found = await store.read(lambda uow: uow.discrepancies.select(states=[DiscrepancyState.OPEN]))
    return {_fact(item) for item in found}


def _fact(item: Discrepancy) -> Fact:
    return item.finding.code, str(item.finding.subject)


async def differences(old: Store, fresh: Store) -> list[str]:
    """Where a bridge that lived through it all and one that starts today disagree without a reason."""
    before, now = await standing(old), await standing(fresh)
    stuck = {fact for fact in before - now if fact[0] not in REMEMBERED}
    wondered = {("APPROVAL_UNKNOWN_HASH", subject) for subject in await old.read(_approved_before)}
    missed = now - before - wondered
    return sorted([f"stuck: {fact}" for fact in stuck] + [f"missed: {fact}" for fact in missed])


def _approved_before(uow: UnitOfWork) -> set[str]:
    """Agreements of which the partner approved a text that we know to be an earlier one of ours."""
    found = set()
    for held in uow.copies.local():
        copy = held.copy
        key = (copy.holder_hei_id, copy.partner_hei_id, copy.iia_id)
        given = uow.approvals.current(ApprovalSide.BY_PARTNER, copy.partner_hei_id, copy.iia_id)
        earlier = {former.copy.iia_hash for former in uow.copies.history(*key)} - {copy.iia_hash}
        if given is not None and given.iia_hash in earlier:
            found.add(f"{copy.partner_hei_id} {copy.iia_id}")
    return found


async def broken(store: Store) -> list[str]:
    """Everything about a quiet store that should not be."""
    problems = await store.read(_of_the_tables)
    end, start = START, 1
    while page := await store.read(lambda uow, start=start: uow.evidence.scan(start)):
        end, breaks = verify(page, end)
        problems += [f"evidence {item.sequence}: {item.fault}" for item in breaks]
        start = page[-1].sequence + 1
    return problems


def _of_the_tables(uow: UnitOfWork) -> list[str]:
    problems = []
    for item in uow.outbox.select(limit=100_000):
        about = f"notification {item.notification_id} to {item.partner_hei_id}"
        if item.state is CnrState.PENDING:
            problems.append(f"{about} still waits: {item.last_error}")
        if item.leased_until is not None:
            problems.append(f"{about} is still leased")
        if item.state is not CnrState.DELIVERED and not item.last_error:
            problems.append(f"{about} was given up without a reason")
    # Each reading of a source has it looked at again, so that it is hardly ever at rest.
    if left := [key for key in uow.work.to_compare(100) if not key.startswith("source:")]:
        problems.append(f"never compared: {left}")
    if dirty := uow.work.dirty():
        problems.append(f"never fetched: {dirty}")
    twice = Counter((*_fact(item), item.finding.place) for item in uow.discrepancies.select())
    problems += [f"one discrepancy twice: {fact}" for fact, count in twice.items() if count > 1]
    return problems


def wrong_lines(lines: list[dict[str, Any]]) -> list[str]:
    """Lines of the log that the schema does not allow."""
    return [f"{line['event']}: {problems}" for line in lines if (problems := problems_of(line))]
