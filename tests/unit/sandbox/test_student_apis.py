"""The partners' APIs about students, as the reference wants them, and what can be wrong with them."""

import pytest
from lxml import etree
from tests.support.fixtures import needs_published
from tests.support.sandbox import published_problems, stage
from tests.support.students import (
    IN,
    OUT,
    PARTNER,
    ask_partner,
    campus,
    la_decision,
    nomination_decision,
    person,
    send_decision,
    texts,
)

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.faults import STUDENT_FAULTS, DroppedError
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.sandbox.stage import Stage

SENDING = [("sending_hei_id", PARTNER)]


def proposal_id(played: Stage, omobility_id: str) -> str:
    la = played.world.stays.stay(omobility_id).la
    assert la is not None
    assert la.proposal is not None
    return la.proposal.proposal_id


@pytest.mark.parametrize(
    ("index", "get", "parameters", "ids"),
    [
        ("omobilities/index", "omobilities/get", [], [IN]),
        ("omobility-las/index", "omobility-las/get", SENDING, [IN]),
        ("imobility-tors/index", "imobility-tors/get", [], [OUT]),
    ],
)
async def test_what_an_index_lists_get_serves(
    keys: KeyRing, index: str, get: str, parameters: list[tuple[str, str]], ids: list[str]
):
    played = campus()
    played.about_students("issue_transcript", omobility_id=OUT)

    listed = texts(await ask_partner(played, keys, index, parameters), "omobility-id")
    got = await ask_partner(played, keys, get, [*parameters, *(("omobility_id", e) for e in listed)])

    assert listed == ids == texts(got, "omobility-id")


@needs_published
async def test_every_document_is_valid(keys: KeyRing):
    played = campus()
    played.about_students(
        "change_la", omobility_id=IN, delete=["NH1102"], insert=[["NH1103", "Economics", "7.5"]]
    )
    played.about_students("arrive", omobility_id=OUT)
    played.about_students("depart", omobility_id=OUT)
    played.about_students("issue_transcript", omobility_id=OUT)
    both = [("omobility_id", IN), ("omobility_id", OUT)]

    answers = [
        await ask_partner(played, keys, "omobilities/get", both),
        await ask_partner(played, keys, "omobility-las/get", [*SENDING, *both]),
        await ask_partner(played, keys, "imobilities/get", both),
        await ask_partner(played, keys, "imobility-tors/get", both),
        *[await ask_partner(played, keys, f"{a}/index") for a in ("omobilities", "imobility-tors")],
        await ask_partner(played, keys, "omobility-las/index", SENDING),
        await ask_partner(played, keys, "omobility-cnr", both),
        await ask_partner(played, keys, "omobility-la-cnr", [("sending_hei_id", "nordhav.example"), *both]),
        await ask_partner(played, keys, "imobility-cnr", both),
        await ask_partner(played, keys, "imobility-tor-cnr", both),
    ]

    assert [each.status for each in answers] == [200] * len(answers)
    assert [published_problems(each.body) for each in answers] == [[]] * len(answers)
    assert [len(etree.fromstring(each.body)) for each in answers[:4]] == [1, 1, 1, 1]


@needs_published
async def test_updates_are_answered_with_valid_documents(keys: KeyRing):
    played = campus(la="proposed", status="pending")
    stay = played.world.stays.stay(IN)

    approved = await send_decision(
        played, keys, "omobilities/update", nomination_decision("approve-proposal-v1", IN, stay.proposal_id)
    )
    signed = await send_decision(
        played,
        keys,
        "omobility-las/update",
        la_decision("approve-proposal-v1", PARTNER, IN, proposal_id(played, IN)),
    )
    conflict = await send_decision(
        played, keys, "omobility-las/update", la_decision("approve-proposal-v1", PARTNER, IN, "old")
    )

    assert [approved.status, signed.status, conflict.status] == [200, 200, 409]
    assert [published_problems(each.body) for each in (approved, signed, conflict)] == [[], [], []]


