"""A person is let go of whole, is known again when a system tells of them once more, and gets what is held."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.stays import APPLICATION, NOMINATION, PERSON
from tests.support.student_world import ADMITTED, BRAVA, KNOWN, STU, US, World, a_world

from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import ApplicationId, LadokUid, OmobilityId, Sha256
from mobility_bridge.domain.person import PersonName
from mobility_bridge.domain.personal import Trace, marks_of
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, RecordKind, StudentId
from mobility_bridge.domain.registry_student import LadokStudent, StudentProtected
from mobility_bridge.errors import StoreBusy, Unreachable, UsageError
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.ports.students import MatchState
from mobility_bridge.services.applications import ingest_applications
from mobility_bridge.services.evidence import to_show
from mobility_bridge.services.feed import follow_feed, rewind_feed
from mobility_bridge.services.matches import confirm_match
from mobility_bridge.services.privacy import erase, portrait, readmit
from mobility_bridge.services.privacy_export import about, as_plain, export
from mobility_bridge.store.chain import verify

BO = replace(
    PERSON,
    names=(PersonName("Bo", "Lind"),),
    birth_date=PERSON.birth_date and PERSON.birth_date + timedelta(days=900),
    email="bo@nordhav.example",
    civic_number="200508020000",
    global_id=None,
    ladok_student_uid=None,
    ladok_external_uid=None,
)
BOS = replace(APPLICATION, application_id=ApplicationId("4242"), person_id="99", omobility_id=None, person=BO)


def said(body: str, api: str = "omobility-las.get", asked: str = "", system: str = "ewp") -> Exchange:
    return Exchange(
        system=system,
        hei_id=US,
        api=api,
        method="POST",
        url=f"https://host.example/{asked}",
        received_at=NOW,
        request_id="r",
        request_body=asked.encode(),
        status=200,
        body=body.encode(),
        verification=Verification.VERIFIED,
    )


WORLD = a_world()
NOW = WORLD.bridge.clock.now()
ALONE = f"<las><la><id>{PERSON.civic_number}</id></la></las>"
SHARED = f"<las><la><id>{PERSON.civic_number}</id></la><la><id>{BO.civic_number}</id></la></las>"
AGREEMENT = f"<iia>{PERSON.civic_number}</iia>"
OTHERS = f"<las><la><id>{BO.civic_number}</id></la></las>"


@pytest.fixture
async def world() -> World:
    """Alma, whom four systems know, and Bo, who has applied; what was received about both."""
    made = a_world()
    made.registry.facts += [KNOWN, ADMITTED]
    made.applications.said.append(BOS)
    await made.round()
    exchanges = [said(ALONE, asked=f"global_id={PERSON.global_id}"), said(SHARED), said(OTHERS)]
    await made.bridge.store.write(
        lambda uow: uow.evidence.append([*exchanges, said(AGREEMENT, api="iias.get")])
    )
    return made


async def alma(world: World) -> StudentId:
    key = IdentityKey(IdentityKeyKind.CIVIC_NUMBER, str(PERSON.civic_number))
    return (await world.bridge.store.read(lambda uow: uow.students.by_keys([key])))[key]


async def everything(world: World, student_id: StudentId) -> tuple[int, int, int]:
    def look(uow: Any) -> tuple[int, int, int]:
        return (
            len(uow.records.of_student(student_id)),
            len(uow.facts.of_student(STU)),
            len(
                [each for each in uow.discrepancies.select() if each.finding.subject.student_id == student_id]
            ),
        )

    return await world.bridge.store.read(look)


async def bodies(world: World) -> list[bytes]:
    records = await world.bridge.store.read(lambda uow: uow.evidence.scan())
    assert verify(records)[1] == []
    return [each.exchange.body for each in records]


async def test_a_dry_run_counts_and_changes_nothing(world: World) -> None:
    who = await alma(world)
    before = await everything(world, who)

    planned = await erase(world.bridge.context, who, by="karin", why="asked", dry_run=True)

    assert (planned.students, planned.erasure, planned.living_stays) == ((who,), None, 1)
    assert (planned.counts["records"], planned.counts["evidence"]) == (3, 2)
    assert await everything(world, who) == before
    assert b"" not in await bodies(world)


async def test_all_of_a_person_goes_and_others_stay(world: World) -> None:
    who = await alma(world)

    done = await erase(world.bridge.context, who, by="karin", why="asked")

    assert done.erasure is not None
    assert done.counts["records"] == 3
    assert await everything(world, who) == (0, 0, 0)
    assert [str(each) for each in await world.bridge.store.read(lambda uow: uow.students.select())] != [who]
    assert await bodies(world) == [b"", b"", OTHERS.encode(), AGREEMENT.encode()], (
        "agreements' answers are let be"
    )
    (line,) = world.bridge.events("privacy.erased")
    assert (line["erasure"], line["records"], line["bodies"]) == (1, 3, 2)
    with pytest.raises(UsageError):
        await erase(world.bridge.context, "no such", by="karin", why="asked")


async def test_erasing_twice_changes_nothing_and_says_so(world: World) -> None:
    who = await alma(world)
    first = await erase(world.bridge.context, who, by="karin", why="asked")
    again = await erase(world.bridge.context, f"{who}-1", by="karin", why="asked")

    assert again.former is not None
    assert first.erasure is not None
    assert again.former.erasure_id == first.erasure.erasure_id
    assert len(await world.bridge.store.read(lambda uow: uow.privacy.erasures())) == 1


async def test_whoever_was_taken_for_the_person_goes_as_well(world: World) -> None:
    who = await alma(world)
    other = next(
        each for each in await world.bridge.store.read(lambda uow: uow.students.select()) if each != who
    )
    number = await world.bridge.store.write(
        lambda uow: uow.students.propose(who, other, 0.9, ("email",), NOW)
    )
    assert number is not None
    await confirm_match(world.bridge.context, number, by="karin", reason="told me")

    done = await erase(world.bridge.context, other, by="karin", why="asked")

    assert set(done.students) == {who, other}
    assert await world.bridge.store.read(lambda uow: uow.students.select()) == []
    (match,) = await world.bridge.store.read(lambda uow: uow.students.matches())
    assert (match.state, match.reason, match.reasons) == (MatchState.CONFIRMED, None, ())
    assert OTHERS.encode() not in await bodies(world)


async def test_what_the_systems_tell_once_more_is_not_stored_again(world: World) -> None:
    # given
    who = await alma(world)
    await erase(world.bridge.context, who, by="karin", why="asked")
    count = len(await bodies(world))

    # when: everything is read again, and the feed from its beginning
    await rewind_feed(world.bridge.context, 1)
    world.registry.facts.append(replace(KNOWN, as_of=NOW))
    world.students.objects[US, StudentApi.NOMINATIONS]["OM-NEW"] = replace(NOMINATION, omobility_id="OM-NEW")
    await world.round()

    # then
    assert await everything(world, who) == (0, 0, 0)
    key = IdentityKey(IdentityKeyKind.CIVIC_NUMBER, str(PERSON.civic_number))
    assert not await world.bridge.store.read(lambda uow: uow.students.by_keys([key]))
    assert len(await world.bridge.store.read(lambda uow: uow.students.select())) == 1, "Bo is still there"
    assert len(await bodies(world)) >= count
    told = world.bridge.events("privacy.recognised")
    assert {line["source"] for line in told} == {"mobility_online", "ewp", "ladok"}
    assert {line["erasures"] for line in told} == {"1"}
    text = world.bridge.written.getvalue()
    assert not [word for word in ("Alma", str(PERSON.civic_number)) if word in text]


async def test_an_answer_that_tells_of_an_erased_person_keeps_its_digest_alone(world: World) -> None:
    who = await alma(world)
    await erase(world.bridge.context, who, by="karin", why="asked")
    failing = Unreachable(
        "no answer", system="mobility_online", reason="timeout", evidence=[said(ALONE), said(OTHERS)]
    )
    world.applications.error = failing
    await ingest_applications(world.bridge.context, world.bridge.context.applications[0])

    assert (await bodies(world))[-2:] == [b"", OTHERS.encode()]


async def test_who_was_erased_is_not_asked_for(world: World) -> None:
    who = await alma(world)
    await erase(world.bridge.context, who, by="karin", why="asked")
    asked: list[Any] = []
    fetch = world.students.fetch_records

    async def noted(hei_id: Any, api: Any, ids: Any, known: object = None) -> Any:
        asked.extend(ids)
        return await fetch(hei_id, api, ids, known)

    world.students.fetch_records = noted  # type: ignore[method-assign]
    await world.round()
    assert asked == []


async def test_who_was_readmitted_is_known_anew(world: World) -> None:
    who = await alma(world)
    done = await erase(world.bridge.context, who, by="karin", why="asked")
    assert done.erasure is not None

    lifted = await readmit(world.bridge.context, done.erasure.erasure_id, by="karin", why="is back")
    await world.round()

    assert lifted.lifted_by == "karin"
    assert await alma(world) != who
    with pytest.raises(UsageError):
        await readmit(world.bridge.context, done.erasure.erasure_id, by="karin", why="is back")


async def test_a_key_that_two_dispute_stays_with_its_owner(world: World) -> None:
    who = await alma(world)
    theirs = IdentityKey(IdentityKeyKind.CIVIC_NUMBER, str(BO.civic_number))
    person = await world.bridge.store.read(lambda uow: portrait(uow, US, who))
    assert theirs not in person.keys
    assert Trace.of(IdentityKey(IdentityKeyKind.CIVIC_NUMBER, str(PERSON.civic_number))) in person.traces


async def test_a_person_gets_all_that_is_held_and_nothing_of_others(world: World) -> None:
    who = await alma(world)

    found = await export(world.bridge.context, who)

    data = as_plain(found.data)
    assert (found.student_id, found.records, found.bodies, found.withheld) == (who, 3, 2, 0)
    assert [each["body_is"] for each in data["evidence"]] == ["whole", "part"]
    assert data["evidence"][0]["body"] == ALONE
    assert BO.civic_number not in data["evidence"][1]["body"]
    text = str(data)
    assert "Alma" in text
    assert "bo@nordhav.example" not in text
    assert {each["kind"] for each in data["keys"]} >= {"civic_number", "global_id", "ladok_student"}
    assert data["registry"][0]["facts"]
    assert data["stays"]
    assert data["discrepancies"]
    assert data["left_out"]
    assert len(world.bridge.events("privacy.exported")) == 1


async def test_nothing_of_a_protected_identity_is_written_out(world: World) -> None:
    who = await alma(world)
    world.registry.facts.append(StudentProtected(as_of=NOW, student_uid=STU))
    await follow_feed(world.bridge.context)
    with pytest.raises(UsageError, match="is protected"):
        await export(world.bridge.context, who)


async def test_evidence_that_names_a_protected_identity_is_shown_without_bodies(world: World) -> None:
    who = await alma(world)
    whole, why = await to_show(world.bridge.context, 1, personal=True)
    assert (whole.exchange.body, why) == (ALONE.encode(), None)
    hidden, why = await to_show(world.bridge.context, 1, personal=False)
    assert (hidden.exchange.body, hidden.exchange.request_body, why) == (b"", b"***", "personal")
    plain, why = await to_show(world.bridge.context, 4, personal=False)
    assert (plain.exchange.body, why) == (AGREEMENT.encode(), None)

    world.registry.facts.append(StudentProtected(as_of=NOW, student_uid=STU))
    await follow_feed(world.bridge.context)

    hidden, why = await to_show(world.bridge.context, 1, personal=True)
    assert (hidden.exchange.body, why) == (b"", "protected")
    other, why = await to_show(world.bridge.context, 3, personal=True)
    assert (other.exchange.body, why) == (OTHERS.encode(), None)
    assert who


def test_a_key_of_ladok_leaves_the_same_trace_in_capitals() -> None:
    one = IdentityKey(IdentityKeyKind.LADOK_STUDENT, "0B82")
    assert Trace.of(one) == Trace.of(replace(one, value="0b82"))
    esi = IdentityKey(IdentityKeyKind.GLOBAL_ID, "A")
    assert Trace.of(esi) != Trace.of(replace(esi, value="a"))


def test_of_what_is_no_xml_the_lines_about_the_person_are_taken() -> None:
    marks = marks_of([IdentityKey(IdentityKeyKind.CIVIC_NUMBER, "200302140000")], [])
    assert about(b"a;b\n20030214-0000;x\n200508020000;y", marks) == (b"20030214-0000;x", True)
    assert about(b"20030214-0000", marks) == (b"20030214-0000", False)
    assert about(b"<a><b>x</b><b>y</b></a>", marks) == (b"", False)


async def test_a_fact_of_a_new_number_for_the_same_person_is_recognised(world: World) -> None:
    who = await alma(world)
    await erase(world.bridge.context, who, by="karin", why="asked")
    again = LadokUid("another")
    world.registry.facts.append(
        LadokStudent(as_of=NOW, student_uid=again, person=replace(PERSON, ladok_student_uid="another"))
    )
    await world.round()
    assert not await world.bridge.store.read(lambda uow: uow.facts.of_student(again))


@dataclass
class Racing:
    """A store before whose first write something else happens, and that cannot be scrubbed."""

    store: Any
    before: Any
    waits: bool = True

    async def read(self, work: Any) -> Any:
        return await self.store.read(work)

    async def write(self, work: Any) -> Any:
        if self.waits:
            self.waits = False
            await self.before()
        return await self.store.write(work)

    async def scrub(self) -> None:
        raise StoreBusy("another process is writing to the store")


async def test_what_comes_in_while_the_evidence_is_looked_through_goes_as_well(world: World) -> None:
    async def comes_in() -> None:
        late = [said(ALONE.replace("las", "late")), said(OTHERS.replace("las", "late"))]
        await world.bridge.store.write(lambda uow: uow.evidence.append(late))

    context = replace(world.bridge.context, store=Racing(world.bridge.store, comes_in))  # type: ignore[arg-type]
    done = await erase(context, await alma(world), by="karin", why="asked")

    assert done.counts["evidence"] == 3
    assert (await bodies(world))[-2] == b""
    assert world.bridge.events("privacy.erased"), "that the file could not be scrubbed now hinders nothing"


async def test_of_two_who_erase_at_once_the_second_is_told(world: World) -> None:
    who = await alma(world)

    async def is_first() -> None:
        await erase(world.bridge.context, who, by="karin", why="asked")

    context = replace(world.bridge.context, store=Racing(world.bridge.store, is_first))  # type: ignore[arg-type]
    done = await erase(context, who, by="olle", why="asked, too")

    assert done.former is not None
    assert done.former.by == "karin"
    assert len(await world.bridge.store.read(lambda uow: uow.privacy.erasures())) == 1


async def test_what_was_written_in_decisions_goes_and_is_written_out_before(world: World) -> None:
    # given
    who = await alma(world)
    theirs = replace(
        NOMINATION, omobility_id="BR-1", sending_hei=replace(NOMINATION.sending_hei, hei_id=BRAVA)
    )
    world.students.objects[BRAVA, StudentApi.NOMINATIONS] = {"BR-1": theirs}
    await world.round()
    taken = StoredDecision(
        0,
        RecordKind.NOMINATION,
        BRAVA,
        OmobilityId("BR-1"),
        "p1",
        approve=False,
        text_digest=Sha256("0" * 64),
        by="karin",
        decided_at=NOW,
        why="grades too low",
        comment="sorry",
        next_attempt_at=NOW,
    )
    await world.bridge.store.write(lambda uow: uow.decisions.add(taken))

    # when
    written = as_plain((await export(world.bridge.context, who)).data)
    done = await erase(world.bridge.context, who, by="karin", why="asked")

    # then
    assert [each["why"] for each in written["decisions"]] == ["grades too low"]
    assert done.counts["decisions"] == 1
    (left,) = await world.bridge.store.read(lambda uow: uow.decisions.of_mobility(BRAVA, OmobilityId("BR-1")))
    assert (left.why, left.comment, left.next_attempt_at, left.by) == ("", None, None, "karin")


async def test_an_answer_that_cannot_be_told_apart_is_left_out_and_named(world: World) -> None:
    mixed = f"<a><b>{PERSON.civic_number} {BO.civic_number}</b><b>x</b></a>"
    await world.bridge.store.write(lambda uow: uow.evidence.append([said(mixed)]))
    found = await export(world.bridge.context, await alma(world))
    last = as_plain(found.data)["evidence"][-1]
    assert (found.withheld, last["body_is"], "body" in last and last["body"]) == (1, "left out", None)
    assert len(last["body_sha256"]) == 64
