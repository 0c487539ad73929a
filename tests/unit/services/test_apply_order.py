"""In which order writes are made: one that always fails holds up nobody, and a closed registry is left alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tests.support.bridges import a_bridge

from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.ports.registry import RegistrationState, WritePowers
from mobility_bridge.services.apply import LIMIT, _Applier, _waiting
from mobility_bridge.store.memory import MemoryStore

AT = datetime(2026, 8, 20, 12, tzinfo=UTC)


def a_write(number: int, **facts: Any) -> Write:
    given = {
        "write_id": number,
        "key": f"registration:ladok:{number}:1",
        "kind": "registration",
        "field": "term",
        "to": System.LADOK,
        "about": f"P{number}-1 HT26",
        "order": "[]",
        "before": "ej_paborjad",
        "after": "registrerad",
        "asked_by": "mobility-bridge",
        "reason": "REGISTRATION_MISSING",
        "asked_at": AT + timedelta(minutes=number),
    }
    return replace(Write(**given), **facts)  # type: ignore[arg-type]


class Scripted(_Applier):
    """Answers each write as told, without a registry behind it."""

    def __init__(self, answers: Mapping[int, RegistrationState]) -> None:
        powers = WritePowers(registration=True, registration_key="", per_run=100)
        super().__init__(a_bridge().context, SimpleNamespace(powers=lambda: powers), ())  # type: ignore[arg-type]
        self.answers = answers
        self.tried: list[int] = []

    async def _one(self, write: Write) -> tuple[Write, RegistrationState | None]:
        self.tried.append(write.write_id)
        return write, self.answers.get(write.write_id, RegistrationState.DONE)


async def test_what_failed_before_is_tried_after_what_did_not() -> None:
    store = MemoryStore()

    def keep(uow: Any) -> None:
        for facts in (
            {"state": WriteState.SENT, "detail": "http_5xx"},
            {"detail": "no_api"},
            {"detail": LIMIT},
            {},
            {"state": WriteState.SENT},
            {"state": WriteState.DONE},
        ):
            uow.writes.save(replace(uow.writes.ask(a_write(len(uow.writes.select()) + 1)), **facts))

    await store.write(keep)
    assert [each.write_id for each in await store.read(_waiting)] == [5, 3, 4, 1, 2]


async def test_one_write_that_fails_does_not_hold_up_the_others() -> None:
    played = Scripted({1: RegistrationState.FAILED, 2: RegistrationState.UNKNOWN})
    report = await played.run([a_write(number) for number in range(1, 6)])
    assert played.tried == [1, 2, 3, 4, 5]
    assert len(report.looked_at) == 5


async def test_a_registry_that_never_answers_is_left_alone_until_the_next_run() -> None:
    played = Scripted(dict.fromkeys(range(2, 7), RegistrationState.FAILED))
    report = await played.run([a_write(number) for number in range(1, 7)])
    assert played.tried == [1, 2, 3, 4]
    assert len(report.looked_at) == 6
