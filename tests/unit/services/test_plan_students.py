"""A dry run names what a round would read of students, and reads none of it."""

from dataclasses import replace

from tests.support.bridges import Bridge, a_bridge
from tests.support.student_world import BRAVA, NOMINATION, US, a_world

from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.plan import plan_sync
from mobility_bridge.services.sync import Wanted

OURS = ("students", US, "omobilities, omobility-las")
FEED = ("read", "ladok", "what its feed tells since the last look")
APPLICATIONS = ("read", "mobility_online", "every application")


async def steps_of(bridge: Bridge, wanted: Wanted) -> list[tuple[str, str, str]]:
    return [(each.what, each.whom, each.detail) for each in await plan_sync(bridge.context, wanted)]


async def test_a_dry_run_names_our_systems_and_each_host_that_serves_anything_of_students() -> None:
    world = a_world()
    world.students.objects[BRAVA, StudentApi.NOMINATIONS] = {NOMINATION.omobility_id: NOMINATION}
    steps = await steps_of(world.bridge, Wanted(partners=(BRAVA,)))
    wanted = [APPLICATIONS, FEED, OURS, ("students", BRAVA, "omobilities")]
    assert [each for each in steps if each in wanted] == wanted
    assert world.registry.asked == []


async def test_a_dry_run_of_the_registry_alone_names_it_alone() -> None:
    steps = await steps_of(a_world().bridge, Wanted(sources=("ladok",), full=True))
    assert steps[1:] == [(*FEED[:2], f"{FEED[2]}, and the registry itself")]


async def test_a_dry_run_of_our_mobility_system_leaves_the_registry_and_the_hosts_out() -> None:
    world = a_world()
    named = Wanted(sources=("mobility_online",))
    steps = await steps_of(world.bridge, named)
    assert APPLICATIONS in steps
    assert not {FEED, OURS} & set(steps)


async def test_a_dry_run_names_nothing_of_students_when_they_are_not_followed() -> None:
    world = a_world()
    settings = a_bridge().context.settings
    context = replace(world.bridge.context, settings=settings)
    steps = await steps_of(replace(world.bridge, context=context), Wanted())
    assert not {APPLICATIONS, FEED, OURS} & set(steps)


async def test_a_dry_run_asks_no_host_without_the_student_interfaces() -> None:
    world = a_world()
    context = replace(world.bridge.context, students=None)
    steps = await steps_of(replace(world.bridge, context=context), Wanted())
    assert FEED in steps
    assert OURS not in steps
