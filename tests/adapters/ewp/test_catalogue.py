import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.support.ewp_network import BRAVA, OWN, Host, Network, catalogue_xml, ordinary_hosts
from tests.support.keys import key

from mobility_adapters.ewp import wire
from mobility_bridge.errors import InvalidDocument, Unreachable, Untrusted


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path)


def many(count: int) -> bytes:
    return catalogue_xml([*ordinary_hosts(), *(Host([f"hei-{n}.example"]) for n in range(count - 2))])


async def test_c6_the_catalogue_is_asked_for_only_if_it_changed(network: Network) -> None:
    await network.client.refresh_catalogue()
    network.clock.move(301)
    network.catalogue_answers = [lambda _: httpx.Response(304, headers={"cache-control": "max-age=600"})]

    status = await network.client.refresh_catalogue()

    assert network.catalogue_requests[1].headers["if-none-match"] == '"1"'
    assert status.hei_count == 2
    assert status.fetched_at == network.clock.now()
    assert not status.changed
    network.clock.move(599)
    await network.client.refresh_catalogue()
    assert len(network.catalogue_requests) == 2


async def test_c7_there_is_no_second_fetch_within_a_minute_unless_forced(network: Network) -> None:
    network.catalogue_answers = [
        lambda _: httpx.Response(200, content=network.catalogue, headers={"cache-control": "max-age=0"})
    ] * 9
    await network.client.refresh_catalogue()
    network.clock.move(59)
    await network.client.refresh_catalogue()
    assert len(network.catalogue_requests) == 1

    await network.client.refresh_catalogue(force=True)
    assert len(network.catalogue_requests) == 2
    network.clock.move(61)
    await network.client.refresh_catalogue()
    assert len(network.catalogue_requests) == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "max-age=300, must-revalidate"}, 300),
        ({"cache-control": "max-age=1"}, 60),
        ({"cache-control": "max-age=999999"}, 10_800),
        ({"expires": "Tue, 14 Oct 2025 09:40:00 GMT", "date": "Tue, 14 Oct 2025 09:30:00 GMT"}, 600),
        ({}, 300),
        ({"cache-control": "no-store", "expires": "0"}, 300),
    ],
)
async def test_c7_the_registry_s_own_time_is_kept_within_bounds(
    network: Network, headers: dict[str, str], seconds: int
) -> None:
    network.catalogue_answers = [lambda _: httpx.Response(200, content=network.catalogue, headers=headers)]
    await network.client.refresh_catalogue()

    network.clock.move(seconds - 1)
    await network.client.refresh_catalogue()
    assert len(network.catalogue_requests) == 1
    network.clock.move(1)
    await network.client.refresh_catalogue()
    assert len(network.catalogue_requests) == 2


async def test_c8_while_the_registry_is_down_the_last_good_copy_serves(network: Network) -> None:
    await network.client.refresh_catalogue()
    network.clock.move(301)
    network.catalogue_answers = [lambda _: httpx.Response(503)] * 9

    status = await network.client.refresh_catalogue()

    assert "http_5xx" in str(status.problem)
    assert status.stale_since is not None
    assert network.client.partner(BRAVA) is not None
    assert "catalogue.kept" in network.log.names()
    network.clock.move(179)
    await network.client.refresh_catalogue()
    assert len(network.catalogue_requests) == 2
    network.clock.move(1)
    await network.client.refresh_catalogue()
    assert len(network.catalogue_requests) == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b'<!DOCTYPE catalogue [<!ENTITY x "y">]>' + catalogue_xml(ordinary_hosts()).partition(b"\n")[2],
            "doctype",
        ),
        (b"<html/>", "wrong_root"),
        (f'<catalogue xmlns="{wire.MANIFEST}"/>'.encode(), "wrong_root"),
        (f'<catalogue xmlns="{wire.CATALOGUE}"/>'.encode(), "schema"),
        (b"<catalogue", "not_xml"),
        (b"", "not_xml"),
    ],
)
async def test_c9_a_wrong_catalogue_is_refused_and_the_old_one_kept(
    tmp_path: Path, network: Network, body: bytes, reason: str
) -> None:
    fresh = Network(tmp_path / "fresh", body)
    with pytest.raises(InvalidDocument) as caught:
        await fresh.client.refresh_catalogue()
    assert caught.value.reason == reason

    await network.client.refresh_catalogue()
    network.catalogue = body
    status = await network.client.refresh_catalogue(force=True)

    assert "refused" in str(status.problem)
    assert network.client.partner(BRAVA) is not None


async def test_c10_a_key_that_the_catalogue_does_not_know_is_named(tmp_path: Path) -> None:
    hosts = [Host([OWN]), *ordinary_hosts()[1:]]

    status = await Network(tmp_path, catalogue_xml(hosts)).client.refresh_catalogue()

    assert "our client key is not in the catalogue" in str(status.key_problem)
    assert status.problem is None


