"""Stores to look into."""

from tests.support.stores import (  # noqa: F401 - fixtures are found by name
    backend,
    postgres_server,
    postgres_url,
    sqlite_template,
    sqlite_url,
    store,
)
