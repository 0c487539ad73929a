"""The partner that `network.py` asks: as little server as can be, so that it is not what is measured.

    python benchmarks/network_server.py CERTIFICATE KEY SIGNING_KEY KEY_ID

Prints its port. What is asked under `/signed` is answered with a signature, anything else without one; requests
are not verified, which would cost a tenth of the signature.
"""

import asyncio
import re
import ssl
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

NAMESPACE = (
    "https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/index-response.xsd"
)
BODY = (
    f'<iias-index-response xmlns="{NAMESPACE}"><iia-id>5f0c6a2e-7b1d-4c38</iia-id></iias-index-response>'
).encode()
DIGEST = "SHA-256=" + b64encode(sha256(BODY).digest()).decode()
COVERED = "(request-target) date digest x-request-id x-request-signature"
REQUEST = re.compile(
    rb"(?i)^(?=.*\r\nx-request-id: *([^\r]+))(?=.*\r\ndate: *([^\r]+))(?=.*signature=\"([^\"]+)\")", re.DOTALL
)


class Partner(asyncio.Protocol):
    """Answers every GET with the same index."""

    def __init__(self, key: RSAPrivateKey, key_id: str) -> None:
        self._key = key
        self._key_id = key_id
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head, self._held = self._held[:end], self._held[end + 4 :]
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        found = REQUEST.match(head)
        assert found is not None
        request_id, date, signature = (item.decode() for item in found.groups())
        lines = [
            "HTTP/1.1 200 OK",
            f"Content-Length: {len(BODY)}",
            "Content-Type: application/xml",
            f"Date: {date}",
            f"X-Request-Id: {request_id}",
        ]
        if head.startswith(b"GET /signed"):
            target = "get " + head.split(b" ", 2)[1].decode()
            lines += self._signed(target, date, request_id, signature)
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + BODY

    def _signed(self, target: str, date: str, request_id: str, signature: str) -> list[str]:
        text = (
            f"(request-target): {target}\ndate: {date}\ndigest: {DIGEST}\n"
            f"x-request-id: {request_id}\nx-request-signature: {signature}"
        )
        ours = b64encode(self._key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
        return [
            f"Digest: {DIGEST}",
            f"X-Request-Signature: {signature}",
            f'Signature: keyId="{self._key_id}",algorithm="rsa-sha256",headers="{COVERED}",signature="{ours}"',
        ]


async def main(certificate: str, key: str, signing_key: RSAPrivateKey, key_id: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Partner(signing_key, key_id), "127.0.0.1", 0, ssl=context, backlog=256
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    certificate, key, signing_key, key_id = sys.argv[1:]
    loaded = load_pem_private_key(Path(signing_key).read_bytes(), None)
    assert isinstance(loaded, RSAPrivateKey)
    asyncio.run(main(certificate, key, loaded, key_id))
