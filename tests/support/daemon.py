"""`mobility-bridge run` in a process of its own, followed through its log."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Line = dict[str, Any]


@dataclass
class Daemon:
    """A started daemon. `lines` are those that it wrote, not those of earlier ones in the same file."""

    process: "subprocess.Popen[str]"
    log: Path
    offset: int = 0
    _said: str = field(default="")

    @property
    def lines(self) -> list[Line]:
        with self.log.open("rb") as stream:
            stream.seek(self.offset)
            whole, _, _ = stream.read().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]

    def events(self, name: str) -> list[Line]:
        return [line for line in self.lines if line["event"] == name]

    def wait_for(self, there: Callable[["Daemon"], bool], what: str, timeout_s: float = 90) -> None:
        """Wait until something shows in the log, or fail naming what did not."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.log.exists() and there(self):
                return
            assert self.process.poll() is None, f"the daemon ended: {self.end()}"
            time.sleep(0.05)
        last = "\n".join(map(str, self.lines[-8:])) if self.log.exists() else "no log"
        raise AssertionError(f"not within {timeout_s} s: {what}; the last lines:\n{last}")

    def wait_for_event(self, name: str, timeout_s: float = 90, **fields: Any) -> None:
        def there(daemon: "Daemon") -> bool:
            return any(fields.items() <= line.items() for line in daemon.events(name))

        self.wait_for(there, f"{name} {fields}", timeout_s)

    def stop(self, number: int = signal.SIGTERM, within_s: float = 40) -> float:
        """Send a signal, wait for the end; return the seconds that it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        self._said += self.process.communicate(timeout=within_s)[1] or ""
        return time.monotonic() - started

    def end(self, within_s: float = 40) -> str:
        """Wait for an end that comes by itself; return what was written to stderr."""
        if self.process.stderr is not None and not self.process.stderr.closed:
            self._said += self.process.communicate(timeout=within_s)[1] or ""
        return self._said


@contextlib.contextmanager
def running(config: Path, environ: Mapping[str, str] | None = None) -> Iterator[Daemon]:
    """Run a daemon on the store of this configuration while the block runs."""
    log = config.parent / "bridge.log.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "mobility_bridge", "run", "--config", str(config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MOBILITY_BRIDGE__LOG__LEVEL": "debug", **(environ or {})},
    )
    daemon = Daemon(process, log, log.stat().st_size if log.exists() else 0)
    try:
        yield daemon
    finally:
        if process.poll() is None:
            process.kill()
        daemon.end()
