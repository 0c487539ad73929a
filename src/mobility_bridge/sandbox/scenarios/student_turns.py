"""What happens to some students of every year, and is in order all the same: every system hears of it.

Two go with the Civis alliance, on its central agreement; one stays for another term; one breaks off; and one each
way withdraws before the start.
"""

from datetime import timedelta
from typing import Final

from mobility_bridge.sandbox.ladok_numbers import Term
from mobility_bridge.sandbox.mobility_online_students import year_text
from mobility_bridge.sandbox.scenarios.script import Script, Terms
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_life import Life, Moment
from mobility_bridge.sandbox.scenarios.student_steps import (
    ABROAD,
    ABROAD_LATER,
    AT_HOME,
    AT_HOME_LATER,
    STUDENT_FIELD,
    applies,
    in_terms,
    proposes,
)
from mobility_bridge.sandbox.world import STUDIES

CIVIS_PARTNER: Final = "fjordal.example"
_CIVIS_FIELD: Final = "0288"
_STAYS_AFTER: Final = 25
"""Days after the first one on which a student asks for another term: changes are due within five weeks."""


def conclude(script: Script) -> None:
    """The central agreement of the alliance: for all departments, few places."""
    terms = Terms(
        STUDIES,
        places_out=4,
        places_in=4,
        fields=(STUDENT_FIELD, _CIVIS_FIELD),
        text="The central agreement of the Civis alliance, for all departments.",
    )
    script.shows("civis", script.pair(CIVIS_PARTNER, terms))


def play(cast: Cast) -> None:
    for _ in range(2):
        _with_civis(cast.outgoing(cast.now, CIVIS_PARTNER))
    _stays_another_term(cast)
    _breaks_off(cast.outgoing(cast.now, "alderton.example"))
    _withdraws(cast.outgoing(cast.after, "dunmore.example").stop_before("registered"))
    _withdraws(cast.incoming(cast.after, "eskil.example").stop_before("chosen"))


def _with_civis(life: Life) -> None:
    def nominated(moment: Moment) -> None:
        central = next(
            each
            for each in moment.world.our_agreements(CIVIS_PARTNER)
            if any(field.code == _CIVIS_FIELD for one in each.copy.conditions for field in one.fields)
        )
        ids = {"sending_iia_id": central.iia_id, "receiving_iia_id": central.copy.other_iia_id}
        moment.student("change_nomination", keep_status=True, **ids)
        moment.office("change_application", programme="CIVIS")

    life.then("applied", nominated)


def _stays_another_term(cast: Cast) -> None:
    """Nominated, admitted and signed for an autumn; all of it is prolonged to the spring."""
    autumn = cast.now if cast.now.autumn else cast.before
    life = cast.outgoing(autumn, "cedrona.example", whole_year=True)
    first, *_ = life.terms
    life.instead("applied", lambda m: applies(m, whole_year=False))
    life.instead("proposed", _proposes_one_term)
    life.instead("admitted", lambda m: _admitted_for(m, first))
    life.add("prolonged", life.starting(_STAYS_AFTER), _prolonged)


def _proposes_one_term(moment: Moment) -> None:
    proposes(
        moment,
        courses=in_terms(moment.life, (*ABROAD, *ABROAD_LATER), moment.life.hei)[: len(ABROAD)],
        recognized=AT_HOME,
    )
    moment.office("choose_courses", courses=ABROAD)


def _admitted_for(moment: Moment, term: Term) -> None:
    occasion = moment.occasion(None, term.first_day, term.last_day)
    moment.ladok("admit", student_uid=moment.ladok_uid, occasion_uid=occasion.uid)


def _prolonged(moment: Moment) -> None:
    life = moment.life
    later = in_terms(life, (*ABROAD, *ABROAD_LATER), life.hei)[len(ABROAD) :]
    moment.student("change_dates", ends_on=life.last_day.isoformat())
    moment.student(
        "change_la",
        insert=later,
        recognize=[(*each[:3], "2/2") for each in AT_HOME_LATER],
        inserted="extending-mobility",
    )
    moment.student("approve_la")
    moment.office(
        "change_application",
        ends_on=life.last_day.isoformat(),
        extended=True,
        semester=year_text(life.term.year),
    )
    moment.office("choose_courses", courses=[each[:3] for each in life.courses])
    moment.ladok("change_occasion", admission_uid=moment.exchange.uid, occasion_uid=moment.occasion().uid)


def _breaks_off(life: Life) -> None:
    """The student goes home weeks before the end: late enough for a stay that counts."""
    last = life.first_day + timedelta(days=75 if life.term.autumn else 125)

    def happen(moment: Moment) -> None:
        moment.ladok("interrupt", admission_uid=moment.exchange.uid, on=last.isoformat())
        moment.student("change_dates", ends_on=last.isoformat())
        moment.student("depart", on=last.isoformat())
        moment.office("change_application", ends_on=last.isoformat())

    life.stop_before("departed").add("broken off", last + timedelta(days=1), happen)


def _withdraws(life: Life) -> None:
    def happen(moment: Moment) -> None:
        moment.ladok("withdraw", admission_uid=moment.exchange.uid)
        moment.student("cancel")
        moment.office("cancel_application")

    life.add("withdrew", life.starting(-80), happen)
