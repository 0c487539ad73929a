"""Every agreement rule, on an agreement otherwise in good order, gives its code and no other."""

import string
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.cases import (
    LONG_AGO,
    NOW,
    PARTNER_ID,
    THEIRS,
    approval,
    case,
    condition,
    iia,
    incoming,
    local_copy,
    local_view,
    partner_copy,
    partner_view,
    stored,
    unapproved,
)
from tests.support.causes import (
    EACH,
    OTHER,
    YESTERDAY,
    advanced,
    badly_written,
    both,
    codes,
    copied_at_once,
    ending,
    findings,
    gone,
    no_local,
    no_partner,
    reordered,
    theirs,
    unordered_conditions,
)

from mobility_bridge.domain.agreement import LanguageSkill, SubjectArea
from mobility_bridge.domain.approval import ApprovalSide
from mobility_bridge.domain.case import AgreementCase, Proposal
from mobility_bridge.domain.discrepancy import Owner, Severity
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.snapshot import HashVerdict, LocalRecord
from mobility_bridge.reconcile.engine import evaluate_agreement
from mobility_bridge.reconcile.registry import AGREEMENT_RULES
from mobility_bridge.reconcile.rule import Rule
from mobility_bridge.reconcile.standing import work_out


@pytest.mark.parametrize(("code", "given"), EACH, ids=[f"{code}-{n}" for n, (code, _) in enumerate(EACH)])
def test_each_cause_gives_its_code_and_no_other(code: str, given: Callable[[], AgreementCase]) -> None:
    found = findings(given())
    assert [each.code for each in found] == [code]
    assert found[0].severity in Severity
    for text in (found[0].text, found[0].next_step):
        assert text.en
        assert text.sv
        assert "{" not in text.en + text.sv


def test_every_rule_is_shown_to_fire() -> None:
    shown = {code for code, _ in EACH} | {"AGREEMENT_SPLIT", "DELETED_AFTER_CONCLUSION", "PARTNER_ORDER"}
    shown |= {"APPROVAL_AUTO_ADVANCED"}
    assert {rule.code for rule in AGREEMENT_RULES} == shown


@pytest.mark.parametrize("rule", AGREEMENT_RULES, ids=lambda rule: rule.name)
def test_every_rule_cites_its_source_and_says_the_same_in_both_languages(rule: Rule[AgreementCase]) -> None:
    assert "Source:" in rule.cause
    assert rule.source
    assert rule.title.en
    assert rule.title.sv
    for text in (rule.text, rule.next_step):
        assert _names(text.en) == _names(text.sv)


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_an_approval_that_follows_our_change_at_once_comes_with_the_difference() -> None:
    assert codes(advanced()) == ["APPROVAL_AUTO_ADVANCED", "NUMBER_DIFFERS"]


def test_years_that_are_none_are_reported_on_the_copy_that_has_them() -> None:
    given = no_local(partner=partner_view(badly_written(), partner_iia_id=None))
    assert codes(given) == ["NO_LOCAL_COPY", "YEAR_CALENDAR"]
    found = findings(both(receiving_last_academic_year_id="2028/2030"))
    assert [(each.code, each.owner) for each in found] == [
        ("YEAR_CALENDAR", Owner.US),
        ("YEAR_CALENDAR", Owner.PARTNER),
    ]


def test_our_own_proposal_to_change_an_agreement_is_a_pending_change_for_the_partner() -> None:
    ours = local_view(
        iia(condition(mobilities_per_year=6), incoming()), iia_hash=OTHER, kept={"changed_at": YESTERDAY}
    )
    given = case(local=ours, local_history=(stored(local_copy()),))
    (found,) = findings(given)
    assert (found.code, found.severity, found.owner) == ("NUMBER_DIFFERS", Severity.WARNING, Owner.PARTNER)
    assert found.values["pending"] == "our_change"
    later = replace(given, now=NOW + timedelta(days=14))
    (found,) = findings(later)
    assert (found.severity, found.owner) == (Severity.BLOCKING, Owner.BOTH)


def test_a_total_entered_instead_of_a_number_per_year_is_hinted_at() -> None:
    (found,) = findings(theirs(condition(mobilities_per_year=6), incoming()))
    assert found.values["hint"] == "(3 × 2 = 6)"
    (found,) = findings(theirs(condition(mobilities_per_year=7), incoming()))
    assert found.values["hint"] == ""


def test_both_sides_change_their_texts() -> None:
    ours = local_view(iia(condition(mobilities_per_year=6), incoming()), iia_hash=OTHER)
    given = theirs(condition(mobilities_per_year=5), incoming())
    (found,) = findings(replace(given, local=ours))
    assert found.values["pending"] == "both_changed"


