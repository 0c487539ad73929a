"""From answers to facts. Every answer has one shape whichever form it came in (`values`).

Source: Ladok: service areas; states.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from mobility_adapters.ladok import values
from mobility_adapters.ladok.events.students import GENDERS, civic_number
from mobility_adapters.ladok.exchange import ExchangeRules
from mobility_adapters.ladok.values import Node, last_word, rows, text, uid
from mobility_bridge.domain.civic_number import european_student_identifier
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.occasion import (
    CodeRow,
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    OccasionCancelled,
    PartyDomain,
)
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.registration import Participant, Participation, StudyPeriod
from mobility_bridge.domain.registry_student import LadokStudent, StudentDeceased
from mobility_bridge.domain.result import (
    CreditGround,
    CreditTarget,
    CreditTransfer,
    OtherMerit,
    StudentResult,
)

Problems = list[tuple[str, str]]


def student(node: Node, as_of: datetime, problems: Problems) -> tuple[Fact, ...]:
    """`si:Student`."""
    student_uid = luid(node, "Uid")
    if student_uid is None:
        problems.append(("Student", "has no Uid"))
        return ()
    external = luid(node, "ExterntUID")
    person = Person(
        names=_person_names(node),
        birth_date=values.day(node, "Fodelsedata"),
        gender=GENDERS.get(text(node, "KonID", "Kon"), 0),
        global_id=None if external is None else european_student_identifier(external),
        civic_number=civic_number(text(node, "Personnummer"), as_of.date(), problems),
        ladok_student_uid=student_uid,
        ladok_external_uid=external,
    )
    deceased = values.flag(node, "Avliden")
    return (
        LadokStudent(student_uid=student_uid, person=person, as_of=as_of),
        StudentDeceased(student_uid=student_uid, removed=not deceased, as_of=as_of),
    )


def _person_names(node: Node) -> tuple[PersonName, ...]:
    family, given = text(node, "Efternamn"), text(node, "Fornamn")
    return (PersonName(given or "", family or ""),) if family or given else ()


def participations(
    node: Node, student_uid: LadokUid, as_of: datetime, problems: Problems
) -> Iterator[Participation]:
    """A list of `Tillfallesdeltagande`, under that name or as the answer's only list."""
    for row in _listed(node, "Tillfallesdeltaganden", "Tillfallesdeltagande"):
        admission_uid = luid(row, "Uid")
        if admission_uid is None:
            problems.append(("Tillfallesdeltagande", "has no Uid"))
            continue
        about = values.child(row, "Utbildningsinformation")
        yield Participation(
            admission_uid=admission_uid,
            student_uid=student_uid,
            occasion_uid=luid(about, "UtbildningstillfalleUID"),
            education_uid=luid(about, "UtbildningUID"),
            education_code=text(about, "Utbildningskod"),
            occasion_code=text(about, "Utbildningstillfalleskod"),
            begun=values.flag(row, "Paborjad"),
            completed=values.flag(row, "Avklarad"),
            withdrawn=values.flag(row, "Aterbud"),
            on_leave=values.flag(row, "HarPagandeUppehall"),
            current=text(row, "Nuvarande") != "false",
            periods=tuple(_period(each) for each in rows(row, "Perioddeltaganden", "Perioddeltagande")),
            as_of=as_of,
        )


def _period(node: Node) -> StudyPeriod:
    index = text(node, "Periodindex")
    return StudyPeriod(
        index=int(index) if index and index.isdigit() else 0,
        starts_on=values.day(node, "UtbildningsPeriodFran"),
        ends_on=values.day(node, "UtbildningsPeriodTill"),
        credits=values.number(node, "Omfattningsvarde"),
        state=last_word(text(node, "Tillstand")),
    )


def participant(node: Node, occasion_uid: LadokUid, as_of: datetime) -> Participant | None:
    """A row of an occasion's participants; None for one without a student."""
    person = values.child(node, "Student")
    student_uid = luid(person, "Uid")
    if student_uid is None:
        return None
    found = _person_names(person)
    return Participant(
        occasion_uid=occasion_uid,
        student_uid=student_uid,
        name=found[0] if found else None,
        civic_number=text(person, "Personnummer"),
        state=text(node, "Deltagaretillstand", "Tillstand", "TillstandKurspaketering"),
        as_of=as_of,
    )


