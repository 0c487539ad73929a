"""Indexes, statistics, approvals, answers to notifications, echoes, errors, and old agreements."""

import pytest
from tests.support.fixtures import sample

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import cnr, echo_v2, errors, iia_index_v7, iias_approval_v2, iias_v6
from mobility_adapters.ewp.reading import parse
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.identifiers import IiaHash, IiaId
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.schemas import SchemaSet
from mobility_bridge.ports.sources import ReadApproval

SCHEMAS = SchemaSet()


def is_valid(document: bytes, root: str) -> bool:
    return SCHEMAS.validate(parse(document), root) == ()


def test_an_index_is_read_in_its_order_and_case() -> None:
    ids = iia_index_v7.decode_index(sample("ewp/iias/v7/index-three-agreements.xml"))

    assert ids == ("0f7ac6de-4be7-4d05-a3ae-1de54e6ea8b2", "NH/2026#17", "nh/2026#17")
    assert iia_index_v7.decode_index(sample("ewp/iias/v7/index-nothing.xml")) == ()


def test_an_index_survives_being_written() -> None:
    ids = (IiaId("b"), IiaId("a&<b"))
    document = iia_index_v7.encode_index(ids)

    assert iia_index_v7.decode_index(document) == ids
    assert is_valid(document, wire.IIAS_V7_INDEX_ROOT)


def test_an_empty_id_in_an_index_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="empty"):
        iia_index_v7.decode_index(iia_index_v7.encode_index([IiaId("")]))


def test_statistics_are_read_by_name() -> None:
    stats = iia_index_v7.decode_stats(sample("ewp/iias/v7/stats.xml"))

    assert stats == iia_index_v7.IiasStats(412, 17, 9, 350)


def test_incomplete_statistics_are_refused() -> None:
    with pytest.raises(InvalidDocument):
        iia_index_v7.decode_stats(sample("ewp/iias/v7/invalid-stats-incomplete.xml"))


def test_approvals_survive_being_written() -> None:
    approvals = [ReadApproval(IiaId("N-1"), IiaHash("0" * 64)), ReadApproval(IiaId("N-2"), IiaHash("f" * 64))]
    document = iias_approval_v2.encode(approvals)

    assert iias_approval_v2.decode(document) == approvals
    assert is_valid(document, wire.IIAS_APPROVAL_V2_ROOT)


def test_approvals_are_read_in_order() -> None:
    approvals = iias_approval_v2.decode(sample("ewp/iias-approval/v2/two-approved.xml"))

    assert [each.iia_id for each in approvals] == ["nh-1042", "nh-1043"]
    assert iias_approval_v2.decode(sample("ewp/iias-approval/v2/none-approved.xml")) == []


def test_an_approval_that_names_no_text_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="iia-hash"):
        iias_approval_v2.decode(sample("ewp/iias-approval/v2/invalid-missing-hash.xml"))
    with pytest.raises(InvalidDocument, match="empty"):
        iias_approval_v2.decode(iias_approval_v2.encode([ReadApproval(IiaId(""), IiaHash("0" * 64))]))


@pytest.mark.parametrize(
    ("kind", "folder"), [(CnrKind.IIA, "iia-cnr/v3"), (CnrKind.IIA_APPROVAL, "iia-approval-cnr/v2")]
)
def test_an_answer_to_a_notification_is_known_by_its_root(kind: CnrKind, folder: str) -> None:
    other = next(each for each in CnrKind if each is not kind)

    cnr.check(sample(f"ewp/{folder}/understood.xml"), kind)
    cnr.check(sample(f"ewp/{folder}/understood-prefixed.xml"), kind)
    cnr.check(cnr.encode(kind), kind)
    assert is_valid(cnr.encode(kind), cnr.ROOTS[kind])
    with pytest.raises(InvalidDocument) as refused:
        cnr.check(cnr.encode(other), kind)
    assert refused.value.reason == "wrong_root"


def test_an_echo_keeps_order_repetition_and_empty_words() -> None:
    echo = echo_v2.decode(sample("ewp/echo/v2/response-repeated-values.xml"))

    assert echo == echo_v2.Echo(("nordhav.example", "fjordal.example"), ("b", "a", "", "b"))
    written = echo_v2.encode(echo.hei_ids, echo.echoes)
    assert echo_v2.decode(written) == echo
    assert is_valid(written, wire.ECHO_V2_ROOT)


def test_an_error_document_tells_developer_and_user() -> None:
    error = errors.decode_error(sample("ewp/architecture/v1/error-that-the-user-can-mend.xml"))

    assert error is not None
    assert error.developer_message.startswith("Parameter iia_id was given 31 times.\n")
    assert [message.lang for message in error.user_messages] == ["en", "sv"]
    assert errors.decode_error(errors.encode_error(error)) == error


def test_an_error_document_with_prefixes_is_one() -> None:
    error = errors.decode_error(sample("ewp/architecture/v1/error-for-developers-only.xml"))

    assert error == errors.ErrorDocument("The value of modified_since is not a date and time.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Bad Gateway</body></html>",
        b"\x00\x01",
        b"<!DOCTYPE html><html/>",
        sample("ewp/architecture/v1/invalid-no-developer-message.xml"),
        sample("ewp/architecture/v1/invalid-markup-in-message.xml"),
        cnr.encode(CnrKind.IIA),
        b" " * (errors.LIMIT + 1),
    ],
)
def test_what_is_no_error_document_gives_none(body: bytes) -> None:
    assert errors.decode_error(body) is None


def test_an_error_document_that_we_write_is_valid() -> None:
    document = errors.encode_error(errors.ErrorDocument("No.", (LangString("Nej.", "sv"), LangString("No."))))

    assert is_valid(document, wire.ERROR_ROOT)


def test_an_old_agreement_tells_who_and_both_hashes() -> None:
    first, second = iias_v6.decode(sample("ewp/iias/v6/hash-vectors/m07-not-mapped-two.xml"))

    assert first.iia_ids == ("N-1001", None)
    assert len(first.hei_ids) == 2
    assert first.declared == first.conditions_hash
    assert second.hash_text.iia_id == "N-1002"
    assert second.hash_text.sha256 != second.conditions_hash
