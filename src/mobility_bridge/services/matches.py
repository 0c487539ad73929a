"""A named person says whether two students are one. Nobody else joins two people."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from mobility_bridge.errors import UsageError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.students import Match, MatchState
from mobility_bridge.services.context import Context
from mobility_bridge.services.subjects import student_key

Decision: TypeAlias = Callable[[UnitOfWork, datetime], Match]

_LIST = "Run: mobility-bridge students match list --state all"


async def confirm_match(context: Context, match_id: int, *, by: str, reason: str) -> Match:
    """They are one person: the second student joins the first, until somebody undoes it.

    Raises:  UsageError when there is no such proposal, or its state forbids it.
    """

    def work(uow: UnitOfWork, now: datetime) -> Match:
        match = _in_state(uow, match_id, MatchState.PROPOSED)
        one, other = uow.students.current(match.one), match.other
        if uow.students.current(other) != other:
            raise UsageError(
                f"{other} has become part of {uow.students.current(other)} since this was proposed",
                next_step=f"Run: mobility-bridge students show {uow.students.current(other)}",
            )
        if one == other:
            raise UsageError(f"{match.one} and {other} are one student already", next_step=_LIST)
        uow.students.merge(one, other, now)
        return _decided(uow, match, MatchState.CONFIRMED, by, reason, now)

    return await _carry_out(context, work)


async def reject_match(context: Context, match_id: int, *, by: str, reason: str) -> Match:
    """They are two people: the pair is not proposed again.

    Raises:  UsageError when there is no such proposal, or its state forbids it.
    """

    def work(uow: UnitOfWork, now: datetime) -> Match:
        match = _in_state(uow, match_id, MatchState.PROPOSED)
        return _decided(uow, match, MatchState.REJECTED, by, reason, now)

    return await _carry_out(context, work)


async def undo_match(context: Context, match_id: int, *, by: str, reason: str) -> Match:
    """Take a decision back: who was joined is two students again, and the proposal is open.

    The reason kept tells the decision that was taken back, too.

    Raises:  UsageError when there is no such proposal, or nothing was decided.
    """

    def work(uow: UnitOfWork, now: datetime) -> Match:
        match = _in_state(uow, match_id, MatchState.CONFIRMED, MatchState.REJECTED)
        if match.state is MatchState.CONFIRMED:
            uow.students.split(match.other, now)
        former = f"{match.state} by {match.decided_by}: {match.reason}"
        return _decided(uow, match, MatchState.PROPOSED, by, f"{reason} (undone: {former})", now)

    return await _carry_out(context, work)


def _in_state(uow: UnitOfWork, match_id: int, *states: MatchState) -> Match:
    match = next((each for each in uow.students.matches(limit=1_000_000) if each.match_id == match_id), None)
    if match is None:
        raise UsageError(f"no proposed match has the number {match_id}", next_step=_LIST)
    if match.state in states:
        return match
    if match.state is MatchState.PROPOSED:
        raise UsageError(f"nothing has been decided about match {match_id}", next_step=_LIST)
    raise UsageError(
        f"match {match_id} was {match.state} by {match.decided_by}",
        next_step=f"Take that back first: mobility-bridge students match undo {match_id}",
    )


def _decided(uow: UnitOfWork, match: Match, state: MatchState, by: str, reason: str, now: datetime) -> Match:
    done = uow.students.decide(match.match_id, state, by, reason, now)
    assert done is not None
    both = {uow.students.current(match.one), uow.students.current(match.other), match.one, match.other}
    uow.work.mark_to_compare(map(student_key, sorted(both)), now)
    return done


async def _carry_out(context: Context, work: Decision) -> Match:
    now = context.clock.now()
    match = await context.store.write(lambda uow: work(uow, now))
    context.log.event("match.decided", match_id=match.match_id, decision=match.state.value)
    return match
