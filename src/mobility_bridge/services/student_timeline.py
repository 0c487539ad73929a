"""One student told whole: what every system said and when, and where they say different things."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from mobility_bridge.domain.application import Application
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.la_listing import LaListing
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.record import StayId, StoredRecord, StudentId
from mobility_bridge.domain.stay import SaidOfPerson, StayCase
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.exchange import Offering
from mobility_bridge.reconcile.stay_terms import codes, living_exchanges, registered_terms
from mobility_bridge.reconcile.traces import REGISTRY
from mobility_bridge.reconcile.who import folded, normalised_esi
from mobility_bridge.services.context import Context
from mobility_bridge.services.decided import DECIDED_ON
from mobility_bridge.services.stays import StayGathering
from mobility_bridge.services.student_views import StudentView, the_student, view_student

_DAYS = ("begun_on", "starts_on", "ends_on", "withdrawn_on", "interrupted_on", "completed_on", "decided_on")
_WORDS = ("period", "credits", "reason", "state", "code", "agreement_code", "occasion_code", "recalled_on")


class Happening(StrEnum):
    """What happened to what a system says."""

    FIRST_SEEN = "first seen"
    CHANGED = "changed"
    GONE = "gone"
    BACK = "back"
    SAID = "said"
    REMOVED = "removed"
    OPENED = "opened"
    REOPENED = "reopened"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    DECIDED = "decided"
    SENT = "sent"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline.

    `detail` names fields, codes and days, nothing personal; of a decision it has who took it and why.
    """

    at: datetime
    system: str
    what: Happening
    about: str
    detail: str = ""
    stay_id: StayId | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact as each system states it. `personal`: the values are shown only on request.

    `sides` are (system, value, letter): systems with one letter mean the same.
    """

    name: str
    personal: bool
    sides: tuple[tuple[str, str, str], ...] = field(repr=False)
    stay_id: StayId | None = None

    @property
    def differs(self) -> bool:
        return len({letter for _, _, letter in self.sides}) > 1


@dataclass(frozen=True, slots=True)
class StudentExplanation:
    """Everything about one student."""

    view: StudentView
    facts: tuple[Difference, ...]
    timeline: tuple[Moment, ...]


async def explain_student(context: Context, text: str, partner: HeiId | None = None) -> StudentExplanation:
    """Explain the student that an id names (`student_views.the_student`)."""

    def work(uow: UnitOfWork) -> StudentExplanation:
        student_id = the_student(context, uow, text, partner)
        view = view_student(context, uow, student_id)
        gathering = StayGathering(context, uow, context.clock.now(), names=False)
        sides: list[Difference] = list(_of_person(view))
        for stay in view.stays:
            sides += _of_stay(stay.case)
        moments = [
            *(() if view.protected else _records(uow, student_id)),
            *(() if view.protected else _facts(gathering, student_id)),
            *_discrepancies(uow, view),
            *_matches(view),
            *(() if view.protected else _decisions(uow, student_id)),
            *(() if view.protected else _writes(uow, view)),
        ]
        moments.sort(key=lambda each: (each.at, each.system, each.about, each.what))
        return StudentExplanation(view, tuple(sides), tuple(moments))

    return await context.store.read(work)


def _records(uow: UnitOfWork, student_id: StudentId) -> Iterator[Moment]:
    for stored in uow.records.of_student(student_id):
        states = [*reversed(uow.records.history(stored.record.key)), stored]
        key = stored.record.key
        system = key.source if key.source != "ewp" else f"ewp {key.holder_hei_id}"

        def moment(at: datetime, what: Happening, detail: str = "") -> Moment:
            name = f"{key.kind} {key.record_id}"  # noqa: B023 - used in this turn only
            return Moment(at, system, what, name, detail, stored.stay_id)  # noqa: B023 - likewise

        yield moment(stored.first_seen_at, Happening.FIRST_SEEN)
        for former, later in pairwise(states):
            if former.gone_at is not None:
                yield moment(former.gone_at, Happening.GONE)
                yield moment(later.changed_at, Happening.BACK, _changed(former, later))
            else:
                yield moment(later.changed_at, Happening.CHANGED, _changed(former, later))
        if stored.gone_at is not None:
            yield moment(stored.gone_at, Happening.GONE)


def _changed(former: StoredRecord, later: StoredRecord) -> str:
    """Name the fields that changed, never their values."""
    one, other = former.record.facts, later.record.facts
    if type(one) is not type(other):
        return ""
    return ", ".join(
        each.name.replace("_", " ")
        for each in fields(one)
        if getattr(one, each.name) != getattr(other, each.name)
    )


def _facts(gathering: StayGathering, student_id: StudentId) -> Iterator[Moment]:
    """What the registry says, and what it said before; of one said again word for word the latest time."""
    facts = gathering.facts(student_id)
    uids = dict.fromkeys(uid for fact in facts if (uid := getattr(fact, "student_uid", None)))
    former = [each.fact for uid in uids for each in gathering.uow.facts.history_of_student(uid)]
    for fact in (*former, *facts):
        yield _fact(fact, gathering.offering)


def _fact(fact: Fact, offering: Offering) -> Moment:
    agreement = offering.agreement_of(getattr(fact, "occasion_uid", None))
    parts = [f"agreement {agreement.code}"] if agreement is not None and agreement.code else []
    parts += [f"{name.removesuffix('_on').replace('_', ' ')} {value}" for name, value in _safe(fact)]
    what = Happening.REMOVED if fact.removed else Happening.SAID
    return Moment(fact.as_of.astimezone(UTC), REGISTRY, what, fact.kind.replace("_", " "), ", ".join(parts))


def _safe(fact: Fact) -> Iterator[tuple[str, Any]]:
    """The fields of a fact that say nothing of the person."""
    for name in (*_DAYS, *_WORDS):
        value = getattr(fact, name, None)
        if value is not None:
            yield name, value


def _discrepancies(uow: UnitOfWork, view: StudentView) -> Iterator[Moment]:
    subjects = [f"student:{view.student_id}", *(stay.case.subject.key for stay in view.stays)]
    for key in subjects:
        for each in uow.discrepancies.of_subject(key):
            for event in uow.discrepancies.history(each.discrepancy_id):
                yield Moment(
                    event.at,
                    "bridge",
                    Happening(event.kind.value),
                    f"{each.finding.code} {each.discrepancy_id}",
                    event.severity.value,
                    each.finding.subject.stay_id,
                )


def _matches(view: StudentView) -> Iterator[Moment]:
    """What people decided on whether this student is another, too."""
    for each in view.matches:
        if each.decided_at is not None:
            about = f"match {each.match_id}: {each.one} and {each.other}"
            yield Moment(
                each.decided_at, "bridge", Happening.DECIDED, about, f"{each.state} by {each.decided_by}"
            )


def _decisions(uow: UnitOfWork, student_id: StudentId) -> Iterator[Moment]:
    """What we decided on the student's nominations and learning agreements: who, why, and what became of it."""
    for stored in uow.records.of_student(student_id):
        key = stored.record.key
        if key.kind not in DECIDED_ON:
            continue
        for each in uow.decisions.of_mobility(key.holder_hei_id, OmobilityId(key.record_id)):
            if each.on is key.kind:
                yield from _decision(each, stored.stay_id)


