"""What a learning agreement says in effect: its first version with the changes that are in force.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0: changes are cumulative, each approval replaces all
changes before it, and none of them touches the first version.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias

from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    ComponentStatus,
    ComponentTable,
    LaComponent,
    LaMobilityType,
    LearningAgreement,
)

_Key: TypeAlias = Callable[[LaComponent], str | None]
_Test: TypeAlias = Callable[[LaComponent, LaComponent], bool]

_USUAL_LENGTH: Final = 200
_TABLES: Final = tuple(ComponentTable)


@dataclass(frozen=True, slots=True)
class Unapplied:
    """A change that could not be applied, and where it stands: `position` counts from 0 in its table.

    `status` is DELETED for a deletion of what is not there, INSERTED for an insertion of what is there already,
    None for a component that does not say what it changes.
    """

    table: ComponentTable
    position: int
    status: ComponentStatus | None
    component: LaComponent


@dataclass(frozen=True, slots=True)
class EffectiveLists:
    """The tables after merging, without any that neither the base nor the changes have."""

    tables: Mapping[ComponentTable, tuple[LaComponent, ...]]
    unapplied: tuple[Unapplied, ...] = ()

    def components(self, table: ComponentTable) -> tuple[LaComponent, ...]:
        return self.tables.get(table, ())

    @property
    def mobility_type(self) -> LaMobilityType:
        if ComponentTable.BLENDED in self.tables:
            return LaMobilityType.BLENDED
        return LaMobilityType.DOCTORAL if ComponentTable.DOCTORAL in self.tables else LaMobilityType.SEMESTER

    @property
    def has_virtual_component(self) -> bool:
        """The mark on the form: some of it is studied at a distance."""
        if self.mobility_type is LaMobilityType.BLENDED:
            return True
        if self.mobility_type is LaMobilityType.DOCTORAL:
            return any(each.short_description for each in self.components(ComponentTable.DOCTORAL))
        virtual = self.components(ComponentTable.VIRTUAL)
        return any(each.status is not ComponentStatus.DELETED for each in virtual)


def effective(la: LearningAgreement) -> EffectiveLists | None:
    """Merge what binds now: the first version and the approved changes. None where there is no first version.

    An insertion of what the first version has already, undeleted, is applied and reported.
    """
    return None if la.first_version is None else merged(la.first_version, la.approved_changes)


def proposed(la: LearningAgreement) -> EffectiveLists | None:
    """Merge what would bind if the proposal were approved, which replaces all approved changes."""
    if la.changes_proposal is None:
        return None
    if la.first_version is None:
        return merged(la.changes_proposal.lists, None)
    return merged(la.first_version, la.changes_proposal.lists)


def mobility_type(la: LearningAgreement) -> LaMobilityType:
    """Derive what kind of stay this is: from what binds, else from what is proposed."""
    lists = effective(la) or proposed(la)
    return LaMobilityType.SEMESTER if lists is None else lists.mobility_type


def merged(first_version: ComponentLists, changes: ComponentLists | None) -> EffectiveLists:
    """Apply `changes` to `first_version`, table by table."""
    base, left_over = dict(first_version.tables()), []
    for table, changed in () if changes is None else changes.tables():
        remaining, inserted, left = _applied(table, base.get(table, ()), changed)
        added = (replace(changed[at], status=None, reason_code=None, reason_text=None) for at in inserted)
        base[table] = (*remaining, *added)
        left_over.extend(left)
    ordered = {table: base[table] for table in _TABLES if table in base}
    return EffectiveLists(ordered, tuple(left_over))


def unapplied(first_version: ComponentLists, changes: ComponentLists) -> tuple[Unapplied, ...]:
    """Find the changes that do not apply, without applying the others."""
    base = dict(first_version.tables())
    return tuple(
        left
        for table, changed in changes.tables()
        if changed
        for left in _applied(table, base.get(table, ()), changed)[2]
    )


def credit_sums(components: Iterable[LaComponent]) -> Mapping[str, Decimal]:
    """Add up credits by scheme, in lower case and without blanks around it."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for component in components:
        for credit in component.credits:
            sums[credit.scheme.strip().casefold()] += credit.value
    return dict(sums)