def agreement(
    node: Node, rules: ExchangeRules, as_of: datetime, problems: Problems
) -> ExchangeAgreement | None:
    """An education's version (`Utbildningsinstans`), as the agreement it is."""
    education_uid = luid(node, "UtbildningUID")
    if education_uid is None:
        problems.append(("Utbildningsinstans", "has no UtbildningUID"))
        return None
    type_id, code = text(node, "UtbildningstypID"), text(node, "Utbildningskod", "Kod")
    party = text(node, "ExternPartID") or _attribute(node, rules.party_attribute)
    return ExchangeAgreement(
        education_uid=education_uid,
        instance_uid=luid(node, "Uid", "UtbildningsinstansUID"),
        code=code,
        names=values.names(node),
        status=_whole(text(node, "Status")),
        education_type_id=type_id,
        external_party_id=party,
        programme_id=_attribute(node, rules.programme_attribute),
        credits=values.number(node, "Omfattning") or values.number(node, "Omfattningsvarde"),
        exchange=party is not None or rules.is_agreement(type_id, code),
        as_of=as_of,
    )


def occasion(node: Node, known: ExchangeAgreement, rules: ExchangeRules, as_of: datetime) -> tuple[Fact, ...]:
    """An occasion of an agreement that was read before it, and whether it is cancelled."""
    occasion_uid = luid(node, "Uid", "UtbildningstillfalleUID")
    if occasion_uid is None:
        return ()
    type_id = text(node, "UtbildningstypID")
    code = text(node, "Tillfalleskod", "Utbildningstillfalleskod")
    found = Occasion(
        occasion_uid=occasion_uid,
        education_uid=known.education_uid,
        instance_uid=luid(node, "UtbildningsinstansUID"),
        code=code,
        status=_whole(text(node, "Status")),
        start_period_id=text(node, "StartperiodID"),
        occasion_type_id=type_id,
        periods=tuple(
            (
                values.day(each, "ForstaUndervisningsdatum"),
                values.day(each, "SistaUndervisningsdatum"),
                values.number(each, "Omfattningsvarde"),
            )
            for each in rows(node, "Tillfallesperioder", "Tillfallesperiod")
        ),
        exchange=known.exchange or rules.is_occasion(type_id) or None,
        direction=rules.direction(type_id, known.education_type_id, code, known.code),
        as_of=as_of,
    )
    cancelled = values.flag(node, "Installt")
    return found, OccasionCancelled(occasion_uid=occasion_uid, removed=not cancelled, as_of=as_of)


def results(
    node: Node, student_uid: LadokUid, as_of: datetime, problems: Problems
) -> Iterator[StudentResult]:
    """Attested results by course: whatever the list is called, its objects hold `Studentresultat`."""
    for course in _courses(node):
        for row in rows(course, "Studentresultat"):
            result_uid = luid(row, "ResultatUID", "Uid")
            if result_uid is None:
                problems.append(("Studentresultat", "has no ResultatUID"))
                continue
            by_language = dict(values.names(row))
            yield StudentResult(
                result_uid=result_uid,
                student_uid=student_uid,
                course_uid=luid(course, "KursUID") or luid(row, "KursUID"),
                course_code=text(row, "Utbildningskod"),
                name=by_language.get("sv"),
                name_en=by_language.get("en"),
                credits=values.number(row, "Omfattningsvarde"),
                grade=text(row, "Betygsgradskod"),
                grading_scale_id=text(row, "BetygsskalaID"),
                examined_on=values.day(row, "Examinationsdatum"),
                by_credit_transfer=bool(row.get("Tillgodoinformation")),
                as_of=as_of,
            )


def _courses(node: Node) -> Iterator[Node]:
    if "Studentresultat" in node and "KursUID" in node:
        yield node
        return
    for value in node.values():
        for each in values.many(value):
            if isinstance(each, Mapping) and "Studentresultat" in each:
                yield each


def code_rows(table: str, node: Node, as_of: datetime) -> Iterator[Fact]:
    """Rows of a code table, whatever the list is called; an external party's domain as a fact of its own."""
    for row in _listed(node):
        row_id = text(row, "ID", "Id", "Uid")
        if row_id is None:
            continue
        valid = values.child(row, "Giltighetsperiod")
        first, last = values.day(valid, "Startdatum"), values.day(valid, "Slutdatum")
        if table != "externpart":
            yield CodeRow(
                table=table,
                row_id=row_id,
                code=text(row, "Kod", "Organisationskod"),
                names=values.names(row),
                starts_on=values.day(row, "FromDatum") or first,
                ends_on=values.day(row, "TomDatum") or last,
                as_of=as_of,
            )
            continue
        yield ExternalParty(
            external_party_id=row_id,
            code=text(row, "Kod"),
            names=values.names(row),
            country_id=text(row, "LandID"),
            type_id=text(row, "TypAvExternPartID"),
            valid_from=first,
            valid_to=last,
            as_of=as_of,
        )
        yield PartyDomain(external_party_id=row_id, schac=text(row, "Schac"), as_of=as_of)


