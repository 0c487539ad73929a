"""The sample documents of `fixtures/`, by their path there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "fixtures"
PUBLISHED = REPOSITORY.parent / "shared"

needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published schemas are not beside this checkout"
)


def sample(path: str) -> bytes:
    """Read one document: `ewp/iias/v7/mutually-approved.xml`."""
    return (FIXTURES / path).read_bytes()


def samples(folder: str = "ewp") -> list[Path]:
    """List the documents below a folder, the hash vectors apart: those have their own expectations."""
    return sorted(
        path for path in (FIXTURES / folder).rglob("*.xml") if not path.parent.name.startswith("hash-vectors")
    )


def is_meant_to_be_valid(path: Path) -> bool:
    return not path.name.startswith("invalid-")


def vectors(folder: str = "ewp/iias/v7/hash-vectors") -> Mapping[str, Any]:
    """Read what each hash vector of a folder must give, by file name."""
    expected: Mapping[str, Any] = json.loads((FIXTURES / folder / "vectors.json").read_text(encoding="utf-8"))
    return expected
