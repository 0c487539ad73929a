import asyncio
import gzip
import hashlib
import random
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import respx
import zstandard
from tests.support.keys import TlsFiles, tls_files
from tests.support.tls_server import Talk, answer, tls_server

from mobility_bridge.kit.bodies import PACKED_BYTES, SPOOL_BYTES, ReceivedBody
from mobility_bridge.kit.http import Answer, Limits, WireTransport, call, tls_context


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    return tls_files(tmp_path)


@pytest.fixture
async def transport(files: TlsFiles) -> AsyncIterator[WireTransport]:
    result = WireTransport(tls_context(files.ca))
    yield result
    await result.aclose()


def always(data: bytes, *, close: bool = False) -> Talk:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if close:
            await writer.drain()
            writer.close()

    return talk


SHORT = Limits(connect_s=2, total_s=5)


async def get(transport: httpx.AsyncBaseTransport, url: str, limits: Limits = SHORT) -> Answer:
    return await call(transport, httpx.Request("GET", url), limits)


# --- the wire -----------------------------------------------------------------------------------------


async def test_a_request_goes_out_byte_for_byte_as_built(files: TlsFiles, transport: WireTransport) -> None:
    async with tls_server(files, always(answer(b"ok"))) as server:
        url = server.url("/a%2Fb%7Ec?echo=%41%2B&echo=a+b%20")
        request = httpx.Request("POST", url, headers={"host": "localhost", "x-a": "1"}, content=b"p=1")

        result = await call(transport, request, Limits())

    assert result.body.data == b"ok"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    assert first == b"POST /a%2Fb%7Ec?echo=%41%2B&echo=a+b%20 HTTP/1.1"
    assert body == b"p=1"
    assert sorted(line.partition(b":")[0].lower() for line in headers) == [b"content-length", b"host", b"x-a"]


async def test_connections_are_kept(files: TlsFiles, transport: WireTransport) -> None:
    async with tls_server(files, always(answer(b"ok"))) as server:
        for _ in range(5):
            await get(transport, server.url())

    assert server.connections == 1
    assert len(server.requests) == 5


async def test_redirects_are_answers(files: TlsFiles, transport: WireTransport) -> None:
    redirect = answer(b"", "Location: /elsewhere", status="302 Found")
    async with tls_server(files, always(redirect)) as server:
        result = await get(transport, server.url())

    assert result.status == 302
    assert len(server.requests) == 1


async def test_cookies_are_forgotten(files: TlsFiles, transport: WireTransport) -> None:
    async with tls_server(files, always(answer(b"", "Set-Cookie: a=b"))) as server:
        await get(transport, server.url())
        await get(transport, server.url())

    assert b"cookie" not in server.requests[1].lower()


async def test_repeated_headers_arrive_one_by_one(files: TlsFiles, transport: WireTransport) -> None:
    async with tls_server(files, always(answer(b"", "Date: a", "date: b"))) as server:
        result = await get(transport, server.url())

    assert [value for name, value in result.headers if name.lower() == "date"] == ["a", "b"]
    assert result.header("date") == "b"


async def test_c28_a_self_signed_certificate_is_refused(tmp_path: Path, transport: WireTransport) -> None:
    (tmp_path / "self").mkdir()
    own = tls_files(tmp_path / "self", self_signed=True)
    async with tls_server(own, always(answer(b"ok"))) as server:
        result = await get(transport, server.url())

    assert (result.status, result.failure) == (None, "tls")
    assert server.requests == []


async def test_c28_an_expired_certificate_is_refused(tmp_path: Path, transport: WireTransport) -> None:
    (tmp_path / "old").mkdir()
    async with tls_server(tls_files(tmp_path / "old", expired=True), always(answer(b"ok"))) as server:
        assert (await get(transport, server.url())).failure == "tls"


async def test_c28_a_certificate_for_another_host_is_refused(
    tmp_path: Path, transport: WireTransport
) -> None:
    (tmp_path / "other").mkdir()
    async with tls_server(
        tls_files(tmp_path / "other", name="brava.example"), always(answer(b"ok"))
    ) as server:
        assert (await get(transport, server.url())).failure == "tls"


async def test_a_pinned_authority_is_the_only_one() -> None:
    system = tls_context()
    pinned = tls_context(system=False)

    assert system.check_hostname
    assert pinned.check_hostname
    assert pinned.verify_mode == system.verify_mode
    assert pinned.get_ca_certs() == []


