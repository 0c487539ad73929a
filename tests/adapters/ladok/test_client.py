"""Calling Ladok: courtesy, sessions, errors, and what is kept of each call."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.support.clock import VirtualClock
from tests.support.fixtures import sample
from tests.support.ladok_door import BASE, OWN_USER, Answers, Respond, registry, uid

from mobility_adapters.ladok.client import JSON_SERVICES, Question, segment
from mobility_adapters.ladok.courtesy import Courtesy, wait_after_429
from mobility_adapters.ladok.registry import LadokRegistry
from mobility_adapters.ladok.settings import closure
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.errors import InvalidDocument, Rejected, Unreachable

XML = "application/vnd.ladok-studentinformation+xml;charset=UTF-8"
STUDENT = sample("ladok/student.xml")
THURSDAY_NIGHT = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)  # five o'clock in Sweden
HTML = httpx.Response(
    200, headers={"content-type": "text/html"}, content=b"<!DOCTYPE html><html>Log in</html>"
)


def student_answer() -> httpx.Response:
    return httpx.Response(200, headers={"content-type": XML}, content=STUDENT)


def in_turn(*answers: httpx.Response | Exception) -> Respond:
    """One answer after the other, the last of them for ever."""
    left = list(answers)

    def respond(_request: httpx.Request) -> httpx.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=getattr(answer, "content", b"")
        )

    return respond


async def ask(door: LadokRegistry) -> list[Exchange]:
    return list((await door.student(LadokUid(uid(7, 3)))).exchanges)


async def test_each_service_is_asked_in_its_own_media_type(tmp_path: Path) -> None:
    played = Answers(in_turn(student_answer()))
    door = registry(played, tmp_path)
    await ask(door)
    (request,) = played.asked
    assert request.headers["accept"] == "application/vnd.ladok-studentinformation+xml"
    assert str(request.url) == f"{BASE}/studentinformation/student/{uid(7, 3)}"
    assert request.headers["x-mock-ladok-client"] == OWN_USER
    forms = {service: Question(service, "x").wanted.rpartition("+")[2] for service in JSON_SERVICES}
    assert set(forms.values()) == {"json"}


async def test_cookies_are_sent_back_where_they_belong_and_kept_nowhere_else(tmp_path: Path) -> None:
    cookie = httpx.Response(
        200,
        headers=[
            ("content-type", XML),
            ("set-cookie", "JSESSIONID=secret-1; Path=/studentinformation"),
            ("set-cookie", "route=secret-2; Path=/resultat"),
        ],
        content=STUDENT,
    )
    played = Answers(in_turn(cookie))
    door = registry(played, tmp_path)
    exchanges = [*await ask(door), *await ask(door)]
    assert "cookie" not in played.asked[0].headers
    assert played.asked[1].headers["cookie"] == "JSESSIONID=secret-1"
    assert "secret" not in repr(exchanges)


async def test_a_session_that_was_lost_is_begun_again_once(tmp_path: Path) -> None:
    lost = httpx.Response(401, headers={"content-type": XML, "set-cookie": "JSESSIONID=2; Path=/"})
    played = Answers(in_turn(lost, student_answer()))
    exchanges = await ask(registry(played, tmp_path))
    assert [request.headers.get("cookie") for request in played.asked] == [None, "JSESSIONID=2"]
    assert [exchange.status for exchange in exchanges] == [401, 200]
    with pytest.raises(Rejected) as caught:
        await ask(registry(Answers(in_turn(lost)), tmp_path))
    assert len(caught.value.evidence) == 2


async def test_an_exchange_holds_what_crossed_the_wire(tmp_path: Path) -> None:
    (exchange,) = await ask(registry(Answers(in_turn(student_answer())), tmp_path))
    assert (exchange.system, exchange.api, exchange.status) == ("ladok", "studentinformation", 200)
    assert exchange.body == STUDENT
    assert exchange.verification is Verification.TLS_ONLY


async def test_a_civic_number_stays_out_of_the_address_that_is_kept(tmp_path: Path) -> None:
    played = Answers(in_turn(student_answer()))
    reading = await registry(played, tmp_path).find_student(civic_number="191212121212")
    assert played.paths == ["/studentinformation/student/personnummer/191212121212"]
    assert [exchange.url for exchange in reading.exchanges] == [
        f"{BASE}/studentinformation/student/personnummer/(civic number)"
    ]


async def test_both_spellings_of_the_national_key_are_asked_for(tmp_path: Path) -> None:
    played = Answers(in_turn(httpx.Response(404), student_answer()))
    reading = await registry(played, tmp_path).find_student(external_uid=LadokUid(uid(1)))
    assert [path.split("/")[3] for path in played.paths] == ["externtuuid", "externtuid"]
    assert len(reading.facts) == 2


async def test_nobody_known_is_no_fact_and_no_error(tmp_path: Path) -> None:
    played = Answers(
        in_turn(httpx.Response(404, headers={"content-type": "application/json"}, content=b"{}"))
    )
    reading = await registry(played, tmp_path).student(LadokUid("x"))
    assert (reading.facts, reading.complete, len(reading.exchanges)) == ((), True, 1)


@pytest.mark.parametrize(
    ("retry_after", "waited"),
    [({"retry-after": "7"}, 7.0), ({}, 60.0), ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30.0)],
)
async def test_too_many_calls_waits_as_told_or_a_minute(
    tmp_path: Path, retry_after: dict[str, str], waited: float
) -> None:
    clock = VirtualClock()
    throttled = httpx.Response(429, headers={"content-type": "text/plain", **retry_after})
    played = Answers(in_turn(throttled, student_answer()))
    await ask(registry(played, tmp_path, clock=clock))
    assert clock.slept == [waited]
    assert len(played.asked) == 2


async def test_too_many_calls_without_end_is_unreachable(tmp_path: Path) -> None:
    clock = VirtualClock()
    played = Answers(in_turn(httpx.Response(429)))
    with pytest.raises(Unreachable) as caught:
        await ask(registry(played, tmp_path, clock=clock))
    assert caught.value.reason == "http_429"
    assert (clock.slept, len(played.asked)) == ([60.0, 60.0], 3)


async def test_a_wait_that_nobody_can_bear_is_left_to_the_next_run(tmp_path: Path) -> None:
    clock = VirtualClock()
    played = Answers(in_turn(httpx.Response(429, headers={"retry-after": "86400"})))
    with pytest.raises(Unreachable):
        await ask(registry(played, tmp_path, clock=clock))
    assert (clock.slept, len(played.asked)) == ([], 1)


@pytest.mark.parametrize(("text", "seconds"), [("0", 1.0), ("soon", 60.0), (None, 60.0), ("١٢", 60.0)])
def test_a_strange_retry_after_is_a_minute(text: str | None, seconds: float) -> None:
    assert wait_after_429(text, datetime(2026, 11, 23, tzinfo=UTC), 60.0) == seconds


async def test_a_burst_is_allowed_and_then_one_call_a_second() -> None:
    clock = VirtualClock()
    courtesy = Courtesy(1.0, 3, clock)
    for _ in range(5):
        await courtesy.wait()
    assert clock.slept == [1.0, 1.0]
    clock.move(100)
    for _ in range(4):
        await courtesy.wait()
    assert len(clock.slept) == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(500, json={"Meddelande": "java.lang.NullPointerException"}), "http_5xx"),
        (
            httpx.Response(503, headers={"content-type": "text/html"}, content=b"<html>closed</html>"),
            "http_5xx",
        ),
        (httpx.ConnectError("refused"), "connection"),
        (httpx.ReadTimeout("slow"), "timeout"),
    ],
)
async def test_what_may_pass_is_tried_again_and_then_said(
    tmp_path: Path, answer: httpx.Response | Exception, reason: str
) -> None:
    played = Answers(in_turn(answer))
    with pytest.raises(Unreachable) as caught:
        await ask(registry(played, tmp_path))
    assert caught.value.reason == reason
    assert "NullPointer" not in caught.value.message
    assert len(played.asked) == len(caught.value.evidence) == 3


async def test_an_announced_closure_is_no_alarm_and_not_tried_again(tmp_path: Path) -> None:
    closed = httpx.Response(503, headers={"content-type": "text/html"}, content=b"<html>closed</html>")
    played = Answers(in_turn(closed))
    with pytest.raises(Unreachable) as caught:
        await ask(registry(played, tmp_path, clock=VirtualClock(THURSDAY_NIGHT)))
    assert caught.value.reason == "maintenance"
    assert len(played.asked) == 1


@pytest.mark.parametrize(
    ("text", "hour", "holds"),
    [
        ("thursday 04:00-07:00", 2, False),
        ("thursday 04:00-07:00", 3, True),
        ("thursday 04:00-07:00", 6, False),
        ("wednesday 22:00-05:00", 3, True),
        ("wednesday 22:00-05:00", 4, False),
    ],
)
def test_a_closure_is_told_in_swedish_time(text: str, hour: int, *, holds: bool) -> None:
    assert closure(text).holds(datetime(2026, 11, 26, hour, 30, tzinfo=UTC)) is holds


async def test_a_web_page_in_place_of_an_answer_begins_a_new_session_once_more(tmp_path: Path) -> None:
    cookie = httpx.Response(200, headers={"content-type": XML, "set-cookie": "JSESSIONID=1"}, content=STUDENT)
    played = Answers(in_turn(cookie, HTML, student_answer()))
    door = registry(played, tmp_path)
    await ask(door)
    await ask(door)
    assert [request.headers.get("cookie") for request in played.asked] == [None, "JSESSIONID=1", None]


@pytest.mark.parametrize(
    "answer",
    [
        HTML,
        httpx.Response(404, headers={"content-type": "text/html"}, content=b"<html>gateway</html>"),
        httpx.Response(200, headers={"content-type": XML}, content=b"<html><body/></html>"),
    ],
)
async def test_a_web_page_that_stays_is_no_answer(tmp_path: Path, answer: httpx.Response) -> None:
    with pytest.raises(InvalidDocument, match="with a web page"):
        await ask(registry(Answers(in_turn(answer)), tmp_path))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(200, headers={"content-type": XML}, content=b"<si:Student"), "not_xml"),
        (
            httpx.Response(200, headers={"content-type": XML}, content=b"<!DOCTYPE a []><a/>"),
            "doctype",
        ),
        (httpx.Response(200, headers={"content-type": "application/json"}, content=b"{"), "content"),
        (httpx.Response(200, headers={"content-type": "application/json"}, content=b"7"), "content"),
        (httpx.Response(200, headers={"content-type": "text/plain"}, content=b"fine"), "content"),
        (httpx.Response(200, headers={"content-type": XML}, content=b"<a>" + b"x" * 70_000), "too_large"),
    ],
)
async def test_what_is_no_document_is_refused_with_its_bytes(
    tmp_path: Path, answer: httpx.Response, reason: str
) -> None:
    with pytest.raises(InvalidDocument) as caught:
        await ask(registry(Answers(in_turn(answer)), tmp_path, max_body_bytes=1 << 16))
    assert caught.value.reason == reason
    assert len(caught.value.evidence) == 1


async def test_a_refusal_carries_its_codes_and_never_its_texts(tmp_path: Path) -> None:
    answer = httpx.Response(
        400,
        headers={"content-type": "application/vnd.ladok-studentinformation+xml"},
        content=sample("ladok/error.xml"),
    )
    with pytest.raises(Rejected) as caught:
        await ask(registry(Answers(in_turn(answer)), tmp_path))
    error = caught.value
    assert error.codes == {
        "Felkategori": "commons.fel.kategori.valideringsfel",
        "Felgrupp": "commons.fel.grupp.domanregel",
        "Detaljkod": "studentinformation.fel.detaljkod.prov",
        "FelUID": uid(1, 15),
    }
    assert uid(1, 15) in error.message
    assert uid(1, 15) in str(error.next_step)
    assert "Tolvan" not in error.message
    assert error.status == 400


async def test_a_missing_right_names_the_activity(tmp_path: Path) -> None:
    answer = httpx.Response(403, json={"Felkategori": "commons.fel.kategori.sakerhetsovertradelse"})
    with pytest.raises(Rejected) as caught:
        await ask(registry(Answers(in_turn(answer)), tmp_path))
    assert "61001 (studentinformation.lasa)" in str(caught.value.next_step)


async def test_a_right_that_was_never_given_names_the_service(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        await registry(Answers(in_turn(httpx.Response(403))), tmp_path).results(LadokUid("x"))
    assert caught.value.next_step == (
        "The certificate's user lacks a right. Ask the Ladok group of your university."
    )


async def test_a_question_without_a_key_is_a_mistake(tmp_path: Path) -> None:
    door = registry(Answers(in_turn(student_answer())), tmp_path)
    assert door.name == "ladok"
    with pytest.raises(ValueError, match="a civic number or a national UID"):
        await door.find_student()
    await door.close()


async def test_a_redirect_is_a_gateway_in_the_way(tmp_path: Path) -> None:
    answer = httpx.Response(302, headers={"location": "https://login.example/"})
    with pytest.raises(Rejected) as caught:
        await ask(registry(Answers(in_turn(answer)), tmp_path))
    assert caught.value.reason == "http_3xx"


def test_what_comes_from_outside_stays_one_part_of_the_path() -> None:
    assert segment("a/../b?c=d") == "a%2F..%2Fb%3Fc%3Dd"