def _writes(uow: UnitOfWork, view: StudentView) -> Iterator[Moment]:
    """What the bridge wrote to our own systems, or was to write."""
    for stay in view.stays:
        for each in uow.writes.select(stay_id=stay.stay_id):
            about = f"{each.kind} {each.about.partition(' ')[2]}".strip()
            asked = f"{each.before} to become {each.after}, asked by {each.asked_by}: {each.reason}"
            yield Moment(each.asked_at, "bridge", Happening.DECIDED, about, asked, each.stay_id)
            if each.sent_at is not None:
                times = f"attempt {each.attempts}"
                yield Moment(each.sent_at, "bridge", Happening.SENT, about, times, each.stay_id)
            if each.ended_at is not None:
                why = f": {each.detail.replace('_', ' ')}" if each.detail else ""
                yield Moment(
                    each.ended_at, "bridge", Happening.SETTLED, about, f"{each.state}{why}", each.stay_id
                )


def _decision(decision: StoredDecision, stay_id: StayId | None) -> Iterator[Moment]:
    about = f"{decision.on.value.replace('_', ' ')} {decision.omobility_id}"
    why = f": {decision.why}" if decision.why else ""
    taken = f"{decision.verb} by {decision.by}{why}"
    yield Moment(decision.decided_at, "bridge", Happening.DECIDED, about, taken, stay_id)
    if decision.sent_at is not None:
        answered = "no answer" if decision.answered is None else f"answered {decision.answered}"
        times = f", attempt {decision.attempts}" if decision.attempts > 1 else ""
        yield Moment(decision.sent_at, "bridge", Happening.SENT, about, answered + times, stay_id)
    if decision.finished_at is not None:
        outcome = f"{decision.state}: {decision.outcome.replace('_', ' ')}"
        yield Moment(decision.finished_at, "bridge", Happening.SETTLED, about, outcome, stay_id)


