"""What the inspector says about documents in hand."""

import pytest
from tests.support.agreements import an_iia
from tests.support.fixtures import is_meant_to_be_valid, sample, samples, vectors

from mobility_adapters.ewp.codecs import cnr
from mobility_adapters.ewp.inspector import Inspector
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.ports.documents import DocumentInspector


@pytest.fixture(scope="module")
def inspector() -> DocumentInspector:
    return Inspector()


@pytest.mark.parametrize(
    "folder", ["iias/v7", "iias-approval", "iia-cnr", "iia-approval-cnr", "echo", "architecture"]
)
def test_every_sample_gets_the_verdict_that_its_name_promises(
    inspector: DocumentInspector, folder: str
) -> None:
    for path in samples(f"ewp/{folder}"):
        report = inspector.validate(path.read_bytes())

        assert report.valid == is_meant_to_be_valid(path), path
        assert bool(report.problems) != report.valid, path


def test_a_valid_document_is_named_by_api_and_version(inspector: DocumentInspector) -> None:
    report = inspector.validate(sample("ewp/iias/v7/mutually-approved.xml"))

    assert (report.valid, report.api, report.version) == (True, "iias", "7.0.0")


def test_a_problem_has_a_line_and_a_path(inspector: DocumentInspector) -> None:
    (problem, *_) = inspector.validate(sample("ewp/iias/v7/invalid-isced-three-digits.xml")).problems

    assert problem.line is not None
    assert problem.path is not None
    assert "isced-f-code" in problem.path


@pytest.mark.parametrize("body", [b"", b"no XML", b"<!DOCTYPE a><a/>", b"<unknown/>", b"\xff\xfe\x00"])
def test_anything_at_all_gets_a_report(inspector: DocumentInspector, body: bytes) -> None:
    report = inspector.validate(body)

    assert not report.valid
    assert report.api is None
    assert report.problems


def test_hashes_of_a_document_are_told_in_both_scopes(inspector: DocumentInspector) -> None:
    first, second = inspector.hashes(sample("ewp/iias/v7/hash-vectors/h02-two-one-terminated.xml"))

    expected = vectors()["h02-two-one-terminated.xml"]
    assert [first.sha256, second.sha256] == [each["sha256"] for each in expected]
    assert first.alone_sha256 == vectors()["h03-first-of-h02-alone.xml"][0]["sha256"]
    assert second.alone_sha256 == second.sha256
    assert [first.verdict, second.verdict] == [HashVerdict.DOC_SCOPE, HashVerdict.MATCHES]
    assert first.text.startswith("_@terminated-as-a-whole@_")
    assert first.conditions_hash is None


def test_hashes_of_a_version_6_document_are_the_new_and_the_old(inspector: DocumentInspector) -> None:
    (agreement,) = inspector.hashes(sample("ewp/iias/v6/hash-vectors/m04-contacts.xml"))

    assert agreement.conditions_hash == agreement.declared
    assert agreement.verdict is HashVerdict.MATCHES
    assert agreement.sha256 != agreement.conditions_hash


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (b"4c61efe7", b"00000000", HashVerdict.DECLARED_WRONG),
        (b"4c61efe7", b"4C61EFE7", HashVerdict.CASE),
    ],
)
def test_a_wrong_version_6_hash_is_noticed(
    inspector: DocumentInspector, old: bytes, new: bytes, verdict: HashVerdict
) -> None:
    document = sample("ewp/iias/v6/hash-vectors/m04-contacts.xml").replace(old, new)

    assert [each.verdict for each in inspector.hashes(document)] == [verdict]


def test_a_version_6_agreement_may_declare_nothing(inspector: DocumentInspector) -> None:
    head, rest = sample("ewp/iias/v6/hash-vectors/m04-contacts.xml").split(b"<conditions-hash>")
    _, tail = rest.split(b"</conditions-hash>")

    assert [each.verdict for each in inspector.hashes(head + tail)] == [HashVerdict.NOT_DECLARED]


@pytest.mark.parametrize("body", [b"no XML", cnr.encode(CnrKind.IIA)])
def test_what_holds_no_agreements_has_no_hashes(inspector: DocumentInspector, body: bytes) -> None:
    with pytest.raises(InvalidDocument):
        inspector.hashes(body)
    with pytest.raises(InvalidDocument):
        inspector.segments(body)
    with pytest.raises(InvalidDocument):
        inspector.agreements(body)


def test_the_segments_make_up_the_text(inspector: DocumentInspector) -> None:
    document = sample("ewp/iias/v7/two-agreements.xml")
    hashed = inspector.hashes(document)

    assert ["".join(inspector.segments(document, position)) for position in (0, 1)] == [
        each.text for each in hashed
    ]
    with pytest.raises(InvalidDocument, match="none at 2"):
        inspector.segments(document, 2)


def test_a_written_agreement_is_valid_and_declares_its_own_hash(inspector: DocumentInspector) -> None:
    document = Inspector().write(an_iia())

    assert inspector.validate(document).valid
    assert [each.verdict for each in inspector.hashes(document)] == [HashVerdict.MATCHES]
    assert inspector.agreements(document)[0].partners == an_iia().partners
