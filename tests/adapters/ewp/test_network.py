import asyncio
import gzip
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.support.ewp_network import (
    BRAVA,
    OWN,
    UNSIGNED,
    Network,
    agreement_apis,
    catalogue_xml,
    error_xml,
    ordinary_hosts,
    xml_response,
)
from tests.support.keys import tls_files
from tests.support.tls_server import answer as http_answer
from tests.support.tls_server import tls_server

from mobility_adapters.ewp import adapter, wire
from mobility_adapters.ewp.network import build_network
from mobility_adapters.ewp.quirks import Quirk
from mobility_bridge.domain.evidence import Verification
from mobility_bridge.domain.identifiers import Fingerprint, HeiId, IiaId, Sha256
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.snapshot import DocumentRef, HashVerdict, KnownDocument
from mobility_bridge.errors import ConfigError, InvalidDocument, Rejected, Unreachable
from mobility_bridge.kit.fingerprint import fingerprint


def agreement(iia_id: str = "b-1", our_id: str = "n-1", iia_hash: str = "0" * 64) -> str:
    return (
        f"<iia><partner><hei-id>{BRAVA}</hei-id><iia-id>{iia_id}</iia-id></partner>"
        f"<partner><hei-id>{OWN}</hei-id><iia-id>{our_id}</iia-id></partner><in-effect>false</in-effect>"
        "<cooperation-conditions><staff-training-mobility-spec>"
        f"<sending-hei-id>{OWN}</sending-hei-id><receiving-hei-id>{BRAVA}</receiving-hei-id>"
        "<receiving-first-academic-year-id>2025/2026</receiving-first-academic-year-id>"
        "<receiving-last-academic-year-id>2027/2028</receiving-last-academic-year-id>"
        "<mobilities-per-year>2</mobilities-per-year></staff-training-mobility-spec></cooperation-conditions>"
        f"<iia-hash>{iia_hash}</iia-hash></iia>"
    )


def get_response(*agreements: str) -> bytes:
    return xml_response(wire.IIAS_V7_GET_ROOT, *agreements)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path)


# --- fetch --------------------------------------------------------------------------------------------


async def test_fetched_copies_come_with_their_bytes_and_facts(network: Network) -> None:
    body = get_response(agreement("b-1"), agreement("b-2", "n-2"))
    network.answer = lambda request: network.signed(request, body)
    client = await network.ready()

    answer = await client.fetch(BRAVA, [IiaId("b-1"), IiaId("b-2")])

    first, second = answer.copies
    assert (first.copy.iia_id, first.copy.partner_iia_id, first.copy.holder_hei_id) == ("b-1", "n-1", BRAVA)
    assert first.copy.hash_verdict is not HashVerdict.MATCHES
    assert first.copy.fetched_at == answer.exchanges[0].received_at
    assert first.document == body
    assert second.copy.document == DocumentRef(first.copy.document.sha256, wire.FORMAT_IIAS_V7, 1)
    assert client.decode(second.document, second.copy.document).partners[0].iia_id == "b-2"
    assert answer.absent == ()
    assert not answer.unchanged


async def test_a_hash_with_an_id_of_ours_that_is_no_longer_served_is_explained(network: Network) -> None:
    # given: hashed while it named n-1, served without it
    network.answer = lambda request: network.signed(request, get_response(agreement("b-1")))
    client = await network.ready()
    (mapped,) = (await client.fetch(BRAVA, [IiaId("b-1")])).copies
    unmapped = agreement("b-1", iia_hash=str(mapped.copy.computed_hash)).replace("<iia-id>n-1</iia-id>", "")
    network.answer = lambda request: network.signed(request, get_response(unmapped))

    # when
    (blind,) = (await client.fetch(BRAVA, [IiaId("b-1")])).copies
    (told,) = (await client.fetch(BRAVA, [IiaId("b-1")], own_iia_ids=[IiaId("n-0"), IiaId("n-1")])).copies

    # then
    assert blind.copy.hash_verdict is HashVerdict.DECLARED_WRONG
    assert told.copy.hash_verdict is HashVerdict.BEFORE_MAPPING


async def test_c30_ids_that_are_not_answered_are_absent_and_no_error(network: Network) -> None:
    network.answer = lambda request: network.signed(request, get_response(agreement("b-2")))
    client = await network.ready()

    answer = await client.fetch(BRAVA, [IiaId("b-1"), IiaId("b-2"), IiaId("b-1")])

    assert answer.absent == ("b-1",)
    assert len(answer.copies) == 1


async def test_an_answer_that_is_already_known_is_not_even_parsed(network: Network) -> None:
    body = b"this is no XML"
    network.answer = lambda request: network.signed(request, body)
    client = await network.ready()

    known = KnownDocument(Sha256(hashlib.sha256(body).hexdigest()))

    answer = await client.fetch(BRAVA, [IiaId("b-1")], known)

    assert answer.unchanged
    assert answer.copies == answer.absent == ()
    assert [each.body_sha256 for each in answer.exchanges] == [known.sha256]


