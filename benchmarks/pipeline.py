"""The way of an agreement into the store, as a share of what libxml2 needs to parse and validate it.

    python -m benchmarks.pipeline [pairs]

Every answer holds one agreement, and a hundred of them are committed in one unit of work with their evidence:
SQLite in WAL mode, on disk. `new` agreements were never seen. Of the `known` ones, 95 of 100 say what they said
before and 5 are compared with their earlier text field by field; all are parsed, as if each had come in another
document. `identical` answers are known by their digest and not parsed.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import corpus
from benchmarks.pairs import PAIRS, Ratio, measure, ratio_of, report
from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import iias_v7
from mobility_bridge.domain.comparison import Equality
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.snapshot import AgreementCopy, KnownDocument
from mobility_bridge.kit import xml
from mobility_bridge.kit.fingerprint import fingerprint
from mobility_bridge.kit.schemas import SchemaSet
from mobility_bridge.ports.sources import ReadCopy
from mobility_bridge.ports.store import Store, UnitOfWork
from mobility_bridge.reconcile.diff import compare
from mobility_bridge.store import open_store
from mobility_bridge.store.migrate import upgrade

NOW = datetime(2026, 11, 2, tzinfo=UTC)
OWN, PARTNER = HeiId(corpus.OWN), HeiId(corpus.PARTNER)
BATCH = 100
EDITED = 5
LIMIT = 10_000_000
CEILING = "libxml2 parse and validate"

Batch = Sequence[bytes]


@dataclass
class Bridge:
    """The parts that a refresh is made of, without the network."""

    store: Store
    runner: asyncio.Runner
    schemas: SchemaSet

    def read(self, document: bytes) -> ReadCopy:
        tree = xml.parse(document, limit=LIMIT)
        assert not self.schemas.validate(tree, wire.IIAS_V7_GET_ROOT)
        (found,) = iias_v7.read_copies(
            document, called_hei_id=PARTNER, own_hei_id=OWN, fetched_at=NOW, source=wire.SYSTEM, tree=tree
        )
        assert found.copy.hash_verdict.trusted
        return found

    def take_in(self, batch: Batch) -> int:
        """Read and keep; returns how many copies changed."""
        found = [self.read(document) for document in batch]

        def commit(uow: UnitOfWork) -> int:
            uow.evidence.append([an_exchange(each) for each in found])
            uow.copies.put_documents({each.copy.document.sha256: each.document for each in found})
            return len(uow.copies.save([each.copy for each in found], NOW))

        return self.write(commit)

    def take_in_and_compare(self, batch: Batch) -> None:
        """As `take_in`; what has another text is compared with the stored one before."""
        found = [self.read(document) for document in batch]

        def commit(uow: UnitOfWork) -> None:
            uow.evidence.append([an_exchange(each) for each in found])
            uow.copies.put_documents({each.copy.document.sha256: each.document for each in found})
            changed = uow.copies.save([each.copy for each in found], NOW)
            assert len(changed) == EDITED
            now = {each.copy.iia_id: each.document for each in found}
            for change in changed:
                assert change.former is not None
                before = uow.copies.document(change.former.copy.document.sha256)
                assert before is not None
                result = compare(iias_v7.decode_at(before, 0), iias_v7.decode_at(now[change.copy.iia_id], 0))
                assert result.equality is Equality.DIFFERENT

        self.write(commit)

    def recognise(self, answers: Sequence["Answer"]) -> None:
        """Know answers by their fingerprints, as a refresh does: each is the document that its copies stand in.

        What is known is looked up once for all requests of a pass; each answer is held against it as it comes.
        """

        def documents(uow: UnitOfWork) -> Sequence[KnownDocument | None]:
            return uow.copies.current_documents(PARTNER, OWN, [answer.ids for answer in answers])

        for answer, known in zip(answers, self.runner.run(self.store.read(documents)), strict=True):
            assert known is not None
            assert known.fingerprint == fingerprint(answer.body)

    def write(self, work: Callable[[UnitOfWork], Any]) -> Any:
        return self.runner.run(self.store.write(work))


@dataclass
class Answer:
    """One answer with many agreements."""

    body: bytes
    ids: list[IiaId]


class Ceiling:
    """libxml2 alone, as lxml offers it: no refusals, no messages, nothing kept."""

    def __init__(self, schemas: SchemaSet) -> None:
        self.parser = etree.XMLParser(resolve_entities=False, no_network=True)
        compiled = schemas._compiled(wire.IIAS_V7_GET_ROOT)  # noqa: SLF001 - the very same schema
        assert compiled is not None
        self.schema = compiled

    def whole(self, batch: Batch) -> None:
        for document in batch:
            self.one(document)

    def one(self, document: bytes) -> None:
        assert self.schema.validate(etree.fromstring(document, self.parser))


@contextmanager
def a_bridge() -> Iterator[Bridge]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        url = f"sqlite:///{Path(folder) / 'bridge.db'}"
        upgrade(url)
        store = open_store(url)
        yield Bridge(store, runner, SchemaSet())
        runner.run(store.close())


def an_exchange(answer: ReadCopy) -> Exchange:
    """How the answer came; it is digested once, and what reads it and what keeps it are told."""
    return Exchange(
        system=wire.SYSTEM,
        hei_id=PARTNER,
        api="iias/get",
        method="POST",
        url="https://ewp.brava.example/iias/get",
        received_at=NOW,
        request_id="a5b2f0de-63ad-4c5b-9f0a-0f2f7f1f3f10",
        request_headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*"},
        request_body=b"iia_id=9ded95ec8413b8c0fed5bf4167bf623f",
        status=200,
        response_headers={"Content-Type": "text/xml; charset=utf-8", "Digest": "SHA-256=" + 44 * "x"},
        body=answer.document,
        body_sha256=answer.copy.document.sha256,
        verification=Verification.VERIFIED,
        duration_s=0.2,
    )


def new_agreements(pairs: int) -> Ratio:
    batches = in_batches(corpus.documents((pairs + 1) * BATCH))
    with a_bridge() as bridge:
        ceiling = Ceiling(bridge.schemas)
        assert bridge.take_in(batches.pop()) == BATCH
        found = measure(bridge.take_in, ceiling.whole, batches, pairs=pairs, times=(1, 3))
    return ratio_of("new, stored", CEILING, found, bar=0.17, aim=0.40)


def known_agreements(pairs: int) -> Ratio:
    documents, changed = corpus.documents(), corpus.edited()
    with a_bridge() as bridge:
        ceiling = Ceiling(bridge.schemas)
        for batch in in_batches(documents):
            bridge.take_in(batch)
        found = measure(
            bridge.take_in_and_compare,
            ceiling.whole,
            [mixed(documents, changed, number) for number in range(pairs)],
            pairs=pairs,
            times=(1, 3),
        )
    return ratio_of("known, 5 of 100 changed", CEILING, found, bar=0.16, aim=0.45)


def mixed(documents: Batch, changed: Batch, number: int) -> list[bytes]:
    """A hundred agreements of which the next five are in their other state than the last time they came."""
    parts = len(documents) // BATCH
    part, turn = number % parts, number // parts
    places = range(part * BATCH, (part + 1) * BATCH)
    states = [documents, changed]

    def state(place: int) -> Batch:
        # The place has changed once for each earlier turn, and this one, that chose it.
        chosen = sum((place - part * BATCH) // EDITED == each % (BATCH // EDITED) for each in range(turn + 1))
        return states[chosen % 2]

    return [state(place)[place] for place in places]


def identical_answers(pairs: int) -> Ratio:
    answers = [an_answer(batch) for batch in in_batches(corpus.documents())]
    with a_bridge() as bridge:
        ceiling = Ceiling(bridge.schemas)
        for answer in answers:
            copies = iias_v7.read_copies(
                answer.body, called_hei_id=PARTNER, own_hei_id=OWN, fetched_at=NOW, source=wire.SYSTEM
            )
            bridge.write(keep(answer, [each.copy for each in copies]))
        found = measure(
            bridge.recognise, lambda all_: ceiling.whole([each.body for each in all_]), [answers], pairs=pairs
        )
    return ratio_of("identical, by digest", CEILING, found, bar=4, aim=20)


def an_answer(batch: Batch) -> Answer:
    root = etree.Element(wire.IIAS_V7_GET_ROOT, nsmap={None: wire.IIAS_V7_GET})
    for document in batch:
        root.append(etree.fromstring(document)[0])
    ids = [IiaId(str(each)) for each in root.xpath("*/*[1]/*[local-name()='iia-id']/text()")]
    return Answer(etree.tostring(root, xml_declaration=True, encoding="UTF-8"), ids)


def keep(answer: Answer, copies: Sequence[AgreementCopy]) -> Callable[[UnitOfWork], None]:
    def commit(uow: UnitOfWork) -> None:
        uow.copies.put_documents({copies[0].document.sha256: answer.body})
        uow.copies.save(copies, NOW)

    return commit


def in_batches(documents: Batch) -> list[Batch]:
    return [documents[start : start + BATCH] for start in range(0, len(documents), BATCH)]


def main(pairs: int = PAIRS) -> None:
    ratios = [new_agreements(pairs), known_agreements(pairs), identical_answers(pairs)]
    report("The way into the store", ratios)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
