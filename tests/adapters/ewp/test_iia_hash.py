"""The agreement hash: vectors, edges, and both scopes."""

import json
from typing import Any

import pytest
from lxml import etree
from tests.support.agreements import a_condition, an_iia
from tests.support.fixtures import FIXTURES, vectors

from mobility_adapters.ewp.codecs import iias_v7
from mobility_adapters.ewp.hash_segments import V6, V7, Rules
from mobility_adapters.ewp.iia_hash import (
    MARKER,
    conditions_hash,
    document_hash_texts,
    hash_text,
    lenient_content_digest,
)
from mobility_adapters.ewp.reading import agreement_elements, parse
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element

FOLDERS = {V7: "ewp/iias/v7/hash-vectors", V6: "ewp/iias/v6/hash-vectors"}
ERRORS = "ewp/iias/v7/hash-vectors-errors"
CASES = [(rules, name) for rules, folder in FOLDERS.items() for name in sorted(vectors(folder))]


def tree_of(folder: str, name: str, *, comments: bool = False) -> Element:
    data = (FIXTURES / folder / name).read_bytes()
    return etree.fromstring(data) if comments else parse(data)


def texts_of(folder: str, name: str) -> list[str] | None:
    meta: dict[str, Any] = json.loads((FIXTURES / folder / "vectors-meta.json").read_text(encoding="utf-8"))
    return meta[name]["text_to_hash"] if name in meta else None


@pytest.mark.parametrize("comments", [False, True], ids=["without comments", "with comments"])
@pytest.mark.parametrize(("rules", "name"), CASES)
def test_every_vector_gives_the_official_hash_and_text(rules: Rules, name: str, comments: bool) -> None:  # noqa: FBT001
    folder = FOLDERS[rules]

    got = document_hash_texts(tree_of(folder, name, comments=comments), rules)

    expected = vectors(folder)[name]
    assert [(each.iia_id, each.sha256) for each in got] == [(e["iia_id"], e["sha256"]) for e in expected]
    assert texts_of(folder, name) in (None, [each.text for each in got])
    for each, wanted in zip(got, expected, strict=True):
        assert each.valid_for_approval == wanted.get("valid_for_approval", True)


@pytest.mark.parametrize("name", sorted(vectors(FOLDERS[V6])))
def test_every_version_6_vector_gives_the_old_conditions_hash(name: str) -> None:
    got = [conditions_hash(iia) for iia in agreement_elements(tree_of(FOLDERS[V6], name))]

    assert got == [each["conditions_hash"] for each in vectors(FOLDERS[V6])[name]]


@pytest.mark.parametrize("name", sorted(vectors(ERRORS)))
def test_what_stops_the_official_stylesheet_has_no_hash_but_a_digest(name: str) -> None:
    tree = tree_of(ERRORS, name)
    iia = agreement_elements(tree)[0]

    with pytest.raises(InvalidDocument) as alone:
        hash_text(iia)
    with pytest.raises(InvalidDocument):
        document_hash_texts(tree)

    assert alone.value.reason == "content"
    assert alone.value.line is not None
    assert alone.value.path is not None
    assert alone.value.path.endswith("[2]")
    assert len(lenient_content_digest(iia)) == 64


def test_a_terminated_neighbour_changes_the_hash_in_the_document_and_not_the_one_alone() -> None:
    tree = tree_of(FOLDERS[V7], "h02-two-one-terminated.xml")
    first, second = agreement_elements(tree)
    in_document = document_hash_texts(tree)

    assert hash_text(first).marker == ""
    assert hash_text(second).marker == MARKER
    assert [each.marker for each in in_document] == [MARKER, MARKER]
    assert hash_text(first).sha256 == vectors()["h03-first-of-h02-alone.xml"][0]["sha256"]
    assert hash_text(second) == in_document[1]


def test_a_flagged_neighbour_blocks_the_whole_document_and_only_itself_alone() -> None:
    plain = an_iia()
    flagged = an_iia(conditions=(a_condition(mobilities_not_yet_defined=True),))
    tree = parse(iias_v7.encode([plain, flagged]))

    assert [each.valid_for_approval for each in document_hash_texts(tree)] == [False, False]
    assert [hash_text(iia).valid_for_approval for iia in agreement_elements(tree)] == [True, False]


def test_the_content_digest_is_the_same_for_both_copies_of_the_same_terms() -> None:
    theirs = an_iia()
    ours = an_iia(partners=theirs.partners[::-1])
    first, second = (hash_text(iia) for iia in agreement_elements(parse(iias_v7.encode([theirs, ours]))))

    assert first.content_digest == second.content_digest
    assert first.sha256 != second.sha256


