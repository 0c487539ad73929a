"""Our decisions as receiving university, over real HTTP: taken once, shown by the partner, never lost, never doubled."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.followed import Followed, followed
from tests.support.played import Result

from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.store import open_store

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
    "MOBILITY_BRIDGE__STUDENTS__RULES__DECISION_LOST_HOURS": "0",
}
MOBILITY = "BR-OM-1"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Followed]:
    (tmp_path / "ownership.toml").write_text(ALLOWED)
    with followed(tmp_path, SIGNER) as found:
        yield found


def come(stage: Followed, **facts: Any) -> None:
    """A student of Brava wants to come; Ladok, which would make a second student of her, does not know her yet."""
    stage.come(in_ladok="absent", **facts)


def decide(stage: Followed, *words: str, code: int = 0, why: str = "it fits") -> dict[str, Any]:
    done = typed(stage, *words, "--why", why, "--json")
    assert done.code == code, done.out + done.err
    found: dict[str, Any] = done.json
    return found


def typed(stage: Followed, *words: str) -> Result:
    return stage.played.command(*words, "--by", "kim")


def stay_id(stage: Followed) -> str:
    (stay,) = stage.stays()
    return str(stay["stay_id"])


def kept(stage: Followed) -> list[StoredDecision]:
    """Every decision in the store."""

    async def read() -> list[StoredDecision]:
        store = open_store(f"sqlite:///{stage.played.folder / 'bridge.sqlite3'}")
        try:
            return list(await store.read(lambda uow: uow.decisions.of_mobilities({MOBILITY})))
        finally:
            await store.close()

    return asyncio.run(read())


def settled(stage: Followed) -> tuple[str, str, int]:
    """The state of the only decision, its outcome, and how often it was sent."""
    (one,) = kept(stage)
    return one.state.value, one.outcome, one.attempts


def theirs(stage: Followed) -> Any:
    """What the partner holds."""
    return stage.sandbox.stage.world.stays.stay(MOBILITY)


def test_an_approved_learning_agreement_carries_our_signature_at_the_partners(stage: Followed) -> None:
    come(stage, la="proposed")
    stage.sync()
    looked = typed(stage, "la", "approve", stay_id(stage), "--why", "looking", "--dry-run")
    assert (looked.code, theirs(stage).la.first) == (0, None)
    assert "Geology of the sea" in looked.out, "what would be signed is shown as it would be in force"
    done = decide(stage, "la", "approve", MOBILITY, "--partner", "brava.example")
    assert (done["state"], done["outcome"], done["answered"]) == ("confirmed", "took_effect", 200)
    signature = theirs(stage).la.first.receiving
    assert signature.name == "Signe Samordnare"


def test_a_comment_takes_the_proposal_away_and_reaches_the_partner(stage: Followed) -> None:
    come(stage, la="proposed")
    stage.sync()
    done = decide(stage, "la", "comment", stay_id(stage), "--text", "GIS200 is full; take GIS210.")
    assert (done["decision"], done["state"], done["outcome"]) == ("comment", "confirmed", "took_effect")
    (refusal,) = theirs(stage).la.refusals
    assert (refusal.comment, refusal.signature.name) == ("GIS200 is full; take GIS210.", "Signe Samordnare")
    assert theirs(stage).la.proposal is None
    refused = typed(stage, "la", "approve", MOBILITY, "--partner", "brava.example", "--why", "after all")
    assert refused.code == 2
    assert "does not show" in refused.err


@pytest.mark.parametrize(
    ("words", "status"), [(["approve"], "approved"), (["reject", "--text", "No place is left."], "rejected")]
)
def test_a_nomination_is_decided_on_once(stage: Followed, words: list[str], status: str) -> None:
    come(stage, status="pending", la="none")
    stage.sync()
    planned = decide(stage, "nominations", words[0], stay_id(stage), *words[1:], "--dry-run")
    assert (planned["dry_run"], planned["decision_id"]) == (True, None)
    assert theirs(stage).status == "pending"
    done = decide(stage, "nominations", words[0], stay_id(stage), *words[1:])
    assert (done["state"], done["attempts"]) == ("confirmed", 1)
    assert theirs(stage).status == status
    assert theirs(stage).rejection == (words[2] if len(words) > 1 else None)
    again = typed(stage, "nominations", "approve", stay_id(stage), "--why", "once more")
    assert again.code == 2
    assert f"is {status} already" in again.err


def test_who_decided_and_why_is_told_with_the_student_and_sent_to_nobody(stage: Followed) -> None:
    come(stage, status="pending", la="none")
    stage.sync()
    decide(stage, "nominations", "approve", stay_id(stage), why="fits the agreement")
    told = stage.played.command("students", "explain", stay_id(stage), "--json").json["timeline"]
    moments = [(each["what"], each["detail"]) for each in told if each["about"] == f"nomination {MOBILITY}"]
    assert ("decided", "approve by kim: fits the agreement") in moments
    assert ("settled", "confirmed: took effect") in moments
    (listed,) = stage.played.command("mobilities", "list", "--json").json
    assert listed["states"]["nomination"] == "approved"
    assert [(each["about"], each["approved"], each["state"]) for each in listed["decisions"]] == [
        ("nomination", True, "confirmed")
    ]


def test_nothing_is_decided_unless_the_operator_allowed_it(stage: Followed, tmp_path: Path) -> None:
    come(stage, la="proposed", status="pending")
    stage.sync()
    (tmp_path / "ownership.toml").write_text("")
    for words in (("la", "approve"), ("nominations", "approve")):
        refused = typed(stage, *words, stay_id(stage), "--why", "it fits")
        assert refused.code == 2
        assert "write_to" in refused.err
    assert theirs(stage).status == "pending"
    assert theirs(stage).la.first is None


def test_a_proposal_that_was_replaced_before_our_decision_is_not_signed(stage: Followed) -> None:
    come(stage, la="proposed")
    stage.sync()
    stage.switch("brava.example", "conflict_on_update")
    done = decide(stage, "la", "approve", stay_id(stage), code=3)
    assert (done["state"], done["outcome"], done["answered"]) == ("conflict", "replaced", 409)
    assert done["present_proposal_id"] == theirs(stage).la.proposal.proposal_id != done["proposal_id"]
    assert "There is a newer proposal." in done["messages"]
    stage.switch("brava.example", "conflict_on_update", on=False)
    stage.sync()
    assert theirs(stage).la.first is None, "nothing is signed that nobody decided on"
    done = decide(stage, "la", "approve", stay_id(stage), why="the new one is good, too")
    assert done["state"] == "confirmed"


def test_a_nomination_that_changed_under_our_decision_waits_for_another_one(stage: Followed) -> None:
    come(stage, status="pending", la="none")
    stage.sync()
    stage.switch("brava.example", "conflict_on_update")
    assert decide(stage, "nominations", "approve", stay_id(stage), code=3)["outcome"] == "replaced"
    assert "NOMINATION_PROPOSAL_STALE" in stage.codes()
    stage.switch("brava.example", "conflict_on_update", on=False)
    decide(stage, "nominations", "approve", stay_id(stage))
    stage.sync()
    assert "NOMINATION_PROPOSAL_STALE" not in stage.codes()


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("la", {"la": "proposed"}, ["la", "approve"]),
        ("nomination", {"status": "pending", "la": "none"}, ["nominations", "approve"]),
        ("nomination", {"status": "pending", "la": "none"}, ["nominations", "reject", "--text", "Full."]),
    ],
)
def test_an_answer_that_was_swallowed_is_found_in_what_the_partner_shows(
    stage: Followed, kind: str, facts: dict[str, Any], words: list[str]
) -> None:
    come(stage, **facts)
    stage.sync()
    stage.switch("brava.example", "swallows_update_answer")
    done = decide(stage, *words[:2], stay_id(stage), *words[2:])
    assert (done["state"], done["outcome"], done["answered"]) == ("confirmed", "took_effect", None)
    held = theirs(stage)
    stage.sync()
    assert settled(stage) == ("confirmed", "took_effect", 1)
    assert theirs(stage) == held, f"the {kind} was decided on once"


def test_a_comment_whose_answer_was_swallowed_is_not_sent_again(stage: Followed) -> None:
    """The proposal is gone, and no document says whose doing that was."""
    come(stage, la="proposed")
    stage.sync()
    stage.switch("brava.example", "swallows_update_answer")
    done = decide(stage, "la", "comment", stay_id(stage), "--text", "The course is full.", code=3)
    assert (done["state"], done["outcome"]) == ("unknown", "cannot_tell")
    assert "DECISION_NOT_TAKEN" in stage.codes()
    stage.switch("brava.example", "swallows_update_answer", on=False)
    stage.sync()
    assert settled(stage) == ("unknown", "cannot_tell", 1)
    assert "DECISION_NOT_TAKEN" in stage.codes()
    assert len(theirs(stage).la.refusals) == 1


def test_a_conflict_over_what_took_effect_already_is_no_conflict(stage: Followed) -> None:
    """Something on the way repeated our message: the first one counted, the second one was answered 409."""
    come(stage, la="proposed")
    stage.sync()
    later = datetime.now(UTC) + timedelta(minutes=1)
    signature = {"at": later.isoformat(), "name": "Signe Samordnare", "email": "signe@nordhaven.example"}
    stage.sandbox.stage.about_students("approve_la", omobility_id=MOBILITY, signature=signature)
    done = decide(stage, "la", "approve", stay_id(stage))
    assert (done["state"], done["outcome"], done["answered"]) == ("confirmed", "took_effect", 409)


def test_a_conflict_over_another_decision_says_so(stage: Followed) -> None:
    come(stage, status="pending", la="none")
    stage.sync()
    stage.sandbox.stage.about_students(
        "decide_nomination", omobility_id=MOBILITY, approve=False, comment="Said on the phone."
    )
    done = decide(stage, "nominations", "approve", stay_id(stage), code=3)
    assert (done["state"], done["outcome"], done["answered"]) == ("conflict", "decided_otherwise", 409)
    assert theirs(stage).status == "rejected"


def test_a_decision_taken_by_who_answers_only_errors_is_looked_for_later_and_not_repeated(
    stage: Followed,
) -> None:
    come(stage, status="pending", la="proposed")
    stage.sync()
    stage.switch("brava.example", "answers_503")
    done = decide(stage, "nominations", "approve", stay_id(stage), code=3)
    assert done["state"] == "unknown"
    assert decide(stage, "la", "approve", stay_id(stage), code=3)["state"] == "unknown"
    planned = stage.played.command("sync", "--dry-run", "--json").json
    assert {
        ("look after approve", f"{kind} {MOBILITY}") for kind in ("nomination", "learning agreement")
    } == {(step["what"], step["detail"].partition(",")[0]) for step in planned if "approve" in step["what"]}
    again = typed(stage, "nominations", "reject", stay_id(stage), "--text", "No.", "--why", "hurry")
    assert "is under way" in again.err
    stage.switch("brava.example", "answers_503", on=False)
    time.sleep(1.1)
    looked = stage.sync()["decisions"]["looked_at"]
    assert {(each["about"], each["state"], each["attempts"]) for each in looked} == {
        ("nomination", "confirmed", 1),
        ("learning_agreement", "confirmed", 1),
    }
    assert theirs(stage).status == "approved"
    assert theirs(stage).la.first.receiving.name == "Signe Samordnare"


def change(stage: Followed, **facts: Any) -> None:
    """The partner's system changes what it holds, as no correct one does."""
    stage.sandbox.stage.world.stays.change(MOBILITY, datetime.now(UTC), **facts)


