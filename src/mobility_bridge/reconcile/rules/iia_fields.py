"""Languages, fields of education, levels and the remaining terms differ between the copies.

Source: EWP agreements: terms; which fields must agree.
"""

from collections.abc import Iterator

from mobility_bridge.domain.case import AgreementCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import GOOD_TO_KNOW, TALK, differences

_SOURCE = "EWP agreements: known trouble with terms; comparing two copies"


@rule(
    code="LANGUAGE_DIFFERS",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Language differs", "Språkkrav skiljer sig"),
    text=Text(
        "{condition}: the recommended language is {local} with us and {partner} with the partner.",
        "{condition}: rekommenderat språk är {local} hos oss och {partner} hos partnern.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def recommended_language_differs(case: AgreementCase) -> Iterator[Observation]:
    """Another language or level; a warning where one side merely states less, or none is required.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "LANGUAGE_DIFFERS", softened=Severity.WARNING)


@rule(
    code="LANGUAGE_VARIANT",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("Language written differently", "Språket är skrivet på annat sätt"),
    text=Text(
        "{condition}: the same language is written {local} with us and {partner} with the partner.",
        "{condition}: samma språk skrivs {local} hos oss och {partner} hos partnern.",
    ),
    next_step=GOOD_TO_KNOW,
    source=_SOURCE,
)
def language_is_another_variant(case: AgreementCase) -> Iterator[Observation]:
    """The same languages and levels with other subtags or letters (`en`, `EN`, `en-GB`).

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "LANGUAGE_VARIANT")


@rule(
    code="LANGUAGE_REPEATED",
    severity=Severity.INFORMATION,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Language stated twice", "Språket anges två gånger"),
    text=Text(
        "{condition}: languages are listed as {local} with us and as {partner} with the partner; "
        "one is repeated.",
        "{condition}: språken anges som {local} hos oss och som {partner} hos partnern; något upprepas.",
    ),
    next_step=GOOD_TO_KNOW,
    source=_SOURCE,
)
def language_is_repeated(case: AgreementCase) -> Iterator[Observation]:
    """One copy states the same language and level more often than the other.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "LANGUAGE_REPEATED")


@rule(
    code="ISCED_DIFFERS",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Field of education differs", "Ämnesområdet skiljer sig"),
    text=Text(
        "{condition}: the field of education (ISCED) is {local} with us and {partner} with the partner.",
        "{condition}: ämnesområdet (ISCED) är {local} hos oss och {partner} hos partnern.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def isced_code_differs(case: AgreementCase) -> Iterator[Observation]:
    """Fields of education differ and are not merely a broader form of each other.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "ISCED_DIFFERS")


@rule(
    code="ISCED_GRANULARITY",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Field of education is broader on one side", "Ämnesområdet är bredare på ena sidan"),
    text=Text(
        "{condition}: the field of education (ISCED) is {local} with us and {partner} with the "
        "partner; one is broader than the other.",
        "{condition}: ämnesområdet (ISCED) är {local} hos oss och {partner} hos partnern; det "
        "ena är bredare än det andra.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def isced_code_is_broader(case: AgreementCase) -> Iterator[Observation]:
    """One side has the broader form of the other's code (prefix or trailing zero).

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "ISCED_GRANULARITY")


@rule(
    code="ISCED_CLARIFICATION",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("Field of education described differently", "Ämnesområdet beskrivs olika"),
    text=Text(
        "{condition}: the field of education is described as {local} with us and as {partner} "
        "with the partner.",
        "{condition}: ämnesområdet beskrivs som {local} hos oss och som {partner} hos partnern.",
    ),
    next_step=GOOD_TO_KNOW,
    source=_SOURCE,
)
def isced_clarification_differs(case: AgreementCase) -> Iterator[Observation]:
    """The codes are the same, the clarification is not; official titles and empty ones do not count.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "ISCED_CLARIFICATION")


@rule(
    code="EQF_DIFFERS",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Study level differs", "Utbildningsnivån skiljer sig"),
    text=Text(
        "{condition}: the study levels (EQF) are {local} with us and {partner} with the partner.",
        "{condition}: utbildningsnivåerna (EQF) är {local} hos oss och {partner} hos partnern.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def eqf_level_differs(case: AgreementCase) -> Iterator[Observation]:
    """The sets of levels differ; an empty set means that all levels may go.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "EQF_DIFFERS")


@rule(
    code="BLENDED_DIFFERS",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Blended mobility differs", "Blandad mobilitet skiljer sig"),
    text=Text(
        "{condition}: blended mobility is possible: {local} with us, {partner} with the partner.",
        "{condition}: blandad mobilitet är möjlig: {local} hos oss, {partner} hos partnern.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def blended_mobility_differs(case: AgreementCase) -> Iterator[Observation]:
    """Both copies say whether mobilities may be blended, and say it differently.

    Source: EWP agreements: known trouble with terms.
    """
    for each in differences(case, "BLENDED_DIFFERS"):
        if each.values["local"] and each.values["partner"]:
            yield each


@rule(
    code="OUNIT_DIFFERS",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Organisational unit differs", "Organisationsenheten skiljer sig"),
    text=Text(
        "{condition}: the unit ({field}) is {local} with us and {partner} with the partner.",
        "{condition}: enheten ({field}) är {local} hos oss och {partner} hos partnern.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def organisational_unit_differs(case: AgreementCase) -> Iterator[Observation]:
    """Both copies name a unit for the same side, and not the same.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "OUNIT_DIFFERS")


@rule(
    code="OUNIT_ONE_SIDED",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("Organisational unit only on one side", "Organisationsenheten anges bara på ena sidan"),
    text=Text(
        "{condition}: only one side names a unit ({field}): {local} with us, {partner} with the partner.",
        "{condition}: bara ena sidan anger en enhet ({field}): {local} hos oss, {partner} hos partnern.",
    ),
    next_step=GOOD_TO_KNOW,
    source=_SOURCE,
)
def organisational_unit_is_one_sided(case: AgreementCase) -> Iterator[Observation]:
    """Only one copy names a unit; silent where our own system names none anywhere.

    Source: EWP agreements: known trouble with terms.
    """
    if _we_name_units(case):
        yield from differences(case, "OUNIT_ONE_SIDED")


def _we_name_units(case: AgreementCase) -> bool:
    """Our own system may have no field for units; a document always could have named them."""
    local = living(case.local)
    if case.local is None or case.local.iia is None or local is None:
        return False
    return local.record is None or any(
        each.sending_ounit_id or each.receiving_ounit_id for each in case.local.iia.conditions
    )


@rule(
    code="OTHER_TERMS",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Free text differs", "Fritexten skiljer sig"),
    text=Text(
        "{condition}: the free text about the terms differs.[ With us: “{local}”][ With the partner: “{partner}”]",
        "{condition}: fritexten om villkoren skiljer sig.[ Hos oss: ”{local}”][ Hos partnern: ”{partner}”]",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def other_terms_differ(case: AgreementCase) -> Iterator[Observation]:
    """The free text about the terms differs beyond blanks and line ends.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "OTHER_TERMS")