@pytest.mark.parametrize("coding", [None, "gzip"])
async def test_an_answer_that_nobody_signed_is_recognised_by_its_fingerprint(
    tmp_path: Path, coding: str | None
) -> None:
    body = b"this is no XML"
    sent = {} if coding is None else {"content-encoding": coding}
    content = body if coding is None else gzip.compress(body)
    network = Network(tmp_path, catalogue_xml(ordinary_hosts(security=UNSIGNED)))
    network.answer = lambda _: httpx.Response(200, content=content, headers=sent)
    client = await network.ready()
    digested_before = Sha256("0" * 64)  # which nobody takes again

    answer = await client.fetch(
        BRAVA, [IiaId("b-1")], KnownDocument(digested_before, Fingerprint(fingerprint(body)))
    )

    assert answer.unchanged
    assert answer.exchanges[-1].body_sha256 == digested_before


async def test_an_answer_that_is_not_the_known_one_is_read(network: Network) -> None:
    body = get_response(agreement("b-1"))
    network.answer = lambda request: network.signed(request, body)
    client = await network.ready()
    other = KnownDocument(Sha256("0" * 64), Fingerprint(fingerprint(b"another")))

    answer = await client.fetch(BRAVA, [IiaId("b-1")], other)

    assert not answer.unchanged
    assert len(answer.copies) == 1
    assert answer.exchanges[-1].body_sha256 == hashlib.sha256(body).hexdigest()


async def test_one_broken_agreement_fails_the_whole_batch(network: Network) -> None:
    broken = agreement("b-2").replace("<mobilities-per-year>2</mobilities-per-year>", "")
    network.answer = lambda request: network.signed(request, get_response(agreement("b-1"), broken))
    client = await network.ready()

    with pytest.raises(InvalidDocument) as caught:
        await client.fetch(BRAVA, [IiaId("b-1"), IiaId("b-2")])

    assert caught.value.reason == "schema"
    assert "/iia[2]/" in str(caught.value.path)
    assert caught.value.evidence[0].verification is Verification.VERIFIED


async def test_documents_of_another_format_are_not_decoded(network: Network) -> None:
    with pytest.raises(InvalidDocument):
        network.client.decode(b"<x/>", DocumentRef(Sha256("0" * 64), "ewp.iias.v6"))


# --- approvals and notifications ----------------------------------------------------------------------


async def test_approvals_are_read(network: Network) -> None:
    body = xml_response(
        wire.IIAS_APPROVAL_V2_ROOT,
        f"<approval><iia-id>n-1</iia-id><iia-hash>{'a' * 64}</iia-hash></approval>",
    )
    network.answer = lambda request: network.signed(request, body)
    client = await network.ready()

    answer = await client.approvals(BRAVA, [IiaId("n-1"), IiaId("n-2")])

    assert [(item.iia_id, item.iia_hash) for item in answer.approvals] == [("n-1", "a" * 64)]
    assert network.requests[0].url.query == b"iia_id=n-1&iia_id=n-2"


async def test_an_approval_without_its_id_is_an_invalid_answer(network: Network) -> None:
    body = xml_response(wire.IIAS_APPROVAL_V2_ROOT, f"<approval><iia-hash>{'a' * 64}</iia-hash></approval>")
    network.answer = lambda request: network.signed(request, body)
    client = await network.ready()

    with pytest.raises(InvalidDocument):
        await client.approvals(BRAVA, [IiaId("n-1")])


@pytest.mark.parametrize(
    ("kind", "path"), [(CnrKind.IIA, "/ewp/iia-cnr"), (CnrKind.IIA_APPROVAL, "/ewp/approval-cnr")]
)
async def test_a_notification_goes_to_its_receiver(network: Network, kind: CnrKind, path: str) -> None:
    network.answer = lambda request: network.signed(request, xml_response(wire.IIA_CNR_V3_ROOT))
    client = await network.ready()

    (exchange,) = await client.notify(kind, BRAVA, IiaId("n-1"))

    assert network.requests[0].url.path == path
    assert exchange.status == 200
    assert exchange.request_body == b"iia_id=n-1"


async def test_c37_a_notification_is_tried_once_and_left_to_the_outbox(network: Network) -> None:
    network.answer = lambda _: httpx.Response(503)
    client = await network.ready()

    with pytest.raises(Unreachable) as caught:
        await client.notify(CnrKind.IIA, BRAVA, IiaId("n-1"))

    assert len(network.requests) == len(caught.value.evidence) == 1


