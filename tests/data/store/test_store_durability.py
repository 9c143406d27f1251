"""What was acknowledged is there; what was not leaves no trace: errors and kills at every step of a commit."""

import errno
import os
import random
import signal
import subprocess
import sys
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from data.problems import DataProblem
from data.store import Batch, Store, commits, durable, versions

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("crashes.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills and forks are of POSIX")


def batch(name):
    return Batch("accounts", pa.table({"account_id": [name]}), source_sha256=name)


def ids(store, workspace, version=None):
    files = store.facts(workspace, version).files.get("accounts", ())
    return sorted(name for path in files for name in pq.read_table(path)["account_id"].to_pylist())


def files_of(home):
    return {path for path in (home / "snapshots").rglob("*") if path.is_file()}


def referenced(store, workspace):
    numbers = range(store.workspace(workspace).version + 1)
    facts = [store.facts(workspace, number).files for number in numbers]
    return {Path(path) for files in facts for paths in files.values() for path in paths}


def failing(original, error, call):
    seen = 0

    def fail(*arguments, **named):
        nonlocal seen
        seen += 1
        if seen == call:
            raise error
        return original(*arguments, **named)

    return fail


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("step", ["make_folder", "open_new", "sync_file", "digest", "move", "sync_folder"])
def test_a_full_disk_at_any_step_changes_nothing(store, workspace, monkeypatch, step, call):
    store.commit(workspace, [batch("a")])
    before = store.facts(workspace).key
    full = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patched:
        patched.setattr(durable, step, failing(getattr(durable, step), full, call))
        with pytest.raises(DataProblem, match="No space left"):
            store.commit(workspace, [batch("b"), batch("c")])
    assert store.workspace(workspace).version == 1
    assert store.facts(workspace).key == before
    assert not [path for path in files_of(store.home) if path.name.endswith(durable.TEMPORARY)]
    store.commit(workspace, [batch("b"), batch("c")])
    assert ids(store, workspace) == ["a", "b", "c"]


def test_a_full_disk_while_writing_changes_nothing(store, workspace, monkeypatch):
    class Full:
        def __init__(self, stream):
            self.stream = stream

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name):
            return getattr(self.stream, name)

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            self.stream.close()

    opened = durable.open_new
    with monkeypatch.context() as patched:
        patched.setattr(durable, "open_new", lambda path: Full(opened(path)))
        with pytest.raises(DataProblem, match="No space left"):
            store.commit(workspace, [batch("a")])
    assert store.workspace(workspace).version == 0
    assert files_of(store.home) == set()


@pytest.mark.parametrize("after", [False, True])
def test_a_database_error_changes_nothing(store, workspace, monkeypatch, after):
    store.commit(workspace, [batch("a")])
    add = versions.add

    def fail(*arguments):
        if after:
            add(*arguments)
        raise sa.exc.OperationalError("COMMIT", None, OSError("disk I/O error"))

    with monkeypatch.context() as patched:
        patched.setattr(versions, "add", fail)
        with pytest.raises(DataProblem, match="disk I/O error"):
            store.commit(workspace, [batch("b")])
    assert store.workspace(workspace).version == 1
    assert ids(store, workspace) == ["a"]
    assert store.commit(workspace, [batch("b")]).version == 2


def test_a_file_swept_before_the_transaction_is_a_conflict_and_repeated(store, workspace, monkeypatch):
    publish = commits._publish
    lost = []

    def swept_first(database, home, *rest):
        if not lost:
            lost.extend(files_of(home))
            for path in lost:
                path.unlink()
        return publish(database, home, *rest)

    monkeypatch.setattr(commits, "_publish", swept_first)
    assert store.commit(workspace, [batch("a")]).version == 1
    assert lost
    assert ids(store, workspace) == ["a"]


def test_killed_at_any_step(tmp_path):
    subprocess.run([sys.executable, PROGRAM, "steps", tmp_path], env=ENVIRONMENT, check=True, timeout=120)
    homes = sorted(tmp_path.iterdir())
    assert len(homes) == 12
    for home in homes:
        store = Store(home)
        version = store.workspace("w").version
        assert version == (2 if home.name == "publish-1-after" else 1), home.name
        assert ids(store, "w") == ["a1", "a2"][:version]
        assert store.rows("w") == {"accounts": version, "usage": 10 * version}
        again = store.commit("w", [batch("a3")])
        assert again.version == version + 1
        store.sweep(grace=timedelta(0))
        assert files_of(home) == referenced(store, "w")
        store.close()


@pytest.mark.parametrize("round_number", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 6))])
def test_kill_while_importing_loses_nothing_acknowledged(tmp_path, round_number):
    chance = random.Random(round_number)
    home = tmp_path / "home"
    store = Store(home)
    store.create_workspace("w")
    acknowledged = 0
    with subprocess.Popen(
        [sys.executable, PROGRAM, "loop", home], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as importer:
        wanted = chance.randint(3, 25)
        while acknowledged < wanted:
            acknowledged = int(importer.stdout.readline())
            number = store.workspace("w").version
            assert number >= acknowledged
            assert len(ids(store, "w", number)) == number  # readers see whole versions while imports go on
        importer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in importer.stdout.read().split())])
    reopened = Store(home)
    version = reopened.workspace("w").version
    assert acknowledged <= version <= acknowledged + 1
    assert ids(reopened, "w") == sorted(f"a{number}" for number in range(1, version + 1))
    numbers = [pq.read_table(path)["row_id"].to_pylist() for path in reopened.facts("w").files["usage"]]
    assert sorted(chain.from_iterable(numbers)) == list(range(1, 10 * version + 1))
    with sa.create_engine(f"sqlite:///{home / 'state.db'}").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
