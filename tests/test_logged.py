"""Whatever the tests before this one had the bridge log: nobody's name, number, day of birth or address is in it.

It runs last (`conftest.py`), over every log file that the run left and over what bridges wrote to memory.
"""

from collections import Counter
from pathlib import Path

import pytest
from tests.support.bridges import WRITTEN
from tests.support.personal import found_in, pattern, texts


def test_nothing_that_was_logged_is_personal(tmp_path_factory: pytest.TempPathFactory) -> None:
    logs = {str(file): file for file in tmp_path_factory.getbasetemp().rglob("*.jsonl*") if file.is_file()}
    lines = [
        (name, line)
        for name, file in sorted(logs.items())
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    lines += [("memory", line) for each in WRITTEN for line in each.getvalue().splitlines()]
    if not lines:
        pytest.skip("nothing was logged before: run all tests")
    personal = pattern(texts())
    found = Counter(
        (Path(name).parent.name, what) for name, line in lines for what in found_in(line, personal)
    )
    assert not found, f"in {len(lines)} lines: {found.most_common(20)}"


def test_the_scan_finds_what_it_looks_for() -> None:
    personal = pattern(texts())
    for hidden in ("Exempelsson", "2004-02-29", "a.b@student.nordhav.example", "20030517-1239", "Alvira"):
        assert list(found_in(f'{{"event": "x", "detail": "of {hidden}, it seems"}}', personal)), hidden
    assert not list(found_in('{"event": "sync", "timestamp": "2026-11-24T01:46:29.590663Z"}', personal))
