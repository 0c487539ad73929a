"""Ask a university about students: nominations and learning agreements of those whom it sends, arrivals and
transcripts of those whom we send, and our own learning agreements where another host serves them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.partner import Health
from mobility_bridge.domain.record import RecordKey, RecordKind
from mobility_bridge.errors import ExternalError
from mobility_bridge.kit.batches import batched
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import RecordAnswer, StudentApi, StudentNetwork
from mobility_bridge.reconcile.traces import mobility_name
from mobility_bridge.services.applications import place_keys
from mobility_bridge.services.context import Context
from mobility_bridge.services.forgotten import Sieve
from mobility_bridge.services.health import note_success, partner_failed, recovered
from mobility_bridge.services.subjects import partner_key

KINDS = {
    StudentApi.NOMINATIONS: RecordKind.NOMINATION,
    StudentApi.LEARNING_AGREEMENTS: RecordKind.LEARNING_AGREEMENT,
    StudentApi.ARRIVALS: RecordKind.ARRIVAL,
    StudentApi.TRANSCRIPTS: RecordKind.TRANSCRIPT,
}
SOURCE = "ewp"
NOBODY: Final[Mapping[OmobilityId, HeiId]] = MappingProxyType({})
OF_SENDERS: Final = (StudentApi.NOMINATIONS, StudentApi.LEARNING_AGREEMENTS)
OF_RECEIVERS: Final = (StudentApi.ARRIVALS, StudentApi.TRANSCRIPTS)


@dataclass(frozen=True, slots=True)
class AskReport:
    """What one API of one university brought."""

    hei_id: HeiId
    api: StudentApi
    asked: int = 0
    changed: int = 0
    gone: int = 0
    error: ExternalError | None = None


async def ask_about_students(
    context: Context,
    hei_id: HeiId,
    apis: Sequence[StudentApi] = tuple(StudentApi),
    *,
    full: bool = False,
    going: Sequence[OmobilityId] = (),
) -> list[AskReport]:
    """Ask these student APIs, as far as this university offers them; one that fails does not keep the others back.

    `going` are our mobilities there (`outgoing`), since arrivals are asked for by id.
    """
    network = context.students
    if network is None:
        return []
    return [
        await _ask(context, network, hei_id, api, going, full=full)
        for api in apis
        if network.offers(hei_id, api)
    ]


async def _ask(
    context: Context,
    network: StudentNetwork,
    hei_id: HeiId,
    api: StudentApi,
    going: Sequence[OmobilityId],
    *,
    full: bool,
) -> AskReport:
    by_id = hei_id == context.own_hei_id and api in OF_RECEIVERS
    call = f"{api}.{'index' if api.has_index and not by_id else 'get'}"
    try:
        if by_id:
            return await ask_own_host(context, network, api)
        if not api.has_index:
            return await fetch_objects(context, network, hei_id, api, going)
        since = None if full else await _since(context, hei_id, call)
        at = context.clock.now()
        answer = await network.omobility_index(hei_id, api, since)
        listed = list(answer.ids)
        held = await context.store.read(lambda uow: uow.records.digests(SOURCE, KINDS[api], hei_id))
        missing = [OmobilityId(each) for each in held if each not in set(listed)] if since is None else []
        report = await fetch_objects(context, network, hei_id, api, [*listed, *missing])
        former = await context.store.write(
            lambda uow: _listed(uow, hei_id, call, answer.exchanges, at, full=since is None)
        )
        recovered(context, former)
    except ExternalError as error:
        await partner_failed(context, hei_id, call, error)
        return AskReport(hei_id, api, error=error)
    return report


async def fetch_objects(
    context: Context,
    network: StudentNetwork,
    hei_id: HeiId,
    api: StudentApi,
    ids: Sequence[OmobilityId],
    senders: Mapping[OmobilityId, HeiId] = NOBODY,
) -> AskReport:
    """Fetch objects in batches; each batch is one unit of work, and what is not answered is gone.

    An id belongs to the sending university. Where several are asked for at once, `senders` says which.

    Raises:  ExternalError; what was fetched before is kept.
    """
    changed = gone = 0
    ids = await context.store.read(lambda uow: _followed(uow, context, hei_id, api, ids))
    for batch in batched(list(dict.fromkeys(ids)), network.max_ids(hei_id, api)):
        answer = await network.fetch_records(hei_id, api, batch)
        if senders:
            answer = _renamed(answer, senders)

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


def _followed(
    uow: UnitOfWork, context: Context, hei_id: HeiId, api: StudentApi, ids: Sequence[OmobilityId]
) -> list[OmobilityId]:
    """Leave out who was erased: what is not asked for is not told again."""
    keys = [(each, RecordKey(SOURCE, KINDS[api], hei_id, each)) for each in ids]
    return Sieve(uow).ids(context.own_hei_id, keys)


def _commit(
    uow: UnitOfWork, context: Context, hei_id: HeiId, api: StudentApi, answer: RecordAnswer
) -> tuple[int, int]:
    now = context.clock.now()
    sieve = Sieve(uow, context.own_hei_id)
    kept = sieve.records(answer.records)
    sieve.exchanges(answer.exchanges, now)
    documents = {
        each.record.document.sha256: each.document for each in kept if each.record.document is not None
    }
    uow.copies.put_documents(documents)
    changed = list(uow.records.save([each.record for each in kept], now))
    absent = [RecordKey(SOURCE, KINDS[api], hei_id, each) for each in answer.absent]
    gone = list(uow.records.gone(absent, now))
    place_keys(uow, context, [*changed, *gone], now)
    sieve.tell(context, SOURCE)
    recovered(context, _succeeded(uow, hei_id, f"{api}.get", now))
    return len(changed), len(gone)


def _succeeded(uow: UnitOfWork, hei_id: HeiId, call: str, at: datetime) -> Health | None:
    """Note a success; one after failures has the university looked at again. Nobody sweeps our own."""
    former = note_success(uow, hei_id, call, at)
    if former is not None:
        uow.work.mark_to_compare([partner_key(hei_id)], at)
    return former


async def ask_own_host(context: Context, network: StudentNetwork, api: StudentApi) -> AskReport:
    """Ask the host that serves arrivals and transcripts for us about those who come; there is no index of them.

    Raises:  ExternalError.
    """
    senders = await context.store.read(lambda uow: incoming_ids(uow, context))
    return await fetch_objects(context, network, context.own_hei_id, api, list(senders), senders)


def _renamed(answer: RecordAnswer, senders: Mapping[OmobilityId, HeiId]) -> RecordAnswer:
    """Name what our host holds with the sending university, so that two of one id stay two."""
    records = []
    for each in answer.records:
        record_id = OmobilityId(each.record.key.record_id)
        key = replace(each.record.key, record_id=mobility_name(senders[record_id], record_id))
        records.append(replace(each, record=replace(each.record, key=key)))
    absent = tuple(OmobilityId(mobility_name(senders[each], each)) for each in answer.absent)
    return replace(answer, records=tuple(records), absent=absent)


def incoming_ids(uow: UnitOfWork, context: Context) -> dict[OmobilityId, HeiId]:
    """The mobilities to us with their senders; an id that two of these use cannot be asked for."""
    own, found = context.own_hei_id, dict[OmobilityId, set[HeiId]]()
    for kind in (RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT):
        for hei_id in uow.records.holders(SOURCE, kind):
            for record_id in uow.records.digests(SOURCE, kind, hei_id):
                stored = uow.records.get(RecordKey(SOURCE, kind, hei_id, record_id))
                if stored is not None and stored.record.facts.receiving_hei.hei_id == own:
                    found.setdefault(OmobilityId(record_id), set()).add(hei_id)
    return {record_id: next(iter(heis)) for record_id, heis in found.items() if len(heis) == 1}


def outgoing(uow: UnitOfWork, context: Context) -> dict[HeiId, list[OmobilityId]]:
    """The mobilities of ours at each university, by the nominations and agreements, else lists, that we know of."""
    own = context.own_hei_id
    found: dict[HeiId, dict[OmobilityId, None]] = {}
    for kind in (RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT):
        for record_id in uow.records.digests(SOURCE, kind, own):
            stored = uow.records.get(RecordKey(SOURCE, kind, own, record_id))
            if stored is None:
                continue
            facts = stored.record.facts
            cancelled = (
                isinstance(facts, Nomination) and facts.status is not None and not facts.status.is_counted
            )
            if facts.receiving_hei.hei_id is not None and not cancelled:
                found.setdefault(facts.receiving_hei.hei_id, {})[facts.omobility_id] = None
    for hei_id, omobility_id in _listed_mobilities(uow, context):
        found.setdefault(hei_id, {})[omobility_id] = None
    return {hei_id: list(ids) for hei_id, ids in found.items()}


def _listed_mobilities(uow: UnitOfWork, context: Context) -> Iterator[tuple[HeiId, OmobilityId]]:
    """The mobilities that a list names, where nobody serves their documents."""
    if context.lists is None:
        return
    own, name = context.own_hei_id, context.lists.name
    for record_id in uow.records.digests(name, RecordKind.LISTING, own):
        stored = uow.records.get(RecordKey(name, RecordKind.LISTING, own, record_id))
        if stored is not None and stored.record.facts.receiving_hei_id is not None:
            yield stored.record.facts.receiving_hei_id, stored.record.facts.omobility_id


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
