"""Over TLS: the certificate is presented, kept between calls, and named when the handshake fails."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID
from tests.support.fixtures import REPOSITORY, sample
from tests.support.keys import TlsFiles, key, tls_files
from tests.support.ladok_door import uid
from tests.support.tls_server import answer

from mobility_adapters.ladok import adapter
from mobility_adapters.ladok.registry import LadokRegistry
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.errors import Unreachable
from mobility_bridge.kit.clock import SystemClock
from mobility_bridge.ports.adapter import Surroundings

STUDENT = LadokUid(uid(7, 3))


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    """A server's files, and in the same folder a client's: PKCS#12 with its pass phrase, and the bare certificate."""
    own, now = key("ladok-client"), datetime.now(UTC)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Test-API"),
            x509.NameAttribute(NameOID.COMMON_NAME, "mobility-bridge@NHU"),
        ]
    )
    certificate = x509.CertificateBuilder(
        name, name, own.public_key(), 7, now - timedelta(days=1), now + timedelta(days=1)
    ).sign(own, SHA256())
    data = pkcs12.serialize_key_and_certificates(
        b"client", own, certificate, None, BestAvailableEncryption(b"word")
    )
    (tmp_path / "client.p12").write_bytes(data)
    (tmp_path / "client.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "word.txt").write_text("word")
    return tls_files(tmp_path)


@asynccontextmanager
async def served(files: TlsFiles, trusted: Path) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that insists on a client certificate; yields its address and whom it met."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(trusted)
    context.verify_mode = ssl.CERT_REQUIRED
    met: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                peer = writer.get_extra_info("peercert")
                met.append(dict(part[0] for part in peer["subject"])["commonName"])
                kind = "Content-Type: application/vnd.ladok-studentinformation+xml"
                writer.write(answer(sample("ladok/student.xml"), kind))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}", met
    finally:
        server.close()
        await asyncio.sleep(0)


def door(folder: Path, base_url: str) -> LadokRegistry:
    said = {
        "base_url": base_url,
        "environment": "test",
        "certificate": "client.p12",
        "passphrase": {"file": "word.txt"},
        "ca_file": "ca.pem",
        "read_attempts": 1,
    }
    built = adapter.build(
        adapter.settings_model.model_validate(said),
        Surroundings(
            own_hei_id=HeiId("nordhav.example"),
            clock=SystemClock(),
            base_dir=folder,
            state_dir=folder,
            mappings_dir=REPOSITORY / "config" / "mappings",
            log=None,
        ),
    )
    assert isinstance(built.registry, LadokRegistry)
    return built.registry


async def test_the_certificate_opens_the_door(files: TlsFiles, tmp_path: Path) -> None:
    async with served(files, tmp_path / "client.pem") as (url, met):
        registry = door(tmp_path, url)
        assert len((await registry.student(STUDENT)).facts) == 2
        assert len((await registry.student(STUDENT)).facts) == 2
        await registry.close()
    assert met == ["mobility-bridge@NHU"] * 2


async def test_a_handshake_that_fails_names_the_certificate(files: TlsFiles, tmp_path: Path) -> None:
    async with served(files, files.ca) as (url, met):
        registry = door(tmp_path, url)
        with pytest.raises(Unreachable) as caught:
            await registry.student(STUDENT)
        await registry.close()
    assert "client.p12, mobility-bridge@NHU" in caught.value.message
    assert met == []
