"""The demo is the first thing that anybody tries: it ends well, quickly, and everything it names works."""

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from tests.acceptance.conftest import Demo
from tests.support.expected import repeated
from tests.support.personal import found_in, pattern, texts
from tests.support.played import Played

from mobility_bridge.domain.identifiers import HeiId

PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def typed(demo: Demo, command: str) -> "subprocess.CompletedProcess[str]":
    program, *words = shlex.split(command)
    assert program == "mobility-bridge"
    return subprocess.run(
        [sys.executable, "-m", "mobility_bridge", *words, "--config", str(demo.config)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_demo_ends_within_two_minutes_and_leaves_its_three_files(demo: Demo) -> None:
    assert demo.seconds < 120
    for name in ("config", "log", "database"):
        path = Path(demo.data[name])
        assert path.is_file()
        assert path.stat().st_size > 0
        assert path.is_relative_to(demo.folder)


def test_demo_tells_nothing_but_json_on_stdout_and_no_traceback_anywhere(demo: Demo) -> None:
    assert set(demo.data) >= {"acts", "discrepancies", "resolved", "config", "log", "database"}
    assert "Traceback" not in demo.stderr
    assert "Exception" not in demo.stderr


def test_demo_plays_weeks_that_end_today_and_every_part_of_the_bridge_has_worked(demo: Demo) -> None:
    acts = demo.data["acts"]
    assert len(acts) == 7
    moments = [datetime.fromisoformat(act["at"]) for act in acts]
    assert moments == sorted(moments)
    assert moments[-1] - moments[0] > timedelta(days=45)
    assert all(act["title"] for act in acts)
    first = acts[0]
    assert first["catalogue"]["problem"] is None
    assert [item["source"] for item in first["sources"]] == ["mobility_online"]
    assert first["sources"][0]["complete"]
    assert first["sources"][0]["new"] > 100
    assert sum(item["fetched"] for item in first["partners"]) > 100
    assert sum(item["approvals"] for item in first["partners"]) > 100
    assert sum(act["resolved"] for act in acts) > 0
    assert sum(act["notifications"]["delivered"] for act in acts) > 0


def test_each_discrepancy_of_the_demo_says_what_to_do_and_which_command_tells_more(demo: Demo) -> None:
    found = demo.data["discrepancies"]
    assert len(found) > 50
    assert repeated(found) == []
    for item in found:
        assert item["command"].startswith("mobility-bridge ")
        assert item["command"].endswith(item["id"])
        for language in ("en", "sv"):
            assert item["text"][language].strip()
            assert item["next_step"][language].strip()
            assert not PLACEHOLDER.search(item["text"][language] + item["next_step"][language]), item
        if item["partner_hei_id"] is not None:
            HeiId(item["partner_hei_id"])
    worst_first = [("blocking", "warning", "information").index(item["severity"]) for item in found]
    assert worst_first == sorted(worst_first)


def test_demo_follows_an_academic_year_of_students_both_ways(demo: Demo) -> None:
    told = demo.data["students"]
    assert told["going"] >= 40
    assert told["coming"] >= 40
    about_stays = Counter(
        item["code"] for item in demo.data["discrepancies"] if item["subject_kind"] == "stay"
    )
    assert about_stays
    assert about_stays == told["wrong"]


def test_demo_finds_the_unregistered_student_in_time_and_sees_the_registration(demo: Demo) -> None:
    going, coming = demo.data["students"]["told"]
    said = [
        (line["system"], line["about"].split()[0], line["what"])
        for line in going["timeline"]
        if line["about"].startswith(("REGISTRATION_MISSING", "registration"))
    ]
    assert said == [
        ("bridge", "REGISTRATION_MISSING", "opened"),
        ("ladok", "registration", "said"),
        ("bridge", "REGISTRATION_MISSING", "resolved"),
    ]
    assert going["stays"][0]["first_day"] > demo.data["acts"][-1]["at"][:10], "before the departure"
    assert coming["stays"][0]["direction"] == "incoming"
    for each in (going, coming):
        assert each["discrepancies"] == []
        assert each["persons"] == []
        own, partner = "ewp nordhav.example", f"ewp {each['stays'][0]['partner_hei_id']}"
        systems = {line["system"] for line in each["timeline"]}
        assert systems >= {"mobility_online", "ladok", own, partner}


def test_demo_names_nobody(demo: Demo) -> None:
    personal = pattern(texts())
    assert sorted(set(found_in(json.dumps(demo.data, ensure_ascii=False), personal))) == []


def test_the_students_of_the_demo_can_be_explained(demo: Demo) -> None:
    stage = Played(demo.folder, {})
    for each in demo.data["students"]["told"]:
        explained = stage.command("students", "explain", each["student_id"], "--json")
        assert explained.code == 0, explained.err
        assert explained.json["timeline"] == each["timeline"]


def test_the_first_command_of_the_demo_works(demo: Demo) -> None:
    first = demo.data["discrepancies"][0]
    told = typed(demo, first["command"])
    assert told.returncode == 0, told.stderr
    assert first["code"] in told.stdout or first["text"]["en"].split(":")[0] in told.stdout


def test_commands_of_the_demo_work_whatever_they_are_about(demo: Demo) -> None:
    stage = Played(demo.folder, {})
    found = demo.data["discrepancies"]
    about_partners = [item for item in found if item["subject_kind"] != "agreement"]
    for item in [*found[::5], *about_partners]:
        words = shlex.split(item["command"])[1:]
        told = stage.command(*words, "--json")
        assert told.code == 0, (words, told.err)
        assert told.json


def test_what_stays_behind_can_be_asked_without_the_sandbox(demo: Demo) -> None:
    stage = Played(demo.folder, {})
    listed = stage.command("discrepancies", "list", "--json")
    assert [item["id"] for item in listed.json] == [item["id"] for item in demo.data["discrepancies"]]
    verified = stage.command("evidence", "verify")
    assert verified.code == 0, verified.err
    checked = stage.command("config", "check", "--offline")
    assert checked.code == 0, checked.out + checked.err
    schema = stage.command("db", "check", "--json")
    assert json.loads(schema.out)["up_to_date"]


def test_demo_in_a_folder_that_holds_an_earlier_one_starts_anew(demo: Demo, tmp_path: Path) -> None:
    small = ["demo", "--dir", str(tmp_path), "--scenario", "clean", "--json"]
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "mobility_bridge", *small],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["discrepancies"] == []
        assert told["acts"][0]["sources"][0]["new"] > 0, "as if for the first time"
