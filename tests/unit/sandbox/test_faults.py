"""Each named fault changes one thing about a correct partner, and is gone when switched off."""

import pytest
from lxml import etree
from tests.support.fixtures import needs_published
from tests.support.sandbox import NOW, ask, published_problems, stage

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import edits
from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.documents import GET_NS
from mobility_bridge.sandbox.faults import FAULTS, DroppedError, in_order
from mobility_bridge.sandbox.fingerprint import fingerprints, hash_of
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.sandbox.partner import Sent
from mobility_bridge.sandbox.recipes import declared_hash
from mobility_bridge.sandbox.signature import digest, key_id, parse
from mobility_bridge.sandbox.stage import Stage

HEI = "brava.example"
OURS = "nhu-iia-0005"
STILL_VALID = (
    "serves_stale_hash",
    "loses_conditions",
    "splits_agreement",
    "never_maps_id",
    "swaps_partners",
    "approves_old_hash",
    "signs_with_old_key",
    "forgets_agreement",
    "empty_index",
    "drops_cnr",
)
TO_BE_NAMED = {
    "drops_cnr": "NOTIFICATION_UNDELIVERED",
    "serves_stale_hash": "HASH_DECLARED_WRONG",
    "loses_conditions": "CONDITION_MISSING",
    "splits_agreement": "AGREEMENT_SPLIT",
    "never_maps_id": "NOT_MAPPED_BY_PARTNER",
    "swaps_partners": "PARTNER_ORDER",
    "approval_without_id": "ANSWER_INVALID",
    "approves_old_hash": "APPROVAL_STALE",
    "signs_with_old_key": "PARTNER_UNTRUSTED",
    "answers_503": "PARTNER_UNREACHABLE",
    "answers_slowly": "PARTNER_UNREACHABLE",
    "answers_garbage": "ANSWER_INVALID",
    "truncates_body": "ANSWER_DAMAGED",
    "wrong_namespace": "ANSWER_INVALID",
    "invalid_error_document": "ERROR_DOCUMENT_INVALID",
    "refuses_us": "PARTNER_REFUSES",
    "forgets_agreement": "DELETED_AFTER_CONCLUSION",
    "empty_index": "INDEX_SHRUNK",
}


def with_fault(name: str, scenario: str = "clean") -> Stage:
    played = stage(scenario, slow_s=0.0)
    played.switch(HEI, name, on=True)
    return played


async def index(played: Stage, keys: KeyRing) -> list[str]:
    sent = await ask(HEI, played, keys, "iias/index")
    return [str(each.text) for each in etree.fromstring(sent.body)]


async def get(played: Stage, keys: KeyRing) -> Sent:
    ids = await index(played, keys)
    return await ask(HEI, played, keys, "iias/get", [("iia_id", each) for each in ids])


def iias(sent: Sent) -> list[etree._Element]:
    return etree.fromstring(sent.body).findall(f"{{{GET_NS}}}iia")


def declared(sent: Sent) -> list[str]:
    return [str(each.findtext(f"{{{GET_NS}}}iia-hash")) for each in iias(sent)]


def second_ids(sent: Sent) -> list[str | None]:
    return [each.findtext(f"{{{GET_NS}}}partner[2]/{{{GET_NS}}}iia-id") for each in iias(sent)]


def right_hashes(sent: Sent) -> list[str]:
    return [each.sha256 for each in fingerprints(sent.body)]


def test_every_fault_has_the_name_and_the_code_that_were_agreed():
    assert {name: fault.leads_to for name, fault in FAULTS.items()} == TO_BE_NAMED


@pytest.mark.parametrize(("partner", "fault"), [(HEI, "answers_wisely"), ("nobody.example", "answers_503")])
def test_unknown_names_are_refused_with_those_that_exist(partner: str, fault: str):
    with pytest.raises(UsageError) as caught:
        stage().switch(partner, fault, on=True)

    assert "Choose one of" in (caught.value.next_step or "")


def test_faults_act_in_one_order_whatever_the_order_of_switching():
    assert in_order(["empty_index", "drops_cnr"]) == in_order(["drops_cnr", "empty_index"])


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_switched_off_leaves_no_trace(keys: KeyRing, name: str):
    played = with_fault(name)
    played.switch(HEI, name, on=False)

    sent = await get(played, keys)

    assert sent.status == 200
    assert declared(sent) == right_hashes(sent)
    assert second_ids(sent) == [OURS, "nhu-iia-0007"]


@pytest.mark.parametrize("endpoint", ["iia-cnr", "iia-approval-cnr"])
async def test_drops_cnr_closes_the_connection_on_every_notification(keys: KeyRing, endpoint: str):
    with pytest.raises(DroppedError):
        await ask(HEI, with_fault("drops_cnr"), keys, endpoint, [("iia_id", OURS)])


async def test_serves_stale_hash_declares_that_of_another_text(keys: KeyRing):
    sent = await get(with_fault("serves_stale_hash"), keys)

    assert not set(declared(sent)) & set(right_hashes(sent))


async def test_loses_conditions_keeps_the_first_and_hashes_what_is_left(keys: KeyRing):
    sent = await get(with_fault("loses_conditions"), keys)

    assert [len(each.findall(f"{{{GET_NS}}}cooperation-conditions/*")) for each in iias(sent)] == [1, 1]
    assert declared(sent) == right_hashes(sent)


