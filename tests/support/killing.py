"""Rounds of the real bridge in processes of their own, killed at a chosen step with a signal that none survives.

A step is a request on the wire, a unit of work, or a notification, each before and after; a unit of work also
at its end, just before it is committed. The bridge is imported once, by a process that forks itself for each round.
"""

import base64
import json
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

import httpx
from tests.support.lives import live_and_exit

import mobility_adapters.ewp.network
import mobility_adapters.mobility_online.source
import mobility_adapters.mobility_online.wire
import mobility_bridge.store.sql
from mobility_bridge.bootstrap import build, load_settings
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.kit.clock import SystemClock
from mobility_bridge.kit.http import WireTransport, tls_context
from mobility_bridge.ports.sinks import NotificationSender
from mobility_bridge.ports.store import Store, UnitOfWork
from mobility_bridge.services.sync import Wanted, sync
from mobility_bridge.store import open_store

T = TypeVar("T")
ANYWHERE = "anywhere"
TOLD = "told"
"""Between a partner's answer to a notification and the commit that remembers it."""

_IMPORTED_BEFORE_THE_FORK = (
    mobility_adapters.ewp.network,
    mobility_adapters.mobility_online.source,
    mobility_adapters.mobility_online.wire,
    mobility_bridge.store.sql,
)
_told: ContextVar[bool] = ContextVar("told", default=False)


@dataclass(frozen=True)
class Death:
    """Where to die: at the `step`-th step (from 1) of those of this `kind`."""

    kind: str
    step: int


class Executioner:
    """Counts steps, and ends the process at the chosen one."""

    def __init__(self, death: Death | None) -> None:
        self._death = death
        self.steps: Counter[str] = Counter()

    def step(self, *, told: bool = False) -> None:
        kinds = (ANYWHERE, TOLD) if told else (ANYWHERE,)
        for kind in kinds:
            self.steps[kind] += 1
            if self._death == Death(kind, self.steps[kind]):
                os.kill(os.getpid(), signal.SIGKILL)


class DeadlyStore:
    """A store in whose units of work the process may die."""

    def __init__(self, store: Store, executioner: Executioner) -> None:
        self._store = store
        self._executioner = executioner

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        return await self._store.read(work)

    async def write(self, work: Callable[[UnitOfWork], T]) -> T:
        told = _told.get()
        _told.set(False)

        def unit(uow: UnitOfWork) -> T:
            result = work(uow)
            self._executioner.step(told=told)
            return result

        self._executioner.step(told=told)
        result = await self._store.write(unit)
        self._executioner.step()
        return result

    async def scrub(self) -> None:
        await self._store.scrub()

    async def close(self) -> None:
        await self._store.close()


class DeadlyTransport(httpx.AsyncBaseTransport):
    """A transport around whose requests the process may die."""

    def __init__(self, inner: httpx.AsyncBaseTransport, executioner: Executioner) -> None:
        self._inner = inner
        self._executioner = executioner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._executioner.step()
        response = await self._inner.handle_async_request(request)
        self._executioner.step()
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _DeadlySender:
    def __init__(self, inner: NotificationSender, executioner: Executioner) -> None:
        self._inner = inner
        self._executioner = executioner

    async def notify(self, kind: CnrKind, hei_id: HeiId, iia_id: IiaId) -> Sequence[Exchange]:
        self._executioner.step()
        exchanges = await self._inner.notify(kind, hei_id, iia_id)
        _told.set(True)
        self._executioner.step(told=True)
        return exchanges


class _ShiftedClock(SystemClock):
    def __init__(self, ahead_s: float) -> None:
        self._ahead = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        return super().now() + self._ahead


@dataclass(frozen=True)
class Round:
    """One round of a bridge: its configuration, its store, how far its clock is ahead, and where it dies."""

    config: Path
    database: Path
    ahead_s: float = 0.0
    death: Death | None = None
    counts: Path | None = None


async def _round(this: Round) -> None:
    environ = {
        "MOBILITY_BRIDGE__STORE__URL": f"sqlite:///{this.database}",
        "MOBILITY_BRIDGE__NOTIFY__LEASE_S": "10",
    }
    loaded = load_settings(this.config, environ)
    executioner = Executioner(this.death)
    store = DeadlyStore(open_store(loaded.settings.store.url), executioner)
    transport = DeadlyTransport(
        WireTransport(tls_context(this.config.parent / "ca.pem", system=False)), executioner
    )
    clock = _ShiftedClock(this.ahead_s)
    async with build(loaded, clock=clock, store=store, transport=transport) as bridge:
        assert bridge.context.sender is not None
        sender = _DeadlySender(bridge.context.sender, executioner)
        report = await sync(replace(bridge.context, sender=sender), Wanted())
        assert not report.errors, report.errors
    await transport.aclose()
    if this.counts is not None:
        this.counts.write_text(json.dumps(executioner.steps))


class Server:
    """A process that has everything imported and forks itself for each round."""

    def __init__(self, module: str = "tests.support.killing") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)

    def run(self, this: object) -> int:
        """Run one round to its end or its death; the exit code says which (0, or minus the signal)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(base64.b64encode(pickle.dumps(this)).decode() + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def _serve() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live_and_exit(_round(pickle.loads(base64.b64decode(line))))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    from tests.support import killing

    killing._serve()
