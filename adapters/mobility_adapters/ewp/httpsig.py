"""HTTP signatures of EWP requests and responses, without I/O and without a clock.

Headers are a mapping from lower-cased names to values as `joined` makes it: outer white space removed,
several headers of one name joined with a comma, as the string to sign wants them.

Source: EWP client authentication by HTTP signature 1.0.2, server authentication by HTTP signature 1.1.0,
both on draft-cavage-http-signatures-07 (not RFC 9421); RFC 3230 and RFC 5843 for `Digest`.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as BinasciiError
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHM = "rsa-sha256"
TOLERANCE_S = 300
REQUEST_TARGET = "(request-target)"
SIGNED_IN_REQUESTS = (REQUEST_TARGET, "host", "date", "digest", "x-request-id")

_PADDING = PKCS1v15()
_SHA256 = SHA256()
_PARAMETER = re.compile(r'[ \t]*([A-Za-z][A-Za-z0-9_-]*)="([^"]*)"[ \t]*(?:,|$)')
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)}
_FIXDATE = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)


class SignatureProblem(ValueError):
    """A message's signature does not hold. `reason` is one of those of `errors.Untrusted`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SignatureParameters:
    """The parameters of an `Authorization` or `Signature` header; `signature` stays base64 text."""

    key_id: str
    algorithm: str
    headers: tuple[str, ...]
    signature: str


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What a response is checked against.

    `target` is the value of `(request-target)`; `request_id` and `signature` are None when not sent.
    """

    target: str
    request_id: str | None = None
    signature: str | None = None


def http_date(moment: datetime) -> str:
    """Format an aware instant as an IMF-fixdate, whatever the locale."""
    utc = moment.astimezone(UTC)
    return (
        f"{_DAYS[utc.weekday()]}, {utc.day:02} {_MONTHS[utc.month - 1]} {utc.year:04} "
        f"{utc.hour:02}:{utc.minute:02}:{utc.second:02} GMT"
    )


def parse_http_date(text: str) -> datetime | None:
    """Read an HTTP date; None for what is not one.

    The usual form goes first because the general parser costs as much as the RSA operation.
    """
    match = _FIXDATE.fullmatch(text)
    try:
        if match is not None:
            day, month, year, hour, minute, second = match.groups()
            return datetime(
                int(year), _MONTH_NUMBERS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC
            )
        if text.count(",") > 1:  # the general parser would take the first of two joined dates
            return None
        moment = parsedate_to_datetime(text)
    except (ValueError, KeyError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Lower-case the names, trim the values, join repeated headers in wire order."""
    result: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        trimmed = value.strip()
        result[lower] = f"{result[lower]}, {trimmed}" if lower in result else trimmed
    return result


def body_digest(body: bytes) -> str:
    """Return the value of the `Digest` header for a body as sent."""
    return digest_header(hashlib.sha256(body).digest())


def digest_header(sha256: bytes) -> str:
    """Return the value of the `Digest` header for a SHA-256 already computed (32 bytes)."""
    return "SHA-256=" + b64encode(sha256).decode("ascii")


def request_target(method: str, raw_path: str) -> str:
    """Return the value of `(request-target)`; `raw_path` is path and query exactly as on the wire."""
    return f"{method.lower()} {raw_path or '/'}"


def string_to_sign(names: Sequence[str], target: str, headers: Mapping[str, str]) -> bytes:
    """Build the bytes that are signed.

    Raises:  SignatureProblem when a listed header is missing.
    Source:  EWP client authentication by HTTP signature 1.0.2, signing string.
    """
    lines = []
    for name in names:
        value = target if name == REQUEST_TARGET else headers.get(name)
        if value is None:
            raise SignatureProblem("signature_incomplete", f"signed header {name} is missing")
        lines.append(f"{name}: {value}")
    try:
        return "\n".join(lines).encode("latin-1")
    except UnicodeEncodeError as error:
        raise SignatureProblem("signature_incomplete", "a signed header is not ISO-8859-1") from error


def sign(
    key: RSAPrivateKey, key_id: str, names: Sequence[str], target: str, headers: Mapping[str, str]
) -> SignatureParameters:
    """Sign the headers in `names`, in that order."""
    signature = sign_text(key, string_to_sign(names, target, headers))
    return SignatureParameters(key_id, ALGORITHM, tuple(names), signature)


def sign_text(key: RSAPrivateKey, text: bytes) -> str:
    """Sign what `string_to_sign` gave; nearly all of this is RSA, which lets go of the interpreter."""
    return b64encode(key.sign(text, _PADDING, _SHA256)).decode("ascii")


def format_parameters(parameters: SignatureParameters) -> str:
    """Write parameters as the `Signature` header has them; `Authorization` adds the scheme in front."""
    return (
        f'keyId="{parameters.key_id}",algorithm="{parameters.algorithm}",'
        f'headers="{" ".join(parameters.headers)}",signature="{parameters.signature}"'
    )


def format_authorization(parameters: SignatureParameters) -> str:
    """Write the value of the `Authorization` header."""
    return "Signature " + format_parameters(parameters)


