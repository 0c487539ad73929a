"""What a text may show of a person: numbers and days never, addresses as a keyed hash, ids as they are."""

import io
import json
import logging
import subprocess
import sys

import pytest

from mobility_bridge.kit.logs import BridgeLog
from mobility_bridge.kit.masking import Mask, WithheldFormatter, scrubbed, told

ESI = "urn:schac:personalUniqueCode:int:esi:ladok.se:externtstudentuid-0b82ca40-1111-2222-3333-444455556666"
HASH = r"~[0-9a-f]{10}"


@pytest.mark.parametrize(
    "said",
    [
        "19900101-0017",
        "199001010017",
        "900101-0017",
        "900101+0017",
        "19900161-0019",
        "20030214T123",
        "2003-02-14",
        "14.02.2003",
        "14/02/2003",
        "+46 (0)46-222 00 00",
        "200302140000",
    ],
)
def test_numbers_and_days_of_a_person_never_show(said: str) -> None:
    assert scrubbed(f"value '{said}' of x") == "value '***' of x"


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-24T00:18:23+01:00",
        "2026-09-01",
        "PP-UX8OJ-2026",
        "NHU-2026-0001",
        "0b82ca40-1111-2222-3333-444455556666",
        "202611241234",
        "http_503 after 12.345 s at page 118112",
        "7c8a9f3b2d1e" * 5,
        "uni.example",
    ],
)
def test_ids_times_and_counts_stay_as_they_are(said: str) -> None:
    assert scrubbed(said) == said


def test_addresses_become_a_hash_that_is_equal_for_equal_ones_under_one_key() -> None:
    one, other = Mask(b"k" * 32), Mask(b"l" * 32)
    shown = one.text(f"{ESI} and alma@uni.example, ALMA%40uni.example")
    first, second, third = (part.strip(",") for part in shown.split() if part.startswith("~"))
    assert (len(first), len(second)) == (11, 11)
    assert first != second
    assert second == third
    assert one.text("alma@uni.example") == second != other.text("alma@uni.example")
    assert "alma" not in shown.lower()
    assert one.text(f"GET ?global_id={ESI.replace(':', '%3A')}&x=1") == f"GET ?global_id={first}&x=1"


def test_every_text_of_a_line_is_masked_and_its_ids_are_not() -> None:
    stream = io.StringIO()
    log = BridgeLog(stream, run_id="r", secret=b"k" * 32)
    log.event("source.failed", source="ladok", detail=f"no {ESI} born 2003-02-14", error="rejected")
    line = json.loads(stream.getvalue())
    assert line["detail"].startswith("no ~")
    assert line["detail"].endswith("born ***")
    assert (line["source"], line["run_id"]) == ("ladok", "r")


def test_of_an_unexpected_error_the_place_and_the_kind_are_told_and_not_the_message() -> None:
    try:
        try:
            raise ValueError("Alma Ek")  # noqa: TRY301 - it is what is looked at
        except ValueError as cause:
            raise KeyError("Alma Ek") from cause
    except KeyError as error:
        text = told(type(error), error, error.__traceback__)
    assert "test_masking.py" in text
    assert text.endswith("builtins.KeyError: (message withheld)\n")
    assert text.count("Alma Ek") == 1, "only where this test's own line is shown"


def test_what_libraries_log_is_masked_and_tells_no_message() -> None:
    formatter = WithheldFormatter("%(message)s")
    name = "Alma"
    try:
        raise ValueError(name)  # noqa: TRY301 - likewise
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "of %s", ("a@b.example",), sys.exc_info())
    text = formatter.format(record)
    assert "Alma" not in text.replace('"Alma"', "")
    assert "a@b.example" not in text
    assert "ValueError: (message withheld)" in text
    record.exc_info, record.exc_text = (None, None, None), None
    assert "ValueError" not in formatter.format(record)


def test_a_process_that_breaks_tells_no_message() -> None:
    code = (
        "from mobility_bridge.kit.masking import withhold_messages; withhold_messages();"
        "import logging; logging.getLogger('x').error('to a@b.example');"
        "name = ''.join(['Al', 'ma']); raise ValueError(name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Alma" not in done.stderr
    assert "a@b.example" not in done.stderr
    assert "builtins.ValueError: (message withheld)" in done.stderr
