"""Sealed columns: encrypted when the operator has given a key; facts are compressed besides.

Encryption is Fernet's (AES in CBC mode with an HMAC, of the cryptography library); several keys may be given, the
first seals and all open, so that keys can be changed. What was written before there was a key stays readable.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from zstandard import ZstdCompressor, ZstdDecompressor

from mobility_bridge.errors import ConfigError, StoreError

_TOKEN: Final = b"gAAAA"
_MARK: Final = b"\x02sealed:"
"""Begins what is encrypted in columns that hold anything otherwise; no text, XML or zstandard frame begins so."""
_AS_IT_IS: Final = b"\x00"
"""Begins what is too short to gain from compression; no zstandard frame begins so."""
_SHORT: Final = 400
_LARGEST: Final = 64 << 20
FINGERPRINT_KEY_BYTES: Final = 32


class _Tools(threading.local):
    """A compressor may serve one thread at a time, and takes longer to make than to use."""

    def __init__(self) -> None:
        self.compressor = ZstdCompressor(level=1)
        self.decompressor = ZstdDecompressor()


_tools = _Tools()


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

    def wrap(self, data: bytes) -> bytes:
        """Make what is stored of something that is packed already, or too small to be."""
        ...

    def unwrap(self, stored: bytes) -> bytes:
        """Read what `wrap` made, or what was stored bare before there was a key. Raises StoreError."""
        ...

    def is_current(self, stored: bytes) -> bool:
        """Whether what is stored is as this seal would write it today, with the first key."""
        ...


class OpenSeal:
    """Compresses, and hides nothing: no key was given."""

    encrypts = False

    def close(self, data: bytes) -> bytes:
        if len(data) <= _SHORT:
            return _AS_IT_IS + data
        return bytes(memoryview(_tools.compressor.compress(data)))

    def open(self, stored: bytes) -> bytes:
        if stored.startswith(_TOKEN):
            raise _keyless()
        if stored.startswith(_AS_IT_IS):
            return stored[len(_AS_IT_IS) :]
        return _tools.decompressor.decompress(stored, max_output_size=_LARGEST)

    def wrap(self, data: bytes) -> bytes:
        return data

    def unwrap(self, stored: bytes) -> bytes:
        if stored.startswith(_MARK):
            raise _keyless()
        return stored

    def is_current(self, stored: bytes) -> bool:
        return not stored.startswith((_TOKEN, _MARK))


class KeySeal:
    """Encrypts with the first key and opens with any."""

    encrypts = True

    def __init__(self, keys: Sequence[bytes]) -> None:
        try:
            every = [Fernet(key) for key in keys]
            self._first, self._fernet = every[0], MultiFernet(every)
        except (ValueError, IndexError) as error:
            raise ConfigError(
                "a key of the store is not usable",
                problems=[("store.keys", "(hidden)", "32 bytes in URL-safe base64")],
                next_step="Give 32 random bytes in URL-safe base64.",
            ) from error
        self._plain = OpenSeal()

    def close(self, data: bytes) -> bytes:
        return self._fernet.encrypt(self._plain.close(data))

    def open(self, stored: bytes) -> bytes:
        return self._plain.open(self._decrypted(stored) if stored.startswith(_TOKEN) else stored)

    def wrap(self, data: bytes) -> bytes:
        return _MARK + self._fernet.encrypt(data) if data else data

    def unwrap(self, stored: bytes) -> bytes:
        return self._decrypted(stored.removeprefix(_MARK)) if stored.startswith(_MARK) else stored

    def is_current(self, stored: bytes) -> bool:
        if not stored.startswith((_TOKEN, _MARK)):
            return False
        try:
            self._first.decrypt(stored.removeprefix(_MARK))
        except InvalidToken:
            return False
        return True

    def _decrypted(self, token: bytes) -> bytes:
        try:
            return self._fernet.decrypt(token)
        except InvalidToken:
            raise StoreError(
                "none of the configured keys opens what the store holds",
                next_step="Add the key that it was written with to store.keys.",
            ) from None


def seal_for(keys: Sequence[bytes]) -> Seal:
    """The seal of a store that is opened with these keys. Raises ConfigError for one that is none."""
    return KeySeal(keys) if keys else OpenSeal()


def wrap_text(seal: Seal, text: str | None) -> str | None:
    """Seal what a text column holds."""
    if text is None or not seal.encrypts:
        return text
    return seal.wrap(text.encode()).decode("ascii")


def unwrap_text(seal: Seal, stored: str | None) -> str | None:
    """Read what `wrap_text` made, or a text from before there was a key. Raises StoreError."""
    return None if stored is None else seal.unwrap(stored.encode()).decode()


def _keyless() -> StoreError:
    return StoreError(
        "the store holds encrypted data and no key is configured",
        next_step="Set store.keys to the key that it was written with.",
    )


def new_fingerprint_key() -> bytes:
    """A key for fingerprints; the store keeps it sealed, so that it outlives a change of the sealing key."""
    return secrets.token_bytes(FINGERPRINT_KEY_BYTES)


def fingerprint(key: bytes, kind: str, text: str) -> bytes:
    """A keyed fingerprint of something personal, equal for equal texts of one kind and useless without the key."""
    return hmac.digest(key, f"{kind}\x00{text}".encode(), hashlib.sha256)
