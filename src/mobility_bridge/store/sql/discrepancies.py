"""Discrepancies and their history, in SQL."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, or_, select

from mobility_bridge.domain.discrepancy import (
    Discrepancy,
    DiscrepancyEvent,
    DiscrepancyEventKind,
    DiscrepancyState,
    Finding,
    Owner,
    Severity,
    Subject,
    SubjectKind,
    Text,
)
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.store.changes import urgency
from mobility_bridge.store.sealing import OpenSeal, Seal, unwrap_text, wrap_text
from mobility_bridge.store.sql.copy_rows import compact
from mobility_bridge.store.sql.statements import upsert
from mobility_bridge.store.tables import discrepancies, discrepancy_events


class SqlDiscrepancies:
    """`DiscrepancyRepository` on one transaction."""

    def __init__(self, connection: Connection, seal: Seal | None = None) -> None:
        self._connection = connection
        self._seal = seal or OpenSeal()

    def get(self, discrepancy_id: str) -> Discrepancy | None:
        found = self._select(discrepancies.c.discrepancy_id == discrepancy_id)
        return found[0] if found else None

    def matching(self, prefix: str) -> Sequence[Discrepancy]:
        found = self._select(func.substr(discrepancies.c.discrepancy_id, 1, len(prefix)) == prefix)
        return sorted(found, key=lambda row: row.discrepancy_id)

    def of_subject(self, subject_key: str) -> Sequence[Discrepancy]:
        return self._select(discrepancies.c.subject_key == subject_key)

    def select(
        self,
        *,
        states: Sequence[DiscrepancyState] = (),
        partner: HeiId | None = None,
        code: str | None = None,
        iia_id: IiaId | None = None,
    ) -> Sequence[Discrepancy]:
        where: list[ColumnElement[bool]] = []
        if states:
            where.append(discrepancies.c.state.in_([state.value for state in states]))
        if partner is not None:
            where.append(discrepancies.c.partner_hei_id == partner)
        if code is not None:
            where.append(discrepancies.c.code == code)
        if iia_id is not None:
            where.append(or_(discrepancies.c.iia_id == iia_id, discrepancies.c.partner_iia_id == iia_id))
        return self._select(*where)

    def save(self, discrepancy: Discrepancy, event: DiscrepancyEvent | None) -> None:
        self.save_all([(discrepancy, event)])

    def save_all(self, said: Sequence[tuple[Discrepancy, DiscrepancyEvent | None]]) -> None:
        upsert(self._connection, discrepancies, [_row_of(each, self._seal) for each, _ in said])
        events = [
            {
                "discrepancy_id": event.discrepancy_id,
                "at": event.at,
                "kind": event.kind.value,
                "severity": event.severity.value,
                "values": compact(dict(event.values)),
                "by": event.by,
                "reason": wrap_text(self._seal, event.reason),
            }
            for _, event in said
            if event is not None
        ]
        if events:
            self._connection.execute(insert(discrepancy_events), events)

    def history(self, discrepancy_id: str) -> Sequence[DiscrepancyEvent]:
        wanted = (
            select(discrepancy_events)
            .where(discrepancy_events.c.discrepancy_id == discrepancy_id)
            .order_by(discrepancy_events.c.event_id)
        )
        return [_event(row, self._seal) for row in self._connection.execute(wanted)]

    def _select(self, *where: ColumnElement[bool]) -> list[Discrepancy]:
        rows = self._connection.execute(select(discrepancies).where(*where))
        return sorted((_discrepancy(row, self._seal) for row in rows), key=urgency)


def _row_of(discrepancy: Discrepancy, seal: Seal) -> dict[str, Any]:
    finding, subject = discrepancy.finding, discrepancy.finding.subject
    return {
        "discrepancy_id": discrepancy.discrepancy_id,
        "code": finding.code,
        "severity": finding.severity.value,
        "owner": finding.owner.value,
        "subject_kind": subject.kind.value,
        "subject_key": subject.key,
        "partner_hei_id": subject.partner_hei_id,
        "iia_id": subject.iia_id,
        "partner_iia_id": subject.partner_iia_id,
        "source": subject.source,
        "stay_id": subject.stay_id,
        "student_id": subject.student_id,
        "place": finding.place,
        "text_en": finding.text.en,
        "text_sv": finding.text.sv,
        "next_step_en": finding.next_step.en,
        "next_step_sv": finding.next_step.sv,
        "values": compact(dict(finding.values)),
        "due_on": finding.due_on,
        "state": discrepancy.state.value,
        "first_seen_at": discrepancy.first_seen_at,
        "opened_at": discrepancy.opened_at,
        "last_seen_at": discrepancy.last_seen_at,
        "changed_at": discrepancy.changed_at,
        "resolved_at": discrepancy.resolved_at,
        "acknowledged_at": discrepancy.acknowledged_at,
        "acknowledged_by": discrepancy.acknowledged_by,
        "acknowledged_reason": wrap_text(seal, discrepancy.acknowledged_reason),
        "times_reopened": discrepancy.times_reopened,
    }


def _finding(row: Row[Any]) -> Finding:
    return Finding(
        code=row.code,
        severity=Severity(row.severity),
        owner=Owner(row.owner),
        subject=Subject(
            kind=SubjectKind(row.subject_kind),
            partner_hei_id=row.partner_hei_id,
            iia_id=row.iia_id,
            partner_iia_id=row.partner_iia_id,
            source=row.source,
            stay_id=row.stay_id,
            student_id=row.student_id,
        ),
        text=Text(row.text_en, row.text_sv),
        next_step=Text(row.next_step_en, row.next_step_sv),
        place=row.place,
        values=json.loads(row._mapping["values"]),  # noqa: SLF001 - public in spite of its name
        due_on=row.due_on,
    )


def _discrepancy(row: Row[Any], seal: Seal) -> Discrepancy:
    return Discrepancy(
        discrepancy_id=row.discrepancy_id,
        finding=_finding(row),
        state=DiscrepancyState(row.state),
        first_seen_at=row.first_seen_at,
        opened_at=row.opened_at,
        last_seen_at=row.last_seen_at,
        changed_at=row.changed_at,
        resolved_at=row.resolved_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_reason=unwrap_text(seal, row.acknowledged_reason),
        times_reopened=row.times_reopened,
    )


def _event(row: Row[Any], seal: Seal) -> DiscrepancyEvent:
    return DiscrepancyEvent(
        discrepancy_id=row.discrepancy_id,
        at=row.at,
        kind=DiscrepancyEventKind(row.kind),
        severity=Severity(row.severity),
        values=json.loads(row._mapping["values"]),  # noqa: SLF001 - public in spite of its name
        by=row.by,
        reason=unwrap_text(seal, row.reason),
    )