def _of_person(view: StudentView) -> Iterator[Difference]:
    """The person as each system describes them; nothing of a protected identity."""
    for name, read, same in (
        ("family name", lambda p: p.names[0].family_name if p.names else None, folded),
        ("given names", lambda p: p.names[0].given_names if p.names else None, folded),
        ("birth date", lambda p: p.birth_date, str),
        ("gender", lambda p: p.gender or None, str),
        ("citizenship", lambda p: p.citizenship, str.upper),
        ("e-mail", lambda p: p.email, str.casefold),
        ("European Student Identifier", lambda p: p.global_id, normalised_esi),
        ("civic number", lambda p: p.civic_number, str),
    ):
        found = _sides(view.persons, read, same)
        if found:
            yield Difference(name, personal=True, sides=found)


def _sides(persons: Iterable[SaidOfPerson], read: Any, same: Any) -> tuple[tuple[str, str, str], ...]:
    said = {each.system: _read(each.person, read) for each in persons}
    return _lettered({system: value for system, value in said.items() if value}, same)


def _read(person: Person, read: Any) -> str | None:
    value = read(person)
    return None if value is None else str(value)


def _lettered(said: Mapping[str, str], same: Any = str) -> tuple[tuple[str, str, str], ...]:
    letters: dict[str, str] = {}
    return tuple(
        (system, value, letters.setdefault(same(value), chr(ord("A") + len(letters))))
        for system, value in said.items()
    )


def _of_stay(case: StayCase) -> Iterator[Difference]:
    said: dict[str, dict[str, str]] = {}
    for system, facts in _stated(case):
        for name, value in facts.items():
            if value not in (None, ""):
                said.setdefault(name, {}).setdefault(system, str(value))
    for name, by_system in said.items():
        yield Difference(name, personal=False, sides=_lettered(by_system), stay_id=case.subject.stay_id)


def _stated(case: StayCase) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What each system that shows the stay says of it."""
    if case.application is not None and case.application.live:
        yield f"{case.application.stored.record.key.source} application", _application(case.application.said)
    if case.nomination is not None and case.nomination.live:
        yield "nomination", _nomination(case.nomination.said, case)
    if case.learning_agreement is not None and case.learning_agreement.live:
        yield "learning agreement", _la(case.learning_agreement.said, case)
    if case.listing is not None and case.listing.live:
        yield f"{case.listing.stored.record.key.source} list", _listing(case.listing.said)
    if case.arrival is not None and case.arrival.live:
        said = case.arrival.said
        yield "arrival", {"first day": said.actual_arrival_date, "last day": said.actual_departure_date}
    living = living_exchanges(case)
    if living:
        firsts = [each.first_day for each in living if each.first_day is not None]
        lasts = [each.last_day for each in living if each.last_day is not None]
        yield (
            REGISTRY,
            {
                "partner": next((each.partner_hei_id for each in living if each.partner_hei_id), None),
                "terms": codes({term for each in living for term in each.terms}),
                "first day": min(firsts, default=None),
                "last day": max(lasts, default=None),
                "registered terms": codes(registered_terms(case)) or "none",
                "agreement in the registry": next(
                    (each.agreement.code for each in living if each.agreement is not None), None
                ),
            },
        )


def _application(said: Application) -> Mapping[str, Any]:
    return {
        "partner": said.partner_hei_id,
        "terms": codes(said.terms),
        "first day": said.starts_on,
        "last day": said.ends_on,
        "pipeline step": "cancelled" if said.cancelled else said.step,
        "subject": said.isced_f_code,
        "mobility id": said.omobility_id,
    }


def _nomination(said: Nomination, case: StayCase) -> Mapping[str, Any]:
    partner = said.receiving_hei if case.outgoing else said.sending_hei
    return {
        "partner": partner.hei_id,
        "academic year": said.receiving_academic_year_id,
        "nomination": said.written_status or said.status,
        "subject": said.nominee_isced_f_code,
        "level at departure": said.eqf_level_studied_at_departure,
        "first day": said.planned_arrival_date,
        "last day": said.planned_departure_date,
        "mobility id": said.omobility_id,
    }


def _la(said: LearningAgreement, case: StayCase) -> Mapping[str, Any]:
    partner = said.receiving_hei if case.outgoing else said.sending_hei
    state = (
        "proposal waits" if said.awaits_receiver else "approved" if said.is_approved else "not signed by all"
    )
    return {
        "partner": partner.hei_id,
        "academic year": said.receiving_academic_year_id,
        "learning agreement": state,
        "subject": said.isced_f_code,
        "level at departure": said.eqf_level_studied_at_departure,
        "first day": said.start,
        "last day": said.end,
        "mobility id": said.omobility_id,
    }


def _listing(said: LaListing) -> Mapping[str, Any]:
    signed = {True: "approved", False: "not signed by all", None: None}[said.binds]
    return {
        "partner": said.receiving_hei_id,
        "academic year": said.receiving_academic_year_id,
        "learning agreement": "proposal waits" if said.state is not None and said.state.waits else signed,
        "first day": said.starts_on,
        "last day": said.ends_on,
        "mobility id": said.omobility_id,
    }
