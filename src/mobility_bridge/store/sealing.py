"""Sealed columns: compressed, and encrypted when the operator has given a key.

Encryption is Fernet's (AES in CBC mode with an HMAC, of the cryptography library); several keys may be given, the
first seals and all open, so that keys can be changed. What was written before there was a key stays readable.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from zstandard import ZstdCompressor, ZstdDecompressor

from mobility_bridge.errors import ConfigError, StoreError

_TOKEN: Final = b"gAAAA"
_LARGEST: Final = 64 << 20
FINGERPRINT_KEY_BYTES: Final = 32


class Seal(Protocol):
    """How sealed columns are written and read."""

    @property
    def encrypts(self) -> bool: ...

    def close(self, data: bytes) -> bytes:
        """Make what is stored."""
        ...

    def open(self, stored: bytes) -> bytes:
        """Read what was stored. Raises StoreError when no key opens it."""
        ...


class OpenSeal:
    """Compresses, and hides nothing: no key was given."""

    encrypts = False

    def close(self, data: bytes) -> bytes:
        return bytes(memoryview(ZstdCompressor(level=1).compress(data)))

    def open(self, stored: bytes) -> bytes:
        if stored.startswith(_TOKEN):
            raise StoreError(
                "the store holds encrypted data and no key is configured",
                next_step="Set store.keys to the key that it was written with.",
            )
        return ZstdDecompressor().decompress(stored, max_output_size=_LARGEST)


class KeySeal:
    """Encrypts with the first key and opens with any."""

    encrypts = True

    def __init__(self, keys: Sequence[bytes]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise ConfigError(
                "a key of the store is not usable",
                problems=[("store.keys", "(hidden)", "32 bytes in URL-safe base64")],
                next_step="Give 32 random bytes in URL-safe base64.",
            ) from error
        self._plain = OpenSeal()

    def close(self, data: bytes) -> bytes:
        return self._fernet.encrypt(self._plain.close(data))

    def open(self, stored: bytes) -> bytes:
        if not stored.startswith(_TOKEN):
            return self._plain.open(stored)
        try:
            return self._plain.open(self._fernet.decrypt(stored))
        except InvalidToken:
            raise StoreError(
                "none of the configured keys opens what the store holds",
                next_step="Add the key that it was written with to store.keys.",
            ) from None


def new_fingerprint_key() -> bytes:
    """A key for fingerprints; the store keeps it sealed, so that it outlives a change of the sealing key."""
    return secrets.token_bytes(FINGERPRINT_KEY_BYTES)


def fingerprint(key: bytes, kind: str, text: str) -> bytes:
    """A keyed fingerprint of something personal, equal for equal texts of one kind and useless without the key."""
    return hmac.digest(key, f"{kind}\x00{text}".encode(), hashlib.sha256)
