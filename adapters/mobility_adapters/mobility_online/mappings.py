"""The institution's code mappings: read from TOML, checked whole, all problems at once.

Source: Mobility-Online: assumed services, rule 5 (tables per tenant, an unknown value is a visible state).
"""

import tomllib
from pathlib import Path
from typing import Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mobility_adapters.mobility_online.application_mappings import ApplicationMappings, CatalogueMappings
from mobility_bridge.domain.agreement import MobilityKind

Problem = tuple[str, str, str]
M = TypeVar("M", bound=BaseModel)

_ELEMENT: Final = r"^[a-z][a-z0-9_]*$"
_COLUMN: Final = r"^[A-Z][A-Z0-9_]*$"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KindMapping(_Table):
    """A person type and a programme's number, and the kind of mobility that they mean together."""

    person_type: str = Field(min_length=1)
    programme: str = Field(min_length=1)
    kind: MobilityKind


class CustomFields(_Table):
    """Which custom field holds what; None where the institution has none."""

    blended: str | None = Field(None, pattern=_ELEMENT)
    terminated_as_a_whole: str | None = Field(None, pattern=_ELEMENT)
    total_days: str | None = Field(None, pattern=_ELEMENT)
    sending_ounit_id: str | None = Field(None, pattern=_ELEMENT)
    receiving_ounit_id: str | None = Field(None, pattern=_ELEMENT)

    def names(self) -> frozenset[str]:
        return frozenset(name for name in self.model_dump().values() if name)


class CodeMappings(_Table):
    """`config/mappings/mobility_online.toml`."""

    time_zone: str
    person_types: tuple[str, ...] = Field(min_length=1)
    kinds: tuple[KindMapping, ...] = Field(min_length=1)
    statuses: dict[str, bool]
    study_levels: dict[str, int]
    languages: dict[str, str] = {}
    custom_fields: CustomFields
    countries: dict[str, str]
    applications: ApplicationMappings | None = None
    catalogue: CatalogueMappings = CatalogueMappings()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def kind(self, person_type: str, programme: str | None) -> MobilityKind | None:
        for row in self.kinds:
            if (row.person_type, row.programme) == (person_type, programme):
                return row.kind
        return None

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (LookupError, ValueError, OSError):
            raise ValueError("a name of the IANA time zone database, such as Europe/Stockholm") from None
        return value

    @field_validator("study_levels")
    @classmethod
    def _eqf_levels(cls, value: dict[str, int]) -> dict[str, int]:
        if not all(1 <= level <= 8 for level in value.values()):
            raise ValueError("levels of the European Qualifications Framework, 1 to 8")
        return value

    @model_validator(mode="after")
    def _each_once(self) -> "CodeMappings":
        pairs = [(row.person_type, row.programme) for row in self.kinds]
        twice = sorted({f"{who} {what}" for who, what in pairs if pairs.count((who, what)) > 1})
        if twice:
            raise ValueError(f"each person type and programme once; more than once: {', '.join(twice)}")
        unasked = sorted({who for who, _ in pairs} - set(self.person_types))
        if unasked:
            raise ValueError(f"person types that are asked for; not in person_types: {', '.join(unasked)}")
        return self


