"""Consuming a feed from an empty position against lxml parsing the same pages and their bytes being stored.

    python -m benchmarks.feed [pairs]

100,000 events on 1,000 pages, made once under `var/`: a mixture of kinds, seven in ten of concern, which is more than
a university sees. Ours is everything that the adapter does with a page: checks, position, decoding to facts, cursor. The other
side parses the page with lxml and writes its bytes to a SQLite table, committed page by page.
"""

import hashlib
import random
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from benchmarks.pairs import PAIRS, measure, ratio_of, report
from lxml import etree

from mobility_adapters.ladok.events import EventDecoder, Seen
from mobility_adapters.ladok.exchange import ExchangeRules
from mobility_adapters.ladok.feed import read_page, take
from mobility_bridge.kit import xml
from mobility_bridge.ports.registry import FeedPosition

PAGES = 1000
PER_PAGE = 100
BATCH = 50
LIMIT = 10_000_000
FOLDER = Path(__file__).resolve().parents[1] / "var" / "benchmark-feed"
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


def body(shape: str, place: int, student: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """The elements of an event of one shape."""
    admission, occasion = uid("admission", rng.randrange(60_000)), uid("occasion", rng.randrange(3_000))
    education, fee = (
        uid("education", rng.randrange(900)),
        "studiedeltagande.domain.studieavgiftsbetalningsvarde.ej_aktuell",
    )
    common = [("StudentUID", student)]
    shapes = {
        "registration": [
            (
                "InomKurspaketeringstillfalle",
                (
                    f"<x:KurspaketeringUID>{education}</x:KurspaketeringUID>"
                    f"<x:KurspaketeringstillfalleUID>{occasion}</x:KurspaketeringstillfalleUID>"
                    "<x:UtbildningstypID>9901</x:UtbildningstypID>"
                ),
            ),
            ("KursUID", education),
            ("KurstillfalleUID", occasion),
            ("Period", "1"),
            ("RegistreringUID", uid("registration", place)),
            *common,
            ("TillfallesantagningUID", admission),
            ("UtbildningsinstansUID", education),
            ("Omfattningsvarde", "7.5"),
            ("Studieavgiftsbetalning", fee),
            ("StudieperiodSlut", "2026-10-30"),
            ("StudieperiodStart", "2026-08-31"),
            ("ArAnpassad", "false"),
        ],
        "begun": [
            *common,
            ("TillfallesantagningUID", admission),
            ("UtbildningUID", education),
            ("UtbildningsinstansUID", education),
            ("UtbildningstillfalleUID", occasion),
            ("UtbildningstypID", "9903"),
        ],
        "admission": [
            ("PaketerandeUtbildningstillfalleUID", occasion),
            ("Senaredelmarkering", "false"),
            *common,
            ("Studieavgiftsbetalning", fee),
            ("TillfallesantagningUID", admission),
            ("UtbildningstillfalleUID", occasion),
        ],
        "student": [
            ("Efternamn", "Påhittsson"),
            ("ExterntStudentUID", student),
            ("Fodelsedata", "1912-12-12"),
            ("Fornamn", "Tolvan"),
            ("Kon", "2"),
            ("Personnummer", "191212121212"),
            *common,
        ],
        "result": [
            (
                "Beslut",
                f"<x:BeslutUID>{uid('decision', place)}</x:BeslutUID><x:Beslutsdatum>2026-10-30</x:Beslutsdatum>",
            ),
            ("KursUID", education),
            ("KurstillfalleUID", occasion),
            (
                "Resultat",
                (
                    "<x:BetygsgradID>990202</x:BetygsgradID><x:BetygsskalaID>990200</x:BetygsskalaID>"
                    "<x:Examinationsdatum>2026-10-28</x:Examinationsdatum><x:GiltigSomSlutbetyg>true"
                    "</x:GiltigSomSlutbetyg><x:OmfattningsPoang>7.5</x:OmfattningsPoang>"
                    f"<x:ResultatUID>{uid('result', place)}</x:ResultatUID>"
                ),
            ),
            *common,
            ("UtbildningsinstansUID", education),
        ],
        "transfer": [
            (
                "MalLista",
                f"<x:MalLista><x:Typ>HEL_KURS</x:Typ><x:KursUID>{education}</x:KursUID></x:MalLista>",
            ),
            *common,
            ("TillgodoraknandeUID", uid("transfer", place)),
            ("KopplatKurspaketeringstillfalleUID", occasion),
        ],
        "occasion": [
            ("OrganisationUID", education),
            ("Status", "3"),
            ("UtbildningUID", education),
            ("UtbildningsinstansUID", education),
            ("UtbildningstypID", "9902"),
            ("StartperiodID", "990262"),
            ("UtbildningstillfalleUID", occasion),
            ("Utbildningstillfalleskod", f"UT{place % 1000}"),
        ],
    }
    yield from shapes[shape]


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


def parsed_and_stored(batch: Sequence[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "pages.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE page (sha256 TEXT PRIMARY KEY, body BLOB)")
        for data in batch:
            etree.fromstring(data)
            database.execute("INSERT INTO page VALUES (?, ?)", (hashlib.sha256(data).hexdigest(), data))
        database.close()


def main(pairs: int = 2 * PAIRS + 1) -> None:
    all_pages = pages()
    batches = [all_pages[start : start + BATCH] for start in range(0, PAGES, BATCH)]
    events = sum(consumed(batch) for batch in batches)
    print(f"{PAGES * PER_PAGE} events, {events} of them of concern")
    costs = measure(parsed_and_stored, consumed, batches, pairs=pairs)
    report("Feed, cost", [ratio_of("consume", "lxml parse and store the bytes", costs, bar=2, at_most=True)])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
