"""What rules of several topics see in a case: differences of the comparison, hash verdicts, due days."""

from collections.abc import Iterator
from datetime import date

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.case import AgreementCase, Pending
from mobility_bridge.domain.comparison import ConditionPair, Equality, FieldDifference, Weight
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.snapshot import AgreementCopy, HashVerdict, StoredCopy
from mobility_bridge.reconcile.calendar import decision_day, grace_end
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation

_BACK_AND_FORTH = 4  # texts, the present one included, of which only two kinds exist

TALK = Text(
    "Agree with {partner_hei_id} on what shall hold, and let whoever is wrong correct their copy. "
    "Both values and where they were read: mobility-bridge explain {id}",
    "Kom överens med {partner_hei_id} om vad som ska gälla och låt den som har fel rätta sitt exemplar. "
    "Båda värdena och var de lästes: mobility-bridge explain {id}",
)
CORRECT_TOGETHER = Text(
    "Correct the agreement together with {partner_hei_id}; both copies as they stand: mobility-bridge explain {id}",
    "Rätta avtalet tillsammans med {partner_hei_id}; båda exemplaren som de är nu: mobility-bridge explain {id}",
)
TELL_PROVIDER_OF_APPROVAL = Text(
    "Send the approval answer to the technical contact of {partner_hei_id}; until it is right, our copy does not "
    "count as approved: mobility-bridge explain {id}",
    "Skicka godkännandesvaret till den tekniska kontakten hos {partner_hei_id}; tills det är rätt räknas vårt "
    "exemplar inte som godkänt: mobility-bridge explain {id}",
)
TELL_PROVIDER = Text(
    "Send the details to the technical contact of {partner_hei_id} and do not approve their copy until then: "
    "mobility-bridge explain {id}",
    "Skicka uppgifterna till den tekniska kontakten hos {partner_hei_id} och godkänn inte deras exemplar "
    "förrän det är rättat: mobility-bridge explain {id}",
)
GOOD_TO_KNOW = Text(
    "Nothing has to be done. Details: mobility-bridge explain {id}",
    "Inget behöver göras. Detaljer: mobility-bridge explain {id}",
)


def differences(case: AgreementCase, code: str, *, softened: Severity | None = None) -> Iterator[Observation]:
    """Observe each field of each paired condition that differs in the way `code` names.

    What one side merely does not state (`Weight.SHOULD`) gets the severity `softened`, if given; what no
    one needs to settle (`Weight.MAY`) is left out unless the code is about nothing else.
    """
    if case.comparison is None:
        return
    for pair in case.comparison.pairs:
        for each in pair.differences:
            if each.code == code:
                severity = softened if each.weight is Weight.SHOULD else None
                yield difference(case, pair, each, severity=severity)


def difference(
    case: AgreementCase, pair: ConditionPair, each: FieldDifference, *, severity: Severity | None = None
) -> Observation:
    """Observe one difference of terms, as a pending change when one of the sides has just changed its text."""
    values = {
        "condition": pair.label,
        "field": each.field,
        "local": each.local,
        "partner": each.partner,
    }
    return about_terms(case, f"{pair.label}: {each.field}", values, severity=severity)


def about_terms(
    case: AgreementCase, place: str, values: dict[str, str], *, severity: Severity | None = None
) -> Observation:
    """Observe something about the terms.

    While our own proposal to change a concluded agreement is young, differences are what it consists of:
    they are shown as a warning for the partner to answer. A change of theirs is for both to look at.
    Source: EWP agreements: states A7, A8 and A9.
    """
    pending = case.standing.pending
    if pending is not Pending.NONE:
        values = {**values, "pending": pending.value}
    young = pending is Pending.OURS and not change_grace_over(case)
    return Observation(
        place,
        values,
        terms_due(case),
        severity=severity,
        owner=Owner.PARTNER if young else None,
        at_most=Severity.WARNING if young else None,
    )


def change_grace_over(case: AgreementCase) -> bool:
    """Say whether the last change of either text was long enough ago for the other side to have answered."""
    return case.today >= texts_stable_on(case)


def texts_stable_on(case: AgreementCase) -> date:
    """Name the day on which an answer to the last change of either text is overdue."""
    changes = [view.stored.changed_at for view in (case.local, case.partner) if view is not None]
    return grace_end(max(changes, default=case.now), case.thresholds.approval_grace_days)


