"""Decisions on learning agreements: approvals and refusals, in and out."""

from dataclasses import replace

import pytest
from tests.support.fixtures import sample
from tests.support.learning_agreements import a_signature

from mobility_adapters.ewp.codecs import omobility_las_update_v1 as codec
from mobility_adapters.ewp.codecs.omobility_las_update_v1 import LaUpdate
from mobility_adapters.ewp.semantics import UnsoundDocument
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.errors import InvalidDocument

FOLDER = "ewp/omobility-las/v1"
APPROVAL = LaUpdate(HeiId("nordhav.example"), OmobilityId("N-OM-417"), "v1", a_signature())
REFUSAL = replace(APPROVAL, comment="LOG144 is full.\nPlease choose another course.")


def test_an_approval_names_the_proposal_and_who_signs() -> None:
    update, problems = codec.decode_update(sample(f"{FOLDER}/update-approve.xml"))

    assert problems == ()
    assert update.approves
    assert (update.sending_hei_id, update.omobility_id, update.changes_proposal_id) == (
        "nordhav.example",
        "N-OM-417",
        "0f" * 32,
    )
    assert update.signature.signer_position == "Incoming officer"


def test_a_refusal_says_why() -> None:
    update, _ = codec.decode_update(sample(f"{FOLDER}/update-comment.xml"))

    assert not update.approves
    assert update.comment == REFUSAL.comment


@pytest.mark.parametrize("update", [APPROVAL, REFUSAL], ids=["approval", "refusal"])
def test_what_is_written_reads_as_what_was_meant(update: LaUpdate) -> None:
    assert codec.decode_update(codec.encode_update(update)) == (update, ())


def test_the_children_of_the_signature_are_written_in_the_name_space_of_the_agreement() -> None:
    document = codec.encode_update(APPROVAL)

    assert b"<la:signer-name>" in document
    assert b"<signature>" in document


def test_a_signature_in_the_name_space_of_the_request_is_read_and_told() -> None:
    update, problems = codec.decode_update(
        sample(f"{FOLDER}/invalid-update-signature-in-request-name-space.xml")
    )

    assert update == codec.decode_update(sample(f"{FOLDER}/update-approve.xml"))[0]
    assert {each.code for each in problems} == {"XML-02"}
    assert len(problems) == 5


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("invalid-update-without-signature", "no signature"),
        ("invalid-update-of-unknown-type", "one decision"),
        ("invalid-update-comment-without-words", "no comment"),
        ("first-proposal", "root element"),
    ],
)
def test_what_does_not_say_what_is_decided_is_refused(name: str, words: str) -> None:
    with pytest.raises(InvalidDocument, match=words):
        codec.decode_update(sample(f"{FOLDER}/{name}.xml"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"2026-05-11T16:45:00+02:00", b"yesterday", "when it was given"),
        (b"N-OM-417", b" ", "omobility-id is empty"),
        (b"nordhav.example", b"", "sending-hei-id is empty"),
    ],
)
def test_a_mandatory_part_without_a_value_is_refused(old: bytes, new: bytes, words: str) -> None:
    document = sample(f"{FOLDER}/update-approve.xml").replace(old, new)

    with pytest.raises(InvalidDocument, match=words):
        codec.decode_update(document)


def test_an_approval_and_a_refusal_at_once_are_no_decision() -> None:
    document = sample(f"{FOLDER}/update-approve.xml")
    whole = document[document.index(b"<req:approve") : document.index(b"</req:omobility-las")]
    both = document.replace(whole, whole + whole.replace(b"approve-proposal", b"comment-proposal"))

    with pytest.raises(InvalidDocument, match="one decision"):
        codec.decode_update(both)


def test_an_unknown_element_is_passed_over_and_told() -> None:
    document = sample(f"{FOLDER}/update-approve.xml").replace(
        b"<req:sending-hei-id>", b'<new xmlns="urn:example:new"/><req:sending-hei-id>'
    )

    update, problems = codec.decode_update(document)

    assert update.omobility_id == "N-OM-417"
    assert [each.code for each in problems] == ["UNKNOWN"]


@pytest.mark.parametrize(
    ("update", "code"),
    [
        (replace(APPROVAL, signature=a_signature(signer_name=None)), "SEM-04"),
        (replace(APPROVAL, signature=a_signature(signer_email=" ")), "SEM-04"),
        (replace(APPROVAL, signature=a_signature(signer_email="at the desk")), "SEM-04"),
        (replace(APPROVAL, changes_proposal_id=""), "MISSING"),
        (replace(REFUSAL, comment=" \n"), "MISSING"),
    ],
)
def test_a_decision_that_lacks_something_is_not_written(update: LaUpdate, code: str) -> None:
    with pytest.raises(UnsoundDocument) as refused:
        codec.encode_update(update)

    assert [each.code for each in refused.value.problems] == [code]


def test_a_signature_that_does_not_say_who_signs_is_read_and_told() -> None:
    update, problems = codec.decode_update(sample(f"{FOLDER}/update-bare-signature.xml"))

    assert update.signature.signer_name is None
    assert [(each.code, each.path) for each in problems] == [
        ("SEM-04", "/omobility-las-update-request/approve-proposal-v1/signature")
    ] * 3


def test_a_comment_shows_in_no_representation() -> None:
    assert "LOG144" not in repr(REFUSAL)


def test_messages_to_the_user_are_read_with_their_languages() -> None:
    messages = (
        LangString("Nordhav has stored your decision.", "en"),
        LangString("Nordhav har sparat ert beslut.", "sv"),
        LangString("OK"),
    )

    assert codec.decode_update_response(sample(f"{FOLDER}/update-response-two-languages.xml")) == messages
    assert codec.decode_update_response(codec.encode_update_response(messages)) == messages
    assert codec.decode_update_response(sample(f"{FOLDER}/update-response-silent.xml")) == ()
