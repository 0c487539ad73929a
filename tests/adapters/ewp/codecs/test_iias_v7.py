"""Facts and terms of version 7 agreements."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

import pytest
from tests.support.agreements import OURS, THEIRS, a_condition, an_iia
from tests.support.fixtures import sample

from mobility_adapters.ewp.codecs import iias_v7
from mobility_adapters.ewp.reading import parse
from mobility_bridge.domain.agreement import IiaPartner, LanguageSkill, MobilityKind, SubjectArea
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.snapshot import AgreementCopy, HashVerdict
from mobility_bridge.errors import InvalidDocument

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def copies_in(document: bytes, called: str = THEIRS, own: str = OURS) -> list[AgreementCopy]:
    read = iias_v7.read_copies(
        document, called_hei_id=HeiId(called), own_hei_id=HeiId(own), fetched_at=NOW, source="ewp"
    )
    assert all(each.document is document for each in read)
    return [each.copy for each in read]


def test_the_facts_of_a_copy_are_those_of_its_document() -> None:
    document = iias_v7.encode([an_iia(in_effect=True, terminated_as_a_whole=True)])

    (copy,) = copies_in(document)

    assert (copy.holder_hei_id, copy.partner_hei_id) == (THEIRS, OURS)
    assert (copy.iia_id, copy.partner_iia_id) == ("B-7", "N-1")
    assert (copy.iia_code, copy.partner_iia_code) == ("BRAVA 7", "NORDHAV 1")
    assert copy.listed_hei_ids == (THEIRS, OURS)
    assert copy.in_effect is True
    assert copy.terminated is True
    assert copy.iia_hash == copy.computed_hash
    assert copy.hash_verdict is HashVerdict.MATCHES
    assert copy.valid_for_approval
    assert copy.document.sha256 == sha256(document).hexdigest()
    assert (copy.document.format, copy.document.position) == ("ewp.iias.v7", 0)
    assert (copy.source, copy.fetched_at, copy.record) == ("ewp", NOW, None)


def test_a_tree_that_is_already_there_is_not_parsed_again() -> None:
    document = iias_v7.encode([an_iia()])

    read = iias_v7.read_copies(
        b"not even XML",
        called_hei_id=HeiId(THEIRS),
        own_hei_id=HeiId(OURS),
        fetched_at=NOW,
        source="ewp",
        tree=parse(document),
    )

    assert [each.copy.iia_id for each in read] == ["B-7"]


def test_agreements_of_one_response_share_the_document_and_differ_in_position() -> None:
    one = an_iia()
    other = an_iia(partners=(IiaPartner(THEIRS, "B-8"), IiaPartner(OURS)))

    copies = copies_in(iias_v7.encode([one, other]))

    assert [(each.iia_id, each.document.position) for each in copies] == [("B-7", 0), ("B-8", 1)]
    assert len({each.document.sha256 for each in copies}) == 1
    assert [each.partner_iia_id for each in copies] == ["N-1", None]


def test_a_copy_says_the_same_alone_and_with_others() -> None:
    other = an_iia(in_effect=True)
    (alone,) = copies_in(iias_v7.encode([an_iia()]))
    together, neighbour = copies_in(iias_v7.encode([an_iia(), other]))

    assert together.document != alone.document
    assert together.says_the_same_as(alone)
    assert not neighbour.says_the_same_as(alone)


def test_a_copy_with_exchanged_partners_is_read_and_keeps_the_order_it_has() -> None:
    agreement = an_iia()
    swapped = replace(agreement, partners=agreement.partners[::-1])

    (copy,) = copies_in(iias_v7.encode([swapped]))

    assert (copy.iia_id, copy.partner_iia_id) == ("B-7", "N-1")
    assert copy.listed_hei_ids == (OURS, THEIRS)


def test_a_copy_of_strangers_is_read_by_position() -> None:
    strangers = an_iia(partners=(IiaPartner("cedrona.example", "C-1"), IiaPartner("eskil.example", "E-1")))

    (copy,) = copies_in(iias_v7.encode([strangers]))

    assert (copy.holder_hei_id, copy.iia_id, copy.partner_iia_id) == (THEIRS, "C-1", "E-1")
    assert copy.listed_hei_ids == ("cedrona.example", "eskil.example")


@pytest.mark.parametrize("iia_id", [None, ""])
def test_a_copy_without_the_holders_id_is_refused(iia_id: str | None) -> None:
    nameless = an_iia(partners=(IiaPartner(THEIRS, iia_id), IiaPartner(OURS)))

    with pytest.raises(InvalidDocument) as refused:
        copies_in(iias_v7.encode([nameless]))

    assert refused.value.reason == "content"
    assert refused.value.path == "/iias-get-response/iia/partner[1]"
    assert refused.value.line == 4


def test_a_wrong_hash_is_explained_and_the_computed_one_kept() -> None:
    document = iias_v7.encode([an_iia()])
    right = copies_in(document)[0].iia_hash
    assert right is not None

    (copy,) = copies_in(document.replace(right.encode(), b"0" * 64))

    assert copy.hash_verdict is HashVerdict.DECLARED_WRONG
    assert (copy.iia_hash, copy.computed_hash) == ("0" * 64, right)


def test_a_copy_whose_hash_cannot_be_computed_has_facts_and_a_digest() -> None:
    document = sample("ewp/iias/v7/hash-vectors-errors/x01-two-iia-ids.xml")

    (copy,) = copies_in(document, "nord.example", "sud.example")

    assert copy.iia_id == "N-1001"
    assert copy.computed_hash is None
    assert copy.hash_verdict is HashVerdict.NOT_COMPUTABLE
    assert not copy.valid_for_approval
    assert len(copy.content_digest) == 64


def test_a_terminated_neighbour_is_known_as_the_reason_of_another_hash() -> None:
    document = sample("ewp/iias/v7/hash-vectors/h02-two-one-terminated.xml")

    copies = copies_in(document, "nord.example", "sud.example")

    assert [each.hash_verdict for each in copies] == [HashVerdict.DOC_SCOPE, HashVerdict.MATCHES]
    assert [each.terminated for each in copies] == [None, True]


def test_an_answer_without_agreements_has_no_copies() -> None:
    assert copies_in(sample("ewp/iias/v7/nothing-found.xml")) == []


def test_a_document_of_another_version_is_refused_by_its_root() -> None:
    document = sample("ewp/iias/v6/hash-vectors/m01-approved-in-v6.xml")

    with pytest.raises(InvalidDocument) as refused:
        copies_in(document)

    assert refused.value.reason == "wrong_root"


def test_every_part_of_a_sample_is_decoded() -> None:
    (iia,) = iias_v7.decode_all(sample("ewp/iias/v7/all-four-kinds.xml"))

    assert [each.kind for each in iia.conditions] == [
        MobilityKind.STUDENT_STUDIES,
        MobilityKind.STUDENT_STUDIES,
        MobilityKind.STUDENT_TRAINEESHIP,
        MobilityKind.STAFF_TEACHING,
        MobilityKind.STAFF_TRAINING,
    ]
    assert iia.conditions[1].language_skills == (
        LanguageSkill("de", "B1"),
        LanguageSkill("en", "B2", SubjectArea("0613")),
    )
    assert iia.conditions[0].subject_areas == (SubjectArea("0613", "Software"),)
    assert iia.conditions[1].total_per_year == Decimal("15.5")
    assert iia.conditions[4].total_per_year == Decimal("4.5")
    assert [each.blended for each in iia.conditions] == [False, True, True, None, None]
    assert iia.partners[1].iia_code == "FJ/26/3"


def test_contacts_and_addresses_are_decoded() -> None:
    (iia,) = iias_v7.decode_all(sample("ewp/iias/v7/with-contacts-and-units.xml"))
    (contact,) = iia.partners[0].contacts

    assert iia.partners[0].signing_date == date(2026, 3, 2)
    assert iia.partners[0].ounit_id == "faculty-4"
    assert [name.lang for name in contact.contact_names] == ["en", "ru-Latn"]
    assert contact.phone_numbers[0].e164 == "+46000000000"
    assert contact.fax_numbers[0].other_format == "none, really"
    assert contact.street_address is not None
    assert contact.street_address.building_number == "7"
    assert contact.mailing_address is not None
    assert contact.mailing_address.address_lines == ("Box 1", "Nordhav")
    assert contact.role_descriptions[0].text.endswith("\nNot for applications.")
    assert iia.conditions[0].receiving_contacts[0].emails == ("in@nordhav.example",)


def test_one_agreement_of_several_is_decoded_by_position() -> None:
    document = sample("ewp/iias/v7/two-agreements.xml")
    both = iias_v7.decode_all(document)

    assert [iias_v7.decode_at(document, position) for position in (0, 1)] == both
    with pytest.raises(InvalidDocument, match="none at 2"):
        iias_v7.decode_at(document, 2)


@pytest.mark.parametrize("unusual", [b"", b"<!-- </iia> -->"], ids=["usual", "with-comments"])
def test_one_agreement_of_many_is_decoded_as_among_its_neighbours(unusual: bytes) -> None:
    two = iias_v7.decode_all(sample("ewp/iias/v7/two-agreements.xml"))
    document = iias_v7.encode(two * 20).replace(b"<in-effect>", unusual + b"<in-effect>")
    assert len(document) > iias_v7._MANY

    assert [iias_v7.decode_at(document, place) for place in range(40)] == iias_v7.decode_all(document)
    with pytest.raises(InvalidDocument, match="none at 40"):
        iias_v7.decode_at(document, 40)


def test_a_number_in_other_digits_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidDocument) as refused:
        iias_v7.decode_all(sample("ewp/iias/v7/invalid-arabic-digits-in-count.xml"))

    assert refused.value.reason == "content"
    assert refused.value.path is not None
    assert refused.value.path.endswith("/mobilities-per-year")
    assert refused.value.line is not None


def test_conditions_are_written_grouped_by_kind_and_otherwise_in_their_order() -> None:
    training = a_condition(kind=MobilityKind.STAFF_TRAINING, blended=None, eqf_levels=())
    first, second = a_condition(mobilities_per_year=1), a_condition(mobilities_per_year=2)

    (written,) = iias_v7.decode_all(iias_v7.encode([an_iia(conditions=(training, second, first))]))

    assert written.conditions == (second, first, training)


@pytest.mark.parametrize(
    "changes",
    [
        {"blended": None},
        {"kind": MobilityKind.STAFF_TEACHING},
        {"kind": MobilityKind.STAFF_TEACHING, "blended": None},
    ],
)
def test_terms_that_the_format_cannot_state_are_not_written(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="condition"):
        iias_v7.encode([an_iia(conditions=(a_condition(**changes),))])


@pytest.mark.parametrize(
    ("old", "new", "leaf"),
    [
        (b"<signing-date>2026-03-02<", b"<signing-date>2026-02-30<", "signing-date"),
        (b"<in-effect>true<", b"<in-effect>yes<", "in-effect"),
        (b"<total-months-per-year>20<", b"<total-months-per-year>2e1<", "total-months-per-year"),
        (
            b"<cooperation-conditions>",
            b'<cooperation-conditions terminated-as-a-whole="maybe">',
            "conditions",
        ),
        (b"student-studies-mobility-spec>", b"student-dreams-mobility-spec>", "student-dreams-mobility-spec"),
    ],
)
def test_what_a_value_cannot_be_is_refused_with_its_place(old: bytes, new: bytes, leaf: str) -> None:
    document = sample("ewp/iias/v7/with-contacts-and-units.xml").replace(old, new)

    with pytest.raises(InvalidDocument) as refused:
        iias_v7.decode_all(document)

    assert refused.value.reason == "content"
    assert refused.value.path is not None
    assert refused.value.path.endswith(leaf)
    assert refused.value.line is not None
