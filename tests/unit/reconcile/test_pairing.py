"""Which unbound copies may belong together."""

from dataclasses import replace
from datetime import date, timedelta

from tests.support.cases import NOW, THEIRS, condition, digest, iia, incoming, local_view, partner_view

from mobility_bridge.domain.agreement import Iia, SubjectArea
from mobility_bridge.domain.case import CopyView
from mobility_bridge.domain.contact import Contact, LangString
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.snapshot import LocalRecord
from mobility_bridge.reconcile.pairing import propose

LAW = (SubjectArea("0421"),)


def ours(name: str, terms: Iia | None = None, **changes: object) -> CopyView:
    values = {"partner_iia_id": None, "iia_code": name, "partner_iia_code": None, **changes}
    return local_view(terms, iia_id=name, content_digest=digest(name), **values)


def theirs(name: str, terms: Iia | None = None, **changes: object) -> CopyView:
    values = {"partner_iia_id": None, "iia_code": name, "partner_iia_code": None, **changes}
    return partner_view(terms, iia_id=name, content_digest=digest(name), **values)


def law() -> Iia:
    return iia(condition(subject_areas=LAW), incoming(subject_areas=LAW))


def adjoining() -> Iia:
    years = {"receiving_first_academic_year_id": "2029/2030", "receiving_last_academic_year_id": "2031/2032"}
    return iia(condition(**years), incoming(**years))


def test_the_same_terms_on_both_sides_very_likely_belong_together() -> None:
    (found,) = propose([ours("NH-1"), ours("NH-2", law())], [theirs("ALD-9")])
    assert (found.iia_id, found.partner_iia_id, found.likely, found.score) == ("NH-1", "ALD-9", True, 1.0)
    assert ("same_terms", 0.9) in found.reasons


def test_two_equal_candidates_are_suggested_but_not_likely() -> None:
    found = propose([ours("NH-1"), ours("NH-2")], [theirs("ALD-9")])
    assert [each.likely for each in found] == [False]


def test_each_copy_has_at_most_one_counterpart() -> None:
    found = propose([ours("NH-1"), ours("NH-2", law())], [theirs("ALD-1", law()), theirs("ALD-2")])
    assert {(each.iia_id, each.partner_iia_id) for each in found} == {("NH-1", "ALD-2"), ("NH-2", "ALD-1")}


def test_rejected_pairs_are_not_proposed_again() -> None:
    assert propose([ours("NH-1")], [theirs("ALD-1")], {(IiaId("NH-1"), IiaId("ALD-1"))}) == ()


def test_copies_that_are_gone_unreadable_or_empty_take_no_part() -> None:
    gone = ours("NH-1")
    gone = replace(gone, stored=replace(gone.stored, gone_at=NOW))
    empty = theirs("ALD-1", replace(iia(), conditions=()))
    assert propose([gone], [theirs("ALD-1")]) == ()
    assert propose([ours("NH-1")], [empty, replace(theirs("ALD-2"), iia=None)]) == ()


def test_another_field_in_other_years_is_no_candidate() -> None:
    far = iia(
        condition(
            subject_areas=LAW,
            receiving_first_academic_year_id="2035/2036",
            receiving_last_academic_year_id="2036/2037",
        )
    )
    assert propose([ours("NH-1")], [theirs("ALD-1", far)]) == ()


def test_adjoining_years_make_a_renewal_and_not_a_counterpart() -> None:
    (found,) = propose([ours("NH-1")], [theirs("ALD-1", adjoining())])
    assert (found.renewal, found.likely) == (True, False)
    (before,) = propose([ours("NH-1", adjoining())], [theirs("ALD-1")])
    assert before.renewal


def test_a_copy_with_a_counterpart_is_not_a_renewal_as_well() -> None:
    found = propose([ours("NH-1"), ours("NH-2", adjoining())], [theirs("ALD-1", adjoining())])
    assert [(each.iia_id, each.renewal) for each in found] == [("NH-2", False)]


def test_agreement_numbers_speak_for_a_pair() -> None:
    changed = iia(condition(mobilities_per_year=9))
    (printed,) = propose([ours("NH-1")], [theirs("ALD-1", changed, partner_iia_code="nh 1")])
    assert ("agreement_number_of_the_other", 0.9) in printed.reasons
    quoted = iia(condition(mobilities_per_year=9, other_info_terms="Our reference: NH/2026-17"))
    (occurs,) = propose([ours("NH-1", iia_code="NH 2026 17")], [theirs("ALD-1", quoted)])
    assert ("agreement_number_occurs", 0.3) in occurs.reasons
    (reverse,) = propose([ours("NH-1", quoted)], [theirs("ALD-1", iia_code="2026-17")])
    assert ("agreement_number_occurs", 0.3) in reverse.reasons


def test_units_speak_for_or_against_a_pair() -> None:
    here, there = iia(condition(sending_ounit_id="u1")), iia(condition(sending_ounit_id="u2"))
    (same,) = propose([ours("NH-1", here)], [theirs("ALD-1", here)])
    assert ("units", 0.25) in same.reasons
    (other,) = propose([ours("NH-1", here)], [theirs("ALD-1", there)]) or (None,)
    assert other is None or ("units", -0.4) in other.reasons


def test_fields_count_by_how_many_digits_they_share() -> None:
    found = []
    for code in ("0231", "0232", "0222", None):
        areas = (SubjectArea(code),) if code else ()
        terms = iia(condition(subject_areas=areas), incoming(subject_areas=areas))
        found.extend(propose([ours("NH-1")], [theirs("ALD-1", terms)]))
    weights = [dict(each.reasons).get("fields", 0.0) for each in found]
    assert weights == [0.20, 0.12, 0.06, 0.0]


def test_overlapping_and_unreadable_years_count_less() -> None:
    longer = iia(
        condition(receiving_last_academic_year_id="2030/2031"),
        incoming(receiving_last_academic_year_id="2030/2031"),
    )
    (found,) = propose([ours("NH-1")], [theirs("ALD-1", longer)])
    assert ("years", 0.08) in found.reasons
    unreadable = iia(condition(receiving_last_academic_year_id="?"))
    (found,) = propose([ours("NH-1")], [theirs("ALD-1", unreadable, partner_iia_code="NH-1")])
    assert "years" not in dict(found.reasons)


def test_small_signals_add_up() -> None:
    contact = Contact((LangString("Office"),), emails=("Exchange@alderton.example",))
    terms = iia()
    signed = replace(
        terms,
        partners=(
            terms.partners[0],
            replace(terms.partners[1], signing_date=date(2026, 5, 1), signing_contact=contact),
        ),
        conditions=(condition(receiving_contacts=(contact,)), incoming()),
    )
    told = NOW - timedelta(days=2)
    record = LocalRecord("SENT", last_notified_at=told)
    (found,) = propose(
        [ours("NH-1", signed, record=record)],
        [theirs("ALD-1", signed, kept={"changed_at": NOW})],
    )
    names = {name for name, _ in found.reasons}
    assert {"same_contacts", "same_signing_date", "soon_after_our_notification"} <= names


def test_an_equal_text_is_the_strongest_signal() -> None:
    there = theirs("ALD-1")
    same = digest("NH-1")
    there = replace(there, stored=replace(there.stored, copy=replace(there.copy, content_digest=same)))
    (found,) = propose([ours("NH-1")], [there])
    assert found.reasons[0] == ("same_text", 0.95)


def test_too_many_candidates_are_left_to_a_person() -> None:
    many = [ours(f"NH-{number}") for number in range(210)]
    assert propose(many, [theirs(f"{THEIRS}-{number}") for number in range(210)]) == ()
