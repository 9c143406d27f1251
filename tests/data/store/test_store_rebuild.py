"""Any import taken out or brought back by itself, compared with a plain model of what imports do to a table."""

import hashlib
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.problems import DataProblem
from data.store import Batch, NothingToUndo


def put(store, workspace, ids, mode="append", name=None, **more):
    columns = {"account_id": ids, **({"name": [name] * len(ids)} if name else {}), **more}
    return store.commit(workspace, [Batch("accounts", pa.table(columns), mode, f"{ids}.csv")]).version


def accounts(store, workspace):
    files = store.facts(workspace).files.get("accounts", ())
    rows = [row for path in files for row in pq.read_table(path).to_pylist()]
    found = {row["account_id"]: row["name"] for row in rows}
    assert len(found) == len(rows)
    return found


def modelled(imports):
    held = {}
    for mode, ids, name in imports:
        if mode == "replace":
            held = {}
        if mode == "append" and set(ids) & set(held):
            return None
        for one in ids:
            held[one] = name if name or mode != "upsert" else held.get(one)
    return held


STEP = st.tuples(
    st.sampled_from(["append", "upsert", "upsert", "replace", "take", "take", "return", "undo", "redo"]),
    st.sets(st.sampled_from("abcd"), min_size=1, max_size=3).map(sorted),
    st.sampled_from([None, "x", "y"]),
    st.integers(0, 7),
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=3, max_size=9))
def test_taking_out_and_bringing_back_behaves_as_if_the_others_had_been_alone(store, steps):
    workspace = store.create_workspace(f"w{len(store.workspaces())}").id
    imports, counting, undone = {}, [], []
    for action, ids, name, chosen in steps:
        number = store.workspace(workspace).version + 1
        before = list(counting)
        if action in ("append", "upsert", "replace"):
            wanted = [*counting, number]
            imports[number] = (action, ids, name)
        elif action == "take":
            target = ([*imports] or [99])[chosen % max(1, len(imports))]
            wanted = [one for one in counting if one != target] if target in counting else None
        elif action == "return":
            target = ([*imports] or [99])[chosen % max(1, len(imports))]
            wanted = sorted([*counting, target]) if target in imports and target not in counting else None
        elif action == "undo":
            wanted = counting[:-1] if counting else None
        else:
            wanted = undone[-1] if undone else None
        result = modelled([imports[one] for one in wanted]) if wanted is not None else None
        try:
            if action in ("append", "upsert", "replace"):
                put(store, workspace, ids, action, name)
            elif action == "take":
                store.undo(workspace, of=target)
            elif action == "return":
                store.redo(workspace, of=target)
            else:
                getattr(store, action)(workspace)
        except (NothingToUndo, DataProblem):
            assert result is None, (action, wanted)
            imports.pop(number, None)
            assert store.workspace(workspace).version == number - 1
        else:
            assert result is not None, (action, wanted)
            counting = wanted
            if action in ("take", "undo"):
                undone.append(before)
            elif action == "redo":
                undone.pop()
            else:
                undone = []
        assert accounts(store, workspace) == modelled([imports[one] for one in counting])
        history = {entry.version for entry in store.history(workspace) if entry.in_force}
        assert history == set(counting)


def test_what_cannot_be_done_is_said(store, workspace):
    put(store, workspace, ["a"])
    put(store, workspace, ["b"], "replace")
    put(store, workspace, ["a"])
    with pytest.raises(DataProblem, match="come more than once") as caught:
        store.undo(workspace, of=2)
    assert caught.value.id == "keys_repeated"
    assert accounts(store, workspace) == {"b": None, "a": None}
    with pytest.raises(NothingToUndo, match="Import 7 is not part"):
        store.undo(workspace, of=7)
    with pytest.raises(NothingToUndo, match="no import 7"):
        store.redo(workspace, of=7)
    with pytest.raises(NothingToUndo, match="part of the data already"):
        store.redo(workspace, of=3)


def test_row_numbers_never_come_twice(store, workspace):
    def use(account):
        frame = pa.table({"account_id": [account] * 3, "used_on": [date(2024, 1, 1)] * 3})
        return store.commit(workspace, [Batch("usage", frame)]).version

    def numbers():
        rows = [row for path in store.facts(workspace).files["usage"] for row in pq.read_table(path).to_pylist()]
        assert len({row["row_id"] for row in rows}) == len(rows)
        return sorted(row["account_id"] for row in rows)

    first = use("a")
    use("b")
    store.undo(workspace, of=first)
    assert numbers() == ["b"] * 3
    use("c")
    store.redo(workspace, of=first)
    assert numbers() == ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    for _ in range(20):  # many small files are merged; what is taken out is found all the same
        use("d")
    store.undo(workspace, of=first)
    assert numbers() == ["b"] * 3 + ["c"] * 3 + ["d"] * 60


def test_a_file_read_again_stands_in_place_of_its_rows(store, workspace, tmp_path):
    path = tmp_path / "Export 1.CSV"
    path.write_bytes(b"account_id,name\na,old\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    def batch(name, mode="append"):
        return Batch("accounts", pa.table({"account_id": ["a"], "name": [name]}), mode, "x", digest, original=path)

    store.commit(workspace, [batch("old")])
    put(store, workspace, ["b"], "upsert", "x")
    assert store.replay(workspace, 1, [batch("new")]) == 3
    assert accounts(store, workspace) == {"a": "new", "b": "x"}
    newest, _, oldest = store.history(workspace)
    assert (newest.action, newest.replays, newest.in_force, oldest.in_force) == ("replay", 1, True, False)
    assert newest.imports[0].original.read_bytes() == path.read_bytes()
    assert newest.imports[0].original.name == f"{digest}.csv"
    assert newest.imports[0].original == oldest.imports[0].original
    with pytest.raises(NothingToUndo, match=r"part of the data already \(as 3\)"):
        store.redo(workspace, of=1)
    put(store, workspace, ["c"])
    store.undo(workspace, of=3)
    assert accounts(store, workspace) == {"a": "old", "b": "x", "c": None}
    assert store.commit(workspace, [batch("old")]).duplicate_of == 1


def test_originals_are_kept_unless_the_workspace_keeps_none(store, workspace, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"account_id\na\n")
    store.save_settings(workspace, {"keep_originals_days": 0})
    frame = pa.table({"account_id": ["a"]})
    store.commit(workspace, [Batch("accounts", frame, original=path)])
    assert store.history(workspace)[0].imports[0].original is None
    assert not (store.home / "originals").exists()
