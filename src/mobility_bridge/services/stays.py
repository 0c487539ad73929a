"""The stays of one student, gathered from every system, each ready to be judged."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import TypeVar

from mobility_bridge.domain.application import Application, CourseList
from mobility_bridge.domain.discrepancy import Subject, SubjectKind
from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.la_listing import LaListing
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.occasion import (
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    OccasionCancelled,
    PartyDomain,
)
from mobility_bridge.domain.person import Direction, Person
from mobility_bridge.domain.record import (
    IdentityKey,
    IdentityKeyKind,
    RecordKey,
    StayId,
    StoredRecord,
    StudentId,
)
from mobility_bridge.domain.registry_student import (
    LadokStudent,
    StudentDeceased,
    StudentProtected,
    StudentReplaced,
)
from mobility_bridge.domain.result import OtherMerit, StudentResult
from mobility_bridge.domain.stay import Heard, OurDecision, SaidOfPerson, Seen, StayCase, TermDates
from mobility_bridge.domain.term import Term
from mobility_bridge.domain.transcript import Tor
from mobility_bridge.domain.write import Write
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.students import Stay
from mobility_bridge.reconcile.exchange import Offering, exchanges, strayed
from mobility_bridge.reconcile.offers import Offers, as_other, with_offer
from mobility_bridge.reconcile.stays import Group, group
from mobility_bridge.reconcile.traces import REGISTRY, exchange_trace, trace
from mobility_bridge.services.context import Context
from mobility_bridge.services.decided import our_decisions, writes_by_stay
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.hearing import Hearing
from mobility_bridge.services.registry_state import reviewed_at
from mobility_bridge.services.stay_agreement import KnownAgreements, StayPlaces
from mobility_bridge.services.whose import person_of

_COUNTRY = re.compile(r"^[A-Z]{1,3}\s+")
_COUNTRY_LETTERS = 3
_LONG_COUNTRY = re.compile(r"^[A-Z]{4,}[0-9]{2,}$")

T = TypeVar("T")
F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class _Held:
    """What was read of one student."""

    stays: Sequence[Stay]
    records: Sequence[StoredRecord]
    former: Mapping[RecordKey, Sequence[StoredRecord]]
    facts: Sequence[Fact]
    decisions: Mapping[RecordKey, tuple[OurDecision, ...]]


class StayGathering:
    """Gathers cases within one unit of work; what all students share is read once.

    With `names` False nothing is written: a stay that has no name yet is called `P1042-?`. `agreements` are those
    that were decoded for earlier students.
    """

    def __init__(
        self,
        context: Context,
        uow: UnitOfWork,
        now: datetime,
        *,
        names: bool = True,
        agreements: KnownAgreements | None = None,
    ) -> None:
        self.context = context
        self.uow = uow
        self.now = now
        self.names = names
        self._hearing = Hearing(context, uow, now)
        self._held: dict[StudentId, _Held] = {}
        self._named: set[StayId] = set()
        self._back: set[RecordKey] = set()
        self._former: Mapping[RecordKey, Sequence[StoredRecord]] = {}
        self._decisions: Mapping[RecordKey, tuple[OurDecision, ...]] = {}
        self._thresholds = context.stay_thresholds
        gathering = Gathering(context, uow, now)
        self._places = StayPlaces(gathering, agreements or KnownAgreements(), keep=names)

    @cached_property
    def offering(self) -> Offering:
        """What the registry offers, with partners told by their SCHAC domain, else by their code."""
        facts = self.uow.facts
        kinds: list[Fact] = [
            *facts.of_kind(ExchangeAgreement),
            *facts.of_kind(Occasion),
            *facts.of_kind(OccasionCancelled),
            *facts.of_kind(ExternalParty),
        ]
        partners = {
            each.external_party_id: HeiId(each.schac)
            for each in facts.of_kind(PartyDomain)
            if each.schac and not each.removed
        }
        by_code = self._partners_by_code()
        for party in facts.of_kind(ExternalParty):
            found = by_code.get(bare_code(party.code or ""))
            if found is not None:
                partners.setdefault(party.external_party_id, found)
        return Offering.of(kinds, partners)

    @cached_property
    def _offers(self) -> Offers:
        return Offers.of(self.offering)

    def _partners_by_code(self) -> Mapping[str, HeiId]:
        """Universities by their Erasmus code as the registry writes it; a code of two universities names neither."""
        network = self.context.network
        found: dict[str, set[HeiId]] = defaultdict(set)
        for partner in network.partners() if network is not None else ():
            for kind, code in partner.other_ids:
                for written in bare_codes(code) if kind == "erasmus" else ():
                    found[written].add(partner.hei_id)
        return {code: heis.pop() for code, heis in found.items() if len(heis) == 1 and code}

    @cached_property
    def _results_read_at(self) -> datetime | None:
        """When the registry's results of everybody were last read to the end."""
        registry = self.context.registry
        return reviewed_at(self.uow, registry.name) if registry is not None else None

    @cached_property
    def _troubled(self) -> Mapping[StayId | None, tuple[Write, ...]]:
        """Our writes that are not done, by stay."""
        return writes_by_stay(self.uow)

    @cached_property
    def _calendar(self) -> Mapping[Term, TermDates]:
        return self.context.calendar

    def ahead(self, student_ids: Iterable[StudentId], *, former: bool = True) -> None:
        """Read at once what `cases` of each of these will need; each is used once. Without `former` no history."""
        ids = list(dict.fromkeys(student_ids))
        stays, records = self.uow.students.stays_of(ids), self.uow.records.of_students(ids)
        keys = {each: [one.record.key for one in some] for each, some in records.items()}
        history: Mapping[RecordKey, Sequence[StoredRecord]] = dict.fromkeys(chain(*keys.values()), ())
        if former:
            history = self.uow.records.histories(history)
        uids = {each: _ladok_uids(some) for each, some in self.uow.students.all_keys_of(ids).items()}
        facts = self.uow.facts.of_students(chain(*uids.values()))
        decisions = our_decisions(self.uow, history)
        self._held = {
            each: _Held(
                stays[each],
                records[each],
                {key: history[key] for key in keys[each]},
                [fact for uid in uids[each] for fact in facts[uid]],
                decisions,
            )
            for each in ids
        }

    def cases(self, student_id: StudentId) -> list[StayCase]:
        """Every stay of a student; new ones are named, and records told which stay they belong to."""
        if student_id not in self._held:
            self.ahead([student_id])
        held = self._held.pop(student_id)
        stays, everything, facts = held.stays, held.records, held.facts
        records = _own_stays_only(everything, stays)
        self._named = {each.stay_id for each in everything if each.stay_id is not None}
        self._back = {
            each.record.key
            for each, own in zip(everything, records, strict=True)
            if each.stay_id != own.stay_id
        }
        self._former = held.former
        self._decisions = held.decisions
        taken_part = exchanges(facts, self.offering)
        by_uid = {each.admission_uid: each for each in taken_part}
        own = self.context.own_hei_id
        groups = group(
            [*(trace(each, own) for each in records), *(exchange_trace(each, own) for each in taken_part)]
        )
        by_key = {each.record.key: each for each in records}
        cases = []
        for each in groups:
            case = self._case(student_id, each, by_key, by_uid, facts)
            if case is not None:
                cases.append(case)
        self._give_strayed(cases, facts)
        others = [as_other(case) for case in cases]
        complete = [
            replace(with_offer(case, self._offers), other_stays=(*others[:at], *others[at + 1 :]))
            for at, case in enumerate(cases)
        ]
        return self._places.settle([each.stay_id for each in stays], complete)

    def _give_strayed(self, cases: list[StayCase], facts: Sequence[Fact]) -> None:
        """Give the last stay abroad the credit transfers that belong to none: one stay tells of them."""
        away = [at for at, case in enumerate(cases) if case.outgoing]
        if away:
            cases[away[-1]] = replace(cases[away[-1]], strayed=strayed(facts, self.offering))

    def facts(self, student_id: StudentId) -> list[Fact]:
        """What the registry says about a student, under every key that it has for them."""
        found = self.uow.facts.of_students(_ladok_uids(self.uow.students.keys_of(student_id)))
        return [fact for facts in found.values() for fact in facts]

    def _case(
        self,
        student_id: StudentId,
        each: Group,
        by_key: Mapping[RecordKey, StoredRecord],
        by_uid: Mapping[LadokUid, ExchangeParticipation],
        facts: Sequence[Fact],
    ) -> StayCase | None:
        direction = each.direction
        if direction is None:
            return None
        records = [by_key[one.key] for one in each.traces if one.key in by_key]
        if not records and not any(one.key.source == REGISTRY for one in each.traces):
            return None
        taken_part = [
            by_uid[LadokUid(one.key.record_id)] for one in each.traces if one.key.source == REGISTRY
        ]
        living = sorted(taken_part, key=lambda one: (not one.living, one.first_day is None))
        stay_id = self._stay_id(student_id, each, direction, records)
        heard = self._hearing.of_stay(each.partner_hei_id, direction, records)
        case = StayCase(
            own_hei_id=self.context.own_hei_id,
            subject=Subject(SubjectKind.STAY, each.partner_hei_id, stay_id=stay_id, student_id=student_id),
            now=self.now,
            direction=direction,
            partner_hei_id=each.partner_hei_id,
            heard=heard,
            persons=tuple(_persons(records, facts)),
            known_to_registry=_known_to_registry(facts) if Heard.REGISTRY in heard else None,
            protected=_holds(facts, StudentProtected),
            deceased=_holds(facts, StudentDeceased),
            exchange=living[0] if living else None,
            exchange_others=tuple(living[1:]),
            writes=self._troubled.get(stay_id, ()),
            calendar=self._calendar,
            thresholds=self._thresholds,
            results=tuple(fact for fact in facts if isinstance(fact, StudentResult) and not fact.removed),
            results_read_at=self._results_read_at,
            merits=tuple(fact for fact in facts if isinstance(fact, OtherMerit) and not fact.removed),
        )
        return self._with_records(case, records)

    def _with_records(self, case: StayCase, records: Sequence[StoredRecord]) -> StayCase:
        """The case, with what the records of this stay say."""
        applications = _seen(self._former, records, Application)
        nominations = _seen(self._former, records, Nomination)
        agreements = _seen(self._former, records, LearningAgreement)
        return replace(
            case,
            application=_first(applications),
            application_others=tuple(applications[1:]),
            courses=_first(_seen(self._former, records, CourseList)),
            nomination=_first(nominations),
            nomination_others=tuple(nominations[1:]),
            learning_agreement=_first(agreements),
            learning_agreement_others=tuple(agreements[1:]),
            listing=_first(_seen(self._former, records, LaListing)),
            arrival=_first(_seen(self._former, records, ActualDates)),
            transcript=_first(_seen(self._former, records, Tor)),
            decisions=tuple(chain.from_iterable(self._decisions.get(one.record.key, ()) for one in records)),
            problems=tuple(
                (str(record.record.key.kind), where, code)
                for record in records
                for where, code in record.record.problems
            ),
        )

    def _stay_id(
        self, student_id: StudentId, each: Group, direction: Direction, records: Iterable[StoredRecord]
    ) -> StayId:
        stay_id = each.stay_id or self._stay_of_exchange(student_id, each, direction)
        if stay_id is None and self.names:
            stay_id = self.uow.students.add_stay(student_id, direction, each.partner_hei_id, self.now)
        if stay_id is None:
            return StayId(f"{student_id}-?")
        # No other group of this student may get this name, even where no record keeps it.
        self._named.add(stay_id)
        if not self.names:
            return stay_id
        by_owner: dict[StudentId, list[RecordKey]] = defaultdict(list)
        for record in records:
            if record.stay_id != stay_id:
                by_owner[record.student_id or student_id].append(record.record.key)
        for owner, keys in by_owner.items():
            self.uow.records.assign(keys, owner, stay_id)
        return stay_id

    def _stay_of_exchange(self, student_id: StudentId, each: Group, direction: Direction) -> StayId | None:
        """The name of a stay of which only the registry knows: the unnamed one of this partner and direction.

        So with records that were with another student for a while: they get the name back that they had.
        """
        if any(one.key.source != REGISTRY and one.key not in self._back for one in each.traces):
            return None
        for stay in self.uow.students.stays(student_id):
            same = (stay.direction, stay.partner_hei_id) == (direction, each.partner_hei_id)
            if same and stay.stay_id not in self._named:
                return stay.stay_id
        return None


