"""A dry run: what a round would ask of whom, from what the store knows. Calls nobody, writes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mobility_bridge.domain.notification import CnrState
from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.stay import DecisionState
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.context import Context
from mobility_bridge.services.decide import may_send
from mobility_bridge.services.plan_writes import PlannedWrite, WritesPlan, plan_writes
from mobility_bridge.services.students import student_partners
from mobility_bridge.services.sweep import since
from mobility_bridge.services.sync import EWP, Wanted, chosen_partners, chosen_sources, writes_wanted


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a round would do; of a write also what stands there, as last told, and what shall."""

    what: str
    whom: str
    detail: str
    before: str | None = None
    after: str | None = None


async def plan_sync(context: Context, wanted: Wanted) -> list[Step]:
    """List the steps of a round in their order.

    The partners are those of the last good catalogue; without one, only their sweep as a whole is named.
    """
    sources = chosen_sources(context, wanted)
    steps = [Step("refresh", "catalogue", "if it is due")] if context.network is not None else []
    steps.extend(Step("read", source.name, "every agreement") for source in sources)
    steps.extend(_files(context, wanted))
    if context.network is not None and (not wanted.sources or EWP in wanted.sources):
        steps.extend(await _partner_steps(context, wanted))
    steps.extend(_students(context, wanted))
    steps.extend(await context.store.read(lambda uow: _own_steps(uow, context)))
    if writes_wanted(context, wanted):
        steps.extend(_writes(await plan_writes(context)))
    return steps


def _files(context: Context, wanted: Wanted) -> Iterator[Step]:
    lists = context.lists
    if lists is None or not context.settings.students.enabled:
        return
    if lists.name in wanted.sources or (lists.configured and not wanted.sources):
        yield Step("read", lists.name, "every exported file")


def _students(context: Context, wanted: Wanted) -> Iterator[Step]:
    """What would be read about students: in our own systems, then at our own hosts and at partners."""
    if not context.settings.students.enabled:
        return
    for source in context.applications:
        if not wanted.sources or source.name in wanted.sources:
            yield Step("read", source.name, "every application")
    registry = context.registry
    if registry is not None and (not wanted.sources or registry.name in wanted.sources):
        itself = ", and the registry itself" if wanted.sources and wanted.full else ""
        yield Step("read", registry.name, f"what its feed tells since the last look{itself}")
    if context.students is None or wanted.sources:
        return
    for hei_id in (context.own_hei_id, *(wanted.partners or student_partners(context))):
        offered = [api.value for api in StudentApi if context.students.offers(hei_id, api)]
        if offered:
            yield Step("students", hei_id, ", ".join(offered))


async def _partner_steps(context: Context, wanted: Wanted) -> list[Step]:
    try:
        partners = chosen_partners(context, wanted.partners)
    except UsageError:
        if context.the_network().partners():
            raise
        return [Step("index", hei_id, "everything") for hei_id in wanted.partners]
    if not partners:
        return [Step("index", "every partner", "no catalogue was read yet")]

    def work(uow: UnitOfWork) -> list[Step]:
        steps = []
        for hei_id in partners:
            modified_since = since(uow.partners.index(hei_id), context, full=wanted.full)
            asked = "everything" if modified_since is None else f"changes since {modified_since.isoformat()}"
            steps.append(Step("index", hei_id, asked))
            dirty = [iia_id for _, iia_id in uow.work.dirty(hei_id)]
            if dirty:
                steps.append(Step("get", hei_id, ", ".join(sorted(dirty))))
            ours = uow.copies.ids_of_partner(context.own_hei_id, hei_id)
            if ours:
                steps.append(Step("approvals", hei_id, f"of {len(ours)} agreements of ours"))
        return steps

    return await context.store.read(work)


def _own_steps(uow: UnitOfWork, context: Context) -> list[Step]:
    steps = [Step("compare", key, "it changed") for key in uow.work.to_compare()]
    steps.extend(Step("compare", key, "its day has come") for key in uow.work.due(context.clock.now().date()))
    for item in uow.outbox.select(states=[CnrState.PENDING]):
        due = "now" if item.next_attempt_at <= context.clock.now() else item.next_attempt_at.isoformat()
        steps.append(Step(f"notify {item.kind.value}", item.partner_hei_id, f"{item.iia_id}, due {due}"))
    steps.extend(_decisions(uow, context))
    return steps


def _decisions(uow: UnitOfWork, context: Context) -> Iterator[Step]:
    """What people decided and partners are still to be told, or to show."""
    now = context.clock.now()
    for each in uow.decisions.under_way():
        at = each.next_attempt_at
        due = "now" if at is None or at <= now else at.isoformat()
        if each.state is not DecisionState.QUEUED:
            yield Step(f"look after {each.verb}", each.partner_hei_id, f"{_about(each)}, due {due}")
        elif may_send(context, each.on):
            yield Step(each.verb, each.partner_hei_id, f"{_about(each)}, due {due}")
        else:
            yield Step(each.verb, each.partner_hei_id, f"{_about(each)}, waits: sending is switched off")


def _about(decision: StoredDecision) -> str:
    return f"{decision.on.value.replace('_', ' ')} {decision.omobility_id}"


def _writes(plan: WritesPlan) -> Iterator[Step]:
    """What would be written to the registry, beside what stands there; and what is not, and why."""
    for each in plan.registrations:
        yield Step(
            "write registration" if each.ready and not plan.off else "leave registration",
            System.LADOK,
            f"{each.intended.about}, {_why(each, plan.off)}",
            each.before,
            each.after,
        )


def _why(planned: PlannedWrite, off: Sequence[str]) -> str:
    if not planned.ready:
        return f"not made: {', '.join(planned.bars)}"
    if off:
        return f"switched off by {' and '.join(off)}"
    return f"for {planned.intended.due_on.isoformat()}"
