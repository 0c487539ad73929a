from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from tests.support.keys import example_key, key, private_pem

from mobility_adapters.ewp import httpsig
from mobility_adapters.ewp.httpsig import SentRequest, SignatureProblem
from mobility_adapters.ewp.keys import fingerprint, load_public_key, load_signing_key

KEY_ID = "5431c5d2d2a9dafa0aa51dc81f306a4ff21376583ba1e1fe0368f48982266433"
REQUEST_SIGNATURE = (
    "o3BasolM6ptci84oGwbvtCE7dofc2ql3ofe7R0M4wD4NmEICU4UjDEtadkC9zgBSWoNeo18pyTSWYBi4vYSAIkCNFzsOkAyTheP254eLifbbNu6bF1KoE"
    "+Nv0IAw3ISLHTFpdKBbeFPIxIm8ahYDQQsawa1oV14uAkgREgttcW9sGHzDx8zH1Jcl4Q0n3RyyqHOi7h8thvtDZkKo4EORFFkK8tuatdToLfSn46gqjce"
    "vDh45T2EAXcdAZbdt5RMOXyWz55kcnV/ggefquvBs9gudgy/lZVYvlmmSd9UktnQtU5fMY6rRx6tCIaDwCZ09pLHTGP1n9qPka9AgNXPcDA=="
)
RESPONSE_SIGNATURE = (
    "QiH5mOVk4FnlhDfYtLNeqbL8+EQF5jxCq/rxy13yZXlCY9NbEJhY2vIIK1Sfg4jPTUUdXNLE/j7dAfT2PF3m/CyjvAJgnQcPl0qeNW1QZs5++VXaSzds+"
    "sZqbjlDl36fFHIV91BGzTprqGUx7NLGi0Tqbwwj/dr8YyKQkwUW2O9ttrebXw8aS5+vZJ9VmB/NxjqNvp6ePFAp08t2SMzauso7q+cBvgg69EcwXmwr6hO"
    "JvaaSMbzryEwPIPk+1ceiQYO0CDAJBpOtXIBCxOSRmMKD666f7Laq4qtcLfdqUbtkr3Bjr0xrBPPjiOchek39FZGb0H+fvU28WQJNnJ+Qdw=="
)
REQUEST_BODY = b"hei_id=birchwood.example&ounit_id=7f1d2c3e-0b5a-4a57-9a39-2f0d6c1e8b42"
REQUEST_ID = "3c9f6a54-8d1e-4b7a-9c02-5e7f1a2b3c4d"
TARGET = "post /ewp/ounits/v2"
REQUEST_NAMES = (*httpsig.SIGNED_IN_REQUESTS, "content-type", "accept-signature")
REQUEST_HEADERS = {
    "host": "ewp.birchwood.example",
    "date": "Tue, 14 Oct 2025 09:30:00 GMT",
    "digest": "SHA-256=U66rJLJCb8/bCRd+sZ9sUVz6MdRpFYPeWgsV96JMYvA=",
    "x-request-id": REQUEST_ID,
    "content-type": "application/x-www-form-urlencoded",
    "accept-signature": "rsa-sha256",
}
RESPONSE_BODY = (
    b'<ounits-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-ounits/tree/stable-v2"/>'
)
RESPONSE_NAMES = ("original-date", "digest", "x-request-id", "x-request-signature", "content-type")
RESPONSE_HEADERS = {
    "original-date": "Tue, 14 Oct 2025 09:30:01 GMT",
    "digest": "SHA-256=BQP6tpPvad3CTX2p7sUlSSDgjaFDFttc8OlwTcZKB+A=",
    "x-request-id": REQUEST_ID,
    "x-request-signature": REQUEST_SIGNATURE,
    "content-type": "application/xml; charset=utf-8",
}
NOW = datetime(2025, 10, 14, 9, 30, 2, tzinfo=UTC)
SENT = SentRequest(TARGET, REQUEST_ID, REQUEST_SIGNATURE)


