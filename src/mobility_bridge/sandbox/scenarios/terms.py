"""Copies that say different things. Source: EWP agreements: known trouble with terms."""

from dataclasses import replace

from mobility_bridge.sandbox.academic_years import year_id
from mobility_bridge.sandbox.scenarios.rewrites import Rewrite, at, both, whole
from mobility_bridge.sandbox.scenarios.script import Pair, Script, Situation, Terms
from mobility_bridge.sandbox.world import STUDIES, TEACHING, TRAINING, Copy, Field, Language

_BIOLOGY = Terms(places_out=3, fields=("0511",))


def play(script: Script) -> None:
    _conditions(script)
    _years(script)
    _numbers(script)
    _languages(script)
    _fields(script)
    _other(script)
    _legacy(script)
    _whole(script)


def _theirs(
    script: Script,
    hei: str,
    code: str,
    theirs: Rewrite,
    terms: Terms | list[Terms] = _BIOLOGY,
    ours: Rewrite | None = None,
) -> Pair:
    """The partner's copy differs in one thing."""
    pair = script.pair(f"{hei}.example", terms, ours=ours, theirs=theirs)
    # Every holder lists in an order of its own, which changes nothing in what was agreed.
    seen = not code.endswith("_ORDER")
    script.shows(_name(code), pair, code if seen else "", unseen="" if seen else code)
    return pair


def _name(code: str) -> str:
    return code.lower().replace("_", " ")


def _conditions(script: Script) -> None:
    two = [Terms(STUDIES, fields=("0231",)), Terms(TEACHING, fields=("0231",))]
    one = Terms(fields=("0231",), places_in=3)
    _theirs(
        script,
        "dunmore",
        "CONDITION_MISSING",
        lambda copy: replace(copy, conditions=copy.conditions[:3]),
        two,
    )
    _theirs(script, "cedrona", "CONDITION_EXTRA", _with_training, one)
    _theirs(script, "eskil", "CONDITION_ORDER", _backwards, one)
    turned = script.pair("eskil.example", replace(one, directions="out"), theirs=_turned)
    script.shows("direction swapped", turned, "DIRECTION_SWAPPED ONE_DIRECTION_ONLY")
    languages = replace(one, fields=("0231", "0232"), places_out=4)
    _theirs(script, "cedrona", "CONDITION_COUNT", _split_by_field, languages)
    _theirs(
        script,
        "eskil",
        "LIST_ORDER",
        at(0, fields=(Field("0232"), Field("0231"))),
        replace(languages, places_out=1),
    )
    _theirs(script, "alderton", "NO_CONDITIONS", whole(conditions=()), one)


def _with_training(copy: Copy) -> Copy:
    extra = replace(
        copy.conditions[0], kind=TRAINING, number="1", languages=(), levels=(), total="5", blended=None
    )
    return replace(copy, conditions=(*copy.conditions, extra))


def _backwards(copy: Copy) -> Copy:
    return replace(copy, conditions=copy.conditions[::-1])


def _turned(copy: Copy) -> Copy:
    only = copy.conditions[0]
    turned = replace(only, sending_hei_id=only.receiving_hei_id, receiving_hei_id=only.sending_hei_id)
    return replace(copy, conditions=(turned,))


def _split_by_field(copy: Copy) -> Copy:
    first, *others = copy.conditions
    parts = [replace(first, number="2", total="10", fields=(field,)) for field in first.fields]
    return replace(copy, conditions=(*parts, *others))


def _years(script: Script) -> None:
    now = script.this_year
    _theirs(script, "alderton", "YEARS_DIFFER", at(0, last_year=year_id(now + 1)))
    southern = at(0, first_year=year_id(now - 1, southern=True), last_year=year_id(now + 2, southern=True))
    _theirs(script, "fjordal", "YEAR_CALENDAR", southern)
    reversed_years = at(0, first_year=year_id(now + 2), last_year=year_id(now - 1))
    _theirs(script, "dunmore", "YEARS_REVERSED", reversed_years)
    beyond = script.pair(
        "alderton.example", Terms(fields=("0542",)), Situation(last_year=max(2028 - now, 2) + 2)
    )
    script.shows("period beyond programme", beyond, "PERIOD_BEYOND_PROGRAMME")


def _numbers(script: Script) -> None:
    _theirs(script, "brava", "NUMBER_DIFFERS", at(0, number="2"))
    _theirs(script, "dunmore", "DURATION_DIFFERS", at(0, total="18"))
    _theirs(script, "fjordal", "DURATION_ROUNDED", at(0, total="13"), ours=at(0, total="13.5"))
    _theirs(script, "cedrona", "DURATION_PER_PERSON", at(0, total="5"))
    _theirs(script, "brava", "DURATION_MISSING", at(0, total=None))


