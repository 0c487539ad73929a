"""One round about students: applications, the registry's feed, and every university's student APIs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.errors import ExternalError
from mobility_bridge.services.applications import ApplicationsReport, ingest_applications
from mobility_bridge.services.ask_students import AskReport, ask_about_students
from mobility_bridge.services.context import Context
from mobility_bridge.services.feed import FeedReport, follow_feed
from mobility_bridge.services.hearing import note_heard, served


@dataclass(frozen=True, slots=True)
class StudentsReport:
    """What a round about students did; `feed` is None where there is no registry."""

    applications: tuple[ApplicationsReport, ...] = ()
    feed: FeedReport | None = None
    asked: tuple[AskReport, ...] = ()

    @property
    def errors(self) -> tuple[ExternalError, ...]:
        """Everything that an external system failed at."""
        found = [report.error for report in self.applications]
        found += [report.error for report in self.asked]
        if self.feed is not None:
            found.append(self.feed.error)
        return tuple(error for error in found if error is not None)


async def read_students(
    context: Context, partners: Sequence[HeiId] = (), *, full: bool = False
) -> StudentsReport:
    """Read everything about students, unless the settings say that students are not followed.

    Our own HEI is asked first, where another host serves something of ours: it tells which mobilities to ask
    the partners about.
    """
    if not context.settings.students.enabled:
        return StudentsReport()
    applications = [await ingest_applications(context, source) for source in context.applications]
    feed = await follow_feed(context) if context.registry is not None else None
    asked = await ask_about_students(context, context.own_hei_id, full=full)
    await _heard(context, asked, applications, feed)
    gate = asyncio.Semaphore(context.settings.sync.concurrency)

    async def one(hei_id: HeiId) -> list[AskReport]:
        async with gate:
            reports = await ask_about_students(context, hei_id, full=full)
            await _heard(context, reports)
            return reports

    for reports in await asyncio.gather(*(one(hei_id) for hei_id in partners)):
        asked += reports
    return StudentsReport(tuple(applications), feed, tuple(asked))


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
