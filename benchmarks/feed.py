"""Consuming a feed from an empty store against lxml parsing the same pages and their bytes being stored.

    python -m benchmarks.feed [pages]

100,000 events on 1,000 pages, made once under `var/`: a mixture of kinds, seven in ten of concern, which is more than
a university sees; of 20,000 students 300 come to be on exchange, and those are followed.

`follow` is `services.feed.follow_feed` as the daemon runs it, on a real store that was empty before the first page: the
client's requests (their answers come from memory, not over a network), the checks, the facts, the students whom they
make us follow, the evidence with its chain, the position; committed page by page. The other way parses each page with
lxml and writes its bytes with their SHA-256 to a SQLite table, committed page by page, too. Both go through the feed in
slices of fifty pages, in turns, and both databases grow from nothing to the whole feed. The result is the time for the
whole feed; the quartiles are those of the slices. `decode` is the adapter's part alone.
"""

import asyncio
import hashlib
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Self
from uuid import UUID

import httpx
from benchmarks.pairs import PAIRS, Ratio, measure, ratio_of, report
from lxml import etree
from tests.support.bridges import a_bridge
from tests.support.clock import VirtualClock
from tests.support.ladok_door import registry

from mobility_adapters.ladok.events import EventDecoder, Seen
from mobility_adapters.ladok.exchange import ExchangeRules
from mobility_adapters.ladok.feed import read_page, take
from mobility_bridge.kit import xml
from mobility_bridge.ports.registry import FeedPosition
from mobility_bridge.services.feed import follow_feed
from mobility_bridge.store import open_store
from mobility_bridge.store.migrate import upgrade

PAGES = 1000
PER_PAGE = 100
BATCH = 50
EXCHANGES = 100
"""How many of 3,000 occasions are exchanges."""
LIMIT = 10_000_000
OTHER = "lxml parse and store the bytes"
FOLDER = Path(__file__).resolve().parents[1] / "var" / "benchmark-feed-3"
BASE = "http://schemas.ladok.se"
START = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

KINDS: Sequence[tuple[int, str, str, str]] = (
    (14, "studiedeltagande", "RegistreringEvent", "registration"),
    (8, "studiedeltagande", "PaborjatUtbildningstillfalleEvent", "begun"),
    (8, "studiedeltagande", "PaborjadUtbildningEvent", "begun"),
    (10, "studiedeltagande", "ForvantatDeltagandeSkapadEvent", "admission"),
    (4, "studentinformation", "LokalStudentEvent", "student"),
    (14, "resultat", "ResultatPaModulAttesteratEvent", "result"),
    (8, "resultat", "ResultatPaHelKursAttesteratEvent", "result"),
    (2, "resultat", "TillgodoraknandeAttesteratEvent", "transfer"),
    (2, "utbildningsinformation", "KurspaketeringstillfalleTillStatusEvent", "occasion"),
    (12, "utbildningsinformation", "KursTillStatusEvent", "occasion"),
    (10, "resultat", "ResultatPaHelKursUnderkantEvent", "result"),
    (8, "avgiftshantering", "BetalningEvent", "begun"),
)


def pages(folder: Path = FOLDER) -> list[bytes]:
    """Read the pages, or make them first; the same bytes on every machine."""
    files = [folder / f"{number}.xml" for number in range(1, PAGES + 1)]
    if not all(file.exists() for file in files):
        folder.mkdir(parents=True, exist_ok=True)
        rng = random.Random(20261123)
        for number, file in enumerate(files, start=1):
            file.write_bytes(page(number, rng))
    return [file.read_bytes() for file in files]


