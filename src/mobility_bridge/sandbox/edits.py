"""What can happen to the world: each function is one event on one side, and moves that side's clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.world import Condition, Copy, PartnerApproval, PartnerCopy, World


def rewrite_ours(world: World, iia_id: str, change: Callable[[Copy], Copy], now: datetime) -> None:
    """Somebody edits one of our agreements in Mobility-Online; the partner's approval falls away with it.

    Unless the partner's approval follows whatever we do.
    """
    ours = world.ours[iia_id]
    copy = change(ours.copy)
    old, new = hash_of(ours.copy), hash_of(copy)
    changed = replace(ours, copy=copy, modified_on=now)
    if new != old:
        approval = world.partner_approvals(ours.partner_hei_id).get(iia_id)
        follows = approval is not None and approval.follows
        changed = replace(
            changed,
            earlier_hashes=(old, *ours.earlier_hashes),
            partner_approval=ours.partner_approval and follows,
        )
    world.ours[iia_id] = changed


def record_ours(world: World, iia_id: str, now: datetime, **changes: Any) -> None:
    """Somebody changes what Mobility-Online keeps beside the terms: a status, an approval, a remark."""
    world.ours[iia_id] = replace(world.ours[iia_id], modified_on=now, **changes)


def conclude(world: World, iia_id: str, theirs: Copy, now: datetime) -> None:
    """The partner shows its copy, ours names it, and both approve what the other shows."""
    hei_id = world.ours[iia_id].partner_hei_id
    named: dict[str, Any] = {
        "other_iia_id": theirs.iia_id,
        "other_iia_code": theirs.iia_code,
        "in_effect": True,
    }
    rewrite_ours(world, iia_id, lambda copy: replace(copy, **named), now)
    add_theirs(world, hei_id, replace(theirs, in_effect=True), now)
    record_ours(world, iia_id, now, status="ACTIVE", own_approval=True)
    approve(world, iia_id)


def withdraw_ours(world: World, iia_id: str) -> None:
    """Somebody deletes one of our agreements."""
    del world.ours[iia_id]


def rewrite_theirs(
    world: World, hei_id: str, iia_id: str, change: Callable[[Copy], Copy], now: datetime
) -> None:
    """The partner edits its copy."""
    theirs = world.partner_copies(hei_id)
    theirs[iia_id] = replace(theirs[iia_id], copy=change(theirs[iia_id].copy), modified_at=now)


def renumber_theirs(world: World, hei_id: str, iia_id: str, new_id: str, now: datetime) -> None:
    """The partner imports its copy anew, under another id."""
    theirs = world.partner_copies(hei_id)
    old = theirs.pop(iia_id)
    theirs[new_id] = replace(old, copy=replace(old.copy, iia_id=new_id), modified_at=now)


def add_theirs(world: World, hei_id: str, copy: Copy, now: datetime) -> None:
    """The partner has a copy more."""
    world.partner_copies(hei_id)[copy.iia_id] = PartnerCopy(copy, now)


def treat_theirs(world: World, hei_id: str, iia_id: str, now: datetime, **changes: Any) -> None:
    """The partner's system treats its copy in another way."""
    theirs = world.partner_copies(hei_id)
    theirs[iia_id] = replace(theirs[iia_id], modified_at=now, **changes)


def withdraw_theirs(world: World, hei_id: str, iia_id: str) -> None:
    """The partner deletes its copy."""
    del world.partner_copies(hei_id)[iia_id]


def approve(world: World, iia_id: str) -> None:
    """The partner approves our copy as it is now, and Mobility-Online learns of it."""
    ours = world.ours[iia_id]
    approval = PartnerApproval(iia_id, hash_of(ours.copy))
    world.partner_approvals(ours.partner_hei_id)[iia_id] = approval
    world.ours[iia_id] = replace(ours, partner_approval=True)


def withdraw_approval(world: World, iia_id: str) -> None:
    """The partner no longer names its approval of our copy; Mobility-Online does not notice."""
    world.partner_approvals(world.ours[iia_id].partner_hei_id).pop(iia_id, None)


def notified(world: World, hei_id: str, iia_id: str, now: datetime) -> bool:
    """The partner learns that our copy changed, and reads it; True when its own copy changes by that.

    A correct system adds our id to the copy that ours is linked to; one that mirrors also takes our terms.
    """
    ours = world.ours.get(iia_id)
    if ours is None or ours.partner_hei_id != hei_id or ours.copy.other_iia_id is None:
        return False
    theirs = world.partner_copies(hei_id)
    linked = theirs.get(ours.copy.other_iia_id)
    if linked is None:
        return False
    copy = linked.copy
    if copy.other_iia_id is None:
        copy = replace(copy, other_iia_id=iia_id, other_iia_code=ours.copy.iia_code)
    if linked.mirrors:
        copy = replace(copy, conditions=ours.copy.conditions)
    if copy == linked.copy:
        return False
    theirs[copy.iia_id] = replace(linked, copy=copy, modified_at=now)
    return True


def condition_at(position: int, change: Callable[[Condition], Condition]) -> Callable[[Copy], Copy]:
    """A change of one condition of a copy."""

    def changed(copy: Copy) -> Copy:
        conditions = list(copy.conditions)
        conditions[position] = change(conditions[position])
        return replace(copy, conditions=tuple(conditions))

    return changed
