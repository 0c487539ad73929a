"""What is an exchange at this institution: read from TOML, checked whole, all problems at once.

Source: Ladok: assumptions A9, A10 and A19; the capability table of the resources that are assumed.
"""

import tomllib
from pathlib import Path
from string import Formatter
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mobility_adapters.ladok.client import Question, segment
from mobility_adapters.ladok.exchange import ExchangeRules, direction_rule
from mobility_bridge.domain.person import Direction

Problem = tuple[str, str, str]

_PATH: Final = r"^[A-Za-z0-9/_.{}-]+$"
ASSUMED_CALLS: Final = frozenset(
    {"A2_externpart", "A2_typavexternpart", "A2_utbytesprogram", "A3", "A4", "A5", "A6", "A7", "A9"}
)
REPORT_FIELDS: Final = frozenset(
    {
        "civic_number",
        "name",
        "direction",
        "agreement_code",
        "agreement_name",
        "occasion_code",
        "partner_code",
        "country_code",
        "programme_code",
        "period",
        "state",
    }
)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EducationTypes(_Table):
    """Types by their code or their number, and agreements by their code."""

    agreement: tuple[str, ...] = ()
    occasion: tuple[str, ...] = ()
    agreement_codes: tuple[str, ...] = ()


class Attributes(_Table):
    """Names of the attributes that hold a partner and an exchange programme."""

    external_party: str = Field(min_length=1)
    exchange_programme: str = Field(min_length=1)


class DirectionMapping(_Table):
    """A pattern that is looked for in types and codes, and the direction that it means."""

    pattern: str = Field(min_length=1)
    direction: Direction

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        direction_rule(value, Direction.OUTGOING)
        return value


class AssumedCall(_Table):
    """One resource that is assumed: how it would be asked for. `{uid}` in the path stands for an id."""

    method: str = Field("GET", pattern=r"^(GET|PUT|POST)$")
    path: str = Field(pattern=_PATH)
    media_type: str | None = None
    content_type: str = "application/vnd.ladok+xml"

    def question(self, body: bytes = b"", **ids: str) -> Question:
        """The call with its ids filled in. Raises KeyError for a place that nothing fills."""
        filled = self.path.format(**{name: segment(each) for name, each in ids.items()})
        service, _, path = filled.partition("/")
        return Question(
            service,
            path,
            method=self.method,
            body=body,
            content_type=self.content_type,
            accept=self.media_type,
        )


class ExchangeReport(_Table):
    """Which field the column with a title's key holds."""

    columns: dict[str, str]

    @field_validator("columns")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        strange = sorted(set(value.values()) - REPORT_FIELDS)
        if strange:
            raise ValueError(f"fields of a row; not {', '.join(strange)}")
        return value


class LadokMappings(_Table):
    """`config/mappings/ladok.toml`."""

    education_types: EducationTypes
    attributes: Attributes
    directions: tuple[DirectionMapping, ...] = ()
    exchange_report: ExchangeReport
    assumed: dict[str, AssumedCall]

    @field_validator("assumed")
    @classmethod
    def _whole(cls, value: dict[str, AssumedCall]) -> dict[str, AssumedCall]:
        absent = sorted(ASSUMED_CALLS - value.keys())
        strange = sorted(value.keys() - ASSUMED_CALLS)
        if absent or strange:
            raise ValueError(
                f"the tables {', '.join(sorted(ASSUMED_CALLS))}; absent or unknown: {', '.join(absent + strange)}"
            )
        for name, call in value.items():
            places = {place for _, place, _, _ in Formatter().parse(call.path) if place is not None}
            if places - {"uid"}:
                raise ValueError(f"{name}: a path in which only {{uid}} is filled in")
        return value

    def rules(self) -> ExchangeRules:
        return ExchangeRules(
            agreement_types=frozenset(self.education_types.agreement),
            occasion_types=frozenset(self.education_types.occasion),
            agreement_codes=frozenset(self.education_types.agreement_codes),
            directions=tuple(direction_rule(each.pattern, each.direction) for each in self.directions),
            party_attribute=self.attributes.external_party,
            programme_attribute=self.attributes.exchange_programme,
        )


def load_mapping(file: Path, problems: list[Problem]) -> LadokMappings | None:
    """Read the file; None, and its problems as (path, found, wanted), where it does not hold."""
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append((str(file), "no such file", "a mapping file"))
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append((str(file), f"cannot be read: {error}", "a TOML file"))
        return None
    try:
        return LadokMappings.model_validate(said)
    except ValidationError as error:
        for each in error.errors():
            where = ".".join(map(str, each["loc"])) or "(whole)"
            problems.append((f"{file}: {where}", repr(each.get("input"))[:80], each["msg"]))
        return None
