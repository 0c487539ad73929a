"""Reading learning agreements: decoding, validation and all rules, against lxml's parsing and libxml2's validation.

    python -m benchmarks.las [pairs]

Both ways get the same bytes and use the same schema. Ours is what a fetched document goes through: `kit.xml`,
`kit.schemas`, and the codec with the second layer of rules and a digest of each agreement. The other way is what the
library below does when nobody asks for a value.
"""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Final

from benchmarks.pairs import PAIRS, Ratio, measure, ratio_of, report
from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import omobility_las_v1
from mobility_adapters.ewp.semantics.learning_agreements import Circumstances
from mobility_bridge.domain.contact import PhoneNumber
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    ComponentStatus,
    LaComponent,
    LaContactPerson,
    LaCredit,
    LaSignature,
    LaStudent,
    LearningAgreement,
    MobilityInstitution,
    ReasonCode,
    StudentLanguageSkill,
    TermId,
)
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.kit import xml
from mobility_bridge.kit.schemas import SchemaSet

BATCH = 20
SIZE = 200
LIMIT = 10_000_000
ABOUT: Final = Circumstances("nordhav.example", "brava.example", datetime(2027, 8, 1, tzinfo=UTC))

_SEED: Final = 20261123
_TOPICS: Final = (
    "Tides",
    "Ports",
    "Waves",
    "Dredging",
    "Harbour law",
    "Överlevnad till sjöss",
    "Sediments",
    "Ice",
)

Batch = Sequence[bytes]


def each(work: Callable[[bytes], object]) -> Callable[[Batch], None]:
    def whole(batch: Batch) -> None:
        for document in batch:
            work(document)

    return whole


# --- agreements to measure with -----------------------------------------------------------------------


@cache
def agreements(count: int = SIZE) -> tuple[LearningAgreement, ...]:
    """Long stays in all stages, all sound: first proposals, first versions, changes, second changes."""
    chance = random.Random(_SEED)
    return tuple(_agreement(chance, number) for number in range(count))


def documents() -> list[bytes]:
    """One agreement each, on one line, or indented by two blanks or by four."""
    return [_laid_out([la], number) for number, la in enumerate(agreements())]


