"""RSA keys: loaded once, named by the fingerprint that the catalogue uses."""

import hashlib
from base64 import b64decode
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

MINIMUM_BITS = 2048
"""The registry drops shorter keys from the catalogue."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Our client key. It never shows itself in a representation."""

    key_id: str
    private_key: RSAPrivateKey = field(repr=False)


def fingerprint(key: RSAPublicKey) -> str:
    """SHA-256 of the DER SubjectPublicKeyInfo: 64 lower-case hexadecimal digits."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def load_signing_key(pem: bytes) -> SigningKey:
    """Load an unencrypted PEM private key.

    OpenSSL checks the whole key here, which takes about 50 ms: once per process, never per request.
    Raises:  ValueError naming what is wrong, never showing the key.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise ValueError("is encrypted; an unencrypted key with narrow permissions is needed") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("is not a PEM private key") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("is not an RSA key")  # noqa: TRY004 - the content is wrong, not the argument
    if key.key_size < MINIMUM_BITS:
        raise ValueError(f"has {key.key_size} bits; the registry takes {MINIMUM_BITS} or more")
    return SigningKey(fingerprint(key.public_key()), key)


def load_public_key(text: str) -> RSAPublicKey | None:
    """Load a key body of the catalogue (base64 with white space); None when it is not an RSA key."""
    try:
        key = load_der_public_key(b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= MINIMUM_BITS else None
