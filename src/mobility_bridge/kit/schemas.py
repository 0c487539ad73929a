"""Which schema a document claims, and whether it keeps it.

Schemas are found by target name space, not by location: `xs:import` is answered from the same folder
whatever its `schemaLocation` says, so nothing is ever downloaded and the operator may point at a folder of
the published originals instead of ours. They are compiled when first needed, once per thread: one compiled
schema shared by threads mixes up their messages.

Two voices. libxml2 decides, because it is fast and was never seen to accept what is wrong. It is too strict
in one point, white space around dates, which is worked round here. xmlschema explains, because it names
rule and expectation; it may not overrule.
"""

import copy
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from lxml import etree

from mobility_bridge.kit import xml
from mobility_bridge.kit.xml import Element

MAX_PROBLEMS: Final = 50
"""A broken document repeats itself; nobody reads the fifty-first line."""

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_SITE: Final = "https://github.com/erasmus-without-paper"
_SCHEME: Final = "schema-of:"
_EXPLAIN_LIMIT: Final = 64 * 1024 * 1024
_XML_SPACE: Final = " \t\r\n"
_NOT_A_DATE: Final = re.compile(
    r"atomic type 'xs:(?:date|dateTime|time|gYear|gYearMonth|gMonth|gMonthDay|gDay)'"
)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_STEP: Final = re.compile(r"/([^/\[]+)(?:\[(\d+)\])?")


