"""One description of an entity, written as XML or as JSON: Ladok shows the same thing in both.

A member is (name, value) or (name, value, JSON name). The name has a prefix: `si:Efternamn`. `Wrapper/Item`
is a list inside an element of its own, `Item*` repeats the element without one; JSON knows the first name.
What is None is left out.

Source: Ladok: representations (prefixes, name spaces, the members that differ between XML and JSON).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, Final, TypeAlias

BASE: Final = "http://schemas.ladok.se"
NAMESPACES: Final = {
    "base": BASE,
    "dap": f"{BASE}/dap",
    "events": f"{BASE}/events",
    "ki": f"{BASE}/kataloginformation",
    "si": f"{BASE}/studentinformation",
    "sd": f"{BASE}/studiedeltagande",
    "rr": f"{BASE}/resultat",
    "ui": f"{BASE}/utbildningsinformation",
    "at": f"{BASE}/at",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Names:
    """A text in Swedish and in English."""

    sv: str
    en: str


@dataclass(frozen=True, slots=True)
class Json:
    """A value that XML writes as a plain text and JSON in another way."""

    text: str
    json: Any


Scalar: TypeAlias = str | bool | int | date | Json
Value: TypeAlias = "Scalar | Names | Obj | Sequence[Scalar | Obj] | None"
Member: TypeAlias = "tuple[str, Value] | tuple[str, Value, str]"


@dataclass(frozen=True, slots=True)
class Obj:
    """An element with children. `links`: JSON shows the list of links, which is always empty for a part."""

    members: Sequence[Member]
    xsi_type: str | None = None
    links: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """What can be done with an entity, and where."""

    method: str
    uri: str
    media_type: str
    rel: str


def to_xml(root: str, entity: Obj, links: Iterable[Link] = ()) -> bytes:
    """A document that declares its own prefix, `base` and `dap`."""
    return (HEAD + element(root, entity, [*_declared(root), *_more(entity)], links) + "\n").encode()


def event_xml(root: str, entity: Obj) -> str:
    """An event as it stands inside the feed: it declares four prefixes, used or not."""
    return element(root, entity, [*_declared(root), "events"])


def element(root: str, entity: Obj, declared: Sequence[str] = (), links: Iterable[Link] = ()) -> str:
    names = "".join(f' xmlns:{each}="{NAMESPACES[each]}"' for each in dict.fromkeys(declared))
    inside = "".join(_link(each) for each in links) + "".join(map(_member, entity.members))
    return f"<{root}{names}{_type(entity, declared)}>{inside}</{root}>" if inside else f"<{root}{names}/>"


def to_json(entity: Obj, links: Iterable[Link] = ()) -> bytes:
    """The same as JSON, with the links."""
    content = {**_dict(entity), "link": [_link_dict(each) for each in links]}
    return json.dumps(content, ensure_ascii=False).encode()


def _declared(root: str) -> list[str]:
    return [root.partition(":")[0], "base", "dap"]


def _more(entity: Obj) -> Iterator[str]:
    """Prefixes of the whole document beside the usual three."""
    used = {name for name in _prefixes(entity) if name in ("at", "ar", "rr", "ui", "ki")}
    yield from sorted(used)
    if _typed(entity):
        yield "xsi"


def _prefixes(entity: Obj) -> Iterator[str]:
    for member in entity.members:
        yield member[0].partition(":")[0]
        for part in _parts(member[1]):
            yield from _prefixes(part)


def _typed(entity: Obj) -> bool:
    return entity.xsi_type is not None or any(
        _typed(part) for member in entity.members for part in _parts(member[1])
    )


def _parts(value: Value) -> Iterator[Obj]:
    if isinstance(value, Obj):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from (each for each in value if isinstance(each, Obj))


def _type(entity: Obj, declared: Sequence[str]) -> str:
    if entity.xsi_type is None:
        return ""
    own = "" if "xsi" in declared else f' xmlns:xsi="{NAMESPACES["xsi"]}"'
    return f'{own} xsi:type="{entity.xsi_type}"'


def _member(member: Member) -> str:
    name, value = member[0], member[1]
    if value is None:
        return ""
    if isinstance(value, Names):
        return f"<{name}>{_language('sv', value.sv)}{_language('en', value.en)}</{name}>"
    if name.endswith("*"):
        return "".join(_single(name[:-1], each) for each in _sequence(value))
    if "/" in name:
        wrapper, _, item = name.partition("/")
        prefix = wrapper.partition(":")[0]
        inside = "".join(_single(f"{prefix}:{item}", each) for each in _sequence(value))
        return f"<{wrapper}>{inside}</{wrapper}>" if inside else f"<{wrapper}/>"
    assert isinstance(value, str | bool | int | date | Json | Obj)
    return _single(name, value)


def _sequence(value: Value) -> Sequence[Scalar | Obj]:
    assert isinstance(value, Sequence)
    assert not isinstance(value, str)
    return value


def _single(name: str, value: Scalar | Obj) -> str:
    if isinstance(value, Obj):
        return element(name, value)
    return f"<{name}>{escape(_text(value), quote=False)}</{name}>"


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return value.text if isinstance(value, Json) else str(value)


def _language(code: str, text: str) -> str:
    return (
        f"<base:Benamning><base:Sprakkod>{code}</base:Sprakkod>"
        f"<base:Text>{escape(text, quote=False)}</base:Text></base:Benamning>"
    )


def _link(link: Link) -> str:
    return (
        f'<dap:link method="{link.method}" uri="{escape(link.uri)}" '
        f'mediaType="{link.media_type}" rel="{link.rel}"/>'
    )


def _link_dict(link: Link) -> dict[str, str]:
    return {"method": link.method, "uri": link.uri, "mediaType": link.media_type, "rel": link.rel}


def _dict(entity: Obj) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for member in entity.members:
        value = member[1]
        if value is None:
            continue
        name = member[2] if len(member) == 3 else member[0].partition(":")[2].partition("/")[0].rstrip("*")
        content[name] = _plain(value)
    return content


def _plain(value: Any) -> Any:
    if isinstance(value, Names):
        return {"sv": value.sv, "en": value.en}
    if isinstance(value, Obj):
        inside = _dict(value)
        return {**inside, "link": []} if value.links else inside
    if isinstance(value, Json):
        return value.json
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
