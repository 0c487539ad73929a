"""The adapter's settings and its mapping file: every mistake is named before anything is read."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.support.clock import VirtualClock
from tests.support.dashboard import REPOSITORY, US, packaged_mapping

from mobility_adapters.dashboard import adapter
from mobility_adapters.dashboard.mappings import DashboardMapping
from mobility_adapters.dashboard.settings import DashboardSettings, load_mapping
from mobility_bridge.domain.la_listing import ListedState
from mobility_bridge.errors import ConfigError
from mobility_bridge.ports.adapter import Surroundings

MAPPINGS = REPOSITORY / "config/mappings"
PACKAGED = (MAPPINGS / "dashboard.toml").read_text()


def surroundings(folder: Path, mappings: Path = MAPPINGS) -> Surroundings:
    return Surroundings(US, VirtualClock(), folder, folder, mappings, None)


def test_the_door_offers_lists_and_nothing_else(tmp_path: Path):
    settings = adapter.settings_model.model_validate({"exports": ["lists"], "exports_are_whole": True})
    found = adapter.build(settings, surroundings(tmp_path))

    assert (adapter.name, adapter.inspector(), found.students, found.network) == (
        "dashboard",
        None,
        None,
        None,
    )
    assert found.lists is not None
    assert (found.lists.name, found.lists.configured, found.lists.whole) == ("dashboard", True, True)
    assert adapter.build(DashboardSettings(), surroundings(tmp_path)).lists.configured is False  # type: ignore[union-attr]


def test_an_export_that_does_not_exist_is_named(tmp_path: Path):
    (tmp_path / "lists").mkdir()
    settings = DashboardSettings(exports=(Path("lists"), Path("las.csv")))

    ((path, found, _),) = adapter.check(settings, tmp_path)
    assert (path, found) == ("exports[1]", "las.csv: no such file or folder")


def test_the_packaged_mapping_loads_and_silent_states_say_nothing():
    words = packaged_mapping().words

    assert words.states["changes signed"] is ListedState.SIGNED
    assert words.states["closed"] is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            ('omobility_id = "Omobility ID"\nreceiving', "receiving"),
            "learning_agreements.columns.omobility_id",
        ),
        (('email = "Email"', 'email = "ESI"'), "each column once; more than once: esi"),
        (('email = "Email"', 'email = " "'), "names of columns"),
        (('email = "Email"', 'e_mail = "Email"'), "learning_agreements.columns.e_mail"),
        (('"refused" = "refused"', '"refused" = "no"'), "words.states.refused"),
        (('no = ["no"', 'no = ["YES"'), "each word with one meaning; with two: yes"),
        (('time_zone = "Europe/Stockholm"', 'time_zone = "Sweden"'), "IANA time zone"),
        (('required = ["birth_date"', 'required = ["birthday"'), "unknown: birthday"),
        (('delimiter = ","', 'delimiter = "|"'), "prefill.delimiter"),
        (("[words.states]", "[words.states"), "not TOML"),
        (("[words.states]", "[words.other]"), "words.states"),
    ],
)
def test_a_mistake_in_the_mapping_file_is_named(tmp_path: Path, change: tuple[str, str], problem: str):
    wrong = PACKAGED.replace(*change, 1)
    assert wrong != PACKAGED
    (tmp_path / "dashboard.toml").write_text(wrong)

    with pytest.raises(ConfigError) as refused:
        adapter.build(DashboardSettings(), surroundings(tmp_path, tmp_path))
    assert re.search(re.escape(problem), str(refused.value.problems))
    assert refused.value.next_step


def test_a_mapping_file_that_is_missing_is_named(tmp_path: Path):
    with pytest.raises(ConfigError) as refused:
        load_mapping(DashboardSettings(mappings="other.toml"), tmp_path)
    assert refused.value.problems[0][0].endswith("other.toml")


def test_states_that_are_no_table_are_refused():
    wrong: dict[str, Any] = packaged_mapping().model_dump()
    wrong["words"]["states"] = "signed"
    with pytest.raises(ValueError, match="states"):
        DashboardMapping.model_validate(wrong)


def test_a_column_may_have_a_name_in_each_language():
    text = PACKAGED.replace('state = "Status"', 'state = ["Status", "Tillstånd"]')
    mapping = DashboardMapping.model_validate(tomllib.loads(text))
    assert {"status", "tillstånd"} <= mapping.learning_agreements.columns.by_name().keys()
