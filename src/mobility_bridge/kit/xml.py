"""The only door for XML: bytes in, a tree out, or a refusal that says why.

What comes from outside is refused unless it is plain XML: no document type (so no entities), no network, no
more than the caller's number of bytes, none of the sizes that libxml2 calls unreasonable (depth 256, ten
million bytes in one text). Comments and processing instructions vanish while parsing, so the text of a leaf
is whole: what the agreement hash reads is what a validator reads.

Each thread has its own parser: one shared by threads makes them wait for each other.
"""

import codecs
import re
import threading
from collections.abc import Iterator
from typing import Any, Final, Literal, Protocol, TypeAlias, cast

from lxml import etree

Element: TypeAlias = etree._Element  # noqa: SLF001 - the class has no public name
Reason: TypeAlias = Literal["not_xml", "doctype", "too_large"]

CHUNK: Final = 64 * 1024
"""How many bytes `iterate` reads at a time."""

HELD_LIMIT: Final = 32 * 1024 * 1024
"""How many bytes `iterate` lets pass between two matches: what it holds in memory stays near that."""

_PROLOG_WINDOW: Final = 64 * 1024
# What may stand before a document type. Atomic and possessive: nothing is tried twice, so it is linear.
_DOCTYPE: Final = re.compile(rb"(?>\s+|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)
# libxml2's own limits: resource limit exceeded, comment too big, CDATA section too big.
_LIMIT_CODES: Final = frozenset({114, 45, 63})
_TOO_DEEP: Final = "elements lie deeper inside each other than the 256 levels that are accepted"
_TOO_LONG: Final = "one piece of text is longer than the 10 million bytes that are accepted"
_SAFE: Final[dict[str, Any]] = {
    "attribute_defaults": False,
    "dtd_validation": False,
    "huge_tree": False,
    "load_dtd": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
    "resolve_entities": False,
}


class XmlRefused(Exception):
    """Bytes that are not accepted as XML.

    `reason` is not_xml, doctype or too_large: the words that `errors.InvalidDocument` uses. `line` counts
    from 1 and is None where no single line is to blame.
    """

    def __init__(self, reason: Reason, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message
        self.line = line


class ByteStream(Protocol):
    """What `iterate` reads from: any binary file object."""

    def read(self, size: int, /) -> bytes: ...


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.parser = etree.XMLParser(**_SAFE)


_per_thread = _PerThread()


def parse(data: bytes, *, limit: int) -> Element:
    """Read one document and return its root.

    Shape:   the tree holds elements, attributes and text only; `sourceline` is kept.
    Units:   `limit` counts bytes of `data`; the cap holds before anything is parsed.
    Raises:  XmlRefused.
    """
    if len(data) > limit:
        raise _too_many(limit)
    if _has_doctype(data):
        raise _doctype()
    try:
        root = cast("Element", etree.fromstring(data, _per_thread.parser))
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from error
    _insist_on_no_doctype(root)
    return root


def iterate(
    stream: ByteStream, tag: str | tuple[str, ...], *, limit: int, held_limit: int = HELD_LIMIT
) -> Iterator[bytes]:
    """Yield every element named `tag` (`{namespace}local`) as a document of its own, in document order.

    Shape:   UTF-8 without a declaration, all name spaces in scope declared, so each one parses alone.
             Elements of the asked names must not lie inside each other.
    Units:   `limit` counts the bytes of the whole stream, `held_limit` those between two matches; memory
             follows `held_limit`, never `limit`.
    Raises:  XmlRefused, possibly after some elements: then what was yielded is a part, not the whole.
    """
    puller = etree.XMLPullParser(events=("end",), tag=tag, **_SAFE)
    total = held = 0
    while chunk := stream.read(CHUNK):
        if total == 0 and _has_doctype(chunk):
            raise _doctype()
        total += len(chunk)
        held += len(chunk)
        if total > limit or held > held_limit:
            raise _too_many(limit if total > limit else held_limit)
        _feed(puller, chunk)
        for standalone in _finished(puller):
            held = 0
            yield standalone
    try:
        root = puller.close()
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from error
    _insist_on_no_doctype(root)
    # libxml2 may hold the last few bytes back until it knows that they are the last.
    yield from _finished(puller)


def _feed(puller: etree.XMLPullParser, chunk: bytes) -> None:
    try:
        puller.feed(chunk)
    except etree.XMLSyntaxError as error:
        raise _refusal(error) from error


def _finished(puller: etree.XMLPullParser) -> Iterator[bytes]:
    for _, element in cast("Iterator[tuple[str, Element]]", puller.read_events()):
        _insist_on_no_doctype(element)
        yield etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)
        _release(element)


def _release(element: Element) -> None:
    """Free what is done with: the element's content and everything before it in its parent."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _insist_on_no_doctype(element: Element) -> None:
    # The wall behind the look at the first bytes, which knows UTF-8 and UTF-16 only.
    docinfo: Any = element.getroottree().docinfo
    if docinfo.internalDTD is not None or docinfo.externalDTD is not None:
        raise _doctype()


def _has_doctype(data: bytes) -> bool:
    """Look for a document type before a parser meets it, so that the refusal names it."""
    if data[:1] == b"<":
        second = data[1:2]
        if second in (b"?", b"!"):
            return _DOCTYPE.match(data, 0, _PROLOG_WINDOW) is not None
        if second != b"\0":
            return False
    return _DOCTYPE.match(_prolog(data[:_PROLOG_WINDOW])) is not None


def _prolog(head: bytes) -> bytes:
    """The beginning in an encoding that keeps ASCII."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace").encode()
    if head[:1] == b"\0":
        return head.decode("utf-16-be", "replace").encode()
    if head[1:2] == b"\0":
        return head.decode("utf-16-le", "replace").encode()
    return head.removeprefix(codecs.BOM_UTF8)


def _doctype() -> XmlRefused:
    return XmlRefused("doctype", "a document type (DOCTYPE) is not accepted", line=1)


def _too_many(limit: int) -> XmlRefused:
    return XmlRefused("too_large", f"more than the {limit} bytes that are accepted")


def _refusal(error: etree.XMLSyntaxError) -> XmlRefused:
    message, line = str(error.msg).strip(), error.position[0] or None
    if cast("Any", error).code not in _LIMIT_CODES:
        return XmlRefused("not_xml", message, line=line)
    # libxml2 advises a switch that only its programmers have.
    return XmlRefused("too_large", _TOO_DEEP if "depth" in message else _TOO_LONG, line=line)