async def test_our_signature_stands_in_the_agreement_that_we_approved(keys: KeyRing):
    played = campus(la="proposed")

    await send_decision(
        played,
        keys,
        "omobility-las/update",
        la_decision("approve-proposal-v1", PARTNER, IN, proposal_id(played, IN)),
    )

    got = await ask_partner(played, keys, "omobility-las/get", [*SENDING, ("omobility_id", IN)])
    first = etree.fromstring(got.body).find(".//{*}first-version/{*}receiving-hei-signature")
    assert first.findtext("{*}signer-name") == "Re Ceiver"
    assert first.findtext("{*}timestamp") == "2026-11-23T10:59:00Z"


async def test_a_comment_makes_the_proposal_vanish(keys: KeyRing):
    played = campus(la="proposed")

    document = la_decision("comment-proposal-v1", PARTNER, IN, proposal_id(played, IN), comment="No")
    answer = await send_decision(played, keys, "omobility-las/update", document)

    listed = await ask_partner(played, keys, "omobility-las/index", SENDING)
    assert (answer.status, texts(listed, "omobility-id")) == (200, [])
    la = played.world.stays.stay(IN).la
    assert la is not None
    assert la.refusals[0].comment == "No"


async def test_a_nomination_is_rejected_with_a_reason_and_not_decided_twice(keys: KeyRing):
    played = campus(status="pending")
    current = played.world.stays.stay(IN).proposal_id
    reject = nomination_decision("reject-proposal-v1", IN, current, comment="Full")

    first = await send_decision(played, keys, "omobilities/update", reject)
    again = await send_decision(played, keys, "omobilities/update", reject)
    other = await send_decision(
        played, keys, "omobilities/update", nomination_decision("approve-proposal-v1", IN, current)
    )
    stale = await send_decision(
        played, keys, "omobilities/update", nomination_decision("approve-proposal-v1", IN, "old")
    )

    assert [first.status, again.status, other.status, stale.status] == [200, 200, 409, 409]
    assert played.world.stays.stay(IN).rejection == "Full"


@pytest.mark.parametrize(
    ("endpoint", "document"),
    [
        ("omobilities/update", b"<a"),
        ("omobilities/update", b"<other/>"),
        ("omobilities/update", nomination_decision("reject-proposal-v1", IN, "x")),
        ("omobilities/update", nomination_decision("maybe-proposal-v1", IN, "x")),
        ("omobilities/update", nomination_decision("approve-proposal-v1", OUT, "x")),
        ("omobility-las/update", la_decision("approve-proposal-v1", "brava.example", IN, "x")),
        ("omobility-las/update", la_decision("approve-proposal-v1", PARTNER, "unknown", "x")),
    ],
)
async def test_an_update_that_makes_no_sense_is_400(keys: KeyRing, endpoint: str, document: bytes):
    assert (await send_decision(campus(), keys, endpoint, document)).status == 400


@pytest.mark.parametrize(
    ("endpoint", "parameters"),
    [
        ("omobilities/get", []),
        ("omobilities/get", [("omobility_id", str(n)) for n in range(6)]),
        ("omobilities/index", [("modified_since", "2026-01-01")]),
        ("omobilities/index", [("receiving_academic_year_id", "2026")]),
        ("omobility-las/get", [("omobility_id", IN)]),
        ("omobility-las/index", [*SENDING, *SENDING]),
        ("omobility-las/index", [("sending_hei_id", "brava.example")]),
        ("omobility-la-cnr", [("omobility_id", OUT)]),
        ("imobility-cnr", []),
    ],
)
async def test_parameters_that_make_no_sense_are_400(
    keys: KeyRing, endpoint: str, parameters: list[tuple[str, str]]
):
    assert (await ask_partner(campus(), keys, endpoint, parameters)).status == 400


