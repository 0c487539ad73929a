"""The registry's facts and how far its feed was handled, in memory: the same behaviour on dictionaries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from mobility_bridge.domain.fact import F, Fact, prevailing
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.ports.students import FormerFact
from mobility_bridge.store.memory.shelf import Journal, Shelf


class MemoryFacts:
    """`FactRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._facts: Shelf[tuple[str, ...], Fact] = Shelf(journal)
        self._history: Shelf[tuple[str, ...], tuple[FormerFact, ...]] = Shelf(journal)

    def apply(self, facts: Iterable[Fact], now: datetime) -> Sequence[Fact]:
        changed = []
        for fact in facts:
            known = self._facts.get(fact.key)
            if prevailing(known, fact) is known:
                continue
            self._facts.put(fact.key, fact)
            if known is None:
                changed.append(fact)
            elif replace(fact, as_of=known.as_of, event_uid=known.event_uid) != known:
                changed.append(fact)
                former = self._history.get(fact.key) or ()
                self._history.put(fact.key, (*former, FormerFact(known, now)))
        return changed

    def of_student(self, student_uid: LadokUid) -> Sequence[Fact]:
        found = [fact for fact in self._facts if getattr(fact, "student_uid", None) == student_uid]
        return sorted(found, key=lambda fact: fact.key)

    def erase(self, uids: Collection[LadokUid]) -> int:
        """Let go of all facts of these students, and of what they replaced; return how many keys."""

        def mine(fact: Fact | None) -> bool:
            return getattr(fact, "student_uid", None) in uids

        keys = {key for key, fact in self._facts.items() if mine(fact)}
        keys |= {
            key
            for key, former in self._history.items()
            if getattr(self._facts.get(key), "student_uid", None) is None
            and any(mine(each.fact) for each in former)
        }
        for key in keys:
            self._facts.drop(key)
            self._history.drop(key)
        return len(keys)

    def of_students(self, student_uids: Iterable[LadokUid]) -> Mapping[LadokUid, Sequence[Fact]]:
        return {uid: self.of_student(uid) for uid in student_uids}

    def get(self, key: tuple[str, ...]) -> Fact | None:
        return self._facts.get(key)

    def get_many(self, keys: Iterable[tuple[str, ...]]) -> Mapping[tuple[str, ...], Fact]:
        return {key: fact for key in keys if (fact := self._facts.get(key)) is not None}

    def history_of_student(self, student_uid: LadokUid) -> Sequence[FormerFact]:
        found = [
            former for fact in self.of_student(student_uid) for former in self._history.get(fact.key) or ()
        ]
        return sorted(found, key=lambda each: each.replaced_at)

    def of_kind(self, kind: type[F]) -> Sequence[F]:
        return sorted((fact for fact in self._facts if isinstance(fact, kind)), key=lambda fact: fact.key)


class MemoryFeeds:
    """`FeedLog` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._events: Shelf[tuple[str, str], tuple[int, date]] = Shelf(journal)

    def handled(self, feed: str, event_ids: Iterable[str]) -> frozenset[str]:
        return frozenset(each for each in event_ids if (feed, each) in self._events)

    def mark_handled(self, feed: str, event_ids: Iterable[str], page: int, now: datetime) -> None:
        for each in event_ids:
            at, _ = self._events.get((feed, each)) or (page, None)
            self._events.put((feed, each), (at, now.date()))

    def drop(self, before: date, *, dry_run: bool) -> int:
        """Let go of what was handled before this day; return of how many events."""
        chosen = [key for key, (_, handled_on) in self._events.items() if handled_on < before]
        for key in chosen if not dry_run else ():
            self._events.drop(key)
        return len(chosen)

    def forget_from(self, feed: str, page: int) -> int:
        chosen = [key for key, (at, _) in self._events.items() if key[0] == feed and at >= page]
        for key in chosen:
            self._events.drop(key)
        return len(chosen)
