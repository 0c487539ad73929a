"""What rules about learning agreements share: whose it is, its versions, its signatures, its components in force.

Source: EWP mobilities: learning agreement lifecycle.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from mobility_bridge.domain.discrepancy import Owner
from mobility_bridge.domain.la_merge import EffectiveLists, effective, proposed
from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    ComponentTable,
    LaComponent,
    LaSignature,
    LearningAgreement,
)
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.who import folded

ABROAD: Final = (
    ComponentTable.STUDIED,
    ComponentTable.VIRTUAL,
    ComponentTable.BLENDED,
    ComponentTable.DOCTORAL,
)
"""The tables of what the receiving HEI teaches."""

_SHOWN: Final = 6


def served(case: StayCase) -> LearningAgreement | None:
    """The learning agreement, unless its system stopped showing it."""
    seen = case.learning_agreement
    return seen.said if seen is not None and seen.live else None


def vanished_signed(case: StayCase) -> bool:
    """Whether a learning agreement that had been agreed is no longer shown."""
    seen = case.learning_agreement
    return seen is not None and not seen.live and seen.said.first_version is not None


def sender(case: StayCase) -> Owner:
    """The sending HEI, which owns the document."""
    return Owner.US if case.outgoing else Owner.PARTNER


def receiver(case: StayCase) -> Owner:
    """The receiving HEI, which decides, teaches and certifies."""
    return Owner.PARTNER if case.outgoing else Owner.US


def versions(la: LearningAgreement) -> Iterator[tuple[str, ComponentLists]]:
    """Yield the versions in the document with the names of their elements."""
    if la.first_version is not None:
        yield "first-version", la.first_version
    if la.approved_changes is not None:
        yield "approved-changes", la.approved_changes
    if la.changes_proposal is not None:
        yield "changes-proposal", la.changes_proposal.lists


def changes(la: LearningAgreement) -> Iterator[tuple[str, ComponentLists]]:
    """Yield the versions that are differences to a first version."""
    if la.first_version is not None:
        yield from (each for each in versions(la) if each[0] != "first-version")


def signatures(lists: ComponentLists) -> Iterator[tuple[str, LaSignature]]:
    """Yield the signatures that are there with the names of their elements, in the order of signing."""
    if lists.student_signature is not None:
        yield "student-signature", lists.student_signature
    if lists.sending_hei_signature is not None:
        yield "sending-hei-signature", lists.sending_hei_signature
    if lists.receiving_hei_signature is not None:
        yield "receiving-hei-signature", lists.receiving_hei_signature


def signed_at(signature: LaSignature | None) -> datetime | None:
    """When somebody signed; a time without offset means UTC."""
    if signature is None or signature.timestamp is None:
        return None
    moment = signature.timestamp
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def signer_digest(signature: LaSignature) -> str:
    """Tell a signer again without keeping who it was: name and e-mail, whatever their case and blanks."""
    said = (
        " ".join((part or "").split()).casefold() for part in (signature.signer_name, signature.signer_email)
    )
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def in_force(la: LearningAgreement) -> EffectiveLists | None:
    """What binds; while nothing does, what is proposed."""
    return effective(la) or proposed(la)


def taught_abroad(lists: EffectiveLists) -> tuple[LaComponent, ...]:
    """The components whose results the receiving HEI certifies."""
    return tuple(each for table in ABROAD for each in lists.components(table))


def called(component: LaComponent) -> str:
    """A component's code, or its title where it has none."""
    return component.los_code or component.title


def named(components: Iterable[LaComponent]) -> str:
    """Name components in one line; of many the first."""
    return listed(called(each) for each in components)


def listed(names: Iterable[str]) -> str:
    """Name things in one line; of many the first."""
    known = list(dict.fromkeys(names))
    return ", ".join(known[:_SHOWN]) + (" …" if len(known) > _SHOWN else "")


def codes_of(component: LaComponent) -> set[str]:
    """The codes by which a component may be called elsewhere, folded: its own, and what its id ends in."""
    said = (component.los_code, (component.los_id or "").rpartition("/")[2])
    return {folded(each) for each in said if each and each.strip()}
