"""Indexes, decisions, receipts and statistics about students: read, written, and refused."""

from types import ModuleType
from typing import Any

import pytest
from tests.support.fixtures import is_meant_to_be_valid, sample, samples
from tests.support.nominations import SENDING
from tests.support.read_objects import changed, codes, is_valid

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import (
    cnr,
    imobilities_v1,
    imobilities_v2,
    imobility_tor_stats_v1,
    imobility_tors_v2,
    imobility_tors_v3,
    omobilities_update_v3,
    omobilities_v2,
    omobilities_v3,
    omobility_stats_v1,
)
from mobility_adapters.ewp.reading import parse
from mobility_adapters.ewp.semantics import UnsoundDocument
from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.nomination import (
    NominationCounts,
)
from mobility_bridge.domain.transcript import TorCounts
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.ports.student_sources import Decision, ProposalDecision

ID = OmobilityId("NO-26-0101")


@pytest.mark.parametrize(
    ("codec", "api", "root"),
    [
        (omobilities_v3, "omobilities", wire.OMOBILITIES_V3_INDEX_ROOT),
        (imobility_tors_v3, "imobility-tors", wire.IMOBILITY_TORS_V3_INDEX_ROOT),
    ],
    ids=["omobilities", "imobility-tors"],
)
def test_an_index_is_read_in_its_order_and_case_and_survives_being_written(
    codec: Any, api: str, root: str
) -> None:
    ids = codec.decode_index(sample(f"ewp/{api}/v3/index-three-mobilities.xml"))

    assert ids == ("NO-26-0101", "no-26-0101", "7b0d9a52-6f0f-4c1e-9d60-2f1f6f0a77e1")
    assert codec.decode_index(codec.encode_index(ids)) == ids
    assert is_valid(codec.encode_index(ids), root)
    assert codec.decode_index(sample(f"ewp/{api}/v3/index-nothing.xml")) == ()
    with pytest.raises(InvalidDocument, match="empty"):
        codec.decode_index(codec.encode_index([""]))


APPROVAL = ProposalDecision(SENDING, ID, "17", Decision.APPROVE)
REJECTION = ProposalDecision(
    SENDING, ID, "17", Decision.REFUSE, "The places for field 0532 in 2026/2027 are gone."
)


@pytest.mark.parametrize(("decision", "name"), [(APPROVAL, "approve"), (REJECTION, "reject")])
def test_a_decision_is_read_and_written(decision: ProposalDecision, name: str) -> None:
    read, problems = omobilities_update_v3.decode_update(
        sample(f"ewp/omobilities/v3/update-{name}.xml"), sending_hei_id=SENDING
    )
    written = omobilities_update_v3.encode_update(decision)

    assert (read, problems) == (decision, ())
    assert omobilities_update_v3.decode_update(written, sending_hei_id=SENDING) == (decision, ())
    assert is_valid(written, wire.OMOBILITIES_V3_UPDATE_REQUEST_ROOT)


@pytest.mark.parametrize(
    "decision",
    [
        ProposalDecision(SENDING, ID, "", Decision.APPROVE),
        ProposalDecision(SENDING, OmobilityId(""), "17", Decision.APPROVE),
        ProposalDecision(SENDING, ID, "17", Decision.REFUSE),
        ProposalDecision(SENDING, ID, "17", Decision.REFUSE, " "),
    ],
)
def test_a_decision_that_does_not_say_what_or_why_is_not_written(decision: ProposalDecision) -> None:
    with pytest.raises(UnsoundDocument, match="MISSING"):
        omobilities_update_v3.encode_update(decision)


def test_an_approval_carries_no_comment() -> None:
    with pytest.raises(ValueError, match="no comment"):
        omobilities_update_v3.encode_update(ProposalDecision(SENDING, ID, "17", Decision.APPROVE, "Welcome."))


