"""Ladok's services: forms, searches, refusals, assumptions, and what can be wrong with them."""

import json
from typing import Any

import pytest
from lxml import etree
from tests.support.ladok import PlayedLadok

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.ladok import FAULTS
from mobility_bridge.sandbox.ladok_numbers import local_time
from mobility_bridge.sandbox.ladok_seed import agreement_with, course, occasion_of

AUTUMN = ("2026-08-31", "2027-01-17")
XML = "application/vnd.ladok-studentinformation+xml"


@pytest.fixture
def ladok() -> PlayedLadok:
    return PlayedLadok()


@pytest.fixture
def goal(ladok: PlayedLadok) -> Any:
    """An exchange occasion for people who leave."""
    agreement = agreement_with(ladok.world, PARTNERS[0], ladok.now)
    return occasion_of(ladok.world, agreement, "outgoing", AUTUMN, ladok.now)


def people(ladok: PlayedLadok, count: int) -> list[Any]:
    return [
        ladok.do("establish", given_names=f"Ana{n}", family_name="Ficticia", born="2003-02-14", sex=1)
        for n in range(count)
    ]


def commitment(ladok: PlayedLadok, goal: Any) -> Any:
    admitted = ladok.do("admit", student_uid=people(ladok, 1)[0].uid, occasion_uid=goal.uid)
    return next(ladok.world.inside(admitted))


def path_to_register(admission: Any) -> str:
    return f"/studiedeltagande/registrering/kurstillfallesantagning/{admission.uid}/periodindex/1"


def test_the_same_person_comes_as_xml_and_as_json(ladok: PlayedLadok):
    (ana,) = people(ladok, 1)

    as_json = ladok.ask(f"/studentinformation/student/{ana.uid}")
    as_xml = ladok.ask(f"/studentinformation/student/{ana.uid}", accept=XML)

    assert as_json.headers["content-type"] == "application/vnd.ladok-studentinformation+json;charset=UTF-8"
    assert as_xml.headers["content-type"] == f"{XML};charset=UTF-8"
    root = etree.fromstring(as_xml.content)
    assert root.findtext("{*}Personnummer") == as_json.json()["Personnummer"] == ana.number
    assert as_json.json()["link"][0]["uri"].startswith("https://api.ladok.example:443/")


@pytest.mark.parametrize("path", ["externtuuid", "externtuid"])
def test_a_person_is_found_by_the_national_key(ladok: PlayedLadok, path: str):
    (ana,) = people(ladok, 1)

    answer = ladok.ask(f"/studentinformation/student/{path}/{ana.external_uid.upper()}")

    assert answer.json()["Uid"] == ana.uid


def test_a_form_that_does_not_exist_is_refused(ladok: PlayedLadok):
    (ana,) = people(ladok, 1)

    assert ladok.ask(f"/studentinformation/student/{ana.uid}", accept="text/csv").status_code == 406
    assert ladok.ask("/studentinformation/student/personnummer/190001011234").status_code == 404
    assert ladok.ask("/studentinformation/nowhere").status_code == 404
    assert ladok.ask(f"/studentinformation/student/{ana.uid}", "DELETE").status_code in (401, 405)


def test_a_search_without_an_order_comes_in_another_one_each_time(ladok: PlayedLadok):
    people(ladok, 5)

    answers = [ladok.ask("/studentinformation/student/filtrera").json() for _ in range(2)]

    first, second = ([row["Uid"] for row in each["Resultat"]] for each in answers)
    assert first != second
    assert sorted(first) == sorted(second)
    assert answers[0]["TotaltAntalPoster"] == 5


def test_a_search_with_an_order_can_be_paged(ladok: PlayedLadok):
    people(ladok, 5)
    asked = "/studentinformation/student/filtrera?orderby=FORNAMN_ASC&limit=2&page="

    pages = [[row["Fornamn"] for row in ladok.ask(asked + n).json()["Resultat"]] for n in "123"]

    assert pages == [["Ana0", "Ana1"], ["Ana2", "Ana3"], ["Ana4"]]


def test_the_fault_unstable_order_spoils_paging(ladok: PlayedLadok):
    people(ladok, 5)
    ladok.app.switch("unstable_order", on=True)
    asked = "/studentinformation/student/filtrera?orderby=FORNAMN_ASC&limit=3&page="

    seen = [row["Fornamn"] for n in "12" for row in ladok.ask(asked + n).json()["Resultat"]]

    assert len(set(seen)) < 5


def test_no_page_has_more_than_four_hundred_rows(ladok: PlayedLadok):
    people(ladok, 401)

    answer = ladok.ask("/studentinformation/student/filtrera?limit=1000&orderby=PERSONNUMMER_ASC").json()

    assert (answer["TotaltAntalPoster"], len(answer["Resultat"])) == (401, 400)


