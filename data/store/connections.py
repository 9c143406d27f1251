"""Connections as they are remembered: where to, as whom, and a reference to the secret; never the secret itself."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from data.problems import DataProblem, did_you_mean
from data.store import workspaces
from data.store.models import Change, Connection, ConnectionTable


@dataclass(frozen=True)
class ConnectionInfo:
    """One connection of a workspace.

    Attributes:
        name: What people call it; unique in the workspace.
        kind: `postgresql`, `mysql` or `link`.
        host: Host name; of a link, its whole address is in `options["url"]`.
        port: Port, None for the kind's own.
        database: Name of the database.
        user: Role or user to connect as.
        secret: `env:NAME` or `file:NAME`, "" without one.
        options: Further choices by name (tls, url; live: numbers come from it; minutes: how old they may be).
        created_at: When it was added.
        tried_at: When it was last used, None before that.
        refreshed_at: When a refresh last went well, None before that.
        error: What went wrong the last time as {"id", "message", "params"}, None when nothing did.
    """

    name: str
    kind: str
    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    secret: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    tried_at: datetime | None = None
    refreshed_at: datetime | None = None
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class PickedTable:
    """A table or view that is brought in: how it maps, and the column that tells what is new.

    Attributes:
        schema: Schema of the source, "" where there is none (a link).
        table: Name at the source.
        mapping: The mapping in force, None for the suggestion of the moment.
        tables: Canonical tables it feeds, () for those of the mapping.
        cursor: Column that grows with every change, "" to read the whole each time.
        options: Further choices by name.
    """

    schema: str
    table: str
    mapping: dict[str, Any] | None = None
    tables: tuple[str, ...] = ()
    cursor: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The name as people see it."""
        return f"{self.schema}.{self.table}" if self.schema else self.table


def listed(session: Session, workspace_id: str) -> list[ConnectionInfo]:
    """All connections of a workspace, by name."""
    workspaces.get(session, workspace_id)
    query = select(Connection).where(Connection.workspace_id == workspace_id).order_by(col(Connection.name))
    return [_info(row) for row in session.exec(query)]


def get(session: Session, workspace_id: str, name: str) -> ConnectionInfo:
    """One connection.

    Raises:
        DataProblem: there is none of that name.
    """
    return _info(_row(session, workspace_id, name))


def save(session: Session, workspace_id: str, info: ConnectionInfo, actor: str, new: bool) -> None:
    """Add a connection, or change one; results of earlier refreshes stay.

    Raises:
        DataProblem: a new one has the name of another, or the one to change is not there.
    """
    workspaces.get(session, workspace_id)
    row = session.get(Connection, (workspace_id, info.name))
    if new and row is not None:
        raise DataProblem("connection_exists", "There is already a connection named {name!r}.", name=info.name)
    if not new:
        row = _row(session, workspace_id, info.name)
    before = _said(row) if row else None
    row = row or Connection(workspace_id=workspace_id, name=info.name, kind=info.kind, created_at=datetime.now(UTC))
    row.kind, row.host, row.port, row.database = info.kind, info.host, info.port, info.database
    row.username, row.secret, row.options = info.user, info.secret, dict(info.options)
    session.add(row)
    _note(session, workspace_id, actor, info.name, before, _said(row))


def set_live(session: Session, workspace_id: str, name: str, minutes: int | None, actor: str) -> None:
    """Let the numbers of a workspace come live from a connection, and from no other; None switches it off.

    Raises:
        DataProblem: there is none of that name.
    """
    _row(session, workspace_id, name)
    for row in session.exec(select(Connection).where(Connection.workspace_id == workspace_id)):
        before, on = _said(row), row.name == name and minutes is not None
        changed = {**row.options, "live": on} | ({"minutes": minutes} if on else {})
        if row.options.get("live") or on:
            row.options = changed
            session.add(row)
            _note(session, workspace_id, actor, row.name, before, _said(row))


def remove(session: Session, workspace_id: str, name: str, actor: str) -> None:
    """Forget a connection and what it picked; rows that it brought in stay.

    Raises:
        DataProblem: there is none of that name.
    """
    row = _row(session, workspace_id, name)
    before = _said(row)
    session.delete(row)
    session.flush()
    _note(session, workspace_id, actor, name, before, None)


def picked(session: Session, workspace_id: str, name: str) -> list[PickedTable]:
    """The tables a connection brings in."""
    query = (
        select(ConnectionTable)
        .where(ConnectionTable.workspace_id == workspace_id, ConnectionTable.connection == name)
        .order_by(col(ConnectionTable.schema_name), col(ConnectionTable.table_name))
    )
    return [
        PickedTable(r.schema_name, r.table_name, r.mapping, tuple(r.tables), r.cursor, dict(r.options))
        for r in session.exec(query)
    ]


def save_picked(session: Session, workspace_id: str, name: str, tables: list[PickedTable]) -> None:
    """Set which tables a connection brings in; those not named are no longer brought."""
    _row(session, workspace_id, name)
    for old in session.exec(
        select(ConnectionTable).where(ConnectionTable.workspace_id == workspace_id, ConnectionTable.connection == name)
    ):
        session.delete(old)
    session.flush()
    for one in tables:
        session.add(
            ConnectionTable(
                workspace_id=workspace_id,
                connection=name,
                schema_name=one.schema,
                table_name=one.table,
                mapping=one.mapping,
                tables=list(one.tables),
                cursor=one.cursor,
                options=dict(one.options),
            )
        )


def note_result(
    session: Session, workspace_id: str, name: str, error: Mapping[str, Any] | None, refreshed: bool
) -> None:
    """Remember how the last use went. A connection removed meanwhile is left alone."""
    row = session.get(Connection, (workspace_id, name))
    if row is None:
        return
    row.tried_at = datetime.now(UTC)
    row.error = None if error is None else dict(error)
    if refreshed:
        row.refreshed_at = row.tried_at
    session.add(row)


def _row(session: Session, workspace_id: str, name: str) -> Connection:
    row = session.get(Connection, (workspace_id, name))
    if row is None:
        known = session.exec(select(Connection.name).where(Connection.workspace_id == workspace_id)).all()
        raise DataProblem(
            "unknown_connection", "There is no connection {name!r}.{hint}", name=name, hint=did_you_mean(name, known)
        )
    return row


def _info(row: Connection) -> ConnectionInfo:
    return ConnectionInfo(
        row.name,
        row.kind,
        row.host,
        row.port,
        row.database,
        row.username,
        row.secret,
        dict(row.options),
        row.created_at,
        row.tried_at,
        row.refreshed_at,
        row.error,
    )


def _said(row: Connection) -> dict[str, Any]:
    shown = dataclasses.asdict(_info(row))
    return {name: shown[name] for name in ("kind", "host", "port", "database", "user", "secret", "options")}


def _note(session: Session, workspace_id: str, actor: str, name: str, before: Any, after: Any) -> None:
    if before != after:
        session.add(
            Change(
                workspace_id=workspace_id,
                changed_at=datetime.now(UTC),
                actor=actor,
                kind="connection",
                name=name,
                before=before,
                after=after,
            )
        )
