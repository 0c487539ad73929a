"""Whatever the bytes are, the compiled way says what the walk says, or nothing."""

import random
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.support.agreements import iias
from tests.support.fixtures import FIXTURES
from tests.support.lexical import damaged, rewritten
from tests.support.mutations import mutants

from mobility_adapters.ewp.codecs import iias_v7
from mobility_adapters.ewp.facts import read_facts, walked_facts
from mobility_adapters.ewp.iia_hash import hash_text, hash_texts, scanned_hash_text
from mobility_adapters.ewp.reading import agreement_elements, parse
from mobility_adapters.ewp.scanning import WAY, Found, scan
from mobility_bridge.domain.agreement import Iia
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element

pytestmark = pytest.mark.skipif(
    WAY == "python", reason="the compiled part is not built: no C compiler, or no Python headers"
)
# The machine may be busy: neither a slow example nor a slow start says anything about the scanner.
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SEEDS = 4_000


@cache
def documents() -> list[bytes]:
    """Every sample and vector of version 7 in UTF-8, valid or not."""
    found = [path.read_bytes() for path in sorted((FIXTURES / "ewp/iias/v7").rglob("*.xml"))]
    return [each for each in found if not each.startswith((b"\xff\xfe", b"\xfe\xff")) and _is_utf8(each)]


def _is_utf8(document: bytes) -> bool:
    try:
        document.decode()
    except UnicodeDecodeError:
        return False
    return True


def usual_agreements(document: bytes) -> int:
    """Hold the compiled way against the walk; returns how many agreements it read. Never mind what is no XML."""
    found: list[Found | None] = []
    done = scan(document, found.append)
    try:
        tree = parse(document)
    except InvalidDocument:
        return 0
    if not done:
        return 0
    elements = agreement_elements(tree)
    assert len(elements) == len(found) == len(tree)
    for element, each in zip(elements, found, strict=True):
        if each is not None:
            written = etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)
            assert each.written == written
            assert scanned_hash_text(each) == hash_text(element)
    both_ways(tree, document)
    return sum(each is not None for each in found)


def both_ways(tree: Element, document: bytes) -> None:
    """The facts and hashes of a whole document, or the refusal to read them."""
    elements = agreement_elements(tree)
    for literal, either in (
        (lambda: [walked_facts(iia) for iia in elements], lambda: read_facts(tree, document)),
        (lambda: [hash_text(iia) for iia in elements], lambda: hash_texts(tree, document)),
    ):
        assert _outcome(either) == _outcome(literal)


def _outcome(read: Callable[[], object]) -> object:
    try:
        return read()
    except InvalidDocument as error:
        return error.message, error.path, error.line


@unhurried
@given(st.lists(iias(), min_size=1, max_size=3), st.integers(0, 2**32))
def test_agreements_written_in_other_words_are_read_alike(agreements: list[Iia], seed: int) -> None:
    document = iias_v7.encode(agreements)
    chance = random.Random(seed)

    usual_agreements(document)
    for _ in range(5):
        usual_agreements(rewritten(document, chance))


def test_samples_written_in_other_words_are_read_alike() -> None:
    read = 0
    for seed in range(SEEDS):
        chance = random.Random(seed)
        read += usual_agreements(rewritten(chance.choice(documents()), chance, changes=5))
    assert read > SEEDS / 4, "nearly everything was given up, so nearly nothing was shown"


def test_damaged_bytes_are_read_alike_where_they_are_still_xml_and_harm_nothing_else() -> None:
    read = 0
    for seed in range(SEEDS):
        chance = random.Random(seed)
        read += usual_agreements(damaged(chance.choice(documents()), chance))
    assert read > SEEDS / 50


def test_documents_with_other_contents_are_read_alike() -> None:
    for seed, document in enumerate(documents()[::7]):
        for mutant in mutants(document, seed=seed, count=40):
            usual_agreements(mutant.document)


def test_a_document_cut_off_anywhere_harms_nothing() -> None:
    for document in documents()[::40]:
        for end in range(len(document)):
            found: list[Found | None] = []
            scan(document[:end], found.append)
            assert len(found) <= document.count(b"<iia")


@unhurried
@given(st.binary(max_size=400), st.sampled_from([b"", b"<", b"<iias-get-response ", b"</", b"<iia>"]))
def test_noise_harms_nothing(noise: bytes, start: bytes) -> None:
    scan(start + noise, lambda _: None)
    at = documents()[0].index(b"<iia>") + 5
    scan(documents()[0][:at] + noise + documents()[0][at:], lambda _: None)
