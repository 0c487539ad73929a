"""An academic year of students: those who are back, those who are away or here, and those who are to go or come."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from mobility_bridge.sandbox.cast import LISTED, PARTNERS
from mobility_bridge.sandbox.ladok_seed import agreement_with, occasion_of, seed
from mobility_bridge.sandbox.scenarios import student_turns
from mobility_bridge.sandbox.scenarios.script import Script, Situation, Terms
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_life import Diary
from mobility_bridge.sandbox.scenarios.student_steps import STUDENT_FIELD
from mobility_bridge.sandbox.world import STUDIES, World

EACH_WAY: Final = 42
"""How many go, and how many come, beside those of `student_turns`."""
_PLACES: Final = 40
_PREPARED_BEFORE: Final = timedelta(days=900)


def prepare(script: Script) -> None:
    """What is there before any student: agreements with places enough, and their occasions in Ladok."""
    for hei in PARTNERS:
        terms = Terms(STUDIES, places_out=_PLACES, places_in=_PLACES, fields=(STUDENT_FIELD,), text=_TEXT)
        script.shows(f"students {hei.hei_id}", script.pair(hei.hei_id, terms, Situation(age_days=500)))
    student_turns.conclude(script)
    _prepare_ladok(script.world, script.today)


_TEXT: Final = "Under this agreement students of all departments come and go."


def _prepare_ladok(world: World, today: date) -> None:
    at = datetime.combine(today - _PREPARED_BEFORE, time(8), UTC)
    # Events reach the feed at once: a sandbox's days are short.
    world.ladok.collector_s = 0
    seed(world.ladok, at, LISTED)
    cast = Cast(today)
    terms = (cast.before, cast.now, cast.after, cast.later, cast.later.following)
    for hei in PARTNERS:
        agreement = agreement_with(world.ladok, hei, at)
        for direction in ("outgoing", "incoming"):
            for term in terms:
                for last in (term, term.following):
                    days = term.first_day.isoformat(), last.last_day.isoformat()
                    occasion_of(world.ladok, agreement, direction, days, at)


def year_of(cast: Cast) -> None:
    """Put a whole year of students into the cast; everything about them is in order."""
    terms = (cast.before, cast.now, cast.after, cast.later)
    for number in range(EACH_WAY):
        term = terms[number // len(PARTNERS) % len(terms)]
        partner = PARTNERS[number % len(PARTNERS)].hei_id
        whole_year = term.autumn and number % 3 == 0
        # Who leaves only in a year has applied by now all the same.
        early = 170 if term == cast.later else number * 7 % 60
        cast.outgoing(term, partner, whole_year=whole_year, early=early)
        cast.incoming(term, partner, whole_year=whole_year, early=early)
    student_turns.play(cast)


def live(script: Script, cast: Cast) -> None:
    """Let everybody of a cast live, as far as each act's day."""
    diary = Diary(cast.lives)
    diary.play(script.world, _morning(script.day(1)))

    def go_on(world: World, now: datetime) -> None:
        for omobility_id in diary.play(world, _morning(now.date())) & world.stays.by_id.keys():
            # It bears the day of its step, but hosts show it from now on, and list it as changed since.
            stay = world.stays.stay(omobility_id)
            world.stays.by_id[omobility_id] = replace(stay, modified_at=now, received_at=now)

    for act in range(2, len(script.plot) + 1):
        script.then(act, "students go on", go_on)


def _morning(day: date) -> datetime:
    """What happens on a day itself is told on the next one."""
    return datetime.combine(day, time(), UTC)