def _ladok_uids(keys: Iterable[IdentityKey]) -> list[LadokUid]:
    return sorted(LadokUid(key.value) for key in keys if key.kind is IdentityKeyKind.LADOK_STUDENT)


def _own_stays_only(records: Iterable[StoredRecord], stays: Iterable[Stay]) -> list[StoredRecord]:
    """Records without the name of a stay that is another student's: of one who was taken for this one."""
    own = {stay.stay_id for stay in stays}
    return [each if each.stay_id in own else replace(each, stay_id=None) for each in records]


def bare_code(code: str) -> str:
    """An Erasmus code without its country and blanks, as registries keep it: `S  NORDHAV01` is `NORDHAV01`."""
    return _COUNTRY.sub("", code.strip().upper()).replace(" ", "")


def bare_codes(code: str) -> set[str]:
    """The forms in which a registry may keep an Erasmus code: three letters of a country leave no blank behind them."""
    bare = bare_code(code)
    return {bare, bare[_COUNTRY_LETTERS:]} if _LONG_COUNTRY.match(code.strip().upper()) else {bare}


def _seen(
    former: Mapping[RecordKey, Sequence[StoredRecord]], records: Iterable[StoredRecord], kind: type[T]
) -> list[Seen[T]]:
    """The records of one kind with their former facts: living ones first, then the latest."""
    found = [each for each in records if isinstance(each.record.facts, kind)]
    found.sort(key=lambda each: (each.live, each.changed_at, str(each.record.key)), reverse=True)
    return [
        Seen(
            each.record.facts,
            each,
            tuple((before.record.facts, before.changed_at) for before in former[each.record.key]),
        )
        for each in found
    ]


