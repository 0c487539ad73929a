"""Mobility-Online, played: over real HTTP, with a SOAP client of somebody else's, and against the samples."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import httpx
import pytest
import uvicorn
import zeep
from lxml import etree
from tests.support.fixtures import PUBLISHED, needs_published
from tests.support.mobility_online import AUTHORITY, agreement, played, sample
from zeep.helpers import serialize_object

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.mobility_online import FAULTS, MobilityOnline, Switches, Tenant
from mobility_bridge.sandbox.mobility_online_records import MoAddress
from mobility_bridge.sandbox.mobility_online_soap import SERVICES, contract

SERVICE = "GetAgreementDataService"
SEARCH = "getAgreementsBySearchParameters"
NIL = zeep.xsd.Nil
EVERYTHING = dict.fromkeys(contract(SERVICE).operations[SEARCH], NIL) | {"authority": AUTHORITY}


@asynccontextmanager
async def _served(application: MobilityOnline) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(application, lifespan="off", log_config=None, log_level="critical")
    )
    server.capture_signals = nullcontext  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mobility-online"
    finally:
        server.should_exit = True
        await task
        listener.close()


async def _zeep(base: str, service: str, use: Callable[[Any], Any]) -> Any:
    """Use a service through zeep's own transport, in a thread, since it blocks."""

    def run() -> Any:
        transport = zeep.Transport()
        with transport.session:
            client = zeep.Client(f"{base}/services/{service}?wsdl", transport=transport)
            return serialize_object(use(client.service))

    return await asyncio.to_thread(run)


async def test_an_independent_client_reads_what_is_stored() -> None:
    async with _served(played(sample())) as base:
        found = await _zeep(base, SERVICE, lambda s: s[SEARCH](**{**EVERYTHING, "applicationType": "IN"}))
    (record,) = found
    assert record["agreementID"] == 2
    assert record["institution"]["heiID"] == "alderton.example"
    assert [year["description"] for year in record["academicYears"]] == ["2026/2027", "2027/2028"]
    assert record["ewp"]["iiaHash"] == "a" * 64
    assert record["customFields"][0]["elementName"] == "bit_freifeld31"
    assert record["customFields"][0]["elementValueBoolean"] is False
    assert record["freePlaces"] == -1


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"personType": "T"}, [3]),
        ({"institutionID": 1102}, [4]),
        ({"institutionCode": "AU-000-9001"}, [6]),
        ({"exchangeProgramNumber": "STA", "status": "SENT"}, [3]),
        ({"academicYearDescription": "2027/2028", "status": "DRAFT"}, [5]),
        ({"academicYearDescription": "2030/2031"}, []),
        ({"modifiedSince": "2026-06-01T00:00:00Z"}, []),
    ],
)
async def test_searches_join_their_fields_with_and(search: dict[str, Any], ids: list[int]) -> None:
    async with _served(played(sample())) as base:
        said = {**EVERYTHING, **search}
        found = await _zeep(base, SERVICE, lambda s: s["getAgreementIdsBySearchParameters"](**said))
    assert [each for each in found if each is not None] == ids


async def test_an_argument_that_is_left_out_is_a_fault_unless_lenient() -> None:
    body = _envelope(SERVICE, "getAgreementByID", "<s:agreementID>1</s:agreementID>")
    strict, lenient = played(sample()), played(sample(), strict=False)
    assert "SIM-005" in (await _post(strict, SERVICE, body)).text
    whole = f"<s:authority>{AUTHORITY}</s:authority><s:agreementID>1</s:agreementID>"
    turned = "<s:agreementID>1</s:agreementID>" + f"<s:authority>{AUTHORITY}</s:authority>"
    assert (await _post(strict, SERVICE, _envelope(SERVICE, "getAgreementByID", whole))).status_code == 200
    assert (await _post(strict, SERVICE, _envelope(SERVICE, "getAgreementByID", turned))).status_code == 500
    assert (await _post(lenient, SERVICE, _envelope(SERVICE, "getAgreementByID", turned))).status_code == 200


async def test_an_unknown_authority_is_a_fault() -> None:
    body = _envelope(
        SERVICE, "getAgreementByID", "<s:authority>X</s:authority><s:agreementID>1</s:agreementID>"
    )
    answer = await _post(played(sample()), SERVICE, body)
    assert answer.status_code == 500
    assert "soap:Sender" in answer.text


async def test_the_endpoint_takes_a_trailing_slash() -> None:
    whole = f"<s:authority>{AUTHORITY}</s:authority><s:agreementID>1</s:agreementID>"
    body = _envelope(SERVICE, "getAgreementByID", whole)
    assert (await _post(played(sample()), SERVICE, body, slash="/")).status_code == 200


async def test_assumed_services_can_be_switched_off_as_a_group() -> None:
    application = played(sample(), assumed_services=False)
    async with _client(application) as client:
        assert (await client.get(f"/services/{SERVICE}?wsdl")).status_code == 404
        assert (await client.get("/services/GetMasterDataService?wsdl")).status_code == 200
        assert (await client.get("/reports/nordhav/agreements.xml")).status_code == 404


async def test_addresses_of_an_institution_are_there_or_nil() -> None:
    tenant = Tenant("nordhav", sample, addresses={1101: (MoAddress("Quay 1", "A1", "Alderton", "Ireland"),)})
    async with _served(MobilityOnline({AUTHORITY: tenant}, Switches())) as base:
        ask = "getAddressesOfInstitution"
        found = await _zeep(base, "GetMasterDataService", lambda s: s[ask](AUTHORITY, 1101))
        none = await _zeep(base, "GetMasterDataService", lambda s: s[ask](AUTHORITY, 1102))
    assert found[0]["typeOfAddress"] == "Hauptadresse"
    assert found[0]["country"]["description"] == "Ireland"
    assert not any(none[0].values())  # how zeep shows a nil bean


