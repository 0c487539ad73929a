"""Which records of a student belong to the same stay."""

from datetime import date
from random import Random

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import RecordKey, RecordKind, StayId
from mobility_bridge.reconcile.stays import Trace, group

US, BRAVA, CEDRONA = HeiId("nordhav.example"), HeiId("brava.example"), HeiId("cedrona.example")
OUT = Direction.OUTGOING
AUTUMN = (date(2026, 8, 31), date(2027, 1, 17))
SPRING = (date(2027, 1, 18), date(2027, 6, 6))


def trace(
    kind: RecordKind,
    name: str,
    *ids: str,
    partner: HeiId | None = BRAVA,
    days: tuple[date, date] | None = AUTUMN,
    stay: str | None = None,
    source: str = "",
) -> Trace:
    first, last = days or (None, None)
    system = source or kind.value
    return Trace(
        RecordKey(system, kind, US, name),
        OUT,
        partner,
        first,
        last,
        frozenset(ids),
        StayId(stay) if stay else None,
    )


def names(*traces: Trace) -> list[list[str]]:
    return [sorted(each.key.record_id for each in stay.traces) for stay in group(traces)]


def application(name: str = "app", **facts: object) -> Trace:
    return trace(RecordKind.APPLICATION, name, f"application:{name}", **facts)  # type: ignore[arg-type]


def nomination(name: str = "nom", **facts: object) -> Trace:
    return trace(RecordKind.NOMINATION, name, f"omobility:{name}", **facts)  # type: ignore[arg-type]


def test_a_shared_id_ties_records_whatever_their_periods() -> None:
    agreement = trace(RecordKind.LEARNING_AGREEMENT, "la", "omobility:nom", days=SPRING)
    assert names(nomination(), agreement) == [["la", "nom"]]


def test_records_of_one_partner_and_period_are_one_stay() -> None:
    admission = trace(RecordKind.ARRIVAL, "adm", days=(date(2026, 9, 1), date(2027, 1, 10)))
    assert names(application(), nomination(), admission) == [["adm", "app", "nom"]]


def test_another_partner_or_another_period_is_another_stay() -> None:
    elsewhere = nomination("else", partner=CEDRONA)
    later = nomination("later", days=SPRING)
    assert names(application(), elsewhere, later) == [["app"], ["else"], ["later"]]


def test_two_stays_in_question_leave_a_record_by_itself() -> None:
    admission = trace(RecordKind.ARRIVAL, "adm", days=None)
    found = names(nomination("one"), nomination("two", days=SPRING), admission)
    assert found == [["one"], ["two"], ["adm"]]


def test_two_exchanges_in_the_registry_leave_no_doubt_about_what_is_planned() -> None:
    one, two = (trace(RecordKind.EXCHANGE, name, source="ladok") for name in ("one", "two"))
    assert names(one, application(), two, nomination()) == [["app", "nom"], ["one"], ["two"]]
    assert names(one, application(), nomination()) == [["app", "nom", "one"]]


def test_two_nominations_are_never_silently_one_stay() -> None:
    assert names(nomination("one"), nomination("two")) == [["one"], ["two"]]


def test_a_record_without_days_does_not_reach_for_other_stays_of_the_partner() -> None:
    transcript = trace(RecordKind.TRANSCRIPT, "tor", "application:app", days=None)
    this, next_one = (
        trace(RecordKind.ARRIVAL, name, days=days) for name, days in (("adm", AUTUMN), ("next", SPRING))
    )
    assert names(application(), transcript, this, next_one) == [["adm", "app", "tor"], ["next"]]


def test_a_name_given_before_stands() -> None:
    found = group([nomination(stay="P1-1", days=SPRING), application(stay="P1-1")])
    assert [(stay.stay_id, len(stay.traces)) for stay in found] == [("P1-1", 2)]


def test_two_named_stays_become_one_only_by_a_shared_id() -> None:
    one, two = application(stay="P1-1"), nomination(stay="P1-2")
    assert len(group([one, two])) == 2
    agreement = trace(RecordKind.LEARNING_AGREEMENT, "la", "omobility:nom", "application:app")
    (joined,) = group([one, two, agreement])
    assert joined.stay_id == "P1-1"


def unknown(partner: HeiId | None = BRAVA, *, days: tuple[date, date] | None = AUTUMN) -> Trace:
    first, last = days or (None, None)
    return Trace(RecordKey("ladok", RecordKind.EXCHANGE, US, "adm"), None, partner, first, last)


def test_a_direction_or_partner_that_is_not_stated_is_no_other_one() -> None:
    assert len(group([application(), unknown()])) == 1
    assert len(group([application(), unknown(None)])) == 1
    assert len(group([application(), unknown(CEDRONA)])) == 2


def test_what_states_neither_partner_nor_days_belongs_nowhere() -> None:
    assert len(group([application(), unknown(None, days=None)])) == 2


def test_a_record_without_a_partner_chooses_none_of_two_stays() -> None:
    assert len(group([application(), nomination(partner=CEDRONA), unknown(None)])) == 3


def test_the_order_in_which_records_come_changes_nothing() -> None:
    traces = [
        application(),
        nomination(),
        trace(RecordKind.LEARNING_AGREEMENT, "la", "omobility:nom"),
        trace(RecordKind.ARRIVAL, "adm"),
        trace(RecordKind.TRANSCRIPT, "reg", "admission:adm"),
        nomination("spring", days=SPRING),
        application("spring-app", days=SPRING, stay="P1-9"),
    ]
    expected = names(*traces)
    for seed in range(40):
        Random(seed).shuffle(traces)
        assert names(*traces) == expected
