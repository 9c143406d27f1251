"""Looking after what is stored: what there is, its history, undo, replay, backup, retention, erasure.

Nothing here reads rows through the engine but `overview`; all of it works where a stored file is gone or damaged.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from data.facts import Facts, connect
from data.problems import DataProblem, did_you_mean
from data.readers import Assumed
from data.schema import tables
from data.store import BackedUp, Batch, Erased, HistoryEntry, Restored, Store, Swept, Unsound, WorkspaceInfo
from workspace import living
from workspace.bringing_in import Choice, as_batches, check, look
from workspace.home import default_home, open_store
from workspace.numbers import Workspace

REPLAYED = ("import", "replay")
RETENTION = ("keep_originals_days", "keep_rejected_days", "keep_undone_days")


@dataclass(frozen=True)
class Held:
    """What a workspace has of one table. `first` and `last` are the days its rows speak of; None without dates.

    `imported` is the newest import in force that fed it, `source` the name of its file.
    """

    table: str
    rows: int
    first: date | None
    last: date | None
    imported: HistoryEntry | None
    source: str


def find(name: str, home: Path | None = None) -> tuple[Store, WorkspaceInfo]:
    """A workspace by name or id, without looking at its data.

    Raises:
        DataProblem: there is none of that name.
    """
    store = open_store(home)
    found = store.find_workspace(name)
    if found is None:
        known = [info.name for info in store.workspaces()]
        raise DataProblem(
            "workspace_unknown",
            "There is no workspace {name!r}.{hint} There is: {known}.",
            name=name,
            hint=did_you_mean(name, known),
            known=", ".join(known),
        )
    return store, found


def open_anyway(name: str, home: Path | None = None, shared: bool = False) -> Workspace:
    """A workspace by name or id, live where it is switched so; without any data, and saying so, where they are away.

    Its `trouble` is why it has no data: a stored file is gone or damaged, or a live source cannot be read; None where
    all is well. Numbers must not be shown where there is trouble. `shared`: whether others use this Farol.

    Raises:
        DataProblem: there is none of that name.
    """
    store, found = find(name, home)
    stored = _opened_anyway(store, found.id)
    try:
        return living.opened(stored, shared)
    except DataProblem as problem:
        away = Workspace(store, found.id, Facts({}, "away"))
        away.stored, away.trouble = stored, problem
        away.live = living.away(stored, problem)
        return away


def _opened_anyway(store: Store, workspace_id: str) -> Workspace:
    try:
        opened = Workspace(store, workspace_id)
    except Unsound as problem:
        version = store.workspace(workspace_id).version
        opened = Workspace(store, workspace_id, Facts({}, f"damaged-{version}"))
        opened.trouble = problem
    return opened


def overview(workspace: Workspace) -> list[Held]:
    """Every table with rows, in the order of the schema."""
    store, id = workspace.store, workspace.id
    counts, entries = store.rows(id), [entry for entry in store.history(id) if entry.in_force]
    found = []
    for name, table in tables().items():
        if not counts.get(name):
            continue
        first, last = _span(workspace, name, table.observed)
        feeding = next((entry for entry in entries if any(one.table == name for one in entry.imports)), None)
        source = next((one.source_name for one in feeding.imports if one.table == name), "") if feeding else ""
        found.append(Held(name, counts[name], first, last, feeding, source))
    return found


def _span(workspace: Workspace, table: str, dates: Sequence[str]) -> tuple[date | None, date | None]:
    if not dates or not workspace.facts.files.get(table):
        return None, None
    names = ", ".join(f"CAST({name} AS DATE)" for name in dates)
    query = f"SELECT min(least({names})), max(greatest({names})) FROM {table}"  # noqa: S608 – names of the schema
    with connect(workspace.facts) as cursor:
        ((first, last),) = cursor.sql(query).fetchall()
    return first, last


# History


def records(store: Store, workspace_id: str) -> list[dict[str, Any]]:
    """What was imported, undone, redone, read again and erased, newest first, as the terminal prints it."""
    entries = store.history(workspace_id)
    return [
        {
            "version": entry.version,
            "when": entry.created_at.isoformat(timespec="seconds"),
            "action": entry.action,
            "who": entry.actor,
            "in_force": entry.in_force,
            "replays": entry.replays,
            "imports": [f"{one.source_name} → {one.table} ({one.rows_accepted})" for one in entry.imports],
            "files": [
                {
                    "file": one.source_name,
                    "table": one.table,
                    "mode": one.mode,
                    "rows_accepted": one.rows_accepted,
                    "rows_rejected": one.rows_rejected,
                    "rejected_file": str(one.rejected_file) if one.rejected_file else None,
                    "original": one.original is not None,
                    "mapping": (one.report or {}).get("mapping", {}),
                }
                for one in entry.imports
            ],
            "can": abilities(entry, entries),
        }
        for entry in entries
    ]


def abilities(entry: HistoryEntry, entries: Sequence[HistoryEntry]) -> list[str]:
    """What can be done with one import: undo, redo, replay. Whether its rows fit is known only when it is tried."""
    if entry.action not in REPLAYED:
        return []
    whole = all(one.has_rows for one in entry.imports)
    if not entry.in_force:
        stands_in = {other.replays for other in entries if other.in_force}
        return ["redo"] if whole and entry.version not in stands_in else []
    newest = entry.version == max(other.version for other in entries if other.in_force)
    return (["undo"] if whole or newest else []) + (["replay"] if _replayable(entry) else [])


def _replayable(entry: HistoryEntry) -> bool:
    return bool(entry.imports) and all(
        one.recipe is not None and one.original is not None and one.original.is_file() for one in entry.imports
    )


def replay(store: Store, workspace_id: str, version: int, actor: str = "") -> int:
    """Import the files of an import again, with their mapping and today's code, in place of its rows.

    Raises:
        DataProblem: its files were not kept, or cannot be read or stored now; nothing is changed.
    """
    entry = next((one for one in store.history(workspace_id) if one.version == version), None)
    if entry is None or entry.action not in REPLAYED:
        raise DataProblem("no_such_import", "There is no import {version}.", version=version)
    if not _replayable(entry):
        raise DataProblem(
            "no_original",
            "The files of import {version} were not kept, so it cannot be read again. Bring them in once more.",
            version=version,
        )
    workspace = _opened_anyway(store, workspace_id)
    batches: list[Batch] = []
    seen: set[tuple[str, str]] = set()
    for one in entry.imports:
        recipe = one.recipe or {}
        key = (str(one.original), repr(recipe))
        if key in seen or one.original is None:  # one file that feeds several tables
            continue
        seen.add(key)
        asked = Assumed.from_json(recipe["assumed"])
        upload = look(one.original, one.source_name, assumed=asked, store=store)
        prepared = check(workspace, [upload], [Choice(recipe["mapping"], asked)])
        modes = {each.table: each.mode for each in entry.imports if each.source_name == one.source_name}
        for batch in as_batches(workspace, [upload], prepared, one.mode):
            mode = modes.get(batch.table, one.mode)
            batches.append(Batch(**{**_fields(batch), "mode": mode, "source_sha256": one.source_sha256}))
    return store.replay(workspace_id, version, batches, actor)


def _fields(batch: Batch) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in batch.__dataclass_fields__}


# Backup


def plain_store(home: Path | None = None) -> Store:
    """The store of a home as it is: an empty one gets no sample company."""
    return Store(home or default_home(), os.environ.get("FAROL_DATABASE_URL"))


def backup(out: Path, name: str | None = None, with_keys: bool = False, home: Path | None = None) -> BackedUp:
    """Write one workspace, or all, to one file.

    Raises:
        DataProblem: see `Store.backup`.
    """
    if name is None:
        return open_store(home).backup(out, None, with_keys)
    store, found = find(name, home)
    return store.backup(out, [found.id], with_keys)


def restore(
    source: Path, workspace: str | None = None, name: str | None = None, actor: str = "", home: Path | None = None
) -> list[Restored]:
    """Bring workspaces of a backup back, beside those there are.

    Raises:
        DataProblem: see `Store.restore`.
    """
    store = plain_store(home)
    try:
        return store.restore(source, workspace, name, actor)
    finally:
        store.close()


# Retention and erasure


def sweep(home: Path | None = None) -> Swept:
    """Let go of what the workspaces' retention says, and of files that nothing refers to any more."""
    return open_store(home).sweep()


def erase(store: Store, workspace_id: str, account: str, dry_run: bool = False, actor: str = "") -> Erased:
    """Remove an account from everything that is stored of a workspace.

    Raises:
        DataProblem: see `Store.erase`.
    """
    return store.erase(workspace_id, account, dry_run, actor)


def as_record(found: BackedUp | Restored | Erased | Swept) -> dict[str, Any]:
    """A result as the terminal prints it."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(found).items()}
