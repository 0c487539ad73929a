"""Students on the command line: lists name nobody, one student is told whole, people decide who is who."""

import asyncio
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from tests.support.stays import APPLICATION, LA, NOMINATION, OMOBILITY, PERSON, component
from tests.support.student_world import ADMITTED, AT, BRAVA, KNOWN, STU, US, World, a_world
from tests.unit.cli.conftest import Command

from mobility_bridge.cli import sync as sync_command
from mobility_bridge.cli.mobilities import OF_APPLICATIONS
from mobility_bridge.cli.speech import SWEDISH
from mobility_bridge.cli.students import PROGRESS, in_words
from mobility_bridge.domain.identifiers import ApplicationId
from mobility_bridge.domain.la_listing import ListedState
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    ComponentStatus,
    ComponentTable,
)
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import IdentityKeyKind
from mobility_bridge.domain.registry_student import StudentProtected
from mobility_bridge.errors import Unreachable
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.ports.students import MatchState
from mobility_bridge.reconcile.stay_progress import StayProgress
from mobility_bridge.reconcile.who import Signal
from mobility_bridge.services.student_timeline import Happening
from mobility_bridge.services.students import read_students
from mobility_bridge.services.sync import SyncReport
from mobility_bridge.store import open_store

SECRETS = ("Alma", "alma@", "2003-02-14", "200302140000", "0b82ca40")
LADOK = '[adapters.ladok]\nbase_url = "http://127.0.0.1:9"\nenvironment = "other"\nplain_user = "bridge"\nread_attempts = 1\n'
CHANGED = replace(
    LA,
    approved_changes=ComponentLists(
        components_studied=(
            replace(LA.first_version.components_studied[0], status=ComponentStatus.DELETED),  # type: ignore[union-attr,index]
            component("Course 5", "BR5", status=ComponentStatus.INSERTED),
        )
    ),
    changes_proposal=ChangesProposal(
        "p7",
        ComponentLists(components_studied=(component("Course 9", "BR9", status=ComponentStatus.DELETED),)),
    ),
)


def fill(config: Path, change: Any = None) -> None:
    """Let a bridge on the store of this configuration read one student, admitted and not registered."""

    async def work() -> None:
        store = open_store(f"sqlite:///{config.parent / 'bridge.sqlite3'}")
        world = a_world(store)
        world.registry.facts += [KNOWN, ADMITTED]
        if change is not None:
            change(world)
        await world.round()
        await store.close()

    asyncio.run(work())


@pytest.fixture
def told(config: Path, typed: Command) -> Command:
    """Commands on a store that knows a student."""
    fill(config)

    def type_it(*words: object) -> Any:
        return typed(*words, "--config", config)

    return type_it


def test_a_list_has_one_row_a_stay_and_names_nobody(told: Command) -> None:
    for words in (("students", "list"), ("nominations", "list"), ("mobilities", "list")):
        for more in ((), ("--json",), ("--lang", "sv")):
            result = told(*words, *more)
            assert result.code == 0
            assert "P1-1" in result.out
            assert not [secret for secret in SECRETS if secret in result.out]
    (row,) = told("students", "list", "--json").json
    assert (row["terms"], row["partner_hei_id"], row["direction"]) == (["HT26"], BRAVA, "outgoing")
    assert row["shown_by"][-1] == "ladok exchange"
    assert row["discrepancies"][0]["severity"] == "blocking"


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("--term", "HT26"), 1),
        (("--term", "vt 27"), 0),
        (("--partner", "BRAVA.example"), 1),
        (("--direction", "incoming"), 0),
        (("--department", "department of PHYSICS"), 1),
        (("--department", "Chemistry"), 0),
    ],
)
def test_stays_and_nominations_are_chosen(told: Command, words: tuple[str, ...], number: int) -> None:
    for what in ("students", "nominations", "mobilities"):
        assert len(told(what, "list", *words, "--json").json) == number


def test_stays_are_chosen_by_how_far_they_have_come(told: Command) -> None:
    found = {
        state: [
            len(told(what, "list", "--state", state, "--json").json) for what in ("students", "mobilities")
        ]
        for state in PROGRESS
    }
    assert sorted(found.values()) == [[0, 0]] * (len(PROGRESS) - 1) + [[1, 1]]
    assert set(PROGRESS) == {each.value for each in StayProgress}


def test_a_mobility_is_shown_with_its_state_in_each_system(told: Command) -> None:
    (row,) = told("mobilities", "list", "--json").json
    assert row["states"] == {
        "application": "is_registriert",
        "nomination": "approved",
        "learning_agreement": "approved",
        "registry": "admitted",
        "arrival": None,
        "transcript": None,
    }
    assert (row["departments"], row["decisions"]) == (["Department of Physics"], [])
    assert "antagen" in told("mobilities", "list", "--lang", "sv").out


