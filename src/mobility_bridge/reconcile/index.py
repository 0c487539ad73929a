"""What a partner's index means: which copies to fetch, and when not to believe it."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mobility_bridge.domain.identifiers import IiaId


@dataclass(frozen=True, slots=True)
class IndexDecision:
    """What to do about one listing.

    `new` ids were never seen, `changed` are known ones that a listing of changes names, `suspected_gone` are
    known ones that a full listing lacks: only asking for them tells whether they are. `shrunk_to` is the size
    of a listing that is not believed; then nothing is suspected gone.
    """

    new: tuple[IiaId, ...]
    changed: tuple[IiaId, ...] = ()
    suspected_gone: tuple[IiaId, ...] = ()
    shrunk_to: int | None = None
    ignored_modified_since: bool = False

    @property
    def dirty(self) -> tuple[IiaId, ...]:
        """Everything that has to be fetched."""
        return (*self.new, *self.changed, *self.suspected_gone)


def names_everything(known: AbstractSet[IiaId], listed: AbstractSet[IiaId]) -> bool:
    """Say whether a listing of changes may come from a partner that ignores `modified_since`.

    Or everything has changed: only asking for changes since a day to come tells one from the other, because a
    partner that ignores the parameter then still lists everything and any other lists nothing.
    """
    return len(known) > 1 and known <= listed


def decide_index(  # noqa: PLR0913 - the facts of one listing
    known: AbstractSet[IiaId],
    listed: AbstractSet[IiaId],
    *,
    full: bool,
    ignores: bool,
    previous_count: int,
    floor: int,
    accept_shrink: bool,
) -> IndexDecision:
    """Decide what one listing means.

    From a partner that ignores `modified_since` (`ignores`), an answer that names every known id says nothing of
    changes: fetching all of them again each time would cost what the parameter was to save.
    A full listing of less than half of what was known, or listed before, deletes nothing unless a person says so
    (`accept_shrink`); a listing too small before to halve (`floor`) is believed.
    """
    new = tuple(sorted(listed - known))
    if not full:
        everything = ignores and names_everything(known, listed)
        changed = () if everything else tuple(sorted(listed & known))
        return IndexDecision(new, changed, ignored_modified_since=everything)
    held_before = max(previous_count, len(known))
    shrunk = held_before >= floor and len(listed) * 2 < held_before
    if shrunk and not accept_shrink:
        return IndexDecision(new, shrunk_to=len(listed))
    return IndexDecision(new, suspected_gone=tuple(sorted(known - listed)))
