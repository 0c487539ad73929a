"""Our decisions on what partners propose, in SQL."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState
from mobility_bridge.kit.batches import batched
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.student_sources import Signer
from mobility_bridge.store.decision_tables import decisions
from mobility_bridge.store.sealing import Seal

_TOGETHER = 500
_IN_ORDER = (decisions.c.decided_at, decisions.c.decision_id)


class SqlDecisions:
    """`DecisionRepository` on one transaction."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def add(self, decision: StoredDecision) -> StoredDecision:
        done = self._connection.execute(insert(decisions).values(self._row(decision)))
        assert done.inserted_primary_key is not None
        return replace(decision, decision_id=int(done.inserted_primary_key[0]))

    def get(self, decision_id: int) -> StoredDecision | None:
        wanted = select(decisions).where(decisions.c.decision_id == decision_id)
        row = self._connection.execute(wanted).one_or_none()
        return None if row is None else self._decision(row)

    def of_mobility(self, partner: HeiId, omobility_id: OmobilityId) -> Sequence[StoredDecision]:
        wanted = select(decisions).where(
            decisions.c.partner_hei_id == partner, decisions.c.omobility_id == omobility_id
        )
        return self._all(wanted)

    def of_mobilities(self, omobility_ids: Collection[str]) -> Sequence[StoredDecision]:
        found: list[StoredDecision] = []
        for some in batched(sorted(omobility_ids), _TOGETHER):
            found += self._all(select(decisions).where(decisions.c.omobility_id.in_(some)))
        return sorted(found, key=lambda each: (each.decided_at, each.decision_id))

    def held(self) -> bool:
        return self._connection.execute(select(decisions.c.decision_id).limit(1)).first() is not None

    def under_way(self) -> Sequence[StoredDecision]:
        return self._all(select(decisions).where(decisions.c.next_attempt_at.is_not(None)))

    def due(self, now: datetime) -> Sequence[StoredDecision]:
        return self._all(select(decisions).where(decisions.c.next_attempt_at <= now))

    def take(self, decision: StoredDecision, now: datetime, until: datetime) -> StoredDecision | None:
        table = decisions.c
        done = self._connection.execute(
            update(decisions)
            .where(
                table.decision_id == decision.decision_id,
                table.attempts == decision.attempts,
                table.next_attempt_at <= now,
            )
            .values(
                state=DecisionState.UNKNOWN,
                attempts=decision.attempts + 1,
                next_attempt_at=until,
                sent_at=now,
                answered=None,
            )
        )
        return self.get(decision.decision_id) if done.rowcount else None

    def erase(self, partner: HeiId, omobility_id: OmobilityId) -> int:
        found = self.of_mobility(partner, omobility_id)
        return sum(self.save(each.erased()) for each in found)

    def save(self, decision: StoredDecision) -> bool:
        chosen = (
            decisions.c.decision_id == decision.decision_id,
            decisions.c.attempts == decision.attempts,
        )
        done = self._connection.execute(update(decisions).where(*chosen).values(self._row(decision)))
        return bool(done.rowcount)

    def _all(self, wanted: Any) -> list[StoredDecision]:
        return [self._decision(row) for row in self._connection.execute(wanted.order_by(*_IN_ORDER))]

    def _row(self, decision: StoredDecision) -> dict[str, Any]:
        return {
            "kind": decision.on,
            "partner_hei_id": decision.partner_hei_id,
            "omobility_id": decision.omobility_id,
            "proposal_id": decision.proposal_id,
            "approve": decision.approve,
            "text_digest": decision.text_digest,
            "document_sha256": decision.document,
            "by": decision.by,
            "content": self._seal.close(_content(decision)),
            "decided_at": decision.decided_at,
            "state": decision.state,
            "signed_at": decision.signed_at,
            "signer_digest": decision.signer_digest,
            "attempts": decision.attempts,
            "next_attempt_at": decision.next_attempt_at,
            "under_way_key": decision.under_way_key,
            "sent_at": decision.sent_at,
            "answered": decision.answered,
            "finished_at": decision.finished_at,
            "outcome": decision.outcome,
            "present_proposal_id": decision.present_proposal_id,
        }

    def _decision(self, row: Row[Any]) -> StoredDecision:
        content = json.loads(self._seal.open(row.content))
        signer = content["signer"]
        return StoredDecision(
            decision_id=row.decision_id,
            on=RecordKind(row.kind),
            partner_hei_id=row.partner_hei_id,
            omobility_id=row.omobility_id,
            proposal_id=row.proposal_id,
            approve=row.approve,
            text_digest=row.text_digest,
            by=row.by,
            decided_at=row.decided_at,
            state=DecisionState(row.state),
            document=row.document_sha256,
            why=content["why"],
            comment=content["comment"],
            signer=None if signer is None else Signer(*signer),
            signed_at=row.signed_at,
            signer_digest=row.signer_digest,
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
            sent_at=row.sent_at,
            answered=row.answered,
            finished_at=row.finished_at,
            outcome=row.outcome,
            present_proposal_id=row.present_proposal_id,
            messages=tuple(content["messages"]),
        )


def _content(decision: StoredDecision) -> bytes:
    """What people wrote, which is sealed."""
    signer = decision.signer
    said = {
        "why": decision.why,
        "comment": decision.comment,
        "signer": None if signer is None else [signer.name, signer.position, signer.email],
        "messages": decision.messages,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
