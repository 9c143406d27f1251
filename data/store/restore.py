"""Bringing a backup back: as new workspaces, or only the files that a home has lost.

A backup is a stranger's file until it is proven: every entry is one the manifest names, with a name of our own
kind, the promised size and hash; every row of the state fits its table. Nothing exists before one transaction at the
end; what a refusal leaves behind are files nobody refers to, swept later.
"""

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import sqlalchemy as sa
from sqlmodel import Session, col, select

from data.problems import DataProblem
from data.schema import tables
from data.store import backup, durable, folders, garbage, secrets, snapshots, soundness, workspaces
from data.store.database import Database
from data.store.layout import snapshot_schema
from data.store.migrations import HEAD
from data.store.models import Change, Key, StateModel, UtcDateTime, Workspace

MAX_ENTRIES = 500_000
MAX_TOLD = 256 << 20  # bytes of manifest and state
_ID = r"[a-z0-9][a-z0-9-]{0,59}"
_HASH = r"[0-9a-f]{64}"
_NAME = re.compile(
    rf"(?:snapshots/(?P<ws>{_ID})/(?P<table>[a-z_]{{1,40}})/{_HASH}\.parquet"
    rf"|rejected/{_ID}/{_HASH}\.csv|originals/{_ID}/{_HASH}(?:\.[a-z0-9]{{1,8}})?)"
)
_FILES = {"rows_file": "snapshots", "rejected_file": "rejected", "original_file": "originals"}


@dataclass(frozen=True)
class Restored:
    """A workspace brought back. `new_key`: its pseudonyms were made with a key that is not here."""

    id: str
    name: str
    version: int
    files: int
    new_key: bool


