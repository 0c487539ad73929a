"""Rules about the components of a learning agreement: SEM-10 to SEM-16.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0, annotations of the component tables.
"""

from collections.abc import Callable, Iterator
from typing import Final

from mobility_adapters.ewp.semantics import Problem, error, warning
from mobility_bridge.domain.learning_agreement import ComponentLists, ComponentTable, LaComponent

_SHORT_STAYS: Final = (ComponentTable.BLENDED, ComponentTable.DOCTORAL)
_WITH_TERM: Final = (ComponentTable.STUDIED, ComponentTable.RECOGNIZED)
MOST_TERMS: Final = 9


def check(lists: ComponentLists, at: str, *, is_change: bool) -> Iterator[Problem]:
    """Find what is wrong with the components of one version; `at` leads to it."""
    rules = (change_is_marked if is_change else whole_is_unmarked, *COMPONENT_RULES)
    for table, components in lists.tables():
        path = f"{at}/{table}"
        yield from _table_is_filled(table, components, path, is_change=is_change)
        for position, component in enumerate(components):
            for rule in rules:
                for code, message in rule(component, table):
                    yield warning(code, path_to(path, position, len(components)), message)


def path_to(table: str, position: int, count: int) -> str:
    """The path of a component: its position is named where there are several."""
    return f"{table}/component" if count == 1 else f"{table}/component[{position + 1}]"


Found = tuple[tuple[str, str], ...]
"""Codes and messages; tuples, because most components break no rule and a generator costs more than an empty one."""

_NOTHING: Final[Found] = ()


def _table_is_filled(
    table: ComponentTable, components: tuple[LaComponent, ...], path: str, *, is_change: bool
) -> tuple[Problem, ...]:
    """SEM-10, SEM-15: a short stay has components, and a blended one describes its virtual part."""
    if table not in _SHORT_STAYS:
        return ()
    if not components:
        return (error("SEM-10", path, "the list has no component"),)
    described = any((each.short_description or "").strip() for each in components)
    if table is not ComponentTable.BLENDED or is_change or described:
        return ()
    return (warning("SEM-15", path, "no component has a short-description, so none is virtual"),)


def whole_is_unmarked(component: LaComponent, _: ComponentTable) -> Found:
    """SEM-11: what is no change has neither status nor reason."""
    if component.status is None and component.reason_code is None and component.reason_text is None:
        return _NOTHING
    return (("SEM-11", "a component of a first version has a status or a reason"),)


def change_is_marked(component: LaComponent, _: ComponentTable) -> Found:
    """SEM-12: a change says what it does and why, and the reason fits."""
    code = component.reason_code
    if code is not None and component.status is code.explains:
        return _NOTHING
    found = []
    if component.status is None:
        found.append(("SEM-12", "a changed component has no status"))
    if code is None and not (component.reason_text or "").strip():
        found.append(("SEM-12", "a changed component has no reason"))
    if code is not None and component.status is not None:
        found.append(("SEM-12", f"{code} is no reason for a component to be {component.status}"))
    return tuple(found)


def term_is_one(component: LaComponent, table: ComponentTable) -> Found:
    """SEM-13: a component of the tables A and B names a term, and the term is one that a year has."""
    term = component.term_id
    if term is None:
        return (("SEM-13", "the component has no term-id"),) if table in _WITH_TERM else _NOTHING
    if 1 <= term.term_number <= term.total_terms <= MOST_TERMS:
        return _NOTHING
    return (("SEM-13", f"there is no term {term.term_number} of {term.total_terms}"),)


def conditions_are_the_senders(component: LaComponent, table: ComponentTable) -> Found:
    """SEM-14: what is studied elsewhere has no recognition conditions; what is recognised may have."""
    if component.recognition_conditions is None or table is not ComponentTable.STUDIED:
        return _NOTHING
    return (("SEM-14", "a studied component has recognition-conditions"),)


def description_is_where_it_belongs(component: LaComponent, table: ComponentTable) -> Found:
    """SEM-15: table C describes every component, the tables A and B none."""
    description = component.short_description
    if table is ComponentTable.VIRTUAL and not (description or "").strip():
        return (("SEM-15", "a virtual component has no short-description"),)
    if description is not None and table in _WITH_TERM:
        return (("SEM-15", "the component has a short-description, which is for virtual ones"),)
    return _NOTHING


def credits_count(component: LaComponent, _: ComponentTable) -> Found:
    """SEM-16: credits are not negative, and ECTS are given once."""
    if len(component.credits) == 1 and component.credits[0].value >= 0:
        return _NOTHING
    found = []
    if any(each.value < 0 for each in component.credits):
        found.append(("SEM-16", "a number of credits is negative"))
    if sum(each.is_ects for each in component.credits) > 1:
        found.append(("SEM-16", "ECTS credits are given more than once"))
    return tuple(found)


COMPONENT_RULES: Final[tuple[Callable[[LaComponent, ComponentTable], Found], ...]] = (
    term_is_one,
    conditions_are_the_senders,
    description_is_where_it_belongs,
    credits_count,
)