@pytest.mark.parametrize("words", [NominationStatus, ListedState, StayProgress])
def test_every_state_of_a_mobility_has_its_swedish(words: type[StrEnum]) -> None:
    assert [each for each in words if in_words(each.value) not in SWEDISH] == []
    others = ("proposed", "changes_proposed", "not_signed_by_all", "approved", "changes_approved", "gone")
    others += ("withdrawn", "interrupted", "completed", "registered", "admitted", "unknown", *OF_APPLICATIONS)
    others += ("departed", "arrived", "expected", "issued")
    assert [each for each in others if in_words(each) not in SWEDISH] == []


def test_of_a_protected_identity_the_list_of_mobilities_shows_that_there_is_one(
    config: Path, typed: Command
) -> None:
    fill(config, lambda world: world.registry.facts.append(StudentProtected(as_of=AT, student_uid=STU)))
    (row,) = typed("mobilities", "list", "--json", "--config", config).json
    assert (row["state"], row["partner_hei_id"], set(row["states"].values())) == (None, None, {None})
    assert typed("mobilities", "list", "--state", "accepted", "--json", "--config", config).json == []
    assert "(protected)" in typed("mobilities", "list", "--config", config).out


def test_a_term_or_partner_that_is_none_is_refused(told: Command) -> None:
    result = told("students", "list", "--term", "autumn")
    assert result.code == 2
    assert "HT26" in result.err
    assert told("nominations", "list", "--partner", "nobody.example").code == 2


def test_one_student_is_shown_with_name_and_what_to_do(told: Command) -> None:
    result = told("students", "show", "P1")
    assert result.code == 0
    for said in ("Alma Ek", "P1-1", "REGISTRATION_MISSING", "civic number"):
        assert said in result.out
    assert "Alma Ek" in told("students", "show", OMOBILITY, "--lang", "sv").out
    assert told("students", "show", "P1", "--json").json["persons"][0]["given_names"] == "Alma"


def test_who_does_not_exist_is_refused_with_a_next_step(told: Command) -> None:
    for words in (("students", "show"), ("students", "explain"), ("la", "show"), ("la", "diff")):
        result = told(*words, "P77")
        assert result.code == 2
        assert result.err.splitlines() == [
            "no student or stay has the id P77",
            "Run: mobility-bridge students list",
        ]


def test_an_explanation_masks_personal_values_unless_asked(told: Command, config: Path) -> None:
    def change(world: World) -> None:
        student = replace(LA.student, email="other@student.example")
        la = replace(LA, student=student, isced_clarification="another text")
        world.students.objects[US, StudentApi.LEARNING_AGREEMENTS] = {OMOBILITY: la}

    fill(config, change)
    masked = told("students", "explain", "P1")
    assert masked.code == 0
    assert "•••" in masked.out
    assert "first seen" in masked.out
    assert not [secret for secret in (*SECRETS, "other@") if secret in masked.out]
    shown = told("students", "explain", "P1", "--personal", "--lang", "sv").out
    assert "other@student.example" in shown
    assert "Tidslinje" in shown

    hidden = told("students", "explain", "P1", "--json")
    assert not [secret for secret in (*SECRETS, "other@") if secret in hidden.out]
    (differing,) = [each for each in hidden.json["facts"] if each["differs"]]
    assert differing["field"] == "e-mail"
    assert {each["value"] for each in differing["sides"]} == {None}
    assert "other@" in told("students", "explain", "P1", "--json", "--personal").out


def test_of_a_protected_identity_nothing_personal_is_printed(told: Command, config: Path) -> None:
    fill(config, lambda world: world.registry.facts.append(StudentProtected(as_of=AT, student_uid=STU)))
    for words in (
        ("show", "P1"),
        ("show", "P1", "--json"),
        ("explain", "P1", "--personal"),
        ("explain", "P1", "--personal", "--json"),
    ):
        result = told("students", *words)
        assert result.code == 0
        assert "protected" in result.out
        assert not [secret for secret in SECRETS if secret in result.out]


