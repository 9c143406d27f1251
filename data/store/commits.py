"""Committing batches: files first, then one transaction that makes them exist.

A commit reads the version in force, writes the snapshot files of the next one, and then, in one transaction,
moves the workspace on **if nobody else did meanwhile** and records members and audit rows. A crash before that
transaction leaves files nobody refers to, swept later; after it, everything is there.
"""

import csv
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, get_args

import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import col

from data.problems import DataProblem, did_you_mean
from data.store import durable, folders, keys, snapshots, versions, workspaces
from data.store.database import Database
from data.store.layout import canonical_table, stored_schema
from data.store.models import Import, Version
from data.store.problems import Conflict, conflict

if TYPE_CHECKING:  # costs a second of start-up, and is only handed through here
    import pandas as pd

Mode = Literal["append", "replace", "upsert"]
MODES: tuple[str, ...] = get_args(Mode)
MAX_FILES = 16  # more files than this in a table, and its small ones are merged
SMALL_ROWS = 1_000_000
ATTEMPTS = 20  # of a commit that does not name the version it was made for; each lost one is another that won


@dataclass(frozen=True)
class Batch:
    """Rows for one table, from one source, with the audit facts that go with them.

    `frame` is an Arrow table, or the path of a Parquet file on the same disk (see `Store.staging`), which is taken
    over and removed once committed. Extra columns start with `x_` and are text. With upsert, columns that the frame
    does not have keep their values. `source_sha256` may be empty: the batch is then never taken for a repetition.
    `rejected` are the rows left out, with their reasons, kept as a CSV file.
    """

    table: str
    frame: pa.Table | Path
    mode: Mode = "append"
    source_name: str = ""
    source_sha256: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    mapping_signature: str = ""
    rejected: "pd.DataFrame | None" = None


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch. `duplicate_of` is the version that had stored it already; then nothing was stored."""

    table: str
    version: int
    rows: int
    duplicate_of: int | None = None
    rejected_file: Path | None = None


@dataclass(frozen=True)
class CommitResult:
    """The version in force afterwards. `duplicate_of` is set when no batch was new, so that nothing was stored."""

    version: int
    duplicate_of: int | None
    batches: tuple[BatchResult, ...] = ()


class _Past(NamedTuple):
    """What matters about an import when the same file comes again."""

    version: int
    table_name: str
    mode: str
    source_sha256: str
    mapping_signature: str


@dataclass
class _State:
    """A workspace as a commit found it, and the next version while it takes shape."""

    version: int
    content: int
    members: dict[str, list[snapshots.Stored]]
    imports: list[_Past]  # that made the content, oldest first, plus those planned
    planned: list[Import] = field(default_factory=list)
    results: list[BatchResult] = field(default_factory=list)


def commit(
    database: Database,
    home: Path,
    workspace_id: str,
    batches: Sequence[Batch],
    expected_version: int | None,
    force: bool,
    actor: str,
) -> CommitResult:
    """Store all batches as one new version, or nothing. See `Store.commit`."""
    for batch in batches:
        _check(batch, force)
    try:
        for attempt in range(ATTEMPTS):
            state = _read(database, workspace_id, {batch.table for batch in batches})
            if expected_version is not None and expected_version != state.version:
                raise conflict(workspace_id, expected_version, state.version)
            for batch in batches:
                _plan(home, workspace_id, state, batch, force)
            if not state.planned:
                break
            try:
                _publish(database, home, workspace_id, state, actor)
                break
            except Conflict:
                if expected_version is not None or attempt == ATTEMPTS - 1:
                    raise
    except OSError as error:
        raise DataProblem(
            "storage_failed",
            "Nothing was stored: {why}. Check free space and rights of {home}.",
            why=error.strerror or str(error),
            home=str(home),
        ) from error
    for batch in batches:
        if isinstance(batch.frame, Path):
            with suppress(OSError):  # committed all the same; the sweep takes what stays behind
                batch.frame.unlink(missing_ok=True)
    number = state.version + 1 if state.planned else state.version
    repeated = None if state.planned or not state.results else state.results[0].duplicate_of
    return CommitResult(number, repeated, tuple(state.results))


def _check(batch: Batch, force: bool) -> None:
    canonical_table(batch.table)
    if batch.mode not in MODES:
        raise DataProblem(
            "unknown_mode",
            "Mode {mode!r} is not one of {modes}.{hint}",
            mode=batch.mode,
            modes=", ".join(MODES),
            hint=did_you_mean(batch.mode, MODES),
        )
    stored_schema(batch.table, snapshots.schema_of(batch.frame))
    if batch.mode == "replace" and not force and snapshots.row_count(batch.frame) == 0:
        raise DataProblem(
            "replace_with_nothing",
            "{source} has no rows to put in place of table {table}. Use force to empty the table.",
            source=batch.source_name or "The batch",
            table=batch.table,
        )


def _read(database: Database, workspace_id: str, tables: set[str]) -> _State:
    with database.read() as session:
        version = workspaces.get(session, workspace_id).version
        current = session.get(Version, (workspace_id, version))
        content = current.content if current else 0
        contents = versions.lineage(session, workspace_id, content)
        query = (
            sa.select(*(col(getattr(Import, name)) for name in _Past._fields))
            .where(col(Import.workspace_id) == workspace_id, col(Import.table_name).in_(tables))
            .order_by(col(Import.id))
        )
        known = set(contents)
        imports = [_Past(*row) for row in session.execute(query) if row.version in known]
        return _State(version, content, versions.members(session, workspace_id, version), imports)


def _plan(home: Path, workspace_id: str, state: _State, batch: Batch, force: bool) -> None:
    """Write the files of a batch and note what it does to the next version; nothing of it exists yet."""
    rows = snapshots.row_count(batch.frame)
    repeated = None if force else _repeated(state.imports, batch)
    if repeated is not None:
        state.results.append(BatchResult(batch.table, state.version, rows, duplicate_of=repeated))
        return
    folder = folders.snapshots(home, workspace_id, batch.table)
    frame = snapshots.typed(batch.table, batch.frame)
    held = [] if batch.mode == "replace" else state.members.get(batch.table, [])
    if rows and batch.mode == "upsert":
        files = [keys.upsert(folder, batch.table, frame, [folder / stored.file for stored in held])]
    elif rows:
        keys.refuse_repeated(folder, batch.table, frame, [folder / stored.file for stored in held])
        first = max((stored.last_row_id for stored in held), default=0) + 1
        files = _merged(folder, batch.table, [*held, snapshots.store_frame(folder, batch.table, frame, first)])
    else:
        files = held
    state.members[batch.table] = files
    rejected = _keep_rejected(folders.rejected(home, workspace_id), batch.rejected)
    planned = Import(
        workspace_id=workspace_id,
        version=state.version + 1,
        table_name=batch.table,
        mode=batch.mode,
        source_name=batch.source_name,
        source_sha256=batch.source_sha256,
        mapping_signature=batch.mapping_signature,
        rows_accepted=rows,
        rows_rejected=0 if batch.rejected is None else len(batch.rejected),
        rejected_file=rejected,
        report=batch.report,
    )
    state.planned.append(planned)
    state.imports.append(_Past(planned.version, batch.table, batch.mode, batch.source_sha256, batch.mapping_signature))
    path = folders.rejected(home, workspace_id) / rejected if rejected else None
    state.results.append(BatchResult(batch.table, state.version + 1, rows, rejected_file=path))


def _repeated(imports: Sequence[_Past], batch: Batch) -> int | None:
    """The version that holds exactly this batch already, None when it would change something.

    Only what still counts is looked at: imports since the table was last replaced, none that were undone. To
    replace a table by a file that is only one part of it does change something.
    """
    if not batch.source_sha256:
        return None
    counting = [past for past in imports if past.table_name == batch.table]
    replaced = [place for place, past in enumerate(counting) if past.mode == "replace"]
    counting = counting[replaced[-1] if replaced else 0 :]
    source = (batch.source_sha256, batch.mapping_signature)
    same = [past for past in counting if (past.source_sha256, past.mapping_signature) == source]
    if not same or (batch.mode == "replace" and len(same) != len(counting)):
        return None
    return same[-1].version


def _merged(folder: Path, table: str, files: list[snapshots.Stored]) -> list[snapshots.Stored]:
    """The same rows in fewer files, once there are many: each file costs every reader a little."""
    small = [stored for stored in files if stored.rows < SMALL_ROWS]
    if len(files) <= MAX_FILES or len(small) < 2:
        return files
    kept = [stored for stored in files if stored.rows >= SMALL_ROWS]
    return [*kept, keys.merge(folder, table, small)]


def _keep_rejected(folder: Path, rejected: "pd.DataFrame | None") -> str | None:
    """Store rejected rows as CSV with a byte-order mark, which spreadsheets need, and return the file's name."""
    if rejected is None or rejected.empty:
        return None

    def fill(stream: BinaryIO) -> None:
        text = TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        rejected.to_csv(text, index=False, quoting=csv.QUOTE_MINIMAL)
        text.flush()
        text.detach()

    return durable.place(folder, ".csv", fill)


def _publish(database: Database, home: Path, workspace_id: str, state: _State, actor: str) -> None:
    number = state.version + 1
    with database.write() as session:
        version = Version(
            workspace_id=workspace_id,
            number=number,
            action="import",
            content=number,
            base=state.content,
            created_at=datetime.now(UTC),
            actor=actor,
        )
        versions.add(session, version, state.members)
        session.add_all(state.planned)
        for table, files in state.members.items():  # the sweep waits for this transaction, so what is here now stays
            for stored in files:
                if not (folders.snapshots(home, workspace_id, table) / stored.file).exists():
                    raise conflict(workspace_id, state.version, None)
