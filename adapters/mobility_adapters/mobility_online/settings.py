"""What an operator sets about Mobility-Online: the section `adapters.mobility_online`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mobility_adapters.mobility_online.mappings import CodeMappings, Problem, ReportMapping, load_mapping
from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.secrets import SecretReference

_URL = r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/[^\s?#]*)?$"


class MobilityOnlineSettings(BaseModel):
    """Mobility-Online, from which our own copies of agreements, and applications, are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str | None = Field(
        None,
        pattern=_URL,
        description="Address of the services, such as `https://mobility.uni.example/context/services`; not needed "
        "when a report is read. Plain HTTP is accepted on this machine only.",
    )
    ca_file: Path | None = Field(
        None,
        description="PEM file with a further certificate authority to trust. Relative to the configuration file.",
    )
    authority: SecretReference | None = Field(
        None,
        description="Where the `authority` is kept: the tenant's id and shared secret in one, sent with every "
        "call to the services. The file must be readable by its owner only.",
    )
    assumed_services: bool = Field(
        default=False,
        description="Whether to call services that no public source shows. Without them agreements can be read "
        "from `report_file` only. Leave it off until the vendor has confirmed that they exist.",
    )
    report_file: Path | None = Field(
        None,
        description="A report over agreements, exported from Mobility-Online as XML, to read instead of the "
        "services. Relative to the configuration file; read anew each time.",
    )
    applications_report_file: Path | None = Field(
        None,
        description="A report over applications, exported from Mobility-Online as XML, to read instead of the "
        "services. Relative to the configuration file; read anew each time. Applications are read at all only "
        "where the mapping file has a table `[applications]`.",
    )
    course_catalogue: bool = Field(
        default=False,
        description="Whether the catalogue of courses for incoming students may be written. It is the one thing "
        "that is ever written to Mobility-Online.",
    )
    connect_timeout_s: float = Field(5.0, gt=0, le=60, description="Seconds to connect.")
    read_timeout_s: float = Field(
        120.0,
        gt=0,
        le=900,
        description="Seconds for one call in all: one answer holds all agreements of a kind, or all applications of a term.",
    )
    max_body_bytes: int = Field(
        64 << 20, ge=1 << 16, description="Bytes of one answer, after content decoding, that are accepted."
    )
    parallel_calls: int = Field(4, ge=1, le=4, description="Calls under way at the same time.")
    read_attempts: int = Field(
        3, ge=1, le=5, description="How often a reading call is tried while the service cannot be reached."
    )
    mappings: str = Field(
        "mobility_online.toml",
        pattern=r"^[^/\\]+\.toml$",
        description="File in `paths.mappings_dir` that translates the institution's codes.",
    )
    report_mappings: str = Field(
        "mobility_online_report.toml",
        pattern=r"^[^/\\]+\.toml$",
        description="File in `paths.mappings_dir` that names the columns of the report.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> "MobilityOnlineSettings":
        if self.assumed_services and self.report_file is not None:
            raise ValueError("either assumed_services or report_file, so that one of them owns the facts")
        if self.assumed_services and (self.base_url is None or self.authority is None):
            raise ValueError("assumed_services needs base_url and authority")
        if self.course_catalogue and (self.base_url is None or self.authority is None):
            raise ValueError("course_catalogue needs base_url and authority")
        return self


def problems(settings: MobilityOnlineSettings, base: Path) -> list[Problem]:
    """Name every problem with the files that the settings point at, as (path, found, wanted)."""
    found: list[Problem] = []
    if settings.authority is not None:
        found.extend(_authority_problems(settings.authority, base))
    files = ("ca_file", "report_file", "applications_report_file")
    for key, file in ((key, getattr(settings, key)) for key in files):
        if file is not None and not (base / file).is_file():
            found.append((key, f"{file}: no such file", "a file that exists"))
    return found


def _authority_problems(authority: SecretReference, base: Path) -> list[Problem]:
    try:
        authority.resolve(base)
    except ValueError as error:
        return [("authority", str(error), "a file or environment variable that holds the authority")]
    if authority.file is not None and (base / authority.file).stat().st_mode & 0o077:
        return [("authority", f"{authority.file} is readable by others", f"chmod 600 {authority.file}")]
    return []


def load_mappings(settings: MobilityOnlineSettings, folder: Path) -> tuple[CodeMappings, ReportMapping]:
    """Read both mapping files. Raises ConfigError with every problem of both."""
    found: list[Problem] = []
    codes = load_mapping(CodeMappings, folder / settings.mappings, found)
    report = load_mapping(ReportMapping, folder / settings.report_mappings, found)
    if codes is None or report is None:
        raise ConfigError(
            f"{folder}: {len(found)} problem{'s' if len(found) != 1 else ''} in the mapping files",
            problems=found,
            next_step="Mend the mapping files and run: mobility-bridge config check",
        )
    return codes, report
