"""What an operator sets about Ladok: the section `adapters.ladok`."""

from datetime import time
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mobility_adapters.ladok.courtesy import Closure
from mobility_adapters.ladok.mappings import LadokMappings, Problem, load_mapping
from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.secrets import SecretReference

_URL: Final = r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)/?$"
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Assumption = Literal["A2", "A3", "A4", "A5", "A6", "A7", "A9"]
"""Resources that no public source shows and that this adapter can use: partners and exchange programmes (A2), writing
an admission (A3), a withdrawal (A4) and a change of occasion (A5), credit transfers (A6) and other merits (A7), read
only, and the columns of the exchange report (A9).
"""


class LadokSettings(BaseModel):
    """Ladok, the student registry: one certificate and one address per environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(
        pattern=_URL,
        description="Address of the integration host, such as `https://api.ladok.se`. Plain HTTP is accepted on "
        "this machine only.",
    )
    environment: Literal["production", "test", "integration_test", "other"] = Field(
        description="The environment that the certificate must be for, as its organisational unit says; `other` "
        "checks nothing."
    )
    certificate: Path | None = Field(
        None,
        description="Client certificate with its key: PKCS#12, or PEM. Needed for an address with https. Relative to "
        "the configuration file; readable by its owner only.",
    )
    certificate_key: Path | None = Field(
        None, description="PEM file with the key, where the certificate's file does not hold it."
    )
    passphrase: SecretReference | None = Field(None, description="Where the key's pass phrase is kept.")
    ca_file: Path | None = Field(
        None, description="PEM file with a further certificate authority to trust: the issuing chain."
    )
    plain_user: str | None = Field(
        None,
        pattern=r"^[!-~]+$",
        description="Sent as the header `plain_header` in place of a certificate where `base_url` is a plain address "
        "on this machine: for the sandbox.",
    )
    plain_header: str = Field(
        "X-Mock-Ladok-Client", pattern=r"^[A-Za-z0-9-]+$", description="The header that carries `plain_user`."
    )
    feed_prefix: Literal["handelser", "uppfoljning"] = Field(
        "handelser", description="The name under which the feed is asked for; `uppfoljning` is the older one."
    )
    feed_start: Literal["first", "recent"] = Field(
        "first",
        description="Where a new start begins: with the first page, or with the newest when history does not matter.",
    )
    feed_every_s: float = Field(
        60.0,
        ge=10,
        le=3600,
        description="Seconds between two looks at the feed; Ladok fills it once a minute.",
    )
    feed_gaps_every_s: float = Field(
        3600.0, ge=60, le=86400, description="Seconds between two questions for a page that was missing."
    )
    calls_per_s: float = Field(1.0, gt=0, le=1000, description="Calls a second, sustained.")
    burst: int = Field(30, ge=1, le=1000, description="Calls that may be made at once after a quiet time.")
    read_attempts: int = Field(3, ge=1, le=5, description="How often a reading call is tried.")
    untold_wait_s: float = Field(
        60.0,
        ge=1,
        le=600,
        description="Seconds to wait after an answer of too many calls that does not say how long.",
    )
    connect_timeout_s: float = Field(10.0, gt=0, le=60, description="Seconds to connect.")
    read_timeout_s: float = Field(60.0, gt=0, le=300, description="Seconds for one call in all.")
    max_body_bytes: int = Field(32 << 20, ge=1 << 16, description="Bytes of one answer that are accepted.")
    closures: tuple[str, ...] = Field(
        ("thursday 04:00-07:00",),
        description="When Ladok may be closed, in Swedish time: what fails then is no alarm. Such as "
        "`thursday 04:00-07:00`.",
    )
    registration: bool = Field(
        default=False,
        description="Whether students may be registered in Ladok: the one write that public code shows.",
    )
    registrations_per_run: int = Field(
        10,
        ge=1,
        le=1000,
        description="How many registrations, or assumed writes, one run may make at the most.",
    )
    assumed: tuple[Assumption, ...] = Field(
        (),
        description="Which resources to use that no public source shows: A2 partners and exchange programmes; A3 "
        "admissions, A4 withdrawals and A5 changes of occasion, written; A6 credit transfers, A7 other merits and "
        "A9 the exchange report, read. Leave it empty until somebody with access to "
        "Ladok's own documentation has confirmed them; addresses can be set in the mapping file.",
    )
    mappings: str = Field(
        "ladok.toml",
        pattern=r"^[^/\\]+\.toml$",
        description="File in `paths.mappings_dir` that says what is an exchange here.",
    )

    @field_validator("closures")
    @classmethod
    def _closures_hold(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            closure(text)
        return value

    @property
    def secure(self) -> bool:
        """Whether the address is one that a certificate opens."""
        return self.base_url.startswith("https:")


def closure(text: str) -> Closure:
    """Read `thursday 04:00-07:00`. Raises ValueError."""
    day, _, hours = text.strip().lower().partition(" ")
    first, _, last = hours.strip().partition("-")
    try:
        return Closure(_WEEKDAYS.index(day), time.fromisoformat(first), time.fromisoformat(last))
    except ValueError:
        raise ValueError(f"a weekday and two times, such as thursday 04:00-07:00, not {text!r}") from None


def problems(settings: LadokSettings, base: Path) -> list[Problem]:
    """Name every problem with the files that the settings point at, as (path, found, wanted)."""
    found: list[Problem] = []
    if settings.secure and settings.certificate is None:
        found.append(("certificate", "absent", "the client certificate that opens an address with https"))
    if not settings.secure and settings.plain_user is None:
        found.append(("plain_user", "absent", "a name, for a plain address on this machine"))
    for key, file in (
        ("certificate", settings.certificate),
        ("certificate_key", settings.certificate_key),
        ("ca_file", settings.ca_file),
    ):
        if file is None:
            continue
        if not (base / file).is_file():
            found.append((key, f"{file}: no such file", "a file that exists"))
        elif key != "ca_file" and (base / file).stat().st_mode & 0o077:
            found.append((key, f"{file} is readable by others", f"chmod 600 {file}"))
    return found or _certificate_problems(settings, base)


def _certificate_problems(settings: LadokSettings, base: Path) -> list[Problem]:
    from mobility_adapters.ladok.certificate import load_certificate  # noqa: PLC0415 - cryptography loads late

    if settings.certificate is None or not settings.secure:
        return []
    try:
        word = settings.passphrase.resolve(base) if settings.passphrase else None
    except ValueError as error:
        return [("passphrase", str(error), "a file or environment variable that holds the pass phrase")]
    key = base / settings.certificate_key if settings.certificate_key else None
    try:
        certificate = load_certificate(base / settings.certificate, key, word)
    except ValueError as error:
        return [("certificate", str(error), "a certificate with its key, and the key's pass phrase")]
    if settings.environment not in ("other", certificate.environment):
        found = f"wrong_environment: the certificate is for {certificate.environment or 'no environment'}"
        return [
            ("environment", found, f"a certificate for {settings.environment}, or the address that fits it")
        ]
    return []


def load_mappings(settings: LadokSettings, folder: Path) -> LadokMappings:
    """Read the mapping file. Raises ConfigError with every problem of it."""
    found: list[Problem] = []
    loaded = load_mapping(folder / settings.mappings, found)
    if loaded is None:
        raise ConfigError(
            f"{folder}: {len(found)} problem{'s' if len(found) != 1 else ''} in the mapping file",
            problems=found,
            next_step="Mend the mapping file and run: mobility-bridge config check",
        )
    return loaded
