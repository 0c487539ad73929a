"""The published example messages, read as answers."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx
from lxml import etree
from tests.support.fixtures import PUBLISHED, REPOSITORY, needs_published
from tests.support.mobility_online_students import AUTUMN, SPRING, built, facts, mappings_with

from mobility_adapters.mobility_online.applications import MobilityOnlineApplications
from mobility_bridge.domain.identifiers import ApplicationId

EXAMPLES = PUBLISHED / "mobility-online/examples"
SERVICE = "{http://service.mo-simulator.invalid}"
NOTHING = b"""<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>
<s:%sResponse xmlns:s="http://service.mo-simulator.invalid" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<s:return xsi:nil="true"/></s:%sResponse></soap:Body></soap:Envelope>"""
SEARCH = b"getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions"


class Example(httpx.AsyncBaseTransport):
    """Answers calls that hold these texts with an example, and all others with nothing."""

    def __init__(self, file: str, *holds: bytes) -> None:
        body = (EXAMPLES / file).read_bytes()
        self._body = body.replace(b"getApplicationDataByID", SEARCH)
        self._holds = holds
        self.asked: list[bytes] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            name = request.url.path.rpartition("/")[2]
            return httpx.Response(
                200, content=(REPOSITORY / "schemas/mobility-online" / f"{name}.wsdl").read_bytes()
            )
        self.asked.append(request.content)
        if all(text in request.content for text in self._holds):
            return httpx.Response(200, content=self._body)
        return httpx.Response(200, content=NOTHING % (SEARCH, SEARCH))


def _reads(transport: Example, folder: Path, *changes: tuple[str, str]) -> MobilityOnlineApplications:
    found = built(transport, folder, mappings_with(folder, *changes)).applications
    assert isinstance(found, MobilityOnlineApplications)
    return found


@needs_published
async def test_a_call_has_the_elements_of_the_example_call(tmp_path: Path) -> None:
    transport = Example("02-search-applications-response.xml", b">OUT<")
    await _reads(transport, tmp_path).read_applications([AUTUMN])
    example = etree.parse(EXAMPLES / "01-search-applications-request.xml").getroot()
    wanted = [
        each.tag for each in next(example.iter(f"{SERVICE}{SEARCH.decode()}")) if isinstance(each.tag, str)
    ]
    ours = etree.fromstring(transport.asked[0])
    sent = [each.tag for each in next(ours.iter(f"{SERVICE}{SEARCH.decode()}"))]
    assert list(dict.fromkeys(sent)) == list(dict.fromkeys(wanted))
    restriction = f"{SERVICE}furtherSearchRestrictions"
    parts = [[part.tag for part in next(root.iter(restriction))] for root in (example, ours)]
    assert parts[0] == parts[1]


@needs_published
async def test_the_example_search_is_read_and_the_missing_number_reported(tmp_path: Path) -> None:
    transport = Example(
        "02-search-applications-response.xml", b">OUT<", b">Autumn semester 2026<", b">false</"
    )
    named = ("[applications.institutions]", '[applications.institutions]\n2207 = "partner.example"')
    reading = await _reads(transport, tmp_path, named).read_applications([AUTUMN])
    assert reading.complete
    alex, sam = facts(reading)
    assert (alex.application_id, alex.person_id) == ("700101", "90311")
    assert (alex.starts_on, alex.ends_on) == (date(2026, 9, 1), date(2027, 1, 22))
    assert (alex.partner_hei_id, alex.partner_name) == ("partner.example", "Example Partner University")
    assert (alex.terms, alex.programme, alex.step) == ((AUTUMN,), "SMS", "is_registriert")
    assert alex.person.home_student_number == "alex0042"
    assert not sam.step
    assert {("bew_ber_matr_nr", "missing"), ("lcd_id_gast", "Korea"), ("sem_id", "missing")} <= set(
        sam.problems
    )


@needs_published
async def test_the_example_of_a_full_year_is_read_with_all_value_slots(tmp_path: Path) -> None:
    transport = Example(
        "03-application-by-id-response.xml", b">IN<", b">Academic year 2026/2027<", b">false</"
    )
    named = ("[applications.study_fields]", '[applications.study_fields]\n5104 = "0613"')
    (told,) = facts(await _reads(transport, tmp_path, named).read_applications([AUTUMN]))
    assert (told.terms, told.full_year) == ((AUTUMN, SPRING), True)
    assert told.person.gender == 2
    assert (told.person.birth_date, told.person.citizenship) == (date(2004, 3, 7), "IT")
    assert (told.partner_name, told.partner_hei_id) == ("Universita di Esempio", None)
    assert (told.isced_f_code, told.credits_earned) == ("0613", Decimal("52.5"))
    assert (told.step, told.cancelled) == ("is_registriert", False)
    assert ("inst_id_heim", "missing") in told.problems
    assert ("is_mail_best_reg", "missing") in told.problems


@needs_published
async def test_the_example_course_list_is_read_with_its_removed_row(tmp_path: Path) -> None:
    source = _reads(Example("04-la-courses-response.xml"), tmp_path)
    (read,) = (await source.read_courses([ApplicationId("700205")])).records
    told = read.record.facts
    assert [row.number for row in told.rows] == ["SIM2041", "SIM1007", "SIM2110"]
    assert [row.number for row in told.living] == ["SIM2041", "SIM1007"]
    assert sum(row.credits for row in told.living) == Decimal("22.5")
    assert read.record.problems == ()


@needs_published
async def test_the_example_fault_is_a_failed_call_and_its_text_is_not_repeated(tmp_path: Path) -> None:
    class Faulty(Example):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            return response if request.method == "GET" else httpx.Response(500, content=self._body)

    source = _reads(Faulty("08-fault.xml"), tmp_path)
    reading = await source.read_courses([ApplicationId("700117")])
    assert not reading.complete
    assert "SIM-014" not in str(reading.problems)
