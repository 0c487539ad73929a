"""Writing: what is asked for is looked for before and after, and never written twice in doubt.

Registration is the one write that public code shows. The others are assumed and use the same care.

Source: Ladok: adapter rule 3; obstacles; registration paths of `studiedeltagande`; assumptions A3 to A5.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic

from mobility_adapters.ladok.client import LadokClient, Question, segment
from mobility_adapters.ladok.faults import obstacles
from mobility_adapters.ladok.mappings import AssumedCall
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
    AdmissionOrder,
    AssumedOrder,
    ChangeOrder,
    Obstacle,
    Order,
    RegistrationOrder,
    RegistrationState,
    WithdrawalOrder,
    WriteOutcome,
)

SERVICE: Final = "studiedeltagande"
NAMESPACE: Final = "http://schemas.ladok.se/studiedeltagande"
_TRIES: Final = 2
"""A fault that is the server's (5xx) is tried once more, after a look."""

_REASON: Final = "studiedeltagande.domain.aterbudsorsak."

Look = Callable[[LadokUid, list[Exchange]], Awaitable[Sequence[Participation]]]


@dataclass(frozen=True, slots=True)
class Write(Generic[Order]):
    """One write: what to send, and what a participation must look like before and after.

    `concerns` picks the participation; `done` says whether it is as ordered. `must_exist`: without one there is
    nothing to write. `hindered_by`: where obstacles are asked for.
    """

    order: Order
    question: Question
    concerns: Callable[[Participation], bool]
    done: Callable[[Participation | None], bool]
    must_exist: bool = True
    hindered_by: Question | None = None


def registering(order: RegistrationOrder) -> Write[RegistrationOrder]:
    """Register for one period: a POST without a body."""
    where = f"kurstillfallesantagning/{segment(order.admission_uid)}/periodindex/{order.period}"

    def registered(found: Participation | None) -> bool:
        periods = () if found is None else found.periods
        return any(each.index == order.period and each.registered for each in periods)

    return Write(
        order,
        Question(SERVICE, f"registrering/{where}", method="POST"),
        lambda each: each.admission_uid == order.admission_uid,
        registered,
        hindered_by=Question(SERVICE, f"registrering/hinder/{where}"),
    )


def assumed(order: AssumedOrder, calls: Mapping[str, AssumedCall]) -> Write[AssumedOrder]:
    """An assumed write, by the address that the mapping file gives it."""
    if isinstance(order, AdmissionOrder):
        return Write(
            order,
            calls["A3"].question(admission_body(order)),
            lambda each: each.occasion_uid == order.occasion_uid and not each.withdrawn,
            lambda found: found is not None,
            must_exist=False,
        )
    if isinstance(order, WithdrawalOrder):
        return Write(
            order,
            calls["A4"].question(withdrawal_body(order), uid=order.admission_uid),
            lambda each: each.admission_uid == order.admission_uid,
            lambda found: found is None or found.withdrawn,
        )
    return Write(
        order,
        calls["A5"].question(change_body(order)),
        lambda each: each.occasion_uid == order.occasion_uid and not each.withdrawn,
        lambda found: found is not None,
        must_exist=False,
    )


def capability_of(order: AssumedOrder) -> str:
    """The name under which an order's kind is switched on."""
    if isinstance(order, AdmissionOrder):
        return "A3"
    return "A4" if isinstance(order, WithdrawalOrder) else "A5"


def admission_body(order: AdmissionOrder) -> bytes:
    """Write `ImporteraTillfallesantagning` by keys alone."""
    student, occasion = _plain(order.student_uid), _plain(order.occasion_uid)
    return (
        f'<sd:ImporteraTillfallesantagning xmlns:sd="{NAMESPACE}"><sd:StudentUID>{student}</sd:StudentUID>'
        f"<sd:UtbildningstillfalleUID>{occasion}</sd:UtbildningstillfalleUID></sd:ImporteraTillfallesantagning>"
    ).encode()


