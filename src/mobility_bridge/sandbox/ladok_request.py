"""One call of Ladok's REST services: what is asked, in which form the answer is wanted, and how it is written.

Source: Ladok: media types and headers 1.3, status codes 1.4, searching and paging 3, errors 4, assumption A14.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mobility_bridge.kit.xml import Element, XmlRefused, parse
from mobility_bridge.sandbox.ladok_tree import Link, Obj, to_json, to_xml

PLAIN: Final = ("application/json", "application/xml", "text/xml")
MAX_LIMIT: Final = 400
_BODY_LIMIT: Final = 1_000_000
_TEXTS: Final = {
    "valideringsfel": "Valideringsfel",
    "sakerhetsovertradelse": "Säkerhetsöverträdelse",
    "applikationsfel": "Applikationsfel",
    "felaktigt_format": "Felaktigt format",
    "felaktig_status": "Felaktig status",
    "felaktigt_varde": "Felaktigt värde",
    "domanregel": "Domänregel",
    "obligatoriskt_varde_saknas": "Obligatoriskt värde saknas",
    "auktorisering": "Auktorisering",
}
Body = dict[str, Any]


class LadokError(Exception):
    """An answer that is an error document. `group` and `category` are the last words of their keys."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        group: str | None = None,
        detail: str | None = None,
        category: str = "valideringsfel",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.group = group
        self.detail = detail
        self.category = category


@dataclass(frozen=True, slots=True)
class Request:
    """A call. `path` lies below the service; `who` is the certificate's name."""

    method: str
    service: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    raw: bytes
    who: str

    @property
    def body(self) -> Body:
        """The body as members by local name, from JSON or XML alike. Raises LadokError."""
        return read_body(self.headers.get("content-type", ""), self.raw)

    def one(self, name: str) -> str | None:
        values = self.query.get(name)
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint gives: an entity with the name of its root element, or nothing.

    `assumption` names the group of assumed resources that the answer comes from.
    """

    root: str = ""
    entity: Obj | None = None
    status: int = 200
    links: tuple[Link, ...] = ()
    assumption: str | None = None
    wrote: bool = False
    raw_json: Any = field(default=None)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a search is wanted."""

    number: int = 1
    limit: int = MAX_LIMIT
    orders: tuple[str, ...] = ()
    only_count: bool = False
    skip_count: bool = False

    def cut(self, rows: Sequence[Any]) -> Sequence[Any]:
        start = (self.number - 1) * self.limit
        return [] if self.only_count else rows[start : start + self.limit]


def page_of(request: Request) -> Page:
    """Read paging from the query. Raises LadokError for numbers that are none."""
    return Page(
        number=_whole(request.one("page"), 1),
        limit=min(_whole(request.one("limit"), MAX_LIMIT), MAX_LIMIT),
        orders=tuple(request.query.get("orderby", ())) or tuple(request.query.get("orderBy", ())),
        only_count=request.one("onlyCount") == "true",
        skip_count=request.one("skipCount") == "true",
    )


def page_in(body: Body) -> Page:
    """Read paging from a body, in lower case or capitalised."""
    known = {name.lower(): value for name, value in body.items()}
    return Page(
        number=_whole(known.get("page"), 1),
        limit=min(_whole(known.get("limit"), MAX_LIMIT), MAX_LIMIT),
        orders=tuple(map(str, many(known, "orderby"))),
    )


def _whole(value: Any, default: int) -> int:
    if value is None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise LadokError(400, f"Inte ett heltal: {value}", group="felaktigt_format") from None
    if number < 1:
        raise LadokError(400, f"Minst 1: {value}", group="felaktigt_varde")
    return number


def many(body: Body, name: str) -> list[Any]:
    """A member that may be missing, single or a list."""
    value = body.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(body: Body, name: str) -> str:
    """A member that must be there. Raises LadokError."""
    value = optional(body, name)
    if value is None:
        raise LadokError(400, f"{name} saknas", group="obligatoriskt_varde_saknas")
    return value


