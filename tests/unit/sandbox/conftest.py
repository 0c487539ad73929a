"""Keys are made once for all tests of the sandbox: there are a dozen of them."""

from pathlib import Path

import pytest
from tests.support.sandbox import ring

from mobility_bridge.sandbox.keys import KeyRing


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sandbox-keys")


@pytest.fixture(scope="session")
def keys(keys_folder: Path) -> KeyRing:
    return ring(keys_folder)
