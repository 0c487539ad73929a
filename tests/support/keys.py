"""Throw-away RSA keys and a certificate authority of our own for tests over TLS."""

import datetime as dt
import functools
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

# The published test key of the signature examples: worthless as a secret, fixed so that results are too.
_P = int(
    "dfb14b70515118dd0471e8e1f4226c102f9a542a523fb8abbc846905fa2fef67"
    "84e0db78739810bf3bd3c338e879b4051b21d16faadea47741f4ad6eb45e45dd"
    "9cd872dcf67ca7865b4108040249a786a8b3a03c84662361cdc5926b0778e28c"
    "6b24c8cf637b43b1ffe283c2d94d3841bc65efc0a47fd192509fff968904ae8b",
    16,
)
_Q = int(
    "cae71b65a222a7fc74afdf9d20a242f21b04f6550958c299fb7c316b9a182f99"
    "2850b669f04a361c032b83f8f462d974a78d7c04c49c704e2ed6d55d6e56a16b"
    "b63e3fa40ed420348f548a21b39ca3ff638b2ac4b891f5ab38fe7116bda93702"
    "49cfee36a940e43f556b516069eb0d16c52149cd9bb724d7eb274b74c66214cf",
    16,
)


@functools.cache
def example_key() -> rsa.RSAPrivateKey:
    """The key of the worked signature examples."""
    exponent = 65537
    private = rsa.rsa_recover_private_exponent(exponent, _P, _Q)
    return rsa.RSAPrivateNumbers(
        p=_P,
        q=_Q,
        d=private,
        dmp1=private % (_P - 1),
        dmq1=private % (_Q - 1),
        iqmp=pow(_Q, -1, _P),
        public_numbers=rsa.RSAPublicNumbers(exponent, _P * _Q),
    ).private_key()


@functools.cache
def key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key made once per process and name."""
    del name  # only tells cached keys apart
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def private_pem(private_key: rsa.RSAPrivateKey) -> bytes:
    return private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_der(private_key: rsa.RSAPrivateKey) -> bytes:
    return private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True)
class TlsFiles:
    """Paths of PEM files: the authority, and a server's chain and key."""

    ca: Path
    certificate: Path
    key: Path


def tls_files(
    folder: Path, *, name: str = "localhost", self_signed: bool = False, expired: bool = False
) -> TlsFiles:
    """Write an authority and a server certificate for `name` and 127.0.0.1 into `folder`."""
    now = dt.datetime.now(dt.UTC)
    until = now - dt.timedelta(days=1) if expired else now + dt.timedelta(days=30)
    ca_key, server_key = key("ca"), key("tls")
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = now - dt.timedelta(days=30)
    ca = (
        x509.CertificateBuilder(ca_name, ca_name, ca_key.public_key(), 1, since, now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .sign(ca_key, SHA256())
    )
    issuer, issuer_key = (server_name, server_key) if self_signed else (ca_name, ca_key)
    certificate = (
        x509.CertificateBuilder(issuer, server_name, server_key.public_key(), 2, since, until)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .add_extension(_usage(sign_certificates=False), critical=True)
        .sign(issuer_key, SHA256())
    )
    files = TlsFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    files.ca.write_bytes(ca.public_bytes(Encoding.PEM))
    files.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    files.key.write_bytes(private_pem(server_key))
    return files


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=not sign_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )
