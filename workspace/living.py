"""Live: the numbers of a workspace computed where the rows are, through a connection, with nothing brought in.

Only PostgreSQL, the one engine beside our own on which every measure has been compared; other databases are copied.
A table is used when its name and columns are ours (a view does that for any other).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import sqlalchemy as sa

from data import connections, schema
from data.connections import HostRules, Relation
from data.engines.live import LiveFacts, LiveTable
from data.engines.postgres import PostgresSource
from data.problems import DataProblem
from data.store import ConnectionInfo
from workspace.connecting import noted
from workspace.numbers import Workspace

FRESH_SECONDS = 900  # how old live numbers may be


def usable(offered: list[Relation]) -> dict[str, dict[str, Relation]]:
    """By schema the tables and views that can be used as they are: our name, and every column we require."""
    found: dict[str, dict[str, Relation]] = {}
    for one in offered:
        ours = schema.tables().get(one.name)
        if ours is not None and set(ours.required) <= {column.name for column in one.columns}:
            found.setdefault(one.schema, {})[one.name] = one
    return found


def live(
    space: Workspace,
    name: str,
    within: str = "",
    shared: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Workspace:
    """The workspace with the tables of a connection in place of what was imported; settings and targets stay.

    Args:
        space: The workspace.
        name: The connection.
        within: The schema; the one with most of our tables when left out.
        shared: Whether others use this Farol (see `HostRules`).
        now: The clock: what was asked is asked again after `FRESH_SECONDS`.

    Raises:
        DataProblem: it is no PostgreSQL, cannot be reached, or has no table under our names.
    """
    info, rules = space.store.connection(space.id, name), HostRules.from_environment(shared)
    if info.kind != "postgresql":
        raise DataProblem(
            "live_only_postgresql",
            "Measures run live only on PostgreSQL; bring the rows of {name} in instead (refresh).",
            name=name,
        )
    with noted(space, info):
        with connections.reading(info, rules) as connection:
            ready = usable(connections.relations(connection))
        chosen = within or max(ready, key=lambda one: len(ready[one]), default="")
        if not ready.get(chosen):
            raise DataProblem(
                "live_no_tables",
                "{name} has no table or view with the names and columns of Farol's tables. Make views of those names, "
                "or bring the rows in instead.",
                name=name,
            )
        engine = _engine(space.id, _told(info), rules)
        label = f"{space.id} {name} {'/'.join(map(str, _told(info)[:5]))}"
        source = PostgresSource(engine, label, chosen, space.settings["timezone"], connections.LIMITS.statement_seconds)
        moment = int(now().timestamp()) // FRESH_SECONDS
        facts = LiveFacts(source, {table: LiveTable(table) for table in ready[chosen]}, f"live {moment}")
    return Workspace(space.store, space.id, facts)  # type: ignore[arg-type]  # asked like imported facts


def _told(info: ConnectionInfo) -> tuple[str | int | None, ...]:
    return info.host, info.port, info.database, info.user, info.secret, str(info.options.get("tls")), info.name


@cache
def _engine(workspace_id: str, told: tuple[str | int | None, ...], rules: HostRules) -> sa.Engine:
    host, port, database, user, secret, tls, name = told
    info = ConnectionInfo(
        str(name), "postgresql", str(host), int(port or 0), str(database), str(user), str(secret), {"tls": tls}
    )
    return connections.engine_for(info, rules, texts=True)
