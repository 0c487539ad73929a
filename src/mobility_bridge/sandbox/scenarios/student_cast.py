"""Who goes and who comes: people with invented names, numbered so that nobody is like anybody else."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.ladok_numbers import Term
from mobility_bridge.sandbox.scenarios.student_life import Life, Person
from mobility_bridge.sandbox.scenarios.student_steps import incoming, outgoing

_WOMEN: Final = (
    "Alvira", "Bentilda", "Corvina", "Dagrunn", "Eldrida", "Fiolina", "Gundela", "Hildira", "Isvara", "Jorunda",
    "Kaldine", "Lovenia", "Mirabet",
)  # fmt: skip
_MEN: Final = (
    "Ansvald", "Brandulf", "Cyrvin", "Dagfrid", "Embrik", "Folkvard", "Gisbrand", "Holmar", "Ingvald", "Jarlvin",
    "Kettlar", "Ludvart", "Mordin",
)  # fmt: skip
_FAMILY: Final = (
    "Askvretare", "Brusholtz", "Dimmrosén", "Ekormbeck", "Fjällquista", "Grönvretius", "Häggmossa", "Isbrytare",
    "Klintvåg", "Lavendahl", "Mörtviken", "Näverlund", "Orrspelman", "Pilbåge", "Rönnskata", "Snårvinge",
    "Tallbarre", "Utterstig", "Vassrugge", "Ängsullare", "Ödlekvist",
)  # fmt: skip
_COUNTRIES: Final = {
    "Ireland": "IE",
    "Uruguay": "UY",
    "Italy": "IT",
    "Netherlands": "NL",
    "Finland": "FI",
    "Norway": "NO",
}


def person(number: int, citizenship: str = "SE") -> Person:
    """The `number`th person; two numbers never make the same name or the same day of birth."""
    woman = number % 2 == 0
    given = (_WOMEN if woman else _MEN)[number // 2 % 13]
    return Person(
        given_names=given,
        family_name=_FAMILY[number % 21],
        born=date(2001, 1, 3) + timedelta(days=5 * number),
        serial=(100 + number * 2) % 1000 + (0 if woman else 1),
        woman=woman,
        citizenship=citizenship,
    )


@dataclass(slots=True)
class Cast:
    """Hands out people, partners and ids, in the order in which they are asked for.

    `before`, `now`, `after` and `later` are the last term, this one and the next two.
    """

    today: date
    lives: list[Life] = field(default_factory=list)

    @property
    def now(self) -> Term:
        return Term(self.today.year, autumn=self.today.month >= 8)

    @property
    def before(self) -> Term:
        now = self.now
        return Term(now.year if now.autumn else now.year - 1, autumn=not now.autumn)

    @property
    def after(self) -> Term:
        return self.now.following

    @property
    def later(self) -> Term:
        return self.after.following

    def outgoing(self, term: Term, partner: str | None = None, **more: Any) -> Life:
        """Somebody whom we send, in perfect order."""
        number = len(self.lives) + 1
        who = person(number)
        life = outgoing(
            f"NHU-OM-{number:04}", who, partner or self._partner(number), term, self.today, **more
        )
        self.lives.append(life)
        return life

    def incoming(self, term: Term, partner: str | None = None, **more: Any) -> Life:
        """Somebody who comes to us, in perfect order."""
        number = len(self.lives) + 1
        partner = partner or self._partner(number)
        hei = next(each for each in PARTNERS if each.hei_id == partner)
        who = person(number, _COUNTRIES[hei.country])
        life = incoming(f"{partner[:3].upper()}-OM-{number:04}", who, partner, term, self.today, **more)
        self.lives.append(life)
        return life

    def _partner(self, number: int) -> str:
        return PARTNERS[number % len(PARTNERS)].hei_id
