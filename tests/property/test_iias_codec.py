"""Version 7 agreements survive being written and read, and being read and written."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.support.agreements import an_iia, canonical, iias
from tests.support.fixtures import FIXTURES, is_meant_to_be_valid, samples
from tests.support.mutations import mutants

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import iias_v7
from mobility_adapters.ewp.hash_segments import V7, general, quick
from mobility_adapters.ewp.iia_hash import hash_text
from mobility_adapters.ewp.reading import agreement_elements, parse
from mobility_bridge.domain.agreement import Iia
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.schemas import SchemaSet

SCHEMAS = SchemaSet()
# The machine may be busy: neither a slow example nor a slow start says anything about the codec.
unhurried = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SPELLINGS: dict[str, tuple[Callable[[str], str], ...]] = {
    "mobilities-per-year": (lambda v: v, lambda v: f" {v}\n", lambda v: f"+{v}", lambda v: f"00{v}"),
    "eqf-level": (lambda v: v, lambda v: f"\t{v} ", lambda v: f"+0{v}"),
    "total-months-per-year": (lambda v: v, lambda v: f"+0{v}", lambda v: f" {v} "),
    "total-days-per-year": (lambda v: v, lambda v: f"+0{v}", lambda v: f" {v} "),
    "blended": (lambda v: v, lambda v: "1" if v == "true" else "0", lambda v: f" {v} "),
    "in-effect": (lambda v: v, lambda v: "1" if v == "true" else "0"),
    "signing-date": (lambda v: v, lambda v: f"{v}Z", lambda v: f"{v}+02:00"),
    "language": (lambda v: v, lambda v: f" {v}\n"),
}


def get_responses() -> list[bytes]:
    documents = [path.read_bytes() for path in samples("ewp/iias/v7") if is_meant_to_be_valid(path)]
    vectors = [path.read_bytes() for path in sorted((FIXTURES / "ewp/iias/v7/hash-vectors").glob("*.xml"))]
    return [each for each in documents + vectors if parse(each).tag == wire.IIAS_V7_GET_ROOT]


def without_hash(agreements: list[Iia]) -> list[Iia]:
    return [replace(each, iia_hash=None) for each in agreements]


@unhurried
@given(st.lists(iias(), max_size=2))
def test_what_is_written_reads_as_what_was_meant_and_is_valid(agreements: list[Iia]) -> None:
    document = iias_v7.encode(agreements)

    tree = parse(document)
    decoded = iias_v7.decode_all(tree)
    assert without_hash(decoded) == agreements
    assert SCHEMAS.validate(tree, wire.IIAS_V7_GET_ROOT) == ()
    for iia, element in zip(decoded, agreement_elements(tree), strict=True):
        assert iia.iia_hash == hash_text(element).sha256


@unhurried
@given(iias(), st.data())
def test_another_spelling_of_the_same_values_reads_the_same_and_has_the_same_canonical_form(
    iia: Iia, data: st.DataObject
) -> None:
    document = iias_v7.encode([iia])
    tree = parse(document)
    for element in tree.iter("*"):
        spellings = SPELLINGS.get(etree.QName(element).localname)
        if spellings:
            element.text = data.draw(st.sampled_from(spellings))(element.text or "")
    respelled = etree.tostring(tree)

    assert without_hash(iias_v7.decode_all(respelled)) == [iia]
    assert canonical(respelled) == canonical(document)


@unhurried
@given(iias())
def test_both_walks_write_the_same_text(iia: Iia) -> None:
    iia = replace(
        iia, conditions=tuple(replace(each, mobilities_not_yet_defined=False) for each in iia.conditions)
    )
    for element in agreement_elements(parse(iias_v7.encode([iia]))):
        for attribute in element.iterfind(".//*[@v6-value]"):
            del attribute.attrib["v6-value"]
        for flagged in element.iterfind(".//*[@not-yet-defined]"):
            del flagged.attrib["not-yet-defined"]

        assert quick(element) == [str(segment) for segment in general(element, V7)]


def test_every_valid_sample_is_its_own_canonical_form_after_reading_and_writing() -> None:
    documents = [each for each in get_responses() if not SCHEMAS.validate(parse(each))]
    assert len(documents) > 50
    for document in documents:
        assert canonical(iias_v7.encode(iias_v7.decode_all(document))) == canonical(document)


@pytest.mark.parametrize("document", get_responses()[::9])
def test_a_damaged_document_is_read_or_refused_and_never_crashes(document: bytes) -> None:
    for mutant in mutants(document, seed=7, count=60):
        refusal = None
        try:
            iias_v7.decode_all(mutant.document)
        except InvalidDocument as error:
            refusal = error.reason
        assert refusal in (None, "wrong_root", "content", "not_xml"), mutant.what


@pytest.mark.parametrize("document", get_responses()[::9])
def test_on_damaged_documents_the_quick_walk_agrees_or_gives_up(document: bytes) -> None:
    for mutant in mutants(document, seed=11, count=60):
        for element in agreement_elements(parse(mutant.document)):
            for node in element.iter("*"):
                for name in list(map(str, node.attrib)):
                    del node.attrib[name]
            written = quick(element)
            if written is not None:
                assert written == [str(segment) for segment in general(element, V7)], mutant.what


def test_a_control_character_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="XML compatible"):
        iias_v7.encode([an_iia(pdf_file="\x00")])
