"""The one place where errors become a sentence, a next step and an exit code."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.keys import key, private_pem

from mobility_bridge.cli.main import COMMANDS
from mobility_bridge.domain.discrepancy import Finding, Owner, Severity, Subject, SubjectKind, Text
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.reconcile.fold import fold
from mobility_bridge.store import open_store
from mobility_bridge.store.lock import hold

Command = Callable[..., Any]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEAVY = (
    "sqlalchemy",
    "alembic",
    "zeep",
    "lxml",
    "xmlschema",
    "pydantic",
    "apscheduler",
    "httptools",
    "rich",
    "cryptography",
)


def with_discrepancy(config: Path, severity: Severity = Severity.WARNING) -> str:
    """Put one discrepancy into the store; return its id."""
    words = Text("They differ.", "De skiljer sig åt.")
    subject = Subject(SubjectKind.AGREEMENT, HeiId("alderton.example"), IiaId("nh-1"))
    finding = Finding("NUMBER_DIFFERS", severity, Owner.BOTH, subject, words, words, values={"local": "3"})

    async def put() -> None:
        store = open_store(f"sqlite:///{config.parent / 'bridge.sqlite3'}")
        for discrepancy, event in fold((), (finding,), NOW):

            def work(uow: Any, discrepancy: Any = discrepancy, event: Any = event) -> None:
                uow.discrepancies.save(discrepancy, event)

            await store.write(work)
        await store.close()

    asyncio.run(put())
    return finding.discrepancy_id


def modules_after(*words: str) -> set[str]:
    """The modules that a command has imported when it ends, in a process of its own."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
        f"from mobility_bridge.cli.main import main\nmain({list(words)!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


# 0: done.


@pytest.mark.parametrize(
    "words", [("--help",), ("-h",), ("--version",), *((name, "--help") for name in COMMANDS)]
)
def test_help_and_version_are_answered_on_stdout(typed: Command, words: tuple[str, ...]) -> None:
    result = typed(*words)
    assert result.code == 0
    assert result.out
    assert result.err == ""


@pytest.mark.parametrize(
    "words", [("--help",), ("sync", "--help"), ("discrepancies", "--help"), ("--version",)]
)
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    loaded = {name.partition(".")[0] for name in modules_after(*words)}
    allowed = {"rich"} if words[0] in ("sync", "discrepancies") else set()
    assert loaded & set(HEAVY) <= allowed


def test_every_command_of_the_table_is_listed_with_its_sentence(typed: Command) -> None:
    out = " ".join(typed("--help").out.split())
    for name, (_, sentence) in COMMANDS.items():
        assert f"{name} {sentence}" in out


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("status", "--offline"),
        ("sync",),
        ("sync", "--dry-run"),
        ("agreements", "list"),
        ("discrepancies", "list"),
        ("evidence", "list"),
        ("evidence", "verify"),
        ("config", "check", "--offline"),
        ("config", "show"),
        ("db", "check"),
        ("db", "upgrade"),
        ("db", "upgrade", "--dry-run"),
    ],
    ids=" ".join,
)
def test_json_is_printed_alone_on_stdout_and_parses(
    typed: Command, config: Path, words: tuple[str, ...]
) -> None:
    result = typed(*words, "--json", "--config", config)
    assert result.code == 0, result.err
    json.loads(result.out)
    plain = typed(*words, "--config", config)
    assert plain.code == 0
    assert plain.out


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_configuration_may_be_named_before_or_after_the_command(
    typed: Command, config: Path, place: str
) -> None:
    named = ("--config", config)
    words = (*named, "db", "check") if place == "before" else ("db", "check", *named)
    assert typed(*words).code == 0


def test_the_later_of_two_configurations_counts(typed: Command, config: Path) -> None:
    assert typed("--config", "nowhere.toml", "db", "check", "--config", config).code == 0


