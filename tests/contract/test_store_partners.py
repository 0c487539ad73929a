"""Partners and the work list: what every store promises about them."""

from datetime import date

from tests.support.stores import ALDERTON, BRAVA, minutes

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.ports.store import Store, UnitOfWork


async def test_health_is_kept_by_partner_and_api(store: Store):
    failing = Health(
        ALDERTON,
        "iias",
        last_ok_at=minutes(0),
        failing_since=minutes(1),
        last_failed_at=minutes(2),
        failures=3,
        failure_code="unreachable",
        failure_reason="http_5xx",
        detail="The server answered 503 – försök igen.",
        evidence=2**40,
    )
    rows = [Health(BRAVA, "iias"), Health(ALDERTON, "echo"), failing]

    for row in rows:
        await store.write(lambda unit, it=row: unit.partners.save_health(it))

    assert await store.read(lambda unit: dict(unit.partners.health(ALDERTON))) == {
        "echo": Health(ALDERTON, "echo"),
        "iias": failing,
    }
    assert await store.read(lambda unit: unit.partners.all_health()) == [rows[1], rows[2], rows[0]]

    await store.write(lambda unit: unit.partners.save_health(Health(ALDERTON, "iias", minutes(9))))
    healed = await store.read(lambda unit: unit.partners.health(ALDERTON)["iias"])
    assert healed == Health(ALDERTON, "iias", minutes(9))


async def test_the_state_of_an_index_is_kept(store: Store):
    state = IndexState(ALDERTON, minutes(1), minutes(0), 333, 2, True, ("x", "ö"))  # noqa: FBT003

    assert await store.read(lambda unit: unit.partners.index(ALDERTON)) is None
    await store.write(lambda unit: unit.partners.save_index(IndexState(ALDERTON)))
    assert await store.read(lambda unit: unit.partners.index(ALDERTON)) == IndexState(ALDERTON)
    await store.write(lambda unit: unit.partners.save_index(state))
    assert await store.read(lambda unit: unit.partners.index(ALDERTON)) == state
    assert await store.read(lambda unit: unit.partners.index(BRAVA)) is None


async def test_dirty_copies_come_longest_marked_first_by_their_last_mark(store: Store):
    async def mark(partner: str, ids: list[str], at: float) -> None:
        await store.write(lambda unit: unit.work.mark_dirty(partner, ids, minutes(at), "cnr"))

    await mark(ALDERTON, ["late"], 5)
    await mark(ALDERTON, ["b", "a", "b"], 1)
    await mark(BRAVA, ["x"], 2)
    await mark(ALDERTON, ["a"], 9)
    await mark(ALDERTON, [], 9)

    everything = [(ALDERTON, "b"), (BRAVA, "x"), (ALDERTON, "late"), (ALDERTON, "a")]
    assert await store.read(lambda unit: unit.work.dirty()) == everything
    assert await store.read(lambda unit: unit.work.dirty(limit=2)) == everything[:2]
    assert await store.read(lambda unit: unit.work.dirty(BRAVA)) == [(BRAVA, "x")]

    await store.write(lambda unit: unit.work.clear_dirty(ALDERTON, [IiaId("b"), IiaId("x")], minutes(9)))
    assert await store.read(lambda unit: unit.work.dirty()) == everything[1:]


async def test_a_mark_that_comes_while_a_copy_is_being_fetched_stays(store: Store):
    async def mark(ids: list[str], at: float) -> None:
        await store.write(lambda unit: unit.work.mark_dirty(ALDERTON, ids, minutes(at), "cnr"))

    # given: asked for at 5
    await mark(["again", "before", "same"], 1)
    await mark(["same"], 5)
    await mark(["again", "new"], 6)

    # when
    fetched = [IiaId("again"), IiaId("before"), IiaId("new"), IiaId("same")]
    await store.write(lambda unit: unit.work.clear_dirty(ALDERTON, fetched, minutes(5)))

    # then
    assert await store.read(lambda unit: unit.work.dirty()) == [(ALDERTON, "again"), (ALDERTON, "new")]
    await store.write(lambda unit: unit.work.clear_dirty(ALDERTON, fetched, minutes(6)))
    assert await store.read(lambda unit: unit.work.dirty()) == []