def test_a_partner_approval_of_the_concluded_text_is_expected_until_the_grace_ends() -> None:
    ours = local_view(iia_hash=OTHER, kept={"changed_at": YESTERDAY})
    given = case(local=ours, local_history=(stored(local_copy()),))
    assert codes(given) == []
    assert codes(replace(given, now=NOW + timedelta(days=20))) == ["APPROVAL_STALE"]


def test_our_approval_of_the_concluded_text_is_expected_until_the_grace_ends() -> None:
    given = theirs()
    assert codes(given) == []
    later = findings(replace(given, now=NOW + timedelta(days=20)))
    assert [(each.code, each.place, each.owner) for each in later] == [("APPROVAL_STALE", "by_us", Owner.US)]


def test_new_copies_get_some_days_to_exchange_their_ids() -> None:
    young = {"changed_at": YESTERDAY, "first_seen_at": YESTERDAY}
    given = unapproved(partner=partner_view(partner_iia_id=None, kept=young))
    assert codes(given) == []
    assert evaluate_agreement(given).revisit_on == (YESTERDAY + timedelta(days=3)).date()
    assert codes(replace(given, now=NOW + timedelta(days=2))) == ["NOT_MAPPED_BY_PARTNER"]
    ours = unapproved(local=local_view(partner_iia_id=None, record=LocalRecord("SENT"), kept=young))
    assert codes(ours) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"local": local_view(record=LocalRecord("DRAFT"), partner_iia_id=None)},
        {"local": local_view(record=LocalRecord("SENT"), iia_hash=None, partner_iia_id=None)},
        {"local": local_view(record=None, partner_iia_id=None, kept={"first_seen_at": YESTERDAY})},
        {"listed_in_index": None},
    ],
    ids=["a draft", "not in the network", "shared yesterday", "index never read"],
)
def test_a_copy_that_the_partner_cannot_know_yet_is_not_missed(changes: dict[str, object]) -> None:
    assert codes(no_partner(**changes)) == []


def test_proposed_counterparts_are_named_best_first() -> None:
    proposals = (
        Proposal(THEIRS, IiaId("nh-3"), PARTNER_ID, 0.7, (), renewal=True),
        Proposal(THEIRS, IiaId("nh-2"), PARTNER_ID, 0.9, (), likely=True),
    )
    (found,) = findings(no_local(proposals=proposals))
    assert found.values["proposals"] == "nh-2 (0.90, likely), nh-3 (0.70, renewal)"
    (found,) = findings(no_partner(proposals=proposals[:1]))
    assert found.values["proposals"] == "ald-1 (0.70, renewal)"


def test_a_wrong_hash_of_our_own_copy_is_for_operations() -> None:
    given = case(local=local_view(hash_verdict=HashVerdict.DECLARED_WRONG))
    (found,) = findings(given)
    assert (found.code, found.place, found.owner) == ("HASH_DECLARED_WRONG", "local", Owner.OPERATIONS)


def test_an_unverified_hash_hides_stray_attributes_and_instability() -> None:
    given = case(
        partner=partner_view(stray_attributes=True, hash_verdict=HashVerdict.LEXICAL),
        partner_history=(stored(partner_copy(iia_hash=OTHER)),),
    )
    assert codes(given) == ["HASH_LEXICAL"]


def test_a_return_to_an_earlier_text_is_not_unstable() -> None:
    other = stored(partner_copy(content_digest=OTHER, iia_hash=OTHER))
    assert codes(case(partner_history=(other, stored(partner_copy())))) == []


def test_a_reused_id_is_told_from_a_copy_that_came_back() -> None:
    back = stored(partner_copy(content_digest=OTHER), gone_at=LONG_AGO)
    assert codes(case(partner_history=(back,))) == []
    same = stored(partner_copy(partner_iia_id=None), gone_at=LONG_AGO)
    assert codes(no_local(partner_history=(same,))) == ["NO_LOCAL_COPY"]


def test_a_deleted_copy_that_ours_no_longer_names_is_one_that_is_not_there() -> None:
    given = gone(local=local_view(partner_iia_id=None, record=LocalRecord("SENT")))
    assert codes(given) == ["NO_PARTNER_COPY"]


def test_what_is_gone_on_both_sides_is_over() -> None:
    assert codes(gone(local=local_view(kept={"gone_at": NOW}))) == []
    assert codes(unapproved(local=local_view(kept={"gone_at": NOW}))) == []