def test_a_registration_is_checked_written_and_read_back(ladok: PlayedLadok, goal: Any):
    admission = commitment(ladok, goal)
    obstacles = ladok.ask(path_to_register(admission).replace("registrering/", "registrering/hinder/"))

    written = ladok.ask(path_to_register(admission), "POST")
    begun = ladok.ask(f"/studiedeltagande/paborjadutbilding/kurspaketering/student/{admission.student_uid}")

    assert obstacles.json()["Hinder"] == []
    assert (written.status_code, written.content) == (200, b"")
    assert begun.json()["PaborjadUtbildning"][0]["Utbildningsinformation"]["Utbildningskod"] == "UAALDERT"
    assert {each.context.count("mobility-bridge@NHU") for each in ladok.world.entries[-5:]} == {1}


def test_a_registration_that_meets_an_obstacle_is_refused(ladok: PlayedLadok, goal: Any):
    admission = commitment(ladok, goal)
    ladok.ask("/studentinformation/service/index")
    ladok.ask(path_to_register(admission), "POST")

    again = ladok.ask(path_to_register(admission), "POST")

    assert again.status_code == 400
    assert again.json()["Felgrupp"] == "commons.fel.grupp.domanregel"


def test_a_registration_is_undone(ladok: PlayedLadok, goal: Any):
    admission = commitment(ladok, goal)
    ladok.do("register", admission_uid=admission.uid)
    ladok.ask("/studentinformation/service/index")

    path = path_to_register(admission).replace("registrering/", "registrering/ta_bort/")
    answer = ladok.ask(path, "DELETE")

    assert answer.status_code == 204
    assert not admission.begun


def test_a_write_needs_the_cookie_of_an_earlier_call(ladok: PlayedLadok, goal: Any):
    admission = commitment(ladok, goal)

    first = ladok.ask(path_to_register(admission), "POST")
    second = ladok.ask(path_to_register(admission), "POST")

    assert (first.status_code, second.status_code) == (401, 200)


def test_a_time_out_after_a_write_has_written(ladok: PlayedLadok, goal: Any):
    admission = commitment(ladok, goal)
    ladok.app.switch("times_out_after_write", on=True)
    ladok.ask("/studentinformation/service/index")

    with pytest.raises(TimeoutError):
        ladok.ask(path_to_register(admission), "POST")

    assert admission.begun


def test_who_takes_part_in_an_occasion_is_listed_both_ways(ladok: PlayedLadok, goal: Any):
    admission = commitment(ladok, goal)
    base = "/studiedeltagande/deltagare/kurspaketeringstillfalle"
    ladok.ask("/studentinformation/service/index")

    by_get = ladok.ask(f"{base}/{goal.uid}?deltagaretillstand=FORVANTAD_DELTAGARE&orderby=EFTERNAMN_ASC")
    question = {"utbildningstillfalleUID": [goal.uid], "deltagaretillstand": ["PAGAENDE"], "page": 1}
    by_put = ladok.ask(base, "PUT", body=question)

    assert by_get.json()["Resultat"][0]["Student"]["Uid"] == admission.student_uid
    assert by_put.json()["TotaltAntalPoster"] == 0


def test_occasions_of_an_agreement_are_found_by_its_code(ladok: PlayedLadok, goal: Any):
    path = "/studiedeltagande/utbildningstillfalle/kurspaketeringstillfalle?utbildningskod=UAALDERT"

    rows = ladok.ask(f"{path}&orderby=BENAMNING_ASC").json()["Resultat"]

    assert [each["UtbildningstillfalleUID"] for each in rows] == [goal.uid]


def test_the_ids_of_educations_are_objects_in_json(ladok: PlayedLadok, goal: Any):
    answer = ladok.ask(f"/utbildningsinformation/utbildningstillfalle/{goal.uid}").json()

    assert answer["StartperiodID"] == {"value": 990262}
    assert answer["Tillfalleskod"] == "UT261"


def test_partners_are_listed_with_their_schac(ladok: PlayedLadok):
    answer = ladok.ask("/kataloginformation/grunddata/externpart")

    assert answer.headers["x-mock-ladok-assumption"] == "A2"
    assert {"alderton.example"} <= {each["Schac"] for each in answer.json()["ExternPart"]}


@pytest.mark.parametrize(
    "name", ["land", "period", "betygsskala", "utbildningstyp", "studietakt", "enhet", "larosatesinformation"]
)
def test_code_tables_are_served(ladok: PlayedLadok, name: str):
    answer = ladok.ask(f"/kataloginformation/grunddata/{name}")

    assert answer.status_code == 200
    assert "x-mock-ladok-assumption" not in answer.headers