async def test_methods_are_those_of_the_reference(keys: KeyRing):
    played = campus()

    assert (await ask_partner(played, keys, "omobilities/index", method="GET")).status == 200
    assert (await ask_partner(played, keys, "omobility-cnr", method="GET")).status == 405
    assert (await ask_partner(played, keys, "omobilities/update", method="GET")).status == 405


@pytest.mark.parametrize(
    ("parameters", "listed"),
    [
        ([("modified_since", "2026-11-23T11:00:00Z")], 1),
        ([("modified_since", "2030-01-01T00:00:00Z")], 0),
        ([("receiving_academic_year_id", "2026/2027")], 1),
        ([("receiving_academic_year_id", "1999/2000")], 0),
        ([("global_id", "nobody")], 0),
        ([("activity_attributes", "long-term")], 1),
    ],
)
async def test_the_index_of_nominations_is_filtered(
    keys: KeyRing, parameters: list[tuple[str, str]], listed: int
):
    answer = await ask_partner(campus(), keys, "omobilities/index", parameters)

    assert len(texts(answer, "omobility-id")) == listed


async def test_notifications_are_counted(keys: KeyRing):
    played = campus()

    for _ in range(2):
        await ask_partner(played, keys, "omobility-cnr", [("omobility_id", OUT)])

    (notice,) = played.student_notices.values()
    assert (notice.partner, notice.kind, notice.omobility_id, notice.count) == (PARTNER, "omobility", OUT, 2)


async def test_an_id_changes_with_the_nomination_and_not_with_the_person(keys: KeyRing):
    played = campus()
    before = played.world.stays.stay(IN).proposal_id

    played.about_students("change_student", omobility_id=IN, family_name="Newname")
    same = played.world.stays.stay(IN).proposal_id
    played.about_students("change_nomination", omobility_id=IN, isced="0732")
    after = played.world.stays.stay(IN)

    assert before == same != after.proposal_id
    assert after.status == "pending"


async def test_missing_family_name(keys: KeyRing):
    played = campus()
    played.switch(PARTNER, "missing_family_name", on=True)

    nomination = await ask_partner(played, keys, "omobilities/get", [("omobility_id", IN)])
    la = await ask_partner(played, keys, "omobility-las/get", [*SENDING, ("omobility_id", IN)])

    assert texts(nomination, "family-name") == []
    assert etree.fromstring(la.body).find(".//{*}student/{*}family-name") is None


@pytest.mark.parametrize(
    ("fault", "attributes"),
    [
        ("unknown_reason_code", {"status": "inserted", "reason-code": "moved-online"}),
        ("changes_do_not_apply", {"status": "deleted", "reason-code": "not-available"}),
    ],
)
async def test_faults_of_changes(keys: KeyRing, fault: str, attributes: dict[str, str]):
    played = campus()
    played.switch(PARTNER, fault, on=True)

    got = await ask_partner(played, keys, "omobility-las/get", [*SENDING, ("omobility_id", IN)])

    changes = etree.fromstring(got.body).findall(".//{*}approved-changes//{*}component")
    assert [dict(each.attrib) for each in changes] == [attributes]


@needs_published
async def test_a_transcript_without_identifiers_is_still_valid(keys: KeyRing):
    played = campus()
    played.about_students("issue_transcript", omobility_id=OUT)
    played.switch(PARTNER, "transcript_without_identifiers", on=True)

    got = await ask_partner(played, keys, "imobility-tors/get", [("omobility_id", OUT)])

    kinds = {each.get("type") for each in etree.fromstring(got.body).iter("{*}identifier")}
    assert kinds == {"local"}
    assert published_problems(got.body) == []


async def test_a_conflict_comes_with_a_newer_proposal(keys: KeyRing):
    played = campus(la="proposed", status="pending")
    played.switch(PARTNER, "conflict_on_update", on=True)
    before = proposal_id(played, IN), played.world.stays.stay(IN).proposal_id

    la = await send_decision(
        played, keys, "omobility-las/update", la_decision("approve-proposal-v1", PARTNER, IN, before[0])
    )
    nomination = await send_decision(
        played, keys, "omobilities/update", nomination_decision("approve-proposal-v1", IN, before[1])
    )

    assert (la.status, nomination.status) == (409, 409)
    assert proposal_id(played, IN) != before[0]
    assert played.world.stays.stay(IN).proposal_id != before[1]


