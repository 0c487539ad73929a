"""How fresh and how sound the copies of a stay are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.stay_rules import incoming, outgoing, said, speaks_well
from tests.support.stays import APPLICATION, LA, NOMINATION, NOW, OMOBILITY, a_stay, an_incoming_stay, seen

from mobility_bridge.domain.discrepancy import Owner
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import Seen, StayCase
from mobility_bridge.domain.transcript import Tor

OLD = NOW - timedelta(days=8)
PROPOSED = replace(LA, first_version=None)
NAMELESS = replace(LA, student=replace(LA.student, family_name=None))
LA_KIND = "learning_agreement"


def nomination(**times: Any) -> Seen[Any]:
    return seen(RecordKind.NOMINATION, NOMINATION, **times)


def transcript(**times: Any) -> Seen[Any]:
    return seen(RecordKind.TRANSCRIPT, Tor(OMOBILITY), **times)


@pytest.mark.parametrize(
    ("code", "case", "times"),
    [
        ("OBJECT_VANISHED", lambda: a_stay(nomination=nomination(gone_at=NOW)), 1),
        ("OBJECT_VANISHED", lambda: a_stay(transcript=transcript(gone_at=NOW)), 1),
        ("OBJECT_VANISHED", lambda: outgoing(LA, gone_at=NOW), 1),
        ("OBJECT_VANISHED", lambda: outgoing(PROPOSED, gone_at=NOW), 0),
        ("OBJECT_VANISHED", lambda: incoming(LA, gone_at=NOW), 0),
        ("OBJECT_VANISHED", lambda: a_stay(arrival=seen(RecordKind.ARRIVAL, ActualDates(OMOBILITY))), 0),
        (
            "OBJECT_VANISHED",
            lambda: a_stay(
                application=None, exchange=None, learning_agreement=None, nomination=nomination(gone_at=NOW)
            ),
            0,
        ),
        (
            "DOCUMENT_INVALID",
            lambda: a_stay(problems=((LA_KIND, "/la", "XSD"), (LA_KIND, "/la", "SEM-20"))),
            1,
        ),
        (
            "DOCUMENT_INVALID",
            lambda: a_stay(problems=((LA_KIND, "/la", "SEM-03"), ("transcript", "/t", "SEM-31"))),
            2,
        ),
        ("DOCUMENT_INVALID", lambda: a_stay(problems=(("transcript", "tor/learner", "SEM-30"),)), 1),
        ("DOCUMENT_INVALID", lambda: a_stay(problems=(("transcript", "tor/los[1]", "SEM-30"),)), 0),
        ("DOCUMENT_INVALID", lambda: a_stay(problems=((LA_KIND, "/la", "SEM-21"),)), 0),
        ("DOCUMENT_INVALID", lambda: outgoing(NAMELESS, problems=((LA_KIND, "la/student", "SEM-06"),)), 1),
        ("DOCUMENT_INVALID", lambda: outgoing(LA, problems=((LA_KIND, "la/student", "SEM-06"),)), 0),
        (
            "DOCUMENT_INVALID",
            lambda: a_stay(
                problems=((LA_KIND, "/la", "XSD"),),
                nomination=seen(
                    RecordKind.NOMINATION, replace(NOMINATION, status=NominationStatus.CANCELLED)
                ),
            ),
            0,
        ),
        ("COPY_STALE", lambda: a_stay(nomination=nomination(confirmed_at=OLD)), 1),
        ("COPY_STALE", lambda: a_stay(nomination=nomination(confirmed_at=NOW - timedelta(days=7))), 0),
        ("COPY_STALE", lambda: a_stay(nomination=nomination(confirmed_at=OLD, gone_at=OLD)), 0),
        (
            "COPY_STALE",
            lambda: a_stay(
                application=seen(
                    RecordKind.APPLICATION, APPLICATION, source="mobility_online", confirmed_at=OLD
                )
            ),
            0,
        ),
    ],
)
def test_copies(code: str, case: Callable[[], StayCase], times: int) -> None:
    findings = said(case(), code)
    assert len(findings) == times
    assert all(map(speaks_well, findings))


def test_whoever_serves_a_document_has_to_repair_it() -> None:
    broken = ((LA_KIND, "/la", "XSD"), ("transcript", "/t", "XSD"))
    owners = {each.place: each.owner for each in said(a_stay(problems=broken), "DOCUMENT_INVALID")}
    assert owners == {LA_KIND: Owner.US, "transcript": Owner.PARTNER}
    owners = {each.place: each.owner for each in said(an_incoming_stay(problems=broken), "DOCUMENT_INVALID")}
    assert owners == {LA_KIND: Owner.PARTNER, "transcript": Owner.US}
