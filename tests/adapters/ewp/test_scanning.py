"""The compiled way: what it takes, what it leaves to the walk, and what it refuses to be given."""

import re
from importlib import import_module
from typing import Any

import pytest
from tests.support.agreements import a_condition, an_iia
from tests.support.fixtures import FIXTURES, is_meant_to_be_valid, sample, samples, vectors

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.codecs import iias_v7
from mobility_adapters.ewp.facts import read_facts, walked_facts
from mobility_adapters.ewp.iia_hash import hash_text, hash_texts
from mobility_adapters.ewp.reading import agreement_elements, parse
from mobility_adapters.ewp.scanning import WAY, Found, read_each, scan
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element

needs_compiled = pytest.mark.skipif(
    WAY == "python", reason="the compiled part is not built: no C compiler, or no Python headers"
)

PLAIN = sample("ewp/iias/v7/hash-vectors/a01-base-mapped.xml")
RICH = sample("ewp/iias/v7/with-contacts-and-units.xml")
VECTORS = FIXTURES / "ewp/iias/v7/hash-vectors"


def found_in(document: bytes) -> list[Found | None] | None:
    found: list[Found | None] = []
    return found if scan(document, found.append) else None


def text_changed(old: str, new: str, document: bytes = PLAIN) -> bytes:
    text = document.decode()
    assert re.search(old, text)
    return re.sub(old, new, text).encode()


def walks(tree: Element) -> list[Any]:
    return [walked_facts(iia) for iia in agreement_elements(tree)]


USUAL = {
    "as it is": PLAIN,
    "contacts, units and languages": RICH,
    "on one line": text_changed(r">\s+<", "><"),
    "spread out": text_changed(r">\s+<", ">\n\n\t <"),
    "with prefixes": text_changed(r"<(/?)([a-z])", r"<\1i:\2", text_changed("xmlns=", "xmlns:i=")),
    "contacts by default name space": text_changed(
        r"<(/?)c:contact>", r'<\1contact xmlns="x">', RICH
    ).replace(b'</contact xmlns="x">', b"</contact>"),
    "name spaces on the agreement": text_changed("<iia>", '<iia xmlns:a="urn:a" xmlns:b="urn:b">'),
    "the same name space again": text_changed("<iia>", f'<iia xmlns="{wire.IIAS_V7_GET}">'),
    "where its schema is": sample("ewp/iias/v7/hash-vectors/b11-root-schema-location.xml"),
    "terminated": text_changed("<cooperation-conditions>", '<cooperation-conditions terminated-as-a-whole="true">'),
    "not terminated": text_changed("<cooperation-conditions>", '<cooperation-conditions terminated-as-a-whole="0">'),
    "references": text_changed(r"(<iia-code>)", r"\1&amp;&lt;&gt;&quot;&apos;"),
    "an empty leaf": text_changed(r"<iia-code>[^<]*</iia-code>", "<iia-code/>"),
    "an empty leaf with a blank": text_changed(r"<iia-code>[^<]*</iia-code>", "<iia-code />"),
    "an empty leaf of two tags": text_changed(r"<iia-code>[^<]*</iia-code>", "<iia-code></iia-code>"),
    "blanks in tags": text_changed(r"<(/?iia-code)>", r"<\1 >"),
    "single quotes": text_changed(r'xmlns="([^"]*)"', r"xmlns='\1'"),
    "not ASCII": text_changed(r"(<iia-code>)", "\\1é\u2003\U0001f600"),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "no declaration": text_changed(r"<\?xml[^>]*>\s*", ""),
    "two agreements": iias_v7.encode([an_iia(), an_iia(in_effect=True)]),
}  # fmt: skip

UNUSUAL = {
    "a flag": iias_v7.encode([an_iia(conditions=(a_condition(mobilities_not_yet_defined=True),))]),
    "an undefined attribute": text_changed("<blended>", '<blended id="x">'),
    "a language where none belongs": text_changed("<blended>", '<blended xml:lang="sv">'),
    "an unknown element": text_changed("<blended>", "<surprise/><blended>"),
    "an element of another name space": text_changed("<blended>", '<blended xmlns="urn:x">'),
    "a numeric reference": text_changed("(<iia-code>)", r"\1&#233;"),
    "a doubled year": text_changed("(<receiving-first-academic-year-id>.*?</receiving-first-academic-year-id>)", r"\1\1"),
    "a third partner": text_changed(r"(?s)(<partner>.*?</partner>)(?!\s*<partner)", r"\1\1"),
    "no conditions": text_changed(r"(?s)<cooperation-conditions>.*</cooperation-conditions>", ""),
    "empty conditions": text_changed(r"(?s)<cooperation-conditions>.*</cooperation-conditions>", "<cooperation-conditions/>"),
    "something inside a leaf": text_changed("<blended>", "<blended><surprise/>"),
}  # fmt: skip

REFUSED = {
    "a comment": text_changed("<iia>", "<iia><!-- here -->"),
    "a character section": text_changed("(<iia-code>)", r"\1<![CDATA[x]]>"),
    "an instruction": text_changed("<iia>", "<?go on?><iia>"),
    "carriage returns": PLAIN.replace(b"\n", b"\r\n"),
    "another encoding": PLAIN.decode().replace("UTF-8", "ISO-8859-1").encode("iso-8859-1"),
    "UTF-16": PLAIN.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "XML 1.1": PLAIN.replace(b'version="1.0"', b'version="1.1"'),
    "another name space": text_changed("stable-v7/endpoints", "elsewhere"),
    "another version": sample("ewp/iias/v6/hash-vectors/m04-contacts.xml"),
    "no agreement": iias_v7.encode([]),
    "an attribute of the root": text_changed("<iias-get-response ", '<iias-get-response not-yet-defined="true" '),
    "an attribute of the agreement": text_changed("<iia>", '<iia id="x">'),
    "an agreement in another": text_changed("<in-effect>", "<iia/><in-effect>"),
    "an agreement without anything": text_changed("(?s)<iia>.*</iia>", "<iia/>"),
    "another element beside it": text_changed("</iia>", "</iia><other/>"),
}  # fmt: skip


