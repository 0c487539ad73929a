"""New documents: the root with its prefixes, and the layout in which we serve."""

from typing import cast

from lxml import etree

from mobility_bridge.kit.xml import Element


def new_document(root: str, **prefixes: str) -> Element:
    """Make a root element called `root`; its namespace is the default one, `prefixes` are the others."""
    namespaces = {None: etree.QName(root).namespace} | cast("dict[None, str]", prefixes)
    return etree.Element(root, nsmap=cast("dict[str, str]", namespaces))


def finished(root: Element) -> bytes:
    """Write a document: UTF-8 with a declaration, indented by two blanks, no unused prefixes."""
    etree.cleanup_namespaces(root)
    etree.indent(root, space="  ")
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
