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
    for table, components in lists.tables():
        path = f"{at}/{table}"
        yield from _table_is_filled(table, components, path, is_change=is_change)
        marks = change_is_marked if is_change else whole_is_unmarked
        for position, component in enumerate(components):
            for rule in (marks, *COMPONENT_RULES):
                for code, message in rule(component, table):
                    yield warning(code, path_to(path, position, len(components)), message)


def path_to(table: str, position: int, count: int) -> str:
    """The path of a component: its position is named where there are several."""
    return f"{table}/component" if count == 1 else f"{table}/component[{position + 1}]"


Found = Iterator[tuple[str, str]]


def _table_is_filled(
    table: ComponentTable, components: tuple[LaComponent, ...], path: str, *, is_change: bool
) -> Iterator[Problem]:
    """SEM-10, SEM-15: a short stay has components, and a blended one describes its virtual part."""
    if table in _SHORT_STAYS and not components:
        yield error("SEM-10", path, "the list has no component")
    described = any((each.short_description or "").strip() for each in components)
    if table is ComponentTable.BLENDED and components and not is_change and not described:
        yield warning("SEM-15", path, "no component has a short-description, so none is virtual")


def whole_is_unmarked(component: LaComponent, _: ComponentTable) -> Found:
    """SEM-11: what is no change has neither status nor reason."""
    if (component.status, component.reason_code, component.reason_text) != (None, None, None):
        yield "SEM-11", "a component of a first version has a status or a reason"


def change_is_marked(component: LaComponent, _: ComponentTable) -> Found:
    """SEM-12: a change says what it does and why, and the reason fits."""
    if component.status is None:
        yield "SEM-12", "a changed component has no status"
    code = component.reason_code
    if code is None and not (component.reason_text or "").strip():
        yield "SEM-12", "a changed component has no reason"
    if code is not None and component.status is not None and code.explains is not component.status:
        yield "SEM-12", f"{code} is no reason for a component to be {component.status}"


def term_is_one(component: LaComponent, table: ComponentTable) -> Found:
    """SEM-13: a component of the tables A and B names a term, and the term is one that a year has."""
    term = component.term_id
    if term is None:
        if table in _WITH_TERM:
            yield "SEM-13", "the component has no term-id"
    elif not 1 <= term.term_number <= term.total_terms <= MOST_TERMS:
        yield "SEM-13", f"there is no term {term.term_number} of {term.total_terms}"


def conditions_are_the_senders(component: LaComponent, table: ComponentTable) -> Found:
    """SEM-14: what is studied elsewhere has no recognition conditions; what is recognised may have."""
    if table is ComponentTable.STUDIED and component.recognition_conditions is not None:
        yield "SEM-14", "a studied component has recognition-conditions"


def description_is_where_it_belongs(component: LaComponent, table: ComponentTable) -> Found:
    """SEM-15: table C describes every component, the tables A and B none."""
    if table is ComponentTable.VIRTUAL and not (component.short_description or "").strip():
        yield "SEM-15", "a virtual component has no short-description"
    if table in _WITH_TERM and component.short_description is not None:
        yield "SEM-15", "the component has a short-description, which is for virtual ones"


def credits_count(component: LaComponent, _: ComponentTable) -> Found:
    """SEM-16: credits are not negative, and ECTS are given once."""
    if any(each.value < 0 for each in component.credits):
        yield "SEM-16", "a number of credits is negative"
    if len(component.credits) > 1 and sum(each.is_ects for each in component.credits) > 1:
        yield "SEM-16", "ECTS credits are given more than once"


COMPONENT_RULES: Final[tuple[Callable[[LaComponent, ComponentTable], Found], ...]] = (
    term_is_one,
    conditions_are_the_senders,
    description_is_where_it_belongs,
    credits_count,
)
