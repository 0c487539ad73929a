"""Learning agreements survive being written and read, and being read and written."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.support.fixtures import is_meant_to_be_valid, samples
from tests.support.learning_agreements import canonical, component_lists, las, signatures, students
from tests.support.mutations import mutants

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import omobility_las_update_v1 as updates
from mobility_adapters.ewp.codecs import omobility_las_v1 as codec
from mobility_adapters.ewp.proposal_id import proposal_id
from mobility_adapters.ewp.reading import parse
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    LaSignature,
    LaStudent,
    LearningAgreement,
)
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.schemas import SchemaSet

SCHEMAS = SchemaSet()
unhurried = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SPELLINGS: dict[str, tuple[Callable[[str], str], ...]] = {
    "eqf-level-studied-at-departure": (lambda v: v, lambda v: f"\t{v} ", lambda v: f"+0{v}"),
    "gender": (lambda v: v, lambda v: f"0{v}", lambda v: f" {v}"),
    "value": (lambda v: v, lambda v: f" {v}\n", lambda v: f"{v}0" if "." in v else f"{v}.0"),
    "start-date": (lambda v: v, lambda v: f"{v}Z", lambda v: f" {v}+02:00"),
    "end-year-month": (lambda v: v, lambda v: f"{v}Z", lambda v: f"{v}-11:00\n"),
    "birth-date": (lambda v: v, lambda v: f"{v}Z"),
    "language": (lambda v: v, lambda v: f" {v}\n"),
    "timestamp": (lambda v: v, lambda v: f" {v} "),
}


def get_responses() -> list[bytes]:
    documents = [path.read_bytes() for path in samples("ewp/omobility-las/v1") if is_meant_to_be_valid(path)]
    return [each for each in documents if parse(each).tag == wire.OMOBILITY_LAS_V1_GET_ROOT]


def agreements_in(document: bytes) -> list[LearningAgreement]:
    return [each.la for each in codec.decode_all(document).agreements]


@unhurried
@given(st.lists(las(), max_size=2))
def test_what_is_written_reads_as_what_was_meant_and_is_valid(meant: list[LearningAgreement]) -> None:
    document = codec.lay_out(meant)

    assert agreements_in(document) == meant
    assert SCHEMAS.validate(parse(document), wire.OMOBILITY_LAS_V1_GET_ROOT) == ()


@unhurried
@given(las())
def test_what_is_written_is_read_without_a_problem_of_form(meant: LearningAgreement) -> None:
    (read,) = codec.decode_all(codec.lay_out([meant])).agreements

    assert {each.code for each in read.problems if not each.code.startswith("SEM-")} == set()
    assert {"SEM-33", "SEM-34"} & {each.code for each in read.problems} == set()


@unhurried
@given(las(), st.data())
def test_another_spelling_of_the_same_values_reads_the_same_and_has_the_same_canonical_form(
    meant: LearningAgreement, data: st.DataObject
) -> None:
    document = codec.lay_out([meant])
    tree = parse(document)
    for element in tree.iter("*"):
        spellings = SPELLINGS.get(etree.QName(element).localname)
        if spellings:
            element.text = data.draw(st.sampled_from(spellings))(element.text or "")
    respelled = etree.tostring(tree)

    assert agreements_in(respelled) == [meant]
    assert canonical(respelled) == canonical(document)


def test_every_valid_sample_is_its_own_canonical_form_after_reading_and_writing() -> None:
    documents = get_responses()
    assert len(documents) >= 15
    for document in documents:
        assert canonical(codec.lay_out(agreements_in(document))) == canonical(document)


@unhurried
@given(component_lists(), st.none() | students())
def test_a_new_proposal_has_the_id_of_what_is_then_written(
    lists: ComponentLists, student: LaStudent | None
) -> None:
    proposal = codec.new_proposal(lists, student)
    la = agreements_in(get_responses()[0])[0]

    tree = parse(codec.lay_out([LearningAgreement(**_fields(la) | {"changes_proposal": proposal})]))

    (written,) = tree.iter("{*}changes-proposal")
    assert written.get("id") == proposal.proposal_id == proposal_id(written, "id")


def _fields(la: LearningAgreement) -> dict[str, object]:
    return {name: getattr(la, name) for name in LearningAgreement.__slots__}


@pytest.mark.parametrize("document", get_responses()[::3])
def test_a_damaged_document_is_read_or_refused_and_never_crashes(document: bytes) -> None:
    for mutant in mutants(document, seed=7, count=80):
        refusal = None
        try:
            codec.decode_all(mutant.document)
        except InvalidDocument as error:
            refusal = error.reason
        assert refusal in (None, "wrong_root", "not_xml"), mutant.what


@pytest.mark.parametrize("document", get_responses()[::3])
def test_what_the_schema_forbids_is_noticed_unless_only_the_order_or_a_value_is_wrong(
    document: bytes,
) -> None:
    # given
    unnoticed = []

    # when
    for mutant in mutants(document, seed=5, count=150):
        what = mutant.what
        if what.partition(":")[0] not in ("drop", "duplicate", "rename", "change_namespace") or ";" in what:
            continue
        tree = parse(mutant.document)
        if tree.tag != wire.OMOBILITY_LAS_V1_GET_ROOT or not SCHEMAS.validate(tree):
            continue
        response = codec.decode_all(tree)
        if not response.problems and not any(each.problems for each in response.agreements):
            unnoticed.append(what)

    # then
    assert unnoticed == []


@unhurried
@given(signatures(), st.none() | st.text("abc", min_size=1))
def test_an_update_reads_as_what_was_meant_and_is_valid(signature: LaSignature, comment: str | None) -> None:
    named = LaSignature(
        signature.timestamp, "Rosa Firmante", "Officer", "rosa@brava.example", signature.signer_app
    )
    update = updates.LaUpdate(HeiId("nordhav.example"), OmobilityId("N-OM-417"), "v1", named, comment)

    document = updates.encode_update(update)

    assert updates.decode_update(document) == (update, ())
    assert SCHEMAS.validate(parse(document), wire.OMOBILITY_LAS_V1_UPDATE_REQUEST_ROOT) == ()
