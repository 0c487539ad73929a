import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.support.keys import TlsFiles, tls_files
from tests.support.tls_server import Talk, answer, tls_server

from mobility_bridge.kit.connections import HEAD_BYTES, HELD_BYTES, Connections, Outgoing
from mobility_bridge.kit.http import tls_context


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    return tls_files(tmp_path)


@pytest.fixture
async def connections(files: TlsFiles) -> AsyncIterator[Connections]:
    result = Connections(tls_context(files.ca, system=False))
    yield result
    result.close()


def says(*parts: bytes, close: bool = False) -> Talk:
    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        if close:
            writer.close()

    return talk


def get(url: str) -> Outgoing:
    return Outgoing("GET", url, (("host", "localhost"),))


async def asked(connections: Connections, request: Outgoing) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    found = await connections.ask(request, connect_s=2)
    try:
        return found.status, found.headers, b"".join([part async for part in found])
    finally:
        await found.aclose()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


# --- answers ------------------------------------------------------------------------------------------


async def test_an_answer_in_chunks_arrives_whole_and_what_follows_them_is_no_header(
    files: TlsFiles, connections: Connections
) -> None:
    parts = (CHUNKED, b"3\r\none\r\n", b"4;a=b\r\n two\r\n", b"0\r\nDigest: forged\r\n\r\n")
    async with tls_server(files, says(*parts)) as server:
        status, headers, body = await asked(connections, get(server.url()))
        await asked(connections, get(server.url()))

    assert (status, body) == (200, b"one two")
    assert headers == [(b"Transfer-Encoding", b"chunked")]
    assert server.connections == 1


@pytest.mark.parametrize("step", [1, 3, 1000])
async def test_an_answer_is_the_same_however_it_is_cut(
    files: TlsFiles, connections: Connections, step: int
) -> None:
    whole = answer(b"body", "X-Empty:", "X-Long: " + "v" * 300, "x-twice: 1", "X-Twice:  2 ")
    parts = [whole[start : start + step] for start in range(0, len(whole), step)]

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    async with tls_server(files, talk) as server:
        status, headers, body = await asked(connections, get(server.url()))

    assert (status, body) == (200, b"body")
    assert [(name, value.strip()) for name, value in headers] == [
        (b"Content-Length", b"4"),
        (b"X-Empty", b""),
        (b"X-Long", b"v" * 300),
        (b"x-twice", b"1"),
        (b"X-Twice", b"2"),
    ]


async def test_interim_answers_are_passed_over(files: TlsFiles, connections: Connections) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    async with tls_server(files, says(interim, interim, answer(b"ok"))) as server:
        status, headers, body = await asked(connections, get(server.url()))

    assert (status, body) == (200, b"ok")
    assert headers == [(b"Content-Length", b"2")]


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_answers_that_have_no_body_end_with_their_head(
    files: TlsFiles, connections: Connections, status: str
) -> None:
    async with tls_server(files, says(f"HTTP/1.1 {status}\r\nETag: a\r\n\r\n".encode())) as server:
        for _ in range(2):
            assert (await asked(connections, get(server.url())))[2] == b""

    assert server.connections == 1


async def test_a_body_without_a_length_ends_with_the_connection(
    files: TlsFiles, connections: Connections
) -> None:
    parts = (b"HTTP/1.1 200 OK\r\nServer: old\r\n\r\n", b"one ", b"two")
    async with tls_server(files, says(*parts, close=True)) as server:
        for _ in range(2):
            assert (await asked(connections, get(server.url())))[2] == b"one two"

    assert server.connections == 2


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"half"),
        (CHUNKED, b"5\r\nhalf"),
        (CHUNKED, b"4\r\nhalf\r\n"),
    ],
)
async def test_what_ends_before_its_end_fails_after_what_came(
    files: TlsFiles, connections: Connections, parts: tuple[bytes, ...]
) -> None:
    async with tls_server(files, says(*parts, close=True)) as server:
        found = await connections.ask(get(server.url()), connect_s=2)
        came = b""
        failures = []
        try:
            async for part in found:
                came += part
        except httpx.ReadError as error:
            failures.append(error)
        await found.aclose()

    assert came == b"half"
    assert len(failures) == 1


@pytest.mark.parametrize(
    "whole",
    [
        b"220 smtp.example\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"v" * (HEAD_BYTES + 1),
        b"HTTP/1.1 102 Processing\r\n\r\n" * (HEAD_BYTES // 20),
    ],
    ids=lambda whole: whole[:40],
)
async def test_what_is_no_answer_is_refused(files: TlsFiles, connections: Connections, whole: bytes) -> None:
    async with tls_server(files, says(whole)) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await asyncio.wait_for(asked(connections, get(server.url())), 5)


# --- requests -----------------------------------------------------------------------------------------


async def test_a_request_is_the_bytes_that_were_given(files: TlsFiles, connections: Connections) -> None:
    async with tls_server(files, says(answer(b""))) as server:
        url = server.url("/a%2Fb%7Ec?echo=%41%2B#not-sent").partition("#")[0]
        await asked(connections, Outgoing("POST", url, (("host", "x"), ("b", "1"), ("A", "å")), b"p=1"))
        await asked(connections, Outgoing("POST", server.url(""), (("Content-Length", "0"),)))

    assert server.requests == [
        b"POST /a%2Fb%7Ec?echo=%41%2B HTTP/1.1\r\nhost: x\r\nb: 1\r\nA: \xe5\r\nContent-Length: 3\r\n\r\np=1",
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    ]


@pytest.mark.parametrize(
    ("path", "value"), [("/", "a\r\nX-Other: b"), ("/", "a\nb"), ("/a b", "c"), ("/\r\n", "c"), ("/", "€")]
)
async def test_what_would_be_another_request_is_not_sent(
    files: TlsFiles, connections: Connections, path: str, value: str
) -> None:
    async with tls_server(files, says(answer(b""))) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await connections.ask(Outgoing("GET", server.url(path), (("x", value),)), connect_s=2)

    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://partner.example/",
        "https:///path",
        "https://partner.example:port/",
        "partner.example",
        "https://[",
    ],
)
async def test_an_address_that_names_no_host_is_refused(connections: Connections, url: str) -> None:
    with pytest.raises(httpx.UnsupportedProtocol):
        await connections.ask(get(url), connect_s=2)


