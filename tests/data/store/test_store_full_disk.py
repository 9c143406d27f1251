"""A disk that is really full, and one that fails at each step of keeping a file: nothing changes, and a retry works."""

import contextlib
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.problems import DataProblem
from data.store import Batch, Store, durable


def ids(store, workspace):
    files = store.facts(workspace).files.get("accounts", ())
    return sorted(name for path in files for name in pq.read_table(path)["account_id"].to_pylist())


def files_of(home):
    return {path.relative_to(home) for path in home.rglob("*") if path.is_file() and "state.db" not in path.name}


def count_steps(store, workspace, original):
    """How often each step of `durable` is called by one commit with all it can keep."""
    calls = {}
    names = ("make_folder", "open_new", "sync_file", "digest", "move", "sync_folder")
    with pytest.MonkeyPatch.context() as patched:
        for name in names:
            step = getattr(durable, name)

            def counted(*arguments, _name=name, _step=step):
                calls[_name] = calls.get(_name, 0) + 1
                return _step(*arguments)

            patched.setattr(durable, name, counted)
        store.commit(workspace, batches("counted", original))
    return [(name, call) for name, count in calls.items() for call in range(1, count + 1)]


def batches(name, original):
    rejected = pd.DataFrame({"row": [2], "reason": [f"no id {name}"]})
    frame = pa.table({"account_id": [name]})
    original.write_text(name)
    return [
        Batch("accounts", frame, rejected=rejected, original=original),
        Batch("accounts", pa.table({"account_id": [name], "name": ["again"]}), "upsert"),
    ]


@pytest.mark.slow
def test_an_error_at_each_step_changes_nothing(store, workspace, tmp_path, monkeypatch):
    original = tmp_path / "a.csv"
    store.commit(workspace, batches("first", original))  # that makes the folders
    steps = count_steps(store, workspace, original)
    assert len(steps) >= 20
    before = ids(store, workspace)
    for number, (name, call) in enumerate(steps):
        version, kept = store.workspace(workspace).version, files_of(store.home)
        step, seen = getattr(durable, name), []

        def failing(*arguments, _step=step, _seen=seen, _call=call):
            _seen.append(1)
            if len(_seen) == _call:
                raise OSError(5, "Input/output error")
            return _step(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(durable, name, failing)
            with pytest.raises(DataProblem, match="Nothing was stored: Input/output error"):
                store.commit(workspace, batches(f"b{number}", original))
        assert len(seen) >= call, (name, call)
        assert store.workspace(workspace).version == version
        assert ids(store, workspace) == before
        assert not [path for path in files_of(store.home) - kept if path.name.endswith(durable.TEMPORARY)]
        store.commit(workspace, batches(f"b{number}", original))
        before = sorted([*before, f"b{number}"])
        assert ids(store, workspace) == before


@pytest.fixture
def small_disk(tmp_path):
    """Four megabytes of memory as a disk, where the tests may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or mount is None:
        pytest.skip("only root may mount a small disk")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run([shutil.which("umount"), "-l", place], check=True)


def test_a_disk_that_is_really_full(small_disk, tmp_path):
    store = Store(small_disk / "home", f"sqlite:///{small_disk / 'state.db'}")
    workspace = store.create_workspace("w").id
    noise = np.random.default_rng(1)

    def batch(number):
        names = [f"{number}-{one}" for one in noise.integers(0, 10**15, 20_000)]
        return Batch("accounts", pa.table({"account_id": list(dict.fromkeys(names))}))

    landed = 0
    problem = None
    while problem is None and landed < 100:
        try:
            store.commit(workspace, [batch(landed)])
            landed += 1
        except DataProblem as caught:
            problem = caught
    assert problem is not None
    assert problem.id in ("storage_failed", "state_unreachable")
    assert "full" in str(problem).lower() or "space" in str(problem).lower()
    assert landed >= 2
    assert store.workspace(workspace).version == landed
    held = ids(store, workspace)
    assert len({name.partition("-")[0] for name in held}) == landed
    assert store.damaged(workspace) == {}
    with pytest.raises(DataProblem, match="No backup was made"):
        store.backup(small_disk / "b.zip")
    assert not (small_disk / "b.zip").exists()
    store.backup(tmp_path / "b.zip")
    subprocess.run([shutil.which("mount"), "-o", "remount,size=16m", small_disk], check=True)
    store.commit(workspace, [batch(1000)])
    assert store.workspace(workspace).version == landed + 1
    assert ids(store, workspace)[: len(held)] != []
    with contextlib.suppress(OSError):
        store.close()
