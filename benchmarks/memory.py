"""What large and hostile answers do to memory: the growth of a process's peak, each in a process of its own.

    python -m benchmarks.memory

`refused` is an answer of 100 MB of agreements that stops being read at its limit, `noise` one that nothing compresses,
`bomb` one of a megabyte that decompresses to a gibibyte. All three come through `kit.http`, and what is kept of them
is then in the store as evidence: all 32 MiB that were let in, of noise the first 8. `streamed` takes an answer of 100 MB, all valid, through
`kit.xml.iterate`, agreement by agreement. `tree` is the same answer as one tree of lxml, for comparison.
"""

import asyncio
import io
import random
import resource
import subprocess
import sys
import tempfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator

from benchmarks import corpus
from benchmarks.pairs import Ratio, report

MEGABYTE = 1 << 20
LONG = 100
ALLOWED_MB = 40


def growth_of(work: Callable[[], object]) -> float:
    """Megabytes by which the peak rises; everything imported and made before does not count."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def refused() -> float:
    def pieces() -> Iterator[bytes]:
        stream = _Stream()
        while chunk := stream.read(MEGABYTE):
            yield chunk

    return _growth_of_call(pieces, {}, kept=32 * MEGABYTE)


def noise() -> float:
    source = random.Random(1)
    return _growth_of_call(
        lambda: (source.randbytes(1 << 16) for _ in range(LONG << 4)), {}, kept=8 * MEGABYTE
    )


def bomb() -> float:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(MEGABYTE)
    packed = b"".join([*(packer.compress(block) for _ in range(1024)), packer.flush()])
    return _growth_of_call(lambda: iter([packed]), {"content-encoding": "gzip"}, kept=32 * MEGABYTE)


def _growth_of_call(pieces: Callable[[], Iterator[bytes]], headers: dict[str, str], *, kept: int) -> float:
    """Ask for these pieces and keep the evidence; `kept` is how much of it must be there at least."""
    import httpx  # noqa: PLC0415 - each process imports what it measures

    from mobility_adapters.ewp.exchanges import Wire  # noqa: PLC0415 - as above
    from mobility_bridge.domain.evidence import Exchange  # noqa: PLC0415 - as above
    from mobility_bridge.kit.clock import SystemClock  # noqa: PLC0415 - as above
    from mobility_bridge.kit.http import Limits, Outgoing  # noqa: PLC0415 - as above
    from mobility_bridge.store import open_store  # noqa: PLC0415 - as above

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces():
            yield piece

    async def ask(url: str) -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body()))
        wire = Wire(transport, Limits(total_s=120), SystemClock())
        done = await wire.send(Outgoing("GET", "https://brava.example/"))
        exchange = done.exchange(api="iias.get")
        assert exchange.truncated
        assert exchange.body_length >= kept * 0.98
        await keep(url, exchange)

    async def keep(url: str, exchange: Exchange) -> None:
        store = open_store(url)
        await store.write(lambda uow: uow.evidence.append([exchange]))
        await store.close()

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.sqlite3"
        # Elsewhere, so that nothing is measured in memory that making the tables has left.
        code = f"from mobility_bridge.store.migrate import upgrade; upgrade({url!r})"
        subprocess.run([sys.executable, "-c", code], check=True)
        asyncio.run(open_store(url).close())
        return growth_of(lambda: asyncio.run(ask(url)))


def streamed() -> float:
    from mobility_adapters.ewp import wire  # noqa: PLC0415 - as above
    from mobility_bridge.kit import xml  # noqa: PLC0415 - as above

    stream = _Stream()

    def work() -> None:
        found = xml.iterate(stream, wire.qname(wire.IIAS_V7_GET, "iia"), limit=2 * LONG * MEGABYTE)
        assert sum(1 for _ in found) == stream.agreements

    return growth_of(work)


def tree() -> float:
    from lxml import etree  # noqa: PLC0415 - as above

    stream = _Stream()
    parser = etree.XMLParser(huge_tree=True)

    def work() -> None:
        while chunk := stream.read(MEGABYTE):
            parser.feed(chunk)
        assert len(parser.close()) == stream.agreements

    return growth_of(work)


class _Stream:
    """A get response of 100 MB that is written while it is read."""

    def __init__(self) -> None:
        start, _, rest = corpus.small().partition(b"<iia>")
        body, _, self._end = rest.rpartition(b"</iia>")
        self._iia = b"<iia>" + body + b"</iia>"
        self.agreements = LONG * MEGABYTE // len(self._iia)
        self._pieces = self._written(start)
        self._rest = io.BytesIO()

    def read(self, size: int, /) -> bytes:
        while not (chunk := self._rest.read(size)):
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = io.BytesIO(piece)
        return chunk

    def _written(self, start: bytes) -> Iterator[bytes]:
        yield start
        for first in range(0, self.agreements, 100):
            yield self._iia * min(100, self.agreements - first)
        yield self._end


CASES = {case.__name__: case for case in (refused, noise, bomb, streamed, tree)}


def in_a_process(name: str) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", name], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    grown = {name: in_a_process(name) for name in CASES}
    whole = grown.pop("tree")
    print(f"\nan answer of {LONG} MB as one tree of lxml: {whole:,.0f} MB more")
    words = {
        "refused": "100 MB, refused at the limit",
        "noise": "100 MB that nothing compresses",
        "bomb": "1 MB of gzip, 1 GiB inside",
        "streamed": "100 MB, agreement by agreement",
    }
    report(
        "Memory",
        [
            Ratio(
                words[name],
                f"{ALLOWED_MB} MB of growth",
                *[megabytes / ALLOWED_MB] * 3,
                bar=1,
                at_most=True,
                note=f"{megabytes:.0f} MB, {megabytes / whole:.3f} of the tree",
            )
            for name, megabytes in grown.items()
        ],
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(CASES[sys.argv[1]]())
    else:
        main()
