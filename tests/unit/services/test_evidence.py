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
    assert [item.sequence for item in await evidence.selected(bridge.context, BRAVA, None, [])] == [2]
    assert [item.sequence for item in await evidence.selected(bridge.context, None, "iias", [])] == [1, 2]
    (one,) = await evidence.selected(bridge.context, None, None, [1])
    assert one.exchange.body == b"a"


async def test_a_number_that_does_not_exist_is_said_with_the_next_step() -> None:
    with pytest.raises(UsageError) as caught:
        await evidence.selected(a_bridge().context, None, None, [7])
    assert caught.value.next_step == "Run: mobility-bridge evidence list"
