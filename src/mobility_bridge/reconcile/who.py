"""Who is who: one student across the systems, by exact keys first, then by a score that a person confirms.

Exact keys tie records of one person together by themselves as long as nothing contradicts them; two people are
never made one because their names are alike.

Source: EWP mobilities: systems and keys, normalisation; Ladok: identifiers of a person.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, StudentId

ESI_PREFIX = "urn:schac:personaluniquecode:int:esi:"
LADOK_ESI = re.compile(re.escape(ESI_PREFIX) + r"ladok\.se:externtstudentuid-(?P<uid>[0-9a-f-]{36})")
PROPOSE_FROM = 0.7
LEAD = 0.1
_TEMPORARY = re.compile(r"[0-9]{8}[A-Z][0-9]{3}")
_STRENGTH = {kind: rank for rank, kind in enumerate(IdentityKeyKind)}


class Signal(StrEnum):
    """What speaks for two descriptions being of one person."""

    BIRTH_DATE = "birth_date"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    EMAIL = "email"
    GENDER = "gender"
    CITIZENSHIP = "citizenship"


WEIGHTS = {
    Signal.BIRTH_DATE: 0.4,
    Signal.FAMILY_NAME: 0.25,
    Signal.GIVEN_NAME: 0.2,
    Signal.EMAIL: 0.25,
    Signal.GENDER: 0.05,
    Signal.CITIZENSHIP: 0.05,
}


@dataclass(frozen=True, slots=True)
class Known:
    """A student already known: the exact keys, and how each system describes the person."""

    student_id: StudentId
    keys: frozenset[IdentityKey]
    persons: tuple[Person, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MatchProposal:
    """Two descriptions that may be of one person. `reasons` name signals, never their values."""

    student_id: StudentId
    score: float
    reasons: tuple[str, ...]
    likely: bool = False


@dataclass(frozen=True, slots=True)
class Resolution:
    """Whose a record is.

    `student_id` is None for a student not seen before. `tied` are further students that the same exact keys
    name without contradiction: they are one person. `contested` are students whose exact key this record
    carries although it describes somebody else; `proposals` are for a person to decide.
    """

    student_id: StudentId | None
    tied: tuple[StudentId, ...] = ()
    contested: tuple[StudentId, ...] = ()
    proposals: tuple[MatchProposal, ...] = ()


def normalised_esi(text: str) -> str:
    """Bring a European Student Identifier into the form in which equal text means the same identifier."""
    trimmed = text.strip()
    return trimmed.lower() if trimmed.lower().startswith(ESI_PREFIX) else trimmed


def exact_keys(person: Person) -> tuple[IdentityKey, ...]:
    """The exact keys that a description carries; a record's own ids are added by who reads it."""
    found = []
    if person.civic_number:
        found.append(IdentityKey(IdentityKeyKind.CIVIC_NUMBER, person.civic_number))
    if person.ladok_student_uid:
        found.append(IdentityKey(IdentityKeyKind.LADOK_STUDENT, person.ladok_student_uid.lower()))
    external = person.ladok_external_uid.lower() if person.ladok_external_uid else None
    if person.global_id:
        esi = normalised_esi(person.global_id)
        found.append(IdentityKey(IdentityKeyKind.GLOBAL_ID, esi))
        match = LADOK_ESI.fullmatch(esi)
        external = external or (match["uid"] if match else None)
    if external:
        found.append(IdentityKey(IdentityKeyKind.LADOK_EXTERNAL, external))
    return tuple(found)


def traits(person: Person) -> tuple[str, ...]:
    """What to look candidates up by when no exact key is shared; personal, so kept as fingerprints only."""
    found = []
    if person.birth_date is not None:
        found += [f"born:{person.birth_date.isoformat()}:{folded(name.family_name)}" for name in person.names]
    if person.email:
        found.append(f"email:{person.email.strip().casefold()}")
    return tuple(found)


