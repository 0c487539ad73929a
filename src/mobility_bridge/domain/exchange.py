"""One student's exchange as the registry has it: the facts of `domain.registration` put together."""

from dataclasses import dataclass
from datetime import date

from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.occasion import ExchangeAgreement, ExternalParty, Occasion
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.registration import Registration, StudyPeriod
from mobility_bridge.domain.result import CreditTransfer
from mobility_bridge.domain.term import Term, terms_between


@dataclass(frozen=True, slots=True)
class CourseAdmission:
    """An admission to a course inside an exchange: what is registered, period by period.

    For a student who leaves it is the individual commitment, a course occasion of their own. `live`: it was neither
    withdrawn from nor replaced.
    """

    admission_uid: LadokUid
    occasion_uid: LadokUid | None
    periods: tuple[StudyPeriod, ...] = ()
    live: bool = True


@dataclass(frozen=True, slots=True)
class ExchangeParticipation:
    """A student on one exchange occasion.

    `agreement` and `occasion` are None when the registry has not told of them. `registrations` are those in force
    for periods inside the exchange; `registered_terms` the terms that they cover. `withdrawn`: left before the
    start; `interrupted_on` the last day of a stay that was broken off. `replaced`: the student changed to another
    occasion (an extension or a shortening), which names this admission as the earlier one. `courses` are the
    admissions inside it that can be registered.
    """

    student_uid: LadokUid
    admission_uid: LadokUid
    occasion_uid: LadokUid | None
    occasion: Occasion | None = None
    agreement: ExchangeAgreement | None = None
    party: ExternalParty | None = None
    partner_hei_id: HeiId | None = None
    direction: Direction | None = None
    first_day: date | None = None
    last_day: date | None = None
    registrations: tuple[Registration, ...] = ()
    registered_terms: tuple[Term, ...] = ()
    begun: bool = False
    completed: bool = False
    withdrawn: bool = False
    withdrawn_on: date | None = None
    interrupted: bool = False
    interrupted_on: date | None = None
    cancelled_occasion: bool = False
    replaced: bool = False
    earlier_admission_uid: LadokUid | None = None
    transfers: tuple[CreditTransfer, ...] = ()
    courses: tuple[CourseAdmission, ...] = ()

    @property
    def living(self) -> bool:
        """Whether the student is, by the registry, to go, away, or has been."""
        return not (self.withdrawn or self.replaced)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that the exchange touches; none while its days are not known."""
        if self.first_day is None:
            return ()
        return terms_between(self.first_day, self.last_day or self.first_day)

    @property
    def missing_terms(self) -> tuple[Term, ...]:
        """Terms of the exchange for which there is no registration."""
        return tuple(term for term in self.terms if term not in self.registered_terms)
