"""Undo, redo and history, compared with a plain model of them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.store import Batch, Conflict, NothingToUndo


def put(store, workspace, name, mode="append"):
    return store.commit(
        workspace, [Batch("accounts", pa.table({"account_id": [name]}), mode, f"{name}.csv", name)], actor="ana"
    )


def ids(store, workspace):
    files = store.facts(workspace).files.get("accounts", ())
    return sorted(name for path in files for name in pq.read_table(path)["account_id"].to_pylist())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["import", "import", "replace", "undo", "undo", "redo"]), max_size=10))
def test_undo_and_redo_behave_like_two_stacks(store, steps):
    workspace = store.create_workspace(f"w{len(store.workspaces())}").id
    done, undone = [[]], []
    for number, step in enumerate(steps):
        version = store.workspace(workspace).version
        if step in ("import", "replace"):
            name = f"a{number}"
            put(store, workspace, name, "append" if step == "import" else "replace")
            done.append(sorted([*done[-1], name]) if step == "import" else [name])
            undone = []
        elif step == "undo" and len(done) > 1:
            store.undo(workspace)
            undone.append(done.pop())
        elif step == "redo" and undone:
            store.redo(workspace)
            done.append(undone.pop())
        else:
            with pytest.raises(NothingToUndo):
                store.undo(workspace) if step == "undo" else store.redo(workspace)
            assert store.workspace(workspace).version == version
            continue
        assert store.workspace(workspace).version == version + 1
        assert ids(store, workspace) == done[-1]
    in_force = [entry for entry in store.history(workspace) if entry.in_force]
    assert len(in_force) == len(done) - 1


def test_history_says_who_when_and_from_what(store, workspace):
    put(store, workspace, "a")
    store.undo(workspace, actor="bia")
    newest, oldest = store.history(workspace)
    assert (newest.version, newest.action, newest.actor, newest.content, newest.in_force) == (
        2,
        "undo",
        "bia",
        0,
        False,
    )
    assert (oldest.version, oldest.action, oldest.actor, oldest.in_force) == (1, "import", "ana", False)
    (source,) = oldest.imports
    assert (source.table, source.mode, source.source_name, source.source_sha256) == ("accounts", "append", "a.csv", "a")
    assert (source.rows_accepted, source.rows_rejected, source.rejected_file) == (1, 0, None)
    assert newest.created_at >= oldest.created_at
    assert newest.created_at.utcoffset().total_seconds() == 0


def test_undo_for_a_version_that_is_past_is_a_conflict(store, workspace):
    put(store, workspace, "a")
    put(store, workspace, "b")
    with pytest.raises(Conflict):
        store.undo(workspace, expected_version=1)
    assert ids(store, workspace) == ["a", "b"]