def test_the_content_digest_moves_with_the_terms_and_with_termination() -> None:
    agreements = [
        an_iia(),
        an_iia(terminated_as_a_whole=True),
        an_iia(conditions=(a_condition(mobilities_per_year=3),)),
    ]
    texts = [hash_text(iia) for iia in agreement_elements(parse(iias_v7.encode(agreements)))]

    assert len({each.content_digest for each in texts}) == 3


def test_attributes_that_the_format_does_not_define_are_noticed() -> None:
    plain = hash_text(agreement_elements(tree_of(FOLDERS[V7], "a01-base-mapped.xml"))[0])
    stray = hash_text(agreement_elements(tree_of(FOLDERS[V7], "i01-xsi-type.xml"))[0])

    assert not plain.stray_attributes
    assert stray.stray_attributes


def test_a_language_is_written_wherever_it_stands_but_in_a_contact() -> None:
    tree = tree_of("ewp/iias/v7", "with-contacts-and-units.xml")
    plain = hash_text(agreement_elements(tree)[0]).text
    written = 0
    for element in agreement_elements(tree)[0].iter("*"):
        element.set("{http://www.w3.org/XML/1998/namespace}lang", "sv")
        alone = hash_text(agreement_elements(tree)[0])

        assert [alone] == document_hash_texts(tree)
        written += alone.text != plain
        del element.attrib["{http://www.w3.org/XML/1998/namespace}lang"]
    assert written > 10


def test_a_flag_around_the_agreement_hides_its_terms_in_the_document_only() -> None:
    tree = tree_of(FOLDERS[V7], "a01-base-mapped.xml")
    tree.set("not-yet-defined", "true")

    in_document = document_hash_texts(tree)[0]
    alone = hash_text(agreement_elements(tree)[0])

    assert in_document.terms == (
        b"_receiving-first-academic-year-id=2025/2026__receiving-last-academic-year-id=2028/2029_"
    )
    assert not in_document.valid_for_approval
    assert alone.sha256 == vectors()["a01-base-mapped.xml"][0]["sha256"]


def test_the_conditions_hash_of_an_agreement_without_conditions_is_none() -> None:
    assert conditions_hash(etree.fromstring("<iia/>")) is None


def test_a_year_inside_another_element_is_neither_written_nor_taken_for_the_year() -> None:
    tree = tree_of(FOLDERS[V7], "a01-base-mapped.xml")
    area = next(tree.iter("{*}subject-area"))
    etree.SubElement(area, "receiving-first-academic-year-id").text = "1999/2000"

    assert document_hash_texts(tree)[0].sha256 == vectors()["a01-base-mapped.xml"][0]["sha256"]


@pytest.mark.parametrize("old", [b"stable-v7/endpoints", b"blob/stable-v7"])
def test_names_count_in_any_namespace(old: bytes) -> None:
    document = (FIXTURES / FOLDERS[V7] / "a01-base-mapped.xml").read_bytes()

    tree = parse(document.replace(old, b"elsewhere"))
    (text,) = document_hash_texts(tree)

    assert text == hash_text(agreement_elements(tree)[0])
    assert text.sha256 == vectors()["a01-base-mapped.xml"][0]["sha256"]


def test_a_known_leaf_with_something_inside_is_walked_literally() -> None:
    tree = tree_of(FOLDERS[V7], "a01-base-mapped.xml")
    etree.SubElement(next(tree.iter("{*}mobilities-per-year")), "surprise").text = "x"

    (text,) = document_hash_texts(tree)

    assert b"_student-studies-mobility-spec.mobilities-per-year.surprise=x_" in text.terms
    assert text.terms == hash_text(agreement_elements(tree)[0]).terms


def test_the_conditions_hash_keeps_the_white_space_after_a_contact_that_comes_first() -> None:
    with_contact = (
        "<iia><cooperation-conditions><s><sending-contact/> <a/></s></cooperation-conditions></iia>"
    )
    without = "<iia><cooperation-conditions><s> <a/></s></cooperation-conditions></iia>"

    assert conditions_hash(etree.fromstring(with_contact)) == conditions_hash(etree.fromstring(without))


def test_a_year_with_something_inside_is_walked_literally() -> None:
    tree = tree_of(FOLDERS[V7], "a01-base-mapped.xml")
    year = next(tree.iter("{*}receiving-first-academic-year-id"))
    etree.SubElement(year, "surprise").text = "x"

    assert hash_text(agreement_elements(tree)[0]) == document_hash_texts(tree)[0]


def test_an_empty_known_container_is_a_leaf() -> None:
    tree = tree_of(FOLDERS[V7], "a01-base-mapped.xml")
    area = next(tree.iter("{*}subject-area"))
    del area[0]
    area.text = None

    (text,) = document_hash_texts(tree)

    assert b"_cooperation-conditions.student-studies-mobility-spec.subject-area=_" in text.terms
    assert text == hash_text(agreement_elements(tree)[0])
