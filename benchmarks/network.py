"""Signed requests over TLS against the bare RSA-2048 signature, interleaved in one run.

    python -m benchmarks.network [pairs] [requests per slice]

The whole way of one question: `EwpNetwork.index` builds and signs a request, sends it over TLS on a kept
connection, verifies the answer where it is signed, parses and validates it, and hands the exchange back as
evidence; events are counted, not written. The partner is a process of its own on the same cores and does not
verify. `signed` answers are signed by the partner and verified by us, `tls only` ones are not. The other side of
each pair is one thread that signs and does nothing else.

Of two cores, a partner that signs takes what one signature and a little more takes, for each request. What else runs
on the machine takes its part, too: so the time of the processors is told beside the rates, ours and the partner's.
"""

import asyncio
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.pairs import Ratio, ratio_of, report
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.support.ewp_network import OWN, SIGNED, UNSIGNED, Host, catalogue_xml, iias
from tests.support.keys import key, private_pem, tls_files

from mobility_adapters.ewp.keys import fingerprint
from mobility_adapters.ewp.network import EwpNetwork, build_network
from mobility_adapters.ewp.settings import EwpSettings
from mobility_bridge.domain.evidence import Verification
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.kit.clock import SystemClock
from mobility_bridge.ports.adapter import Surroundings

LEVELS = (8, 128)
KEPT = 0.75
"""The bar at the higher level, of the lower level's rate."""
KINDS = {"signed": Verification.VERIFIED, "tls only": Verification.TLS_ONLY}
SHARES = {"signed": (0.25, 0.5), "tls only": (0.5, 0.6)}
"""Bar and aim at the lower level, of the bare rate."""
HEIS = 4
"""One partner takes 64 calls at a time at most: four of each kind, all on the same host."""


class Count:
    """A log that only counts."""

    def __init__(self) -> None:
        self.events = 0

    def event(self, name: str, /, **_fields: Any) -> None:
        assert name == "request.answered"
        self.events += 1


def heis(kind: str) -> list[HeiId]:
    return [HeiId(f"{kind.replace(' ', '-')}-{number}.example") for number in range(HEIS)]


def catalogue(port: int) -> bytes:
    base = f"https://localhost:{port}"
    signed, unsigned = iias(f"{base}/signed", security=SIGNED), iias(f"{base}/plain", security=UNSIGNED)
    return catalogue_xml(
        [
            Host([OWN], client_keys=[key("client")]),
            Host(heis("signed"), [signed], server_keys=[key("server")]),
            Host(heis("tls only"), [unsigned]),
        ]
    )


@contextmanager
def partner(folder: Path) -> Iterator[tuple[int, int]]:
    """The partner's process; yields its port and its number."""
    files = tls_files(folder)
    signing = folder / "signing.pem"
    signing.write_bytes(private_pem(key("server")))
    script = Path(__file__).with_name("network_server.py")
    key_id = fingerprint(key("server").public_key())
    command = [sys.executable, str(script), str(files.certificate), str(files.key), str(signing), key_id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.terminate()


def client(folder: Path, port: int) -> EwpNetwork:
    """The real client, with the catalogue where it keeps its last good copy."""
    body = catalogue(port)
    sha256 = hashlib.sha256(body).hexdigest()
    state = folder / "state"
    state.mkdir()
    (state / "catalogue.xml").write_bytes(body)
    pointer = {"file": "catalogue.xml", "sha256": sha256, "confirmed_at": datetime.now(UTC).isoformat()}
    (state / "catalogue.json").write_text(json.dumps(pointer))
    pem = folder / "client.pem"
    pem.write_bytes(private_pem(key("client")))
    pem.chmod(0o600)
    settings = EwpSettings(
        client_key={"file": pem},
        ca_file=folder / "ca.pem",
        concurrency=max(LEVELS),
        concurrency_per_partner=64,
    )
    surroundings = Surroundings(OWN, SystemClock(), folder, state, folder, Count())
    return build_network(settings, surroundings)


def bare_rate(count: int) -> float:
    """Signatures a second of one thread."""
    private, text = key("client"), b"x" * 400
    padding, digest = PKCS1v15(), SHA256()
    started = time.perf_counter()
    for _ in range(count):
        private.sign(text, padding, digest)
    return count / (time.perf_counter() - started)


async def rate(network: EwpNetwork, kind: str, concurrency: int, count: int) -> float:
    """Questions a second with so many under way."""
    partners, wanted = heis(kind), KINDS[kind]
    waiting = iter(range(count))

    async def one() -> None:
        for number in waiting:
            answer = await network.index(partners[number % HEIS])
            assert answer.exchanges[0].verification is wanted
            assert len(answer.ids) == 1

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(concurrency)))
    return count / (time.perf_counter() - started)