def answers(together: int = 10) -> list[bytes]:
    """Ten agreements each."""
    las = agreements()
    return [_laid_out(las[at : at + together], at // together) for at in range(0, len(las), together)]


def _laid_out(las: Sequence[LearningAgreement], number: int) -> bytes:
    document = omobility_las_v1.encode(las)
    if number % 3 == 0:
        return document
    root = etree.fromstring(document, etree.XMLParser(remove_blank_text=True))
    if number % 3 == 1:
        etree.indent(root, "    ")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _agreement(chance: random.Random, number: int) -> LearningAgreement:
    base = tuple(_component(chance, f"C{number}{place}") for place in range(chance.randrange(3, 7)))
    first = _signed(chance, 0, components_studied=base, components_recognized=(_component(chance, "VAL"),))
    stage = chance.randrange(4)
    la = LearningAgreement(
        omobility_id=OmobilityId(f"N-OM-{number:06}"),
        sending_hei=_institution("nordhav.example"),
        receiving_hei=_institution("brava.example"),
        receiving_academic_year_id="2026/2027",
        student=_student(number),
        start=PlannedDay(2026, 8, chance.randrange(1, 31)),
        end=PlannedDay(2027, 1),
        eqf_level_studied_at_departure=chance.choice((6, 7)),
        isced_f_code="0732",
        student_language_skill=StudentLanguageSkill("en", chance.choice(("B2", "C1"))),
        first_version=first,
        learning_outcomes_url="https://catalogue.brava.example/outcomes",
        provisions_url="https://www.nordhav.example/failed-courses",
    )
    if stage == 0:
        return replace(la, first_version=None, changes_proposal=_proposal(first))
    if stage == 1:
        return la
    changes = _signed(chance, 100, components_studied=_changes(chance, base, f"D{number}"))
    again = _signed(chance, 200, components_studied=_changes(chance, base, f"E{number}"))
    proposal = _proposal(again) if stage == 3 else None
    return replace(la, approved_changes=changes, changes_proposal=proposal)


def _changes(chance: random.Random, base: Sequence[LaComponent], code: str) -> tuple[LaComponent, ...]:
    gone = replace(chance.choice(base), status=ComponentStatus.DELETED, reason_code=ReasonCode.NOT_AVAILABLE)
    new = replace(
        _component(chance, code), status=ComponentStatus.INSERTED, reason_code=ReasonCode.SUBSTITUTING_DELETED
    )
    return gone, new


def _proposal(lists: ComponentLists) -> omobility_las_v1.ChangesProposal:
    return omobility_las_v1.new_proposal(replace(lists, receiving_hei_signature=None))


def _component(chance: random.Random, code: str) -> LaComponent:
    return LaComponent(
        title=f"{chance.choice(_TOPICS)} {code}",
        los_id=f"CR/br-{code.lower()}" if chance.random() < 0.7 else None,
        los_code=code,
        loi_id=f"CRI/br-{code.lower()}-h26" if chance.random() < 0.4 else None,
        term_id=TermId(1, 2),
        credits=(LaCredit("ects", Decimal(chance.choice(("5", "7.5", "10")))),),
    )


def _signed(chance: random.Random, day: int, **tables: tuple[LaComponent, ...]) -> ComponentLists:
    first = datetime(2026, 5, 4, 9, 12, chance.randrange(60), tzinfo=UTC) + timedelta(days=day)
    return ComponentLists(
        **tables,
        student_signature=LaSignature(first, signer_app="Nordhav Desk"),
        sending_hei_signature=_signature(first + timedelta(days=1), "Nordhav Desk"),
        receiving_hei_signature=_signature(first + timedelta(days=5), "Brava Intercambio"),
    )


def _signature(moment: datetime, app: str) -> LaSignature:
    return LaSignature(moment, "Signe Skrivare", "Coordinator", "signe.skrivare@nordhav.example", app)


def _student(number: int) -> LaStudent:
    return LaStudent(
        "Alva Prov",
        f"Exempelsson {number}",
        f"urn:schac:personalUniqueCode:int:esi:nordhav.example:{number}",
        datetime(2004, 2, 29, tzinfo=UTC).date(),
        "SE",
        2,
        f"student{number}@student.nordhav.example",
    )


def _institution(hei_id: str) -> MobilityInstitution:
    desk = LaContactPerson("Kajsa", "Kontakt", f"desk@{hei_id}", PhoneNumber("+46800000000"))
    return MobilityInstitution(HeiId(hei_id), "Coastal Engineering", "OU-1", desk)


# --- measuring ----------------------------------------------------------------------------------------


def main(pairs: int = 2 * PAIRS + 1) -> None:
    schemas = SchemaSet()
    schema = schemas._compile(wire.OMOBILITY_LAS_V1_GET)  # noqa: SLF001 - the very schema that we use
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False, no_network=True)

    def by_us(document: bytes) -> omobility_las_v1.LasResponse:
        tree = xml.parse(document, limit=LIMIT)
        assert not schemas.validate(tree, wire.OMOBILITY_LAS_V1_GET_ROOT)
        return omobility_las_v1.decode_all(tree, about=ABOUT)

    def by_libxml2(document: bytes) -> bool:
        return schema.validate(etree.fromstring(document, parser))

    found: list[Ratio] = []
    for name, whole in (("one agreement", documents()), ("ten agreements", answers())):
        for document in whole:
            assert by_libxml2(document)
            assert not any(read.problems for read in by_us(document).agreements)
        batches = [whole[start : start + BATCH] for start in range(0, len(whole), BATCH)]
        # How many times faster libxml2 is alone: the ratio of the times.
        costs = measure(each(by_libxml2), each(by_us), batches, pairs=pairs)
        found.append(
            ratio_of(f"read and judge, {name}", "lxml parse and libxml2 validate", costs, bar=4, at_most=True)
        )
    report("Learning agreements, cost", found)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