def test_the_configuration_may_be_named_by_the_environment(
    typed: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOBILITY_BRIDGE_CONFIG", str(config))
    assert typed("db", "check").code == 0


# 1: failed.


def test_a_second_daemon_on_the_same_store_refuses_to_start_and_says_why(
    typed: Command, config: Path
) -> None:
    with hold(f"sqlite:///{config.parent / 'bridge.sqlite3'}"):
        result = typed("run", "--config", config)
    assert result.code == 1
    first, second = result.err.splitlines()
    assert first.startswith("another daemon (process ")
    assert "bridge.sqlite3" in first
    assert second == "Stop the other one first, or give this one a store.url of its own."


def test_a_store_without_the_schema_of_this_version_fails_the_check(typed: Command, config: Path) -> None:
    (config.parent / "bridge.sqlite3").unlink()
    result = typed("db", "check", "--config", config)
    assert result.code == 1
    assert result.err.splitlines()[-1] == "Run: mobility-bridge db upgrade"


# 2: configuration or usage.


@pytest.mark.parametrize(
    "words",
    [("nonsense",), ("sync", "--nonsense"), ("explain",), ("discrepancies", "list", "--state", "odd")],
)
def test_a_command_that_is_not_understood_exits_2(typed: Command, words: tuple[str, ...]) -> None:
    result = typed(*words)
    assert result.code == 2
    assert "Error:" in result.err
    assert result.out == ""


def test_without_a_configuration_the_next_step_is_named(typed: Command) -> None:
    result = typed("status")
    assert result.code == 2
    first, last = result.err.splitlines()
    assert "there is no such configuration file" in first
    assert "--config" in last


def test_every_problem_of_a_configuration_is_listed_before_anything_is_written(
    typed: Command, tmp_path: Path
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(
        """
own_hei_id = "Nordhav"
[store]
ulr = "x"
[notify]
lease_s = 1
[adapters.ewp]
client_key = { file = "no-key.pem" }
ca_file = "no-ca.pem"
registry_urll = "https://registry.example/"
[adapters.mobility_online]
base_url = "https://mobility.example/services"
authority = { env = "NOT_SET_ANYWHERE" }
"""
    )
    result = typed("sync", "--config", file)
    assert result.code == 2
    lines = result.err.splitlines()
    assert lines[0] == f"{file}: {len(lines) - 2} problems"
    assert lines[-1] == f"Run: mobility-bridge config check --config {file}"
    named = [line.split()[0] for line in lines[1:-1]]
    assert {"own_hei_id", "store.ulr", "notify.lease_s", "adapters.ewp.registry_urll"} <= set(named)
    assert "adapters.mobility_online.authority" in named
    assert [path.name for path in tmp_path.iterdir()] == ["bad.toml"]


def test_wrong_key_files_are_all_named_with_their_paths(typed: Command, tmp_path: Path) -> None:
    (tmp_path / "open.pem").write_bytes(private_pem(key("client")))
    (tmp_path / "open.pem").chmod(0o644)
    (tmp_path / "ca.pem").write_text("no certificate")
    file = tmp_path / "bad.toml"
    file.write_text(
        'own_hei_id = "nordhav.example"\n[adapters.ewp]\nclient_key = { file = "open.pem" }\nca_file = "ca.pem"\n'
    )
    result = typed("config", "check", "--config", file)
    assert result.code == 2
    assert "adapters.ewp.client_key.file" in result.err
    assert "0644" in result.err
    assert "adapters.ewp.ca_file" in result.err
    assert "BEGIN" not in result.err + result.out


def test_a_store_that_was_never_prepared_exits_2_and_says_how_to_prepare_it(
    typed: Command, config: Path
) -> None:
    (config.parent / "bridge.sqlite3").unlink()
    result = typed("status", "--config", config)
    assert result.code == 2
    assert "mobility-bridge db upgrade" in result.err.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [
        ("explain", "nh-404"),
        ("discrepancies", "show", "D-404"),
        ("notify", "nh-404", "--dry-run"),
        ("sync", "--source", "ladok"),
    ],
)
def test_what_is_not_there_exits_2_with_the_next_step(
    typed: Command, config: Path, words: tuple[str, ...]
) -> None:
    result = typed(*words, "--config", config)
    assert result.code == 2
    assert len(result.err.splitlines()) == 2
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "words",
    [
        "agreements list --partner aldertown.example",
        "agreements balance --partner aldertown.example",
        "agreements expiring --partner aldertown.example",
        "discrepancies list --partner aldertown.example",
        "discrepancies list --code NUMBERS_DIFFER",
    ],
)
def test_a_filter_that_names_nothing_exits_2_with_what_is_close(
    typed: Command, config: Path, words: str
) -> None:
    with_discrepancy(config)
    result = typed(*words.split(), "--config", config)
    assert result.code == 2
    first, last = result.err.splitlines()
    assert repr(words.rsplit(maxsplit=1)[-1]) in first
    if "--code" in words:
        assert last.startswith("Did you mean NUMBER_DIFFERS")
    else:
        assert last == "Run: mobility-bridge agreements list"