def test_the_self_test_says_who_we_are(ladok: PlayedLadok):
    assert (
        ladok.ask("/kataloginformation/anvandare/autentiserad").json()["Anvandarnamn"]
        == "mobility-bridge@NHU"
    )
    profile = ladok.ask("/kataloginformation/anvandarbehorighet/egna").json()["Anvandarbehorighet"][0]
    rights = ladok.ask(f"/kataloginformation/behorighetsprofil/{profile['BehorighetsprofilUID']}").json()
    assert "systemaktivitet.90019" in [each["I18nNyckel"] for each in rights["Systemaktiviteter"]]


@pytest.mark.parametrize(
    ("group", "method", "path"),
    [
        ("A1", "POST", "/studentinformation/student"),
        ("A2", "GET", "/kataloginformation/grunddata/utbytesprogram"),
        ("A3", "POST", "/studiedeltagande/tillfallesantagning"),
        ("A5", "POST", "/studiedeltagande/tillfallesbyte"),
        ("A9", "PUT", "/studiedeltagande/utdata/studiedeltagande.utdata.utbytesstudier"),
        ("A11", "POST", "/utbildningsinformation/utbildningsinstans"),
    ],
)
def test_what_is_assumed_can_be_taken_away(ladok: PlayedLadok, group: str, method: str, path: str):
    ladok.ask("/studentinformation/service/index")
    there = ladok.ask(path, method, body={} if method != "GET" else None).status_code
    ladok.do("assume", group=group, on=False)
    gone = ladok.ask(path, method, body={} if method != "GET" else None).status_code

    assert there in (200, 400)
    assert gone in (404, 405)


def test_without_a20_nobody_who_leaves_gets_a_commitment(ladok: PlayedLadok, goal: Any):
    ladok.do("assume", group="A20", on=False)

    admitted = ladok.do("admit", student_uid=people(ladok, 1)[0].uid, occasion_uid=goal.uid)

    assert list(ladok.world.inside(admitted)) == []


def test_a_person_is_established_over_rest_once(ladok: PlayedLadok):
    ladok.ask("/studentinformation/service/index")
    body = {"Fornamn": "Ana", "Efternamn": "Ficticia", "Fodelsedata": "2003-02-14", "KonID": 1}

    first = ladok.ask("/studentinformation/student", "POST", body=body)
    second = ladok.ask("/studentinformation/student", "POST", body=body)
    known = ladok.ask(
        "/studentinformation/student", "POST", body={**body, "Personnummer": first.json()["Personnummer"]}
    )

    assert (first.status_code, second.status_code, known.status_code) == (201, 400, 200)
    assert second.json()["Detaljkod"] == "mock.student.mojlig_dubblett"
    assert known.json()["Uid"] == first.json()["Uid"]


def test_an_agreement_and_its_occasion_are_drafts_until_they_are_complete(ladok: PlayedLadok):
    ladok.ask("/studentinformation/service/index")
    made = ladok.ask(
        "/utbildningsinformation/utbildningsinstans",
        "POST",
        body={
            "Utbildningskod": "UANEW",
            "Benamning": {"sv": "Avtal", "en": "Agreement"},
            "ExternPartID": 991101,
        },
    ).json()
    quiet = len(ladok.world.entries)
    occasion = ladok.ask(
        "/utbildningsinformation/utbildningstillfalle",
        "POST",
        body={
            "UtbildningsinstansUID": made["Uid"],
            "Tillfallesperioder": [
                {"ForstaUndervisningsdatum": AUTUMN[0], "SistaUndervisningsdatum": AUTUMN[1]}
            ],
            "Tillfalleskod": "IN261",
        },
    ).json()
    assert len(ladok.world.entries) == quiet

    ladok.ask(f"/utbildningsinformation/utbildningsinstans/status3/{made['Uid']}", "PUT")
    ladok.ask(f"/utbildningsinformation/utbildningstillfalle/status3/{occasion['Uid']}", "PUT")

    assert ladok.events()[quiet:] == [
        "KurspaketeringTillStatusEvent",
        "KurspaketeringstillfalleTillStatusEvent",
    ]


