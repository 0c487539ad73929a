"""What the configuration says of stays is what the rules use."""

from dataclasses import fields
from decimal import Decimal

import pytest
from pydantic import ValidationError
from tests.support.bridges import a_bridge

from mobility_bridge.domain.stay import StayThresholds
from mobility_bridge.settings.stay_rules import StayRulesSettings


def test_the_defaults_are_those_of_the_rules() -> None:
    assert StayThresholds(**StayRulesSettings().model_dump()) == StayThresholds()
    assert set(StayRulesSettings.model_fields) == {each.name for each in fields(StayThresholds)}


def test_every_key_says_its_unit_and_its_reason() -> None:
    for name, field in StayRulesSettings.model_fields.items():
        unit = next(word for word in ("days", "weeks", "hours", "_s", "credit") if word in name)
        said = field.description or ""
        assert {"_s": "Seconds", "credit": "ECTS credits"}.get(unit, unit.capitalize()) in said, name


def test_the_services_use_what_is_configured() -> None:
    rules = {"arrival_grace_days": 3, "term_credits": 22.5}
    context = a_bridge(students={"rules": rules}).context
    assert context.stay_thresholds == StayThresholds(arrival_grace_days=3, term_credits=Decimal("22.5"))


def test_a_key_that_does_not_exist_or_makes_no_sense_is_refused() -> None:
    for wrong in ({"arrival_days": 3}, {"heard_days": 0}, {"transfer_weeks": -1}):
        with pytest.raises(ValidationError):
            StayRulesSettings.model_validate(wrong)
