"""What the door for XML lets in, what it refuses, and how fast."""

import io
import threading
import time
import tracemalloc

import pytest
from lxml import etree

from mobility_bridge.kit import xml
from mobility_bridge.kit.xml import XmlRefused, iterate, parse

LIMIT = 64 * 1024 * 1024
LAUGHS = (
    b'<!DOCTYPE r [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(10))
    + b"]><r>&k;</r>"
)
EXTERNAL = b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]><r>&e;</r>'


def refusal(data: bytes, limit: int = LIMIT) -> XmlRefused:
    with pytest.raises(XmlRefused) as caught:
        parse(data, limit=limit)
    return caught.value


def test_a_plain_document_becomes_a_tree_that_knows_its_lines() -> None:
    root = parse(b'<?xml version="1.0"?>\n<a xmlns="urn:x">\n  <b>1</b>\n</a>', limit=LIMIT)

    assert root.tag == "{urn:x}a"
    assert str(root[0].sourceline) == "3"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_declared_encodings_are_read(encoding: str) -> None:
    name = {"utf-8-sig": "utf-8"}.get(encoding, encoding)

    root = parse(f'<?xml version="1.0" encoding="{name}"?><a>Ängö</a>'.encode(encoding), limit=LIMIT)

    assert root.text == "Ängö"


def test_comments_and_instructions_leave_no_gap_in_a_text() -> None:
    root = parse(b"<?x y?><a>20<!-- half -->26<?z?>/<![CDATA[2027]]></a><!-- end -->", limit=LIMIT)

    assert root.text == "2026/2027"
    assert len(root) == 0
    assert root.getprevious() is None
    assert root.getnext() is None


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b" \n ", 2),
        (b"\0\0\0", 1),
        (b"<a>\n<b>\n</a>", 3),
        (b"<a/><a/>", 1),
        (b"<p:a/>", 1),
        (b'<a x="1" x="2"/>', 1),
        (b"<a>\xff</a>", 1),
        (b"<a>&unknown;</a>", 1),
        (b"<a>&#0;</a>", 1),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', 1),
        (b'{"error": "not found"}', 1),
        (b"<html><body><p>503<br></body></html>", 1),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_line(data: bytes, line: int) -> None:
    refused = refusal(data)

    assert refused.reason == "not_xml"
    assert refused.line == line
    assert refused.message


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b'<?xml version="1.0"?>\n<!-- hi -->\n<?pi?>\n<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        b"\xef\xbb\xbf<!DOCTYPE a><a/>",
        b"\n <!DOCTYPE a><a/>",
        "<!DOCTYPE a><a/>".encode("utf-16"),
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'.encode("utf-16"),
        "<!DOCTYPE a><a/>".encode("utf-16-le"),
        "<!DOCTYPE a><a/>".encode("utf-16-be"),
        b"<!-- " + b"x" * 100_000 + b" --><!DOCTYPE a><a/>",
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a><a/>',
        '<?xml version="1.0" encoding="utf-32"?><!DOCTYPE a><a/>'.encode("utf-32"),
        '<?xml version="1.0" encoding="IBM037"?><!DOCTYPE a><a/>'.encode("cp037"),
        LAUGHS,
        LAUGHS.decode().encode("utf-16"),
        EXTERNAL,
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><a/>',
    ],
)
def test_a_document_type_is_refused_in_every_disguise(data: bytes) -> None:
    refused = refusal(data)

    # An encoding that libxml2 does not know is refused for that alone.
    assert refused.reason == "doctype" or "encoding" in refused.message.lower()


def test_the_word_doctype_in_a_text_or_comment_is_no_document_type() -> None:
    root = parse(b"<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>", limit=LIMIT)

    assert root.text == "<!DOCTYPE a>"


def test_more_bytes_than_allowed_are_refused_before_they_are_parsed() -> None:
    assert parse(b"<a/>", limit=4).tag == "a"
    refused = refusal(b"<a><", limit=3)

    assert refused.reason == "too_large"
    assert "3 bytes" in refused.message


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" * 100_000 + b"</a>" * 100_000,
        b"<a>" + b"x" * 11_000_000 + b"</a>",
        b'<a b="' + b"x" * 11_000_000 + b'"/>',
        b"<a><![CDATA[" + b"x" * 11_000_000 + b"]]></a>",
        b"<a><!--" + b"x" * 11_000_000 + b"--></a>",
    ],
    ids=["depth", "text", "attribute", "cdata", "comment"],
)
def test_unreasonable_sizes_are_refused(data: bytes) -> None:
    assert refusal(data).reason == "too_large"


@pytest.mark.parametrize(
    "data",
    [
        LAUGHS,
        EXTERNAL,
        b"<a>" * 100_000,
        b"<a>" + b"x" * 11_000_000 + b"</a>",
        b"<?a?>" * 20_000 + b"<b",
        b"<!-- -" * 20_000,
        b" " * 1_000_000,
        b"<!DOCTYPE a [" + b'<!ENTITY a "x">' * 50_000,
    ],
    ids=["laughs", "external", "depth", "text", "instructions", "comments", "blanks", "entities"],
)
def test_hostile_input_is_refused_quickly(data: bytes) -> None:
    # when
    begun = time.perf_counter()
    refusal(data)

    # then
    assert time.perf_counter() - begun < 0.5


