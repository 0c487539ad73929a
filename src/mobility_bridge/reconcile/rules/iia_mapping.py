"""The two copies of an agreement are not bound to each other, or one of them is not there.

Source: EWP agreements: mapping and identity; states of an agreement. Which of these applies is
decided once, in `identity`, so that one cause gives one finding.
"""

from collections.abc import Iterator
from datetime import datetime

from mobility_bridge.domain.case import AgreementCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.reconcile.calendar import grace_end
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import TELL_PROVIDER, started_or_due

_SOURCE = "EWP agreements: known trouble with mapping and identity; states of an agreement"
_NOT_SHARED = ("DRAFT", "WITHDRAWN", "EXPIRED")


def _ids(case: AgreementCase) -> dict[str, str]:
    """Both ids, and what each copy lists as the other's."""
    sides = (("local", case.local), ("partner", case.partner))
    present = [(name, view.copy) for name, view in sides if view is not None]
    ids: dict[str, str] = {name: copy.iia_id for name, copy in present}
    return ids | {f"{name}_lists": copy.partner_iia_id or "" for name, copy in present}


def _mapping_overdue(case: AgreementCase) -> bool:
    """An approved agreement was mapped once; a new one gets some days for the ids to cross."""
    if case.standing.was_concluded or case.approval_by_partner is not None or case.approval_by_us is not None:
        return True
    changes = [view.stored.changed_at for view in (case.local, case.partner) if view is not None]
    return case.today >= grace_end(max(changes), case.thresholds.mapping_grace_days)


