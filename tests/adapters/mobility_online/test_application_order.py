"""Whatever the order of what comes, the same records; whatever is cut off or bent, nothing is made up."""

import asyncio
import random
import tempfile
from datetime import date
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.mobility_online_students import AUTUMN, add, add_incoming, built, facts, played

from mobility_bridge.errors import ExternalError
from mobility_bridge.ports.student_sources import ApplicationSource, RecordReading
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.mobility_online import MobilityOnline
from mobility_bridge.sandbox.mobility_online_students import MoStudents

SEARCH = b"getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions"
ELEMENT = b"<bean:applicationDataElements>"


def some() -> MoStudents:
    students = MoStudents()
    for _ in range(3):
        add(students)
        add_incoming(students)
    return students


def _source(transport: httpx.AsyncBaseTransport, folder: Path) -> ApplicationSource:
    found = built(transport, folder, read_attempts=1).applications
    assert found is not None
    return found


@given(st.integers(0, 7), st.floats(0, 1, exclude_max=True))
@settings(max_examples=30, deadline=None)
def test_an_answer_cut_anywhere_never_makes_a_complete_reading(which: int, where: float) -> None:
    assert not asyncio.run(_complete_when_cut(which, where))


async def _complete_when_cut(which: int, where: float) -> bool:
    with tempfile.TemporaryDirectory() as folder:  # hypothesis and the fixture of one test do not mix
        source = _source(
            _Changing(played(some()), lambda body: body[: int(len(body) * where)], which), Path(folder)
        )
    try:
        return (await source.read_applications([AUTUMN])).complete
    except ExternalError:
        return False


async def test_the_order_of_elements_and_applications_does_not_matter(tmp_path: Path) -> None:
    def shuffled(body: bytes) -> bytes:
        """The elements inside each application in another order."""
        head, *parts = body.split(ELEMENT)
        last, tail = parts[-1].split(b"</bean:applicationDataElements>", 1) if parts else (b"", b"")
        if b"<bean:applicationID>" in b"".join(parts[:-1]):
            return body  # several applications: their elements must not be mixed
        pieces = [*parts[:-1], last + b"</bean:applicationDataElements>"]
        random.Random(7).shuffle(pieces)
        return head + b"".join(ELEMENT + piece for piece in pieces) + tail

    students = MoStudents()
    add(students)
    add_incoming(students)
    plain = await _source(httpx.ASGITransport(played(students)), tmp_path).read_applications([AUTUMN])
    other = await _source(_Changing(played(students), shuffled), tmp_path).read_applications([AUTUMN])
    assert [read.document for read in plain.records] == [read.document for read in other.records]
    assert len(plain.records) == 2


async def _read_changed(tmp_path: Path, before: bytes, after: bytes) -> RecordReading:
    students = MoStudents()
    add(students)
    source = _source(_Changing(played(students), lambda body: body.replace(before, after)), tmp_path)
    return await source.read_applications([AUTUMN])


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (b">bew_dat_bis<", b">bew_dat_von<", ("bew_dat_von", "doubled")),
        (b">is_nominiert<", b">is_something<", ("is_nominiert", "missing")),
        (b">is_storniert<", b">is_something<", ("is_storniert", "missing")),
        (b"<bean:lastName>Ample</bean:lastName>", b"", ("lastName", "missing")),
        (b"<bean:firstName>Alex</bean:firstName>", b"", ("firstName", "missing")),
        (b"Boolean>true<", b"Boolean>yes<", ("is_registriert", "not_a_flag")),
        (b"Boolean>false<", b"Boolean>no<", ("is_praktikum", "not_a_flag")),
        (b"elementValue>1101<", b"elementValue>Alderton, of course<", ("inst_id_gast", "unknown")),
        (b"elementValue>412<", b"elementValue>my aunt's programme<", ("aust_prog_id", "unknown")),
    ],
)
async def test_what_is_bent_is_named_and_never_repeated(
    before: bytes, after: bytes, problem: tuple[str, str], tmp_path: Path
) -> None:
    reading = await _read_changed(tmp_path, before, after)
    assert reading.complete
    (told,) = facts(reading)
    assert problem in told.problems


async def test_a_person_without_any_name_has_none(tmp_path: Path) -> None:
    students = MoStudents()
    add(students, first_name="", last_name="")
    source = _source(httpx.ASGITransport(played(students)), tmp_path)
    (told,) = facts(await source.read_applications([AUTUMN]))
    assert told.person.names == ()


async def test_a_cancelled_application_without_the_flag_is_known_by_the_question(tmp_path: Path) -> None:
    students = MoStudents()
    add(students, cancelled=True)
    source = _source(
        _Changing(played(students), lambda body: body.replace(b">is_storniert<", b">is_something<")), tmp_path
    )
    (told,) = facts(await source.read_applications([AUTUMN]))
    assert told.cancelled


async def test_a_whole_university_is_read_over_a_real_connection(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "sandbox", Plan(scenario="clean"))
    who = {"partner": "alderton.example", "family_name": "Ample", "born": "2003-05-11"}
    sandbox.stage.about_students("add_outgoing", omobility_id="o-1", given_names="Alva", serial=41, **who)
    sandbox.stage.about_students("add_incoming", omobility_id="i-1", given_names="Bror", serial=42, **who)
    await sandbox.start()
    try:
        (tmp_path / "ca.pem").write_bytes(sandbox.ca_file.read_bytes())
        (tmp_path / "theirs.txt").write_bytes(sandbox.authority_file.read_bytes())
        doors = built(
            None,
            tmp_path,
            base_url=f"{sandbox.base_url}/mobility-online/services",
            ca_file="ca.pem",
            authority={"file": "theirs.txt"},
        )
        assert doors.applications is not None
        reading = await doors.applications.read_applications([AUTUMN])
        courses = await doors.applications.read_courses([told.application_id for told in facts(reading)])
        await doors.close()
    finally:
        await sandbox.stop()
    assert reading.complete
    assert [told.problems for told in facts(reading)] == [(), ()]
    assert [told.person.birth_date for told in facts(reading)] == [date(2003, 5, 11)] * 2
    assert all((told.person.global_id or "").startswith("urn:schac") for told in facts(reading))
    assert [len(read.record.facts.rows) for read in courses.records] == [2, 2]


class _Changing(httpx.AsyncBaseTransport):
    """Changes the answers of searches: all of them, or the one of this place."""

    def __init__(self, application: MobilityOnline, change: object, which: int | None = None) -> None:
        self._inner = httpx.ASGITransport(application)
        self._change = change
        self._which = which
        self._seen = -1

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        mine = SEARCH in request.content
        self._seen += mine
        place = self._seen
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        if mine and self._which in (None, place) and callable(self._change):
            body = self._change(body)
        return httpx.Response(response.status_code, content=body)
