"""Ids and parties of an agreement are not what they must be.

Source: EWP agreements: mapping and identity.
"""

import re
from collections.abc import Iterator

from mobility_bridge.domain.case import AgreementCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.reconcile.identity import living, reused_text, unknown_heis
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import TELL_PROVIDER, started_or_due

_SOURCE = "EWP agreements: known trouble with mapping and identity"
_IIA_ID = re.compile(r"[\x21-\x7e]{1,64}")


@rule(
    code="PARTNER_ORDER",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("The parties stand in the wrong order", "Parterna står i fel ordning"),
    text=Text(
        "The partner's copy {partner} names us first. The university that serves a copy must come first; as it "
        "stands the ids and the hash cannot be relied on.",
        "Partnerns exemplar {partner} anger oss först. Lärosätet som visar exemplaret ska stå först; som det är nu "
        "går det inte att lita på id och hash.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def partner_names_us_first(case: AgreementCase) -> Iterator[Observation]:
    """The HEI that serves the copy is not the first of its two partners.

    Source: EWP agreements: known trouble with mapping and identity; iia-hash.
    """
    partner = living(case.partner)
    if case.standing.trouble == "PARTNER_ORDER" and partner is not None:
        values = {"partner": partner.iia_id, "order": ", ".join(partner.listed_hei_ids)}
        yield Observation(values=values, due_on=started_or_due(case))


@rule(
    code="PARTNER_WRONG_HEI",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("The copy is about other universities", "Exemplaret gäller andra lärosäten"),
    text=Text(
        "The partner's copy {partner} names {listed} as its parties; expected were {expected}.",
        "Partnerns exemplar {partner} anger {listed} som parter; förväntat var {expected}.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def copy_is_about_other_universities(case: AgreementCase) -> Iterator[Observation]:
    """A party of the partner's copy is neither we nor the HEI that was asked, as after a merger.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    partner = living(case.partner)
    if case.standing.trouble == "PARTNER_WRONG_HEI" and partner is not None:
        expected = f"{partner.holder_hei_id}, {case.own_hei_id}"
        yield Observation(
            values={
                "partner": partner.iia_id,
                "listed": ", ".join(partner.listed_hei_ids),
                "expected": expected,
            }
        )


@rule(
    code="DIRECTION_HEI_UNKNOWN",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("A condition names no known university", "Ett villkor anger inget känt lärosäte"),
    text=Text(
        "Conditions of copy {copy} name {unknown} as sender or receiver, which is neither of the two parties.",
        "Villkor i exemplaret {copy} anger {unknown} som sändande eller mottagande, vilket inte är någon av de två "
        "parterna.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def condition_names_a_third_university(case: AgreementCase) -> Iterator[Observation]:
    """A sending or receiving HEI is not one of the two partners: a display name or an Erasmus code.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    if case.standing.ended or case.standing.trouble == "PARTNER_WRONG_HEI":
        return
    for place, view, owner in (("", case.partner, None), ("local", case.local, Owner.US)):
        copy = living(view)
        if view is None or view.iia is None or copy is None:
            continue
        if unknown := unknown_heis(case, view.iia):
            values = {"copy": copy.iia_id, "unknown": ", ".join(unknown)}
            yield Observation(place, values, started_or_due(case), owner=owner)


@rule(
    code="ID_IS_CODE",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("The id is not one that lasts", "Id:t är inte beständigt"),
    text=Text(
        "The partner uses {partner} both as the id and as the agreement number (or in a form not allowed). "
        "When the number changes, the link to our copy breaks.",
        "Partnern använder {partner} både som id och som avtalsnummer (eller i otillåten form). När numret ändras "
        "bryts kopplingen till vårt exemplar.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def agreement_number_is_used_as_id(case: AgreementCase) -> Iterator[Observation]:
    """The partner's id equals its agreement number, or is no id at all (blanks, over 64 characters).

    Source: EWP agreements: known trouble with mapping and identity.
    """
    partner = living(case.partner)
    if case.standing.ended or partner is None:
        return
    if partner.iia_id == partner.iia_code or not _IIA_ID.fullmatch(partner.iia_id):
        yield Observation(values={"partner": partner.iia_id, "code": partner.iia_code or ""})


@rule(
    code="ID_CHANGED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Partner gave the agreement a new id", "Partnern har gett avtalet ett nytt id"),
    text=Text(
        "The partner's copy {before} has vanished and {now} stands for the same agreement. Approvals were given "
        "to the former id.",
        "Partnerns exemplar {before} har försvunnit och {now} står för samma avtal. Godkännanden gavs till det "
        "tidigare id:t.",
    ),
    next_step=Text(
        "Ask {partner_hei_id} to restore the former id. If they cannot, link our copy to the new one and approve "
        "again. Details: mobility-bridge explain {id}",
        "Be {partner_hei_id} återställa det tidigare id:t. Om det inte går, knyt vårt exemplar till det nya och "
        "godkänn på nytt. Detaljer: mobility-bridge explain {id}",
    ),
    source=_SOURCE,
)
def partner_gave_the_agreement_a_new_id(case: AgreementCase) -> Iterator[Observation]:
    """The known id is gone and an unknown one stands for our copy, as after a re-import.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    former, partner = case.replaced_partner_copy, living(case.partner)
    if case.standing.trouble != "ID_CHANGED" or former is None or partner is None:
        return
    same = former.copy.content_digest == partner.content_digest
    values = {
        "before": former.copy.iia_id,
        "now": partner.iia_id,
        "same_text": "yes" if same else "no",
    }
    yield Observation(values=values, due_on=started_or_due(case))


@rule(
    code="ID_REUSED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("A deleted id stands for something else", "Ett borttaget id står för något annat"),
    text=Text(
        "The partner's id {partner} was deleted on {gone} and now stands for another agreement.",
        "Partnerns id {partner} togs bort {gone} och står nu för ett annat avtal.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def deleted_id_is_used_again(case: AgreementCase) -> Iterator[Observation]:
    """An id that was deleted answers again with another text and without the link it had.

    Source: EWP agreements: known trouble with mapping and identity.
    """
    former = reused_text(case)
    if case.standing.trouble == "ID_REUSED" and former is not None:
        gone = former.gone_at.date().isoformat() if former.gone_at is not None else ""
        yield Observation(values={"partner": former.copy.iia_id, "gone": gone})
