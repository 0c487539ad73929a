"""What a rule is: a question to a case, and what to say when the answer is yes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Generic, Protocol, TypeVar

from mobility_bridge.domain.discrepancy import Finding, Owner, Severity, Subject, Text
from mobility_bridge.reconcile.words import filled, said


class Case(Protocol):
    """What all cases have."""

    @property
    def subject(self) -> Subject: ...


CaseT = TypeVar("CaseT", bound=Case)


@dataclass(frozen=True, slots=True)
class Observation:
    """One time that a rule's statement is true.

    `severity` and `owner` replace the rule's own when given; `at_most` lowers a severity that is worse.
    """

    place: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    due_on: date | None = None
    severity: Severity | None = None
    owner: Owner | None = None
    at_most: Severity | None = None


_WORST_FIRST = tuple(Severity)


class _Words(dict[str, str]):
    """Words for a template; a missing one shows as a dash instead of losing the whole sentence."""

    def __missing__(self, key: str) -> str:
        return "–"


@dataclass(frozen=True, slots=True)
class Rule(Generic[CaseT]):
    """One rule of a registry. `name` and `cause` are those of its function; `source` is what it rests on.

    `text` and `next_step` are templates over the observation's values and over `id`, `place`, `due_on`,
    `partner_hei_id`, `iia_id`, `partner_iia_id`, `stay_id`, `student_id` and `source_name`, filled with the words of `words`. A part in
    square brackets is only said when all its values are there.
    """

    name: str
    code: str
    severity: Severity
    owner: Owner
    title: Text
    text: Text
    next_step: Text
    source: str
    cause: str
    check: Callable[[CaseT], Iterable[Observation]]

    def findings(self, case: CaseT) -> Iterator[Finding]:
        """Ask the case, and put each observation into words."""
        for observation in self.check(case):
            yield self._in_words(case.subject, observation)

    def _in_words(self, subject: Subject, observation: Observation) -> Finding:
        finding = Finding(
            code=self.code,
            severity=_capped(observation.severity or self.severity, observation.at_most),
            owner=observation.owner or self.owner,
            subject=subject,
            text=self.text,
            next_step=self.next_step,
            place=observation.place,
            values=dict(observation.values),
            due_on=observation.due_on,
        )
        values = {
            "id": finding.discrepancy_id,
            "place": observation.place,
            "due_on": "" if observation.due_on is None else observation.due_on.isoformat(),
            "partner_hei_id": subject.partner_hei_id or "",
            "iia_id": subject.iia_id or "",
            "partner_iia_id": subject.partner_iia_id or "",
            "source_name": subject.source or "",
            "stay_id": subject.stay_id or "",
            "student_id": subject.student_id or "",
            **observation.values,
        }
        return replace(finding, text=_filled(self.text, values), next_step=_filled(self.next_step, values))


def rule(  # noqa: PLR0913 - the facts of one rule, keyword only
    *,
    code: str,
    severity: Severity,
    owner: Owner,
    title: Text,
    text: Text,
    next_step: Text,
    source: str,
) -> Callable[[Callable[[CaseT], Iterable[Observation]]], Rule[CaseT]]:
    """Turn a generator over a case into a rule; nothing is registered by it (see `registry`)."""

    def made(check: Callable[[CaseT], Iterable[Observation]]) -> Rule[CaseT]:
        return Rule(
            name=getattr(check, "__name__", code.lower()),
            code=code,
            severity=severity,
            owner=owner,
            title=title,
            text=text,
            next_step=next_step,
            source=source,
            cause=(check.__doc__ or "").strip(),
            check=check,
        )

    return made


def _capped(severity: Severity, at_most: Severity | None) -> Severity:
    return severity if at_most is None else max(severity, at_most, key=_WORST_FIRST.index)


def _filled(template: Text, values: Mapping[str, str]) -> Text:
    words = {name: said(name, value) for name, value in values.items()}
    en, sv = (
        _Words((name, getattr(word, tongue)) for name, word in words.items()) for tongue in ("en", "sv")
    )
    return Text(filled(template.en, en, values), filled(template.sv, sv, values))
