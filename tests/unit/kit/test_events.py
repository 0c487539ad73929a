"""The table of log events and the schema that is made of it."""

from typing import Any

import pytest
from tests.support.events import problems_of

from mobility_bridge.kit.events import EVENTS, allowed_fields, field_meaning, json_schema

LEVELS = {"debug", "info", "warning", "error"}
SAMPLES: dict[str, Any] = {"string": "nh-1", "integer": 3, "number": 0.41, "boolean": True}


def sample(name: str) -> dict[str, Any]:
    """A line of the event with every field that it may carry."""
    line: dict[str, Any] = {
        "timestamp": "2026-11-23T12:00:00.000000Z",
        "level": EVENTS[name].level,
        "event": name,
    }
    return line | {field: SAMPLES[field_meaning(field)[0]] for field in allowed_fields(name)}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_satisfies_the_schema_made_of_the_table(name: str) -> None:
    assert problems_of(sample(name)) == []
    few = {
        key: value for key, value in sample(name).items() if key in {"timestamp", "level", "event", "run_id"}
    }
    assert problems_of(few) == []


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_is_a_noun_and_what_happened_with_a_level_and_a_meaning(name: str) -> None:
    spec = EVENTS[name]
    noun, _, happened = name.partition(".")
    assert noun.isidentifier()
    assert happened.isidentifier()
    assert spec.level in LEVELS
    assert spec.meaning.endswith(".")
    assert len(set(spec.fields)) == len(spec.fields)


@pytest.mark.parametrize(
    "change",
    [
        {"level": "shout"},
        {"event": "agreement.eaten"},
        {"surname": "Example"},
        {"attempt": "first"},
        {"attempt": True},
        {"run_id": None},
    ],
)
def test_the_schema_refuses_a_line_that_is_not_in_the_table(change: dict[str, Any]) -> None:
    assert problems_of(sample("cnr.delivered") | change)


@pytest.mark.parametrize("key", ["timestamp", "level", "event", "run_id"])
def test_the_schema_wants_what_every_line_has(key: str) -> None:
    line = sample("cnr.delivered")
    del line[key]
    assert problems_of(line)


def test_exactly_one_variant_fits_a_line() -> None:
    schema = json_schema()
    titles = [variant["title"] for variant in schema["oneOf"]]
    assert titles == sorted(EVENTS)
    assert len({variant["properties"]["event"]["const"] for variant in schema["oneOf"]}) == len(EVENTS)
    assert all(variant["additionalProperties"] is False for variant in schema["oneOf"])


def test_no_field_is_made_for_a_person_or_a_document() -> None:
    words = {
        "name",
        "first_name",
        "surname",
        "birth",
        "email",
        "mail",
        "phone",
        "esi",
        "address",
        "body",
        "text",
    }
    fields = {field for name in EVENTS for field in allowed_fields(name)}
    assert fields & words == set()
    assert not any(word in field.split("_") for field in fields for word in words)


def test_every_field_has_a_meaning_and_is_used() -> None:
    used = {field for name in EVENTS for field in allowed_fields(name)}
    for field in used:
        kind, meaning = field_meaning(field)
        assert kind in SAMPLES
        assert meaning.endswith(".")


def test_an_unknown_event_has_no_fields() -> None:
    with pytest.raises(KeyError):
        allowed_fields("agreement.eaten")
