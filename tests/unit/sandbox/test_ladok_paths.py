"""Every path of the reference's tables is answered, in both forms, and says the same in both."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree
from tests.support.ladok import PlayedLadok

from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.ladok_numbers import local_time
from mobility_bridge.sandbox.ladok_seed import agreement_with, course, occasion_of

AUTUMN = ("2026-08-31", "2027-01-17")
READS = [
    "studentinformation/service/index",
    "studentinformation/student/{student}",
    "studentinformation/student/personnummer/{number}",
    "studentinformation/student/externtuuid/{external}",
    "studentinformation/student/filtrera?personnummer={number}&limit=400&page=1&orderby=PERSONNUMMER_ASC",
    "studentinformation/student/{student}/kontaktuppgifter",
    "studentinformation/student/{student}/historik",
    "studentinformation/student/{student}/aktivpalarosaten",
    "studentinformation/avstangning/student/{student}",
    "studentinformation/avskiljandebeslut/student/{student}",
    "kataloginformation/grunddata/land",
    "kataloginformation/grunddata/period",
    "kataloginformation/grunddata/betygsskala",
    "kataloginformation/grunddata/utbildningstyp",
    "kataloginformation/grunddata/finansieringsform",
    "kataloginformation/grunddata/externpart",
    "kataloginformation/grunddata/typavexternpart",
    "kataloginformation/grunddata/utbytesprogram",
    "kataloginformation/organisation",
    "kataloginformation/organisation/{organisation}",
    "kataloginformation/organisation/filtrera?kod=900",
    "kataloginformation/anvandare",
    "kataloginformation/anvandare/autentiserad",
    "kataloginformation/anvandarbehorighet/egna",
    "kataloginformation/i18n/oversattningar/sprakkod/sv",
    "utbildningsinformation/utbildningsinstans?kod=UAALDERT",
    "utbildningsinformation/utbildningsinstans/{agreement}",
    "utbildningsinformation/utbildningsinstans/filtrera?utbildningskod=UAALDERT",
    "utbildningsinformation/utbildningstillfalle/{occasion}",
    "utbildningsinformation/utbildningstillfalle/filtrera?studieperiod=2026-08-31_2027-01-17&startperiodID=990262",
    "utbildningsinformation/utbildningstillfalle/lista/{agreement}",
    "studiedeltagande/student/{student}",
    "studiedeltagande/student/personnummer/{number}",
    "studiedeltagande/tillfallesdeltagande/kommande/student/{student}",
    "studiedeltagande/tillfallesdeltagande/kurstillfallesdeltagande/student/{student}",
    "studiedeltagande/tillfallesdeltagande/studiestrukturreferens/{structure}",
    "studiedeltagande/paborjadutbilding/kurs/student/{student}",
    "studiedeltagande/paborjadutbilding/kurspaketering/student/{student}",
    "studiedeltagande/studiestruktur/student/{student}",
    "studiedeltagande/studiestruktur/studiestrukturreferens/{structure}",
    "studiedeltagande/deltagare/kurstillfalle?kurstillfalleUID={commitment_occasion}",
    "studiedeltagande/deltagare/kurspaketeringstillfalle/{occasion}",
    "studiedeltagande/utbildningstillfalle/kurspaketeringstillfalle?utbildningskod=UAALDERT&orderby=BENAMNING_ASC",
    "studiedeltagande/registrering/hinder/kurstillfallesantagning/{commitment}/periodindex/1",
    "studiedeltagande/registrering/atgard/kurstillfallesantagning/{commitment}/periodindex/1",
    "studiedeltagande/behorighetsvillkor/tillfallesantagning/{commitment}",
    "studiedeltagande/avbrott/student/{student}/utbildning/{agreement}",
    "resultat/studieresultat/student/{student}/utbildningstillfalle/{commitment_occasion}",
    "resultat/studieresultat/resultat/student/{student}",
    "resultat/studentresultat/attesterade/student/{student}",
    "resultat/resultat/student/{student}/kurs/{course}?resultatstatus=UTKAST&resultatstatus=KLARMARKERAT",
    "resultat/studieresultat/attestera/utbildningsinstans/{course}",
    "resultat/grunddata/betygsskala",
    "resultat/kurstillfalle/filtrera?kurskod=UTBYTESATAGANDE",
    "resultat/tillgodoraknande/student/{student}",
    "resultat/annanmerit/student/{student}",
]


@pytest.fixture(scope="module")
def ladok() -> PlayedLadok:
    return peopled()


def peopled() -> PlayedLadok:
    """One student who is away, with a draft, a grade, a merit and a credit transfer."""
    ladok = PlayedLadok()
    agreement = agreement_with(ladok.world, PARTNERS[0], ladok.now)
    occasion = occasion_of(ladok.world, agreement, "outgoing", AUTUMN, ladok.now)
    ana = ladok.do(
        "establish",
        given_names="Ana",
        family_name="Ficticia",
        born="2003-02-14",
        sex=1,
        email="ana@nordhav.example",
    )
    ladok.do("change_person", student_uid=ana.uid, family_name="Ficticia Nova")
    admitted = ladok.do("admit", student_uid=ana.uid, occasion_uid=occasion.uid)
    commitment = next(ladok.world.inside(admitted))
    ladok.do("register", admission_uid=commitment.uid)
    done = {"student_uid": ana.uid, "occasion_uid": commitment.occasion_uid, "examined_on": "2026-10-28"}
    ladok.do("attest_result", grade="B", **done)
    draft = ladok.do("report", grade="C", **done)
    merit = ladok.do(
        "add_merit",
        student_uid=ana.uid,
        title="Mar",
        extent="6 ECTS",
        grade="16",
        examined_on="2027-01-15",
        origin="Alderton",
    )
    ladok.do(
        "propose_transfer",
        student_uid=ana.uid,
        merit_uids=[merit.uid],
        targets=[[course(ladok.world, "NH1101").uid, "7.5"]],
    )
    ladok.ids = {  # type: ignore[attr-defined]  # for the paths
        "student": ana.uid,
        "number": ana.number,
        "external": ana.external_uid,
        "organisation": ladok.world.organisation_uid,
        "agreement": agreement.instance_uid,
        "occasion": occasion.uid,
        "structure": admitted.structure_uid,
        "admission": admitted.uid,
        "commitment": commitment.uid,
        "commitment_occasion": commitment.occasion_uid,
        "course": course(ladok.world, "UTBYTESATAGANDE").instance_uid,
        "draft": draft.uid,
    }
    ladok.ask("/studentinformation/service/index")
    return ladok


def leaves(content: Any) -> Iterator[str]:
    """The texts of a JSON document, links apart, without their places."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name != "link":
                yield from leaves(value)
    elif isinstance(content, list):
        for value in content:
            yield from leaves(value)
    else:
        yield (
            {True: "true", False: "false"}.get(content, str(content))
            if isinstance(content, bool)
            else str(content)
        )


