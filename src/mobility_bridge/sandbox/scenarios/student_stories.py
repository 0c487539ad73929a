"""Every story, from all the modules that tell them; a module that is not named here tells nothing."""

from mobility_bridge.sandbox.scenarios import (
    students_agreements,
    students_components,
    students_dates,
    students_las,
    students_nominations,
    students_people,
    students_registry,
    students_registry_ends,
    students_results,
    students_transcripts,
)
from mobility_bridge.sandbox.scenarios.student_instances import INSTANCES, Instance

MODULES = (
    students_registry,
    students_las,
    students_transcripts,
    students_people,
    students_nominations,
    students_components,
    students_dates,
    students_results,
    students_agreements,
    students_registry_ends,
)


def all_of_them() -> tuple[Instance, ...]:
    """The stories in the order of their modules, then of the text."""
    order = {module.__name__: place for place, module in enumerate(MODULES)}
    return tuple(sorted(INSTANCES, key=lambda each: order[each.story.__module__]))
