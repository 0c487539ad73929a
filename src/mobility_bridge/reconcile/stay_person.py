"""Whether all systems describe the same student.

Nothing here returns what a system says of a person: only which systems, and in which field.

Source: EWP mobilities: systems and keys, normalisation; Ladok: identifiers of a person.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from mobility_bridge.domain.civic_number import european_student_identifier
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.stay import SaidOfPerson, StayCase
from mobility_bridge.reconcile.who import ESI_PREFIX, LADOK_ESI, contradicts, folded, normalised_esi

_WELL_FORMED: Final = re.compile(re.escape(ESI_PREFIX) + r"[^\s:]+:\S+")


def by_authority(case: StayCase) -> tuple[SaidOfPerson, ...]:
    """All descriptions, the one to believe first: that of the sending HEI.

    Ours lead with the registry's for a student who leaves; for one who comes the partner's own go first.
    """
    if case.outgoing:
        return case.persons
    partner = case.partner_hei_id or ""
    return tuple(sorted(case.persons, key=lambda each: partner not in each.system.split(":")))


def named(system: str) -> str:
    """A system as people know it: `brava.example (nomination)` for `ewp:brava.example:nomination`."""
    _, _, served = system.partition(":")
    hei_id, _, kind = served.partition(":")
    return f"{hei_id} ({kind.replace('_', ' ')})" if kind else system


def identifier(person: Person) -> str | None:
    """The European Student Identifier that counts: well formed, else that of the registry's national key."""
    if person.global_id and is_well_formed(person.global_id):
        return normalised_esi(person.global_id)
    external = person.ladok_external_uid
    return normalised_esi(european_student_identifier(external)) if external else None


def is_well_formed(esi: str) -> bool:
    return _WELL_FORMED.fullmatch(normalised_esi(esi)) is not None


def with_other_identifier(case: StayCase) -> Iterator[tuple[SaidOfPerson, SaidOfPerson]]:
    """Yield each description whose identifier differs from the one to believe, behind that one.

    Our registry gives a student who comes to us an identifier of its own, beside the one from home.
    """
    said = [(each, identifier(each.person)) for each in by_authority(case)]
    if not case.outgoing:
        said = [(each, esi) for each, esi in said if esi is not None and not LADOK_ESI.fullmatch(esi)]
    known = [(each, esi) for each, esi in said if esi is not None]
    for each, esi in known[1:]:
        if esi != known[0][1]:
            yield known[0][0], each


def of_two_people(case: StayCase) -> Iterator[tuple[SaidOfPerson, SaidOfPerson]]:
    """Yield descriptions that cannot be of one person, unless the same identifier says that they are."""
    for one, other in combinations(by_authority(case), 2):
        if not contradicts(one.person, other.person):
            continue
        same = identifier(one.person) is not None and identifier(one.person) == identifier(other.person)
        if not same or _permanent_numbers_differ(one.person, other.person):
            yield one, other


def differing_names(one: Person, other: Person) -> tuple[tuple[str, ...], bool]:
    """Name the parts of the name that differ, and whether only in case, marks or further given names."""
    if not one.names or not other.names or _written(one.names) & _written(other.names):
        return (), True
    parts = []
    if {folded(name.family_name) for name in one.names}.isdisjoint(
        folded(name.family_name) for name in other.names
    ):
        parts.append("family-name")
    if _first_names(one.names).isdisjoint(_first_names(other.names)):
        parts.append("given-names")
    return (tuple(parts), False) if parts else (("family-name", "given-names"), True)


def _permanent_numbers_differ(one: Person, other: Person) -> bool:
    return contradicts(Person(civic_number=one.civic_number), Person(civic_number=other.civic_number))


def _written(names: Sequence[PersonName]) -> set[tuple[str, str]]:
    return {(_trimmed(name.family_name), _trimmed(name.given_names)) for name in names}


def _trimmed(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _first_names(names: Sequence[PersonName]) -> set[str]:
    return {folded(name.given_names).partition(" ")[0] for name in names}