def page(number: int, rng: random.Random) -> bytes:
    links = [("self", number), ("prev-archive", number - 1), ("next-archive", number + 1)]
    head = "".join(
        f'  <link rel="{rel}" type="application/atom+xml" href="https://api.ladok.example:443/handelser/feed/{n}"/>\n'
        for rel, n in links
        if 0 < n <= PAGES
    )
    first = (number - 1) * PER_PAGE
    entries = "".join(entry(first + place, rng) for place in reversed(range(PER_PAGE)))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f'  <title type="text">Events for Ladok3.Uppfoljning</title>\n{head}  <id>urn:id:{number}</id>\n'
        '  <generator uri="http://ladok.se/uppfoljning">Uppfoljning</generator>\n'
        f"  <updated>{instant(first + PER_PAGE)}</updated>\n{entries}</feed>\n"
    ).encode()


def entry(place: int, rng: random.Random) -> str:
    """One entry, its entry id and event id told by its place in the feed."""
    (_, service, name, shape) = rng.choices(KINDS, weights=[kind[0] for kind in KINDS])[0]
    student = uid("student", rng.randrange(20_000))
    fields = "".join(f"        <x:{tag}>{text}</x:{tag}>\n" for tag, text in body(shape, place, student, rng))
    return (
        f'  <entry>\n    <category term="{BASE}/{service}/{name}" label="Event-typ"/>\n'
        f"    <id>{uid('entry', place)}</id>\n    <updated>{instant(place)}</updated>\n"
        f'    <content type="application/vnd.ladok+xml">\n      <x:{name} xmlns:x="{BASE}/{service}" '
        f'xmlns:base="{BASE}" xmlns:dap="{BASE}/dap" xmlns:events="{BASE}/events">\n'
        f"        <events:HandelseUID>{uid('event', place)}</events:HandelseUID>\n        <events:EventContext>\n"
        f"          <events:AnvandareUID>{uid('user', place % 300)}</events:AnvandareUID>\n"
        f"          <events:Anvandarnamn>user{place % 300}@EXU</events:Anvandarnamn>\n"
        "          <events:LarosateID>99</events:LarosateID>\n"
        f"          <events:StudentUID>{student}</events:StudentUID>\n        </events:EventContext>\n{fields}"
        f"      </x:{name}>\n    </content>\n  </entry>\n"
    )


@dataclass(frozen=True)
class Told:
    """What an event may tell of; each event uses a part of it."""

    place: int
    student: str
    offered: int
    admission: str
    occasion: str
    education: str


Elements = list[tuple[str, str]]
FEE = "studiedeltagande.domain.studieavgiftsbetalningsvarde.ej_aktuell"


def body(shape: str, place: int, student: str, rng: random.Random) -> Elements:
    """The elements of an event of one shape."""
    offered = rng.randrange(3_000)
    admission = uid("admission", rng.randrange(60_000))
    education = uid("education", rng.randrange(900))
    return SHAPES[shape](Told(place, student, offered, admission, uid("occasion", offered), education))


def _registration(told: Told) -> Elements:
    """A registration for one period of a course inside a package."""
    return [
        (
            "InomKurspaketeringstillfalle",
            (
                f"<x:KurspaketeringUID>{told.education}</x:KurspaketeringUID>"
                f"<x:KurspaketeringstillfalleUID>{told.occasion}</x:KurspaketeringstillfalleUID>"
                "<x:UtbildningstypID>9901</x:UtbildningstypID>"
            ),
        ),
        ("KursUID", told.education),
        ("KurstillfalleUID", told.occasion),
        ("Period", "1"),
        ("RegistreringUID", uid("registration", told.place)),
        ("StudentUID", told.student),
        ("TillfallesantagningUID", told.admission),
        ("UtbildningsinstansUID", told.education),
        ("Omfattningsvarde", "7.5"),
        ("Studieavgiftsbetalning", FEE),
        ("StudieperiodSlut", "2026-10-30"),
        ("StudieperiodStart", "2026-08-31"),
        ("ArAnpassad", "false"),
    ]


def _begun(told: Told) -> Elements:
    """The beginning of an education or an occasion."""
    return [
        ("StudentUID", told.student),
        ("TillfallesantagningUID", told.admission),
        ("UtbildningUID", told.education),
        ("UtbildningsinstansUID", told.education),
        ("UtbildningstillfalleUID", told.occasion),
        ("UtbildningstypID", "9903"),
    ]


