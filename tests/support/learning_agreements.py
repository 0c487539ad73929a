"""Learning agreements for tests: builders that name only what matters, strategies for any, the canonical form."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from lxml import etree
from tests.support.agreements import phone_numbers, texts

from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    ComponentStatus,
    LaComponent,
    LaContactPerson,
    LaCredit,
    LaSignature,
    LaStudent,
    LearningAgreement,
    MobilityInstitution,
    ReasonCode,
    StudentLanguageSkill,
    TermId,
)
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.kit import xml

SENDING: Final = "nordhav.example"
RECEIVING: Final = "brava.example"
SIGNED: Final = datetime(2026, 5, 11, 9, 15, tzinfo=UTC)

# --- builders -----------------------------------------------------------------------------------------


def a_component(code: str = "ENG310", **changes: Any) -> LaComponent:
    """A course of 7.5 ECTS in the first of two terms, called by its code."""
    facts: dict[str, Any] = {
        "title": f"Course {code}",
        "los_code": code,
        "term_id": TermId(1, 2),
        "credits": (LaCredit("ects", Decimal("7.5")),),
    }
    return LaComponent(**(facts | changes))


def inserted(component: LaComponent, **changes: Any) -> LaComponent:
    facts: dict[str, Any] = {
        "status": ComponentStatus.INSERTED,
        "reason_code": ReasonCode.SUBSTITUTING_DELETED,
    }
    return replace(component, **(facts | changes))


def deleted(component: LaComponent, **changes: Any) -> LaComponent:
    facts: dict[str, Any] = {"status": ComponentStatus.DELETED, "reason_code": ReasonCode.NOT_AVAILABLE}
    return replace(component, **(facts | changes))


def a_signature(minutes: int = 0, **changes: Any) -> LaSignature:
    """An institution's signature, so many minutes after the student's."""
    facts: dict[str, Any] = {
        "timestamp": SIGNED + timedelta(minutes=minutes),
        "signer_name": "Signe Skrivare",
        "signer_position": "Coordinator",
        "signer_email": "signe.skrivare@nordhav.example",
        "signer_app": "Desk",
    }
    return LaSignature(**(facts | changes))


def some_lists(**changes: Any) -> ComponentLists:
    """Two courses, recognised as one, signed by all three in order."""
    facts: dict[str, Any] = {
        "components_studied": (a_component("ENG310"), a_component("LOG120")),
        "components_recognized": (a_component("VAL77", credits=(LaCredit("ects", Decimal(15)),)),),
        "student_signature": LaSignature(SIGNED),
        "sending_hei_signature": a_signature(10),
        "receiving_hei_signature": a_signature(20),
    }
    return ComponentLists(**(facts | changes))


def some_changes(**changes: Any) -> ComponentLists:
    """One course replaced by another, signed by all three."""
    facts: dict[str, Any] = {
        "components_studied": (deleted(a_component("LOG120")), inserted(a_component("LOG144"))),
        "components_recognized": None,
    }
    return some_lists(**(facts | changes))


def a_proposal(lists: ComponentLists | None = None, **changes: Any) -> ChangesProposal:
    """A proposal of changes that waits for its third signature."""
    lists = replace(lists or some_changes(), receiving_hei_signature=None)
    facts: dict[str, Any] = {"proposal_id": "v1", "lists": lists}
    return ChangesProposal(**(facts | changes))


def a_student(**changes: Any) -> LaStudent:
    facts: dict[str, Any] = {
        "given_names": "Alva Prov",
        "family_name": "Exempelsson",
        "global_id": "urn:schac:personalUniqueCode:int:esi:nordhav.example:700100",
        "birth_date": date(2004, 2, 29),
        "citizenship": "SE",
        "gender": 2,
        "email": "alva.exempelsson@student.nordhav.example",
    }
    return LaStudent(**(facts | changes))


def an_institution(hei_id: str = SENDING, **changes: Any) -> MobilityInstitution:
    facts: dict[str, Any] = {
        "hei_id": HeiId(hei_id),
        "ounit_name": "Coastal Engineering",
        "contact_person": LaContactPerson("Kajsa", "Kontakt", "kajsa.kontakt@nordhav.example"),
    }
    return MobilityInstitution(**(facts | changes))


def an_la(**changes: Any) -> LearningAgreement:
    """A long stay of one term whose first version all three have signed."""
    facts: dict[str, Any] = {
        "omobility_id": OmobilityId("N-OM-417"),
        "sending_hei": an_institution(SENDING),
        "receiving_hei": an_institution(RECEIVING),
        "receiving_academic_year_id": "2026/2027",
        "student": a_student(),
        "start": PlannedDay(2026, 9, 7),
        "end": PlannedDay(2027, 1),
        "eqf_level_studied_at_departure": 6,
        "isced_f_code": "0732",
        "student_language_skill": StudentLanguageSkill("en", "B2"),
        "first_version": some_lists(),
    }
    return LearningAgreement(**(facts | changes))


# --- strategies ---------------------------------------------------------------------------------------

_IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
_REST = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
_EMAILS = st.just("desk@brava.example")
_YEARS = st.sampled_from(("2026/2027", "2026/2026", "2026/2030"))
_URLS = st.just("https://catalogue.brava.example/outcomes")
_MAYBE = st.none() | texts()


def _prefixed(*prefixes: str) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(prefixes), _REST).map("/".join)


def moments() -> st.SearchStrategy[datetime]:
    """Moments with any offset that a time stamp may have."""
    offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    first, last = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")
    return st.datetimes(first, last, timezones=st.just(UTC) | offsets)


def planned_days() -> st.SearchStrategy[PlannedDay]:
    return st.dates().map(PlannedDay.on) | st.builds(PlannedDay, st.integers(1, 9999), st.integers(1, 12))


def components() -> st.SearchStrategy[LaComponent]:
    credit = st.builds(LaCredit, texts(), st.decimals("-10", "400", places=2))
    return st.builds(
        LaComponent,
        title=texts(),
        los_id=st.none() | _prefixed("CR", "CLS", "MOD", "DEP"),
        los_code=_MAYBE,
        loi_id=st.none() | _prefixed("CRI", "CLSI", "MODI", "DEPI"),
        term_id=st.none() | st.builds(TermId, st.integers(-1, 9), st.integers(0, 12)),
        credits=st.lists(credit, max_size=2).map(tuple),
        recognition_conditions=_MAYBE,
        short_description=_MAYBE,
        status=st.none() | st.sampled_from(ComponentStatus),
        reason_code=st.none() | st.sampled_from(ReasonCode),
        reason_text=_MAYBE,
    )


def signatures() -> st.SearchStrategy[LaSignature]:
    return st.builds(LaSignature, moments(), _MAYBE, _MAYBE, _MAYBE, _MAYBE)


def component_lists() -> st.SearchStrategy[ComponentLists]:
    table = st.none() | st.lists(components(), max_size=2).map(tuple)
    names = (
        "components_studied",
        "components_recognized",
        "virtual_components",
        "blended_mobility_components",
        "short_term_doctoral_components",
    )
    return st.builds(
        ComponentLists,
        **dict.fromkeys(names, table),
        student_signature=signatures(),
        sending_hei_signature=signatures(),
        receiving_hei_signature=st.none() | signatures(),
    )


def students() -> st.SearchStrategy[LaStudent]:
    country = st.none() | st.from_regex(r"[A-Z][A-Z]", fullmatch=True)
    gender = st.sampled_from((None, 0, 1, 2, 9))
    return st.builds(
        LaStudent, _MAYBE, _MAYBE, _MAYBE, st.none() | st.dates(), country, gender, st.none() | _EMAILS
    )


def institutions() -> st.SearchStrategy[MobilityInstitution]:
    contact = st.builds(LaContactPerson, texts(), texts(), _EMAILS, st.none() | phone_numbers())
    hei_ids = st.sampled_from((HeiId(SENDING), HeiId(RECEIVING)))
    return st.builds(MobilityInstitution, hei_ids, _MAYBE, st.none() | _IDS, contact)


def las() -> st.SearchStrategy[LearningAgreement]:
    """Any agreement that the format can state, whatever the rules say of it."""
    proposals = st.builds(ChangesProposal, texts(), component_lists(), st.none() | students())
    levels = st.sampled_from(("A1", "B2", "C1", "NS"))
    languages = st.sampled_from(("en", "pt-BR", "zh-Hant"))
    return st.builds(
        LearningAgreement,
        omobility_id=_IDS.map(OmobilityId),
        sending_hei=institutions(),
        receiving_hei=institutions(),
        receiving_academic_year_id=_YEARS,
        student=students(),
        start=planned_days(),
        end=planned_days(),
        eqf_level_studied_at_departure=st.integers(1, 8),
        isced_f_code=texts(),
        isced_clarification=_MAYBE,
        student_language_skill=st.builds(StudentLanguageSkill, languages, levels),
        first_version=st.none() | component_lists(),
        approved_changes=st.none() | component_lists(),
        changes_proposal=st.none() | proposals,
        learning_outcomes_url=st.none() | _URLS,
        provisions_url=st.none() | _URLS,
    )


# --- the canonical form -------------------------------------------------------------------------------

_WHOLE: Final = frozenset({"eqf-level-studied-at-departure", "gender", "term-number", "total-terms"})
_DAYS: Final = frozenset({"start-date", "end-date", "start-year-month", "end-year-month", "birth-date"})
_TOKENS: Final = frozenset({"language", "learning-outcomes-url", "provisions-url"})
_CONTAINERS: Final = frozenset({"omobility-las-get-response", "student", "phone-number"})
_KEPT: Final = frozenset({"id", "status", "reason-code", "reason-text"})
_ZONE: Final = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")


def canonical(document: bytes) -> str:
    """The canonical form of a get response, as the codec defines it, by means of its own."""
    tree = xml.parse(document, limit=len(document))
    for element in tree.iter("*"):
        for name in set(map(str, element.attrib)) - _KEPT:
            del element.attrib[name]
        if len(element) == 0:
            name = etree.QName(element).localname
            contains = name in _CONTAINERS or name.endswith("-components") or name.startswith("components-")
            element.text = None if contains else _plain_value(name, element.text or "")
    etree.indent(tree, space="  ")
    return str(etree.canonicalize(etree.tostring(tree, encoding="unicode"), rewrite_prefixes=True))


def _plain_value(name: str, value: str) -> str:
    token = value.strip(" \t\r\n")
    if name in _WHOLE:
        return str(int(token))
    if name == "value":
        return f"{Decimal(token).normalize():f}"
    if name in _DAYS:
        return _ZONE.sub("", token)
    if name == "timestamp":
        return _plain_moment(token)
    return token if name in _TOKENS else value


def _plain_moment(token: str) -> str:
    """To the microsecond, without noughts at its end, `Z` for no offset."""
    rest, zone = (_ZONE.sub("", token), (_ZONE.search(token) or [""])[0])
    whole, _, fraction = rest.partition(".")
    fraction = fraction[:6].ljust(6, "0")
    zone = "Z" if zone in ("", "+00:00", "-00:00") else zone
    return f"{whole}{'' if fraction == '000000' else '.' + fraction}{zone}"
