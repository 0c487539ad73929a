"""Get and index responses and statistics of the Outgoing Mobility Learning Agreements API, version 1.

Reading is lenient: what can be read is, and every oddity is a problem beside it. Writing is strict: `encode`
refuses whatever has a problem. Decoding loses nothing that means anything: `lay_out(decoded)` is the canonical form
of a document that keeps its schema. That is its canonical XML 2.0, prefixes rewritten, after these steps:

- white space between elements as an indentation by two blanks a level, comments dropped;
- whole numbers without sign and leading zeros, decimals without trailing zeros, days and months without a time
  zone, language codes and addresses of the net without white space around them;
- times to the microsecond, with `Z` where the offset is nought or missing;
- undefined attributes left out.

Text is never touched: an empty optional element stays, blanks around a text stay.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.la_reading import LaReader
from mobility_adapters.ewp.la_writing import PREFIXES, write_agreement, write_proposal
from mobility_adapters.ewp.proposal_id import CHANGES_PROPOSAL, proposal_id
from mobility_adapters.ewp.reading import (
    open_document,
    string_value,
    text,
    wrong_content,
)
from mobility_adapters.ewp.semantics import insist
from mobility_adapters.ewp.semantics.learning_agreements import Circumstances, check
from mobility_adapters.ewp.writing import finished, new_document
from mobility_adapters.ewp.yearly import read_years, write_years
from mobility_bridge.domain.identifiers import OmobilityId, Sha256
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    LaStudent,
    LearningAgreement,
)
from mobility_bridge.domain.problem import Problem
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_OMOBILITY_LAS_V1

_LA: Final = wire.qname(wire.OMOBILITY_LAS_V1_GET, "la")
_ID: Final = wire.qname(wire.OMOBILITY_LAS_V1_GET, "omobility-id")
_INDEX_ID: Final = wire.qname(wire.OMOBILITY_LAS_V1_INDEX, "omobility-id")
_YEAR: Final = "academic-year-la-stats"
_COUNTS: Final = (
    "la-outgoing-total",
    "la-outgoing-not-modified-after-approval",
    "la-outgoing-modified-after-approval",
    "la-outgoing-latest-version-approved",
    "la-outgoing-latest-version-rejected",
    "la-outgoing-latest-version-awaiting",
)


@dataclass(frozen=True, slots=True)
class LaFacts:
    """One agreement of a response, undecoded: enough to know whether it has changed.

    `omobility_id` is empty where there is none. `text_digest` covers all of the agreement as written and none of its
    neighbours; `position` counts from 0.
    """

    omobility_id: OmobilityId
    text_digest: Sha256
    position: int


@dataclass(frozen=True, slots=True)
class ReadLa:
    """One agreement of a response, with what is odd about it: its form first, then what it says.

    `position` counts from 0.
    """

    la: LearningAgreement
    position: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class LasResponse:
    """A response as read. `problems` are those of no single agreement: one without id, one that comes twice."""

    agreements: tuple[ReadLa, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class OutgoingLaStats:
    """Counts of a sending HEI's agreements for one year of the receiving HEIs. They need not add up."""

    receiving_academic_year_id: str
    total: int
    not_modified_after_approval: int
    modified_after_approval: int
    latest_version_approved: int
    latest_version_rejected: int
    latest_version_awaiting: int


# --- reading ------------------------------------------------------------------------------------------------


def read_facts(document: bytes | Element) -> list[LaFacts]:
    """Say which agreements a response holds, and a digest of each, without decoding any. Raises InvalidDocument."""
    tree = open_document(document, wire.OMOBILITY_LAS_V1_GET_ROOT)
    return [
        LaFacts(OmobilityId(text(la, _ID) or ""), _text_digest(la), position)
        for position, la in enumerate(tree.iterchildren(_LA))
    ]


def decode_all(
    document: bytes | Element,
    *,
    about: Circumstances | None = None,
    only: Container[int] | None = None,
) -> LasResponse:
    """Read every agreement of a response as far as it can be read, and judge it by the rules.

    Shape:   document order; with `only`, those at these positions. An agreement without an id is a problem of the
             response, and so is the second of two with the same id; that one is there all the same.
    Raises:  InvalidDocument (not_xml, doctype, too_large, wrong_root).
    """
    tree = open_document(document, wire.OMOBILITY_LAS_V1_GET_ROOT)
    found, whole, seen = [], LaReader(), set()
    elements = list(tree.iterchildren(_LA))
    for position, element in enumerate(elements):
        if only is not None and position not in only:
            continue
        reader = LaReader()
        la = reader.agreement(element)
        if la is None:
            whole.problems.extend(reader.problems)
            continue
        if la.omobility_id in seen:
            whole.note("REPEATED", element, "an agreement of this id comes before")
        seen.add(la.omobility_id)
        reader.problems.extend(check(la, at=_path(position, len(elements)), about=about))
        found.append(ReadLa(la, position, tuple(reader.problems)))
    for stranger in tree if len(tree) > len(elements) else ():
        if stranger.tag != _LA:
            whole.passed_over(stranger)
    return LasResponse(tuple(found), tuple(whole.problems))


