"""An invalid get response is read when its only mistakes are a hash in upper case or what stands twice."""

from pathlib import Path

import pytest
from tests.adapters.ewp.test_network import agreement, get_response
from tests.support.ewp_network import BRAVA, Network

from mobility_adapters.ewp.mending import mended
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import parse

FIRST = "<receiving-first-academic-year-id>2025/2026</receiving-first-academic-year-id>"
RIGHT = "<mobilities-per-year>2</mobilities-per-year>"


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path)


async def fetched(network: Network, *agreements: str) -> list[HashVerdict]:
    """The hash verdict of each agreement that the client takes from this answer."""
    network.answer = lambda request: network.signed(request, get_response(*agreements))
    client = await network.ready()
    answer = await client.fetch(BRAVA, [IiaId("b-1")])
    assert not any(item.copy.hash_verdict.trusted for item in answer.copies), "no approval may rest on it"
    assert all(item.document == get_response(*agreements) for item in answer.copies), "kept as it came"
    return [item.copy.hash_verdict for item in answer.copies]


async def right_hash(network: Network) -> str:
    network.answer = lambda request: network.signed(request, get_response(agreement()))
    client = await network.ready()
    (read,) = (await client.fetch(BRAVA, [IiaId("b-1")])).copies
    assert read.copy.computed_hash is not None
    return read.copy.computed_hash


async def test_a_hash_in_upper_case_is_told_as_such(network: Network) -> None:
    upper = (await right_hash(network)).upper()
    assert await fetched(network, agreement(iia_hash=upper)) == [HashVerdict.CASE]


async def test_a_second_id_of_ours_makes_the_hash_not_computable(network: Network) -> None:
    twice = agreement().replace("<iia-id>n-1</iia-id>", "<iia-id>n-1</iia-id><iia-id>n-2</iia-id>")
    assert await fetched(network, twice) == [HashVerdict.NOT_COMPUTABLE]


async def test_a_second_year_makes_the_hash_not_computable(network: Network) -> None:
    twice = agreement().replace(FIRST, FIRST + FIRST.replace("2025/2026", "2026/2027"))
    assert await fetched(network, twice) == [HashVerdict.NOT_COMPUTABLE]


@pytest.mark.parametrize(
    "spoilt",
    [
        agreement(iia_hash="F" * 64).replace(RIGHT, ""),
        agreement(iia_hash="F" * 63),
        agreement(iia_hash="G" * 64),
        agreement().replace("<iia-id>b-1</iia-id>", "<iia-id>b-1</iia-id><iia-id>b-2</iia-id>"),
        agreement().replace(RIGHT, RIGHT + RIGHT),
    ],
    ids=["more is wrong", "no hash", "no digits", "which copy was asked", "another element twice"],
)
async def test_any_other_mistake_fails_the_document(network: Network, spoilt: str) -> None:
    with pytest.raises(InvalidDocument):
        await fetched(network, spoilt)


async def test_one_id_of_the_holder_written_twice_is_still_that_id(network: Network) -> None:
    twice = agreement().replace("<iia-id>b-1</iia-id>", "<iia-id>b-1</iia-id><iia-id>b-1</iia-id>")
    assert await fetched(network, twice) == [HashVerdict.NOT_COMPUTABLE]


def test_a_document_without_these_mistakes_is_not_even_looked_at_again() -> None:
    assert mended(parse(get_response(agreement()), limit=1 << 20), BRAVA) is None
