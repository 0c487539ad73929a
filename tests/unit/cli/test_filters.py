"""What a filter may name, where a network is configured."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.bridges import a_bridge
from tests.support.network import ALDERTON, BRAVA, FakeNetwork, Library
from tests.unit.cli.conftest import Command

from mobility_bridge.cli.filters import chosen_code, chosen_partner, hei_to_ask
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import Health, Partner
from mobility_bridge.errors import UsageError


class Named(FakeNetwork):
    """A network whose first HEI has an Erasmus code."""

    def find_hei(self, text: str) -> HeiId | None:
        return ALDERTON if text == "XX ALDERTO01" else super().find_hei(text)

    def partners(self) -> list[Partner]:
        names = {ALDERTON: "Alderton University", BRAVA: "Brava"}
        return [replace(partner, name=names[partner.hei_id]) for partner in super().partners()]


def bridge() -> Any:
    built = a_bridge(None, ALDERTON, BRAVA)
    network = Named(built.clock, Library(), ALDERTON, BRAVA)
    return replace(built, context=replace(built.context, network=network))


@pytest.mark.parametrize("text", [str(ALDERTON), "XX ALDERTO01", "alderton  UNIVERSITY"])
async def test_a_partner_of_the_catalogue_is_found_by_any_of_its_ids(text: str) -> None:
    assert await chosen_partner(bridge(), text) == ALDERTON


async def test_a_partner_that_nobody_knows_is_refused_with_what_is_close() -> None:
    with pytest.raises(UsageError, match=r"no partner is 'aldertn\.example'") as caught:
        await chosen_partner(bridge(), "aldertn.example")
    assert f"{ALDERTON}" in str(caught.value.next_step)
    with pytest.raises(UsageError) as caught:
        await chosen_partner(bridge(), "Aldertown Univ")
    assert caught.value.next_step == f"Did you mean {ALDERTON}?"
    with pytest.raises(UsageError) as caught:
        await chosen_partner(bridge(), "alderton")
    assert caught.value.next_step == f"Did you mean {ALDERTON}?"
    with pytest.raises(UsageError) as caught:
        await chosen_partner(bridge(), "?")
    assert caught.value.next_step == "Run: mobility-bridge ewp catalogue"


def test_whom_to_ask_is_looked_up_in_the_catalogue_once_there_is_one() -> None:
    network = bridge().context.network
    assert hei_to_ask(network, "Brava") == BRAVA
    with pytest.raises(UsageError, match=r"nobody in the catalogue is 'Bravo'") as caught:
        hei_to_ask(network, "Bravo")
    assert caught.value.next_step == f"Did you mean {BRAVA}?"
    network.hosts.clear()
    assert hei_to_ask(network, " Bravo.example") == "bravo.example"


async def test_a_partner_that_was_only_ever_asked_is_known() -> None:
    built = bridge()
    asked = HeiId("gone.example")
    await built.store.write(lambda uow: uow.partners.save_health(Health(asked, "iias.index")))
    assert await chosen_partner(built, " Gone.example") == asked


@pytest.mark.parametrize(
    "words",
    [
        ("agreements", "list"),
        ("agreements", "show", "n-1"),
        ("agreements", "balance"),
        ("agreements", "expiring"),
        ("agreements", "pair", "n-1", "a-1", "--reason", "sure"),
        ("discrepancies", "list"),
        ("explain", "n-1"),
        ("notify", "n-1"),
        ("notify", "n-1", "--dry-run"),
        ("evidence", "list"),
        ("evidence", "export", "there"),
    ],
)
def test_every_command_says_so_when_nobody_is_the_partner(
    typed: Command, config: Path, words: tuple[str, ...]
) -> None:
    said = typed(*words, "--partner", "nobody.example", "--config", config)
    assert (said.code, said.out) == (2, "")
    assert said.err == "no partner is 'nobody.example'\nRun: mobility-bridge agreements list\n"


async def test_no_filter_is_no_filter() -> None:
    assert await chosen_partner(bridge(), None) is None
    assert await chosen_code(bridge(), None) is None
