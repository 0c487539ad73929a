"""Who owns a fact, and whether the bridge may write it to another system.

A fact has one owner: the system where a change of it is meant to begin. The others are told, or merely watched.
What the bridge can write at all is stated in `OWNED`, field by field; whether it does is the operator's word, and
until that is given it writes nothing.

Source: mobility-bridge principles: read and observe by default, write by exception; Ladok: adapter rules.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

Row = Mapping[str, object]
"""One field as an operator writes it: `owner` and `write_to`, either of them."""

Rows = Mapping[str, Mapping[str, Row]]
"""The table as an operator writes it: kind of record, field, row."""


class System(StrEnum):
    """Where a fact may begin, or be written to.

    `person` is one of us who says it to the bridge, `course_list` the operator's file of offered courses, `partner`
    the other university over EWP.
    """

    MOBILITY_ONLINE = "mobility_online"
    LADOK = "ladok"
    DASHBOARD = "dashboard"
    PARTNER = "partner"
    PERSON = "person"
    COURSE_LIST = "course_list"


@dataclass(frozen=True, slots=True)
class OwnedField:
    """One field of one kind of record: its usual owner first, who else may own it, where it can be written."""

    kind: str
    field: str
    owners: tuple[System, ...]
    writable: tuple[System, ...] = ()
    about: str = ""

    @property
    def path(self) -> str:
        return f"{self.kind}.{self.field}"


_LIST: Final = (System.COURSE_LIST, System.MOBILITY_ONLINE)
_TO_MOBILITY_ONLINE: Final = (System.MOBILITY_ONLINE,)

OWNED: Final[tuple[OwnedField, ...]] = (
    OwnedField("agreement", "terms", (System.MOBILITY_ONLINE,), about="our terms of an agreement"),
    OwnedField("application", "pipeline", (System.MOBILITY_ONLINE,), about="how far an application has come"),
    OwnedField("application", "period", (System.MOBILITY_ONLINE,), about="the terms and days of a stay"),
    OwnedField(
        "nomination", "status", (System.PARTNER,), about="what the receiving university made of a nomination"
    ),
    OwnedField(
        "nomination",
        "decision",
        (System.PERSON,),
        (System.PARTNER,),
        about="our decision on a nomination of theirs",
    ),
    OwnedField(
        "learning_agreement",
        "content",
        (System.DASHBOARD, System.MOBILITY_ONLINE),
        about="the learning agreement of a student of ours",
    ),
    OwnedField(
        "learning_agreement",
        "decision",
        (System.PERSON,),
        (System.PARTNER,),
        about="our decision on a learning agreement of theirs",
    ),
    OwnedField("arrival", "dates", (System.PARTNER,), about="when a student of ours came and left"),
    OwnedField("transcript", "results", (System.PARTNER,), about="what a student of ours achieved there"),
    OwnedField(
        "registration",
        "term",
        (System.MOBILITY_ONLINE, System.LADOK),
        (System.LADOK,),
        about="that an outgoing student is registered for a term: by the accepted application",
    ),
    OwnedField("admission", "occasion", (System.LADOK,), about="admission to an exchange occasion"),
    OwnedField(
        "credit_transfer", "decision", (System.LADOK,), about="recognition of what was studied elsewhere"
    ),
    OwnedField(
        "course", "offered", _LIST, _TO_MOBILITY_ONLINE, "that a course is offered in a term, and its name"
    ),
    OwnedField("course", "withdrawn", _LIST, _TO_MOBILITY_ONLINE, "that a course is not offered any more"),
    OwnedField("course", "credits", _LIST, _TO_MOBILITY_ONLINE, "a course's credits"),
    OwnedField("course", "language", _LIST, _TO_MOBILITY_ONLINE, "a course's language"),
    OwnedField("course", "eqf_levels", _LIST, _TO_MOBILITY_ONLINE, "the levels a course is open to"),
    OwnedField("course", "study_field", _LIST, _TO_MOBILITY_ONLINE, "a course's field of study"),
    OwnedField("course", "places", _LIST, _TO_MOBILITY_ONLINE, "how many places are left"),
    OwnedField("course", "description_url", _LIST, _TO_MOBILITY_ONLINE, "where a course is described"),
)
_BY_PATH: Final = {each.path: each for each in OWNED}


@dataclass(frozen=True, slots=True)
class Ownership:
    """The table in force. What it does not name stands as in `OWNED`, and is written nowhere."""

    owners: Mapping[str, System] = field(default_factory=dict)
    write_to: Mapping[str, frozenset[System]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Rows) -> "Ownership":
        """Take over an operator's table in which `mistakes` found none. Raises ValueError for any other."""
        for path, found, wanted in mistakes(rows):
            raise ValueError(f"{path}: {found}; {wanted}")
        said = {f"{kind}.{name}": row for kind, fields in rows.items() for name, row in fields.items()}
        owners = {path: System(str(row["owner"])) for path, row in said.items() if "owner" in row}
        targets = {
            path: frozenset(map(System, _texts(row.get("write_to", ())))) for path, row in said.items()
        }
        return cls(owners, targets)

    def owner(self, kind: str, name: str) -> System:
        """Say who owns a field. Raises KeyError for one that does not exist."""
        known = _BY_PATH[f"{kind}.{name}"]
        return self.owners.get(known.path, known.owners[0])

    def may_write(self, kind: str, name: str, to: System) -> bool:
        """Whether the operator lets the bridge write a field to a system. Raises KeyError for an unknown field."""
        known = _BY_PATH[f"{kind}.{name}"]
        return to in known.writable and to in self.write_to.get(known.path, frozenset())

    def lines(self) -> Iterator[tuple[OwnedField, System, tuple[System, ...]]]:
        """Every field with its owner and where it is written, in the order of `OWNED`."""
        for known in OWNED:
            allowed = tuple(to for to in known.writable if self.may_write(known.kind, known.field, to))
            yield known, self.owner(known.kind, known.field), allowed

    def rows(self) -> Rows:
        """The whole table as an operator would write it."""
        found: dict[str, dict[str, Row]] = {}
        for known, owner, allowed in self.lines():
            row: dict[str, object] = {"owner": owner.value}
            if known.writable:
                row["write_to"] = [to.value for to in allowed]
            found.setdefault(known.kind, {})[known.field] = row
        return found


