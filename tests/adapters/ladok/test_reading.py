"""Reading Ladok's answers: XML and JSON of the same thing alike, lists whole, reports by the columns that are known."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tests.support.fixtures import PUBLISHED, REPOSITORY, needs_published, sample
from tests.support.ladok_door import Answers, registry, uid

from mobility_adapters.ladok import decode, utdata, values
from mobility_adapters.ladok.exchange import ExchangeRules
from mobility_adapters.ladok.faults import obstacles
from mobility_adapters.ladok.mappings import LadokMappings, load_mapping
from mobility_adapters.ladok.registration import admission_body, withdrawal_body
from mobility_adapters.ladok.search import PASSES, all_rows
from mobility_adapters.ladok.values import Node, read_answer
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.occasion import ExchangeAgreement, Occasion, OccasionCancelled
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.registry_student import LadokStudent, StudentDeceased
from mobility_bridge.ports.registry import AdmissionOrder, ReportQuestion, WithdrawalOrder

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EXAMPLES = PUBLISHED / "ladok" / "examples"
STUDENT = LadokUid(uid(7, 3))
AUTUMN = ReportQuestion(date(2026, 8, 31), date(2027, 1, 17))


def node(data: bytes, media_type: str = "application/vnd.ladok-x+xml") -> Node:
    return read_answer(data, media_type, limit=1 << 20)


def from_json(said: Any) -> Node:
    return node(json.dumps(said).encode(), "application/json;charset=UTF-8")


def example(name: str) -> Node:
    kind = "application/json" if name.endswith(".json") else "application/xml"
    return node((EXAMPLES / name).read_bytes(), kind)


def shipped() -> LadokMappings:
    loaded = load_mapping(REPOSITORY / "config/mappings/ladok.toml", [])
    assert loaded is not None
    return loaded


def test_a_student_is_the_same_in_both_forms() -> None:
    problems: list[tuple[str, str]] = []
    from_xml = decode.student(node(sample("ladok/student.xml")), NOW, problems)
    in_json = {
        "Avliden": False,
        "Efternamn": "Tolvansson",
        "ExterntUID": "7a1d6f3e-52c4-4b0d-8e11-0c9b3c5d7f02",
        "Fodelsedata": "1912-12-12",
        "Fornamn": "Tolvan",
        "KonID": 2,
        "Personnummer": "191212121212",
        "Uid": uid(7, 3),
        "link": [],
    }
    assert decode.student(from_json(in_json), NOW, problems) == from_xml
    assert problems == []
    student, deceased = from_xml
    assert isinstance(student, LadokStudent)
    assert student.person is not None
    assert (student.student_uid, student.person.gender) == (STUDENT, 1)
    assert isinstance(deceased, StudentDeceased)
    assert deceased.removed


@pytest.mark.parametrize(
    "said",
    [
        {"Benamning": {"sv": "Kurs", "en": "Course"}},
        {"Benamningar": {"sv": "Kurs", "en": "Course"}},
        {"Benamning": [{"Sprakkod": "sv", "Text": "Kurs"}, {"Sprakkod": "en", "Text": "Course"}]},
        {
            "Benamningar": {
                "Benamning": [{"Sprakkod": "sv", "Text": "Kurs"}, {"Sprakkod": "en", "Text": "Course"}]
            }
        },
    ],
)
def test_names_are_read_in_every_spelling(said: Node) -> None:
    assert values.names(said) == (("sv", "Kurs"), ("en", "Course"))


def test_ids_may_be_numbers_texts_or_wrapped() -> None:
    said = from_json({"a": 990262, "b": "990262", "c": {"value": 990262}, "d": None, "e": "", "f": False})
    assert [values.text(said, name) for name in "abcdef"] == [
        "990262",
        "990262",
        "990262",
        None,
        None,
        "false",
    ]


def test_a_time_without_a_zone_is_swedish() -> None:
    assert values.as_instant("2026-05-18T10:11:02.104") == datetime(2026, 5, 18, 8, 11, 2, 104000, tzinfo=UTC)
    assert values.as_instant("2026-01-18T10:11:02") == datetime(2026, 1, 18, 9, 11, 2, tzinfo=UTC)
    assert values.as_instant("2026-05-18T08:11:02Z") == datetime(2026, 5, 18, 8, 11, 2, tzinfo=UTC)
    assert values.as_instant("soon") is None


def test_a_date_with_a_zone_is_its_day() -> None:
    assert values.as_day("2026-08-31+02:00") == date(2026, 8, 31)
    assert values.as_day("31.08.2026") is None


@given(st.text(max_size=30))
def test_no_free_text_is_too_strange_for_a_number(text: str) -> None:
    values.number_in(text)
    values.as_number(text)
    values.as_day(text)


def test_participations_are_read_from_wrapped_and_plain_lists() -> None:
    row = {
        "Uid": uid(1, 9),
        "Paborjad": True,
        "Aterbud": False,
        "Perioddeltaganden": [
            {
                "Periodindex": 1,
                "Omfattningsvarde": "30.0",
                "Tillstand": "studiedeltagande.domain.tillstandsdefinition.registrerad",
                "UtbildningsPeriodFran": "2026-08-31",
            }
        ],
        "Utbildningsinformation": {"UtbildningstillfalleUID": uid(1, 8), "Utbildningskod": "UAFIC"},
    }
    wrapped = {"Tillfallesdeltaganden": {"Tillfallesdeltagande": row}}
    for said in (
        {"Tillfallesdeltaganden": [row]},
        wrapped,
        {"Resultat": [row]},
        {"Tillfallesdeltagande": [row]},
    ):
        (found,) = decode.participations(from_json(said), STUDENT, NOW, [])
        assert (found.admission_uid, found.occasion_uid, found.begun) == (uid(1, 9), uid(1, 8), True)
        assert found.periods[0].registered
        assert found.periods[0].credits == Decimal("30.0")
    problems: list[tuple[str, str]] = []
    assert (
        list(decode.participations(from_json({"Tillfallesdeltaganden": [{}]}), STUDENT, NOW, problems)) == []
    )
    assert problems == [("Tillfallesdeltagande", "has no Uid")]


def test_results_are_found_whatever_their_list_is_called() -> None:
    row = {
        "ResultatUID": uid(1, 9),
        "Benamning": {"sv": "Kurs", "en": "Course"},
        "Betygsgradskod": "B",
        "Omfattningsvarde": 7.5,
        "Utbildningskod": "FI2001",
        "Examinationsdatum": "2026-10-28",
    }
    transferred = {"ResultatUID": uid(2, 9), "Tillgodoinformation": {"x": 1}}
    said = from_json(
        {"NagonLista": [{"KursUID": uid(1, 4), "Studentresultat": [row, transferred, {}]}], "link": []}
    )
    problems: list[tuple[str, str]] = []
    first, second = decode.results(said, STUDENT, NOW, problems)
    assert (first.course_code, first.grade, first.credits, first.name_en) == (
        "FI2001",
        "B",
        Decimal("7.5"),
        "Course",
    )
    assert (second.grade, second.by_credit_transfer) == (None, True)
    assert problems == [("Studentresultat", "has no ResultatUID")]


def test_a_cancelled_occasion_is_said_to_be() -> None:
    known = ExchangeAgreement(education_uid=LadokUid(uid(1, 4)), code="UAFIC", exchange=True, as_of=NOW)
    said = {
        "Uid": uid(1, 8),
        "Installt": True,
        "Status": 3,
        "StartperiodID": {"value": 990262},
        "Tillfalleskod": "UT262",
        "Tillfallesperioder": [{"ForstaUndervisningsdatum": "2026-08-31", "Omfattningsvarde": "30,0"}],
    }
    occasion, cancelled = decode.occasion(from_json(said), known, ExchangeRules(), NOW)
    assert isinstance(occasion, Occasion)
    assert (occasion.code, occasion.start_period_id, occasion.exchange) == ("UT262", "990262", True)
    assert occasion.periods == ((date(2026, 8, 31), None, Decimal("30.0")),)
    assert isinstance(cancelled, OccasionCancelled)
    assert not cancelled.removed


class Unstable:
    """A list whose pages overlap until the last pass."""

    def __init__(self, total: int, stable_from: int) -> None:
        self.total = total
        self.stable_from = stable_from
        self.passes = 0

    async def page(self, number: int) -> Node:
        self.passes += number == 1
        shift = 0 if self.passes >= self.stable_from or number == 1 else -1
        first = (number - 1) * 2 + shift
        numbers = range(max(0, first), min(self.total, first + 2))
        return {"TotaltAntalPoster": self.total, "Resultat": [{"Uid": uid(each)} for each in numbers]}


@pytest.mark.parametrize(("stable_from", "passes", "missing"), [(1, 1, 0), (2, 2, 0), (9, PASSES, 1)])
async def test_a_list_is_read_again_until_its_rows_are_as_many_as_it_says(
    stable_from: int, passes: int, missing: int
) -> None:
    played = Unstable(4, stable_from)
    found = await all_rows(played.page, lambda row: values.uid(row, "Uid"))
    assert (played.passes, found.missing, len(found.rows)) == (passes, missing, 4 - missing)


async def test_a_search_always_asks_with_an_order_and_says_when_rows_are_missing(tmp_path: Path) -> None:
    body = {"TotaltAntalPoster": 3, "Resultat": [{"Student": {"Uid": uid(7, 3)}}]}
    played = Answers(lambda request: httpx.Response(200, json=body))
    reading = await registry(played, tmp_path, burst=100).participants(LadokUid(uid(1, 8)))
    assert {request.url.params["orderby"] for request in played.asked} == {"PERSONNUMMER_ASC"}
    assert not reading.complete
    assert reading.problems == (("deltagare", "2 more rows are counted than shown"),)


def test_what_we_write_keeps_our_schema() -> None:
    schema = etree.XMLSchema(etree.parse(REPOSITORY / "schemas/ladok/studiedeltagande.xsd"))
    bodies = [
        utdata.question_body(AUTUMN, 1),
        utdata.question_body(ReportQuestion(AUTUMN.first_day, AUTUMN.last_day, (Direction.INCOMING,)), 2),
        admission_body(AdmissionOrder(STUDENT, LadokUid(uid(1, 8)))),
        withdrawal_body(WithdrawalOrder(STUDENT, LadokUid(uid(1, 9)))),
        withdrawal_body(WithdrawalOrder(STUDENT, LadokUid(uid(1, 9)), "uteblev")),
    ]
    for body in bodies:
        schema.assertValid(etree.fromstring(body))
    broken = utdata.question_body(AUTUMN, 1).replace(b"inresande", b"allihop")
    assert not schema.validate(etree.fromstring(broken))
    with pytest.raises(ValueError, match="a UID of letters"):
        admission_body(AdmissionOrder(LadokUid("<x/>"), LadokUid(uid(1, 8))))


def test_a_report_is_read_by_its_titles_and_unknown_columns_are_named() -> None:
    columns = {"a.state": "state", "a.way": "direction", "a.when": "period"}
    said = {
        "kolumntitlar": [{"I18nNyckel": "a.when"}, {"I18nNyckel": "a.new"}, {"I18nNyckel": "a.way"}],
        "resultatrader": [
            {
                "metadata": {"entry": {"key": 0, "value": uid(7, 3)}},
                "Varden": [
                    "2026-08-31 - 2027-01-17",
                    "x",
                    "studiedeltagande.utdata.utbytesstudier.utresande",
                ],
            },
            {"metadata": {"entry": [{"key": "0", "value": uid(8, 3)}]}, "Varden": ["2026-08-31_2027-01-17"]},
            {"metadata": {}, "Varden": []},
        ],
    }
    problems: list[tuple[str, str]] = []
    first, second = utdata.report_rows(from_json(said), columns, NOW, problems)
    assert (first.direction, first.starts_on, first.ends_on) == (
        Direction.OUTGOING,
        date(2026, 8, 31),
        date(2027, 1, 17),
    )
    assert (second.direction, second.ends_on) == (None, date(2027, 1, 17))
    assert problems == [("kolumntitlar", "a.new"), ("resultatrader", "a row names no student")]


async def test_a_report_is_read_page_by_page(tmp_path: Path) -> None:
    full = "".join(
        f"<sd:resultatrader><sd:metadata><sd:entry><sd:key>0</sd:key><sd:value>{uid(number, 3)}</sd:value></sd:entry>"
        "</sd:metadata><sd:Varden/></sd:resultatrader>"
        for number in range(utdata.PAGE_SIZE)
    )

    def respond(request: httpx.Request) -> httpx.Response:
        rows = full if b"<sd:Sida>1<" in request.content else ""
        body = f'<sd:UtdataResultat xmlns:sd="{utdata.NAMESPACE}">{rows}</sd:UtdataResultat>'
        return httpx.Response(200, headers={"content-type": "application/xml"}, content=body)

    reading = await registry(Answers(respond), tmp_path, assumed=["A9"]).exchange_report(AUTUMN)
    assert (len(reading.facts), len(reading.exchanges)) == (utdata.PAGE_SIZE, 2)


@needs_published
def test_the_published_answers_are_read() -> None:
    problems: list[tuple[str, str]] = []
    assert len(decode.student(example("student.json"), NOW, problems)) == 2
    (coming,) = decode.participations(example("admission.json"), STUDENT, NOW, problems)
    assert (coming.education_code, coming.occasion_code) == ("UAFIC", "UT261")
    assert coming.periods[0].state == "ej_paborjad"
    (hinder,) = obstacles(example("registration-hinder.xml"))
    assert hinder.stopping
    assert [code for code, _ in hinder.texts] == ["sv", "en"]
    columns = shipped().exchange_report.columns
    incoming, outgoing = utdata.report_rows(example("exchange-utdata.xml"), columns, NOW, problems)
    assert (incoming.direction, outgoing.direction) == (Direction.INCOMING, Direction.OUTGOING)
    assert (incoming.partner_code, incoming.state) == ("FICTION01", "pagaende")
    transfer = example("credit-transfer.xml")
    (found,) = decode.credit_transfers({"Tillgodoraknanden": [transfer]}, STUDENT, NOW)
    assert (found.grounds[0].kind, found.targets[0].credits) == ("annan_merit", Decimal("7.5"))
    assert problems == []