def test_one_of_two_copies_of_ours_is_the_right_one() -> None:
    assert codes(case(competing_local_copies=(local_view(iia_id="nh-2"),))) == []


def test_copies_that_cannot_be_decoded_are_not_compared() -> None:
    blind = replace(partner_view(), iia=None)
    assert codes(case(partner=blind)) == []
    assert codes(case(local=replace(local_view(), iia=None))) == []
    assert codes(case(partner=blind, local=replace(local_view(), iia=None))) == []


def test_a_termination_is_blocking_once_the_time_to_react_is_over() -> None:
    flagged_ours = local_view(iia(terminated=True), terminated=True, kept={"changed_at": YESTERDAY})
    (found,) = findings(case(local=flagged_ours))
    assert (found.code, found.severity, found.owner) == (
        "TERMINATED_ONE_SIDED",
        Severity.WARNING,
        Owner.PARTNER,
    )
    (found,) = findings(dict(EACH)["TERMINATED_ONE_SIDED"]())
    assert (found.severity, found.owner) == (Severity.BLOCKING, Owner.US)


def test_languages_that_one_side_states_only_in_part_are_a_warning() -> None:
    (found,) = findings(theirs(condition(language_skills=(LanguageSkill("en"),)), incoming()))
    assert (found.code, found.severity) == ("LANGUAGE_DIFFERS", Severity.WARNING)
    (found,) = findings(theirs(condition(language_skills=()), incoming()))
    assert found.severity is Severity.WARNING


def test_both_sides_may_carry_version_6_flags() -> None:
    v6 = condition(
        subject_areas=(SubjectArea("0231", v6_value="023"),),
        language_skills=(LanguageSkill("en", not_yet_defined=True),),
    )
    given = unapproved(
        local=local_view(iia(v6, incoming()), record=LocalRecord("SENT"), in_effect=False),
        partner=partner_view(iia(v6, incoming(), serving=THEIRS), in_effect=False),
    )
    (found,) = findings(given)
    assert (found.code, found.owner) == ("LEGACY_FLAGS_ON_NEW", Owner.BOTH)
    assert found.values["local"] == "recommended-language-skill, subject-area"
    ours = replace(given, partner=partner_view(in_effect=False))
    (found,) = findings(ours)
    assert (found.code, found.owner) == ("LEGACY_FLAGS_ON_NEW", Owner.US)
    carried_over = case(
        local=local_view(iia(v6, incoming())), partner=partner_view(iia(v6, incoming(), serving=THEIRS))
    )
    assert codes(carried_over) == []


def test_flags_that_the_partner_lost_show_on_our_copy_too() -> None:
    ours = iia(condition(mobilities_not_yet_defined=True), incoming())
    given = case(
        local=local_view(ours), partner=partner_view(iia_hash=OTHER, computed_hash=OTHER), concluded=None
    )
    assert codes(given) == ["LEGACY_LOST"]


def test_an_approval_read_long_after_our_text_is_not_called_unknown() -> None:
    given = case(
        local=local_view(kept={"confirmed_at": LONG_AGO}),
        approval_by_partner=approval(iia_hash=OTHER, first_seen_at=NOW),
    )
    assert codes(given) == []


def test_an_earlier_text_of_ours_that_the_partner_once_served_as_its_own_is_ours() -> None:
    """A copy with the parties exchanged is our text, hash and all."""
    given = case(
        approval_by_partner=approval(iia_hash=OTHER),
        local_history=(stored(local_copy(iia_hash=OTHER)),),
        partner_history=(stored(partner_copy(iia_hash=OTHER, content_digest=OTHER)),),
    )
    assert codes(replace(given, now=NOW + timedelta(days=20))) == ["APPROVAL_STALE"]


def test_an_approval_withdrawn_from_a_text_long_replaced_is_merely_absent() -> None:
    given = unapproved(
        local=local_view(record=LocalRecord("SENT", own_approval=True)),
        approval_by_us=approval(ApprovalSide.BY_US),
        earlier_approvals=(approval(iia_hash=OTHER, withdrawn_at=NOW),),
    )
    assert codes(given) == ["AWAITING_PARTNER_APPROVAL"]


def test_an_agreement_in_our_system_alone_has_no_approvals_to_judge() -> None:
    assert codes(case(local=local_view(iia_hash=None), approval_by_partner=None, concluded=None)) == []


def test_an_ended_agreement_is_only_missed_for_a_year() -> None:
    over = ending("2025/2026", approval_by_partner=approval(iia_hash=OTHER))
    assert codes(over) == ["EXPIRED_WITHOUT_SUCCESSOR"]
    assert evaluate_agreement(over).revisit_on is not None
    assert codes(replace(over, now=NOW + timedelta(days=400))) == []
    assert codes(replace(over, successor=stored(local_copy(iia_id="nh-2")))) == []


