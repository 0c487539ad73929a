"""How fresh and how sound our copies of a stay are.

Source: EWP mobilities: synchronisation health.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import Seen, StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import planned_days
from mobility_bridge.reconcile.stay_la import listed, receiver, sender, served
from mobility_bridge.reconcile.stay_state import active, in_question

_SOURCE = "EWP mobilities: synchronisation health"
_GRAVE: Final = re.compile(r"XSD|SEM-(0[1238]|10|19|20|24|28|31)")
"""Problems that break the schema, or with which nobody may decide on the document."""
_OF_IDENTITY: Final = re.compile(r"(.*/)?(learner|issuer)(\[[0-9]+\])?")
_FROM_RECEIVER: Final = (RecordKind.ARRIVAL, RecordKind.TRANSCRIPT)
_NETWORK: Final = "ewp"


def _copies(case: StayCase) -> Iterator[tuple[RecordKind, Seen[Any]]]:
    """Yield what the network serves of the stay."""
    for seen in (case.nomination, case.learning_agreement, case.arrival, case.transcript):
        if seen is not None and seen.stored.record.key.source == _NETWORK:
            yield seen.stored.record.key.kind, seen


def _owner(case: StayCase, kind: str) -> Owner:
    return receiver(case) if kind in _FROM_RECEIVER else sender(case)


@rule(
    code="OBJECT_VANISHED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Something shown before is gone", "Något som tidigare visades är borta"),
    text=Text(
        "{holder} showed {object} of this stay and no longer does since {since}.",
        "{holder} visade {object} för vistelsen men gör det inte längre sedan {since}.",
    ),
    next_step=advice(
        "Ask {holder} whether it was withdrawn on purpose. The last text is kept here.",
        "Fråga {holder} om det togs bort med avsikt. Den senaste texten finns kvar här.",
    ),
    source=_SOURCE,
)
def object_is_no_longer_shown(case: StayCase) -> Iterator[Observation]:
    """A nomination, arrival, transcript or learning agreement is omitted now.

    A learning agreement that was never signed may be withdrawn; a partner's signed one is another finding.

    Source: EWP mobilities: receiving side, vanished; synchronisation health.
    """
    for kind, seen in _copies(case) if in_question(case) else ():
        if seen.live:
            continue
        if kind is RecordKind.LEARNING_AGREEMENT and (seen.said.first_version is None or not case.outgoing):
            continue
        gone_at = seen.stored.gone_at
        assert gone_at is not None
        values = {
            "object": kind.value,
            "since": gone_at.date().isoformat(),
            "holder": seen.stored.record.key.holder_hei_id,
        }
        yield Observation(kind.value, values, planned_days(case).first, owner=_owner(case, kind))


@rule(
    code="DOCUMENT_INVALID",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("A document breaks its rules", "Ett dokument bryter mot sina regler"),
    text=Text(
        "The document of {object} breaks rules of its format: {rules}.",
        "Dokumentet för {object} bryter mot regler för sitt format: {rules}.",
    ),
    next_step=advice(
        "Report it to {partner_hei_id} or its provider; do not decide on the document before it is repaired.",
        "Anmäl det till {partner_hei_id} eller dess leverantör; besluta inte om dokumentet förrän det är rättat.",
    ),
    source="EWP mobilities: rules that no schema can say; synchronisation health",
)
def document_breaks_its_rules(case: StayCase) -> Iterator[Observation]:
    """A document breaks its schema, or a rule without which nobody may decide on it.

    Source: EWP mobilities: rules that no schema can say.
    """
    found: dict[str, list[str]] = {}
    for kind, where, code in case.problems if active(case) else ():
        if _is_grave(case, where, code):
            found.setdefault(kind, []).append(code)
    for kind, codes in found.items():
        values = {"object": kind, "rules": listed(sorted(codes))}
        yield Observation(kind, values, planned_days(case).first, owner=_owner(case, kind))


def _is_grave(case: StayCase, where: str, code: str) -> bool:
    """Whether nobody may decide on the document; some rules are that grave for what says who is meant only."""
    if code == "SEM-30":
        return _OF_IDENTITY.fullmatch(where) is not None
    return _lacks_identity(case) if code == "SEM-06" else _GRAVE.fullmatch(code) is not None


def _lacks_identity(case: StayCase) -> bool:
    """Whether the learning agreement does not say who the student is; of the rest nothing is grave."""
    la = served(case)
    student = la.student if la is not None else None
    return student is not None and not (
        student.given_names and student.family_name and student.global_id and student.birth_date
    )


@rule(
    code="COPY_STALE",
    severity=Severity.INFORMATION,
    owner=Owner.OPERATIONS,
    title=Text("A copy is old", "En kopia är gammal"),
    text=Text(
        "What {holder} shows of this stay was last read on {since}: {object}.",
        "Det som {holder} visar om vistelsen lästes senast {since}: {object}.",
    ),
    next_step=advice(
        "Read it again, and look why that has not happened.",
        "Läs det på nytt och ta reda på varför det inte har skett.",
    ),
    source=_SOURCE,
)
def copy_is_old(case: StayCase) -> Iterator[Observation]:
    """Something of a running stay has not been read for days.

    Source: EWP mobilities: synchronisation health.
    """
    patience = timedelta(days=case.thresholds.copy_stale_days)
    for kind, seen in _copies(case) if active(case) else ():
        if seen.live and case.now - seen.stored.confirmed_at > patience:
            values = {
                "object": kind.value,
                "since": seen.stored.confirmed_at.date().isoformat(),
                "holder": seen.stored.record.key.holder_hei_id,
            }
            yield Observation(kind.value, values)