def parse_parameters(text: str) -> SignatureParameters:
    """Read the value of a `Signature` header.

    Raises:  SignatureProblem for anything but `name="value"` pairs, for a parameter given twice and for a
             missing `keyId`, `algorithm` or `signature`. Absent `headers` means `date` alone, as drafted.
    """
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise SignatureProblem(
                "signature_incomplete", 'the signature is not a list of name="value" pairs'
            )
        name, value = match.groups()
        if name in found:
            raise SignatureProblem("signature_incomplete", f"signature parameter {name} is given twice")
        found[name] = value
        position = match.end()
    missing = [name for name in ("keyId", "algorithm", "signature") if name not in found]
    if missing:
        raise SignatureProblem("signature_incomplete", f"signature parameter {missing[0]} is missing")
    names = tuple(found.get("headers", "date").split(" "))
    return SignatureParameters(found["keyId"], found["algorithm"], names, found["signature"])


def parse_authorization(text: str) -> SignatureParameters:
    """Read the value of an `Authorization` header. Raises SignatureProblem as `parse_parameters`."""
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "signature":
        raise SignatureProblem("signature_missing", "the Authorization header has another scheme")
    return parse_parameters(rest.strip())


def verify_signature(
    key: RSAPublicKey, parameters: SignatureParameters, target: str, headers: Mapping[str, str]
) -> None:
    """Check the RSA signature alone. Raises SignatureProblem."""
    signed = string_to_sign(parameters.headers, target, headers)
    try:
        key.verify(b64decode(parameters.signature, validate=True), signed, _PADDING, _SHA256)
    except (InvalidSignature, BinasciiError) as error:
        raise SignatureProblem(
            "signature_wrong", "the signature does not fit the headers and the key"
        ) from error


def verify_response(
    sent: SentRequest,
    headers: Mapping[str, str],
    body_sha256: bytes,
    now: datetime,
    key_for: Callable[[str], RSAPublicKey | None],
) -> dict[str, str]:
    """Check a signed response and return those of its headers that are signed.

    Shape:   `body_sha256` is taken over the body before content decoding; `key_for` finds a server key of
             the very host that was asked, by its id.
    Raises:  SignatureProblem on the first check that fails.
    Source:  EWP server authentication by HTTP signature 1.1.0, client verification.
    """
    check_request_id(sent, headers)
    if "signature" not in headers:
        raise SignatureProblem("signature_missing", "the response is not signed")
    parameters = parse_parameters(headers["signature"])
    _check_coverage(sent, parameters)
    if headers.get("x-request-signature") != sent.signature:
        raise SignatureProblem("request_signature_differs", "X-Request-Signature is not our signature")
    _check_dates(headers, now)
    key = key_for(parameters.key_id)
    if key is None:
        raise SignatureProblem("key_unknown", f"key {parameters.key_id[:64]} is no server key of that host")
    verify_signature(key, parameters, sent.target, headers)
    _check_digest(headers.get("digest", ""), body_sha256)
    return {name: headers[name] for name in parameters.headers if name != REQUEST_TARGET}


def check_request_id(sent: SentRequest, headers: Mapping[str, str]) -> None:
    """Refuse a response to another request. A signed response must repeat the id; `verify_response` asks.

    Raises:  SignatureProblem.
    """
    found = headers.get("x-request-id")
    if found is None and "signature" not in headers:
        return
    if found != sent.request_id:
        raise SignatureProblem("request_id_differs", "X-Request-Id is not that of the request")


def _check_coverage(sent: SentRequest, parameters: SignatureParameters) -> None:
    if parameters.algorithm != ALGORITHM:
        raise SignatureProblem(
            "signature_incomplete", f"algorithm {parameters.algorithm[:40]} is not {ALGORITHM}"
        )
    covered = parameters.headers
    wanted = ["digest"]
    if sent.request_id is not None:
        wanted.append("x-request-id")
    if sent.signature is not None:
        wanted.append("x-request-signature")
    for name in wanted:
        if name not in covered:
            raise SignatureProblem("signature_incomplete", f"the signature does not cover {name}")
    if "date" not in covered and "original-date" not in covered:
        raise SignatureProblem("signature_incomplete", "the signature covers no date")


def _check_dates(headers: Mapping[str, str], now: datetime) -> None:
    for name in ("date", "original-date"):
        text = headers.get(name)
        if text is None:
            continue
        moment = parse_http_date(text)
        if moment is None:
            # A web server that adds its own Date beside the application's ends here: two values, joined.
            raise SignatureProblem("date_off", f"{name} is not one date: {text[:80]!r}")
        if abs((moment - now).total_seconds()) > TOLERANCE_S:
            raise SignatureProblem("date_off", f"{name} {text} is more than five minutes from our clock")


def _check_digest(text: str, body_sha256: bytes) -> None:
    expected = b64encode(body_sha256).decode("ascii")
    found = False
    for part in text.split(","):
        algorithm, _, value = part.strip().partition("=")
        if algorithm.lower() == "sha-256":
            found = True
            if value != expected:
                raise SignatureProblem("digest_wrong", "the body is not the one that was signed")
    if not found:
        raise SignatureProblem("digest_wrong", "the response has no SHA-256 digest")
