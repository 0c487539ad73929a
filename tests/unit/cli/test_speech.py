"""The commands speak English and Swedish, and never in the words of machines."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from tests.support.bridges import Bridge, a_bridge
from tests.support.causes import EACH
from tests.support.network import ALDERTON, BRAVA
from tests.unit.cli.conftest import Command

from mobility_bridge import cli
from mobility_bridge.cli import explain as explain_command
from mobility_bridge.cli import status as status_command
from mobility_bridge.cli.speech import SWEDISH, Speech
from mobility_bridge.domain.comparison import Equality
from mobility_bridge.domain.discrepancy import DiscrepancyEventKind, DiscrepancyState, Owner, Severity
from mobility_bridge.domain.evidence import Verification
from mobility_bridge.domain.notification import CnrKind, CnrState
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.reconcile.engine import evaluate_agreement
from mobility_bridge.reconcile.lexicon import STATES
from mobility_bridge.services.explain import explain
from mobility_bridge.services.overview import overview

FOLDER = Path(next(iter(cli.__path__)))
EN, SV = Speech("en"), Speech("sv")


def phrases() -> Iterator[tuple[str, str]]:
    """Every phrase that a command says, with its place."""
    for file in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("say", "say.all", "speech"):
                for part in (part for given in node.args for part in ast.walk(given)):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{file.name}:{node.lineno}", part.value


def test_every_phrase_has_its_swedish() -> None:
    said = list(phrases())
    assert len(said) > 100
    assert [(where, phrase) for where, phrase in said if phrase not in SWEDISH] == []


def test_a_phrase_and_its_swedish_take_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return {part.partition("}")[0] for part in text.split("{")[1:]}

    assert [phrase for phrase, swedish in SWEDISH.items() if values(phrase) != values(swedish)] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("severity", Severity),
        ("owner", Owner),
        ("discrepancy_state", DiscrepancyState),
        ("discrepancy_event", DiscrepancyEventKind),
        ("equality", Equality),
        ("cnr_state", CnrState),
        ("verification", Verification),
    ],
)
def test_every_word_of_a_closed_list_is_said_in_both_languages(name: str, words: type[StrEnum]) -> None:
    assert set(STATES[name]) == {word.value for word in words}
    assert all(SV.word(name, word) != word.value for word in words)


def test_every_kind_of_notification_and_every_verdict_on_a_hash_is_said_in_both_languages() -> None:
    assert all(SV.word("kind", kind) != EN.word("kind", kind) != kind.value for kind in CnrKind)
    for verdict in HashVerdict:
        assert "_" not in EN.verdict(verdict)
        assert SV.verdict(verdict) != EN.verdict(verdict)


def test_every_value_of_a_finding_has_a_name() -> None:
    names = {
        name for _, make in EACH for finding in evaluate_agreement(make()).findings for name in finding.values
    }
    assert sorted(names - set(STATES["value_name"])) == []


async def differing() -> Bridge:
    bridge = a_bridge()
    bridge.source.put("nh-1", theirs="ald-1", own_approval=True, record={"partner_approval": True})
    bridge.source.put("nh-2", BRAVA)
    bridge.network[ALDERTON].put("ald-1", ours="nh-1", places=9)
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-1")
    await bridge.sync()
    return bridge


async def test_an_explanation_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    found = await explain((await differing()).context, "nh-1")

    explain_command.show(found, EN)
    english = capsys.readouterr().out
    explain_command.show(found, SV)
    swedish = capsys.readouterr().out

    for raw in ("not_checked", "mobility_online", "mobilities-per-year", "student-studies", "iia CNR"):
        assert raw not in english + swedish
    assert "number of places" in english
    for word in (
        "Avtal alderton.example nh-1",
        "antal platser",
        "Tidslinje",
        "blockerande; öppen; ansvarig: båda",
    ):
        assert word in swedish
    for word in ("Agreement", "Timeline", "blocking", "approved", "yes"):
        assert word in english
        assert word not in swedish


async def test_the_state_of_everything_is_told_in_swedish(capsys: pytest.CaptureFixture[str]) -> None:
    bridge = await differing()
    status_command._show(await overview(bridge.context), SV, offline=False)
    said = capsys.readouterr().out
    assert "Bryggan för" in said
    assert "1 blockerande" in said
    assert "levererad" in said


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (("--lang", "sv"), "Avvikelser (0): inga.\n"),
        (("--lang", "en"), "Discrepancies (0): none.\n"),
        ((), "Discrepancies (0): none.\n"),
    ],
)
def test_a_language_is_chosen_by_option(
    typed: Command, config: Path, words: tuple[str, ...], title: str
) -> None:
    assert typed("discrepancies", "list", *words, "--config", config).out == title


def test_a_language_is_chosen_by_setting_and_the_option_is_stronger(typed: Command, config: Path) -> None:
    with config.open("a") as file:
        file.write('[cli]\nlanguage = "sv"\n')
    assert typed("discrepancies", "list", "--config", config).out == "Avvikelser (0): inga.\n"
    assert typed("status", "--offline", "--config", config).out.startswith("Bryggan för nordhav.example\n")
    said = typed("discrepancies", "list", "--lang", "en", "--config", config)
    assert said.out == "Discrepancies (0): none.\n"


def test_a_language_that_nobody_speaks_here_is_refused(typed: Command, config: Path) -> None:
    assert typed("explain", "x", "--lang", "fi", "--config", config).code == 2
    with config.open("a") as file:
        file.write('[cli]\nlanguage = "fi"\n')
    said = typed("discrepancies", "list", "--config", config)
    assert said.code == 2
    assert "cli.language" in said.err
