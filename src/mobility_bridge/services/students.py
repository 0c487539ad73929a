"""One round about students: applications, the registry's feed, and every university's student APIs."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.partner import Health
from mobility_bridge.errors import ExternalError
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.applications import ApplicationsReport, ingest_applications
from mobility_bridge.services.ask_students import (
    OF_RECEIVERS,
    OF_SENDERS,
    AskReport,
    ask_about_students,
    outgoing,
)
from mobility_bridge.services.context import Context
from mobility_bridge.services.feed import FeedReport, follow_feed
from mobility_bridge.services.hearing import note_heard, served
from mobility_bridge.services.lists import ListsReport, ingest_lists
from mobility_bridge.services.registry_review import ReviewReport, review_registry

STUDENTS = "students"
"""The name, in health records, of all that a partner is asked about students in one go."""


@dataclass(frozen=True, slots=True)
class StudentsReport:
    """What a round about students did; `feed` is None where there is no registry, `lists` where there are no files."""

    applications: tuple[ApplicationsReport, ...] = ()
    feed: FeedReport | None = None
    asked: tuple[AskReport, ...] = ()
    review: ReviewReport | None = None
    lists: ListsReport | None = None

    @property
    def errors(self) -> tuple[ExternalError, ...]:
        """Everything that an external system failed at."""
        found = [report.error for report in self.applications]
        found += [report.error for report in self.asked]
        if self.feed is not None:
            found.append(self.feed.error)
        if self.review is not None:
            found.append(self.review.error)
        if self.lists is not None:
            found.append(self.lists.error)
        return tuple(error for error in found if error is not None)


async def read_students(
    context: Context, partners: Sequence[HeiId] = (), *, full: bool = False
) -> StudentsReport:
    """Read everything about students, unless the settings say that students are not followed.

    Our own systems come first: they tell which mobilities to ask the partners about. The partners tell whom they
    send, and only then our own hosts are asked who came.
    """
    ours = await read_our_students(context, OF_SENDERS, full=full)
    asked = [*ours.asked, *await ask_partners_about_students(context, partners, full=full)]
    if context.settings.students.enabled:
        came = await ask_about_students(context, context.own_hei_id, OF_RECEIVERS, full=full)
        await _heard(context, came)
        asked += came
    return replace(ours, asked=tuple(asked))


async def read_our_students(
    context: Context, apis: Sequence[StudentApi] = tuple(StudentApi), *, full: bool = False
) -> StudentsReport:
    """Read what our own systems say of students, and what other hosts serve for us through these interfaces."""
    if not context.settings.students.enabled:
        return StudentsReport()
    applications = [await ingest_applications(context, source, full=full) for source in context.applications]
    has_files = context.lists is not None and context.lists.configured
    lists = await ingest_lists(context) if has_files else None
    registry = await read_registry(context)
    asked = await ask_about_students(context, context.own_hei_id, apis, full=full)
    await _heard(context, asked, applications, registry.feed)
    return replace(registry, applications=tuple(applications), asked=tuple(asked), lists=lists)


async def read_registry(context: Context, *, full: bool = False) -> StudentsReport:
    """Follow the registry's feed; with `full`, read the registry itself besides."""
    if context.registry is None or not context.settings.students.enabled:
        return StudentsReport()
    feed = await follow_feed(context)
    review = await review_registry(context, full=True) if full else None
    return StudentsReport(feed=feed, review=review)


async def read_named(context: Context, names: Collection[str], *, full: bool = False) -> StudentsReport:
    """Read what these systems of ours say of students, and nothing else."""
    if not context.settings.students.enabled:
        return StudentsReport()
    sources = [each for each in context.applications if each.name in names]
    applications = [await ingest_applications(context, source, full=full) for source in sources]
    report = StudentsReport()
    if context.registry is not None and context.registry.name in names:
        report = await read_registry(context, full=full)
    if context.lists is not None and context.lists.name in names:
        report = replace(report, lists=await ingest_lists(context))
    await _heard(context, (), applications, report.feed)
    return replace(report, applications=tuple(applications))


async def ask_partners_about_students(
    context: Context, partners: Sequence[HeiId], *, full: bool = False
) -> list[AskReport]:
    """Ask these partners, a few at a time, and note when each was asked."""
    if not context.settings.students.enabled or context.students is None:
        return []
    offers, going = context.students.offers, dict[HeiId, list[OmobilityId]]()
    if any(offers(each, StudentApi.ARRIVALS) for each in partners):
        going = await context.store.read(lambda uow: outgoing(uow, context))
    gate = asyncio.Semaphore(context.settings.sync.concurrency)

    async def one(hei_id: HeiId) -> list[AskReport]:
        async with gate:
            reports = await ask_about_students(context, hei_id, full=full, going=going.get(hei_id, []))
            await _heard(context, reports)
            await _asked(context, hei_id, reports)
            return reports

    asked: list[AskReport] = []
    for reports in await asyncio.gather(*(one(hei_id) for hei_id in partners)):
        asked += reports
    return asked


def student_partners(context: Context) -> list[HeiId]:
    """Every partner that may be asked and offers anything about students."""
    if context.network is None or context.students is None:
        return []
    offers, rules = context.students.offers, context.settings.sync
    allowed = set(rules.partners) if rules.partners is not None else None
    return [
        each.hei_id
        for each in context.network.partners()
        if each.hei_id not in rules.exclude_partners
        and (allowed is None or each.hei_id in allowed)
        and each.hei_id != context.own_hei_id
        and any(offers(each.hei_id, api) for api in StudentApi)
    ]


async def _asked(context: Context, hei_id: HeiId, reports: Sequence[AskReport]) -> None:
    """Note when this partner was asked last; how each interface answers is kept by itself."""
    at = context.clock.now()
    fine = all(each.error is None for each in reports)
    health = Health(hei_id, STUDENTS, at if fine else None, last_failed_at=None if fine else at)
    await context.store.write(lambda uow: uow.partners.save_health(health))


async def _heard(
    context: Context,
    asked: Sequence[AskReport],
    applications: Sequence[ApplicationsReport] = (),
    feed: FeedReport | None = None,
) -> None:
    """Note which of these systems were read to their end."""
    names = [served(each.hei_id, each.api) for each in asked if each.error is None]
    names += [each.source for each in applications if each.error is None and each.complete]
    if context.registry is not None and feed is not None and feed.error is None:
        names.append(context.registry.name)
    if names:
        at = context.clock.now()
        await context.store.write(lambda uow: note_heard(uow, names, at))
