"""What a filter may name, where a network is configured."""

from dataclasses import replace
from typing import Any

import pytest
from tests.support.bridges import a_bridge
from tests.support.network import ALDERTON, BRAVA, FakeNetwork, Library

from mobility_bridge.cli.filters import chosen_code, chosen_partner
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.errors import UsageError


class Named(FakeNetwork):
    """A network whose first HEI has an Erasmus code."""

    def find_hei(self, text: str) -> HeiId | None:
        return ALDERTON if text == "XX ALDERTO01" else super().find_hei(text)


def bridge() -> Any:
    built = a_bridge(None, ALDERTON, BRAVA)
    network = Named(built.clock, Library(), ALDERTON, BRAVA)
    return replace(built, context=replace(built.context, network=network))


@pytest.mark.parametrize("text", [str(ALDERTON), "XX ALDERTO01"])
async def test_a_partner_of_the_catalogue_is_found_by_any_of_its_ids(text: str) -> None:
    assert await chosen_partner(bridge(), text) == ALDERTON


async def test_a_partner_that_nobody_knows_is_refused_with_what_is_close() -> None:
    with pytest.raises(UsageError, match=r"no partner is 'aldertn\.example'") as caught:
        await chosen_partner(bridge(), "aldertn.example")
    assert f"{ALDERTON}" in str(caught.value.next_step)
    with pytest.raises(UsageError) as caught:
        await chosen_partner(bridge(), "?")
    assert caught.value.next_step == "Run: mobility-bridge ewp catalogue"


async def test_no_filter_is_no_filter() -> None:
    assert await chosen_partner(bridge(), None) is None
    assert await chosen_code(bridge(), None) is None
