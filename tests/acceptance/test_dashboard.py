"""Files that people carry between the Dashboard and the bridge, over HTTP: what one writes the other reads."""

import csv
import io
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.followed import Followed, followed, this_term

from mobility_bridge.kit.http import tls_context

SECRETS = ("Alma", "Testa", "Provina", "2003-02-14", "14/02/2003", "20030214", "alma.012@")
LAS, IIAS = "learning-agreements.csv", "agreements.csv"
COURSES = [("GEO210", "Coastal Geodynamics", "15"), ("LAN110", "=Regional Language", "7.5")]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Followed]:
    with followed(tmp_path) as found:
        yield found


def by_hand(stage: Followed, method: str, name: str, content: bytes | None = None) -> bytes:
    """What a person does in the Dashboard: export a list, or hand a file in."""
    folder = stage.played.folder
    base = json.loads((folder / "sandbox.json").read_text())["dashboard_url"]
    with httpx.Client(verify=tls_context(folder / "ca.pem", system=False)) as client:
        answer = client.request(method, f"{base}/csv/{name}", content=content)
    assert answer.status_code == 200
    return answer.content


def exported(stage: Followed, name: str, folder: str = ".") -> Path:
    """A list as the Dashboard exports it, on our disk."""
    file = stage.played.folder / folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(by_hand(stage, "GET", name))
    return file


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def rewritten(file: Path, change: Mapping[str, str]) -> None:
    """Somebody edits every line of a list, a moment later."""
    lines = [{**line, **change} for line in table(file.read_bytes())]
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    later = time.time()
    os.utime(file, (later, later))


def taken_in(stage: Followed, *files: Path, expected_exit: int = 0) -> Any:
    done = stage.played.command("dashboard", "import", *map(str, files), "--json")
    assert done.code == expected_exit, done.out + done.err
    assert not any(each in done.out + done.err for each in SECRETS)
    return done.json


def test_our_learning_agreements_are_read_from_the_dashboards_host_with_our_own_key(stage: Followed) -> None:
    stage.leave()
    stage.sync()

    (stay,) = stage.stays()
    assert "ewp learning_agreement" in stay["shown_by"]
    asked = stage.sandbox.stage.requests
    assert asked["dashboard ewp/omobility-las/index"] == 1
    assert asked["dashboard ewp/omobility-las/get"] == 1
    listed = stage.played.command("evidence", "list", "--partner", "nordhav.example", "--json").json
    (got,) = [each for each in listed if "/dashboard/ewp/omobility-las/get" in each["url"]]
    assert (got["status"], got["verification"]) == (200, "verified")


def test_a_list_that_says_otherwise_is_said_until_it_is_exported_again(stage: Followed) -> None:
    stage.leave()
    stage.sync()
    las = exported(stage, LAS)
    report = taken_in(stage, las)
    assert (report["listed"], report["changed"], report["complete"]) == (1, 1, True)
    assert (report["problems"], report["remarks"], report["opened"]) == ([], [], 0)
    (stay,) = stage.stays()
    assert {"ewp learning_agreement", "dashboard listing"} <= set(stay["shown_by"])

    rewritten(las, {"Status": "waiting for receiving HEI", "First version signed": "", "Remarks": "Alma"})
    report = taken_in(stage, las)
    assert [each["where"] for each in report["remarks"]] == [f"{LAS}, line 1"]
    assert "LA_LIST_DRIFT" in stage.codes()
    (stay,) = stage.stays()
    assert "ewp learning_agreement" in stay["shown_by"]

    las = exported(stage, LAS)
    assert taken_in(stage, las)["resolved"] == 1
    assert "LA_LIST_DRIFT" not in stage.codes()


