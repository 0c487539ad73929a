"""The operator's table of owners is read with the configuration, and everything wrong with it is said at once."""

from pathlib import Path

import pytest

from mobility_bridge.domain.ownership import Ownership, System, mistakes
from mobility_bridge.errors import ConfigError
from mobility_bridge.settings.load import Loaded, load

GOOD = '[registration]\nterm = { owner = "mobility_online", write_to = ["ladok"] }\n'


def loaded(tmp_path: Path, table: str | bytes | None) -> Loaded:
    named = '\n[paths]\nownership_file = "owners.toml"\n' if table is not None else ""
    if table:
        (tmp_path / "owners.toml").write_bytes(table if isinstance(table, bytes) else table.encode())
    file = tmp_path / "bridge.toml"
    file.write_text(f'own_hei_id = "nordhav.example"\n{named}', encoding="utf-8")
    return load(file, {}, {}, judge=mistakes)


def problems(tmp_path: Path, table: str | bytes) -> list[tuple[str, str, str]]:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, table)
    return list(caught.value.problems)


def test_without_a_file_the_built_in_table_stands(tmp_path: Path) -> None:
    assert Ownership.of(loaded(tmp_path, None).ownership).rows() == Ownership().rows()


def test_a_table_is_read_beside_the_configuration(tmp_path: Path) -> None:
    found = loaded(tmp_path, GOOD)
    assert Ownership.of(found.ownership).may_write("registration", "term", System.LADOK)
    assert found.settings.paths.ownership_file == tmp_path / "owners.toml"


def test_a_file_that_is_not_there_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    ((path, _, _),) = problems(tmp_path, "")
    assert path == "paths.ownership_file"


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ("[registration", "paths.ownership_file"),
        (b"\xff", "paths.ownership_file"),
        ('registration = "ladok"', "owners.toml: registration"),
        ('[registration]\nterm = "ladok"', "owners.toml: registration.term"),
        ("[registration]\nterms = {}", "owners.toml: registration.terms"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_path(tmp_path: Path, table: str | bytes, path: str) -> None:
    assert [each[0] for each in problems(tmp_path, table)] == [path]
