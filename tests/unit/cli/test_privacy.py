"""A person's data on the command line: written out for its reader alone, erased, listed without naming anyone."""

import json
from pathlib import Path

from tests.unit.cli.conftest import Command
from tests.unit.cli.test_students import SECRETS, fill


def test_what_is_held_is_written_to_a_file_for_its_reader_alone(
    typed: Command, config: Path, tmp_path: Path
) -> None:
    fill(config)
    said = typed("privacy", "export", "P1", "--out", "alma.json", "--config", config)

    file = tmp_path / "alma.json"
    assert (said.code, said.out.splitlines()[0]) == (0, "3 records and 0 answers about P1 are in alma.json.")
    assert file.stat().st_mode & 0o777 == 0o600
    data = json.loads(file.read_text("utf-8"))
    assert "Alma" in file.read_text("utf-8")
    assert {"records", "registry", "keys", "stays", "discrepancies", "evidence", "left_out"} <= set(data)
    assert not [secret for secret in SECRETS if secret in said.out + said.err]

    again = typed("privacy", "export", "P1", "--out", "alma.json", "--config", config)
    assert (again.code, again.err.splitlines()[0]) == (2, "alma.json exists already")
    other = typed("privacy", "export", "P1", "--out", "again.json", "--json", "--config", config)
    assert other.json == {
        "student_id": "P1",
        "file": "again.json",
        "records": 3,
        "bodies": 0,
        "left_out_bodies": 0,
    }


def test_a_student_is_erased_once_and_the_list_says_by_whom_and_why(typed: Command, config: Path) -> None:
    # given
    fill(config)
    planned = typed(
        "privacy", "erase", "P1", "--by", "karin", "--why", "asked", "--dry-run", "--config", config
    )
    assert (planned.code, "Would be erased: P1" in planned.out) == (0, True)
    assert typed("privacy", "forgotten", "--json", "--config", config).json == []

    # when
    done = typed("privacy", "erase", "P1", "--by", "karin", "--why", "asked", "--config", config)
    again = typed("privacy", "erase", "P1", "--by", "karin", "--why", "asked", "--config", config)

    # then
    assert (done.code, "Erased: P1" in done.out) == (0, True)
    assert "1 stays had not ended" in done.err
    assert "already; nothing was left to erase" in again.out
    (listed,) = typed("privacy", "forgotten", "--json", "--config", config).json
    assert (listed["number"], listed["students"], listed["by"], listed["why"]) == (
        1,
        ["P1"],
        "karin",
        "asked",
    )
    assert "karin" in typed("privacy", "forgotten", "--config", config).out
    assert typed("students", "list", "--json", "--config", config).json == []
    assert typed("students", "show", "P1", "--config", config).code == 2
    raw = b"".join(file.read_bytes() for file in config.parent.glob("bridge.sqlite3*"))
    assert not [secret for secret in SECRETS if secret.encode() in raw]
    assert not [secret for secret in SECRETS if secret in done.out + done.err + planned.out]


def test_who_was_erased_can_be_let_in_again_and_an_unknown_one_not_erased(
    typed: Command, config: Path
) -> None:
    fill(config)
    why = ("--why", "asked", "--config", config)
    assert typed("privacy", "erase", "P9", *why).code == 2
    erased = typed("privacy", "erase", "P1", "--json", *why).json
    assert (erased["erasure"], erased["erased_before"], erased["counts"]["records"]) == (1, False, 3)

    assert typed("privacy", "readmit", "1", *why).out.startswith("Erasure 1 is lifted")
    refused = typed("privacy", "readmit", "1", *why)
    assert (refused.code, refused.err.splitlines()[0]) == (2, "no erasure 1 is in force")
    (listed,) = typed("privacy", "forgotten", "--json", "--config", config).json
    assert listed["lifted_why"] == "asked"
    assert typed("privacy", "erase", "P1", "--json", *why).json["erased_before"]
    assert typed("privacy", "readmit", "7", "--json", *why).code == 2


def test_what_is_old_is_planned_as_a_table_and_let_go_of(typed: Command, config: Path) -> None:
    fill(config)
    planned = typed("privacy", "retention", "--dry-run", "--config", config)
    assert (planned.code, "What would go" in planned.out) == (0, True)
    assert "former states that nobody signed" in planned.out
    done = typed("privacy", "retention", "--json", "--config", config).json
    assert [each["kind"] for each in done["steps"]] == [
        "stays",
        "drafts",
        "refused",
        "evidence",
        "feed",
        "discrepancies",
    ]
    assert {each["number"] for each in done["steps"]} == {0}
    assert "What went" in typed("privacy", "retention", "--config", config).out
