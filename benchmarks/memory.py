"""What large and hostile answers do to memory: the growth of a process's peak, each in a process of its own.

    python -m benchmarks.memory

`refused` is an answer of 100 MB that stops being read at its limit, `bomb` one of a megabyte that decompresses to
a gibibyte; both come through `kit.http`. `streamed` takes an answer of 100 MB, all valid, through
`kit.xml.iterate`, agreement by agreement. `tree` is the same answer as one tree of lxml, for comparison.
"""

import asyncio
import io
import resource
import subprocess
import sys
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
    return growth_of(_call([b"x" * MEGABYTE] * LONG, {}))


def bomb() -> float:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(MEGABYTE)
    packed = b"".join([*(packer.compress(block) for _ in range(1024)), packer.flush()])
    return growth_of(_call([packed], {"content-encoding": "gzip"}))


def _call(chunks: list[bytes], headers: dict[str, str]) -> Callable[[], None]:
    import httpx  # noqa: PLC0415 - each process imports what it measures

    from mobility_bridge.kit.http import Limits, call  # noqa: PLC0415 - as above

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def ask() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body()))
        request = httpx.Request("GET", "https://brava.example/")
        answer = await call(transport, request, Limits(total_s=120))
        assert answer.body.truncated

    return lambda: asyncio.run(ask())


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


CASES = {case.__name__: case for case in (refused, bomb, streamed, tree)}


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
