"""Sweeping removes what nothing refers to, after its grace, and nothing else."""

import os
import time
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest

from data.problems import DataProblem
from data.store import Batch

NOW = timedelta(0)


def put(store, workspace, name, mode="replace"):
    store.commit(workspace, [Batch("accounts", pa.table({"account_id": [name]}), mode)])


def files(store, folder="snapshots"):
    return {path for path in (store.home / folder).rglob("*") if path.is_file()}


def age(store, days):
    for folder in ("snapshots", "rejected", "staging"):
        for path in files(store, folder):
            os.utime(path, times=(time.time() - days * 86400,) * 2)


def test_what_a_version_refers_to_stays_however_old(store, workspace):
    put(store, workspace, "a")
    put(store, workspace, "b")
    rejected = pd.DataFrame({"row": [2], "reason": ["no id"]})
    store.commit(workspace, [Batch("accounts", pa.table({"account_id": ["c"]}), rejected=rejected)])
    age(store, 400)
    assert store.sweep().files == 0
    store.undo(workspace)
    store.undo(workspace)
    store.facts(workspace)


def test_leftovers_go_after_a_day(store, workspace):
    put(store, workspace, "a")
    kept = files(store)
    folder = next(iter(kept)).parent
    for path in (folder / ".crash.tmp", folder / "orphan.parquet", store.staging(".parquet")):
        path.write_bytes(b"12345")
    assert store.sweep().files == 0
    age(store, 2)
    swept = store.sweep()
    assert (swept.files, swept.bytes) == (3, 15)
    assert files(store) == kept


def test_old_versions_are_given_up_only_when_asked(store, workspace):
    for name in "abcd":
        put(store, workspace, name)
    age(store, 2)
    assert store.sweep(keep_versions=2).versions == 0  # superseded within the day: somebody may be reading
    assert store.sweep(NOW, keep_versions=2).versions == 2
    assert len(files(store)) == 2
    store.undo(workspace)
    with pytest.raises(DataProblem, match="too old"):
        store.undo(workspace)
    with pytest.raises(DataProblem, match="no version 1"):
        store.facts(workspace, 1)
    assert len(store.history(workspace)) == 5
    assert store.redo(workspace) == 6


def test_a_deleted_workspace_keeps_its_files_for_its_readers(store, workspace):
    put(store, workspace, "a")
    age(store, 400)
    store.delete_workspace(workspace)
    assert store.workspaces() == []
    assert store.sweep().files == 0
    assert len(files(store)) == 1
    age(store, 2)
    assert store.sweep().files == 1


def test_a_deleted_workspace_takes_its_state_along(store, workspace):
    put(store, workspace, "a")
    store.save_settings(workspace, {"currency": "USD"})
    store.save_target(workspace, "nps", None, None, 1)
    store.delete_workspace(workspace)
    again = store.create_workspace("Acme").id
    assert again == workspace
    assert (store.history(again), store.changes(again), store.targets(again)) == ([], [], [])
    assert store.settings(again)["currency"] == "BRL"
    assert store.facts(again).files == {}
