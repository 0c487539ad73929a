"""Ladok's entities as its services show them: members in schema order, for XML and JSON alike.

Source: Ladok: representations, service areas 5.1 to 5.5.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from mobility_bridge.sandbox.ladok_numbers import local_time, term_of
from mobility_bridge.sandbox.ladok_results import GRADES, PASSING, SCALE
from mobility_bridge.sandbox.ladok_tree import Json, Member, Names, Obj
from mobility_bridge.sandbox.ladok_world import (
    COURSE,
    OCCASION_TYPES,
    TYPES,
    Admission,
    Education,
    LadokWorld,
    Occasion,
    Period,
    Person,
    Row,
)

EXTERN_PART_ATTRIBUTE = "utbildning.attribut.extern.part"
EXCHANGE_PROGRAMME_ATTRIBUTE = "utbildning.attribut.utbytesprogram"
_STATES = "studiedeltagande.domain.tillstandsdefinition."


def base(number: int, uid: str | None, at: datetime | None, by: str | None) -> list[Member]:
    """What every entity begins with."""
    return [
        ("dap:LarosateID", number),
        ("base:Uid", uid),
        ("base:SenastSparad", local_time(at) if at else None),
        ("base:SenastAndradAv", by),
    ]


def student(ladok: LadokWorld, person: Person) -> Obj:
    return Obj(
        [
            *base(ladok.number, person.uid, person.saved_at, person.saved_by),
            ("si:Avliden", person.deceased),
            ("si:Efternamn", person.family_name),
            ("si:ExterntUID", person.external_uid),
            ("si:FelVidEtableringExternt", False),
            ("si:Fodelsedata", person.born),
            ("si:Fornamn", person.given_names),
            ("si:KonID", person.sex),
            ("si:Personnummer", person.number),
        ]
    )


def found_students(people: Sequence[Person], total: int) -> Obj:
    rows = [
        Obj(
            [
                ("base:Uid", each.uid),
                ("si:Avliden", each.deceased),
                ("si:Efternamn", each.family_name),
                ("si:Fornamn", each.given_names),
                ("si:Personnummer", each.number),
            ]
        )
        for each in people
    ]
    return search_result("si", rows, total)


def search_result(prefix: str, rows: Sequence[Obj], total: int) -> Obj:
    return Obj([("base:TotaltAntalPoster", total), (f"{prefix}:Resultat*", rows)])


def contact(ladok: LadokWorld, person: Person) -> Obj:
    addresses = []
    if person.address is not None:
        street, code, city, country = person.address
        addresses = [
            Obj(
                [
                    ("si:Land", country),
                    ("si:PostadressTyp", "POSTADRESS"),
                    ("si:Postnummer", code),
                    ("si:Postort", city),
                    ("si:Utdelningsadress", street),
                ]
            )
        ]
    return Obj(
        [
            *base(ladok.number, person.uid, person.saved_at, person.saved_by),
            ("si:Epostadress", person.email),
            ("si:Postadresser*", addresses),
            ("si:Telefonnummer", person.phone),
        ]
    )


def history(person: Person) -> Obj:
    rows = [
        Obj([("si:Efternamn", family), ("si:Fornamn", given), ("si:Personnummer", number)])
        for number, given, family in person.earlier
    ]
    return Obj([("si:Identitet*", rows)])


def connections(ladok: LadokWorld, person: Person) -> Obj:
    row = Obj([("si:LarosateID", ladok.number), ("si:studentUID", person.uid)])
    return Obj([("si:Studentkopplingar*", [row])])


def table(name: str, rows: Iterable[Row], number: int) -> Obj:
    """A code table: `{"Land": [...]}`, or `<ki:Lander><ki:Land>`."""
    return Obj([(f"ki:{name}*", [_row(each, number) for each in rows])])


def _row(row: Row, number: int) -> Obj:
    valid = None
    if row.first_day is not None and row.last_day is not None:
        valid = Obj([("base:Startdatum", row.first_day), ("base:Slutdatum", row.last_day)])
    return Obj(
        [
            ("dap:LarosateID", -1 if row.national else number),
            ("ki:Benamningar", row.names, "Benamning"),
            ("ki:Dolt", False),
            ("ki:Giltighetsperiod", valid),
            ("ki:ID", str(row.number)),
            ("ki:Kod", row.code),
            ("ki:LandID", row.land_id),
            ("ki:TypAvExternPartID", row.type_id),
            ("ki:Schac", row.schac),
            ("ki:FromDatum", row.first_day),
            ("ki:TomDatum", row.last_day),
        ]
    )


def grading_scale() -> Obj:
    grades = [
        Obj(
            [
                ("ki:ID", number),
                ("ki:Kod", code),
                ("ki:GiltigSomSlutbetyg", number in PASSING),
                ("ki:Ordningsnummer", position),
            ]
        )
        for position, (number, code) in enumerate(GRADES.items(), start=1)
    ]
    scale: list[Member] = [
        ("ki:Benamningar", Names("Sjugradig skala", "Seven-step scale"), "Benamning"),
        ("ki:Betygsgrader*", grades),
        ("ki:Dolt", False),
        ("ki:ID", str(SCALE)),
        ("ki:Kod", "AF"),
    ]
    return Obj([("ki:Betygsskala*", [Obj(scale)])])


def organisation(ladok: LadokWorld) -> Obj:
    return Obj(
        [
            ("dap:LarosateID", ladok.number),
            ("base:Uid", ladok.organisation_uid),
            ("ki:Benamningar", Names("Utbyteskansliet", "Exchange office"), "Benamning"),
            ("ki:Organisationsenhetstyp", "INSTITUTION"),
            ("ki:Organisationskod", "900"),
        ]
    )


def education(ladok: LadokWorld, each: Education) -> Obj:
    attributes = [
        Obj([("ui:Namn", name), ("ui:Varde", str(value))])
        for name, value in (
            (EXTERN_PART_ATTRIBUTE, each.extern_part_id),
            (EXCHANGE_PROGRAMME_ATTRIBUTE, each.exchange_programme_id),
        )
        if value is not None
    ]
    return Obj(
        [
            *base(ladok.number, each.instance_uid, each.saved_at, each.saved_by),
            ("ui:Attributvarden*", attributes),
            ("ui:OrganisationUID", ladok.organisation_uid),
            ("ui:Status", each.status),
            ("ui:UtbildningUID", each.uid),
            ("ui:UtbildningstypID", _number(each.type_id)),
            ("ui:Benamningar", each.names, "Benamning"),
            ("ui:Omfattning", each.credits),
            ("ui:Utbildningskod", each.code),
            (
                "ui:Versionsinformation",
                Obj(
                    [
                        ("ui:GiltigFranPeriodID", _number(each.first_period)),
                        ("ui:Versionsnummer", 1),
                        ("ui:ArSenasteVersion", True),
                    ]
                ),
            ),
            ("ui:ExternPartID", each.extern_part_id),
        ]
    )


def occasion(ladok: LadokWorld, each: Occasion) -> Obj:
    parent = ladok.education_of(each)
    spans = [
        Obj(
            [
                ("ui:ForstaUndervisningsdatum", first),
                ("ui:Omfattningsvarde", points),
                ("ui:SistaUndervisningsdatum", last),
            ]
        )
        for first, last, points in each.spans
    ]
    return Obj(
        [
            *base(ladok.number, each.uid, each.saved_at, each.saved_by),
            ("ui:OrganisationUID", ladok.organisation_uid),
            ("ui:Status", each.status),
            ("ui:UtbildningstypID", _number(OCCASION_TYPES[parent.type_id])),
            ("ui:Installt", each.cancelled),
            ("ui:StartperiodID", _number(term_of(each.first_day).number)),
            ("ui:StudietaktID", _number(1)),
            ("ui:Tillfallesperioder*", spans),
            ("ui:Utannonserat", False),
            ("ui:UtbildningUID", parent.uid),
            ("ui:UtbildningsinstansUID", parent.instance_uid),
            ("ui:Utbildningskod", parent.code),
            ("ui:Tillfalleskod", each.code),
        ]
    )


def _number(value: int) -> Json:
    """The ids of utbildningsinformation are objects in JSON."""
    return Json(str(value), {"value": value})


def participation(ladok: LadokWorld, each: Admission) -> Obj:
    """A `Tillfallesdeltagande`."""
    given = ladok.occasion(each.occasion_uid)
    course = ladok.education_of(given).type_id == COURSE
    return Obj(
        [
            *base(ladok.number, each.uid, each.saved_at, each.saved_by),
            ("sd:Avklarad", each.completed),
            ("sd:Paborjad", each.begun),
            ("sd:Sparrad", False),
            ("sd:Nuvarande", not each.replaced),
            ("sd:Aterbud", each.withdrawn),
            ("sd:ForegaendeTillfallesdeltagandeUID", each.previous_uid),
            ("sd:HarTillgodoraknande", _transferred(ladok, each)),
            ("sd:SenareDel", False),
            ("sd:YtterstaPaketeringen", each.within is None),
            ("sd:Perioddeltaganden/Perioddeltagande", [_period(period) for period in each.periods]),
            ("sd:Studiestrukturreferens", each.structure_uid),
            ("sd:TillstandKurs", each.state if course else None),
            ("sd:TillstandKurspaketering", None if course else each.state),
            ("sd:Utbildningsinformation", education_information(ladok, given)),
        ]
    )


def education_information(ladok: LadokWorld, given: Occasion) -> Obj:
    parent = ladok.education_of(given)
    code, names = TYPES[parent.type_id]
    span = Obj([("base:Startdatum", given.first_day), ("base:Slutdatum", given.last_day)])
    return Obj(
        [
            ("sd:Benamningar", parent.names, "Benamning"),
            ("sd:UtbildningUID", parent.uid),
            ("sd:UtbildningsinstansUID", parent.instance_uid),
            ("sd:UtbildningstillfalleUID", given.uid),
            ("sd:Utbildningskod", parent.code),
            ("sd:Utbildningstillfalleskod", given.code),
            ("sd:Omfattningsvarde", _sum(points for _, _, points in given.spans)),
            ("sd:Studieperiod", span),
            ("sd:Organisationskod", "900"),
            (
                "sd:Utbildningstyp",
                Obj([("sd:ID", parent.type_id), ("sd:Kod", code), ("sd:Benamningar", names, "Benamning")]),
            ),
        ]
    )


def participant(ladok: LadokWorld, each: Admission) -> Obj:
    """A row of who takes part in an occasion."""
    person = ladok.person(each.student_uid)
    who = Obj(
        [
            ("base:Uid", person.uid),
            ("sd:Efternamn", person.family_name),
            ("sd:Fornamn", person.given_names),
            ("sd:Personnummer", person.number),
        ]
    )
    return Obj(
        [
            ("sd:Student", who),
            ("sd:Deltagaretillstand", each.state),
            ("sd:TillfallesantagningUID", each.uid),
            ("sd:UtbildningstillfalleUID", each.occasion_uid),
        ]
    )


def structure(ladok: LadokWorld, tops: Iterable[Admission]) -> Obj:
    """The study plan as a tree."""
    return Obj([("sd:Studiestrukturer*", [_branch(ladok, each) for each in tops])])


def _branch(ladok: LadokWorld, each: Admission) -> Obj:
    return Obj(
        [
            ("sd:Referens", each.structure_uid),
            ("sd:TillfallesantagningUID", each.uid),
            ("sd:Utbildningsinformation", education_information(ladok, ladok.occasion(each.occasion_uid))),
            ("sd:Barn*", [_branch(ladok, inner) for inner in ladok.inside(each)]),
        ]
    )


def begun_education(ladok: LadokWorld, each: Admission) -> Obj:
    given = ladok.occasion(each.occasion_uid)
    return Obj(
        [
            ("base:Uid", each.uid),
            ("sd:Avklarad", each.completed),
            ("sd:Avbrott", each.interrupted),
            ("sd:StudentUID", each.student_uid),
            ("sd:Utbildningsinformation", education_information(ladok, given)),
        ]
    )


def _period(each: Period) -> Obj:
    return Obj(
        [
            ("sd:PerioddeltagandeUID", each.uid),
            ("sd:Periodindex", each.number),
            ("sd:Anpassat", False),
            ("sd:Omfattningsvarde", each.credits),
            ("sd:Tillstand", _STATES + each.state),
            ("sd:UtbildningsPeriodFran", each.first_day),
            ("sd:UtbildningsPeriodTill", each.last_day),
        ]
    )


def _transferred(ladok: LadokWorld, each: Admission) -> bool:
    return any(
        one.attested and (one.student_uid, one.occasion_uid) == (each.student_uid, each.occasion_uid)
        for one in ladok.transfers.values()
    )


def _sum(numbers: Iterable[str]) -> str:
    return f"{sum(map(float, numbers)):.1f}"
