"""The feed: pages, links, the collector's delay, and what can be wrong with it."""

from datetime import timedelta
from typing import Any

import pytest
from lxml import etree
from tests.support.ladok import PlayedLadok, entries, walk

ATOM = "{http://www.w3.org/2005/Atom}"
EVENT_UID = "{http://schemas.ladok.se/events}HandelseUID"
CONTEXT = "{http://schemas.ladok.se/events}EventContext"


@pytest.fixture
def ladok() -> PlayedLadok:
    """An empty one whose pages have ten entries."""
    played = PlayedLadok(empty=True)
    played.do("page_of", size=10)
    return played


def events(ladok: PlayedLadok, count: int) -> None:
    for number in range(1, count + 1):
        ladok.do("add_country", number=number, code="XX", sv="Land", en="Country")


def page(ladok: PlayedLadok, name: str, prefix: str = "handelser") -> Any:
    answer = ladok.ask(f"/{prefix}/feed/{name}", accept="application/atom+xml")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml;charset=UTF-8"
    return etree.fromstring(answer.content)


def links(document: Any) -> dict[str, str]:
    return {each.get("rel"): each.get("href").partition("/feed/")[2] for each in document.iter(f"{ATOM}link")}


def numbers(document: Any) -> list[int]:
    """The ids of the countries on a page, oldest first."""
    found = document.iter("{http://schemas.ladok.se/events}Id")
    return [int(each.text) for each in found][::-1]


def uids(document: Any, name: str) -> list[str]:
    return [str(each.text) for each in document.iter(name)]


def test_an_empty_feed_is_one_empty_page(ladok: PlayedLadok):
    assert links(page(ladok, "recent")) == {"self": "recent", "via": "1"}
    assert entries(etree.tostring(page(ladok, "first"))) == []


def test_pages_hold_a_hundred_entries_unless_told_otherwise():
    played = PlayedLadok(empty=True)
    events(played, 101)

    assert numbers(page(played, "1")) == list(range(1, 101))
    assert numbers(page(played, "recent")) == [101]


def test_pages_are_linked_to_their_neighbours(ladok: PlayedLadok):
    events(ladok, 25)

    assert links(page(ladok, "1")) == {"self": "1", "next-archive": "2"}
    assert links(page(ladok, "2")) == {"self": "2", "prev-archive": "1", "next-archive": "3"}
    assert links(page(ladok, "3")) == {"self": "3", "prev-archive": "2"}
    assert links(page(ladok, "recent")) == {"self": "recent", "via": "3", "prev-archive": "2"}
    assert page(ladok, "2").findtext(f"{ATOM}id") == "urn:id:2"


def test_entries_stand_newest_first_and_every_one_once(ladok: PlayedLadok):
    events(ladok, 25)

    everything = [number for each in walk(ladok) for number in reversed(numbers(each))]

    assert everything == list(range(25, 0, -1))


def test_both_names_of_the_feed_show_the_same(ladok: PlayedLadok):
    events(ladok, 3)

    assert numbers(page(ladok, "recent", "uppfoljning")) == numbers(page(ladok, "recent"))


@pytest.mark.parametrize("name", ["0", "4", "latest", ""])
def test_a_page_that_is_not_there_is_404(ladok: PlayedLadok, name: str):
    assert ladok.ask(f"/handelser/feed/{name}", accept="application/atom+xml").status_code == 404


def test_events_wait_for_the_collector(ladok: PlayedLadok):
    ladok.do("collect_every", seconds=60)
    events(ladok, 1)

    assert numbers(page(ladok, "recent")) == []
    ladok.now += timedelta(seconds=60)
    shown = page(ladok, "recent")
    assert numbers(shown) == [1]
    assert shown.find(f"{ATOM}entry").findtext(f"{ATOM}updated") == "2026-05-18T08:11:02.104Z"


def test_what_is_national_belongs_to_nobody(ladok: PlayedLadok):
    events(ladok, 1)

    assert uids(page(ladok, "recent"), "{http://schemas.ladok.se/events}LarosateID") == ["-1"]


def test_a_late_entry_comes_below_its_successor_into_the_open_page(ladok: PlayedLadok):
    ladok.app.switch("feed_late_entry", on=True)
    events(ladok, 3)
    shown = numbers(page(ladok, "recent"))
    events(ladok, 1)

    assert shown == [1, 2]
    assert numbers(page(ladok, "recent")) == [1, 2, 3, 1]


def test_late_entries_never_change_a_closed_page(ladok: PlayedLadok):
    ladok.app.switch("feed_late_entry", on=True)
    events(ladok, 10)
    closed = etree.tostring(page(ladok, "1")[-1])
    assert len(numbers(page(ladok, "1"))) == 10
    events(ladok, 7)

    assert etree.tostring(page(ladok, "1")[-1]) == closed
    assert numbers(page(ladok, "1")) == list(range(1, 11))


def test_duplicates_have_the_same_event_and_another_entry(ladok: PlayedLadok):
    ladok.app.switch("feed_duplicates", on=True)
    events(ladok, 2)

    shown = page(ladok, "recent")
    assert len(set(uids(shown, EVENT_UID))) == 2
    assert len({each.findtext(f"{ATOM}id") for each in shown.iter(f"{ATOM}entry")}) == 4


def test_a_gap_leaves_a_number_out_and_no_entry(ladok: PlayedLadok):
    events(ladok, 25)
    ladok.app.switch("feed_page_gap", on=True)

    everything = [number for each in walk(ladok) for number in reversed(numbers(each))]

    assert everything == list(range(25, 0, -1))
    assert links(page(ladok, "1"))["next-archive"] == "3"
    assert ladok.ask("/handelser/feed/2", accept="application/atom+xml").status_code == 404


def test_unknown_events_and_elements_come_with_each_new_event(ladok: PlayedLadok):
    ladok.app.switch("unknown_event_types", on=True)
    events(ladok, 1)

    kinds = [each.get("term").rpartition("/")[2] for each in page(ladok, "recent").iter(f"{ATOM}category")]
    assert kinds == ["LandEvent", "UtbytesperiodPlaneradEvent"]
    assert "OkantElement" in etree.tostring(page(ladok, "recent")).decode()


def test_the_context_can_come_first(ladok: PlayedLadok):
    events(ladok, 1)
    before = [each.tag for each in page(ladok, "recent").find(f".//{ATOM}content")[0]]
    ladok.app.switch("event_context_first", on=True)
    after = [each.tag for each in page(ladok, "recent").find(f".//{ATOM}content")[0]]

    assert (before[:2], after[:2]) == ([EVENT_UID, CONTEXT], [CONTEXT, EVENT_UID])
    assert before[2:] == after[2:]


def test_links_name_a_host_that_is_not_ours(ladok: PlayedLadok):
    usual = page(ladok, "recent").find(f"{ATOM}link").get("href")
    ladok.app.switch("internal_host_in_links", on=True)
    internal = page(ladok, "recent").find(f"{ATOM}link").get("href")

    assert usual == "https://api.ladok.example:443/handelser/feed/recent"
    assert internal == "http://ladok3-app2.internal.example:8080/handelser/feed/recent"


def test_faults_of_new_events_are_played_again_from_the_journal(ladok: PlayedLadok):
    ladok.app.switch("feed_duplicates", on=True)
    events(ladok, 2)
    again = PlayedLadok(empty=True)

    again.stage.replay(ladok.stage.journal, {})

    assert again.world == ladok.world
