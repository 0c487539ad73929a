"""Rules about a partner's host and about our own systems."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.cases import NOW, OURS, THEIRS

from mobility_bridge.domain.case import PartnerCase, SourceCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Subject, SubjectKind
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import SWITCHED_OFF, ChangeNotification, CnrKind, CnrState
from mobility_bridge.domain.partner import ApiOffer, Health, IndexState, Partner
from mobility_bridge.reconcile.engine import evaluate_partner, evaluate_source
from mobility_bridge.reconcile.registry import PARTNER_RULES, SOURCE_RULES

APIS = ("iias", "iias-approval", "iia-cnr", "iia-approval-cnr")
HOUR_AGO = NOW - timedelta(hours=1)


def offers(*apis: str) -> dict[str, ApiOffer]:
    return {api: ApiOffer(api, "7.0.0", {"url": f"https://{THEIRS}/{api}"}) for api in apis}


def host(**changes: object) -> PartnerCase:
    """A partner that offers everything and answers."""
    base = PartnerCase(
        own_hei_id=OURS,
        subject=Subject(SubjectKind.PARTNER, THEIRS),
        now=NOW,
        partner=Partner(THEIRS, "Alderton University", offers=offers(*APIS)),
        agreements=3,
        health={"iias.index": Health(THEIRS, "iias.index", last_ok_at=NOW)},
        index=IndexState(THEIRS, listed_at=NOW, full_at=NOW, count=3),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def failing(code: str, reason: str, api: str = "iias.get", **changes: object) -> PartnerCase:
    health = Health(
        THEIRS, api, failing_since=HOUR_AGO, failures=1, failure_code=code, failure_reason=reason, detail="so"
    )
    return host(health={api: health}, **changes)


def partner(**changes: object) -> Partner:
    return replace(Partner(THEIRS, "Alderton University", offers=offers(*APIS)), **changes)  # type: ignore[arg-type]


def notification(number: int, state: CnrState = CnrState.EXPIRED) -> ChangeNotification:
    return ChangeNotification(number, CnrKind.IIA, THEIRS, IiaId(f"nh-{number}"), state, NOW, NOW, NOW)


EACH: list[tuple[str, Callable[[], PartnerCase]]] = [
    ("PARTNER_UNREACHABLE", lambda: failing("unreachable", "http_5xx")),
    ("PARTNER_UNREACHABLE", lambda: failing("unreachable", "timeout", undelivered=(notification(1),))),
    ("ANSWER_DAMAGED", lambda: failing("unreachable", "incomplete")),
    ("ANSWER_DAMAGED", lambda: failing("untrusted", "digest_wrong")),
    ("PARTNER_UNTRUSTED", lambda: failing("untrusted", "key_unknown")),
    ("PARTNER_REFUSES", lambda: failing("rejected", "http_4xx")),
    ("ERROR_DOCUMENT_INVALID", lambda: failing("rejected", "error_document_invalid")),
    ("ANSWER_INVALID", lambda: failing("invalid_document", "schema", "iias-approval")),
    (
        "VERSION_MISMATCH",
        lambda: host(
            partner=partner(offers=offers(*APIS[1:]), old_versions=(("iias", "6.3.0"), ("echo", "1.0.0")))
        ),
    ),
    ("API_MISSING", lambda: host(partner=partner(offers=offers("iias", "iias-approval", "iia-cnr")))),
    ("PARTNER_NOT_IN_CATALOGUE", lambda: host(partner=None)),
    ("INDEX_SHRUNK", lambda: host(index=IndexState(THEIRS, count=9, shrunk_to=0))),
    (
        "INDEX_NOT_FILTERED",
        lambda: host(index=IndexState(THEIRS, foreign_ids=tuple(f"x-{n}" for n in range(7)))),
    ),
    ("NOTIFICATION_UNDELIVERED", lambda: host(undelivered=(notification(1), notification(2)))),
]


@pytest.mark.parametrize(("code", "given"), EACH, ids=[f"{code}-{n}" for n, (code, _) in enumerate(EACH)])
def test_each_trouble_with_a_host_gives_its_code_and_no_other(
    code: str, given: Callable[[], PartnerCase]
) -> None:
    found = evaluate_partner(given()).findings
    assert [each.code for each in found] == [code]
    assert "{" not in found[0].text.en + found[0].text.sv + found[0].next_step.en + found[0].next_step.sv


def test_every_host_rule_is_shown_to_fire() -> None:
    assert {code for code, _ in EACH} == {rule.code for rule in PARTNER_RULES}


def test_a_host_in_order_gives_nothing() -> None:
    assert evaluate_partner(host()).findings == ()
    assert evaluate_partner(host(partner=None, agreements=0, index=None)).findings == ()


def test_a_failure_becomes_a_warning_after_a_day() -> None:
    given = failing("unreachable", "connection")
    first = evaluate_partner(given)
    assert first.findings[0].severity is Severity.INFORMATION
    assert first.revisit_on == NOW.date() + timedelta(days=2)
    later = evaluate_partner(replace(given, now=NOW + timedelta(days=1)))
    assert later.findings[0].severity is Severity.WARNING
    assert evaluate_partner(replace(given, now=NOW + timedelta(days=3))).revisit_on is None


def test_a_notification_interface_that_fails_is_no_finding_before_its_notifications_expire() -> None:
    assert evaluate_partner(failing("unreachable", "connection", "iia-cnr")).findings == ()


def test_notifications_without_a_receiver_are_explained_by_the_missing_interface() -> None:
    given = host(
        partner=partner(offers=offers("iias", "iias-approval")),
        undelivered=(notification(1, CnrState.NO_RECEIVER),),
    )
    assert [each.code for each in evaluate_partner(given).findings] == ["API_MISSING"]


def test_what_we_do_not_send_is_not_the_partners_omission() -> None:
    unsent = replace(notification(3, CnrState.EXPIRED), last_error=f"{SWITCHED_OFF}: sending is switched off")
    given = host(undelivered=(notification(1, CnrState.EXPIRED), unsent))
    theirs, ours = evaluate_partner(given).findings
    assert (theirs.owner, ours.owner) == (Owner.PARTNER_PROVIDER, Owner.OPERATIONS)
    assert theirs.discrepancy_id != ours.discrepancy_id
    assert "did not take" in theirs.text.en
    assert "switched off" not in theirs.text.en
    assert "switched off on our side" in ours.text.en
    assert "did not take" not in ours.text.en
    assert ours.next_step.en.startswith("Set notify.enabled = true")
    assert theirs.next_step.sv.startswith("Meddela den tekniska kontakten")


def test_what_we_do_not_send_is_said_of_a_silent_partner_too() -> None:
    unsent = replace(notification(3, CnrState.EXPIRED), last_error=f"{SWITCHED_OFF}: sending is switched off")
    found = evaluate_partner(
        failing("unreachable", "timeout", undelivered=(unsent, notification(1)))
    ).findings
    assert {each.code for each in found} == {"PARTNER_UNREACHABLE", "NOTIFICATION_UNDELIVERED"}


def test_an_interface_that_cannot_be_used_is_as_good_as_missing() -> None:
    unusable = {
        **offers(*APIS),
        "iias": ApiOffer("iias", "7.0.0", {}, usable=False, unusable_reason="no security"),
    }
    (found,) = evaluate_partner(host(partner=partner(offers=unusable))).findings
    assert (found.code, found.severity, found.values["apis"]) == ("API_MISSING", Severity.BLOCKING, "iias")


def test_without_agreements_a_missing_interface_matters_to_nobody() -> None:
    given = host(partner=partner(offers={}, old_versions=(("iias", "6.3.0"),)), agreements=0)
    assert evaluate_partner(given).findings == ()


def source(name: str = "mobility_online", **changes: object) -> SourceCase:
    base = SourceCase(
        own_hei_id=OURS,
        subject=Subject(SubjectKind.SOURCE, source=name),
        now=NOW,
        health=Health(HeiId(name), "read", last_ok_at=NOW),
        record_count=20,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def broken(name: str, code: str) -> SourceCase:
    return source(
        name,
        health=Health(
            HeiId(name), "read", failing_since=HOUR_AGO, failure_code=code, failure_reason="timeout"
        ),
    )


SOURCES: list[tuple[str, Callable[[], SourceCase]]] = [
    ("SOURCE_UNREACHABLE", lambda: broken("mobility_online", "unreachable")),
    ("SOURCE_INCOMPLETE", lambda: source(health=Health(HeiId("x"), "read", failure_code="incomplete"))),
    ("SOURCE_SHRUNK", lambda: source(shrunk_to=1)),
    ("SOURCE_RECORD_UNREADABLE", lambda: source(problems=(("agreement 4711", "no partner"),))),
    ("FEED_PAGE_MISSING", lambda: source("ladok", missing_pages=(2, 5))),
    ("FEED_EVENT_MISSED", lambda: source("ladok", missed_events=(("end_of_admission", 2),))),
    ("CERTIFICATE_EXPIRES", lambda: source("ladok", certificate_ends_at=NOW + timedelta(days=89))),
    ("CATALOGUE_STALE", lambda: broken("catalogue", "stale")),
    ("CLIENT_KEY_UNKNOWN", lambda: broken("catalogue", "key_unknown")),
]


@pytest.mark.parametrize(("code", "given"), SOURCES, ids=[code for code, _ in SOURCES])
def test_each_trouble_with_a_system_of_ours_gives_its_code_and_no_other(
    code: str, given: Callable[[], SourceCase]
) -> None:
    found = evaluate_source(given()).findings
    assert [each.code for each in found] == [code]
    assert "{" not in found[0].text.en + found[0].text.sv


def test_every_source_rule_is_shown_to_fire() -> None:
    assert [code for code, _ in SOURCES] == [rule.code for rule in SOURCE_RULES]


@pytest.mark.parametrize(
    ("left", "severity", "revisit_in"),
    [
        (timedelta(days=91), None, 2),
        (timedelta(days=90), Severity.INFORMATION, 1),
        (timedelta(days=31), Severity.INFORMATION, 2),
        (timedelta(days=30), Severity.WARNING, 1),
        (timedelta(days=8), Severity.WARNING, 2),
        (timedelta(days=7), Severity.BLOCKING, 1),
        (timedelta(days=-1), Severity.BLOCKING, None),
    ],
)
def test_a_certificate_is_told_of_90_and_30_and_7_days_before_it_ends(
    left: timedelta, severity: Severity | None, revisit_in: int | None
) -> None:
    verdict = evaluate_source(source("ladok", certificate_ends_at=NOW + left))
    assert [each.severity for each in verdict.findings] == ([] if severity is None else [severity])
    assert all(each.due_on == (NOW + left).date() for each in verdict.findings)
    day = None if revisit_in is None else NOW.date() + timedelta(days=revisit_in)
    assert verdict.revisit_on == day


def test_a_system_of_ours_in_order_gives_nothing() -> None:
    assert evaluate_source(source()).findings == ()
    assert evaluate_source(source(health=None)).findings == ()
