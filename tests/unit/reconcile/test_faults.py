"""Each known misbehaviour of a partner, on an agreement otherwise in perfect order, gives exactly its code."""

from dataclasses import replace
from datetime import timedelta

from tests.support.cases import (
    LONG_AGO,
    NOW,
    PARTNER_HASH,
    THEIRS,
    approval,
    case,
    condition,
    digest,
    iia,
    incoming,
    local_copy,
    local_view,
    partner_copy,
    partner_view,
    stored,
)

from mobility_bridge.domain.case import AgreementCase, IdStatus
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.reconcile.engine import evaluate_agreement

OTHER = digest("another text")


def codes(given: AgreementCase) -> list[str]:
    return [finding.code for finding in evaluate_agreement(given).findings]


def test_an_agreement_in_order_gives_nothing() -> None:
    assert codes(case()) == []


def test_a_stale_hash_is_declared_wrong_and_nothing_else() -> None:
    partner = partner_view(
        iia_hash=OTHER, computed_hash=PARTNER_HASH, hash_verdict=HashVerdict.DECLARED_WRONG
    )
    earlier = stored(partner_copy(), changed_at=LONG_AGO)
    assert codes(case(partner=partner, partner_history=(earlier,))) == ["HASH_DECLARED_WRONG"]


def test_lost_conditions_are_each_missing_and_nothing_else() -> None:
    changed = {"changed_at": NOW - timedelta(hours=1)}
    partner = partner_view(
        iia(condition(), serving=THEIRS),
        iia_hash=OTHER,
        computed_hash=OTHER,
        content_digest=OTHER,
        kept=changed,
    )
    given = case(partner=partner, partner_history=(stored(partner_copy()),))
    assert codes(given) == ["CONDITION_MISSING"]
    assert evaluate_agreement(given).findings[0].values["pending"] == "partner_change"


def test_an_agreement_served_in_parts_is_split_and_nothing_else() -> None:
    parts = [
        partner_view(
            iia(part, serving=THEIRS),
            iia_id=f"ald-1-{number}",
            iia_hash=digest(f"part {number}"),
            computed_hash=digest(f"part {number}"),
        )
        for number, part in enumerate((condition(), incoming()))
    ]
    given = case(
        partner=parts[0],
        competing_partner_copies=(parts[1],),
        replaced_partner_copy=stored(partner_copy(), gone_at=NOW),
        approval_by_us=None,
    )
    assert codes(given) == ["AGREEMENT_SPLIT"]


def test_a_partner_that_never_lists_our_id_has_not_mapped_and_nothing_else() -> None:
    partner = partner_view(partner_iia_id=None, iia_hash=OTHER, computed_hash=OTHER)
    assert codes(case(partner=partner, listed_id_status=IdStatus.ABSENT)) == ["NOT_MAPPED_BY_PARTNER"]


def test_exchanged_parties_are_in_the_wrong_order_and_nothing_else() -> None:
    listed = tuple(reversed(partner_copy().listed_hei_ids))
    partner = partner_view(listed_hei_ids=listed, iia_hash=OTHER, computed_hash=OTHER)
    given = case(partner=partner, partner_history=(stored(partner_copy()),))
    assert codes(given) == ["PARTNER_ORDER"]


def test_an_approval_of_an_earlier_text_is_stale_and_nothing_else() -> None:
    earlier = stored(local_copy(iia_hash=OTHER, content_digest=OTHER))
    given = case(approval_by_partner=approval(iia_hash=OTHER), local_history=(earlier,))
    assert codes(given) == ["APPROVAL_STALE"]


def test_a_forgotten_agreement_is_deleted_after_conclusion_and_nothing_else() -> None:
    partner = partner_view(kept={"gone_at": NOW})
    given = case(partner=partner, listed_in_index=False, listed_id_status=IdStatus.LIVE)
    assert codes(given) == ["DELETED_AFTER_CONCLUSION"]


def test_an_answer_without_approvals_that_never_came_says_nothing() -> None:
    given = case(approval_by_partner=None, concluded=None, approvals_read_at=None)
    assert codes(given) == []


def test_units_that_our_system_cannot_state_are_no_finding() -> None:
    theirs = iia(
        condition(sending_ounit_id="u1", blended=False), incoming(receiving_ounit_id="u1"), serving=THEIRS
    )
    ours = iia(condition(blended=None), incoming(blended=None))
    assert codes(case(local=local_view(ours), partner=partner_view(theirs))) == []


def test_a_copy_in_another_order_from_our_records_is_no_finding() -> None:
    two = (
        condition(),
        condition(subject_areas=(replace(condition().subject_areas[0], isced_f_code="0311"),)),
    )
    ours, theirs = iia(*two, incoming()), iia(*reversed(two), incoming(), serving=THEIRS)
    assert codes(case(local=local_view(ours), partner=partner_view(theirs))) == []
