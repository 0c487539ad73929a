"""What the scenarios hold, in every act, and that what they serve is what the published schemas allow."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from tests.support.fixtures import needs_published
from tests.support.sandbox import NOW, TODAY, published_problems, stage

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.cast import EVERYBODY, PARTNERS
from mobility_bridge.sandbox.documents import get_response
from mobility_bridge.sandbox.faults import MOBILITY_ONLINE, REGISTRY
from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.local_records import mo_agreements
from mobility_bridge.sandbox.mobility_online import MobilityOnline
from mobility_bridge.sandbox.recipes import declared_hash
from mobility_bridge.sandbox.registry import Registry
from mobility_bridge.sandbox.scenarios import SCENARIOS, scenario_named
from mobility_bridge.sandbox.scenarios.story import Scenario
from mobility_bridge.sandbox.world import KINDS, PartnerCopy

AGREEMENT_CODES = [
    "HASH_DECLARED_WRONG",
    "HASH_DOC_SCOPE",
    "HASH_BEFORE_MAPPING",
    "HASH_SWAPPED_IDS",
    "HASH_LAYOUT",
    "HASH_ENCODING",
    "HASH_LEXICAL",
    "HASH_EMPTY_ELEMENTS",
    "HASH_CONTACTS",
    "HASH_OLD_STYLESHEET",
    "HASH_ATTRIBUTES",
    "HASH_UNSTABLE",
    "HASH_NOT_COMPUTABLE",
    "HASH_CASE",
    "NOT_MAPPED_BY_PARTNER",
    "NOT_MAPPED_BY_US",
    "MAPPED_TO_UNKNOWN",
    "MAPPED_TO_DELETED",
    "MAPPING_CONFLICT",
    "DUPLICATE_COPY",
    "PARTNER_ORDER",
    "PARTNER_WRONG_HEI",
    "DIRECTION_HEI_UNKNOWN",
    "ID_IS_CODE",
    "ID_CHANGED",
    "ID_REUSED",
    "DELETED_BY_PARTNER",
    "DELETED_AFTER_CONCLUSION",
    "HIDDEN_BY_PARTNER",
    "AGREEMENT_SPLIT",
    "NO_PARTNER_COPY",
    "NO_LOCAL_COPY",
    "CONDITION_COUNT",
    "CONDITION_MISSING",
    "CONDITION_EXTRA",
    "CONDITION_ORDER",
    "LIST_ORDER",
    "DIRECTION_SWAPPED",
    "YEARS_DIFFER",
    "YEAR_CALENDAR",
    "YEARS_REVERSED",
    "NUMBER_DIFFERS",
    "DURATION_DIFFERS",
    "DURATION_ROUNDED",
    "DURATION_PER_PERSON",
    "DURATION_MISSING",
    "LANGUAGE_DIFFERS",
    "LANGUAGE_VARIANT",
    "LANGUAGE_REPEATED",
    "ISCED_DIFFERS",
    "ISCED_GRANULARITY",
    "ISCED_CLARIFICATION",
    "EQF_DIFFERS",
    "BLENDED_DIFFERS",
    "OUNIT_DIFFERS",
    "OUNIT_ONE_SIDED",
    "OTHER_TERMS",
    "LEGACY_FLAGS",
    "LEGACY_FLAGS_ON_NEW",
    "LEGACY_LOST",
    "TERMINATED_ONE_SIDED",
    "TERMINATED_FALSE",
    "IN_EFFECT_MISMATCH",
    "STALE_TERMS_AFTER_IMPORT",
    "APPROVAL_STALE",
    "APPROVAL_WRONG_COPY",
    "APPROVAL_UNKNOWN_HASH",
    "APPROVAL_WITHDRAWN",
    "APPROVAL_AUTO_ADVANCED",
    "APPROVED_UNMAPPED",
    "APPROVAL_OLD_TYPE",
    "AWAITING_OUR_APPROVAL",
    "AWAITING_PARTNER_APPROVAL",
    "EXPIRING",
    "EXPIRED_WITHOUT_SUCCESSOR",
    "PERIOD_BEYOND_PROGRAMME",
    "ONE_DIRECTION_ONLY",
    "NO_CONDITIONS",
    "LOCAL_VALUE_UNMAPPED",
    "LOCAL_STATUS_CONTRADICTS",
    "LOCAL_APPROVAL_DIFFERS",
]
DAYS = (TODAY, date(2027, 2, 1), date(2027, 8, 31), date(2028, 9, 1))


@pytest.fixture
def default() -> Scenario:
    return scenario_named("default", TODAY)


def acts(scenario: Scenario) -> Iterator[int]:
    """Play a scenario through, stopping in every act."""
    for act in range(1, scenario.acts + 1):
        if act > 1:
            scenario.play(act, NOW)
        yield act


def partner_copies(scenario: Scenario) -> list[PartnerCopy]:
    return [copy for copies in scenario.world.theirs.values() for copy in copies.values()]


def test_a_scenario_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(UsageError) as caught:
        scenario_named("nightmare", TODAY)

    assert "default" in (caught.value.next_step or "")


def test_the_clean_scenario_has_two_agreements_with_each_of_six_partners():
    clean = scenario_named("clean", TODAY)

    assert [len(clean.world.theirs[hei.hei_id]) for hei in PARTNERS] == [2] * 6
    assert not any(entry.all_codes for entry in clean.entries)


def test_the_default_scenario_is_large_and_mostly_in_order(default: Scenario):
    troubled = [entry for entry in default.entries if entry.all_codes]

    assert len(default.world.ours) >= 60
    assert len(troubled) < len(default.entries) / 2


def test_every_kind_of_mobility_runs_in_both_directions_with_every_partner(default: Scenario):
    found = {
        (ours.partner_hei_id, condition.kind, condition.sending_hei_id == ours.copy.holder_hei_id)
        for ours in default.world.ours.values()
        for condition in ours.copy.conditions
    }

    assert {(hei.hei_id, kind, out) for hei in PARTNERS for kind in KINDS for out in (True, False)} <= found


def test_every_agreement_code_has_a_situation_that_shows_it(default: Scenario):
    shown = {code for entry in default.entries for code in entry.all_codes}

    assert shown == set(AGREEMENT_CODES)


def test_all_three_expiry_warnings_are_shown_today(default: Scenario):
    assert sum("EXPIRING" in entry.codes(default.acts) for entry in default.entries) == 3


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_something_expires_or_has_expired_on_any_day(day: date):
    codes = {code for entry in scenario_named("default", day).entries for code in entry.all_codes}

    assert {"EXPIRING", "EXPIRED_WITHOUT_SUCCESSOR"} <= codes


def test_the_acts_come_one_after_the_other_and_end_today_in_fair_weather(default: Scenario):
    ago = [act.ago for act in default.plot]

    assert ago == sorted(ago, reverse=True)
    assert len(set(ago)) == len(ago)
    assert (ago[-1], default.plot[-1].weather) == (timedelta(), ())
    assert default.day(default.acts) == TODAY


def test_all_bad_weather_is_something_that_can_be_switched_on(default: Scenario):
    played = stage("default", systems={MOBILITY_ONLINE: MobilityOnline({}), REGISTRY: Registry()})
    for act in range(2, default.acts + 1):
        played.advance()

        assert {(who, fault) for who, names in played.fault_names.items() for fault in names} == set(
            default.act(act).weather
        )


def test_each_situation_stands_for_itself(default: Scenario):
    names = [entry.name for entry in default.entries]
    ours = [entry.iia_id for entry in default.entries if entry.iia_id]

    assert len(set(names)) == len(names)
    assert sorted(ours) == sorted(default.world.ours)


def test_something_is_resolved_by_what_happens_later(default: Scenario):
    resolved = [entry for entry in default.entries if entry.codes(1) and not entry.codes(default.acts)]

    assert resolved


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("name", SCENARIOS)
def test_clean_agreements_hold_the_same_terms_and_current_approvals(name: str, day: date):
    scenario = scenario_named(name, day)
    world = scenario.world
    for entry in scenario.entries:
        if entry.all_codes or entry.iia_id is None or not entry.partner_iia_ids:
            continue
        ours = world.ours[entry.iia_id]
        shown = world.theirs[entry.partner].get(entry.partner_iia_ids[0])
        if shown is None:  # the partner answers in a later act
            continue
        theirs = shown.copy
        approval = world.partner_approvals(entry.partner).get(entry.iia_id)

        assert theirs.conditions == ours.copy.conditions, entry.name
        assert theirs.terminated == ours.copy.terminated, entry.name
        assert (approval.iia_hash if approval else None) == (
            hash_of(ours.copy) if ours.partner_approval else None
        ), entry.name


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("name", SCENARIOS)
def test_mobility_online_has_one_record_for_each_condition_in_every_act(name: str, day: date):
    scenario = scenario_named(name, day)
    for _ in acts(scenario):
        records = mo_agreements(scenario.world)

        assert len({record.agreement_id for record in records}) == len(records)
        assert len(records) == sum(len(ours.copy.conditions) for ours in scenario.world.ours.values())
        for record in records:
            if record.ewp is not None:
                assert record.ewp.iia_hash == hash_of(scenario.world.ours[record.ewp.iia_id].copy)


@needs_published
@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("name", SCENARIOS)
def test_what_partners_serve_is_valid_unless_it_is_meant_not_to_be(name: str, day: date):
    scenario = scenario_named(name, day)
    invalid = {iia_id for entry in scenario.entries if entry.invalid for iia_id in entry.partner_iia_ids}
    for act in acts(scenario):
        for each in partner_copies(scenario):
            problems = published_problems(get_response([(each.copy, declared_hash(each.copy))]))

            assert bool(problems) == (each.copy.iia_id in invalid), (act, each.copy.iia_id, problems)


@needs_published
@pytest.mark.parametrize("name", SCENARIOS)
def test_our_own_copies_are_valid_documents(name: str):
    scenario = scenario_named(name, TODAY)
    for _ in acts(scenario):
        for ours in scenario.world.ours.values():
            assert published_problems(get_response([(ours.copy, hash_of(ours.copy))])) == []


def test_only_meant_hashes_are_wrong(default: Scenario):
    entries = {iia_id: entry for entry in default.entries for iia_id in entry.partner_iia_ids}
    for act in acts(default):
        for each in partner_copies(default):
            if entries[each.copy.iia_id].invalid:
                continue
            wrong = declared_hash(each.copy) != hash_of(each.copy)
            meant = [code for code in entries[each.copy.iia_id].codes(act) if code.startswith("HASH_")]

            assert wrong == bool(set(meant) - {"HASH_ATTRIBUTES"}), (act, each.copy.iia_id)


def test_everybody_is_invented():
    assert all(hei_id.endswith(".example") for hei_id in EVERYBODY)
