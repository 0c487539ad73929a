"""`agreements balance` as a person types it: places that stays take, whatever is in force."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.stores import ALDERTON, BRAVA
from tests.unit.cli.conftest import Command

from mobility_bridge.domain.agreement import MobilityKind
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.places import Claim, Pool
from mobility_bridge.domain.record import StayId
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.store import open_store

GOING = Claim(
    StayId("P1-1"),
    Pool(BRAVA, "nh-1", "student-studies|0533|6", 2026),
    Direction.OUTGOING,
    MobilityKind.STUDENT_STUDIES,
    nominated=True,
    asked_at=datetime(2026, 3, 1, tzinfo=UTC),
    months=Decimal("4.6"),
    isced_f_code="0533",
    eqf_level=6,
)
COMING = replace(
    GOING, stay_id=StayId("P2-1"), direction=Direction.INCOMING, isced_f_code=None, eqf_level=None
)
LATER = replace(GOING, stay_id=StayId("P3-1"), pool=replace(GOING.pool, start_year=2027))
ELSEWHERE = replace(GOING, stay_id=StayId("P4-1"), pool=replace(GOING.pool, partner_hei_id=ALDERTON))


@pytest.fixture
def filled(config: Path) -> Path:
    """Four stays that take places, though no agreement is in force; students are followed."""
    with config.open("a") as file:
        file.write("[students]\nenabled = true\n")

    def put(uow: UnitOfWork) -> None:
        for each in (GOING, COMING, LATER, ELSEWHERE):
            uow.places.put(each)
            student_id = uow.students.create(each.asked_at)
            uow.students.add_stay(student_id, each.direction, each.pool.partner_hei_id, each.asked_at)

    async def work() -> None:
        store = open_store(f"sqlite:///{config.parent / 'bridge.sqlite3'}")
        await store.write(put)
        await store.close()

    asyncio.run(work())
    return config


def balance(typed: Command, filled: Path, *words: str) -> Any:
    said = typed("agreements", "balance", *words, "--json", "--config", filled)
    assert said.code == 0, said.err
    return said.json


def test_what_is_taken_stands_beside_what_is_offered(typed: Command, filled: Path) -> None:
    rows = balance(typed, filled)
    told = [
        (row["partner_hei_id"], row["start_year"], row["used_outgoing"], row["used_incoming"]) for row in rows
    ]
    assert told == [(ALDERTON, 2026, 1, 0), (BRAVA, 2026, 1, 1), (BRAVA, 2027, 1, 0)]
    assert {(row["outgoing"], row["agreed"]) for row in rows} == {(0, 0)}
    assert [row["realised"] for row in rows] == [-1, 0, -1]
    said = typed("agreements", "balance", "--config", filled)
    assert "more taken than agreed" in said.out


@pytest.mark.parametrize(
    ("words", "years"),
    [
        (("--year", "2026/2027"), [2026, 2026]),
        (("--term", "VT27"), [2026, 2026]),
        (("--term", "HT27"), [2027]),
        (("--term", "HT26", "--year", "2026/2027"), [2026, 2026]),
        (("--by", "condition", "--term", "HT27"), [2027]),
    ],
)
def test_only_one_academic_year(
    typed: Command, filled: Path, words: tuple[str, ...], years: list[int]
) -> None:
    assert [row["start_year"] for row in balance(typed, filled, *words)] == years


def test_a_term_of_another_year_is_refused(typed: Command, filled: Path) -> None:
    said = typed("agreements", "balance", "--term", "HT27", "--year", "2026/2027", "--config", filled)
    assert said.code == 2
    assert "HT27 is not in 2026/2027." in said.err
    assert typed("agreements", "balance", "--term", "soon", "--config", filled).code == 2


@pytest.mark.parametrize(
    ("by", "shown"),
    [("condition", ["nh-1", "all"]), ("field", ["0533"]), ("level", ["6"])],
)
def test_places_are_told_apart(typed: Command, filled: Path, by: str, shown: list[str]) -> None:
    rows = balance(typed, filled, "--by", by)
    assert {(row["offered"], row["used"], row["left"], row["over"], row["nominated"]) for row in rows} == {
        (0, 1, 0, 1, 1)
    }
    assert rows[0]["months_used"] == "4.6"
    said = typed("agreements", "balance", "--by", by, "--year", "2026/2027", "--config", filled)
    assert said.code == 0
    assert "Places of students" in said.out
    for word in (*shown, "2026/2027", "4.6", "incoming"):
        assert word in said.out
    assert "2027/2028" not in said.out


def test_only_one_partner(typed: Command, filled: Path) -> None:
    rows = balance(typed, filled, "--partner", BRAVA, "--by", "field")
    assert {row["partner_hei_id"] for row in rows} == {BRAVA}


def test_while_students_are_not_followed_nothing_is_said_to_be_taken(typed: Command, config: Path) -> None:
    assert balance(typed, config) == []
    assert balance(typed, config, "--by", "level") == []
