import asyncio
import threading
from base64 import b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.support.keys import key

from mobility_adapters.ewp.keys import SigningKey, fingerprint
from mobility_adapters.ewp.signing import ENOUGH, Signer

KEY = key("client")


def signer() -> Signer:
    return Signer(SigningKey(fingerprint(KEY.public_key()), KEY))


before: set[threading.Thread] = set()


@pytest.fixture(autouse=True)
def other_tests_threads() -> None:
    """Clients of other tests may have left theirs, which wait for work until the process ends."""
    before.clear()
    before.update(threading.enumerate())


def signing_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("ewp-sign") and each not in before]


async def all_gone() -> None:
    for thread in signing_threads():
        await asyncio.to_thread(thread.join, 5)


async def test_each_text_has_its_own_signature() -> None:
    signing = signer()
    texts = [f"text {number}".encode() for number in range(50)]

    found = await asyncio.gather(*(signing.sign(text) for text in texts))

    for text, signature in zip(texts, found, strict=True):
        KEY.public_key().verify(b64decode(signature), text, PKCS1v15(), SHA256())
    signing.close()
    await all_gone()


async def test_a_thread_helps_and_the_loop_signs_what_is_too_much_for_it() -> None:
    places: list[str] = []
    key_that_tells: Any = _Tells(places)
    signing = Signer(SigningKey("0" * 64, key_that_tells))

    await asyncio.gather(*(signing.sign(b"text") for _ in range(10)))

    assert len(signing_threads()) == 1
    assert places.count("ewp-sign") == ENOUGH
    assert places.count(threading.current_thread().name) == 10 - ENOUGH
    signing.close()
    await all_gone()
    assert signing_threads() == []


async def test_what_nobody_waits_for_any_more_stops_nothing() -> None:
    signing = signer()
    given_up = [asyncio.create_task(signing.sign(b"text")) for _ in range(20)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)

    assert await signing.sign(b"text")
    signing.close()
    await all_gone()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_key_that_cannot_sign_fails_every_call_and_leaves_none_waiting() -> None:
    key_that_fails: Any = _Fails()
    signing = Signer(SigningKey("0" * 64, key_that_fails))

    found = await asyncio.wait_for(
        asyncio.gather(*(signing.sign(b"text") for _ in range(5)), return_exceptions=True), 5
    )

    assert [str(error) for error in found] == ["cannot sign"] * 5
    signing.close()
    await all_gone()


def test_a_signer_serves_one_loop_after_the_other() -> None:
    signing = signer()

    first, second = (asyncio.run(signing.sign(b"text")) for _ in range(2))

    assert first == second
    signing.close()


class _Fails:
    def sign(self, *_: object) -> bytes:
        raise ValueError("cannot sign")


class _Tells:
    def __init__(self, places: list[str]) -> None:
        self._places = places

    def sign(self, *_: object) -> bytes:
        self._places.append(threading.current_thread().name)
        return b"signature"
