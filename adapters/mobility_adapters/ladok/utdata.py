"""The registry's own report of exchanges: the question, and rows by the columns that the configuration names.

Source: Ladok: reports; assumption A9 (the columns are not public).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from mobility_adapters.ladok import values
from mobility_adapters.ladok.decode import Problems, day_range
from mobility_adapters.ladok.values import Node, last_word, many, rows, text
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.registration import ExchangeStay
from mobility_bridge.ports.registry import ReportQuestion

TYPE: Final = "studiedeltagande.utdata.utbytesstudier"
NAMESPACE: Final = "http://schemas.ladok.se/studiedeltagande"
PAGE_SIZE: Final = 400

_WORDS: Final = {Direction.INCOMING: "inresande", Direction.OUTGOING: "utresande"}
_DIRECTIONS: Final = {word: direction for direction, word in _WORDS.items()}
_STUDENT_KEY: Final = "0"


def question_body(question: ReportQuestion, page: int) -> bytes:
    """Write an `Utdatafraga` over the exchanges that are under way in a span of days."""
    filters = {
        "UTBYTESALTERNATIV": [f"{TYPE}.{_WORDS[each]}" for each in question.directions],
        "PAGAR_INOM": [f"{question.first_day.isoformat()}_{question.last_day.isoformat()}"],
    }
    inner = "".join(_filter(kind, wanted) for kind, wanted in filters.items())
    return (
        f'<sd:Utdatafraga xmlns:sd="{NAMESPACE}">'
        f"<sd:UtdataAvgransningar><sd:UtdataAvgransningar>{inner}</sd:UtdataAvgransningar></sd:UtdataAvgransningar>"
        f"<sd:Sida>{page}</sd:Sida><sd:Sidstorlek>{PAGE_SIZE}</sd:Sidstorlek></sd:Utdatafraga>"
    ).encode()


def _filter(kind: str, wanted: Sequence[str]) -> str:
    found = "".join(
        f"<sd:UtdataAvgransningsvarden>{escape(value)}</sd:UtdataAvgransningsvarden>" for value in wanted
    )
    return (
        f"<sd:UtdataAvgransning><sd:UtdataAvgransningstyp>{kind}</sd:UtdataAvgransningstyp>"
        f"{found}</sd:UtdataAvgransning>"
    )


def report_rows(
    node: Node, columns: Mapping[str, str], as_of: datetime, problems: Problems
) -> list[ExchangeStay]:
    """Read one page's rows. `columns` says which field the column with a title's key holds.

    A title that the configuration does not name is a problem, and its column is not guessed at.
    """
    titles = [text(each, "I18nNyckel") or "" for each in rows(node, "kolumntitlar")]
    fields = [columns.get(title) for title in titles]
    unknown = [title for title, name in zip(titles, fields, strict=True) if name is None]
    problems.extend(("kolumntitlar", title) for title in unknown if ("kolumntitlar", title) not in problems)
    found = []
    for row in rows(node, "resultatrader"):
        student_uid = _student_uid(row)
        if student_uid is None:
            problems.append(("resultatrader", "a row names no student"))
            continue
        cells = [each if isinstance(each, str) else "" for each in many(row.get("Varden"))]
        said = {name: cell for name, cell in zip(fields, cells, strict=False) if name and cell}
        found.append(_stay(student_uid, said, as_of))
    return found


def row_count(node: Node) -> int:
    """How many rows a page holds; fewer than asked for means that it is the last."""
    return len(rows(node, "resultatrader"))


def _stay(student_uid: LadokUid, said: Mapping[str, str], as_of: datetime) -> ExchangeStay:
    first, last = day_range(said.get("period"))
    return ExchangeStay(
        student_uid=student_uid,
        direction=_DIRECTIONS.get(last_word(said.get("direction")) or ""),
        name=said.get("name"),
        civic_number=said.get("civic_number"),
        agreement_code=said.get("agreement_code"),
        agreement_name=said.get("agreement_name"),
        occasion_code=said.get("occasion_code"),
        partner_code=said.get("partner_code"),
        country_code=said.get("country_code"),
        programme_code=said.get("programme_code"),
        starts_on=first,
        ends_on=last,
        state=last_word(said.get("state")),
        as_of=as_of,
    )


def _student_uid(row: Node) -> LadokUid | None:
    for entry in rows(values.child(row, "metadata"), "entry"):
        if text(entry, "key") == _STUDENT_KEY:
            found = values.uid(entry, "value")
            return None if found is None else LadokUid(found)
    return None
