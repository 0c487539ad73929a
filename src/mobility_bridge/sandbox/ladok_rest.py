"""Which path of which service is answered by what.

Source: Ladok: service areas 5, assumptions 11. A route without an assumption is one that was seen.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from mobility_bridge.sandbox.ladok_request import Answer, LadokError, Request
from mobility_bridge.sandbox.ladok_world import LadokWorld

UID: Final = r"([^/]+)"
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Stagehand(Protocol):
    """Who lets an act happen and keeps it."""

    def act(self, name: str, who: str, /, **arguments: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What an endpoint works with. `shuffle` orders a search that was given no order."""

    ladok: LadokWorld
    now: datetime
    hands: Stagehand
    shuffle: Callable[[Sequence[Any], bool], list[Any]]
    stale: Callable[[str], None]
    base_url: str

    def act(self, request: Request, name: str, **arguments: Any) -> Any:
        return self.hands.act(name, request.who, **arguments)


Endpoint = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One path of one service."""

    method: str
    pattern: re.Pattern[str]
    endpoint: Endpoint
    assumption: str | None = None


@dataclass(slots=True)
class Service:
    """The routes of one service, in the order in which they are tried."""

    name: str
    routes: list[Route] = field(default_factory=list)

    def route(
        self, method: str, path: str, *, assumption: str | None = None
    ) -> Callable[[Endpoint], Endpoint]:
        """Bind an endpoint to a path; each `{uid}` is one argument after desk and request."""

        def bound(endpoint: Endpoint) -> Endpoint:
            pattern = re.compile(re.sub(r"\{[a-z]+\}", UID, path))
            self.routes.append(Route(method, pattern, endpoint, assumption))
            return endpoint

        return bound

    def answer(self, desk: Desk, request: Request) -> Answer:
        """Answer a call. Raises LadokError."""
        others = False
        for route in self.routes:
            match = route.pattern.fullmatch(request.path)
            if match is None or (route.assumption and not desk.ladok.assumed[route.assumption]):
                continue
            if route.method != request.method:
                others = True
                continue
            found: Answer = route.endpoint(desk, request, *match.groups())
            if route.assumption is None:
                return found
            return Answer(
                found.root,
                found.entity,
                found.status,
                found.links,
                route.assumption,
                found.wrote,
                found.raw_json,
            )
        if others:
            raise LadokError(405, f"{request.method} stöds inte för resursen.")
        raise LadokError(404, f"Resursen finns inte: /{self.name}/{request.path}")


def uid_in(value: str) -> str:
    """A UUID from a path, in lower case. Raises LadokError when it is none."""
    if not _UUID.fullmatch(value):
        raise LadokError(400, f"Uid: {value}", group="felaktigt_format", detail="commons.domain.uid")
    return value.lower()


def not_found(what: str) -> LadokError:
    return LadokError(404, f"{what} finns inte.")
