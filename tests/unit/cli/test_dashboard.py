"""Files of the Dashboard on the command line: what is read is told, what is written nobody else may read."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.dashboard import AGREEMENT, LINE, put, written
from tests.unit.cli.conftest import Command
from tests.unit.services.test_lists import OTHER, THEIRS
from tests.unit.services.test_prefill import ROWS, the_world

from mobility_bridge.cli import sync_students
from mobility_bridge.domain.application import CourseRow
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.services.lists import AgreementsSeen, ListsReport
from mobility_bridge.services.students import StudentsReport
from mobility_bridge.store import open_store

SECRETS = ("Alma", "alma@", "2003-02-14", "14/02/2003", "0b82ca40", "Lind")
ADAPTER = "[students]\nenabled = true\n[adapters.dashboard]\n"


def fill(config: Path, rows: tuple[CourseRow, ...]) -> None:
    """Let the store know a student of ours without a learning agreement, who chose these courses."""
    config.write_text(config.read_text() + ADAPTER)

    async def work() -> None:
        store = open_store(f"sqlite:///{config.parent / 'bridge.sqlite3'}")
        world, _ = the_world(rows=rows)
        bridge = replace(world.bridge, store=store, context=replace(world.bridge.context, store=store))
        await replace(world, bridge=bridge).round()
        await store.close()

    asyncio.run(work())


@pytest.fixture
def told(config: Path, typed: Command) -> Command:
    """Commands on a store that knows a student with courses."""
    fill(config, ROWS)

    def type_it(*words: object) -> Any:
        return typed(*words, "--config", config)

    return type_it


def test_a_list_is_taken_in_and_told(told: Command, tmp_path: Path) -> None:
    file = put(tmp_path / "las.csv", written([{**THEIRS, "Remarks": "x"}, {**OTHER, "Omobility ID": ""}]))

    done = told("dashboard", "import", file)

    assert done.code == 3
    for words in (
        "learning agreements",
        "utf-8",
        "comma",
        "'Remarks', is not in",
        "line 3, column",
        "empty;",
    ):
        assert words in " ".join(done.out.split())
    assert "1 learning agreement read, 1 new or changed" in done.out
    assert not any(secret in done.out + done.err for secret in SECRETS)
    again = told("dashboard", "import", file, "--json").json
    assert (again["changed"], again["files"][0]["rows"], again["agreements"]) == (0, 2, None)


def test_a_file_that_is_no_list_is_not_recognised(told: Command, tmp_path: Path) -> None:
    done = told("dashboard", "import", put(tmp_path / "a.csv", "x;y\n1;2\n"))

    assert done.code == 3
    assert "not recognised" in done.out
    assert "'Omobility ID'" in " ".join(done.out.split())


def test_a_long_list_of_remarks_is_cut_for_people_alone(told: Command, tmp_path: Path) -> None:
    lines = [{**LINE, "Omobility ID": f"OM-{number}", "Status": "?"} for number in range(60)]
    file = put(tmp_path / "las.csv", written(lines))

    assert "and 10 more: --json has all" in told("dashboard", "import", file).out
    assert len(told("dashboard", "import", file, "--json").json["remarks"]) == 60


def test_an_empty_folder_and_a_missing_file_are_said(told: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    nothing = told("dashboard", "import", tmp_path / "empty")
    assert (nothing.code, nothing.err.splitlines()[0]) == (3, "There is no exported file to read.")
    assert told("dashboard", "import", tmp_path / "missing.csv").code == 2
    assert told("dashboard", "import").code == 2


def test_without_a_section_or_students_it_is_said_what_to_set(
    config: Path, typed: Command, tmp_path: Path
) -> None:
    file = put(tmp_path / "iias.csv", written([AGREEMENT]))

    missing = typed("dashboard", "import", file, "--config", config)
    assert (missing.code, "[adapters.dashboard]" in missing.err) == (3, True)
    config.write_text(config.read_text() + "[adapters.dashboard]\n")
    off = typed("dashboard", "export", "--term", "HT26", "--out", tmp_path / "o.csv", "--config", config)
    assert (off.code, "[students]" in off.err) == (2, True)


def test_what_is_known_is_written_for_its_owner_alone(told: Command, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"

    done = told("dashboard", "export", "--term", "HT26", "--out", out)

    assert (done.code, done.err) == (0, "")
    assert f"Written to {out}: 1 learning agreement in 2 rows." in done.out.replace("\n", "")
    assert out.stat().st_mode & 0o777 == 0o600
    assert b"alma@student.nordhav.example" in out.read_bytes()
    assert not any(secret in done.out for secret in SECRETS)
    assert sorted(each.name for each in tmp_path.iterdir() if "out" in each.name) == ["out.csv"]
    again = told("dashboard", "export", "--term", "HT26", "--out", out)
    assert (again.code, "exists already" in again.err) == (2, True)


def test_who_is_left_out_is_listed_by_application_with_the_reason(
    config: Path, typed: Command, tmp_path: Path
) -> None:
    fill(config, ())
    out = tmp_path / "out.csv"

    done = typed("dashboard", "export", "--term", "HT26", "--out", out, "--config", config)

    assert (done.code, out.exists()) == (4, False)
    assert "application 700101" in done.out
    assert "courses: none is known" in done.out
    assert not any(secret in done.out + done.err for secret in SECRETS)


def test_columns_that_nobody_can_fill_are_named(told: Command, tmp_path: Path) -> None:
    columns = (
        "Omobility ID,Given names,Family name,Date of birth,Email,Receiving HEI ID,Receiving academic year,"
        "Start date,End date,Title,Table,Credits,Remarks\n"
    )
    template, out = put(tmp_path / "t.csv", columns), tmp_path / "out.csv"

    done = told("dashboard", "export", "--term", "HT26", "--out", out, "--template", template)

    assert done.code == 0
    assert "Nobody here knows how to fill: 'Remarks'" in done.err
    assert out.read_text().startswith(columns)


def test_where_nobody_needs_one_no_file_is_made(told: Command, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    none = told("dashboard", "export", "--term", "VT27", "--out", out, "--json")
    assert (none.code, none.json["file"], none.json["refused"]) == (0, None, [])

    told("dashboard", "import", put(tmp_path / "las.csv", written([THEIRS])))
    done = told("dashboard", "export", "--term", "HT26", "--out", out)
    assert (done.code, out.exists()) == (0, False)
    assert "No learning agreement to write: no file was made." in done.out
    assert "Left out since there is one already: 1 learning agreement." in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--term", "2026"), "is no term"),
        (("--term", "HT26", "--partner", "nobody.example"), "no partner is"),
        (("--term", "HT26", "--template", "{folder}/bad.csv"), "The template cannot be filled"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    told: Command, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    put(tmp_path / "bad.csv", "a,b\n")
    chosen = [each.format(folder=tmp_path) for each in words]

    done = told("dashboard", "export", "--out", tmp_path / "out.csv", *chosen)

    assert done.code in (2, 3)
    assert said in done.err
    assert not (tmp_path / "out.csv").exists()


def test_a_partner_may_be_chosen(told: Command, tmp_path: Path) -> None:
    done = told(
        *("dashboard", "export", "--term", "HT26", "--partner", "brava.example", "--out", tmp_path / "o.csv"),
        "--json",
    )

    assert done.json["written"] == ["application 700101"]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(told: Command, tmp_path: Path) -> None:
    done = told("dashboard", "export", "--term", "HT26", "--out", tmp_path / "no-folder" / "out.csv")

    assert done.code == 1
    assert not any("out.csv" in each.name for each in tmp_path.rglob("*"))


def test_sync_tells_of_lists(capsys: pytest.CaptureFixture[str]) -> None:
    seen = AgreementsSeen(3, (IiaId("u"),), (IiaId("m"),), ((IiaId("o"), "partner"),))
    report = ListsReport("dashboard", (), 2, 1, 0, problems=(("las.csv", "x"),), agreements=seen)

    sync_students.show(StudentsReport(lists=report))

    out = " ".join(capsys.readouterr().out.split())
    assert "1 left out: see mobility-bridge discrepancies list" in out.replace("│ ", "")
    assert "on the list, not in our system" in out
    assert "another partner" in out
    sync_students.show(StudentsReport(lists=replace(report, agreements=AgreementsSeen(3))))
    assert "Agreements on the list" not in capsys.readouterr().out
    data = sync_students.as_data(StudentsReport(lists=report))["lists"]
    assert data["agreements"]["other"] == [{"iia_id": "o", "field": "partner"}]


def test_status_tells_when_files_were_read(told: Command, tmp_path: Path) -> None:
    assert "files of dashboard" in told("status").out
    told("dashboard", "import", put(tmp_path / "las.csv", written([THEIRS])))

    found = told("status", "--json").json["lists"]
    assert (found["name"], found["learning_agreements"]) == ("dashboard", 1)
    assert found["health"]["last_ok_at"]
    assert "filer från dashboard" in told("status", "--lang", "sv").out