async def test_splits_agreement_serves_an_id_for_each_condition_that_lists_ours(keys: KeyRing):
    played = with_fault("splits_agreement")

    sent = await get(played, keys)

    assert await index(played, keys) == [f"2024000{n}.{part}" for n in (5, 7) for part in (1, 2, 3, 4)]
    assert second_ids(sent) == [OURS] * 4 + ["nhu-iia-0007"] * 4
    assert declared(sent) == right_hashes(sent)


async def test_never_maps_id_leaves_our_id_out_and_hashes_accordingly(keys: KeyRing):
    played = with_fault("never_maps_id")
    await ask(HEI, played, keys, "iia-cnr", [("iia_id", OURS)])

    sent = await get(played, keys)

    assert second_ids(sent) == [None, None]
    assert declared(sent) == right_hashes(sent)


async def test_swaps_partners_puts_us_first_and_hashes_accordingly(keys: KeyRing):
    sent = await get(with_fault("swaps_partners"), keys)

    first = [each.findtext(f"{{{GET_NS}}}partner[1]/{{{GET_NS}}}hei-id") for each in iias(sent)]
    assert first == ["nordhav.example"] * 2
    assert declared(sent) == right_hashes(sent)


async def test_approves_old_hash_names_a_text_that_we_served_before(keys: KeyRing):
    played = stage()
    before = hash_of(played.world.ours[OURS].copy)
    played.change_ours(OURS, number=5)
    played.approve_ours(OURS)
    played.switch(HEI, "approves_old_hash", on=True)

    sent = await ask(HEI, played, keys, "iias-approval", [("iia_id", OURS)])

    assert before.encode() in sent.body
    assert hash_of(played.world.ours[OURS].copy).encode() not in sent.body


async def test_approval_without_id_leaves_the_id_out(keys: KeyRing):
    sent = await ask(HEI, with_fault("approval_without_id"), keys, "iias-approval", [("iia_id", OURS)])

    assert sent.status == 200
    assert b"<approval><iia-hash>" in sent.body


async def test_signs_with_old_key_uses_one_that_no_catalogue_lists(keys: KeyRing):
    sent = await ask(HEI, with_fault("signs_with_old_key"), keys, "echo")

    made = parse(dict(sent.headers)["signature"])
    assert made is not None
    assert made.key_id == key_id(keys.servers["retired"].public_key())


async def test_truncates_body_cuts_after_signing(keys: KeyRing):
    sent = await ask(HEI, with_fault("truncates_body"), keys, "iias/index")

    assert dict(sent.headers)["digest"] != digest(sent.body)


@pytest.mark.parametrize(("name", "status"), [("answers_503", 503), ("invalid_error_document", 400)])
async def test_refusals_without_an_error_document(keys: KeyRing, name: str, status: int):
    sent = await ask(HEI, with_fault(name), keys, "iias/index")

    assert sent.status == status
    assert b"error-response" not in sent.body


async def test_answers_garbage_signs_noise_with_status_200(keys: KeyRing):
    sent = await ask(HEI, with_fault("answers_garbage"), keys, "iias/index")

    assert sent.status == 200
    assert dict(sent.headers)["digest"] == digest(sent.body)
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(sent.body)


async def test_wrong_namespace_is_well_formed_and_of_another_version(keys: KeyRing):
    sent = await ask(HEI, with_fault("wrong_namespace"), keys, "iias/get", [("iia_id", "20240005")])

    assert etree.QName(etree.fromstring(sent.body)).namespace == GET_NS.replace("v7", "v8")


async def test_forgets_agreement_stops_serving_one_concluded_agreement(keys: KeyRing):
    assert await index(with_fault("forgets_agreement"), keys) == ["20240007"]


async def test_empty_index_lists_nothing_and_still_serves(keys: KeyRing):
    played = with_fault("empty_index")

    sent = await ask(HEI, played, keys, "iias/get", [("iia_id", "20240005")])

    assert await index(played, keys) == []
    assert len(iias(sent)) == 1


async def test_a_partner_that_refuses_us_says_why_in_an_error_document(keys: KeyRing):
    sent = await ask(HEI, with_fault("refuses_us"), keys, "iias/index")

    assert sent.status == 403
    assert b"not among our partners" in sent.body


async def test_a_slow_partner_answers_in_the_end(keys: KeyRing):
    assert (await ask(HEI, with_fault("answers_slowly"), keys, "echo")).status == 200


async def test_the_index_lists_everything_again_once_a_fault_came_or_went(keys: KeyRing):
    recently = [("modified_since", "2026-11-23T11:00:00Z")]
    quiet = await ask(HEI, stage(), keys, "iias/index", recently)
    troubled = await ask(HEI, with_fault("swaps_partners"), keys, "iias/index", recently)

    assert (len(etree.fromstring(quiet.body)), len(etree.fromstring(troubled.body))) == (0, 2)


@needs_published
@pytest.mark.parametrize("name", STILL_VALID)
async def test_faults_of_content_keep_documents_valid(keys: KeyRing, name: str):
    played = with_fault(name)
    edits.rewrite_ours(played.world, OURS, lambda copy: copy, NOW)

    for sent in (
        await ask(HEI, played, keys, "iias/index"),
        await get(played, keys),
        await ask(HEI, played, keys, "iias-approval", [("iia_id", OURS)]),
    ):
        if sent.status == 200:
            assert published_problems(sent.body) == []


@pytest.mark.parametrize("name", STILL_VALID)
def test_faults_of_content_can_befall_every_copy_of_the_large_scenario(name: str):
    played = stage("default")
    for hei in PARTNERS:
        copies = list(played.world.partner_copies(hei.hei_id).values())
        for copy in FAULTS[name].copies(copies, played.world):
            declared_hash(copy.copy)