async def test_a_closed_port_is_a_connection_failure(files: TlsFiles, transport: WireTransport) -> None:
    async with tls_server(files, always(b"")) as server:
        url = server.url()

    result = await get(transport, url)

    assert (result.status, result.failure) == (None, "connection")


async def test_a_host_that_says_nothing_ends_at_the_time_out(
    files: TlsFiles, transport: WireTransport
) -> None:
    async with tls_server(files, always(b"")) as server:
        result = await get(transport, server.url(), Limits(1, 0.2))

    assert (result.status, result.failure) == (None, "timeout")


async def test_a_host_that_drips_ends_at_the_time_out_with_what_came(
    files: TlsFiles, transport: WireTransport
) -> None:
    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with tls_server(files, drip) as server:
        result = await get(transport, server.url(), Limits(1, 0.3))

    assert (result.status, result.failure) == (200, "timeout")
    assert 0 < len(result.body.data) < 1000


async def test_a_body_cut_short_is_incomplete(files: TlsFiles, transport: WireTransport) -> None:
    async with tls_server(files, always(answer(b"half", length=8), close=True)) as server:
        result = await get(transport, server.url())

    assert (result.status, result.failure) == (200, "incomplete")
    assert result.body.data == b"half"


async def test_a_connection_closed_without_an_answer_is_a_connection_failure(
    files: TlsFiles, transport: WireTransport
) -> None:
    async with tls_server(files, always(b"", close=True)) as server:
        result = await get(transport, server.url())

    assert (result.status, result.failure) == (None, "connection")
    assert len(server.requests) == 1  # the same signed request never goes out twice


async def test_what_is_not_http_is_a_connection_failure(files: TlsFiles, transport: WireTransport) -> None:
    async with tls_server(files, always(b"220 smtp.example\r\n\r\n", close=True)) as server:
        assert (await get(transport, server.url())).failure == "connection"


# --- bodies -------------------------------------------------------------------------------------------


def served(body: bytes, coding: str | None = None, step: int = 1000) -> httpx.MockTransport:
    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), step):
            yield body[start : start + step]

    headers = {"digest": "SHA-256=whatever"} | ({} if coding is None else {"content-encoding": coding})
    return httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=parts()))


async def received(body: bytes, coding: str | None = None, step: int = 1000, limit: int = 1 << 25) -> Answer:
    return await get(served(body, coding, step), "https://brava.example/", Limits(body_bytes=limit))


TEXT = b"<text>" + b"agreement " * 50_000 + b"</text>"


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZIP ", "deflate"])
async def test_a_compressed_body_is_decoded_and_its_bytes_on_the_wire_are_hashed(
    coding: str, step: int
) -> None:
    packed = zlib.compress(TEXT) if coding == "deflate" else gzip.compress(TEXT)

    result = await received(packed, coding, step)

    assert result.body.data == TEXT
    assert not result.body.truncated
    assert result.undecodable is None
    assert result.wire_sha256 == hashlib.sha256(packed).digest()


async def test_a_body_without_coding_is_taken_as_it_is() -> None:
    for coding in (None, "identity", ""):
        result = await received(TEXT, coding)
        assert result.body.data == TEXT
        assert result.wire_sha256 == hashlib.sha256(TEXT).digest()


async def test_a_body_whose_digest_is_not_named_is_not_hashed() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=TEXT))

    result = await get(transport, "https://brava.example/", Limits())

    assert result.body.data == TEXT
    assert result.wire_sha256 is None


async def test_gzip_of_several_members_and_padding_is_whole() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + bytes(100)

    assert (await received(packed, "gzip", 5)).body.data == b"one two"


@pytest.mark.parametrize(
    ("body", "coding", "why"),
    [
        (gzip.compress(TEXT)[:-20], "gzip", "ends early"),
        (b"this is no gzip", "gzip", "damaged"),
        (gzip.compress(b"one")[:-6] + b"\1\1\1\1\1\1", "gzip", "damaged"),
        (TEXT, "br", "not asked for"),
        (TEXT, "gzip, gzip", "not asked for"),
    ],
)
async def test_a_body_that_cannot_be_decoded_says_why(body: bytes, coding: str, why: str) -> None:
    result = await received(body, coding)

    assert why in str(result.undecodable)
    assert result.wire_sha256 == hashlib.sha256(body).digest()


