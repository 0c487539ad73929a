"""The catalogue of courses in Mobility-Online is written over HTTP as a list says, and never believed unseen."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.followed import Followed, followed, this_term

OWNERS = "".join(
    f'[course.{name}]\nwrite_to = ["mobility_online"]\n'
    for name in ("offered", "withdrawn", "credits", "language", "eqf_levels")
)
BOTH = {
    "MOBILITY_BRIDGE__PATHS__OWNERSHIP_FILE": "owners.toml",
    "MOBILITY_BRIDGE__ADAPTERS__MOBILITY_ONLINE__COURSE_CATALOGUE": "true",
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Followed]:
    """Two courses are to be offered; the bridge may write them."""
    (tmp_path / "owners.toml").write_text(OWNERS)
    rows = (
        "number;term;name;credits;language;eqf_levels;places\n"
        f"ZZ1101;{this_term()};Geology of the sea;7,5;en;6 7;12\n"
        f"ZZ1102;{this_term()};Ice and snow;15;en;6;\n"
    )
    (tmp_path / "courses.csv").write_text(rows)
    with followed(tmp_path, BOTH) as found:
        yield found


def typed(stage: Followed, act: str, *more: str, code: int = 0) -> Any:
    done = stage.played.command("catalogue", act, str(stage.played.folder / "courses.csv"), "--json", *more)
    assert done.code == code, done.out + done.err
    return done.json if done.out else done.err


def apply(stage: Followed, *more: str, code: int = 0) -> Any:
    return typed(stage, "apply", "--by", "kim", "--why", "the new term", *more, code=code)


def standing(stage: Followed) -> Mapping[str, Any]:
    """The courses that Mobility-Online holds, by number; two of one number fail."""
    ours = [
        each
        for each in stage.sandbox.stage.world.mobility_online.catalogue.values()
        if each.number.startswith("ZZ")
    ]
    assert len({each.number for each in ours}) == len(ours)
    return {each.number: each for each in ours}


def test_a_list_is_planned_written_and_changed(stage: Followed) -> None:
    # given
    plan = typed(stage, "plan")
    assert [(each["act"], each["number"], each["before"]) for each in plan["changes"]] == [
        ("add", "ZZ1101", None),
        ("add", "ZZ1102", None),
    ]
    assert plan["left_out"] == ["course.places"]
    assert plan == typed(stage, "apply", "--why", "asked", "--dry-run")
    shown = stage.played.command("catalogue", "plan", str(stage.played.folder / "courses.csv")).out
    assert "Stands there now" in shown
    assert standing(stage) == {}

    # when
    report = apply(stage)

    # then
    assert [each["state"] for each in report["looked_at"]] == ["done", "done"]
    made = standing(stage)
    assert (made["ZZ1101"].name, str(made["ZZ1101"].credits), made["ZZ1101"].places) == (
        "Geology of the sea",
        "7.5",
        None,
    )
    assert apply(stage)["unchanged"] == 2

    # and when one is named otherwise and the other withdrawn
    rows = f"number;term;name;withdrawn\nZZ1101;{this_term()};Marine geology;\nZZ1102;{this_term()};;yes\n"
    (stage.played.folder / "courses.csv").write_text(rows)
    changed, gone = apply(stage)["looked_at"]
    assert "Geology of the sea" in changed["before"]
    assert "Marine geology" in changed["found"]
    assert ("Ice and snow" in gone["before"], gone["field"], gone["after"]) == (True, "withdrawn", "")
    assert {number: each.name for number, each in standing(stage).items()} == {"ZZ1101": "Marine geology"}


def test_nothing_is_written_while_a_switch_is_off(stage: Followed) -> None:
    stage.played.environ = {}
    for act in (typed(stage, "plan", code=2), apply(stage, code=2)):
        assert "adapters.mobility_online.course_catalogue" in act
        assert "[course.offered]" in act
    stage.played.environ = {name: value for name, value in BOTH.items() if name.endswith("COURSE_CATALOGUE")}
    assert len(typed(stage, "plan")["off"]) == 1
    assert "[course.offered]" in apply(stage, code=2)
    assert standing(stage) == {}


def test_a_write_that_mobility_online_loses_is_said_and_made_when_asked_again(stage: Followed) -> None:
    stage.switch("mobility_online", "mo_loses_writes")
    report = apply(stage, code=3)
    assert {each["state"] for each in report["looked_at"]} == {"refuted"}
    assert standing(stage) == {}
    assert {
        each["state"] for each in stage.played.command("status", "--offline", "--json").json["writes"]
    } == {"refuted"}
    assert "refuted" in stage.played.command("status", "--offline").out
    stage.switch("mobility_online", "mo_loses_writes", on=False)
    assert {each["state"] for each in apply(stage)["looked_at"]} == {"done"}
    assert set(standing(stage)) == {"ZZ1101", "ZZ1102"}
    assert stage.played.command("status", "--offline", "--json").json["writes"] == []


def test_a_write_whose_answer_is_lost_is_found_and_not_made_twice(stage: Followed) -> None:
    stage.switch("mobility_online", "mo_swallows_write_answer")
    assert {each["state"] for each in apply(stage)["looked_at"]} == {"done"}
    stage.switch("mobility_online", "mo_swallows_write_answer", on=False)
    assert apply(stage)["unchanged"] == 2
    assert set(standing(stage)) == {"ZZ1101", "ZZ1102"}


def test_a_list_with_mistakes_is_refused_whole(stage: Followed) -> None:
    file = stage.played.folder / "courses.csv"
    file.write_text(file.read_text() + "ZZ1103;autumn;Sea;much;;;\n")
    said = apply(stage, code=2)
    assert "line 4: term" in said
    assert "line 4: credits" not in said, "a row without a term is not read further"
    file.unlink()
    assert "No such file" in apply(stage, code=2)
    assert standing(stage) == {}