def _languages(script: Script) -> None:
    plain = Terms(fields=("0533",))
    _theirs(script, "alderton", "LANGUAGE_DIFFERS", at(0, languages=(Language("en", "C1"),)), plain)
    _theirs(script, "brava", "LANGUAGE_VARIANT", at(0, languages=(Language("en-GB", "B2"),)), plain)
    twice = at(1, languages=(Language("en", "B2"), Language("en", "B2")))
    _theirs(script, "dunmore", "LANGUAGE_REPEATED", twice, plain)


def _fields(script: Script) -> None:
    plain = Terms(fields=("0613",))
    _theirs(script, "fjordal", "ISCED_DIFFERS", at(0, fields=(Field("0542"),)), plain)
    _theirs(script, "eskil", "ISCED_GRANULARITY", at(0, fields=(Field("0610"),)), plain)
    clarified = at(0, fields=(Field("0613", "Human-computer interaction"),))
    _theirs(script, "alderton", "ISCED_CLARIFICATION", clarified, plain)


def _other(script: Script) -> None:
    plain = Terms(fields=("0533",))
    _theirs(script, "fjordal", "EQF_DIFFERS", at(0, levels=("6", "7", "8")), plain)
    _theirs(script, "cedrona", "BLENDED_DIFFERS", at(0, blended="true"), plain)
    unit = at(0, sending_ounit_id="nhu-dept-physics")
    _theirs(script, "dunmore", "OUNIT_DIFFERS", at(0, sending_ounit_id="nhu-root"), plain, ours=unit)
    unnamed = at(0, sending_ounit_id=None)
    _theirs(script, "eskil", "OUNIT_ONE_SIDED", unnamed, plain, ours=unit)
    _theirs(script, "brava", "OTHER_TERMS", at(0, terms="Accommodation is guaranteed."), plain)


def _legacy(script: Script) -> None:
    undefined = at(0, number_undefined=True, languages=(Language("en", None, undefined=True),))
    terms, fresh = Terms(fields=("0310",)), Situation("mapped", age_days=2)
    pair = script.pair(
        "dunmore.example", terms, Situation("approved-by-partner", age_days=2), theirs=undefined
    )
    script.shows("legacy flags", pair, "LEGACY_FLAGS")
    pair = script.pair("cedrona.example", terms, fresh, theirs=undefined)
    script.shows("legacy flags on new", pair, "LEGACY_FLAGS_ON_NEW")
    old_code = at(0, fields=(Field("0310", None, "31"),))
    pair = script.pair("eskil.example", terms, theirs=old_code)
    pair.changes_theirs(2, "the partner drops the flags of version 6", at(0, fields=(Field("0310"),)))
    script.shows("legacy lost", pair, {1: "", 2: "LEGACY_LOST"})


def _whole(script: Script) -> None:
    plain = Terms(fields=("0923",))
    pair = script.pair("fjordal.example", plain, theirs=whole(terminated="true"))
    script.shows("terminated one sided", pair, "TERMINATED_ONE_SIDED")
    _theirs(script, "alderton", "TERMINATED_FALSE", whole(terminated="false"), plain)
    _theirs(script, "brava", "IN_EFFECT_MISMATCH", whole(in_effect=False), plain)
    pair = script.pair("alderton.example", plain, Situation("mapped", age_days=2))
    pair.keep_theirs(mirrors=True)
    pair.changes_ours(
        2, "we offer one place more; the partner's system takes our text over", at(0, number="3")
    )
    # The partner's system does it when we notify it; the next reading shows it.
    imported = "STALE_TERMS_AFTER_IMPORT"
    waiting = f"{imported} AWAITING_OUR_APPROVAL AWAITING_PARTNER_APPROVAL"
    script.shows("stale terms after import", pair, {1: "", 2: "NUMBER_DIFFERS", 3: imported, 6: waiting})
    both_sides = both(at(0, number="5"), at(0, total="25"))
    pair = script.pair("fjordal.example", Terms(fields=("0923",), places_in=3))
    pair.changes_theirs(2, "the partner proposes more places", both_sides)
    pair.changes_ours(6, "we follow the partner's proposal", both_sides)
    proposed = {1: "", 2: "NUMBER_DIFFERS DURATION_DIFFERS", 6: ""}
    script.shows("modification", pair, proposed)
    pair = script.pair("alderton.example", Terms(fields=("0923",), places_in=3), theirs=at(0, number="1"))
    pair.changes_theirs(2, "the partner corrects its number", at(0, number="2"))
    pair.records_ours(2, "our copy is open again", status="SENT")
    pair.records_ours(
        3, "we approve the corrected copy, and the agreement is in force again", status="ACTIVE"
    )
    script.shows("corrected later", pair, {1: "NUMBER_DIFFERS", 2: ""})
