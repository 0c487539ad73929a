"""What the student registry says, one small fact at a time.

Every fact has a key and the instant for which it was said. Facts of one key are weighed by that instant alone: a
later one replaces an earlier one whatever the order in which they arrive, applying one twice changes nothing, and
a removal stays behind as a fact with `removed`, so that an older notice cannot bring the thing back.

A class holds what one kind of notice or answer says in full, so that a later fact never wipes what it did not say.

Source: Ladok: events that matter for exchange.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar

from mobility_bridge.domain.identifiers import LadokUid


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that the registry said.

    `as_of` is UTC: the event's own time, or the time of the answer that was read. `event_uid` is None for what
    was read. `removed`: it is no longer so, and fields beyond the key may be None.
    """

    kind: ClassVar[str] = ""

    as_of: datetime
    event_uid: LadokUid | None = None
    removed: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """What the fact is about: its kind first."""
        raise NotImplementedError

    @property
    def weight(self) -> tuple[datetime, str, bool]:
        """What decides between two facts of one key."""
        return self.as_of, self.event_uid or "", self.removed


F = TypeVar("F", bound=Fact)


def prevailing(known: F | None, said: F) -> F:
    """Return the fact that holds when `said` arrives; `known` itself where nothing changes."""
    return said if known is None or said.weight > known.weight else known
