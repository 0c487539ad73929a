"""Error documents and obstacles: codes are data, texts are for people and may name one, so they stay in evidence.

Source: Ladok: errors, obstacles, locking.
"""

import re
from collections.abc import Mapping
from typing import Final

from mobility_adapters.ladok.values import SYSTEM, Node, flag, names, read_answer, rows, text
from mobility_bridge.errors import InvalidDocument, Rejected, Unreachable
from mobility_bridge.kit.http import Answer
from mobility_bridge.ports.registry import Obstacle

CODES: Final = ("Felkategori", "Felgrupp", "Detaljkod", "FelUID")
_CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,120}")
_PAGE: Final = re.compile(rb"\s*(?:<!doctype\s+html|<html)", re.IGNORECASE)
_LIMIT: Final = 1 << 20
_CONTENT_TYPE: Final = "content-type"

ACTIVITIES: Final[Mapping[str, tuple[str, str]]] = {
    "handelser": ("90019", "uppfoljning.feeds"),
    "uppfoljning": ("90019", "uppfoljning.feeds"),
    "studiedeltagande": ("51001", "studiedeltagande.las"),
    "studentinformation": ("61001", "studentinformation.lasa"),
    "kataloginformation": ("11004", "kataloginformation.las"),
}
"""Which system activity a service needs, as far as it is known."""


def is_web_page(answer: Answer) -> bool:
    """Whether a page for people came in place of an answer."""
    kind = (answer.header(_CONTENT_TYPE) or "").partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml") or _PAGE.match(answer.body.data) is not None


def codes_of(answer: Answer) -> dict[str, str]:
    """The stable codes of an error document; none where the body is no such document."""
    if is_web_page(answer) or not answer.body.data:
        return {}
    try:
        said = read_answer(answer.body.data, answer.header(_CONTENT_TYPE) or "", limit=_LIMIT)
    except InvalidDocument:
        return {}
    found = {name: text(said, name) for name in CODES}
    return {name: code for name, code in found.items() if code and _CODE.fullmatch(code)}


def refusal(answer: Answer, service: str) -> Rejected:
    """A 3xx or 4xx as an error that carries its codes."""
    codes, status = codes_of(answer), answer.status or 0
    said = ", ".join(f"{name} {code}" for name, code in codes.items())
    return Rejected(
        f"Ladok answered {status} in {service}: {said or 'no error document'}.",
        system=SYSTEM,
        reason="http_3xx" if status < 400 else "http_4xx",
        status=status,
        codes=codes,
        next_step=_next_step(status, service, codes),
    )


def breakdown(answer: Answer, service: str) -> Unreachable:
    """A 5xx or 429 as an error; the id that Ladok's support searches for is named."""
    codes = codes_of(answer)
    uid = f" (FelUID {codes['FelUID']})" if "FelUID" in codes else ""
    return Unreachable(
        f"Ladok answered {answer.status} in {service}{uid}.",
        system=SYSTEM,
        reason="http_429" if answer.status == 429 else "http_5xx",
    )


def obstacles(node: Node) -> tuple[Obstacle, ...]:
    """What stands in the way, from a list of obstacles."""
    return tuple(
        Obstacle(
            key=text(row, "I18nNyckel") or "(no key)",
            stopping=flag(row, "Stoppande"),
            texts=_texts(row),
        )
        for row in rows(node, "Hinder")
    )


def _texts(row: Node) -> tuple[tuple[str, str], ...]:
    return names({"Benamningar": row.get("Text")})


def _next_step(status: int, service: str, codes: Mapping[str, str]) -> str | None:
    if status < 400:
        return "The session or a gateway is in the way; if it stays, ask Ladok's support."
    if status == 401:
        return "Check adapters.ladok.certificate, then run: mobility-bridge status"
    if status == 403:
        number, key = ACTIVITIES.get(service, ("", ""))
        needed = f" It needs systemaktivitet {number} ({key})." if number else ""
        return f"The certificate's user lacks a right.{needed} Ask the Ladok group of your university."
    uid = codes.get("FelUID")
    return f"Ladok's support can search for FelUID {uid}." if uid else None
