"""Agreements to measure with: invented, valid, many shapes, the same ones every time.

    python -m benchmarks.corpus

says what the documents are like.
"""

import random
import statistics
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from mobility_adapters.ewp.codecs import iias_v7
from mobility_bridge.domain.agreement import (
    CooperationCondition,
    Iia,
    IiaPartner,
    LanguageSkill,
    MobilityKind,
    SubjectArea,
)
from mobility_bridge.domain.contact import Address, Contact, LangString, PhoneNumber

OWN: Final = "nordhav.example"
PARTNER: Final = "brava.example"
SIZE: Final = 400

_SEED: Final = 20261102
_WORDS: Final = [
    "students",
    "staff",
    "exchange",
    "semester",
    "application",
    "nomination",
    "housing",
    "course",
    "credits",
    "language",
    "deadline",
    "faculty",
    "department",
    "agreement",
    "coordinator",
    "selection",
    "academic",
    "year",
    "teaching",
    "training",
    "förnyas",
    "überprüft",
]
_CODES: Final = ("0613", "0311", "0421", "0912", "0232", "0713", "0114", "0521", "0000", "0410")


def documents(count: int = SIZE) -> list[bytes]:
    """Get responses of the partner with one agreement each."""
    return [_laid_out(iia, number) for number, iia in enumerate(_iias(count))]


def small() -> bytes:
    """One agreement with two conditions, hand-written layout: a sample of the repository."""
    path = Path(__file__).resolve().parent.parent / "fixtures/ewp/iias/v7/with-contacts-and-units.xml"
    return path.read_bytes()


def edited(count: int = SIZE) -> list[bytes]:
    """The same agreements, each after one number of one condition was changed."""
    chance = random.Random(_SEED + 1)
    return [_laid_out(_changed(chance, iia), number) for number, iia in enumerate(_iias(count))]


@cache
def _iias(count: int) -> tuple[Iia, ...]:
    chance = random.Random(_SEED)
    return tuple(_iia(chance, number) for number in range(count))


def _laid_out(iia: Iia, number: int) -> bytes:
    """Write it as one line (what most libraries do when not asked), or indented by two or by four blanks."""
    indent = (None, None, None, 2, 4)[number % 5]
    document = iias_v7.encode([iia])
    if indent == 2:
        return document
    root = etree.fromstring(document, etree.XMLParser(remove_blank_text=True))
    if indent:
        etree.indent(root, indent * " ")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _iia(chance: random.Random, number: int) -> Iia:
    kinds = sorted(
        chance.choices(tuple(MobilityKind), (5, 1, 3, 2), k=chance.choice((1, 2, 2, 3, 4, 4, 5, 6, 7, 8))),
        key=tuple(MobilityKind).index,
    )
    return Iia(
        partners=(
            _partner(chance, PARTNER, f"{chance.getrandbits(128):032x}", f"BRA-{number:05}"),
            _partner(chance, OWN, f"N-{number:06}", f"NOR-{number:05}"),
        ),
        in_effect=chance.random() < 0.8,
        conditions=tuple(_condition(chance, kind) for kind in kinds),
        pdf_file=None,
    )


def _partner(chance: random.Random, hei_id: str, iia_id: str, code: str) -> IiaPartner:
    return IiaPartner(
        hei_id=hei_id,
        iia_id=iia_id,
        iia_code=code,
        ounit_id=_maybe(chance, 0.4, f"OU-{chance.randrange(500)}"),
        signing_contact=_contact(chance) if chance.random() < 0.6 else None,
        contacts=tuple(_contact(chance) for _ in range(chance.choice((0, 0, 1, 1, 2)))),
    )


def _contact(chance: random.Random) -> Contact:
    number = chance.randrange(10**7)
    name = f"{chance.choice(_WORDS).title()} {chance.choice(_WORDS).title()}"
    address = Address(
        recipient_names=(name,),
        address_lines=(f"{chance.choice(_WORDS).title()} street {number % 90}", "Building C"),
        postal_code=f"{number % 90000 + 10000}",
        locality=chance.choice(("Nordhav", "Brava")),
        country=chance.choice(("SE", "PT")),
    )
    return Contact(
        contact_names=(LangString(name, chance.choice((None, "en"))),),
        phone_numbers=(PhoneNumber(f"+46{number:08}"),) if chance.random() < 0.4 else (),
        emails=(f"desk{number}@brava.example",),
        street_address=address if chance.random() < 0.4 else None,
        role_descriptions=(LangString(_prose(chance, 6), "en"),) if chance.random() < 0.3 else (),
    )


def _condition(chance: random.Random, kind: MobilityKind) -> CooperationCondition:
    sending, receiving = chance.choice(((OWN, PARTNER), (PARTNER, OWN)))
    first = chance.randrange(2021, 2027)
    last = first + chance.randrange(1, 7)
    return CooperationCondition(
        kind=kind,
        sending_hei_id=sending,
        receiving_hei_id=receiving,
        receiving_first_academic_year_id=f"{first}/{first + 1}",
        receiving_last_academic_year_id=f"{last}/{last + 1}",
        mobilities_per_year=chance.randrange(1, 12),
        sending_ounit_id=_maybe(chance, 0.3, f"OU-{chance.randrange(500)}"),
        receiving_ounit_id=_maybe(chance, 0.3, f"OU-{chance.randrange(500)}"),
        sending_contacts=(_contact(chance),) if chance.random() < 0.25 else (),
        receiving_contacts=(_contact(chance),) if chance.random() < 0.25 else (),
        language_skills=tuple(_skill(chance) for _ in range(chance.choice((1, 1, 1, 2)))),
        subject_areas=tuple(_area(chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))),
        other_info_terms=_maybe(chance, 0.3, _prose(chance, chance.randrange(5, 40))),
        total_per_year=Decimal(chance.randrange(1, 200)) / 2,
        blended=chance.random() < 0.2 if kind.is_student else None,
        eqf_levels=tuple(sorted(chance.sample((5, 6, 7, 8), chance.randrange(3)))) if kind.is_student else (),
    )


def _skill(chance: random.Random) -> LanguageSkill:
    area = _area(chance) if chance.random() < 0.1 else None
    return LanguageSkill(chance.choice(("en", "sv", "pt", "de")), chance.choice(("B1", "B2", "C1")), area)


def _area(chance: random.Random) -> SubjectArea:
    return SubjectArea(chance.choice(_CODES), _maybe(chance, 0.4, _prose(chance, 3)))


def _changed(chance: random.Random, iia: Iia) -> Iia:
    """The same agreement after one field of one condition was edited."""
    conditions = list(iia.conditions)
    at = chance.randrange(len(conditions))
    edited = conditions[at]
    conditions[at] = replace(edited, mobilities_per_year=edited.mobilities_per_year + 1)
    return replace(iia, conditions=tuple(conditions))


def _maybe(chance: random.Random, share: float, value: str) -> str | None:
    return value if chance.random() < share else None


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def main() -> None:
    sizes = sorted(len(document) for document in documents())
    fifth, last = sizes[len(sizes) // 20], sizes[-len(sizes) // 20]
    conditions = [len(iia.conditions) for iia in _iias(SIZE)]
    print(
        f"{len(sizes)} agreements, {statistics.mean(sizes):,.0f} bytes on average ({fifth:,} to {last:,} for"
        f" nine in ten), {min(conditions)} to {max(conditions)} conditions; the small one: {len(small()):,} bytes"
    )


if __name__ == "__main__":
    main()
