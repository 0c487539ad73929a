"""What a learning agreement says in effect: its first version with the changes that are in force.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0: changes are cumulative, each approval replaces all
changes before it, and none of them touches the first version.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, Self

from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    ComponentStatus,
    ComponentTable,
    LaComponent,
    LaMobilityType,
    LearningAgreement,
    TermId,
)


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
    base, unapplied = dict(first_version.tables()), []
    for table, changed in () if changes is None else changes.tables():
        base[table], left = _applied(table, base.get(table, ()), changed)
        unapplied.extend(left)
    ordered = {table: base[table] for table in ComponentTable if table in base}
    return EffectiveLists(ordered, tuple(unapplied))


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
    ours, theirs = [_Likeness.of(each) for each in components], [_Likeness.of(each) for each in candidates]
    found: list[int | None] = [None] * len(ours)
    free = dict.fromkeys(range(len(theirs)))
    for alike in (_Likeness.by_id, _Likeness.by_code, _Likeness.by_title):
        for place, one in enumerate(ours):
            at = next((at for at in free if alike(one, theirs[at])), None) if found[place] is None else None
            if at is not None:
                found[place] = at
                del free[at]
    return found


class _Likeness(NamedTuple):
    """What of a component tells whether it is the same course as another."""

    los_id: str | None
    loi_id: str | None
    code: str
    title: str
    term_id: TermId | None
    credits: Mapping[str, Decimal]

    @classmethod
    def of(cls, component: LaComponent) -> Self:
        return cls(
            component.los_id,
            component.loi_id,
            _folded(component.los_code or ""),
            _folded(component.title),
            component.term_id,
            credit_sums((component,)),
        )

    def by_id(self, other: "_Likeness") -> bool:
        same_instance = not self.loi_id or not other.loi_id or self.loi_id == other.loi_id
        return bool(self.los_id) and self.los_id == other.los_id and same_instance

    def by_code(self, other: "_Likeness") -> bool:
        return bool(self.code) and self.code == other.code and self.term_id == other.term_id

    def by_title(self, other: "_Likeness") -> bool:
        return self.title == other.title and self.term_id == other.term_id and self.credits == other.credits


def _applied(
    table: ComponentTable, base: tuple[LaComponent, ...], changes: tuple[LaComponent, ...]
) -> tuple[tuple[LaComponent, ...], list[Unapplied]]:
    deleted = _with_status(changes, ComponentStatus.DELETED)
    gone = dict(zip(deleted, matches([changes[at] for at in deleted], base), strict=True))
    orphans = [at for at, place in gone.items() if place is None]
    remaining = [each for place, each in enumerate(base) if place not in gone.values()]

    inserted = _with_status(changes, ComponentStatus.INSERTED)
    there = matches([changes[at] for at in inserted], remaining) if remaining else ()
    doubled = [at for at, place in zip(inserted, there, strict=False) if place is not None]
    added = (replace(changes[at], status=None, reason_code=None, reason_text=None) for at in inserted)

    left = sorted((*orphans, *doubled, *_with_status(changes, None)))
    return (*remaining, *added), [Unapplied(table, at, changes[at].status, changes[at]) for at in left]


def _with_status(changes: tuple[LaComponent, ...], status: ComponentStatus | None) -> list[int]:
    return [at for at, each in enumerate(changes) if each.status is status]


def _folded(text: str) -> str:
    letters = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(letters.casefold().split())
