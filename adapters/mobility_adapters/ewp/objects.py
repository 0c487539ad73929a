"""The objects of a get response: each with its id, its place and a digest, read one by one.

An object that nobody can refer to, because it has no id, is a problem of the response; so is the second of two
with the same id, which is there all the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

from lxml import etree

from mobility_adapters.ewp.lenient import LenientReader
from mobility_adapters.ewp.reading import child, string_value, wrong_content
from mobility_bridge.domain.identifiers import OmobilityId, Sha256
from mobility_bridge.domain.problem import Problem
from mobility_bridge.kit.xml import Element


class Identified(Protocol):
    """What an object says, and of which mobility."""

    @property
    def omobility_id(self) -> OmobilityId: ...


Content = TypeVar("Content", bound=Identified)
Reader = TypeVar("Reader", bound=LenientReader)


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """One object of a response, undecoded.

    `omobility_id` is empty where there is none. `text_digest` covers all of the object as written and none of its
    neighbours; `position` counts from 0, `path` is the way to it.
    """

    omobility_id: OmobilityId
    text_digest: Sha256
    position: int
    path: str


@dataclass(frozen=True, slots=True)
class ReadObject(Generic[Content]):
    """One object of a response, with what is odd about it: its form first, then what it says."""

    facts: ObjectFacts
    content: Content
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectsResponse(Generic[Content]):
    """A response as read. `problems` are those of no single object."""

    objects: tuple[ReadObject[Content], ...]
    problems: tuple[Problem, ...] = ()


def read_objects(
    tree: Element,
    tag: str,
    reader: Callable[[], Reader],
    read: Callable[[Reader, Element], Content | None],
    judge: Callable[[Content, str], Iterable[Problem]],
) -> ObjectsResponse[Content]:
    """Read every object called `tag`, in document order, as far as it can be read.

    Shape:   `reader` makes a reader for each object, `read` gives None for one without an id (and says so),
             `judge` yields what the rules say of an object at a path.
    """
    facts = [each for _, each in objects_of(tree, tag)]
    found, problems = read_contents(tree, tag, reader, read, judge)
    return ObjectsResponse(
        tuple(ReadObject(facts[position], content, its) for position, content, its in found), problems
    )


def read_contents(
    tree: Element,
    tag: str,
    reader: Callable[[], Reader],
    read: Callable[[Reader, Element], Content | None],
    judge: Callable[[Content, str], Iterable[Problem]],
    *,
    noun: str = "an object",
) -> tuple[list[tuple[int, Content, tuple[Problem, ...]]], tuple[Problem, ...]]:
    """Read objects as `read_objects` does, without their digests: those take a part of the time.

    Shape:   each object's position, counted from 0, what it says, and its problems; then the problems of none.
             `noun` is what a problem calls an object.
    """
    found, whole, seen = [], LenientReader(), set()
    elements = list(tree.iterchildren(tag))
    for position, element in enumerate(elements):
        mine = reader()
        content = read(mine, element)
        if content is None:
            whole.problems.extend(mine.problems)
            continue
        if content.omobility_id in seen:
            whole.note("REPEATED", element, f"{noun} of this id comes before")
        seen.add(content.omobility_id)
        at = object_path(tree.tag, tag, position, len(elements))
        found.append((position, content, (*mine.problems, *judge(content, at))))
    for stranger in tree if len(tree) > len(elements) else ():
        if stranger.tag != tag:
            whole.passed_over(stranger)
    return found, tuple(whole.problems)


def objects_of(tree: Element, tag: str) -> Iterator[tuple[Element, ObjectFacts]]:
    """Yield the objects called `tag` with their facts, none of them decoded."""
    elements = list(tree.iterchildren(tag))
    id_tag = tag.rpartition("}")[0] + "}omobility-id"
    for position, element in enumerate(elements):
        named = child(element, id_tag)
        written = etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)
        yield (
            element,
            ObjectFacts(
                omobility_id=OmobilityId("" if named is None else string_value(named)),
                text_digest=Sha256(sha256(written).hexdigest()),
                position=position,
                path=object_path(tree.tag, tag, position, len(elements)),
            ),
        )


def object_path(root: str, tag: str, position: int, count: int) -> str:
    """Say where an object stands, or will stand: `/omobilities-get-response/student-mobility[2]`."""
    names = [each.rpartition("}")[2] for each in (root, tag)]
    return "/" + "/".join(names) + ("" if count == 1 else f"[{position + 1}]")


def read_object_at(
    tree: Element,
    tag: str,
    position: int,
    reader: Callable[[], Reader],
    read: Callable[[Reader, Element], Content | None],
) -> Content:
    """Read the object at `position` (from 0) of a stored response; its problems are known from the first reading.

    Raises:  InvalidDocument (content) where there is none, or none with an id.
    """
    elements = list(tree.iterchildren(tag))
    if not 0 <= position < len(elements):
        raise wrong_content(f"the document holds {len(elements)} objects, none at {position}", tree)
    content = read(reader(), elements[position])
    if content is None:
        raise wrong_content("the object has no omobility-id", elements[position])
    return content


def read_id(reader: LenientReader, element: Element, parts: Mapping[str, Element]) -> OmobilityId | None:
    """Read an object's id; None, and a problem, where there is nothing to refer to."""
    written = reader.text(element, parts, "omobility-id")
    if written == "":
        reader.note("MISSING", parts["omobility-id"], "omobility-id is empty")
    return OmobilityId(written) if written else None


def read_ids(tree: Element, tag: str) -> tuple[OmobilityId, ...]:
    """Read the ids of an index in its order, repetitions included. Raises InvalidDocument for an empty one."""
    ids = []
    for element in tree.iterchildren(tag):
        omobility_id = string_value(element)
        if not omobility_id:
            raise wrong_content("an omobility-id is empty", element)
        ids.append(OmobilityId(omobility_id))
    return tuple(ids)


def write_ids(root: Element, tag: str, omobility_ids: Iterable[OmobilityId]) -> None:
    for omobility_id in omobility_ids:
        etree.SubElement(root, tag).text = omobility_id
