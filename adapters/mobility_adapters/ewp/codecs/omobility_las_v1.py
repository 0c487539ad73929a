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

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.la_reading import LaReader
from mobility_adapters.ewp.la_writing import PREFIXES, write_agreement, write_proposal
from mobility_adapters.ewp.objects import (
    ObjectFacts,
    object_path,
    objects_of,
    read_contents,
    read_ids,
    read_object_at,
    write_ids,
)
from mobility_adapters.ewp.proposal_id import CHANGES_PROPOSAL, proposal_id
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.semantics import insist
from mobility_adapters.ewp.semantics.learning_agreements import Circumstances, check
from mobility_adapters.ewp.writing import finished, new_document
from mobility_adapters.ewp.yearly import read_years, write_years
from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    LaStudent,
    LearningAgreement,
)
from mobility_bridge.domain.problem import Problem
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_OMOBILITY_LAS_V1

_ROOT: Final = wire.OMOBILITY_LAS_V1_GET_ROOT
_LA: Final = wire.qname(wire.OMOBILITY_LAS_V1_GET, "la")
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


def read_facts(document: bytes | Element) -> list[ObjectFacts]:
    """Say which agreements a response holds, and a digest of each, without decoding any. Raises InvalidDocument."""
    return [facts for _, facts in objects_of(open_document(document, _ROOT), _LA)]


def decode_all(document: bytes | Element, *, about: Circumstances | None = None) -> LasResponse:
    """Read every agreement of a response as far as it can be read, and judge it by the rules.

    Shape:   document order. An agreement without an id is a problem of the response, and so is the second of two
             with the same id; that one is there all the same.
    Raises:  InvalidDocument (not_xml, doctype, too_large, wrong_root).
    """
    found, problems = read_contents(
        open_document(document, _ROOT),
        _LA,
        LaReader,
        LaReader.agreement,
        lambda la, at: check(la, at=at, about=about),
        noun="an agreement",
    )
    return LasResponse(tuple(ReadLa(la, position, its) for position, la, its in found), problems)


def decode_at(document: bytes, position: int) -> LearningAgreement:
    """Decode the agreement at `position` (from 0) of a stored response. Raises InvalidDocument."""
    return read_object_at(open_document(document, _ROOT), _LA, position, LaReader, LaReader.agreement)


def decode_index(document: bytes | Element) -> tuple[OmobilityId, ...]:
    """Read the ids of an index response in its order, repetitions included. Raises InvalidDocument."""
    return read_ids(open_document(document, wire.OMOBILITY_LAS_V1_INDEX_ROOT), _INDEX_ID)


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
    root = new_document(_ROOT, **PREFIXES)
    for la in las:
        write_agreement(root, la)
    return finished(root)


def new_proposal(lists: ComponentLists, student: LaStudent | None = None) -> ChangesProposal:
    """Make a proposal of what student and sender have signed, with the id that names it from now on."""
    root = new_document(_ROOT, **PREFIXES)
    proposal = ChangesProposal("", lists, student)
    return replace(proposal, proposal_id=proposal_id(write_proposal(root, proposal), CHANGES_PROPOSAL))


def encode_index(omobility_ids: Iterable[OmobilityId]) -> bytes:
    root = new_document(wire.OMOBILITY_LAS_V1_INDEX_ROOT)
    write_ids(root, _INDEX_ID, omobility_ids)
    return finished(root)


def encode_stats(years: Iterable[OutgoingLaStats]) -> bytes:
    rows = ((year, counts) for year, *counts in map(astuple, years))
    return write_years(wire.OMOBILITY_LAS_V1_STATS_ROOT, _YEAR, _COUNTS, rows)


def _problems(las: Sequence[LearningAgreement], about: Circumstances) -> Iterator[Problem]:
    for position, la in enumerate(las):
        yield from check(la, at=object_path(_ROOT, _LA, position, len(las)), about=about)
