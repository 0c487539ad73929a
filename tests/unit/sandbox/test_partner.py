"""A correct partner, as the reference wants one."""

import pytest
from lxml import etree
from tests.support.fixtures import needs_published
from tests.support.sandbox import NOW, Parameters, ask, host, published_problems, signed, stage

from mobility_bridge.sandbox.cast import PARTNERS, Hei
from mobility_bridge.sandbox.documents import COMMON_NS
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.sandbox.partner import Sent
from mobility_bridge.sandbox.signature import Received, digest, key_id, parse, string_to_sign, verifies

ALDERTON = "alderton.example"


def texts(sent: Sent, name: str) -> list[str]:
    root = etree.fromstring(sent.body)
    return [str(each.text or "") for each in root.iter(f"{{*}}{name}")]


def own_ids(sent: Sent) -> list[str]:
    root = etree.fromstring(sent.body)
    return [str(iia.findtext("{*}partner[1]/{*}iia-id")) for iia in root.findall("{*}iia")]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_index_lists_what_get_serves(keys: KeyRing, method: str):
    played = stage()
    index = await ask(ALDERTON, played, keys, "iias/index", method=method)
    ids = texts(index, "iia-id")

    got = await ask(ALDERTON, played, keys, "iias/get", [("iia_id", each) for each in ids], method=method)

    assert index.status == got.status == 200
    assert own_ids(got) == ids
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("since", "listed"),
    [("2020-01-01T00:00:00Z", 2), ("2026-11-01T00:00:00+01:00", 0), ("2030-01-01T00:00:00", 0)],
)
async def test_index_honours_modified_since(keys: KeyRing, since: str, listed: int):
    answer = await ask(ALDERTON, stage(), keys, "iias/index", [("modified_since", since)])

    assert len(texts(answer, "iia-id")) == listed


async def test_one_partner_ignores_modified_since(keys: KeyRing):
    answer = await ask(
        "dunmore.example", stage(), keys, "iias/index", [("modified_since", "2030-01-01T00:00:00Z")]
    )

    assert len(texts(answer, "iia-id")) == 2


@pytest.mark.parametrize(
    "parameters",
    [
        [("modified_since", "2026-01-01")],
        [("modified_since", "yesterday")],
        [("modified_since", "2026-13-01T00:00:00Z")],
        [("modified_since", "2026-01-01T00:00:00Z"), ("modified_since", "2026-01-01T00:00:00Z")],
        [("receiving_academic_year_id", "2026")],
    ],
)
async def test_bad_index_parameters_are_bad_requests(keys: KeyRing, parameters: Parameters):
    assert (await ask(ALDERTON, stage(), keys, "iias/index", parameters)).status == 400


async def test_index_filters_by_academic_year(keys: KeyRing):
    unused = await ask(ALDERTON, stage(), keys, "iias/index", [("receiving_academic_year_id", "1653/1654")])
    used = await ask(ALDERTON, stage(), keys, "iias/index", [("receiving_academic_year_id", "2028/2029")])

    assert (len(texts(unused, "iia-id")), len(texts(used, "iia-id"))) == (0, 2)


async def test_unknown_ids_are_left_out_and_too_many_are_refused(keys: KeyRing):
    unknown = await ask(ALDERTON, stage(), keys, "iias/get", [("iia_id", "unknown")])
    too_many = await ask(ALDERTON, stage(), keys, "iias/get", [("iia_id", "unknown")] * 6)
    none = await ask(ALDERTON, stage(), keys, "iias/get", [("id", "unknown")])

    assert (unknown.status, own_ids(unknown)) == (200, [])
    assert (too_many.status, none.status) == (400, 400)


async def test_approval_names_our_id_with_our_hash(keys: KeyRing):
    played = stage()

    answer = await ask(
        ALDERTON, played, keys, "iias-approval", [("iia_id", "nhu-iia-0001"), ("iia_id", "other")]
    )

    approval = played.world.approvals[ALDERTON]["nhu-iia-0001"]
    assert texts(answer, "iia-id") == ["nhu-iia-0001"]
    assert texts(answer, "iia-hash") == [approval.iia_hash]


