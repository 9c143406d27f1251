"""Committing batches: files first, then one transaction that makes them exist.

A commit reads the version in force, writes the snapshot files of the next one, and then, in one transaction,
moves the workspace on **if nobody else did meanwhile** and records members and audit rows. A crash before that
transaction leaves files nobody refers to, swept later; after it, everything is there.
"""

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple, get_args

import duckdb
import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import col

from data.problems import DataProblem, did_you_mean
from data.store import durable, folders, keys, preferences, snapshots, soundness, versions, workspaces
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
    `rejected` are the rows left out, with their reasons, kept as a CSV file. `original` is the file as it came, kept
    (unless the workspace keeps none) so that it can be imported again with its `recipe`: mapping and assumptions.
    """

    table: str
    frame: pa.Table | Path
    mode: Mode = "append"
    source_name: str = ""
    source_sha256: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    mapping_signature: str = ""
    rejected: "pd.DataFrame | None" = None
    original: Path | None = None
    recipe: dict[str, Any] | None = None


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
    keep_originals: bool = True
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
        check(batch, force)
    with said_in_full(home):
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
    for batch in batches:
        if isinstance(batch.frame, Path):
            with suppress(OSError):  # committed all the same; the sweep takes what stays behind
                batch.frame.unlink(missing_ok=True)
    number = state.version + 1 if state.planned else state.version
    repeated = None if state.planned or not state.results else state.results[0].duplicate_of
    return CommitResult(number, repeated, tuple(state.results))


@contextmanager
def said_in_full(home: Path) -> Iterator[None]:
    """Turn what the disk refuses, to us or to the engine, into a problem that people can act on."""
    try:
        yield
    except (OSError, duckdb.IOException) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error).partition("\n")[0]
        raise DataProblem(
            "storage_failed",
            "Nothing was stored: {why}. Check free space and rights of {home}.",
            why=why,
            home=str(home),
        ) from error


def check(batch: Batch, force: bool) -> None:
    """Refuse a batch that its table cannot take, before anything is written."""
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
        place = {number: -at for at, number in enumerate(contents)}
        past = [_Past(*row) for row in session.execute(query) if row.version in place]
        imports = sorted(past, key=lambda one: place[one.version])
        keep = preferences.settings(session, workspace_id)["keep_originals_days"] != 0
        return _State(version, content, versions.members(session, workspace_id, version), imports, keep)


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
    soundness.check(batch.table, [folder / stored.file for stored in held])
    own = None
    if rows and batch.mode == "upsert":
        files = [keys.upsert(folder, batch.table, frame, [folder / stored.file for stored in held])]
        own = snapshots.store_as_is(folder, batch.table, frame)
    elif rows:
        keys.refuse_repeated(folder, batch.table, frame, [folder / stored.file for stored in held])
        first = max((stored.last_row_id for stored in held), default=0) + 1
        fresh = snapshots.store_frame(folder, batch.table, frame, first)
        files, own = merged(folder, batch.table, [*held, fresh]), fresh.file
    else:
        files = held
    state.members[batch.table] = files
    planned = _audit(home, workspace_id, state.version + 1, batch, own, state.keep_originals)
    state.planned.append(planned)
    state.imports.append(_Past(planned.version, batch.table, batch.mode, batch.source_sha256, batch.mapping_signature))
    path = folders.rejected(home, workspace_id) / planned.rejected_file if planned.rejected_file else None
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


def merged(folder: Path, table: str, files: list[snapshots.Stored]) -> list[snapshots.Stored]:
    """The same rows in fewer files, once there are many: each file costs every reader a little."""
    small = [stored for stored in files if stored.rows < SMALL_ROWS]
    if len(files) <= MAX_FILES or len(small) < 2:
        return files
    kept = [stored for stored in files if stored.rows >= SMALL_ROWS]
    return [*kept, keys.merge(folder, table, small)]


def _keep_original(home: Path, workspace_id: str, batch: Batch) -> str | None:
    """Store the file a batch came from and return its name; files of several batches are stored once."""
    if batch.original is None:
        return None
    ending = batch.original.suffix.lower()
    suffix = ending if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else ""
    folder = folders.originals(home, workspace_id)
    if batch.source_sha256 and (folder / (name := batch.source_sha256 + suffix)).is_file():
        stored = folder / name
        if stored.stat().st_size == batch.original.stat().st_size:
            os.utime(stored)  # it looks new to the sweep
            return name
    ours = batch.original.is_relative_to(folders.staging(home))  # nobody changes what is on its way in
    return (durable.adopt if ours else durable.copy)(folder, suffix, batch.original)


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
        refuse_swept(home, workspace_id, state.version, state.members, state.planned)


def refuse_swept(
    home: Path,
    workspace_id: str,
    version: int,
    members: Mapping[str, Sequence[snapshots.Stored]],
    planned: Sequence[Import],
) -> None:
    """Within the transaction, which a sweep waits for: what is here now stays.

    Raises:
        Conflict: a file was swept before it became part of a version.
    """
    named = [
        folders.snapshots(home, workspace_id, table) / one.file for table, files in members.items() for one in files
    ]
    for row in planned:
        if row.rows_file:
            named.append(folders.snapshots(home, workspace_id, row.table_name) / row.rows_file)
        if row.original_file:
            named.append(folders.originals(home, workspace_id) / row.original_file)
    if not all(path.exists() for path in named):
        raise conflict(workspace_id, version, None)


def own_rows(database: Database, home: Path, workspace_id: str, version: int, batches: Sequence[Batch]) -> list[Import]:
    """Store the rows of batches by themselves, without making them part of a version, and return their audit rows."""
    with database.read() as session:
        keep = preferences.settings(session, workspace_id)["keep_originals_days"] != 0
    planned = []
    for batch in batches:
        folder = folders.snapshots(home, workspace_id, batch.table)
        frame, rows = snapshots.typed(batch.table, batch.frame), snapshots.row_count(batch.frame)
        if rows and batch.mode == "upsert":
            own: str | None = snapshots.store_as_is(folder, batch.table, frame)
        else:
            own = snapshots.store_frame(folder, batch.table, frame, 1).file if rows else None
        planned.append(_audit(home, workspace_id, version, batch, own, keep))
    return planned


def _audit(home: Path, workspace_id: str, version: int, batch: Batch, own: str | None, keep: bool) -> Import:
    return Import(
        workspace_id=workspace_id,
        version=version,
        table_name=batch.table,
        mode=batch.mode,
        source_name=batch.source_name,
        source_sha256=batch.source_sha256,
        mapping_signature=batch.mapping_signature,
        rows_accepted=snapshots.row_count(batch.frame),
        rows_rejected=0 if batch.rejected is None else len(batch.rejected),
        rejected_file=_keep_rejected(folders.rejected(home, workspace_id), batch.rejected),
        report=batch.report,
        rows_file=own,
        original_file=_keep_original(home, workspace_id, batch) if keep else None,
        recipe=batch.recipe,
    )
