"""Documents made to harm, signed by a partner that the network knows: refused cheaply, kept, nobody else hindered."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from tests.support.hostile import Attack, Stage, beside_a_hostile, measured

from mobility_bridge.sandbox.documents import GET_NS
from mobility_bridge.sandbox.faults import Answer

HOSTILE = "brava.example"
LIMIT = 32 << 20
DEADLINE_S = 30
MOST_MIB = 400
"""More than the largest accepted answer takes, far less than what these documents stand for."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with beside_a_hostile(tmp_path_factory.mktemp("hostile") / "sandbox", HOSTILE) as one:
        assert measured(one.played.config, "sync").code == 0
        assert one.played.codes() == []
        yield one


@pytest.fixture(autouse=True)
def correct_again(stage: Stage) -> Iterator[None]:
    yield
    stage.host.attack = None
    stage.played.control("POST", "repair")


def on_get(body: bytes, *headers: tuple[str, str]) -> Attack:
    """Attack where documents are fetched; leave the index and the approvals as they are."""

    def attack(endpoint: str, correct: Answer) -> Answer:
        return replace(correct, body=body, headers=headers) if endpoint == "iias/get" else correct

    return attack


def padded(size: int) -> bytes:
    """A valid answer without agreements, with so much white space in it."""
    return f'<iias-get-response xmlns="{GET_NS}">'.encode() + b" " * size + b"</iias-get-response>"


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 11))
    + f']><iias-get-response xmlns="{GET_NS}">&a10;</iias-get-response>'
)


@dataclass(frozen=True)
class Harm:
    """An attack on the fetching of documents, made only when it is used. `reason` is that of the refusal."""

    reason: str | None
    body: Callable[[], bytes]
    coding: str | None = None
    kept_whole: bool = True

    def attack(self) -> Attack:
        headers = (("content-encoding", self.coding),) if self.coding else ()
        return on_get(self.body(), *headers)


ATTACKS: dict[str, Harm] = {
    "a document type": Harm("doctype", lambda: b'<!DOCTYPE r SYSTEM "x"><r/>'),
    "an external entity": Harm(
        "doctype", lambda: b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>'
    ),
    "a billion laughs": Harm("doctype", BILLION_LAUGHS.encode),
    "a billion laughs in UTF-16": Harm("doctype", lambda: BILLION_LAUGHS.encode("utf-16")),
    "forty megabytes": Harm("too_large", lambda: padded(40 << 20), kept_whole=False),
    "a gzip bomb": Harm("too_large", lambda: gzip.compress(padded(100 << 20), 1), "gzip", kept_whole=False),
    "a bomb in a bomb": Harm(
        "content", lambda: gzip.compress(gzip.compress(padded(100 << 20), 1)), "gzip, gzip"
    ),
    "broken gzip": Harm("content", lambda: b"\x1f\x8b" + bytes(1000), "gzip"),
    "a million levels": Harm("too_large", lambda: b"<a>" * 1_000_000),
    "a million attributes": Harm(
        None, lambda: b"<a " + b" ".join(b'a%d=""' % n for n in range(1_000_000)) + b"/>"
    ),
    "one text of thirty megabytes": Harm(
        None, lambda: b"<iias-get-response>" + b"x" * (30 << 20) + b"</iias-get-response>"
    ),
    "a name of a megabyte": Harm(None, lambda: b"<" + b"a" * (1 << 20) + b"/>"),
    "nothing": Harm("not_xml", lambda: b""),
    "zeros": Harm("not_xml", lambda: bytes(1 << 20)),
    "a lone surrogate": Harm("not_xml", lambda: b"<a>\xed\xa0\x80</a>"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_document_is_refused_kept_and_hinders_nobody(stage: Stage, name: str) -> None:
    harm = ATTACKS[name]
    stage.host.attack = harm.attack()
    before = newest_evidence(stage)
    cost = measured(stage.played.config, "sync", "--full", "--json")
    assert cost.code == 3, cost.err
    assert cost.seconds < DEADLINE_S
    assert cost.memory_mib < MOST_MIB
    assert "Traceback" not in cost.err

    report = json.loads(cost.out)
    assert {item["hei_id"] for item in report["errors"]} == {HOSTILE}
    assert harm.reason is None or {item["reason"] for item in report["errors"]} == {harm.reason}
    others = [item for item in report["partners"] if item["partner_hei_id"] != HOSTILE]
    assert sum(item["fetched"] > 0 for item in others) == 5, "the other partners that hold agreements"
    assert all(item["error"] is None for item in others)
    assert report["sources"][0]["complete"]

    assert stage.played.codes() == [("ANSWER_INVALID", HOSTILE)]
    kept = [item for item in evidence(stage) if item["sequence"] > before and item["api"] == "iias.get"]
    assert kept
    assert all(item["body_length"] <= LIMIT for item in kept)
    assert all(item["truncated"] is not harm.kept_whole for item in kept)


def test_partner_that_comes_to_its_senses_is_believed_again(stage: Stage) -> None:
    again = stage.played.command("sync", "--full")
    assert again.code == 0, again.err
    assert stage.played.codes() == []


def test_hostile_answers_at_every_endpoint_are_discrepancies_of_that_partner_alone(stage: Stage) -> None:
    stage.host.attack = lambda _, correct: replace(correct, body=BILLION_LAUGHS.encode())
    cost = measured(stage.played.config, "sync", "--full", "--json")
    assert cost.code == 3, cost.err
    assert {partner for _, partner in stage.played.codes()} == {HOSTILE}
    assert {code for code, _ in stage.played.codes()} == {"ANSWER_INVALID"}


def test_evidence_of_attacks_still_verifies_and_can_be_shown(stage: Stage) -> None:
    verified = measured(stage.played.config, "evidence", "verify")
    assert verified.code == 0, verified.err
    assert verified.memory_mib < MOST_MIB
    bomb = next(item for item in evidence(stage) if item["api"] == "iias.get" and item["truncated"])
    shown = measured(stage.played.config, "evidence", "show", str(bomb["sequence"]), "--json")
    assert shown.code == 0, shown.err
    assert shown.memory_mib < MOST_MIB


def evidence(stage: Stage) -> list[dict[str, object]]:
    listed = stage.played.command("evidence", "list", "--partner", HOSTILE, "--limit", "200", "--json")
    assert listed.code == 0, listed.err
    found: list[dict[str, object]] = listed.json
    return found


def newest_evidence(stage: Stage) -> int:
    return max((int(str(item["sequence"])) for item in evidence(stage)), default=0)
