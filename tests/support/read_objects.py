"""What the codecs of objects read, in the words of their tests."""

from collections.abc import Iterable
from typing import Any

from mobility_adapters.ewp.objects import ObjectsResponse
from mobility_adapters.ewp.reading import parse
from mobility_bridge.domain.problem import Problem
from mobility_bridge.kit.schemas import SchemaSet

SCHEMAS = SchemaSet()


def is_valid(document: bytes, root: str) -> bool:
    return SCHEMAS.validate(parse(document), root) == ()


def codes(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    return [(each.code, each.path) for each in problems]


def the_only(response: ObjectsResponse[Any]) -> tuple[Any, list[tuple[str, str]]]:
    (read,) = response.objects
    return read.content, codes(read.problems)


def changed(document: bytes, *changes: tuple[str, str]) -> bytes:
    text = document.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()
