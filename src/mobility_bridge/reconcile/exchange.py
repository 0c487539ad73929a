"""Put the registry's facts about one student together into exchanges.

Nothing in the registry is called an exchange: it is an admission to an occasion of a package that is an exchange
agreement, with registrations on course occasions inside it.

Source: Ladok: exchange in Ladok's model; events that matter for exchange.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

from mobility_bridge.domain.exchange import CourseAdmission, ExchangeParticipation
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.occasion import (
    Commitment,
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    OccasionCancelled,
)
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.registration import (
    Admission,
    Completion,
    ExchangeStay,
    Interruption,
    OccasionBegun,
    Participation,
    Placement,
    Registration,
    StudyPeriod,
    Withdrawal,
)
from mobility_bridge.domain.result import CreditTransfer
from mobility_bridge.domain.term import Term, terms_between

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Offering:
    """What the registry knows of agreements and occasions, by id. `partners` names the HEI of an external party."""

    agreements: Mapping[LadokUid, ExchangeAgreement] = field(default_factory=dict)
    occasions: Mapping[LadokUid, Occasion] = field(default_factory=dict)
    cancelled: frozenset[LadokUid] = frozenset()
    parties: Mapping[str, ExternalParty] = field(default_factory=dict)
    partners: Mapping[str, HeiId] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Iterable[Fact], partners: Mapping[str, HeiId]) -> "Offering":
        """Sort facts that are about no student."""
        said = list(facts)
        return cls(
            {each.education_uid: each for each in _living(said, ExchangeAgreement)},
            {each.occasion_uid: each for each in _living(said, Occasion)},
            frozenset(each.occasion_uid for each in _living(said, OccasionCancelled)),
            {each.external_party_id: each for each in _living(said, ExternalParty)},
            partners,
        )

    def agreement_of(self, occasion_uid: LadokUid | None) -> ExchangeAgreement | None:
        """The exchange agreement whose occasion this is; None for any other package's."""
        occasion = self.occasions.get(occasion_uid) if occasion_uid else None
        if occasion is None or occasion.education_uid is None:
            return None
        agreement = self.agreements.get(occasion.education_uid)
        return agreement if agreement is not None and agreement.exchange else None

    def is_exchange(self, occasion_uid: LadokUid | None) -> bool:
        occasion = self.occasions.get(occasion_uid) if occasion_uid else None
        return self.agreement_of(occasion_uid) is not None or bool(occasion is not None and occasion.exchange)


def exchanges(facts: Iterable[Fact], offering: Offering) -> tuple[ExchangeParticipation, ...]:
    """Put one student's facts together, one result per admission to an exchange occasion, oldest first."""
    student = _Student(tuple(facts), offering)
    found = [student.exchange(admission_uid) for admission_uid in student.exchange_admissions()]
    return tuple(sorted(found, key=lambda each: (each.first_day or date.max, each.admission_uid)))


def strayed(facts: Iterable[Fact], offering: Offering) -> tuple[CreditTransfer, ...]:
    """One student's credit transfers for an exchange occasion that the student was never on."""
    said = tuple(facts)
    own = {each.occasion_uid for each in exchanges(said, offering)}
    return tuple(
        each
        for each in _living(said, CreditTransfer)
        if offering.is_exchange(each.occasion_uid) and each.occasion_uid not in own
    )


