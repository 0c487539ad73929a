"""The story of the large scenario: a student is to leave in ten days, and nobody has registered her."""

from datetime import date, timedelta
from typing import Final

from mobility_bridge.sandbox.ladok_numbers import Term, term_of
from mobility_bridge.sandbox.scenarios.acts import LAST
from mobility_bridge.sandbox.scenarios.script import Script
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_life import Life, Moment

DAYS_LEFT: Final = 10
_SHORTEST_DAYS: Final = 65
_PARTNER: Final = "cedrona.example"


def play(script: Script, cast: Cast) -> None:
    """Let her come as far as the day before the last act, when our office registers her after all."""
    life = leaving(cast)
    script.then(LAST, "a student is registered", lambda world, now: _registers(Moment(world, life, now)))


def leaving(cast: Cast) -> Life:
    """A student in perfect order, but that nobody registers her."""
    first_day = cast.today + timedelta(days=DAYS_LEFT)
    term, whole_year = _when(first_day)
    life = cast.outgoing(term, _PARTNER, whole_year=whole_year, leaves_on=first_day)
    if first_day < term.first_day:
        life.instead("admitted", lambda m: _admitted_from(m, first_day))
    return life.skip("registered")


def _when(first_day: date) -> tuple[Term, bool]:
    """The term to go in: this one, while there is enough of it; a whole year from the middle of an autumn."""
    term = term_of(first_day)
    if (term.last_day - first_day).days >= _SHORTEST_DAYS:
        return term, False
    return (term, True) if term.autumn else (term.following, False)


def _admitted_from(moment: Moment, first_day: date) -> None:
    """In the summer: to an occasion that begins before the term does."""
    moment.ladok("admit", student_uid=moment.ladok_uid, occasion_uid=moment.occasion(None, first_day).uid)


def _registers(moment: Moment) -> None:
    first, *_ = moment.inside
    moment.ladok("register", admission_uid=first.uid)
