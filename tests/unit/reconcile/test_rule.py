from collections.abc import Iterator
from dataclasses import dataclass

from mobility_bridge.domain.discrepancy import Owner, Severity, Subject, SubjectKind, Text
from mobility_bridge.reconcile.rule import Observation, rule


@dataclass(frozen=True)
class Thing:
    subject: Subject


@rule(
    code="THING_WRONG",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Wrong", "Fel"),
    text=Text("{source_name} lacks {absent}: {value}.", "{source_name} saknar {absent}: {value}."),
    next_step=Text("See {id}", "Se {id}"),
    source="nowhere",
)
def thing_is_wrong(case: Thing) -> Iterator[Observation]:
    """The thing is wrong."""
    yield Observation("here", {"value": "{not} a template"}, severity=Severity.BLOCKING, owner=Owner.BOTH)
    yield Observation("there", at_most=Severity.INFORMATION)


def test_a_rule_knows_its_function() -> None:
    assert thing_is_wrong.name == "thing_is_wrong"
    assert thing_is_wrong.cause == "The thing is wrong."


def test_templates_never_fail_for_a_missing_value_or_a_brace_in_one() -> None:
    first, second = thing_is_wrong.findings(Thing(Subject(SubjectKind.SOURCE, source="catalogue")))
    assert first.text.en == "catalogue lacks –: {not} a template."
    assert first.next_step.sv == f"Se {first.discrepancy_id}"
    assert (first.severity, first.owner) == (Severity.BLOCKING, Owner.BOTH)
    assert (second.severity, second.owner) == (Severity.INFORMATION, Owner.US)
