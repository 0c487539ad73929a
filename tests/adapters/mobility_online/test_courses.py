"""Course lists of learning agreements, one call for each application that is asked for."""

from decimal import Decimal
from pathlib import Path

import httpx
from tests.support.mobility_online_students import add_incoming, built, played, reads

from mobility_bridge.domain.application import CourseListKind, CourseRow
from mobility_bridge.domain.identifiers import ApplicationId
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.sandbox.mobility_online_students import MoCourseRow, MoStudents

OPERATION = "getCoursesOfLearningAgreement"
FIRST, SECOND = ApplicationId("700101"), ApplicationId("700102")
COURSES = [("NH1101", "Geology of the sea", "7.5"), ("NH1102", "History", "15")]


def some() -> MoStudents:
    students = MoStudents()
    for _ in range(2):
        students.agree(add_incoming(students).application_id, COURSES)
    return students


async def test_rows_come_in_the_systems_order(tmp_path: Path) -> None:
    application = played(some())
    reading = await reads(application, tmp_path).read_courses([SECOND])
    (read,) = reading.records
    assert reading.complete
    assert (read.record.key.kind, read.record.key.record_id) == (RecordKind.COURSE_LIST, SECOND)
    told = read.record.facts
    assert told.kind is CourseListKind.LEARNING_AGREEMENT
    assert told.rows == (
        CourseRow("331003", "NH1101", "Geology of the sea", Decimal("7.5")),
        CourseRow("331004", "NH1102", "History", Decimal(15)),
    )
    assert application.calls[OPERATION] == 1


async def test_an_application_asked_for_twice_costs_one_call(tmp_path: Path) -> None:
    application = played(some())
    reading = await reads(application, tmp_path).read_courses([FIRST, SECOND, FIRST])
    assert len(reading.records) == application.calls[OPERATION] == 2


async def test_no_rows_are_an_empty_list_and_not_a_missing_one(tmp_path: Path) -> None:
    students = MoStudents()
    add_incoming(students)
    for empty in ("nil", "empty"):
        reading = await reads(played(students, empty_lists=empty), tmp_path).read_courses([FIRST])
        assert reading.complete
        assert [read.record.facts.rows for read in reading.records] == [()]
    reading = await reads(played(students, empty_lists="missing"), tmp_path).read_courses([FIRST])
    assert not reading.complete
    assert reading.records == ()


async def test_one_failing_application_makes_the_reading_incomplete_and_hides_no_other(
    tmp_path: Path,
) -> None:
    application = played(some())
    application.switch("mo_soap_fault", operation=OPERATION, arguments={"applicationID": "700101"})
    reading = await reads(application, tmp_path).read_courses([FIRST, SECOND])
    assert not reading.complete
    assert [read.record.key.record_id for read in reading.records] == [SECOND]
    assert [where for where, _ in reading.problems] == ["course list of application 700101"]


async def test_a_number_that_is_none_is_not_sent(tmp_path: Path) -> None:
    application = played(some())
    reading = await reads(application, tmp_path).read_courses([ApplicationId("x1"), FIRST])
    assert not reading.complete
    assert reading.problems == (("course list", "not a number"),)
    assert application.calls[OPERATION] == 1


async def test_what_cannot_be_read_in_a_row_is_none_and_named(tmp_path: Path) -> None:
    students = some()
    students.agreed[700101] = (
        MoCourseRow(1, None, None, None),
        MoCourseRow(2, "NH1", "A", Decimal("-7.5")),
        MoCourseRow(3, "NH2", "B", Decimal(3)),
    )
    inner = httpx.ASGITransport(played(students))

    class Damaging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await inner.handle_async_request(request)
            body = await response.aread()
            body = body.replace(b"ECTS>3<", b"ECTS>three<").replace(
                b"deleted>false</bean:deleted><bean:hostCourseECTS>three",
                b"deleted>maybe</bean:deleted><bean:hostCourseECTS>three",
            )
            return httpx.Response(response.status_code, content=body.replace(b"courseID>2<", b"courseID><"))

    source = built(Damaging(), tmp_path).applications
    assert source is not None
    (read,) = (await source.read_courses([FIRST])).records
    assert [row.credits for row in read.record.facts.rows] == [None, None, None]
    assert [row.row_id for row in read.record.facts.rows] == ["1", "#2", "3"]
    assert read.record.problems == (
        ("row 2: courseID", "missing"),
        ("row 2: hostCourseECTS", "negative"),
        ("row 3: deleted", "not_a_flag"),
        ("row 3: hostCourseECTS", "not_a_number"),
    )


async def test_a_grade_is_in_no_repr(tmp_path: Path) -> None:
    students = some()
    students.agreed[700101] = (MoCourseRow(1, "NH1", "A", Decimal(3), grade="Failed-Secretly"),)
    (read,) = (await reads(played(students), tmp_path).read_courses([FIRST])).records
    assert read.record.facts.rows[0].grade == "Failed-Secretly"
    assert "Failed-Secretly" not in repr(read)
    assert "Failed-Secretly" not in repr(read.record.facts)


async def test_a_stored_list_is_decoded_again(tmp_path: Path) -> None:
    source = reads(played(some()), tmp_path)
    (read,) = (await source.read_courses([FIRST])).records
    assert read.record.document is not None
    assert source.decode(read.document, read.record.document, read.record.as_of) == read.record.facts