async def test_a_refused_notification_says_what_the_partner_said(network: Network) -> None:
    network.answer = lambda request: network.signed(request, error_xml("Not you."), status=403)
    client = await network.ready()

    with pytest.raises(Rejected) as caught:
        await client.notify(CnrKind.IIA, BRAVA, IiaId("n-1"))
    assert caught.value.developer_message == "Not you."


async def test_a_notification_answered_200_with_a_strange_body_is_delivered(network: Network) -> None:
    network.answer = lambda request: network.signed(request, b"OK", headers={"content-encoding": "br"})
    client = await network.ready()

    (exchange,) = await client.notify(CnrKind.IIA, BRAVA, IiaId("n-1"))

    assert exchange.verification is Verification.VERIFIED


# --- limits -------------------------------------------------------------------------------------------


class Slow(httpx.AsyncBaseTransport):
    """Holds every call for a moment and remembers how many it held at once, per host and in all."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.most_in_all = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        self.now[host] = self.now.get(host, 0) + 1
        self.most[host] = max(self.most.get(host, 0), self.now[host])
        self.most_in_all = max(self.most_in_all, sum(self.now.values()))
        await asyncio.sleep(0.05)
        self.now[host] -= 1
        return await self.inner.handle_async_request(request)


async def test_calls_in_flight_are_limited_per_partner_and_in_all(tmp_path: Path) -> None:
    hosts = ordinary_hosts()
    names = [HeiId(f"hei-{n}.example") for n in range(4)]
    hosts += [replace(hosts[1], hei_ids=[name], apis=agreement_apis(f"https://{name}/ewp")) for name in names]
    network = Network(tmp_path, catalogue_xml(hosts), concurrency=5, concurrency_per_partner=2)
    network.answer = lambda request: network.signed(request, xml_response(wire.IIAS_V7_INDEX_ROOT))
    slow = Slow(network.surroundings.transport)
    client = build_network(network.settings, replace(network.surroundings, transport=slow))
    await client.refresh_catalogue()

    await asyncio.gather(*(client.index(name) for name in names for _ in range(5)))

    assert all(slow.most[name] == 2 for name in names)
    assert slow.most_in_all == 5


async def test_a_partner_s_oddities_are_rows_of_a_table(tmp_path: Path) -> None:
    network = Network(tmp_path)
    network.answer = lambda request: network.signed(request, get_response(agreement()))
    quirk = Quirk(BRAVA, since="2026-11", link="ticket 1", ids_per_call=1, total_s=180, post_only=True)
    client = build_network(network.settings, network.surroundings, quirks={BRAVA: quirk})
    await client.refresh_catalogue()

    assert client.partner(BRAVA).offers["iias"].max_ids == 1  # type: ignore[union-attr]
    assert client.partners()[0].offers["iias"].max_ids == 1
    with pytest.raises(ValueError, match="takes 1 to 1"):
        await client.fetch(BRAVA, [IiaId("b-1"), IiaId("b-2")])
    await client.fetch(BRAVA, [IiaId("b-1")])
    assert network.requests[0].method == "POST"


# --- building -----------------------------------------------------------------------------------------


async def test_the_adapter_builds_a_network_over_real_tls(tmp_path: Path) -> None:
    files = tls_files(tmp_path)
    network = Network(tmp_path)

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http_answer(network.catalogue))

    async with tls_server(files, talk) as server:
        settings = network.settings.model_copy(
            update={"registry_url": server.url("/catalogue-v1.xml"), "registry_ca_file": files.ca}
        )
        built = adapter.build(settings, replace(network.surroundings, transport=None))
        assert built.network is not None
        status = await built.network.refresh_catalogue()
        await built.close()

    assert status.hei_count == 2
    assert built.notifications is built.network


async def test_a_registry_outside_the_pinned_authority_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    files, other = tls_files(tmp_path), tls_files(tmp_path / "self", self_signed=True)
    network = Network(tmp_path)

    async def talk(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http_answer(network.catalogue))

    async with tls_server(other, talk) as server:
        settings = network.settings.model_copy(
            update={"registry_url": server.url("/"), "registry_ca_file": files.ca}
        )
        client = build_network(settings, replace(network.surroundings, transport=None))
        with pytest.raises(Unreachable) as caught:
            await client.refresh_catalogue()
        await client.close()

    assert caught.value.reason == "tls"


def test_an_authority_that_cannot_be_read_stops_the_build(tmp_path: Path) -> None:
    network = Network(tmp_path)
    settings = network.settings.model_copy(update={"ca_file": tmp_path / "absent.pem"})

    with pytest.raises(ConfigError) as caught:
        build_network(settings, replace(network.surroundings, transport=None))

    assert caught.value.problems[0][0] == "adapters.ewp.ca_file"


def test_loading_the_adapter_loads_nothing_heavy() -> None:
    code = (
        "import sys; from mobility_adapters.ewp import adapter; assert adapter.name == 'ewp'; "
        "print([m for m in ('lxml', 'cryptography', 'httptools', 'httpx', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
