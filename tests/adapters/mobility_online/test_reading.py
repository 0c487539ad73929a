"""Reading agreements over SOAP, against the simulator."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from tests.support.mobility_online import (
    ALDERTON,
    AUTHORITY,
    BRAVA,
    EWP,
    agreement,
    played,
    reads,
    sample,
    source,
    staff,
)

from mobility_bridge.domain.agreement import LanguageSkill, MobilityKind
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.errors import ExternalError, InvalidDocument, NotOffered, Rejected, Unreachable
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.world import MoLookup

SEARCH = "getAgreementsBySearchParameters"
IDS = "getAgreementIdsBySearchParameters"
BY_ID = "getAgreementByID"


async def test_records_with_one_iia_id_become_one_copy_with_as_many_conditions(tmp_path: Path) -> None:
    reader = reads(played(sample()), tmp_path)
    reading = await reader.read()
    assert reading.complete
    assert reading.problems == ()
    by_id = {read.copy.iia_id: read for read in reading.copies}
    assert set(by_id) == {"iia-1", "iia-2", "mo-NHU/3"}
    first = by_id["iia-1"]
    iia = reader.decode(first.document, first.copy.document)
    assert [condition.kind for condition in iia.conditions] == [
        MobilityKind.STUDENT_STUDIES,
        MobilityKind.STUDENT_STUDIES,
        MobilityKind.STAFF_TEACHING,
    ]
    assert [condition.mobilities_per_year for condition in iia.conditions] == [2, 3, 2]
    assert iia.conditions[1].sending_hei_id == "alderton.example"
    assert first.copy.record is not None
    assert first.copy.record.record_ids == ("1", "2", "3")


async def test_a_condition_says_what_the_record_says(tmp_path: Path) -> None:
    reader = reads(played([agreement(1)]), tmp_path)
    (read,) = (await reader.read()).copies
    (condition,) = reader.decode(read.document, read.copy.document).conditions
    assert condition.sending_hei_id == "nordhav.example"
    assert (condition.receiving_first_academic_year_id, condition.receiving_last_academic_year_id) == (
        "2026/2027",
        "2027/2028",
    )
    assert condition.language_skills == (LanguageSkill("en", "B2"), LanguageSkill("sv"))
    assert [area.isced_f_code for area in condition.subject_areas] == ["0613", "0541"]
    assert condition.eqf_levels == (6, 7)
    assert condition.total_per_year == Decimal(10)
    assert condition.blended is False
    assert condition.receiving_ounit_id == "ald-unit-1"
    assert condition.other_info_terms == "Nominations by 15 April & 15 October"


async def test_staff_records_take_their_days_from_the_custom_field(tmp_path: Path) -> None:
    reader = reads(played([staff(1)]), tmp_path)
    (read,) = (await reader.read()).copies
    (condition,) = reader.decode(read.document, read.copy.document).conditions
    assert condition.total_per_year == Decimal("12.5")
    assert condition.blended is None
    assert read.copy.record is not None
    assert read.copy.record.problems == ()


async def test_a_copy_carries_what_our_system_says_of_it(tmp_path: Path) -> None:
    (read,) = (await reads(played([agreement(1)]), tmp_path).read()).copies
    assert (read.copy.iia_hash, read.copy.partner_iia_id) == ("a" * 64, "ald-77")
    assert read.copy.hash_verdict is HashVerdict.NOT_CHECKED
    assert read.copy.computed_hash is None
    assert not read.copy.in_effect
    record = read.copy.record
    assert record is not None
    assert (record.status, record.own_approval, record.partner_approval) == ("SENT", True, False)
    assert record.last_notified_at == EWP.last_notified


async def test_a_draft_gets_an_id_of_our_own_and_no_hash(tmp_path: Path) -> None:
    drafts = [agreement(7, ewp=None), agreement(9, agreement_number="", ewp=None)]
    reading = await reads(played(drafts), tmp_path).read()
    assert [(r.copy.iia_id, r.copy.iia_hash) for r in reading.copies] == [
        ("mo-NHU/1", None),
        ("mo-record-9", None),
    ]


async def test_a_terminated_agreement_is_terminated_as_a_whole(tmp_path: Path) -> None:
    record = agreement(1, custom_fields=(("blended", "true"), ("terminated_as_a_whole", "true")))
    (read,) = (await reads(played([record]), tmp_path).read()).copies
    assert read.copy.terminated is True


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"exchange_program": MoLookup("412", "Erasmus SMS")}, ("exchangeProgram", "S 412")),
        ({"study_levels": ("B", "X")}, ("studyLevels", "X")),
        ({"study_fields": (MoLookup("061", "ICT"),)}, ("studyFields", "061")),
        ({"status": "FROZEN"}, ("status", "FROZEN")),
        ({"institution": replace(ALDERTON, country="Irland")}, ("institution.country", "Irland")),
        ({"academic_years": ("2026/2027", "2028/2029")}, ("academicYears", "2026/2027, 2028/2029")),
        ({"academic_years": ("Year 26",)}, ("academicYears", "Year 26")),
        ({"custom_fields": ()}, ("bit_freifeld31", "")),
        ({"ewp": replace(EWP, iia_hash="A" * 64)}, ("ewp.iiaHash", "A" * 64)),
    ],
)
async def test_a_value_that_cannot_be_mapped_is_a_visible_problem(
    facts: dict[str, object], problem: tuple[str, str], tmp_path: Path
) -> None:
    reading = await reads(played([agreement(1, **facts)]), tmp_path).read()
    (read,) = reading.copies
    assert reading.complete
    assert read.copy.record is not None
    assert read.copy.record.problems == (problem,)


async def test_records_that_contradict_each_other_name_no_hash(tmp_path: Path) -> None:
    pair = [agreement(1), agreement(2, application_type="IN", ewp=replace(EWP, iia_hash="c" * 64))]
    (read,) = (await reads(played(pair), tmp_path).read()).copies
    assert read.copy.iia_hash is None
    assert read.copy.record is not None
    assert read.copy.record.problems == (("ewp.iiaHash", f"{'a' * 64} and {'c' * 64}"),)


async def test_free_places_and_approvals_do_not_change_the_document(tmp_path: Path) -> None:
    before, after = agreement(1), agreement(1, free_places=7, ewp=replace(EWP, partner_approval=True))
    (first,) = (await reads(played([before]), tmp_path).read()).copies
    (second,) = (await reads(played([after]), tmp_path).read()).copies
    assert first.document == second.document
    (third,) = (await reads(played([agreement(1, total_number=9)]), tmp_path).read()).copies
    assert third.copy.content_digest != first.copy.content_digest


async def test_nothing_there_is_a_complete_reading_of_nothing(tmp_path: Path) -> None:
    for empty in ("nil", "empty"):
        reading = await reads(played([], empty_lists=empty), tmp_path).read()
        assert reading.complete
        assert reading.copies == ()


async def test_switched_off_services_are_not_called(tmp_path: Path) -> None:
    application = played(sample())
    with pytest.raises(NotOffered) as caught:
        await reads(application, tmp_path, assumed_services=False).read()
    assert caught.value.reason == "switched_off"
    assert not application.calls


async def test_one_reading_makes_five_calls_and_fetches_the_wsdl_once(tmp_path: Path) -> None:
    application = played(sample())
    reader = reads(application, tmp_path)
    await reader.read()
    await reader.read()
    assert application.calls == {"wsdl": 1, SEARCH: 8, IDS: 2}


async def test_the_authority_is_in_no_exchange_and_no_error(tmp_path: Path) -> None:
    application = played(sample())
    reading = await reads(application, tmp_path).read()
    assert len(reading.exchanges) == 6
    assert all(AUTHORITY.encode() not in exchange.request_body for exchange in reading.exchanges)
    application.switch("mo_wrong_authority")
    with pytest.raises(Rejected) as caught:
        await reads(application, tmp_path).read()
    assert AUTHORITY not in str(caught.value)
    assert caught.value.evidence


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        ("mo_soap_fault", Rejected, "soap_fault"),
        ("mo_wrong_authority", Rejected, "soap_fault"),
        ("mo_503", Unreachable, "http_5xx"),
        ("mo_html_page", InvalidDocument, "doctype"),
        ("mo_half_answer", InvalidDocument, "not_xml"),
        ("mo_missing_return", InvalidDocument, "content"),
        ("mo_wsdl_unavailable", Unreachable, "http_5xx"),
    ],
)
async def test_a_fault_of_every_call_is_an_error(
    fault: str, error: type[ExternalError], reason: str, tmp_path: Path
) -> None:
    application = played(sample())
    application.switch(fault)
    with pytest.raises(error) as caught:
        await reads(application, tmp_path, read_attempts=1).read()
    assert caught.value.reason == reason


async def test_an_unreachable_service_is_tried_again_and_a_fault_is_not(tmp_path: Path) -> None:
    application = played([agreement(1)])
    application.switch("mo_503", operation=IDS, times=2)
    assert (await reads(application, tmp_path).read()).complete
    assert application.calls[IDS] == 3
    application.repair()
    application.switch("mo_soap_fault", operation=IDS)
    reading = await reads(application, tmp_path).read()
    assert not reading.complete
    assert application.calls[IDS] == 4


async def test_a_failed_search_is_made_good_by_single_calls_but_the_reading_stays_incomplete(
    tmp_path: Path,
) -> None:
    application = played(sample())
    whole = await reads(application, tmp_path).read()
    application.switch(
        "mo_soap_fault", operation=SEARCH, arguments={"applicationType": "IN", "personType": "S"}
    )
    reading = await reads(application, tmp_path).read()
    assert not reading.complete
    assert [r.document for r in reading.copies] == [r.document for r in whole.copies]
    assert application.calls[BY_ID] == 1
    assert reading.problems[0][0] == "agreements S IN"


async def test_a_record_that_a_search_leaves_out_is_found_by_the_list_of_ids(tmp_path: Path) -> None:
    application = played(sample())
    whole = await reads(application, tmp_path).read()
    application.switch("mo_short_list")
    reading = await reads(application, tmp_path).read()
    assert [r.document for r in reading.copies] == [r.document for r in whole.copies]


async def test_a_record_of_an_unknown_person_type_is_not_overlooked(tmp_path: Path) -> None:
    reading = await reads(played([agreement(1), agreement(2, person_type="D")]), tmp_path).read()
    (read,) = reading.copies
    assert read.copy.record is not None
    assert read.copy.record.problems == (("exchangeProgram", "D SMS"),)


async def test_an_unreadable_record_withholds_its_agreement_alone(tmp_path: Path) -> None:
    application = played(sample())
    application.switch("mo_partial")
    reading = await reads(application, tmp_path).read()
    assert not reading.complete
    assert [r.copy.iia_id for r in reading.copies] == ["mo-NHU/3", "iia-2"]
    assert reading.problems == (("agreement record 1: totalNumber", "two"),)


async def test_a_faulting_single_record_withholds_its_partner_alone(tmp_path: Path) -> None:
    application = played(sample())
    application.switch("mo_soap_fault", operation=BY_ID)
    application.switch("mo_503", operation=SEARCH, arguments={"applicationType": "IN"})
    reading = await reads(application, tmp_path, read_attempts=1).read()
    assert not reading.complete
    assert [r.copy.partner_hei_id for r in reading.copies] == [BRAVA.hei_id]


async def test_agreements_in_the_network_without_a_hei_id_make_the_reading_incomplete(tmp_path: Path) -> None:
    nameless = agreement(1, institution=replace(ALDERTON, hei_id=None))
    reading = await reads(played([nameless, agreement(2, institution=BRAVA)]), tmp_path).read()
    assert not reading.complete
    assert len(reading.copies) == 1
    assert "heiID" in reading.problems[0][0]


async def test_a_wsdl_that_leads_elsewhere_does_not_get_the_authority(tmp_path: Path) -> None:
    application = played([agreement(1)])
    inner = httpx.ASGITransport(application)
    asked: list[str] = []

    class Misled(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request.url.host)
            response = await inner.handle_async_request(request)
            body = (await response.aread()).replace(b"https://mo.example", b"https://thief.example")
            return httpx.Response(response.status_code, content=body)

    assert (await source(Misled(), tmp_path).read()).complete
    assert set(asked) == {"mo.example"}


async def test_the_probe_names_every_operation_and_marks_the_assumed_ones(tmp_path: Path) -> None:
    offered = {each.name: each for each in await reads(played(sample()), tmp_path).probe()}
    assert offered[f"GetAgreementDataService.{SEARCH}"].available
    assert offered[f"GetAgreementDataService.{SEARCH}"].assumed
    seen = offered["GetMasterDataService.getAddressesOfInstitution"]
    assert seen.available
    assert not seen.assumed
    absent = await reads(played(sample(), assumed_services=False), tmp_path).probe()
    assert not any(each.available for each in absent if each.assumed)


async def test_a_document_of_another_kind_is_refused(tmp_path: Path) -> None:
    reader = reads(played([agreement(1)]), tmp_path)
    (read,) = (await reader.read()).copies
    with pytest.raises(InvalidDocument):
        reader.decode(b"<iia/>", read.copy.document)
    with pytest.raises(InvalidDocument):
        reader.decode(read.document, replace(read.copy.document, format="ewp.iias.v7"))


async def test_it_reads_over_a_real_connection_with_tls(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "sandbox", Plan(scenario="clean"))
    await sandbox.start()
    try:
        (tmp_path / "ca.pem").write_bytes(sandbox.ca_file.read_bytes())
        (tmp_path / "authority-of-the-sandbox.txt").write_bytes(sandbox.authority_file.read_bytes())
        reader = source(
            None,
            tmp_path,
            base_url=f"{sandbox.base_url}/mobility-online/services",
            ca_file="ca.pem",
            authority={"file": "authority-of-the-sandbox.txt"},
        )
        reading = await reader.read()
        stranger = source(
            None, tmp_path, base_url=f"{sandbox.base_url}/mobility-online/services", read_attempts=1
        )
        with pytest.raises(Unreachable) as caught:
            await stranger.read()
        await reader.close()
        await stranger.close()
    finally:
        await sandbox.stop()
    assert reading.complete
    assert reading.copies
    assert caught.value.reason == "tls"


async def test_a_system_that_cannot_be_asked_is_not_said_to_lack_anything(tmp_path: Path) -> None:
    system = played(sample())
    system.switch("mo_wsdl_unavailable")
    found = await reads(system, tmp_path).probe()
    services = [each for each in found if each.name != "report file"]
    assert services
    assert not any(each.asked or each.available for each in services)
