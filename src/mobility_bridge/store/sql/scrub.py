"""Leave nothing legible behind in a SQLite store's files; a server clears its own with its vacuum."""

from mobility_bridge.store.sql.engines import Engines
from mobility_bridge.store.sql.failures import translated


def scrub(engines: Engines, *, whole: bool = False) -> None:
    """Carry the write-ahead log over and cut it off; `whole` writes the file anew, without any former page.

    Raises:  StoreBusy when another process is in the way.
    """
    if engines.place.path is None:
        return
    with translated(str(engines.place)):
        connection = engines.writing.raw_connection()
        try:
            cursor = connection.cursor()
            if whole:
                cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
