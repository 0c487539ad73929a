"""Ways to write a copy differently."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mobility_bridge.sandbox.world import Copy

Rewrite = Callable[[Copy], Copy]


def at(position: int, **changes: Any) -> Rewrite:
    """Rewrite one condition of a copy."""

    def rewrite(copy: Copy) -> Copy:
        conditions = list(copy.conditions)
        conditions[position] = replace(conditions[position], **changes)
        return replace(copy, conditions=tuple(conditions))

    return rewrite


def whole(**changes: Any) -> Rewrite:
    """Rewrite a copy outside its conditions."""
    return lambda copy: replace(copy, **changes)


def both(*rewrites: Rewrite) -> Rewrite:
    """Rewrite a copy several times."""

    def rewrite(copy: Copy) -> Copy:
        for each in rewrites:
            copy = each(copy)
        return copy

    return rewrite
