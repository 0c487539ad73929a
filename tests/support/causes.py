"""One hand-built case for each cause of a discrepancy, named by the code that it gives."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.support.cases import (
    LOCAL_HASH,
    LOCAL_ID,
    LONG_AGO,
    NOW,
    PARTNER_HASH,
    PARTNER_ID,
    THEIRS,
    approval,
    case,
    concluded,
    condition,
    digest,
    iia,
    incoming,
    local_copy,
    local_view,
    partner_copy,
    partner_view,
    stored,
    unapproved,
)

from mobility_bridge.domain.agreement import CooperationCondition, Iia, LanguageSkill, SubjectArea
from mobility_bridge.domain.approval import ApprovalSide
from mobility_bridge.domain.case import AgreementCase, IdStatus
from mobility_bridge.domain.discrepancy import Finding, Subject, SubjectKind
from mobility_bridge.domain.identifiers import IiaHash
from mobility_bridge.domain.notification import ChangeNotification, CnrKind, CnrState
from mobility_bridge.domain.snapshot import HashVerdict, LocalRecord
from mobility_bridge.reconcile.engine import evaluate_agreement

OTHER = IiaHash(digest("another text"))
YESTERDAY = NOW - timedelta(days=1)
NO_COPY_SUBJECT = Subject(SubjectKind.AGREEMENT, THEIRS, partner_iia_id=PARTNER_ID)
CHECKED: dict[str, Any] = {"hash_verdict": HashVerdict.MATCHES, "computed_hash": LOCAL_HASH}


def findings(given: AgreementCase) -> tuple[Finding, ...]:
    return evaluate_agreement(given).findings


def codes(given: AgreementCase) -> list[str]:
    return [finding.code for finding in findings(given)]


def theirs(*conditions: CooperationCondition, **changes: object) -> AgreementCase:
    """The partner changed its copy yesterday, so that our approval is of an earlier text."""
    terms = iia(*conditions, serving=THEIRS)
    kept = {"changed_at": YESTERDAY}
    return case(partner=partner_view(terms, kept=kept, iia_hash=OTHER, computed_hash=OTHER, **changes))


def differing(**changes: object) -> Callable[[], AgreementCase]:
    """The partner's outgoing condition differs in this."""
    return lambda: theirs(condition(**changes), incoming())


def flagged() -> Iia:
    return iia(condition(mobilities_not_yet_defined=True), incoming(), serving=THEIRS)


def hashed(verdict: HashVerdict) -> Callable[[], AgreementCase]:
    return lambda: case(partner=partner_view(hash_verdict=verdict))


def two_ways(*pairs: CooperationCondition) -> tuple[CooperationCondition, ...]:
    return (*pairs, incoming())


def gone(**changes: object) -> AgreementCase:
    values = {"partner": partner_view(kept={"gone_at": NOW}), "listed_in_index": False, **changes}
    return unapproved(**values)


def no_local(**changes: object) -> AgreementCase:
    values = {
        "local": None,
        "subject": NO_COPY_SUBJECT,
        "partner": partner_view(partner_iia_id=None),
        "listed_id_status": IdStatus.ABSENT,
        **changes,
    }
    return unapproved(**values)


def no_partner(**changes: object) -> AgreementCase:
    values = {
        "local": local_view(record=LocalRecord("SENT", last_notified_at=LONG_AGO), partner_iia_id=None),
        "partner": None,
        "listed_in_index": False,
        **changes,
    }
    return unapproved(**values)


def copied_at_once() -> AgreementCase:
    told = NOW - timedelta(days=1)
    notification = ChangeNotification(
        1, CnrKind.IIA, THEIRS, LOCAL_ID, CnrState.DELIVERED, told, told, told, finished_at=told
    )
    return unapproved(
        partner=partner_view(in_effect=False, kept={"changed_at": told + timedelta(minutes=3)}),
        partner_history=(stored(partner_copy(content_digest=OTHER, iia_hash=OTHER)),),
        last_notification=notification,
    )