def test_a_partner_that_forgets_our_decision_on_a_nomination_is_told(stage: Followed) -> None:
    come(stage, status="pending", la="none")
    stage.sync()
    decide(stage, "nominations", "approve", stay_id(stage))
    assert "NOMINATION_DECISION_LOST" not in stage.codes()
    change(stage, status="pending")
    stage.sync()
    assert "NOMINATION_DECISION_LOST" in stage.codes()
    decide(stage, "nominations", "approve", stay_id(stage), why="it forgot")
    assert theirs(stage).status == "approved"
    stage.sync()
    assert "NOMINATION_DECISION_LOST" not in stage.codes()


def test_a_partner_that_forgets_our_signature_is_told(stage: Followed) -> None:
    come(stage, la="proposed")
    stage.sync()
    before = theirs(stage).la
    decide(stage, "la", "approve", stay_id(stage))
    assert "LA_DECISION_LOST" not in stage.codes()
    change(stage, la=before)
    stage.sync()
    assert "LA_DECISION_LOST" in stage.codes()
    decide(stage, "la", "approve", stay_id(stage), why="it forgot")
    stage.sync()
    assert "LA_DECISION_LOST" not in stage.codes()


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=-1)])
def test_a_partner_that_shows_another_signature_as_ours_is_told(stage: Followed, later: timedelta) -> None:
    """Another signer at the same time, or the same one an hour before."""
    come(stage, la="proposed")
    stage.sync()
    decide(stage, "la", "approve", stay_id(stage))
    assert "LA_SIGNATURE_ALTERED" not in stage.codes()
    la = theirs(stage).la
    signed = la.first.receiving
    other = replace(signed, at=signed.at + later) if later else replace(signed, name="Somebody Else")
    change(stage, la=replace(la, first=replace(la.first, receiving=other)))
    stage.sync()
    assert "LA_SIGNATURE_ALTERED" in stage.codes()
    change(stage, la=la)
    stage.sync()
    assert "LA_SIGNATURE_ALTERED" not in stage.codes()
