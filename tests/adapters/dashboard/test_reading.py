"""Exported lists: what is read, what is reported, and that nothing is lost."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.dashboard import AGREEMENT, LINE, NOW, dashboard, put, written
from tests.support.students import OUT, campus

from mobility_bridge.domain.la_listing import LaListing, ListedState
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.ports.lists import ListKind, ListReading
from mobility_bridge.sandbox import dashboard_csv

PERSONAL = ("Exempla", "Ficticia", "14/02/2003", "exempla@", "esi:nordhav")


async def read(folder: Path, *lines: dict[str, str], **more: Any) -> ListReading:
    return await dashboard(put(folder / "las.csv", written(lines)), **more).read()


async def test_a_line_becomes_a_record_with_its_row_as_document(tmp_path: Path):
    reading = await read(tmp_path, {**LINE, "Credits abroad": "22,5", "Remarks": "by hand"})

    (found,) = reading.records
    facts = found.record.facts
    assert isinstance(facts, LaListing)
    assert (found.record.key.source, found.record.key.kind) == ("dashboard", RecordKind.LISTING)
    assert (facts.omobility_id, facts.receiving_hei_id) == ("NHU-2026-0001", "alderton.example")
    assert (facts.starts_on, facts.ends_on) == (date(2026, 8, 31), date(2027, 1, 17))
    assert (facts.state, facts.signed_on, facts.binds) == (ListedState.SIGNED, date(2026, 6, 2), True)
    assert facts.credits_abroad == Decimal("22.5")
    assert facts.receiving_academic_year_id == "2026/2027"
    assert facts.student.birth_date == date(2003, 2, 14)
    assert json.loads(found.document)["cells"]["Remarks"] == "by hand"
    assert found.record.as_of < NOW


async def test_unknown_columns_are_named_and_their_values_kept(tmp_path: Path):
    reading = await read(tmp_path, {**LINE, "Remarks": "x", "": "y"})

    assert reading.complete
    assert reading.problems == ()
    assert [what for where, what in reading.remarks if where == "las.csv, line 1"] == [
        "column 17, 'Remarks', is not in the mapping: kept, and not used",
        "column 18, '', is not in the mapping: kept, and not used",
    ]
    cells = json.loads(reading.records[0].document)["cells"]
    assert (cells["Remarks"], cells["18: "]) == ("x", "y")


async def test_missing_columns_are_named(tmp_path: Path):
    reading = await read(tmp_path, {"Omobility ID": "OM-1", "Given names": "Exempla"})

    ((where, what),) = reading.problems
    assert where == "las.csv, line 1"
    assert "'Receiving HEI ID', 'Status'" in what
    assert "'IIA ID', 'Partner HEI ID'" in what
    assert (reading.complete, reading.records, reading.files[0].kind) == (False, (), None)
    assert reading.exchanges[0].failure is not None


async def test_a_cell_that_cannot_be_read_leaves_the_rest_of_its_row(tmp_path: Path):
    line = {**LINE, "Start date": "08/31/2026", "Status": "klar", "Credits abroad": "many", "Email": "-"}
    reading = await read(tmp_path, line)

    facts = reading.records[0].record.facts
    assert (facts.starts_on, facts.state, facts.credits_abroad) == (None, None, None)
    assert facts.ends_on == date(2027, 1, 17)
    assert (reading.problems, reading.complete) == ((), True)
    assert sorted(reading.remarks) == [
        ("las.csv, line 2, column 'Credits abroad'", "not_a_number"),
        ("las.csv, line 2, column 'Email'", "not_an_address"),
        ("las.csv, line 2, column 'Start date'", "not_a_date"),
        ("las.csv, line 2, column 'Status'", "not_a_known_state"),
    ]
    assert ("starts_on", "not_a_date") in reading.records[0].record.problems


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"Omobility ID": ""}, "column 'Omobility ID'", "empty"),
        ({"Omobility ID": "a b"}, "column 'Omobility ID'", "not_an_id"),
        ({"Receiving HEI ID": "G  ALDERTO01"}, "column 'Receiving HEI ID'", "not_a_schac_id"),
        ({"Sending HEI ID": "brava.example"}, "column 'Sending HEI ID'", "not_ours"),
        ({"Sending HEI ID": "?"}, "column 'Sending HEI ID'", "not_a_schac_id"),
    ],
)
async def test_a_row_that_cannot_be_told_is_left_out_alone(
    tmp_path: Path, change: dict[str, str], where: str, what: str
):
    reading = await read(tmp_path, {**LINE, **change}, {**LINE, "Omobility ID": "OM-2"})

    assert [each.record.key.record_id for each in reading.records] == ["OM-2"]
    assert not reading.complete
    assert reading.problems == ((f"las.csv, line 2, {where}", f"{what}; the row is not read"),)


async def test_rows_that_contradict_each_other_are_both_left_out(tmp_path: Path):
    reading = await read(tmp_path, LINE, {**LINE, "Status": "draft"}, {**LINE, "Omobility ID": "OM-2"})

    assert [each.record.key.record_id for each in reading.records] == ["OM-2"]
    assert not reading.complete
    assert reading.problems[0][0] == "las.csv, line 3"


async def test_a_row_that_stands_twice_is_one(tmp_path: Path):
    reading = await read(tmp_path, LINE, LINE)

    assert (len(reading.records), reading.complete, reading.files[0].rows) == (1, True, 2)


async def test_an_end_before_the_start_and_a_foreign_term_are_told(tmp_path: Path):
    mapping = dashboard().mapping.model_dump()
    mapping["learning_agreements"]["columns"]["term"] = "Term"
    line = {**LINE, "End date": "01/08/2026", "Term": "höst 2027"}
    reading = await read(tmp_path, line, mapping=type(dashboard().mapping).model_validate(mapping))

    assert {what for _, what in reading.remarks} == {"before_start", "not_in_the_academic_year"}


async def test_a_term_stands_in_for_the_academic_year(tmp_path: Path):
    mapping = dashboard().mapping.model_dump()
    mapping["learning_agreements"]["columns"]["term"] = "Term"
    line = {**LINE, "Receiving academic year": "", "Term": "Vårterminen 2027"}
    reading = await read(tmp_path, line, mapping=type(dashboard().mapping).model_validate(mapping))

    assert reading.records[0].record.facts.receiving_academic_year_id == "2026/2027"
    assert (reading.problems, reading.remarks) == ((), ())


async def test_the_newest_file_holds(tmp_path: Path):
    put(tmp_path / "b.csv", written([LINE]), minutes_old=90)
    put(tmp_path / "a.CSV", written([{**LINE, "Status": "changes signed"}]), minutes_old=5)
    put(tmp_path / "notes.txt", "not a list")

    reading = await dashboard(tmp_path).read()

    (found,) = reading.records
    assert [each.file for each in reading.files] == ["b.csv", "a.CSV"]
    assert json.loads(found.document)["cells"]["Status"] == "changes signed"


async def test_a_file_that_cannot_be_read_hides_no_other(tmp_path: Path):
    put(tmp_path / "a.csv", b"PK\x03\x04")
    put(tmp_path / "b.csv", written([LINE]))

    reading = await dashboard(tmp_path, tmp_path / "missing.csv").read()

    assert len(reading.records) == 1
    assert not reading.complete
    assert dict(reading.problems) == {
        "missing.csv": "No such file or directory",
        "a.csv, byte 1": "a spreadsheet or another archive; save it as CSV",
    }
    assert [each.body for each in reading.exchanges] == [b"PK\x03\x04", written([LINE]).encode()]


async def test_nothing_to_read_is_an_error(tmp_path: Path):
    for exports, files in (((), None), ((), [tmp_path]), ((tmp_path,), [])):
        with pytest.raises(InvalidDocument, match="no exported file"):
            await dashboard(*exports).read(files)


async def test_a_configured_folder_may_wait_for_its_first_file(tmp_path: Path):
    reading = await dashboard(tmp_path).read()

    assert (reading.files, reading.records, reading.problems) == ((), (), ())


async def test_an_export_that_is_too_long_is_kept_in_part(tmp_path: Path):
    file = put(tmp_path / "las.csv", written([LINE]))

    reading = await dashboard(file, limit=64).read()

    (kept,) = reading.exchanges
    assert (len(kept.body), kept.truncated, reading.complete) == (64, True, False)


async def test_agreements_are_listed(tmp_path: Path):
    lines = [AGREEMENT, {**AGREEMENT, "IIA ID": "nhu-iia-0002", "Partner IIA ID": "", "In effect": "perhaps"}]
    reading = await dashboard(put(tmp_path / "iias.csv", written(lines, ";"))).read()

    assert reading.agreements is not None
    one, other = reading.agreements
    assert (one.iia_id, one.partner_iia_id, one.in_effect) == ("nhu-iia-0001", "ald-iia-0001", True)
    assert (other.partner_iia_id, other.in_effect) == (None, None)
    assert reading.remarks == (("iias.csv, line 3, column 'In effect'", "neither_yes_nor_no"),)
    assert (reading.files[0].kind, reading.files[0].delimiter) == (ListKind.AGREEMENTS, "semicolon")


async def test_of_two_lists_of_agreements_both_are_read_and_the_newer_holds(tmp_path: Path):
    put(tmp_path / "b.csv", written([AGREEMENT, {**AGREEMENT, "IIA ID": "old"}]), minutes_old=90)
    put(tmp_path / "a.csv", written([{**AGREEMENT, "In effect": "no"}]))

    reading = await dashboard(tmp_path).read()

    assert reading.agreements is not None
    assert [(each.iia_id, each.in_effect) for each in reading.agreements] == [
        ("nhu-iia-0001", False),
        ("old", True),
    ]


async def test_agreements_that_contradict_or_lack_an_id_are_told(tmp_path: Path):
    lines = [AGREEMENT, {**AGREEMENT, "In effect": "no"}, {**AGREEMENT, "IIA ID": ""}]
    reading = await dashboard(put(tmp_path / "iias.csv", written(lines))).read()

    assert reading.agreements is not None
    assert [each.in_effect for each in reading.agreements] == [True]
    assert [where for where, _ in reading.problems] == [
        "iias.csv, line 3",
        "iias.csv, line 4, column 'IIA ID'",
    ]
    assert not reading.complete


async def test_columns_that_hold_the_same_or_fit_both_lists_refuse_the_file(tmp_path: Path):
    put(tmp_path / "a.csv", "Omobility ID,Receiving HEI ID,Status,status\nOM-1,b.example,draft,signed\n")
    put(
        tmp_path / "b.csv",
        "Omobility ID,Receiving HEI ID,Status,IIA ID,Partner HEI ID\n1,b.example,draft,2,c\n",
    )

    reading = await dashboard(tmp_path).read()

    assert [what for _, what in reading.problems] == [
        "several columns hold the same: 'Status', 'status'",
        "its columns are those of both kinds of list",
    ]


async def test_no_problem_quotes_what_stands_in_a_cell(tmp_path: Path):
    shifted = dict(zip(LINE, [*list(LINE.values())[1:], "x"], strict=True))
    reading = await read(tmp_path, shifted, LINE, {**LINE, "Start date": "Exempla", "Status": "Ficticia"})

    said = str(reading.problems) + str(reading.remarks) + str(reading.files) + repr(reading.records)
    assert reading.problems
    assert not any(each in said for each in PERSONAL)


async def test_a_row_that_stands_in_the_headers_line_is_not_quoted_as_names(tmp_path: Path):
    head, line = written([LINE]).splitlines()
    put(tmp_path / "a.csv", f"{head},{line}\n{line}\n")
    put(tmp_path / "b.csv", f"{head},{'Exempla ' * 20}\n{line},\n")

    reading = await dashboard(tmp_path).read()

    assert reading.problems == (("a.csv, line 1, column 20", "a date or an address, where a name should be"),)
    assert reading.remarks == (
        ("b.csv, line 1", "column 17, a name of 159 letters, is not in the mapping: kept, and not used"),
    )
    assert len(reading.records) == 1


async def test_what_the_dashboard_exports_is_read(tmp_path: Path):
    played = campus()
    put(tmp_path / "las.csv", dashboard_csv.learning_agreements(played.world))
    put(tmp_path / "iias.csv", dashboard_csv.agreements(played.world))

    reading = await dashboard(tmp_path).read()

    assert (reading.problems, reading.remarks, reading.complete) == ((), (), True)
    (found,) = reading.records
    assert (found.record.key.record_id, found.record.facts.binds) == (OUT, True)
    assert reading.agreements is not None
    assert len(reading.agreements) == 12
    assert all(each.iia_hash for each in reading.agreements)
