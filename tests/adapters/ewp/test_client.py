"""How single calls go. Sentences marked C are the EWP specifications for clients."""

import asyncio
import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from tests.support.ewp_network import (
    BRAVA,
    INDEX,
    OWN,
    UNSIGNED,
    Host,
    Network,
    agreement_apis,
    answering,
    catalogue_xml,
    iias,
    index_fails,
    ordinary_hosts,
    untrusted,
    xml_response,
)
from tests.support.keys import key

from mobility_adapters.ewp import httpsig, wire
from mobility_adapters.ewp.keys import fingerprint
from mobility_bridge.domain.evidence import Verification
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.errors import InvalidDocument, NotOffered, Rejected, Untrusted

CNR = xml_response(wire.IIA_CNR_V3_ROOT)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return answering(tmp_path)


# --- requests -----------------------------------------------------------------------------------------


async def test_a_signed_question_gets_a_verified_answer(network: Network) -> None:
    client = await network.ready()

    answer = await client.index(BRAVA)

    assert answer.ids == ("b-1", "b-2")
    (exchange,) = answer.exchanges
    assert exchange.verification is Verification.VERIFIED
    assert exchange.body == INDEX
    assert exchange.status == 200
    assert exchange.failure is None
    assert exchange.api == "iias.index"
    assert exchange.request_headers["authorization"].startswith("Signature keyId=")


async def test_the_signature_of_a_request_holds_and_covers_all_that_must_be_honoured(
    network: Network,
) -> None:
    client = await network.ready()

    await client.index(BRAVA)

    (request,) = network.requests
    parameters = httpsig.parse_authorization(request.headers["authorization"])
    target = httpsig.request_target(request.method, request.url.raw_path.decode())
    httpsig.verify_signature(key("client").public_key(), parameters, target, dict(request.headers))
    assert parameters.key_id == fingerprint(key("client").public_key())
    assert {*httpsig.SIGNED_IN_REQUESTS, "accept-signature", "accept-encoding"} <= set(parameters.headers)
    assert request.headers["host"] == "brava.example"


async def test_c12_a_get_carries_the_digest_of_an_empty_body(network: Network) -> None:
    client = await network.ready()

    await client.index(BRAVA)

    assert network.requests[0].method == "GET"
    assert network.requests[0].headers["digest"] == httpsig.body_digest(b"")


async def test_c13_each_attempt_has_its_own_id_date_and_signature(network: Network) -> None:
    good = network.answer
    network.answer = lambda request: good(request) if len(network.requests) > 1 else httpx.Response(503)
    client = await network.ready()

    answer = await client.index(BRAVA)

    first, second = network.requests
    for name in ("x-request-id", "date", "authorization"):
        assert first.headers[name] != second.headers[name]
    assert [exchange.status for exchange in answer.exchanges] == [503, 200]


async def test_c14_a_post_signs_its_content_type(network: Network) -> None:
    network.answer = lambda request: network.signed(request, CNR)
    client = await network.ready()

    await client.notify(CnrKind.IIA, BRAVA, IiaId("n-1"))

    (request,) = network.requests
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "content-type" in httpsig.parse_authorization(request.headers["authorization"]).headers
    assert parse_qsl(request.content.decode()) == [("iia_id", "n-1")]
    assert request.headers["digest"] == httpsig.body_digest(b"iia_id=n-1")


async def test_c15_parameters_are_appended_to_an_address_that_has_a_query(tmp_path: Path) -> None:
    hosts = ordinary_hosts()
    api = iias("https://brava.example/ewp?hei=brava&x=%2B")
    hosts[1] = Host([BRAVA], [api], server_keys=[key("server")])
    network = Network(tmp_path, catalogue_xml(hosts))
    network.answer = lambda request: network.signed(request, INDEX)
    client = await network.ready()

    await client.index(BRAVA, datetime(2025, 10, 14, 7, 30, tzinfo=UTC))

    assert network.requests[0].url.raw_path == (
        b"/ewp?hei=brava&x=%2B/iias/index&modified_since=2025-10-14T07%3A30%3A00Z"
    )


async def test_c16_a_redirect_is_not_followed(network: Network) -> None:
    network.answer = lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example/"})

    error = await index_fails(network, Rejected)

    assert len(network.requests) == 1
    assert error.reason == "http_3xx"