@pytest.mark.parametrize("name", ["reject-without-comment", "both-decisions"])
def test_a_decision_that_cannot_be_understood_is_refused(name: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        omobilities_update_v3.decode_update(
            sample(f"ewp/omobilities/v3/invalid-update-{name}.xml"), sending_hei_id=SENDING
        )

    assert refused.value.reason == "content"


def test_unknown_elements_of_a_decision_are_passed_over() -> None:
    document = changed(
        sample("ewp/omobilities/v3/update-approve.xml"), ("<proposal-id>", "<reason>1</reason><proposal-id>")
    )

    read, problems = omobilities_update_v3.decode_update(document, sending_hei_id=SENDING)

    assert read == APPROVAL
    assert codes(problems) == [("UNKNOWN", "/omobilities-update-request/approve-proposal-v1/reason")]


def test_the_answer_to_a_decision_has_words_for_the_user() -> None:
    messages = omobilities_update_v3.decode_update_response(
        sample("ewp/omobilities/v3/update-stored-with-messages.xml")
    )
    written = omobilities_update_v3.encode_update_response(messages)

    assert [each.lang for each in messages] == ["en", None]
    assert omobilities_update_v3.decode_update_response(written) == messages
    assert is_valid(written, wire.OMOBILITIES_V3_UPDATE_RESPONSE_ROOT)
    assert omobilities_update_v3.decode_update_response(sample("ewp/omobilities/v3/update-stored.xml")) == ()


@pytest.mark.parametrize("kind", cnr.StudentCnr)
def test_a_receipt_is_known_by_its_root(kind: cnr.StudentCnr) -> None:
    version = "v1" if kind is cnr.StudentCnr.OMOBILITY_LA else "v2"
    cnr.check(sample(f"ewp/{kind}/{version}/understood.xml"), kind)
    cnr.check(sample(f"ewp/{kind}/{version}/understood-prefixed.xml"), kind)
    cnr.check(cnr.encode(kind), kind)
    assert is_valid(cnr.encode(kind), cnr.ROOTS[kind])
    with pytest.raises(InvalidDocument) as refused:
        cnr.check(sample("ewp/iia-cnr/v3/understood.xml"), kind)
    assert refused.value.reason == "wrong_root"


def test_statistics_of_nominations_survive_being_written() -> None:
    years = omobility_stats_v1.decode(sample("ewp/omobility-stats/v1/two-years.xml"))

    assert years == [NominationCounts("2025/2026", 0, 118), NominationCounts("2026/2027", 14, 97)]
    assert omobility_stats_v1.decode(omobility_stats_v1.encode(years)) == years
    assert is_valid(omobility_stats_v1.encode(years), wire.OMOBILITY_STATS_V1_ROOT)
    assert omobility_stats_v1.decode(sample("ewp/omobility-stats/v1/no-year.xml")) == []


def test_statistics_of_transcripts_survive_being_written() -> None:
    years = imobility_tor_stats_v1.decode(sample("ewp/imobility-tor-stats/v1/two-years.xml"))

    assert years == [TorCounts("2024/2025", 203), TorCounts("2025/2026", 61)]
    assert imobility_tor_stats_v1.decode(imobility_tor_stats_v1.encode(years)) == years
    assert is_valid(imobility_tor_stats_v1.encode(years), wire.IMOBILITY_TOR_STATS_V1_ROOT)
    with pytest.raises(InvalidDocument):
        imobility_tor_stats_v1.decode(sample("ewp/imobility-tor-stats/v1/invalid-count-in-words.xml"))


@pytest.mark.parametrize(
    "codec",
    [omobilities_v3, omobilities_v2, imobilities_v2, imobilities_v1, imobility_tors_v3, imobility_tors_v2],
    ids=lambda codec: codec.FORMAT,
)
def test_a_document_of_another_kind_or_in_no_name_space_is_refused(codec: ModuleType) -> None:
    for document in (
        sample("ewp/iia-cnr/v3/understood.xml"),
        b"<omobilities-get-response/>",
        b"<imobility-tors-get-response/>",
    ):
        with pytest.raises(InvalidDocument) as refused:
            codec.decode_all(document)
        assert refused.value.reason == "wrong_root"


def test_every_schema_valid_sample_is_read_without_a_problem_of_form() -> None:
    for folder, codec in (
        ("omobilities/v3", omobilities_v3),
        ("imobilities/v2", imobilities_v2),
        ("imobility-tors/v3", imobility_tors_v3),
    ):
        for path in samples(f"ewp/{folder}"):
            tree = parse(path.read_bytes())
            if not is_meant_to_be_valid(path) or not tree.tag.endswith("get-response"):
                continue
            response = codec.decode_all(tree)  # type: ignore[attr-defined]
            found = {problem.code for each in response.objects for problem in each.problems}
            assert {code for code in found if not code.startswith(("SEM-", "XML-13"))} == set(), path.name
