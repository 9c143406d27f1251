"""The home of the data: which workspaces there are, and the sample company that an empty home starts with."""

import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from data.problems import DataProblem
from data.store import Batch, Store, WorkspaceInfo

SAMPLE = "sample"
Progress = Callable[[str], None]

_FILLING = threading.Lock()


def default_home() -> Path:
    """Where snapshots and state live: FAROL_HOME, else `.farol` in the user's home."""
    return Path(os.environ.get("FAROL_HOME") or Path.home() / ".farol").expanduser()


@cache
def _store(home: Path, url: str | None) -> Store:
    return Store(home, url)


def open_store(home: Path | None = None) -> Store:
    """The store of a home, shared between threads; an empty one first gets the sample company."""
    store = _store(home or default_home(), os.environ.get("FAROL_DATABASE_URL"))
    with _FILLING:
        known = store.workspaces()
        if not known or (len(known) == 1 and known[0].name == SAMPLE and known[0].version == 0):
            fill_with_sample(store)
    return store


def fill_with_sample(store: Store) -> None:
    """Make the sample workspace and put the sample company in, unless another process has."""
    from data.sample import COMPANY, SETTINGS, as_arrow, generate, targets  # slow to import, seldom needed

    found = store.find_workspace(SAMPLE)
    if found is None:
        try:
            found = store.create_workspace(SAMPLE)
        except DataProblem:
            found = store.find_workspace(SAMPLE)
            if found is None:
                raise
    if found.version:
        return
    batches = [
        Batch(name, as_arrow(name, frame), source_name=f"{COMPANY}: {name}") for name, frame in generate().items()
    ]
    store.save_settings(found.id, {"sample": True, **SETTINGS})
    for kpi, value in targets().items():
        store.save_target(found.id, kpi, "month", None, value)
    store.commit(found.id, batches, expected_version=0)


def list_workspaces(home: Path | None = None) -> list[WorkspaceInfo]:
    """All workspaces of a home, oldest first."""
    return open_store(home).workspaces()


def write_sample(out: Path, accounts: int = 300, months: int = 36, seed: int = 7) -> list[Path]:
    """The sample company as CSV files.

    Raises:
        DataProblem: too few accounts or months, or a folder that cannot be written.
    """
    from data.sample import write_csv  # slow to import, seldom needed

    try:
        return write_csv(out, accounts, months, seed)
    except ValueError as error:
        raise DataProblem("sample_refused", "{why}", why=str(error)) from error
    except OSError as error:
        raise DataProblem(
            "folder_unusable", "Cannot write to {folder}: {why}.", folder=str(out), why=error.strerror or str(error)
        ) from error