async def test_subjects_to_compare_come_longest_marked_first(store: Store):
    await store.write(lambda unit: unit.work.mark_to_compare(["c"], minutes(2)))
    await store.write(lambda unit: unit.work.mark_to_compare(["b", "a", "b"], minutes(1)))
    await store.write(lambda unit: unit.work.mark_to_compare(["a", "d"], minutes(3)))
    await store.write(lambda unit: unit.work.mark_to_compare([], minutes(3)))

    assert await store.read(lambda unit: unit.work.to_compare()) == ["a", "b", "c", "d"]
    assert await store.read(lambda unit: unit.work.to_compare(1)) == ["a"]

    await store.write(lambda unit: unit.work.compared("a", None))
    assert await store.read(lambda unit: unit.work.to_compare()) == ["b", "c", "d"]


async def test_a_compared_subject_is_due_when_its_day_has_come(store: Store):
    monday, tuesday, friday = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 6)
    await store.write(lambda unit: unit.work.mark_to_compare(["a", "b"], minutes(0)))
    await store.write(lambda unit: unit.work.compared("a", tuesday))
    await store.write(lambda unit: unit.work.compared("b", friday))
    await store.write(lambda unit: unit.work.compared("never-marked", monday))

    assert await store.read(lambda unit: unit.work.to_compare()) == []
    assert await store.read(lambda unit: unit.work.due(tuesday)) == ["never-marked", "a"]
    assert await store.read(lambda unit: unit.work.due(friday, 2)) == ["never-marked", "a"]

    await store.write(lambda unit: unit.work.compared("never-marked", None))
    assert await store.read(lambda unit: unit.work.due(friday)) == ["a", "b"]


async def test_marking_a_subject_keeps_the_day_to_look_again(store: Store):
    tuesday = date(2026, 11, 3)
    await store.write(lambda unit: unit.work.compared("a", tuesday))
    await store.write(lambda unit: unit.work.mark_to_compare(["a"], minutes(1)))

    assert await store.read(lambda unit: unit.work.to_compare()) == ["a"]
    assert await store.read(lambda unit: unit.work.due(tuesday)) == ["a"]

    await store.write(lambda unit: unit.work.compared("a", None))
    assert await store.read(lambda unit: unit.work.to_compare()) == []
    assert await store.read(lambda unit: unit.work.due(tuesday)) == []


async def test_the_health_of_one_api_is_read_and_written_for_many_partners_at_once(store: Store):
    rows = [Health(ALDERTON, "iias", minutes(1)), Health(BRAVA, "iias"), Health(BRAVA, "echo")]

    await store.write(lambda unit: unit.partners.save_health(*rows))
    await store.write(lambda unit: unit.partners.save_health())

    def found(unit: UnitOfWork) -> dict[HeiId, Health]:
        return dict(unit.partners.health_of("iias", [ALDERTON, BRAVA, HeiId("nobody.example")]))

    assert await store.read(found) == {ALDERTON: rows[0], BRAVA: rows[1]}
    assert await store.read(lambda unit: unit.partners.health_of("iias", [])) == {}


async def test_the_states_of_many_indexes_are_read_and_written_at_once(store: Store):
    many = [HeiId(f"p{number:04}.example") for number in range(1200)]
    states = [IndexState(hei_id, minutes(1), count=number) for number, hei_id in enumerate(many)]

    await store.write(lambda unit: unit.partners.save_index(*states))

    found = await store.read(lambda unit: dict(unit.partners.indexes([*many, BRAVA])))
    assert found == {state.partner_hei_id: state for state in states}


async def test_the_partners_with_dirty_copies_are_named_once(store: Store):
    assert await store.read(lambda unit: unit.work.dirty_partners()) == set()
    for partner in (ALDERTON, ALDERTON, BRAVA):
        await store.write(
            lambda unit, it=partner: unit.work.mark_dirty(it, [IiaId("a"), IiaId("b")], minutes(1), "cnr")
        )
    await store.write(lambda unit: unit.work.clear_dirty(BRAVA, [IiaId("a"), IiaId("b")], minutes(2)))
    await store.write(lambda unit: unit.work.clear_dirty(ALDERTON, [IiaId("a")], minutes(2)))

    assert await store.read(lambda unit: unit.work.dirty_partners()) == {ALDERTON}