def decode_at(document: bytes, position: int) -> LearningAgreement:
    """Decode the agreement at `position` (from 0) of a stored response. Raises InvalidDocument."""
    tree = open_document(document, wire.OMOBILITY_LAS_V1_GET_ROOT)
    agreements = list(tree.iterchildren(_LA))
    if not 0 <= position < len(agreements):
        raise wrong_content(f"the document holds {len(agreements)} agreements, none at {position}", tree)
    la = LaReader().agreement(agreements[position])
    if la is None:
        raise wrong_content("the agreement has no omobility-id", agreements[position])
    return la


def _text_digest(la: Element) -> Sha256:
    """SHA-256 of one agreement as written, the same whether it comes alone or with others."""
    written = etree.tostring(la, encoding="UTF-8", xml_declaration=False, with_tail=False)
    return Sha256(sha256(written).hexdigest())


def _path(position: int, count: int) -> str:
    return "/omobility-las-get-response/la" + ("" if count == 1 else f"[{position + 1}]")


def decode_index(document: bytes | Element) -> tuple[OmobilityId, ...]:
    """Read the ids of an index response in its order, repetitions included. Raises InvalidDocument."""
    tree = open_document(document, wire.OMOBILITY_LAS_V1_INDEX_ROOT)
    ids = []
    for element in tree.iterchildren(_INDEX_ID):
        omobility_id = string_value(element)
        if not omobility_id:
            raise wrong_content("an omobility-id is empty", element)
        ids.append(OmobilityId(omobility_id))
    return tuple(ids)


def decode_stats(document: bytes | Element) -> list[OutgoingLaStats]:
    """Read a stats response, a row a year. Raises InvalidDocument."""
    return read_years(document, wire.OMOBILITY_LAS_V1_STATS_ROOT, _YEAR, _COUNTS, OutgoingLaStats)


# --- writing ------------------------------------------------------------------------------------------------


def encode(las: Sequence[LearningAgreement], *, now: datetime | None = None) -> bytes:
    """Write a response that holds these agreements, none of which may have any problem.

    Shape:   UTF-8 with a declaration, indented by two blanks. The ids of proposals stay as they are.
    Raises:  UnsoundDocument with all problems of all agreements; ValueError for what the format cannot say.
    """
    insist(_problems(las, Circumstances(now=now)))
    return lay_out(las)


def lay_out(las: Iterable[LearningAgreement]) -> bytes:
    """Write agreements as they are, right or wrong. Raises ValueError for what the format cannot say."""
    root = new_document(wire.OMOBILITY_LAS_V1_GET_ROOT, **PREFIXES)
    for la in las:
        write_agreement(root, la)
    return finished(root)


def new_proposal(lists: ComponentLists, student: LaStudent | None = None) -> ChangesProposal:
    """Make a proposal of what student and sender have signed, with the id that names it from now on."""
    root = new_document(wire.OMOBILITY_LAS_V1_GET_ROOT, **PREFIXES)
    proposal = ChangesProposal("", lists, student)
    return replace(proposal, proposal_id=proposal_id(write_proposal(root, proposal), CHANGES_PROPOSAL))


def encode_index(omobility_ids: Iterable[OmobilityId]) -> bytes:
    root = new_document(wire.OMOBILITY_LAS_V1_INDEX_ROOT)
    for omobility_id in omobility_ids:
        etree.SubElement(root, _INDEX_ID).text = omobility_id
    return finished(root)


def encode_stats(years: Iterable[OutgoingLaStats]) -> bytes:
    rows = ((year, counts) for year, *counts in map(astuple, years))
    return write_years(wire.OMOBILITY_LAS_V1_STATS_ROOT, _YEAR, _COUNTS, rows)


def _problems(las: Sequence[LearningAgreement], about: Circumstances) -> Iterator[Problem]:
    for position, la in enumerate(las):
        yield from check(la, at=_path(position, len(las)), about=about)