@rule(
    code="NOT_MAPPED_BY_PARTNER",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Partner does not name our copy", "Partnern anger inte vårt exemplar"),
    text=Text(
        "Our copy {local} names the partner's {partner}, but theirs names no copy of ours. The two are not bound "
        "to each other, so no approval can be valid.",
        "Vårt exemplar {local} anger partnerns {partner}, men deras anger inget exemplar hos oss. De två är inte "
        "knutna till varandra, så inget godkännande kan gälla.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} to link its copy {partner} to our id {local} and to publish the link. "
        "Details: mobility-bridge explain {id}",
        "Be {partner_hei_id} att knyta sitt exemplar {partner} till vårt id {local} och publicera kopplingen. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def partner_does_not_list_our_id(case: AgreementCase) -> Iterator[Observation]:
    """The partner's copy has no id of ours although ours lists theirs.

    Source: EWP agreements: known trouble with mapping and identity; reported to the network's service desk.
    """
    if case.standing.trouble == "NOT_MAPPED_BY_PARTNER" and _mapping_overdue(case):
        yield Observation(values=_ids(case), due_on=started_or_due(case))


@rule(
    code="NOT_MAPPED_BY_US",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("We do not name the partner's copy", "Vi anger inte partnerns exemplar"),
    text=Text(
        "The partner's copy {partner} belongs to our {local}, but ours does not name it. The partner must not "
        "approve our copy until it does.",
        "Partnerns exemplar {partner} hör till vårt {local}, men vårt anger det inte. Partnern får inte godkänna "
        "vårt exemplar förrän det gör det.",
    ),
    next_step=Text(
        "Link our copy {local} to the partner's id {partner} in our own system, so that it is published. "
        "Details: mobility-bridge explain {id}",
        "Knyt vårt exemplar {local} till partnerns id {partner} i vårt eget system, så att det publiceras. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def we_do_not_list_the_partners_id(case: AgreementCase) -> Iterator[Observation]:
    """The partner's copy is known, but ours lists no id of theirs.

    Source: EWP agreements: known trouble with mapping and identity; states A2 and A13.
    """
    if case.standing.trouble == "NOT_MAPPED_BY_US" and _mapping_overdue(case):
        yield Observation(values=_ids(case), due_on=started_or_due(case))


@rule(
    code="MAPPED_TO_UNKNOWN",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Partner names an id we never had", "Partnern anger ett id som aldrig funnits hos oss"),
    text=Text(
        "The partner's copy {partner} names our id {partner_lists}, which never existed here.",
        "Partnerns exemplar {partner} anger vårt id {partner_lists}, som aldrig har funnits hos oss.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} which agreement is meant and to correct the id. Details: mobility-bridge explain {id}",
        "Fråga {partner_hei_id} vilket avtal som avses och be dem rätta id:t. Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def partner_lists_an_id_that_never_existed(case: AgreementCase) -> Iterator[Observation]:
    """The id that the partner lists as ours is unknown here.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    if case.standing.trouble == "MAPPED_TO_UNKNOWN":
        yield Observation(values=_ids(case), due_on=started_or_due(case))


@rule(
    code="MAPPED_TO_DELETED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Partner names a copy that we deleted", "Partnern anger ett exemplar som vi har tagit bort"),
    text=Text(
        "The partner's copy {partner} still names our id {partner_lists}, which we have deleted.",
        "Partnerns exemplar {partner} anger fortfarande vårt id {partner_lists}, som vi har tagit bort.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} to remove the id or to link its copy to the right agreement. "
        "Details: mobility-bridge explain {id}",
        "Be {partner_hei_id} ta bort id:t eller knyta sitt exemplar till rätt avtal. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def partner_lists_an_id_that_we_deleted(case: AgreementCase) -> Iterator[Observation]:
    """The partner did not unmap its copy after we deleted ours.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    if case.standing.trouble == "MAPPED_TO_DELETED":
        yield Observation(values=_ids(case))


@rule(
    code="MAPPING_CONFLICT",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("The copies name different counterparts", "Exemplaren anger olika motparter"),
    text=Text(
        "Our copy {local} names the partner's {local_lists}; the partner's {partner} names our {partner_lists}."
        "[ Other copies of theirs that name ours: {others}.]",
        "Vårt exemplar {local} anger partnerns {local_lists}; partnerns {partner} anger vårt {partner_lists}."
        "[ Andra exemplar hos dem som anger vårt: {others}.]",
    ),
    next_step=Text(
        "Settle with {partner_hei_id} which two copies belong together; the others are to be unlinked or deleted. "
        "Details: mobility-bridge explain {id}",
        "Reda ut med {partner_hei_id} vilka två exemplar som hör ihop; övriga ska kopplas loss eller tas bort. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def copies_name_different_counterparts(case: AgreementCase) -> Iterator[Observation]:
    """The pairing is not one to one: a copy names another counterpart, or several name the same.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    if case.standing.trouble == "MAPPING_CONFLICT":
        others = ", ".join(sorted(view.copy.iia_id for view in case.competing_partner_copies))
        yield Observation(values={**_ids(case), "others": others}, due_on=started_or_due(case))


@rule(
    code="AGREEMENT_SPLIT",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner serves one agreement as several", "Partnern visar ett avtal som flera"),
    text=Text(
        "The partner serves {count} copies ({copies}) for our one agreement {local}, each with a part of its "
        "conditions.",
        "Partnern visar {count} exemplar ({copies}) för vårt enda avtal {local}, vart och ett med en del av "
        "villkoren.",
    ),
    next_step=TELL_PROVIDER,
    source="reported to the network's service desk; EWP agreements: scenarios",
)
def partner_serves_our_agreement_in_parts(case: AgreementCase) -> Iterator[Observation]:
    """Several living partner copies list one id of ours and together hold its conditions.

    Source: reported to the network's service desk ("child" against "parent" strategy).
    """
    if case.standing.trouble == "AGREEMENT_SPLIT":
        parts = sorted(view.copy.iia_id for view in case.split_over)
        local = case.subject.iia_id or ""
        values = {"local": local, "copies": ", ".join(parts), "count": str(len(parts))}
        yield Observation(values=values, due_on=started_or_due(case))


@rule(
    code="DUPLICATE_COPY",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Several of our copies name one of theirs", "Flera av våra exemplar anger samma hos partnern"),
    text=Text(
        "Our copies {local} and {others} both name the partner's {partner}. One of them is probably a duplicate.",
        "Våra exemplar {local} och {others} anger båda partnerns {partner}. Ett av dem är troligen en dubblett.",
    ),
    next_step=Text(
        "Decide which copy stays, and unlink or delete the other in our own system. "
        "Details: mobility-bridge explain {id}",
        "Bestäm vilket exemplar som ska vara kvar och koppla loss eller ta bort det andra i vårt eget system. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def another_copy_of_ours_lists_the_same_partner_copy(case: AgreementCase) -> Iterator[Observation]:
    """Two copies of ours list one of theirs; reported on each that the partner's copy does not name.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    if case.standing.trouble == "DUPLICATE_COPY":
        others = ", ".join(sorted(view.copy.iia_id for view in case.competing_local_copies))
        yield Observation(values={**_ids(case), "others": others})


@rule(
    code="NO_PARTNER_COPY",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("Partner shows no copy", "Partnern visar inget exemplar"),
    text=Text(
        "We shared our copy {local} with {partner_hei_id}, but they have shown none of their own since {since}."
        "[ Copies of theirs that may belong to it: {proposals}.]",
        "Vi har delat vårt exemplar {local} med {partner_hei_id}, men de har inte visat något eget sedan {since}."
        "[ Exemplar hos dem som kan höra till det: {proposals}.]",
    ),
    next_step=Text(
        "Ask {partner_hei_id} whether the proposal has reached them and notify them again (mobility-bridge notify "
        "{iia_id} --partner {partner_hei_id})[, or link one of the suggested copies {proposals} in our own system].",
        "Fråga {partner_hei_id} om förslaget har nått dem och avisera på nytt (mobility-bridge notify {iia_id} "
        "--partner {partner_hei_id})[, eller knyt ett av de föreslagna exemplaren {proposals} i vårt eget system].",
    ),
    source="EWP agreements: states of an agreement, state A1",
)
def partner_shows_no_copy(case: AgreementCase) -> Iterator[Observation]:
    """We shared a copy, and after the time for an answer the partner still shows nothing.

    Drafts and what we withdrew are not shared; without an index ever read nothing is known.

    Source: EWP agreements: states of an agreement, state A1; reported to the network's service desk.
    """
    local = living(case.local)
    if case.standing.trouble != "NO_PARTNER_COPY" or local is None or case.local is None:
        return
    record = local.record
    if local.iia_hash is None or (record is not None and record.status in _NOT_SHARED):
        return
    since: datetime = max(
        case.local.stored.first_seen_at,
        (record and record.last_notified_at) or case.local.stored.first_seen_at,
    )
    if case.listed_in_index is None or case.today < grace_end(since, case.thresholds.answer_grace_days):
        return
    values = {"local": local.iia_id, "since": since.date().isoformat(), "proposals": _proposals(case)}
    yield Observation(values=values, due_on=started_or_due(case))


@rule(
    code="NO_LOCAL_COPY",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Partner offers an agreement that we lack", "Partnern erbjuder ett avtal som vi saknar"),
    text=Text(
        "{partner_hei_id} offers agreement {partner}[ ({code})], and no copy of ours belongs to it."
        "[ Copies of ours that may: {proposals}.]",
        "{partner_hei_id} erbjuder avtalet {partner}[ ({code})], och inget exemplar hos oss hör till det."
        "[ Exemplar hos oss som kan göra det: {proposals}.]",
    ),
    next_step=Text(
        "Import it in our own system or link it to the copy that we have; check first that it is no duplicate. "
        "Details: mobility-bridge explain {id}",
        "Importera det i vårt eget system eller knyt det till det exemplar vi har; kontrollera först att det inte "
        "är en dubblett. Detaljer: mobility-bridge explain {id}",
    ),
    source="EWP agreements: states of an agreement, state B1",
)
def partner_offers_what_we_do_not_have(case: AgreementCase) -> Iterator[Observation]:
    """A living partner copy that lists no id of ours has no counterpart here.

    Source: EWP agreements: states of an agreement, state B1.
    """
    partner = living(case.partner)
    if case.standing.trouble != "NO_LOCAL_COPY" or partner is None:
        return
    values = {"partner": partner.iia_id, "code": partner.iia_code or "", "proposals": _proposals(case)}
    yield Observation(values=values, due_on=started_or_due(case))


def _proposals(case: AgreementCase) -> str:
    """The suggested counterparts, best first; a renewal is marked, since it is none."""
    ours_is_subject = case.local is not None
    return ", ".join(
        f"{each.partner_iia_id if ours_is_subject else each.iia_id} ({each.score:.2f}"
        f"{', renewal' if each.renewal else ''}{', likely' if each.likely else ''})"
        for each in sorted(case.proposals, key=lambda each: -each.score)
    )


@rule(
    code="DELETED_BY_PARTNER",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Partner deleted its copy", "Partnern har tagit bort sitt exemplar"),
    text=Text(
        "The partner no longer serves its copy {partner} of our {local} (since {gone}). It was never approved "
        "by both.",
        "Partnern visar inte längre sitt exemplar {partner} av vårt {local} (sedan {gone}). Det var aldrig "
        "godkänt av båda.",
    ),
    next_step=Text(
        "Remove the partner's id from our copy, link it to another copy of theirs, or delete ours too. "
        "Details: mobility-bridge explain {id}",
        "Ta bort partnerns id ur vårt exemplar, knyt det till ett annat exemplar hos dem eller ta bort även vårt. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def partner_deleted_its_copy(case: AgreementCase) -> Iterator[Observation]:
    """The partner stopped serving a copy that was never mutually approved; ours still names it.

    Source: EWP agreements: known trouble with mapping and identity; state A13.
    """
    if case.standing.trouble == "DELETED_BY_PARTNER":
        yield Observation(values={**_ids(case), "gone": _gone(case)})


@rule(
    code="DELETED_AFTER_CONCLUSION",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Partner dropped an agreement in force", "Partnern har tappat ett gällande avtal"),
    text=Text(
        "The partner no longer serves its copy {partner} of our {local} (since {gone}), although both had "
        "approved it.",
        "Partnern visar inte längre sitt exemplar {partner} av vårt {local} (sedan {gone}), trots att båda hade "
        "godkänt det.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} to restore the copy; keep ours unchanged. The approved texts are kept here as "
        "evidence: mobility-bridge explain {id}",
        "Be {partner_hei_id} återställa exemplaret; låt vårt vara oförändrat. De godkända texterna finns kvar här "
        "som bevis: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def partner_dropped_a_concluded_agreement(case: AgreementCase) -> Iterator[Observation]:
    """The partner stopped serving a copy of an agreement that both had approved, which nobody may do.

    Source: EWP agreements: known trouble with mapping and identity; contradictions.
    """
    if case.standing.trouble == "DELETED_AFTER_CONCLUSION":
        yield Observation(values={**_ids(case), "gone": _gone(case)}, due_on=started_or_due(case))


def _gone(case: AgreementCase) -> str:
    gone_at = case.partner.stored.gone_at if case.partner is not None else None
    return "" if gone_at is None else gone_at.date().isoformat()


@rule(
    code="HIDDEN_BY_PARTNER",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner's list and answers disagree", "Partnerns lista och svar stämmer inte överens"),
    text=Text(
        "The partner's index and its answers disagree: copy {partner} is found only in one of them ({found_in}).",
        "Partnerns index och svar stämmer inte överens: exemplaret {partner} finns bara i ett av dem ({found_in}).",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def index_and_answer_disagree(case: AgreementCase) -> Iterator[Observation]:
    """The partner lists a copy that it does not serve, or serves one that it does not list.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    unlisted = case.partner is not None and case.partner.live and case.listed_in_index is False
    if case.standing.trouble == "HIDDEN_BY_PARTNER":
        yield Observation(values={**_ids(case), "found_in": "index"})
    elif unlisted and not case.standing.ended:
        yield Observation(values={**_ids(case), "found_in": "get"})