def signed(
    names: Sequence[str] = RESPONSE_NAMES,
    body: bytes = RESPONSE_BODY,
    drop: Sequence[str] = (),
    private_key: RSAPrivateKey | None = None,
    key_id: str = KEY_ID,
    **changes: str,
) -> dict[str, str]:
    """A response's headers with a fresh signature over `names`; `drop` and `changes` apply before signing."""
    headers = {**RESPONSE_HEADERS, "digest": httpsig.body_digest(body)}
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    for name in drop:
        headers.pop(name)
    private_key = private_key or example_key()
    parameters = httpsig.sign(private_key, key_id, names, TARGET, headers)
    return {**headers, "signature": httpsig.format_parameters(parameters)}


def verify(
    headers: dict[str, str], body: bytes = RESPONSE_BODY, sent: SentRequest = SENT, now: datetime = NOW
) -> dict[str, str]:
    known = {KEY_ID: example_key().public_key()}
    return httpsig.verify_response(sent, headers, sha256(body).digest(), now, known.get)


def reason(headers: dict[str, str], **given: Any) -> str:
    with pytest.raises(SignatureProblem) as caught:
        verify(headers, **given)
    return caught.value.reason


def test_the_key_id_is_the_fingerprint_of_the_public_key() -> None:
    assert fingerprint(example_key().public_key()) == KEY_ID
    assert load_signing_key(private_pem(example_key())).key_id == KEY_ID


def test_the_worked_request_is_reproduced_byte_for_byte() -> None:
    text = httpsig.string_to_sign(REQUEST_NAMES, TARGET, REQUEST_HEADERS)

    parameters = httpsig.sign(example_key(), KEY_ID, REQUEST_NAMES, TARGET, REQUEST_HEADERS)

    assert text.startswith(b"(request-target): post /ewp/ounits/v2\nhost: ewp.birchwood.example\n")
    assert text.endswith(b"\naccept-signature: rsa-sha256")
    assert httpsig.body_digest(REQUEST_BODY) == REQUEST_HEADERS["digest"]
    assert parameters.signature == REQUEST_SIGNATURE
    assert httpsig.format_authorization(parameters) == (
        f'Signature keyId="{KEY_ID}",algorithm="rsa-sha256",headers="(request-target) host date digest '
        f'x-request-id content-type accept-signature",signature="{REQUEST_SIGNATURE}"'
    )


def test_the_worked_response_verifies() -> None:
    signature = (
        f'keyId="{KEY_ID}",algorithm="rsa-sha256",'
        f'headers="{" ".join(RESPONSE_NAMES)}",signature="{RESPONSE_SIGNATURE}"'
    )

    headers = verify({**RESPONSE_HEADERS, "signature": signature})

    assert headers == RESPONSE_HEADERS


def test_a_request_without_a_body_carries_the_digest_of_nothing() -> None:
    assert httpsig.body_digest(b"") == "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_dates_are_written_in_english_and_in_gmt() -> None:
    stockholm = datetime.fromisoformat("2025-10-14T11:30:00+02:00")

    assert httpsig.http_date(stockholm) == "Tue, 14 Oct 2025 09:30:00 GMT"
    assert httpsig.parse_http_date("Tue, 14 Oct 2025 09:30:00 GMT") == stockholm


def test_a_date_in_an_older_form_is_understood() -> None:
    assert httpsig.parse_http_date("Tue, 14 Oct 2025 11:30:00 +0200") == datetime(
        2025, 10, 14, 9, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "text", ["", "yesterday", "Tue, 99 Oct 2025 09:30:00 GMT", "Tue, 14 Okt 2025 09:30:00 GMT"]
)
def test_what_is_not_a_date_is_not_guessed(text: str) -> None:
    assert httpsig.parse_http_date(text) is None


def test_repeated_headers_are_joined_in_wire_order_and_trimmed() -> None:
    assert httpsig.joined([("X-A", " 1 "), ("x-b", "2"), ("x-a", "3")]) == {"x-a": "1, 3", "x-b": "2"}


