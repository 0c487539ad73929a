"""How scenarios are written: agreements on both sides, what each is meant to show, and what changes later."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from mobility_bridge.sandbox import edits
from mobility_bridge.sandbox.academic_years import academic_year, year_id
from mobility_bridge.sandbox.cast import EVERYBODY, Hei
from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.scenarios.rewrites import Rewrite
from mobility_bridge.sandbox.scenarios.story import Act, Change, Entry, Scenario, Shows
from mobility_bridge.sandbox.world import (
    OWN_HEI_ID,
    STUDIES,
    TEACHING,
    TRAINEESHIP,
    TRAINING,
    Condition,
    Contact,
    Copy,
    Field,
    Language,
    OurAgreement,
    PartnerApproval,
    PartnerCopy,
    World,
)

_NAMESPACE = uuid.UUID("6d6f6269-6c69-5479-a272-696467650000")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is exchanged, in both directions, unless `directions` says otherwise."""

    kind: str = STUDIES
    places_out: int = 2
    places_in: int = 2
    fields: tuple[str, ...] = ("0311",)
    languages: tuple[tuple[str, str], ...] = (("en", "B2"),)
    levels: tuple[str, ...] = ("6", "7")
    text: str | None = None
    directions: str = "both"


@dataclass(frozen=True, slots=True)
class Situation:
    """How far an agreement has come.

    `first_year` and `last_year` are offsets to the current academic year. `age_days` is how long
    before the first act the copies were made.
    """

    state: str = "concluded"
    first_year: int = -1
    last_year: int = 2
    age_days: int = 300


@dataclass(slots=True)
class Script:
    """A scenario in the writing. Every number and date follows from the order and from `today`."""

    name: str
    today: date
    plot: tuple[Act, ...] = (Act("the first reading"),)
    world: World = field(init=False)
    entries: list[Entry] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    partner_shows: dict[str, Shows] = field(default_factory=dict)
    source_shows: dict[str, Shows] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = World(self.today)

    @property
    def this_year(self) -> int:
        return academic_year(self.today)

    def at(self, days_ago: int) -> datetime:
        """A moment so many days before the first act."""
        day = self.day(1) - timedelta(days=days_ago)
        return datetime.combine(day, time(9, 30), UTC)

    def day(self, act: int) -> date:
        return self.today - timedelta(days=self.plot[act - 1].ago.days)

    def finished(self) -> Scenario:
        return Scenario(
            self.name,
            self.world,
            tuple(self.entries),
            tuple(self.changes),
            self.plot,
            self.partner_shows,
            self.source_shows,
        )

    def then(self, act: int, what: str, happen: Callable[[World, datetime], None]) -> None:
        self.changes.append(Change(act, what, happen))

    def shows(
        self,
        name: str,
        pair: "Pair",
        shows: str | Mapping[int, str] = "",
        *,
        unseen: str = "",
        invalid: bool = False,
    ) -> None:
        """Say what a pair of copies is meant to show; codes are words in one text."""
        by_act = {1: shows} if isinstance(shows, str) else shows
        self.entries.append(
            Entry(
                name=name,
                partner=pair.hei.hei_id,
                iia_id=pair.iia_id if pair.has_ours else None,
                partner_iia_ids=pair.partner_iia_ids,
                shows={act: tuple(codes.split()) for act, codes in by_act.items()},
                unseen=tuple(unseen.split()),
                invalid=invalid,
            )
        )

    def pair(
        self,
        hei_id: str,
        terms: Terms | Sequence[Terms] = Terms(),
        situation: Situation = Situation(),
        *,
        ours: Rewrite | None = None,
        theirs: Rewrite | None = None,
    ) -> "Pair":
        """Put an agreement on both sides, as its situation has it."""
        return Pair.make(self, hei_id, _listed(terms), situation, ours=ours, theirs=theirs)


