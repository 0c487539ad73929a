"""The student APIs asked over the network: who is named, what is read, what is decided once."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.support.ewp_network import (
    BRAVA,
    OWN,
    SIGNED,
    Host,
    Network,
    catalogue_xml,
    error_xml,
    xml_response,
)
from tests.support.fixtures import FIXTURES
from tests.support.keys import key

from mobility_adapters.ewp import wire
from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.errors import InvalidDocument, Rejected, Unreachable, UsageError
from mobility_bridge.ports.student_sources import Decision, ProposalDecision, Signer, StudentApi

ENTRIES = {
    StudentApi.NOMINATIONS: (wire.OMOBILITIES_V3_ENTRY, "3.0.0", ("get", "index", "update")),
    StudentApi.LEARNING_AGREEMENTS: (wire.OMOBILITY_LAS_V1_ENTRY, "1.2.0", ("get", "index", "update")),
    StudentApi.ARRIVALS: (wire.IMOBILITIES_V2_ENTRY, "2.0.0", ("get",)),
    StudentApi.TRANSCRIPTS: (wire.IMOBILITY_TORS_V3_ENTRY, "3.0.0", ("get", "index")),
}
SIGNER = Signer("Kim Berg", "Coordinator", "kim.berg@nordhav.example")
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Offer:
    """A student API in a catalogue."""

    def __init__(self, api: StudentApi, base: str, limit: int = 3) -> None:
        self.api, self.base, self.limit = api, base, limit

    def xml(self) -> str:
        namespace, version, endpoints = ENTRIES[self.api]
        urls = "".join(f"<{each}-url>{self.base}/{self.api}/{each}</{each}-url>" for each in endpoints)
        return (
            f'<{self.api} xmlns="{namespace}" version="{version}"><http-security>{SIGNED}</http-security>'
            f"{urls}<max-omobility-ids>{self.limit}</max-omobility-ids></{self.api}>"
        )


def catalogue() -> bytes:
    brava = [Offer(api, "https://brava.example/ewp") for api in StudentApi]
    dashboard = [Offer(StudentApi.LEARNING_AGREEMENTS, "https://dashboard.example/ewp")]
    return catalogue_xml(
        [
            Host([OWN], [], client_keys=[key("client")]),
            Host([BRAVA], brava, server_keys=[key("server")]),  # type: ignore[arg-type]
            Host([OWN], dashboard, server_keys=[key("server")]),  # type: ignore[arg-type]
        ]
    )


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path, catalogue(), attempts=2, first_retry_s=0.01)


def answering(network: Network, body: bytes, status: int = 200) -> None:
    network.answer = lambda request: network.signed(request, body, status=status)


def fixture(name: str) -> bytes:
    return (FIXTURES / "ewp" / name).read_bytes()


def ids(*names: str) -> list[OmobilityId]:
    return [OmobilityId(name) for name in names]


def asked(network: Network) -> dict[str, list[str]]:
    query = httpx.QueryParams(network.requests[-1].url.query)
    return {name: query.get_list(name) for name in query}


async def test_nominations_are_read_with_their_bytes_and_their_oddities(network: Network) -> None:
    body = fixture("omobilities/v3/rejected-and-cancelled.xml")
    answering(network, body)
    students = (await network.ready()).students

    answer = await students.fetch_records(
        BRAVA, StudentApi.NOMINATIONS, ids("NO-26-0102", "NO-26-0103", "NO-26-0999")
    )

    first, second = (each.record for each in answer.records)
    assert (first.key.kind, first.key.holder_hei_id, first.key.record_id) == (
        RecordKind.NOMINATION,
        BRAVA,
        "NO-26-0102",
    )
    assert (first.facts.status, second.facts.status) == (
        NominationStatus.REJECTED,
        NominationStatus.CANCELLED,
    )
    assert second.document is not None
    assert second.document == DocumentRef(second.document.sha256, wire.FORMAT_OMOBILITIES_V3, 1)
    assert first.digest != second.digest
    assert answer.absent == ("NO-26-0999",)
    assert [each.document for each in answer.records] == [body, body]
    assert "sending_hei_id" not in asked(network)


async def test_only_learning_agreements_are_asked_for_by_university(network: Network) -> None:
    answering(network, fixture("omobility-las/v1/every-part.xml"))
    students = (await network.ready()).students
    await students.fetch_records(BRAVA, StudentApi.LEARNING_AGREEMENTS, ids("x"))
    assert asked(network) == {"sending_hei_id": [BRAVA], "omobility_id": ["x"]}


async def test_our_own_agreements_are_asked_of_the_host_that_serves_them(network: Network) -> None:
    answering(network, xml_response(wire.OMOBILITY_LAS_V1_INDEX_ROOT, "<omobility-id>a</omobility-id>"))
    students = (await network.ready()).students

    answer = await students.omobility_index(OWN, StudentApi.LEARNING_AGREEMENTS)
    assert answer.ids == ("a",)
    assert network.requests[-1].url.host == "dashboard.example"
    assert asked(network) == {"sending_hei_id": [OWN]}
    await students.omobility_index(BRAVA, StudentApi.LEARNING_AGREEMENTS, NOON)
    assert asked(network) == {
        "sending_hei_id": [BRAVA],
        "receiving_hei_id": [OWN],
        "modified_since": ["2026-11-02T12:00:00Z"],
    }


async def test_what_the_schema_says_against_one_object_is_kept_beside_it(network: Network) -> None:
    body = fixture("omobilities/v3/rejected-and-cancelled.xml").replace(
        b"<gender>0</gender>", b"<gender>x</gender>", 1
    )
    answering(network, body)
    students = (await network.ready()).students
    answer = await students.fetch_records(BRAVA, StudentApi.NOMINATIONS, ids("NO-26-0102", "NO-26-0103"))
    first, second = (each.record.problems for each in answer.records)
    assert any(code == "XSD" and "gender" in path for path, code in first)
    assert not any(code == "XSD" for _, code in second)


async def test_what_is_not_the_document_asked_for_fails_with_its_evidence(network: Network) -> None:
    answering(network, fixture("imobilities/v2/three-stages.xml"))
    students = (await network.ready()).students
    with pytest.raises(InvalidDocument) as caught:
        await students.fetch_records(BRAVA, StudentApi.TRANSCRIPTS, ids("x"))
    assert caught.value.reason == "wrong_root"
    assert len(caught.value.evidence) == 1


@pytest.mark.parametrize(
    ("api", "name"),
    [
        (StudentApi.ARRIVALS, "imobilities/v2/three-stages.xml"),
        (StudentApi.TRANSCRIPTS, "imobility-tors/v3/released.xml"),
    ],
)
async def test_arrivals_and_transcripts_are_read(network: Network, api: StudentApi, name: str) -> None:
    answering(network, fixture(name))
    students = (await network.ready()).students
    answer = await students.fetch_records(BRAVA, api, ids("x"))
    assert answer.records
    assert {each.record.facts.omobility_id for each in answer.records} == {
        each.record.key.record_id for each in answer.records
    }


async def test_arrivals_have_no_index_and_limits_hold(network: Network) -> None:
    students = (await network.ready()).students
    with pytest.raises(UsageError):
        await students.omobility_index(BRAVA, StudentApi.ARRIVALS)
    with pytest.raises(ValueError, match="1 to 3"):
        await students.fetch_records(BRAVA, StudentApi.ARRIVALS, ids("a", "b", "c", "d"))
    assert students.offers(BRAVA, StudentApi.ARRIVALS)
    assert not students.offers(OWN, StudentApi.ARRIVALS)


def decision(kind: Decision = Decision.APPROVE, comment: str | None = None) -> ProposalDecision:
    return ProposalDecision(BRAVA, OmobilityId("om-1"), "p1", kind, comment)


async def test_a_nomination_is_decided_by_a_document_that_is_posted_and_signed(network: Network) -> None:
    answering(network, fixture("omobilities/v3/update-stored-with-messages.xml"))
    students = (await network.ready()).students
    sent = await students.decide_nomination(decision())
    request = network.requests[-1]
    assert (request.method, request.headers["content-type"]) == ("POST", "text/xml; charset=UTF-8")
    assert b"<approve-proposal-v1>" in request.content
    assert sent.messages


async def test_a_learning_agreement_is_refused_with_a_comment_and_a_signature(network: Network) -> None:
    answering(network, xml_response(wire.OMOBILITY_LAS_V1_UPDATE_RESPONSE_ROOT))
    students = (await network.ready()).students
    await students.decide_learning_agreement(
        decision(Decision.REFUSE, "The course is not given."), SIGNER, NOON
    )
    posted = network.requests[-1].content
    assert b"comment-proposal-v1" in posted
    assert b"kim.berg@nordhav.example" in posted
    with pytest.raises(UsageError):
        await students.decide_learning_agreement(decision(Decision.REFUSE), SIGNER, NOON)


async def test_a_conflict_is_an_answer_and_silence_is_not_repeated(network: Network) -> None:
    answering(network, error_xml("the proposal is not the current one"), 409)
    students = (await network.ready()).students
    with pytest.raises(Rejected) as refused:
        await students.decide_nomination(decision())
    assert refused.value.status == 409
    before = len(network.requests)
    network.answer = lambda _: httpx.Response(503)
    with pytest.raises(Unreachable):
        await students.decide_nomination(decision())
    assert len(network.requests) == before + 1
