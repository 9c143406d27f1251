"""rows and originals of imports, keys

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "keys",
        sa.Column("workspace_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_keys_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "name", name=op.f("pk_keys")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rows_file", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("original_file", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("recipe", sa.JSON(), nullable=True))

    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("counting", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("replays", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Go back to the one before."""
    with op.batch_alter_table("versions", schema=None) as batch_op:
        batch_op.drop_column("replays")
        batch_op.drop_column("counting")

    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_column("recipe")
        batch_op.drop_column("original_file")
        batch_op.drop_column("rows_file")

    op.drop_table("keys")
