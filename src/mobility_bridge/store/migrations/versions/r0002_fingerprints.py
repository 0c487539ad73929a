"""Documents get a fingerprint by which their bytes are recognised; nothing asks for copies by document any more."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of documents kept before, it stays unknown: they are recognised by their SHA-256.
    op.add_column("documents", sa.Column("fingerprint", sa.LargeBinary()))
    op.drop_index("ix_copies_document_sha256", "copies")