class _Backup:
    """An open backup whose names, sizes and state have been proven, and its files not yet."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        infos = archive.infolist()
        if len(infos) > MAX_ENTRIES:
            _refuse("it has too many files")
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) < len(infos):
            _refuse("a file comes twice")
        manifest = self._json(backup.MANIFEST)
        self._check_head(manifest)
        self.files: dict[str, dict[str, Any]] = manifest["files"]
        for name, told in self.files.items():
            info = self._infos.get(name)
            if not _NAME.fullmatch(name) or info is None or not isinstance(told, dict):
                _refuse("it names a file that cannot be in a backup")
            if told.get("sha256") != name.rpartition("/")[2].partition(".")[0] or told.get("bytes") != info.file_size:
                _refuse("a file is not what the backup says")
        if set(self._infos) != {*self.files, backup.MANIFEST, backup.STATE}:
            _refuse("it holds files that it does not name")
        for info in infos:
            kind = info.external_attr >> 28
            if kind not in (0, 0o10) or info.is_dir() or info.flag_bits & 0x1:
                _refuse("it holds something that is not a plain file")
            if info.filename in self.files and info.compress_type != zipfile.ZIP_STORED:
                _refuse("a file is packed in a way that a backup never is")
        self.state = _read_state(self._json(backup.STATE, manifest.get("state")), set(self.files))
        self.pseudonyms = {str(k): str(v) for k, v in (manifest.get("pseudonyms") or {}).items()}

    def _check_head(self, manifest: Any) -> None:
        if not isinstance(manifest, dict) or manifest.get("format") != backup.FORMAT:
            _refuse("it is no backup of Farol")
        if manifest.get("number") != backup.NUMBER or not isinstance(manifest.get("files"), dict):
            _refuse("it was made by another version of Farol")
        if not isinstance(manifest.get("revision"), str) or manifest["revision"] > HEAD:
            _refuse("it was made by a newer version of Farol")

    def _json(self, name: str, told: Any = None) -> Any:
        info = self._infos.get(name)
        if info is None or info.file_size > MAX_TOLD:
            _refuse("it is no backup of Farol")
        with self._archive.open(info) as stream:
            data = stream.read(MAX_TOLD + 1)
        if len(data) > MAX_TOLD:
            _refuse("its description is too large")
        if isinstance(told, dict) and told.get("sha256") != hashlib.sha256(data).hexdigest():
            _refuse("its state was changed")
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            _refuse("its description cannot be read")

    def store(self, name: str, folder: Path) -> None:
        """Put one file into a folder, durable and under its own name, if its bytes are the promised ones."""
        told, info, path = self.files[name], self._infos[name], Path(name)

        def fill(stream: BinaryIO) -> None:
            with self._archive.open(info) as given:
                shutil.copyfileobj(given, stream, backup.CHUNK)

        stored = durable.place(folder, path.suffix, fill)
        if stored != path.name or (folder / stored).stat().st_size != told["bytes"]:
            if stored != path.name:
                (folder / stored).unlink(missing_ok=True)
            _refuse("a file is not what its name says")


def restore(
    database: Database, home: Path, source: Path, chosen: str | None, name: str | None, actor: str
) -> list[Restored]:
    """Bring back the workspaces of a backup. See `Store.restore`."""
    with _opened(source) as given:
        held = [row for row in given.state["workspaces"] if chosen is None or chosen in (row["id"], row["name"])]
        if not held:
            raise DataProblem(
                "backup_without_workspace",
                "The backup has no workspace {workspace!r}. It has: {known}.",
                workspace=chosen or "",
                known=", ".join(row["name"] for row in given.state["workspaces"]),
            )
        if name is not None and len(held) > 1:
            raise DataProblem(
                "backup_several_workspaces",
                "The backup has several workspaces ({known}); say which one gets the new name.",
                known=", ".join(row["name"] for row in held),
            )
        with database.read() as session:
            targets = {row["id"]: workspaces.free(session, name or row["name"], row["id"]) for row in held}
        needed = free = 0
        for id in targets:
            needed += sum(told["bytes"] for file, told in given.files.items() if file.split("/")[1] == id)
        free = shutil.disk_usage(home).free
        if needed > free:
            _refuse("it needs more space than there is")
        counts = {id: _store_files(given, home, id, new) for id, (new, _) in targets.items()}
        with database.write() as session:
            found = []
            for row in held:
                new_id, new_name = targets[row["id"]]
                made = workspaces.create(session, new_name, new_id)
                _add_rows(session, given.state, row["id"], made.id)
                made.version = row["version"]
                session.add(made)
                lost = _take_over_key(session, given, row["id"], made.id)
                note = {"file": source.name, "from": row["name"], "version": row["version"]}
                session.add(
                    Change(
                        workspace_id=made.id,
                        changed_at=datetime.now(UTC),
                        actor=actor,
                        kind="restore",
                        name=row["name"],
                        after=note,
                    )
                )
                session.flush()
                for path in garbage.referenced_files(session, home, made.id):
                    if not path.exists():
                        _refuse("a file was swept meanwhile; try again")
                found.append(Restored(made.id, made.name, row["version"], counts[row["id"]], lost))
            return found


def mend(database: Database, home: Path, source: Path) -> int:
    """Put back the files that a home has lost and a backup holds; returns how many. See `Store.mend`."""
    with _opened(source) as given, database.read() as session:
        count = 0
        for path in soundness.damaged(garbage.referenced_files(session, home)):
            name = path.relative_to(home).as_posix()
            if name in given.files:
                given.store(name, path.parent)
                count += 1
        return count


@contextmanager
def _opened(source: Path) -> Iterator[_Backup]:
    try:
        with zipfile.ZipFile(source) as archive:
            yield _Backup(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
        raise _refusal("it is damaged or no backup of Farol") from error
    except OSError as error:
        raise DataProblem(
            "restore_failed",
            "Nothing was restored: {why}. Check the file, free space and rights.",
            why=error.strerror or str(error),
        ) from error


def _store_files(given: _Backup, home: Path, id: str, new: str) -> int:
    count = 0
    for name in given.files:
        kind, owner, *rest = name.split("/")
        if owner != id:
            continue
        folder = {"rejected": folders.rejected(home, new), "originals": folders.originals(home, new)}.get(kind)
        given.store(name, folder or folders.snapshots(home, new, rest[0]))
        count += 1
    for row in given.state["members"]:
        if row["workspace_id"] == id:
            _check_snapshot(folders.snapshots(home, new, row["table_name"]) / row["file"], row)
    return count


def _check_snapshot(path: Path, row: Mapping[str, Any]) -> None:
    """Refuse a file that is not a snapshot of its table with the rows it should have."""
    schema = snapshots.schema_of(path)
    extra = [name for name in schema.names if name.startswith("x_")]
    if not schema.equals(snapshot_schema(row["table_name"], extra)) or snapshots.row_count(path) != row["rows"]:
        _refuse("a file does not hold the rows that it should")


def _read_state(given: Any, files: set[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the state in the types of their columns, with references only to files that are there."""
    known = {table.name: table for table in StateModel.metadata.sorted_tables}
    if not isinstance(given, dict) or set(given) - set(known):
        _refuse("its state is not one that Farol writes")
    state = {}
    for name, table in known.items():
        rows = given.get(name, [])
        if not isinstance(rows, list):
            _refuse("its state is not one that Farol writes")
        state[name] = [_row(table, row) for row in rows]
    ids = {row["id"] for row in state["workspaces"]}
    if not all(re.fullmatch(_ID, id) for id in ids):
        _refuse("a workspace has an id that Farol never gives")
    for rows in state.values():
        if any(row.get("workspace_id", row.get("id")) not in ids for row in rows):
            _refuse("its state speaks of a workspace that it does not have")
    for row in state["members"]:
        row_file = f"snapshots/{row['workspace_id']}/{row['table_name']}/{row['file']}"
        if row["table_name"] not in tables() or row_file not in files or row["rows"] < 0:
            _refuse("its state names a file that it does not have")
    for row in state["imports"]:
        for column, kind in _FILES.items():
            middle = f"{row['table_name']}/" if kind == "snapshots" else ""
            if row[column] and f"{kind}/{row['workspace_id']}/{middle}{row[column]}" not in files:
                _refuse("its state names a file that it does not have")
    return state


