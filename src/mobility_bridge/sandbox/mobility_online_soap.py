"""SOAP 1.2 as Axis2 speaks it: calls read against our WSDL, answers and faults written by hand.

Source: Mobility-Online: transport (envelope), 1.7 (faults) and 6.3 (S2, S4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from lxml import etree

from mobility_bridge.kit import xml
from mobility_bridge.kit.schemas import default_root
from mobility_bridge.kit.xml import Element

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
_SOAP12: Final = "{http://schemas.xmlsoap.org/wsdl/soap12/}"
_NIL: Final = f"{{{XSI}}}nil"
_LIMIT: Final = 4 << 20

SERVICES: Final = (
    "GetApplicationDataService",
    "GetMasterDataService",
    "SetMasterDataService",
    "GetAgreementDataService",
)
ASSUMED: Final = frozenset({"GetAgreementDataService"})


class FaultError(Exception):
    """The call is answered with a SOAP fault: the caller's (`Sender`) or our own (`Receiver`)."""

    def __init__(self, code: Literal["Sender", "Receiver"], text: str) -> None:
        super().__init__(text)
        self.code: Literal["Sender", "Receiver"] = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Contract:
    """What one WSDL says: name spaces, and the arguments of each operation in order."""

    service: str
    document: bytes
    namespace: str
    bean_namespace: str
    operations: Mapping[str, tuple[str, ...]]

    def served_at(self, address: str) -> bytes:
        """The WSDL with the address at which the service really is."""
        root = xml.parse(self.document, limit=_LIMIT)
        for node in root.iter(f"{_SOAP12}address"):
            node.set("location", address)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its operation, each argument's text, None for nil, and those that have parts, as often as sent."""

    operation: str
    arguments: Mapping[str, str | None]
    beans: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)


@cache
def contract(service: str, folder: Path | None = None) -> Contract:
    """Read the WSDL of a service."""
    document = ((folder or default_root() / "mobility-online") / f"{service}.wsdl").read_bytes()
    root = xml.parse(document, limit=_LIMIT)
    schemas = {str(each.get("targetNamespace")): each for each in root.iter(f"{_XS}schema")}
    namespace = str(root.get("targetNamespace"))
    operations = [str(each.get("name")) for each in root.iterfind(f"{_WSDL}portType/{_WSDL}operation")]
    elements = {str(each.get("name")): each for each in schemas[namespace].iterchildren(f"{_XS}element")}
    return Contract(
        service,
        document,
        namespace,
        next(each for each in schemas if "bean" in each),
        {
            name: tuple(str(e.get("name")) for e in elements[name].iterdescendants(f"{_XS}element"))
            for name in operations
        },
    )


def read_call(body: bytes, known: Contract, *, strict: bool) -> Call:
    """Read one call.

    Shape:   strict: every argument of the WSDL is there, in its order; lenient: any of them, in any order.
    Raises:  FaultError.
    """
    try:
        envelope = xml.parse(body, limit=_LIMIT)
    except xml.XmlRefused as refused:
        raise FaultError("Sender", f"SIM-001: the request is not XML: {refused.message}") from None
    soap_body = envelope.find(f"{{{SOAP}}}Body") if envelope.tag == f"{{{SOAP}}}Envelope" else None
    wrapper = None if soap_body is None else next(iter(soap_body), None)
    if wrapper is None:
        raise FaultError("Sender", "SIM-002: there is no SOAP 1.2 envelope with a body")
    namespace, _, operation = wrapper.tag.removeprefix("{").rpartition("}")
    if namespace != known.namespace or operation not in known.operations:
        raise FaultError("Sender", f"SIM-003: {known.service} has no operation {operation}")
    arguments = _arguments(wrapper)
    wanted = known.operations[operation]
    strange = [name for name in arguments if name not in wanted]
    if strange:
        raise FaultError("Sender", f"SIM-004: {operation} does not take {strange[0]}")
    if strict and tuple(arguments) != wanted:
        absent = [name for name in wanted if name not in arguments]
        what = (
            f"lacks {absent[0]}; send nil for what is unused" if absent else "has its arguments out of order"
        )
        raise FaultError("Sender", f"SIM-005: {operation} {what}")
    return Call(operation, {name: arguments.get(name) for name in wanted}, _beans(wrapper))


def _beans(wrapper: Element) -> dict[str, tuple[Mapping[str, Any], ...]]:
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for child in wrapper:
        if len(child):
            name = child.tag.rpartition("}")[2]
            found[name] = (*found.get(name, ()), _bean(child))
    return found


def _bean(node: Element) -> dict[str, Any]:
    """The parts of an object: texts, None for nil, objects, and a list for what is repeated."""
    found: dict[str, Any] = {}
    for child in node:
        name = child.tag.rpartition("}")[2]
        nil = child.get(_NIL) in ("true", "1")
        value: Any = None if nil else _bean(child) if len(child) else (child.text or "")
        if name in found:
            before = found[name]
            value = [*before, value] if isinstance(before, list) else [before, value]
        found[name] = value
    return found


def _arguments(wrapper: Element) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for child in wrapper:
        name = child.tag.rpartition("}")[2]
        nil = child.get(_NIL) in ("true", "1")
        found[name] = None if nil else (child.text or "")
    return found


def write_answer(known: Contract, operation: str, returns: Sequence[Any]) -> bytes:
    """Write an answer with these `return` elements: None is nil, a mapping is a bean, the rest is text."""
    prefix = "ass" if known.service in ASSUMED else "ser"
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    nsmap = {prefix: known.namespace, "bean": known.bean_namespace, "xsi": XSI}
    wrapper = etree.SubElement(body, f"{{{known.namespace}}}{operation}Response", nsmap=nsmap)
    for value in returns:
        _add(wrapper, f"{{{known.namespace}}}return", known.bean_namespace, value)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def write_fault(fault: FaultError) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    node = etree.SubElement(etree.SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    code = etree.SubElement(node, f"{{{SOAP}}}Code")
    etree.SubElement(code, f"{{{SOAP}}}Value").text = f"soap:{fault.code}"
    reason = etree.SubElement(node, f"{{{SOAP}}}Reason")
    text = etree.SubElement(reason, f"{{{SOAP}}}Text")
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en-US")
    text.text = fault.text
    etree.SubElement(node, f"{{{SOAP}}}Detail")
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _add(parent: Element, tag: str, beans: str, value: Any) -> None:
    """Add one element. Axis2 writes the fields of a bean by name; a list is the element repeated."""
    if isinstance(value, (list, tuple)):
        for each in value:
            _add(parent, tag, beans, each)
        return
    node = etree.SubElement(parent, tag)
    if value is None:
        node.set(_NIL, "true")
    elif isinstance(value, Mapping):
        for name in sorted(value):
            _add(node, f"{{{beans}}}{name}", beans, value[name])
    else:
        node.text = text_of(value)


def text_of(value: Any) -> str:
    """A value as XML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