class DocumentKind(NamedTuple):
    """Which document a root element announces: API and version of the specification, and the endpoint."""

    api: str
    version: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One thing that a schema forbids.

    `line` counts from 1. `path` is the way from the root, each step a local name with its position among
    its namesakes: `/iias-get-response/iia[2]/partner[1]/hei-id`.
    """

    line: int | None
    path: str | None
    message: str


_LAS: Final = "ewp-specs-api-omobility-las/blob/stable-v1"
_LA_CNR: Final = "ewp-specs-api-omobility-la-cnr"

# What is said of students: name space after the site, root element, and what it is.
_OF_STUDENTS: Final = (
    (f"{_LAS}/manifest-entry.xsd", "omobility-las", "omobility-las", "1.2.0", "manifest-entry"),
    (f"{_LAS}/endpoints/get-response.xsd", "omobility-las-get-response", "omobility-las", "1.2.0", "get"),
    (f"{_LAS}/endpoints/index-response.xsd", "omobility-las-index-response", "omobility-las", "1.2.0", "index"),
    (f"{_LAS}/endpoints/update-request.xsd", "omobility-las-update-request", "omobility-las", "1.2.0", "update-request"),
    (f"{_LAS}/endpoints/update-response.xsd", "omobility-las-update-response", "omobility-las", "1.2.0", "update-response"),
    (f"{_LAS}/endpoints/stats-response.xsd", "las-outgoing-stats-response", "omobility-las", "1.2.0", "stats"),
    (f"{_LA_CNR}/blob/stable-v1/manifest-entry.xsd", "omobility-la-cnr", "omobility-la-cnr", "1.1.0", "manifest-entry"),
    (f"{_LA_CNR}/tree/stable-v1", "omobility-la-cnr-response", "omobility-la-cnr", "1.1.0", "response"),
    (f"{_LA_CNR}/tree/stable-v1/endpoints/stats-response.xsd", "las-incoming-stats-response", "omobility-la-cnr", "1.1.0", "stats"),
    ("ewp-specs-api-omobilities/blob/stable-v3/manifest-entry.xsd", "omobilities", "omobilities", "3.0.0", "manifest-entry"),
    ("ewp-specs-api-omobilities/blob/stable-v3/endpoints/get-response.xsd", "omobilities-get-response", "omobilities", "3.0.0", "get"),
    ("ewp-specs-api-omobilities/blob/stable-v3/endpoints/index-response.xsd", "omobilities-index-response", "omobilities", "3.0.0", "index"),
    ("ewp-specs-api-omobilities/blob/stable-v3/endpoints/update-request.xsd", "omobilities-update-request", "omobilities", "3.0.0", "update-request"),
    ("ewp-specs-api-omobilities/blob/stable-v3/endpoints/update-response.xsd", "omobilities-update-response", "omobilities", "3.0.0", "update-response"),
    ("ewp-specs-api-omobilities/blob/stable-v2/endpoints/get-response.xsd", "omobilities-get-response", "omobilities", "2.0.0", "get"),
    ("ewp-specs-api-omobility-cnr/blob/stable-v2/manifest-entry.xsd", "omobility-cnr", "omobility-cnr", "2.0.0", "manifest-entry"),
    ("ewp-specs-api-omobility-cnr/tree/stable-v2", "omobility-cnr-response", "omobility-cnr", "2.0.0", "response"),
    ("ewp-specs-api-omobility-stats/blob/stable-v1/manifest-entry.xsd", "omobility-stats", "omobility-stats", "1.0.0", "manifest-entry"),
    ("ewp-specs-api-omobility-stats/tree/stable-v1", "omobility-stats-response", "omobility-stats", "1.0.0", "response"),
    ("ewp-specs-api-imobilities/blob/stable-v2/manifest-entry.xsd", "imobilities", "imobilities", "2.0.0", "manifest-entry"),
    ("ewp-specs-api-imobilities/blob/stable-v2/endpoints/get-response.xsd", "imobilities-get-response", "imobilities", "2.0.0", "get"),
    ("ewp-specs-api-imobility-cnr/blob/stable-v2/manifest-entry.xsd", "imobility-cnr", "imobility-cnr", "2.0.0", "manifest-entry"),
    ("ewp-specs-api-imobility-cnr/tree/stable-v2", "imobility-cnr-response", "imobility-cnr", "2.0.0", "response"),
    ("ewp-specs-api-imobility-tors/blob/stable-v3/manifest-entry.xsd", "imobility-tors", "imobility-tors", "3.0.0", "manifest-entry"),
    ("ewp-specs-api-imobility-tors/blob/stable-v3/endpoints/get-response.xsd", "imobility-tors-get-response", "imobility-tors", "3.0.0", "get"),
    ("ewp-specs-api-imobility-tors/blob/stable-v3/endpoints/index-response.xsd", "imobility-tors-index-response", "imobility-tors", "3.0.0", "index"),
    ("ewp-specs-api-imobility-tors/blob/stable-v2/endpoints/get-response.xsd", "imobility-tors-get-response", "imobility-tors", "2.0.0", "get"),
    ("ewp-specs-api-imobility-tor-cnr/blob/stable-v2/manifest-entry.xsd", "imobility-tor-cnr", "imobility-tor-cnr", "2.0.0", "manifest-entry"),
    ("ewp-specs-api-imobility-tor-cnr/tree/stable-v2", "imobility-tor-cnr-response", "imobility-tor-cnr", "2.0.0", "response"),
    ("ewp-specs-api-imobility-tor-stats/blob/stable-v1/manifest-entry.xsd", "imobility-tor-stats", "imobility-tor-stats", "1.0.0", "manifest-entry"),
    ("ewp-specs-api-imobility-tor-stats/tree/stable-v1", "imobility-tor-stats-response", "imobility-tor-stats", "1.0.0", "response"),
)  # fmt: skip


def _kinds() -> Iterator[tuple[str, DocumentKind]]:
    for api, major, version, entry in (
        ("iias", 7, "7.0.0", "iias"),
        ("iias", 6, "6.3.0", "iias"),
        ("iia-cnr", 3, "3.0.0", "iia-cnr"),
        ("iias-approval", 2, "2.0.0", "iias-approval"),
        ("iia-approval-cnr", 2, "2.0.0", "iia-approval-cnr"),
        ("echo", 2, "2.0.1", "echo"),
        ("discovery", 6, "6.0.0", "discovery"),
    ):
        repository = f"{_SITE}/ewp-specs-api-{api}"
        yield (
            f"{{{repository}/blob/stable-v{major}/manifest-entry.xsd}}{entry}",
            DocumentKind(api, version, "manifest-entry"),
        )
        if api == "iias":
            for endpoint in ("get", "index", "stats"):
                yield (
                    f"{{{repository}/blob/stable-v{major}/endpoints/{endpoint}-response.xsd}}iias-{endpoint}-response",
                    DocumentKind(api, version, endpoint),
                )
        else:
            root = {"echo": "response", "discovery": "manifest"}.get(api, f"{api}-response")
            yield (
                f"{{{repository}/tree/stable-v{major}}}{root}",
                DocumentKind(api, version, "manifest" if api == "discovery" else "response"),
            )
    yield (
        f"{{{_SITE}/ewp-specs-api-registry/tree/stable-v1}}catalogue",
        DocumentKind("registry", "1.5.0", "catalogue"),
    )
    yield (
        f"{{{_SITE}/ewp-specs-architecture/blob/stable-v1/common-types.xsd}}error-response",
        DocumentKind("architecture", "1.16.0", "error"),
    )
    for namespace, root, api, version, endpoint in _OF_STUDENTS:
        yield f"{{{_SITE}/{namespace}}}{root}", DocumentKind(api, version, endpoint)


KINDS: Final[Mapping[str, DocumentKind]] = dict(_kinds())
"""Every root element that this program knows, by qualified name."""


def describe_root(qname: str) -> DocumentKind | None:
    """Say which document a root element (`{namespace}local`) announces; None for a stranger."""
    return KINDS.get(qname)


def default_root() -> Path:
    """Find the schemas: inside the installed package, else in the checkout around it."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_schemas"
    return installed if installed.is_dir() else package.parent.parent / "schemas"


