"""How single calls fail, and when none is made. Sentences marked C are the EWP specifications for clients."""

import hashlib
from pathlib import Path

import httpx
import pytest
from tests.support.ewp_network import (
    BRAVA,
    Host,
    Network,
    answering,
    catalogue_xml,
    error_xml,
    iias,
    index_fails,
    ordinary_hosts,
    untrusted,
    xml_response,
)
from tests.support.keys import key
from zstandard import ZstdDecompressor

from mobility_adapters.ewp import wire
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.errors import InvalidDocument, NotOffered, Rejected, Unreachable

DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return answering(tmp_path)


# --- errors -------------------------------------------------------------------------------------------


async def test_c34_a_refusal_is_not_repeated_and_names_what_the_partner_said(network: Network) -> None:
    network.answer = lambda request: network.signed(request, error_xml("No such parameter."), status=400)

    error = await index_fails(network, Rejected)

    assert error.reason == "http_4xx"
    assert error.status == 400
    assert error.developer_message == "No such parameter."
    assert len(network.requests) == 1
    (failed,) = [fields for name, fields in network.log.events if name == "request.failed"]
    assert "No such parameter." in failed["detail"]


async def test_an_unsigned_refusal_is_a_hint_over_tls(network: Network) -> None:
    network.answer = lambda _: httpx.Response(403, content=error_xml("Unknown key."))

    error = await index_fails(network, Rejected)

    assert error.developer_message == "Unknown key."
    assert error.evidence[0].verification is Verification.TLS_ONLY


async def test_a_refusal_with_a_wrong_signature_is_not_believed(network: Network) -> None:
    network.answer = lambda request: network.signed(
        request, error_xml("No."), status=403, signer=key("other")
    )

    assert await untrusted(network) == "key_unknown"


async def test_a_refusal_without_a_body_is_a_refusal(network: Network) -> None:
    network.answer = lambda _: httpx.Response(404)

    error = await index_fails(network, Rejected)

    assert error.reason == "http_4xx"
    assert error.developer_message is None


@pytest.mark.parametrize("body", [b"<html>Not found</html>", b"Not found", xml_response(wire.ERROR_ROOT)])
async def test_a_refusal_whose_body_is_no_error_document_says_so(network: Network, body: bytes) -> None:
    network.answer = lambda _: httpx.Response(404, content=body)

    assert (await index_fails(network, Rejected)).reason == "error_document_invalid"


@pytest.mark.parametrize(("status", "reason"), [(500, "http_5xx"), (503, "http_5xx"), (429, "http_429")])
async def test_c35_an_overloaded_partner_is_asked_again_with_growing_pauses(
    tmp_path: Path, status: int, reason: str
) -> None:
    network = Network(tmp_path, attempts=4)
    network.answer = lambda _: httpx.Response(status)

    error = await index_fails(network, Unreachable)

    assert error.reason == reason
    assert len(network.requests) == 4
    assert len(error.evidence) == 4
    first, second, third = network.clock.slept
    assert 1 <= first <= 2 < second + 1
    assert 2 <= second <= 3
    assert 4 <= third <= 5


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "20"}, 20, 20),
        ({"retry-after": "0"}, 1, 2),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:20 GMT", "date": DATE}, 20, 20),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT", "date": DATE}, 1, 2),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:20 GMT"}, 1, 2),
        ({"retry-after": "soon"}, 1, 2),
        ({"retry-after": "-5"}, 1, 2),
    ],
)
async def test_a_partner_is_not_asked_again_before_the_time_that_it_names(
    network: Network, status: int, headers: dict[str, str], least: float, most: float
) -> None:
    good = network.answer
    network.answer = lambda request: (
        good(request) if len(network.requests) > 1 else httpx.Response(status, headers=headers)
    )
    client = await network.ready()

    await client.index(BRAVA)

    (slept,) = network.clock.slept
    assert least <= slept <= most


async def test_a_partner_that_wants_longer_peace_is_left_to_the_next_round(network: Network) -> None:
    network.answer = lambda _: httpx.Response(503, headers={"retry-after": "3600"})

    error = await index_fails(network, Unreachable)

    assert error.retry_after_s == 3600
    assert len(network.requests) == 1
    assert network.clock.slept == []


async def test_only_who_is_overloaded_may_ask_for_peace(network: Network) -> None:
    network.answer = lambda _: httpx.Response(500, headers={"retry-after": "3600"})

    assert (await index_fails(network, Unreachable)).retry_after_s is None
    assert len(network.requests) > 1


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (httpx.ConnectError("refused"), "connection"),
        (httpx.ConnectTimeout("slow"), "timeout"),
        (httpx.RemoteProtocolError("odd"), "connection"),
    ],
)
async def test_a_partner_that_cannot_be_reached_leaves_evidence_too(
    network: Network, raised: Exception, reason: str
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise raised

    network.answer = answer

    error = await index_fails(network, Unreachable)

    assert error.reason == reason
    assert error.evidence[0].status is None
    assert error.evidence[0].failure == reason
    assert error.evidence[0].verification is Verification.NO_RESPONSE


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "not_xml"),
        (b"", "not_xml"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "doctype"),
        (xml_response(wire.IIAS_V7_GET_ROOT), "wrong_root"),
        (xml_response("{https://example.org/other}iias-index-response"), "wrong_root"),
        (xml_response(wire.IIAS_V7_INDEX_ROOT, "<iia-id>a b</iia-id>"), "schema"),
    ],
)
async def test_an_answer_that_is_not_its_schema_s_is_refused(
    network: Network, body: bytes, reason: str
) -> None:
    network.answer = lambda request: network.signed(request, body)

    error = await index_fails(network, InvalidDocument)

    assert error.reason == reason
    assert error.hei_id == BRAVA
    assert error.evidence[0].body == body
    assert len(network.requests) == 1