def test_every_thread_parses_with_a_parser_of_its_own() -> None:
    # given
    good = b"<a>" + b"<b>1</b>" * 500 + b"</a>"
    seen: dict[int, int] = {}
    wrong: list[str] = []

    def work(number: int) -> None:
        seen[number] = id(xml._per_thread.parser)
        for turn in range(50):
            try:
                root = parse(good if (turn + number) % 2 else b"<a><b></a>", limit=LIMIT)
            except XmlRefused as refused:
                if (turn + number) % 2 or refused.reason != "not_xml":
                    wrong.append(refused.message)
            else:
                if len(root) != 500:
                    wrong.append("incomplete")
        barrier.wait()

    # when
    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # then
    assert wrong == []
    assert len(set(seen.values())) == 4


# --- iterate ------------------------------------------------------------------------------------------


def catalogue(count: int, filler: str = "") -> bytes:
    hosts = "".join(
        f'<r:host xml:id="h{n}"><r:hei-id>h{n}.example</r:hei-id>{filler}</r:host>\n' for n in range(count)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<r:catalogue xmlns:r="urn:r" xmlns:ewp="urn:ewp">'
        f"{hosts}<r:institutions><r:hei/></r:institutions></r:catalogue>"
    ).encode()


def test_each_match_is_a_document_of_its_own() -> None:
    # when
    found = list(
        iterate(io.BytesIO(catalogue(3, "<ewp:note>Ä<!-- -->ö</ewp:note>")), "{urn:r}host", limit=LIMIT)
    )

    # then
    roots = [parse(each, limit=LIMIT) for each in found]
    assert [root.findtext("{urn:r}hei-id") for root in roots] == ["h0.example", "h1.example", "h2.example"]
    assert [root.findtext("{urn:ewp}note") for root in roots] == ["Äö"] * 3
    assert roots[0].nsmap == {"r": "urn:r", "ewp": "urn:ewp"}


def test_a_prefix_that_only_a_value_uses_stays_declared() -> None:
    data = b'<a xmlns:t="urn:t" xmlns:i="urn:i"><b i:type="t:x">1</b></a>'

    (found,) = iterate(io.BytesIO(data), "b", limit=LIMIT)

    assert parse(found, limit=LIMIT).nsmap["t"] == "urn:t"


@pytest.mark.parametrize("data", [b"<a/>", b"<a><b/></a>", b"<a>1</a>\n"])
def test_the_root_itself_can_be_the_match(data: bytes) -> None:
    assert list(iterate(io.BytesIO(data), "a", limit=LIMIT)) == [data.strip()]


def test_several_names_are_matched_in_document_order() -> None:
    found = list(iterate(io.BytesIO(catalogue(2)), ("{urn:r}hei", "{urn:r}host"), limit=LIMIT))

    assert [etree.QName(parse(each, limit=LIMIT)).localname for each in found] == ["host", "host", "hei"]


def test_no_match_yields_nothing_but_the_whole_is_read() -> None:
    assert list(iterate(io.BytesIO(catalogue(2)), "{urn:other}host", limit=LIMIT)) == []
    with pytest.raises(XmlRefused) as caught:
        list(iterate(io.BytesIO(catalogue(2)[:-5]), "{urn:other}host", limit=LIMIT))
    assert caught.value.reason == "not_xml"


def test_a_document_cut_off_yields_its_beginning_and_then_a_refusal() -> None:
    # given
    stream = iterate(io.BytesIO(catalogue(3)[:-20]), "{urn:r}host", limit=LIMIT)

    # when
    found = [next(stream), next(stream), next(stream)]

    # then
    assert b"h2.example" in found[2]
    with pytest.raises(XmlRefused):
        next(stream)


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a><b/></a>",
        "<!DOCTYPE a><a><b/></a>".encode("utf-16"),
        b"<!-- " + b"x" * 100_000 + b" --><!DOCTYPE a><a><b/></a>",
        b"<!-- " + b"x" * 100_000 + b" --><!DOCTYPE a><a/>",
        LAUGHS,
        EXTERNAL,
    ],
)
def test_a_document_type_is_refused_in_a_stream_before_anything_is_yielded(data: bytes) -> None:
    with pytest.raises(XmlRefused) as caught:
        next(iterate(io.BytesIO(data), "b", limit=LIMIT))
    assert caught.value.reason == "doctype"


def test_a_stream_longer_than_allowed_is_refused() -> None:
    with pytest.raises(XmlRefused) as caught:
        list(iterate(io.BytesIO(catalogue(5000)), "{urn:r}host", limit=100_000))
    assert caught.value.reason == "too_large"


def test_a_stream_that_never_matches_is_not_held_in_memory() -> None:
    with pytest.raises(XmlRefused) as caught:
        list(iterate(io.BytesIO(catalogue(5000)), "{urn:r}nothing", limit=LIMIT, held_limit=100_000))
    assert caught.value.reason == "too_large"


class Endless:
    """A response of any size that nobody has to hold."""

    def __init__(self, matches: int) -> None:
        self._parts = iter([b"<a>", *([b"<b>" + b"x" * 60_000 + b"</b>"] * matches), b"</a>"])

    def read(self, size: int, /) -> bytes:
        return next(self._parts, b"")


def test_memory_does_not_follow_the_size_of_the_stream() -> None:
    # when
    tracemalloc.start()
    count = sum(1 for _ in iterate(Endless(500), "b", limit=LIMIT))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # then
    assert count == 500
    assert peak < 2_000_000
