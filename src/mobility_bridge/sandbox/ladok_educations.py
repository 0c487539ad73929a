"""Educations and their occasions: utbildningsinformation. Exchange agreements are educations too.

Source: Ladok: service area 5.3, assumption A11.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from mobility_bridge.sandbox import ladok_entities as entities
from mobility_bridge.sandbox.ladok_numbers import term_of
from mobility_bridge.sandbox.ladok_reads import ordered
from mobility_bridge.sandbox.ladok_request import (
    Answer,
    Body,
    LadokError,
    Request,
    many,
    optional,
    page_of,
    text,
)
from mobility_bridge.sandbox.ladok_rest import Desk, Service, not_found, uid_in
from mobility_bridge.sandbox.ladok_tree import Names, Obj
from mobility_bridge.sandbox.ladok_world import (
    AGREEMENT,
    COURSE,
    OCCASION_TYPES,
    PROGRAMME,
    LadokWorld,
    Occasion,
)

EDUCATIONS: Final = Service("utbildningsinformation")
Test: TypeAlias = Callable[[LadokWorld, Occasion], bool]
_KINDS: Final = {AGREEMENT: "agreement", COURSE: "course", PROGRAMME: "programme"}


@EDUCATIONS.route("GET", "utbildningsinstans/filtrera")
@EDUCATIONS.route("GET", "utbildningsinstans")
def educations(desk: Desk, request: Request) -> Answer:
    page = page_of(request)
    code, kind = request.one("kod") or request.one("utbildningskod"), request.one("utbildningstypID")
    rows = [
        each
        for each in desk.ladok.educations.values()
        if (code is None or each.code == code) and (kind is None or str(each.type_id) == kind)
    ]
    keys = {"KOD": lambda each: each.code, "BENAMNING": lambda each: each.names.sv}
    cut = page.cut(ordered(desk, rows, page, keys))
    found = [entities.education(desk.ladok, each) for each in cut]
    return Answer("ui:SokresultatUtbildningsinstans", entities.search_result("ui", found, len(rows)))


@EDUCATIONS.route("GET", "utbildningsinstans/{uid}")
def education(desk: Desk, _request: Request, uid: str) -> Answer:
    return Answer("ui:Utbildningsinstans", entities.education(desk.ladok, desk.ladok.education(uid_in(uid))))


@EDUCATIONS.route("POST", "utbildningsinstans", assumption="A11")
def create_education(desk: Desk, request: Request) -> Answer:
    body = request.body
    kind = _KINDS.get(int(optional(body, "UtbildningstypID") or AGREEMENT), "")
    names = _names(body)
    made = desk.act(
        request,
        "create_education",
        kind=kind,
        code=text(body, "Utbildningskod"),
        sv=names.sv,
        en=names.en,
        credits=optional(body, "Omfattning") or optional(body, "Omfattningsvarde") or "30",
        extern_part_id=_attribute(body, "ExternPartID", entities.EXTERN_PART_ATTRIBUTE),
        exchange_programme_id=_attribute(body, "UtbytesprogramID", entities.EXCHANGE_PROGRAMME_ATTRIBUTE),
        status=1,
    )
    return Answer("ui:Utbildningsinstans", entities.education(desk.ladok, made), 201, wrote=True)


def _names(body: Body) -> Names:
    given = body.get("Benamning") or body.get("Benamningar") or {}
    if isinstance(given, dict) and "sv" in given:
        return Names(str(given["sv"]), str(given.get("en", given["sv"])))
    rows = many(given, "Benamning") if isinstance(given, dict) else []
    by_language = {row.get("Sprakkod"): str(row.get("Text")) for row in rows if isinstance(row, dict)}
    if "sv" not in by_language:
        raise LadokError(400, "Benamning saknas", group="obligatoriskt_varde_saknas")
    return Names(by_language["sv"], by_language.get("en", by_language["sv"]))


def _attribute(body: Body, member: str, attribute: str) -> int | None:
    value = optional(body, member)
    for row in many(body, "Attributvarden"):
        if isinstance(row, dict) and row.get("Namn") == attribute:
            value = optional(row, "Varde")
    return int(value) if value and value.isdigit() else None


@EDUCATIONS.route("PUT", "utbildningsinstans/status{n}/{uid}")
@EDUCATIONS.route("PUT", "utbildningstillfalle/status{n}/{uid}")
def set_status(desk: Desk, request: Request, status: str, uid: str) -> Answer:
    if status not in ("2", "3"):
        raise not_found("Resursen")
    desk.act(request, "set_status", uid=uid_in(uid), status=int(status))
    return _either(desk, uid)


@EDUCATIONS.route("PUT", "utbildningsinstans/avveckla/{uid}")
def close_education(desk: Desk, request: Request, uid: str) -> Answer:
    desk.act(request, "set_status", uid=uid_in(uid), status=4)
    return _either(desk, uid)


@EDUCATIONS.route("PUT", "utbildningsinstans/ateraktivera_avvecklad/{uid}")
def reopen_education(desk: Desk, request: Request, uid: str) -> Answer:
    desk.act(request, "set_status", uid=uid_in(uid), status=3)
    return _either(desk, uid)


@EDUCATIONS.route("PUT", "utbildningstillfalle/installt/{uid}")
def cancel_occasion(desk: Desk, request: Request, uid: str) -> Answer:
    desk.act(request, "cancel_occasion", uid=uid_in(uid), cancelled=True)
    return _either(desk, uid)


@EDUCATIONS.route("PUT", "utbildningstillfalle/ateraktivera_installt/{uid}")
def revive_occasion(desk: Desk, request: Request, uid: str) -> Answer:
    desk.act(request, "cancel_occasion", uid=uid_in(uid), cancelled=False)
    return _either(desk, uid)


def _either(desk: Desk, uid: str) -> Answer:
    uid = uid.lower()
    if uid in desk.ladok.occasions:
        entity = entities.occasion(desk.ladok, desk.ladok.occasion(uid))
        return Answer("ui:Utbildningstillfalle", entity, wrote=True)
    entity = entities.education(desk.ladok, desk.ladok.education(uid))
    return Answer("ui:Utbildningsinstans", entity, wrote=True)


@EDUCATIONS.route("GET", "utbildningstillfalle/filtrera")
def occasions(desk: Desk, request: Request) -> Answer:
    page = page_of(request)
    rows = [
        each
        for each in desk.ladok.occasions.values()
        if each.student_uid is None and all(test(desk.ladok, each) for test in _tests(request))
    ]
    keys = {
        "TILLFALLESKOD": lambda each: each.code,
        "BENAMNING": lambda each: desk.ladok.education_of(each).names.sv,
        "UTBILDNINGSKOD": lambda each: desk.ladok.education_of(each).code,
    }
    cut = page.cut(ordered(desk, rows, page, keys))
    found = [entities.occasion(desk.ladok, each) for each in cut]
    return Answer("ui:SokresultatUtbildningstillfalle", entities.search_result("ui", found, len(rows)))


def _tests(request: Request) -> list[Test]:
    wanted: dict[str, Callable[[LadokWorld, Occasion], str]] = {
        "utbildningskod": lambda ladok, each: ladok.education_of(each).code,
        "utbildningstillfalleskod": lambda _, each: each.code,
        "startperiodID": lambda _, each: str(term_of(each.first_day).number),
        "status": lambda _, each: str(each.status),
        "organisationUID": lambda ladok, _: ladok.organisation_uid,
        "utbildningstypID": lambda ladok, each: str(OCCASION_TYPES[ladok.education_of(each).type_id]),
    }
    tests = [_among(get, request.query[name]) for name, get in wanted.items() if name in request.query]
    first, dash, last = (request.one("studieperiod") or "").partition("_")
    if dash:
        tests.append(
            lambda _, each: each.first_day.isoformat() <= last and each.last_day.isoformat() >= first
        )
    return tests


def _among(get: Callable[[LadokWorld, Occasion], str], values: Sequence[str]) -> Test:
    return lambda ladok, each: get(ladok, each) in values


@EDUCATIONS.route("GET", "utbildningstillfalle/lista/{uid}")
def occasions_of(desk: Desk, _request: Request, uid: str) -> Answer:
    parent = desk.ladok.education(uid_in(uid))
    rows = [
        entities.occasion(desk.ladok, each)
        for each in desk.ladok.occasions.values()
        if each.education_uid == parent.uid and each.student_uid is None
    ]
    return Answer("ui:Utbildningstillfallen", Obj([("ui:Utbildningstillfalle*", rows)]))


@EDUCATIONS.route("GET", "utbildningstillfalle/{uid}")
def occasion(desk: Desk, _request: Request, uid: str) -> Answer:
    return Answer("ui:Utbildningstillfalle", entities.occasion(desk.ladok, desk.ladok.occasion(uid_in(uid))))


@EDUCATIONS.route("POST", "utbildningstillfalle", assumption="A11")
def create_occasion(desk: Desk, request: Request) -> Answer:
    body = request.body
    spans = [each for each in many(body, "Tillfallesperioder") if isinstance(each, dict)]
    if not spans:
        raise LadokError(400, "Tillfallesperioder saknas", group="obligatoriskt_varde_saknas")
    made = desk.act(
        request,
        "create_occasion",
        education_uid=uid_in(text(body, "UtbildningsinstansUID")),
        first_day=text(spans[0], "ForstaUndervisningsdatum"),
        last_day=text(spans[-1], "SistaUndervisningsdatum"),
        code=optional(body, "Tillfalleskod"),
        credits_per_term=optional(spans[0], "Omfattningsvarde"),
        status=1,
    )
    return Answer("ui:Utbildningstillfalle", entities.occasion(desk.ladok, made), 201, wrote=True)
