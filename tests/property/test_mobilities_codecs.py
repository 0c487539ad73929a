"""Nominations, stays and transcripts survive being written and read, and damaged ones are read or refused."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.support.fixtures import PUBLISHED, needs_published, samples
from tests.support.mutations import mutants
from tests.support.nominations import a_person, nominations, stays, tors

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import (
    imobilities_v1,
    imobilities_v2,
    imobility_tors_v2,
    imobility_tors_v3,
    omobilities_v2,
    omobilities_v3,
)
from mobility_adapters.ewp.reading import parse
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.transcript import Tor
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.schemas import SchemaSet

SCHEMAS = SchemaSet()
unhurried = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

CODECS: dict[str, Any] = {
    wire.OMOBILITIES_V3_GET_ROOT: omobilities_v3,
    wire.OMOBILITIES_V2_GET_ROOT: omobilities_v2,
    wire.IMOBILITIES_V2_GET_ROOT: imobilities_v2,
    wire.IMOBILITIES_V1_GET_ROOT: imobilities_v1,
    wire.IMOBILITY_TORS_V3_GET_ROOT: imobility_tors_v3,
    wire.IMOBILITY_TORS_V2_GET_ROOT: imobility_tors_v2,
}
FOLDERS = ("omobilities/v3", "omobilities/v2", "imobilities/v2", "imobilities/v1")
SPELLINGS: dict[str, tuple[Callable[[str], str], ...]] = {
    "birth-date": (lambda v: f"{v}Z", lambda v: f" {v}+14:00\n"),
    "dateOfBirth": (lambda v: f"{v}Z", lambda v: f" {v}-01:00"),
    "gender": (lambda v: f"0{v}", lambda v: f" +{v}\n"),
    "eqf-level-studied-at-departure": (lambda v: f"\t{v} ", lambda v: f"+0{v}"),
    "actual-arrival-date": (lambda v: f"{v}Z", lambda v: f"\n{v}"),
    "value": (lambda v: f" {v}\n", lambda v: f"{v}0" if "." in v else f"{v}.0"),
    "status": (lambda v: v,),
    "resultLabel": (lambda v: f"\n  {v}\t", lambda v: v.replace(" ", "\n  ")),
    "issueDate": (lambda v: f" {v} ",),
}


def get_responses() -> list[bytes]:
    paths = [path for folder in FOLDERS for path in samples(f"ewp/{folder}")]
    documents = [path.read_bytes() for path in (*paths, *samples("ewp/imobility-tors"))]
    return [each for each in documents if parse(each).tag in CODECS]


def is_complete(document: bytes) -> bool:
    """Whether it keeps the schema of a version that we write."""
    tree = parse(document)
    return hasattr(CODECS[tree.tag], "lay_out") and not SCHEMAS.validate(tree)


def contents(codec: Any, document: bytes) -> list[Any]:
    return [each.content for each in codec.decode_all(document).objects]


def respelled(document: bytes, data: st.DataObject) -> bytes:
    tree = parse(document)
    for element in tree.iter("*"):
        spellings = SPELLINGS.get(etree.QName(element).localname)
        if spellings and len(element) == 0:
            element.text = data.draw(st.sampled_from(spellings))(element.text or "")
    return etree.tostring(tree)


@unhurried
@given(st.lists(nominations(), max_size=2, unique_by=lambda each: each.omobility_id), st.data())
def test_nominations_that_are_written_read_as_they_were_meant(
    meant: list[Nomination], data: st.DataObject
) -> None:
    document = omobilities_v3.encode(meant)

    read = omobilities_v3.decode_all(document)
    assert [each.content for each in read.objects] == meant
    assert [each.problems for each in read.objects] == [()] * len(meant)
    assert contents(omobilities_v3, respelled(document, data)) == meant
    assert [omobilities_v3.decode_at(document, place) for place in range(len(meant))] == meant
    assert SCHEMAS.validate(parse(document), wire.OMOBILITIES_V3_GET_ROOT) == ()


@unhurried
@given(st.lists(stays(), max_size=3, unique_by=lambda each: each.omobility_id), st.data())
def test_stays_that_are_written_read_as_they_were_meant(
    meant: list[ActualDates], data: st.DataObject
) -> None:
    document = imobilities_v2.encode(meant)

    assert contents(imobilities_v2, document) == meant
    assert contents(imobilities_v2, respelled(document, data)) == meant
    assert SCHEMAS.validate(parse(document), wire.IMOBILITIES_V2_GET_ROOT) == ()


@unhurried
@given(tors(), st.data())
def test_transcripts_that_are_written_read_as_they_were_meant(meant: Tor, data: st.DataObject) -> None:
    document = imobility_tors_v3.encode([meant])

    (read,) = imobility_tors_v3.decode_all(document).objects
    assert read.content == meant
    assert read.problems == ()
    assert contents(imobility_tors_v3, respelled(document, data)) == [meant]
    assert SCHEMAS.validate(parse(document), wire.IMOBILITY_TORS_V3_GET_ROOT) == ()


@pytest.mark.parametrize("document", [each for each in get_responses() if is_complete(each)])
def test_a_valid_document_says_the_same_when_it_is_written_again(document: bytes) -> None:
    codec = CODECS[parse(document).tag]
    read = contents(codec, document)

    assert contents(codec, codec.lay_out(read)) == read


@needs_published
@pytest.mark.parametrize(
    ("example", "codec"),
    [
        ("omobility-v3-01-pending", omobilities_v3),
        ("omobility-v3-02-approved-name-changed", omobilities_v3),
        ("omobility-v3-03-rejected-and-cancelled", omobilities_v3),
        ("imobility-v2-01", imobilities_v2),
        ("tor-v3-01", imobility_tors_v3),
    ],
)
def test_every_published_example_is_read_without_a_problem_and_written_again(
    example: str, codec: Any
) -> None:
    document = (PUBLISHED / "ewp/examples" / f"{example}.xml").read_bytes()

    response = codec.decode_all(document)
    written = codec.encode(contents(codec, document))

    assert response.problems == ()
    assert [each.problems for each in response.objects] == [()] * len(response.objects)
    assert contents(codec, written) == contents(codec, document)
    assert SCHEMAS.validate(parse(written)) == ()


@pytest.mark.parametrize("document", get_responses())
def test_a_damaged_document_is_read_or_refused_and_never_crashes(document: bytes) -> None:
    codec = CODECS[parse(document).tag]
    for mutant in mutants(document, seed=7, count=40):
        refusal = None
        try:
            codec.decode_all(mutant.document)
        except InvalidDocument as error:
            refusal = error.reason
        assert refusal in (None, "wrong_root", "not_xml"), mutant.what


@pytest.mark.parametrize("document", get_responses())
def test_no_problem_of_a_damaged_document_quotes_it(document: bytes) -> None:
    personal = [
        *("Provina", "Påhittad", "700100", "2003-05-17", "pahittad", "Modella", "Fantasia"),
        *("17.05.2003", "7,5", "aborted", "telephone"),
    ]
    codec = CODECS[parse(document).tag]
    for mutant in mutants(document, seed=13, count=25):
        try:
            response = codec.decode_all(mutant.document)
        except InvalidDocument as error:
            said = [str(error)]
        else:
            problems = (*response.problems, *(p for each in response.objects for p in each.problems))
            said = [f"{each.path} {each.message}" for each in problems]
        assert not [text for text in personal if any(text in each for each in said)], mutant.what


def test_nothing_personal_is_shown_by_a_repr() -> None:
    tor = imobility_tors_v3.decode_all(get_responses_with("released")).objects[0].content
    shown = repr((tor.learner, tor.reports, a_person()))

    assert not [text for text in ("Provina", "Påhittad", "700100", "2003", "7.5") if text in shown]


def get_responses_with(name: str) -> bytes:
    return next(path.read_bytes() for path in samples("ewp/imobility-tors/v3") if path.stem == name)