@pytest.mark.parametrize("path", READS)
def test_a_path_of_the_reference_is_answered_the_same_in_both_forms(ladok: PlayedLadok, path: str):
    path = "/" + path.format(**ladok.ids)
    service = path.split("/")[1]

    as_json = ladok.ask(path)
    as_xml = ladok.ask(path, accept=f"application/vnd.ladok-{service}+xml")

    assert (as_json.status_code, as_xml.status_code) == (200, 200), as_json.text
    texts = [
        str(each.text)
        for each in etree.fromstring(as_xml.content).iter()
        if len(each) == 0 and each.text and etree.QName(each).localname != "Sprakkod"
    ]
    assert sorted(texts) == sorted(each for each in leaves(as_json.json()) if each)


def test_the_cookie_is_set_once_and_then_kept(ladok: PlayedLadok):
    assert "set-cookie" not in ladok.ask(f"/studentinformation/student/{ladok.ids['student']}").headers


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "studiedeltagande/deltagare/kurstillfalle", {"utbildningstillfalleUID": ["{occasion}"]}, 200),
        (
            "PUT",
            "studiedeltagande/deltagare/kurstillfalle/studentidentiter",
            {"utbildningstillfalleUID": ["{commitment_occasion}"], "deltagaretillstand": ["REGISTRERAD"]},
            200,
        ),
        (
            "DELETE",
            "studiedeltagande/registrering/ta_bort/kurstillfallesantagning/{commitment}/periodindex/1",
            None,
            204,
        ),
        ("POST", "studiedeltagande/avbrott/student/{student}/utbildning/{agreement}", {}, 201),
        ("POST", "studiedeltagande/aterbud/tillfallesantagning/{admission}", {}, 400),
        ("DELETE", "studiedeltagande/tillfallesantagning/{admission}", None, 400),
        ("PUT", "utbildningsinformation/utbildningstillfalle/installt/{occasion}", {}, 200),
        ("PUT", "utbildningsinformation/utbildningstillfalle/ateraktivera_installt/{occasion}", {}, 200),
        ("PUT", "utbildningsinformation/utbildningsinstans/avveckla/{agreement}", {}, 200),
        ("PUT", "utbildningsinformation/utbildningsinstans/ateraktivera_avvecklad/{agreement}", {}, 200),
        ("PUT", "utbildningsinformation/utbildningsinstans/status2/{agreement}", None, 200),
        ("PUT", "utbildningsinformation/utbildningsinstans/status7/{agreement}", None, 404),
        (
            "PUT",
            "resultat/studieresultat/resultat/{draft}/klarmarkera",
            {"ResultatetsSenastSparad": "{lock}"},
            200,
        ),
        (
            "PUT",
            "resultat/studieresultat/resultat/{draft}/klarmarkera",
            {"ResultatetsSenastSparad": "old"},
            400,
        ),
        ("PUT", "resultat/studieresultat/resultat/{draft}/klarmarkera", {}, 400),
    ],
)
def test_a_write_of_the_reference_is_taken(method: str, path: str, body: Any, status: int):
    ladok = peopled()
    lock = local_time(ladok.world.results[ladok.ids["draft"]].saved_at)
    words = {**ladok.ids, "lock": lock}
    content = json.dumps(body)
    for name, value in words.items():
        content = content.replace("{" + name + "}", value)

    answer = ladok.ask("/" + path.format(**words), method, body=json.loads(content))

    assert answer.status_code == status, answer.text


