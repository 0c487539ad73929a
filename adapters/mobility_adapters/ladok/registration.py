"""The one write: registering a student for a period. Looks before and after, and never writes twice in doubt.

Source: Ladok: adapter rule 3; obstacles; registration paths of `studiedeltagande`.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from mobility_adapters.ladok.client import LadokClient, Question, segment
from mobility_adapters.ladok.faults import obstacles
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.registration import Participation
from mobility_bridge.errors import (
    ExternalError,
    InvalidDocument,
    NotOffered,
    Rejected,
    Unreachable,
)
from mobility_bridge.ports.registry import (
    Obstacle,
    RegistrationOrder,
    RegistrationOutcome,
    RegistrationState,
)

SERVICE: Final = "studiedeltagande"
_TRIES: Final = 2
"""A fault that is the server's (5xx) is tried once more, after a look."""

Look = Callable[[LadokUid, list[Exchange]], Awaitable[Sequence[Participation]]]


class Registrar:
    """Registers, up to `limit` in one run."""

    def __init__(self, client: LadokClient, look: Look, limit: int) -> None:
        self._client = client
        self._look = look
        self._limit = limit

    async def register(self, orders: Sequence[RegistrationOrder]) -> tuple[RegistrationOutcome, ...]:
        """Fulfil orders one after the other; each has its outcome, and only real writes count against the limit."""
        outcomes: list[RegistrationOutcome] = []
        written = 0
        for order in orders:
            run = _Run(self._client, self._look, order)
            outcomes.append(await run.outcome(may_write=written < self._limit))
            written += run.wrote
        return tuple(outcomes)


class _Run:
    """One order."""

    def __init__(self, client: LadokClient, look: Look, order: RegistrationOrder) -> None:
        self._client = client
        self._look = look
        self._order = order
        self._exchanges: list[Exchange] = []
        self._before: Participation | None = None
        self._obstacles: tuple[Obstacle, ...] = ()
        self.wrote = 0

    async def outcome(self, *, may_write: bool) -> RegistrationOutcome:
        """Look, ask for obstacles, write, look again."""
        try:
            self._before = await self._seen()
            if self._before is None:
                return self._ended(RegistrationState.NOT_ADMITTED)
            if _registered(self._before, self._order.period):
                return self._ended(RegistrationState.ALREADY, after=self._before)
            self._obstacles = await self._hindered()
        except ExternalError as error:
            return self._ended(RegistrationState.FAILED, detail=_code(error))
        if any(each.stopping for each in self._obstacles):
            keys = ", ".join(each.key for each in self._obstacles if each.stopping)
            return self._ended(RegistrationState.OBSTACLE, detail=keys)
        if not may_write:
            return self._ended(RegistrationState.LIMIT)
        return await self._written()

    async def _written(self) -> RegistrationOutcome:
        self.wrote = 1
        for attempt in range(1, _TRIES + 1):
            error = await self._post()
            after, blind = await self._looked_again()
            if after is not None and _registered(after, self._order.period):
                return self._ended(RegistrationState.DONE, after=after)
            if isinstance(error, Rejected):
                return self._ended(RegistrationState.REFUSED, after=after, detail=_code(error))
            server_fault = isinstance(error, Unreachable) and error.reason == "http_5xx"
            if blind or not server_fault or attempt == _TRIES:
                break
        detail = "registration does not show" if error is None else _code(error)
        return self._ended(RegistrationState.UNKNOWN, after=after, detail=detail)

    async def _post(self) -> ExternalError | None:
        try:
            await self._client.write(
                Question(SERVICE, self._path("registrering"), method="POST"), self._exchanges
            )
        except (Unreachable, Rejected, InvalidDocument) as error:
            return error
        return None

    async def _looked_again(self) -> tuple[Participation | None, bool]:
        """The participation after a write, and whether it could not be seen."""
        try:
            return await self._seen(), False
        except ExternalError:
            return None, True

    async def _seen(self) -> Participation | None:
        found = await self._look(self._order.student_uid, self._exchanges)
        return next((each for each in found if each.admission_uid == self._order.admission_uid), None)

    async def _hindered(self) -> tuple[Obstacle, ...]:
        question = Question(SERVICE, self._path("registrering/hinder"))
        node = await self._client.read(question, self._exchanges)
        if node is None:
            raise NotOffered(
                "Ladok does not know the admission's obstacles.", system="ladok", reason="no_api"
            )
        return obstacles(node)

    def _path(self, what: str) -> str:
        admission = segment(self._order.admission_uid)
        return f"{what}/kurstillfallesantagning/{admission}/periodindex/{self._order.period}"

    def _ended(
        self, state: RegistrationState, *, after: Participation | None = None, detail: str = ""
    ) -> RegistrationOutcome:
        return RegistrationOutcome(
            order=self._order,
            state=state,
            before=self._before,
            after=after,
            obstacles=self._obstacles,
            detail=detail,
            exchanges=tuple(self._exchanges),
        )


def _registered(found: Participation, period: int) -> bool:
    return any(each.index == period and each.registered for each in found.periods)


def _code(error: ExternalError) -> str:
    """What is safe to say of an error: its reason and the system's own codes."""
    codes = error.codes if isinstance(error, Rejected) else {}
    return ", ".join((error.reason, *(f"{name} {code}" for name, code in codes.items())))
