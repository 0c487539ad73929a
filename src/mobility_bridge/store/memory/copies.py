"""Copies of agreements, in memory."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mobility_bridge.domain.identifiers import Fingerprint, HeiId, IiaId, Sha256
from mobility_bridge.domain.snapshot import AgreementCopy, CopyChange, KnownDocument, StoredCopy
from mobility_bridge.kit.fingerprint import fingerprint
from mobility_bridge.store.changes import counterparts, is_local
from mobility_bridge.store.memory.shelf import Journal, Shelf

Key = tuple[HeiId, HeiId, IiaId]


class MemoryCopies:
    """`CopyRepository` on dictionaries."""

    def __init__(self, journal: Journal, documents: Shelf[Sha256, bytes]) -> None:
        self._documents = documents
        self._current: Shelf[Key, StoredCopy] = Shelf(journal)
        self._former: Shelf[int, StoredCopy] = Shelf(journal)

    def put_documents(self, documents: Mapping[Sha256, bytes]) -> None:
        for sha256, body in documents.items():
            self._documents.put(sha256, body)

    def document(self, sha256: Sha256) -> bytes | None:
        return self._documents.get(sha256)

    def save(self, copies: Sequence[AgreementCopy], at: datetime) -> Sequence[CopyChange]:
        changed = []
        for key, copy in {_key(copy): copy for copy in copies}.items():
            stored = self._current.get(key)
            change = _saved(stored, copy, at)
            self._current.put(key, change.row)
            if change.former is not None:
                self._former.put(len(self._former) + 1, change.former)
            if change.changed:
                changed.append(CopyChange(copy, stored))
        return changed

    def confirm(
        self,
        holder: HeiId,
        partner: HeiId,
        ids: Iterable[IiaId],
        at: datetime,
        document: Sha256 | None = None,
    ) -> int:
        found = [
            row
            for row in self.some(holder, partner, ids)
            if row.live and document in (None, row.copy.document.sha256)
        ]
        for row in found:
            self._current.put(_key(row.copy), replace(row, confirmed_at=at))
        return len(found)

    def mark_gone(self, holder: HeiId, partner: HeiId, ids: Iterable[IiaId], at: datetime) -> Sequence[IiaId]:
        gone = []
        for iia_id in ids:
            stored = self.get(holder, partner, iia_id)
            if stored is not None and stored.live:
                self._current.put((holder, partner, iia_id), replace(stored, gone_at=at))
                gone.append(iia_id)
        return sorted(gone)

    def get(self, holder: HeiId, partner: HeiId, iia_id: IiaId) -> StoredCopy | None:
        return self._current.get((holder, partner, iia_id))

    def some(self, holder: HeiId, partner: HeiId, ids: Iterable[IiaId]) -> Sequence[StoredCopy]:
        found = (self.get(holder, partner, iia_id) for iia_id in sorted(set(ids)))
        return [row for row in found if row is not None]

    def find(self, iia_id: IiaId) -> Sequence[StoredCopy]:
        found = [row for row in self._current if iia_id in (row.copy.iia_id, row.copy.partner_iia_id)]
        return sorted(found, key=lambda row: (not is_local(row.copy), _key(row.copy)))

    def of_partner(self, holder: HeiId, partner: HeiId, *, live_only: bool = True) -> Sequence[StoredCopy]:
        return self._select(
            lambda row: (
                (row.copy.holder_hei_id, row.copy.partner_hei_id) == (holder, partner)
                and (row.live or not live_only)
            )
        )

    def ids_of_partner(self, holder: HeiId, partner: HeiId) -> set[IiaId]:
        return {row.copy.iia_id for row in self.of_partner(holder, partner)}

    def ids_to_refresh(
        self, holder: HeiId, partner: HeiId, confirmed_before: datetime, limit: int
    ) -> Sequence[IiaId]:
        stale = [row for row in self.of_partner(holder, partner) if row.confirmed_at < confirmed_before]
        stale.sort(key=lambda row: (row.confirmed_at, row.copy.iia_id))
        return [row.copy.iia_id for row in stale[:limit]]

    def listing(self, holder: HeiId, partner: HeiId, listed_id: IiaId) -> Sequence[StoredCopy]:
        return [row for row in self.of_partner(holder, partner) if row.copy.partner_iia_id == listed_id]

    def history(self, holder: HeiId, partner: HeiId, iia_id: IiaId) -> Sequence[StoredCopy]:
        key = (holder, partner, iia_id)
        return [row for _, row in sorted(self._former.items(), reverse=True) if _key(row.copy) == key]

    def local(self, *, live_only: bool = True) -> Sequence[StoredCopy]:
        return self._select(lambda row: is_local(row.copy) and (row.live or not live_only))

    def holders_to_refresh(
        self, holders: Iterable[HeiId], partner: HeiId, confirmed_before: datetime
    ) -> set[HeiId]:
        return {each for each in holders if self.ids_to_refresh(each, partner, confirmed_before, 1)}

    def partners_of(self, holder: HeiId) -> set[HeiId]:
        return {
            row.copy.partner_hei_id for row in self._current if row.live and row.copy.holder_hei_id == holder
        }

    def partner_hei_ids(self) -> set[HeiId]:
        own = {row.copy.holder_hei_id for row in self.local(live_only=False)}
        return counterparts(((row.copy.holder_hei_id, row.copy.partner_hei_id) for row in self._current), own)

    def current_documents(
        self, holder: HeiId, partner: HeiId, batches: Sequence[Collection[IiaId]]
    ) -> Sequence[KnownDocument | None]:
        return [self._current_document(holder, partner, ids) for ids in batches]

    def _current_document(
        self, holder: HeiId, partner: HeiId, ids: Collection[IiaId]
    ) -> KnownDocument | None:
        held = [row for row in self.some(holder, partner, ids) if row.live]
        found = {row.copy.document.sha256 for row in held}
        if len(found) != 1 or len(held) != len(set(ids)):
            return None
        (sha256,) = found
        body = self._documents.get(sha256)
        return KnownDocument(sha256, None if body is None else Fingerprint(fingerprint(body)))

    def _select(self, wanted: Callable[[StoredCopy], bool]) -> Sequence[StoredCopy]:
        return sorted((row for row in self._current if wanted(row)), key=lambda row: _key(row.copy))


def _key(copy: AgreementCopy) -> Key:
    return copy.holder_hei_id, copy.partner_hei_id, copy.iia_id


@dataclass(frozen=True, slots=True)
class _Change:
    row: StoredCopy
    changed: bool
    former: StoredCopy | None


def _saved(stored: StoredCopy | None, copy: AgreementCopy, at: datetime) -> _Change:
    if stored is None:
        return _Change(StoredCopy(copy, at, at, at), changed=True, former=None)
    if stored.copy.says_the_same_as(copy):
        same = replace(stored.copy, document=copy.document)
        row = replace(stored, copy=same, confirmed_at=at, gone_at=None)
        return _Change(row, changed=not stored.live, former=None)
    return _Change(StoredCopy(copy, stored.first_seen_at, at, at), changed=True, former=stored)