_ONE_COMPILES = threading.Lock()
"""libxml2 has one loader for what is imported, in the whole process: lxml puts its own there while a schema is
compiled and the former one back afterwards. Of two threads at it, the first to end takes the loader from the
other, whose imports are then not found; very seldom, and only on a busy machine.
"""


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.compiled: dict[str, etree.XMLSchema] = {}
        self.explainers: dict[str, Any] = {}


class SchemaSet:
    """The schemas of one folder, compiled when needed.

    One object serves all threads; each has its own compiled copies behind it.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or default_root()
        self._mine = _PerThread()

    def is_known_root(self, qname: str) -> bool:
        """Say whether a document with this root element can be validated here."""
        return qname in KINDS and etree.QName(qname).namespace in self._paths

    def validate(self, tree: Element, expected_root: str | None = None) -> tuple[SchemaProblem, ...]:
        """Judge a tree that came from `kit.xml`; an empty result means valid.

        Shape:   in document order, at most `MAX_PROBLEMS`. A root that is not `expected_root`, or that no
                 schema here knows, is the only problem then: a schema by itself accepts any of its global
                 elements as a root.
        """
        tag = tree.tag
        if expected_root is not None and tag != expected_root:
            return (SchemaProblem(_line(tree), f"/{_local(tag)}", _wrong_root(tag, expected_root)),)
        schema = self._compiled(tag)
        if schema is None:
            return (SchemaProblem(_line(tree), f"/{_local(tag)}", f"no schema for root element {tag}"),)
        if schema.validate(tree):
            return ()
        return _judge_again(schema, tree)

    def explain(self, document: bytes) -> tuple[SchemaProblem, ...]:
        """Say at length what is wrong with a document; slow, for people. Empty when it is valid.

        The verdict and the fallback are those of `validate`; bytes that are no XML are one problem, too.
        """
        try:
            tree = xml.parse(document, limit=_EXPLAIN_LIMIT)
        except xml.XmlRefused as refused:
            return (SchemaProblem(refused.line, None, refused.message),)
        found = self.validate(tree)
        if not found or self._compiled(tree.tag) is None:
            return found
        return self._explained(tree) or found

    def _explained(self, tree: Element) -> tuple[SchemaProblem, ...]:
        import xmlschema  # noqa: PLC0415 - a third of a second to import, needed by people only

        try:
            schema = self._explainer(etree.QName(tree).namespace or "")
            problems = []
            for error in schema.iter_errors(tree):
                problems.append(_from_xmlschema(error, tree))
                if len(problems) == MAX_PROBLEMS:
                    break
        except xmlschema.XMLSchemaException:
            # It throws on an unknown xsi:type and the like: a document must not be able to stop us.
            return ()
        return tuple(problems)

    def _explainer(self, namespace: str) -> Any:
        import xmlschema  # noqa: PLC0415 - see above

        if namespace not in self._mine.explainers:
            self._mine.explainers[namespace] = xmlschema.XMLSchema(
                str(self._paths[namespace]),
                locations={each: str(self._paths[each]) for each in self._closure(namespace)},
                allow="local",
            )
        return self._mine.explainers[namespace]

    def _compiled(self, qname: str) -> etree.XMLSchema | None:
        schema = self._mine.compiled.get(qname)
        if schema is None and self.is_known_root(qname):
            with _ONE_COMPILES:
                schema = self._compile(etree.QName(qname).namespace or "")
            self._mine.compiled[qname] = schema
        return schema

    def _compile(self, namespace: str) -> etree.XMLSchema:
        sources = self._closure(namespace)
        parser = etree.XMLParser(no_network=True, resolve_entities=False)
        parser.resolvers.add(_ByNamespace(sources))
        return etree.XMLSchema(
            etree.fromstring(sources[namespace], parser, base_url=_SCHEME + namespace),
        )

    def _closure(self, namespace: str) -> dict[str, bytes]:
        """Collect the schema of `namespace` and all that it imports, with locations that stay in this folder."""
        sources: dict[str, bytes] = {}
        waiting = [namespace]
        while waiting:
            current = waiting.pop()
            if current not in sources:
                sources[current], imported = _rewritten(self._paths[current], self._paths)
                waiting.extend(imported)
        return sources

    @cached_property
    def _paths(self) -> Mapping[str, Path]:
        """Map each target name space to the file that states it; where two do, the last one by name."""
        found: dict[str, Path] = {}
        for path in sorted(self._root.rglob("*.xsd")):
            namespace = _schema_file(path).get("targetNamespace")
            if namespace:
                found[namespace] = path
        return found


class _ByNamespace(etree.Resolver):
    def __init__(self, sources: Mapping[str, bytes]) -> None:
        super().__init__()
        self._sources = sources

    # The published stubs forget the third parameter.
    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]  # noqa: ARG002
        source = self._sources.get(system_url.removeprefix(_SCHEME))
        return None if source is None else self.resolve_string(source, context, base_url=system_url)


def _schema_file(path: Path) -> Element:
    # From memory: reading a file would use the loader, too (see `_ONE_COMPILES`).
    return etree.fromstring(path.read_bytes(), etree.XMLParser(no_network=True, resolve_entities=False))


def _rewritten(path: Path, known: Mapping[str, Path]) -> tuple[bytes, list[str]]:
    """Read a schema and send its imports to our resolver; return it with the name spaces that it imports."""
    root = _schema_file(path)
    imported = []
    for node in root.iterchildren(f"{_XS}import"):
        namespace = str(node.get("namespace"))
        node.attrib.pop("schemaLocation", "")
        if namespace in known:
            node.set("schemaLocation", _SCHEME + namespace)
            imported.append(namespace)
    for node in root.iterchildren(f"{_XS}include"):
        node.set("schemaLocation", (path.parent / str(node.get("schemaLocation"))).as_uri())
    return etree.tostring(root), imported


def _judge_again(schema: etree.XMLSchema, tree: Element) -> tuple[SchemaProblem, ...]:
    """Turn libxml2's rejection into problems, after taking back the ones that it gets wrong.

    White space around a date is legal, because it collapses before the value is read; libxml2 rejects it.
    """
    own = tree if tree.getparent() is None else copy.deepcopy(tree)
    if own is not tree:
        schema.validate(own)
    padded = [entry.path for entry in _entries(schema) if _NOT_A_DATE.search(entry.message)]
    if padded:
        own = copy.deepcopy(own)
        stripped = [_strip(node) for path in padded if (node := _node_at(own, path)) is not None]
        if any(stripped) and schema.validate(own):
            return ()
    return tuple(
        _from_libxml2(entry, own) for entry, _ in zip(_entries(schema), range(MAX_PROBLEMS), strict=False)
    )


def _entries(schema: etree.XMLSchema) -> Iterable[Any]:
    return cast("Iterable[Any]", schema.error_log)


def _node_at(root: Element, path: str | None) -> Element | None:
    """Find the element that libxml2 means: `/*/p:name[2]`, prefixes as written in the document.

    Not an XPath for us to evaluate, since one prefix may stand for several name spaces within a document.
    """
    steps = [match.groups() for match in _STEP.finditer(path or "")]
    node: Element | None = root if steps else None
    for name, position in steps[1:]:
        if node is None:
            break
        namesakes = [child for child in node if name in ("*", _as_written(child))]
        at = int(position or 1) - 1
        node = namesakes[at] if at < len(namesakes) else None
    return node


def _as_written(node: Element) -> str:
    return f"{node.prefix}:{_local(node.tag)}" if node.prefix else _local(node.tag)


def _strip(node: Element) -> bool:
    text = node.text or ""
    node.text = text.strip(_XML_SPACE)
    return node.text != text


def _from_libxml2(entry: Any, tree: Element) -> SchemaProblem:
    node = _node_at(tree, entry.path)
    own = "{" + (etree.QName(tree).namespace or "") + "}"
    message = _without_values(str(entry.message).strip().replace(own, ""), node, tree)
    return SchemaProblem(entry.line or None, None if node is None else _way_to(node), message)


def _from_xmlschema(error: Any, tree: Element) -> SchemaProblem:
    child = getattr(error, "invalid_child", None)
    node: Element = next((each for each in (child, error.elem) if each is not None), tree)
    own = "{" + (etree.QName(tree).namespace or "") + "}"
    message = " ".join(str(error.reason or error.message).split()).replace(own, "")
    message = _without_values(message, node, tree)
    return SchemaProblem(_line(node), _way_to(node), message)


def _without_values(message: str, node: Element | None, tree: Element) -> str:
    """A message about a document on students without what the validator quotes of it: somebody's name, perhaps."""
    name = tree.tag.removeprefix("{" + _SITE)
    if not any(name.startswith(f"/{space}}}") for space, *_ in _OF_STUDENTS):
        return message
    if node is None:
        return _QUOTED.sub("'***'", message)
    values = [node.text or "", *map(str, node.attrib.values()), *(each.text or "" for each in node.iter())]
    for value in sorted(
        {form for each in values for form in (each, " ".join(each.split()))}, key=len, reverse=True
    ):
        if value.strip():
            message = message.replace(f"'{value}'", "'***'").replace(f'"{value}"', "'***'")
    return message


def _way_to(node: Element) -> str:
    steps = []
    for each in (node, *node.iterancestors()):
        name = _local(each.tag)
        namesakes = [] if (parent := each.getparent()) is None else [c for c in parent if c.tag == each.tag]
        steps.append(f"{name}[{namesakes.index(each) + 1}]" if len(namesakes) > 1 else name)
    return "/" + "/".join(reversed(steps))


def _line(node: Element) -> int | None:
    return cast("int | None", node.sourceline)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _wrong_root(found: str, expected: str) -> str:
    return f"root element is {found}, expected {expected}"