def test_the_request_target_keeps_path_and_query_untouched() -> None:
    assert httpsig.request_target("GET", "/ewp/Echo?echo=a%2Fb&echo=b") == "get /ewp/Echo?echo=a%2Fb&echo=b"
    assert httpsig.request_target("POST", "") == "post /"


def test_parameters_come_in_any_order() -> None:
    text = 'signature="c2ln", headers="date digest",algorithm="rsa-sha256", keyId="abc"'

    parameters = httpsig.parse_parameters(text)

    assert parameters == httpsig.SignatureParameters("abc", "rsa-sha256", ("date", "digest"), "c2ln")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        'keyId="a",algorithm="rsa-sha256"',
        'keyId="a",keyId="b",algorithm="rsa-sha256",signature="c2ln"',
        'keyId=a,algorithm="rsa-sha256",signature="c2ln"',
        'keyId="a";algorithm="rsa-sha256";signature="c2ln"',
        'KeyId="a",algorithm="rsa-sha256",signature="c2ln"',
    ],
)
def test_parameters_that_are_doubtful_are_refused(text: str) -> None:
    with pytest.raises(SignatureProblem) as caught:
        httpsig.parse_parameters(text)
    assert caught.value.reason == "signature_incomplete"


def test_the_scheme_of_authorization_is_read_in_any_case() -> None:
    text = 'signATURE keyId="a",algorithm="rsa-sha256",headers="date",signature="c2ln"'

    assert httpsig.parse_authorization(text).key_id == "a"
    with pytest.raises(SignatureProblem):
        httpsig.parse_authorization("Basic dXNlcg==")


def test_a_response_signature_over_the_request_target_is_verified_with_our_own_target() -> None:
    headers = signed(names=("(request-target)", *RESPONSE_NAMES))

    assert "(request-target)" not in verify(headers)
    other = SentRequest("post /ewp/other", REQUEST_ID, REQUEST_SIGNATURE)
    assert reason(headers, sent=other) == "signature_wrong"


def test_a_response_with_only_the_original_date_signed_is_accepted() -> None:
    assert verify({**signed(), "date": "Tue, 14 Oct 2025 09:30:01 GMT"})["original-date"]


def test_a_response_with_only_the_date_signed_is_accepted() -> None:
    names = ("date", *RESPONSE_NAMES[1:])
    assert verify(signed(names, drop=("original-date",), date="Tue, 14 Oct 2025 09:30:01 GMT"))


def test_unsigned_headers_are_dropped() -> None:
    headers = {**signed(), "server": "anything", "cache-control": "max-age=1"}

    assert set(verify(headers)) == set(RESPONSE_NAMES)


def test_a_response_without_a_signature_is_refused() -> None:
    assert reason(RESPONSE_HEADERS) == "signature_missing"


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_response_dated_ten_minutes_off_is_refused(minutes: int) -> None:
    assert reason(signed(), now=NOW + timedelta(minutes=minutes)) == "date_off"


def test_a_date_added_by_a_web_server_beside_the_application_s_is_refused() -> None:
    doubled = "Tue, 14 Oct 2025 09:30:01 GMT, Tue, 14 Oct 2025 09:30:01 GMT"
    assert reason({**signed(), "date": doubled}) == "date_off"


def test_a_response_to_another_request_is_refused() -> None:
    assert reason(signed(x_request_id="0" * 36)) == "request_id_differs"
    names = tuple(name for name in RESPONSE_NAMES if name != "x-request-id")
    assert reason(signed(names, drop=("x-request-id",))) == "request_id_differs"


def test_a_request_id_that_was_never_sent_is_refused() -> None:
    anonymous = SentRequest(TARGET)
    names = tuple(n for n in RESPONSE_NAMES if n != "x-request-signature")
    assert reason(signed(names, drop=("x-request-signature",)), sent=anonymous) == "request_id_differs"