def test_nothing_of_a_protected_stay_leaves_the_store_but_its_name(told: Command, config: Path) -> None:
    """Not even what was said before anybody knew that the identity is protected."""
    # given
    fill(config)
    former = typed_ids(told)
    fill(config, lambda world: world.registry.facts.append(StudentProtected(as_of=AT, student_uid=STU)))
    whereabouts = ("brava.example", OMOBILITY, "NHU-", "2026-08-31", "Brava", *SECRETS)

    # when
    printed = [
        told(*words)
        for words in (
            ("students", "list"),
            ("students", "list", "--json"),
            ("students", "show", "P1", "--json"),
            ("students", "explain", "P1", "--personal", "--json"),
            ("nominations", "list", "--json"),
            ("la", "show", "P1", "--json"),
            ("la", "diff", "P1"),
            ("discrepancies", "list", "--json"),
            ("discrepancies", "list", "--state", "resolved", "--json"),
            *(("discrepancies", "show", each) for each in former),
            *(("discrepancies", "history", each, "--json") for each in former),
        )
    ]

    # then
    assert former
    for result in printed:
        text = (result.out + result.err).replace('"omobility_id": null', "")
        assert not [each for each in whereabouts if each in text], text
    assert "(protected)" in printed[0].out
    assert printed[1].json[0]["stay_id"] == "P1-1"
    assert (printed[5].code, printed[6].code) == (2, 2)


def typed_ids(told: Command) -> list[str]:
    return [each["id"] for each in told("discrepancies", "list", "--json").json]


def test_a_named_person_decides_who_is_who(told: Command, config: Path) -> None:
    person = replace(PERSON, civic_number=None, global_id=None)
    twin = replace(
        APPLICATION, application_id=ApplicationId("2"), person_id="7", omobility_id=None, person=person
    )
    fill(config, lambda world: world.applications.said.append(twin))
    listed = told("students", "match", "list")
    assert "birth date" in listed.out
    assert "födelsedatum" in told("students", "match", "list", "--lang", "sv").out
    assert "förslag 1" in told("students", "show", "P2", "--lang", "sv").out
    assert "Alma" not in listed.out

    assert told("students", "match", "confirm", 1).code == 2  # no reason
    done = told("students", "match", "confirm", 1, "--by", "kim", "--reason", "same passport")
    assert done.out == "P1 and P2: confirmed by kim: same passport\n"
    assert {each["student_id"] for each in told("students", "list", "--json").json} == {"P1"}
    assert told("students", "match", "list", "--json").json == []
    (match,) = told("students", "match", "list", "--state", "all", "--json").json
    assert (match["decided_by"], match["reason"], match["state"]) == ("kim", "same passport", "confirmed")

    again = told("students", "match", "reject", 1, "--reason", "no")
    assert again.code == 2
    assert "students match undo 1" in again.err
    assert told("students", "match", "undo", 1, "--by", "bo", "--reason", "a mistake").code == 0
    assert told("students", "match", "reject", 1, "--reason", "sisters", "--json").json["state"] == "rejected"
    assert len({each["student_id"] for each in told("students", "list", "--json").json}) == 2


def test_a_nomination_is_listed_with_who_has_to_decide(told: Command, config: Path) -> None:
    (row,) = told("nominations", "list", "--json").json
    assert (row["state"], row["awaits"]) == ("approved", None)
    waiting = replace(NOMINATION, status=NominationStatus.PENDING, written_status="pending")
    nominated = {OMOBILITY: waiting}
    fill(config, lambda world: world.students.objects.update({(US, StudentApi.NOMINATIONS): nominated}))
    (row,) = told("nominations", "list", "--state", "pending", "--json").json
    assert (row["omobility_id"], row["awaits"]) == (OMOBILITY, BRAVA)
    assert told("nominations", "list", "--state", "approved", "--json").json == []


def changed(config: Path) -> None:
    def change(world: World) -> None:
        world.students.objects[US, StudentApi.LEARNING_AGREEMENTS] = {OMOBILITY: CHANGED}

    fill(config, change)


@pytest.mark.parametrize("name", [OMOBILITY, "P1-1", f"{US}/{OMOBILITY}"])
def test_a_learning_agreement_is_shown_in_all_versions_without_names(
    told: Command, config: Path, name: str
) -> None:
    changed(config)
    result = told("la", "show", name)
    assert result.code == 0
    for said in (
        "first version",
        "approved changes",
        "changes proposal",
        "BR5",
        "deleted",
        "2026-06-03 10:00",
    ):
        assert said in result.out
    assert not [secret for secret in (*SECRETS, "Kim Berg", "Rui Sol") if secret in result.out]
    assert "mottagande lärosäte 2026-06-03" in told("la", "show", name, "--lang", "sv").out
    data = told("la", "show", name, "--json")
    assert set(data.json[0]["versions"]["first-version"]["signed"]) == {
        "student",
        "sending_hei",
        "receiving_hei",
    }
    assert list(data.json[0]["versions"]) == ["first-version", "approved-changes", "changes-proposal"]
    assert "Kim Berg" not in data.out


