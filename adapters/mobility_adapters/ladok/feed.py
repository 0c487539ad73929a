"""Deciding what to read next from the feed: a position and a page in, entries and a position out. No I/O.

A page is named by its canonical number, never by `recent`. What was handled of the open page is remembered entry by
entry, so that one which is delivered late, among those handled before, is not passed over.

Source: Ladok: a page; consuming the feed right.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.registry import FeedNotice, FeedPosition, FeedRemark, PageGap

SYSTEM: Final = "ladok"
Ask: TypeAlias = int | Literal["first", "recent"]
"""Which page to ask for: a number, or one of the two names."""

MAX_GAPS: Final = 200
"""Missing pages that are remembered; a feed that lacks more was replaced, and a person must look."""

_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_ID: Final = f"{_ATOM}id"
_LINK: Final = f"{_ATOM}link"
_ENTRY: Final = f"{_ATOM}entry"
_CATEGORY: Final = f"{_ATOM}category"
_UPDATED: Final = f"{_ATOM}updated"
_CONTENT: Final = f"{_ATOM}content"
_URN: Final = "urn:id:"


class Entry(NamedTuple):
    """One entry, not yet decoded. `event` is None where the entry has no content."""

    entry_id: str
    term: str
    updated: str
    event: Element | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page with its canonical number; entries oldest first. No `following` means that it is still open."""

    number: int
    previous: int | None
    following: int | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do with a page: entries to handle, the position afterwards, and what to ask next, if anything."""

    handle: tuple[Entry, ...]
    position: FeedPosition
    ask: Ask | None
    remarks: tuple[FeedRemark, ...] = ()


def read_page(root: Element, asked: Ask) -> Page:
    """Read a page of the feed.

    Raises:  InvalidDocument for what is no page, has no number, or is not the page that was asked for.
    """
    if root.tag != f"{_ATOM}feed":
        raise _no_page(f"root element is {root.tag.rpartition('}')[2]}, expected feed", "wrong_root")
    links = {link.get("rel"): page_number(link.get("href")) for link in root.iterchildren(_LINK)}
    number = links.get("via") or links.get("self") or _own_number(root)
    if number is None:
        raise _no_page("the page says its number nowhere")
    if isinstance(asked, int) and number != asked:
        raise _no_page(f"page {asked} was asked for and page {number} came")
    following = links.get("next-archive")
    if following is not None and following <= number:
        raise _no_page(f"page {number} is followed by page {following}")
    entries = [_entry(element, number) for element in root.iterchildren(_ENTRY)]
    entries.reverse()
    return Page(number, links.get("prev-archive"), following, tuple(entries))


def page_number(link: str | None) -> int | None:
    """Take the number out of a page's link; the host in it is not believed, and `recent` has no number."""
    last = urlsplit(link or "").path.rpartition("/")[2]
    return int(last) if last.isascii() and last.isdigit() and len(last) < 12 else None


def first_ask(position: FeedPosition | None, start: Literal["first", "recent"]) -> Ask:
    """Which page a run begins with."""
    return start if position is None else position.page


def take(page: Page, position: FeedPosition | None, now: datetime) -> Turn:
    """Decide which entries of a page are to be handled, given how far we are.

    Raises:  InvalidDocument when more pages are missing than can be remembered.
    """
    known = position or FeedPosition(page.number)
    if page.number != known.page:
        return _onward(page, known, now)
    if known.entry_id is None:
        return _turn(page, page.entries, known)
    ids = [entry.entry_id for entry in page.entries]
    if known.entry_id not in ids:
        return _lost(page, known)
    handled = set(known.recent) or set(ids[: ids.index(known.entry_id) + 1])
    fresh = tuple(entry for entry in page.entries if entry.entry_id not in handled)
    return _turn(page, fresh, known, _late(fresh, ids, known))


def missing(asked: int, position: FeedPosition, now: datetime) -> Turn:
    """Go on past a page that is not there although later ones are; it is remembered and asked for again."""
    gaps = _with_gaps(position.gaps, (asked,), now)
    new = asked not in {gap.page for gap in position.gaps}
    remarks = (FeedRemark(FeedNotice.PAGE_MISSING, asked),) if new else ()
    return Turn((), FeedPosition(asked, gaps=gaps), asked + 1, remarks)


