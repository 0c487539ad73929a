"""Which columns are sealed, and how each is written."""

from enum import Enum
from typing import Any, Final

from sqlalchemy import Table

from mobility_bridge.store.decision_tables import decisions
from mobility_bridge.store.sealing import Seal, unwrap_text, wrap_text
from mobility_bridge.store.student_tables import (
    erasures,
    records,
    records_history,
    registry_facts,
    registry_facts_history,
    student_keys,
    student_matches,
)
from mobility_bridge.store.tables import discrepancies, discrepancy_events, documents, evidence
from mobility_bridge.store.write_tables import writes

FINGERPRINT_KEY: Final = "students.fingerprint_key"
"""The one cursor whose value is sealed, as base64 of what is closed."""


class How(Enum):
    """CLOSED: compressed and encrypted. WRAPPED: encrypted as it is. TEXT: the same in a text column."""

    CLOSED = "closed"
    WRAPPED = "wrapped"
    TEXT = "text"

    def is_current(self, seal: Seal, stored: Any) -> bool:
        """Whether a column's value bears the first key already; an empty one needs none."""
        return not stored or seal.is_current(stored.encode() if self is How.TEXT else bytes(stored))

    def anew(self, seal: Seal, stored: Any) -> Any:
        """Make of a column's value what is stored with the first key. Raises StoreError when no key opens it."""
        if self is How.CLOSED:
            return seal.close(seal.open(bytes(stored)))
        if self is How.WRAPPED:
            return seal.wrap(seal.unwrap(bytes(stored)))
        return wrap_text(seal, unwrap_text(seal, stored))


SEALED: Final[dict[Table, dict[str, How]]] = {
    records: {"facts": How.CLOSED},
    records_history: {"facts": How.CLOSED},
    registry_facts: {"facts": How.CLOSED},
    registry_facts_history: {"facts": How.CLOSED},
    student_keys: {"value": How.CLOSED},
    student_matches: {"reason": How.TEXT},
    discrepancies: {"acknowledged_reason": How.TEXT},
    discrepancy_events: {"reason": How.TEXT},
    decisions: {"content": How.CLOSED},
    writes: {"reason": How.TEXT},
    erasures: {"erased_by": How.TEXT, "why": How.TEXT, "lifted_by": How.TEXT, "lifted_why": How.TEXT},
    documents: {"body": How.WRAPPED},
    evidence: {"url": How.TEXT, "request_body": How.WRAPPED},
}