def test_what_is_written_the_dashboard_takes(stage: Followed, tmp_path: Path) -> None:
    stage.leave(la="none")
    stage.sync()
    (applied,) = stage.sandbox.stage.world.mobility_online.applications
    out, term = tmp_path / "out.csv", this_term()
    done = stage.played.command("dashboard", "export", "--term", term, "--out", str(out))
    assert (done.code, out.exists()) == (4, False)
    assert f"application {applied}" in done.out
    assert "courses: none is known" in done.out

    stage.sandbox.stage.in_mobility_online("choose_courses", application_id=applied, courses=COURSES)
    stage.sync("--full")
    template = tmp_path / "template.csv"
    header = (
        "\ufeffTitle,Credits,Code,Table,Omobility ID,Given names,Family  name,Date of birth,Remarks,EMAIL,"
    )
    header += "Receiving HEI ID,Receiving academic year,Start date,End date\r\n"
    template.write_bytes(f"{header}kept,not".encode())
    done = stage.played.command(
        *("dashboard", "export", "--term", term, "--out", str(out), "--template", str(template), "--json")
    )
    assert (done.code, done.json["written"], done.json["rows"]) == (0, [f"application {applied}"], 2)
    assert done.json["unfilled"] == ["Remarks"]
    written = out.read_bytes()
    assert written.startswith(header.encode())
    assert out.stat().st_mode & 0o777 == 0o600
    first, second = table(written)
    assert (first["Date of birth"], first["EMAIL"]) == ("14/02/2003", "alma.012@students.nordhav.example")
    assert (second["Title"], second["Credits"]) == ("'=Regional Language", "7.5")
    assert not any(each in done.out + done.err for each in SECRETS)

    out.unlink()
    assert stage.played.command("dashboard", "export", "--term", term, "--out", str(out)).code == 0
    verdicts = table(by_hand(stage, "POST", LAS, out.read_bytes()))
    assert [(each["Verdict"], each["Message"]) for each in verdicts] == [("accepted", "")] * 2

    stage.sync()
    (stay,) = stage.stays()
    assert "ewp learning_agreement" in stay["shown_by"]
    out.unlink()
    done = stage.played.command("dashboard", "export", "--term", term, "--out", str(out), "--json")
    assert (done.code, done.json["existing"], done.json["file"]) == (0, 1, None)


def test_a_folder_of_exports_is_read_each_time_and_agreements_are_laid_beside_ours(stage: Followed) -> None:
    stage.leave()
    config = stage.played.config
    section = '[adapters.dashboard]\nexports = ["exports"]\n'
    config.write_text(config.read_text().replace("[adapters.dashboard]\n", section))
    exported(stage, LAS, "exports")
    iias = exported(stage, IIAS, "exports")
    first = stage.sync()["students"]["lists"]
    assert (first["listed"], first["problems"], first["remarks"]) == (1, [], [])
    agreements = first["agreements"]
    assert (agreements["listed"], agreements["unknown"], agreements["missing"]) == (12, [], [])
    assert agreements["other"] == []

    head, line, *more = iias.read_text().splitlines()
    iias.write_text("\n".join([head, line.replace(line.partition(",")[0], "nobodys-iia", 1), *more]))
    (stage.played.folder / "exports" / "broken.csv").write_bytes(b"\x00\x01")
    done = stage.played.command("sync", "--source", "dashboard", "--json")
    lists = done.json["students"]["lists"]
    assert lists["agreements"]["unknown"] == ["nobodys-iia"]
    assert (lists["complete"], len(lists["problems"])) == (False, 1)
    assert {"SOURCE_INCOMPLETE", "SOURCE_RECORD_UNREADABLE"} <= stage.codes()
    planned = stage.played.command("sync", "--dry-run", "--json").json
    assert ("read", "dashboard") in {(each["what"], each["whom"]) for each in planned}

    log = (stage.played.folder / "bridge.log.jsonl").read_text()
    assert '"lists.read"' in log
    assert not any(each in log for each in SECRETS)
    kept = stage.played.command("evidence", "list", "--json", "--limit", "500").json
    assert sorted(each["url"] for each in kept if each["system"] == "dashboard") == [
        "file:agreements.csv",
        "file:agreements.csv",
        "file:broken.csv",
        "file:learning-agreements.csv",
    ]
