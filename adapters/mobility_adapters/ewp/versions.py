"""Which version of which API we speak: one row each, and nothing else to change for a new one.

A row drives the choice from the catalogue, the check of an answer's root element and the codec.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from mobility_adapters.ewp import wire

Method = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One major version of one API as a client uses it.

    `urls` maps the URL elements of a manifest entry to our endpoint names, `roots` those names to the root
    element of a good answer. `limit` is the element with the number of ids per call. `methods` are in the
    order of preference; CNRs are POST only. `format` is the word for stored documents of this version.
    """

    api: str
    major: int
    entry: str
    urls: Mapping[str, str]
    roots: Mapping[str, str]
    limit: str | None = None
    methods: tuple[Method, ...] = ("GET", "POST")
    format: str | None = None


SPOKEN: Final = (
    ApiVersion(
        "iias",
        7,
        wire.qname(wire.IIAS_V7_ENTRY, "iias"),
        {"get-url": "get", "index-url": "index", "stats-url": "stats"},
        {"get": wire.IIAS_V7_GET_ROOT, "index": wire.IIAS_V7_INDEX_ROOT, "stats": wire.IIAS_V7_STATS_ROOT},
        limit="max-iia-ids",
        format=wire.FORMAT_IIAS_V7,
    ),
    ApiVersion(
        "iias-approval",
        2,
        wire.qname(wire.IIAS_APPROVAL_V2_ENTRY, "iias-approval"),
        {"url": "url"},
        {"url": wire.IIAS_APPROVAL_V2_ROOT},
        limit="max-iia-ids",
    ),
    ApiVersion(
        "iia-cnr",
        3,
        wire.qname(wire.IIA_CNR_V3_ENTRY, "iia-cnr"),
        {"url": "url"},
        {"url": wire.IIA_CNR_V3_ROOT},
        methods=("POST",),
    ),
    ApiVersion(
        "iia-approval-cnr",
        2,
        wire.qname(wire.IIA_APPROVAL_CNR_V2_ENTRY, "iia-approval-cnr"),
        {"url": "url"},
        {"url": wire.IIA_APPROVAL_CNR_V2_ROOT},
        methods=("POST",),
    ),
    ApiVersion(
        "omobility-las",
        1,
        wire.qname(wire.OMOBILITY_LAS_V1_ENTRY, "omobility-las"),
        {"get-url": "get", "index-url": "index", "update-url": "update", "stats-url": "stats"},
        {
            "get": wire.OMOBILITY_LAS_V1_GET_ROOT,
            "index": wire.OMOBILITY_LAS_V1_INDEX_ROOT,
            "update": wire.OMOBILITY_LAS_V1_UPDATE_RESPONSE_ROOT,
            "stats": wire.OMOBILITY_LAS_V1_STATS_ROOT,
        },
        limit="max-omobility-ids",
        format=wire.FORMAT_OMOBILITY_LAS_V1,
    ),
    ApiVersion(
        "omobility-la-cnr",
        1,
        wire.qname(wire.OMOBILITY_LA_CNR_V1_ENTRY, "omobility-la-cnr"),
        {"url": "url"},
        {"url": wire.OMOBILITY_LA_CNR_V1_ROOT},
        limit="max-omobility-ids",
        methods=("POST",),
    ),
    ApiVersion(
        "omobilities",
        3,
        wire.qname(wire.OMOBILITIES_V3_ENTRY, "omobilities"),
        {"get-url": "get", "index-url": "index", "update-url": "update"},
        {
            "get": wire.OMOBILITIES_V3_GET_ROOT,
            "index": wire.OMOBILITIES_V3_INDEX_ROOT,
            "update": wire.OMOBILITIES_V3_UPDATE_RESPONSE_ROOT,
        },
        limit="max-omobility-ids",
        format=wire.FORMAT_OMOBILITIES_V3,
    ),
    ApiVersion(
        "omobility-cnr",
        2,
        wire.qname(wire.OMOBILITY_CNR_V2_ENTRY, "omobility-cnr"),
        {"url": "url"},
        {"url": wire.OMOBILITY_CNR_V2_ROOT},
        limit="max-omobility-ids",
        methods=("POST",),
    ),
    ApiVersion(
        "omobility-stats",
        1,
        wire.qname(wire.OMOBILITY_STATS_V1_ENTRY, "omobility-stats"),
        {"url": "url"},
        {"url": wire.OMOBILITY_STATS_V1_ROOT},
        methods=("GET",),
    ),
    ApiVersion(
        "imobilities",
        2,
        wire.qname(wire.IMOBILITIES_V2_ENTRY, "imobilities"),
        {"get-url": "get"},
        {"get": wire.IMOBILITIES_V2_GET_ROOT},
        limit="max-omobility-ids",
        format=wire.FORMAT_IMOBILITIES_V2,
    ),
    ApiVersion(
        "imobility-cnr",
        2,
        wire.qname(wire.IMOBILITY_CNR_V2_ENTRY, "imobility-cnr"),
        {"url": "url"},
        {"url": wire.IMOBILITY_CNR_V2_ROOT},
        limit="max-omobility-ids",
        methods=("POST",),
    ),
    ApiVersion(
        "imobility-tors",
        3,
        wire.qname(wire.IMOBILITY_TORS_V3_ENTRY, "imobility-tors"),
        {"get-url": "get", "index-url": "index"},
        {"get": wire.IMOBILITY_TORS_V3_GET_ROOT, "index": wire.IMOBILITY_TORS_V3_INDEX_ROOT},
        limit="max-omobility-ids",
        format=wire.FORMAT_IMOBILITY_TORS_V3,
    ),
    ApiVersion(
        "imobility-tor-cnr",
        2,
        wire.qname(wire.IMOBILITY_TOR_CNR_V2_ENTRY, "imobility-tor-cnr"),
        {"url": "url"},
        {"url": wire.IMOBILITY_TOR_CNR_V2_ROOT},
        limit="max-omobility-ids",
        methods=("POST",),
    ),
    ApiVersion(
        "imobility-tor-stats",
        1,
        wire.qname(wire.IMOBILITY_TOR_STATS_V1_ENTRY, "imobility-tor-stats"),
        {"url": "url"},
        {"url": wire.IMOBILITY_TOR_STATS_V1_ROOT},
        methods=("GET",),
    ),
    ApiVersion(
        "echo",
        2,
        wire.qname(wire.ECHO_V2_ENTRY, "echo"),
        {"url": "url"},
        {"url": wire.ECHO_V2_ROOT},
    ),
)

BY_ENTRY: Final[Mapping[str, ApiVersion]] = {row.entry: row for row in SPOKEN}
BY_API: Final[Mapping[str, ApiVersion]] = {row.api: row for row in SPOKEN}
AGREEMENT_APIS: Final = frozenset({"iias", "iias-approval", "iia-cnr", "iia-approval-cnr"})

# Only to say that a partner is on another major version, never to choose one to call. Both styles occur.
_OTHER_MAJOR = re.compile(
    r"\{https://github\.com/erasmus-without-paper/ewp-specs-api-[a-z-]+/(?:blob|tree)/stable-v[0-9]+/"
    r"manifest-entry\.xsd\}(?P<api>[a-z-]+)"
)


def other_major(entry: str) -> str | None:
    """Name the API of an entry that is one of ours in a major version that we do not speak."""
    match = _OTHER_MAJOR.fullmatch(entry)
    if match is None or entry in BY_ENTRY or match["api"] not in BY_API:
        return None
    return match["api"]
