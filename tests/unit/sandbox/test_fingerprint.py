"""The sandbox's own hash gives what the vectors say, vector by vector."""

from dataclasses import replace

import pytest
from tests.support.fixtures import PUBLISHED, needs_published, sample, vectors
from tests.support.sandbox import stage

from mobility_bridge.sandbox.fingerprint import NotComputableError, fingerprints, hash_of

FOLDER = "ewp/iias/v7/hash-vectors"


@pytest.mark.parametrize("name", sorted(vectors(FOLDER)))
def test_each_vector_gives_its_hash_and_its_approval_flag(name: str):
    found = fingerprints(sample(f"{FOLDER}/{name}"))

    assert [
        {"iia_id": each.iia_id, "sha256": each.sha256, "valid_for_approval": each.approvable}
        for each in found
    ] == vectors(FOLDER)[name]


@needs_published
@pytest.mark.parametrize("name", ["x01-two-iia-ids.xml", "x02-two-last-years.xml", "x03-two-first-years.xml"])
def test_a_document_with_a_repeated_single_element_has_no_hash(name: str):
    document = (PUBLISHED / "ewp" / "vectors" / "iia-hash-errors" / name).read_bytes()

    with pytest.raises(NotComputableError):
        fingerprints(document)


def test_the_two_copies_of_one_agreement_have_different_hashes():
    world = stage().world
    ours = world.ours["nhu-iia-0001"].copy
    theirs = world.theirs["alderton.example"][ours.other_iia_id or ""].copy

    assert ours.conditions == theirs.conditions
    assert hash_of(ours) != hash_of(theirs)


def test_the_hash_changes_with_the_partners_id_and_not_with_the_code():
    copy = stage().world.ours["nhu-iia-0001"].copy

    assert hash_of(replace(copy, iia_code="another")) == hash_of(copy)
    assert hash_of(replace(copy, other_iia_id=None)) != hash_of(copy)
