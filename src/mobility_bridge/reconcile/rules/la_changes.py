"""Changes of learning agreements: one cumulative difference to the first version, named by one id, with reasons.

Source: EWP mobilities: learning agreement lifecycle, merging; the proposal id.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.la_merge import Unapplied, matches, mobility_type, unapplied
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    ComponentStatus,
    LaComponent,
    LaMobilityType,
    LearningAgreement,
)
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import first_day, planned_days
from mobility_bridge.reconcile.stay_la import (
    called,
    changes,
    named,
    sender,
    served,
    signed_at,
)
from mobility_bridge.reconcile.stay_state import in_question

_SOURCE = "EWP mobilities: when is a learning agreement approved; merging"
_ON = "learning_agreement"


def _changed(case: StayCase) -> LearningAgreement | None:
    la = served(case)
    return la if la is not None and in_question(case) else None


@rule(
    code="LA_DIFF_ORPHAN_DELETE",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("A course is removed that was never there", "En kurs tas bort som aldrig funnits"),
    text=Text(
        "Changes in the {version} of the learning agreement remove {component} from {table}, and the first version has no such "
        "component. What is agreed is not clear.",
        "Ändringarna i studieavtalet ({version}) tar bort {component} ur {table}, men den första versionen har ingen "
        "sådan komponent. Det är oklart vad som är överenskommet.",
    ),
    next_step=advice(
        "Ask {sending} for a proposal that lists every difference to the first version; do not approve this one.",
        "Be {sending} om ett förslag som anger alla skillnader mot den första versionen; godkänn inte detta.",
    ),
    source=_SOURCE,
)
def change_removes_what_is_not_there(case: StayCase) -> Iterator[Observation]:
    """A deletion matches no component of the first version.

    Source: EWP mobilities: merging; rule SEM-17.
    """
    yield from _left_over(case, ComponentStatus.DELETED)


@rule(
    code="LA_DIFF_DUPLICATE_INSERT",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("A course is added that is there already", "En kurs läggs till som redan finns"),
    text=Text(
        "Changes in the {version} of the learning agreement add {component} to {table}, where the first version has it already.",
        "Ändringarna i studieavtalet ({version}) lägger till {component} i {table}, där den redan finns i den första "
        "versionen.",
    ),
    next_step=advice(
        "Ask {sending} to take it out of the changes; its credits would count twice.",
        "Be {sending} ta bort den ur ändringarna; poängen skulle räknas två gånger.",
    ),
    source=_SOURCE,
)
def change_adds_what_is_there(case: StayCase) -> Iterator[Observation]:
    """An insertion equals a component of the first version that is not removed.

    Source: EWP mobilities: merging; rule SEM-17.
    """
    yield from _left_over(case, ComponentStatus.INSERTED)


def _left_over(case: StayCase, status: ComponentStatus) -> Iterator[Observation]:
    la = _changed(case)
    if la is None or la.first_version is None:
        return
    for version, lists in changes(la):
        for left in unapplied(la.first_version, lists):
            if left.status is status:
                yield _about(case, version, left)


def _about(case: StayCase, version: str, left: Unapplied) -> Observation:
    values = {
        "version": version,
        "table": left.table.value,
        "component": called(left.component),
        "sending": case.sending_hei_id or "",
    }
    place = f"{version}/{left.table}/{called(left.component)}"
    return Observation(place, values, planned_days(case).last, owner=sender(case))


@rule(
    code="LA_DIFF_NOT_CUMULATIVE",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("A proposal drops changes that were approved", "Ett förslag utelämnar godkända ändringar"),
    text=Text(
        "The open proposal does not repeat changes that were approved before. If it were approved, they would be undone: "
        "{components}.",
        "Det öppna förslaget upprepar inte ändringar som redan är godkända. Om det godkänns blir de ogjorda: "
        "{components}.",
    ),
    next_step=advice(
        "Look at what would bind in the end before deciding; if it is not meant, send {sending} a comment.",
        "Se efter vad som skulle gälla till slut innan du beslutar; om det inte är menat, skicka {sending} en "
        "kommentar.",
    ),
    source=_SOURCE,
)
def proposal_drops_approved_changes(case: StayCase) -> Iterator[Observation]:
    """An incoming student's proposal lacks differences that were approved earlier; each approval replaces all.

    Source: EWP mobilities: consequences of the cumulative model.
    """
    la = _changed(case)
    if case.outgoing or la is None or la.approved_changes is None or la.changes_proposal is None:
        return
    repeated, dropped = dict(la.changes_proposal.lists.tables()), []
    for table, approved in la.approved_changes.tables():
        for status in ComponentStatus:
            before = [each for each in approved if each.status is status]
            now = [each for each in repeated.get(table, ()) if each.status is status]
            found = matches(before, now)
            dropped += [each for each, place in zip(before, found, strict=True) if place is None]
    if dropped:
        values = {"components": named(dropped), "sending": case.sending_hei_id or ""}
        yield Observation(values=values, due_on=planned_days(case).last)


@rule(
    code="LA_PROPOSAL_ID_DRIFT",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("A proposal's id does not follow its text", "Ett förslags id följer inte dess text"),
    text=Text(
        "The id of the proposal in the learning agreement cannot be relied upon: {reason}.",
        "Id:t för förslaget i studieavtalet går inte att lita på: {reason}.",
    ),
    next_step=advice(
        "An approval may be refused or hit another text. {sending} has to give each text one id and keep it.",
        "Ett godkännande kan avvisas eller gälla en annan text. {sending} måste ge varje text ett id och behålla det.",
    ),
    source="EWP mobilities: the proposal id; known trouble",
)
def proposal_id_does_not_follow_its_text(case: StayCase) -> Iterator[Observation]:
    """The same text came under a new id, another text under the same id, or a refused id came back.

    Source: EWP mobilities: the proposal id; refused proposal published again.
    """
    la, seen = _changed(case), case.learning_agreement
    if la is None or seen is None or la.changes_proposal is None:
        return
    reason = _id_trouble(la.changes_proposal, [former for former, _ in seen.earlier])
    refused_at = max(
        (
            each.sent_at
            for each in case.decisions
            if each.on == _ON and not each.approve and each.proposal_id == la.changes_proposal.proposal_id
            if each.sent_at is not None
        ),
        default=None,
    )
    if reason is None and refused_at is not None and seen.stored.changed_at > refused_at:
        reason = "refused_id_again"
    if reason is not None:
        yield Observation(values={"reason": reason, "sending": case.sending_hei_id or ""}, owner=sender(case))


def _id_trouble(proposal: ChangesProposal, former: list[LearningAgreement]) -> str | None:
    """What is wrong between this proposal and the one that was shown just before."""
    before = former[0].changes_proposal if former else None
    same_text = before is not None and (before.lists, before.student) == (proposal.lists, proposal.student)
    if before is not None and same_text is not (before.proposal_id == proposal.proposal_id):
        return "same_text_new_id" if same_text else "new_text_same_id"
    return None


@rule(
    code="LA_CHANGE_LATE",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("A change came late", "En ändring kom sent"),
    text=Text(
        "Changes of the learning agreement were {what} on {changed_on}; they are due {limit} weeks after {counted_from}.",
        "Ändringar i studieavtalet blev {what} {changed_on}; det ska ske senast {limit} veckor efter {counted_from}.",
    ),
    next_step=advice(
        "Decide whether the change can still count, and note why.",
        "Avgör om ändringen ändå kan räknas, och anteckna varför.",
    ),
    source="EWP mobilities: reconciliation of versions",
)
def change_came_late(case: StayCase) -> Iterator[Observation]:
    """A change was signed long after the term's start, or decided long after it was asked for.

    Source: EWP mobilities: reconciliation of versions.
    """
    la = _changed(case)
    if la is None:
        return
    limits = case.thresholds
    for version, lists in changes(la):
        asked = signed_at(lists.sending_hei_signature)
        decided = signed_at(lists.receiving_hei_signature)
        proposed_at = signed_at(lists.student_signature) or asked
        proposed = proposed_at.date() if proposed_at is not None else None
        start = _term_start(case, proposed) if proposed is not None else None
        if proposed and start and proposed > start + timedelta(weeks=limits.la_change_weeks):
            yield _late(version, "proposed", proposed, limits.la_change_weeks, start)
        if asked and decided and decided - asked > timedelta(weeks=limits.la_decision_weeks):
            yield _late(version, "decided", decided.date(), limits.la_decision_weeks, asked.date())


def _late(version: str, what: str, day: date, weeks: int, counted_from: date) -> Observation:
    values = {
        "what": what,
        "changed_on": day.isoformat(),
        "limit": str(weeks),
        "counted_from": counted_from.isoformat(),
    }
    return Observation(f"{version}/{what}", values)


def _term_start(case: StayCase, day: date) -> date | None:
    """The first day of the stay, or of the later term of it that a change falls into."""
    start, last = first_day(case), planned_days(case).last
    if start is None:
        return None
    inside = [each.first_day for each in case.calendar.values() if start < each.first_day <= (last or start)]
    return max([start, *(each for each in inside if each <= day)])


@rule(
    code="LA_SHORT_TERM_CHANGED",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("Changes of a short stay", "Ändringar av en kort vistelse"),
    text=Text(
        "The learning agreement of a short stay ({stay_kind}) has changes after its first version; some systems do not "
        "know of them.",
        "Studieavtalet för en kort vistelse ({stay_kind}) har ändringar efter den första versionen; alla system känner "
        "inte till sådana.",
    ),
    next_step=advice(
        "Make sure that {partner_hei_id} sees the same text before anybody relies on it.",
        "Se till att {partner_hei_id} ser samma text innan någon litar på den.",
    ),
    source="EWP mobilities: contradictions between sources",
)
def short_stay_has_changes(case: StayCase) -> Iterator[Observation]:
    """A blended or doctoral mobility has a proposal after its first version, of which the sources disagree.

    Source: EWP mobilities: contradictions between sources; rule SEM-18.
    """
    la = _changed(case)
    if la is None or la.first_version is None or la.changes_proposal is None:
        return
    kind = mobility_type(la)
    if kind is not LaMobilityType.SEMESTER:
        yield Observation(values={"stay_kind": kind.value})


@rule(
    code="LA_REASON_INVALID",
    severity=Severity.INFORMATION,
    owner=Owner.PARTNER,
    title=Text("A change gives no valid reason", "En ändring anger inget giltigt skäl"),
    text=Text(
        "In the {version} of the learning agreement, these changes do not say what they do or why: {components}.",
        "I studieavtalet ({version}) anger dessa ändringar inte vad de gör eller varför: {components}.",
    ),
    next_step=advice(
        "Ask {sending} to state for each change whether it adds or removes, and a reason that fits.",
        "Be {sending} ange för varje ändring om den lägger till eller tar bort, och ett skäl som passar.",
    ),
    source="EWP mobilities: rules that no schema can say",
)
def change_gives_no_valid_reason(case: StayCase) -> Iterator[Observation]:
    """A component of changes has no status, no reason, or a reason of the other kind of change.

    Source: EWP mobilities: rule SEM-12.
    """
    la = _changed(case)
    for version, lists in () if la is None else changes(la):
        wrong = [each for each in _components(lists) if not _explained(each)]
        if wrong:
            values = {
                "version": version,
                "components": named(wrong),
                "sending": case.sending_hei_id or "",
            }
            yield Observation(version, values, owner=sender(case))


def _components(lists: ComponentLists) -> Iterator[LaComponent]:
    for _, components in lists.tables():
        yield from components


def _explained(component: LaComponent) -> bool:
    if component.status is None:
        return False
    if component.reason_code is not None:
        return component.reason_code.explains is component.status
    return bool((component.reason_text or "").strip())
