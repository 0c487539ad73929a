"""What is missed is registered by a process of its own that is killed at a chosen step. Steps are those of `killing`.

Every registration that Ladok answered leaves a line in a file, whatever becomes of the process afterwards.
"""

import os
import pickle
import sys
from base64 import b64decode
from collections.abc import Mapping
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
from mobility_adapters.ladok.certificate import load_certificate
from mobility_bridge.bootstrap import build, load_settings
from mobility_bridge.kit.http import WireTransport, tls_context
from mobility_bridge.services.apply import apply_writes
from mobility_bridge.store import open_store


@dataclass(frozen=True)
class Life:
    """One life: its store, the file of what Ladok did, how far its clock is ahead, and where it ends, if early."""

    config: Path
    database: Path
    delivered: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    ahead_s: float = 0.0
    death: Death | None = None
    counts: Path | None = None


class Delivered(httpx.AsyncBaseTransport):
    """A transport that writes down every registration that was answered."""

    def __init__(self, inner: httpx.AsyncBaseTransport, file: Path) -> None:
        self._inner = inner
        self._file = file

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if request.method == "POST":
            with self._file.open("a") as lines:
                lines.write(f"{response.status_code}\n")
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


async def live(this: Life) -> None:
    """Register whoever is missed."""
    loaded = load_settings(
        this.config, {**this.environ, "MOBILITY_BRIDGE__STORE__URL": f"sqlite:///{this.database}"}
    )
    executioner = Executioner(this.death)
    store = DeadlyStore(open_store(loaded.settings.store.url), executioner)
    folder = this.config.parent
    trusted = tls_context(folder / "ca.pem", system=False)
    word = (folder / "ladok-pass-phrase.txt").read_text().strip()
    load_certificate(folder / "ladok-client.p12", None, word).load_into(trusted)
    transport = DeadlyTransport(Delivered(WireTransport(trusted), this.delivered), executioner)
    async with build(loaded, clock=_ShiftedClock(this.ahead_s), store=store, transport=transport) as bridge:
        await apply_writes(bridge.context)
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
    from tests.support import killing_writes

    killing_writes._serve()