def _admission(told: Told) -> Elements:
    """An admission to an occasion."""
    return [
        ("PaketerandeUtbildningstillfalleUID", told.occasion),
        ("Senaredelmarkering", "false"),
        ("StudentUID", told.student),
        ("Studieavgiftsbetalning", FEE),
        ("TillfallesantagningUID", told.admission),
        ("UtbildningstillfalleUID", told.occasion),
    ]


def _student(told: Told) -> Elements:
    """Somebody who never existed."""
    number = civic_number(int(told.student[:8], 16))
    return [
        ("Efternamn", f"Påhittsson {told.student[:6]}"),
        ("ExterntStudentUID", told.student),
        ("Fodelsedata", f"{number[:4]}-{number[4:6]}-{number[6:8]}"),
        ("Fornamn", "Tolvan"),
        ("Kon", "2"),
        ("Personnummer", number),
        ("StudentUID", told.student),
    ]


def _result(told: Told) -> Elements:
    """A grade that was decided."""
    return [
        (
            "Beslut",
            f"<x:BeslutUID>{uid('decision', told.place)}</x:BeslutUID><x:Beslutsdatum>2026-10-30</x:Beslutsdatum>",
        ),
        ("KursUID", told.education),
        ("KurstillfalleUID", told.occasion),
        (
            "Resultat",
            (
                "<x:BetygsgradID>990202</x:BetygsgradID><x:BetygsskalaID>990200</x:BetygsskalaID>"
                "<x:Examinationsdatum>2026-10-28</x:Examinationsdatum><x:GiltigSomSlutbetyg>true"
                "</x:GiltigSomSlutbetyg><x:OmfattningsPoang>7.5</x:OmfattningsPoang>"
                f"<x:ResultatUID>{uid('result', told.place)}</x:ResultatUID>"
            ),
        ),
        ("StudentUID", told.student),
        ("UtbildningsinstansUID", told.education),
    ]


def _transfer(told: Told) -> Elements:
    """A transfer of credits."""
    return [
        (
            "MalLista",
            f"<x:MalLista><x:Typ>HEL_KURS</x:Typ><x:KursUID>{told.education}</x:KursUID></x:MalLista>",
        ),
        ("StudentUID", told.student),
        ("TillgodoraknandeUID", uid("transfer", told.place)),
        ("KopplatKurspaketeringstillfalleUID", told.occasion),
    ]


def _occasion(told: Told) -> Elements:
    """An occasion or an education that changed."""
    return [
        ("OrganisationUID", told.education),
        ("Status", "3"),
        ("UtbildningUID", told.education),
        ("UtbildningsinstansUID", told.education),
        ("UtbildningstypID", "9902" if told.offered < EXCHANGES else "9904"),
        ("StartperiodID", "990262"),
        ("UtbildningstillfalleUID", told.occasion),
        ("Utbildningstillfalleskod", f"UT{told.place % 1000}"),
    ]


SHAPES: Mapping[str, Callable[[Told], Elements]] = {
    "registration": _registration,
    "begun": _begun,
    "admission": _admission,
    "student": _student,
    "result": _result,
    "transfer": _transfer,
    "occasion": _occasion,
}


def civic_number(chance: int) -> str:
    """A number in the right form of somebody who was born a hundred years ago and never existed."""
    born = date(1912, 1, 1) + timedelta(days=chance % 3000)
    digits = f"{born:%Y%m%d}{chance // 3000 % 1000:03}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits[2:]))
    return f"{digits}{-sum(each // 10 + each % 10 for each in doubled) % 10}"


def uid(kind: str, number: int) -> str:
    return str(UUID(bytes=hashlib.md5(f"{kind} {number}".encode()).digest(), version=1))