def terms_due(case: AgreementCase) -> date | None:
    """Name the day by which terms must be settled: the first day of the agreement, or the next 31 January."""
    first, last = case.standing.first_day, case.standing.last_day
    if first is not None and first > case.today:
        return first
    decision = decision_day(case.today)
    return decision if last is not None and decision <= last else None


def started_or_due(case: AgreementCase) -> date | None:
    """Name the first day of an agreement that has not started; mobilities need it approved by then."""
    first = case.standing.first_day
    return first if first is not None and first > case.today else None


def legacy_flags(iia: Iia | None) -> tuple[str, ...]:
    """Name the elements that still carry version 6 values or placeholders."""
    found = set()
    for condition in iia.conditions if iia is not None else ():
        if condition.mobilities_not_yet_defined:
            found.add("mobilities-per-year")
        if any(skill.not_yet_defined for skill in condition.language_skills):
            found.add("recommended-language-skill")
        if any(area.v6_value for area in condition.subject_areas):
            found.add("subject-area")
    return tuple(sorted(found))


def same_terms(case: AgreementCase) -> bool:
    """Say whether nothing in the terms stands against an approval."""
    return case.comparison is not None and case.comparison.equality is not Equality.DIFFERENT


def flags_lost(case: AgreementCase) -> bool:
    """Say whether the partner dropped version 6 flags from a text that we approved with them.

    Source: EWP agreements: known trouble with terms, LEGACY_LOST: the text is the same but for the flags, and our approval
    no longer fits its hash.
    """
    partner, approval = living(case.partner), case.approval_by_us
    if not case.standing.approvable or partner is None or approval is None or not same_terms(case):
        return False
    if approval.iia_hash == partner.iia_hash or not partner.valid_for_approval:
        return False
    ours = case.local.iia if case.local is not None else None
    before = next((each.copy for each in case.partner_history), None)
    had_flags = before is not None and not before.valid_for_approval and before.iia_hash == approval.iia_hash
    return had_flags or bool(legacy_flags(ours))


def hash_verdict_is(case: AgreementCase, verdict: HashVerdict) -> Iterator[Observation]:
    """Observe each living copy whose hash was judged so; one of our own is for operations to look at."""
    if case.standing.ended:
        return
    partner, local = living(case.partner), living(case.local)
    if partner is not None and partner.hash_verdict is verdict:
        yield Observation(values=_hashes(partner))
    if local is not None and local.hash_verdict is verdict:
        yield Observation("local", _hashes(local), owner=Owner.OPERATIONS)


def _hashes(copy: AgreementCopy) -> dict[str, str]:
    return {
        "holder": copy.holder_hei_id,
        "declared": copy.iia_hash or "",
        "computed": copy.computed_hash or "",
    }


def hash_is_unstable(case: AgreementCase) -> bool:
    """Say whether the partner's living text had another hash before, or two texts of it alternate."""
    if case.partner is None or living(case.partner) is None:
        return False
    texts = (case.partner.stored, *case.partner_history)
    return all(_usable(each) for each in texts[:2]) and (_same_text_other_hash(texts) or _alternates(texts))


def _usable(stored: StoredCopy) -> bool:
    verdict = stored.copy.hash_verdict
    return verdict.trusted or verdict is HashVerdict.NOT_CHECKED


def _hashed_ids(stored: StoredCopy) -> tuple[object, ...]:
    """What else goes into the hash: both ids, in the order of the parties."""
    return stored.copy.iia_id, stored.copy.partner_iia_id, stored.copy.listed_hei_ids


def _same_text_other_hash(texts: tuple[StoredCopy, ...]) -> bool:
    if len(texts) < 2:
        return False
    now, before = texts[0].copy, texts[1].copy
    return (
        now.content_digest == before.content_digest
        and _hashed_ids(texts[0]) == _hashed_ids(texts[1])
        and now.iia_hash != before.iia_hash
    )


def _alternates(texts: tuple[StoredCopy, ...]) -> bool:
    digests = [each.copy.content_digest for each in texts[:_BACK_AND_FORTH]]
    return (
        len(digests) == _BACK_AND_FORTH
        and digests[0] == digests[2] != digests[1] == digests[3]
        and len({_hashed_ids(each) for each in texts[:_BACK_AND_FORTH]}) == 1
    )