def test_a_response_to_another_signature_is_refused() -> None:
    assert reason(signed(x_request_signature="b3RoZXI=")) == "request_signature_differs"


@pytest.mark.parametrize("missing", ["digest", "x-request-id", "x-request-signature", "original-date"])
def test_a_signature_that_covers_too_little_is_refused(missing: str) -> None:
    names = tuple(name for name in RESPONSE_NAMES if name != missing)
    assert reason(signed(names)) == "signature_incomplete"


def test_a_signature_that_lists_an_absent_header_is_refused() -> None:
    headers = signed()
    del headers["content-type"]
    assert reason(headers) == "signature_incomplete"


def test_another_algorithm_is_refused() -> None:
    headers = signed()
    headers["signature"] = headers["signature"].replace("rsa-sha256", "rsa-sha1")
    assert reason(headers) == "signature_incomplete"


def test_a_key_that_the_host_does_not_have_is_refused() -> None:
    assert reason(signed(key_id="0" * 64)) == "key_unknown"


def test_a_signature_made_with_another_key_is_refused() -> None:
    assert reason(signed(private_key=key("other"))) == "signature_wrong"


def test_a_signature_that_is_not_base64_is_refused() -> None:
    headers = signed()
    headers["signature"] = headers["signature"].replace('signature="', 'signature="!')
    assert reason(headers) == "signature_wrong"


def test_a_changed_signed_header_is_refused() -> None:
    assert reason({**signed(), "content-type": "text/html"}) == "signature_wrong"


def test_a_tampered_body_is_refused() -> None:
    assert reason(signed(), body=b"<other/>") == "digest_wrong"


@pytest.mark.parametrize("digest", ["SHA=abc", "MD5=abc", "SHA-512=abc", ""])
def test_a_digest_in_an_unknown_algorithm_alone_is_refused(digest: str) -> None:
    assert reason(signed(digest=digest)) == "digest_wrong"


def test_the_digest_algorithm_is_read_in_any_case_and_among_others() -> None:
    value = httpsig.body_digest(RESPONSE_BODY).partition("=")[2]
    assert verify(signed(digest=f"SHA=xyz=, shA-256={value}"))


def test_a_header_outside_latin_1_cannot_be_signed() -> None:
    with pytest.raises(SignatureProblem):
        httpsig.string_to_sign(("x-a",), TARGET, {"x-a": "Łódź"})


def test_a_public_key_is_read_from_base64_with_line_breaks() -> None:
    text = """MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAsUvWcjQXc8HQoa0Zg9TguocWQBAjqFlM
UwNiAl3UG7NGt6EtJuPwWKL8CwPjD20QYyuDmBkG136hmp3Ngm+1TSe6ohZE2BqaXWCh9OdZEbBN
0kA1o7i9x22GKjFkKmbaQAJfK0On5+91DvblAfxVHR1fCaSwPZFpSaGRd3eOt4BxOdFXu6QLpmlu
bAhzXraQ2rvoO72IMibZrdH4T1BhteyWddFcqHhIftUNdruKCpsRGGq1UBZpmymqz65z9gvWnAX4
BiJLVHZKASW133ouGkqwtEo+s6i8jMlm92+yAYLik0qqVkwS2YFj7cB4cBF94xK9lpYGuZGcYFAz
e6H+ZQIDAQAB"""

    public_key = load_public_key(text)

    assert public_key is not None
    assert fingerprint(public_key) == KEY_ID
    assert sha256(b64decode(text)).hexdigest() == KEY_ID


@pytest.mark.parametrize("text", ["", "not base64!", "AAAA"])
def test_a_key_body_that_is_no_rsa_key_is_none(text: str) -> None:
    assert load_public_key(text) is None


def test_a_key_that_the_registry_would_drop_is_refused() -> None:
    with pytest.raises(ValueError, match="1024 bits"):
        load_signing_key(private_pem(key("short", 1024)))
    with pytest.raises(ValueError, match="not a PEM private key"):
        load_signing_key(b"rubbish")
