"""What is kept: one SQL implementation and its twin in memory.

Nothing heavy is imported before a store is opened, so that commands which need none start at once.
"""

from collections.abc import Sequence

from mobility_bridge.ports.store import Store

__all__ = ["open_store"]


def open_store(url: str, *, read_only: bool = False, keys: Sequence[bytes] = ()) -> Store:
    """Open the store that `url` names. `keys` seal what is personal: the first seals, all open.

    Shape:   `sqlite:///relative/path`, `sqlite:////absolute/path`, `postgresql+psycopg://user@host/name`, or
             `memory:` for one that is gone when the process is. Nothing is made: that is for an upgrade.
    Raises:  StoreOutdated when its tables are missing or of another version; StoreError when it cannot be
             reached or the URL names no store; ConfigError for a key that is none.
    """
    if url == "memory:":
        from mobility_bridge.store.memory import MemoryStore  # noqa: PLC0415 - see the module's docstring

        return MemoryStore(read_only=read_only)
    from mobility_bridge.store.sealing import seal_for  # noqa: PLC0415 - as above
    from mobility_bridge.store.sql import SqlStore  # noqa: PLC0415 - as above

    return SqlStore(url, read_only=read_only, seal=seal_for(keys))