@needs_compiled
@pytest.mark.parametrize("document", USUAL.values(), ids=USUAL)
def test_what_real_documents_look_like_is_read_the_compiled_way(document: bytes) -> None:
    found = found_in(document)

    assert found
    assert None not in found


@needs_compiled
@pytest.mark.parametrize("document", UNUSUAL.values(), ids=UNUSUAL)
def test_an_unusual_agreement_is_left_to_the_walk(document: bytes) -> None:
    assert found_in(document) == [None]


@needs_compiled
@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED)
def test_a_document_that_is_not_plain_is_given_up(document: bytes) -> None:
    assert found_in(document) is None


@pytest.mark.parametrize("document", (USUAL | UNUSUAL | REFUSED).values(), ids=USUAL | UNUSUAL | REFUSED)
def test_both_ways_read_the_same_or_refuse_the_same(document: bytes) -> None:
    tree = parse(document)
    refusals: list[str] = []
    results: list[Any] = []
    for read in (walks, lambda tree: read_facts(tree, document)):
        try:
            results.append(read(tree))
        except InvalidDocument as error:
            refusals.append(str(error))
    assert len(results) in (0, 2)
    assert results[:1] == results[1:]
    assert refusals[:1] == refusals[1:]


@needs_compiled
def test_one_unusual_agreement_leaves_the_others_to_the_compiled_way() -> None:
    flagged = an_iia(conditions=(a_condition(mobilities_not_yet_defined=True),))
    document = iias_v7.encode([an_iia(), flagged, an_iia(in_effect=True)])

    found = found_in(document)
    assert found is not None
    assert [each is None for each in found] == [False, True, False]

    tree = parse(document)
    assert read_facts(tree, document) == walks(tree)


@pytest.mark.parametrize("name", [name for name, agreements in vectors().items() if len(agreements) == 1])
def test_an_agreement_that_came_alone_has_the_official_hash(name: str) -> None:
    document = (VECTORS / name).read_bytes()

    (hashed,) = hash_texts(parse(document), document)

    assert hashed.sha256 == vectors()[name][0]["sha256"]


@needs_compiled
def test_most_vectors_and_samples_are_read_the_compiled_way_and_hash_alike() -> None:
    paths = [*sorted(VECTORS.glob("*.xml")), *filter(is_meant_to_be_valid, samples("ewp/iias/v7"))]
    documents = [path.read_bytes() for path in paths]
    responses = [each for each in documents if parse(each).tag == wire.IIAS_V7_GET_ROOT]
    compiled = 0
    for document in responses:
        tree = parse(document)
        assert hash_texts(tree, document) == [hash_text(iia) for iia in agreement_elements(tree)]
        compiled += bool(found_in(document)) and None not in (found_in(document) or ())
    assert compiled > len(responses) / 2
    assert len(vectors()) > 50


@pytest.mark.parametrize(
    "document", [b"", b"<", b"not even XML", PLAIN[: len(PLAIN) // 2], PLAIN + b"<!-- end -->"]
)
def test_a_tree_that_does_not_belong_to_the_bytes_is_walked(document: bytes) -> None:
    """Not a promise to those who mix them up; what was cut off, or comes from elsewhere, must not be believed."""
    tree = parse(iias_v7.encode([an_iia(), an_iia()]))

    read = read_each(tree, document, lambda _: "compiled", lambda _: "walked")

    assert read == ["walked", "walked"]


@needs_compiled
def test_an_error_of_the_caller_passes_through() -> None:
    def take(_: Found | None) -> None:
        raise LookupError("not wanted")

    with pytest.raises(LookupError, match="not wanted"):
        scan(PLAIN, take)


@needs_compiled
@pytest.mark.parametrize(
    "arguments",
    [
        ((), b"urn:x", b"iia", 1),
        (((False, ()),) * 33, b"urn:x", b"iia", 1),
        (((False, ((9, b"a", b"", b"", 0, 0, 0, 0),)),), b"urn:x", b"iia", 1),
        (((False, ((2, b"a", b"", b"", 99, 0, 0, 0),)),), b"urn:x", b"iia", 1),
        (((False, ((2, b"a", b"", b"", -1, 0, 0, 0),)),), b"urn:x", b"iia", 1),
        (((False, ((4, b"a", b"", b"", -1, 1, 0, 0),)),), b"urn:x", b"iia", 1),
        (((False, ((4, b"a", b"", b"", -1, 0, 0, 9),)),), b"urn:x", b"iia", 1),
        (((False, ((0, b"a", b"", b"", 0, 0, 0, 0),) * 25),), b"urn:x", b"iia", 1),
        (((False, ()),), b"urn:x", b"iia", 99),
    ],
)
def test_tables_that_do_not_hold_together_are_refused(arguments: tuple[Any, ...]) -> None:
    compiled = import_module("mobility_adapters.ewp._scanning")

    with pytest.raises(ValueError, match="not what this was built for"):
        compiled.load(*arguments)