def withdrawal_body(order: WithdrawalOrder) -> bytes:
    """Write `SkapaAterbud`."""
    return (
        f'<sd:SkapaAterbud xmlns:sd="{NAMESPACE}"><sd:Aterbudsorsak>{_REASON}{order.reason}</sd:Aterbudsorsak>'
        "</sd:SkapaAterbud>"
    ).encode()


def change_body(order: ChangeOrder) -> bytes:
    """Write a change of occasion, in JSON as it is assumed."""
    said = {"TillfallesantagningUID": order.admission_uid, "UtbildningstillfalleUID": order.occasion_uid}
    return json.dumps(said).encode()


def _plain(uid: str) -> str:
    """A UID holds nothing that XML would have to escape."""
    if not uid.replace("-", "").isalnum():
        raise ValueError("a UID of letters, digits and hyphens")
    return uid


class Writer:
    """Carries out writes, up to `limit` in one run."""

    def __init__(self, client: LadokClient, look: Look, limit: int) -> None:
        self._client = client
        self._look = look
        self._limit = limit

    async def carry_out(self, writes: Iterable[Write[Order]]) -> tuple[WriteOutcome[Order], ...]:
        """One after the other; each has its outcome, and only real writes count against the limit."""
        outcomes: list[WriteOutcome[Order]] = []
        written = 0
        for write in writes:
            run = _Run(self._client, self._look, write)
            outcomes.append(await run.outcome(may_write=written < self._limit))
            written += run.wrote
        return tuple(outcomes)


class _Run(Generic[Order]):
    """One order."""

    def __init__(self, client: LadokClient, look: Look, write: Write[Order]) -> None:
        self._client = client
        self._look = look
        self._write = write
        self._exchanges: list[Exchange] = []
        self._before: Participation | None = None
        self._obstacles: tuple[Obstacle, ...] = ()
        self.wrote = 0

    async def outcome(self, *, may_write: bool) -> WriteOutcome[Order]:
        """Look, ask for obstacles, write, look again."""
        try:
            self._before = await self._seen()
            if self._before is None and self._write.must_exist:
                return self._ended(RegistrationState.NOT_ADMITTED)
            if self._write.done(self._before):
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

    async def _written(self) -> WriteOutcome[Order]:
        self.wrote = 1
        for attempt in range(1, _TRIES + 1):
            error = await self._send()
            after, blind = await self._looked_again()
            if not blind and self._write.done(after):
                return self._ended(RegistrationState.DONE, after=after)
            if isinstance(error, Rejected):
                return self._ended(RegistrationState.REFUSED, after=after, detail=_code(error))
            server_fault = isinstance(error, Unreachable) and error.reason == "http_5xx"
            if blind or not server_fault or attempt == _TRIES:
                break
        if error is None:
            state = RegistrationState.UNKNOWN if blind else RegistrationState.REFUTED
            return self._ended(state, after=after, detail="it does not show")
        return self._ended(RegistrationState.UNKNOWN, after=after, detail=_code(error))

    async def _send(self) -> ExternalError | None:
        try:
            await self._client.write(self._write.question, self._exchanges)
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
        found = await self._look(self._write.order.student_uid, self._exchanges)
        return next((each for each in found if self._write.concerns(each)), None)

    async def _hindered(self) -> tuple[Obstacle, ...]:
        if self._write.hindered_by is None:
            return ()
        node = await self._client.read(self._write.hindered_by, self._exchanges)
        if node is None:
            raise NotOffered(
                "Ladok does not know the admission's obstacles.", system="ladok", reason="no_api"
            )
        return obstacles(node)

    def _ended(
        self, state: RegistrationState, *, after: Participation | None = None, detail: str = ""
    ) -> WriteOutcome[Order]:
        return WriteOutcome(
            order=self._write.order,
            state=state,
            before=self._before,
            after=after,
            obstacles=self._obstacles,
            detail=detail,
            exchanges=tuple(self._exchanges),
        )


def _code(error: ExternalError) -> str:
    """What is safe to say of an error: its reason and the system's own codes."""
    codes = error.codes if isinstance(error, Rejected) else {}
    return ", ".join((error.reason, *(f"{name} {code}" for name, code in codes.items())))
