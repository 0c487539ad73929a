"""The client certificate: from PKCS#12 or PEM, whose it is, for which environment, and for how long.

Source: Ladok: authentication; known trouble, certificate expires.
"""

import secrets
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from mobility_bridge.ports.registry import CertificateLevel, CertificateStatus

ENVIRONMENTS: Final = {
    "Prod-API": "production",
    "Test-API": "test",
    "Int-test-API": "integration_test",
}
"""What the certificate's organisational unit calls each environment."""

Key: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey
_Contents: TypeAlias = tuple[object, x509.Certificate, tuple[x509.Certificate, ...]]

_LEVELS: Final = (
    (timedelta(0), CertificateLevel.EXPIRED),
    (timedelta(days=7), CertificateLevel.CRITICAL),
    (timedelta(days=30), CertificateLevel.WARNING),
    (timedelta(days=90), CertificateLevel.NOTICE),
)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate with its key; neither shows itself. `environment` is None where no unit names one."""

    file: Path
    user: str
    environment: str | None
    expires_at: datetime
    certificate: x509.Certificate = field(repr=False)
    chain: tuple[x509.Certificate, ...] = field(repr=False)
    key: Key = field(repr=False)

    def status(self, now: datetime) -> CertificateStatus:
        """How long it holds, and how much of a worry that is."""
        left = self.expires_at - now
        level = next((level for within, level in _LEVELS if left <= within), CertificateLevel.GOOD)
        return CertificateStatus(self.user, self.environment, self.expires_at, left.days, level)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Make TLS present the certificate.

        OpenSSL reads files only: the key lies there encrypted under a word drawn for this moment, and goes.
        """
        once = secrets.token_bytes(32).hex()
        key = self.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(once.encode())
        )
        chain = b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, *self.chain))
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(key + chain)
            file.flush()
            context.load_cert_chain(file.name, password=once)


def load_certificate(file: Path, key_file: Path | None, passphrase: str | None) -> ClientCertificate:
    """Load a certificate and its key.

    Shape:   `key_file` is for PEM where the key lies apart; a PKCS#12 file holds both.
    Raises:  ValueError naming the file and what is wrong, never showing key or pass phrase.
    """
    try:
        data = file.read_bytes()
        key_data = data if key_file is None else key_file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file.name} cannot be read: {error.strerror}") from error
    password = passphrase.encode() if passphrase else None
    if b"-----BEGIN" in data:
        key, own, chain = _from_pem(file, data, key_data, password)
    else:
        key, own, chain = _from_pkcs12(file, data, password)
    if not isinstance(key, Key):
        raise ValueError(f"{file.name} has a key of a kind that TLS does not take")  # noqa: TRY004
    if key.public_key() != own.public_key():
        raise ValueError(f"{file.name} holds a key and a certificate that do not belong together")
    return ClientCertificate(
        file=file,
        user=_attribute(own, NameOID.COMMON_NAME)[0] if _attribute(own, NameOID.COMMON_NAME) else "",
        environment=_environment(own),
        expires_at=own.not_valid_after_utc,
        certificate=own,
        chain=chain,
        key=key,
    )


def _from_pkcs12(file: Path, data: bytes, password: bytes | None) -> _Contents:
    try:
        key, own, others = pkcs12.load_key_and_certificates(data, password)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{file.name} is no PKCS#12 file, or the pass phrase is not its own") from error
    if key is None or own is None:
        raise ValueError(f"{file.name} lacks a certificate or its key")
    return key, own, tuple(others)


def _from_pem(file: Path, data: bytes, key_data: bytes, password: bytes | None) -> _Contents:
    try:
        own, *others = x509.load_pem_x509_certificates(data)
        key = load_pem_private_key(key_data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(
            f"{file.name} and its key cannot be read, or the pass phrase is not the key's"
        ) from error
    return key, own, tuple(others)


def _environment(certificate: x509.Certificate) -> str | None:
    units = _attribute(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)
    return next((ENVIRONMENTS[unit] for unit in units if unit in ENVIRONMENTS), None)


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(each.value) for each in certificate.subject.get_attributes_for_oid(oid)]
