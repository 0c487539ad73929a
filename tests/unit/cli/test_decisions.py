"""Decisions on the command line: what became of each is said in words, in both languages."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from tests.support.deciding import Office, an_office, rejected
from tests.unit.cli.conftest import Command

from mobility_bridge.cli import decisions as command
from mobility_bridge.cli import status, sync_students
from mobility_bridge.cli.speech import SWEDISH, Speech
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.reconcile.decision_effects import Effect
from mobility_bridge.services.overview import overview
from mobility_bridge.services.send_decisions import DecisionsReport


async def a_decision(**facts: Any) -> StoredDecision:
    office: Office = await an_office()
    made = await office.decide()
    return replace(made, **facts)


def test_whatever_becomes_of_a_decision_is_said_in_both_languages() -> None:
    ends = {each.value for each in Effect if each is not Effect.STILL_OPEN}
    assert ends <= set(command.OUTCOMES)
    going_on = {DecisionState.QUEUED, DecisionState.SENT, DecisionState.UNKNOWN}
    assert {each.value for each in going_on} <= set(command.OUTCOMES)
    assert [words for words in command.OUTCOMES.values() if words not in SWEDISH] == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "waits to be sent"),
        ({"state": DecisionState.SENT}, "does not show it yet"),
        ({"state": DecisionState.UNKNOWN}, "nobody knows"),
        ({"state": DecisionState.CONFIRMED, "outcome": "took_effect"}, "the partner shows it"),
        ({"state": DecisionState.CONFLICT, "outcome": "something_new"}, "something new"),
    ],
)
async def test_a_decision_is_shown_with_what_became_of_it(
    facts: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command.show(await a_decision(**facts), Speech("sv"), dry_run=False)
    command.show(await a_decision(**facts), Speech("en"), dry_run=False)
    printed = capsys.readouterr().out
    assert words in printed
    assert "kim" in printed
    assert "waits now" not in printed


async def test_the_partners_words_and_the_newer_proposal_are_shown_to_who_decided(
    capsys: pytest.CaptureFixture[str],
) -> None:
    office = await an_office()
    await office.decide()
    office.partner.plan = [rejected(409)]
    office.partner.hold(replace(office.partner.nomination, proposal_id="p2"))
    await office.send()
    command.show(await office.kept(), Speech("sv"), dry_run=False)
    printed = capsys.readouterr().out
    assert "There is a newer one." in printed
    assert "p2" in printed
    assert "nyare" in printed


async def test_json_has_no_word_of_what_people_wrote() -> None:
    said = command.as_data(await a_decision(why="a secret", comment="another", decision_id=0))
    assert said["decision_id"] is None
    assert "secret" not in repr(said)
    assert "another" not in repr(said)
    assert (said["decision"], said["state"], said["about"]) == ("approve", "queued", RecordKind.NOMINATION)


async def test_a_round_says_what_it_did_about_decisions(capsys: pytest.CaptureFixture[str]) -> None:
    sync_students.show_decisions(DecisionsReport())
    assert capsys.readouterr().out == ""
    report = DecisionsReport((await a_decision(outcome="took_effect"),), held=2)
    sync_students.show_decisions(report)
    printed = capsys.readouterr().out
    assert "took effect" in printed
    assert "2 decisions wait" in printed
    (looked_at,) = sync_students.decisions_data(report)["looked_at"]
    assert looked_at["omobility_id"] == "BR-OM-1"


async def test_the_status_lists_what_partners_are_still_to_be_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    office = await an_office()
    nothing = await overview(office.bridge.context)
    command.show_waiting(nothing.decisions, Speech("sv"))
    assert capsys.readouterr().out == ""
    await office.decide()
    found = await overview(office.bridge.context)
    for language in ("en", "sv"):
        command.show_waiting(found.decisions, Speech(language))
        assert "BR-OM-1" in capsys.readouterr().out
    assert [each["state"] for each in status._data(found)["decisions"]] == ["queued"]


@pytest.mark.parametrize("words", [("la", "approve"), ("la", "comment"), ("nominations", "reject")])
def test_a_decision_needs_a_reason(typed: Command, config: Path, words: tuple[str, ...]) -> None:
    text = () if words[1] == "approve" else ("--text", "No.")
    refused = typed(*words, "P1-1", *text, "--config", config)
    assert refused.code == 2
    assert "--why" in refused.err
    assert "ownership" in typed(*words, "P1-1", *text, "--why", "fits", "--config", config).err


def test_who_signs_is_filled_up_from_the_settings() -> None:
    class Named:
        class settings:  # noqa: N801 - as the context has it
            class students:  # noqa: N801
                class signer:  # noqa: N801
                    name, position, email = "Kim", "Head", "kim@nordhav.example"

    assert command._signer(Named, (None, None, None)) is None
    found = command._signer(Named, ("Signe", None, None))
    assert (found.name, found.position, found.email) == ("Signe", "Head", "kim@nordhav.example")


def test_every_decision_takes_the_same_words() -> None:
    @click.command()
    @command.takes_decision(text="Why not.", signed=True)
    def decide(**_: object) -> None: ...

    names = {name for parameter in decide.params for name in parameter.opts}
    assert {"--by", "--why", "--text", "--proposal", "--partner", "--dry-run", "--signer-email"} <= names
