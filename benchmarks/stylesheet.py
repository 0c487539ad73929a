"""The hashed text by way of an XSLT processor, checked against the hash vectors before anything is timed."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from lxml import etree
from saxonche import PySaxonApiError, PySaxonProcessor

HERE: Final = Path(__file__).resolve().parent
LITERAL: Final = HERE / "hash_text.xsl"
FAST: Final = HERE / "hash_text_fast.xsl"
VECTORS: Final = HERE.parent / "fixtures/ewp/iias/v7"
BETWEEN: Final = "\ue000"


class Stylesheet:
    """One stylesheet, compiled once. Those that write XML write one text an element; others part them."""

    def __init__(self, path: Path) -> None:
        self._saxon: Any = PySaxonProcessor(license=False)
        compiler = self._saxon.new_xslt30_processor()
        self._compiled: Any = compiler.compile_stylesheet(stylesheet_file=str(path))
        self._writes_xml = path != FAST

    def hashes(self, document: bytes) -> list[str]:
        """Hash a document in UTF-8."""
        return self._hashes(self._saxon.parse_xml(xml_text=document.decode()))

    def check(self) -> int:
        """Compare with every vector; returns how many. Raises AssertionError."""
        vectors = json.loads((VECTORS / "hash-vectors/vectors.json").read_text(encoding="utf-8"))
        for name, expected in vectors.items():
            found = self._hashes(self._from_file(VECTORS / "hash-vectors" / name))
            assert found == [each["sha256"] for each in expected], name
        broken = sorted((VECTORS / "hash-vectors-errors").glob("*.xml"))
        assert all(map(self._stops_at, broken))
        return len(vectors) + len(broken)

    def _hashes(self, node: object) -> list[str]:
        result = str(self._compiled.transform_to_string(xdm_node=node) or "")
        if self._writes_xml:
            texts = [each.text or "" for each in etree.fromstring(result)]
        else:
            texts = result.split(BETWEEN) if result else []
        return [digest(text) for text in texts]

    def _stops_at(self, path: Path) -> bool:
        try:
            with _quiet():
                self._hashes(self._from_file(path))
        except PySaxonApiError:
            return True
        return False

    def _from_file(self, path: Path) -> object:
        return self._saxon.parse_xml(xml_file_name=str(path))


@contextmanager
def _quiet() -> Iterator[None]:
    """Saxon writes each error to the standard error stream itself, behind Python's back."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
