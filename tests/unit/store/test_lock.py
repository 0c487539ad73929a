import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mobility_bridge.errors import StoreError, StoreHeld
from mobility_bridge.store.lock import hold

HOLD_AND_WAIT = """
import sys, time
from mobility_bridge.store.lock import hold
with hold(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


def test_a_store_has_one_owner_at_a_time(url: str):
    with hold(url):
        with pytest.raises(StoreHeld, match="another daemon") as caught, hold(url):
            pytest.fail("two owners")
        assert caught.value.next_step is not None
    with hold(url):
        pass


def test_two_stores_have_an_owner_each(tmp_path: Path):
    with hold(f"sqlite:///{tmp_path / 'a.db'}"), hold(f"sqlite:///{tmp_path / 'b.db'}"):
        pass


def test_a_store_in_memory_has_no_other_owner():
    with hold("memory:"), hold("memory:"):
        pass


def test_the_owner_that_is_in_the_way_is_named(sqlite_url: str):
    with hold(sqlite_url), pytest.raises(StoreHeld, match=f"process {os.getpid()}"), hold(sqlite_url):
        pass


def test_a_failure_inside_lets_go_and_is_not_changed(url: str):
    with pytest.raises(LookupError, match="mine"), hold(url):
        raise LookupError("mine")

    with hold(url):
        pass


def test_an_owner_that_is_killed_lets_go(url: str):
    process = subprocess.Popen([sys.executable, "-c", HOLD_AND_WAIT, url], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreHeld), hold(url):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    for _ in range(100):  # a server needs a moment to notice
        try:
            with hold(url):
                return
        except StoreHeld:
            time.sleep(0.05)
    pytest.fail("still held")


def test_a_lock_file_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(StoreError, match="lock file cannot be made"),
        hold(f"sqlite:///{tmp_path / 'file' / 'x.db'}"),
    ):
        pass
