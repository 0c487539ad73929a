"""Approvals that are worth nothing, or less. Source: EWP agreements: known trouble with approvals and notifications; reported to the network's service desk."""

from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.recipes import conditions_hash, earlier_text
from mobility_bridge.sandbox.scenarios.rewrites import at, whole
from mobility_bridge.sandbox.scenarios.script import Script, Situation, Terms

_TERMS = Terms(fields=("0413",))


def play(script: Script) -> None:
    _stale(script)
    _wrong(script)
    _taken_back(script)
    _unmapped(script)
    _waiting(script)
    _our_own_record(script)


def _stale(script: Script) -> None:
    for hei, name, state, waiting in (
        ("alderton.example", "by partner", "approved-by-partner", "AWAITING_OUR_APPROVAL"),
        ("brava.example", "by us", "approved-by-us", "AWAITING_PARTNER_APPROVAL"),
    ):
        pair = script.pair(hei, _TERMS, Situation(state, age_days=2))
        pair.changes_theirs(2, "the partner proposes a place more", at(0, number="3"))
        pair.changes_ours(2, "we have agreed to a place more", at(0, number="3"))
        script.shows(
            f"approval {name} stale", pair, {1: "", 2: "APPROVAL_STALE", 6: f"APPROVAL_STALE {waiting}"}
        )
    pair = script.pair("cedrona.example", _TERMS)
    pair.approved_by_partner(follows=True)
    pair.changes_ours(2, "we change a text; the partner's approval moves along by itself", at(0, number="4"))
    script.shows("approval auto advanced", pair, {1: "", 2: "APPROVAL_AUTO_ADVANCED NUMBER_DIFFERS"})


def _wrong(script: Script) -> None:
    pair = script.pair("dunmore.example", _TERMS)
    pair.approved_by_partner(hash_of(pair.theirs.copy))
    script.shows("approval wrong copy", pair, "APPROVAL_WRONG_COPY")
    pair = script.pair("eskil.example", _TERMS)
    pair.approved_by_partner(hash_of(earlier_text(pair.ours.copy)))
    script.shows("approval unknown hash", pair, "APPROVAL_UNKNOWN_HASH")
    pair = script.pair("fjordal.example", _TERMS)
    pair.approved_by_partner(conditions_hash(pair.ours.copy))
    # That hash is made from the document that Mobility-Online serves, which its records do not show.
    script.shows("approval old type", pair, "APPROVAL_UNKNOWN_HASH", unseen="APPROVAL_OLD_TYPE")


def _taken_back(script: Script) -> None:
    pair = script.pair("eskil.example", Terms(fields=("0521",), places_in=3))
    pair.loses_approval(2)
    script.shows("approval withdrawn", pair, {1: "", 2: "APPROVAL_WITHDRAWN"})


def _unmapped(script: Script) -> None:
    unmapped = whole(other_iia_id=None, other_iia_code=None)
    situation = Situation("approved-by-partner", age_days=2)
    pair = script.pair("fjordal.example", Terms(fields=("0521",), places_in=3), situation, ours=unmapped)
    mapped = whole(other_iia_id=pair.partner_iia_id)
    pair.changes_ours(2, "we name the partner's copy, and our hash changes with that", mapped)
    codes = {1: "NOT_MAPPED_BY_US", 2: "APPROVED_UNMAPPED", 6: "APPROVED_UNMAPPED AWAITING_OUR_APPROVAL"}
    script.shows("approved unmapped", pair, codes)


def _waiting(script: Script) -> None:
    mine, theirs = Situation("approved-by-us", age_days=20), Situation("approved-by-partner", age_days=20)
    pair = script.pair("alderton.example", Terms(fields=("0222",)), mine)
    script.shows("awaiting partner approval", pair, {1: "", 2: "AWAITING_PARTNER_APPROVAL"})
    pair = script.pair("brava.example", Terms(fields=("0222",)), theirs)
    script.shows("awaiting our approval", pair, {1: "", 2: "AWAITING_OUR_APPROVAL"})


def _our_own_record(script: Script) -> None:
    pair = script.pair("cedrona.example", Terms(fields=("0222",)), Situation("approved-by-us", age_days=2))
    pair.keep_ours(status="ACTIVE")
    script.shows("local status contradicts", pair, "LOCAL_STATUS_CONTRADICTS")
    pair = script.pair("dunmore.example", Terms(fields=("0222",)), Situation("mapped", age_days=2))
    pair.keep_ours(partner_approval=True)
    pair.comes_true(2)
    codes = {1: "LOCAL_APPROVAL_DIFFERS", 2: "AWAITING_OUR_APPROVAL"}
    script.shows("local approval differs", pair, codes)
    pair = script.pair("eskil.example", Terms(fields=("0222",)))
    pair.keep_ours(odd_levels=("X",))
    script.shows("local value unmapped", pair, "LOCAL_VALUE_UNMAPPED")
