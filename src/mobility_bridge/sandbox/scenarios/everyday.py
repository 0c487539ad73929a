"""The majority: agreements on which both sides agree, in every state that an agreement can be in."""

from dataclasses import dataclass, replace

from mobility_bridge.sandbox.cast import PARTNERS, Hei
from mobility_bridge.sandbox.scenarios.script import Script, Situation, Terms
from mobility_bridge.sandbox.world import STUDIES, TEACHING, TRAINEESHIP, TRAINING


@dataclass(frozen=True, slots=True)
class Department:
    """Who at our university runs an agreement: its field, and the level it asks for."""

    name: str
    field: str
    level: str
    levels: tuple[str, ...]


_DEPARTMENTS = (
    Department("Economics", "0311", "B2", ("6", "7")),
    Department("Law", "0421", "C1", ("7",)),
    Department("Literature", "0232", "B2", ("6",)),
    Department("Computer science", "0613", "B1", ("6", "7", "8")),
    Department("Medicine", "0912", "B2", ("7",)),
    Department("Physics", "0533", "B1", ("6", "7", "8")),
    Department("History", "0222", "B1", ("6",)),
    Department("Mathematics", "0541", "B1", ("6", "7")),
    Department("Political science", "0312", "B2", ("6", "7")),
    Department("Environmental science", "0521", "B1", ("7", "8")),
)
_TEXT = "Nominations reach us by 15 April for the autumn term and by 15 October for the spring term."


def play(script: Script) -> None:
    for number, hei in enumerate(PARTNERS):
        _studies(script, hei, number)
        _work_and_staff(script, hei, number)
        _states(script, hei)


def _studies(script: Script, hei: Hei, number: int) -> None:
    for place in range(6):
        department = _DEPARTMENTS[(number * 3 + place) % len(_DEPARTMENTS)]
        terms = Terms(
            STUDIES,
            places_out=2 + place % 3,
            places_in=3 + (place + number) % 2,
            fields=(department.field,),
            languages=(("en", department.level),),
            levels=department.levels,
            text=_TEXT if place % 2 else None,
        )
        pair = script.pair(hei.hei_id, terms, Situation(age_days=200 + 30 * place))
        pair.keep_ours(coordinator=f"Department of {department.name}")
        script.shows(f"studies {department.name} {hei.hei_id}", pair)


def _work_and_staff(script: Script, hei: Hei, number: int) -> None:
    department = _DEPARTMENTS[number]
    field = (department.field,)
    teaching = Terms(TEACHING, places_out=1, places_in=2, fields=field, languages=(("en", "C1"),))
    training = Terms(TRAINING, places_out=2, places_in=1, fields=(), languages=())
    trainees = Terms(TRAINEESHIP, fields=field, levels=("7",))
    studies = Terms(STUDIES, places_out=4, places_in=4, fields=field, levels=department.levels)
    for name, terms in (
        ("teaching", [teaching]),
        ("training", [training]),
        ("traineeships", [trainees]),
        ("staff", [teaching, training]),
        ("everything", [studies, trainees, teaching, training]),
    ):
        script.shows(f"{name} {hei.hei_id}", script.pair(hei.hei_id, terms))


def _states(script: Script, hei: Hei) -> None:
    """Agreements that are not in force, or no longer, and nothing is wrong with that."""
    music, fresh = Terms(fields=("0215",)), Situation("offered", first_year=1, age_days=1)
    script.shows(f"draft {hei.hei_id}", script.pair(hei.hei_id, music, Situation("draft", age_days=4)))
    offered = script.pair(hei.hei_id, Terms(fields=("0213",)), fresh)
    offered.concludes(2)
    script.shows(f"offered {hei.hei_id}", replace(offered, more_partner_iia_ids=(offered.partner_iia_id,)))
    mapped = script.pair(hei.hei_id, Terms(fields=("0314",)), Situation("mapped", first_year=1, age_days=1))
    mapped.concludes(2)
    script.shows(f"mapped {hei.hei_id}", mapped)
    script.shows(
        f"terminated {hei.hei_id}",
        script.pair(hei.hei_id, Terms(fields=("0531",)), Situation("terminated", age_days=400)),
    )
    old = Situation("expired", first_year=-4, last_year=-2, age_days=1500)
    chemistry = Terms(STUDIES, fields=("0532",))
    script.shows(f"expired and renewed {hei.hei_id}", script.pair(hei.hei_id, chemistry, old))
    script.shows(f"renewal {hei.hei_id}", script.pair(hei.hei_id, chemistry, Situation(age_days=500)))
