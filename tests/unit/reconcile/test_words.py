"""Raw values become words, in both languages, and what is not there is not spoken of."""

import pytest

from mobility_bridge.domain.discrepancy import Text
from mobility_bridge.reconcile.words import NOTHING, filled, said

HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("local", "", NOTHING),
        ("local", "false", Text("no", "nej")),
        ("local", "13.5", Text("13.5", "13.5")),
        (
            "partner",
            "mobilities-per-year, subject-area",
            Text("number of places, field of education", "antal platser, ämnesområde"),
        ),
        ("field", "total-days-per-year", Text("days per year", "dagar per år")),
        (
            "reason",
            "http_5xx, timeout",
            Text("an error on its side, no answer in time", "fel på dess sida, inget svar i tid"),
        ),
        ("reason", "kept_last_good", Text("kept_last_good", "kept_last_good")),
        ("source_name", "mobility_online", Text("Mobility-Online", "Mobility-Online")),
        ("approved", HASH, Text("0123456789ab…", "0123456789ab…")),
        ("iia_id", HASH, Text(HASH, HASH)),
        ("partner", HASH, Text(HASH, HASH)),
        ("first", "true", Text("true", "true")),
        (
            "condition",
            "staff-training a.example → b.example #2",
            Text("staff training a.example → b.example #2", "fortbildning a.example → b.example #2"),
        ),
        ("condition", "a whole new kind", Text("a whole new kind", "a whole new kind")),
    ],
)
def test_values_are_said_in_words(name: str, value: str, words: Text) -> None:
    assert said(name, value) == words


def test_what_is_in_brackets_is_left_out_without_its_values() -> None:
    template = "We have {one}[ and {two}][, at {place}]."
    words = {"one": "this", "two": "that", "place": "home"}
    assert filled(template, words, {"one": "1", "two": "2", "place": ""}) == "We have this and that."
    assert filled(template, words, {"one": "1", "place": "there"}) == "We have this, at home."


def test_brackets_in_a_value_are_its_own() -> None:
    assert filled("It says {one}.", {"one": "[{two}]"}, {"one": "[{two}]"}) == "It says [{two}]."


def test_a_sentence_about_a_condition_begins_with_a_capital_and_one_about_a_university_does_not() -> None:
    assert filled("{condition}: no.", {"condition": "studies"}, {"condition": "s"}) == "Studies: no."
    assert filled("{holder} errs.", {"holder": "a.example"}, {"holder": "a"}) == "a.example errs."
