"""One file with everything of some workspaces: `manifest.json`, `state.json`, and the files the state names.

The state is read first, in one view of the database; the files it names never change, so imports may go on
meanwhile. Each file is compared with its name, which is its hash, while it is copied. The backup appears under its
name only when it is whole. It holds no passwords (connections name where theirs are), and the keys of pseudonyms
only when asked for.
"""

import hashlib
import json
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from data.problems import DataProblem
from data.store import durable, folders, garbage, secrets, soundness, versions, workspaces
from data.store.database import Database
from data.store.migrations import HEAD
from data.store.models import Key, StateModel, Workspace

FORMAT = "farol-backup"
NUMBER = 1
MANIFEST, STATE = "manifest.json", "state.json"
ATTEMPTS = 3
CHUNK = 1 << 20


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds. `missing` files belong to older versions and were gone already."""

    path: Path
    workspaces: tuple[str, ...]
    files: int
    bytes: int
    missing: int


class _Gone(Exception):
    """A file that the state names went away, or is not what its name says."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


def backup(database: Database, home: Path, out: Path, chosen: Sequence[str] | None, with_keys: bool) -> BackedUp:
    """Write a backup of the chosen workspaces (ids), or of all. See `Store.backup`."""
    out = out.expanduser()
    aside = durable.temporary(out.parent)
    try:
        for _ in range(ATTEMPTS):
            try:
                return _attempt(database, home, aside, out, chosen, with_keys)
            except _Gone as error:  # swept or erased meanwhile, or lost: look at the state again
                gone = error.path
                aside.unlink(missing_ok=True)
    except OSError as error:
        raise DataProblem(
            "backup_failed",
            "No backup was made: {why}. Check free space and rights of {folder}.",
            why=error.strerror or str(error),
            folder=str(out.parent),
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    raise DataProblem(
        "backup_incomplete",
        "No backup was made: a stored file of {table} is gone or damaged. Undo its import or bring its file in again, "
        "then back up.",
        table=gone.parent.name,
    )


def _attempt(
    database: Database, home: Path, aside: Path, out: Path, chosen: Sequence[str] | None, with_keys: bool
) -> BackedUp:
    with database.read() as session:
        database.one_view(session)
        ids = list(chosen) if chosen is not None else [one.id for one in workspaces.listed(session)]
        state = _state(session, ids, with_keys)
        needed = _needed(session, home, ids)
        named = set().union(*(garbage.referenced_files(session, home, id) for id in ids))
        marks = {id: secrets.known(session, id, secrets.PSEUDONYMS) for id in ids}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "number": NUMBER,
        "revision": HEAD,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "workspaces": ids,
        "keys": with_keys,
        "pseudonyms": {id: secrets.fingerprint(key) for id, key in marks.items() if key},
        "files": {},
    }
    missing: set[Path] = set()
    with durable.open_new(aside) as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(named):
                if soundness.damaged([path]):
                    if path in needed:
                        raise _Gone(path)
                    missing.add(path)
                    continue
                manifest["files"][path.relative_to(home).as_posix()] = _copied(archive, home, path)
            _forget(state, home, missing)
            told = json.dumps(state, ensure_ascii=False, default=_written).encode()
            manifest["state"] = {"sha256": hashlib.sha256(told).hexdigest(), "bytes": len(told)}
            archive.writestr(STATE, told, zipfile.ZIP_DEFLATED)
            archive.writestr(MANIFEST, json.dumps(manifest, indent=1).encode(), zipfile.ZIP_DEFLATED)
        stream.flush()
        durable.sync_file(stream)
    size = aside.stat().st_size
    durable.move(aside, out)
    durable.sync_folder(out.parent)
    return BackedUp(out, tuple(ids), len(manifest["files"]), size, len(missing))


def _copied(archive: zipfile.ZipFile, home: Path, path: Path) -> dict[str, Any]:
    """Put one file in, and say its hash and bytes."""
    name = path.relative_to(home).as_posix()
    told, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as given, archive.open(name, "w", force_zip64=True) as kept:
            while piece := given.read(CHUNK):
                told.update(piece)
                size += len(piece)
                kept.write(piece)
    except FileNotFoundError as error:
        raise _Gone(path) from error
    return {"sha256": told.hexdigest(), "bytes": size}


def _state(session: Session, ids: Sequence[str], with_keys: bool) -> dict[str, list[dict[str, Any]]]:
    """The rows of every state table that belong to these workspaces."""
    found = {}
    for table in StateModel.metadata.sorted_tables:
        if table.name == Key.__tablename__ and not with_keys:
            continue
        owner = table.c.id if table.name == Workspace.__tablename__ else table.c.workspace_id
        rows = session.execute(sa.select(table).where(owner.in_(ids)).order_by(*table.primary_key.columns))
        found[table.name] = [dict(row) for row in rows.mappings()]
    return found


def _needed(session: Session, home: Path, ids: Sequence[str]) -> set[Path]:
    """The files of the versions in force."""
    found = set()
    for id in ids:
        for table, files in versions.members(session, id, workspaces.get(session, id).version).items():
            found |= {folders.snapshots(home, id, table) / one.file for one in files}
    return found


def _forget(state: dict[str, list[dict[str, Any]]], home: Path, missing: set[Path]) -> None:
    """Take files that could not be put in out of the state: their versions cannot be brought back."""
    if not missing:
        return
    lost = {
        (row["workspace_id"], row["version"])
        for row in state["members"]
        if folders.snapshots(home, row["workspace_id"], row["table_name"]) / row["file"] in missing
    }
    state["members"] = [row for row in state["members"] if (row["workspace_id"], row["version"]) not in lost]
    for row in state["versions"]:
        row["pruned"] = row["pruned"] or (row["workspace_id"], row["number"]) in lost
    for row in state["imports"]:
        id = row["workspace_id"]
        for name, folder in (
            ("rows_file", folders.snapshots(home, id, row["table_name"])),
            ("rejected_file", folders.rejected(home, id)),
            ("original_file", folders.originals(home, id)),
        ):
            if row[name] and folder / row[name] in missing:
                row[name] = None


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written to a backup")