async def test_c38_an_offset_of_time_is_never_sent_as_a_plus(network: Network) -> None:
    client = await network.ready()
    network.answer = lambda request: network.signed(
        request, xml_response(wire.ECHO_V2_ROOT, "<hei-id>nordhav.example</hei-id>", "<echo>a+b c</echo>")
    )

    answer = await client.echo(BRAVA, ["a+b c"])
    assert network.requests[0].url.query == b"echo=a%2Bb+c"
    assert answer.echoes == ("a+b c",)
    assert answer.hei_ids == (OWN,)

    network.answer = lambda request: network.signed(request, INDEX)
    await client.index(BRAVA, datetime(2025, 10, 14, 9, 30, tzinfo=timezone(timedelta(hours=2))))
    assert network.requests[1].url.query == b"modified_since=2025-10-14T07%3A30%3A00Z"


async def test_many_ids_are_posted(tmp_path: Path) -> None:
    network = Network(tmp_path, catalogue_xml(ordinary_hosts(limit="200")))
    network.answer = lambda request: network.signed(request, xml_response(wire.IIAS_V7_GET_ROOT))
    client = await network.ready()
    ids = [IiaId(f"{number:032}") for number in range(100)]

    answer = await client.fetch(BRAVA, ids)

    assert network.requests[0].method == "POST"
    assert parse_qsl(network.requests[0].content.decode()) == [("iia_id", iia_id) for iia_id in ids]
    assert answer.absent == tuple(ids)


async def test_c29_more_ids_than_the_limit_are_a_mistake_of_the_caller(network: Network) -> None:
    client = await network.ready()

    with pytest.raises(ValueError, match="takes 1 to 3"):
        await client.fetch(BRAVA, [IiaId(str(number)) for number in range(4)])
    with pytest.raises(ValueError, match="takes 1 to 2"):
        await client.approvals(BRAVA, [])


# --- answers ------------------------------------------------------------------------------------------


async def test_c17_an_answer_without_the_signature_that_was_asked_for_is_refused(network: Network) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        shown = {"x-request-id": request.headers["x-request-id"]}
        return httpx.Response(200, content=INDEX, headers=shown)

    network.answer = answer

    assert await untrusted(network) == "signature_missing"


async def test_c18_a_signature_over_the_request_target_is_checked_against_our_request(
    network: Network,
) -> None:
    names = ("(request-target)", "original-date", "digest", "x-request-id", "x-request-signature")
    network.answer = lambda request: network.signed(request, INDEX, names=names)
    assert (await (await network.ready()).index(BRAVA)).ids

    network.answer = lambda request: network.signed(request, INDEX, names=names, target="get /other")
    assert await untrusted(network) == "signature_wrong"


async def test_c20_an_answer_dated_ten_minutes_off_is_refused(network: Network) -> None:
    date = httpsig.http_date(network.clock.now() - timedelta(minutes=10))
    network.answer = lambda request: network.signed(request, INDEX, headers={"original-date": date})

    assert await untrusted(network) == "date_off"


async def test_c21_an_answer_to_another_request_is_refused(network: Network) -> None:
    network.answer = lambda request: network.signed(request, INDEX, headers={"x-request-id": "other"})
    assert await untrusted(network) == "request_id_differs"

    network.answer = lambda request: network.signed(request, INDEX, drop=["x-request-id"])
    assert await untrusted(network) == "request_id_differs"


async def test_c22_an_answer_to_another_signature_is_refused(network: Network) -> None:
    network.answer = lambda request: network.signed(request, INDEX, headers={"x-request-signature": "b3Ro"})
    assert await untrusted(network) == "request_signature_differs"

    network.answer = lambda request: network.signed(request, INDEX, drop=["x-request-signature"])
    assert await untrusted(network) == "signature_incomplete"


async def test_c23_an_answer_signed_with_a_key_of_another_host_is_refused(tmp_path: Path) -> None:
    # The other host even announces the same addresses.
    other = Host(
        ["alderton.example"], agreement_apis("https://brava.example/ewp"), server_keys=[key("alderton")]
    )
    network = Network(tmp_path, catalogue_xml([*ordinary_hosts(), other]))
    network.answer = lambda request: network.signed(request, INDEX, signer=key("alderton"))

    assert await untrusted(network) == "key_unknown"


async def test_c24_an_answer_signed_with_a_client_key_is_refused(network: Network) -> None:
    network.answer = lambda request: network.signed(request, INDEX, signer=key("client"))

    assert await untrusted(network) == "key_unknown"


