"""The whole sandbox over TLS: everybody answers, and a second start goes on where the first ended."""

import json
import shutil
import ssl
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from tests.support.fixtures import needs_published
from tests.support.sandbox import TODAY, published_problems, signed

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.sandbox.registry import CATALOGUE_NS
from mobility_bridge.sandbox.signature import key_id
from mobility_bridge.sandbox.stage import utc_now

CLEAN = Plan("clean", today=TODAY)
OURS = "nhu-iia-0001"


@pytest.fixture
def folder(keys: KeyRing, tmp_path: Path) -> Path:
    """A folder with keys, so that a test does not wait for new ones."""
    return Path(shutil.copytree(keys.folder, tmp_path / "sandbox"))


@pytest.fixture
def sandbox(folder: Path) -> Iterator[Sandbox]:
    with Sandbox(folder, CLEAN).in_thread() as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    with httpx.Client(verify=context, base_url=sandbox.base_url, timeout=10) as client:
        yield client


def order(client: httpx.Client, name: str, **content: Any) -> Any:
    answer = client.post(f"/_control/{name}", json=content)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ask(sandbox: Sandbox, client: httpx.Client, hei_id: str, endpoint: str, iia_id: str) -> httpx.Response:
    path = f"/hosts/{hei_id}/ewp/{endpoint}"
    authority = f"localhost:{sandbox.memory.port}"
    request = signed(path, [("iia_id", iia_id)], sandbox.ring.client, authority=authority, now=utc_now())
    return client.post(path, content=request.body, headers=dict(request.headers))


def test_the_catalogue_is_served_with_what_caching_needs(client: httpx.Client):
    first = client.get("/registry/catalogue-v1.xml")
    second = client.get("/registry/catalogue-v1.xml", headers={"if-none-match": first.headers["etag"]})

    assert etree.fromstring(first.content).tag == f"{{{CATALOGUE_NS}}}catalogue"
    assert "max-age" in first.headers["cache-control"]
    assert first.headers.get_list("date") == [first.headers["date"]]
    assert (second.status_code, second.content) == (304, b"")


@needs_published
def test_the_catalogue_is_valid(client: httpx.Client):
    assert published_problems(client.get("/registry/catalogue-v1.xml").content) == []


@needs_published
def test_every_api_entry_of_the_catalogue_of_today_is_valid_except_the_fake_one(client: httpx.Client):
    root = etree.fromstring(client.get("/registry/catalogue-v1.xml").content)
    hosts = [
        host
        for host in root.findall(f"{{{CATALOGUE_NS}}}host")
        if b"gammal.example" not in etree.tostring(host)
    ]
    entries = [entry for host in hosts for entry in host.find(f"{{{CATALOGUE_NS}}}apis-implemented")]

    wrong = [entry for entry in entries if published_problems(etree.tostring(entry))]

    assert [entry.get("version") for entry in wrong] == [None]


def test_a_partner_answers_over_tls(sandbox: Sandbox, client: httpx.Client):
    answer = ask(sandbox, client, "alderton.example", "iias-approval", OURS)

    assert answer.status_code == 200
    assert len(answer.headers.get_list("date")) == 1
    assert OURS in answer.text


def test_mobility_online_is_mounted_beside_the_partners(client: httpx.Client):
    wsdl = client.get("/mobility-online/services/GetAgreementDataService?wsdl")

    assert wsdl.status_code == 200
    assert etree.fromstring(wsdl.content).tag.endswith("definitions")


def test_a_dropped_notification_gets_no_answer_at_all(sandbox: Sandbox, client: httpx.Client):
    order(client, "faults", partner="alderton.example", fault="drops_cnr", on=True)

    with pytest.raises(httpx.RemoteProtocolError):
        ask(sandbox, client, "alderton.example", "iia-cnr", OURS)

    assert client.get("/_control/received").json() == []


def test_a_slow_partner_outlasts_its_caller_and_does_not_keep_the_sandbox_from_stopping(folder: Path):
    sandbox = Sandbox(folder, CLEAN)
    with sandbox.in_thread():
        context = ssl.create_default_context(cafile=sandbox.ca_file)
        with httpx.Client(verify=context, base_url=sandbox.base_url, timeout=0.3) as client:
            order(client, "faults", partner="alderton.example", fault="answers_slowly", slow_s=30)
            with pytest.raises(httpx.ReadTimeout):
                ask(sandbox, client, "alderton.example", "iias-approval", OURS)
        started = time.monotonic()

    assert time.monotonic() - started < 5


def test_control_tells_what_was_received_and_what_is_expected(sandbox: Sandbox, client: httpx.Client):
    ask(sandbox, client, "alderton.example", "iia-cnr", OURS)
    ask(sandbox, client, "alderton.example", "iia-cnr", OURS)

    received = client.get("/_control/received").json()
    expected = client.get("/_control/expected").json()
    state = client.get("/_control/state").json()

    assert [(each["partner"], each["kind"], each["iia_id"], each["count"]) for each in received] == [
        ("alderton.example", "iia", OURS, 2)
    ]
    assert len(expected) == 12
    assert (state["scenario"], state["act"], state["faults"]) == ("clean", 1, {})
    assert state["requests"]["alderton.example iia-cnr"] == 2


def test_control_changes_approves_and_repairs(client: httpx.Client):
    before = client.get("/_control/agreements").json()[0]
    changed = order(client, "change", iia_id=OURS, number=9)
    approved = order(client, "approve", iia_id=OURS)
    order(client, "faults", partner="mobility_online", fault="mo_503")
    order(client, "faults", partner="eskil.example", fault="answers_503")

    faults = client.get("/_control/state").json()["faults"]

    assert before["iia_hash"] != changed["iia_hash"] == approved["iia_hash"]
    assert faults == {"eskil.example": ["answers_503"], "mobility_online": ["mo_503"]}
    assert order(client, "repair") == {"faults": {}}


