"""The order of the tests: what looks at all that was logged comes last."""

import pytest

LAST = "test_logged.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == LAST)
