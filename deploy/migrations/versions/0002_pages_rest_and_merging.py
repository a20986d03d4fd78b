"""articles with the text of their page, sources that rest and merge

Columns alone, each with a default in the database: SQLite then adds them in place. To alter a table in any other
way it makes the table anew and drops the old one, which takes along the rows that refer to it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

HEALTH = ["source_id", "duplicate_of", "text_from", "published_at", "first_seen_at"]


def article_columns():
    return (
        sa.Column("language", sa.String(12), nullable=False, server_default=""),
        sa.Column("canonical_key", sa.String(64), nullable=False, server_default=""),
        sa.Column("duplicate_of", sa.Integer(), nullable=True),
        sa.Column("text_from", sa.String(40), nullable=False, server_default="feed"),
        sa.Column("page_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("page_tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("page_error", sa.Text(), nullable=False, server_default=""),
    )


def source_columns():
    return (
        sa.Column("merged_into", sa.Integer(), nullable=True),
        sa.Column("https_only", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("language", sa.String(12), nullable=False, server_default=""),
        sa.Column("interval_s", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_new_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen", sa.Text(), nullable=False, server_default=""),
    )


def upgrade():
    for table, columns in (("article", article_columns()), ("source", source_columns())):
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_article_page_due_at", "article", ["page_due_at"])
    op.create_index("ix_article_source_canonical", "article", ["source_id", "canonical_key"])
    op.create_index("ix_article_health", "article", HEALTH)
    op.execute(
        "UPDATE source SET last_new_at = (SELECT max(first_seen_at) FROM article WHERE article.source_id = source.id)"
    )


def downgrade():
    op.drop_index("ix_article_health", "article")
    op.drop_index("ix_article_source_canonical", "article")
    op.drop_index("ix_article_page_due_at", "article")
    for table, columns in (("source", source_columns()), ("article", article_columns())):
        for column in columns:
            op.drop_column(table, column.name)
