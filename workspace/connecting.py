"""Connections of a workspace: adding one, trying it, seeing what it offers, choosing what to bring in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from data import connections
from data.connections import HostRules, Relation
from data.importing import Prepared, Upload
from data.mapping.mapping import table_of
from data.problems import DataProblem
from data.store import ConnectionInfo, PickedTable
from workspace.bringing_in import Choice, check, look
from workspace.numbers import Workspace

SAMPLE_ROWS = 2_000


@dataclass(frozen=True)
class Tried:
    """What a test found: how many tables and views may be read, and whether the role could also write."""

    tables: int
    may_write: bool


@dataclass(frozen=True)
class Peeked:
    """A table seen through a sample.

    Attributes:
        relation: The table or view; None for a link.
        upload: The sample as a file that was read, with the mapping suggested for it.
        rows: How many rows the whole has; None where counting took too long, or for a link.
        sampled: How many of them were looked at.
        frame: The first rows as they are.
    """

    relation: Relation | None
    upload: Upload
    rows: int | None
    sampled: int
    frame: pd.DataFrame

    @property
    def mapping(self) -> dict[str, Any] | None:
        """The mapping suggested; None when the table resembles none of ours."""
        suggested = self.upload.suggestions[0]
        return suggested.to_json() if suggested.tables else None

    @property
    def tables(self) -> tuple[str, ...]:
        """The canonical tables it would feed."""
        return tuple(dict.fromkeys(table_of(name) for name in self.upload.suggestions[0].tables))


def listed(space: Workspace) -> list[ConnectionInfo]:
    """All connections, by name."""
    return space.store.connections(space.id)


def add(space: Workspace, info: ConnectionInfo, shared: bool = False, actor: str = "") -> ConnectionInfo:
    """Check and store a new connection; nothing is sent anywhere yet.

    Raises:
        DataProblem: a field is missing or not allowed; a password typed in an address.
    """
    checked = connections.checked(info, HostRules.from_environment(shared))
    space.store.save_connection(space.id, checked, actor, new=True)
    return checked


def add_url(
    space: Workspace, name: str, url: str, secret: str = "", tls: str = "", shared: bool = False, actor: str = ""
) -> ConnectionInfo:
    """Add a connection by an address without a password.

    Raises:
        DataProblem: as `add`.
    """
    return add(space, connections.from_url(name, url, secret, tls), shared, actor)


def remove(space: Workspace, name: str, actor: str = "") -> None:
    """Forget a connection; what it brought in stays."""
    space.store.remove_connection(space.id, name, actor)


def probe(space: Workspace, name: str, shared: bool = False) -> Tried:
    """Connect, look around, and remember how it went.

    Raises:
        DataProblem: what is wrong, without the secret.
    """
    info = space.store.connection(space.id, name)
    rules = HostRules.from_environment(shared)
    with noted(space, info):
        if info.kind == "link":
            with fetched(space, info, rules):
                return Tried(1, False)
        with connections.reading(info, rules, replace(connections.LIMITS, statement_seconds=30)) as connection:
            return Tried(len(connections.relations(connection)), connections.may_write(connection))


def offered(space: Workspace, name: str, shared: bool = False) -> list[Relation]:
    """The tables and views of a database that may be read.

    Raises:
        DataProblem: what is wrong, without the secret.
    """
    info = space.store.connection(space.id, name)
    with noted(space, info), connections.reading(info, HostRules.from_environment(shared)) as connection:
        return connections.relations(connection)


def peek(space: Workspace, name: str, tables: Sequence[str] = (), shared: bool = False) -> list[Peeked]:
    """Samples of tables (`schema.table`, or the table alone where that is clear), with what each seems to be.

    Raises:
        DataProblem: what is wrong, without the secret.
    """
    info = space.store.connection(space.id, name)
    rules = HostRules.from_environment(shared)
    with noted(space, info):
        if info.kind == "link":
            with fetched(space, info, rules) as (path, found):
                upload = look(path, found.name, store=space.store)
                frame = upload.tables[0].frame
                rows = frame.num_rows
                return [Peeked(None, upload, rows, rows, frame.slice(0, 20).to_pandas())]
        seen = []
        with connections.reading(info, rules) as connection:
            known = connections.relations(connection)
            for wanted in tables:
                relation = connections.named(known, wanted)
                path = space.store.staging(".parquet")
                try:
                    copied = connections.copy(connection, relation, path, most=SAMPLE_ROWS)
                    total = connections.count(connection, relation) if copied.rows >= SAMPLE_ROWS else copied.rows
                    upload = look(path, relation.shown, store=space.store)
                    frame = pq.ParquetFile(path).read().slice(0, 20).to_pandas()
                    seen.append(Peeked(relation, upload, total, copied.rows, frame))
                finally:
                    path.unlink(missing_ok=True)
        return seen


def try_out(space: Workspace, peeked: Sequence[Peeked]) -> list[list[Prepared]]:
    """The rows of the samples checked as they would be stored; tables that resemble none of ours are empty lists.

    References to accounts are judged by the whole, not by a sample: they are not checked here.
    """
    found: list[list[Prepared]] = []
    for one in peeked:
        try:
            found.append(check(space, [one.upload], [Choice()])[0] if one.mapping else [])
        except DataProblem:
            found.append([])
    return found


def pick(
    space: Workspace, name: str, peeked: Sequence[Peeked], cursors: Callable[[Relation], str] | None = None
) -> list[PickedTable]:
    """Choose tables to bring in, each with the mapping found for it, which is kept for every later refresh.

    Args:
        space: The workspace.
        name: The connection.
        peeked: What was looked at; those already chosen stay.
        cursors: The column of each that tells what is new; the suggested one when left out.

    Raises:
        DataProblem: a table that resembles none of ours.
    """
    kept = {(one.schema, one.table): one for one in space.store.picked(space.id, name)}
    for one in peeked:
        shown = one.relation.shown if one.relation else one.upload.name
        if one.mapping is None:
            raise DataProblem(
                "source_not_recognised",
                "{name} does not look like any table Farol knows. Pick a view with clearer names, or bring in a file "
                "and map its columns.",
                name=shown,
            )
        key = (one.relation.schema, one.relation.name) if one.relation else ("", one.upload.name)
        cursor = ""
        if one.relation is not None:
            cursor = cursors(one.relation) if cursors else one.relation.suggested_cursor
        kept[key] = PickedTable(*key, one.mapping, one.tables, cursor)
    space.store.save_picked(space.id, name, list(kept.values()))
    return list(kept.values())


def unpick(space: Workspace, name: str, shown: str) -> None:
    """Bring a table in no longer; its rows stay."""
    kept = [one for one in space.store.picked(space.id, name) if one.shown != shown]
    space.store.save_picked(space.id, name, kept)


def picked_by_name(
    space: Workspace, name: str, tables: Sequence[str], cursors: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Pick tables by name, each with the cursor named for it ("" = read it whole), and list all that is picked.

    Raises:
        DataProblem: as `pick`.
    """
    peeked = peek(space, name, tables)

    def cursor(relation: Relation) -> str:
        given = [value for key, value in cursors.items() if key in (relation.shown, relation.name)]
        return given[0] if given else relation.suggested_cursor

    found = pick(space, name, peeked, cursor)
    return [{"source": one.shown, "tables": list(one.tables), "cursor": one.cursor} for one in found]


