"""Where the output goes: a terminal with few letters, a full disk, a reader that went away, a folder that is closed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from mobility_bridge import errors
from mobility_bridge.cli import main as boundary
from mobility_bridge.cli.options import LOOKING
from mobility_bridge.errors import BridgeError

Command = Callable[..., Any]


def started(words: list[str], folder: Path, **how: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own, whose streams are real."""
    command = [sys.executable, "-m", "mobility_bridge", *words]
    return subprocess.run(command, cwd=folder, text=True, stderr=subprocess.PIPE, check=False, **how)


def test_a_terminal_that_knows_few_letters_gets_the_others_replaced(config: Path) -> None:
    environ = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)}
    (config.parent / "nø.xml").write_text("<a/>")
    for words in (["ewp", "validate", "nø.xml"], ["ewp", "validate", "nø.xml", "--json"]):
        done = started(words, config.parent, stdout=subprocess.PIPE, env=environ)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("words", [["--help"], ["config", "show", "--config", "bridge.toml"]])
def test_output_that_cannot_be_written_is_a_sentence(config: Path, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = started(words, config.parent, stdout=full)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "the output cannot be written: No space left on device",
        "Free some space, or write the output elsewhere.",
    ]


def failing(typed: Command, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Any:
    """Type a command that ends with that error."""

    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(boundary, "cli", fail)
    return typed()


def test_a_file_that_the_system_refuses_is_named_with_a_next_step(
    typed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = OSError(30, "Read-only file system", "/closed/package")
    result = failing(typed, monkeypatch, refusal)
    assert result.code == 1
    assert result.err.splitlines() == [
        "/closed/package: Read-only file system",
        "Check that it exists, and that you may read and write it.",
    ]


@pytest.mark.parametrize(
    "kind",
    [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, BridgeError)],
)
def test_every_error_ends_with_a_next_step(
    typed: Command, monkeypatch: pytest.MonkeyPatch, kind: type[BridgeError]
) -> None:
    facts = {"system": "ewp", "reason": "timeout"} if issubclass(kind, errors.ExternalError) else {}
    result = failing(typed, monkeypatch, kind("It failed.", **facts))
    assert result.code == kind.exit_code
    first, last = result.err.splitlines()
    assert first == "It failed."
    assert last


def test_who_only_looks_needs_no_log(typed: Command, config: Path) -> None:
    (config.parent / "bridge.log").mkdir()
    for words in (
        "status --offline",
        "discrepancies list",
        "agreements list",
        "agreements balance",
        "evidence verify",
    ):
        assert typed(*words.split(), "--config", config).code == 0, words
    for words in ("sync", "run", "config check --offline"):
        result = typed(*words.split(), "--config", config)
        assert result.code == 2, words
        assert "the log cannot be written" in result.err


def test_commands_that_only_look_exist() -> None:
    for words in LOOKING:
        command: click.Command = boundary.cli
        for word in words.split():
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), word)
            assert found is not None, words
            command = found
