"""What nearly every rule about a stay asks first, and how the rules speak."""

import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.support.stays import LONG_AGO, NOMINATION, PERSON, a_stay, an_incoming_stay, seen

from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.registry import STAY_RULES
from mobility_bridge.reconcile.rule import Rule
from mobility_bridge.reconcile.stay_state import accepted, active, in_question, work_out_stay, wrong_person

Make = Callable[[], StayCase]
NOT_ACTIVE: dict[str, Make] = {
    "dead": lambda: a_stay(deceased=True),
    "cancelled": lambda: a_stay(
        nomination=seen(RecordKind.NOMINATION, replace(NOMINATION, status=NominationStatus.CANCELLED))
    ),
    "long over": lambda: a_stay(now=datetime(2028, 6, 1, tzinfo=UTC)),
    "shown by nobody": lambda: a_stay(
        nomination=seen(RecordKind.NOMINATION, NOMINATION, gone_at=LONG_AGO),
        application=None,
        learning_agreement=None,
        exchange=None,
    ),
}


@pytest.mark.parametrize("make", NOT_ACTIVE.values(), ids=NOT_ACTIVE)
def test_a_stay_is_not_active(make: Make) -> None:
    assert not active(make())
    assert not in_question(work_out_stay(make()))


def test_a_stay_is_active_as_long_as_one_system_shows_it() -> None:
    assert active(a_stay())
    assert active(a_stay(nomination=None, application=None, learning_agreement=None))
    assert accepted(an_incoming_stay())


def test_what_was_worked_out_is_what_would_be_found_again() -> None:
    two = tuple(
        replace(each, person=replace(PERSON, civic_number=f"19991231999{at}"))
        for at, each in enumerate(a_stay().persons)
    )
    for case in (a_stay(), a_stay(persons=two), *(make() for make in NOT_ACTIVE.values())):
        known = work_out_stay(case)
        assert (active(known), wrong_person(known)) == (active(case), wrong_person(case))


@pytest.mark.parametrize("rule", STAY_RULES, ids=lambda rule: rule.name)
def test_every_rule_about_stays_cites_its_source_and_says_the_same_in_both_languages(
    rule: Rule[StayCase],
) -> None:
    assert "Source:" in rule.cause
    assert rule.source
    assert rule.title.en != rule.title.sv
    for text in (rule.text, rule.next_step):
        assert _names(text.en) == _names(text.sv)
        assert text.en != text.sv
    assert "mobility-bridge " in rule.next_step.en


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in STAY_RULES}) == len(STAY_RULES)
