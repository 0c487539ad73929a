"""People and code tables: studentinformation and kataloginformation.

Source: Ladok: service areas 5.1 and 5.2, authentication 1.2 (self-test), assumptions A1 and A2.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mobility_bridge.sandbox import ladok_entities as entities
from mobility_bridge.sandbox.ladok_events import user_uid
from mobility_bridge.sandbox.ladok_numbers import Term, term_of
from mobility_bridge.sandbox.ladok_request import (
    Answer,
    LadokError,
    Page,
    Request,
    optional,
    page_of,
    text,
)
from mobility_bridge.sandbox.ladok_rest import Desk, Service, not_found, uid_in
from mobility_bridge.sandbox.ladok_tree import Link, Names, Obj
from mobility_bridge.sandbox.ladok_world import (
    TYPES,
    Person,
    Row,
)

STUDENTS: Final = Service("studentinformation")
CATALOGUE: Final = Service("kataloginformation")
_ORDERS: Final[Mapping[str, Callable[[Person], str]]] = {
    "PERSONNUMMER": lambda each: each.number,
    "EFTERNAMN": lambda each: each.family_name,
    "FORNAMN": lambda each: each.given_names,
}
_ACTIVITIES: Final = ("90019", "51001", "61001", "11004", "860131")


def ordered(
    desk: Desk, rows: Sequence[Any], page: Page, keys: Mapping[str, Callable[[Any], Any]]
) -> list[Any]:
    """Sort as asked. Without an order the answer comes in another one each time."""
    given = [(order.rpartition("_")[0] or order, order.endswith("_DESC")) for order in page.orders]
    known = [(keys[name], backwards) for name, backwards in given if name in keys]
    if not known:
        return desk.shuffle(rows, False)  # noqa: FBT003 - whether there was an order
    found = list(rows)
    for key, backwards in reversed(known):
        found.sort(key=key, reverse=backwards)
    return desk.shuffle(found, True)  # noqa: FBT003


def _student(desk: Desk, person: Person | None) -> Answer:
    if person is None:
        raise not_found("Studenten")
    link = Link(
        "GET",
        f"{desk.base_url}/studentinformation/student/{person.uid}",
        "application/vnd.ladok+xml,application/vnd.ladok-studentinformation+xml,"
        "application/vnd.ladok-studentinformation+json",
        "self",
    )
    return Answer("si:Student", entities.student(desk.ladok, person), links=(link,))


def person_at(desk: Desk, uid: str) -> Person:
    person = desk.ladok.people.get(uid_in(uid))
    if person is None:
        raise not_found("Studenten")
    return person


@STUDENTS.route("GET", "student/filtrera")
def filter_students(desk: Desk, request: Request) -> Answer:
    page = page_of(request)
    number = request.one("personnummer")
    rows = [
        each
        for each in desk.ladok.people.values()
        if each.replaced_by is None
        and (number is None or each.number.startswith(number))
        and _like(request.one("efternamn"), each.family_name)
        and _like(request.one("fornamn"), each.given_names)
    ]
    cut = page.cut(ordered(desk, rows, page, _ORDERS))
    return Answer("si:SokresultatStudentinformationRepresentation", entities.found_students(cut, len(rows)))


def _like(wanted: str | None, value: str) -> bool:
    return wanted is None or value.casefold().startswith(wanted.casefold())


@STUDENTS.route("GET", "student/personnummer/{nr}")
def student_by_number(desk: Desk, _request: Request, number: str) -> Answer:
    return _student(desk, desk.ladok.person_with(number))


@STUDENTS.route("GET", "student/externtuuid/{uid}")
@STUDENTS.route("GET", "student/externtuid/{uid}")
def student_by_external_uid(desk: Desk, _request: Request, uid: str) -> Answer:
    wanted = uid.lower()
    return _student(
        desk, next((e for e in desk.ladok.people.values() if e.external_uid.lower() == wanted), None)
    )


@STUDENTS.route("GET", "student/{uid}/kontaktuppgifter")
def contact(desk: Desk, _request: Request, uid: str) -> Answer:
    return Answer("si:Kontaktuppgifter", entities.contact(desk.ladok, person_at(desk, uid)))


@STUDENTS.route("GET", "student/{uid}/historik")
def history(desk: Desk, _request: Request, uid: str) -> Answer:
    return Answer("si:Studenthistorik", entities.history(person_at(desk, uid)))


@STUDENTS.route("GET", "student/{uid}/aktivpalarosaten")
def connections(desk: Desk, _request: Request, uid: str) -> Answer:
    return Answer("si:Studentkopplingar", entities.connections(desk.ladok, person_at(desk, uid)))


@STUDENTS.route("GET", "student/{uid}")
def student(desk: Desk, _request: Request, uid: str) -> Answer:
    return _student(desk, person_at(desk, uid))


@STUDENTS.route("GET", "avstangning/student/{uid}")
def suspensions(desk: Desk, _request: Request, uid: str) -> Answer:
    person_at(desk, uid)
    return Answer("si:Avstangningar", Obj([("si:Avstangning*", [])]))


@STUDENTS.route("GET", "avskiljandebeslut/student/{uid}")
def expulsions(desk: Desk, _request: Request, uid: str) -> Answer:
    person_at(desk, uid)
    return Answer("si:Avskiljandebeslutlista", Obj([("si:Avskiljandebeslut*", [])]))


@STUDENTS.route("POST", "student", assumption="A1")
def establish(desk: Desk, request: Request) -> Answer:
    body = request.body
    number = optional(body, "Personnummer")
    known = desk.ladok.person_with(number) if number else None
    person = known or desk.act(
        request,
        "establish",
        given_names=text(body, "Fornamn"),
        family_name=text(body, "Efternamn"),
        born=optional(body, "Fodelsedata") or text(body, "Fodelsedatum"),
        sex=_sex(text(body, "KonID")),
        number=number,
    )
    return Answer(
        "si:Student",
        entities.student(desk.ladok, person),
        200 if known else 201,
        wrote=True,
    )


def _sex(value: str) -> int:
    if value not in ("1", "2"):
        raise LadokError(400, f"KonID: {value}", group="felaktigt_varde")
    return int(value)


_LISTS: Final = {
    "land": ("ki:Lander", "Land"),
    "period": ("ki:Perioder", "Period"),
    "utbildningstyp": ("ki:Utbildningstyper", "Utbildningstyp"),
    "studietakt": ("ki:Studietakter", "Studietakt"),
    "finansieringsform": ("ki:Finansieringsformer", "Finansieringsform"),
    "enhet": ("ki:Enheter", "Enhet"),
    "larosatesinformation": ("ki:Larosatesinformationer", "Larosatesinformation"),
}
_ONLY_ROWS: Final = {
    "enhet": ("HP", Names("Högskolepoäng", "Credits")),
    "studietakt": ("100", Names("100 %", "100 %")),
    "finansieringsform": ("1", Names("Ordinarie anslag", "State grant")),
}


@CATALOGUE.route("GET", "grunddata/externpart", assumption="A2")
def extern_parts(desk: Desk, _request: Request) -> Answer:
    rows = desk.ladok.extern_parts.values()
    return Answer("ki:ExternaParter", entities.table("ExternPart", rows, desk.ladok.number))


@CATALOGUE.route("GET", "grunddata/typavexternpart", assumption="A2")
def extern_part_types(desk: Desk, _request: Request) -> Answer:
    rows = [Row(1, "UNIVERSITET", Names("Universitet eller högskola", "University"), national=True)]
    return Answer("ki:TyperAvExternPart", entities.table("TypAvExternPart", rows, desk.ladok.number))


@CATALOGUE.route("GET", "grunddata/utbytesprogram", assumption="A2")
def exchange_programmes(desk: Desk, _request: Request) -> Answer:
    rows = desk.ladok.exchange_programmes.values()
    return Answer("ki:UtbytesprogramLista", entities.table("Utbytesprogram", rows, desk.ladok.number))


@CATALOGUE.route("GET", "grunddata/betygsskala")
def grading_scales(_desk: Desk, _request: Request) -> Answer:
    return Answer("ki:Betygsskalor", entities.grading_scale())


@CATALOGUE.route("GET", "grunddata/{type}")
def code_table(desk: Desk, _request: Request, name: str) -> Answer:
    if name not in _LISTS:
        raise not_found(f"Grunddatatypen {name}")
    root, row = _LISTS[name]
    return Answer(root, entities.table(row, _rows(desk, name), desk.ladok.number))


def _rows(desk: Desk, name: str) -> Sequence[Row]:
    if name == "land":
        return list(desk.ladok.countries.values())
    if name == "period":
        return [_period(each) for each in _terms(desk)]
    if name == "utbildningstyp":
        return [Row(number, code, names, national=True) for number, (code, names) in TYPES.items()]
    if name == "larosatesinformation":
        own = Names(desk.ladok.code, desk.ladok.code)
        return [Row(desk.ladok.number, desk.ladok.code, own, national=True)]
    return [Row(1, *_ONLY_ROWS[name], national=True)]


def _terms(desk: Desk) -> list[Term]:
    term = Term(term_of(desk.now.date()).year - 3, autumn=False)
    terms = [term]
    while len(terms) < 14:
        terms.append(terms[-1].following)
    return terms


def _period(term: Term) -> Row:
    season = ("Höstterminen", "Autumn") if term.autumn else ("Vårterminen", "Spring")
    names = Names(f"{season[0]} {term.year}", f"{season[1]} {term.year}")
    return Row(term.number, term.code, names, national=True, first_day=term.first_day, last_day=term.last_day)


@CATALOGUE.route("GET", "organisation/filtrera")
@CATALOGUE.route("GET", "organisation")
def organisations(desk: Desk, _request: Request) -> Answer:
    return Answer(
        "ki:Organisationslista",
        Obj([("ki:Organisation*", [entities.organisation(desk.ladok)], "Organisationer")]),
    )


@CATALOGUE.route("GET", "organisation/{uid}")
def organisation(desk: Desk, _request: Request, uid: str) -> Answer:
    if uid_in(uid) != desk.ladok.organisation_uid:
        raise not_found("Organisationen")
    return Answer("ki:Organisation", entities.organisation(desk.ladok))


def _user(name: str) -> Obj:
    return Obj([("base:Uid", user_uid(name)), ("ki:Anvandarnamn", name)])


@CATALOGUE.route("GET", "anvandare/autentiserad")
def who_am_i(_desk: Desk, request: Request) -> Answer:
    return Answer("ki:Anvandare", _user(request.who))


@CATALOGUE.route("GET", "anvandare/filtrerade")
@CATALOGUE.route("GET", "anvandare")
def users(_desk: Desk, request: Request) -> Answer:
    return Answer("ki:Anvandarlista", Obj([("ki:Anvandare*", [_user(request.who)])]))


@CATALOGUE.route("GET", "anvandarbehorighet/egna")
def my_rights(_desk: Desk, _request: Request) -> Answer:
    profile = user_uid("profile")
    row = Obj(
        [
            ("base:Uid", user_uid("permission")),
            ("ki:BehorighetsprofilUID", profile),
            ("ki:Status", "AKTIV"),
        ]
    )
    return Answer("ki:Anvandarbehorigheter", Obj([("ki:Anvandarbehorighet*", [row])]))


@CATALOGUE.route("GET", "behorighetsprofil/{uid}")
def permission_profile(_desk: Desk, _request: Request, uid: str) -> Answer:
    if uid_in(uid) != user_uid("profile"):
        raise not_found("Behörighetsprofilen")
    rows = [
        Obj([("ki:I18nNyckel", f"systemaktivitet.{each}"), ("ki:Rattighetsniva", "rattighetsniva.las")])
        for each in _ACTIVITIES
    ]
    return Answer("ki:Behorighetsprofil", Obj([("base:Uid", uid), ("ki:Systemaktiviteter*", rows)]))


@CATALOGUE.route("GET", "i18n/oversattningar/sprakkod/{lang}")
def translations(_desk: Desk, _request: Request, _language: str) -> Answer:
    row = Obj(
        [
            ("ki:I18nNyckel", "studiedeltagande.domain.tillstandsdefinition.ej_paborjad"),
            ("ki:Text", "Ej påbörjad"),
        ]
    )
    return Answer("ki:Oversattningar", Obj([("ki:Oversattning*", [row])]))