@dataclass(frozen=True, slots=True)
class Pair:
    """The two copies of one agreement, for telling what happens to them."""

    script: Script
    hei: Hei
    iia_id: str
    partner_iia_id: str
    has_ours: bool
    more_partner_iia_ids: tuple[str, ...] = ()

    @classmethod
    def make(
        cls,
        script: Script,
        hei_id: str,
        terms: Sequence[Terms],
        situation: Situation,
        *,
        ours: Rewrite | None,
        theirs: Rewrite | None,
    ) -> "Pair":
        hei = EVERYBODY[hei_id]
        number = len(script.world.ours) + sum(map(len, script.world.theirs.values())) + 1
        state = situation.state
        pair = cls(script, hei, f"nhu-iia-{number:04}", _partner_id(hei, number), state != "foreign")
        conditions = tuple(each for part in terms for each in pair.conditions(part, situation))
        if state != "foreign":
            script.world.ours[pair.iia_id] = pair._ours(number, situation, conditions, ours)
        if state not in ("draft", "offered"):
            pair.add_theirs(pair._theirs(number, situation, conditions, theirs), situation.age_days)
        if state in _APPROVED_BY_PARTNER:
            pair.approved_by_partner()
        return pair

    @property
    def partner_iia_ids(self) -> tuple[str, ...]:
        shown = (self.partner_iia_id,) if self.partner_iia_id in self._shelf else ()
        return shown + self.more_partner_iia_ids

    @property
    def ours(self) -> OurAgreement:
        return self.script.world.ours[self.iia_id]

    @property
    def theirs(self) -> PartnerCopy:
        return self._shelf[self.partner_iia_id]

    @property
    def _shelf(self) -> dict[str, PartnerCopy]:
        return self.script.world.partner_copies(self.hei.hei_id)

    def add_theirs(self, copy: Copy, age_days: int = 300) -> None:
        self._shelf[copy.iia_id] = PartnerCopy(copy, self.script.at(age_days))

    def keep_ours(self, **changes: Any) -> "Pair":
        """Change what Mobility-Online stores beside the terms."""
        self.script.world.ours[self.iia_id] = replace(self.ours, **changes)
        return self

    def keep_theirs(self, **changes: Any) -> "Pair":
        """Change how the partner's system treats its copy."""
        self._shelf[self.partner_iia_id] = replace(self.theirs, **changes)
        return self

    def approved_by_partner(self, iia_hash: str | None = None, *, follows: bool = False) -> "Pair":
        approval = PartnerApproval(self.iia_id, iia_hash or hash_of(self.ours.copy), follows)
        self.script.world.partner_approvals(self.hei.hei_id)[self.iia_id] = approval
        return self

    def not_approved_by_partner(self) -> "Pair":
        self.script.world.partner_approvals(self.hei.hei_id).pop(self.iia_id, None)
        return self

    def changes_ours(self, act: int, what: str, rewrite: Rewrite) -> None:
        iia_id = self.iia_id
        self.script.then(act, what, lambda world, now: edits.rewrite_ours(world, iia_id, rewrite, now))

    def changes_theirs(self, act: int, what: str, rewrite: Rewrite) -> None:
        hei_id, iia_id = self.hei.hei_id, self.partner_iia_id
        self.script.then(
            act, what, lambda world, now: edits.rewrite_theirs(world, hei_id, iia_id, rewrite, now)
        )

    def withdraws_ours(self, act: int) -> None:
        iia_id = self.iia_id
        self.script.then(act, "we delete our copy", lambda world, _: edits.withdraw_ours(world, iia_id))

    def withdraws_theirs(self, act: int) -> None:
        hei_id, iia_id = self.hei.hei_id, self.partner_iia_id
        self.script.then(
            act, "the partner deletes its copy", lambda world, _: edits.withdraw_theirs(world, hei_id, iia_id)
        )

    def returns_theirs(self, act: int, copy: Copy) -> None:
        hei_id = self.hei.hei_id
        self.script.then(
            act,
            "the partner uses the id of a deleted copy again",
            lambda world, now: edits.add_theirs(world, hei_id, copy, now),
        )

    def renumbers_theirs(self, act: int, new_id: str) -> None:
        hei_id, iia_id = self.hei.hei_id, self.partner_iia_id
        self.script.then(
            act,
            "the partner imports its copy anew, under another id",
            lambda world, now: edits.renumber_theirs(world, hei_id, iia_id, new_id, now),
        )

    def treats_theirs(self, act: int, what: str, **changes: Any) -> None:
        hei_id, iia_id = self.hei.hei_id, self.partner_iia_id
        self.script.then(
            act, what, lambda world, now: edits.treat_theirs(world, hei_id, iia_id, now, **changes)
        )

    def loses_approval(self, act: int) -> None:
        iia_id = self.iia_id
        self.script.then(
            act,
            "the partner no longer names its approval",
            lambda world, _: edits.withdraw_approval(world, iia_id),
        )

    def concludes(self, act: int) -> None:
        """Both name each other's copy and approve it, although nobody has shown more than ours so far."""
        iia_id, number = self.iia_id, len(self.script.world.ours)
        theirs = self._shelf.get(self.partner_iia_id)
        copy = theirs.copy if theirs else self._answer(number)
        self.script.then(
            act,
            "the partner answers, and both approve",
            lambda world, now: edits.conclude(world, iia_id, copy, now),
        )

    def _answer(self, number: int) -> Copy:
        """The copy with which a partner answers ours."""
        ours = self.ours.copy
        return replace(
            ours,
            holder_hei_id=self.hei.hei_id,
            other_hei_id=OWN_HEI_ID,
            iia_id=self.partner_iia_id,
            iia_code=self._partner_code(number),
            other_iia_id=self.iia_id,
            other_iia_code=ours.iia_code,
            contact=Contact("Mobility Desk", f"mobility@{self.hei.hei_id}"),
        )

    def records_ours(self, act: int, what: str, **changes: Any) -> None:
        iia_id = self.iia_id
        self.script.then(act, what, lambda world, now: edits.record_ours(world, iia_id, now, **changes))

    def comes_true(self, act: int) -> None:
        """The partner approves our copy."""
        iia_id = self.iia_id
        self.script.then(act, "the partner approves our copy", lambda world, _: edits.approve(world, iia_id))

    def conditions(self, terms: Terms, situation: Situation) -> list[Condition]:
        made = []
        if terms.directions != "in":
            made.append(self._condition(terms, situation, outgoing=True))
        if terms.directions != "out":
            made.append(self._condition(terms, situation, outgoing=False))
        return made

    def _condition(self, terms: Terms, situation: Situation, *, outgoing: bool) -> Condition:
        places = terms.places_out if outgoing else terms.places_in
        student = terms.kind in (STUDIES, TRAINEESHIP)
        south = outgoing and self.hei.southern
        first = self.script.this_year + situation.first_year
        last = self.script.this_year + situation.last_year
        months = {STUDIES: 5, TRAINEESHIP: 3, TEACHING: 5, TRAINING: 5}[terms.kind]
        return Condition(
            kind=terms.kind,
            sending_hei_id=OWN_HEI_ID if outgoing else self.hei.hei_id,
            receiving_hei_id=self.hei.hei_id if outgoing else OWN_HEI_ID,
            first_year=year_id(first, southern=south),
            last_year=year_id(last, southern=south),
            number=str(places),
            languages=tuple(Language(*each) for each in terms.languages),
            fields=tuple(map(Field, terms.fields)),
            levels=terms.levels if student else (),
            total=str(places * months),
            blended="false" if student else None,
            terms=terms.text,
        )

    def _ours(
        self, number: int, situation: Situation, conditions: tuple[Condition, ...], rewrite: Rewrite | None
    ) -> OurAgreement:
        state = situation.state
        mapped = state not in ("draft", "offered")
        copy = Copy(
            holder_hei_id=OWN_HEI_ID,
            other_hei_id=self.hei.hei_id,
            iia_id=self.iia_id,
            iia_code=f"NHU/{self.hei.hei_id[:3].upper()}/{number:03}",
            conditions=conditions,
            other_iia_id=self.partner_iia_id if mapped else None,
            other_iia_code=self._partner_code(number) if mapped else None,
            in_effect=state in _IN_EFFECT,
            terminated="true" if state == "terminated" else None,
            contact=Contact("International Office", "international@nordhav.example"),
        )
        made = self.script.at(situation.age_days)
        return OurAgreement(
            copy=rewrite(copy) if rewrite else copy,
            first_agreement_id=5000 + 10 * number,
            status=_STATUS[state],
            created_on=made,
            modified_on=made,
            last_notified=None if state == "draft" else made + timedelta(minutes=5),
            own_approval=state in _APPROVED_BY_US,
            partner_approval=state in _APPROVED_BY_PARTNER,
            coordinator="International Office",
            in_ewp=state != "draft",
        )

    def _theirs(
        self, number: int, situation: Situation, conditions: tuple[Condition, ...], rewrite: Rewrite | None
    ) -> Copy:
        foreign = situation.state == "foreign"
        copy = Copy(
            holder_hei_id=self.hei.hei_id,
            other_hei_id=OWN_HEI_ID,
            iia_id=self.partner_iia_id,
            iia_code=self._partner_code(number),
            conditions=conditions,
            other_iia_id=None if foreign else self.iia_id,
            other_iia_code=None if foreign else self.ours.copy.iia_code,
            in_effect=situation.state in _IN_EFFECT,
            terminated="true" if situation.state == "terminated" else None,
            contact=Contact("Mobility Desk", f"mobility@{self.hei.hei_id}"),
        )
        return rewrite(copy) if rewrite else copy

    def _partner_code(self, number: int) -> str:
        return f"{self.hei.hei_id[:3].upper()}-{self.script.this_year}-{number:03}"


_STATUS = {
    "draft": "DRAFT",
    "offered": "SENT",
    "foreign": "",
    "mapped": "SENT",
    "approved-by-us": "SENT",
    "approved-by-partner": "SENT",
    "concluded": "ACTIVE",
    "terminated": "ACTIVE",
    "expired": "EXPIRED",
}
_IN_EFFECT = ("concluded", "terminated", "expired")
_APPROVED_BY_US = ("approved-by-us", *_IN_EFFECT)
_APPROVED_BY_PARTNER = ("approved-by-partner", *_IN_EFFECT)


def _partner_id(hei: Hei, number: int) -> str:
    """Every system numbers in its own way."""
    if hei.hei_id == "brava.example":
        return f"{20240000 + number}"
    if hei.hei_id == "cedrona.example":
        return f"CED-IIA-{number:05}"
    return str(uuid.uuid5(_NAMESPACE, f"{hei.hei_id}/{number}"))


def _listed(terms: Terms | Sequence[Terms]) -> Sequence[Terms]:
    return [terms] if isinstance(terms, Terms) else terms