def test_versions_of_a_learning_agreement_stand_side_by_side(told: Command, config: Path) -> None:
    changed(config)
    (found,) = told("la", "diff", OMOBILITY, "--json").json
    rows = {
        (row["first"] or row["in_force"] or row["proposed"])["los_code"]: tuple(
            row[name] is not None for name in ("first", "in_force", "proposed")
        )
        for row in found["rows"]
        if row["table"] == "components-studied"
    }
    assert rows == {
        "BR1": (True, False, True),
        "BR2": (True, True, True),
        "BR3": (True, True, True),
        "BR4": (True, True, True),
        "BR5": (False, True, False),
    }
    assert [each["where"] for each in found["unapplied"]] == ["changes-proposal"]
    printed = told("la", "diff", "P1-1").out
    assert "A change does not apply: changes proposal, components studied, row 1." in printed
    assert "7.5 ects" in printed
    assert "Första versionen" in told("la", "diff", "P1-1", "--lang", "sv").out


def test_the_feed_is_rewound_and_says_where_it_is(told: Command, config: Path) -> None:
    with config.open("a") as file:
        file.write(LADOK)
    status = told("ladok", "feed", "status", "--offline", "--json").json
    assert (status["page"], status["newest_page"], status["gaps"]) == (1, None, [])
    assert "read up to page" in told("ladok", "feed", "status", "--offline").out
    assert "läst till och med sida" in told("ladok", "feed", "status", "--offline", "--lang", "sv").out
    assert told("ladok", "feed", "rewind", "--to", 1, "--json").json == {"page": 1, "events": 7}
    assert told("ladok", "feed", "status", "--offline", "--json").json["entry_id"] is None
    beyond = told("ladok", "feed", "rewind", "--to", 5)
    assert beyond.code == 2
    assert beyond.err.splitlines() == [
        "the feed cannot be rewound to page 5: it was read only up to page 1",
        "Run: mobility-bridge ladok feed status",
    ]


def test_a_registry_that_lets_nobody_in_is_said_with_its_exit_code(told: Command, config: Path) -> None:
    with config.open("a") as file:
        file.write(LADOK)
    result = told("ladok", "probe")
    assert result.code == 3
    assert "switched off" in result.out
    assert told("ladok", "probe", "--json", "--lang", "sv").json["certificate"] is None
    unreachable = told("ladok", "feed", "status")
    assert unreachable.code == 3
    assert unreachable.err


def test_without_a_registry_its_commands_say_what_to_configure(told: Command) -> None:
    for words in (("feed", "status"), ("feed", "rewind", "--to", 1), ("probe",)):
        result = told("ladok", *words)
        assert result.code == 3
        assert result.err.splitlines() == [
            "no student registry is configured",
            "Add a section [adapters.ladok] to the configuration.",
        ]


def test_the_state_of_everything_names_the_registry(told: Command, config: Path) -> None:
    assert "registry" not in told("status", "--offline").out
    with config.open("a") as file:
        file.write(LADOK)
    said = told("status", "--offline").out
    assert "registry ladok" in said
    assert "feed up to page 1" in said
    assert "studieregister ladok" in told("status", "--offline", "--lang", "sv").out
    data = told("status", "--offline", "--json").json
    assert data["registry"]["page"] == 1
    assert "ladok" not in {each["partner_hei_id"] for each in data["partners"]}


def test_a_round_tells_what_it_read_of_students(capsys: pytest.CaptureFixture[str]) -> None:
    async def round_() -> SyncReport:
        world = a_world()
        world.applications.error = Unreachable("no answer", system="mobility_online", reason="timeout")
        return SyncReport(students=await read_students(world.bridge.context, [BRAVA]))

    report = asyncio.run(round_())
    sync_command.show(report)
    said = capsys.readouterr().out
    for word in ("Students", "applications", "no answer", "feed, 1 pages", "omobility-las"):
        assert word in said
    data = sync_command.as_data(report)["students"]
    assert data["applications"][0]["error"] == "no answer"
    assert data["feed"]["pages"] == 1
    assert [each["changed"] for each in data["asked"]] == [1, 1]


def test_a_round_without_students_says_nothing_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    sync_command.show(SyncReport())
    assert "Students" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        Direction,
        Happening,
        IdentityKeyKind,
        Signal,
        MatchState,
        ComponentTable,
        ComponentStatus,
        NominationStatus,
    ],
)
def test_every_word_about_students_has_its_swedish(words: type[StrEnum]) -> None:
    assert [word for word in words if in_words(word.value) not in SWEDISH] == []


def test_an_empty_list_is_no_all_clear_where_students_are_not_followed(typed: Command, config: Path) -> None:
    typed("db", "upgrade", "--config", config)
    assert "Students are not followed" in typed("students", "list", "--config", config).err
    config.write_text(config.read_text() + "\n[students]\nenabled = true\n")
    assert "not followed" not in typed("students", "list", "--config", config).err
