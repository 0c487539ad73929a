"""Which column holds what: `config/mappings/dashboard.toml`, checked whole.

Source: The work: systems (that there are such lists, and how a pre-filled one writes dates and addresses). What
their columns are called is shown by no public source, so everything about it stands in the mapping file.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from mobility_bridge.domain.la_listing import ListedState


def folded(name: str) -> str:
    """A column's name as it is compared: without case, and with single blanks."""
    return " ".join(name.split()).casefold()


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]
"""One name of a column, or several: the Dashboard speaks more than one language."""

NOWHERE: Final[Names] = ()


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Columns(_Table):
    """Columns by the field that they hold; none for a field that the list lacks."""

    @property
    def required(self) -> tuple[str, ...]:
        """Fields without whose column a file is another kind of list."""
        return tuple(name for name, field in type(self).model_fields.items() if field.is_required())

    def by_name(self) -> Mapping[str, str]:
        """Fields by the folded names of their columns."""
        return {folded(name): field for field in type(self).model_fields for name in getattr(self, field)}

    @model_validator(mode="after")
    def _each_once(self) -> "_Columns":
        names = [folded(name) for field in type(self).model_fields for name in getattr(self, field)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each column once; more than once: {', '.join(twice)}")
        return self

    @field_validator("*")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not name.strip() for name in value):
            raise ValueError("names of columns; leave out the line of a column that there is not")
        return value


_Required = Annotated[Names, Field(min_length=1)]


class LaColumns(_Columns):
    """Columns of a list of learning agreements."""

    omobility_id: _Required
    receiving_hei_id: _Required
    state: _Required
    sending_hei_id: Names = NOWHERE
    given_names: Names = NOWHERE
    family_name: Names = NOWHERE
    birth_date: Names = NOWHERE
    email: Names = NOWHERE
    global_id: Names = NOWHERE
    citizenship: Names = NOWHERE
    academic_year: Names = NOWHERE
    term: Names = NOWHERE
    starts_on: Names = NOWHERE
    ends_on: Names = NOWHERE
    signed_on: Names = NOWHERE
    changes_signed_on: Names = NOWHERE
    proposal_id: Names = NOWHERE
    credits_abroad: Names = NOWHERE
    credits_recognised: Names = NOWHERE


class AgreementColumns(_Columns):
    """Columns of a list of agreements."""

    iia_id: _Required
    partner_hei_id: _Required
    iia_code: Names = NOWHERE
    partner_iia_id: Names = NOWHERE
    in_effect: Names = NOWHERE
    iia_hash: Names = NOWHERE


class PrefillColumns(_Columns):
    """Columns of the file with pre-filled learning agreements. The first name of each is the one written."""

    omobility_id: _Required
    given_names: _Required
    family_name: _Required
    birth_date: Names = NOWHERE
    email: _Required
    global_id: Names = NOWHERE
    citizenship: Names = NOWHERE
    gender: Names = NOWHERE
    sending_hei_id: Names = NOWHERE
    receiving_hei_id: _Required
    sending_iia_id: Names = NOWHERE
    receiving_iia_id: Names = NOWHERE
    academic_year: Names = NOWHERE
    starts_on: _Required
    ends_on: _Required
    eqf_level: Names = NOWHERE
    isced_f_code: Names = NOWHERE
    sending_ounit_id: Names = NOWHERE
    receiving_ounit_id: Names = NOWHERE
    table: Names = NOWHERE
    code: Names = NOWHERE
    title: Names = NOWHERE
    credits: Names = NOWHERE


class Words(_Table):
    """What texts mean, in whatever language; compared without case."""

    states: dict[str, ListedState | None] = Field(min_length=1)
    yes: tuple[str, ...] = ("yes", "true", "1")
    no: tuple[str, ...] = ("no", "false", "0")
    autumn: tuple[str, ...] = ()
    spring: tuple[str, ...] = ()

    @field_validator("states", mode="before")
    @classmethod
    def _silent_ones(cls, value: Any) -> Any:
        """An empty text stands for a state that says nothing about signatures."""
        if not isinstance(value, Mapping):
            return value
        return {str(text): state or None for text, state in value.items()}

    @model_validator(mode="after")
    def _no_contradiction(self) -> "Words":
        for one, other in ((self.yes, self.no), (self.autumn, self.spring)):
            both = sorted({folded(each) for each in one} & {folded(each) for each in other})
            if both:
                raise ValueError(f"each word with one meaning; with two: {', '.join(both)}")
        return self


class Prefill(_Table):
    """What a pre-filled file looks like. `required` are fields that no row may lack."""

    delimiter: str = Field(",", pattern=r"^[,;\t]$")
    encoding: str = Field("utf-8", pattern=r"^(utf-8|utf-8-sig|utf-16|windows-1252)$")
    required: tuple[str, ...] = ()
    columns: PrefillColumns

    @model_validator(mode="after")
    def _known(self) -> "Prefill":
        unknown = sorted(set(self.required) - set(PrefillColumns.model_fields))
        if unknown:
            raise ValueError(f"names of fields in required; unknown: {', '.join(unknown)}")
        return self

    @property
    def needed(self) -> frozenset[str]:
        """Fields that no row may lack."""
        return frozenset((*self.columns.required, *self.required))


class _LearningAgreements(_Table):
    """`ignored` are columns that are known and say nothing that is used here."""

    columns: LaColumns
    ignored: Names = NOWHERE


class _Agreements(_Table):
    """`ignored` as above."""

    columns: AgreementColumns
    ignored: Names = NOWHERE


class DashboardMapping(_Table):
    """`config/mappings/dashboard.toml`."""

    time_zone: str = "Europe/Stockholm"
    words: Words
    learning_agreements: _LearningAgreements
    agreements: _Agreements
    prefill: Prefill

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def names(self) -> Iterable[str]:
        """All folded names of columns that any list may have."""
        tables = (self.learning_agreements.columns, self.agreements.columns, self.prefill.columns)
        return {name for table in tables for name in table.by_name()}

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (LookupError, ValueError, OSError):
            raise ValueError("a name of the IANA time zone database, such as Europe/Stockholm") from None
        return value