def _first(found: Sequence[Seen[T]]) -> Seen[T] | None:
    return found[0] if found else None


def _persons(records: Iterable[StoredRecord], facts: Sequence[Fact]) -> Iterable[SaidOfPerson]:
    # An entry for which another stands describes nobody any more.
    gone = {each.student_uid for each in facts if isinstance(each, StudentReplaced) and not each.removed}
    for fact in facts:
        if not isinstance(fact, LadokStudent) or fact.student_uid in gone:
            continue
        if fact.person is not None and not fact.removed:
            yield SaidOfPerson(REGISTRY, fact.person)
    for each in records:
        # A wrong transcript is quarantined by itself; it must not put the person of the whole stay in question.
        person = None if isinstance(each.record.facts, Tor) else person_of(each.record.facts)
        if person is not None and person != Person():
            yield SaidOfPerson(_system(each), person)


def _system(stored: StoredRecord) -> str:
    key = stored.record.key
    return key.source if key.source != "ewp" else f"ewp:{key.holder_hei_id}:{key.kind}"


def _known_to_registry(facts: Iterable[Fact]) -> bool:
    return any(not fact.removed for fact in facts)


def _holds(facts: Iterable[Fact], kind: type[F]) -> bool:
    return any(isinstance(fact, kind) and not fact.removed for fact in facts)
