"""Ids of proposals are digests of what is proposed, and of nothing else."""

import copy
from pathlib import Path

import pytest
from lxml import etree
from tests.support.fixtures import FIXTURES, PUBLISHED, is_meant_to_be_valid, needs_published

from mobility_adapters.ewp.proposal_id import CHANGES_PROPOSAL, NOMINATION, proposal_id
from mobility_adapters.ewp.reading import parse
from mobility_bridge.kit.xml import Element

PROPOSALS = (
    f"{{*}}changes-proposal[@{CHANGES_PROPOSAL}]",
    f"{{*}}nomination[@{NOMINATION}]",
)


def attribute_of(proposal: Element) -> str:
    return CHANGES_PROPOSAL if etree.QName(proposal).localname == "changes-proposal" else NOMINATION


def proposals(paths: list[Path]) -> list[tuple[str, Element]]:
    found = []
    for path in paths:
        tree = parse(path.read_bytes())
        for way in PROPOSALS:
            found.extend((path.name, each) for each in tree.iterfind(f".//{way}"))
    return found


def published_examples() -> list[Path]:
    return sorted((PUBLISHED / "ewp" / "examples").glob("*.xml"))


@needs_published
def test_every_published_example_carries_the_id_that_is_computed() -> None:
    found = proposals(published_examples())

    assert len(found) >= 8
    for name, proposal in found:
        attribute = attribute_of(proposal)
        assert proposal.get(attribute) == proposal_id(proposal, attribute), name


def sample_proposal() -> Element:
    path = FIXTURES / "ewp/omobility-las/v1/changes-proposed.xml"
    ((_, proposal),) = proposals([path])
    return proposal


def test_our_samples_carry_the_ids_that_are_computed() -> None:
    paths = sorted((FIXTURES / "ewp/omobility-las/v1").glob("*.xml"))
    found = proposals([path for path in paths if is_meant_to_be_valid(path)])

    computed = [(name, each.get("id") == proposal_id(each, CHANGES_PROPOSAL)) for name, each in found]

    assert len(computed) >= 6
    assert {name for name, equal in computed if not equal} == {
        "proposal-without-id.xml",
        "plain-version-ids.xml",
    }


def test_the_id_and_the_layout_are_not_part_of_it() -> None:
    # given
    proposal = sample_proposal()
    wanted = proposal_id(proposal, CHANGES_PROPOSAL)

    # when
    other = copy.deepcopy(proposal)
    other.set("id", "another")
    etree.indent(other, space="\t")

    # then
    assert proposal_id(other, CHANGES_PROPOSAL) == wanted
    assert other.get("id") == "another"
    assert other.text is not None


@pytest.mark.parametrize("name", ["title", "timestamp", "value"])
def test_another_text_gives_another_id(name: str) -> None:
    proposal = sample_proposal()
    before = proposal_id(proposal, CHANGES_PROPOSAL)
    leaf = next(proposal.iter(f"{{*}}{name}"))

    leaf.text = f"{leaf.text}1"

    assert proposal_id(proposal, CHANGES_PROPOSAL) != before


def test_what_stands_around_the_proposal_is_not_part_of_it() -> None:
    proposal = sample_proposal()
    before = proposal_id(proposal, CHANGES_PROPOSAL)
    around = proposal.getparent()
    assert around is not None

    around[0].text = "another mobility"
    around.set("{http://www.w3.org/XML/1998/namespace}lang", "sv")

    assert proposal_id(proposal, CHANGES_PROPOSAL) == before
