"""The sandbox signs and verifies as the worked examples of the network's reference do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.keys import example_key, key
from tests.support.sandbox import NOW, signed

from mobility_bridge.sandbox.signature import (
    Received,
    RefusedError,
    check_request,
    digest,
    key_id,
    parse,
    sign,
    string_to_sign,
    verifies,
)

REQUEST_SIGNATURE = (
    "o3BasolM6ptci84oGwbvtCE7dofc2ql3ofe7R0M4wD4NmEICU4UjDEtadkC9zgBSWoNeo18pyTSWYBi4vYSAIkCNFzsOkAyTheP254eL"
    "ifbbNu6bF1KoE+Nv0IAw3ISLHTFpdKBbeFPIxIm8ahYDQQsawa1oV14uAkgREgttcW9sGHzDx8zH1Jcl4Q0n3RyyqHOi7h8thvtDZkKo"
    "4EORFFkK8tuatdToLfSn46gqjcevDh45T2EAXcdAZbdt5RMOXyWz55kcnV/ggefquvBs9gudgy/lZVYvlmmSd9UktnQtU5fMY6rRx6tC"
    "IaDwCZ09pLHTGP1n9qPka9AgNXPcDA=="
)
RESPONSE_SIGNATURE = (
    "QiH5mOVk4FnlhDfYtLNeqbL8+EQF5jxCq/rxy13yZXlCY9NbEJhY2vIIK1Sfg4jPTUUdXNLE/j7dAfT2PF3m/CyjvAJgnQcPl0qeNW1Q"
    "Zs5++VXaSzds+sZqbjlDl36fFHIV91BGzTprqGUx7NLGi0Tqbwwj/dr8YyKQkwUW2O9ttrebXw8aS5+vZJ9VmB/NxjqNvp6ePFAp08t2"
    "SMzauso7q+cBvgg69EcwXmwr6hOJvaaSMbzryEwPIPk+1ceiQYO0CDAJBpOtXIBCxOSRmMKD666f7Laq4qtcLfdqUbtkr3Bjr0xrBPPj"
    "iOchek39FZGb0H+fvU28WQJNnJ+Qdw=="
)
BODY = b"hei_id=birchwood.example&ounit_id=7f1d2c3e-0b5a-4a57-9a39-2f0d6c1e8b42"
ANSWER = (
    b'<ounits-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-ounits/tree/stable-v2"/>'
)
REQUEST_ID = "3c9f6a54-8d1e-4b7a-9c02-5e7f1a2b3c4d"
REQUEST_VALUES = {
    "(request-target)": "post /ewp/ounits/v2",
    "host": "ewp.birchwood.example",
    "date": "Tue, 14 Oct 2025 09:30:00 GMT",
    "digest": digest(BODY),
    "x-request-id": REQUEST_ID,
    "content-type": "application/x-www-form-urlencoded",
    "accept-signature": "rsa-sha256",
}


def test_the_request_example_is_reproduced_byte_for_byte():
    text = string_to_sign(list(REQUEST_VALUES), REQUEST_VALUES)

    assert sign(example_key(), text) == REQUEST_SIGNATURE
    assert (
        key_id(example_key().public_key())
        == "5431c5d2d2a9dafa0aa51dc81f306a4ff21376583ba1e1fe0368f48982266433"
    )


def test_the_response_example_is_reproduced_and_verifies():
    values = {
        "original-date": "Tue, 14 Oct 2025 09:30:01 GMT",
        "digest": digest(ANSWER),
        "x-request-id": REQUEST_ID,
        "x-request-signature": REQUEST_SIGNATURE,
        "content-type": "application/xml; charset=utf-8",
    }
    text = string_to_sign(list(values), values)

    assert sign(example_key(), text) == RESPONSE_SIGNATURE
    assert verifies(example_key().public_key(), text, RESPONSE_SIGNATURE)
    assert not verifies(example_key().public_key(), text + " ", RESPONSE_SIGNATURE)


@pytest.mark.parametrize(
    "parameters",
    [
        'keyId="a",keyId="b",algorithm="x",signature="y"',
        'keyId="a"',
        "keyId=a",
        "",
        'keyId="a";signature="b"',
    ],
)
def test_unreadable_parameters_are_not_guessed(parameters: str):
    assert parse(parameters) is None


CLIENT = key("sandbox client")
KNOWN = {key_id(CLIENT.public_key()): CLIENT.public_key()}
Spoil = Callable[[Received], Received]


def check(request: Received) -> str:
    return check_request(request, KNOWN, ["localhost"], NOW)


def good() -> Received:
    return signed("/hosts/alderton.example/ewp/iias/get", [("iia_id", "x")], CLIENT)


def with_header(name: str, value: str) -> Spoil:
    return lambda request: replace(request, headers={**request.headers, name: value})


def test_a_correct_request_names_its_key():
    assert check(good()) == key_id(CLIENT.public_key())


def test_a_signature_over_the_bare_host_name_is_accepted_too():
    # The official signer leaves the port out, whatever the Host header says.
    request = signed("/ewp", [], CLIENT, authority="localhost")

    assert check(with_header("host", "localhost:8443")(request))


@pytest.mark.parametrize(
    ("status", "spoil"),
    [
        (401, with_header("authorization", "Basic abc")),
        (400, with_header("authorization", "Signature nonsense")),
        (400, with_header("host", "elsewhere.example")),
        (400, with_header("x-request-id", "NOT-A-UUID")),
        (400, with_header("digest", "SHA=abc")),
        (400, lambda request: replace(request, body=b"changed")),
        (400, lambda request: replace(request, target="/elsewhere")),
        (400, lambda request: replace(request, headers=_without(request, "date"))),
    ],
)
def test_a_spoilt_request_is_refused(status: int, spoil: Spoil):
    with pytest.raises(RefusedError) as caught:
        check(spoil(good()))

    assert caught.value.status == status


def test_a_stranger_is_refused():
    request = signed("/ewp", [], key("stranger"))

    with pytest.raises(RefusedError) as caught:
        check(request)

    assert caught.value.status == 403


@pytest.mark.parametrize(("minutes", "accepted"), [(4, True), (-4, True), (20, False), (-20, False)])
def test_a_clock_may_be_five_minutes_off(minutes: int, accepted: bool):  # noqa: FBT001 - a table
    request = signed("/ewp", [], CLIENT, now=NOW + timedelta(minutes=minutes))

    if accepted:
        check(request)
    else:
        with pytest.raises(RefusedError):
            check(request)


def _without(request: Received, name: str) -> dict[str, str]:
    return {key: value for key, value in request.headers.items() if key != name}
