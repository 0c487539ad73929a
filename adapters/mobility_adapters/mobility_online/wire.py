"""Bound by the WSDL: names, order and shape come from it, so that another one can take its place.

zeep reads the WSDL and builds envelopes. Answers are matched by local name against the shape that the WSDL
states (what is a list, what has parts), and their texts are left as texts: zeep turns a number that is none
into nothing, and nothing must never stand for a damaged value.

Source: Mobility-Online: transport; assumed services, rules 1, 3 and 4.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from lxml import etree
from zeep import Settings, xsd
from zeep.exceptions import Error as ZeepError
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap12Binding

from mobility_adapters.mobility_online.document import SYSTEM
from mobility_adapters.mobility_online.values import Argument, Raw
from mobility_bridge.errors import InvalidDocument, NotOffered
from mobility_bridge.kit.xml import Element

_XSI_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@dataclass(frozen=True, slots=True)
class Shape:
    """What an element may be: repeated or not, and its parts by local name; None where it holds text."""

    many: bool
    parts: Mapping[str, "Shape"] | None


class BoundService:
    """One service as its WSDL states it."""

    def __init__(self, name: str, address: str | None, operations: Mapping[str, Any]) -> None:
        self.name = name
        self.address = address
        self._operations = operations

    @property
    def operations(self) -> frozenset[str]:
        return frozenset(self._operations)

    def content_type(self, operation: str) -> str:
        action = self._operation(operation).soapaction or f"urn:{operation}"
        return f'application/soap+xml; charset=UTF-8; action="{action}"'

    def envelope(self, operation: str, arguments: Mapping[str, Argument]) -> bytes:
        """Build a call with every argument of the operation, nil where we have nothing to say.

        Raises:  NotOffered when the operation, or an argument that we need, is not in the WSDL.
        """
        found = self._operation(operation)
        names = [name for name, _ in found.input.body.type.elements]
        strange = sorted(set(arguments) - set(names))
        if strange:
            raise NotOffered(
                f"{self.name}.{operation} does not take {', '.join(strange)}.", system=SYSTEM, reason="no_api"
            )
        message = found.create(**{name: _sent(arguments.get(name)) for name in names}).content
        return etree.tostring(message, xml_declaration=True, encoding="UTF-8")

    def answer(self, operation: str, body: Element) -> list[Raw | str]:
        """Take the `return` elements out of an answer's SOAP body; nil ones, and a single empty one, are none.

        Raises:  InvalidDocument when there is no `return` at all, or more than the WSDL allows.
        """
        wrapper = next(iter(body), None)
        expected = self._operation(operation).output.body.qname.localname
        path = f"/Envelope/Body/{expected}"
        if wrapper is None or _local(wrapper) != expected:
            found = "nothing" if wrapper is None else _local(wrapper)
            raise _invalid(f"The body holds {found}, expected {expected}.", path, body)
        returns = [child for child in wrapper if _local(child) == "return"]
        if not returns:
            raise _invalid(f"The answer of {operation} has no return element.", f"{path}/return", wrapper)
        shape = self._shape(operation)
        if len(returns) > 1 and not shape.many:
            raise _invalid(f"{len(returns)} return elements, expected one.", f"{path}/return[2]", returns[1])
        if len(returns) == 1 and len(returns[0]) == 0 and not (returns[0].text or "").strip():
            return []
        return [_value(each, shape, f"{path}/return") for each in returns if not _nil(each)]

    def _shape(self, operation: str) -> Shape:
        for name, element in self._operation(operation).output.body.type.elements:
            if name == "return":
                return _shape(element, frozenset())
        raise NotOffered(f"{self.name}.{operation} returns nothing.", system=SYSTEM, reason="no_api")

    def _operation(self, operation: str) -> Any:
        found = self._operations.get(operation)
        if found is None:
            raise NotOffered(
                f"{self.name} has no operation {operation}.",
                system=SYSTEM,
                reason="no_api",
                next_step="Run: mobility-bridge status",
            )
        return found


def bind(service: str, url: str, load: Callable[[str], bytes]) -> BoundService:
    """Read a WSDL. `load` fetches it, and the schemas that it imports. Blocks: call it in a thread.

    Raises:  InvalidDocument for what is no usable WSDL; whatever `load` raises.
    """
    try:
        document = Document(
            url, cast("Any", _Loader(load)), settings=Settings(forbid_dtd=True, forbid_entities=True)
        )
    except (
        ZeepError,
        etree.LxmlError,
        LookupError,
        ValueError,
        NotImplementedError,
        AttributeError,
    ) as error:
        raise InvalidDocument(
            f"The WSDL of {service} cannot be used: {error}", system=SYSTEM, reason="schema"
        ) from error
    port = _port(document, service)
    if port is None:
        raise InvalidDocument(
            f"The WSDL of {service} has no SOAP 1.2 port.",
            system=SYSTEM,
            reason="content",
            path="/definitions/service",
        )
    return BoundService(service, port.binding_options.get("address"), dict(port.binding._operations))  # noqa: SLF001 - zeep has no other list


def _sent(value: Argument) -> Any:
    """The same, with zeep's word for nil."""
    if value is None:
        return xsd.Nil
    if isinstance(value, Mapping):
        return {name: _sent(part) for name, part in value.items()}
    return value if isinstance(value, str | int) else [_sent(each) for each in value]


def _port(document: Any, service: str) -> Any:
    ports = [port for each in document.services.values() for port in each.ports.values()]
    ports = [port for port in ports if isinstance(port.binding, Soap12Binding)]
    named = [port for port in ports if port.name == f"{service}HttpsSoap12Endpoint"]
    return next(iter(named or ports), None)


class _Loader:
    """What zeep asks of a transport while it reads a WSDL."""

    def __init__(self, load: Callable[[str], bytes]) -> None:
        self.load = load


def _shape(element: Any, seen: frozenset[int]) -> Shape:
    parts = getattr(element.type, "elements", None)
    if not parts or id(element.type) in seen:
        return Shape(element.accepts_multiple, None)
    within = seen | {id(element.type)}
    return Shape(element.accepts_multiple, {name: _shape(part, within) for name, part in parts})


def _value(element: Element, shape: Shape, path: str) -> Raw | str:
    if shape.parts is None:
        return element.text or ""
    found: dict[str, Any] = {name: [] for name, part in shape.parts.items() if part.many}
    for child in element:
        name = _local(child)
        part = shape.parts.get(name)
        if part is None:
            continue
        value = None if _nil(child) else _text_of_wrapper(_value(child, part, f"{path}/{name}"), part)
        if part.many:
            found[name] += [value] if value is not None else []
        elif name in found:
            raise _invalid(f"{name} stands more than once.", f"{path}/{name}[2]", child)
        else:
            found[name] = value
    return found


def _text_of_wrapper(value: Raw | str, shape: Shape) -> Raw | str | None:
    """Axis2 wraps date-times in an object whose only part is the text."""
    if isinstance(value, str) or shape.parts is None or set(shape.parts) != {"dateTime"}:
        return value
    text = value.get("dateTime")
    return text if isinstance(text, str) else None


def _nil(element: Element) -> bool:
    return (element.get(_XSI_NIL) or "").strip() in ("true", "1")


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _invalid(message: str, path: str, element: Element) -> InvalidDocument:
    return InvalidDocument(
        message, system=SYSTEM, reason="content", path=path, line=cast("int | None", element.sourceline)
    )
