import asyncio
import subprocess
import sys
import threading

import pytest

from mobility_adapters.ewp.readers import ON_THE_SPOT_BYTES, PATIENCE_BYTES, Readers
from mobility_bridge.errors import InvalidDocument

SHORT, LONG = 1000, ON_THE_SPOT_BYTES


def where() -> tuple[threading.Thread, bool]:
    return threading.current_thread(), True


def nonsense_seen() -> tuple[threading.Thread, bool]:
    return threading.current_thread(), False


def refused() -> tuple[None, bool]:
    raise InvalidDocument("no", system="ewp", reason="not_xml")


async def test_short_answers_are_read_on_the_spot_and_long_ones_in_one_thread() -> None:
    readers = Readers()

    assert await readers.read(SHORT, where) is threading.current_thread()
    threads = set(await asyncio.gather(*(readers.read(LONG, where) for _ in range(5))))

    assert len(threads) == 1
    assert threads != {threading.current_thread()}
    readers.close()


async def test_a_thread_that_saw_too_much_nonsense_is_replaced() -> None:
    readers = Readers()
    first = await readers.read(LONG, where)

    for _ in range(PATIENCE_BYTES // LONG):
        assert await readers.read(LONG, nonsense_seen) is first
    second = await readers.read(LONG, where)

    await asyncio.to_thread(first.join, 5)
    assert not first.is_alive()
    assert second.is_alive()
    readers.close()


async def test_after_too_much_nonsense_nothing_is_read_on_the_spot_any_more() -> None:
    readers = Readers()
    for _ in range(PATIENCE_BYTES // SHORT + 1):
        with pytest.raises(InvalidDocument):
            await readers.read(SHORT, refused)

    assert await readers.read(SHORT, where) is not threading.current_thread()
    readers.close()


async def test_good_answers_wear_nobodys_patience() -> None:
    readers = Readers()
    for _ in range(PATIENCE_BYTES // SHORT + 1):
        await readers.read(SHORT, where)

    assert await readers.read(SHORT, where) is threading.current_thread()


async def test_what_is_refused_lets_go_of_what_was_read() -> None:
    with pytest.raises(InvalidDocument) as caught:
        await Readers().read(SHORT, refused)

    frames = [entry.name for entry in caught.traceback]
    assert "refused" not in frames


MEMORY = """
import asyncio, resource, sys
from lxml import etree
from mobility_adapters.ewp.reading import parse
from mobility_adapters.ewp.readers import Readers

def nonsense(number):
    return b"<a>" + b"".join(b"<n%d_%d/>" % (number, each) for each in range(20_000)) + b"</a>"

async def main():
    readers = Readers()
    for number in range(200):
        body = nonsense(number)
        await readers.read(len(body), lambda: (len(parse(body)), False))
        if number == 40:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)

asyncio.run(main())
"""


def test_names_that_nobody_knows_do_not_fill_memory() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)

    assert int(done.stdout) < 40  # megabytes; without a new thread now and then, more than a hundred
