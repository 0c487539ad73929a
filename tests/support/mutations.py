"""Documents that are nearly right: one well-formed document in, any number of damaged ones out.

The same document, seed and count give the same mutants, whatever the day or the machine. About a third of
them only look damaged and stay valid, so that a judge who says no to everything is found out, too.
"""

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from mobility_bridge.kit.xml import Element

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XML: Final = "http://www.w3.org/XML/1998/namespace"

_HEX: Final = "0123456789abcdef" * 4
NASTY: Final = (
    # nothing, and nothing to see
    *("", " ", "\n\t", "\u00a0", "\u2003", "\ufeff"),
    # numbers
    *("0", "1", "-1", "+1", "-0", "007", " 12 ", "1 2", "1_000", "1,5", "1.", ".5", "0.50", "12.125", "1e3", "INF", "NaN"),
    *("8", "9", "127", "128", "99999999999999999999", "٣", "３", "\u00a01", "0x1", "1\u200b"),
    # truth
    *("true", "false", "TRUE", "True", " true ", "yes"),
    # dates and years
    *("2026-01-31", " 2026-01-31", "2026-01-31\n", "2026-01-31Z", "2026-01-31+14:00", "2026-01-31+14:01", "\u00a02026-01-31"),
    *("2026-02-29", "2024-02-29", "2026-1-31", "20260131", "26-01-31", "-2026-01-31", "0000-01-01", "12026-01-31"),
    *("2026-01-31T00:00:00", "2026-01-31T24:00:00Z", "--01-31", "2026-01", "2026", "2026/2027", "2026/2027 ", "26/27", "٢٠٢٦/٢٠٢٧"),
    *("2026/2027-1/2", "2026/2027-0/2", "2026/2027-1/10"),
    # identifiers and digests
    *("a", "A b", "é", "x" * 64, "x" * 65, "~!@#$%^&*()", _HEX, _HEX.upper(), _HEX[:-1], _HEX + "0", " " + _HEX, "tab\there"),
    # codes
    *("en", "EN-gb", "ru-Latn", "en_GB", "x", "abcdefghi", "a-b-c-d-e", "e n", " en ", "12", "B2", "b2", "B3", "NS", "A1 "),
    *("0613", "061", "06130", " 0613", "06l3", "SE", "se", "SWE", "2", "3", "+46", "+" + "1" * 15, "+" + "1" * 16, "46", "2.0.0", "2.0", "2.0.0-rc1"),
    # addresses of the net
    *("https://nordhav.example/x", "https://", "HTTPS://nordhav.example", "http://nordhav.example", " https://nordhav.example ", "https://a b", "https://ä/%zz"),
    *("ewp@nordhav.example", "ewp@nordhav", "@nordhav.example", "two@at@nordhav.example", "ewp@nordhav.example\n"),
    # base64
    *("AAAA", "AAA=", "AA==", "A===", "AA AA", "AA\nAA", "AAA", "AB==", "A-_A", "*"),
    # text
    *("line\nbreak", "carriage\rreturn", "<b>no markup</b>", "]]>", "&amp;", "\U0001f600", "e\u0301", "x" * 4096),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One damaged document, and what was done to it."""

    number: int
    what: str
    document: bytes


Change = Callable[[random.Random, Element], str | None]


def mutants(document: bytes, *, seed: int, count: int) -> Iterator[Mutant]:
    """Yield `count` mutants of `document`, each with one to three changes.

    Shape:   always well-formed, UTF-8, never with a document type; several may be equal.
    """
    original = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    chance = random.Random(seed)
    for number in range(count):
        tree = copy.deepcopy(original)
        done: list[str] = []
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            tree, what = _one_change(chance, tree)
            done.append(what)
        yield Mutant(number, "; ".join(done), etree.tostring(tree, encoding="UTF-8"))


def _one_change(chance: random.Random, tree: Element) -> tuple[Element, str]:
    while True:
        change = chance.choice(_CHANGES)
        what = change(chance, tree)
        if what is not None:
            # Parsed anew, so that the next change sees what a reader would see.
            return etree.fromstring(
                etree.tostring(tree, encoding="UTF-8")
            ), f"{change.__name__.strip('_')}: {what}"


def _elements(tree: Element) -> list[Element]:
    return list(tree.iter("{*}*"))


def _below_root(chance: random.Random, tree: Element) -> Element | None:
    inner = _elements(tree)[1:]
    return chance.choice(inner) if inner else None


def _leaf(chance: random.Random, tree: Element) -> Element | None:
    leaves = [node for node in _elements(tree) if len(node) == 0]
    return chance.choice(leaves) if leaves else None


def _name(node: Element) -> str:
    return etree.QName(node).localname


def _parent(node: Element) -> Element:
    parent = node.getparent()
    assert parent is not None
    return parent


def _drop(chance: random.Random, tree: Element) -> str | None:
    node = _below_root(chance, tree)
    if node is None:
        return None
    _parent(node).remove(node)
    return _name(node)


def _duplicate(chance: random.Random, tree: Element) -> str | None:
    node = _below_root(chance, tree)
    if node is None:
        return None
    for _ in range(chance.choice((1, 1, 4))):
        node.addnext(copy.deepcopy(node))
    return _name(node)


def _swap(chance: random.Random, tree: Element) -> str | None:
    parents = [node for node in _elements(tree) if len(node) > 1]
    if not parents:
        return None
    parent = chance.choice(parents)
    one, other = chance.sample(list(parent), 2)
    marker = etree.Element("marker")
    parent.replace(one, marker)
    parent.replace(other, one)
    parent.replace(marker, other)
    return f"children of {_name(parent)}"


def _move(chance: random.Random, tree: Element) -> str | None:
    node, target = _below_root(chance, tree), chance.choice(_elements(tree))
    if node is None or any(each is node for each in (target, *target.iterancestors())):
        return None
    target.insert(chance.randint(0, len(target)), node)
    return f"{_name(node)} into {_name(target)}"


def _graft(chance: random.Random, tree: Element) -> str | None:
    node, target = _below_root(chance, tree), chance.choice(_elements(tree))
    if node is None:
        return None
    target.insert(chance.randint(0, len(target)), copy.deepcopy(node))
    return f"a copy of {_name(node)} into {_name(target)}"


def _rename(chance: random.Random, tree: Element) -> str | None:
    node = chance.choice(_elements(tree))
    known = sorted({_name(each) for each in _elements(tree)} | {"unknown", _name(node).upper()})
    old, new = etree.QName(node), chance.choice(known)
    node.tag = f"{{{old.namespace}}}{new}" if old.namespace else new
    return f"{old.localname} to {new}"


def _change_namespace(chance: random.Random, tree: Element) -> str | None:
    node = chance.choice(_elements(tree))
    known = sorted(
        {etree.QName(each).namespace or "" for each in _elements(tree)} | {"", "urn:example:other"}
    )
    new = chance.choice(known)
    node.tag = f"{{{new}}}{_name(node)}" if new else _name(node)
    return f"{_name(node)} to {new or 'none'}"


def _replace_text(chance: random.Random, tree: Element) -> str | None:
    node = _leaf(chance, tree)
    if node is None:
        return None
    node.text = chance.choice(NASTY)
    return f"{_name(node)} = {node.text[:70]!r}"


def _pad_text(chance: random.Random, tree: Element) -> str | None:
    node = _leaf(chance, tree)
    if node is None:
        return None
    before, after = chance.choice(
        ((" ", ""), ("", " "), ("\n    ", "\n  "), ("\t", "\r"), ("\u00a0", ""), ("", "\u2003"))
    )
    node.text = f"{before}{node.text or ''}{after}"
    return f"{_name(node)} = {node.text[:70]!r}"


def _borrow_text(chance: random.Random, tree: Element) -> str | None:
    node, other = _leaf(chance, tree), _leaf(chance, tree)
    if node is None or other is None or node is other:
        return None
    node.text = other.text
    return f"{_name(node)} = that of {_name(other)}"


def _text_between_elements(chance: random.Random, tree: Element) -> str | None:
    node = chance.choice(_elements(tree))
    if len(node) == 0:
        return None
    node.text = chance.choice(("text", " \n ", "\u00a0"))
    return f"{node.text!r} in {_name(node)}"


def _drop_attribute(chance: random.Random, tree: Element) -> str | None:
    holders = [node for node in _elements(tree) if node.attrib]
    if not holders:
        return None
    node = chance.choice(holders)
    name = str(chance.choice(sorted(map(str, node.attrib))))
    del node.attrib[name]
    return f"{name} of {_name(node)}"


def _replace_attribute(chance: random.Random, tree: Element) -> str | None:
    holders = [node for node in _elements(tree) if node.attrib]
    if not holders:
        return None
    node = chance.choice(holders)
    name = str(chance.choice(sorted(map(str, node.attrib))))
    if name.startswith(f"{{{XML}}}id"):
        return None
    value = chance.choice(NASTY)
    node.set(name, value)
    return f"{name} of {_name(node)} = {value[:70]!r}"


def _add_attribute(chance: random.Random, tree: Element) -> str | None:
    node = chance.choice(_elements(tree))
    name, value = chance.choice(
        (
            ("unknown", "1"),
            ("not-yet-defined", chance.choice(("true", "false", "1", "maybe", ""))),
            ("v6-value", chance.choice(("6", "061", "0613", ""))),
            ("terminated-as-a-whole", chance.choice(("true", "0", " true ", "no"))),
            ("version", chance.choice(("7.0.0", "7"))),
            (f"{{{XML}}}lang", chance.choice(("en", "sv-SE", "", "e n"))),
            (f"{{{XML}}}space", chance.choice(("preserve", "wrong"))),
            (f"{{{XSI}}}schemaLocation", "urn:example:other file:///nowhere.xsd"),
            (f"{{{XSI}}}nil", chance.choice(("true", "false"))),
            (f"{{{XSI}}}type", chance.choice(("string", "other:type", ""))),
            ("{urn:example:other}flag", "true"),
        )
    )  # fmt: skip
    node.set(name, value)
    return f"{name} = {value!r} on {_name(node)}"


def _comment_inside(chance: random.Random, tree: Element) -> str | None:
    node = chance.choice(_elements(tree))
    stray = chance.choice((etree.Comment(" nothing "), etree.ProcessingInstruction("nothing", "here")))
    stray.tail, node.text = node.text, None
    node.insert(0, stray)
    return _name(node)


def _declare_prefix(chance: random.Random, tree: Element) -> str | None:
    # A declaration that nobody uses changes nothing.
    node = chance.choice(_elements(tree))
    etree.SubElement(node, "{urn:example:other}gone", nsmap={"unused": "urn:example:other"})
    node.remove(node[-1])
    return _name(node)


def _add_stranger(chance: random.Random, tree: Element) -> str | None:
    node = chance.choice(_elements(tree))
    stranger = etree.Element(chance.choice(("{urn:example:other}stranger", "stranger")))
    stranger.text = chance.choice((None, "text"))
    node.insert(chance.randint(0, len(node)), stranger)
    return f"in {_name(node)}"


_CHANGES: Final[tuple[Change, ...]] = (
    _drop,
    _duplicate,
    _swap,
    _move,
    _graft,
    _rename,
    _change_namespace,
    _replace_text,
    _replace_text,
    _replace_text,
    _replace_text,
    _pad_text,
    _borrow_text,
    _text_between_elements,
    _drop_attribute,
    _replace_attribute,
    _add_attribute,
    _comment_inside,
    _comment_inside,
    _declare_prefix,
    _declare_prefix,
    _add_stranger,
)
