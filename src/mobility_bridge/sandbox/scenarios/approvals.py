"""Approvals that are worth nothing, or less. Source: agreements reference 6.4; service desk issues 4 and 5."""

from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.recipes import conditions_hash, earlier_text
from mobility_bridge.sandbox.scenarios.script import Script, Situation, Terms, at, whole

_TERMS = Terms(fields=("0413",))


def play(script: Script) -> None:
    _stale(script)
    _wrong(script)
    _taken_back(script)
    _unmapped(script)
    _waiting(script)
    _our_own_record(script)


def _stale(script: Script) -> None:
    pair = script.pair("alderton.example", _TERMS)
    pair.changes_ours(2, "we ask for one place more", at(0, number="3"))
    script.shows("approval by partner stale", pair, {1: "", 2: "APPROVAL_STALE"})
    pair = script.pair("brava.example", _TERMS)
    pair.changes_theirs(2, "the partner writes another remark", at(0, terms="Agreed by the faculty board."))
    script.shows("approval by us stale", pair, {1: "", 2: "APPROVAL_STALE"})
    pair = script.pair("cedrona.example", _TERMS)
    pair.approved_by_partner(follows=True)
    pair.changes_ours(2, "we change a text; the partner's approval moves along by itself", at(0, number="4"))
    script.shows("approval auto advanced", pair, {1: "", 2: "APPROVAL_AUTO_ADVANCED"})


def _wrong(script: Script) -> None:
    pair = script.pair("dunmore.example", _TERMS)
    pair.approved_by_partner(hash_of(pair.theirs.copy))
    script.shows("approval wrong copy", pair, "APPROVAL_WRONG_COPY")
    pair = script.pair("eskil.example", _TERMS)
    pair.approved_by_partner(hash_of(earlier_text(earlier_text(pair.ours.copy))))
    script.shows("approval unknown hash", pair, "APPROVAL_UNKNOWN_HASH")
    pair = script.pair("fjordal.example", _TERMS)
    pair.approved_by_partner(conditions_hash(pair.ours.copy))
    script.shows("approval old type", pair, "APPROVAL_OLD_TYPE")


def _taken_back(script: Script) -> None:
    pair = script.pair("eskil.example", Terms(fields=("0521",), places_in=3))
    pair.loses_approval(2)
    script.shows("approval withdrawn", pair, {1: "", 2: "APPROVAL_WITHDRAWN"})


def _unmapped(script: Script) -> None:
    unmapped = whole(other_iia_id=None, other_iia_code=None)
    pair = script.pair("fjordal.example", Terms(fields=("0521",), places_in=3), ours=unmapped)
    mapped = whole(other_iia_id=pair.partner_iia_id)
    pair.changes_ours(2, "we name the partner's copy, and our hash changes with that", mapped)
    script.shows("approved unmapped", pair, {1: "NOT_MAPPED_BY_US", 2: "APPROVED_UNMAPPED"})


def _waiting(script: Script) -> None:
    mine, theirs = Situation("approved-by-us", age_days=20), Situation("approved-by-partner", age_days=20)
    pair = script.pair("alderton.example", Terms(fields=("0222",)), mine)
    script.shows("awaiting partner approval", pair, later="AWAITING_PARTNER_APPROVAL")
    pair = script.pair("brava.example", Terms(fields=("0222",)), theirs)
    script.shows("awaiting our approval", pair, later="AWAITING_OUR_APPROVAL")


def _our_own_record(script: Script) -> None:
    pair = script.pair("cedrona.example", Terms(fields=("0222",)), Situation("approved-by-us", age_days=2))
    pair.keep_ours(status="ACTIVE")
    script.shows("local status contradicts", pair, "LOCAL_STATUS_CONTRADICTS")
    pair = script.pair("dunmore.example", Terms(fields=("0222",)), Situation("approved-by-us", age_days=2))
    pair.keep_ours(partner_approval=True)
    pair.comes_true(2)
    script.shows("local approval differs", pair, {1: "LOCAL_APPROVAL_DIFFERS", 2: ""})
    pair = script.pair("eskil.example", Terms(fields=("0222",)))
    pair.keep_ours(odd_levels=("X",))
    script.shows("local value unmapped", pair, "LOCAL_VALUE_UNMAPPED")