def test_a_draft_of_a_result_is_created_where_somebody_takes_part():
    ladok = peopled()
    where = ladok.ask(
        "/resultat/studieresultat/student/{student}/utbildningstillfalle/{commitment_occasion}".format(
            **ladok.ids
        )
    ).json()
    body = {"Betygsgrad": 990201, "BetygsskalaID": 990200, "Examinationsdatum": "2026-12-01"}

    made = ladok.ask(
        f"/resultat/studieresultat/{where['Uid']}/utbildning/{ladok.ids['course']}/resultat",
        "POST",
        body=body,
    )
    unknown = ladok.ask(
        f"/resultat/studieresultat/{ladok.ids['student']}/utbildning/{ladok.ids['course']}/resultat",
        "POST",
        body=body,
    )

    # Who is graded has completed the course; a draft needs somebody who has begun it.
    assert (made.status_code, made.json()["ProcessStatus"]) == (200, 1)
    assert (unknown.status_code, unknown.json()["Detaljkod"]) == (
        400,
        "resultat.fel.detaljkod.utbildningstillfalle",
    )


def test_a_stay_is_extended_over_rest():
    ladok = peopled()
    agreement = agreement_with(ladok.world, PARTNERS[0], ladok.now)
    longer = occasion_of(ladok.world, agreement, "outgoing", ("2026-08-31", "2027-06-06"), ladok.now)

    answer = ladok.ask(
        "/studiedeltagande/tillfallesbyte",
        "POST",
        body={"TillfallesantagningUID": ladok.ids["admission"], "UtbildningstillfalleUID": longer.uid},
    )

    assert answer.status_code == 201, answer.text
    assert answer.json()["ForegaendeTillfallesdeltagandeUID"] == ladok.ids["admission"]
    assert answer.headers["x-mock-ladok-assumption"] == "A5"


def test_somebody_is_admitted_by_number_and_code():
    ladok = peopled()
    bo = ladok.do("establish", given_names="Bo", family_name="Ny", born="2001-01-01", sex=2)

    answer = ladok.ask(
        "/studiedeltagande/tillfallesantagning",
        "POST",
        body={"Personnummer": bo.number, "Utbildningstillfalleskod": "UT261", "Periodkod": "HT26"},
    )

    assert answer.status_code == 201, answer.text
    assert answer.json()["Utbildningsinformation"]["Utbildningstillfalleskod"] == "UT261"
