"""What happens on the stage, and that it can be played again from its journal."""

import json

import pytest
from tests.support.sandbox import NOW, TODAY, stage

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.scenarios import scenario_named
from mobility_bridge.sandbox.stage import Stage

OURS = "nhu-iia-0001"


def test_a_change_in_mobility_online_gives_a_new_hash_and_a_new_time_and_drops_the_approval():
    played = stage()
    before = played.world.ours[OURS]

    played.change_ours(OURS)

    after = played.world.ours[OURS]
    assert int(after.copy.conditions[0].number) == int(before.copy.conditions[0].number) + 1
    assert after.modified_on == NOW
    assert after.last_notified is not None
    assert after.modified_on > after.last_notified
    assert not after.partner_approval
    assert after.earlier_hashes == (hash_of(before.copy),)


def test_a_partner_that_approves_again_makes_it_current():
    played = stage()
    played.change_ours(OURS, terms="New remark")

    played.approve_ours(OURS)

    assert played.world.approvals["alderton.example"][OURS].iia_hash == hash_of(played.world.ours[OURS].copy)
    assert played.world.ours[OURS].partner_approval


@pytest.mark.parametrize("changes", [{"condition": 17}, {"condition": -1}])
def test_a_change_of_a_condition_that_is_not_there_is_refused(changes: dict[str, int]):
    played = stage()

    with pytest.raises(UsageError):
        played.change_ours(OURS, **changes)

    assert played.journal == []


def test_what_does_not_exist_cannot_be_changed_or_approved():
    played = stage()

    with pytest.raises(UsageError):
        played.change_ours("nhu-iia-9999")
    with pytest.raises(UsageError):
        played.approve_ours("nhu-iia-9999")


def test_a_scenario_ends_with_its_last_act():
    played = stage("default")

    assert [played.advance() for _ in range(2, played.scenario.acts + 1)] == [2, 3, 4, 5, 6, 7]
    with pytest.raises(UsageError):
        played.advance()


def test_the_journal_plays_the_same_world_again():
    played = stage("default")
    played.advance()
    mirrored = next(entry for entry in played.scenario.entries if entry.name == "stale terms after import")
    played.notify(mirrored.partner, "iia", mirrored.iia_id or "")
    played.advance()
    played.change_ours(OURS, number=7)
    played.approve_ours(OURS)
    played.switch("brava.example", "answers_503", on=True)
    journal = json.loads(json.dumps(played.journal))

    again = Stage(scenario_named("default", TODAY), clock=lambda: NOW)
    again.replay(journal, played.fault_names)

    assert again.world == played.world
    assert again.act == 3
    assert again.fault_names == {"dunmore.example": ["drops_cnr"], "brava.example": ["answers_503"]}


def test_a_partner_that_mirrors_takes_our_text_over_when_notified():
    played = stage("default")
    entry = next(each for each in played.scenario.entries if each.name == "stale terms after import")
    played.advance()
    ours = played.world.ours[entry.iia_id or ""].copy

    played.notify(entry.partner, "iia", ours.iia_id)

    assert played.world.theirs[entry.partner][entry.partner_iia_ids[0]].copy.conditions == ours.conditions


def test_a_notification_that_changes_nothing_is_counted_and_not_journalled():
    played = stage()

    played.notify("alderton.example", "iia", OURS)
    played.notify("alderton.example", "iia_approval", "theirs")

    assert played.journal == []
    assert [notice.kind for notice in played.notices.values()] == ["iia", "iia_approval"]


def test_repair_switches_every_fault_off():
    played = stage()
    played.switch("brava.example", "answers_503", on=True)
    played.switch("eskil.example", "drops_cnr", on=True)

    played.repair()

    assert played.fault_names == {}
