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


def decide_index(
    known: AbstractSet[IiaId],
    listed: AbstractSet[IiaId],
    *,
    full: bool,
    previous_count: int,
    floor: int,
    accept_shrink: bool,
) -> IndexDecision:
    """Decide what one listing means.

    A partner may ignore `modified_since` and list everything: an answer that names every known id (of at
    least two) is taken for that, since fetching all of them again would cost what the parameter was to save.
    A full listing of less than half of what was known, or listed before, deletes nothing unless a person says so
    (`accept_shrink`); a listing too small before to halve (`floor`) is believed.
    """
    new = tuple(sorted(listed - known))
    if not full:
        everything = len(known) > 1 and known <= listed
        changed = () if everything else tuple(sorted(listed & known))
        return IndexDecision(new, changed, ignored_modified_since=everything)
    held_before = max(previous_count, len(known))
    shrunk = held_before >= floor and len(listed) * 2 < held_before
    if shrunk and not accept_shrink:
        return IndexDecision(new, shrunk_to=len(listed))
    return IndexDecision(new, suspected_gone=tuple(sorted(known - listed)))
