"""One instance of each rule about students: a perfect life, and exactly one thing in it out of order.

    @instance("REGISTRATION_MISSING")
    def nobody_registered_the_student(cast: Cast) -> Life:
        return cast.outgoing(cast.now).skip("registered")

`consequences` are codes that the same mistake cannot but show as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_life import Life

Story: TypeAlias = Callable[[Cast], Life | Sequence[Life]]


@dataclass(frozen=True, slots=True)
class Instance:
    """A story that shows one code, and those that come with it."""

    name: str
    code: str
    consequences: tuple[str, ...]
    story: Story

    @property
    def codes(self) -> frozenset[str]:
        return frozenset((self.code, *self.consequences))

    def lives(self, cast: Cast) -> tuple[Life, ...]:
        """Play the story into a cast; most are of one student."""
        made = self.story(cast)
        return (made,) if isinstance(made, Life) else tuple(made)


INSTANCES: list[Instance] = []
"""Filled by the modules of `student_stories`, in their order."""


def instance(code: str, *consequences: str) -> Callable[[Story], Story]:
    """Make a function the story of a code. Raises ValueError for a name that is there already."""

    def registered(story: Story) -> Story:
        name = story.__name__
        if any(each.name == name for each in INSTANCES):
            raise ValueError(f"there are two stories called {name}")
        INSTANCES.append(Instance(name, code, consequences, story))
        return story

    return registered