class ReportColumns(_Table):
    """Columns by the field that they hold; None for a column that the report lacks."""

    agreement_id: str = Field(pattern=_COLUMN)
    agreement_number: str | None = Field(None, pattern=_COLUMN)
    agreement_name: str | None = Field(None, pattern=_COLUMN)
    application_type: str = Field(pattern=_COLUMN)
    person_type: str = Field(pattern=_COLUMN)
    institution_id: str | None = Field(None, pattern=_COLUMN)
    institution_code: str | None = Field(None, pattern=_COLUMN)
    hei_id: str = Field(pattern=_COLUMN)
    institution_name: str | None = Field(None, pattern=_COLUMN)
    country: str | None = Field(None, pattern=_COLUMN)
    programme_number: str = Field(pattern=_COLUMN)
    programme_text: str | None = Field(None, pattern=_COLUMN)
    academic_years: str = Field(pattern=_COLUMN)
    valid_from: str | None = Field(None, pattern=_COLUMN)
    valid_to: str | None = Field(None, pattern=_COLUMN)
    study_fields: str | None = Field(None, pattern=_COLUMN)
    study_levels: str | None = Field(None, pattern=_COLUMN)
    total_number: str = Field(pattern=_COLUMN)
    free_places: str | None = Field(None, pattern=_COLUMN)
    total_months: str | None = Field(None, pattern=_COLUMN)
    languages: str | None = Field(None, pattern=_COLUMN)
    coordinator: str | None = Field(None, pattern=_COLUMN)
    comment: str | None = Field(None, pattern=_COLUMN)
    partner_information: str | None = Field(None, pattern=_COLUMN)
    status: str = Field(pattern=_COLUMN)
    in_ewp: str | None = Field(None, pattern=_COLUMN)
    iia_id: str | None = Field(None, pattern=_COLUMN)
    iia_code: str | None = Field(None, pattern=_COLUMN)
    partner_iia_id: str | None = Field(None, pattern=_COLUMN)
    iia_hash: str | None = Field(None, pattern=_COLUMN)
    own_approval: str | None = Field(None, pattern=_COLUMN)
    partner_approval: str | None = Field(None, pattern=_COLUMN)
    last_notified: str | None = Field(None, pattern=_COLUMN)
    modified_on: str | None = Field(None, pattern=_COLUMN)

    def required(self) -> tuple[str, ...]:
        """Columns that every row must have; a report without them is another report."""
        fields = type(self).model_fields.items()
        return tuple(getattr(self, name) for name, field in fields if field.is_required())


class ReportCustomFields(_Table):
    """How the report's columns for custom fields begin."""

    prefixes: tuple[str, ...] = ()


class ApplicationColumns(_Table):
    """Columns of a report over applications by what they hold; None for a column that the report lacks."""

    application_id: str = Field("BEW_ID", pattern=_COLUMN)
    direction: str = Field("KZ_BEW_ART", pattern=_COLUMN)
    person_type: str | None = Field("KZ_BEW_PERS", pattern=_COLUMN)
    given_names: str = Field("BEW_VORNAME", pattern=_COLUMN)
    family_name: str = Field("BEW_NACHNAME", pattern=_COLUMN)
    email: str | None = Field("BEW_EMAIL", pattern=_COLUMN)
    term: str = Field("SEM_ID", pattern=_COLUMN)
    student_number: str | None = Field("BEW_MATR_NR", pattern=_COLUMN)
    host_institution: str | None = Field("INST_ID_GAST", pattern=_COLUMN)
    home_institution: str | None = Field("INST_ID_HEIM", pattern=_COLUMN)

    def required(self) -> tuple[str, ...]:
        """Columns that every row must have; a report without them is another report."""
        return self.application_id, self.direction, self.given_names, self.family_name, self.term


class ReportMapping(_Table):
    """`config/mappings/mobility_online_report.toml`."""

    separator: Literal[";", ",", "|"] = ";"
    level_separator: Literal[":", "/"] = ":"
    columns: ReportColumns
    custom_fields: ReportCustomFields = ReportCustomFields()
    applications: ApplicationColumns = ApplicationColumns.model_construct()


def load_mapping(model: type[M], file: Path, problems: list[Problem]) -> M | None:
    """Read one mapping file; what is wrong with it is added to `problems`, each with its path."""
    try:
        with file.open("rb") as stream:
            return model.model_validate(tomllib.load(stream))
    except FileNotFoundError:
        problems.append((str(file), "no such file", "the institution's mapping file"))
    except OSError as error:
        problems.append((str(file), error.strerror or "cannot be read", "a readable file"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append((str(file), f"not TOML: {error}", "a TOML file"))
    except ValidationError as error:
        problems.extend(_problem(file, detail) for detail in error.errors())
    return None


def _problem(file: Path, detail: object) -> Problem:
    facts: dict[str, object] = detail if isinstance(detail, dict) else {}
    loc = facts.get("loc")
    path = ".".join(str(part) for part in loc) if isinstance(loc, tuple) else ""
    message = str(facts.get("msg", "")).removeprefix("Value error, ")
    where = f"{file.name}: {path}" if path else file.name
    if facts.get("type") == "extra_forbidden":
        return where, "unknown key", "one of the keys that the file comes with"
    if facts.get("type") == "missing":
        return where, "missing", "this key is required"
    found = facts.get("input")
    return where, "the tables" if isinstance(found, BaseModel) else repr(found), message
