"""Copies of agreements, in SQL."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, overload

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
)

from mobility_bridge.domain.identifiers import HeiId, IiaId, Sha256
from mobility_bridge.domain.snapshot import AgreementCopy, CopyChange, KnownDocument, StoredCopy
from mobility_bridge.store.changes import counterparts, is_local
from mobility_bridge.store.columns import to_digest, to_micros
from mobility_bridge.store.sql.copy_rows import (
    COLUMNS,
    DOCUMENT,
    FACTS,
    GONE_AT,
    WRITTEN,
    facts_of,
    says_the_same,
    stored_copy,
)
from mobility_bridge.store.sql.documents import SqlDocuments
from mobility_bridge.store.sql.statements import in_chunks, insert_raw, run_raw, write_raw
from mobility_bridge.store.tables import LOCAL_COPY, copies

# Without our column types: a copy is decoded in one go, which takes a third of the time.
_copies = table("copies", *(column(name) for name in COLUMNS))
_former = table("copies_history", column("history_id"), *(column(name) for name in COLUMNS))

_LIVE = copies.c.gone_at.is_(None)
_KEY_ORDER = (_copies.c.holder_hei_id, _copies.c.partner_hei_id, _copies.c.iia_id)


def _of(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.holder_hei_id == bindparam("holder"), table.c.partner_hei_id == bindparam("partner"))


_PAIR = _of(copies)
# Asked of every partner in every round: a statement that is made anew takes longer to make than to run.
_OF_PARTNER = select(_copies).where(_of(_copies)).order_by(*_KEY_ORDER)
_LIVE_OF_PARTNER = _OF_PARTNER.where(_copies.c.gone_at.is_(None))
_ONE = select(_copies).where(_of(_copies), _copies.c.iia_id == bindparam("iia_id"))
_LISTING = _LIVE_OF_PARTNER.where(_copies.c.partner_iia_id == bindparam("listed"))
_FORMER = (
    select(*(_former.c[name] for name in COLUMNS))
    .where(_of(_former), _former.c.iia_id == bindparam("iia_id"))
    .order_by(_former.c.history_id.desc())
)
_LIVE_IDS = select(copies.c.iia_id).where(_PAIR, _LIVE)
_LIVE_IDS_AT_ONCE = select(func.json_group_array(copies.c.iia_id)).where(_PAIR, _LIVE)
_IDS_TO_REFRESH = (
    select(copies.c.iia_id)
    .where(_PAIR, _LIVE, copies.c.confirmed_at < bindparam("before"))
    .order_by(copies.c.confirmed_at, copies.c.iia_id)
    .limit(bindparam("most"))
)

_HOLDERS_TO_REFRESH = (
    "SELECT DISTINCT holder_hei_id FROM copies"
    " WHERE partner_hei_id = ? AND gone_at IS NULL AND confirmed_at < ? AND holder_hei_id IN (...)"
)
_PARTNERS_OF = (
    select(copies.c.partner_hei_id).where(copies.c.holder_hei_id == bindparam("holder"), _LIVE).distinct()
)

# What is asked and written of every copy that comes in, past the library's binding.
_THESE = "holder_hei_id = ? AND partner_hei_id = ? AND iia_id IN (...)"
_STORED = f"SELECT {', '.join(COLUMNS)} FROM copies WHERE {_THESE}"  # noqa: S608 - our own names
_PLACES = (
    "SELECT iia_id, document_sha256 FROM copies WHERE holder_hei_id = ? AND partner_hei_id = ?"
    " AND iia_id BETWEEN ? AND ? AND gone_at IS NULL LIMIT ?"
)
_PLACES_OF = f"SELECT iia_id, document_sha256 FROM copies WHERE gone_at IS NULL AND {_THESE}"  # noqa: S608
_TO_HISTORY = (
    f"INSERT INTO copies_history ({', '.join(COLUMNS)})"  # noqa: S608 - as above
    f" SELECT {', '.join(COLUMNS)} FROM copies WHERE {_THESE}"
)
_CONFIRM = f"UPDATE copies SET confirmed_at = ? WHERE gone_at IS NULL AND {_THESE}"  # noqa: S608 - as above
_CONFIRM_IN = _CONFIRM.replace(" WHERE ", " WHERE document_sha256 = ? AND ")
_LIVE_AMONG = f"SELECT iia_id FROM copies WHERE gone_at IS NULL AND {_THESE}"  # noqa: S608 - as above
_MARK_GONE = f"UPDATE copies SET gone_at = ? WHERE gone_at IS NULL AND {_THESE}"  # noqa: S608 - as above
_REVIVE = f"UPDATE copies SET gone_at = NULL WHERE {_THESE}"  # noqa: S608 - as above
_REPLACE = (
    f"UPDATE copies SET {', '.join(f'{name} = ?' for name in WRITTEN)}"  # noqa: S608 - as above
    " WHERE holder_hei_id = ? AND partner_hei_id = ? AND iia_id = ?"
)
_MOVE = (
    "UPDATE copies SET document_sha256 = ?, document_format = ?, document_position = ?"
    " WHERE holder_hei_id = ? AND partner_hei_id = ? AND iia_id = ?"
)


class _Changes(Sequence[CopyChange]):
    """What a unit of work changed; a former state is decoded when someone looks at it."""

    def __init__(self, changed: Sequence[tuple[AgreementCopy, Sequence[Any] | None]]) -> None:
        self._changed = changed

    def __len__(self) -> int:
        return len(self._changed)

    @overload
    def __getitem__(self, place: int) -> CopyChange: ...
    @overload
    def __getitem__(self, place: slice) -> "_Changes": ...
    def __getitem__(self, place: int | slice) -> "CopyChange | _Changes":
        if isinstance(place, slice):
            return _Changes(self._changed[place])
        copy, row = self._changed[place]
        return CopyChange(copy, None if row is None else stored_copy(row))


class SqlCopies:
    """`CopyRepository` on one transaction."""

    def __init__(self, connection: Connection, documents: SqlDocuments) -> None:
        self._connection = connection
        self._documents = documents

    def put_documents(self, documents: Mapping[Sha256, bytes]) -> None:
        self._documents.keep(documents)

    def document(self, sha256: Sha256) -> bytes | None:
        return self._documents.load(sha256)

    def save(self, copies: Sequence[AgreementCopy], at: datetime) -> Sequence[CopyChange]:
        by_partner: dict[tuple[HeiId, HeiId], dict[IiaId, AgreementCopy]] = defaultdict(dict)
        for copy in copies:
            by_partner[copy.holder_hei_id, copy.partner_hei_id][copy.iia_id] = copy
        changed: list[tuple[AgreementCopy, Sequence[Any] | None]] = []
        for (holder, partner), by_id in by_partner.items():
            for chunk in in_chunks(by_id.items()):
                changed += self._save_chunk(holder, partner, dict(chunk), at)
        return _Changes(changed)

    def confirm(
        self,
        holder: HeiId,
        partner: HeiId,
        ids: Iterable[IiaId],
        at: datetime,
        document: Sha256 | None = None,
    ) -> int:
        sql, values = _CONFIRM, [to_micros(at), holder, partner]
        if document is not None:
            sql, values = _CONFIRM_IN, [to_micros(at), to_digest(document), holder, partner]
        chunks = in_chunks(dict.fromkeys(ids))
        return sum(run_raw(self._connection, sql, values, chunk).rowcount for chunk in chunks)

    def mark_gone(self, holder: HeiId, partner: HeiId, ids: Iterable[IiaId], at: datetime) -> Sequence[IiaId]:
        gone: list[IiaId] = []
        for chunk in in_chunks(ids):
            gone += run_raw(self._connection, _LIVE_AMONG, (holder, partner), chunk).scalars()
            run_raw(self._connection, _MARK_GONE, (to_micros(at), holder, partner), chunk)
        return sorted(gone)

    def get(self, holder: HeiId, partner: HeiId, iia_id: IiaId) -> StoredCopy | None:
        asked = {"holder": holder, "partner": partner, "iia_id": iia_id}
        row = self._connection.execute(_ONE, asked).one_or_none()
        return None if row is None else stored_copy(row)

    def some(self, holder: HeiId, partner: HeiId, ids: Iterable[IiaId]) -> Sequence[StoredCopy]:
        found = [
            stored_copy(row)
            for chunk in in_chunks(sorted(set(ids)))
            for row in run_raw(self._connection, _STORED, (holder, partner), chunk)
        ]
        return sorted(found, key=lambda row: row.copy.iia_id)

    def find(self, iia_id: IiaId) -> Sequence[StoredCopy]:
        found = self._select(or_(_copies.c.iia_id == iia_id, _copies.c.partner_iia_id == iia_id))
        return sorted(found, key=lambda row: not is_local(row.copy))

    def of_partner(self, holder: HeiId, partner: HeiId, *, live_only: bool = True) -> Sequence[StoredCopy]:
        wanted = _LIVE_OF_PARTNER if live_only else _OF_PARTNER
        found = self._connection.execute(wanted, {"holder": holder, "partner": partner})
        return [stored_copy(row) for row in found]

    def ids_of_partner(self, holder: HeiId, partner: HeiId) -> set[IiaId]:
        asked = {"holder": holder, "partner": partner}
        if self._connection.dialect.name == "sqlite":  # hundreds of rows of one text each take twice as long
            return set(json.loads(self._connection.execute(_LIVE_IDS_AT_ONCE, asked).scalar_one()))
        return set(self._connection.execute(_LIVE_IDS, asked).scalars().all())

    def ids_to_refresh(
        self, holder: HeiId, partner: HeiId, confirmed_before: datetime, limit: int
    ) -> Sequence[IiaId]:
        asked = {"holder": holder, "partner": partner, "before": confirmed_before, "most": limit}
        return list(self._connection.execute(_IDS_TO_REFRESH, asked).scalars().all())

    def holders_to_refresh(
        self, holders: Iterable[HeiId], partner: HeiId, confirmed_before: datetime
    ) -> set[HeiId]:
        asked = (partner, to_micros(confirmed_before))
        return {
            HeiId(holder)
            for chunk in in_chunks(holders)
            for (holder,) in run_raw(self._connection, _HOLDERS_TO_REFRESH, asked, chunk)
        }

    def partners_of(self, holder: HeiId) -> set[HeiId]:
        return set(self._connection.execute(_PARTNERS_OF, {"holder": holder}).scalars())

    def listing(self, holder: HeiId, partner: HeiId, listed_id: IiaId) -> Sequence[StoredCopy]:
        asked = {"holder": holder, "partner": partner, "listed": listed_id}
        return [stored_copy(row) for row in self._connection.execute(_LISTING, asked)]

    def history(self, holder: HeiId, partner: HeiId, iia_id: IiaId) -> Sequence[StoredCopy]:
        asked = {"holder": holder, "partner": partner, "iia_id": iia_id}
        return [stored_copy(row) for row in self._connection.execute(_FORMER, asked)]

    def local(self, *, live_only: bool = True) -> Sequence[StoredCopy]:
        return self._select(and_(LOCAL_COPY, _copies.c.gone_at.is_(None)) if live_only else LOCAL_COPY)

    def partner_hei_ids(self) -> set[HeiId]:
        own = self._connection.execute(select(copies.c.holder_hei_id).where(LOCAL_COPY).distinct())
        pairs = self._connection.execute(select(copies.c.holder_hei_id, copies.c.partner_hei_id).distinct())
        return counterparts([(holder, partner) for holder, partner in pairs], set(own.scalars()))

    def current_documents(
        self, holder: HeiId, partner: HeiId, batches: Sequence[Collection[IiaId]]
    ) -> Sequence[KnownDocument | None]:
        where = self._places(holder, partner, {iia_id for ids in batches for iia_id in ids})
        found = [{where.get(iia_id) for iia_id in ids} for ids in batches]
        digests = [next(iter(documents)) if len(documents) == 1 else None for documents in found]
        known = self._documents.known({digest for digest in digests if digest is not None})
        return [None if digest is None else known[digest] for digest in digests]

    def _save_chunk(
        self, holder: HeiId, partner: HeiId, by_id: dict[IiaId, AgreementCopy], at: datetime
    ) -> list[tuple[AgreementCopy, Sequence[Any] | None]]:
        found = run_raw(self._connection, _STORED, (holder, partner), list(by_id))
        stored = {row[2]: row for row in found.cursor.fetchall()}
        now = to_micros(at)
        new, other, moved = [], [], []
        changed: dict[IiaId, AgreementCopy] = {}
        for iia_id, copy in by_id.items():
            facts, row = facts_of(copy), stored.get(iia_id)
            if row is None:
                new.append((holder, partner, iia_id, *facts, to_micros(copy.fetched_at), now, now, now, None))
            elif not says_the_same(row[FACTS], facts):
                other.append((*facts, to_micros(copy.fetched_at), now, now, None, holder, partner, iia_id))
            else:
                if row[FACTS] != facts:
                    moved.append((*facts[DOCUMENT], holder, partner, iia_id))
                continue
            changed[iia_id] = copy
        same = [iia_id for iia_id in by_id if iia_id not in changed]
        revived = [iia_id for iia_id in same if stored[iia_id][GONE_AT] is not None]
        insert_raw(self._connection, copies, new)
        if other:
            run_raw(self._connection, _TO_HISTORY, (holder, partner), [row[-1] for row in other])
            write_raw(self._connection, _REPLACE, other)
        if revived:
            run_raw(self._connection, _REVIVE, (holder, partner), revived)
        write_raw(self._connection, _MOVE, moved)
        self.confirm(holder, partner, same, at)
        changed.update((iia_id, by_id[iia_id]) for iia_id in revived)
        return [(copy, stored.get(iia_id)) for iia_id, copy in changed.items()]

    def _places(self, holder: HeiId, partner: HeiId, ids: set[IiaId]) -> dict[IiaId, bytes]:
        """Name the document of each of these copies that is live."""
        if not ids:
            return {}
        # Whoever refreshes asks for most of a partner's copies, or for few: neighbours are read three times as
        # fast as single ones, and when too many strangers lie between them, little is lost.
        most = 2 * len(ids) + 50
        found = run_raw(self._connection, _PLACES, (holder, partner, min(ids), max(ids), most))
        rows = found.cursor.fetchall()
        if len(rows) < most:
            return dict(rows)
        return {
            iia_id: digest
            for chunk in in_chunks(ids)
            for iia_id, digest in run_raw(self._connection, _PLACES_OF, (holder, partner), chunk)
        }

    def _select(self, where: ColumnElement[bool]) -> Sequence[StoredCopy]:
        wanted = select(_copies).where(where).order_by(*_KEY_ORDER)
        return [stored_copy(row) for row in self._connection.execute(wanted)]
