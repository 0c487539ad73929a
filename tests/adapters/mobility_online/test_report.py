"""The exported report as a second way to the same copies."""

from datetime import date
from pathlib import Path

import pytest
from tests.support.fixtures import FIXTURES, PUBLISHED, needs_published
from tests.support.mobility_online import played, reads, sample

from mobility_bridge.errors import InvalidDocument
from mobility_bridge.sandbox.local_records import mo_agreements
from mobility_bridge.sandbox.mobility_online_report import agreement_report
from mobility_bridge.sandbox.scenarios import scenario_named

REPORT = FIXTURES / "mobility-online" / "agreements-report.xml"


async def test_both_ways_lead_to_the_same_copies(tmp_path: Path) -> None:
    over_soap = await reads(played(sample()), tmp_path).read()
    from_report = reads(played(()), tmp_path).import_report(agreement_report(sample(), None))
    assert over_soap.copies == from_report.copies
    assert from_report.complete


async def test_both_ways_agree_on_a_whole_university(tmp_path: Path) -> None:
    agreements = mo_agreements(scenario_named("clean", date(2026, 11, 23)).world)
    over_soap = await reads(played(agreements), tmp_path).read()
    from_report = reads(played(()), tmp_path).import_report(agreement_report(agreements, None))
    assert over_soap.copies == from_report.copies
    assert over_soap.complete
    assert over_soap.copies


async def test_a_configured_report_is_read_instead_of_the_services(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_bytes(REPORT.read_bytes())
    application = played(sample())
    reader = reads(application, tmp_path, assumed_services=False, report_file="report.xml")
    reading = await reader.read()
    assert not application.calls
    assert reading.complete
    assert [read.copy.iia_id for read in reading.copies] == ["nhu-iia-0042"]
    (read,) = reading.copies
    iia = reader.decode(read.document, read.copy.document)
    assert [c.sending_hei_id for c in iia.conditions] == ["nordhav.example", "cedrona.example"]


async def test_a_missing_report_is_an_error_and_not_an_empty_source(tmp_path: Path) -> None:
    reader = reads(played(()), tmp_path, assumed_services=False, report_file="absent.xml")
    with pytest.raises(InvalidDocument):
        await reader.read()


def test_half_a_report_is_refused(tmp_path: Path) -> None:
    data = REPORT.read_bytes()
    with pytest.raises(InvalidDocument) as caught:
        reads(played(()), tmp_path).import_report(data[: len(data) // 2])
    assert caught.value.reason == "not_xml"


@needs_published
def test_a_report_over_applications_is_refused_with_the_missing_columns(tmp_path: Path) -> None:
    data = (PUBLISHED / "mobility-online/examples/report-export-sample.xml").read_bytes()
    with pytest.raises(InvalidDocument) as caught:
        reads(played(()), tmp_path).import_report(data)
    assert "VERTR_ID" in caught.value.message
    assert caught.value.path == "/AUSWERTUNG/row[1]"


def test_another_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument) as caught:
        reads(played(()), tmp_path).import_report(b"<html/>")
    assert caught.value.reason == "wrong_root"


def test_an_unreadable_cell_makes_the_reading_incomplete(tmp_path: Path) -> None:
    data = REPORT.read_bytes().replace(b"01.07.2026", b"31.06.2026", 1)
    reading = reads(played(()), tmp_path).import_report(data)
    assert not reading.complete
    assert reading.copies == ()
    assert reading.problems == (("agreement record 6001: validFrom", "31.06.2026"),)
