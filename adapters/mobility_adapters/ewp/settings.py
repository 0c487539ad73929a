"""Every key of the section `adapters.ewp`, with its unit, its default and why."""

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates
from pydantic import BaseModel, ConfigDict, Field

from mobility_adapters.ewp.keys import SigningKey, load_signing_key
from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.secrets import SecretReference


class EwpSettings(BaseModel):
    """How we take part in the EWP network as a client."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    registry_url: str = Field(
        "https://registry.erasmuswithoutpaper.eu/catalogue-v1.xml",
        pattern=r"^https://.+$",
        description="Address of the catalogue. The default is the production network; the development network, "
        "with invented universities, is at https://dev-registry.erasmuswithoutpaper.eu/catalogue-v1.xml.",
    )
    client_key: SecretReference = Field(
        description="Our RSA client key, unencrypted PEM of 2048 bits or more. Its public half must be in our manifest: "
        "the key is our identity in the network."
    )
    registry_ca_file: Path | None = Field(
        None,
        description="PEM file with the only authorities that may vouch for the registry; absent means the usual ones. "
        "Pinning protects the catalogue, on which all other trust rests.",
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file with further authorities, beside the system's, for partners and registry: a private or "
        "test network. Certificates are always verified.",
    )
    accept_unsigned: bool = Field(
        default=True,
        description="Whether partners are called that do not offer signed answers, so that only TLS proves them. "
        "Where a partner offers signatures, an answer without one is refused whatever is set here.",
    )
    accept_shrink: bool = Field(
        default=False,
        description="Whether a catalogue with less than half of the former HEIs, or without our own host, is believed. "
        "Switch it on for one refresh only, after asking the registry's administrators.",
    )
    max_body_bytes: int = Field(
        32 << 20,
        ge=1 << 20,
        le=256 << 20,
        description="Bytes of an answer after content decoding; a longer one is refused unread.",
    )
    connect_s: float = Field(10.0, gt=0, le=120, description="Seconds to reach a host, TLS included.")
    total_s: float = Field(
        60.0, gt=0, le=600, description="Seconds for one call from first to last byte; slow answers end here."
    )
    attempts: int = Field(
        3,
        ge=1,
        le=10,
        description="Attempts of one question to a partner that is unreachable; refusals are not repeated. "
        "Notifications are repeated by the outbox instead.",
    )
    first_retry_s: float = Field(
        1.0, gt=0, le=60, description="Seconds before the second attempt; doubled after that, with jitter."
    )
    max_retry_s: float = Field(
        30.0, gt=0, le=600, description="Longest pause between two attempts, in seconds."
    )
    concurrency: int = Field(32, ge=1, le=512, description="Calls in flight to all partners together.")
    concurrency_per_partner: int = Field(
        4, ge=1, le=64, description="Calls in flight to one partner: hosts of small universities are small."
    )
    catalogue_min_s: int = Field(
        60,
        ge=60,
        le=10_800,
        description="Shortest time in seconds that a catalogue is kept, whatever the registry says.",
    )
    catalogue_max_s: int = Field(
        10_800,
        ge=60,
        le=10_800,
        description="Longest time in seconds; the network forbids more than 3 hours.",
    )
    max_stale_days: float = Field(
        5.0,
        gt=0,
        le=30,
        description="Days without a confirmed catalogue after which no call is made: keys in it may have been withdrawn.",
    )


def resolve(path: Path, base: Path) -> Path:
    """Read a relative path from the folder of the configuration file."""
    return path if path.is_absolute() else base / path


def signing_key(
    reference: SecretReference, base: Path, environ: Callable[[str], str | None] = os.environ.get
) -> SigningKey:
    """Load the client key; about 50 ms, once per process. Raises ConfigError."""
    try:
        return _load_key(reference, base, environ)
    except _Unfit as unfit:
        raise ConfigError(
            f"the EWP client key cannot be used: {unfit.found}",
            problems=[(f"adapters.ewp.{path}", what, wanted) for path, what, wanted in unfit.problems],
            next_step="Run: mobility-bridge config check",
        ) from unfit


def problems(
    settings: EwpSettings, base: Path, environ: Callable[[str], str | None] = os.environ.get
) -> list[tuple[str, str, str]]:
    """Every problem with the files that the settings name, as (path in the section, found, wanted)."""
    found: list[tuple[str, str, str]] = []
    try:
        _load_key(settings.client_key, base, environ)
    except _Unfit as unfit:
        found.extend(unfit.problems)
    for name in ("registry_ca_file", "ca_file"):
        path: Path | None = getattr(settings, name)
        if path is not None:
            found.extend(_authority_problems(name, resolve(path, base)))
    if settings.catalogue_min_s > settings.catalogue_max_s:
        found.append(("catalogue_min_s", str(settings.catalogue_min_s), "at most catalogue_max_s"))
    if settings.connect_s > settings.total_s:
        found.append(("connect_s", str(settings.connect_s), "at most total_s"))
    return found


class _Unfit(Exception):
    """A key that cannot be used; `problems` as the function of that name lists them."""

    def __init__(self, *problems: tuple[str, str, str]) -> None:
        self.found = " and ".join(found for _, found, _ in problems)
        super().__init__(self.found)
        self.problems = problems


def _load_key(reference: SecretReference, base: Path, environ: Callable[[str], str | None]) -> SigningKey:
    found: list[tuple[str, str, str]] = []
    if reference.file is not None:
        shown, where = "client_key.file", str(reference.file)
        path = resolve(reference.file, base)
        try:
            mode, pem = path.stat().st_mode, path.read_bytes()
        except OSError as error:
            raise _Unfit((shown, f"{path}: {error.strerror}", "a readable PEM file")) from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            what = f"{path} has mode {stat.S_IMODE(mode):04o}"
            found.append((shown, what, "mode 0600: only its owner may read it"))
    else:
        shown, where = "client_key.env", reference.env or ""
        text = environ(where)
        if not text:
            raise _Unfit((shown, f"{where} is not set", "the PEM text of our key in that variable"))
        pem = text.encode()
    try:
        key = load_signing_key(pem)
    except ValueError as error:
        found.append((shown, f"{where} {error}", "an RSA private key in PEM, 2048 bits or more"))
        raise _Unfit(*found) from error
    if found:
        raise _Unfit(*found)
    return key


def _authority_problems(name: str, path: Path) -> list[tuple[str, str, str]]:
    try:
        certificates = load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        return [(name, f"{path}: {error.strerror}", "a readable PEM file")]
    except ValueError:
        return [(name, f"{path} holds no certificate", "a PEM file of certificate authorities")]
    now = datetime.now(UTC)
    if all(certificate.not_valid_after_utc < now for certificate in certificates):
        last = max(certificate.not_valid_after_utc for certificate in certificates)
        return [(name, f"{path} expired on {last:%Y-%m-%d}", "a certificate that is still valid")]
    return []
