"""The daemon as an operator runs it: a process that starts, works, is told to stop, and is killed."""

import asyncio
import json
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.daemon import Daemon, running
from tests.support.played import Played, play

from mobility_bridge.domain.notification import ChangeNotification, CnrState
from mobility_bridge.scheduler import JOBS
from mobility_bridge.store import open_store

SLOW = "brava.example"
PATIENT = {
    "MOBILITY_BRIDGE__ADAPTERS__EWP__TOTAL_S": "60",
    "MOBILITY_BRIDGE__ADAPTERS__EWP__ATTEMPTS": "1",
    "MOBILITY_BRIDGE__SCHEDULE__LOCAL_EVERY_S": "1",
}
"""So patient with a partner that a call to a slow one outlives every stop."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with play(tmp_path_factory.mktemp("daemon") / "sandbox", "clean") as stage:
        yield stage


@pytest.fixture
def played(world: Played) -> Iterator[Played]:
    yield world
    world.control("POST", "repair")


def jobs_done(daemon: Daemon) -> set[str]:
    return {line["job"] for line in daemon.events("job.finished")}


def wait_for_first_round(daemon: Daemon) -> None:
    daemon.wait_for(
        lambda each: jobs_done(each) == {job.name for job in JOBS if not job.about_students},
        "every job has run once",
    )


def outbox(played: Played) -> list[ChangeNotification]:
    async def look() -> list[ChangeNotification]:
        store = open_store(f"sqlite:///{played.folder / 'bridge.sqlite3'}", read_only=True)
        try:
            return list(await store.read(lambda uow: uow.outbox.select(limit=10_000)))
        finally:
            await store.close()

    return asyncio.run(look())


def on_its_way(played: Played) -> bool:
    """Whether the slow partner was sent a notification; it has not answered yet."""
    return f"{SLOW} iia-cnr" in played.control("GET", "state")["requests"]


def test_daemon_does_every_job_and_ends_with_0_when_told_to(played: Played) -> None:
    with running(played.config) as daemon:
        wait_for_first_round(daemon)
        took_s = daemon.stop(signal.SIGTERM)
    assert daemon.process.returncode == 0, daemon.end()
    assert took_s < 10
    names = [line["event"] for line in daemon.lines]
    assert names[0] == "daemon.started"
    assert names[-2:] == ["daemon.stopping", "daemon.stopped"]
    assert daemon.events("daemon.stopping")[0]["reason"] == "SIGTERM"
    assert not daemon.events("job.failed")


def test_daemon_started_again_does_not_ask_again_what_it_knows(played: Played) -> None:
    with running(played.config) as daemon:
        wait_for_first_round(daemon)
        daemon.stop(signal.SIGINT)
    assert daemon.process.returncode == 0, daemon.end()
    assert not daemon.events("agreement.changed")
    assert sum(line["changed"] for line in daemon.events("copies.refreshed")) == 0
    assert not daemon.events("discrepancy.opened")


def test_daemon_stops_in_time_and_hands_back_what_it_holds_while_a_partner_hangs(played: Played) -> None:
    ours = next(item for item in played.control("GET", "agreements") if item["partner"] == SLOW)["iia_id"]
    with running(played.config, PATIENT) as daemon:
        wait_for_first_round(daemon)
        played.fault(SLOW, "answers_slowly", slow_s=45)
        played.control("POST", "change", iia_id=ours)
        daemon.wait_for(lambda _: any(item.leased_until for item in outbox(played)), "a leased notification")
        daemon.wait_for(lambda _: on_its_way(played), "the notification on its way")
        took_s = daemon.stop()
    assert daemon.process.returncode == 0, daemon.end()
    assert took_s < 10
    waiting = [item for item in outbox(played) if item.state is CnrState.PENDING]
    assert [item.iia_id for item in waiting] == [ours]
    assert [item.leased_until for item in waiting] == [None]

    played.control("POST", "repair")
    with running(played.config) as daemon:
        daemon.wait_for_event("cnr.delivered", iia_id=ours)
        daemon.stop()


def test_second_daemon_on_the_same_store_refuses(played: Played) -> None:
    with running(played.config) as first:
        first.wait_for_event("daemon.started")
        with running(played.config) as second:
            said = second.end()
        assert second.process.returncode == 1
        assert f"another daemon (process {first.process.pid}) owns the store" in said
        assert "Stop the other one first" in said
        assert "Traceback" not in said
        assert first.process.poll() is None


def test_daemon_that_was_killed_leaves_nothing_that_stops_the_next(played: Played) -> None:
    with running(played.config) as first:
        first.wait_for_event("job.started", job="sweep")
        first.stop(signal.SIGKILL)
    assert first.process.returncode == -signal.SIGKILL
    with running(played.config) as second:
        wait_for_first_round(second)
        second.stop()
    assert second.process.returncode == 0, second.end()
    verified = played.command("evidence", "verify")
    assert verified.code == 0, verified.err


def test_notification_whose_sender_was_killed_is_sent_when_its_lease_has_run_out(played: Played) -> None:
    ours = next(item for item in played.control("GET", "agreements") if item["partner"] == SLOW)["iia_id"]
    short = {**PATIENT, "MOBILITY_BRIDGE__NOTIFY__LEASE_S": "10"}
    with running(played.config, short) as daemon:
        wait_for_first_round(daemon)
        played.fault(SLOW, "answers_slowly", slow_s=45)
        played.control("POST", "change", iia_id=ours)
        daemon.wait_for(lambda _: any(item.leased_until for item in outbox(played)), "a leased notification")
        daemon.stop(signal.SIGKILL)
    played.control("POST", "repair")
    with running(played.config, short) as daemon:
        daemon.wait_for_event("cnr.delivered", iia_id=ours)
        daemon.stop()
    assert not [item for item in outbox(played) if item.state is CnrState.PENDING]


def test_commands_work_beside_the_daemon(played: Played) -> None:
    with running(played.config) as daemon:
        daemon.wait_for_event("daemon.started")
        synced = played.command("sync", "--full", "--json")
        assert synced.code == 0, synced.err
        assert not synced.json["errors"]
        for words in (
            ("status", "--json"),
            ("discrepancies", "list", "--json"),
            ("evidence", "verify"),
            ("db", "check"),
        ):
            result = played.command(*words)
            assert result.code == 0, (words, result.err)
        wait_for_first_round(daemon)
        daemon.stop()
    assert daemon.process.returncode == 0
    assert not daemon.events("job.failed")


def test_store_of_another_version_is_refused_with_the_command_that_helps(
    played: Played, tmp_path: Path
) -> None:
    config = tmp_path / "mobility-bridge.toml"
    settings = played.config.read_text(encoding="utf-8")
    for name in ("ca.pem", "client-key.pem", "authority.txt"):
        settings = settings.replace(f'"./{name}"', f'"{played.folder / name}"')
    config.write_text(settings, encoding="utf-8")

    with running(config) as without:
        said = without.end()
    assert without.process.returncode == 2, said
    assert "mobility-bridge db upgrade" in said
    assert "Traceback" not in said

    upgraded = Played(tmp_path, {}).command("db", "upgrade", "--json")
    assert upgraded.code == 0, upgraded.err
    with sqlite3.connect(tmp_path / "bridge.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = 'r9999'")
    database.close()
    with running(config) as newer:
        said = newer.end()
    assert newer.process.returncode == 2, said
    assert "r9999" in said
    assert "mobility-bridge db upgrade" in said


def test_log_goes_on_in_a_new_file_when_it_was_rotated_away(played: Played) -> None:
    log = played.folder / "bridge.log.jsonl"
    with running(played.config) as daemon:
        wait_for_first_round(daemon)
        log.rename(log.with_suffix(".1"))
        daemon.offset = 0
        daemon.wait_for_event("job.finished", job="notify")
        daemon.stop()
    old = log.with_suffix(".1").read_text(encoding="utf-8").splitlines()
    new = log.read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["run_id"] for line in new} == {json.loads(old[-1])["run_id"]}