def advanced() -> AgreementCase:
    return case(
        local=local_view(
            iia(condition(mobilities_per_year=5), incoming()), kept={"changed_at": NOW - timedelta(days=30)}
        ),
        local_history=(stored(local_copy(iia_hash=OTHER)),),
        approval_by_partner=approval(first_seen_at=NOW - timedelta(days=30) + timedelta(hours=1)),
        earlier_approvals=(approval(iia_hash=OTHER, withdrawn_at=NOW),),
        concluded=None,
    )


def ending(last_year: str, **changes: object) -> AgreementCase:
    years = {"receiving_first_academic_year_id": "2024/2025", "receiving_last_academic_year_id": last_year}
    terms = (condition(**years), incoming(**years))
    return case(local=local_view(iia(*terms)), partner=partner_view(iia(*terms, serving=THEIRS)), **changes)


def both(**changes: object) -> AgreementCase:
    return case(
        local=local_view(iia(condition(**changes), incoming())),
        partner=partner_view(iia(condition(**changes), incoming(), serving=THEIRS)),
    )


def reordered(**changes: object) -> AgreementCase:
    return case(
        local=local_view(**CHECKED),
        partner=partner_view(iia(condition(**changes), incoming(), serving=THEIRS)),
    )


def unordered_conditions() -> AgreementCase:
    terms = two_ways(condition(subject_areas=(SubjectArea("0311"),)), condition())
    return case(
        local=local_view(iia(*terms), **CHECKED),
        partner=partner_view(iia(*reversed(terms), serving=THEIRS)),
    )


def unstable() -> AgreementCase:
    return case(
        partner=partner_view(iia_hash=OTHER, computed_hash=OTHER),
        partner_history=(stored(partner_copy()),),
        approval_by_us=approval(ApprovalSide.BY_US, iia_hash=OTHER),
        concluded=None,
    )


def alternating() -> AgreementCase:
    other = stored(partner_copy(content_digest=OTHER, iia_hash=OTHER))
    return case(partner_history=(other, stored(partner_copy()), other))


def badly_written() -> Iia:
    return iia(condition(receiving_last_academic_year_id="2028/2030"), incoming(), serving=THEIRS)


def record(**changes: object) -> LocalRecord:
    return replace(LocalRecord("ACTIVE", own_approval=True, partner_approval=True), **changes)  # type: ignore[arg-type]


def rounded() -> AgreementCase:
    given = theirs(condition(total_per_year=Decimal(10)), incoming())
    return replace(given, local=local_view(iia(condition(total_per_year=Decimal("10.5")), incoming())))


def units(ours: str | None, their: str | None) -> AgreementCase:
    given = theirs(condition(sending_ounit_id=their), incoming())
    return replace(given, local=local_view(iia(condition(sending_ounit_id=ours), incoming())))