class _Student:
    """The living facts about one student, by what they are about."""

    def __init__(self, facts: tuple[Fact, ...], offering: Offering) -> None:
        self._offering = offering
        self._admissions = {each.admission_uid: each for each in _living(facts, Admission)}
        removed = {each.admission_uid for each in facts if isinstance(each, Admission) and each.removed}
        self._read = {
            each.admission_uid: each
            for each in _living(facts, Participation)
            if each.admission_uid not in removed
        }
        self._placements = {each.admission_uid: each for each in _living(facts, Placement)}
        self._registrations = list(_living(facts, Registration))
        self._commitments = list(_living(facts, Commitment))
        self._withdrawals = {each.admission_uid: each for each in _living(facts, Withdrawal)}
        self._interruptions = {each.occasion_uid: each for each in _living(facts, Interruption)}
        self._begun = {each.occasion_uid for each in _living(facts, OccasionBegun)}
        self._completed = {each.occasion_uid for each in _living(facts, Completion)}
        self._transfers = list(_living(facts, CreditTransfer))
        self._reported = list(_living(facts, ExchangeStay))
        self._earlier = {each.earlier_admission_uid for each in self._admissions.values()}

    def exchange_admissions(self) -> list[LadokUid]:
        uids = {*self._admissions, *self._read}
        return sorted(uid for uid in uids if self._offering.is_exchange(self._occasion_uid(uid)))

    def exchange(self, admission_uid: LadokUid) -> ExchangeParticipation:
        occasion_uid = self._occasion_uid(admission_uid)
        occasion = self._offering.occasions.get(occasion_uid) if occasion_uid else None
        agreement = self._offering.agreement_of(occasion_uid)
        party_id = agreement.external_party_id if agreement is not None else None
        admission, read = self._admissions.get(admission_uid), self._read.get(admission_uid)
        line = self._line(admission_uid)
        first_day, last_day = _days(occasion, admission, read)
        # What was inside the exchange before a change of occasion moves over, as far as it lies in the new days.
        kept = (first_day, last_day) if len(line) > 1 else (None, None)
        registrations = tuple(each for each in self._inside(line) if _overlaps(each, kept))
        interruption = self._interruptions.get(occasion_uid) if occasion_uid else None
        withdrawal = self._withdrawals.get(admission_uid)
        return ExchangeParticipation(
            student_uid=_student_uid(admission, read),
            admission_uid=admission_uid,
            occasion_uid=occasion_uid,
            occasion=occasion,
            agreement=agreement,
            party=self._offering.parties.get(party_id) if party_id else None,
            partner_hei_id=self._offering.partners.get(party_id) if party_id else None,
            direction=self._direction(occasion, agreement),
            first_day=first_day,
            last_day=last_day,
            registrations=registrations,
            registered_terms=_in_days(
                _registered_terms(registrations, [read, *self._read_inside(line)]), kept
            ),
            begun=occasion_uid in self._begun or bool(read is not None and read.begun),
            completed=occasion_uid in self._completed or bool(read is not None and read.completed),
            withdrawn=withdrawal is not None or bool(read is not None and read.withdrawn),
            withdrawn_on=withdrawal.withdrawn_on if withdrawal is not None else None,
            interrupted=interruption is not None,
            interrupted_on=interruption.interrupted_on if interruption is not None else None,
            cancelled_occasion=occasion_uid in self._offering.cancelled,
            replaced=admission_uid in self._earlier,
            earlier_admission_uid=admission.earlier_admission_uid if admission is not None else None,
            transfers=tuple(each for each in self._transfers if each.occasion_uid == occasion_uid),
            courses=self._courses(line),
        )

    def _occasion_uid(self, admission_uid: LadokUid) -> LadokUid | None:
        admission, read = self._admissions.get(admission_uid), self._read.get(admission_uid)
        said = admission.occasion_uid if admission is not None else None
        return said or (read.occasion_uid if read is not None else None)

    def _line(self, admission_uid: LadokUid) -> tuple[LadokUid, ...]:
        """The admission, and those that it came from by changes of occasion, newest first."""
        line = [admission_uid]
        while True:
            admission = self._admissions.get(line[-1])
            earlier = admission.earlier_admission_uid if admission is not None else None
            if earlier is None or earlier in line:
                return tuple(line)
            line.append(earlier)

    def _committed(self, line: tuple[LadokUid, ...]) -> dict[LadokUid, Commitment]:
        return {each.occasion_uid: each for each in self._commitments if each.package_admission_uid in line}

    def _occasions(self, line: tuple[LadokUid, ...]) -> set[LadokUid | None]:
        return {self._occasion_uid(each) for each in line} - {None}

    def _inside(self, line: tuple[LadokUid, ...]) -> tuple[Registration, ...]:
        """Registrations on course occasions that the exchange surrounds, however that is said."""
        committed, occasions = self._committed(line), self._occasions(line)
        found = [
            each
            for each in self._registrations
            if each.occasion_uid in committed or not occasions.isdisjoint(self._surroundings(each))
        ]
        return tuple(sorted(found, key=lambda each: (each.starts_on or date.max, each.registration_uid)))

    def _read_inside(self, line: tuple[LadokUid, ...]) -> list[Participation | None]:
        """Participations in courses that the exchange surrounds: registered there although no event told of it."""
        committed, occasions = self._committed(line), self._occasions(line)
        found: list[Participation | None] = []
        for uid, each in self._read.items():
            if each.occasion_uid in committed or not occasions.isdisjoint(self._around(uid)):
                found.append(each)
        return found

    def _surroundings(self, registration: Registration) -> set[LadokUid | None]:
        around: set[LadokUid | None] = {each.occasion_uid for each in registration.within}
        around.add(registration.occasion_uid)
        around |= self._around(registration.admission_uid or LadokUid(""))
        return around

    def _courses(self, line: tuple[LadokUid, ...]) -> tuple[CourseAdmission, ...]:
        """Admissions inside the exchange, however it is said that they are."""
        committed, occasions = self._committed(line), self._occasions(line)
        found = []
        for uid in sorted({*self._admissions, *self._read} - set(line)):
            course = self._occasion_uid(uid)
            commitment = committed.get(course) if course is not None else None
            if commitment is None and occasions.isdisjoint(self._around(uid)):
                continue
            found.append(CourseAdmission(uid, course, self._periods(uid, commitment), self._is_live(uid)))
        return tuple(found)

    def _around(self, admission_uid: LadokUid) -> set[LadokUid]:
        admission, placement = self._admissions.get(admission_uid), self._placements.get(admission_uid)
        around = set(admission.within_occasion_uids) if admission is not None else set()
        return around | ({each.occasion_uid for each in placement.within} if placement is not None else set())

    def _periods(self, admission_uid: LadokUid, commitment: Commitment | None) -> tuple[StudyPeriod, ...]:
        """The periods of an admission, by whichever said them last; the days of a commitment where neither did.

        A registration that was told of counts, whatever was read before it.
        """
        said = [
            each
            for each in (self._admissions.get(admission_uid), self._read.get(admission_uid))
            if each is not None and each.periods
        ]
        if said:
            periods = max(said, key=lambda each: each.as_of).periods
        elif commitment is not None:
            periods = tuple(
                StudyPeriod(index=index, starts_on=first, ends_on=last, credits=credits_)
                for index, (first, last, credits_) in enumerate(commitment.periods, start=1)
            )
        else:
            periods = ()
        registered = {each.period for each in self._registrations if each.admission_uid == admission_uid}
        return tuple(
            replace(each, state=each.state if each.registered else "registrerad")
            if each.index in registered
            else each
            for each in periods
        )

    def _is_live(self, admission_uid: LadokUid) -> bool:
        read = self._read.get(admission_uid)
        left = admission_uid in self._withdrawals or (read is not None and (read.withdrawn or read.completed))
        return not left and admission_uid not in self._earlier

    def _direction(self, occasion: Occasion | None, agreement: ExchangeAgreement | None) -> Direction | None:
        if occasion is not None and occasion.direction is not None:
            return occasion.direction
        code = agreement.code if agreement is not None else None
        said = {
            each.direction
            for each in self._reported
            if each.agreement_code == code
            and (occasion is None or each.occasion_code in (None, occasion.code))
        }
        return said.pop() if len(said) == 1 else None


