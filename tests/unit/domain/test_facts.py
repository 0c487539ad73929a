"""Facts of the registry: what holds is decided by their instant alone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mobility_bridge.domain.fact import prevailing
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.occasion import ExchangeAgreement, Occasion
from mobility_bridge.domain.registration import Admission, Registration, StudyPeriod
from mobility_bridge.domain.registry_student import stands_for

START = datetime(2026, 9, 1, tzinfo=UTC)


def fact(minute: int, *, removed: bool = False) -> Admission:
    return Admission(
        admission_uid=LadokUid("a"),
        occasion_uid=LadokUid(f"o{minute}"),
        as_of=START + timedelta(minutes=minute),
        event_uid=LadokUid(f"e{minute}{removed}"),
        removed=removed,
    )


FACTS = st.lists(st.builds(fact, st.integers(0, 5), removed=st.booleans()), min_size=1, max_size=8)


@given(FACTS, st.randoms())
def test_the_order_in_which_facts_arrive_changes_nothing(facts: list[Admission], rng: object) -> None:
    def held(given_in: list[Admission]) -> Admission | None:
        known: Admission | None = None
        for each in given_in:
            known = prevailing(known, each)
        return known

    shuffled = [*facts, *facts]
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert held(shuffled) == held(facts)


def test_an_older_notice_does_not_bring_back_what_was_removed() -> None:
    gone = fact(5, removed=True)
    assert prevailing(gone, fact(4)) is gone
    assert prevailing(gone, fact(6)) == fact(6)


def test_a_fact_that_is_known_is_the_one_that_stays() -> None:
    known = fact(1)
    assert prevailing(known, fact(1)) is known


def test_keys_say_what_a_fact_is_about() -> None:
    one, other = fact(1), Registration(registration_uid=LadokUid("a"), as_of=START)
    assert (one.key, other.key) == (("admission", "a"), ("registration", "a"))


def test_a_period_is_registered_in_two_states_only() -> None:
    states = ("ej_paborjad", "registrerad", "omregistrerad", "tidigtavbrott", None)
    found = [StudyPeriod(index=1, state=state).registered for state in states]
    assert found == [False, True, True, False, False]


def test_an_occasion_lasts_from_its_first_period_to_its_last() -> None:
    days = [date(2026, 8, 31), date(2026, 11, 1), date(2027, 1, 17)]
    spans = tuple((first, last, None) for first, last in pairwise(days))
    occasion = Occasion(occasion_uid=LadokUid("o"), periods=(*spans, (None, None, None)), as_of=START)
    assert (occasion.starts_on, occasion.ends_on) == (days[0], days[-1])
    assert Occasion(occasion_uid=LadokUid("o"), as_of=START).starts_on is None


def test_only_a_complete_agreement_may_be_used() -> None:
    found = [
        ExchangeAgreement(education_uid=LadokUid("e"), status=status, as_of=START).usable
        for status in (1, 2, 3, 4)
    ]
    assert found == [False, False, True, False]


def test_a_replaced_student_is_followed_to_the_last_and_never_round_in_a_ring() -> None:
    a, b, c, d = (LadokUid(each) for each in "abcd")
    replaced = {a: b, b: c}
    assert [stands_for(each, replaced) for each in (a, b, c, d)] == [c, c, c, d]
    assert stands_for(a, {a: b, b: c, c: a}) == a
