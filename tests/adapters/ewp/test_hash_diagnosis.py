"""A wrong hash is explained by the mistake that made it."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from hashlib import sha256

import pytest
from tests.support.agreements import a_condition, an_iia
from tests.support.fixtures import sample

from mobility_adapters.ewp.codecs import iias_v7
from mobility_adapters.ewp.hash_diagnosis import diagnose
from mobility_adapters.ewp.iia_hash import (
    MARKER,
    conditions_hash,
    exclusive_canonical_hash,
    hash_text,
)
from mobility_adapters.ewp.reading import agreement_elements, parse
from mobility_bridge.domain.agreement import Iia, IiaPartner, SubjectArea
from mobility_bridge.domain.contact import Contact, LangString
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.kit.xml import Element


def element_of(iia: Iia) -> Element:
    return agreement_elements(parse(iias_v7.encode([iia])))[0]


def hex_of(text: str, encoding: str = "utf-8") -> str:
    return sha256(text.encode(encoding)).hexdigest()


def verdict_of(iia: Iia, spoil: Callable[[str], str], own_iia_ids: Sequence[str] = ()) -> HashVerdict:
    element = element_of(iia)
    return diagnose(element, hex_of(spoil(hash_text(element).text)), own_iia_ids=own_iia_ids)


def with_terms(terms: str | None) -> Iia:
    return an_iia(conditions=(a_condition(other_info_terms=terms),))


def swap_ids(text: str) -> str:
    return re.sub(r"_iia-id_1=(.*?)__iia-id_2=(.*?)_(?=_)", r"_iia-id_1=\2__iia-id_2=\1_", text, count=1)


MISTAKES: list[tuple[HashVerdict, Iia, Callable[[str], str]]] = [
    (HashVerdict.MATCHES, an_iia(), lambda t: t),
    (HashVerdict.DOC_SCOPE, an_iia(), lambda t: MARKER + t),
    (HashVerdict.BEFORE_MAPPING, an_iia(), lambda t: t.replace("_iia-id_2=N-1_", "_iia-id_2=_")),
    (HashVerdict.SWAPPED_IDS, an_iia(), swap_ids),
    (
        HashVerdict.LAYOUT,
        with_terms("\n  Spring only.\n  "),
        lambda t: re.sub(r"\s*(Spring only\.)\s*", r"\1", t),
    ),
    (HashVerdict.LAYOUT, with_terms("Spring\n   only."), lambda t: re.sub(r"\s+", " ", t)),
    (HashVerdict.ENCODING, with_terms("Fish & chips"), lambda t: t.replace("&", "&amp;")),
    (HashVerdict.ENCODING, with_terms("a < b > c"), lambda t: t.replace("<", "&lt;").replace(">", "&gt;")),
    (HashVerdict.ENCODING, with_terms("Våren"), lambda t: t.encode().decode("latin-1")),
    (HashVerdict.ENCODING, with_terms("Våren"), lambda t: t.replace("å", "?")),
    (HashVerdict.LEXICAL, an_iia(), lambda t: t.replace("months-per-year=10_", "months-per-year=10.0_")),
    (HashVerdict.LEXICAL, an_iia(), lambda t: t.replace("months-per-year=10_", "months-per-year=10.00_")),
    (HashVerdict.LEXICAL, an_iia(), lambda t: t.replace("blended=false", "blended=0")),
    (HashVerdict.EMPTY_ELEMENTS, with_terms(""), lambda t: re.sub(r"_[^_]*other-info-terms=_", "", t)),
    (
        HashVerdict.EMPTY_ELEMENTS,
        an_iia(),
        lambda t: t.replace(
            "isced-f-code=0613_",
            "isced-f-code=0613__student-studies-mobility-spec.subject-area.isced-clarification=_",
        ),
    ),
    (
        HashVerdict.EMPTY_ELEMENTS,
        an_iia(),
        lambda t: t.replace(
            "_cooperation-conditions.student-studies-mobility-spec.total",
            "_cooperation-conditions.student-studies-mobility-spec.other-info-terms=_"
            "_cooperation-conditions.student-studies-mobility-spec.total",
        ),
    ),
    (HashVerdict.OLD_STYLESHEET, an_iia(), lambda t: re.sub(r"_[^_=]*(?:_[12])?=([^_]*)_", r"_\1_", t)),
    (HashVerdict.DECLARED_WRONG, an_iia(), lambda t: t + "something else"),
]


@pytest.mark.parametrize(("verdict", "iia", "spoil"), MISTAKES)
def test_a_mistake_made_while_hashing_is_named(
    verdict: HashVerdict, iia: Iia, spoil: Callable[[str], str]
) -> None:
    assert verdict_of(iia, spoil) is verdict


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16"])
def test_a_text_hashed_in_another_encoding_is_named(encoding: str) -> None:
    element = element_of(with_terms("Höst"))

    assert diagnose(element, hex_of(hash_text(element).text, encoding)) is HashVerdict.ENCODING


def test_a_hash_with_an_id_of_ours_that_is_not_served_was_made_before_unmapping() -> None:
    theirs, ours = an_iia().partners
    unmapped = an_iia(partners=(theirs, IiaPartner(ours.hei_id)))

    def spoil(text: str) -> str:
        return text.replace("_iia-id_2=_", "_iia-id_2=N-1_")

    assert verdict_of(unmapped, spoil, own_iia_ids=("N-0", "N-1")) is HashVerdict.BEFORE_MAPPING
    assert verdict_of(unmapped, spoil) is HashVerdict.DECLARED_WRONG


def test_a_hash_of_the_canonical_xml_of_the_conditions_is_named() -> None:
    contact = Contact((LangString("Desk"),))
    element = element_of(an_iia(conditions=(a_condition(sending_contacts=(contact,)),)))
    conditions = element.find("{*}cooperation-conditions")
    assert conditions is not None

    assert diagnose(element, exclusive_canonical_hash(conditions)) is HashVerdict.CONTACTS
    assert diagnose(element, conditions_hash(element)) is HashVerdict.CONTACTS


def test_upper_case_digits_are_named() -> None:
    element = element_of(an_iia())

    assert diagnose(element, hash_text(element).sha256.upper()) is HashVerdict.CASE


def test_a_mistake_is_found_behind_upper_case_digits() -> None:
    element = element_of(an_iia())
    swapped = hex_of(swap_ids(hash_text(element).text))

    assert diagnose(element, swapped.upper()) is HashVerdict.SWAPPED_IDS


def test_nothing_declared_and_nothing_computable_are_told_apart() -> None:
    document = sample("ewp/iias/v7/hash-vectors-errors/x01-two-iia-ids.xml")
    element = agreement_elements(parse(document))[0]

    assert diagnose(element, None) is HashVerdict.NOT_DECLARED
    assert diagnose(element, "") is HashVerdict.NOT_DECLARED
    assert diagnose(element, "0" * 64) is HashVerdict.NOT_COMPUTABLE


def test_several_conditions_each_get_their_missing_empty_texts() -> None:
    areas = (SubjectArea("0613"), SubjectArea("0714", "Robots"))
    condition = a_condition(subject_areas=areas, total_per_year=Decimal("4.5"))
    iia = an_iia(conditions=(condition, condition))
    element = element_of(iia)
    served_with_empties = an_iia(
        conditions=tuple(
            a_condition(
                subject_areas=(SubjectArea("0613", ""), areas[1]),
                total_per_year=Decimal("4.5"),
                other_info_terms="",
            )
            for _ in iia.conditions
        )
    )

    assert diagnose(element, hash_text(element_of(served_with_empties)).sha256) is HashVerdict.EMPTY_ELEMENTS
    assert diagnose(element_of(served_with_empties), hash_text(element).sha256) is HashVerdict.EMPTY_ELEMENTS


def test_absurd_numbers_do_not_stop_the_diagnosis() -> None:
    element = element_of(an_iia())
    months = element.find(".//{*}total-months-per-year")
    assert months is not None
    for value in ("1e999999999", "9" * 5000, "", "٣", "1_0", "NaN"):
        months.text = value
        assert diagnose(element, "0" * 64) is HashVerdict.DECLARED_WRONG


def test_a_hash_that_looks_into_contacts_is_named() -> None:
    contact = Contact((LangString("Desk"),))
    element = element_of(an_iia(conditions=(a_condition(sending_contacts=(contact,)),)))
    written = "_cooperation-conditions.student-studies-mobility-spec.sending-hei-id=nordhav.example_"
    looked_into = written + "_student-studies-mobility-spec.sending-contact.contact-name=Desk_"

    declared = hex_of(hash_text(element).text.replace(written, looked_into))

    assert diagnose(element, declared) is HashVerdict.CONTACTS