async def test_a_name_that_no_host_can_have_is_a_connection_failure(connections: Connections) -> None:
    with pytest.raises(httpx.ConnectError):
        await connections.ask(get("https://" + "a" * 70 + ".example/"), connect_s=2)


# --- keeping ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "whole",
    [
        answer(b"ok", "Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        answer(b"ok") + answer(b"nobody asked"),
        answer(b"ok") + b"garbage",
    ],
    ids=["close", "1.0", "another answer", "garbage"],
)
async def test_a_connection_that_may_not_be_used_again_is_not(
    files: TlsFiles, connections: Connections, whole: bytes
) -> None:
    async with tls_server(files, says(whole)) as server:
        for _ in range(2):
            assert (await asked(connections, get(server.url())))[2] == b"ok"

    assert server.connections == 2


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again(
    files: TlsFiles, connections: Connections
) -> None:
    async with tls_server(files, says(answer(b"ok"), close=True)) as server:
        for _ in range(2):
            await asked(connections, get(server.url()))
            await asyncio.sleep(0.1)

    assert server.connections == 2


async def test_an_answer_that_nobody_asked_for_ends_a_kept_connection(
    files: TlsFiles, connections: Connections
) -> None:
    async with tls_server(files, says(answer(b"ok"), answer(b"late"))) as server:
        for _ in range(2):
            assert (await asked(connections, get(server.url())))[2] == b"ok"
            await asyncio.sleep(0.1)

    assert server.connections == 2


async def test_questions_at_the_same_time_have_a_connection_each(
    files: TlsFiles, connections: Connections
) -> None:
    async with tls_server(files, says(answer(b"ok"))) as server:
        await asyncio.gather(*(asked(connections, get(server.url())) for _ in range(3)))
        await asked(connections, get(server.url()))

    assert server.connections == 3


async def test_idle_connections_are_dropped(files: TlsFiles) -> None:
    connections = Connections(tls_context(files.ca, system=False), idle_s=0.05)
    writers: list[asyncio.StreamWriter] = []

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(answer(b"ok"))

    async with tls_server(files, talk) as server:
        await asked(connections, get(server.url()))
        await asyncio.sleep(0.3)
        ended = [writer.is_closing() for writer in writers]
    connections.close()

    assert ended == [True]


async def test_no_more_questions_are_under_way_than_allowed(files: TlsFiles) -> None:
    connections = Connections(tls_context(files.ca, system=False), limit=2)
    async with tls_server(files, says(answer(b"ok", "Connection: close"))) as server:
        url = server.url()
        given_up = asyncio.create_task(asked(connections, get(url)))
        await asyncio.sleep(0)
        given_up.cancel()
        found = await asyncio.gather(*(asked(connections, get(url)) for _ in range(6)))
        with pytest.raises(httpx.ConnectError):
            await asked(connections, get("https://localhost:1/"))
        held = await connections.ask(get(url), connect_s=2)
        await connections.ask(get(url), connect_s=2)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connections.ask(get(url), connect_s=2), 0.1)
        await held.aclose()
        await asked(connections, get(url))
    connections.close()

    assert len(found) == 6


async def test_a_question_given_up_takes_its_connection_with_it(
    files: TlsFiles, connections: Connections
) -> None:
    async with tls_server(files, says()) as server:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asked(connections, get(server.url())), 0.2)

    assert server.connections == 2


async def test_a_sender_waits_until_its_parts_are_taken(files: TlsFiles, connections: Connections) -> None:
    part, times = bytes(1 << 20), 20

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(part) * times}\r\n\r\n".encode())
        for _ in range(times):
            writer.write(part)
            await writer.drain()

    async with tls_server(files, talk) as server:
        found = await connections.ask(get(server.url()), connect_s=2)
        await asyncio.sleep(0.3)
        held = found.held
        taken = sum([len(each) async for each in found])
        await found.aclose()
        await asked(connections, get(server.url()))

    assert held < 4 * HELD_BYTES
    assert taken == len(part) * times
    assert server.connections == 1


async def test_without_tls_it_is_the_same(connections: Connections) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"plain", "Connection: close"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert (await asked(connections, get(f"http://127.0.0.1:{port}/")))[2] == b"plain"
