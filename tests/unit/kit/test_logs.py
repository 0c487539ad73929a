"""The log: one JSON object per line, nothing that the table does not name, whatever happens to its file."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.bridges import a_bridge
from tests.support.events import problems_of
from tests.support.network import ALDERTON, BRAVA, rejected, unreachable

from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.logs import BridgeLog, UnknownEvent, insist_on_log, open_log
from mobility_bridge.services.notify import notify


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_level_its_time_and_its_run() -> None:
    stream = io.StringIO()
    BridgeLog(stream, run_id="r1").event("cnr.delivered", cnr="iia", iia_id="nh-ö", attempt=1)
    (line,) = lines(stream)
    assert line | {"timestamp": ""} == {
        "event": "cnr.delivered",
        "level": "info",
        "run_id": "r1",
        "cnr": "iia",
        "iia_id": "nh-ö",
        "attempt": 1,
        "timestamp": "",
    }
    assert line["timestamp"].endswith("Z")
    assert problems_of(line) == []


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(UnknownEvent, match=r"agreement\.eaten"):
        BridgeLog(io.StringIO()).event("agreement.eaten")


def test_an_unknown_field_is_refused_and_nothing_is_written() -> None:
    stream = io.StringIO()
    with pytest.raises(UnknownEvent, match="surname"):
        BridgeLog(stream).event("cnr.delivered", surname="Example")
    assert stream.getvalue() == ""


def test_a_field_without_a_value_is_left_out() -> None:
    stream = io.StringIO()
    BridgeLog(stream).event("cnr.delivered", iia_id="nh-1", request_id=None)
    assert "request_id" not in lines(stream)[0]


def test_lines_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    log = BridgeLog(stream, level="warning")
    log.event("job.started", job="sweep")
    log.event("source.read", source="mobility_online")
    log.event("cnr.delayed", iia_id="nh-1")
    log.event("cnr.given_up", iia_id="nh-1")
    assert [line["event"] for line in lines(stream)] == ["cnr.delayed", "cnr.given_up"]


def test_the_lines_of_a_job_are_tied_together_and_those_after_it_are_not() -> None:
    stream = io.StringIO()
    log = BridgeLog(stream)
    with log.job("sweep"):
        log.event("source.read", source="a")
        log.event("source.read", source="b")
    log.event("source.read", source="c")
    one, two, three = lines(stream)
    assert one["job_id"] == two["job_id"]
    assert one["job_id"].startswith("sweep-")
    assert "job_id" not in three


def test_two_logs_have_two_runs() -> None:
    stream = io.StringIO()
    for _ in range(2):
        BridgeLog(stream).event("daemon.stopped")
    assert len({line["run_id"] for line in lines(stream)}) == 2


def test_a_file_is_appended_to_and_its_folder_is_made(tmp_path: Path) -> None:
    file = tmp_path / "log" / "bridge.jsonl"
    for _ in range(2):
        log = open_log(file)
        log.event("daemon.stopped")
        log.close()
    assert len(file.read_text().splitlines()) == 2


def test_nothing_is_written_before_the_first_line(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log" / "bridge.jsonl")
    assert list(tmp_path.iterdir()) == []
    log.close()


def test_a_file_that_cannot_be_written_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        insist_on_log(tmp_path)
    assert caught.value.problems[0][0] == "log.file"
    log = open_log(tmp_path)
    with pytest.raises(ConfigError) as caught:
        log.event("daemon.started", version="1")
    assert caught.value.problems[0][0] == "log.file"


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bridge.jsonl"
    log = open_log(file)
    log.event("daemon.started", version="1")
    log.close()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("way", ["renamed", "removed"])
def test_a_file_that_was_rotated_away_is_opened_anew(tmp_path: Path, way: str) -> None:
    file = tmp_path / "bridge.jsonl"
    log = open_log(file)
    log.event("daemon.started", version="1")
    if way == "renamed":
        file.rename(tmp_path / "bridge.jsonl.1")
    else:
        file.unlink()
    log.event("daemon.stopping", reason="SIGTERM")
    log.event("daemon.stopped")
    log.close()
    events = [json.loads(line)["event"] for line in file.read_text().splitlines()]
    assert events == ["daemon.stopping", "daemon.stopped"]
    if way == "renamed":
        former = (tmp_path / "bridge.jsonl.1").read_text().splitlines()
        assert [json.loads(line)["event"] for line in former] == ["daemon.started"]


def test_every_line_is_whole_in_the_file_at_once(tmp_path: Path) -> None:
    file = tmp_path / "bridge.jsonl"
    log = open_log(file)
    log.event("daemon.stopped")
    assert file.read_text().endswith("}\n")
    log.close()


def test_without_a_file_the_log_goes_to_stderr() -> None:
    code = "from mobility_bridge.kit.logs import open_log; open_log(None).event('daemon.stopped')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert json.loads(done.stderr)["event"] == "daemon.stopped"


async def test_every_line_that_the_services_write_satisfies_the_schema() -> None:
    bridge = a_bridge()
    believed = {"partner_approval": True}
    bridge.source.put("nh-1", theirs="ald-1", own_approval=True, record=believed)
    bridge.source.put("nh-2", BRAVA)
    bridge.network[ALDERTON].put("ald-1", ours="nh-1", places=9)
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-1")
    bridge.network[BRAVA].errors |= {"index": unreachable(BRAVA), "iia": rejected(400, BRAVA)}
    await bridge.sync()
    bridge.source.error = unreachable("mobility_online")
    bridge.network[ALDERTON].put("ald-1", ours="nh-1")
    bridge.network[BRAVA].errors.clear()
    bridge.clock.move(86_400)
    await bridge.sync(full=True)
    bridge.source.error = None
    bridge.source.drop("nh-1")
    bridge.source.drop("nh-2", BRAVA)
    bridge.network[ALDERTON].listed = ()
    bridge.network[ALDERTON].errors["iia"] = unreachable()
    await bridge.sync(full=True)
    await bridge.sync(full=True, accept_shrink=True)
    await notify(bridge.context)
    wrong = {line["event"]: problems_of(line) for line in bridge.lines if problems_of(line)}
    assert wrong == {}
    assert {
        "agreement.changed", "approvals.read", "cnr.delayed", "cnr.delivered", "cnr.given_up", "cnr.queued",
        "comparison.finished", "copies.refreshed", "discrepancy.opened", "discrepancy.resolved",
        "partner.failed", "partner.recovered", "partner.swept", "source.failed", "source.read", "source.shrunk",
    } <= {line["event"] for line in bridge.lines}  # fmt: skip
