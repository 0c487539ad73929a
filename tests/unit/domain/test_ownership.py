"""Who owns a fact, and what may be written: nothing until somebody says so, and never over the owner."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mobility_bridge.domain.ownership import OWNED, Ownership, System, mistakes

SHIPPED = Path(__file__).parents[3] / "config" / "ownership.toml"


def test_the_shipped_table_is_the_one_that_is_built_in() -> None:
    assert tomllib.loads(SHIPPED.read_text(encoding="utf-8")) == Ownership().rows()


def test_nothing_is_written_until_somebody_says_so() -> None:
    assert not [
        (each.path, to) for each in OWNED for to in System if Ownership().may_write(each.kind, each.field, to)
    ]


def test_what_is_switched_on_may_be_written_to_that_system_alone() -> None:
    owned = Ownership.of({"registration": {"term": {"write_to": ["ladok"]}}})
    assert owned.may_write("registration", "term", System.LADOK)
    assert not owned.may_write("registration", "term", System.PARTNER)
    assert not owned.may_write("course", "offered", System.MOBILITY_ONLINE)
    assert owned.owner("registration", "term") is System.MOBILITY_ONLINE


def test_another_owner_can_be_named() -> None:
    owned = Ownership.of({"learning_agreement": {"content": {"owner": "mobility_online"}}})
    assert owned.owner("learning_agreement", "content") is System.MOBILITY_ONLINE
    assert Ownership().owner("learning_agreement", "content") is System.DASHBOARD


def test_a_table_says_the_same_when_it_is_written_and_read_again() -> None:
    owned = Ownership.of({"registration": {"term": {"write_to": ["ladok"]}}})
    assert Ownership.of(owned.rows()).rows() == owned.rows()


@pytest.mark.parametrize(
    ("rows", "path", "wanted"),
    [
        ({"registrations": {}}, "registrations", "did you mean registration?"),
        ({"registration": {"terms": {}}}, "registration.terms", "did you mean term?"),
        ({"course": {"xyz": {}}}, "course.xyz", "expected one of offered"),
        ({"course": {"places": {"wirte_to": []}}}, "course.places.wirte_to", "did you mean write_to?"),
        (
            {"registration": {"term": {"owner": "partner"}}},
            "registration.term.owner",
            "one of mobility_online",
        ),
        (
            {"registration": {"term": {"write_to": "ladok"}}},
            "registration.term.write_to",
            "a list of systems",
        ),
        (
            {"registration": {"term": {"write_to": ["dashboard"]}}},
            "registration.term.write_to",
            "one of ladok",
        ),
        ({"arrival": {"dates": {"write_to": ["partner"]}}}, "arrival.dates.write_to", "anywhere"),
        (
            {"registration": {"term": {"owner": "ladok", "write_to": ["ladok"]}}},
            "registration.term.write_to",
            "nobody corrects the owner",
        ),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_path(rows: Any, path: str, wanted: str) -> None:
    found = list(mistakes(rows))
    assert [each[0] for each in found] == [path]
    assert wanted in found[0][2]
    with pytest.raises(ValueError, match=path):
        Ownership.of(rows)


def test_a_field_that_does_not_exist_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        Ownership().may_write("course", "colour", System.MOBILITY_ONLINE)
