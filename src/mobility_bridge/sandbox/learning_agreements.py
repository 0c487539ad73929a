"""A learning agreement as its sending university keeps it, and what may become of it.

Every function gives a new agreement or raises WrongStateError; nobody else changes one.

Source: EWP mobilities: learning agreement lifecycle 3.1 to 3.6 (states L0 to L9 and LX), element tables 2.1.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from mobility_bridge.errors import UsageError

State: TypeAlias = Literal["L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "LX"]
VISIBLE: Final = frozenset({"L2", "L4", "L5", "L6", "L7", "L8", "L9"})
"""The states in which the receiving university sees something."""
OPEN: Final = frozenset({"L2", "L6"})
"""The states in which the receiving university is to decide."""
APPLICATION: Final = "Sandbox outbound desk"


class WrongStateError(UsageError):
    """The agreement's state forbids what was asked for."""


@dataclass(frozen=True, slots=True)
class Component:
    """One course. `term` is (number, of how many); `credits` is written as it stands, None if there are none."""

    title: str
    code: str | None = None
    credits: str | None = "7.5"
    term: tuple[int, int] | None = (1, 2)
    scheme: str = "ects"
    los_id: str | None = None
    loi_id: str | None = None
    conditions: str | None = None
    description: str | None = None
    status: Literal["inserted", "deleted"] | None = None
    reason_code: str | None = None
    reason_text: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, and when; a student's has no name."""

    at: datetime
    name: str | None = None
    position: str | None = None
    email: str | None = None
    application: str | None = APPLICATION


@dataclass(frozen=True, slots=True)
class Lists:
    """The component lists; None is a list that is left out, which is not an empty one."""

    studied: tuple[Component, ...] | None = None
    recognized: tuple[Component, ...] | None = None
    virtual: tuple[Component, ...] | None = None
    blended: tuple[Component, ...] | None = None
    doctoral: tuple[Component, ...] | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """Lists with the signatures under them."""

    lists: Lists
    student: Signature
    sending: Signature
    receiving: Signature | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What waits for the receiving university. `student_changes` are (element, new value) of important data."""

    proposal_id: str
    version: Version
    student_changes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A comment: why a proposal was not accepted. It is kept, and never shown in a document."""

    proposal_id: str
    comment: str
    signature: Signature


@dataclass(frozen=True, slots=True)
class LearningAgreement:
    """One agreement with its versions. `decided` are the ids of proposals that are no longer open."""

    state: State = "L0"
    first: Version | None = None
    changes: Version | None = None
    proposal: Proposal | None = None
    draft: Lists | None = None
    student_signed: Signature | None = None
    refusals: tuple[Refusal, ...] = ()
    decided: tuple[str, ...] = ()

    @property
    def visible(self) -> bool:
        return self.state in VISIBLE

    @property
    def mobility_type(self) -> str:
        """`semester`, `blended` or `doctoral`, after the lists."""
        versions = [self.first, self.proposal.version if self.proposal else None]
        lists = next((each.lists for each in versions if each is not None), None)
        if lists is not None and lists.blended is not None:
            return "blended"
        return "doctoral" if lists is not None and lists.doctoral is not None else "semester"


def draft(la: LearningAgreement, lists: Lists) -> LearningAgreement:
    """The student or the sending university edits the next version."""
    after: dict[str, State] = {
        "L0": "L0",
        "L3": "L0",
        "L4": "L5",
        "L5": "L5",
        "L7": "L5",
        "L8": "L5",
        "L9": "L5",
    }
    if la.state not in after:
        raise WrongStateError(f"an agreement in state {la.state} is not edited")
    return replace(la, state=after[la.state], draft=lists, student_signed=None)


def sign_as_student(la: LearningAgreement, at: datetime) -> LearningAgreement:
    if la.draft is None:
        raise WrongStateError("there is nothing to sign")
    return replace(la, state="L1" if la.first is None else "L5", student_signed=Signature(at))


def sign_as_sender(
    la: LearningAgreement, signature: Signature, student_changes: tuple[tuple[str, str], ...] = ()
) -> LearningAgreement:
    """The sending university signs: from now on the receiving one sees a proposal."""
    if la.draft is None or la.student_signed is None:
        raise WrongStateError("the student signs first")
    version = Version(la.draft, la.student_signed, signature)
    proposal = Proposal(_proposal_id(version, student_changes), version, student_changes)
    state: State = "L2" if la.first is None else "L6"
    gone = (*la.decided, la.proposal.proposal_id) if la.proposal else la.decided
    return replace(la, state=state, proposal=proposal, draft=None, student_signed=None, decided=gone)


