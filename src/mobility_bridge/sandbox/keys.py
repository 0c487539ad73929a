"""The sandbox's own certificate authority and keys, made once for each folder.

Certificates hold for `localhost` and `127.0.0.1` only. Nothing here protects anything.
"""

import ipaddress
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

RETIRED = "retired"
"""The name of a key that no catalogue lists any more."""
DASHBOARD = "dashboard"
"""The name of the key with which the EWP Dashboard signs."""
LADOK_CLIENT = ("Ladok", ("LED", "Int-test-API"), "mobility-bridge@NHU")
"""Organization, units and common name of the certificate with which the bridge calls Ladok."""
_CA_NAME = "mobility-bridge sandbox CA"
_LIFETIME = timedelta(days=825)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Where the files are, and the keys that sign answers, by HEI id (and `RETIRED`)."""

    folder: Path
    client: rsa.RSAPrivateKey
    servers: dict[str, rsa.RSAPrivateKey]

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def server_file(self) -> Path:
        """The certificate and the key of the HTTPS server, in one file."""
        return self.folder / "server.pem"

    @property
    def client_key_file(self) -> Path:
        """The private key with which the bridge signs."""
        return self.folder / "client-key.pem"

    @property
    def ladok_file(self) -> Path:
        """The certificate and the key with which the bridge calls Ladok, in one file."""
        return self.folder / "ladok-client.pem"

    @property
    def ladok_p12_file(self) -> Path:
        """The same as PKCS#12, as Ladok's support sends it."""
        return self.folder / "ladok-client.p12"

    @property
    def ladok_pass_phrase_file(self) -> Path:
        return self.folder / "ladok-pass-phrase.txt"


def key_ring(folder: Path, hei_ids: Sequence[str]) -> KeyRing:
    """Load the keys in `folder`, making those that are missing."""
    servers_folder = folder / "keys"
    servers_folder.mkdir(parents=True, exist_ok=True)
    ring = KeyRing(
        folder,
        _key(folder / "client-key.pem"),
        {name: _key(servers_folder / f"{name}.pem") for name in (*hei_ids, RETIRED, DASHBOARD)},
    )
    made = (ring.ca_file, ring.server_file, ring.ladok_file, ring.ladok_p12_file, ring.ladok_pass_phrase_file)
    if not all(file.exists() for file in made):
        _certify(ring, datetime.now(UTC))
    return ring


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _key(path: Path) -> rsa.RSAPrivateKey:
    if path.exists():
        # The sandbox wrote this key itself; checking it again takes 50 ms for each of a dozen.
        loaded = serialization.load_pem_private_key(
            path.read_bytes(), None, unsafe_skip_rsa_key_validation=True
        )
        assert isinstance(loaded, rsa.RSAPrivateKey)
        return loaded
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_private(path, _pem(key))
    return key


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certify(ring: KeyRing, now: datetime) -> None:
    ca_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ca_name = _name(_CA_NAME)
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = (
        _builder(_name("localhost"), ca_name, server_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    _certify_for_ladok(ring, ca_key, now)
    write_private(ring.server_file, _pem(server_key) + server.public_bytes(serialization.Encoding.PEM))
    ring.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))


def _certify_for_ladok(ring: KeyRing, ca_key: rsa.RSAPrivateKey, now: datetime) -> None:
    """Issue the bridge's certificate for Ladok, as PEM and as PKCS#12 with a pass phrase."""
    organization, units, common_name = LADOK_CLIENT
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = (
        _builder(subject, _name(_CA_NAME), key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pass_phrase = secrets.token_hex(12).encode()
    bundle = pkcs12.serialize_key_and_certificates(
        common_name.encode(), key, certificate, None, serialization.BestAvailableEncryption(pass_phrase)
    )
    write_private(ring.ladok_file, _pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
    write_private(ring.ladok_p12_file, bundle)
    write_private(ring.ladok_pass_phrase_file, pass_phrase)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