def _row(table: sa.Table, row: Any) -> dict[str, Any]:
    """One row in the types of its columns; columns that an older backup lacks are empty."""
    if not isinstance(row, dict) or set(row) - set(table.c.keys()):
        _refuse("its state is not one that Farol writes")
    found = {}
    for column in table.c:
        value = row.get(column.name)
        if value is None and not column.nullable:
            _refuse("its state lacks a value")
        kind: type = dict if isinstance(column.type, sa.JSON) else column.type.python_type
        if value is not None and isinstance(column.type, UtcDateTime | sa.DateTime):
            try:
                value = datetime.fromisoformat(value)
            except (TypeError, ValueError):
                _refuse("its state holds a time that is none")
        elif value is not None and kind is not dict:
            wanted = (int, float) if kind is float else kind
            if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
                _refuse("its state holds a value of another kind than it should")
        found[column.name] = value
    return found


def _add_rows(session: Session, state: Mapping[str, list[dict[str, Any]]], id: str, new: str) -> None:
    for table in StateModel.metadata.sorted_tables:
        if table.name == Workspace.__tablename__:
            continue
        mine = [{**row, "workspace_id": new} for row in state[table.name] if row["workspace_id"] == id]
        numbered = table.name in ("imports", "changes")
        rows = [{name: value for name, value in row.items() if not (numbered and name == "id")} for row in mine]
        if rows:
            session.execute(sa.insert(table), rows)


def _take_over_key(session: Session, given: _Backup, id: str, new: str) -> bool:
    """Give a workspace the key its pseudonyms were made with, where it is here; True when it is not."""
    wanted = given.pseudonyms.get(id)
    if wanted is None or secrets.known(session, new, secrets.PSEUDONYMS) is not None:
        return False
    for row in session.exec(select(Key).where(col(Key.name) == secrets.PSEUDONYMS)).all():
        if secrets.fingerprint(bytes.fromhex(row.value)) == wanted:
            session.add(Key(workspace_id=new, name=row.name, value=row.value))
            return False
    return True


def _refusal(why: str) -> DataProblem:
    return DataProblem("backup_refused", "This file cannot be restored: {why}. Nothing was changed.", why=why)


def _refuse(why: str) -> NoReturn:
    raise _refusal(why)