def test_a_stale_lock_is_refused_and_the_next_one_fits(ladok: PlayedLadok):
    student = people(ladok, 1)[0]
    taught = occasion_of(ladok.world, course(ladok.world, "NH1101"), None, AUTUMN, ladok.now)
    admitted = ladok.do("admit", student_uid=student.uid, occasion_uid=taught.uid)
    ladok.do("register", admission_uid=admitted.uid)
    draft = ladok.do(
        "report", student_uid=student.uid, occasion_uid=taught.uid, grade="B", examined_on="2026-10-28"
    )
    ladok.ask("/studentinformation/service/index")
    ladok.app.switch("stale_lock", on=True)
    path = f"/resultat/studieresultat/resultat/{draft.uid}"

    def write() -> Any:
        body = {"Betygsgrad": 990203, "SenasteResultatandring": local_time(draft.saved_at)}
        ladok.now = ladok.now.replace(microsecond=(ladok.now.microsecond + 1000) % 1_000_000)
        return ladok.ask(path, "PUT", body=body)

    refused, taken = write(), write()

    assert (refused.status_code, refused.json()["Detaljkod"]) == (400, "mock.samtidighet")
    assert refused.json()["Felgrupp"] == "commons.fel.grupp.felaktig_status"
    assert taken.status_code == 200


def test_a_merit_and_a_credit_transfer_go_from_proposal_to_decision(ladok: PlayedLadok, goal: Any):
    student = people(ladok, 1)[0]
    ladok.ask("/studentinformation/service/index")
    merit = ladok.ask(
        f"/resultat/annanmerit/student/{student.uid}",
        "POST",
        body={
            "Benamning": "Seas",
            "Omfattning": "6 ECTS",
            "Resultat": "A",
            "Examinationsdatum": "2027-01-15",
        },
    ).json()
    proposal = ladok.ask(
        f"/resultat/tillgodoraknande/student/{student.uid}",
        "POST",
        body={
            "Grunder": [{"AnnanMeritUID": merit["Uid"]}],
            "Mal": [{"kursinstansUID": course(ladok.world, "NH1101").instance_uid}],
            "KopplatKurspaketeringstillfalleUID": goal.uid,
        },
    )
    before = len(ladok.world.entries)

    decided = ladok.ask(f"/resultat/tillgodoraknande/{proposal.json()['Uid']}/attestera", "PUT", body={})

    assert (proposal.status_code, decided.status_code) == (201, 200)
    assert ladok.events()[before:] == ["AnnanMeritAttesteratEvent", "TillgodoraknandeAttesteratEvent"]
    transcript = ladok.ask(f"/resultat/studentresultat/attesterade/student/{student.uid}").json()
    row = transcript["StudentresultatPerKurs"][0]["Studentresultat"][0]
    assert "Utbildningskod" not in row
    assert row["Tillgodoinformation"]["TillgodoraknandeUID"] == proposal.json()["Uid"]


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("maintenance_window", 503, "text/html"),
        ("answers_html", 200, "text/html"),
        ("answers_500", 500, "application/vnd.ladok-studentinformation+json"),
        ("right_removed", 403, "application/vnd.ladok-studentinformation+json"),
        ("wrong_environment", 401, "application/vnd.ladok-studentinformation+json"),
    ],
)
def test_faults_of_the_whole_service(ladok: PlayedLadok, fault: str, status: int, kind: str):
    ladok.app.switch(fault, on=True)

    answer = ladok.ask("/studentinformation/student/filtrera")

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(kind)
    ladok.app.repair()
    assert ladok.ask("/studentinformation/student/filtrera").status_code == 200


def test_the_closed_feed_is_closed_too(ladok: PlayedLadok):
    ladok.app.switch("maintenance_window", on=True)

    assert ladok.ask("/handelser/feed/recent", accept="application/atom+xml").status_code == 503


def test_throttling_says_how_long_to_wait_in_half_of_the_cases(ladok: PlayedLadok):
    ladok.app.switch("throttles", on=True)

    answers = [ladok.ask("/studentinformation/student/filtrera") for _ in range(4)]

    assert [each.status_code for each in answers] == [429, 200, 429, 200]
    assert ["retry-after" in each.headers for each in answers] == [True, False, False, False]
    assert (answers[0].content, answers[0].headers["content-type"]) == (b"", "text/plain")


def test_a_call_without_a_certificate_is_refused(ladok: PlayedLadok):
    assert ladok.ask("/studentinformation/student/filtrera", who="").status_code == 401


def test_every_fault_says_what_it_does_and_can_be_switched(ladok: PlayedLadok):
    for name in FAULTS:
        ladok.stage.switch("ladok", name, on=True)

    assert ladok.app.faults == sorted(FAULTS)
    with pytest.raises(UsageError):
        ladok.stage.switch("ladok", "sulks", on=True)


def test_bodies_that_cannot_be_read_are_refused(ladok: PlayedLadok):
    ladok.ask("/studentinformation/service/index")

    broken = ladok.ask("/studiedeltagande/tillfallesantagning", "POST", body=b"<a")
    empty = ladok.ask("/studiedeltagande/tillfallesantagning", "POST", body={})

    assert [broken.status_code, empty.status_code] == [400, 400]
    assert json.loads(empty.content)["Felkategori"] == "commons.fel.kategori.valideringsfel"
