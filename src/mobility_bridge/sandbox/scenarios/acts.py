"""The acts of the large scenario: seven weeks, with two days of bad weather in the middle.

The graces that the rules know (days to answer, to approve, to name an id) run out between the acts. On the
stormy days partners and our own systems misbehave; on the last day all is well again, and what they showed is
resolved.
"""

from datetime import timedelta

from mobility_bridge.sandbox.faults import MOBILITY_ONLINE, REGISTRY
from mobility_bridge.sandbox.scenarios.story import Act, Shows

_NO_NEWS_TAKEN = ("dunmore.example", "drops_cnr")

PLOT = (
    Act("everything is read for the first time", timedelta(days=49)),
    Act("people have changed, dropped and approved things", timedelta(days=33)),
    Act(
        "ten minutes later, a record of ours is damaged",
        timedelta(days=33) - timedelta(minutes=10),
        (_NO_NEWS_TAKEN, (MOBILITY_ONLINE, "mo_partial")),
    ),
    Act(
        "a stormy day: partners, registry and Mobility-Online fail",
        timedelta(days=31),
        (
            _NO_NEWS_TAKEN,
            ("alderton.example", "answers_503"),
            ("brava.example", "truncates_body"),
            ("eskil.example", "invalid_error_document"),
            ("fjordal.example", "refuses_us"),
            (MOBILITY_ONLINE, "mo_503"),
            (REGISTRY, "registry_503"),
        ),
    ),
    Act(
        "the storm goes on, in other places",
        timedelta(days=29),
        (
            _NO_NEWS_TAKEN,
            ("alderton.example", "empty_index"),
            ("brava.example", "answers_garbage"),
            ("cedrona.example", "signs_with_old_key"),
            (MOBILITY_ONLINE, "mo_empty"),
            (REGISTRY, "registry_without_our_key"),
        ),
    ),
    Act("fair weather, and what time has brought", timedelta(minutes=20)),
    Act("our office has registered a student in Ladok"),
)
LAST = len(PLOT)

PARTNER_SHOWS: dict[str, Shows] = {
    "alderton.example": {4: ("PARTNER_UNREACHABLE",), 5: ("INDEX_SHRUNK",), 6: ()},
    "brava.example": {4: ("ANSWER_DAMAGED",), 5: ("ANSWER_INVALID",), 6: ()},
    "cedrona.example": {5: ("PARTNER_UNTRUSTED",), 6: ()},
    "dunmore.example": {4: ("NOTIFICATION_UNDELIVERED",), 6: ()},
    "eskil.example": {4: ("ERROR_DOCUMENT_INVALID",), 5: ()},
    "fjordal.example": {
        1: ("INDEX_NOT_FILTERED",),
        4: ("INDEX_NOT_FILTERED", "PARTNER_REFUSES"),
        5: ("INDEX_NOT_FILTERED",),
    },
}

SOURCE_SHOWS: dict[str, Shows] = {
    MOBILITY_ONLINE: {
        3: ("SOURCE_INCOMPLETE", "SOURCE_RECORD_UNREADABLE"),
        4: ("SOURCE_UNREACHABLE",),
        5: ("SOURCE_SHRUNK",),
        6: (),
    },
    "catalogue": {4: ("CATALOGUE_STALE",), 5: ("CLIENT_KEY_UNKNOWN",), 6: ()},
}
