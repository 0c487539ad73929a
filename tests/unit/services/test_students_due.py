"""Which partners are asked about students, and when: all of them once a period, spread over it."""

from collections import Counter
from dataclasses import replace

from tests.support.bridges import a_bridge
from tests.support.stays import NOMINATION
from tests.support.student_world import BRAVA, US, World, a_world

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import Health
from mobility_bridge.errors import Unreachable
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.scheduler import JOBS, run_job
from mobility_bridge.services.compare import judge
from mobility_bridge.services.due import due_for_students
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.health import worst
from mobility_bridge.services.students import STUDENTS, ask_partners_about_students, student_partners

TEN = tuple(HeiId(f"partner{number}.example") for number in range(10))


def a_world_of_ten(**sections: object) -> World:
    """Ten partners: nine of them serve nominations, one nothing about students."""
    made = a_world()
    bridge = a_bridge(None, *TEN, students={"enabled": True}, **sections)
    context = replace(
        bridge.context,
        applications=made.bridge.context.applications,
        registry=made.bridge.context.registry,
        students=made.bridge.context.students,
    )
    for hei_id in TEN[1:]:
        made.students.objects[hei_id, StudentApi.NOMINATIONS] = {}
    return replace(made, bridge=replace(bridge, context=context))


def test_partners_that_serve_anything_about_students_are_asked() -> None:
    world = a_world_of_ten(sync={"exclude_partners": ["partner9.example"]})
    assert student_partners(world.bridge.context) == [*TEN[1:9]]
    chosen = a_world_of_ten(sync={"partners": ["partner0.example", "partner3.example"]})
    assert student_partners(chosen.bridge.context) == [TEN[3]]
    assert student_partners(replace(world.bridge.context, network=None)) == []
    assert student_partners(replace(world.bridge.context, students=None)) == []


def test_a_partner_without_agreements_is_asked_about_students_all_the_same() -> None:
    world = a_world_of_ten()
    world.bridge.network[TEN[4]].apis = ("omobilities",)
    assert TEN[4] in student_partners(world.bridge.context)


async def test_all_are_asked_once_a_period_and_never_many_at_a_time() -> None:
    world = a_world_of_ten()
    asked: Counter[HeiId] = Counter()
    for _ in range(15):  # a period of 900 seconds, knock by knock
        due = await due_for_students(world.bridge.context, 60)
        assert len(due) == 1
        asked.update(due)
        await ask_partners_about_students(world.bridge.context, due)
        world.bridge.clock.move(60)
        if len(asked) == 9:
            break
    assert asked == Counter(TEN[1:])
    assert await due_for_students(world.bridge.context, 60) == []


async def test_one_that_fails_waits_for_its_turn_like_the_others() -> None:
    world = a_world_of_ten()

    async def failing(hei_id: HeiId, *_: object) -> None:
        raise Unreachable("no answer", system="ewp", reason="timeout", hei_id=hei_id)

    world.students.omobility_index = failing  # type: ignore[method-assign,assignment]
    due = await due_for_students(world.bridge.context, 900)
    await ask_partners_about_students(world.bridge.context, due)
    assert await due_for_students(world.bridge.context, 900) == []
    health = await world.bridge.store.read(lambda uow: uow.partners.health(TEN[1]))
    assert (health[STUDENTS].last_ok_at, health[STUDENTS].failing_since) == (None, None)
    assert health["omobilities.index"].failing_since is not None


async def test_the_jobs_about_students_ask_our_systems_and_the_partners_apart() -> None:
    world = a_world_of_ten()
    jobs = {job.name: job for job in JOBS if job.about_students}
    assert await run_job(world.bridge.context, jobs["students"])
    asked = await world.bridge.store.read(lambda uow: uow.partners.health_of(STUDENTS, TEN))
    assert asked == {}
    assert await run_job(world.bridge.context, jobs["mobilities"])
    asked = await world.bridge.store.read(lambda uow: uow.partners.health_of(STUDENTS, TEN))
    assert len(asked) == 1


async def test_nobody_is_asked_where_students_are_not_followed() -> None:
    world = a_world_of_ten()
    context = replace(world.bridge.context, settings=a_bridge().context.settings)
    assert await ask_partners_about_students(context, TEN) == []


async def test_what_goes_to_each_university_is_gathered_once_for_all() -> None:
    world = a_world()
    world.students.objects[BRAVA, StudentApi.ARRIVALS] = {}
    world.students.objects[US, StudentApi.NOMINATIONS] = {NOMINATION.omobility_id: NOMINATION}
    await world.round()
    health = await world.bridge.store.read(lambda uow: uow.partners.health(BRAVA))
    assert health["imobilities.get"].last_ok_at is not None


async def test_a_source_is_judged_by_the_worst_of_its_calls() -> None:
    world = a_world()
    now = world.bridge.clock.now()
    name = HeiId("mobility_online")
    calls = (
        Health(name, "read", last_ok_at=now),
        Health(name, "applications", last_ok_at=now, failure_code="incomplete"),
        Health(name, "courses", failing_since=now, last_failed_at=now, failure_code="unreachable"),
        Health(name, "details", last_ok_at=now, detail="[]"),
    )
    assert worst(calls) == calls[2]
    assert worst(each for each in calls if each is not calls[2]) == calls[1]
    assert worst((calls[0], calls[3])) == calls[3]
    assert worst(()) is None

    def work(uow: object) -> object:
        uow.partners.save_health(*calls)  # type: ignore[attr-defined]
        gathering = Gathering(world.bridge.context, uow, now)  # type: ignore[arg-type]
        return judge(gathering, "source:mobility_online"), gathering.source(name).health

    verdict, health = await world.bridge.store.write(work)  # type: ignore[misc,arg-type]
    assert health == calls[2]
    assert "SOURCE_UNREACHABLE" in {each.code for each in verdict.findings}
