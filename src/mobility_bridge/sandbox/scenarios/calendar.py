"""Agreements whose time runs out. Source: agreements reference 8.3 and 8.4."""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial

from mobility_bridge.sandbox.local_records import last_day
from mobility_bridge.sandbox.scenarios.script import Pair, Script, Situation, Terms, at, year_id

WINDOWS = ((12, 18), (6, 12), (0, 6))
"""Months before the end: more than the first, at most the second."""


def play(script: Script) -> None:
    for earliest, latest in WINDOWS:
        for end, made in _endings(script):
            if months_later(script.today, earliest) < end <= months_later(script.today, latest):
                script.shows(f"expiring within {latest} months", made(latest // 6), "EXPIRING")
                break
    ended = Situation("expired", first_year=-4, last_year=-1, age_days=1500)
    script.shows(
        "expired without successor",
        script.pair("dunmore.example", Terms(fields=("0731",), places_in=5), ended),
        "EXPIRED_WITHOUT_SUCCESSOR",
    )
    one_way = script.pair("alderton.example", Terms(fields=("0731",), places_in=5, directions="out"))
    script.shows("one direction only", one_way, "ONE_DIRECTION_ONLY")


def _endings(script: Script) -> Iterator[tuple[date, Callable[[int], Pair]]]:
    """Ways to end: on a last day of August, or of December with the southern partner."""
    for offset in range(-1, 3):
        year = script.this_year + offset
        yield last_day(year_id(year)), partial(_northern, script, offset)
        yield last_day(year_id(year, southern=True)), partial(_southern, script, offset)


def _northern(script: Script, offset: int, places: int) -> Pair:
    return script.pair("dunmore.example", _architecture(places), Situation(last_year=offset))


def _southern(script: Script, offset: int, places: int) -> Pair:
    """Incoming students may come until the August before."""
    until = at(0, last_year=year_id(script.this_year + offset, southern=True))
    situation = Situation(first_year=-3, last_year=offset - 1)
    return script.pair("brava.example", _architecture(places), situation, ours=until, theirs=until)


def _architecture(places: int) -> Terms:
    return Terms(fields=("0731",), places_in=places)


def months_later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    return date(day.year + year, month + 1, min(day.day, 28))
