"""Keys of the store on the command line: made once, named when bad, exchanged."""

from pathlib import Path

from tests.unit.cli.conftest import Command
from tests.unit.cli.test_students import fill

from mobility_bridge.kit.secrets import is_key


def test_a_key_is_made_for_its_owner_alone_and_never_written_over(typed: Command, tmp_path: Path) -> None:
    made = typed("db", "keys", "create", "keys/one.key")
    file = tmp_path / "keys" / "one.key"
    key = file.read_text().strip()
    assert made.code == 0
    assert key not in made.out + made.err
    assert is_key(key)
    assert file.stat().st_mode & 0o777 == 0o600
    assert typed("db", "keys", "create", "keys/two.key", "--json").json == {"file": "keys/two.key"}

    again = typed("db", "keys", "create", "keys/one.key")
    assert (again.code, again.err.splitlines()[0]) == (2, "keys/one.key exists already")
    assert file.read_text().strip() == key


def test_a_store_is_sealed_and_every_command_opens_it(typed: Command, config: Path) -> None:
    # given
    fill(config)
    typed("db", "keys", "create", config.parent / "one.key")
    with config.open("a") as stream:
        stream.write("[students]\nenabled = true\n")
    said = typed("status", "--offline", "--config", config)
    assert "not encrypted" in said.out
    config.write_text(config.read_text().replace("[store]\n", '[store]\nkeys = [{ file = "one.key" }]\n'))

    # when
    planned = typed("db", "reseal", "--dry-run", "--json", "--config", config)
    done = typed("db", "reseal", "--config", config)

    # then
    assert planned.json["dry_run"]
    assert sum(each["sealed"] for each in planned.json["tables"]) > 0
    assert (done.code, "Sealed anew" in done.out) == (0, True)
    assert b"Alma" not in (config.parent / "bridge.sqlite3").read_bytes()
    assert typed("students", "show", "P1", "--config", config).out.count("Alma")
    said = typed("status", "--offline", "--json", "--config", config)
    assert said.json["legible"] is False


def test_a_bad_key_is_named_by_the_check(typed: Command, config: Path) -> None:
    (config.parent / "one.key").write_text("not a key")
    config.write_text(config.read_text().replace("[store]\n", '[store]\nkeys = [{ file = "one.key" }]\n'))
    said = typed("config", "check", "--offline", "--config", config)
    assert said.code == 2
    assert "store.keys.0" in said.err
    assert "mode 0" in said.err
    assert "not a key" not in said.err + said.out
