"""One round of `sweep.py` in a process of its own: `python -m benchmarks.sweep_round PARTNERS NAME`.

Prints what it cost and what was asked as one line of JSON.
"""

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.catalogue import CatalogueCache, Rules
from mobility_adapters.ewp.client import EwpClient, Policy
from mobility_adapters.ewp.exchanges import Wire
from mobility_adapters.ewp.keys import SigningKey
from mobility_adapters.ewp.network import EwpNetwork
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.kit.http import Limits, Outgoing, WireTransport, tls_context
from mobility_bridge.kit.logs import BridgeLog, open_log
from mobility_bridge.kit.memory import share_arenas
from mobility_bridge.kit.schemas import SchemaSet
from mobility_bridge.services.context import Context
from mobility_bridge.services.sweep import sweep_partner
from mobility_bridge.services.sync import Wanted, ask_partners, chosen_partners
from mobility_bridge.settings.model import Settings
from mobility_bridge.store import open_store

OWN = HeiId("nordhav.example")
THEN = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)
VAR = Path(__file__).resolve().parent.parent / "var"
FIRST, ALL, NOTHING = "first", "everything", "nothing"
"""The rounds: every index in full; everything although only changes were asked for; no change."""


def index_of(ids: Iterable[str]) -> bytes:
    listed = "".join(f"<iia-id>{name}</iia-id>" for name in ids)
    return f'<iias-index-response xmlns="{wire.IIAS_V7_INDEX}">{listed}</iias-index-response>'.encode()


class Files:
    """What a measurement of so many partners keeps."""

    def __init__(self, partners: int) -> None:
        self.partners = partners
        self.folder = VAR / f"benchmark-sweep-{partners}"
        self.store = self.folder / "store.sqlite3"
        self.answers = self.folder / "answers"
        self.state = self.folder / "state"
        self.made = self.folder / "made"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.store}"


class FixedClock:
    """One instant for the services; the seconds of durations are real."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing failed, so nobody waits {seconds} s")


class Answers(WireTransport):
    """Every partner: answers from one file, by the number in the host's name, where a connection would."""

    def __init__(self, files: Files, *, everything: bool) -> None:
        super().__init__(tls_context(system=False))
        self._file = os.open(files.answers, os.O_RDONLY)
        self._length = files.answers.stat().st_size // files.partners
        self._everything = everything
        self.asked: Counter[str] = Counter()

    async def open(self, request: Outgoing, *, connect_s: float | None) -> Any:  # noqa: ARG002
        _, _, host, path = request.url.split("/", 3)
        self.asked["/" + path.partition("?")[0]] += 1
        body = index_of([])
        if self._everything:
            number = int(host[8:12])
            body = os.pread(self._file, self._length, number * self._length)
        return Answered(body, dict(request.headers)["x-request-id"])


class Answered:
    """As much of a connection as is used."""

    status = 200

    def __init__(self, body: bytes, request_id: str) -> None:
        self.headers = [(b"Content-Type", b"application/xml"), (b"X-Request-Id", request_id.encode())]
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body

    async def aclose(self) -> None:
        """Nothing is held."""


class Unsigned:
    """Takes the place of the private key."""

    def sign(self, *_: object) -> bytes:
        return bytes(256)


def context(files: Files, transport: Answers, now: datetime, log: Path) -> tuple[Context, BridgeLog]:
    """The services' context on the real store, client and log."""

    async def offline(_: object) -> Any:
        raise AssertionError("the catalogue is on disk")

    clock, schemas = FixedClock(now), SchemaSet()
    written = open_log(log)
    rules = Rules(own_hei_id=OWN, own_key_id="")
    catalogue = CatalogueCache(offline, files.state, rules, schemas, clock, written)
    through = Wire(transport, Limits(), clock)
    key: Any = SigningKey("0" * 64, Unsigned())  # type: ignore[arg-type] # RSA is not what is measured
    client = EwpClient(through, catalogue, key, Policy(), schemas, written)
    network = EwpNetwork(OWN, client, catalogue, {})
    settings = Settings(own_hei_id=OWN)
    return Context(settings, open_store(files.url), clock, written, network=network), written


async def ask_all(files: Files, *, everything: bool, now: datetime, full: bool = False) -> dict[str, Any]:
    """Ask every partner once; return what it cost and what was asked."""

    transport = Answers(files, everything=everything)
    with tempfile.TemporaryDirectory() as folder:
        bridge, written = context(files, transport, now, Path(folder) / "log")
        partners = chosen_partners(bridge)
        cpu, wall = time.process_time(), time.perf_counter()
        if full:
            reports = [await sweep_partner(bridge, hei_id, full=True) for hei_id in partners]
        else:
            reports = [report.sweep for report in await ask_partners(bridge, partners, Wanted())]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        await bridge.store.close()
        written.close()
    return {
        "partners": len(partners),
        "asked": dict(transport.asked),
        "listed": sum(report.listed for report in reports),
        "differing": sum(report.new + report.changed + report.suspected_gone for report in reports),
        "errors": sum(report.error is not None for report in reports),
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def run_round(files: Files, name: str) -> dict[str, Any]:
    share_arenas()  # as `bootstrap.build` does
    first = name == FIRST
    return asyncio.run(ask_all(files, everything=name != NOTHING, now=THEN if first else NOW, full=first))


if __name__ == "__main__":
    print(json.dumps(run_round(Files(int(sys.argv[1])), sys.argv[2])))
