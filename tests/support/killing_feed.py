"""A feed followed by a process of its own that is killed: at a chosen step, or after so many milliseconds.

Steps are those of `killing`. One process has everything imported and forks itself for each life, so that a hundred
deaths take seconds; a life that is to end at an instant is ended by that process, wherever it may then be.
"""

import asyncio
import os
import pickle
import signal
import sys
import time
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.bridges import a_bridge
from tests.support.clock import VirtualClock
from tests.support.killing import ANYWHERE, DeadlyStore, DeadlyTransport, Death, Executioner
from tests.support.ladok_door import Answers, PlayedFeed, Sent, registry, uid
from tests.support.lives import live_and_exit

import mobility_bridge.store.sql as _imported_before_the_fork  # noqa: F401
from mobility_bridge.services.feed import follow_feed
from mobility_bridge.store import open_store

AGREEMENT, OCCASION = uid(1, 6), uid(2, 6)
PER_PAGE = 10


def feed(pages: int) -> PlayedFeed:
    """A feed in which students come to be, are admitted to an exchange, registered, and withdraw.

    One page is missing, one event comes twice under another entry's id, and one entry of the last page comes late.
    """
    sent = [_offered(0), _offered(1), *(_told(number) for number in range(2, pages * PER_PAGE))]
    sent[PER_PAGE * 3 + 4] = replace(sent[PER_PAGE * 3 + 1], entry_id=uid(9999, 1))
    cut: dict[int, Sequence[Sent]] = {
        number + 1: sent[number * PER_PAGE : (number + 1) * PER_PAGE] for number in range(pages)
    }
    return PlayedFeed(cut, missing={pages // 2})


def _offered(number: int) -> Sent:
    agreement = {"UtbildningUID": AGREEMENT, "Utbildningskod": "UTB-1", "Status": "3", "StudentUID": ""}
    if number == 0:
        fields = {**agreement, "UtbildningstypID": "9901", "ExternPartID": "17"}
        return Sent(number, "KurspaketeringTillStatusEvent", fields, "utbildningsinformation")
    fields = {**agreement, "UtbildningstypID": "9902", "UtbildningstillfalleUID": OCCASION}
    return Sent(number, "KurspaketeringstillfalleTillStatusEvent", fields, "utbildningsinformation")


def _told(number: int) -> Sent:
    """What happens to the students in turns: told of, admitted, registered, withdrawn, told of again."""
    student, admission = uid(number % 23, 3), uid(number % 23, 5)
    admitted = {
        "StudentUID": student,
        "TillfallesantagningUID": admission,
        "UtbildningstillfalleUID": OCCASION,
        "UtbildningUID": "",
    }
    kinds = (
        ("LokalStudentEvent", "studentinformation", {"StudentUID": student, "Efternamn": f"Fict{number}"}),
        ("ForvantatDeltagandeSkapadEvent", "studiedeltagande", admitted),
        (
            "RegistreringEvent",
            "studiedeltagande",
            {
                **admitted,
                "RegistreringUID": uid(number, 7),
                "KurstillfalleUID": OCCASION,
                "UtbildningstillfalleUID": "",
                "Period": "1",
            },
        ),
        ("AterbudEvent", "studiedeltagande", admitted),
    )
    name, service, fields = kinds[number // 23 % len(kinds)]
    return Sent(number, name, fields, service)


@dataclass(frozen=True)
class Life:
    """One life of a bridge: its store, how much of the feed there is, and where or when it ends, if early."""

    database: Path
    pages: int
    death: Death | None = None
    after_ms: float | None = None
    counts: Path | None = None


async def live(this: Life) -> None:
    """Follow the feed to its end."""
    executioner = Executioner(this.death)
    store = DeadlyStore(open_store(f"sqlite:///{this.database}"), executioner)
    clock = VirtualClock()
    transport = DeadlyTransport(Answers(feed(this.pages)), executioner)
    reader = registry(transport, this.database.parent, clock=clock)
    bridge = a_bridge(store, students={"enabled": True})
    report = await follow_feed(replace(bridge.context, clock=clock, registry=reader))
    assert report.error is None, report.error
    await store.close()
    if this.counts is not None:
        this.counts.write_text(str(executioner.steps[ANYWHERE]))


def state_of(database: Path) -> Mapping[str, Any]:
    """All that the feed left in the store, but for the times of day and the sealed bytes' own form."""

    async def read() -> Mapping[str, Any]:
        store = open_store(f"sqlite:///{database}")
        try:
            return await store.read(_state)
        finally:
            await store.close()

    return asyncio.run(read())


def _state(uow: Any) -> Mapping[str, Any]:
    uids = [uid(number, 3) for number in range(23)]
    students = uow.students.select()
    events = [uid(number, 2) for number in range(2000)]
    urls = [each.exchange.url.rpartition("/")[2] for each in uow.evidence.scan(limit=10_000)]
    return {
        "position": uow.cursor("ladok.feed"),
        "events": sorted(uow.feeds.handled("ladok", events)),
        "facts": {each: tuple(facts) for each, facts in uow.facts.of_students(uids).items()},
        "history": {each: [former.fact for former in uow.facts.history_of_student(each)] for each in uids},
        "keys": [uow.students.keys_of(each) for each in students],
        "to_compare": sorted(uow.work.to_compare()),
        "pages": sorted(set(urls)),
        "page_twice": sorted({each for each in urls if urls.count(each) > 1} - {"recent"}),
    }


def _serve() -> None:
    for line in sys.stdin:
        this: Life = pickle.loads(b64decode(line))
        child = os.fork()
        if child == 0:
            live_and_exit(live(this))
        if this.after_ms is not None:
            time.sleep(this.after_ms / 1000)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    from tests.support import killing_feed

    killing_feed._serve()
