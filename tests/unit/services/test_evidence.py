"""Evidence: kept, walked over in order, and found again."""

import pytest
from tests.support.bridges import a_bridge
from tests.support.network import ALDERTON, BRAVA, exchange

from mobility_bridge.errors import UsageError
from mobility_bridge.services import evidence


async def test_all_evidence_is_walked_over_once_in_its_order() -> None:
    bridge = a_bridge()
    now = bridge.clock.now()
    count = evidence.PAGE + 3
    await evidence.keep(bridge.context, [exchange(ALDERTON, "iias.get", b"x", now)] * count)
    pages = [page async for page in evidence.pages(bridge.context)]
    assert [record.sequence for page in pages for record in page] == list(range(1, count + 1))
    assert len(pages) == 2


async def test_records_are_selected_by_partner_by_what_they_are_about_or_by_number() -> None:
    bridge = a_bridge()
    now = bridge.clock.now()
    await evidence.keep(
        bridge.context,
        [exchange(ALDERTON, "iias.get", b"a", now), exchange(BRAVA, "iias.get", b"b", now)],
    )
    assert await evidence.chosen_numbers(bridge.context, BRAVA, None, []) == [2]
    assert await evidence.chosen_numbers(bridge.context, None, "iias", []) == [1, 2]
    assert await evidence.chosen_numbers(bridge.context, None, None, [2, 1, 2]) == [1, 2]
    assert (await evidence.one(bridge.context, 1)).exchange.body == b"a"


async def test_more_than_a_page_is_chosen_oldest_first() -> None:
    bridge = a_bridge()
    count = 2 * evidence.PAGE
    await evidence.keep(bridge.context, [exchange(ALDERTON, "iias.get", b"x", bridge.clock.now())] * count)
    assert await evidence.chosen_numbers(bridge.context, ALDERTON, None, []) == list(range(1, count + 1))


async def test_a_number_that_does_not_exist_is_said_with_the_next_step() -> None:
    bridge = a_bridge()
    await evidence.keep(bridge.context, [exchange(ALDERTON, "iias.get", b"x", bridge.clock.now())])
    for number in (0, 2, 7):
        with pytest.raises(UsageError, match=f"the number {number}") as caught:
            await evidence.chosen_numbers(bridge.context, None, None, [1, number])
        assert caught.value.next_step == "Run: mobility-bridge evidence list"
        with pytest.raises(UsageError):
            await evidence.one(bridge.context, number)
