"""Declared hashes that are not those of the text. Source: EWP agreements: known trouble with hashes."""

from mobility_bridge.sandbox.scenarios.rewrites import Rewrite, at, both, whole
from mobility_bridge.sandbox.scenarios.script import Script, Terms
from mobility_bridge.sandbox.world import Condition, Contact, Copy, Field


def play(script: Script) -> None:
    _simple(script)
    _with_odd_text(script)
    _invalid(script)
    _unstable(script)


def _wrong(script: Script, hei: str, code: str, terms: Terms, theirs: Rewrite | None = None) -> None:
    rewrites = [theirs] if theirs else []
    pair = script.pair(hei, terms, theirs=both(*rewrites, whole(hash_recipe=code)))
    script.shows(code.lower().replace("_", " "), pair, code)


def _simple(script: Script) -> None:
    terms = Terms(fields=("0511",))
    for hei, code in (
        ("cedrona.example", "HASH_DECLARED_WRONG"),
        ("alderton.example", "HASH_DOC_SCOPE"),
        ("cedrona.example", "HASH_BEFORE_MAPPING"),
        ("eskil.example", "HASH_SWAPPED_IDS"),
        ("eskil.example", "HASH_OLD_STYLESHEET"),
    ):
        _wrong(script, hei, code, terms)


def _with_odd_text(script: Script) -> None:
    """Hashes whose cause shows only where the text gives it an occasion."""
    _wrong(
        script,
        "brava.example",
        "HASH_LAYOUT",
        Terms(fields=("0511",)),
        at(0, number="\n        2\n      "),
    )
    wishes = "Förhandsbesked lämnas i maj; boende förmedlas av Studentbyrån."
    _wrong(script, "fjordal.example", "HASH_ENCODING", Terms(fields=("0511",), text=wishes))
    _wrong(script, "fjordal.example", "HASH_LEXICAL", Terms(fields=("0521",)), at(0, total="10.0"))
    _wrong(script, "eskil.example", "HASH_EMPTY_ELEMENTS", Terms(fields=("0521",)), _empty_clarifications)
    office = Contact("Faculty Office", "faculty@alderton.example")
    _wrong(
        script, "alderton.example", "HASH_CONTACTS", Terms(fields=("0521",)), at(0, receiving_contact=office)
    )
    attributes = script.pair(
        "alderton.example", Terms(fields=("0541",)), theirs=at(0, stray_type="SubjectArea")
    )
    script.shows("stray attributes", attributes, "HASH_ATTRIBUTES")


def _empty_clarifications(copy: Copy) -> Copy:
    def emptied(condition: Condition) -> Condition:
        fields = tuple(Field(each.code, "") for each in condition.fields)
        return at(0, fields=fields)(whole(conditions=(condition,))(copy)).conditions[0]

    return whole(conditions=tuple(map(emptied, copy.conditions)))(copy)


def _invalid(script: Script) -> None:
    """Hashes that break the schema, too; at a partner that serves one agreement at a time."""
    case = script.pair("dunmore.example", Terms(fields=("0511",)), theirs=whole(hash_recipe="HASH_CASE"))
    script.shows("hash case", case, "HASH_CASE", invalid=True)
    twice = both(whole(hash_recipe="HASH_NOT_COMPUTABLE", extra_iia_id="NHU-CODE-17"))
    pair = script.pair("dunmore.example", Terms(fields=("0521",)), theirs=twice)
    script.shows("hash not computable", pair, "HASH_NOT_COMPUTABLE", invalid=True)


def _unstable(script: Script) -> None:
    pair = script.pair("cedrona.example", Terms(fields=("0531",), places_in=3))
    pair.changes_theirs(
        2,
        "the partner declares the hash of a document with a terminated neighbour, for the same text",
        whole(hash_recipe="HASH_DOC_SCOPE"),
    )
    script.shows("hash unstable", pair, {1: "", 2: "HASH_UNSTABLE HASH_DOC_SCOPE"})
