"""The played Ladok against the documents of the reference: the same elements, in the same order."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from lxml import etree
from tests.support.fixtures import PUBLISHED, needs_published
from tests.support.ladok import PlayedLadok, entries, members, shape

EXAMPLES = PUBLISHED / "ladok" / "examples"
pytestmark = needs_published
CONTENT = "{http://www.w3.org/2005/Atom}content"


@dataclass(frozen=True)
class Year:
    """What the examples tell of: somebody comes, somebody goes, somebody stays at home."""

    ladok: PlayedLadok
    agreement_uid: str
    ana: Any
    goes: Any
    taken: Any
    waiting: Any

    def ask(self, *question: Any, **more: Any) -> httpx.Response:
        return self.ladok.ask(*question, **more)


SEMESTER = {"first_day": "2026-08-31", "last_day": "2027-01-17"}


@pytest.fixture(scope="module")
def year() -> Year:
    ladok = PlayedLadok()
    agreement = _agreement(ladok).uid
    coming = ladok.do("create_occasion", education_uid=agreement, direction="incoming", **SEMESTER)
    going = ladok.do("create_occasion", education_uid=agreement, direction="outgoing", **SEMESTER)
    _stays_at_home(ladok, coming)
    ana, taken, waiting = _comes(ladok, coming)
    return Year(ladok, agreement, ana, _goes(ladok, going), taken, waiting)


def _agreement(ladok: PlayedLadok) -> Any:
    return ladok.do(
        "create_education",
        kind="agreement",
        code="UAFIC",
        sv="Utbytesavtal: Universitetet i Påhittsstad",
        en="Exchange agreement: University of Fictiontown",
        extern_part_id=991101,
        exchange_programme_id=990101,
    )


def _stays_at_home(ladok: PlayedLadok, coming: Any) -> None:
    quits = ladok.do("establish", given_names="Tolvan", family_name="Hemma", born="2003-02-15", sex=2)
    given_up = ladok.do("admit", student_uid=quits.uid, occasion_uid=coming.uid)
    ladok.do("withdraw", admission_uid=given_up.uid)


def _comes(ladok: PlayedLadok, coming: Any) -> tuple[Any, Any, Any]:
    """Somebody comes; return who, the admission to a course, and what was to come before it."""
    course = _course(ladok, "NH1101").uid
    autumn = {"first_day": "2026-08-31", "last_day": "2026-10-30"}
    class_ = ladok.do("create_occasion", education_uid=course, **autumn)
    ana = ladok.do("establish", given_names="Ana", family_name="Ficticia", born="2003-02-14", sex=1)
    package = ladok.do("admit", student_uid=ana.uid, occasion_uid=coming.uid)
    waiting = json.loads(
        ladok.ask(f"/studiedeltagande/tillfallesdeltagande/kommande/student/{ana.uid}").content
    )
    taken = ladok.do("admit", student_uid=ana.uid, occasion_uid=class_.uid, within=package.uid)
    ladok.do("register", admission_uid=taken.uid)
    result = {"student_uid": ana.uid, "occasion_uid": class_.uid}
    ladok.do("report", **result, grade="B", examined_on="2026-10-28")
    ladok.do("attest_result", **result)
    ladok.do("interrupt", admission_uid=package.uid, on="2026-11-16")
    return ana, taken, waiting


def _goes(ladok: PlayedLadok, going: Any) -> Any:
    """Somebody goes, and the credits are transferred; return who."""
    goes = ladok.do(
        "establish",
        given_names="Tolvan",
        family_name="Tolvansson",
        born="1912-12-12",
        sex=2,
        number="191212121212",
    )
    ladok.do("admit", student_uid=goes.uid, occasion_uid=going.uid)
    transfer = ladok.do(
        "propose_transfer",
        student_uid=goes.uid,
        merit_uids=[_merit(ladok, goes).uid],
        targets=[[_course(ladok, "NH1101").uid, "7.5"]],
        occasion_uid=going.uid,
        programme_uid=_course(ladok, "NHKAN").uid,
        note="Learning Agreement HT26",
    )
    ladok.do("attest_transfer", transfer_uid=transfer.uid)
    return goes


def _merit(ladok: PlayedLadok, student: Any) -> Any:
    return ladok.do(
        "add_merit",
        student_uid=student.uid,
        title="Economia de Ficção II",
        title_en="Fiction Economics II",
        extent="6 ECTS",
        grade="16",
        scale="0-20",
        examined_on="2027-01-15",
        origin="University of Fictiontown",
        extern_part_id=991101,
        attested=True,
    )


def _course(ladok: PlayedLadok, code: str) -> Any:
    return next(each for each in ladok.world.educations.values() if each.code == code)


def example(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


def first_of_each_kind(document: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in reversed(entries(document)):
        event = entry.find(CONTENT)[0]
        found.setdefault(etree.QName(event).localname, event)
    return found


KINDS = sorted(
    {
        *(first_of_each_kind(example("feed-recent.xml")) if EXAMPLES.is_dir() else ()),
        *(first_of_each_kind(example("feed-archive.xml")) if EXAMPLES.is_dir() else ()),
    }
)


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_has_the_elements_of_the_example(year: Year, kind: str):
    page = year.ask("/handelser/feed/recent", accept="application/atom+xml").content
    # What the examples show at their first occurrence, one of ours shows too.
    wanted = {
        **first_of_each_kind(example("feed-archive.xml")),
        **first_of_each_kind(example("feed-recent.xml")),
    }

    ours = [
        shape(event)
        for entry in entries(page)
        for event in entry.find(CONTENT)
        if etree.QName(event).localname == kind
    ]

    assert shape(wanted[kind]) in ours


def test_an_event_declares_the_prefixes_of_the_example(year: Year):
    page = year.ask("/handelser/feed/recent", accept="application/atom+xml").content

    event = first_of_each_kind(page)["LokalStudentEvent"]

    assert {*event.nsmap} - {None} == {"si", "base", "dap", "events"}


def test_a_page_has_the_elements_of_the_example(year: Year):
    ours = etree.fromstring(year.ask("/handelser/feed/recent", accept="application/atom+xml").content)
    theirs = etree.fromstring(example("feed-recent.xml"))

    assert [each.tag for each in ours[:3]] == [each.tag for each in theirs[:3]]
    assert ours.findtext("{*}title") == theirs.findtext("{*}title")
    assert ours.find("{*}generator").attrib == theirs.find("{*}generator").attrib
    assert [each.tag for each in entries(etree.tostring(ours))[0]] == [
        each.tag for each in entries(etree.tostring(theirs))[0]
    ]
    assert entries(etree.tostring(ours))[0][0].get("label") == "Event-typ"


def test_a_student_looks_like_the_example(year: Year):
    answer = year.ask(f"/studentinformation/student/{year.ana.uid}").json()

    assert members({**answer, "link": []}) == members(json.loads(example("student.json")))


def test_an_admission_holds_what_the_example_holds(year: Year):
    theirs = members(json.loads(example("admission.json")))["Tillfallesdeltaganden"][0]
    ours = members(year.waiting)["Tillfallesdeltaganden"][0]

    assert _contains(ours, theirs)
    assert {*ours} - {*theirs} == {"TillstandKurspaketering"}


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(_contains(whole.get(k), v) for k, v in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and (not part or _contains(whole[0], part[0]))
    return bool(whole == part)


def test_a_result_looks_like_the_example(year: Year):
    answer = year.ask(
        f"/resultat/resultat/student/{year.ana.uid}/kurs/{_course(year.ladok, 'NH1101').uid}?resultatstatus=ATTESTERAT"
    ).json()

    assert members(answer["Resultat"][0]) == members(json.loads(example("result.json")))


def test_an_error_looks_like_the_example(year: Year):
    answer = year.ask("/studentinformation/student/not-a-uid")
    theirs = json.loads(example("error.json"))

    assert answer.status_code == 400
    assert {**answer.json(), "FelUID": theirs["FelUID"]} == theirs


def test_obstacles_look_like_the_example(year: Year):
    answer = year.ask(
        f"/studiedeltagande/registrering/hinder/kurstillfallesantagning/{year.taken.uid}/periodindex/1",
        accept="application/vnd.ladok-studiedeltagande+xml",
    )

    ours = etree.fromstring(answer.content)
    assert shape(ours) == shape(etree.fromstring(example("registration-hinder.xml")))


def test_a_credit_transfer_looks_like_the_example(year: Year):
    answer = year.ask(
        f"/resultat/tillgodoraknande/student/{year.goes.uid}", accept="application/vnd.ladok-resultat+xml"
    )

    ours = etree.fromstring(answer.content).find("{*}Tillgodoraknande")
    assert shape(ours) == shape(etree.fromstring(example("credit-transfer.xml")))
    assert answer.headers["x-mock-ladok-assumption"] == "A6"


def test_the_report_looks_like_the_example(year: Year):
    question = etree.fromstring(example("exchange-utdata.xml")).find("{*}UtdataFraga")
    for value in question.iter("{*}UtdataAvgransningsvarden"):
        value.text = (value.text or "").replace("990001", "991101")

    answer = year.ask(
        "/studiedeltagande/utdata/studiedeltagande.utdata.utbytesstudier",
        "PUT",
        accept="application/vnd.ladok-studiedeltagande+xml",
        body=etree.tostring(question),
    )

    ours, theirs = etree.fromstring(answer.content), etree.fromstring(example("exchange-utdata.xml"))
    assert shape(ours) == shape(theirs)
    assert [each.text for each in ours.iter("{*}I18nNyckel")] == [
        each.text for each in theirs.iter("{*}I18nNyckel")
    ]
    assert {row.findall("{*}Varden")[2].text for row in ours.iter("{*}resultatrader")} == {
        row.findall("{*}Varden")[2].text for row in theirs.iter("{*}resultatrader")
    }


def test_somebody_is_admitted_with_the_body_of_the_example(year: Year):
    body = etree.fromstring(example("admission-import.xml"))
    body.find("{*}StudentUID").text = year.goes.uid
    occasion = next(
        each.uid
        for each in year.ladok.world.occasions.values()
        if each.direction == "incoming" and each.education_uid == year.agreement_uid
    )
    body.find("{*}UtbildningstillfalleUID").text = occasion

    answer = year.ask("/studiedeltagande/tillfallesantagning", "POST", body=etree.tostring(body))

    assert answer.status_code == 201, answer.text
    assert answer.json()["Utbildningsinformation"]["UtbildningstillfalleUID"] == occasion
