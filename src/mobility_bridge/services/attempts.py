"""What everything that is sent to partners shares: how long to wait, in which order, and what to note of a failure."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.errors import ExternalError
from mobility_bridge.settings.model import NotifySettings


class ForPartner(Protocol):
    """Something that goes to one partner."""

    @property
    def partner_hei_id(self) -> HeiId: ...


T = TypeVar("T", bound=ForPartner)
R = TypeVar("R")


def pause_s(attempts: int, settings: NotifySettings, draw: float) -> float:
    """Seconds to wait after so many attempts: doubling, capped, with half of it left to chance (`draw`)."""
    full = min(settings.max_retry_s, settings.first_retry_s * 2.0 ** min(attempts, 30))
    return full * (0.5 + draw / 2)


def in_short(error: ExternalError) -> str:
    """A failure as it is kept beside what failed."""
    return f"{error.word}.{error.reason}: {error.message}"[:500]


async def partner_by_partner(items: Sequence[T], work: Callable[[Sequence[T]], Awaitable[R]]) -> list[R]:
    """Work on each partner's items in their order, with partners side by side.

    All have ended when the first error is raised.
    """
    by_partner: dict[HeiId, list[T]] = {}
    for item in items:
        by_partner.setdefault(item.partner_hei_id, []).append(item)
    outcomes = await asyncio.gather(*map(work, by_partner.values()), return_exceptions=True)
    done = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        done.append(outcome)
    return done