EACH: list[tuple[str, Callable[[], AgreementCase]]] = [
    *(
        (f"HASH_{verdict.name}", hashed(verdict))
        for verdict in HashVerdict
        if verdict.value.startswith("HASH_")
    ),
    ("HASH_ATTRIBUTES", lambda: case(partner=partner_view(stray_attributes=True))),
    ("HASH_UNSTABLE", unstable),
    ("HASH_UNSTABLE", alternating),
    ("NOT_MAPPED_BY_PARTNER", lambda: unapproved(partner=partner_view(partner_iia_id=None))),
    ("NOT_MAPPED_BY_US", lambda: unapproved(local=local_view(partner_iia_id=None))),
    ("MAPPED_TO_UNKNOWN", lambda: no_local(partner=partner_view(), listed_id_status=IdStatus.UNKNOWN)),
    ("MAPPED_TO_DELETED", lambda: no_local(partner=partner_view(), listed_id_status=IdStatus.DELETED)),
    ("MAPPING_CONFLICT", lambda: case(partner=partner_view(partner_iia_id="nh-9"))),
    ("MAPPING_CONFLICT", lambda: case(competing_partner_copies=(partner_view(iia_id="ald-2"),))),
    ("MAPPING_CONFLICT", lambda: case(local=local_view(partner_iia_id="ald-9"))),
    (
        "DUPLICATE_COPY",
        lambda: case(
            partner=partner_view(partner_iia_id="nh-2"), competing_local_copies=(local_view(iia_id="nh-2"),)
        ),
    ),
    ("PARTNER_WRONG_HEI", lambda: case(partner=partner_view(listed_hei_ids=(THEIRS, "third.example")))),
    ("DIRECTION_HEI_UNKNOWN", lambda: theirs(condition(receiving_hei_id="Alderton University"), incoming())),
    ("ID_IS_CODE", lambda: case(partner=partner_view(iia_code=PARTNER_ID))),
    (
        "ID_CHANGED",
        lambda: case(
            partner=partner_view(iia_id="ald-7"),
            replaced_partner_copy=stored(partner_copy(), gone_at=NOW),
            approval_by_us=None,
        ),
    ),
    (
        "ID_REUSED",
        lambda: no_local(partner_history=(stored(partner_copy(content_digest=OTHER), gone_at=LONG_AGO),)),
    ),
    ("DELETED_BY_PARTNER", gone),
    ("HIDDEN_BY_PARTNER", lambda: gone(listed_in_index=True)),
    ("HIDDEN_BY_PARTNER", lambda: case(listed_in_index=False)),
    ("NO_LOCAL_COPY", no_local),
    ("NO_PARTNER_COPY", no_partner),
    (
        "CONDITION_COUNT",
        lambda: theirs(
            condition(mobilities_per_year=1, eqf_levels=(6,)),
            condition(mobilities_per_year=1, eqf_levels=(7,)),
            incoming(),
        ),
    ),
    ("CONDITION_MISSING", lambda: theirs(incoming())),
    (
        "CONDITION_EXTRA",
        lambda: theirs(*two_ways(condition(), condition(subject_areas=(SubjectArea("0911"),)))),
    ),
    (
        "DIRECTION_SWAPPED",
        lambda: case(
            local=local_view(iia(condition(), condition(kind="student-traineeship"), incoming())),
            partner=partner_view(
                iia(condition(), incoming(kind="student-traineeship"), incoming(), serving=THEIRS)
            ),
        ),
    ),
    ("NO_CONDITIONS", lambda: case(partner=partner_view(replace(iia(serving=THEIRS), conditions=())))),
    ("YEARS_DIFFER", differing(receiving_last_academic_year_id="2027/2028")),
    ("YEAR_CALENDAR", differing(receiving_last_academic_year_id="2028/2028")),
    (
        "YEARS_REVERSED",
        differing(receiving_first_academic_year_id="2029/2030", receiving_last_academic_year_id="2026/2027"),
    ),
    ("NUMBER_DIFFERS", differing(mobilities_per_year=6)),
    ("DURATION_DIFFERS", differing(total_per_year=Decimal(12))),
    ("DURATION_ROUNDED", rounded),
    ("DURATION_PER_PERSON", differing(total_per_year=Decimal(5))),
    ("DURATION_MISSING", differing(total_per_year=None)),
    ("LANGUAGE_DIFFERS", differing(language_skills=(LanguageSkill("de", "B2"),))),
    ("LANGUAGE_VARIANT", differing(language_skills=(LanguageSkill("en-GB", "b2"),))),
    ("LANGUAGE_REPEATED", differing(language_skills=(LanguageSkill("en", "B2"),) * 2)),
    ("ISCED_DIFFERS", differing(subject_areas=(SubjectArea("0911"),))),
    ("ISCED_GRANULARITY", differing(subject_areas=(SubjectArea("0230"),))),
    ("ISCED_CLARIFICATION", differing(subject_areas=(SubjectArea("0231", "Old Norse"),))),
    ("EQF_DIFFERS", differing(eqf_levels=(6,))),
    ("BLENDED_DIFFERS", differing(blended=True)),
    ("OUNIT_DIFFERS", lambda: units("u1", "u2")),
    ("OUNIT_ONE_SIDED", lambda: units("u1", None)),
    ("OTHER_TERMS", differing(other_info_terms="Only by mail")),
    (
        "LEGACY_FLAGS",
        lambda: case(
            partner=partner_view(flagged(), valid_for_approval=False),
            approval_by_us=approval(ApprovalSide.BY_US, iia_hash=OTHER),
        ),
    ),
    (
        "LEGACY_FLAGS_ON_NEW",
        lambda: unapproved(partner=partner_view(flagged(), valid_for_approval=False, in_effect=False)),
    ),
    (
        "LEGACY_LOST",
        lambda: case(
            partner=partner_view(iia_hash=OTHER, computed_hash=OTHER),
            partner_history=(stored(partner_copy(valid_for_approval=False, content_digest=OTHER)),),
            concluded=concluded(partner_hash=OTHER),
        ),
    ),
    (
        "TERMINATED_ONE_SIDED",
        lambda: case(
            partner=partner_view(iia(terminated=True, serving=THEIRS), terminated=True, iia_hash=OTHER)
        ),
    ),
    ("TERMINATED_FALSE", lambda: case(partner=partner_view(terminated=False))),
    ("IN_EFFECT_MISMATCH", lambda: case(partner=partner_view(in_effect=False))),
    (
        "IN_EFFECT_MISMATCH",
        lambda: unapproved(partner=partner_view(kept={"changed_at": YESTERDAY})),
    ),
    ("STALE_TERMS_AFTER_IMPORT", copied_at_once),
    ("APPROVAL_STALE", lambda: case(approval_by_us=approval(ApprovalSide.BY_US, iia_hash=OTHER))),
    ("APPROVAL_WRONG_COPY", lambda: case(approval_by_partner=approval(iia_hash=PARTNER_HASH))),
    ("APPROVAL_UNKNOWN_HASH", lambda: case(approval_by_partner=approval(iia_hash=OTHER))),
    ("APPROVAL_WITHDRAWN", lambda: case(approval_by_partner=approval(withdrawn_at=NOW))),
    (
        "APPROVAL_WITHDRAWN",
        lambda: case(approval_by_partner=None, earlier_approvals=(approval(withdrawn_at=NOW),)),
    ),
    (
        "APPROVED_UNMAPPED",
        lambda: case(
            approval_by_partner=approval(iia_hash=OTHER),
            local_history=(stored(local_copy(iia_hash=OTHER, partner_iia_id=None)),),
        ),
    ),
    (
        "APPROVED_UNMAPPED",
        lambda: no_partner(approval_by_partner=approval(), listed_in_index=None),
    ),
    (
        "AWAITING_OUR_APPROVAL",
        lambda: unapproved(
            local=local_view(record=LocalRecord("SENT", partner_approval=True)),
            approval_by_partner=approval(),
        ),
    ),
    (
        "AWAITING_PARTNER_APPROVAL",
        lambda: unapproved(
            local=local_view(record=LocalRecord("SENT", own_approval=True)),
            approval_by_us=approval(ApprovalSide.BY_US),
        ),
    ),
    ("EXPIRING", lambda: ending("2026/2027")),
    ("EXPIRED_WITHOUT_SUCCESSOR", lambda: ending("2025/2026")),
    ("PERIOD_BEYOND_PROGRAMME", lambda: both(receiving_last_academic_year_id="2029/2030")),
    (
        "ONE_DIRECTION_ONLY",
        lambda: case(
            local=local_view(iia(condition())), partner=partner_view(iia(condition(), serving=THEIRS))
        ),
    ),
    (
        "LOCAL_VALUE_UNMAPPED",
        lambda: case(local=local_view(record=record(problems=(("studyLevels", "X"),)))),
    ),
    (
        "LOCAL_STATUS_CONTRADICTS",
        lambda: unapproved(
            local=local_view(record=LocalRecord("ACTIVE", own_approval=True)),
            approval_by_us=approval(ApprovalSide.BY_US),
        ),
    ),
    ("LOCAL_STATUS_CONTRADICTS", lambda: case(local=local_view(record=record(status="SENT")))),
    ("LOCAL_APPROVAL_DIFFERS", lambda: case(local=local_view(record=record(partner_approval=False)))),
    (
        "LOCAL_APPROVAL_DIFFERS",
        lambda: unapproved(local=local_view(record=record()), approval_by_us=approval(ApprovalSide.BY_US)),
    ),
]