async def test_c10_a_key_of_another_hei_is_named(tmp_path: Path) -> None:
    hosts = [Host([OWN]), Host(["eskil.example"], client_keys=[key("client")])]

    status = await Network(tmp_path, catalogue_xml(hosts)).client.refresh_catalogue()

    assert "eskil.example" in str(status.key_problem)


async def test_a_catalogue_that_lost_more_than_half_is_not_believed(tmp_path: Path) -> None:
    network = Network(tmp_path, many(10))
    await network.client.refresh_catalogue()
    network.catalogue = many(4)

    with pytest.raises(Untrusted) as caught:
        await network.client.refresh_catalogue(force=True)

    assert caught.value.reason == "catalogue_shrunken"
    assert (await network.client.refresh_catalogue()).hei_count == 10


async def test_a_catalogue_that_lost_half_or_less_is_believed(tmp_path: Path) -> None:
    network = Network(tmp_path, many(10))
    await network.client.refresh_catalogue()
    network.catalogue = many(5)

    assert (await network.client.refresh_catalogue(force=True)).hei_count == 5


async def test_a_catalogue_without_our_host_is_not_believed(network: Network) -> None:
    await network.client.refresh_catalogue()
    network.catalogue = catalogue_xml([Host([BRAVA]), Host(["eskil.example"]), Host(["fjordal.example"])])

    with pytest.raises(Untrusted):
        await network.client.refresh_catalogue(force=True)
    assert network.client.partner(BRAVA) is not None


async def test_a_shrunken_catalogue_is_believed_when_an_operator_says_so(tmp_path: Path) -> None:
    network = Network(tmp_path, many(10), accept_shrink=True)
    await network.client.refresh_catalogue()
    network.catalogue = many(2)

    assert (await network.client.refresh_catalogue(force=True)).hei_count == 2


async def test_the_last_good_copy_survives_a_restart(network: Network) -> None:
    await network.client.refresh_catalogue()
    network.clock.move(3600)
    network.catalogue_answers = [lambda _: httpx.Response(503)]

    second = network.build()
    assert second.partner(BRAVA) is not None
    status = await second.refresh_catalogue()

    assert network.catalogue_requests[-1].headers["if-none-match"] == '"1"'
    assert status.from_disk
    assert status.hei_count == 2
    assert status.fetched_at == network.clock.now() - timedelta(hours=1)


async def test_a_damaged_copy_on_disk_is_no_copy(network: Network) -> None:
    await network.client.refresh_catalogue()
    (kept,) = network.surroundings.state_dir.glob("catalogue-*.xml")
    kept.write_bytes(kept.read_bytes().replace(b"brava", b"bravo"))

    second = network.build()

    assert second.partners() == ()
    assert (await second.refresh_catalogue()).hei_count == 2


async def test_a_pointer_that_is_not_ours_is_no_copy(network: Network) -> None:
    folder = network.surroundings.state_dir
    folder.mkdir()
    (folder / "catalogue.json").write_text(json.dumps({"file": 7}))

    assert network.client.partners() == ()


async def test_only_the_newest_copy_stays_on_disk(network: Network) -> None:
    await network.client.refresh_catalogue()
    network.catalogue = many(3)

    assert (await network.client.refresh_catalogue(force=True)).changed

    names = sorted(path.name for path in network.surroundings.state_dir.iterdir())
    assert len(names) == 2
    assert names[1] == "catalogue.json"


async def test_after_five_days_without_the_registry_nobody_is_called(network: Network) -> None:
    await network.client.refresh_catalogue()
    network.clock.move(5 * 86_400 + 1)

    with pytest.raises(Unreachable, match="5 days ago"):
        await network.client.index(BRAVA)

    assert network.requests == []
    assert network.client.partner(BRAVA) is not None


async def test_without_any_catalogue_an_unreachable_registry_is_an_error(network: Network) -> None:
    network.catalogue_answers = [lambda _: httpx.Response(503)]

    with pytest.raises(Unreachable) as caught:
        await network.client.refresh_catalogue()

    assert caught.value.evidence
    assert network.client.partners() == ()
    assert network.client.find_hei("brava.example") is None


async def test_c31_elements_of_a_later_minor_version_are_ignored(network: Network) -> None:
    network.catalogue = network.catalogue.replace(
        b"<institutions-covered>", b"<hue>green</hue><institutions-covered>"
    )

    assert (await network.client.refresh_catalogue()).problem is None
    assert network.client.partner(BRAVA) is not None


async def test_an_entry_that_breaks_its_own_schema_does_not_spoil_the_catalogue(network: Network) -> None:
    network.catalogue = network.catalogue.replace(b'<iias xmlns="', b'<iias stray="1" xmlns="', 1)

    assert (await network.client.refresh_catalogue()).problem is None


async def test_our_own_hei_is_not_a_partner(network: Network) -> None:
    network.catalogue = catalogue_xml(
        [Host([OWN], ordinary_hosts()[1].apis, client_keys=[key("client")]), ordinary_hosts()[1]]
    )
    client = await network.ready()

    assert [partner.hei_id for partner in client.partners()] == [BRAVA]
