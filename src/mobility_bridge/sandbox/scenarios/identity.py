"""Copies that do not find each other. Source: EWP agreements: known trouble with mapping and identity; reported to the network's service desk."""

from dataclasses import replace

from mobility_bridge.sandbox.scenarios.rewrites import at, whole
from mobility_bridge.sandbox.scenarios.script import Pair, Script, Situation, Terms
from mobility_bridge.sandbox.world import OWN_HEI_ID, STUDIES, TEACHING, Copy

_LAW = Terms(fields=("0421",))


def play(script: Script) -> None:
    _mapping(script)
    _several(script)
    _names(script)
    _missing(script)
    _vanishing(script)
    _new_ids(script)


def _mapping(script: Script) -> None:
    unmapped = whole(other_iia_id=None, other_iia_code=None)
    pair = script.pair("eskil.example", _LAW, theirs=unmapped)
    script.shows("not mapped by partner", pair, "NOT_MAPPED_BY_PARTNER")
    pair = script.pair("brava.example", _LAW, ours=unmapped)
    script.shows("not mapped by us", pair, "NOT_MAPPED_BY_US")
    pair = script.pair("fjordal.example", _LAW, theirs=whole(other_iia_id="nhu-iia-9999"))
    script.shows("mapped to unknown", pair, "MAPPED_TO_UNKNOWN")
    pair = script.pair("alderton.example", _LAW, Situation("mapped", age_days=60))
    pair.withdraws_ours(2)
    script.shows("mapped to deleted", pair, {1: "", 2: "MAPPED_TO_DELETED"})


def _several(script: Script) -> None:
    pair = script.pair("fjordal.example", [Terms(fields=("0312",)), Terms(TEACHING, fields=("0312",))])
    pair = _another(pair, "conflict", pair.theirs.copy)
    script.shows("mapping conflict", pair, "MAPPING_CONFLICT")
    pair = script.pair("brava.example", [Terms(STUDIES, fields=("0312",)), Terms(TEACHING, fields=("0312",))])
    copy = pair.theirs.copy
    pair.keep_theirs(copy=replace(copy, conditions=copy.conditions[:2]))
    pair = _another(pair, "teaching", replace(copy, conditions=copy.conditions[2:]))
    script.shows("agreement split", pair, "AGREEMENT_SPLIT")
    first = script.pair("cedrona.example", Terms(fields=("0313",)))
    script.shows("the copy with a duplicate", first)
    second = script.pair(
        "cedrona.example",
        Terms(fields=("0313",)),
        Situation("offered"),
        ours=whole(other_iia_id=first.partner_iia_id),
    )
    script.shows("duplicate copy", second, "DUPLICATE_COPY")


def _another(pair: Pair, name: str, copy: Copy) -> Pair:
    """Give the partner one more copy for the same agreement of ours."""
    iia_id = f"{pair.partner_iia_id}-{name}"
    pair.add_theirs(replace(copy, iia_id=iia_id))
    return replace(pair, more_partner_iia_ids=(iia_id,))


def _names(script: Script) -> None:
    pair = script.pair("eskil.example", Terms(fields=("0314",)), theirs=whole(swapped=True))
    script.shows("partner order", pair, "PARTNER_ORDER")
    pair = script.pair(
        "cedrona.example", Terms(fields=("0314",)), theirs=whole(first_hei_id="istituto-cedrona.example")
    )
    script.shows("partner wrong hei", pair, "PARTNER_WRONG_HEI")
    pair = script.pair(
        "dunmore.example", Terms(fields=("0314",)), theirs=at(1, sending_hei_id="Hogeschool Dunmore")
    )
    script.shows("direction hei unknown", pair, "DIRECTION_HEI_UNKNOWN")
    pair = script.pair("brava.example", Terms(fields=("0314",)))
    pair.keep_theirs(copy=replace(pair.theirs.copy, iia_code=pair.partner_iia_id))
    script.shows("id is code", pair, "ID_IS_CODE")
    foreign = script.pair("fjordal.example", Terms(fields=("0313",)), Situation("foreign"))
    foreign.keep_theirs(copy=_between_others(foreign.theirs.copy))
    script.shows("index not filtered", foreign)


def _between_others(copy: Copy) -> Copy:
    conditions = tuple(
        replace(
            each,
            sending_hei_id=each.sending_hei_id.replace(OWN_HEI_ID, "eskil.example"),
            receiving_hei_id=each.receiving_hei_id.replace(OWN_HEI_ID, "eskil.example"),
        )
        for each in copy.conditions
    )
    return replace(copy, other_hei_id="eskil.example", other_iia_id="esk-77", conditions=conditions)


def _missing(script: Script) -> None:
    pair = script.pair("dunmore.example", _LAW, Situation("offered", age_days=60))
    script.shows("no partner copy", pair, {1: "", 2: "NO_PARTNER_COPY"})
    pair = script.pair("alderton.example", Terms(fields=("0313",)), Situation("foreign", age_days=40))
    script.shows("no local copy", pair, "NO_LOCAL_COPY")


def _vanishing(script: Script) -> None:
    pair = script.pair("dunmore.example", Terms(fields=("0313",)), Situation("mapped", age_days=2))
    pair.withdraws_theirs(2)
    script.shows("deleted by partner", pair, {1: "", 2: "DELETED_BY_PARTNER"})
    pair = script.pair("eskil.example", Terms(fields=("0313",)))
    pair.withdraws_theirs(2)
    script.shows("deleted after conclusion", pair, {1: "", 2: "DELETED_AFTER_CONCLUSION"})
    pair = script.pair("cedrona.example", Terms(fields=("0712",)))
    pair.treats_theirs(2, "the partner lists its copy but does not serve it", unreadable=True)
    script.shows("hidden by partner", pair, {1: "", 2: "HIDDEN_BY_PARTNER"})


def _new_ids(script: Script) -> None:
    pair = script.pair("fjordal.example", Terms(fields=("0712",)))
    new_id = f"{pair.partner_iia_id[:-4]}beef"
    pair.renumbers_theirs(2, new_id)
    script.shows("id changed", replace(pair, more_partner_iia_ids=(new_id,)), {1: "", 2: "ID_CHANGED"})
    pair = script.pair("brava.example", Terms(fields=("0712",)), Situation("mapped", age_days=2))
    copy = replace(pair.theirs.copy, other_iia_id=None, other_iia_code=None)
    pair.withdraws_theirs(2)
    pair.returns_theirs(6, at(0, number="9")(at(1, number="7")(copy)))
    script.shows("id reused", pair, {1: "", 2: "DELETED_BY_PARTNER", 6: "ID_REUSED"})
