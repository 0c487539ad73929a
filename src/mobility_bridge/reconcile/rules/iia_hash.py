"""The hash of a copy does not do its work: it is wrong, or not to be relied on.

Source: EWP agreements: trouble with hashes; the first cause that fits is the one named.
"""

from collections.abc import Iterator

from mobility_bridge.domain.case import AgreementCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import GOOD_TO_KNOW, TELL_PROVIDER, hash_is_unstable, hash_verdict_is

_SOURCE = "EWP IIAs API 7.0.0, iia-hash; EWP agreements: known trouble with hashes"


@rule(
    code="HASH_DECLARED_WRONG",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash does not fit the text", "Hashen stämmer inte med texten"),
    text=Text(
        "{holder} declares a hash that does not fit the text it serves. Until that is corrected nobody can say which text an approval is for.",
        "{holder} anger en hash som inte stämmer med den text som visas. Tills det är rättat går det inte att säga vilken text ett godkännande gäller.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_is_declared_wrong(case: AgreementCase) -> Iterator[Observation]:
    """The declared iia-hash is not that of the text that is served, and no known cause explains it.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.DECLARED_WRONG)


@rule(
    code="HASH_DOC_SCOPE",
    severity=Severity.INFORMATION,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash covers neighbouring agreements", "Hashen omfattar även andra avtal"),
    text=Text(
        "{holder} computed the hash over a document with several agreements, one of which is terminated. It is accepted.",
        "{holder} har räknat hashen över ett dokument med flera avtal, varav ett är uppsagt. Den godtas.",
    ),
    next_step=GOOD_TO_KNOW,
    source=_SOURCE,
)
def hash_covers_the_whole_document(case: AgreementCase) -> Iterator[Observation]:
    """The hash was computed over a whole document in which a neighbour is terminated; that is accepted.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.DOC_SCOPE)


@rule(
    code="HASH_BEFORE_MAPPING",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash from before the ids were exchanged", "Hashen är från före utbytet av id"),
    text=Text(
        "{holder} computed the hash before it stored the other side's id, or kept it after removing that id.",
        "{holder} räknade hashen innan motpartens id sparades, eller behöll den efter att id:t togs bort.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_was_computed_before_mapping(case: AgreementCase) -> Iterator[Observation]:
    """The hash belongs to the text without the other side's id (or still with it after unmapping).

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.BEFORE_MAPPING)


@rule(
    code="HASH_SWAPPED_IDS",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash with the two ids exchanged", "Hashen har de två id:na i omvänd ordning"),
    text=Text(
        "{holder} computed the hash with the ids of the two universities in the wrong order.",
        "{holder} räknade hashen med de båda lärosätenas id i fel ordning.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_was_computed_with_swapped_ids(case: AgreementCase) -> Iterator[Observation]:
    """The hash fits when the two partner elements are exchanged.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.SWAPPED_IDS)


@rule(
    code="HASH_LAYOUT",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash of another layout", "Hashen gäller en annan layout"),
    text=Text(
        "{holder} computed the hash before it laid the text out, so blanks and line breaks differ.",
        "{holder} räknade hashen innan texten formaterades, så mellanslag och radbrytningar skiljer sig.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_was_computed_on_another_layout(case: AgreementCase) -> Iterator[Observation]:
    """The hash fits after trimming all values: it was computed before pretty-printing.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.LAYOUT)


@rule(
    code="HASH_ENCODING",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash in the wrong character encoding", "Hashen är räknad med fel teckenkodning"),
    text=Text(
        "{holder} computed the hash in another character encoding than UTF-8, so letters outside English change it.",
        "{holder} räknade hashen med en annan teckenkodning än UTF-8, så bokstäver som å, ä och ö ändrar den.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_was_computed_in_another_encoding(case: AgreementCase) -> Iterator[Observation]:
    """The hash fits in a platform code page, or with escaped characters, instead of UTF-8.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.ENCODING)


@rule(
    code="HASH_LEXICAL",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash of differently written numbers", "Hashen gäller tal skrivna på annat sätt"),
    text=Text(
        "{holder} wrote numbers or yes/no values in one way for the hash and in another in the text.",
        "{holder} skrev tal eller ja/nej-värden på ett sätt för hashen och på ett annat i texten.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_was_computed_on_other_number_forms(case: AgreementCase) -> Iterator[Observation]:
    """The hash fits after rewriting decimals or booleans (5 and 5.0, true and 1).

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.LEXICAL)


@rule(
    code="HASH_EMPTY_ELEMENTS",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash disregards empty elements", "Hashen bortser från tomma element"),
    text=Text(
        "{holder} added or dropped empty elements between computing the hash and serving the text.",
        "{holder} lade till eller tog bort tomma element mellan att hashen räknades och texten visades.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_was_computed_without_empty_elements(case: AgreementCase) -> Iterator[Observation]:
    """The hash fits after removing or inserting empty elements.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.EMPTY_ELEMENTS)


@rule(
    code="HASH_CONTACTS",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash includes contacts", "Hashen omfattar kontaktpersoner"),
    text=Text(
        "{holder} includes contacts in the hash, or still computes it as version 6 did.",
        "{holder} räknar in kontaktpersoner i hashen, eller räknar den fortfarande som i version 6.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_covers_contacts(case: AgreementCase) -> Iterator[Observation]:
    """The hash fits the old canonical-XML method, or contacts were hashed.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.CONTACTS)


@rule(
    code="HASH_OLD_STYLESHEET",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash from an old stylesheet", "Hashen kommer från en gammal stilmall"),
    text=Text(
        "{holder} uses a stylesheet from before the release of version 7 to compute the hash.",
        "{holder} räknar hashen med en stilmall från tiden före version 7.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_comes_from_an_old_stylesheet(case: AgreementCase) -> Iterator[Observation]:
    """The hash fits the text that a pre-release stylesheet gives.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.OLD_STYLESHEET)


@rule(
    code="HASH_CASE",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash in upper case", "Hashen är skriven med versaler"),
    text=Text(
        "{holder} writes the hash in upper case. It is the right one, but other systems may not recognise it.",
        "{holder} skriver hashen med versaler. Den är rätt, men andra system känner kanske inte igen den.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_is_in_upper_case(case: AgreementCase) -> Iterator[Observation]:
    """The hash is right but written in upper case, which the schema forbids.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.CASE)


@rule(
    code="HASH_NOT_COMPUTABLE",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash cannot be computed", "Hashen går inte att räkna ut"),
    text=Text(
        "The text that {holder} serves is built in a way for which no hash is defined, such as two ids in one place.",
        "Texten från {holder} är uppbyggd så att ingen hash är definierad, till exempel med två id på samma ställe.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_cannot_be_computed(case: AgreementCase) -> Iterator[Observation]:
    """The official stylesheet stops on this text, as on two ids or two years in one place.

    Source: EWP agreements: known trouble with hashes.
    """
    yield from hash_verdict_is(case, HashVerdict.NOT_COMPUTABLE)


@rule(
    code="HASH_ATTRIBUTES",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Unknown attributes in the terms", "Okända attribut i villkoren"),
    text=Text(
        "{holder} writes attributes into the conditions that the format does not define. They are part of the "
        "hash, in an order that depends on the software.",
        "{holder} skriver attribut i villkoren som formatet inte känner till. De ingår i hashen, i en ordning "
        "som beror på programvaran.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def conditions_hold_stray_attributes(case: AgreementCase) -> Iterator[Observation]:
    """The partner's conditions hold attributes such as `xsi:type`; silent while the hash itself is wrong.

    Source: EWP agreements: known trouble with hashes.
    """
    partner = living(case.partner)
    if case.standing.ended or partner is None or not partner.stray_attributes:
        return
    if partner.hash_verdict.trusted:
        yield Observation(values={"holder": partner.holder_hei_id})


@rule(
    code="HASH_UNSTABLE",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Hash changes without a change of terms", "Hashen ändras utan att villkoren ändras"),
    text=Text(
        "{holder} serves the same terms under changing hashes. Every approval becomes invalid with the next "
        "change.",
        "{holder} visar samma villkor under olika hashar. Varje godkännande blir ogiltigt vid nästa ändring.",
    ),
    next_step=TELL_PROVIDER,
    source=_SOURCE,
)
def hash_changes_without_a_change_of_terms(case: AgreementCase) -> Iterator[Observation]:
    """The same text had another hash before, or two texts alternate, as when rows come in database order.

    A single return to an earlier text is a revert and nothing wrong. Silent while the present hash is wrong
    in itself, which is another finding.

    Source: EWP agreements: known trouble with hashes.
    """
    if case.standing.ended or case.partner is None or not hash_is_unstable(case):
        return
    declared = [each.copy.iia_hash or "" for each in (case.partner.stored, *case.partner_history[:1])]
    yield Observation(
        values={"holder": case.partner.copy.holder_hei_id, "now": declared[0], "before": declared[-1]}
    )
