"""A person pairs two copies, or says that they are none; the bridge only proposes."""

from dataclasses import replace

import pytest
from tests.support.bridges import Bridge, a_bridge, dump
from tests.support.network import ALDERTON, BRAVA

from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.errors import UsageError
from mobility_bridge.services.compare import compare
from mobility_bridge.services.listing import agreements
from mobility_bridge.services.pair import Pairing, pair

PAIRING = Pairing(ALDERTON, IiaId("nh-1"), IiaId("ald-1"), "eva", "same terms", confirmed=True)


async def two_alone() -> Bridge:
    """A copy on either side, and no id exchanged."""
    bridge = a_bridge()
    bridge.source.put("nh-1")
    bridge.network[ALDERTON].put("ald-1")
    await bridge.sync()
    return bridge


async def test_a_confirmed_pair_is_one_agreement_from_then_on() -> None:
    bridge = await two_alone()
    assert [item.state for item in await agreements(bridge.context)] == ["ours alone", "theirs alone"]
    await pair(bridge.context, PAIRING)
    await compare(bridge.context)
    (item,) = await agreements(bridge.context)
    assert (item.iia_id, item.partner_iia_id) == ("nh-1", "ald-1")
    assert "NO_LOCAL_COPY" not in await bridge.open_codes()
    bridge.clock.move(4 * 86_400)
    await bridge.sync()
    assert "NOT_MAPPED_BY_US" in await bridge.open_codes()


async def test_a_rejected_pair_stays_two_and_is_not_proposed_again() -> None:
    bridge = await two_alone()
    await pair(bridge.context, PAIRING)
    await pair(bridge.context, replace(PAIRING, confirmed=False, reason="a mistake"))
    await compare(bridge.context)
    assert len(await agreements(bridge.context)) == 2
    (found,) = await bridge.store.read(lambda uow: uow.discrepancies.select(code="NO_LOCAL_COPY"))
    assert "nh-1" not in str(found.finding.values)


async def test_a_dry_run_of_pairing_writes_nothing() -> None:
    bridge = await two_alone()
    before = await dump(bridge.store)
    await pair(bridge.context, PAIRING, dry_run=True)
    assert await dump(bridge.store) == before
    assert len(await agreements(bridge.context)) == 2


@pytest.mark.parametrize(
    "wrong", [{"iia_id": IiaId("nh-9")}, {"partner_iia_id": IiaId("ald-9")}, {"partner_hei_id": BRAVA}]
)
async def test_what_does_not_exist_cannot_be_paired(wrong: dict[str, object]) -> None:
    bridge = await two_alone()
    for dry_run in (True, False):
        with pytest.raises(UsageError) as caught:
            await pair(bridge.context, replace(PAIRING, **wrong), dry_run=dry_run)  # type: ignore[arg-type]
        assert caught.value.next_step
