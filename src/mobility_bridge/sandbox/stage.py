"""What is going on: the world as it is now, the faults that are switched on, what partners were told.

Every change passes through here and is written in a journal, from which the same state can be played again.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import edits, mobility_online_acts, student_acts
from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.faults import LADOK, Fault, fault_named, in_order
from mobility_bridge.sandbox.ladok import WHILE_IT_HAPPENS
from mobility_bridge.sandbox.ladok_acts import perform
from mobility_bridge.sandbox.ladok_events import Scene
from mobility_bridge.sandbox.scenarios.story import Scenario
from mobility_bridge.sandbox.students import Stay, StudentNotice
from mobility_bridge.sandbox.world import Copy, World

Journal = list[dict[str, Any]]
_PARTNERS = tuple(hei.hei_id for hei in PARTNERS)


class System(Protocol):
    """Somebody beside the partners who can misbehave: our own system, or the registry."""

    @property
    def faults(self) -> list[str]: ...
    def switch(self, name: str, *, on: bool) -> None: ...
    def repair(self) -> None: ...


@dataclass(slots=True)
class Notice:
    """A notification that a partner took: how often, and when last."""

    partner: str
    kind: str
    iia_id: str
    count: int
    at: datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Stage:
    """The running play.

    `slow_s` is how long a slow partner takes; `changed` is called after every change; `systems` are those
    that misbehave beside the partners, by name.
    """

    scenario: Scenario
    clock: Callable[[], datetime] = utc_now
    slow_s: float = 30.0
    changed: Callable[[], None] = lambda: None
    act: int = 1
    journal: Journal = field(default_factory=list)
    notices: dict[tuple[str, str, str], Notice] = field(default_factory=dict)
    student_notices: dict[tuple[str, str, str], StudentNotice] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    touched_at: dict[str, datetime] = field(default_factory=dict)
    systems: dict[str, System] = field(default_factory=dict)
    _faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.scenario.world

    @property
    def fault_names(self) -> dict[str, list[str]]:
        """Who misbehaves in which ways."""
        everybody = {**self._faults, **{name: system.faults for name, system in self.systems.items()}}
        return {name: list(faults) for name, faults in everybody.items() if faults}

    def faults_of(self, who: str) -> list[Fault]:
        """The faults of a partner's host, or of a system that misbehaves as hosts do."""
        return in_order(self.systems[who].faults if who in self.systems else self._faults.get(who, ()))

    def replay(self, journal: Journal, faults: dict[str, list[str]]) -> None:
        """Play what happened before, on a fresh scenario, and end with these faults."""
        for event in journal:
            self._do(event)
        self._repair()
        for who, names in faults.items():
            for name in names:
                self._switch(who, name, on=True)

    def switch(self, who: str, name: str, *, on: bool) -> None:
        """Switch one fault of a partner or system. Raises UsageError for names that do not exist."""
        self._switch(who, name, on=on)
        self.changed()

    def repair(self) -> None:
        """Switch every fault off."""
        self._repair()
        self.changed()

    def _repair(self) -> None:
        for hei_id in list(self._faults):
            self._faults[hei_id] = []
            self.touched_at[hei_id] = self.clock()
        for system in self.systems.values():
            system.repair()

    def advance(self) -> int:
        """Go on to the next act and its weather. Raises UsageError after the last one."""
        if self.act >= self.scenario.acts:
            raise UsageError(f"scenario {self.scenario.name} ends with act {self.act}")
        self._record({"event": "advance"})
        return self.act

    def change_ours(self, iia_id: str, **changes: Any) -> None:
        """Edit one of our agreements in Mobility-Online; see `_changed_terms` for what can be said."""
        if iia_id not in self.world.ours:
            raise UsageError(f"we have no agreement {iia_id!r}")
        self._record({"event": "change", "iia_id": iia_id, **changes})

    def approve_ours(self, iia_id: str) -> None:
        """The partner approves our agreement as it is now."""
        if iia_id not in self.world.ours:
            raise UsageError(f"we have no agreement {iia_id!r}")
        self._record({"event": "approve", "iia_id": iia_id})

    def notify(self, hei_id: str, kind: str, iia_id: str) -> None:
        """A partner takes a notification."""
        now = self.clock()
        notice = self.notices.setdefault((hei_id, kind, iia_id), Notice(hei_id, kind, iia_id, 0, now))
        notice.count += 1
        notice.at = now
        if kind == "iia" and edits.notified(self.world, hei_id, iia_id, now):
            self._remember({"event": "notified", "partner": hei_id, "iia_id": iia_id}, now)

    def notify_student(self, hei_id: str, kind: str, omobility_id: str) -> None:
        """A partner takes a notification about a student's mobility."""
        now = self.clock()
        fresh = StudentNotice(hei_id, kind, omobility_id, 0, now)
        notice = self.student_notices.setdefault((hei_id, kind, omobility_id), fresh)
        notice.count += 1
        notice.at = now

    def about_students(self, act: str, /, **arguments: Any) -> Stay:
        """Something happens to a student; see `student_acts`. Gives the stay as it is then."""
        given = {name: value for name, value in arguments.items() if value is not None}
        event = {"event": "student", "act": act, "arguments": given}
        now = self.clock()
        stay = student_acts.perform(self.world, now, act, given)
        self._remember(event, now)
        return stay

    def in_mobility_online(self, act: str, /, **arguments: Any) -> Any:
        """Something happens in Mobility-Online; see `mobility_online_acts`. Gives what was changed."""
        given = {name: value for name, value in arguments.items() if value is not None}
        now = self.clock()
        made = mobility_online_acts.perform(self.world, now, act, given)
        self._remember({"event": "mobility_online", "act": act, "arguments": given}, now)
        return made

    def in_ladok(self, act: str, who: str, /, **arguments: Any) -> Any:
        """Somebody, or a program, does something in Ladok; see `ladok_acts`. Gives what was changed."""
        system = self.systems.get(LADOK)
        feed = sorted(WHILE_IT_HAPPENS.intersection(system.faults if system else ()))
        given = {name: value for name, value in arguments.items() if value is not None}
        event = {"event": "ladok", "act": act, "who": who, "arguments": given, "feed": feed}
        now = self.clock()
        made = self._in_ladok(event, now)
        self._remember(event, now)
        return made

    def _in_ladok(self, event: dict[str, Any], now: datetime) -> Any:
        scene = Scene(self.world.ladok, now, event["who"], frozenset(event["feed"]))
        return perform(scene, event["act"], event["arguments"])

    def _record(self, event: dict[str, Any]) -> None:
        now = self.clock()
        self._do({**event, "at": now.isoformat()})
        self._remember(event, now)

    def _remember(self, event: dict[str, Any], now: datetime) -> None:
        self.journal.append({**event, "at": now.isoformat()})
        self.changed()

    def _do(self, event: dict[str, Any]) -> None:
        now = datetime.fromisoformat(event["at"])
        if event["event"] == "advance":
            self.act += 1
            self.scenario.play(self.act, now)
            self._weather(self.act)
        elif event["event"] == "change":
            edits.rewrite_ours(self.world, event["iia_id"], _changed_terms(event), now)
        elif event["event"] == "approve":
            edits.approve(self.world, event["iia_id"])
        elif event["event"] == "notified":
            edits.notified(self.world, event["partner"], event["iia_id"], now)
        elif event["event"] == "ladok":
            self._in_ladok(event, now)
        elif event["event"] == "student":
            student_acts.perform(self.world, now, event["act"], event["arguments"])
        elif event["event"] == "mobility_online":
            mobility_online_acts.perform(self.world, now, event["act"], event["arguments"])

    def _weather(self, act: int) -> None:
        """Let the former act's faults go and this one's come; those switched on by hand stay."""
        before, now = set(self.scenario.act(act - 1).weather), set(self.scenario.act(act).weather)
        for who, name in sorted(before ^ now):
            if who in _PARTNERS or who in self.systems:
                self._switch(who, name, on=(who, name) in now)

    def _switch(self, hei_id: str, name: str, *, on: bool) -> None:
        if hei_id in self.systems:
            self.systems[hei_id].switch(name, on=on)
            return
        if hei_id not in _PARTNERS:
            raise UsageError(
                f"there is no partner {hei_id!r}", next_step=f"Choose one of: {', '.join(_PARTNERS)}."
            )
        name = fault_named(name).name
        names = self._faults.setdefault(hei_id, [])
        if on and name not in names:
            names.append(name)
        if not on and name in names:
            names.remove(name)
        # Its index lists everything again, because everything may look different now.
        self.touched_at[hei_id] = self.clock()


def _changed_terms(event: dict[str, Any]) -> Callable[[Copy], Copy]:
    """`number` (default: one more), `terms` or `last_year` of the condition at `condition` (default: 0)."""
    wanted: dict[str, Any] = {
        key: str(event[key]) for key in ("number", "terms", "last_year") if key in event
    }

    def changed(copy: Copy) -> Copy:
        position = int(event.get("condition", 0))
        if not 0 <= position < len(copy.conditions):
            raise UsageError(f"agreement {copy.iia_id} has no condition {position}")
        more: dict[str, Any] = wanted or {"number": str(int(copy.conditions[position].number) + 1)}
        return edits.condition_at(position, lambda each: replace(each, **more))(copy)

    return changed
