"""Ladok's own listener: TLS with a certificate that names who calls, and its control."""

import json
import shutil
import ssl
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from tests.support.sandbox import TODAY

from mobility_adapters.ladok import adapter as ladok_adapter
from mobility_adapters.ladok.settings import LadokSettings
from mobility_bridge.sandbox.config import render_ladok
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.keys import KeyRing

CLEAN = Plan("clean", today=TODAY)
FEED = "/handelser/feed/recent"


@pytest.fixture
def sandbox(keys: KeyRing, tmp_path: Path) -> Iterator[Sandbox]:
    folder = Path(shutil.copytree(keys.folder, tmp_path / "sandbox"))
    with Sandbox(folder, CLEAN).in_thread() as running:
        yield running


def context(sandbox: Sandbox, *, certificate: bool = True) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=sandbox.ca_file)
    if certificate:
        made.load_cert_chain(sandbox.ring.ladok_file)
    return made


@pytest.fixture
def ladok(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(verify=context(sandbox), base_url=sandbox.memory.ladok_url, timeout=5) as client:
        yield client


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(
        verify=context(sandbox, certificate=False), base_url=f"{sandbox.base_url}/_control/ladok/", timeout=5
    ) as client:
        yield client


def order(control: httpx.Client, act: str, **arguments: Any) -> Any:
    answer = control.post(act, json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_certificate_says_who_calls(ladok: httpx.Client):
    answer = ladok.get("/kataloginformation/anvandare/autentiserad", headers={"accept": "application/json"})

    assert answer.json()["Anvandarnamn"] == "mobility-bridge@NHU"
    assert "JSESSIONID" in answer.cookies


def test_without_a_certificate_there_is_no_answer(sandbox: Sandbox):
    with (
        httpx.Client(verify=context(sandbox, certificate=False), base_url=sandbox.memory.ladok_url) as client,
        pytest.raises((httpx.ReadError, httpx.ConnectError), match="certificate required"),
    ):
        client.get(FEED)


def test_an_expired_certificate_ends_the_handshake_and_old_connections(sandbox: Sandbox, ladok: httpx.Client):
    assert ladok.get(FEED).status_code == 200
    sandbox.stage.switch("ladok", "expired_certificate", on=True)

    with pytest.raises(httpx.TransportError):
        ladok.get(FEED)
    with (
        httpx.Client(verify=context(sandbox), base_url=sandbox.memory.ladok_url) as fresh,
        pytest.raises((httpx.ConnectError, httpx.ReadError), match="certificate expired"),
    ):
        fresh.get(FEED)
    sandbox.stage.repair()
    assert ladok.get(FEED).status_code == 200


def test_the_certificate_comes_with_a_pass_phrase_too(sandbox: Sandbox):
    ring = sandbox.ring
    pass_phrase = ring.ladok_pass_phrase_file.read_bytes()

    _, certificate, _ = pkcs12.load_key_and_certificates(ring.ladok_p12_file.read_bytes(), pass_phrase)

    assert certificate is not None
    assert certificate.subject.rfc4514_string().split(",")[::-1] == [
        "O=Ladok",
        "OU=LED",
        "OU=Int-test-API",
        "CN=mobility-bridge@NHU",
    ]


def test_the_bridge_finds_ladok_in_its_configuration(sandbox: Sandbox):
    section = tomllib.loads(render_ladok(sandbox.folder))["adapters"]["ladok"]

    settings = LadokSettings.model_validate(section)

    assert settings.base_url == sandbox.memory.ladok_url
    assert ladok_adapter.check(settings, sandbox.folder) == []


def test_students_are_moved_through_the_control(sandbox: Sandbox, control: httpx.Client):
    students = f"{sandbox.base_url}/_control/students/"
    stay = {"given_names": "Ana", "family_name": "Ficticia", "born": "2003-02-14", "serial": 238}
    told = control.post(
        f"{students}add_outgoing", json={"omobility_id": "N1", "partner": "alderton.example", **stay}
    ).json()
    control.post(f"{students}arrive", json={"omobility_id": "N1"})

    (listed,) = control.get(f"{students}stays").json()
    assert (told["status"], told["la_state"]) == ("approved", "L4")
    assert listed["arrived_on"] == "2026-08-31"
    assert "Ficticia" not in control.get(f"{students}stays").text
    assert control.get(f"{students}received").json() == []
    assert control.post(f"{students}arrive", json={"omobility_id": "N2"}).status_code == 400
    assert control.get(f"{sandbox.base_url}/dashboard/csv/learning-agreements.csv").text.count("N1") == 1


def test_people_act_through_the_control_and_the_feed_tells(control: httpx.Client, ladok: httpx.Client):
    order(control, "collect_every", seconds=0)
    made = order(control, "establish", given_names="Ana", family_name="Ficticia", born="2003-02-14", sex=1)

    assert "LokalStudentEvent" in ladok.get(FEED).text
    assert control.get("people").json()[0]["uid"] == made["uid"]
    assert control.get("state").json()["events"] == 2
    assert control.get("calls").json()[0]["path"] == FEED


@pytest.mark.parametrize(("act", "arguments"), [("dance", {}), ("establish", {"name": "x"}), ("admit", {})])
def test_an_act_that_makes_no_sense_is_refused(control: httpx.Client, act: str, arguments: dict[str, str]):
    answer = control.post(act, json=arguments)

    assert answer.status_code in (400, 404)
    assert answer.json()["error"]


def test_a_later_start_has_the_same_ladok_at_the_same_place(sandbox: Sandbox, control: httpx.Client):
    order(control, "establish", given_names="Ana", family_name="Ficticia", born="2003-02-14", sex=1)
    kept = json.loads((sandbox.folder / "sandbox.json").read_text(encoding="utf-8"))
    before = sandbox.stage.world.ladok

    copy = Path(shutil.copytree(sandbox.folder, sandbox.folder.parent / "copy"))
    (copy / "sandbox.json").write_text(json.dumps({**kept, "port": 0, "ladok_port": 0}), encoding="utf-8")
    second = Sandbox(copy)
    with second.in_thread():
        assert second.stage.world.ladok == before
    assert kept["ladok_url"] == sandbox.memory.ladok_url