async def test_an_empty_body_is_never_damaged() -> None:
    assert (await received(b"", "gzip")).undecodable is None


async def test_a_body_of_exactly_the_limit_is_whole_and_one_more_byte_is_not() -> None:
    whole = await received(b"x" * 5000, limit=5000)
    more = await received(b"x" * 5001, limit=5000)

    assert (len(whole.body.data), whole.body.truncated) == (5000, False)
    assert (len(more.body.data), more.body.truncated) == (5000, True)


def unpacked(body: ReceivedBody) -> bytes:
    assert body.packed is not None
    kept = zstandard.ZstdDecompressor().decompress(body.packed.zstd, max_output_size=body.packed.length)
    assert len(kept) == body.packed.length
    assert hashlib.sha256(kept).hexdigest() == body.packed.sha256
    return kept


async def test_of_a_body_over_the_limit_all_that_was_let_in_is_kept_packed() -> None:
    result = await received(gzip.compress(TEXT * 40), "gzip", limit=10 << 20)

    assert result.body.truncated
    assert result.body.data == (TEXT * 40)[:SPOOL_BYTES]
    assert unpacked(result.body) == (TEXT * 40)[: 10 << 20]


async def test_of_a_body_that_cannot_be_packed_as_much_is_kept_as_fits() -> None:
    body = random.Random(1).randbytes(12 << 20)

    result = await received(body, step=1 << 16, limit=10 << 20)

    kept = unpacked(result.body)
    assert PACKED_BYTES - (1 << 18) < len(kept) < PACKED_BYTES + (1 << 18)
    assert kept == body[: len(kept)]


async def test_a_short_body_over_the_limit_is_not_packed() -> None:
    assert (await received(b"x" * 5001, limit=5000)).body.packed is None


async def test_a_body_beyond_the_spool_arrives_whole() -> None:
    body = bytes(range(256)) * (3 * SPOOL_BYTES // 256)

    assert (await received(body, step=1 << 16)).body.data == body


_MEMORY = """
import asyncio, gzip, resource, sys, zlib
import httpx
from mobility_bridge.kit.http import Limits, call

def bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(1024)]
    return b"".join([*parts, packer.flush()])

async def chunks(body, times):
    for _ in range(times):
        yield body

async def main(kind):
    if kind == "bomb":
        body, headers, times = bomb(), {"content-encoding": "gzip"}, 1
    else:
        body, headers, times = b"x" * (1 << 20), {}, 100
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=chunks(body, times)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = await call(transport, httpx.Request("GET", "https://brava.example/"), Limits(total_s=60))
    assert answer.body.truncated
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("kind", ["bomb", "long"])
def test_neither_a_bomb_nor_a_hundred_megabytes_fill_memory(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, kind], capture_output=True, text=True, check=True, timeout=120
    )

    assert int(done.stdout) < 40 * 1024  # kilobytes


@pytest.mark.parametrize(
    ("effect", "failure"),
    [
        (httpx.ConnectTimeout("too slow"), "timeout"),
        (httpx.ReadTimeout("too slow"), "timeout"),
        (httpx.ConnectError("refused"), "connection"),
        (httpx.RemoteProtocolError("cut off before the status"), "connection"),
    ],
)
async def test_failure_of_any_transport_is_an_answer_with_its_reason(effect: Exception, failure: str) -> None:
    router = respx.MockRouter()
    router.get("https://partner.example/ewp/iias").mock(side_effect=effect)
    request = httpx.Request("GET", "https://partner.example/ewp/iias")

    found = await call(httpx.MockTransport(router.async_handler), request, SHORT)

    assert (found.status, found.failure) == (None, failure)


async def test_answer_of_any_transport_keeps_its_status_and_body() -> None:
    router = respx.MockRouter()
    router.post("https://partner.example/ewp/iia-cnr").respond(503, content=b"later")
    request = httpx.Request("POST", "https://partner.example/ewp/iia-cnr", content=b"iia_id=x")

    found = await call(httpx.MockTransport(router.async_handler), request, SHORT)

    assert (found.status, found.body.data, found.failure) == (503, b"later", None)
    assert router.calls.last.request.content == b"iia_id=x"
