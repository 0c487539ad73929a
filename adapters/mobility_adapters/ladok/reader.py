"""Reading the feed page by page: asks what `feed` decides and decodes what it says to handle.

Source: Ladok: the Atom feed.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mobility_adapters.ladok import feed
from mobility_adapters.ladok.client import LadokClient, Question
from mobility_adapters.ladok.events import EventDecoder, Seen
from mobility_adapters.ladok.feed import Ask, Page, Turn
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit import xml
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.registry import FeedBatch, FeedPosition

_ATOM: Final = "application/atom+xml"


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """Under which name the feed is asked for, where a new start begins, how often a missing page is asked for."""

    prefix: Literal["handelser", "uppfoljning"] = "handelser"
    start: Literal["first", "recent"] = "first"
    gaps_every_s: float = 3600.0
    page_bytes: int = 32 << 20


class FeedReader:
    """Reads from a position to the end of the feed. Holds nothing between two runs."""

    def __init__(
        self, client: LadokClient, decoder: EventDecoder, clock: Clock, options: FeedOptions
    ) -> None:
        self._client = client
        self._decoder = decoder
        self._clock = clock
        self._options = options

    async def read(self, position: FeedPosition | None) -> AsyncIterator[FeedBatch]:
        """Yield a batch for each page, missing ones of earlier runs first."""
        seen = Seen()
        if position is not None:
            async for batch in self._gaps(position, seen):
                position = batch.position
                yield batch
        ask: Ask | None = feed.first_ask(position, self._options.start)
        newest: Page | None = None
        while ask is not None:
            exchanges: list[Exchange] = []
            page = await self._page(ask, exchanges)
            if page is None:
                newest = newest or await self._newest(exchanges)
                page = newest if newest.number == ask else None
            if page is not None:
                turn = feed.take(page, position, self._clock.now())
                number = page.number
            elif _not_there_yet(ask, newest, position):
                return
            else:
                turn, number = self._missing(ask, newest, position)
            position = turn.position
            ask = turn.ask
            yield self._batch(turn, number, seen, exchanges)

    async def newest_page(self) -> int:
        """The number of the open page."""
        return (await self._newest([])).number

    async def names_that_work(self) -> Sequence[str]:
        """Ask for the newest page under both names; those that are answered."""
        found = []
        for prefix in ("handelser", "uppfoljning"):
            answer = await self._client.fetch(Question(prefix, "feed/recent", accept=_ATOM), [])
            if answer is not None:
                found.append(prefix)
        return found

    async def _gaps(self, position: FeedPosition, seen: Seen) -> AsyncIterator[FeedBatch]:
        now = self._clock.now()
        for number in feed.due_gaps(position, now, self._options.gaps_every_s):
            exchanges: list[Exchange] = []
            page = await self._page(number, exchanges)
            if page is None:
                position = feed.still_missing(number, position, now)
                yield FeedBatch((), position, number, exchanges=tuple(exchanges), more=True)
                continue
            turn = feed.found(page, position)
            position = turn.position
            yield self._batch(turn, number, seen, exchanges, more=True)

    def _missing(self, ask: Ask, newest: Page | None, position: FeedPosition | None) -> tuple[Turn, int]:
        """A page that is not there: a gap when later ones are, else a feed that is not ours any more."""
        if newest is None or not isinstance(ask, int) or ask > newest.number:
            last = "none" if newest is None else f"page {newest.number}"
            raise InvalidDocument(
                f"Ladok's feed has no page {ask}; the newest is {last}.",
                system=feed.SYSTEM,
                reason="content",
                next_step="If the environment was set up anew, set the position of the feed back (rewind).",
            )
        return feed.missing(ask, position or FeedPosition(ask), self._clock.now()), ask

    async def _newest(self, exchanges: list[Exchange]) -> Page:
        page = await self._page("recent", exchanges)
        if page is None:
            raise InvalidDocument(
                f"Ladok has no feed under /{self._options.prefix}.",
                system=feed.SYSTEM,
                reason="content",
                next_step="Set adapters.ladok.feed_prefix to the other name, or check the address.",
            )
        return page

    async def _page(self, ask: Ask, exchanges: list[Exchange]) -> Page | None:
        question = Question(self._options.prefix, f"feed/{ask}", accept=_ATOM)
        answer = await self._client.fetch(question, exchanges)
        if answer is None:
            return None
        try:
            return feed.read_page(xml.parse(answer.body.data, limit=self._options.page_bytes), ask)
        except xml.XmlRefused as refused:
            raise InvalidDocument(
                f"Ladok's feed, page {ask}, is not accepted as XML: {refused.message}",
                system=feed.SYSTEM,
                reason=refused.reason,
                line=refused.line,
                evidence=exchanges[-1:],
            ) from refused
        except InvalidDocument as error:
            error.evidence = tuple(exchanges[-1:])
            raise

    def _batch(
        self, turn: Turn, number: int, seen: Seen, exchanges: Sequence[Exchange], *, more: bool = False
    ) -> FeedBatch:
        decoded = self._decoder.decode(turn.handle, number, seen)
        return FeedBatch(
            events=tuple(decoded.events),
            position=turn.position,
            page=number,
            entries=len(turn.handle),
            skipped=dict(decoded.skipped),
            remarks=(*turn.remarks, *decoded.remarks),
            exchanges=tuple(exchanges),
            more=more or turn.ask is not None,
        )


def _not_there_yet(ask: Ask, newest: Page | None, position: FeedPosition | None) -> bool:
    """A page that is linked to before it can be had: the one after the newest, of which we handled everything."""
    return newest is not None and position is not None and ask == newest.number + 1 == position.page + 1
