"""stories put together and taken apart by hand, wishes, flags and claims, readers' clicks

Columns with a default in the database, and new tables alone: see 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def when(name, *, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def of(column, table, *, primary_key=False):
    target = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(column, sa.Integer(), target, nullable=False, primary_key=primary_key)


def item_columns():
    return (
        sa.Column("channel", sa.String(40), nullable=False, server_default="known"),
        sa.Column("tier", sa.String(40), nullable=False, server_default="open"),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("claims", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("blurb_by", sa.String(40), nullable=False, server_default="extract"),
        sa.Column("blurb_note", sa.String(400), nullable=False, server_default=""),
        when("opened_at", nullable=True),
    )


def upgrade():
    for column in item_columns():
        op.add_column("editionitem", column)
    op.add_column("story", sa.Column("merged_into", sa.Integer(), nullable=True))
    op.add_column("newsletter", when("learn_asked_at", nullable=True))
    op.create_table(
        "storyedit",
        sa.Column("id", sa.Integer(), primary_key=True),
        of("newsletter_id", "newsletter"),
        when("at"),
        sa.Column("by", sa.String(320), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        of("story_id", "story"),
        of("other_id", "story"),
        sa.Column("article_ids", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        when("undone_at", nullable=True),
        sa.Column("undone_by", sa.String(320), nullable=False),
    )
    for column in ("newsletter_id", "story_id", "other_id"):
        op.create_index(f"ix_storyedit_{column}", "storyedit", [column])
    op.create_table(
        "wish",
        sa.Column("id", sa.Integer(), primary_key=True),
        of("newsletter_id", "newsletter"),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("name_key", sa.String(80), nullable=False),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("by", sa.String(320), nullable=False),
        when("at"),
        sa.UniqueConstraint("newsletter_id", "name_key"),
    )
    op.create_table(
        "safetyexample",
        sa.Column("id", sa.Integer(), primary_key=True),
        of("newsletter_id", "newsletter"),
        of("article_id", "article"),
        sa.Column("unsuitable", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(320), nullable=False),
        when("at"),
        sa.UniqueConstraint("newsletter_id", "article_id"),
    )
    op.create_table(
        "itemclicks",
        of("item_id", "editionitem", primary_key=True),
        of("edition_id", "edition"),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("clicked", sa.Integer(), nullable=False),
        sa.Column("machines", sa.Integer(), nullable=False),
        when("counted_at"),
    )
    op.create_index("ix_itemclicks_edition_id", "itemclicks", ["edition_id"])


def downgrade():
    for table in ("itemclicks", "safetyexample", "wish", "storyedit"):
        op.drop_table(table)
    op.drop_column("newsletter", "learn_asked_at")
    op.drop_column("story", "merged_into")
    for column in item_columns():
        op.drop_column("editionitem", column.name)
