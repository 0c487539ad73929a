"""The compiled way to read an agreement: from the bytes of a document that libxml2 has parsed, in one pass.

It is optional. Where it was not built, or meets anything unusual, the walk over libxml2's tree reads instead,
and that walk is what counts: a compiled answer that differs from it is wrong. The scanner itself knows no
format; its tables are made here, those of the hashed text from the ones that the walk uses.

Only bytes that were parsed without an error may be scanned, and what is found belongs to the tree that they gave.
"""

import re
from collections.abc import Callable, Mapping
from enum import IntEnum
from importlib import import_module
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.hash_segments import ANYTHING, CONDITIONS, TABLES, Known
from mobility_adapters.ewp.reading import agreement_elements
from mobility_bridge.kit.xml import Element

T = TypeVar("T")


class _Compiled(Protocol):
    """`_scanning.c` as Python sees it."""

    def load(
        self, tables: tuple[tuple[bool, tuple["Entry", ...]], ...], space: bytes, record: bytes, kept: int, /
    ) -> object: ...

    def scan(
        self, rules: object, document: bytes, start: int, take: Callable[[tuple[Any, ...] | None], object], /
    ) -> bool: ...


def _compiled() -> _Compiled | None:
    try:
        # By its name: import contracts know Python files only, and would take this for the package.
        return cast("_Compiled", import_module("mobility_adapters.ewp._scanning"))
    except ImportError:  # there was no C compiler where this was built
        return None


_COMPILED: Final = _compiled()

WAY: Final[Literal["compiled", "python"]] = "compiled" if _COMPILED else "python"
"""Which way usual agreements are read here."""

# UTF-8, said or unsaid, and XML 1.0; what comes next is the root element or nothing for the scanner.
_PROLOG: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?"
    rb"(?:<\?xml\s+version\s*=\s*[\"']1\.0[\"'](?:\s+encoding\s*=\s*[\"'](?i:utf-8)[\"'])?"
    rb"(?:\s+standalone\s*=\s*[\"'](?:yes|no)[\"'])?\s*\?>)?\s*(?=<)"
)


class Kind(IntEnum):
    """What the scanner does with an element that it knows."""

    WRITE = 0
    """Text only; written with its prefix to the hashed text."""
    LATER = 1
    """Text only, once; written when the element around it ends, empty if it never came."""
    KEEP = 2
    """Text only, once; handed over with the record."""
    PASS = 3
    """Passed over if there are elements inside, written if not."""
    INSIDE = 4
    """Elements only, at least one; has a table of its own, and may keep one attribute."""
    RECORD = 5
    """As INSIDE; what it holds is handed over when it ends."""


class Entry(NamedTuple):
    """One element of a table, as the scanner reads it.

    `slot` is where a text (or the `attribute`) is kept, -1 for nowhere; `table` what is inside. An element must
    stand `times` times in a record (0: any number), and each time moves the slots inside it by `step`.
    """

    kind: Kind
    name: bytes
    prefix: bytes = b""
    attribute: bytes = b""
    slot: int = -1
    table: int = 0
    times: int = 0
    step: int = 0


class Found(NamedTuple):
    """One agreement. `written` is its element as libxml2 writes it, alone; `terms` its hashed text after the ids.

    Texts are None where the element or attribute is not there. The first partner's come first.
    """

    written: bytes
    terms: bytes
    first_hei_id: str | None
    first_iia_id: str | None
    first_iia_code: str | None
    second_hei_id: str | None
    second_iia_id: str | None
    second_iia_code: str | None
    in_effect: str | None
    iia_hash: str | None
    terminated: str | None


_PARTNER: Final = ("hei-id", "iia-id", "iia-code")
_IN_EFFECT: Final = 2 * len(_PARTNER)
_HASH: Final = _IN_EFFECT + 1
_TERMINATED: Final = _HASH + 1
_KEPT: Final = _TERMINATED + 1

Tables: TypeAlias = list[tuple[bool, tuple[Entry, ...]]]


def _tables() -> Tables:
    """Every table; the first one holds the root. An open one passes over what it does not know."""
    tables: Tables = []

    def add(*entries: Entry, passes_others: bool = False) -> int:
        tables.append((passes_others, entries))
        return len(tables) - 1

    def terms(known: Mapping[str, Known]) -> int:
        closing = _KEPT
        entries = []
        for tag, each in known.items():
            name = tag.rpartition("}")[2].encode()
            if each.closing:
                entries.append(Entry(Kind.LATER, name, each.prefix.encode(), slot=closing))
                closing += 1
            elif each.inside is None:
                entries.append(Entry(Kind.WRITE, name, each.prefix.encode()))
            elif each.inside is ANYTHING:
                entries.append(Entry(Kind.PASS, name, each.prefix.encode()))
            else:
                entries.append(Entry(Kind.INSIDE, name, table=terms(each.inside)))
        return add(*entries)

    root = add()
    partner = add(
        *[Entry(Kind.KEEP, name.encode(), slot=slot) for slot, name in enumerate(_PARTNER)],
        passes_others=True,
    )
    iia = add(
        Entry(Kind.INSIDE, b"partner", table=partner, times=2, step=len(_PARTNER)),
        Entry(Kind.KEEP, b"in-effect", slot=_IN_EFFECT),
        Entry(
            Kind.INSIDE,
            CONDITIONS.encode(),
            attribute=b"terminated-as-a-whole",
            slot=_TERMINATED,
            table=terms({tag: Known("", inside) for tag, inside in TABLES.items()}),
            times=1,
        ),
        Entry(Kind.KEEP, b"iia-hash", slot=_HASH),
        passes_others=True,
    )
    response = add(Entry(Kind.RECORD, b"iia", table=iia))
    name = wire.IIAS_V7_GET_ROOT.rpartition("}")[2].encode()
    tables[root] = (False, (Entry(Kind.INSIDE, name, attribute=b"xsi:schemaLocation", table=response),))
    return tables


_RULES: Final = _COMPILED and _COMPILED.load(tuple(_tables()), wire.IIAS_V7_GET.encode(), b"iia", _KEPT)


def read_each(
    tree: Element, document: bytes, scanned: Callable[[Found], T | None], walked: Callable[[Element], T]
) -> list[T]:
    """Read every agreement of `document`, of which `tree` was parsed, the compiled way where that is possible.

    `scanned` may return None to leave an agreement to `walked`, too. Raises what `walked` raises.
    """
    found: list[T | None] = []
    done = scan(document, lambda each: found.append(None if each is None else scanned(each)))
    if not done or len(found) != len(tree):
        return [walked(iia) for iia in agreement_elements(tree)]
    return [walked(tree[place]) if each is None else each for place, each in enumerate(found)]


def scan(document: bytes, take: Callable[[Found | None], object]) -> bool:
    """Hand over every agreement of a get response of version 7, in document order; None for an unusual one.

    Returns False when it gave up: then what was handed over before means nothing.
    """
    if _COMPILED is None or (prolog := _PROLOG.match(document)) is None:
        return False
    try:
        return _COMPILED.scan(
            _RULES, document, prolog.end(), lambda each: take(None if each is None else Found._make(each))
        )
    except UnicodeDecodeError:  # these bytes were never parsed
        return False
