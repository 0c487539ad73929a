"""Reading one document: validation against xmlschema, the agreement hash against an XSLT processor.

    python -m benchmarks.documents [pairs]

Both ways get the same bytes and go through all documents in the same order. Validation is all that `kit.xml` and
`kit.schemas` do to a document from outside; the hash is parsing and `iia_hash`, as for a document already valid. The processor is
saxonche, once with a stylesheet that follows the definition rule by rule, as the published one does, and once with
one written for speed.
"""

import itertools
import sys
from collections.abc import Callable, Sequence

import xmlschema
from benchmarks import corpus
from benchmarks.pairs import PAIRS, Ratio, measure, ratio_of, report
from benchmarks.stylesheet import FAST, LITERAL, Stylesheet

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.iia_hash import hash_text, hash_texts
from mobility_adapters.ewp.reading import agreement_elements
from mobility_adapters.ewp.scanning import WAY
from mobility_bridge.kit import xml
from mobility_bridge.kit.schemas import SchemaSet, default_root

BATCH = 20
LIMIT = 10_000_000


Batch = Sequence[bytes]


def each(work: Callable[[bytes], object]) -> Callable[[Batch], None]:
    """Do `work` with every document of a batch."""

    def whole(batch: Batch) -> None:
        for document in batch:
            work(document)

    return whole


def explaining_schema() -> xmlschema.XMLSchema:
    """The get response's schema as xmlschema reads it, with its imports from the same folder."""
    paths = {
        xmlschema.XMLSchema(str(path), build=False, validation="skip").target_namespace: str(path)
        for path in sorted(default_root().rglob("*.xsd"))
    }
    return xmlschema.XMLSchema(paths[wire.IIAS_V7_GET], locations=paths, allow="local")


def validation(pairs: int) -> list[Ratio]:
    ours, theirs = SchemaSet(), explaining_schema()

    def by_us(document: bytes) -> bool:
        return not ours.validate(xml.parse(document, limit=LIMIT), wire.IIAS_V7_GET_ROOT)

    def by_xmlschema(document: bytes) -> bool:
        return bool(theirs.is_valid(document.decode()))

    found = []
    for name, batches in corpora():
        assert all(by_us(document) and by_xmlschema(document) for document in batches[0])
        ratios = measure(each(by_us), each(by_xmlschema), batches, pairs=pairs)
        found.append(ratio_of(f"parse and validate, {name}", "xmlschema.is_valid", ratios, bar=25))
    return found


def compiled(document: bytes) -> list[str]:
    """What reading does where the scanner is built."""
    return [each.sha256 for each in hash_texts(xml.parse(document, limit=LIMIT), document)]


def walked(document: bytes) -> list[str]:
    """What it does elsewhere, and with unusual agreements."""
    return [hash_text(iia).sha256 for iia in agreement_elements(xml.parse(document, limit=LIMIT))]


BARS = {(LITERAL, compiled): 7, (FAST, compiled): 5, (LITERAL, walked): 5.5, (FAST, walked): 3.5}


def hashing(pairs: int) -> list[Ratio]:
    print(f"agreements are read the {WAY} way")
    found = []
    for words, path in (("rule by rule", LITERAL), ("for speed", FAST)):
        stylesheet = Stylesheet(path)
        print(f"a stylesheet written {words}: {stylesheet.check()} vectors as expected")
        for name, batches in corpora():
            for document in itertools.chain(*batches):
                assert compiled(document) == walked(document) == stylesheet.hashes(document)
            for way in (compiled, walked) if WAY == "compiled" else (walked,):
                ratios = measure(each(way), each(stylesheet.hashes), batches, pairs=pairs)
                title = f"parse and hash, {name}, {'compiled' if way is compiled else 'in Python'}"
                found.append(
                    ratio_of(
                        title,
                        f"XSLT written {words}",
                        ratios,
                        bar=BARS[path, way],
                        aim=14 if way is compiled else 7,
                    )
                )
    return found


def corpora() -> list[tuple[str, Sequence[Batch]]]:
    documents = corpus.documents()
    batches = [documents[start : start + BATCH] for start in range(0, len(documents), BATCH)]
    return [("varied", batches), ("small", [[corpus.small()] * BATCH])]


def main(pairs: int = 2 * PAIRS + 1) -> None:
    report("Documents", [*validation(pairs), *hashing(pairs)])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
