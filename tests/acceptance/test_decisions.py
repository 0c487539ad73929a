"""Our decisions as receiving university, over real HTTP: taken once, shown by the partner, never lost, never doubled."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.followed import Followed, followed
from tests.support.played import Result

ALLOWED = """
[nomination.decision]
write_to = ["partner"]

[learning_agreement.decision]
write_to = ["partner"]
"""
SIGNER = {
    "MOBILITY_BRIDGE__PATHS__OWNERSHIP_FILE": "ownership.toml",
    "MOBILITY_BRIDGE__STUDENTS__SIGNER__NAME": "Signe Samordnare",
    "MOBILITY_BRIDGE__STUDENTS__SIGNER__POSITION": "International coordinator",
    "MOBILITY_BRIDGE__STUDENTS__SIGNER__EMAIL": "signe@nordhaven.example",
    "MOBILITY_BRIDGE__ADAPTERS__EWP__ATTEMPTS": "1",
    "MOBILITY_BRIDGE__ADAPTERS__EWP__CONNECT_S": "2",
    "MOBILITY_BRIDGE__ADAPTERS__EWP__TOTAL_S": "3",
    "MOBILITY_BRIDGE__NOTIFY__FIRST_RETRY_S": "1",
    "MOBILITY_BRIDGE__NOTIFY__MAX_RETRY_S": "1",
}
MOBILITY = "BR-OM-1"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Followed]:
    (tmp_path / "ownership.toml").write_text(ALLOWED)
    with followed(tmp_path, SIGNER) as found:
        yield found


def decide(stage: Followed, *words: str, code: int = 0, why: str = "it fits") -> dict[str, Any]:
    done = typed(stage, *words, "--why", why, "--json")
    assert done.code == code, done.out + done.err
    found: dict[str, Any] = done.json
    return found


def typed(stage: Followed, *words: str) -> Result:
    return stage.played.command(*words, "--by", "kim")


def theirs(stage: Followed) -> Any:
    """What the partner holds."""
    return stage.sandbox.stage.world.stays.stay(MOBILITY)


def test_an_approved_learning_agreement_carries_our_signature_at_the_partners(stage: Followed) -> None:
    stage.come(la="proposed")
    stage.sync()
    done = decide(stage, "la", "approve", MOBILITY, "--partner", "brava.example")
    assert (done["state"], done["outcome"], done["answered"]) == ("confirmed", "took_effect", 200)
    signature = theirs(stage).la.first.receiving
    assert signature.name == "Signe Samordnare"
