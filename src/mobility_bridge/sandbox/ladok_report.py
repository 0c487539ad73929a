"""The report on who takes part in exchange, in and out.

Source: Ladok: reports 5.7; the columns are assumed (A9).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from mobility_bridge.sandbox.ladok_request import Body, many
from mobility_bridge.sandbox.ladok_tree import Member, Obj
from mobility_bridge.sandbox.ladok_world import Admission, LadokWorld

EXCHANGE: Final = "studiedeltagande.utdata.utbytesstudier"
COLUMNS: Final = (
    "personnummer",
    "namn",
    "utbytesalternativ",
    "avtalskod",
    "avtalsbenamning",
    "tillfalleskod",
    "externpart",
    "land",
    "utbytesprogram",
    "studieperiod",
    "tillstand",
)
_STATE: Final = "studiedeltagande.studenthantering.deltagare.tillstand."
_DIRECTIONS: Final = {"incoming": f"{EXCHANGE}.inresande", "outgoing": f"{EXCHANGE}.utresande"}
_DEFAULT_SIZE: Final = 400


def exchange_report(
    ladok: LadokWorld, body: Body, shuffle: Callable[[list[Admission]], list[Admission]]
) -> Obj:
    """Answer one question; the question is repeated in the answer."""
    filters = dict(_filters(body))
    rows = [each for each in _participants(ladok) if all(_fits(ladok, each, *one) for one in filters.items())]
    rows = shuffle(sorted(rows, key=lambda each: ladok.person(each.student_uid).number))
    page, size = int(body.get("Sida") or 1), int(body.get("Sidstorlek") or _DEFAULT_SIZE)
    cut = rows[(page - 1) * size : page * size]
    titles = [
        Obj([("sd:I18nNyckel", f"mock.utbytesstudier.{each}"), ("sd:Kolumntyp", "STRING")])
        for each in COLUMNS
    ]
    return Obj(
        [
            ("sd:AntalTraffar", len(rows)),
            ("sd:kolumntitlar*", titles),
            ("sd:resultatrader*", [_row(ladok, each) for each in cut]),
            ("sd:UtdataFraga", _question(filters, page, size)),
            ("sd:UtdataTyp", EXCHANGE),
        ]
    )


def _participants(ladok: LadokWorld) -> Iterator[Admission]:
    for each in ladok.admissions.values():
        if ladok.is_exchange(ladok.occasion(each.occasion_uid)) and not each.replaced:
            yield each


def _filters(body: Body) -> Iterator[tuple[str, list[str]]]:
    inside = body.get("UtdataAvgransningar") or {}
    if isinstance(inside, dict):
        inside = inside.get("UtdataAvgransningar") or inside
    rows = many(inside, "UtdataAvgransning") if isinstance(inside, dict) else inside
    for row in rows:
        if isinstance(row, dict) and "UtdataAvgransningstyp" in row:
            values = [str(each) for each in many(row, "UtdataAvgransningsvarden")]
            yield str(row["UtdataAvgransningstyp"]), values


def _fits(ladok: LadokWorld, each: Admission, kind: str, values: list[str]) -> bool:
    facts = _facts(ladok, each)
    if kind in ("PAGAR_INOM", "STARTAR_INOM", "SLUTAR_INOM"):
        return any(_within(facts, kind, value) for value in values)
    return kind not in facts or any(str(fact) in values for fact in facts[kind])


def _within(facts: Mapping[str, Any], kind: str, span: str) -> bool:
    first, _, last = span.partition("_")
    start, end = facts["span"]
    if kind == "STARTAR_INOM":
        return bool(first <= start <= last)
    if kind == "SLUTAR_INOM":
        return bool(first <= end <= last)
    return bool(start <= last and end >= first)


def _facts(ladok: LadokWorld, each: Admission) -> dict[str, Any]:
    occasion = ladok.occasion(each.occasion_uid)
    agreement = ladok.education_of(occasion)
    party = ladok.extern_parts.get(agreement.extern_part_id or 0)
    return {
        "UTBYTESALTERNATIV": [_DIRECTIONS[occasion.direction or "outgoing"]],
        "TILLSTAND": [_STATE + each.state.lower()],
        "UTBYTESAVTAL": [agreement.uid, agreement.instance_uid, agreement.code],
        "UTBYTESPROGRAM": [agreement.exchange_programme_id],
        "LANDER": [party.land_id if party else None],
        "EXTERNAPARTER": [agreement.extern_part_id],
        "ORGANISATIONSENHETER": [ladok.organisation_uid],
        "span": (occasion.first_day.isoformat(), occasion.last_day.isoformat()),
    }


def _row(ladok: LadokWorld, each: Admission) -> Obj:
    person = ladok.person(each.student_uid)
    occasion = ladok.occasion(each.occasion_uid)
    agreement = ladok.education_of(occasion)
    party = ladok.extern_parts.get(agreement.extern_part_id or 0)
    land = ladok.countries.get(party.land_id or 0) if party else None
    programme = ladok.exchange_programmes.get(agreement.exchange_programme_id or 0)
    values = [
        person.number,
        f"{person.family_name}, {person.given_names}",
        _DIRECTIONS[occasion.direction or "outgoing"],
        agreement.code,
        agreement.names.sv,
        occasion.code,
        party.code if party else "",
        land.code if land else "",
        programme.code if programme else "",
        f"{occasion.first_day} - {occasion.last_day}",
        _STATE + each.state.lower(),
    ]
    metadata = Obj([("sd:entry*", [Obj([("sd:key", "0"), ("sd:value", person.uid)])])])
    return Obj([("sd:metadata", metadata), ("sd:Varden*", values)])


def _question(filters: Mapping[str, list[str]], page: int, size: int) -> Obj:
    limits = [
        Obj([("sd:UtdataAvgransningstyp", kind), ("sd:UtdataAvgransningsvarden*", values)])
        for kind, values in filters.items()
    ]
    members: list[Member] = []
    if limits:
        inner = Obj([("sd:UtdataAvgransning*", limits)])
        members.append(("sd:UtdataAvgransningar", Obj([("sd:UtdataAvgransningar", inner)])))
    return Obj([*members, ("sd:Sida", page), ("sd:Sidstorlek", size)])
