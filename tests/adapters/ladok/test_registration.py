"""The one write: it looks, asks for obstacles, writes, and looks again; in doubt it never writes twice."""

from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.support.ladok_door import Answers, registry, uid

from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.errors import NotOffered
from mobility_bridge.ports.registry import (
    AdmissionOrder,
    AssumedOrder,
    ChangeOrder,
    RegistrationOrder,
    RegistrationOutcome,
    RegistrationState,
    WithdrawalOrder,
)

STUDENT, ADMISSION = LadokUid(uid(7, 3)), LadokUid(uid(1, 9))
ORDER = RegistrationOrder(STUDENT, ADMISSION)
XML = {"content-type": "application/vnd.ladok-studiedeltagande+xml;charset=UTF-8"}
BASE = 'xmlns:sd="http://schemas.ladok.se/studiedeltagande" xmlns:base="http://schemas.ladok.se"'


@dataclass
class Studies:
    """A student's course participations, registered or not, and how the write fares."""

    registered: set[str] = field(default_factory=set)
    stopping: str | None = None
    posts: list[str] = field(default_factory=list)
    post_answers: list[httpx.Response | Exception] = field(default_factory=list)
    takes_effect: bool = True
    blind_after_post: bool = False
    admissions: tuple[str, ...] = (ADMISSION,)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "POST":
            return self._post(request)
        if "/hinder/" in path:
            flag = "false" if self.stopping is None else self.stopping
            body = (
                f"<base:HinderlistaElement {BASE}><base:Hinder><base:I18nNyckel>prov.hinder</base:I18nNyckel>"
                f"<base:Stoppande>{flag}</base:Stoppande></base:Hinder></base:HinderlistaElement>"
            )
            return httpx.Response(200, headers=XML, content=body)
        if self.posts and self.blind_after_post:
            return httpx.Response(503)
        if "kommande" in path:
            return httpx.Response(200, headers=XML, content=f"<sd:Lista {BASE}/>")
        return httpx.Response(200, headers=XML, content=self._list())

    def _post(self, request: httpx.Request) -> httpx.Response:
        assert request.content == b""
        admission = request.url.path.split("/")[-3]
        self.posts.append(request.url.path)
        if self.takes_effect:
            self.registered.add(admission)
        answer = self.post_answers.pop(0) if self.post_answers else httpx.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _list(self) -> str:
        rows = "".join(
            f"<sd:Tillfallesdeltagande><base:Uid>{admission}</base:Uid><sd:Perioddeltaganden><sd:Perioddeltagande>"
            f"<sd:Periodindex>1</sd:Periodindex><sd:Tillstand>studiedeltagande.domain.tillstandsdefinition."
            f"{'registrerad' if admission in self.registered else 'ej_paborjad'}</sd:Tillstand>"
            f"</sd:Perioddeltagande></sd:Perioddeltaganden></sd:Tillfallesdeltagande>"
            for admission in self.admissions
        )
        return f"<sd:Lista {BASE}><sd:Tillfallesdeltaganden>{rows}</sd:Tillfallesdeltaganden></sd:Lista>"


async def register(
    studies: Studies, folder: Path, *orders: RegistrationOrder, **settings: object
) -> list[RegistrationOutcome]:
    door = registry(Answers(studies), folder, **{"registration": True, "burst": 100, **settings})
    return list(await door.register(orders or (ORDER,)))


async def test_it_is_switched_off_until_somebody_switches_it_on(tmp_path: Path) -> None:
    studies = Studies()
    with pytest.raises(NotOffered) as caught:
        await register(studies, tmp_path, registration=False)
    assert caught.value.reason == "switched_off"
    assert studies.posts == []


@pytest.mark.parametrize(
    ("order", "name"),
    [
        (AdmissionOrder(STUDENT, LadokUid(uid(1, 8))), "A3"),
        (WithdrawalOrder(STUDENT, ADMISSION), "A4"),
        (ChangeOrder(STUDENT, ADMISSION, LadokUid(uid(2, 8))), "A5"),
    ],
)
async def test_an_assumed_write_is_off_until_it_is_named(
    tmp_path: Path, order: AssumedOrder, name: str
) -> None:
    others = [each for each in ("A3", "A4", "A5") if each != name]
    played = Answers(Studies())
    door = registry(played, tmp_path, registration=True, assumed=others)
    with pytest.raises(NotOffered, match=name) as caught:
        await door.carry_out([order])
    assert (caught.value.reason, played.asked) == ("switched_off", [])


async def test_it_registers_and_shows_what_stood_there_before(tmp_path: Path) -> None:
    studies = Studies()
    (outcome,) = await register(studies, tmp_path)
    assert studies.posts == [
        f"/studiedeltagande/registrering/kurstillfallesantagning/{ADMISSION}/periodindex/1"
    ]
    assert (outcome.state, outcome.fulfilled) == (RegistrationState.DONE, True)
    assert outcome.before is not None
    assert outcome.after is not None
    assert [outcome.before.periods[0].state, outcome.after.periods[0].state] == ["ej_paborjad", "registrerad"]
    assert [exchange.method for exchange in outcome.exchanges].count("POST") == 1


