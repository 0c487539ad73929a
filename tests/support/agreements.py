"""Agreements for tests: builders that name only what matters, strategies for any, the canonical form."""

import re
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.iia_hash import hash_text
from mobility_adapters.ewp.reading import agreement_elements
from mobility_bridge.domain.agreement import (
    CooperationCondition,
    Iia,
    IiaPartner,
    LanguageSkill,
    MobilityKind,
    SubjectArea,
)
from mobility_bridge.domain.contact import Address, Contact, LangString, PhoneNumber
from mobility_bridge.kit import xml
from mobility_bridge.kit.xml import Element

OURS: Final = "nordhav.example"
THEIRS: Final = "brava.example"

# --- builders -----------------------------------------------------------------------------------------


def a_condition(**changes: Any) -> CooperationCondition:
    """Two students a year from us to the partner, for five months each."""
    facts: dict[str, Any] = {
        "kind": MobilityKind.STUDENT_STUDIES,
        "sending_hei_id": OURS,
        "receiving_hei_id": THEIRS,
        "receiving_first_academic_year_id": "2026/2027",
        "receiving_last_academic_year_id": "2027/2028",
        "mobilities_per_year": 2,
        "language_skills": (LanguageSkill("en", "B2"),),
        "subject_areas": (SubjectArea("0613"),),
        "total_per_year": Decimal(10),
        "blended": False,
        "eqf_levels": (6, 7),
    }
    return CooperationCondition(**(facts | changes))


def an_iia(**changes: Any) -> Iia:
    """The partner's copy of an agreement that both have mapped."""
    facts: dict[str, Any] = {
        "partners": (IiaPartner(THEIRS, "B-7", "BRAVA 7"), IiaPartner(OURS, "N-1", "NORDHAV 1")),
        "in_effect": False,
        "conditions": (a_condition(),),
    }
    return Iia(**(facts | changes))


# --- strategies ---------------------------------------------------------------------------------------

_YEARS = st.integers(2021, 2033).flatmap(
    lambda first: st.sampled_from((f"{first}/{first + 1}", f"{first}/{first}"))
)
_CODES = st.from_regex(r"[0-9]{4}", fullmatch=True)
_IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
_HEI_IDS = st.sampled_from((OURS, THEIRS, "cedrona.example"))
_LANGUAGES = st.sampled_from(("en", "sv", "de", "pt-BR", "zh-Hant"))
_LEVELS = st.sampled_from(("A1", "A2", "B1", "B2", "C1", "C2"))
_DURATIONS = st.decimals("0.01", "400", places=2)


def texts() -> st.SearchStrategy[str]:
    """Any text that XML can hold, white space of all kinds included."""
    letters = st.characters(
        exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff", include_characters="\t\n\r"
    )
    return st.text(letters, max_size=20)


def lang_strings() -> st.SearchStrategy[LangString]:
    return st.builds(LangString, texts(), st.none() | _LANGUAGES)


def phone_numbers() -> st.SearchStrategy[PhoneNumber]:
    e164 = st.from_regex(r"\+[0-9]{1,15}", fullmatch=True)
    return st.builds(PhoneNumber, st.none() | e164, st.none() | texts(), st.none() | texts())


def addresses() -> st.SearchStrategy[Address]:
    maybe = st.none() | texts()
    several = st.lists(texts(), max_size=2).map(tuple)
    country = st.none() | st.from_regex(r"[A-Z][A-Z]", fullmatch=True)
    place = {"postal_code": maybe, "locality": maybe, "region": maybe, "country": country}
    lines = st.builds(Address, recipient_names=several, address_lines=several, **place)
    parts = ("building_number", "building_name", "street_name", "unit", "floor", "post_office_box")
    structured = st.builds(
        Address,
        recipient_names=several,
        delivery_point_codes=several,
        **dict.fromkeys(parts, maybe),
        **place,
    )
    return lines | structured


def contacts() -> st.SearchStrategy[Contact]:
    names = st.lists(lang_strings(), max_size=2).map(tuple)
    numbers = st.lists(phone_numbers(), max_size=1).map(tuple)
    return st.builds(
        Contact,
        contact_names=st.lists(lang_strings(), min_size=1, max_size=2).map(tuple),
        person_given_names=names,
        person_family_names=names,
        person_gender=st.sampled_from((None, 0, 1, 2, 9)),
        phone_numbers=numbers,
        fax_numbers=numbers,
        emails=st.lists(st.just("desk@brava.example"), max_size=2).map(tuple),
        street_address=st.none() | addresses(),
        mailing_address=st.none() | addresses(),
        role_descriptions=names,
    )


def subject_areas() -> st.SearchStrategy[SubjectArea]:
    old = st.from_regex(r"[0-9]{1,3}", fullmatch=True)
    return st.builds(SubjectArea, _CODES, st.none() | texts(), st.none() | old)