def mistakes(rows: Rows) -> Iterator[tuple[str, str, str]]:
    """Name everything wrong with an operator's table, as (path, found, wanted)."""
    kinds = list(dict.fromkeys(each.kind for each in OWNED))
    for kind, fields in rows.items():
        if kind not in kinds:
            yield kind, "no such kind of record", _guess(kind, kinds)
            continue
        names = [each.field for each in OWNED if each.kind == kind]
        for name, row in fields.items():
            if name not in names:
                yield f"{kind}.{name}", "no such field", _guess(name, names)
            else:
                yield from _row_mistakes(_BY_PATH[f"{kind}.{name}"], row)


def _row_mistakes(known: OwnedField, row: Row) -> Iterator[tuple[str, str, str]]:
    for key in row:
        if key not in ("owner", "write_to"):
            yield f"{known.path}.{key}", "unknown key", _guess(key, ("owner", "write_to"))
    owner = row.get("owner", known.owners[0].value)
    if owner not in [each.value for each in known.owners]:
        yield f"{known.path}.owner", repr(owner), _one_of(known.owners)
    targets = row.get("write_to", ())
    if not isinstance(targets, list | tuple):
        yield f"{known.path}.write_to", "no list", 'a list of systems, such as ["ladok"], or []'
        return
    for to in targets:
        if to not in [each.value for each in known.writable]:
            wanted = (
                _one_of(known.writable) if known.writable else "[]: the bridge cannot write this anywhere"
            )
            yield f"{known.path}.write_to", repr(to), wanted
        elif to == owner:
            yield (
                f"{known.path}.write_to",
                repr(to),
                "another system than the owner: nobody corrects the owner",
            )


def _texts(value: object) -> Iterable[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else ()


def _one_of(systems: Iterable[System]) -> str:
    return f"one of {', '.join(each.value for each in systems)}"


def _guess(word: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}"
