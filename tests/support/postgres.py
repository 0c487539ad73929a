"""A throw-away PostgreSQL server, or the one that MOBILITY_BRIDGE_TEST_POSTGRES names.

The variable holds a URL such as `postgresql+psycopg://user:password@127.0.0.1/bridge_test`; every table of
the bridge in that database is emptied again and again.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "MOBILITY_BRIDGE_TEST_POSTGRES"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
}


class NoPostgres(Exception):
    """There is no server to test with; the message says why."""


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of an empty database. Raises NoPostgres."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="bridge-postgres-"))
    try:
        as_user = _as_unprivileged(folder)
        port = _free_port()
        data = folder / "data"
        # A linguistic default order, so that what relies on code points has to say so.
        _run(
            [
                *as_user,
                str(binaries / "initdb"),
                "-D",
                str(data),
                "-U",
                "bridge",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--locale-provider=icu",
                "--icu-locale=en-US",
                "--no-sync",
            ]
        )
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        start = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
        _run([*as_user, *start, "-o", f"{options} -p {port} -k {folder}", "start"])
        try:
            yield f"postgresql+psycopg://bridge@127.0.0.1:{port}/postgres"
        finally:
            _run([*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    """The newest installed server's programs, where Debian puts them or on the path."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: float(path.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise NoPostgres(f"PostgreSQL's initdb is not installed and {VARIABLE} is not set")
    return Path(found).parent


def _as_unprivileged(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then Debian's own user runs it."""
    if os.geteuid() != 0:
        return []
    try:
        owner = pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgres("running as root, and there is no user postgres to run the server as") from None
    if shutil.which("runuser") is None:
        raise NoPostgres("running as root, and there is no runuser to become another user with")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["runuser", "-u", "postgres", "--"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str]) -> None:
    # Not captured through pipes: the server would inherit them and the call never end.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", timeout=60, check=False
        )
        if done.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{command[0]} failed: {output.read().decode(errors='replace')}")