def language_skills() -> st.SearchStrategy[LanguageSkill]:
    return st.builds(
        LanguageSkill, _LANGUAGES, st.none() | _LEVELS, st.none() | subject_areas(), st.booleans()
    )


def conditions(kind: MobilityKind) -> st.SearchStrategy[CooperationCondition]:
    needs_language = kind in (MobilityKind.STUDENT_STUDIES, MobilityKind.STAFF_TEACHING)
    few_contacts = st.lists(contacts(), max_size=1).map(tuple)
    return st.builds(
        CooperationCondition,
        kind=st.just(kind),
        sending_hei_id=_HEI_IDS,
        receiving_hei_id=_HEI_IDS,
        receiving_first_academic_year_id=_YEARS,
        receiving_last_academic_year_id=_YEARS,
        mobilities_per_year=st.integers(1, 10_000),
        mobilities_not_yet_defined=st.booleans(),
        sending_ounit_id=st.none() | _IDS,
        receiving_ounit_id=st.none() | _IDS,
        sending_contacts=few_contacts,
        receiving_contacts=few_contacts,
        language_skills=st.lists(language_skills(), min_size=int(needs_language), max_size=3).map(tuple),
        subject_areas=st.lists(subject_areas(), max_size=3).map(tuple),
        other_info_terms=st.none() | texts(),
        total_per_year=st.none() | _DURATIONS,
        blended=st.booleans() if kind.is_student else st.none(),
        eqf_levels=st.lists(st.integers(1, 8), max_size=3 if kind.is_student else 0).map(tuple),
    )


def partners() -> st.SearchStrategy[IiaPartner]:
    return st.builds(
        IiaPartner,
        hei_id=_HEI_IDS,
        iia_id=st.none() | _IDS,
        iia_code=st.none() | texts(),
        ounit_id=st.none() | _IDS,
        signing_contact=st.none() | contacts(),
        signing_date=st.none() | st.dates(),
        contacts=st.lists(contacts(), max_size=1).map(tuple),
    )


def iias() -> st.SearchStrategy[Iia]:
    """Any agreement that the format can state, conditions grouped by kind."""
    groups = st.tuples(*(st.lists(conditions(kind), max_size=2) for kind in MobilityKind))
    return st.builds(
        Iia,
        partners=st.tuples(partners(), partners()),
        in_effect=st.booleans(),
        conditions=groups.map(lambda lists: tuple(each for group in lists for each in group)),
        terminated_as_a_whole=st.sampled_from((None, True, False)),
        pdf_file=st.none() | texts(),
    )


# --- the canonical form -------------------------------------------------------------------------------

_WHOLE: Final = frozenset({"mobilities-per-year", "eqf-level", "person-gender"})
_DECIMALS: Final = frozenset({"total-months-per-year", "total-days-per-year"})
_BOOLEANS: Final = frozenset({"in-effect", "blended"})
_CONTAINERS: Final = frozenset(
    [
        "iias-get-response",
        "cooperation-conditions",
        "phone-number",
        "fax-number",
        "street-address",
        "mailing-address",
    ]
)
_KEPT: Final = frozenset(
    {"terminated-as-a-whole", "not-yet-defined", "v6-value", wire.qname(wire.XML, "lang")}
)


def canonical(document: bytes) -> str:
    """The canonical form of a get response, as the version 7 codec defines it, by means of its own."""
    tree = xml.parse(document, limit=len(document))
    for element in tree.iter("*"):
        _plain_attributes(element)
        if len(element) == 0:
            name = etree.QName(element).localname
            element.text = None if name in _CONTAINERS else _plain_value(name, element.text or "")
    for iia in agreement_elements(tree):
        declared = iia.find("{*}iia-hash")
        assert declared is not None
        declared.text = hash_text(iia).sha256
    etree.indent(tree, space="  ")
    return str(etree.canonicalize(etree.tostring(tree, encoding="unicode"), rewrite_prefixes=True))


def _plain_attributes(element: Element) -> None:
    for name in set(map(str, element.attrib)) - _KEPT:
        del element.attrib[name]
    for name in ("terminated-as-a-whole", "not-yet-defined"):
        if name in element.attrib:
            element.set(name, _truth(str(element.attrib[name])))
    if element.get("not-yet-defined") == "false":
        del element.attrib["not-yet-defined"]
    if element.get("v6-value") == "":
        del element.attrib["v6-value"]


def _plain_value(name: str, value: str) -> str:
    token = value.strip(" \t\r\n")
    if name in _WHOLE:
        return str(int(token))
    if name in _DECIMALS:
        return f"{Decimal(token).normalize():f}"
    if name in _BOOLEANS:
        return _truth(token)
    if name == "signing-date":
        return re.sub(r"(Z|[+-][0-9]{2}:[0-9]{2})$", "", token)
    return token if name == "language" else value


def _truth(value: str) -> str:
    return "true" if value.strip(" \t\r\n") in ("true", "1") else "false"
