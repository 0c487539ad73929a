"""What the Ladok group enters before anybody can be admitted: parties, programmes, agreements, occasions.

Source: Ladok: exchange in Ladok's model, events (ExternPartEvent, UtbytesprogramEvent, Kurspaketering…Event),
assumptions A10, A11 and A19.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from mobility_bridge.sandbox.ladok_events import Scene, grunddata
from mobility_bridge.sandbox.ladok_numbers import local_date, term_named, term_of, terms_between
from mobility_bridge.sandbox.ladok_tree import Member, Names, Obj
from mobility_bridge.sandbox.ladok_world import (
    AGREEMENT,
    CLOSED,
    COURSE,
    DRAFT,
    INCOMING,
    OCCASION_TYPES,
    OUTGOING,
    PROGRAMME,
    USABLE,
    Education,
    Occasion,
    RefusalError,
    Row,
)

UNIVERSITY: Final = 1
"""The type of external party that a university is."""
DECIDER: Final = "Handläggare Exempel"
_EVENT_STEM: Final = {AGREEMENT: "Kurspaketering", PROGRAMME: "Kurspaketering", COURSE: "Kurs"}
_KINDS: Final = {"agreement": AGREEMENT, "programme": PROGRAMME, "course": COURSE}


def add_country(scene: Scene, *, number: int, code: str, sv: str, en: str) -> Row:
    """A country more; `code` is its ISO 3166-1 alpha-2 code."""
    row = Row(number, code, Names(sv, en), national=True)
    scene.ladok.countries[number] = row
    scene.happens("ki:LandEvent", grunddata(number, code, row.names), national=True)
    return row


def add_extern_part(  # noqa: PLR0913 - the columns of the table
    scene: Scene, *, number: int, code: str, sv: str, en: str, country: str, schac: str | None = None
) -> Row:
    """A partner more. `schac` stands in the table only, never in the event."""
    land = next((each.number for each in scene.ladok.countries.values() if each.code == country), None)
    row = Row(number, code, Names(sv, en), national=True, land_id=land, type_id=UNIVERSITY, schac=schac)
    scene.ladok.extern_parts[number] = row
    members: list[Member] = [
        *grunddata(number, code, row.names),
        ("ki:LandID", land),
        ("ki:TypAvExternPartID", UNIVERSITY),
    ]
    scene.happens("ki:ExternPartEvent", members, national=True)
    return row


def add_exchange_programme(scene: Scene, *, number: int, code: str, sv: str, en: str) -> Row:
    """An exchange programme more, such as Erasmus+."""
    row = Row(number, code, Names(sv, en))
    scene.ladok.exchange_programmes[number] = row
    scene.happens("ki:UtbytesprogramEvent", grunddata(number, code, row.names))
    return row


def create_education(  # noqa: PLR0913 - the columns of the form
    scene: Scene,
    *,
    kind: str,
    code: str,
    sv: str,
    en: str,
    credits: str = "30",  # noqa: A002 - the domain's word
    first_term: str | None = None,
    extern_part_id: int | None = None,
    exchange_programme_id: int | None = None,
    status: int = USABLE,
) -> Education:
    """Create a course, a programme or an exchange agreement.

    Raises:  RefusalError when the code is taken or the partner is not in the code table.
    """
    ladok = scene.ladok
    if kind not in _KINDS:
        raise RefusalError("felaktigt_varde", f"Utbildningstypen {kind} finns inte.")
    if any(each.code == code for each in ladok.educations.values()):
        raise RefusalError("domanregel", f"Utbildningskoden {code} finns redan.")
    if extern_part_id is not None and extern_part_id not in ladok.extern_parts:
        raise RefusalError("felaktigt_varde", f"Extern part {extern_part_id} finns inte.")
    term = term_named(first_term) if first_term else term_of(local_date(scene.at))
    if term is None:
        raise RefusalError("felaktigt_format", f"Perioden {first_term} finns inte.")
    education = Education(
        uid=scene.uid(),
        instance_uid=scene.uid(),
        code=code,
        names=Names(sv, en),
        credits=credits,
        type_id=_KINDS[kind],
        first_period=term.number,
        saved_at=scene.at,
        saved_by=scene.who,
        status=status,
        extern_part_id=extern_part_id,
        exchange_programme_id=exchange_programme_id,
        decided_by=DECIDER,
        decided_on=local_date(scene.at),
    )
    ladok.educations[education.uid] = education
    if status == USABLE:
        _education_event(scene, education)
    return education


def create_occasion(  # noqa: PLR0913 - the columns of the form
    scene: Scene,
    *,
    education_uid: str,
    first_day: str,
    last_day: str,
    code: str | None = None,
    direction: str | None = None,
    credits_per_term: str | None = None,
    status: int = USABLE,
) -> Occasion:
    """Create an occasion; one of a year is split into its terms. Without a code it gets the next one.

    The code of an exchange occasion says its direction: `IN` or `UT`, the year, a number.
    """
    ladok = scene.ladok
    education = ladok.education(education_uid)
    days = date.fromisoformat(first_day), date.fromisoformat(last_day)
    if direction not in (None, INCOMING, OUTGOING):
        raise RefusalError("felaktigt_varde", f"Riktningen {direction} finns inte.")
    code = code or _next_code(scene, education, days[0], direction)
    if direction is None and education.type_id == AGREEMENT:
        direction = INCOMING if code.startswith("IN") else OUTGOING
    each_term = credits_per_term or ("30.0" if education.type_id == AGREEMENT else education.credits)
    occasion = Occasion(
        uid=scene.uid(),
        education_uid=education.uid,
        code=code,
        spans=_spans(*days, each_term),
        saved_at=scene.at,
        saved_by=scene.who,
        status=status,
        direction=INCOMING if direction == INCOMING else OUTGOING if direction == OUTGOING else None,
    )
    ladok.occasions[occasion.uid] = occasion
    if status == USABLE:
        occasion_event(scene, occasion)
    return occasion


def set_status(scene: Scene, *, uid: str, status: int) -> Education | Occasion:
    """Bring an education or an occasion to a status; from then on others see it."""
    ladok = scene.ladok
    if uid in ladok.occasions:
        occasion = ladok.occasions[uid]
        occasion.status, occasion.saved_at, occasion.saved_by = status, scene.at, scene.who
        if status == USABLE:
            occasion_event(scene, occasion)
        return occasion
    education = ladok.education(uid)
    education.status, education.saved_at, education.saved_by = status, scene.at, scene.who
    if status == USABLE:
        _education_event(scene, education)
    return education


def cancel_occasion(scene: Scene, *, uid: str, cancelled: bool = True) -> Occasion:
    """Cancel an occasion, or take the cancellation back."""
    occasion = scene.ladok.occasion(uid)
    occasion.cancelled = cancelled
    occasion.status = CLOSED if cancelled else USABLE
    occasion.saved_at, occasion.saved_by = scene.at, scene.who
    kind = "Installt" if cancelled else "Ateraktiverat"
    scene.happens(f"ui:Utbildningstillfalle{kind}Event", [("ui:UtbildningstillfalleUID", uid)])
    return occasion


def occasion_event(scene: Scene, occasion: Occasion) -> None:
    """Tell that an occasion is there; that of an individual commitment names whose it is."""
    education = scene.ladok.education_of(occasion)
    package = education.type_id != COURSE
    attributes = None
    if occasion.student_uid is not None:
        attributes = Obj(
            [
                ("ui:IndividuelltAtagandeReferensUID", occasion.reference_uid),
                ("ui:KurspaketeringstillfallesantagningUID", occasion.admission_uid),
                ("ui:StudentUID", occasion.student_uid),
            ]
        )
    spans = [_span(*each) for each in occasion.spans]
    members: list[Member] = [
        ("ui:OrganisationUID", scene.ladok.organisation_uid),
        ("ui:Status", occasion.status),
        ("ui:UtbildningUID", education.uid),
        ("ui:UtbildningsinstansUID", education.instance_uid),
        ("ui:UtbildningstypID", OCCASION_TYPES[education.type_id]),
        ("ui:Avgiftsbelagt", False),
        ("ui:StartperiodID", term_of(occasion.first_day).number),
        ("ui:StudietaktID", 1),
        ("ui:UtbildningUtbildningstypID", education.type_id),
        ("ui:UtbildningstillfalleUID", occasion.uid),
        ("ui:Utbildningstillfalleskod", occasion.code),
        ("ui:AntagningTillSenareDel", False if package else None),
        ("ui:Kurstillfallesattribut", attributes),
        ("ui:Tillfallesperioder*" if package else "ui:Kurstillfallesperioder*", spans),
    ]
    name = "Kurspaketeringstillfalle" if package else "Kurstillfalle"
    scene.happens(f"ui:{name}TillStatusEvent", members, occasion.student_uid)


def spans_of(first_day: date, last_day: date, credits_each: str) -> list[tuple[date, date, str]]:
    """A stay split into its terms."""
    return _spans(first_day, last_day, credits_each)


def _spans(first_day: date, last_day: date, credits_each: str) -> list[tuple[date, date, str]]:
    if last_day < first_day:
        raise RefusalError("felaktigt_varde", "Slutdatum ligger före startdatum.")
    terms = [term for term in terms_between(first_day, last_day) if term.last_day >= first_day]
    spans = [
        (max(first_day, term.first_day), min(last_day, term.last_day), credits_each) for term in terms
    ] or [(first_day, last_day, credits_each)]
    # What begins in the summer counts for the autumn.
    return [(first_day, *spans[0][1:]), *spans[1:]]


def _span(first_day: date, last_day: date, points: str) -> Obj:
    return Obj(
        [
            ("ui:ForstaUndervisningsdatum", first_day),
            ("ui:Omfattningsvarde", points),
            ("ui:SistaUndervisningsdatum", last_day),
        ]
    )


def _next_code(scene: Scene, education: Education, day: date, direction: str | None) -> str:
    prefix = {INCOMING: "IN", OUTGOING: "UT"}.get(direction or "", "")
    start = f"{prefix}{term_of(day).year % 100:02d}"
    siblings = [each.code for each in scene.ladok.occasions.values() if each.education_uid == education.uid]
    return f"{start}{1 + sum(each.startswith(start) for each in siblings)}"


def _education_event(scene: Scene, education: Education) -> None:
    members: Sequence[Member] = [
        (
            "ui:Beslut*",
            [
                Obj(
                    [
                        ("ui:Beslutsdatum", education.decided_on),
                        ("ui:Beslutsfattare", education.decided_by),
                        ("ui:Beslutstyp", "KOMPLETT" if education.status != DRAFT else "UTKAST"),
                    ]
                )
            ],
        ),
        ("ui:OrganisationUID", scene.ladok.organisation_uid),
        ("ui:Status", education.status),
        ("ui:UtbildningUID", education.uid),
        ("ui:UtbildningsinstansUID", education.instance_uid),
        ("ui:UtbildningstypID", education.type_id),
        ("ui:Benamningar", education.names),
        ("ui:EnhetID", 1),
        ("ui:Omfattningsvarde", education.credits),
        ("ui:Utbildningskod", education.code),
        (
            "ui:Versionsinformation",
            Obj(
                [
                    ("ui:GiltigFranPeriodID", education.first_period),
                    ("ui:Versionsnummer", 1),
                    ("ui:ArSenasteVersion", True),
                ]
            ),
        ),
        ("ui:ExternPartID", education.extern_part_id),
    ]
    scene.happens(f"ui:{_EVENT_STEM[education.type_id]}TillStatusEvent", members)
