"""The Dashboard: our learning agreements for us and for receiving partners, and CSV."""

import csv
import io

import pytest
from tests.support.fixtures import FIXTURES, needs_published
from tests.support.sandbox import published_problems
from tests.support.students import IN, OUT, PARTNER, ask_dashboard, campus, texts

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import dashboard_csv
from mobility_bridge.sandbox.dashboard import DASHBOARD_FAULTS, Dashboard
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.sandbox.partner import Sent
from mobility_bridge.sandbox.signature import Received
from mobility_bridge.sandbox.stage import Stage

OURS = [("sending_hei_id", "nordhav.example")]
UPLOADS = FIXTURES / "dashboard"
PRE_FILLED = (UPLOADS / "pre-filled.csv").read_bytes()
BROKEN = {path.stem: path.read_bytes() for path in sorted(UPLOADS.glob("invalid-*.csv"))}


def rows(text: str | bytes) -> list[dict[str, str]]:
    content = text.decode() if isinstance(text, bytes) else text
    return list(csv.DictReader(io.StringIO(content)))


async def by_hand(played: Stage, keys: KeyRing, method: str, path: str, body: bytes = b"") -> Sent:
    return await Dashboard(played, keys).respond(path, Received(method, f"/dashboard/{path}", {}, body))


@pytest.mark.parametrize(("caller", "seen"), [(None, [OUT]), (PARTNER, [OUT]), ("brava.example", [])])
async def test_the_sending_and_the_receiving_university_see_an_agreement(
    keys: KeyRing, caller: str | None, seen: list[str]
):
    played = campus()

    listed = await ask_dashboard(played, keys, "omobility-las/index", OURS, caller=caller)
    got = await ask_dashboard(
        played, keys, "omobility-las/get", [*OURS, ("omobility_id", OUT)], caller=caller
    )

    assert texts(listed, "omobility-id") == seen == texts(got, "omobility-id")


@needs_published
async def test_its_documents_are_valid(keys: KeyRing):
    got = await ask_dashboard(campus(), keys, "omobility-las/get", [*OURS, ("omobility_id", OUT)])

    assert published_problems(got.body) == []


async def test_it_serves_agreements_of_our_students_alone_and_no_agreements_with_partners(keys: KeyRing):
    played = campus()

    assert (await ask_dashboard(played, keys, "iias/index")).status == 404
    listed = await ask_dashboard(played, keys, "omobility-las/index", OURS)
    assert OUT in texts(listed, "omobility-id")
    assert IN not in texts(listed, "omobility-id")


async def test_whom_it_does_not_know_it_refuses(keys: KeyRing):
    answer = await ask_dashboard(campus(), keys, "omobility-las/index", OURS, caller="retired")

    assert answer.status == 403


async def test_its_faults_are_switched_like_others(keys: KeyRing):
    played = campus()
    await ask_dashboard(played, keys, "omobility-las/index", OURS)
    played.switch("dashboard", "missing_family_name", on=True)
    got = await ask_dashboard(played, keys, "omobility-las/get", [*OURS, ("omobility_id", OUT)])
    played.switch("dashboard", "answers_503", on=True)
    down = await ask_dashboard(played, keys, "omobility-las/index", OURS)

    assert "Ficticia" not in got.body.decode()
    assert down.status == 503
    for name in DASHBOARD_FAULTS:
        played.switch("dashboard", name, on=True)
    with pytest.raises(UsageError):
        played.switch("dashboard", "feed_page_gap", on=True)


async def test_agreements_and_learning_agreements_come_out_as_csv(keys: KeyRing):
    played = campus()

    las = rows((await by_hand(played, keys, "GET", "csv/learning-agreements.csv")).body)
    iias = rows((await by_hand(played, keys, "GET", "csv/agreements.csv")).body)

    assert [each["Omobility ID"] for each in las] == [OUT]
    assert (las[0]["Date of birth"], las[0]["Start date"]) == ("14/02/2003", "31/08/2026")
    assert las[0]["Email"] == las[0]["Email"].lower()
    assert (las[0]["Status"], las[0]["Credits abroad"]) == ("signed", "30")
    assert len(iias) == 12
    assert iias[0]["IIA ID"] == "nhu-iia-0001"


async def test_an_uploaded_agreement_becomes_a_proposal(keys: KeyRing):
    played = campus(la="none")

    answer = await by_hand(played, keys, "POST", "csv/learning-agreements.csv", PRE_FILLED)

    assert [each["Verdict"] for each in rows(answer.body)] == ["accepted"] * 3
    la = played.world.stays.stay(OUT).la
    assert la is not None
    assert la.state == "L2"


@pytest.mark.parametrize("name", BROKEN)
async def test_a_row_with_a_fault_refuses_its_whole_agreement(keys: KeyRing, name: str):
    played = campus(la="none")

    answer = await by_hand(played, keys, "POST", "csv/learning-agreements.csv", BROKEN[name])

    verdicts = rows(answer.body)
    assert {each["Verdict"] for each in verdicts} == {"refused"}
    assert all(each["Message"] for each in verdicts)
    assert played.world.stays.stay(OUT).la is None


def test_a_signed_agreement_is_not_overwritten_by_an_upload():
    played = campus()
    before = played.world.stays.stay(OUT)

    verdicts = dashboard_csv.take(played, PRE_FILLED)

    assert [each.message for each in verdicts] == ["all three have signed a first version."] * 3
    assert played.world.stays.stay(OUT) == before


async def test_what_it_does_not_offer_to_people_is_not_found(keys: KeyRing):
    assert (await by_hand(campus(), keys, "GET", "csv/students.csv")).status == 404
