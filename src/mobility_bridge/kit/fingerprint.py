"""Recognising bytes that are known already.

BLAKE3 reads a long answer several times as fast as SHA-256. It stands beside SHA-256 and not in its place: what
others are told, and what the chain over the evidence is made of, stays SHA-256.
"""

from blake3 import blake3


def fingerprint(body: bytes) -> str:
    """BLAKE3 in hexadecimal, taken in the caller's thread."""
    return blake3(body).hexdigest()