async def test_a_student_already_registered_is_done_without_a_write(tmp_path: Path) -> None:
    studies = Studies(registered={ADMISSION})
    (outcome,) = await register(studies, tmp_path)
    assert (outcome.state, studies.posts) == (RegistrationState.ALREADY, [])


async def test_a_stopping_obstacle_stops_it_and_is_named(tmp_path: Path) -> None:
    studies = Studies(stopping="true")
    (outcome,) = await register(studies, tmp_path)
    assert (outcome.state, outcome.detail, studies.posts) == (RegistrationState.OBSTACLE, "prov.hinder", [])


async def test_an_obstacle_that_does_not_stop_is_shown_and_passed(tmp_path: Path) -> None:
    (outcome,) = await register(Studies(stopping="false"), tmp_path)
    assert outcome.state is RegistrationState.DONE
    assert [each.key for each in outcome.obstacles] == ["prov.hinder"]


async def test_who_is_not_admitted_is_not_registered(tmp_path: Path) -> None:
    studies = Studies(admissions=())
    (outcome,) = await register(studies, tmp_path)
    assert (outcome.state, studies.posts) == (RegistrationState.NOT_ADMITTED, [])


async def test_a_time_out_that_took_effect_is_found_by_looking(tmp_path: Path) -> None:
    studies = Studies(post_answers=[httpx.ReadTimeout("nothing came")])
    (outcome,) = await register(studies, tmp_path)
    assert (outcome.state, len(studies.posts)) == (RegistrationState.DONE, 1)


async def test_a_time_out_without_effect_stays_unknown_and_is_not_written_again(tmp_path: Path) -> None:
    studies = Studies(post_answers=[httpx.ReadTimeout("nothing came")], takes_effect=False)
    (outcome,) = await register(studies, tmp_path)
    assert (outcome.state, outcome.detail) == (RegistrationState.UNKNOWN, "timeout")
    assert len(studies.posts) == 1


async def test_when_nobody_can_look_again_the_outcome_is_unknown(tmp_path: Path) -> None:
    studies = Studies(post_answers=[httpx.ReadTimeout("nothing came")], blind_after_post=True)
    (outcome,) = await register(studies, tmp_path)
    assert (outcome.state, len(studies.posts)) == (RegistrationState.UNKNOWN, 1)


async def test_a_server_fault_without_effect_is_tried_once_more(tmp_path: Path) -> None:
    studies = Studies(post_answers=[httpx.Response(500), httpx.Response(500)], takes_effect=False)
    (outcome,) = await register(studies, tmp_path)
    assert (outcome.state, len(studies.posts)) == (RegistrationState.UNKNOWN, 2)


async def test_a_refusal_is_final_and_says_its_codes(tmp_path: Path) -> None:
    refused = httpx.Response(
        400, json={"Felgrupp": "commons.fel.grupp.domanregel", "Meddelande": "Tolvan Tolvansson"}
    )
    studies = Studies(post_answers=[refused], takes_effect=False)
    (outcome,) = await register(studies, tmp_path)
    assert outcome.state is RegistrationState.REFUSED
    assert outcome.detail == "http_4xx, Felgrupp commons.fel.grupp.domanregel"


async def test_a_refusal_after_somebody_else_registered_is_done(tmp_path: Path) -> None:
    studies = Studies(post_answers=[httpx.Response(400)], takes_effect=True)
    (outcome,) = await register(studies, tmp_path)
    assert outcome.state is RegistrationState.DONE


async def test_a_write_that_was_answered_and_does_not_show_is_refuted(tmp_path: Path) -> None:
    (outcome,) = await register(Studies(takes_effect=False), tmp_path)
    assert (outcome.state, outcome.detail) == (RegistrationState.REFUTED, "it does not show")


async def test_a_write_that_was_answered_and_cannot_be_seen_is_unknown(tmp_path: Path) -> None:
    (outcome,) = await register(Studies(blind_after_post=True), tmp_path)
    assert (outcome.state, outcome.detail) == (RegistrationState.UNKNOWN, "it does not show")


async def test_only_so_many_are_written_in_one_run(tmp_path: Path) -> None:
    admissions = tuple(uid(number, 9) for number in range(1, 5))
    studies = Studies(admissions=admissions, registered={admissions[0]})
    orders = [RegistrationOrder(STUDENT, LadokUid(each)) for each in admissions]
    outcomes = await register(studies, tmp_path, *orders, registrations_per_run=2)
    assert [each.state for each in outcomes] == [
        RegistrationState.ALREADY,
        RegistrationState.DONE,
        RegistrationState.DONE,
        RegistrationState.LIMIT,
    ]
    assert len(studies.posts) == 2


async def test_what_cannot_be_looked_at_fails_that_order_alone(tmp_path: Path) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403) if uid(8, 3) in request.url.path else studies(request)

    studies = Studies()
    door = registry(Answers(respond), tmp_path, registration=True, burst=100)
    other = RegistrationOrder(LadokUid(uid(8, 3)), LadokUid(uid(2, 9)))
    first, second = await door.register([other, ORDER])
    assert (first.state, first.detail) == (RegistrationState.FAILED, "http_4xx")
    assert second.state is RegistrationState.DONE
