"""Protected identities: what may still be said of a stay when nothing of the person may leave the store.

That there is one, which rule fired and how grave it is; not where the person is, when, under which number, or how
they are called elsewhere.
"""

from collections.abc import Iterable
from dataclasses import replace

from mobility_bridge.domain.discrepancy import Finding, Text
from mobility_bridge.domain.stay import StayCase

SAID = Text(
    "The identity of this student is protected: what disagrees is not told here.",
    "Studentens identitet är skyddad: vad som inte stämmer sägs inte här.",
)
NEXT = Text(
    "Look at the stay in the systems themselves, as your university does with protected identities.",
    "Se på vistelsen i själva systemen, så som lärosätet gör med skyddade identiteter.",
)


def is_protected(case: StayCase) -> bool:
    """Whether any system says so of the student."""
    return case.protected or any(each.person.protected for each in case.persons)


def any_protected(cases: Iterable[StayCase]) -> bool:
    """Whether the student of these stays is protected: what one stay shows holds for all."""
    return any(map(is_protected, cases))


def bare(case: StayCase) -> StayCase:
    """The stay as it may be shown: its name and its direction."""
    return StayCase(
        own_hei_id=case.own_hei_id,
        subject=replace(case.subject, partner_hei_id=None),
        now=case.now,
        direction=case.direction,
        partner_hei_id=None,
        protected=True,
        deceased=case.deceased,
        calendar=case.calendar,
        thresholds=case.thresholds,
    )


def shown(cases: Iterable[StayCase]) -> list[StayCase]:
    """The stays of one student as they may be shown."""
    found = list(cases)
    return list(map(bare, found)) if any_protected(found) else found


def withheld(finding: Finding) -> Finding:
    """The finding without what it says of the stay; its identity and severity stay."""
    subject = replace(finding.subject, partner_hei_id=None, iia_id=None, partner_iia_id=None)
    return replace(finding, subject=subject, text=SAID, next_step=NEXT, values={}, due_on=None)