def processor_s(pid: int) -> float:
    """Seconds of the processors that a process has taken, as the system tells it; 0 where it does not."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Found:
    """What the pairs of one kind gave: rates a second, and the processors' microseconds a request at the few."""

    bare: list[float] = field(default_factory=list)
    few: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)
    ours_us: list[float] = field(default_factory=list)
    partners_us: list[float] = field(default_factory=list)

    def told(self, kind: str) -> str:
        bare, few, many, ours, theirs = (
            statistics.median(each)
            for each in (self.bare, self.few, self.many, self.ours_us, self.partners_us)
        )
        return (
            f"{kind}: {few:,.0f}/s at {LEVELS[0]}, {many:,.0f}/s at {LEVELS[1]}, bare sign {bare:,.0f}/s; "
            f"a request takes {ours:.0f} us of ours and {theirs:.0f} us of the partner's, "
            f"a bare signature {1e6 / bare:.0f} us"
        )

    def ratios(self, kind: str) -> list[Ratio]:
        few, many = LEVELS
        bar, aim = SHARES[kind]
        return [
            ratio_of(
                f"{kind}, {few} at a time",
                "bare sign",
                [rate / bare for rate, bare in zip(self.few, self.bare, strict=True)],
                bar=bar,
                aim=aim,
            ),
            ratio_of(
                f"{kind}, {many} at a time",
                f"{few} at a time",
                [each / other for each, other in zip(self.many, self.few, strict=True)],
                bar=KEPT,
            ),
        ]


async def one_pair(network: EwpNetwork, kind: str, count: int, pid: int, found: Found) -> None:
    few, many = LEVELS
    bare = bare_rate(count)
    ours, theirs = time.process_time(), processor_s(pid)
    found.few.append(await rate(network, kind, few, count))
    found.ours_us.append((time.process_time() - ours) / count * 1e6)
    found.partners_us.append((processor_s(pid) - theirs) / count * 1e6)
    found.many.append(await rate(network, kind, many, count))
    found.bare.append((bare + bare_rate(count)) / 2)


async def compare(pairs: int, count: int) -> list[Ratio]:
    found = {kind: Found() for kind in KINDS}
    with tempfile.TemporaryDirectory() as name, partner(Path(name)) as (port, pid):
        network = client(Path(name), port)
        for kind in KINDS:
            await rate(network, kind, max(LEVELS), count)
        for number in range(pairs):
            for kind in list(KINDS)[:: 1 if number % 2 else -1]:
                await one_pair(network, kind, count, pid, found[kind])
        await network.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{pairs} pairs of {count} requests, peak {peak:.0f} MB")
    for kind, each in found.items():
        print(each.told(kind))
    return [ratio for kind, each in found.items() for ratio in each.ratios(kind)]


def main(words: list[str]) -> None:
    given = [int(word) for word in words]
    pairs, count = (*given, *(15, 400)[len(given) :])
    ratios = asyncio.run(compare(pairs, count))
    report("Signed requests over TLS", ratios)


if __name__ == "__main__":
    main(sys.argv[1:])
