"""A student as one system describes them. Personal data: never in a log line, and not in any `repr`."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Direction(StrEnum):
    """Whether a student leaves us or comes to us; never the direction of a request."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class PersonName:
    """One way to write a person's name: several scripts are possible, each with its BCP 47 tag."""

    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What one system says about one student. What it does not say is None.

    `names`: the first is the one to show. `global_id` is the European Student Identifier as written;
    `civic_number` a Swedish personnummer, co-ordination or temporary number of 12 characters without a hyphen;
    `ladok_student_uid` Ladok's key at our university and `ladok_external_uid` its national one.
    `gender` is 0 unknown, 1 man, 2 woman, 9 not applicable (ISO/IEC 5218); `citizenship` an ISO 3166-1 alpha-2
    code. `protected`: a protected identity, of which nothing may leave the store.
    """

    names: tuple[PersonName, ...] = field(default=(), repr=False)
    birth_date: date | None = field(default=None, repr=False)
    gender: int | None = field(default=None, repr=False)
    citizenship: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    global_id: str | None = field(default=None, repr=False)
    civic_number: str | None = field(default=None, repr=False)
    home_student_number: str | None = field(default=None, repr=False)
    ladok_student_uid: str | None = None
    ladok_external_uid: str | None = None
    protected: bool = False
