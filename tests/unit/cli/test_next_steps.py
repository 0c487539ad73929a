"""What the program tells people to type exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mobility_bridge.cli.main import cli

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = (ROOT / "src", ROOT / "adapters")
SAID = re.compile(r"mobility-bridge((?: [a-z][a-z-]*)+)([^.,;:`\n]*)")
OPTION = re.compile(r"(?<= )--[a-z][a-z-]*")
NO_COMMANDS = {"domain", "log", "principles", "runs"}


def said() -> Iterator[tuple[str, list[str], list[str]]]:
    """Every mention of the program with words behind it: where, the words, the options behind those."""
    for folder in FOLDERS:
        for file in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_bytes())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    for match in SAID.finditer(node.value):
                        words = match[1].split()
                        if words[0] not in NO_COMMANDS:
                            where = f"{file.relative_to(ROOT)}:{node.lineno}"
                            yield where, words, OPTION.findall(match[2])


def unknown(words: list[str], options: list[str]) -> str | None:
    """The first word or option that the command line does not know."""
    command: click.Command = cli
    for word in words:
        if not isinstance(command, click.Group):
            break  # an argument
        found = command.get_command(click.Context(command), word)
        if found is None:
            return word
        command = found
    known = {name for parameter in command.params for name in parameter.opts}
    return next((option for option in options if option not in known), None)


def test_every_command_that_a_sentence_names_exists() -> None:
    wrong = [(where, word) for where, words, options in said() if (word := unknown(words, options))]
    assert wrong == []


def test_mentions_are_found_at_all() -> None:
    assert len(list(said())) > 50


@pytest.mark.parametrize(
    ("words", "options", "wrong"),
    [
        (["catalogues", "refresh"], [], "catalogues"),
        (["ewp", "catalogue"], ["--refresh"], None),
        (["agreements", "list"], ["--nonsense"], "--nonsense"),
        (["explain", "anything"], [], None),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(
    words: list[str], options: list[str], wrong: str | None
) -> None:
    assert unknown(words, options) == wrong
