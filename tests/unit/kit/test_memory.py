import subprocess
import sys

import pytest

from mobility_bridge.kit import memory

THREADS = """
import sys, threading
from mobility_bridge.kit import memory
if sys.argv[1] == "shared":
    memory.share_arenas()

def work():
    held = [bytes(100_000) for _ in range(100)]  # below the size that is mapped by itself
    ready.wait()

ready = threading.Barrier(9)
for _ in range(8):
    threading.Thread(target=work).start()
ready.wait()
with open("/proc/self/maps") as maps:
    # Each arena but the first is mapped at an address that is a multiple of 64 MiB.
    starts = {int(line.split("-")[0], 16) for line in maps if "[" not in line and " 00:00 0" in line}
    print(sum(1 for start in starts if start % (64 << 20) == 0))
"""


@pytest.mark.skipif(memory._glibc() is None, reason="another C library")
def test_threads_share_what_they_free() -> None:
    def arenas(how: str) -> int:
        command = [sys.executable, "-c", THREADS, how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert arenas("shared") < arenas("each its own")


def test_giving_back_does_no_harm_anywhere() -> None:
    memory.give_back()