def ects(components: Iterable[LaComponent]) -> Decimal:
    """Add up ECTS credits."""
    return credit_sums(components).get("ects", Decimal())


def matches(components: Sequence[LaComponent], candidates: Sequence[LaComponent]) -> list[int | None]:
    """Find for each component the place of the candidate that is the same course, or None.

    By id (and instance, where both name one), else by code and term, else by title, term and credits. Stronger
    likenesses are settled first, equal ones in the order given; no candidate is taken twice.
    """
    found: list[int | None] = [None] * len(components)
    free = list(range(len(candidates)))
    for key, alike in _LIKENESSES:
        open_ones = [place for place, at in enumerate(found) if at is None]
        wanted = [(place, likeness) for place in open_ones if (likeness := key(components[place]))]
        if not wanted or not free:
            continue
        keys = [(at, key(candidates[at])) for at in free]
        for place, likeness in wanted:
            for at, other in keys:
                if other == likeness and at in free and alike(components[place], candidates[at]):
                    found[place] = at
                    free.remove(at)
                    break
    return found


def _by_id(component: LaComponent) -> str | None:
    return component.los_id


def _by_code(component: LaComponent) -> str | None:
    return component.los_code and _folded(component.los_code)


def _by_title(component: LaComponent) -> str | None:
    return f"title {_folded(component.title)}"


def _may_be_one_instance(one: LaComponent, other: LaComponent) -> bool:
    return not one.loi_id or not other.loi_id or one.loi_id == other.loi_id


def _are_in_one_term(one: LaComponent, other: LaComponent) -> bool:
    return one.term_id == other.term_id


def _are_as_long(one: LaComponent, other: LaComponent) -> bool:
    return one.term_id == other.term_id and credit_sums((one,)) == credit_sums((other,))


_LIKENESSES: Final[tuple[tuple[_Key, _Test], ...]] = (
    (_by_id, _may_be_one_instance),
    (_by_code, _are_in_one_term),
    (_by_title, _are_as_long),
)
"""What must be equal, and what more must hold, from the strongest likeness to the weakest."""


def _applied(
    table: ComponentTable, base: tuple[LaComponent, ...], changes: tuple[LaComponent, ...]
) -> tuple[list[LaComponent], list[int], list[Unapplied]]:
    """Say what remains of `base`, at which places of `changes` something is inserted, and what does not apply."""
    deleted = _with_status(changes, ComponentStatus.DELETED)
    gone = matches([changes[at] for at in deleted], base)
    remaining = [each for place, each in enumerate(base) if place not in gone]
    inserted = _with_status(changes, ComponentStatus.INSERTED)
    there = matches([changes[at] for at in inserted], remaining)

    left = [at for at, place in zip(deleted, gone, strict=True) if place is None]
    left += [at for at, place in zip(inserted, there, strict=True) if place is not None]
    if len(deleted) + len(inserted) < len(changes):
        left += _with_status(changes, None)
    return (
        remaining,
        inserted,
        [Unapplied(table, at, changes[at].status, changes[at]) for at in sorted(left)],
    )


def _with_status(changes: tuple[LaComponent, ...], status: ComponentStatus | None) -> list[int]:
    return [at for at, each in enumerate(changes) if each.status is status]


def _folded(text: str) -> str:
    """A title or a code without what a writer may vary."""
    return _folded_once(text) if len(text) <= _USUAL_LENGTH else _fold(text)


def _fold(text: str) -> str:
    letters = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(letters.casefold().split())


# Each is asked for several times in a row; a long one is not worth keeping.
_folded_once: Final = lru_cache(maxsize=512)(_fold)
