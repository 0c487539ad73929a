"""What a student's studies show as read, and no event of the registry's feed has told.

A feed alone cannot prove that nothing was missed. Readings lie beside the events' facts, so that the two can be held
against each other; an event may still be on its way, so one look is a suspicion and a second one the proof.

Source: Ladok: consuming the feed right, rule 12; time and order.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.registration import (
    Admission,
    Interruption,
    Participation,
    Registration,
    Withdrawal,
)
from mobility_bridge.reconcile.exchange import Offering


class MissedKind(StrEnum):
    """What kind of event was not told."""

    ADMISSION = "admission"
    REGISTRATION = "registration"
    END_OF_ADMISSION = "end_of_admission"
    END_OF_REGISTRATION = "end_of_registration"


@dataclass(frozen=True, slots=True)
class Missed:
    """One thing that no event told. `correction` is what holds instead of a fact that the reading disproves."""

    kind: MissedKind
    uid: LadokUid
    correction: Fact | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.uid}"


def missed(
    known: Iterable[Fact], read: Iterable[Participation], offering: Offering, as_of: datetime
) -> Iterator[Missed]:
    """Hold what events told of one student against a whole reading of their studies as of an instant."""
    facts = list(known)
    there = {each.admission_uid: each for each in read}
    admissions = {each.admission_uid: each for each in facts if isinstance(each, Admission)}
    registered = {
        each.admission_uid: each for each in facts if isinstance(each, Registration) and not each.removed
    }
    for uid, each in there.items():
        told = admissions.get(uid)
        if offering.is_exchange(each.occasion_uid) and (told is None or told.removed):
            yield Missed(MissedKind.ADMISSION, uid)
        if any(period.registered for period in each.periods) and uid not in registered:
            yield Missed(MissedKind.REGISTRATION, uid)
    yield from _ended_admissions(facts, admissions, there, offering, as_of)
    for registration in registered.values():
        shown = there.get(registration.admission_uid or LadokUid(""))
        if shown is None or not shown.periods or registration.as_of >= as_of:
            continue
        if not any(period.registered for period in shown.periods):
            gone = replace(registration, removed=True, as_of=as_of, event_uid=None)
            yield Missed(MissedKind.END_OF_REGISTRATION, registration.registration_uid, gone)


def _ended_admissions(
    facts: Iterable[Fact],
    admissions: Mapping[LadokUid, Admission],
    there: Mapping[LadokUid, Participation],
    offering: Offering,
    as_of: datetime,
) -> Iterator[Missed]:
    """Admissions to exchanges that are shown no more, although nothing was told that would explain it."""
    explained = {each.admission_uid for each in facts if isinstance(each, Withdrawal) and not each.removed}
    explained |= {each.earlier_admission_uid for each in admissions.values() if each.earlier_admission_uid}
    stopped = {each.occasion_uid for each in facts if isinstance(each, Interruption) and not each.removed}
    for uid, each in admissions.items():
        if each.removed or uid in there or uid in explained or each.occasion_uid in stopped:
            continue
        if offering.is_exchange(each.occasion_uid) and each.as_of < as_of:
            gone = replace(each, removed=True, as_of=as_of, event_uid=None)
            yield Missed(MissedKind.END_OF_ADMISSION, uid, gone)