def test_the_first_notice_of_an_end_is_information() -> None:
    given = replace(ending("2026/2027"), now=NOW - timedelta(days=240))
    (found,) = findings(given)
    assert (found.code, found.severity, found.values["months"]) == ("EXPIRING", Severity.INFORMATION, "18")
    terminated = local_view(given.local.iia if given.local is not None else None, terminated=True)
    assert codes(replace(given, local=terminated)) == []


def test_findings_come_worst_first() -> None:
    given = replace(
        theirs(condition(mobilities_per_year=5), incoming(blended=True), stray_attributes=True),
        listed_in_index=False,
    )
    assert codes(given) == ["BLENDED_DIFFERS", "NUMBER_DIFFERS", "HASH_ATTRIBUTES", "HIDDEN_BY_PARTNER"]


def test_nothing_changes_by_time_alone_between_the_days_to_look_again() -> None:
    young = {"changed_at": YESTERDAY, "first_seen_at": YESTERDAY}
    waiting = (
        unapproved(partner=partner_view(partner_iia_id=None, kept=young)),
        unapproved(local=local_view(record=LocalRecord("SENT"), kept=young)),
        replace(theirs(condition(mobilities_per_year=5), incoming()), local=local_view(kept=young)),
        no_partner(local=local_view(record=LocalRecord("SENT"), partner_iia_id=None, kept=young)),
        case(partner=partner_view(iia(terminated=True, serving=THEIRS), terminated=True, kept=young)),
        ending("2027/2028"),
        ending("2025/2026"),
    )
    for given in waiting:
        before, look_again_on = findings(given), evaluate_agreement(given).revisit_on
        for days in range(1, 700):
            now = replace(given, now=NOW + timedelta(days=days))
            if now.today == look_again_on:
                verdict = evaluate_agreement(now)
                before, look_again_on = verdict.findings, verdict.revisit_on
            assert findings(now) == before


def test_an_agreement_that_has_not_started_is_due_on_its_first_day() -> None:
    years = {"receiving_first_academic_year_id": "2027/2028"}
    ours = iia(condition(**years), incoming(**years))
    theirs_terms = iia(condition(mobilities_per_year=5, **years), incoming(**years), serving=THEIRS)
    (found,) = findings(case(local=local_view(ours), partner=partner_view(theirs_terms)))
    assert str(found.due_on) == "2027-09-01"
    (found,) = findings(
        case(local=local_view(ours), partner=partner_view(iia(serving=THEIRS), iia_code="x" * 65))
    )[:1]
    assert found.code == "YEARS_DIFFER"


def test_terms_that_became_ours_by_and_by_were_read_by_somebody() -> None:
    given = copied_at_once()
    assert given.partner is not None
    late = partner_view(in_effect=False, kept={"changed_at": NOW})
    assert codes(replace(given, partner=late)) == []
    assert codes(replace(given, last_notification=None)) == []


def test_an_approval_that_follows_slowly_was_given_by_somebody() -> None:
    slowly = replace(advanced(), approval_by_partner=approval(first_seen_at=NOW))
    assert codes(slowly) == ["NUMBER_DIFFERS"]


def test_places_of_a_copy_without_readable_years_have_no_due_day() -> None:
    odd = {"receiving_first_academic_year_id": "x", "receiving_last_academic_year_id": "y"}
    ours = iia(condition(**odd), incoming(**odd))
    their = iia(condition(mobilities_per_year=5, **odd), incoming(**odd), serving=THEIRS)
    verdict = evaluate_agreement(case(local=local_view(ours), partner=partner_view(their)))
    assert {each.due_on for each in verdict.findings} == {None}
    assert verdict.revisit_on is None


def test_another_order_is_no_discrepancy_but_the_comparison_says_so() -> None:
    for given, differs in (
        (unordered_conditions(), "condition_order_differs"),
        (reordered(eqf_levels=(7, 6)), "list_order_differs"),
    ):
        assert codes(given) == []
        comparison = work_out(given).comparison
        assert comparison is not None
        assert getattr(comparison, differs)


def test_an_approval_of_a_hash_that_changes_by_itself_is_not_called_stale_too() -> None:
    given = case(
        partner=partner_view(iia_hash=OTHER, computed_hash=OTHER, kept={"changed_at": LONG_AGO}),
        partner_history=(stored(partner_copy()),),
    )
    assert codes(given) == ["HASH_UNSTABLE"]
