"""Documents in hand: whatever a file holds is answered with a sentence that names it and a next step."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.agreements import an_iia

from mobility_bridge.bootstrap import inspector
from mobility_bridge.cli.files import LIMIT

Command = Callable[..., Any]
REFUSED = {
    "empty": (b"", "empty"),
    "no XML": (b"hello", "expected"),
    "document type": (b"<!DOCTYPE a><a/>", "DOCTYPE"),
    "long text": (b"<a>" + b"x" * 10_500_000 + b"</a>", "10 million bytes"),
    "deep": (b"<a>" * 300 + b"</a>" * 300, "256 levels"),
    "another root": (b"<a/>", "root element"),
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.xml"
    file.write_bytes(inspector().write(an_iia()))
    return file


@pytest.mark.parametrize("name", REFUSED)
def test_a_document_that_is_refused_is_named_with_a_next_step(
    typed: Command, tmp_path: Path, good: Path, name: str
) -> None:
    content, says = REFUSED[name]
    file = tmp_path / "refused.xml"
    file.write_bytes(content)
    for words in (("hash", file), ("diff", file, good), ("diff", good, file)):
        result = typed("iia", *words)
        assert result.code == 1
        first, last = result.err.splitlines()
        assert first.startswith(f"{file}: ")
        assert says in first
        assert last == f"Run: mobility-bridge ewp validate {file}"
        assert "HUGE" not in result.err


@pytest.mark.parametrize("command", [("iia", "hash"), ("ewp", "validate")])
def test_a_file_that_is_missing_does_not_hide_the_others(
    typed: Command, good: Path, command: tuple[str, str]
) -> None:
    result = typed(*command, "missing.xml", good)
    assert result.code == 2
    assert str(good) in result.out
    assert result.err.splitlines()[0] == "missing.xml: No such file or directory"
    assert "missing.xml" not in result.out
    assert result.err.splitlines()[-1] == "Name a file that you may read."


def test_a_file_that_is_missing_is_an_invalid_entry_for_a_machine(typed: Command, good: Path) -> None:
    result = typed("ewp", "validate", "--json", good, "missing.xml")
    assert [entry["valid"] for entry in result.json] == [True, False]
    assert result.json[1]["problems"][0]["message"] == "missing.xml: No such file or directory"


def test_the_line_of_a_problem_is_said_once(typed: Command, tmp_path: Path) -> None:
    file = tmp_path / "empty.xml"
    file.write_bytes(b"")
    result = typed("ewp", "validate", file)
    assert result.code == 1
    assert "  line 1: Document is empty, column 1" in result.out.splitlines()


@pytest.mark.parametrize("command", [("iia", "hash"), ("ewp", "validate"), ("iia", "diff", "-")])
def test_a_file_without_end_is_not_read_to_its_end(typed: Command, command: tuple[str, ...]) -> None:
    result = typed(
        *[word.replace("-", "/dev/zero") if word == "-" else word for word in command], "/dev/zero"
    )
    assert result.code == 2
    assert f"more than the {LIMIT} bytes" in result.err
    assert result.err.splitlines()[-1].startswith("Name a file with fewer agreements")


def test_standard_input_has_the_same_limit(typed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0, "to the end"
            self.asked += size
            return b"x" * size

    endless = Endless()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(endless))  # type: ignore[type-var]
    result = typed("iia", "hash", "-")
    assert result.code == 2
    assert "standard input: more than" in result.err
    assert endless.asked == LIMIT + 1
