"""Agreements whose time runs out. Source: EWP agreements: places, balance, expiry, renewal."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial

from mobility_bridge.sandbox.academic_years import last_day, year_id
from mobility_bridge.sandbox.scenarios.rewrites import at
from mobility_bridge.sandbox.scenarios.script import Pair, Script, Situation, Terms

WINDOWS = ((12, 18, "0711"), (6, 12, "0713"), (0, 6, "0721"))
"""Months before the end: more than the first, at most the second; and a field that has no successor."""
_FIRST_WARNING = 18


def play(script: Script) -> None:
    for earliest, latest, field in WINDOWS:
        for end, made in _endings(script):
            if months_before(end, latest) <= script.today < months_before(end, earliest):
                script.shows(f"expiring within {latest} months", made(field), _by_act(script, end))
                break
    ended = Situation("expired", first_year=-4, last_year=-1, age_days=1500)
    script.shows(
        "expired without successor",
        script.pair("dunmore.example", Terms(fields=("0811",)), ended),
        _by_act(script, last_day(year_id(script.this_year - 1))),
    )
    one_way = script.pair("alderton.example", Terms(fields=("0812",), directions="out"))
    script.shows("one direction only", one_way, "ONE_DIRECTION_ONLY")


def _by_act(script: Script, end: date) -> dict[int, str]:
    """What an agreement without a successor shows on the day of each act."""
    return {act: _code(script.day(act), end) for act in range(1, len(script.plot) + 1)}


def _code(day: date, end: date) -> str:
    if end < day:
        return "EXPIRED_WITHOUT_SUCCESSOR"
    return "EXPIRING" if day >= months_before(end, _FIRST_WARNING) else ""


def _endings(script: Script) -> Iterator[tuple[date, Callable[[str], Pair]]]:
    """Ways to end: on a last day of August, or of December with the southern partner."""
    for offset in range(-1, 3):
        year = script.this_year + offset
        yield last_day(year_id(year)), partial(_northern, script, offset)
        yield last_day(year_id(year, southern=True)), partial(_southern, script, offset)


def _northern(script: Script, offset: int, field: str) -> Pair:
    return script.pair("dunmore.example", Terms(fields=(field,)), Situation(last_year=offset))


def _southern(script: Script, offset: int, field: str) -> Pair:
    """Incoming students may come until the August before."""
    until = at(0, last_year=year_id(script.this_year + offset, southern=True))
    situation = Situation(first_year=-3, last_year=offset - 1)
    return script.pair("brava.example", Terms(fields=(field,)), situation, ours=until, theirs=until)


def months_before(day: date, months: int) -> date:
    """Go back whole months; the end of a month stays one."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
