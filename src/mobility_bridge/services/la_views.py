"""Learning agreements as people look at them: the versions, and what changes from one to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.la_merge import EffectiveLists, Unapplied, effective, matches, merged, proposed
from mobility_bridge.domain.learning_agreement import ComponentTable, LaComponent, LearningAgreement
from mobility_bridge.domain.record import StayId, StoredRecord
from mobility_bridge.domain.stay import Seen
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.protection import any_protected
from mobility_bridge.services.context import Context
from mobility_bridge.services.student_views import the_cases


@dataclass(frozen=True, slots=True)
class LaView:
    """One learning agreement and the stay that it is about."""

    stay_id: StayId | None
    partner_hei_id: HeiId | None
    said: LearningAgreement = field(repr=False)
    stored: StoredRecord = field(repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One component as the first version, what is in force and what is proposed have it; None where it is not."""

    table: ComponentTable
    first: LaComponent | None
    in_force: LaComponent | None
    proposed: LaComponent | None

    @property
    def component(self) -> LaComponent:
        found = self.first or self.in_force or self.proposed
        assert found is not None
        return found

    @property
    def changes(self) -> bool:
        """Whether the three do not say the same, as far as they exist."""
        return self.first is None or self.in_force is None or self.proposed is None


@dataclass(frozen=True, slots=True)
class LaDiff:
    """The three side by side. A version that does not exist is None; `unapplied` are changes that do not apply."""

    view: LaView
    first: EffectiveLists | None
    in_force: EffectiveLists | None
    proposed: EffectiveLists | None
    rows: tuple[Row, ...]

    @property
    def unapplied(self) -> tuple[tuple[str, Unapplied], ...]:
        parts = (("approved-changes", self.in_force), ("changes-proposal", self.proposed))
        return tuple((name, each) for name, lists in parts if lists is not None for each in lists.unapplied)


async def show_las(context: Context, text: str, partner: HeiId | None = None) -> list[LaView]:
    """The learning agreements of the stay, or of all stays of the student, that an id names.

    Raises:  UsageError when nothing has that id, or no learning agreement is known for it.
    """

    def work(uow: UnitOfWork) -> list[LaView]:
        found = []
        cases = the_cases(context, uow, text, partner)
        if any_protected(cases):
            raise UsageError(
                f"the identity behind {cases[0].subject.stay_id} is protected: nothing of it is shown",
                next_step="Look at the learning agreement in the system that holds it.",
            )
        for case in cases:
            seen: Sequence[Seen[LearningAgreement] | None]
            seen = (case.learning_agreement, *case.learning_agreement_others)
            found += [
                LaView(case.subject.stay_id, case.partner_hei_id, each.said, each.stored)
                for each in seen
                if each is not None
            ]
        exact = [each for each in found if each.said.omobility_id == text.strip().rpartition("/")[2]]
        if not found:
            raise UsageError(
                f"no learning agreement is known for {text}",
                next_step=f"Run: mobility-bridge students show {text}",
            )
        return exact or found

    return await context.store.read(work)


def diff(view: LaView) -> LaDiff:
    """Lay the versions of one learning agreement side by side."""
    la = view.said
    first = None if la.first_version is None else merged(la.first_version, None)
    in_force, waiting = effective(la), proposed(la)
    rows = [
        row
        for table in ComponentTable
        for row in _rows(
            table,
            *(() if lists is None else lists.components(table) for lists in (first, in_force, waiting)),
        )
    ]
    return LaDiff(view, first, in_force, waiting, tuple(rows))


def _rows(
    table: ComponentTable,
    first: Sequence[LaComponent],
    in_force: Sequence[LaComponent],
    waiting: Sequence[LaComponent],
) -> list[Row]:
    """Put beside each other what is the same course; what a later version adds comes after."""
    sides: list[list[LaComponent | None]] = [[each, None, None] for each in first]
    for column, components in ((1, in_force), (2, waiting)):
        known = [next(each for each in side if each is not None) for side in sides]
        for component, place in zip(components, matches(components, known), strict=True):
            if place is None:
                side: list[LaComponent | None] = [None, None, None]
                sides.append(side)
            else:
                side = sides[place]
            side[column] = component
    return [Row(table, *side) for side in sides]
