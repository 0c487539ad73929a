"""What an operator, a clock or a disk can get wrong: a sentence, the next step, and nothing spoilt."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.daemon import running
from tests.support.keys import key, private_pem, tls_files
from tests.support.played import Played, Result, play

from mobility_bridge.cli.sandbox import write_config
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.keys import write_private

IMPATIENT = {
    "MOBILITY_BRIDGE__ADAPTERS__EWP__ATTEMPTS": "1",
    "MOBILITY_BRIDGE__ADAPTERS__MOBILITY_ONLINE__READ_ATTEMPTS": "1",
}
NONSENSE = """
own_hei_id = "Nordhav University"
colour = "blue"

[store]
urll = "sqlite:///bridge.sqlite3"

[schedule]
sweep_every_s = "often"
stop_within_s = 3600

[notify]
first_retry_s = -1

[adapters.ewp]
registry_url = "http://plain.example/catalogue.xml"
client_key = { file = "there-is-none.pem" }
ca_file = "expired.pem"
total_s = 5
connect_s = 10

[adapters.mobility_online]
base_url = "https://mobility.example/services"
authority = { file = "there-is-none.txt" }

[adapters.mobilty_online]
base_url = "x"
"""


@pytest.fixture
def stopped(tmp_path: Path) -> Played:
    """A configuration for a sandbox that does not run."""
    asyncio.run(Sandbox(tmp_path, Plan("clean")).stop())
    write_config(tmp_path)
    return Played(tmp_path, {})


def refused(result: Result, *words: str, code: int = 2) -> None:
    """It ended with that code, and every word is in what was said."""
    assert result.code == code, result.out + result.err
    said = result.out + result.err
    assert not [word for word in words if word not in said], said
    assert "Traceback" not in said


# --- the configuration ---


@pytest.mark.parametrize("words", [("run",), ("sync",), ("status",), ("config", "check"), ("db", "upgrade")])
def test_everything_wrong_with_the_file_is_said_at_once_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    tls_files(tmp_path, expired=True).certificate.rename(tmp_path / "expired.pem")
    config = tmp_path / "mobility-bridge.toml"
    config.write_text(NONSENSE, encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    result = Played(tmp_path, {}).command(*words)
    refused(
        result,
        str(config),
        "own_hei_id",
        "colour",
        "store.urll",
        "did you mean url?",
        "schedule.sweep_every_s",
        "schedule.stop_within_s",
        "notify.first_retry_s",
        "adapters.ewp.registry_url",
        "an address that begins with https://",
        "adapters.ewp.client_key.file",
        "there-is-none.pem: No such file or directory",
        "adapters.ewp.ca_file",
        "expired.pem expired on",
        "adapters.ewp.connect_s",
        "at most total_s",
        "adapters.mobility_online.authority",
        "there-is-none.txt cannot be read",
        "adapters.mobilty_online",
        "did you mean mobility_online?",
        "mobility-bridge config check",
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_every_file_that_is_missing_or_unfit_is_said_at_once(stopped: Played) -> None:
    folder = stopped.folder
    expired = tls_files(_made(folder / "old"), expired=True).certificate
    text = stopped.config.read_text(encoding="utf-8")
    text = text.replace('\nca_file = "./ca.pem"', f'\nca_file = "{expired}"', 1)
    text = text.replace("client-key.pem", "no-key.pem").replace("authority.txt", "no-authority.txt")
    stopped.config.write_text(text, encoding="utf-8")
    refused(
        stopped.command("config", "check"),
        "adapters.ewp.client_key.file",
        "no-key.pem: No such file or directory",
        "adapters.ewp.ca_file",
        "expired on",
        "adapters.mobility_online.authority",
        "no-authority.txt cannot be read",
        "3 problems",
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not a key at all", "client_key.file"),
        (b"", "client_key.file"),
        (private_pem(key("short", bits=1024)), "2048"),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "RSA",
        ),
    ],
    ids=["no key", "empty", "short", "elliptic"],
)
def test_key_that_cannot_be_used_is_refused_without_being_shown(
    stopped: Played, content: bytes, says: str
) -> None:
    write_private(stopped.folder / "client-key.pem", content)
    result = stopped.command("config", "check")
    refused(result, says, "an RSA private key in PEM, 2048 bits or more")
    assert "PRIVATE KEY" not in result.err
    assert "not a key at all" not in result.err


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_key_that_others_may_read_is_refused(stopped: Played, mode: int) -> None:
    (stopped.folder / "client-key.pem").chmod(mode)
    refused(stopped.command("sync"), f"has mode {mode:04o}", "mode 0600: only its owner may read it")


def test_configuration_that_is_not_there_or_no_toml_is_named(tmp_path: Path) -> None:
    refused(Played(tmp_path, {}).command("sync"), "there is no such configuration file", "demo")
    (tmp_path / "mobility-bridge.toml").write_text("own_hei_id = = 1\n[store]\n", encoding="utf-8")
    refused(Played(tmp_path, {}).command("sync"), "not TOML", "line 1")


def test_looking_at_a_store_that_was_never_made_makes_none(stopped: Played) -> None:
    for name in ("bridge.sqlite3", "bridge.log.jsonl"):
        (stopped.folder / name).unlink(missing_ok=True)
    for words in (("status", "--offline"), ("sync", "--dry-run"), ("sync",)):
        refused(stopped.command(*words), "there is no store at", "mobility-bridge db upgrade")
    assert not list(stopped.folder.glob("bridge.sqlite3*"))


# --- certificates, keys and clocks against a running network ---


def test_key_that_the_network_does_not_know_is_said_before_and_after(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, Plan("clean"))
    write_config(tmp_path)
    write_private(tmp_path / "client-key.pem", private_pem(key("stranger")))
    with sandbox.in_thread():
        stage = Played(tmp_path, {})
        refused(stage.command("config", "check"), "adapters.ewp.client_key", "not in the catalogue")
        refused(stage.command("sync"), code=3)
        refusing = {partner for code, partner in stage.codes() if code == "PARTNER_REFUSES"}
        assert len(refusing) >= 6, "every partner"


def test_certificate_that_has_expired_is_not_trusted_and_nothing_else_is_spoilt(tmp_path: Path) -> None:
    asyncio.run(Sandbox(tmp_path, Plan("clean")).stop())  # makes certificates that hold
    files = tls_files(tmp_path, expired=True)
    write_private(tmp_path / "server.pem", files.key.read_bytes() + files.certificate.read_bytes())
    sandbox = Sandbox(tmp_path, Plan("clean"))
    write_config(tmp_path)
    with sandbox.in_thread():
        stage = Played(tmp_path, IMPATIENT)
        refused(
            stage.command("config", "check"), "adapters.ewp.registry_url", "tls", "certificate has expired"
        )
        refused(stage.command("sync"), "certificate", code=3)
        assert stage.command("evidence", "verify").code == 0


@pytest.mark.parametrize(("hours", "way"), [(1, "slow"), (-1, "fast")])
def test_clock_that_is_off_is_measured_and_named(tmp_path: Path, hours: int, way: str) -> None:
    theirs = timedelta(hours=hours)
    sandbox = Sandbox(tmp_path, Plan("clean"), lambda: datetime.now(UTC) + theirs)
    write_config(tmp_path)
    with sandbox.in_thread():
        stage = Played(tmp_path, IMPATIENT)
        refused(stage.command("config", "check"), "this machine's clock", way, "within 300 s")
        refused(stage.command("sync"), code=3)
        assert {code for code, _ in stage.codes()} <= {"PARTNER_REFUSES", "PARTNER_UNTRUSTED"}


# --- the disk ---


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with play(tmp_path_factory.mktemp("disk") / "sandbox", "clean") as stage:
        assert stage.command("sync").code == 0
        yield stage


@pytest.fixture
def copied(world: Played, tmp_path: Path) -> Played:
    """The bridge of the running sandbox with a store of its own."""
    for name in ("bridge.sqlite3", "mobility-bridge.toml", "ca.pem", "client-key.pem", "authority.txt"):
        shutil.copy2(world.folder / name, tmp_path / name)
    return Played(tmp_path, {})


def test_store_that_another_process_locks_for_a_while_is_waited_for(copied: Played) -> None:
    lock = sqlite3.connect(copied.folder / "bridge.sqlite3", check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")

    def let_go() -> None:
        lock.rollback()
        lock.close()

    timer = threading.Timer(6, let_go)
    timer.start()
    started = time.monotonic()
    result = copied.command("sync", "--full")
    assert result.code == 0, result.err
    assert time.monotonic() - started > 5
    timer.join()
    assert copied.command("evidence", "verify").code == 0


def test_daemon_lives_through_a_store_that_is_locked(copied: Played) -> None:
    with running(copied.config) as daemon:
        daemon.wait_for_event("job.finished", job="notify")
        lock = sqlite3.connect(copied.folder / "bridge.sqlite3")
        lock.execute("BEGIN IMMEDIATE")
        time.sleep(3)
        lock.rollback()
        lock.close()
        done = len(daemon.events("job.finished"))
        daemon.wait_for(lambda each: len(each.events("job.finished")) >= done + 7, "jobs go on")
        daemon.stop()
    assert daemon.process.returncode == 0, daemon.end()
    assert copied.command("evidence", "verify").code == 0


def test_full_disk_is_a_sentence_and_what_was_there_stays(copied: Played) -> None:
    """A file may not grow beyond a limit, as on a disk that is full."""
    before = copied.command("evidence", "verify", "--json").json
    size = (copied.folder / "bridge.sqlite3").stat().st_size
    done = subprocess.run(
        ["/bin/sh", "-c", f'ulimit -f {size // 1024 + 8}; exec "$@"', "sh",
         sys.executable, "-m", "mobility_bridge", "sync", "--full", "--config", str(copied.config)],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "MOBILITY_BRIDGE__LOG__FILE": "log.jsonl"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "store" in done.stderr
    assert "disk" in done.stderr
    assert "Traceback" not in done.stderr
    after = copied.command("evidence", "verify", "--json").json
    assert after["problems"] == []
    assert after["records"] >= before["records"]
    again = copied.command("sync", "--full")
    assert again.code == 0, again.err
    assert copied.codes() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_disk_that_is_really_full_is_named_so(copied: Played, tmp_path: Path) -> None:
    small = _made(tmp_path / "small")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        stage = Played(
            copied.folder, {"MOBILITY_BRIDGE__STORE__URL": f"sqlite:///{small / 'bridge.sqlite3'}"}
        )
        assert stage.command("db", "upgrade").code == 0
        assert stage.command("sync").code == 0
        (small / "ballast").write_bytes(bytes(shutil.disk_usage(small).free))
        refused(
            stage.command("sync", "--full"),
            "the disk that holds the store is full",
            "Free some space",
            code=1,
        )
        (small / "ballast").unlink()
        assert stage.command("evidence", "verify").code == 0
        again = stage.command("sync", "--full")
        assert again.code == 0, again.err
    finally:
        subprocess.run(["umount", str(small)], check=False)


def test_folder_that_may_not_be_written_is_named(copied: Played, tmp_path: Path) -> None:
    folder = _made(tmp_path / "kept")
    with unwritable(folder, copied.folder):
        for words in (("sync",), ("db", "upgrade"), ("run",)):
            result = Played(folder, {}).command(*words)
            said = result.err.strip().splitlines()
            assert result.code in (1, 2), (words, result.err)
            assert "Traceback" not in result.err, (words, result.err)
            assert str(folder) in said[0], (words, said)
            assert len(said) >= 2, "a sentence and the next step"


@contextlib.contextmanager
def unwritable(folder: Path, source: Path) -> Iterator[None]:
    """A copy of a bridge's folder that may be read only. Root may write everywhere but to such a disk."""
    files = ("bridge.sqlite3", "mobility-bridge.toml", "ca.pem", "client-key.pem", "authority.txt")
    if os.geteuid() != 0:
        for name in files:
            shutil.copy2(source / name, folder / name)
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
        return
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    try:
        for name in files:
            shutil.copy2(source / name, folder / name)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