async def test_a_key_that_the_catalogue_has_got_since_is_believed_at_once(network: Network) -> None:
    client = await network.ready()
    hosts = ordinary_hosts()
    network.catalogue = catalogue_xml([hosts[0], replace(hosts[1], server_keys=[key("rotated")])])
    network.answer = lambda request: network.signed(request, INDEX, signer=key("rotated"))
    network.clock.move(61)

    answers = await asyncio.gather(*(client.index(BRAVA) for _ in range(3)))

    assert all(answer.exchanges[-1].verification is Verification.VERIFIED for answer in answers)
    assert len(network.catalogue_requests) == 2
    assert len(network.requests) == 3
    shown = sorted(exchange.api for answer in answers for exchange in answer.exchanges)
    assert shown == ["iias.index", "iias.index", "iias.index", "registry"]


async def test_for_unknown_keys_the_catalogue_is_fetched_once_a_minute_at_most(network: Network) -> None:
    client = await network.ready()
    network.answer = lambda request: network.signed(request, INDEX, signer=key("stranger"))

    for seconds, fetches in ((30, 1), (31, 2), (30, 2), (31, 3)):
        network.clock.move(seconds)
        with pytest.raises(Untrusted) as caught:
            await client.index(BRAVA)
        assert caught.value.reason == "key_unknown"
        assert len(network.catalogue_requests) == fetches


async def test_a_rotated_key_does_not_vouch_for_an_address_that_has_moved(network: Network) -> None:
    client = await network.ready()
    moved = agreement_apis("https://brava.example/elsewhere")
    network.catalogue = catalogue_xml(
        [ordinary_hosts()[0], Host([BRAVA], moved, server_keys=[key("rotated")])]
    )
    network.answer = lambda request: network.signed(request, INDEX, signer=key("rotated"))
    network.clock.move(61)

    with pytest.raises(Untrusted) as caught:
        await client.index(BRAVA)

    assert caught.value.reason == "key_unknown"


async def test_c25_a_tampered_body_is_refused(network: Network) -> None:
    other = httpsig.body_digest(b"another body")
    network.answer = lambda request: network.signed(request, INDEX, headers={"digest": other})
    assert await untrusted(network) == "digest_wrong"

    network.answer = lambda request: network.signed(request, INDEX, headers={"digest": "SHA=abc="})
    assert await untrusted(network) == "digest_wrong"


async def test_the_digest_is_taken_before_content_decoding(network: Network) -> None:
    packed = gzip.compress(INDEX)
    network.answer = lambda request: network.signed(request, packed, headers={"content-encoding": "gzip"})
    client = await network.ready()

    answer = await client.index(BRAVA)

    assert answer.ids == ("b-1", "b-2")
    assert answer.exchanges[0].body == INDEX
    assert answer.exchanges[0].verification is Verification.VERIFIED


async def test_a_content_coding_that_was_not_asked_for_is_refused(network: Network) -> None:
    network.answer = lambda request: network.signed(request, INDEX, headers={"content-encoding": "br"})

    error = await index_fails(network, InvalidDocument)

    assert error.reason == "content"
    assert error.evidence[0].body == INDEX


async def test_a_partner_that_does_not_sign_is_believed_over_tls_alone(tmp_path: Path) -> None:
    network = Network(tmp_path, catalogue_xml(ordinary_hosts(security=UNSIGNED)))
    network.answer = lambda _: httpx.Response(200, content=INDEX)
    client = await network.ready()

    answer = await client.index(BRAVA)

    assert answer.exchanges[0].verification is Verification.TLS_ONLY
    assert "accept-signature" not in network.requests[0].headers


async def test_an_unsigned_answer_to_another_request_is_refused_too(tmp_path: Path) -> None:
    network = Network(tmp_path, catalogue_xml(ordinary_hosts(security=UNSIGNED)))
    network.answer = lambda _: httpx.Response(200, content=INDEX, headers={"x-request-id": "other"})

    assert await untrusted(network) == "request_id_differs"


async def test_partners_that_do_not_sign_can_be_left_out_by_policy(tmp_path: Path) -> None:
    network = Network(tmp_path, catalogue_xml(ordinary_hosts(security=UNSIGNED)), accept_unsigned=False)

    error = await index_fails(network, NotOffered)

    assert error.reason == "no_security"
    assert network.requests == []
