"""Names for the strings that identify things, so that one is not passed for another."""

from typing import NewType

HeiId = NewType("HeiId", str)
"""A higher education institution: its SCHAC domain, compared exactly (`university.example`)."""

IiaId = NewType("IiaId", str)
"""An agreement copy's id, given by the HEI that holds the copy: 1 to 64 visible ASCII characters."""

IiaHash = NewType("IiaHash", str)
"""The `iia-hash` of one copy: 64 lower-case hexadecimal digits."""

Sha256 = NewType("Sha256", str)
"""SHA-256 of some bytes: 64 lower-case hexadecimal digits."""

Fingerprint = NewType("Fingerprint", str)
"""BLAKE3 of some bytes, 64 lower-case hexadecimal digits: by it bytes are recognised, and nothing is proven."""

OmobilityId = NewType("OmobilityId", str)
"""A mobility's id, given by the sending HEI and used by every API: 1 to 64 visible ASCII characters."""

ApplicationId = NewType("ApplicationId", str)
"""An application's number in our mobility system, as text."""

LadokUid = NewType("LadokUid", str)
"""A Ladok UUID in lower case: of a student, an admission, an occasion or an event."""