def test_a_filter_that_names_something_is_read_in_any_case(typed: Command, config: Path) -> None:
    with_discrepancy(config)
    for words in ("--partner Alderton.Example", "--code number_differs", "--code EXPIRING"):
        result = typed("discrepancies", "list", *words.split(), "--json", "--config", config)
        assert result.code == 0, result.err
        assert len(result.json) == (0 if "EXPIRING" in words else 1)


def test_secrets_are_left_out_when_the_configuration_is_shown(typed: Command, config: Path) -> None:
    (config.parent / "key.pem").write_bytes(private_pem(key("client")))
    (config.parent / "key.pem").chmod(0o600)
    config.write_text(config.read_text() + '[adapters.ewp]\nclient_key = { file = "key.pem" }\n')
    for words in (("config", "show"), ("config", "show", "--json")):
        result = typed(*words, "--config", config)
        assert result.code == 0
        assert "key.pem" in result.out
        assert "PRIVATE" not in result.out


# 3: an external system failed.


def test_a_registry_that_does_not_answer_exits_3_and_everything_else_is_done(
    typed: Command, config: Path
) -> None:
    (config.parent / "key.pem").write_bytes(private_pem(key("client")))
    (config.parent / "key.pem").chmod(0o600)
    config.write_text(
        config.read_text()
        + '[adapters.ewp]\nclient_key = { file = "key.pem" }\nregistry_url = "https://localhost:1/catalogue.xml"\n'
        + "attempts = 1\n"
    )
    result = typed("sync", "--json", "--config", config)
    assert result.code == 3
    assert [error["system"] for error in result.json["errors"]] == ["ewp"]
    assert result.json["compared"] == 1
    listed = typed("discrepancies", "list", "--json", "--config", config).json
    assert [item["code"] for item in listed] == ["CATALOGUE_STALE"]


# 4: discrepancies, when asked for.


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [
        (Severity.WARNING, "blocking", 0),
        (Severity.WARNING, "warning", 4),
        (Severity.WARNING, "information", 4),
        (Severity.BLOCKING, "blocking", 4),
        (Severity.INFORMATION, "warning", 0),
    ],
)
def test_open_discrepancies_of_a_severity_exit_4(
    typed: Command, config: Path, severity: Severity, fail_on: str, code: int
) -> None:
    with_discrepancy(config, severity)
    result = typed("discrepancies", "list", "--fail-on", fail_on, "--json", "--config", config)
    assert result.code == code
    assert len(result.json) == 1


def test_acknowledged_discrepancies_do_not_fail(typed: Command, config: Path) -> None:
    name = with_discrepancy(config, Severity.BLOCKING)
    done = typed("discrepancies", "ack", name, "--by", "eva", "--reason", "agreed", "--config", config)
    assert done.code == 0, done.err
    assert typed("discrepancies", "list", "--fail-on", "information", "--config", config).code == 0


def test_a_dry_run_writes_nothing(typed: Command, config: Path) -> None:
    name = with_discrepancy(config)
    shown = typed(
        "discrepancies", "ack", name, "--by", "eva", "--reason", "x", "--dry-run", "--config", config
    )
    assert shown.code == 0
    (item,) = typed("discrepancies", "list", "--json", "--config", config).json
    assert item["state"] == "open"
