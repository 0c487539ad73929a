"""Which stays take a place, in which order, and whose verdict changes when one more does.

Source: EWP mobilities: reconciliation of agreement and places; EWP agreements: balance.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from mobility_bridge.domain.places import Claim, Tally
from mobility_bridge.domain.record import StayId
from mobility_bridge.domain.stay import AgreementUse, StayCase
from mobility_bridge.reconcile.agreement_use import Choice, pool_of
from mobility_bridge.reconcile.stay_days import planned_days
from mobility_bridge.reconcile.stay_state import accepted, nominated
from mobility_bridge.reconcile.stay_terms import living_exchanges

_DAYS_OF_A_MONTH = 30
_TENTH = Decimal("0.1")


def claim_of(case: StayCase, choice: Choice | None, use: AgreementUse | None) -> Claim | None:
    """The place that a stay takes; None where it takes none, or none of a known pool.

    A nomination that is pending or approved takes one. A stay without nomination does when it is accepted or in
    the registry: it is told apart, since rules about nominations do not count it.
    """
    pool = pool_of(choice) if choice is not None else None
    stay_id = case.subject.stay_id
    if choice is None or use is None or pool is None or stay_id is None or not takes_a_place(case):
        return None
    nomination = nominated(case)
    return Claim(
        stay_id=stay_id,
        pool=pool,
        direction=case.direction,
        kind=choice.wish.kind,
        nominated=nomination is not None,
        asked_at=_asked_at(case),
        months=planned_months(case),
        isced_f_code=choice.wish.isced_f_code,
        eqf_level=choice.wish.eqf_level,
        places=use.places,
        months_offered=use.months,
    )


def takes_a_place(case: StayCase) -> bool:
    """Whether a stay takes a place; when it is over, it has taken one all the same."""
    nomination = nominated(case)
    if case.deceased:
        return False
    if nomination is not None:
        return nomination.status is not None and nomination.status.is_counted
    return accepted(case) or bool(living_exchanges(case))


def planned_months(case: StayCase) -> Decimal:
    """How many months a stay is planned for: whole ones, and the days left over as thirtieths of one."""
    days = planned_days(case)
    if days.first is None or days.last is None or days.last < days.first:
        return Decimal()
    end = days.last + timedelta(days=1)
    months = (end.year - days.first.year) * 12 + end.month - days.first.month
    if end.day < days.first.day:
        months -= 1
    rest = (end - _months_after(days.first, months)).days
    return (months + Decimal(rest) / _DAYS_OF_A_MONTH).quantize(_TENTH, ROUND_HALF_UP)


def with_others(use: AgreementUse, claim: Claim | None, tally: Tally, before: int) -> AgreementUse:
    """Say how many places of the pool are taken, this one included, and after how many others it stands."""
    if claim is None or not claim.nominated:
        return use
    return replace(use, used=tally.used, place=before + 1, months_used=tally.months)


def shifted(claim: Claim, before: int) -> int | None:
    """After which place all stays move up or down by one when this claim appears or goes, and that shows.

    Of those that have a place nothing is said, so nothing changes for them. None when no claim is affected.
    """
    if not claim.nominated or claim.places is None:
        return None
    return max(before + 1, claim.places)


def told_by(tally: Tally, months_offered: Decimal | None) -> tuple[StayId, Decimal] | None:
    """The stay of which too many months are said, the one that asked last, with the months; None when it is none."""
    if months_offered is None or tally.last is None or tally.months <= months_offered:
        return None
    return tally.last, tally.months


def _asked_at(case: StayCase) -> datetime:
    """When the place was first asked for, as far as we have seen; for the registry alone its first day."""
    if case.nomination is not None:
        return case.nomination.stored.first_seen_at
    if case.application is not None:
        return case.application.stored.first_seen_at
    days = [each.first_day for each in living_exchanges(case) if each.first_day is not None]
    return datetime.combine(min(days, default=date.min), time(), UTC)


def _months_after(day: date, months: int) -> date:
    """Go forward whole months; a day that the month lacks becomes the first of the next."""
    index = day.year * 12 + day.month - 1 + months
    first, following = _first_of(index), _first_of(index + 1)
    return min(first + timedelta(days=day.day - 1), following)


def _first_of(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)
