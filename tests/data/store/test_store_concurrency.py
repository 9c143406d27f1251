"""Several at once: commits, readers, and processes that meet a new home."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.problems import DataProblem
from data.store import Batch, Conflict, Store, commits

PROGRAM = Path(__file__).with_name("crashes.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}


def batch(name):
    return Batch("accounts", pa.table({"account_id": [name]}))


def ids(store, workspace):
    files = store.facts(workspace).files.get("accounts", ())
    return sorted(name for path in files for name in pq.read_table(path)["account_id"].to_pylist())


def test_of_two_commits_for_the_same_version_one_gets_a_conflict(store, workspace, monkeypatch):
    meet = threading.Barrier(2)
    publish = commits._publish

    def together(*arguments):
        meet.wait(10)
        publish(*arguments)

    monkeypatch.setattr(commits, "_publish", together)

    def commit(name):
        try:
            return store.commit(workspace, [batch(name)], expected_version=0).version
        except Conflict as problem:
            return problem.id

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(commit, ["a", "b"]))
    assert sorted(outcomes, key=str) == [1, "version_conflict"]
    assert ids(store, workspace) == [["a", "b"][outcomes.index(1)]]
    assert len(store.history(workspace)) == 1


def test_a_commit_for_a_version_that_is_past_is_a_conflict(store, workspace):
    store.commit(workspace, [batch("a")], expected_version=0)
    with pytest.raises(Conflict, match="expected version 0, found 1"):
        store.commit(workspace, [batch("b")], expected_version=0)
    store.commit(workspace, [batch("b")], expected_version=1)
    assert ids(store, workspace) == ["a", "b"]


def test_commits_that_name_no_version_all_arrive(store, workspace):
    second = Store(store.home)

    def commit(number):
        return (store, second)[number % 2].commit(workspace, [batch(f"a{number}")]).version

    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(commit, range(12)))
    assert sorted(versions) == list(range(1, 13))
    assert ids(second, workspace) == sorted(f"a{number}" for number in range(12))
    second.close()


def test_a_repeated_commit_still_has_its_staged_file(store, workspace, monkeypatch):
    publish = commits._publish
    lost = []

    def lose_once(*arguments):
        if not lost:
            lost.append(True)
            monkeypatch.setattr(commits, "_publish", publish)
            store.commit(workspace, [batch("other")])
        publish(*arguments)

    staged = store.staging(".parquet")
    pq.write_table(pa.table({"account_id": ["mine"]}), staged)
    monkeypatch.setattr(commits, "_publish", lose_once)
    assert store.commit(workspace, [Batch("accounts", staged)]).version == 2
    assert ids(store, workspace) == ["mine", "other"]


@pytest.mark.skipif(os.name == "nt", reason="forks are of POSIX")
def test_processes_that_open_a_new_home_at_once_all_succeed(tmp_path):
    home = tmp_path / "new" / "home"
    done = subprocess.run(
        [sys.executable, PROGRAM, "open", home, "6"], env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == str([0] * 6), done.stderr
    store = Store(home)
    assert len(store.workspaces()) == 6
    store.close()


def test_threads_that_open_a_new_home_at_once_all_succeed(tmp_path):
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda number: Store(tmp_path / "home"), range(6)))
    for store in stores:
        assert store.workspaces() == []
        store.close()


def test_two_workspaces_of_one_name_are_not_made(store):
    def create(_):
        try:
            return store.create_workspace("Same").id
        except DataProblem as problem:
            return problem.id

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, range(4))) == ["same", *["workspace_exists"] * 3]
