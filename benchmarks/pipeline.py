"""The way of an agreement into the store, as a share of what libxml2 needs to parse and validate it.

    python -m benchmarks.pipeline [pairs]

A hundred agreements are committed in one unit of work, with their answers as evidence: SQLite in WAL mode, on disk.
How many agreements an answer holds is the partner's to say (`max-iia-ids`); each measurement says how many.

`new` agreements were never seen. Of the `known` ones 95 of 100 say what they said before, and 5 are compared with
their earlier text, field by field. A refresh does not parse an answer that it knows byte for byte; `all parsed`
does, as if each agreement had come in a document of its own that changed elsewhere. `identical` answers are known
by their fingerprints; `with evidence` keeps them as evidence, too, and notes that their copies were seen.
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
from mobility_bridge.domain.identifiers import HeiId, IiaId, Sha256
from mobility_bridge.domain.snapshot import CopyChange, KnownDocument
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


@dataclass(eq=False)
class Answer:
    """One answer with one agreement or several."""

    body: bytes
    ids: list[IiaId]


Batch = Sequence[Answer]
"""The answers that a hundred agreements come in."""


@dataclass
class Bridge:
    """The parts that a refresh is made of, without the network."""

    store: Store
    runner: asyncio.Runner
    schemas: SchemaSet

    def read(self, answer: Answer) -> list[ReadCopy]:
        tree = xml.parse(answer.body, limit=LIMIT)
        assert not self.schemas.validate(tree, wire.IIAS_V7_GET_ROOT)
        found = iias_v7.read_copies(
            answer.body, called_hei_id=PARTNER, own_hei_id=OWN, fetched_at=NOW, source=wire.SYSTEM, tree=tree
        )
        assert all(each.copy.hash_verdict.trusted for each in found)
        return found

    def take_in(self, batch: Batch) -> int:
        """Read and keep; returns how many copies changed."""
        return len(self.write(keep([self.read(answer) for answer in batch])))

    def take_in_and_compare(self, batch: Batch) -> None:
        """As `take_in`; what has another text is compared with the stored one."""
        found = [self.read(answer) for answer in batch]

        def commit(uow: UnitOfWork) -> None:
            compare_all(uow, keep(found)(uow), found)

        self.write(commit)

    def refresh(self, batch: Batch) -> None:
        """As `take_in_and_compare`, but nothing is parsed that is known byte for byte."""
        known, other = self.sorted_out(batch)
        found = [self.read(answer) for answer in other]

        def commit(uow: UnitOfWork) -> None:
            confirm(uow, known)
            compare_all(uow, keep(found)(uow), found)

        self.write(commit)

    def recognise(self, batch: Batch) -> None:
        assert not self.sorted_out(batch)[1]

    def recognise_and_confirm(self, batch: Batch) -> None:
        known, other = self.sorted_out(batch)
        assert not other
        self.write(lambda uow: confirm(uow, known))

    def sorted_out(self, batch: Batch) -> tuple[list[tuple[Answer, KnownDocument]], list[Answer]]:
        """Tell the answers that are known by their fingerprints from the others.

        What is known is looked up once for all requests of a pass; each answer is held against it as it comes.
        """

        def documents(uow: UnitOfWork) -> Sequence[KnownDocument | None]:
            return uow.copies.current_documents(PARTNER, OWN, [answer.ids for answer in batch])

        known, other = [], []
        for answer, document in zip(batch, self.runner.run(self.store.read(documents)), strict=True):
            if document is not None and document.fingerprint == fingerprint(answer.body):
                known.append((answer, document))
            else:
                other.append(answer)
        return known, other

    def write(self, work: Callable[[UnitOfWork], Any]) -> Any:
        return self.runner.run(self.store.write(work))


def keep(found: Sequence[list[ReadCopy]]) -> Callable[[UnitOfWork], Sequence[CopyChange]]:
    """Keep the answers that these copies were read from, and the copies."""

    def commit(uow: UnitOfWork) -> Sequence[CopyChange]:
        answers = [(copies[0].copy.document.sha256, copies[0].document) for copies in found]
        uow.evidence.append([an_exchange(body, sha256) for sha256, body in answers])
        uow.copies.put_documents(dict(answers))
        return uow.copies.save([each.copy for copies in found for each in copies], NOW)

    return commit


def confirm(uow: UnitOfWork, known: Sequence[tuple[Answer, KnownDocument]]) -> None:
    uow.evidence.append([an_exchange(answer.body, document.sha256) for answer, document in known])
    for answer, document in known:
        assert uow.copies.confirm(PARTNER, OWN, answer.ids, NOW, document.sha256) == len(answer.ids)


def compare_all(uow: UnitOfWork, changed: Sequence[CopyChange], found: Sequence[list[ReadCopy]]) -> None:
    assert len(changed) == EDITED
    now = {each.copy.iia_id: each for copies in found for each in copies}
    for change in changed:
        assert change.former is not None
        former, newer = change.former.copy.document, now[change.copy.iia_id]
        before = uow.copies.document(former.sha256)
        assert before is not None
        ours = iias_v7.decode_at(before, former.position)
        theirs = iias_v7.decode_at(newer.document, newer.copy.document.position)
        assert compare(ours, theirs).equality is Equality.DIFFERENT


class Ceiling:
    """libxml2 alone, as lxml offers it: no refusals, no messages, nothing kept."""

    def __init__(self, schemas: SchemaSet) -> None:
        self.parser = etree.XMLParser(resolve_entities=False, no_network=True)
        compiled = schemas._compiled(wire.IIAS_V7_GET_ROOT)  # noqa: SLF001 - the very same schema
        assert compiled is not None
        self.schema = compiled

    def whole(self, batch: Batch) -> None:
        for answer in batch:
            assert self.schema.validate(etree.fromstring(answer.body, self.parser))


@contextmanager
def a_bridge() -> Iterator[Bridge]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        url = f"sqlite:///{Path(folder) / 'bridge.db'}"
        upgrade(url)
        store = open_store(url)
        yield Bridge(store, runner, SchemaSet())
        runner.run(store.close())


def an_exchange(body: bytes, sha256: Sha256) -> Exchange:
    """How an answer came; it is digested once, and who keeps it is told."""
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
        body=body,
        body_sha256=sha256,
        verification=Verification.VERIFIED,
        duration_s=0.2,
    )


def new_agreements(pairs: int, size: int, *, bar: float, aim: float | None = None) -> Ratio:
    batches = in_batches(corpus.documents((pairs + 1) * BATCH), size)
    with a_bridge() as bridge:
        assert bridge.take_in(batches.pop()) == BATCH
        found = measure(bridge.take_in, Ceiling(bridge.schemas).whole, batches, pairs=pairs, times=(1, 3))
    return ratio_of(f"new, stored, in answers of {size}", CEILING, found, bar=bar, aim=aim)


def known_agreements(
    pairs: int, size: int, *, bar: float, aim: float | None = None, lazily: bool = True
) -> Ratio:
    documents, changed = corpus.documents(), corpus.edited()
    with a_bridge() as bridge:
        for batch in in_batches(documents, size):
            bridge.take_in(batch)
        found = measure(
            bridge.refresh if lazily else bridge.take_in_and_compare,
            Ceiling(bridge.schemas).whole,
            [answers_of(mixed(documents, changed, number), size) for number in range(pairs)],
            pairs=pairs,
            times=(1, 3),
        )
    how = "" if lazily else ", all parsed"
    return ratio_of(f"known, 5 of 100 changed, in answers of {size}{how}", CEILING, found, bar=bar, aim=aim)


def mixed(documents: Sequence[bytes], changed: Sequence[bytes], number: int) -> list[bytes]:
    """A hundred agreements of which five, one here and one there, are in their other state than the last time."""
    parts, apart = len(documents) // BATCH, BATCH // EDITED
    part, turn = number % parts, number // parts
    states = [documents, changed]

    def state(place: int) -> Sequence[bytes]:
        # The place has changed once for each earlier turn, and this one, that chose it.
        return states[sum(place % apart == each % apart for each in range(turn + 1)) % 2]

    return [state(place)[place] for place in range(part * BATCH, (part + 1) * BATCH)]


def identical_answers(pairs: int, *, bar: float, with_evidence: bool = False) -> Ratio:
    answers = [answer for batch in in_batches(corpus.documents(), BATCH) for answer in batch]
    with a_bridge() as bridge:
        for answer in answers:
            bridge.take_in([answer])
        ours = bridge.recognise_and_confirm if with_evidence else bridge.recognise
        found = measure(ours, Ceiling(bridge.schemas).whole, [answers], pairs=pairs)
    how = ", with evidence" if with_evidence else ""
    return ratio_of(f"identical, in answers of {BATCH}{how}", CEILING, found, bar=bar)


def in_batches(documents: Sequence[bytes], size: int) -> list[Batch]:
    return [answers_of(documents[start : start + BATCH], size) for start in range(0, len(documents), BATCH)]


def answers_of(documents: Sequence[bytes], size: int) -> Batch:
    return [an_answer(documents[start : start + size]) for start in range(0, len(documents), size)]


def an_answer(documents: Sequence[bytes]) -> Answer:
    """One answer with the agreements of these, which have one each; one alone stays as it is laid out."""
    roots = [etree.fromstring(document) for document in documents]
    ids = [IiaId(str(root.xpath("string(*/*[1]/*[local-name()='iia-id'])"))) for root in roots]
    if len(documents) == 1:
        return Answer(documents[0], ids)
    whole = etree.Element(wire.IIAS_V7_GET_ROOT, nsmap={None: wire.IIAS_V7_GET})
    whole.extend([root[0] for root in roots])
    return Answer(etree.tostring(whole, xml_declaration=True, encoding="UTF-8"), ids)


def main(pairs: int = PAIRS) -> None:
    ratios = [
        new_agreements(pairs, 10, bar=0.40),
        new_agreements(pairs, 1, bar=0.33, aim=0.40),
        known_agreements(pairs, 10, bar=0.45),
        known_agreements(pairs, 1, bar=0.33, aim=0.45, lazily=False),
        known_agreements(pairs, 100, bar=0.20, aim=0.45),
        identical_answers(pairs, bar=20),
        identical_answers(pairs, bar=7, with_evidence=True),
    ]
    report("The way into the store", ratios)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