async def test_institutions_are_found_by_their_hei_id() -> None:
    said = dict.fromkeys(contract(SERVICE).operations["getInstitutionsBySearchParameters"], NIL)
    said |= {"authority": AUTHORITY, "heiID": "brava.example"}
    async with _served(played(sample())) as base:
        found = await _zeep(base, SERVICE, lambda s: s["getInstitutionsBySearchParameters"](**said))
    assert [each["institutionID"] for each in found] == [1102]


async def test_what_is_not_played_is_a_fault_and_every_call_is_counted() -> None:
    application = played(sample())
    inside = f"<s:authority>{AUTHORITY}</s:authority><s:applicationID>1</s:applicationID>"
    answer = await _post(
        application,
        "GetApplicationDataService",
        _envelope("GetApplicationDataService", "getBankAccountDetails", inside),
    )
    assert "not played" in answer.text
    assert application.calls == {"getBankAccountDetails": 1}


async def test_reports_hold_a_row_for_each_record_and_can_be_narrowed() -> None:
    rows = (
        {"BEW_ID": "1", "SEM_ID": "Autumn semester 2026"},
        {"BEW_ID": "2", "SEM_ID": "Spring semester 2027"},
    )
    application = MobilityOnline({AUTHORITY: Tenant("nordhav", sample, applications=rows)})
    async with _client(application) as client:
        agreements = etree.fromstring((await client.get("/reports/nordhav/agreements.xml")).content)
        none = etree.fromstring(
            (await client.get("/reports/nordhav/agreements.xml?academic_year=2040/2041")).content
        )
        term = {"term": "Autumn semester 2026"}
        applications = etree.fromstring(
            (await client.get("/reports/nordhav/applications.xml", params=term)).content
        )
    assert agreements.tag == "AUSWERTUNG"
    assert [row.findtext("VERTR_ID") for row in agreements] == ["1", "2", "3", "4", "5", "6"]
    assert agreements[0].findtext("VERTR_DAT_VON") == "01.09.2026"
    assert agreements[0].findtext("ANZ_MONATE") == "10,00"
    assert len(none) == 0
    assert [row.findtext("BEW_ID") for row in applications] == ["1"]


def test_a_fault_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError):
        played(()).switch("mo_earthquake")


def test_every_fault_can_be_switched_on_and_off() -> None:
    application = played(())
    for name in FAULTS:
        application.switch(name)
    assert application.faults == sorted(FAULTS)
    application.repair()
    assert application.faults == []


@needs_published
async def test_an_agreement_looks_like_the_sample_of_the_reference() -> None:
    root = etree.parse(PUBLISHED / "mobility-online/examples/09-ASSUMED-agreements-response.xml").getroot()
    body = next(root.iter("{http://www.w3.org/2003/05/soap-envelope}Body"))
    inside = "".join(f"<s:{name} x:nil='true'/>" for name in contract(SERVICE).operations[SEARCH][1:])
    call = _envelope(SERVICE, SEARCH, f"<s:authority>{AUTHORITY}</s:authority>{inside}")
    answer = etree.fromstring((await _post(played([agreement(1)]), SERVICE, call)).content)
    ours = next(answer.iter("{http://www.w3.org/2003/05/soap-envelope}Body"))
    assert ours[0].tag == body[0].tag
    assert ours[0][0].tag == body[0][0].tag
    # Custom fields are an addition of this sandbox; everything else has the sample's names, spaces and order.
    assert [path for path in _paths(ours[0][0]) if "customFields" not in path] == _paths(body[0][0])


@needs_published
async def test_a_fault_looks_like_the_sample_of_the_reference() -> None:
    root = etree.parse(PUBLISHED / "mobility-online/examples/08-fault.xml").getroot()
    application = played(sample())
    application.switch("mo_soap_fault")
    whole = f"<s:authority>{AUTHORITY}</s:authority><s:agreementID>1</s:agreementID>"
    answer = await _post(application, SERVICE, _envelope(SERVICE, "getAgreementByID", whole))
    assert _paths(etree.fromstring(answer.content)) == _paths(root)


def test_every_wsdl_names_what_is_assumed_and_ends_in_invalid() -> None:
    for service in SERVICES:
        known = contract(service)
        assert known.namespace.endswith(".invalid")
        assert b"assumed" in known.document.lower()
        assert all(arguments[0] == "authority" for arguments in known.operations.values())
    assert "assumed" in contract(SERVICE).namespace


def _paths(element: Any) -> list[str]:
    """Qualified paths of all elements below, each once, in document order."""
    found = []
    for node in element.iterdescendants("*"):
        steps = [node.tag]
        for parent in node.iterancestors():
            if parent is element:
                break
            steps.append(parent.tag)
        found.append(" ".join(reversed(steps)))
    return list(dict.fromkeys(found))


def _envelope(service: str, operation: str, inside: str) -> str:
    return (
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' "
        f"xmlns:x='http://www.w3.org/2001/XMLSchema-instance' xmlns:s='{contract(service).namespace}'>"
        f"<e:Body><s:{operation}>{inside}</s:{operation}></e:Body></e:Envelope>"
    )


def _client(application: MobilityOnline) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="https://mo.example")


async def _post(application: MobilityOnline, service: str, body: str, slash: str = "") -> httpx.Response:
    async with _client(application) as client:
        return await client.post(f"/services/{service}.{service}HttpsSoap12Endpoint{slash}", content=body)