def _living(facts: Iterable[Fact], kind: type[F]) -> Iterable[F]:
    return (each for each in facts if isinstance(each, kind) and not each.removed)


def _student_uid(admission: Admission | None, read: Participation | None) -> LadokUid:
    said = admission.student_uid if admission is not None else None
    return said or (read.student_uid if read is not None else LadokUid(""))


def _days(
    occasion: Occasion | None, admission: Admission | None, read: Participation | None
) -> tuple[date | None, date | None]:
    """The student's own periods where they are stated, else those of the occasion."""
    periods: tuple[StudyPeriod, ...] = ()
    for said in (read, admission):
        if said is not None and said.periods:
            periods = said.periods
            break
    first = min((each.starts_on for each in periods if each.starts_on is not None), default=None)
    last = max((each.ends_on for each in periods if each.ends_on is not None), default=None)
    if occasion is None:
        return first, last
    return first or occasion.starts_on, last or occasion.ends_on


def _registered_terms(
    registrations: tuple[Registration, ...], read: Iterable[Participation | None]
) -> tuple[Term, ...]:
    terms: set[Term] = set()
    for each in registrations:
        if each.starts_on is not None:
            terms.update(terms_between(each.starts_on, each.ends_on or each.starts_on))
    for period in (period for each in read if each is not None for period in each.periods):
        if period.registered and period.starts_on is not None:
            terms.update(terms_between(period.starts_on, period.ends_on or period.starts_on))
    return tuple(sorted(terms))


def _overlaps(registration: Registration, days: tuple[date | None, date | None]) -> bool:
    first, last = days
    starts, ends = registration.starts_on, registration.ends_on or registration.starts_on
    if first is None or last is None or starts is None or ends is None:
        return True
    return starts <= last and first <= ends


def _in_days(terms: tuple[Term, ...], days: tuple[date | None, date | None]) -> tuple[Term, ...]:
    first, last = days
    if first is None or last is None:
        return terms
    kept = terms_between(first, last)
    return tuple(term for term in terms if term in kept)
