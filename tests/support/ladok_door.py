"""The door to Ladok on a transport that the test decides, and pages of a feed made for one case."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.support.clock import VirtualClock
from tests.support.fixtures import REPOSITORY

from mobility_adapters.ladok import adapter
from mobility_adapters.ladok.registry import LadokRegistry
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.ports.adapter import Surroundings
from mobility_bridge.ports.registry import FeedBatch, FeedPosition

BASE = "http://localhost:8000"
OWN_USER = "mobility-bridge@NHU"
NAMESPACE = "http://schemas.ladok.se"
Respond = Callable[[httpx.Request], httpx.Response]


class Answers(httpx.AsyncBaseTransport):
    """Answers as a function says, and keeps what was asked."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._respond(request)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


def registry(
    transport: httpx.AsyncBaseTransport,
    folder: Path,
    *,
    clock: VirtualClock | None = None,
    mappings_dir: Path | None = None,
    **settings: Any,
) -> LadokRegistry:
    """The adapter's registry as the program builds it, in the plain mode of the sandbox."""
    said = {"base_url": BASE, "environment": "other", "plain_user": OWN_USER, **settings}
    built = adapter.build(
        adapter.settings_model.model_validate(said),
        Surroundings(
            own_hei_id=HeiId("nordhav.example"),
            clock=clock or VirtualClock(),
            base_dir=folder,
            state_dir=folder,
            mappings_dir=mappings_dir or REPOSITORY / "config" / "mappings",
            log=None,
            transport=transport,
        ),
    )
    assert isinstance(built.registry, LadokRegistry)
    return built.registry


def uid(number: int, kind: int = 0) -> str:
    """A UUID that a reader recognises: its number, and a kind of thing."""
    return f"{number:08x}-0000-11f1-aa10-{kind:012x}"


@dataclass(frozen=True)
class Sent:
    """One entry as a feed sends it; `number` tells its ids and its time."""

    number: int
    name: str = "PaborjadUtbildningEvent"
    fields: Mapping[str, str] = field(default_factory=dict)
    service: str = "studiedeltagande"
    entry_id: str | None = None
    at: str | None = None
    by: str = "handlaggare@NHU"
    inner: str = ""
    context_first: bool = False

    @property
    def id(self) -> str:
        return self.entry_id or uid(self.number, 1)

    @property
    def event_uid(self) -> str:
        return uid(self.number, 2)

    def xml(self) -> str:
        said = {"StudentUID": uid(7, 3), "UtbildningUID": uid(self.number, 4), **self.fields}
        fields = "".join(f"<x:{key}>{value}</x:{key}>" for key, value in said.items() if value)
        at = (
            self.at
            or f"2026-09-01T{self.number // 3600:02}:{self.number // 60 % 60:02}:{self.number % 60:02}.000Z"
        )
        event = f"<events:HandelseUID>{self.event_uid}</events:HandelseUID>"
        context = (
            f"<events:EventContext><events:Anvandarnamn>{self.by}</events:Anvandarnamn>"
            f"<events:LarosateID>99</events:LarosateID></events:EventContext>"
        )
        head = context + event if self.context_first else event + context
        return (
            f'<entry><category term="{NAMESPACE}/{self.service}/{self.name}" label="Event-typ"/>'
            f"<id>{self.id}</id><updated>{at}</updated>"
            f'<content type="application/vnd.ladok+xml"><x:{self.name} xmlns:x="{NAMESPACE}/{self.service}" '
            f'xmlns:base="{NAMESPACE}" xmlns:dap="{NAMESPACE}/dap" xmlns:events="{NAMESPACE}/events" '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{head}{fields}{self.inner}</x:{self.name}>'
            f"</content></entry>"
        )


def page(
    number: int,
    entries: Iterable[Sent],
    *,
    open_page: bool = False,
    recent: bool = False,
    previous: int | None = -1,
    following: int | None = None,
    host: str = "https://api.ladok.example:443",
    prefix: str = "handelser",
) -> bytes:
    """A page of the feed; `entries` oldest first, as they happened."""
    url = f"{host}/{prefix}/feed"
    links = {"self": "recent" if recent else str(number)}
    if recent:
        links["via"] = str(number)
    previous = number - 1 if previous == -1 else previous
    if previous:
        links["prev-archive"] = str(previous)
    if not open_page:
        links["next-archive"] = str(following or number + 1)
    head = "".join(
        f'<link rel="{rel}" type="application/atom+xml" href="{url}/{to}"/>' for rel, to in links.items()
    )
    body = "".join(sent.xml() for sent in reversed(list(entries)))
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Events</title>{head}<id>urn:id:{number}</id>'
        f"<updated>2026-09-01T00:00:00.000Z</updated>{body}</feed>"
    ).encode()


@dataclass
class PlayedFeed:
    """Pages by number; the last one is open. What is asked for and not there is a 404."""

    pages: dict[int, Sequence[Sent]]
    missing: set[int] = field(default_factory=set)
    following: dict[int, int] = field(default_factory=dict)
    prefix: str = "handelser"
    host: str = "https://api.ladok.example:443"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.strip("/").split("/")
        if parts[0] != self.prefix:
            return httpx.Response(404, json={"Felkategori": "commons.fel.kategori.valideringsfel"})
        newest = max(self.pages)
        asked = {"recent": newest, "first": min(self.pages)}.get(parts[-1])
        number = int(parts[-1]) if asked is None else asked
        if number not in self.pages or number in self.missing:
            return httpx.Response(404, headers={"content-type": "application/xml"})
        body = page(
            number,
            self.pages[number],
            open_page=number == newest,
            recent=parts[-1] == "recent",
            previous=number - 1 if number > min(self.pages) else None,
            following=self.following.get(number),
            host=self.host,
            prefix=self.prefix,
        )
        return httpx.Response(
            200, headers={"content-type": "application/atom+xml;charset=UTF-8"}, content=body
        )


async def drained(reader: LadokRegistry, position: FeedPosition | None) -> list[FeedBatch]:
    """All batches of one run."""
    return [batch async for batch in reader.events(position)]


def numbers(batches: Iterable[FeedBatch]) -> list[int]:
    """The numbers of the events in the order in which they came."""
    return [int(event.event_uid[:8], 16) for batch in batches for event in batch.events]
