"""One student's stay as a line of steps, each on its day and in the systems that it is done in.

A life is written in perfect order by `outgoing` or `incoming`; a story puts one thing out of order: it leaves a
step out, moves it, puts another in its place, or adds one. Steps that lie in the future are not played, so a life
is as far as it is on the scenario's day.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from mobility_bridge.sandbox import mobility_online_acts, student_acts
from mobility_bridge.sandbox.cast import EVERYBODY, Hei
from mobility_bridge.sandbox.ladok_acts import PERSON_IN_CHARGE
from mobility_bridge.sandbox.ladok_acts import perform as perform_in_ladok
from mobility_bridge.sandbox.ladok_events import Scene
from mobility_bridge.sandbox.ladok_numbers import Term, civic_number
from mobility_bridge.sandbox.ladok_seed import agreement_with, occasion_of
from mobility_bridge.sandbox.ladok_world import Admission, Occasion
from mobility_bridge.sandbox.mobility_online_students import MoApplication
from mobility_bridge.sandbox.student_stays import Course
from mobility_bridge.sandbox.students import Stay
from mobility_bridge.sandbox.world import World

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_OFFICE_OPENS: Final = time(9, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented. `serial` (0 to 999) goes into every number that the person is given."""

    given_names: str
    family_name: str
    born: date
    serial: int
    woman: bool = True
    citizenship: str = "SE"


@dataclass(slots=True)
class Life:
    """One student, one stay. `steps` are played in the order of their days, then as they were added.

    `courses` are those abroad (of an incoming student: ours), `recognized` what they count for at home; each is
    (code, title, credits). `leaves_on` is the first day where it is not that of our term. `early` days are gained on the usual days for everything before the stay.
    """

    omobility_id: str
    person: Person
    partner: str
    term: Term
    today: date
    outgoing: bool = True
    whole_year: bool = False
    early: int = 0
    courses: tuple[Course, ...] = ()
    recognized: tuple[Course, ...] = ()
    steps: dict[str, "Step"] = field(default_factory=dict)
    application_id: int | None = None
    leaves_on: date | None = None

    @property
    def hei(self) -> Hei:
        return EVERYBODY[self.partner]

    @property
    def first_day(self) -> date:
        return self.leaves_on or self.term.first_day

    @property
    def last_day(self) -> date:
        return (self.term.following if self.whole_year else self.term).last_day

    @property
    def terms(self) -> tuple[Term, ...]:
        return (self.term, self.term.following) if self.whole_year else (self.term,)

    def starting(self, days: int) -> date:
        """A day counted from the first one; those before it come earlier for the early ones."""
        return self.first_day + timedelta(days=days - (self.early if days < 0 else 0))

    def ending(self, days: int) -> date:
        return self.last_day + timedelta(days=days)

    def ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def add(self, name: str, on: date, happen: "Happen") -> "Life":
        """One more step; it takes the place of an earlier one with the same name."""
        self.steps[name] = Step(name, on, happen)
        return self

    def skip(self, *names: str) -> "Life":
        """Leave steps out. The names must exist, so that nobody leaves out what was renamed."""
        for name in names:
            del self.steps[name]
        return self

    def stop_before(self, name: str) -> "Life":
        """Leave a step and all that follow it out."""
        names = list(self.steps)
        return self.skip(*names[names.index(name) :])

    def move(self, name: str, on: date) -> "Life":
        self.steps[name] = replace(self.steps[name], on=on)
        return self

    def instead(self, name: str, happen: "Happen") -> "Life":
        """Do something else in a step's place, on its day."""
        self.steps[name] = replace(self.steps[name], happen=happen)
        return self

    def then(self, name: str, happen: "Happen") -> "Life":
        """Do something more at the end of a step."""
        before = self.steps[name].happen

        def both(moment: "Moment") -> None:
            before(moment)
            happen(moment)

        return self.instead(name, both)


@dataclass(slots=True)
class Moment:
    """One student at one moment: what can be done, and what there is."""

    world: World
    life: Life
    at: datetime

    def student(self, act: str, **said: Any) -> Stay:
        """Do one of `student_acts` to this stay."""
        return student_acts.perform(
            self.world, self.at, act, {"omobility_id": self.life.omobility_id, **said}
        )

    def office(self, act: str, **said: Any) -> Any:
        """Do one of `mobility_online_acts` to this stay's application."""
        if self.life.application_id is not None:
            said = {"application_id": self.life.application_id, **said}
        return mobility_online_acts.perform(self.world, self.at, act, said)

    def ladok(self, act: str, **said: Any) -> Any:
        """Do one of `ladok_acts`."""
        ladok = self.world.ladok
        scene = Scene(ladok, self.at, f"{PERSON_IN_CHARGE}@{ladok.code}")
        return perform_in_ladok(scene, act, {name: each for name, each in said.items() if each is not None})

    @property
    def stay(self) -> Stay:
        return self.world.stays.stay(self.life.omobility_id)

    @property
    def application(self) -> MoApplication:
        assert self.life.application_id is not None
        return self.world.mobility_online.application(self.life.application_id)

    @property
    def ladok_uid(self) -> str:
        uid = self.stay.ladok_uid
        assert uid is not None, f"{self.life.omobility_id} is not in Ladok"
        return uid

    @property
    def number(self) -> str:
        """The number in Ladok: a personnummer or an interim one."""
        return self.world.ladok.person(self.ladok_uid).number

    def occasion(
        self, hei: Hei | None = None, first: date | None = None, last: date | None = None
    ) -> Occasion:
        """The exchange occasion of this stay, or the one with another partner or of other days."""
        agreement = agreement_with(self.world.ladok, hei or self.life.hei, self.at)
        days = (first or self.life.term.first_day).isoformat(), (last or self.life.last_day).isoformat()
        direction = "outgoing" if self.life.outgoing else "incoming"
        return occasion_of(self.world.ladok, agreement, direction, days, self.at)

    @property
    def exchange(self) -> Admission:
        """The admission to an exchange occasion that counts now."""
        return next(each for each in self._living if each.within is None)

    @property
    def inside(self) -> list[Admission]:
        """The admissions inside the exchange: commitments of who goes out, courses of who comes in."""
        return [each for each in self._living if each.within is not None]

    @property
    def _living(self) -> list[Admission]:
        return [each for each in self.world.ladok.admissions_of(self.ladok_uid) if each.live]


Happen = Callable[[Moment], object]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one student on one day."""

    name: str
    on: date
    happen: Happen

    @property
    def at(self) -> datetime:
        return datetime.combine(self.on, _OFFICE_OPENS)


@dataclass(slots=True)
class Diary:
    """Everybody's steps in the order of time; each is played once."""

    lives: list[Life] = field(default_factory=list)
    _played: datetime = _NEVER

    def play(self, world: World, until: datetime) -> set[str]:
        """Play what lies after the last time and not after `until`; say which mobilities it was about."""
        due = [
            (step.at, number, place, life, step)
            for number, life in enumerate(self.lives)
            for place, step in enumerate(life.steps.values())
            if self._played < step.at <= until
        ]
        for at, number, _, life, step in sorted(due, key=lambda each: each[:3]):
            # Nobody does two things at once, and nobody's events hide behind another's.
            step.happen(Moment(world, life, at + timedelta(seconds=number)))
        self._played = until
        return {life.omobility_id for _, _, _, life, _ in due}


def number_of(person: Person) -> str:
    """The personnummer that everybody gives this person."""
    return civic_number(person.born, person.serial - person.serial % 2 + (0 if person.woman else 1))