async def test_a_schema_error_points_into_the_document(network: Network) -> None:
    body = xml_response(wire.IIAS_V7_INDEX_ROOT, "\n<iia-id>good</iia-id>", "\n<iia-id>a b</iia-id>")
    network.answer = lambda request: network.signed(request, body)

    error = await index_fails(network, InvalidDocument)

    assert error.line == 3
    assert error.path == "/iias-index-response/iia-id[2]"


async def test_an_answer_over_the_limit_is_refused_with_its_beginning(tmp_path: Path) -> None:
    network = Network(tmp_path, max_body_bytes=1 << 20)
    network.answer = lambda request: network.signed(request, b"x" * (3 << 20))

    error = await index_fails(network, InvalidDocument)

    assert error.reason == "too_large"
    assert error.evidence[0].truncated
    assert error.evidence[0].body == b"x" * (1 << 20)
    assert error.evidence[0].body_sha256 is None  # that of all that came would not be that of what is kept


async def test_of_a_long_answer_over_the_limit_all_that_was_let_in_is_evidence(tmp_path: Path) -> None:
    network = Network(tmp_path, max_body_bytes=5 << 20)
    network.answer = lambda request: network.signed(request, b"0123456789" * (1 << 20))

    error = await index_fails(network, InvalidDocument)

    (exchange,) = error.evidence
    assert isinstance(exchange, Exchange)
    assert (exchange.truncated, exchange.body, exchange.body_length) == (True, b"", 5 << 20)
    assert exchange.packed is not None
    kept = (b"0123456789" * (1 << 20))[: 5 << 20]
    assert exchange.packed.sha256 == hashlib.sha256(kept).hexdigest()
    assert ZstdDecompressor().decompress(exchange.packed.zstd, max_output_size=5 << 20) == kept


async def test_a_big_answer_is_parsed_and_validated_all_the_same(network: Network) -> None:
    children = [f"<iia-id>{number}</iia-id>" for number in range(30_000)]
    body = xml_response(wire.IIAS_V7_INDEX_ROOT, *children)
    network.answer = lambda request: network.signed(request, body)
    client = await network.ready()

    assert len((await client.index(BRAVA)).ids) == 30_000


# --- what is not offered --------------------------------------------------------------------------------


async def test_a_hei_without_a_host_is_not_called(network: Network) -> None:
    client = await network.ready()
    with pytest.raises(NotOffered) as caught:
        await client.index(HeiId("nowhere.example"))
    assert caught.value.reason == "no_host"


async def test_c4_an_entry_without_declared_security_cannot_be_called(tmp_path: Path) -> None:
    network = Network(tmp_path, catalogue_xml(ordinary_hosts(security=None)))
    client = await network.ready()

    offer = client.partner(BRAVA).offers["iias"]  # type: ignore[union-attr]
    assert not offer.usable
    assert "signed requests" in str(offer.unusable_reason)
    assert (await index_fails(network, NotOffered)).reason == "no_security"


async def test_a_partner_on_another_major_version_is_told_apart(tmp_path: Path) -> None:
    old = iias("https://brava.example/ewp", "6.3.0")
    old = type(old)("iias", wire.IIAS_V6_ENTRY, "6.3.0", old.urls, "3", old.security)
    hosts = [ordinary_hosts()[0], Host([BRAVA], [old], server_keys=[key("server")])]
    network = Network(tmp_path, catalogue_xml(hosts))
    client = await network.ready()

    assert client.partner(BRAVA).old_versions == (("iias", "6.3.0"),)  # type: ignore[union-attr]
    assert (await index_fails(network, NotOffered)).reason == "old_version"


async def test_an_address_that_is_none_is_said_and_hinders_nobody(tmp_path: Path) -> None:
    hosts = ordinary_hosts()
    hosts[1] = Host([BRAVA], [iias("https://brava.example:port")], server_keys=[key("server")])

    error = await index_fails(Network(tmp_path, catalogue_xml(hosts)), NotOffered)

    assert error.reason == "no_api"
    assert "no address" in error.message


async def test_a_missing_api_is_named(tmp_path: Path) -> None:
    hosts = [
        ordinary_hosts()[0],
        Host([BRAVA], [iias("https://brava.example/ewp")], server_keys=[key("server")]),
    ]
    network = Network(tmp_path, catalogue_xml(hosts))
    client = await network.ready()

    with pytest.raises(NotOffered) as caught:
        await client.notify(CnrKind.IIA, BRAVA, IiaId("n-1"))
    assert caught.value.reason == "no_api"


async def test_without_a_catalogue_nobody_is_called(network: Network) -> None:
    with pytest.raises(Unreachable) as caught:
        await network.client.index(BRAVA)
    assert "catalogue" in str(caught.value)
    assert network.requests == []