def instant(place: int) -> str:
    return (START + timedelta(seconds=23 * place)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def consumed(batch: Sequence[bytes]) -> int:
    """Everything that the adapter does with pages as they arrive, from an empty position."""
    decoder, seen, position, events = EventDecoder(ExchangeRules(), "bridge@EXU"), Seen(), None, 0
    for data in batch:
        found = read_page(xml.parse(data, limit=LIMIT), "first")
        turn = take(found, position, NOW)
        events += len(decoder.decode(turn.handle, found.number, seen).events)
        position = turn.position
        FeedPosition.parse(position.cursor())
    return events


class Pages(httpx.AsyncBaseTransport):
    """The feed's pages from memory; those of later slices are not there yet."""

    def __init__(self, found: Sequence[bytes]) -> None:
        self._pages = found
        self.open = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        number = {"first": 1, "recent": self.open}.get(name) or int(name if name.isdigit() else 0)
        if not 0 < number <= self.open:
            return httpx.Response(404)
        headers = {"content-type": "application/atom+xml;charset=UTF-8"}
        return httpx.Response(200, headers=headers, content=self._pages[number - 1])


class Following:
    """A bridge on an empty store that follows the feed, a slice at a time."""

    def __init__(self, folder: Path, found: Sequence[bytes]) -> None:
        url = f"sqlite:///{folder / 'store.sqlite3'}"
        upgrade(url)
        self.transport = Pages(found)
        clock = VirtualClock()
        self.store = open_store(url)
        bridge = a_bridge(self.store, students={"enabled": True})
        self.context = replace(
            bridge.context, clock=clock, registry=registry(self.transport, folder, clock=clock)
        )
        self.events = 0

    async def on(self, pages_more: int) -> None:
        self.transport.open += pages_more
        report = await follow_feed(self.context)
        assert report.error is None, report.error
        self.events += report.events


class Storing:
    """Pages parsed by lxml, and their bytes in a table."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "pages.sqlite3", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("CREATE TABLE page (sha256 TEXT PRIMARY KEY, body BLOB)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def on(self, batch: Sequence[bytes]) -> None:
        for data in batch:
            etree.fromstring(data)
            self._database.execute("INSERT INTO page VALUES (?, ?)", (hashlib.sha256(data).hexdigest(), data))


async def followed(all_pages: Sequence[bytes]) -> Ratio:
    """Go through the whole feed both ways, slice by slice, the order reversed every other one."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name, Storing(Path(name)) as storing:
        following = Following(Path(name), all_pages)
        await following.store.write(lambda _: None)
        for number, start in enumerate(range(0, len(all_pages), BATCH)):
            batch = all_pages[start : start + BATCH]
            for way in ("ours", "theirs") if number % 2 else ("theirs", "ours"):
                began = time.perf_counter()
                if way == "ours":
                    await following.on(len(batch))
                    ours.append(time.perf_counter() - began)
                else:
                    storing.on(batch)
                    theirs.append(time.perf_counter() - began)
        students = await following.store.read(lambda uow: uow.students.select(limit=100_000))
        await following.store.close()
    print(
        f"{len(all_pages) * PER_PAGE} events, {following.events} of them of concern, {len(students)} students "
        f"followed: {sum(ours):.1f} s, parsing and storing {sum(theirs):.1f} s"
    )
    low, _, high = statistics.quantiles([one / other for one, other in zip(ours, theirs, strict=True)], n=4)
    return Ratio("follow", OTHER, low, sum(ours) / sum(theirs), high, bar=5, at_most=True, aim=4)


def parsed_and_stored(batch: Sequence[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder, Storing(Path(folder)) as storing:
        storing.on(batch)


def main(wanted: int = PAGES) -> None:
    all_pages = pages()[:wanted]
    batches = [all_pages[start : start + BATCH] for start in range(0, len(all_pages), BATCH)]
    costs = measure(parsed_and_stored, consumed, batches, pairs=2 * PAIRS + 1)
    ratios = [ratio_of("decode", OTHER, costs, bar=2, at_most=True), asyncio.run(followed(all_pages))]
    report("Feed, cost", ratios)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