def optional(body: Body, name: str) -> str | None:
    value = body.get(name)
    if isinstance(value, dict):
        value = value.get("value")
    return None if value in (None, "") else str(value)


def read_body(content_type: str, raw: bytes) -> Body:
    """Read JSON or XML into members by local name; no body at all is no members. Raises LadokError."""
    if not raw:
        return {}
    kind = content_type.partition(";")[0].strip().lower()
    if not (kind.startswith("application/vnd.ladok") or kind in PLAIN):
        raise LadokError(415, f"Medietypen {kind!r} stöds inte.", group="felaktigt_format")
    if kind.endswith("json") or raw.lstrip()[:1] in (b"{", b"["):
        try:
            content = json.loads(raw)
        except ValueError:
            raise LadokError(400, "JSON kan inte läsas.", group="felaktigt_format") from None
        if not isinstance(content, dict):
            raise LadokError(400, "Ett objekt väntades.", group="felaktigt_format")
        return content
    try:
        found = _members(parse(raw, limit=_BODY_LIMIT))
    except XmlRefused:
        raise LadokError(400, "XML kan inte läsas.", group="felaktigt_format") from None
    return found if isinstance(found, dict) else {}


def _members(node: Element) -> Any:
    if len(node) == 0:
        return (node.text or "").strip()
    content: Body = {}
    for child in node:
        name = str(child.tag).rpartition("}")[2]
        value = _members(child)
        if name in content:
            before = content[name]
            content[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            content[name] = value
    return content


def wants_json(accept: str, service: str) -> bool:
    """Which form is wanted: the first one named that there is. Raises LadokError when there is none."""
    wanted = [each.partition(";")[0].strip().lower() for each in accept.split(",") if each.strip()]
    if not wanted:
        return False
    for each in wanted:
        if each in (
            f"application/vnd.ladok-{service}+json",
            "application/vnd.ladok+json",
            "application/json",
        ):
            return True
        if each in (
            f"application/vnd.ladok-{service}+xml",
            "application/vnd.ladok+xml",
            "application/xml",
            "text/xml",
            "*/*",
            "application/*",
        ):
            return False
    raise LadokError(406, f"Ingen av medietyperna finns: {accept}", group="felaktigt_format")


def written(answer: Answer, service: str, *, as_json: bool) -> tuple[str, bytes]:
    """The content type and the body of an answer."""
    if answer.raw_json is not None:
        return "application/json;charset=UTF-8", json.dumps(answer.raw_json, ensure_ascii=False).encode()
    if answer.entity is None:
        return "", b""
    if as_json:
        return f"application/vnd.ladok-{service}+json;charset=UTF-8", to_json(answer.entity, answer.links)
    body = to_xml(answer.root, answer.entity, answer.links)
    return f"application/vnd.ladok-{service}+xml;charset=UTF-8", body


def error_answer(error: LadokError, error_uid: str) -> Answer:
    """A `LadokException`."""
    words: dict[str, str | None] = {"Felgrupp": error.group, "Felkategori": error.category}
    keys = {"Felgrupp": "commons.fel.grupp.", "Felkategori": "commons.fel.kategori."}
    named = {name: keys[name] + word if word else None for name, word in words.items()}
    texts = {name: _TEXTS.get(word, word) if word else None for name, word in words.items()}
    entity = Obj(
        [
            ("base:Detaljkod", error.detail),
            (
                "base:DetaljkodText",
                "Unik identifierare" if error.detail == "commons.domain.uid" else error.detail,
            ),
            ("base:FelUID", error_uid),
            ("base:Felgrupp", named["Felgrupp"]),
            ("base:FelgruppText", texts["Felgrupp"]),
            ("base:Felkategori", named["Felkategori"]),
            ("base:FelkategoriText", texts["Felkategori"]),
            ("base:Meddelande", error.message),
        ]
    )
    return Answer("base:LadokException", entity, error.status)