def due_gaps(position: FeedPosition, now: datetime, every_s: float, limit: int = 5) -> tuple[int, ...]:
    """Which missing pages to ask for again, the longest unasked first."""
    due = [gap for gap in position.gaps if now - gap.asked_at >= timedelta(seconds=every_s)]
    return tuple(gap.page for gap in sorted(due, key=lambda gap: (gap.asked_at, gap.page))[:limit])


def still_missing(page: int, position: FeedPosition, now: datetime) -> FeedPosition:
    """Note that a missing page was asked for in vain."""
    return replace(position, gaps=_with_gaps(position.gaps, (page,), now))


def found(page: Page, position: FeedPosition) -> Turn:
    """Handle a page that was missing before. The position stays where it is."""
    gaps = tuple(gap for gap in position.gaps if gap.page != page.number)
    remark = FeedRemark(FeedNotice.PAGE_FOUND, page.number)
    return Turn(page.entries, replace(position, gaps=gaps), None, (remark,))


def _onward(page: Page, known: FeedPosition, now: datetime) -> Turn:
    """A page after the one that was finished; numbers left out between the two are missing pages."""
    between = range(known.page + 1, page.number)
    if len(between) > MAX_GAPS:
        raise _no_page(f"the feed goes on from page {known.page} with page {page.number}")
    remarks = tuple(FeedRemark(FeedNotice.PAGE_MISSING, number) for number in between)
    gaps = _with_gaps(known.gaps, between, now)
    return _turn(page, page.entries, replace(known, gaps=gaps), remarks)


def _lost(page: Page, known: FeedPosition) -> Turn:
    """The entry that we stood at is not on its page: handle this page and the one before it again."""
    remark = FeedRemark(FeedNotice.POSITION_LOST, page.number, known.entry_id)
    if page.previous is None:
        return _turn(page, page.entries, known, (remark,))
    return Turn((), FeedPosition(page.previous, gaps=known.gaps), page.previous, (remark,))


def _turn(
    page: Page, handle: tuple[Entry, ...], known: FeedPosition, remarks: tuple[FeedRemark, ...] = ()
) -> Turn:
    ids = tuple(entry.entry_id for entry in page.entries)
    at_end = FeedPosition(page.number, ids[-1] if ids else None, gaps=known.gaps)
    if page.following is None:
        return Turn(handle, replace(at_end, recent=ids), None, remarks)
    return Turn(handle, at_end, page.following, remarks)


def _late(fresh: Iterable[Entry], ids: list[str], known: FeedPosition) -> tuple[FeedRemark, ...]:
    """Remarks on entries that were put in before the one that we stood at."""
    stood_at = ids.index(known.entry_id or "")
    before = set(ids[:stood_at])
    return tuple(
        FeedRemark(FeedNotice.LATE_ENTRY, known.page, entry.entry_id)
        for entry in fresh
        if entry.entry_id in before
    )


def _with_gaps(gaps: tuple[PageGap, ...], pages: Iterable[int], now: datetime) -> tuple[PageGap, ...]:
    merged = {gap.page: gap for gap in gaps} | {page: PageGap(page, now) for page in pages}
    if len(merged) > MAX_GAPS:
        raise _no_page(f"more than {MAX_GAPS} pages are missing, the last of them page {max(merged)}")
    return tuple(merged[page] for page in sorted(merged))


def _entry(element: Element, page: int) -> Entry:
    entry_id = term = updated = ""
    event: Element | None = None
    for child in element:
        tag = child.tag
        if tag == _CATEGORY:
            term = child.get("term") or ""
        elif tag == _ID:
            entry_id = (child.text or "").strip()
        elif tag == _UPDATED:
            updated = child.text or ""
        elif tag == _CONTENT and len(child):
            event = child[0]
    if not entry_id:
        raise _no_page(f"an entry of page {page} has no id", line=element.sourceline)
    return Entry(entry_id, term or _term_of(event), updated, event)


def _term_of(event: Element | None) -> str:
    """An entry without a category is told by its content."""
    return "" if event is None else event.tag.lstrip("{").replace("}", "/")


def _own_number(root: Element) -> int | None:
    text = (root.findtext(_ID) or "").strip()
    return page_number("/" + text.removeprefix(_URN)) if text.startswith(_URN) else None


def _no_page(what: str, reason: str = "content", line: object = None) -> InvalidDocument:
    return InvalidDocument(
        f"Ladok's feed cannot be followed: {what}.",
        system=SYSTEM,
        reason=reason,
        line=line if isinstance(line, int) else None,
        next_step="Look at the feed and, if it was begun anew, set its position back.",
    )