def credit_transfers(node: Node, student_uid: LadokUid, as_of: datetime) -> Iterator[CreditTransfer]:
    """`Tillgodoraknanden` of a student."""
    for row in _listed(node, "Tillgodoraknanden", "Tillgodoraknande"):
        transfer_uid = luid(row, "Uid")
        if transfer_uid is None:
            continue
        yield CreditTransfer(
            credit_transfer_uid=transfer_uid,
            student_uid=student_uid,
            occasion_uid=luid(row, "KopplatKurspaketeringstillfalleUID"),
            programme_uid=luid(row, "KoppladKurspaketeringUID"),
            grounds=tuple(_ground(each) for each in rows(row, "Grunder")),
            targets=tuple(_target(each) for each in rows(row, "Mal")),
            decided_on=values.day(row, "Beslutsdatum"),
            as_of=as_of,
        )


def _ground(node: Node) -> CreditGround:
    merit = values.child(node, "AnnanMerit")
    return CreditGround(
        kind=(text(node, "Typ") or ("annan_merit" if merit else "")).lower(),
        other_merit_uid=luid(merit, "Uid") or luid(node, "AnnanMeritUID"),
        result_uid=luid(node, "ResultatUID"),
        course_uid=luid(node, "KursUID"),
    )


def _target(node: Node) -> CreditTarget:
    return CreditTarget(
        kind=(text(node, "Typ") or "").lower(),
        course_uid=luid(node, "KursUID"),
        course_code=text(node, "Utbildningskod"),
        credits=values.number(node, "TillgodoOmfattning") or values.number(node, "Omfattning"),
    )


def other_merits(node: Node, student_uid: LadokUid, as_of: datetime) -> Iterator[OtherMerit]:
    """`AnnanMerit` rows of a student."""
    for row in _listed(node, "AnnanMeriter", "AnnanMerit"):
        merit_uid = luid(row, "Uid")
        if merit_uid is None:
            continue
        extent = text(row, "Omfattning")
        yield OtherMerit(
            other_merit_uid=merit_uid,
            student_uid=student_uid,
            name=text(row, "Benamning"),
            name_en=text(row, "AlternativBenamning", "EngelskBenamning"),
            course_code=text(row, "Utbildningskod"),
            extent=extent,
            credits=values.number_in(extent),
            result=text(row, "Resultat"),
            grading_scale=text(row, "Betygsskala"),
            examined_on=values.day(row, "Examinationsdatum"),
            external_party_id=text(row, "ExternPartID"),
            origin=text(row, "Ursprung"),
            as_of=as_of,
        )


def luid(node: Node, *names: str) -> LadokUid | None:
    found = uid(node, *names)
    return None if found is None else LadokUid(found)


def _listed(node: Node, wrapper: str = "", item: str = "") -> list[Node]:
    """Rows under a known name, else those of the answer's only list of objects."""
    if wrapper in node:
        return rows(node, wrapper, item)
    if item in node:
        return rows(node, item)
    lists: list[Any] = [
        [each for each in values.many(value) if isinstance(each, Mapping)]
        for name, value in node.items()
        if name not in ("link", "disabledLink")
    ]
    filled = [each for each in lists if each]
    return list(filled[0]) if len(filled) == 1 else []


def _attribute(node: Node, name: str) -> str | None:
    for row in rows(node, "Attributvarden", "Attributvarde"):
        if text(row, "Namn") == name:
            return text(row, "Varde")
    return None


def _whole(found: str | None) -> int | None:
    return int(found) if found and found.isdigit() else None


def day_range(found: str | None) -> tuple[date | None, date | None]:
    """Read `2026-08-31 - 2027-01-17`, or with an underscore between."""
    if not found:
        return None, None
    first, _, last = found.replace("_", " - ").partition(" - ")
    return values.as_day(first), values.as_day(last)
