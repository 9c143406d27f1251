"""Sweeping removes what nothing refers to, after its grace, and nothing else."""

import os
import time
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest
from sqlmodel import select

from data.problems import DataProblem
from data.store import Batch
from data.store.models import Version

NOW = timedelta(0)


def put(store, workspace, name, mode="replace"):
    store.commit(workspace, [Batch("accounts", pa.table({"account_id": [name]}), mode)])


def files(store, folder="snapshots"):
    return {path for path in (store.home / folder).rglob("*") if path.is_file()}


def age(store, days):
    for folder in ("snapshots", "rejected", "originals", "staging"):
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


def older(store, days):
    """Make everything in the state and on the disk look that many days older."""
    with store._database.write() as session:
        for row in session.exec(select(Version)).all():
            row.created_at -= timedelta(days=days)
            session.add(row)
    age(store, days)


def with_everything(store, workspace, name, folder, mode="replace"):
    path = folder / f"{name}.csv"
    path.write_text(name)
    rejected = pd.DataFrame({"row": [2], "reason": [f"no id {name}"]})
    frame = pa.table({"account_id": [name]})
    store.commit(workspace, [Batch("accounts", frame, mode, rejected=rejected, original=path)])


def test_retention_is_a_setting_and_nothing_goes_without_it(store, workspace, tmp_path):
    for name in "abc":
        with_everything(store, workspace, name, tmp_path)
    older(store, 400)
    assert store.sweep() == store.sweep()
    assert [len(files(store, name)) for name in ("snapshots", "originals", "rejected")] == [3, 3, 3]


@pytest.mark.parametrize(
    ("setting", "left"),
    [
        ({"keep_originals_days": 30}, {"snapshots": 2, "originals": 1, "rejected": 2}),
        ({"keep_originals_days": 0}, {"snapshots": 2, "originals": 1, "rejected": 2}),  # within the day of grace
        ({"keep_rejected_days": 30}, {"snapshots": 2, "originals": 2, "rejected": 1}),
        ({"keep_undone_days": 30}, {"snapshots": 2, "originals": 2, "rejected": 2}),  # superseded only now
    ],
)
def test_each_kind_goes_after_its_days(store, workspace, tmp_path, setting, left):
    with_everything(store, workspace, "a", tmp_path)
    older(store, 40)
    with_everything(store, workspace, "b", tmp_path)
    store.save_settings(workspace, setting)
    store.sweep()
    assert {name: len(files(store, name)) for name in left} == left
    (new, old) = store.history(workspace)
    assert (old.imports[0].original is None) == ("keep_originals_days" in setting)
    assert (old.imports[0].rejected_file is None) == ("keep_rejected_days" in setting)
    assert new.imports[0].original is not None
    assert store.undo(workspace) == 3


def test_undone_versions_go_after_their_days_and_the_data_in_force_stay(store, workspace, tmp_path):
    for name in "abc":
        with_everything(store, workspace, name, tmp_path)
    store.undo(workspace)
    older(store, 40)
    store.save_settings(workspace, {"keep_undone_days": 30})
    assert store.sweep().versions == 3
    assert len(files(store)) == 1
    store.facts(workspace)
    for act in (store.undo, store.redo):
        with pytest.raises(DataProblem, match="too old to keep"):
            act(workspace)
    with pytest.raises(DataProblem, match="no longer has its own rows"):
        store.redo(workspace, of=3)


def test_the_rows_of_an_import_that_was_merged_away_stay_as_long_as_it_can_be_undone(store, workspace):
    for number in range(20):
        put(store, workspace, f"a{number}", "append")
    older(store, 3)
    store.sweep()
    store.undo(workspace, of=1)
    assert store.rows(workspace) == {"accounts": 19}
    older(store, 3)
    store.sweep(keep_versions=1)
    assert store.rows(workspace) == {"accounts": 19}
    with pytest.raises(DataProblem, match="no longer has its own rows"):
        store.undo(workspace, of=2)
