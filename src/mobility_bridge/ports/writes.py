"""What the store keeps about writes to our own systems. Every function runs inside one unit of work."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from mobility_bridge.domain.record import StayId
from mobility_bridge.domain.write import Write, WriteState


class WriteRepository(Protocol):
    """Writes, from the moment they are asked for; none is ever taken out."""

    def ask(self, write: Write) -> Write:
        """Keep a new write and number it; while one of its key is open, that one is returned and nothing kept."""
        ...

    def save(self, write: Write) -> None:
        """Keep what became of a write. Raises StoreError for one that was never asked for."""
        ...

    def get(self, write_id: int) -> Write | None: ...

    def latest(self, keys: Iterable[str]) -> Mapping[str, Write]:
        """The newest write of each of these keys that has one."""
        ...

    def select(
        self,
        *,
        states: Sequence[WriteState] = (),
        kind: str | None = None,
        stay_id: StayId | None = None,
        limit: int = 1000,
    ) -> Sequence[Write]:
        """Newest first."""
        ...

    def troubled(self) -> Sequence[Write]:
        """The newest write of each key, where it is not done and not moved: what people should know of."""
        ...
