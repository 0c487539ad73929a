"""Which revision of the tables this version of the program needs, known without loading Alembic."""

from sqlalchemy import column, table

REVISION = "0008"

revision_table = table("alembic_version", column("version_num"))
"""Where Alembic notes what it has done; its own table, not ours to create."""