def folded(name: str) -> str:
    """A name without case, marks and surplus blanks, for comparison only."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(
        " " if mark in "-'’" else mark for mark in decomposed if not unicodedata.combining(mark)
    )
    return " ".join(letters.split())


def contradicts(one: Person, other: Person) -> bool:
    """Say whether two descriptions cannot be of one person.

    Two civic numbers that are both permanent, two national Ladok keys, or a birth date and a family name that
    both differ. An interim number contradicts nothing, nor does a co-ordination number a permanent one, which may
    take its place.
    """
    numbers = _permanent(one.civic_number), _permanent(other.civic_number)
    if _differ(*numbers) and _is_coordination(numbers[0]) == _is_coordination(numbers[1]):
        return True
    if _differ(one.ladok_external_uid, other.ladok_external_uid):
        return True
    return _differ(one.birth_date, other.birth_date) and not _share_a_name(one.names, other.names)


def score(one: Person, other: Person) -> tuple[float, tuple[Signal, ...]]:
    """How much speaks for two descriptions being of one person, 0 to 1, and what."""
    facts = {
        Signal.BIRTH_DATE: _same(one.birth_date, other.birth_date),
        Signal.FAMILY_NAME: _share_a_name(one.names, other.names),
        Signal.GIVEN_NAME: _share_a_first_name(one.names, other.names),
        Signal.EMAIL: _same(_email(one), _email(other)),
        Signal.GENDER: one.gender in (1, 2) and one.gender == other.gender,
        Signal.CITIZENSHIP: _same(one.citizenship, other.citizenship),
    }
    signals = tuple(signal for signal, holds in facts.items() if holds)
    return min(1.0, round(sum(WEIGHTS[signal] for signal in signals), 3)), signals


def resolve(person: Person, keys: Iterable[IdentityKey], known: Sequence[Known]) -> Resolution:
    """Say whose a description is, among the students that share a key or a trait with it."""
    carried = frozenset(keys)
    sharing = sorted((each for each in known if each.keys & carried), key=lambda each: _rank(each, carried))
    agreeing = [each for each in sharing if not any(contradicts(person, other) for other in each.persons)]
    contested = tuple(each.student_id for each in sharing if each not in agreeing)
    if agreeing:
        first, *others = agreeing
        tied = tuple(each.student_id for each in others if not _strangers(first, each))
        apart = [each for each in others if _strangers(first, each)]
        return Resolution(first.student_id, tied, contested, _proposals(person, apart))
    alike = [each for each in known if each not in sharing]
    return Resolution(None, (), contested, _proposals(person, alike))


def _proposals(person: Person, known: Sequence[Known]) -> tuple[MatchProposal, ...]:
    found = []
    for each in known:
        if any(contradicts(person, other) for other in each.persons):
            continue
        best, signals = max((score(person, other) for other in each.persons), default=(0.0, ()))
        if best >= PROPOSE_FROM:
            found.append(MatchProposal(each.student_id, best, tuple(map(str, signals))))
    found.sort(key=lambda proposal: (-proposal.score, proposal.student_id))
    if found and (len(found) == 1 or found[0].score - found[1].score >= LEAD):
        best_one = found[0]
        found[0] = MatchProposal(best_one.student_id, best_one.score, best_one.reasons, likely=True)
    return tuple(found)


def _rank(known: Known, carried: frozenset[IdentityKey]) -> tuple[int, StudentId]:
    return min(_STRENGTH[key.kind] for key in known.keys & carried), known.student_id


def _strangers(one: Known, other: Known) -> bool:
    return any(contradicts(mine, theirs) for mine in one.persons for theirs in other.persons)


def _permanent(civic_number: str | None) -> str | None:
    return None if civic_number is None or _TEMPORARY.fullmatch(civic_number) else civic_number


def _is_coordination(civic_number: str | None) -> bool:
    """Whether 60 was added to the day of the month."""
    return civic_number is not None and civic_number[6:7] in set("6789")


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _same(one: object, other: object) -> bool:
    return one is not None and one == other


def _email(person: Person) -> str | None:
    return person.email.strip().casefold() if person.email else None


def _share_a_name(one: Sequence[PersonName], other: Sequence[PersonName]) -> bool:
    mine = {folded(name.family_name) for name in one} - {""}
    return not mine.isdisjoint(folded(name.family_name) for name in other)


def _share_a_first_name(one: Sequence[PersonName], other: Sequence[PersonName]) -> bool:
    mine = {folded(name.given_names).partition(" ")[0] for name in one} - {""}
    return not mine.isdisjoint(folded(name.given_names).partition(" ")[0] for name in other)