async def test_a_swallowed_answer_has_taken_effect(keys: KeyRing):
    played = campus(la="proposed")
    played.switch(PARTNER, "swallows_update_answer", on=True)
    document = la_decision("approve-proposal-v1", PARTNER, IN, proposal_id(played, IN))

    with pytest.raises(DroppedError):
        await send_decision(played, keys, "omobility-las/update", document)

    la = played.world.stays.stay(IN).la
    assert la is not None
    assert la.state == "L4"


def test_every_fault_about_students_can_be_switched():
    played = campus()
    for name in STUDENT_FAULTS:
        played.switch(PARTNER, name, on=True)

    assert [each.name for each in played.faults_of(PARTNER)] == list(STUDENT_FAULTS)


def test_a_stay_is_in_every_system():
    played = campus()
    out, coming = played.world.stays.stay(OUT), played.world.stays.stay(IN)
    ladok = played.world.ladok

    assert ladok.person(out.ladok_uid or "").number[:8] == "20030214"
    assert ladok.person(coming.ladok_uid or "").number == "20030214T101"
    assert out.student.global_id.endswith(ladok.person(out.ladok_uid or "").external_uid)
    states = {each.student_uid: each.state for each in ladok.admissions.values() if each.within is None}
    assert states == {out.ladok_uid: "PAGAENDE", coming.ladok_uid: "PAGAENDE"}
    assert (out.nomination.sending_iia_id, coming.nomination.receiving_iia_id) == ("nhu-iia-0001",) * 2


@pytest.mark.parametrize(
    ("in_ladok", "people", "admissions", "begun"),
    [("absent", 0, 0, 0), ("known", 1, 0, 0), ("admitted", 1, 2, 0), ("registered", 1, 2, 2)],
)
def test_ladok_is_as_far_as_it_is_told(in_ladok: str, people: int, admissions: int, begun: int):
    played = campus(in_ladok="absent")
    played.about_students("add_outgoing", omobility_id="X", **person(3, in_ladok=in_ladok))

    ladok = played.world.ladok
    assert (len(ladok.people), len(ladok.admissions)) == (people, admissions)
    assert sum(each.begun for each in ladok.admissions.values()) == begun


def test_a_whole_year_is_two_terms_in_ladok():
    played = campus(whole_year=True)

    individual = [each for each in played.world.ladok.occasions.values() if each.student_uid]
    assert [each.first_day.isoformat() for each in individual] == ["2026-08-31", "2027-01-18"]
    assert played.world.stays.stay(OUT).nomination.term == "2026/2027-1/1"


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        ("dance", {}),
        ("arrive", {"omobility_id": "unknown"}),
        ("arrive", {"omobility_id": OUT, "on": "tomorrow"}),
        ("approve_la", {"omobility_id": OUT}),
        ("change_la", {"omobility_id": OUT, "courses": []}),
    ],
)
def test_an_act_that_makes_no_sense_is_refused_and_not_kept(act: str, arguments: dict[str, str]):
    played = campus()
    kept = len(played.journal)

    with pytest.raises(UsageError):
        played.about_students(act, **arguments)

    assert len(played.journal) == kept


def test_students_are_played_again_from_the_journal():
    played = campus(la="proposed", status="pending")
    played.about_students("decide_nomination", omobility_id=IN, approve=True)
    played.about_students("approve_la", omobility_id=IN)
    played.about_students("change_la", omobility_id=IN, delete=["NH1102"])
    played.about_students("issue_transcript", omobility_id=OUT)

    again = stage()
    again.world.ladok.collector_s = 0
    again.replay(played.journal, {})

    assert again.world == played.world
