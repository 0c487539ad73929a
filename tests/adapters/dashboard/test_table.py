"""Bytes to rows: encodings, delimiters, and where a file cannot be read."""

import pytest

from mobility_adapters.dashboard.table import Unreadable, read_table

KNOWN = frozenset({"name", "status", "omobility id"})
TEXT = "Omobility ID,Name,Status\r\nOM-1,Åsa Öberg,signed\r\nOM-2,Zoë,draft\r\n"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("windows-1252", "windows-1252"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter_gives_the_same_rows(encoding: str, found: str, delimiter: str):
    table = read_table(TEXT.replace(",", delimiter).encode(encoding), KNOWN)

    assert (table.encoding, table.delimiter) == (found, delimiter)
    assert table.header == ("Omobility ID", "Name", "Status")
    assert [(row.line, row.cells) for row in table.rows] == [
        (2, ("OM-1", "Åsa Öberg", "signed")),
        (3, ("OM-2", "Zoë", "draft")),
    ]
    assert table.problems == ()


def test_big_endian_with_a_mark_is_read():
    table = read_table(b"\xfe\xff" + TEXT.encode("utf-16-be"), KNOWN)

    assert table.encoding == "utf-16"
    assert table.rows[0].cells[1] == "Åsa Öberg"


def test_a_spreadsheets_own_word_for_the_delimiter_counts():
    table = read_table(b"sep=|\r\nOmobility ID|Name\r\nOM-1|a;b,c\r\n", KNOWN)

    assert table.delimiter == "|"
    assert [(row.line, row.cells) for row in table.rows] == [(3, ("OM-1", "a;b,c"))]
    assert table.head == "sep=|\r\nOmobility ID|Name\r\n"


def test_other_delimiters_inside_of_a_header_do_not_confuse():
    table = read_table(b"Omobility ID;Name;Remarks, further, and more, and so on\r\nOM-1;a;b\r\n", KNOWN)

    assert table.delimiter == ";"


def test_quoted_cells_may_hold_delimiters_and_line_breaks():
    table = read_table(b'Omobility ID,Name\r\nOM-1,"a, ""b""\r\nc"\r\nOM-2,d\r\n', KNOWN)

    assert [(row.line, row.cells) for row in table.rows] == [
        (2, ("OM-1", 'a, "b"\r\nc')),
        (4, ("OM-2", "d")),
    ]


def test_the_header_is_kept_as_it_stands():
    assert read_table(b'"Omobility ID","Na\nme"\nOM-1,a\n', KNOWN).head == '"Omobility ID","Na\nme"\n'


def test_a_row_of_another_width_is_left_out_and_told():
    table = read_table(b"Omobility ID,Name\n\nOM-1,a,b\nOM-2\nOM-3,c,,\n , \nOM-4,d\n", KNOWN)

    assert [row.cells for row in table.rows] == [("OM-3", "c"), ("OM-4", "d")]
    assert table.problems == (
        ("line 3", "3 cells, where the header has 2; not read"),
        ("line 4", "1 cells, where the header has 2; not read"),
    )


def test_what_stands_before_broken_quotes_is_read_and_the_rest_is_told():
    table = read_table(b'Omobility ID,Name\nOM-1,a\nOM-2,"b"c\nOM-3,d\n', KNOWN)

    assert [row.cells for row in table.rows] == [("OM-1", "a")]
    ((where, what),) = table.problems
    assert where == "line 3"
    assert "the rest is not read" in what


@pytest.mark.parametrize(
    ("data", "where", "why"),
    [
        (b"", "line 1", "no header"),
        (b"\n \n", "line 1", "no header"),
        (b"PK\x03\x04rest", "byte 1", "save it as CSV"),
        (b"Omobility ID,Name\nOM-1,\xff\xfe\x81\n", "line 2, character 8", "windows-1252"),
        ("Omobility ID,Name\nOM-1,Å".encode() + b"sa \xe5\n", "line 2, character 10", "not UTF-8"),
        (b"Omobility ID,Name\nOM-1,a\x07\n", "line 2, character 7", "control character"),
        ("Omobility ID,Name\nOM".encode("utf-16") + b"x", "line 2, character 3", "utf-16"),
        (b"Omobility ID,Name,x;Status;Name\n", "line 1", "fit equally well"),
        (b'"Omobility ID"x,Name\n', "line 1", "not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(data: bytes, where: str, why: str):
    with pytest.raises(Unreadable) as caught:
        read_table(data, KNOWN)

    assert caught.value.where == where
    assert why in caught.value.why


def test_a_file_over_the_limit_is_not_read():
    with pytest.raises(Unreadable, match="longer than the 10 bytes"):
        read_table(TEXT.encode(), KNOWN, 10)


def test_a_name_that_the_mapping_knows_may_show_a_date():
    table = read_table(b"Start (31/12/2026),Email\n1,2\n", {"start (31/12/2026)"})

    assert table.header == ("Start (31/12/2026)", "Email")