def records(space: Workspace) -> list[dict[str, Any]]:
    """Every connection with its state, for the terminal."""
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "host": one.host,
            "port": one.port,
            "database": one.database,
            "user": one.user,
            "secret": one.secret,
            "live": bool(one.options.get("live")),
            "tables": [picked.shown for picked in space.store.picked(space.id, one.name)],
            "refreshed_at": one.refreshed_at.isoformat() if one.refreshed_at else None,
            "error": one.error,
        }
        for one in listed(space)
    ]


def offered_records(space: Workspace, name: str) -> list[dict[str, Any]]:
    """The tables and views of a connection, for the terminal; nothing for a link."""
    if space.store.connection(space.id, name).kind == "link":
        return []
    return [
        {
            "source": one.shown,
            "view": one.is_view,
            "rows": one.rows,
            "columns": len(one.columns),
            "cursor": one.suggested_cursor,
        }
        for one in offered(space, name)
    ]


@contextmanager
def noted(space: Workspace, info: ConnectionInfo, refreshed: bool = False) -> Iterator[None]:
    """Remember how the use of a connection went; the problem itself goes on."""
    try:
        yield
    except DataProblem as problem:
        space.store.note_connection(space.id, info.name, as_error(problem))
        raise
    space.store.note_connection(space.id, info.name, None, refreshed)


def as_error(problem: DataProblem) -> dict[str, Any]:
    """A problem as it is remembered, to be told in any language."""
    params = {name: value if isinstance(value, int | float) else str(value) for name, value in problem.params.items()}
    return {"id": problem.id, "message": str(problem), "params": params}


def as_problem(error: Mapping[str, Any]) -> DataProblem:
    """What was remembered, as a problem again."""
    return DataProblem(error["id"], error["message"].replace("{", "(").replace("}", ")"), **error["params"])


@contextmanager
def fetched(
    space: Workspace, info: ConnectionInfo, rules: HostRules, etag: str = "", modified: str = ""
) -> Iterator[tuple[Any, connections.Fetched]]:
    """The file behind a link, for as long as it is looked at."""
    path = space.store.staging(".download")
    try:
        secret = connections.resolve(info.secret)
        found = connections.fetch(str(info.options["url"]), path, rules, secret, etag, modified)
        yield path, found
    finally:
        path.unlink(missing_ok=True)
