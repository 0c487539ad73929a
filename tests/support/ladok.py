"""A Ladok on a stage, asked without a network, and the shapes of what it answers."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from lxml import etree
from tests.support.sandbox import TODAY

from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.faults import LADOK
from mobility_bridge.sandbox.host import Hands
from mobility_bridge.sandbox.ladok import Ladok
from mobility_bridge.sandbox.ladok_seed import seed
from mobility_bridge.sandbox.scenarios import scenario_named
from mobility_bridge.sandbox.stage import Stage

AT = datetime(2026, 5, 18, 8, 11, 2, 104000, tzinfo=UTC)
OURSELVES = "mobility-bridge@NHU"


class PlayedLadok:
    """A Ladok whose clock the test sets; `do` is a person in the web interface, `ask` a program."""

    def __init__(self, *, empty: bool = False) -> None:
        self.now = AT
        self.stage = Stage(scenario_named("clean", TODAY), clock=lambda: self.now)
        self.world = self.stage.world.ladok
        self.world.collector_s = 0
        self.app = Ladok(lambda: self.stage.world.ladok, Hands(self.stage), lambda: self.now)
        self.stage.systems[LADOK] = self.app
        self._cookies = httpx.Cookies()
        if not empty:
            seed(self.world, AT, PARTNERS)

    def do(self, act: str, **arguments: Any) -> Any:
        return self.stage.in_ladok(act, "handlaggare@NHU", **arguments)

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        accept: str | None = None,
        body: Any = None,
        who: str = OURSELVES,
    ) -> httpx.Response:
        """One call; cookies are kept, and an answer that never comes is a time-out after 0.2 s."""
        return asyncio.run(self._ask(path, method, accept, body, who))

    async def _ask(self, path: str, method: str, accept: str | None, body: Any, who: str) -> httpx.Response:
        service = path.strip("/").partition("/")[0]
        headers = {
            "accept": accept or f"application/vnd.ladok-{service}+json",
            "x-mock-ladok-client": who,
        }
        content = None
        if isinstance(body, bytes):
            headers["content-type"], content = "application/vnd.ladok+xml", body
        elif body is not None:
            headers["content-type"], content = "application/json", json.dumps(body).encode()
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://ladok.example", cookies=self._cookies
        ) as client:
            async with asyncio.timeout(0.5):
                answer = await client.request(method, path, headers=headers, content=content)
            self._cookies = client.cookies
            return answer

    def events(self) -> list[str]:
        """The kinds of the events so far, oldest first, without their prefixes."""
        return [each.kind.partition(":")[2] for each in self.world.entries]


def shape(node: Any) -> Any:
    """An element's names, in order, without repetition of neighbours: what a contract is about."""
    children = [shape(child) for child in node if isinstance(child.tag, str)]
    once = [each for position, each in enumerate(children) if position == 0 or each != children[position - 1]]
    return (node.tag, tuple(sorted(node.attrib)), tuple(once))


def members(content: Any) -> Any:
    """The names in a JSON document, with the kinds of the values."""
    if isinstance(content, Mapping):
        return {name: members(value) for name, value in content.items()}
    if isinstance(content, list):
        return [members(content[0])] if content else []
    return type(content).__name__


def entries(document: bytes) -> list[Any]:
    """The entries of a page of the feed, as they stand there."""
    return list(etree.fromstring(document).iter("{http://www.w3.org/2005/Atom}entry"))


def walk(feed: PlayedLadok, name: str = "recent") -> Iterator[Any]:
    """The pages back from one, by the links, with hosts replaced."""
    path = f"/handelser/feed/{name}"
    while path:
        page = etree.fromstring(feed.ask(path, accept="application/atom+xml").content)
        yield page
        older = page.find("{http://www.w3.org/2005/Atom}link[@rel='prev-archive']")
        path = "" if older is None else httpx.URL(older.get("href", "")).path
