"""The state database, declared: everything Farol remembers besides the facts themselves.

These models live in a registry of their own, so that creating or migrating the state never touches
the canonical fact tables of `data.schema`. All times are UTC.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware UTC time, also on databases that drop the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Store UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give back an aware time."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


_NAMES = {  # constraints need names before a later migration can change them
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class StateModel(SQLModel, registry=registry(metadata=sa.MetaData(naming_convention=_NAMES))):
    """Base of the state tables: a metadata separate from that of the canonical tables."""


def _workspace() -> Any:
    return Field(foreign_key="workspaces.id", ondelete="CASCADE", primary_key=True)


def _json(nullable: bool = False) -> Any:
    return Field(sa_type=sa.JSON, nullable=nullable)


class Workspace(StateModel, table=True):
    """A body of data with its own history and settings. `version` is the data version in force; 0 is empty."""

    __tablename__ = "workspaces"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    version: int = 0


class Version(StateModel, table=True):
    """A state of the data. An undo or redo is a new version whose `content` is that of an older one.

    `content` is the number of the version that first had these members, `base` the content an import
    was made on (what an undo goes back to), `redo` the content that a redo would bring back (None: nothing
    was undone). `counting` are the imports that make the content, in order, where they are not those of `base`
    and this one; `replays` is the import that this one stands in place of. `pruned` versions have forgotten
    their members and cannot be brought back.
    """

    __tablename__ = "versions"
    workspace_id: str = _workspace()
    number: int = Field(primary_key=True)
    action: str  # import, replay, undo, redo or erase
    content: int
    base: int | None = None
    redo: int | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    actor: str = ""
    pruned: bool = False
    counting: list[int] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True), nullable=True)  # type: ignore[call-overload]
    replays: int | None = None


class Member(StateModel, table=True):
    """One snapshot file of one table in one version, in reading order. `last_row_id` is 0 where rows have keys."""

    __tablename__ = "members"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["workspace_id", "version"], ["versions.workspace_id", "versions.number"], ondelete="CASCADE"
        ),
    )
    workspace_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    table_name: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    file: str = Field(index=True)
    rows: int = Field(sa_type=sa.BigInteger)
    last_row_id: int = Field(default=0, sa_type=sa.BigInteger)


class Import(StateModel, table=True):
    """The audit row of one batch: what went into which table, from what, with which result.

    `rows_file` is the snapshot with the batch's own rows, `original_file` the file they came from, `recipe` the
    mapping and assumptions they were read with; each may be empty (never kept, or no longer).
    """

    __tablename__ = "imports"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["workspace_id", "version"], ["versions.workspace_id", "versions.number"], ondelete="CASCADE"
        ),
        sa.Index(None, "workspace_id", "version"),
    )
    id: int | None = Field(default=None, primary_key=True)
    workspace_id: str
    version: int
    table_name: str
    mode: str
    source_name: str
    source_sha256: str
    mapping_signature: str
    rows_accepted: int = Field(sa_type=sa.BigInteger)
    rows_rejected: int = Field(sa_type=sa.BigInteger)
    rejected_file: str | None = None
    report: dict[str, Any] = _json()
    rows_file: str | None = None
    original_file: str | None = None
    recipe: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True), nullable=True)  # type: ignore[call-overload]


class Key(StateModel, table=True):
    """A secret of a workspace, in hexadecimal: never shown, and in backups only when asked for."""

    __tablename__ = "keys"
    workspace_id: str = _workspace()
    name: str = Field(primary_key=True)
    value: str


class Mapping(StateModel, table=True):
    """How the columns of a known source map to canonical columns, remembered by the source's signature."""

    __tablename__ = "mappings"
    workspace_id: str = _workspace()
    signature: str = Field(primary_key=True)
    mapping: dict[str, Any] = _json()
    saved_at: datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


class Setting(StateModel, table=True):
    """One setting that differs from its default."""

    __tablename__ = "settings"
    workspace_id: str = _workspace()
    name: str = Field(primary_key=True)
    value: Any = _json(nullable=True)


class Target(StateModel, table=True):
    """What a KPI should be. Empty text means everywhere: all periods, all of the company."""

    __tablename__ = "targets"
    workspace_id: str = _workspace()
    kpi: str = Field(primary_key=True)
    period: str = Field(default="", primary_key=True)
    dimension: str = Field(default="", primary_key=True)
    dimension_value: str = Field(default="", primary_key=True)
    value: float


class Label(StateModel, table=True):
    """The role (leading, lagging, neither) that the company gives a KPI under an objective."""

    __tablename__ = "labels"
    workspace_id: str = _workspace()
    kpi: str = Field(primary_key=True)
    objective: str = Field(primary_key=True)
    role: str


class Change(StateModel, table=True):
    """Who changed which setting, target, label or mapping, when, from what to what. Null: not set."""

    __tablename__ = "changes"
    id: int | None = Field(default=None, primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE", index=True)
    changed_at: datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    actor: str = ""
    kind: str
    name: str
    before: Any = _json(nullable=True)
    after: Any = _json(nullable=True)


class Connection(StateModel, table=True):
    """A database or link that rows come from. `secret` says where the password is (env:NAME, file:NAME), never what."""

    __tablename__ = "connections"
    workspace_id: str = _workspace()
    name: str = Field(primary_key=True)
    kind: str
    host: str = ""
    port: int | None = None
    database: str = ""
    username: str = ""
    secret: str = ""
    options: dict[str, Any] = _json()
    created_at: datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]
    tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    refreshed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # type: ignore[call-overload]
    error: dict[str, Any] | None = _json(nullable=True)


class ConnectionTable(StateModel, table=True):
    """One table or view that a connection brings in. What was brought is in the report of its imports."""

    __tablename__ = "connection_tables"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["workspace_id", "connection"], ["connections.workspace_id", "connections.name"], ondelete="CASCADE"
        ),
    )
    workspace_id: str = Field(primary_key=True)
    connection: str = Field(primary_key=True)
    schema_name: str = Field(default="", primary_key=True)
    table_name: str = Field(primary_key=True)
    mapping: dict[str, Any] | None = _json(nullable=True)
    tables: list[str] = _json()
    cursor: str = ""
    options: dict[str, Any] = _json()
