"""How single calls go. Sentences marked C are the EWP specifications for clients."""

import asyncio
import gzip
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from tests.support.ewp_network import (
    BRAVA,
    OWN,
    UNSIGNED,
    Host,
    Network,
    agreement_apis,
    catalogue_xml,
    error_xml,
    iias,
    ordinary_hosts,
    xml_response,
)
from tests.support.keys import key
from zstandard import ZstdDecompressor

from mobility_adapters.ewp import httpsig, wire
from mobility_adapters.ewp.keys import fingerprint
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.errors import InvalidDocument, NotOffered, Rejected, Unreachable, Untrusted

INDEX = xml_response(wire.IIAS_V7_INDEX_ROOT, "<iia-id>b-1</iia-id>", "<iia-id>b-2</iia-id>")
CNR = xml_response(wire.IIA_CNR_V3_ROOT)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    result = Network(tmp_path)
    result.answer = lambda request: result.signed(request, INDEX)
    return result


async def index_fails(network: Network, error: type[Exception]) -> Exception:
    client = await network.ready()
    with pytest.raises(error) as caught:
        await client.index(BRAVA)
    return caught.value


async def untrusted(network: Network) -> str:
    error = await index_fails(network, Untrusted)
    assert isinstance(error, Untrusted)
    assert error.evidence[-1].verification is Verification.FAILED
    return error.reason


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


DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


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
