"""Following the feed: what is handled, what is asked next, and what is remembered."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.clock import VirtualClock
from tests.support.ladok_door import Answers, PlayedFeed, Sent, drained, numbers, page, registry, uid

from mobility_adapters.ladok import feed
from mobility_bridge.domain.occasion import ExchangeAgreement
from mobility_bridge.errors import InvalidDocument, Rejected
from mobility_bridge.kit import xml
from mobility_bridge.ports.registry import FeedBatch, FeedNotice, FeedPosition, PageGap

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def sent(*range_of: int) -> list[Sent]:
    return [Sent(number) for number in range(*range_of)]


def notices(batches: list[FeedBatch]) -> list[tuple[FeedNotice, int]]:
    return [(remark.notice, remark.page) for batch in batches for remark in batch.remarks]


def read(data: bytes, asked: feed.Ask = "first") -> feed.Page:
    return feed.read_page(xml.parse(data, limit=1 << 20), asked)


async def test_a_new_start_follows_the_archive_from_its_first_page(tmp_path: Path) -> None:
    played = Answers(PlayedFeed({1: sent(1, 4), 2: sent(4, 7), 3: sent(7, 9)}))
    batches = await drained(registry(played, tmp_path), None)
    assert numbers(batches) == list(range(1, 9))
    assert [path for path in played.paths if "feed" in path] == [
        "/handelser/feed/first",
        "/handelser/feed/2",
        "/handelser/feed/3",
    ]
    assert [batch.more for batch in batches] == [True, True, False]


async def test_the_newest_page_can_be_asked_for_by_itself(tmp_path: Path) -> None:
    reader = registry(Answers(PlayedFeed({41: sent(1, 4), 42: []})), tmp_path, feed_every_s=45)
    assert (await reader.newest_page(), reader.feed_every_s) == (42, 45)


async def test_types_named_by_code_are_looked_up_once_and_kept_as_evidence(tmp_path: Path) -> None:
    played = PlayedFeed({1: sent(1, 2)})
    types = {"Utbildningstyp": [{"ID": "77", "Kod": "MOCKUAVT", "Benamning": {"sv": "Utbytesavtal"}}]}

    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=types) if "utbildningstyp" in request.url.path else played(request)

    fields = {"UtbildningstypID": "77", "UtbildningUID": uid(1, 4)}
    played.pages[1] = [Sent(1, "KurspaketeringTillStatusEvent", fields, "utbildningsinformation")]
    answers = Answers(respond)
    reader = registry(answers, tmp_path)
    (batch,) = await drained(reader, None)
    (agreement,) = batch.events[0].facts
    assert isinstance(agreement, ExchangeAgreement)
    assert agreement.exchange
    assert [exchange.api for exchange in batch.exchanges] == ["kataloginformation", "handelser"]
    await drained(reader, None)
    assert sum("utbildningstyp" in path for path in answers.paths) == 1


async def test_a_start_at_recent_keeps_the_canonical_page_and_never_that_name(tmp_path: Path) -> None:
    played = Answers(PlayedFeed({41: sent(1, 4), 42: sent(4, 6)}))
    batches = await drained(registry(played, tmp_path, feed_start="recent"), None)
    assert numbers(batches) == [4, 5]
    assert batches[-1].position.page == 42
    assert "recent" not in batches[-1].position.cursor().replace('"recent":[', "")


async def test_the_open_page_is_read_again_and_only_what_is_new_is_handled(tmp_path: Path) -> None:
    pages = {1: sent(1, 4), 2: sent(4, 6)}
    reader = registry(Answers(PlayedFeed(pages)), tmp_path)
    position = (await drained(reader, None))[-1].position
    assert numbers(await drained(reader, position)) == []
    pages[2] = sent(4, 9)
    batches = await drained(reader, position)
    assert numbers(batches) == [6, 7, 8]
    assert notices(batches) == []


async def test_a_page_that_filled_up_since_leads_on_to_the_next(tmp_path: Path) -> None:
    pages = {1: sent(1, 4)}
    reader = registry(Answers(PlayedFeed(pages)), tmp_path)
    position = (await drained(reader, None))[-1].position
    pages |= {1: sent(1, 6), 2: sent(6, 8)}
    batches = await drained(reader, position)
    assert numbers(batches) == [4, 5, 6, 7]
    assert batches[0].position.recent == ()


async def test_an_entry_delivered_late_into_the_open_page_is_handled_and_remarked(tmp_path: Path) -> None:
    pages = {1: [*sent(1, 3), *sent(4, 6)]}
    reader = registry(Answers(PlayedFeed(pages)), tmp_path)
    position = (await drained(reader, None))[-1].position
    pages[1] = sent(1, 7)
    batches = await drained(reader, position)
    assert numbers(batches) == [3, 6]
    assert notices(batches) == [(FeedNotice.LATE_ENTRY, 1)]


async def test_a_late_entry_shows_even_when_its_page_was_closed_meanwhile(tmp_path: Path) -> None:
    pages = {1: [Sent(1), Sent(3)]}
    reader = registry(Answers(PlayedFeed(pages)), tmp_path)
    position = (await drained(reader, None))[-1].position
    pages |= {1: sent(1, 4), 2: sent(4, 5)}
    assert numbers(await drained(reader, position)) == [2, 4]


async def test_a_lost_entry_has_its_page_and_the_one_before_handled_again(tmp_path: Path) -> None:
    played = Answers(PlayedFeed({1: sent(1, 4), 2: sent(4, 7), 3: sent(7, 9)}))
    position = FeedPosition(3, uid(99, 1), (uid(99, 1),))
    batches = await drained(registry(played, tmp_path), position)
    assert numbers(batches) == [4, 5, 6, 7, 8]
    assert notices(batches) == [(FeedNotice.POSITION_LOST, 3)]
    assert batches[-1].position.entry_id == uid(8, 1)


async def test_a_lost_entry_on_the_first_page_has_that_page_handled_again(tmp_path: Path) -> None:
    batches = await drained(
        registry(Answers(PlayedFeed({1: sent(1, 4)})), tmp_path), FeedPosition(1, uid(99, 1))
    )
    assert numbers(batches) == [1, 2, 3]
    assert notices(batches) == [(FeedNotice.POSITION_LOST, 1)]


async def test_an_event_sent_twice_under_another_entry_id_counts_once(tmp_path: Path) -> None:
    twice = Sent(2, entry_id=uid(77, 1))
    batches = await drained(
        registry(Answers(PlayedFeed({1: sent(1, 3), 2: [twice, Sent(3)]})), tmp_path), None
    )
    assert numbers(batches) == [1, 2, 3]
    assert notices(batches) == [(FeedNotice.DUPLICATE, 2)]


async def test_what_a_broken_off_run_brought_is_no_duplicate_in_the_next(tmp_path: Path) -> None:
    reader = registry(Answers(PlayedFeed({1: sent(1, 4)})), tmp_path)
    assert numbers(await drained(reader, None)) == [1, 2, 3]
    assert numbers(await drained(reader, None)) == [1, 2, 3]


async def test_a_page_number_left_out_is_a_gap_that_is_asked_for_again_later(tmp_path: Path) -> None:
    clock = VirtualClock()
    played = PlayedFeed({1: sent(1, 3), 3: sent(5, 7)}, following={1: 3})
    reader = registry(Answers(played), tmp_path, clock=clock)
    batches = await drained(reader, None)
    position = batches[-1].position
    assert numbers(batches) == [1, 2, 5, 6]
    assert notices(batches) == [(FeedNotice.PAGE_MISSING, 2)]
    assert [gap.page for gap in position.gaps] == [2]
    assert numbers(await drained(reader, position)) == []
    clock.move(3600)
    played.pages[2] = sent(3, 5)
    later = await drained(reader, position)
    assert numbers(later) == [3, 4]
    assert notices(later) == [(FeedNotice.PAGE_FOUND, 2)]
    assert later[-1].position == FeedPosition(3, uid(6, 1), (uid(5, 1), uid(6, 1)))


async def test_a_missing_page_before_later_ones_is_passed_over_and_remembered(tmp_path: Path) -> None:
    clock = VirtualClock()
    played = PlayedFeed({1: sent(1, 3), 2: sent(3, 5), 3: sent(5, 7)}, missing={2})
    reader = registry(Answers(played), tmp_path, clock=clock)
    batches = await drained(reader, None)
    assert numbers(batches) == [1, 2, 5, 6]
    assert notices(batches) == [(FeedNotice.PAGE_MISSING, 2)]
    clock.move(3600)
    still = await drained(reader, batches[-1].position)
    assert numbers(still) == []
    assert still[-1].position.gaps == (PageGap(2, clock.now()),)


async def test_a_page_that_is_linked_to_before_it_is_there_is_waited_for(tmp_path: Path) -> None:
    played = PlayedFeed({1: sent(1, 3)})

    def respond(request: httpx.Request) -> httpx.Response:
        answer = played(request)
        if "feed" not in request.url.path or len(played.pages) > 1:
            return answer
        body = answer.content.replace(
            b"<id>urn:id:1", b'<link rel="next-archive" href="/feed/2"/><id>urn:id:1'
        )
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)

    reader = registry(Answers(respond), tmp_path)
    batches = await drained(reader, None)
    assert (numbers(batches), notices(batches)) == ([1, 2], [])
    played.pages[2] = sent(3, 5)
    assert numbers(await drained(reader, batches[-1].position)) == [3, 4]


async def test_a_feed_that_was_begun_anew_is_an_error_and_not_a_silence(tmp_path: Path) -> None:
    reader = registry(Answers(PlayedFeed({1: sent(1, 3)})), tmp_path)
    with pytest.raises(InvalidDocument, match="no page 7; the newest is page 1") as caught:
        await drained(reader, FeedPosition(7, uid(1, 1)))
    assert "rewind" in str(caught.value.next_step)


async def test_links_to_internal_hosts_are_not_followed(tmp_path: Path) -> None:
    played = Answers(PlayedFeed({1: sent(1, 3), 2: sent(3, 4)}, host="http://ladok3-app.internal:8080"))
    assert numbers(await drained(registry(played, tmp_path), None)) == [1, 2, 3]
    assert {request.url.host for request in played.asked} == {"localhost"}


async def test_the_older_name_of_the_feed_works_too(tmp_path: Path) -> None:
    played = Answers(PlayedFeed({1: sent(1, 3)}, prefix="uppfoljning"))
    assert numbers(await drained(registry(played, tmp_path, feed_prefix="uppfoljning"), None)) == [1, 2]
    with pytest.raises(InvalidDocument, match="no feed under /handelser"):
        await drained(registry(played, tmp_path), None)


async def test_an_error_in_the_middle_leaves_the_position_of_what_came_before(tmp_path: Path) -> None:
    played = PlayedFeed({1: sent(1, 3), 2: sent(3, 5)})

    def respond(request: httpx.Request) -> httpx.Response:
        refused = request.url.path.endswith("/2")
        return httpx.Response(403, json={"FelUID": "f-1"}) if refused else played(request)

    run = registry(Answers(respond), tmp_path).events(None)
    batches = [await anext(run)]
    with pytest.raises(Rejected) as caught:
        await anext(run)
    assert numbers(batches) == [1, 2]
    assert batches[-1].position == FeedPosition(1, uid(2, 1))
    assert caught.value.codes == {"FelUID": "f-1"}
    assert len(caught.value.evidence) == 1


def test_the_number_is_taken_from_via_then_self_then_the_id() -> None:
    assert read(page(42, [], open_page=True, recent=True)).number == 42
    assert read(page(41, [])).number == 41
    by_id = page(40, []).replace(b"feed/40", b"feed/recent").replace(b"urn:id:40", b"urn:id:40")
    assert read(by_id).number == 40


@pytest.mark.parametrize(
    ("data", "asked", "message"),
    [
        (b"<html/>", "first", "root element is html"),
        (page(3, []).replace(b"feed/3", b"feed/x").replace(b"urn:id:3", b"urn:id:x"), "first", "nowhere"),
        (page(3, []), 2, "page 2 was asked for and page 3 came"),
        (page(3, [], following=2), 3, "followed by page 2"),
        (page(3, [Sent(1)]).replace(uid(1, 1).encode(), b" "), 3, "has no id"),
    ],
)
def test_what_is_no_page_is_refused(data: bytes, asked: feed.Ask, message: str) -> None:
    with pytest.raises(InvalidDocument, match=message):
        read(data, asked)


def test_a_jump_over_more_pages_than_can_be_remembered_is_for_a_person() -> None:
    with pytest.raises(InvalidDocument, match="goes on from page 1 with page 900"):
        feed.take(read(page(900, [])), FeedPosition(1, "x"), NOW)


def test_a_position_survives_being_written() -> None:
    position = FeedPosition(42, "b", ("a", "b"), (PageGap(7, NOW),))
    assert FeedPosition.parse(position.cursor()) == position


@pytest.mark.parametrize(
    "text", ["", "42", "[]", '{"form":2,"page":1,"entry":null}', '{"form":1,"page":"x"}']
)
def test_a_text_that_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="position"):
        FeedPosition.parse(text)


def test_missing_pages_are_asked_for_longest_unasked_first() -> None:
    gaps = tuple(PageGap(number, NOW - timedelta(hours=number)) for number in (1, 2, 3))
    assert feed.due_gaps(FeedPosition(9, gaps=gaps), NOW, 5400) == (3, 2)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_the_pages_and_the_polls_every_entry_is_handled_once(data: st.DataObject) -> None:
    """The feed grows between looks, and a look may be broken off after any page: nothing is lost or doubled."""
    size = data.draw(st.integers(1, 5))
    total = data.draw(st.integers(1, 25))
    looks = sorted([*data.draw(st.lists(st.integers(1, total), min_size=1, max_size=6)), total])
    position: FeedPosition | None = None
    handled: list[str] = []
    for there in looks:
        ask: feed.Ask | None = feed.first_ask(position, "first")
        while ask is not None:
            number = 1 if ask == "first" else int(ask)
            found = read(_grown(number, there, size), ask)
            turn = feed.take(found, position, NOW)
            handled += [entry.entry_id for entry in turn.handle]
            position = FeedPosition.parse(turn.position.cursor())
            ask = turn.ask
            if data.draw(st.booleans()):
                ask = feed.first_ask(position, "first") if turn.ask is not None else None
    assert handled == [uid(number, 1) for number in range(1, total + 1)]


def _grown(number: int, there: int, size: int) -> bytes:
    first = (number - 1) * size + 1
    last = min(there, first + size - 1)
    return page(number, sent(first, last + 1), open_page=number * size >= there)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_arrives_late_nothing_is_lost_or_doubled(data: st.DataObject) -> None:
    """Entries come at the end of the open page or in among those handled; runs are broken off after any page."""
    size = data.draw(st.integers(2, 5))
    pages: list[list[Sent]] = [[]]
    position: FeedPosition | None = None
    handled: list[str] = []
    for number in range(1, data.draw(st.integers(1, 20)) + 1):
        if len(pages[-1]) == size:
            pages.append([])
        place = data.draw(st.integers(0, len(pages[-1])))
        pages[-1].insert(place, Sent(number))
        if data.draw(st.booleans()):
            position = _run(pages, position, handled, data.draw(st.integers(1, 3)))
    _run(pages, position, handled, 99)
    assert sorted(handled) == sorted(each.id for each_page in pages for each in each_page)


def _run(
    pages: list[list[Sent]], position: FeedPosition | None, handled: list[str], most_pages: int
) -> FeedPosition | None:
    """One run that is broken off after so many pages; only what was committed is known to the next."""
    ask: feed.Ask | None = feed.first_ask(position, "first")
    for _ in range(most_pages):
        if ask is None:
            break
        number = 1 if ask == "first" else int(ask)
        found = read(page(number, pages[number - 1], open_page=number == len(pages)), ask)
        turn = feed.take(found, position, NOW)
        handled += [entry.entry_id for entry in turn.handle]
        position, ask = FeedPosition.parse(turn.position.cursor()), turn.ask
    return position
