"""A decision taken and sent by a process of its own that is killed at a chosen step. Steps are those of `killing`.

Every update that a partner answered leaves a line in a file, whatever becomes of the process afterwards.
"""

import os
import pickle
import sys
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.support.killing import (
    ANYWHERE,
    DeadlyStore,
    DeadlyTransport,
    Death,
    Executioner,
    _ShiftedClock,
)
from tests.support.lives import live_and_exit

import mobility_adapters.ewp.network
import mobility_adapters.mobility_online.source
import mobility_bridge.store.sql as _imported_before_the_fork  # noqa: F401
from mobility_bridge.bootstrap import build, load_settings
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.errors import UsageError
from mobility_bridge.kit.http import WireTransport, tls_context
from mobility_bridge.ports.student_sources import Signer
from mobility_bridge.services.decide import Order, decide
from mobility_bridge.services.send_decisions import send_decisions
from mobility_bridge.store import open_store

SIGNER = Signer("Signe Samordnare", "International coordinator", "signe@nordhaven.example")


@dataclass(frozen=True)
class Life:
    """One life: who decides what, if anybody, how far the clock is ahead, and where it ends, if early."""

    config: Path
    database: Path
    delivered: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, str, bool, str | None] | None = None
    ahead_s: float = 0.0
    death: Death | None = None
    counts: Path | None = None


class Delivered(httpx.AsyncBaseTransport):
    """A transport that writes down every update that was answered."""

    def __init__(self, inner: httpx.AsyncBaseTransport, file: Path) -> None:
        self._inner = inner
        self._file = file

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if request.url.path.endswith("/update"):
            with self._file.open("a") as lines:
                lines.write(f"{response.status_code}\n")
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


async def live(this: Life) -> None:
    """Decide, if there is somebody who does, and send what waits."""
    loaded = load_settings(
        this.config, {**this.environ, "MOBILITY_BRIDGE__STORE__URL": f"sqlite:///{this.database}"}
    )
    executioner = Executioner(this.death)
    store = DeadlyStore(open_store(loaded.settings.store.url), executioner)
    wire = WireTransport(tls_context(this.config.parent / "ca.pem", system=False))
    transport = DeadlyTransport(Delivered(wire, this.delivered), executioner)
    async with build(loaded, clock=_ShiftedClock(this.ahead_s), store=store, transport=transport) as bridge:
        if this.order is not None:
            kind, mobility, approve, text = this.order
            order = Order(
                RecordKind(kind), mobility, approve, by="kim", why="it fits", text=text, signer=SIGNER
            )
            with suppress(UsageError):  # decided already, in an earlier life
                await decide(bridge.context, order)
        await send_decisions(bridge.context)
    await transport.aclose()
    if this.counts is not None:
        this.counts.write_text(str(executioner.steps[ANYWHERE]))


def _serve() -> None:
    assert mobility_adapters.ewp.network is not None
    assert mobility_adapters.mobility_online.source is not None
    for line in sys.stdin:
        this: Life = pickle.loads(b64decode(line))
        child = os.fork()
        if child == 0:
            live_and_exit(live(this))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    from tests.support import killing_decisions

    killing_decisions._serve()