def propose(
    la: LearningAgreement, lists: Lists, student_at: datetime, sender: Signature
) -> LearningAgreement:
    """Edit, sign and sign: everything up to the receiving university's decision; replaces an open proposal."""
    if la.state in OPEN:
        la = withdraw(la)
    return sign_as_sender(sign_as_student(draft(la, lists), student_at), sender)


def approve(la: LearningAgreement, proposal_id: str, signature: Signature) -> LearningAgreement:
    """The receiving university signs. Raises WrongStateError unless that proposal is the open one."""
    proposal = _open(la, proposal_id)
    version = replace(proposal.version, receiving=signature)
    decided = (*la.decided, proposal_id)
    if la.first is None:
        return replace(la, state="L4", first=version, proposal=None, decided=decided)
    return replace(la, state="L7", changes=version, proposal=None, decided=decided)


def refuse(la: LearningAgreement, proposal_id: str, comment: str, signature: Signature) -> LearningAgreement:
    """The receiving university comments. Raises WrongStateError unless that proposal is the open one."""
    _open(la, proposal_id)
    return replace(
        la,
        state="L3" if la.first is None else "L8",
        proposal=None,
        refusals=(*la.refusals, Refusal(proposal_id, comment, signature)),
        decided=(*la.decided, proposal_id),
    )


def withdraw(la: LearningAgreement) -> LearningAgreement:
    """The student or the sending university takes an open proposal back."""
    if la.proposal is None:
        raise WrongStateError("there is no proposal")
    settled: State = "L7" if la.changes is not None else "L4"
    state: State = "L0" if la.first is None else settled
    decided = (*la.decided, la.proposal.proposal_id)
    return replace(la, state=state, proposal=None, decided=decided)


def close(la: LearningAgreement) -> LearningAgreement:
    """The mobility has ended; no more versions are expected."""
    if la.state not in ("L4", "L7"):
        raise WrongStateError(f"an agreement in state {la.state} is not closed")
    return replace(la, state="L9")


def delete(la: LearningAgreement) -> LearningAgreement:
    """Delete an agreement that not all three have signed."""
    if la.first is not None:
        raise WrongStateError("an agreement that all three have signed stays")
    return replace(la, state="LX", proposal=None, draft=None)


def effective(la: LearningAgreement) -> Lists:
    """The binding content: the first version with the approved changes merged in."""
    if la.first is None:
        return Lists()
    changes = la.changes.lists if la.changes else Lists()
    merged = {
        name: _merged(getattr(la.first.lists, name), getattr(changes, name))
        for name in Lists.__dataclass_fields__
    }
    return Lists(**merged)


def _merged(
    first: tuple[Component, ...] | None, changes: tuple[Component, ...] | None
) -> tuple[Component, ...] | None:
    if changes is None:
        return first
    kept = list(first or ())
    for each in changes:
        if each.status == "deleted":
            match = next((one for one in kept if _same(one, each)), None)
            if match is not None:
                kept.remove(match)
    inserted = [e for e in changes if e.status == "inserted"]
    return (*kept, *(replace(e, status=None, reason_code=None, reason_text=None) for e in inserted))


def _same(one: Component, other: Component) -> bool:
    if one.loi_id and other.loi_id:
        return (one.los_id, one.loi_id) == (other.los_id, other.loi_id)
    if one.code and other.code:
        return (one.code.casefold(), one.term) == (other.code.casefold(), other.term)
    return (one.title, one.term, one.credits) == (other.title, other.term, other.credits)


def _open(la: LearningAgreement, proposal_id: str) -> Proposal:
    if la.proposal is None or la.proposal.proposal_id != proposal_id:
        raise WrongStateError("this proposal is not the current one")
    return la.proposal


def _proposal_id(version: Version, student_changes: tuple[tuple[str, str], ...]) -> str:
    """It changes exactly when the proposal does, signatures included."""
    return hashlib.sha256(repr((version, student_changes)).encode()).hexdigest()[:40]
