"""What EWP's signature costs over the bare RSA operation: building a signed request, verifying a signed answer.

python -m benchmarks.network_signature
"""

from datetime import UTC, datetime
from hashlib import sha256

from benchmarks.pairs import measure, ratio_of, report
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.support.keys import key

from mobility_adapters.ewp import httpsig
from mobility_adapters.ewp.keys import SigningKey, fingerprint
from mobility_adapters.ewp.requests import Question, build
from mobility_bridge.domain.identifiers import HeiId

CLIENT, SERVER = key("client"), key("server")
SIGNING = SigningKey(fingerprint(CLIENT.public_key()), CLIENT)
PADDING, ALGORITHM = PKCS1v15(), SHA256()
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
BODY = b"x" * 10_000
QUESTION = Question(HeiId("brava.example"), "iias", "get", tuple(("iia_id", f"b-{n}") for n in range(10)))
SENT = httpsig.SentRequest("post /iias/get", "5f0c6a2e-7b1d-4c38-9a55-0d9f3a1c2b44", "b3VycyE=")


def answer() -> tuple[dict[str, str], bytes, bytes]:
    """Headers of a signed answer, the text that they sign, and the bare signature over it."""
    shown = {
        "date": httpsig.http_date(NOW),
        "digest": httpsig.body_digest(BODY),
        "x-request-id": SENT.request_id or "",
        "x-request-signature": SENT.signature or "",
    }
    names = (httpsig.REQUEST_TARGET, *shown)
    text = httpsig.string_to_sign(names, SENT.target, shown)
    signed = httpsig.sign(SERVER, fingerprint(SERVER.public_key()), names, SENT.target, shown)
    shown["signature"] = httpsig.format_parameters(signed)
    return shown, text, SERVER.sign(text, PADDING, ALGORITHM)


def main() -> None:
    headers, text, signature = answer()
    public = SERVER.public_key()
    wire = tuple((name.title(), value) for name, value in headers.items())

    def built(_: object) -> None:
        unsigned = build(
            QUESTION, "https://brava.example/iias/get", ("POST",), NOW, post_only=True, wants_signature=True
        )
        unsigned.signed(SIGNING, httpsig.sign_text(CLIENT, unsigned.text))

    def verified(_: object) -> None:
        digest = sha256(BODY).digest()
        httpsig.verify_response(SENT, httpsig.joined(wire), digest, NOW, lambda _: public)

    # `measure` gives speeds; what it costs is the other way round.
    build_costs = measure(lambda _: CLIENT.sign(text, PADDING, ALGORITHM), built, [None])
    verify_costs = measure(lambda _: public.verify(signature, text, PADDING, ALGORITHM), verified, [None])
    report(
        "EWP signatures over the bare RSA-2048 operation",
        [
            ratio_of("build and sign a request", "bare sign", build_costs, bar=1.15, at_most=True),
            ratio_of("verify an answer of 10 kB", "bare verify", verify_costs, bar=3, at_most=True),
        ],
    )


if __name__ == "__main__":
    main()
