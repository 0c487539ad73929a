"""HTTP signatures as the partners make and check them, written a second time.

Source: EWP HTTP Signature client authentication 1.0.2 and server authentication 1.1.0, on
draft-cavage-http-signatures-07.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PARAMETER = re.compile(r'\s*([A-Za-z]+)="([^"]*)"\s*')
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
_TOLERANCE = timedelta(minutes=5)
_MUST_COVER = ("(request-target)", "host", "digest", "x-request-id")


class RefusedError(Exception):
    """A request is refused; `status` is what the caller gets."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class Signed:
    """The parameters of an `Authorization: Signature` or `Signature` header."""

    key_id: str
    algorithm: str
    headers: tuple[str, ...]
    signature: str


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came in; header names in lower case, repeated ones joined; `target` with the query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def key_id(key: rsa.RSAPublicKey) -> str:
    """SHA-256 of the SubjectPublicKeyInfo, in hexadecimal."""
    return hashlib.sha256(spki(key)).hexdigest()


def spki(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def digest(body: bytes) -> str:
    return "SHA-256=" + b64encode(hashlib.sha256(body).digest()).decode()


def http_date(now: datetime) -> str:
    return format_datetime(now.astimezone(UTC), usegmt=True)


def string_to_sign(names: Sequence[str], values: Mapping[str, str]) -> str:
    """One line for each header; KeyError names the first that is missing."""
    return "\n".join(f"{name}: {values[name].strip()}" for name in names)


def sign(key: rsa.RSAPrivateKey, text: str) -> str:
    return b64encode(key.sign(text.encode("latin-1"), padding.PKCS1v15(), hashes.SHA256())).decode()


def verifies(key: rsa.RSAPublicKey, text: str, signature: str) -> bool:
    try:
        key.verify(
            b64decode(signature, validate=True), text.encode("latin-1"), padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def signature_header(key: rsa.RSAPrivateKey, names: Sequence[str], values: Mapping[str, str]) -> str:
    """The value of a `Signature` header; `Authorization` has the word Signature and a blank before it."""
    signature = sign(key, string_to_sign(names, values))
    return (
        f'keyId="{key_id(key.public_key())}",algorithm="rsa-sha256",'
        f'headers="{" ".join(names)}",signature="{signature}"'
    )


def parse(parameters: str) -> Signed | None:
    """Read the parameters of a signature header; None when they cannot be read."""
    found: dict[str, str] = {}
    position = 0
    while match := _PARAMETER.match(parameters, position):
        if match[1] in found:
            return None
        found[match[1]] = match[2]
        position = match.end() + 1
        if parameters[match.end() : position] not in (",", ""):
            return None
    if position < len(parameters) or not {"keyId", "algorithm", "signature"} <= found.keys():
        return None
    names = tuple(found.get("headers", "date").lower().split())
    return Signed(found["keyId"], found["algorithm"], names, found["signature"])


def check_request(
    request: Received, client_keys: Mapping[str, rsa.RSAPublicKey], hosts: Sequence[str], now: datetime
) -> str:
    """Verify a request and return the id of the key that signed it. Raises RefusedError."""
    scheme, _, parameters = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "signature":
        raise RefusedError(401, "This endpoint wants an HTTP signature.")
    signed = parse(parameters)
    if signed is None:
        raise RefusedError(400, "The Authorization header cannot be read.")
    _check_coverage(signed)
    if request.headers.get("host", "").partition(":")[0] not in hosts:
        raise RefusedError(400, "The Host header names another host.")
    key = client_keys.get(signed.key_id)
    if key is None:
        raise RefusedError(403, f"No client in the network has the key {signed.key_id}.")
    _check_times(request, signed, now)
    _check_signature(request, signed, key)
    if digest(request.body) not in _sha256_digests(request.headers["digest"]):
        raise RefusedError(400, "The digest is not that of the body.")
    return signed.key_id


def _check_coverage(signed: Signed) -> None:
    if signed.algorithm != "rsa-sha256":
        raise RefusedError(400, f"The algorithm {signed.algorithm} is not supported.")
    missing = [name for name in _MUST_COVER if name not in signed.headers]
    if not {"date", "original-date"} & set(signed.headers):
        missing.append("date")
    if missing:
        raise RefusedError(400, f"The signature does not cover {', '.join(missing)}.")


def _check_times(request: Received, signed: Signed, now: datetime) -> None:
    for name in ("date", "original-date"):
        if name not in signed.headers:
            continue
        text = request.headers.get(name, "")
        if not _DATE.fullmatch(text) or abs(parsedate_to_datetime(text) - now) > _TOLERANCE:
            raise RefusedError(400, f"{name} is not within five minutes of {http_date(now)}: {text!r}")
    if not _UUID.fullmatch(request.headers.get("x-request-id", "")):
        raise RefusedError(400, "X-Request-Id is not a canonical UUID.")


def _check_signature(request: Received, signed: Signed, key: rsa.RSAPublicKey) -> None:
    values = {**request.headers, "(request-target)": f"{request.method.lower()} {request.target}"}
    try:
        text = string_to_sign(signed.headers, values)
        # The official signer leaves the port out of the signed host.
        bare = string_to_sign(signed.headers, {**values, "host": values["host"].partition(":")[0]})
    except KeyError as missing:
        raise RefusedError(400, f"The signed header {missing} is missing.") from None
    if not (verifies(key, text, signed.signature) or verifies(key, bare, signed.signature)):
        raise RefusedError(400, "The signature does not verify.")


def _sha256_digests(header: str) -> list[str]:
    found = []
    for each in header.split(","):
        name, _, value = each.strip().partition("=")
        if name.lower() == "sha-256":
            found.append(f"SHA-256={value}")
    return found