async def test_a_notification_is_counted_whatever_its_id(keys: KeyRing):
    played = stage()

    first = await ask(ALDERTON, played, keys, "iia-cnr", [("iia_id", "nobody-knows")])
    second = await ask(ALDERTON, played, keys, "iia-cnr", [("iia_id", "nobody-knows")])

    assert (first.status, second.status) == (200, 200)
    assert played.notices[(ALDERTON, "iia", "nobody-knows")].count == 2


async def test_a_notified_partner_adds_our_id_to_the_copy_that_we_linked(keys: KeyRing):
    played = stage("default")
    entry = next(each for each in played.scenario.entries if each.name == "not mapped by partner")
    theirs = played.world.theirs[entry.partner]

    await ask(entry.partner, played, keys, "iia-cnr", [("iia_id", entry.iia_id or "")])

    assert theirs[entry.partner_iia_ids[0]].copy.other_iia_id == entry.iia_id


@pytest.mark.parametrize(
    ("method", "endpoint", "status"),
    [("PUT", "iias/get", 405), ("GET", "iia-cnr", 405), ("POST", "nothing", 404), ("POST", "iia-cnr", 400)],
)
async def test_errors_are_signed_error_documents(keys: KeyRing, method: str, endpoint: str, status: int):
    sent = await ask(ALDERTON, stage(), keys, endpoint, method=method)

    assert sent.status == status
    assert etree.fromstring(sent.body).tag == f"{{{COMMON_NS}}}error-response"
    assert "signature" in dict(sent.headers)


async def test_an_unsigned_request_is_challenged(keys: KeyRing):
    request = Received("GET", "/x", {"host": "localhost"}, b"")

    sent = await host(ALDERTON, stage(), keys).respond("echo", request)

    assert sent.status == 401
    assert dict(sent.headers)["www-authenticate"] == 'Signature realm="EWP"'
    assert not {"x-request-id", "x-request-signature"} & dict(sent.headers).keys()


async def test_echo_says_who_we_are_and_what_we_said(keys: KeyRing):
    sent = await ask(ALDERTON, stage(), keys, "echo", [("echo", "å"), ("echo", ""), ("echo", "å")])

    assert texts(sent, "hei-id") == ["nordhav.example"]
    assert texts(sent, "echo") == ["å", "", "å"]


@pytest.mark.parametrize("hei", PARTNERS, ids=lambda hei: hei.hei_id)
async def test_answers_are_signed_with_the_hosts_key_over_what_must_be_covered(keys: KeyRing, hei: Hei):
    request = signed("/echo", [("echo", "x")], keys.client)

    sent = await host(hei.hei_id, stage(), keys).respond("echo", request)

    headers = dict(sent.headers)
    made = parse(headers["signature"])
    public = keys.servers[hei.hei_id].public_key()
    assert made is not None
    assert made.key_id == key_id(public)
    assert {hei.date_header, "digest", "x-request-id", "x-request-signature"} <= set(made.headers)
    assert headers["digest"] == digest(sent.body)
    assert headers["x-request-id"] == request.headers["x-request-id"]
    text = string_to_sign(made.headers, {**headers, "(request-target)": "post /echo"})
    assert verifies(public, text, made.signature)


@needs_published
@pytest.mark.parametrize("hei", PARTNERS, ids=lambda hei: hei.hei_id)
async def test_every_answer_of_every_partner_is_valid(keys: KeyRing, hei: Hei):
    played = stage()
    ids = list(played.world.theirs[hei.hei_id])[:1]
    ours = next(played.world.our_agreements(hei.hei_id)).iia_id
    asked: list[tuple[str, Parameters]] = [
        ("iias/index", []),
        ("iias/get", [("iia_id", ids[0])]),
        ("iias-approval", [("iia_id", ours)]),
        ("iia-cnr", [("iia_id", ours)]),
        ("iia-approval-cnr", [("iia_id", ids[0])]),
        ("echo", [("echo", "x")]),
        ("iias/get", []),
    ]
    for endpoint, parameters in asked:
        sent = await ask(hei.hei_id, played, keys, endpoint, parameters)
        assert published_problems(sent.body) == [], endpoint


def test_the_clock_of_the_tests_stands_still():
    assert stage().clock() == NOW
