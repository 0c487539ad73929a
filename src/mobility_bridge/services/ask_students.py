"""Ask a university about students: nominations and learning agreements of those whom it sends, arrivals and
transcripts of those whom we send, and our own learning agreements where another host serves them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.partner import Health
from mobility_bridge.domain.record import RecordKey, RecordKind
from mobility_bridge.errors import ExternalError
from mobility_bridge.kit.batches import batched
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import RecordAnswer, StudentApi, StudentNetwork
from mobility_bridge.services.applications import place_keys
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import note_success, partner_failed, recovered
from mobility_bridge.services.subjects import partner_key

KINDS = {
    StudentApi.NOMINATIONS: RecordKind.NOMINATION,
    StudentApi.LEARNING_AGREEMENTS: RecordKind.LEARNING_AGREEMENT,
    StudentApi.ARRIVALS: RecordKind.ARRIVAL,
    StudentApi.TRANSCRIPTS: RecordKind.TRANSCRIPT,
}
SOURCE = "ewp"


@dataclass(frozen=True, slots=True)
class AskReport:
    """What one API of one university brought."""

    hei_id: HeiId
    api: StudentApi
    asked: int = 0
    changed: int = 0
    gone: int = 0
    error: ExternalError | None = None


async def ask_about_students(context: Context, hei_id: HeiId, *, full: bool = False) -> list[AskReport]:
    """Ask every student API that this university offers; one that fails does not keep the others back."""
    network = context.students
    if network is None:
        return []
    return [
        await _ask(context, network, hei_id, api, full=full)
        for api in StudentApi
        if network.offers(hei_id, api)
    ]


async def _ask(
    context: Context, network: StudentNetwork, hei_id: HeiId, api: StudentApi, *, full: bool
) -> AskReport:
    call = f"{api}.{'index' if api.has_index else 'get'}"
    try:
        if not api.has_index:
            ids = await context.store.read(lambda uow: outgoing_ids(uow, context, hei_id))
            return await _fetch(context, network, hei_id, api, ids)
        since = None if full else await _since(context, hei_id, call)
        at = context.clock.now()
        answer = await network.omobility_index(hei_id, api, since)
        listed = list(answer.ids)
        held = await context.store.read(lambda uow: uow.records.digests(SOURCE, KINDS[api], hei_id))
        missing = [OmobilityId(each) for each in held if each not in set(listed)] if since is None else []
        report = await _fetch(context, network, hei_id, api, [*listed, *missing])
        former = await context.store.write(
            lambda uow: _listed(uow, hei_id, call, answer.exchanges, at, full=since is None)
        )
        recovered(context, former)
    except ExternalError as error:
        await partner_failed(context, hei_id, call, error)
        return AskReport(hei_id, api, error=error)
    return report


async def _fetch(
    context: Context, network: StudentNetwork, hei_id: HeiId, api: StudentApi, ids: Sequence[OmobilityId]
) -> AskReport:
    """Fetch objects in batches; each batch is one unit of work, and what is not answered is gone."""
    changed = gone = 0
    for batch in batched(list(dict.fromkeys(ids)), network.max_ids(hei_id, api)):
        answer = await network.fetch_records(hei_id, api, batch)

        def work(uow: UnitOfWork, answer: RecordAnswer = answer) -> tuple[int, int]:
            return _commit(uow, context, hei_id, api, answer)

        more, fewer = await context.store.write(work)
        changed, gone = changed + more, gone + fewer
    if ids:
        context.log.event(
            "students.asked",
            partner_hei_id=hei_id,
            api=api.value,
            listed=len(ids),
            changed=changed,
            gone=gone,
        )
    return AskReport(hei_id, api, len(ids), changed, gone)


def _commit(
    uow: UnitOfWork, context: Context, hei_id: HeiId, api: StudentApi, answer: RecordAnswer
) -> tuple[int, int]:
    now = context.clock.now()
    uow.evidence.append(answer.exchanges)
    documents = {
        each.record.document.sha256: each.document
        for each in answer.records
        if each.record.document is not None
    }
    uow.copies.put_documents(documents)
    changed = list(uow.records.save([each.record for each in answer.records], now))
    absent = [RecordKey(SOURCE, KINDS[api], hei_id, each) for each in answer.absent]
    gone = list(uow.records.gone(absent, now))
    place_keys(uow, context, [*changed, *gone], now)
    recovered(context, _succeeded(uow, hei_id, f"{api}.get", now))
    return len(changed), len(gone)


def _succeeded(uow: UnitOfWork, hei_id: HeiId, call: str, at: datetime) -> Health | None:
    """Note a success; one after failures has the university looked at again. Nobody sweeps our own."""
    former = note_success(uow, hei_id, call, at)
    if former is not None:
        uow.work.mark_to_compare([partner_key(hei_id)], at)
    return former


def outgoing_ids(uow: UnitOfWork, context: Context, hei_id: HeiId) -> list[OmobilityId]:
    """The mobilities of ours at this university, by the nominations and agreements that we know of."""
    own = context.own_hei_id
    found: dict[OmobilityId, None] = {}
    for kind in (RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT):
        for record_id in uow.records.digests(SOURCE, kind, own):
            stored = uow.records.get(RecordKey(SOURCE, kind, own, record_id))
            if stored is None:
                continue
            facts = stored.record.facts
            cancelled = (
                isinstance(facts, Nomination) and facts.status is not None and not facts.status.is_counted
            )
            if facts.receiving_hei.hei_id == hei_id and not cancelled:
                found[facts.omobility_id] = None
    return list(found | _listed_ids(uow, context, hei_id))


def _listed_ids(uow: UnitOfWork, context: Context, hei_id: HeiId) -> dict[OmobilityId, None]:
    """The mobilities that a list names, where nobody serves their documents."""
    if context.lists is None:
        return {}
    own, name, found = context.own_hei_id, context.lists.name, dict[OmobilityId, None]()
    for record_id in uow.records.digests(name, RecordKind.LISTING, own):
        stored = uow.records.get(RecordKey(name, RecordKind.LISTING, own, record_id))
        if stored is not None and stored.record.facts.receiving_hei_id == hei_id:
            found[stored.record.facts.omobility_id] = None
    return found


async def _since(context: Context, hei_id: HeiId, call: str) -> datetime | None:
    """From when on to ask for changes; now and then everything, because only that shows what is gone."""
    name = _cursor(hei_id, call)
    last, full = await context.store.read(lambda uow: (uow.cursor(name), uow.cursor(f"{name}.full")))
    every = timedelta(seconds=context.settings.schedule.full_sweep_every_s)
    if last is None or full is None or context.clock.now() - datetime.fromisoformat(full) >= every:
        return None
    return datetime.fromisoformat(last) - timedelta(seconds=context.settings.sync.overlap_s)


def _listed(
    uow: UnitOfWork, hei_id: HeiId, call: str, exchanges: Sequence[Exchange], at: datetime, *, full: bool
) -> Health | None:
    uow.evidence.append(exchanges)
    uow.set_cursor(_cursor(hei_id, call), at.isoformat())
    if full:
        uow.set_cursor(f"{_cursor(hei_id, call)}.full", at.isoformat())
    return _succeeded(uow, hei_id, call, at)


def _cursor(hei_id: HeiId, call: str) -> str:
    return f"students.{hei_id}.{call}"