def test_the_registry_can_fail_too(client: httpx.Client):
    order(client, "faults", partner="registry", fault="registry_503")
    failing = client.get("/registry/catalogue-v1.xml").status_code
    refused = client.post("/_control/faults", json={"partner": "registry", "fault": "registry_sulks"})
    order(client, "repair")

    assert (failing, refused.status_code) == (503, 400)
    assert client.get("/registry/catalogue-v1.xml").status_code == 200


def test_the_registry_can_forget_our_key(sandbox: Sandbox, client: httpx.Client):
    ours = key_id(sandbox.ring.client.public_key())
    before = client.get("/registry/catalogue-v1.xml")
    order(client, "faults", partner="registry", fault="registry_without_our_key")

    after = client.get("/registry/catalogue-v1.xml", headers={"if-none-match": before.headers["etag"]})

    assert (after.status_code, ours in before.text, ours in after.text) == (200, True, False)


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("faults", b'{"partner": "eskil.example", "fault": "unknown"}', 400),
        ("faults", b'{"partner": "eskil.example"}', 400),
        ("faults", b'{"partner": "eskil.example", "fault": "drops_cnr", "on": "yes"}', 400),
        ("change", b'{"iia_id": "unknown"}', 400),
        ("change", b"not JSON", 400),
        ("change", b"[]", 400),
        ("advance", b"", 400),
        ("unknown", b"", 404),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    client: httpx.Client, path: str, content: bytes, status: int
):
    answer = client.post(f"/_control/{path}", content=content)

    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/", "/hosts/nobody.example/ewp/echo", "/hosts/eskil.example/other"])
def test_what_nobody_plays_is_not_found(client: httpx.Client, path: str):
    assert client.get(path).status_code == 404


def test_a_later_start_in_the_same_folder_goes_on_where_the_first_ended(folder: Path):
    first = Sandbox(folder, Plan("default", today=TODAY))
    with first.in_thread():
        first.stage.advance()
        first.stage.change_ours(OURS, number=8)
        first.stage.switch("eskil.example", "answers_503", on=True)

    second = Sandbox(folder)
    with second.in_thread():
        assert (second.memory.port, second.memory.scenario) == (first.memory.port, "default")
        assert (second.stage.act, second.stage.fault_names) == (2, {"eskil.example": ["answers_503"]})
        assert second.stage.world == first.stage.world
        assert second.memory.authority == first.memory.authority


def test_the_weather_of_an_act_and_what_it_shows_survive_a_second_start(folder: Path):
    first = Sandbox(folder, Plan("default", today=TODAY))
    with first.in_thread():
        for _ in range(3):
            first.stage.advance()
        weather = set(first.stage.scenario.act(4).weather)

    second = Sandbox(folder)
    with second.in_thread():
        faults = {(who, fault) for who, names in second.stage.fault_names.items() for fault in names}
        context = ssl.create_default_context(cafile=second.ca_file)
        with httpx.Client(verify=context, base_url=second.base_url) as client:
            expected = client.get("/_control/expected").json()
            title = client.get("/_control/state").json()["title"]

    assert faults == weather == {*faults, ("registry", "registry_503"), ("mobility_online", "mo_503")}
    assert title == first.stage.scenario.act(4).title
    shown = {(each["kind"], each["name"]): each["codes"] for each in expected}
    assert shown["partner", "alderton.example"] == ["PARTNER_UNREACHABLE"]
    assert shown["source", "catalogue"] == ["CATALOGUE_STALE"]


def test_another_scenario_in_the_same_folder_starts_anew_with_the_same_keys(folder: Path):
    first = Sandbox(folder, Plan("default", today=TODAY))
    with first.in_thread():
        first.stage.advance()

    second = Sandbox(folder, CLEAN)
    with second.in_thread():
        assert (second.memory.scenario, second.stage.act) == ("clean", 1)
        assert second.memory.authority == first.memory.authority


def test_a_port_that_is_taken_is_said(sandbox: Sandbox, tmp_path: Path, keys: KeyRing):
    other = Path(shutil.copytree(keys.folder, tmp_path / "other"))

    with pytest.raises(UsageError, match="is taken"):
        Sandbox(other, Plan("clean", port=sandbox.memory.port))


def test_a_damaged_memory_is_said(folder: Path):
    (folder / "sandbox.json").write_text("{", encoding="utf-8")

    with pytest.raises(UsageError, match="cannot be read"):
        Sandbox(folder, CLEAN)


def test_secrets_are_readable_by_their_owner_only(sandbox: Sandbox):
    private = [
        sandbox.ring.client_key_file,
        sandbox.ring.server_file,
        sandbox.authority_file,
        sandbox.folder / "sandbox.json",
        *(sandbox.folder / "keys").iterdir(),
    ]

    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_the_folder_tells_where_everything_is(sandbox: Sandbox):
    told = json.loads((sandbox.folder / "sandbox.json").read_text(encoding="utf-8"))

    assert told["base_url"] == sandbox.base_url
    assert told["registry_url"] == f"{sandbox.base_url}/registry/catalogue-v1.xml"
    assert told["own_hei_id"] == "nordhav.example"


async def test_the_sandbox_runs_in_the_loop_of_its_caller_too(folder: Path):
    sandbox = Sandbox(folder, CLEAN)
    await sandbox.start()
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    async with httpx.AsyncClient(verify=context) as client:
        answer = await client.get(f"{sandbox.base_url}/_control/state")
    await sandbox.stop()

    assert answer.json()["agreements"]["ours"] == 12
