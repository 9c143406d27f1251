"""Committing: modes, types, repeated files, numbering, files taken over, rejected rows."""

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.problems import DataProblem
from data.store import Batch, snapshot_schema
from data.store.commits import MAX_FILES


def accounts(*ids, **columns):
    return pa.table({"account_id": list(ids), **columns})


def usage(count, user="u"):
    return pa.table(
        {
            "account_id": ["a"] * count,
            "used_on": pa.array([date(2024, 1, 1)] * count),
            "user_id": [f"{user}{number}" for number in range(count)],
        }
    )


def held(store, workspace, table, version=None):
    """All rows of a table, as a reader sees them."""
    files = store.facts(workspace, version).files.get(table, ())
    frames = [pq.read_table(path) for path in files]
    return pa.concat_tables(frames, promote_options="default").to_pylist() if frames else []


def ids(store, workspace, version=None):
    return [row["account_id"] for row in held(store, workspace, "accounts", version)]


def test_round_trip_keeps_every_canonical_type(store, workspace):
    rows = {
        "contact_id": ["t1", "t2"],
        "opened_at": pa.array([datetime(2024, 3, 5, 9, 30), datetime(2024, 3, 6)], pa.timestamp("us")),
        "reopens": pa.array([0, None], pa.int64()),
        "handle_seconds": pa.array([224.5, None], pa.float64()),
        "abandoned": pa.array([False, None], pa.bool_()),
        "x_fila": ["N1", None],
    }
    store.commit(workspace, [Batch("contacts", pa.table(rows))])
    found = held(store, workspace, "contacts")
    for name, values in rows.items():
        expected = values.to_pylist() if isinstance(values, pa.Array) else values
        assert [row[name] for row in found] == expected
    (path,) = store.facts(workspace).files["contacts"]
    assert pq.read_schema(path).equals(snapshot_schema("contacts", ["x_fila"]))
    assert store.rows(workspace) == {"contacts": 2}


def test_close_types_are_cast_and_others_refused(store, workspace):
    odd = pa.table(
        {
            "subscription_id": pa.array(["s1"], pa.large_string()),
            "started_on": pa.array([date(2024, 1, 1)], pa.date64()),
            "account_id": pa.array(["a"]).dictionary_encode(),
            "amount": pa.array([10], pa.int32()),
            "quantity": pa.array([None], pa.null()),
            "X_Tier": pa.array([7], pa.int64()),
        }
    )
    store.commit(workspace, [Batch("subscriptions", odd)])
    (row,) = held(store, workspace, "subscriptions")
    assert (row["amount"], row["started_on"], row["x_tier"]) == (10.0, date(2024, 1, 1), "7")


@pytest.mark.parametrize(
    ("table", "frame", "problem"),
    [
        ("acounts", accounts("a"), "unknown_table"),
        ("accounts", accounts("a", nme=["x"]), "unknown_columns"),
        ("accounts", accounts("a", x_a=["1"], X_A=["2"]), "columns_twice"),
        ("accounts", pa.table({"name": ["x"]}), "columns_missing"),
        ("accounts", accounts("a", None), "required_values_missing"),
        ("accounts", accounts("a", seats=["many"]), "values_unfit"),
        ("accounts", accounts("a", seats=[1.5]), "values_unfit"),
        ("accounts", accounts("a", "a"), "keys_repeated"),
        ("costs", pa.table({"spent_on": [date(2024, 1, 1)], "amount": [np.nan], "kind": ["cs"]}), "values_not_finite"),
        (
            "contacts",
            pa.table({"contact_id": ["1"], "opened_at": pa.array([datetime(2024, 1, 1)], pa.timestamp("us", "UTC"))}),
            "time_with_zone",
        ),
    ],
)
def test_what_a_table_cannot_hold_is_refused_whole(store, workspace, table, frame, problem):
    good = Batch("accounts", accounts("zz"))
    with pytest.raises(DataProblem) as caught:
        store.commit(workspace, [good, Batch(table, frame)])
    assert caught.value.id == problem
    assert store.workspace(workspace).version == 0
    assert store.facts(workspace).files == {}


def test_modes(store, workspace):
    store.commit(workspace, [Batch("accounts", accounts("a", "b", name=["A", "B"], seats=[1, 2]))])
    store.commit(workspace, [Batch("accounts", accounts("c"))])
    assert ids(store, workspace) == ["a", "b", "c"]
    update = accounts("b", "d", name=[None, "D"], x_tier=["gold", "tin"])
    store.commit(workspace, [Batch("accounts", update, "upsert")])
    rows = {row["account_id"]: (row["name"], row["seats"], row["x_tier"]) for row in held(store, workspace, "accounts")}
    assert rows == {"a": ("A", 1, None), "b": (None, 2, "gold"), "c": (None, None, None), "d": ("D", None, "tin")}
    store.commit(workspace, [Batch("accounts", accounts("z"), "replace")])
    assert ids(store, workspace) == ["z"]
    assert [ids(store, workspace, version) for version in range(5)] == [
        [],
        ["a", "b"],
        ["a", "b", "c"],
        ["a", "b", "c", "d"],
        ["z"],
    ]


def test_upsert_on_a_key_of_two_columns(store, workspace):
    def daily(day, users):
        return pa.table({"account_id": ["a"], "used_on": [day], "active_users": [users]})

    one, two = date(2024, 1, 1), date(2024, 1, 2)
    for frame in (daily(one, 5), daily(two, 6), daily(one, 7)):
        store.commit(workspace, [Batch("usage_daily", frame, "upsert")])
    rows = held(store, workspace, "usage_daily")
    assert [(row["used_on"], row["active_users"]) for row in rows] == [(one, 7), (two, 6)]


def test_rows_without_key_cannot_be_updated(store, workspace):
    with pytest.raises(DataProblem, match="append or replace"):
        store.commit(workspace, [Batch("usage", usage(1), "upsert")])


def test_append_refuses_keys_that_are_held(store, workspace):
    store.commit(workspace, [Batch("accounts", accounts("a", "b"))])
    with pytest.raises(DataProblem, match=r"1 keys of accounts .* example b\."):
        store.commit(workspace, [Batch("accounts", accounts("b", "c"))])
    assert store.workspace(workspace).version == 1


def test_several_batches_are_one_version_and_see_each_other(store, workspace):
    result = store.commit(
        workspace,
        [
            Batch("accounts", accounts("a")),
            Batch("usage", usage(2)),
            Batch("accounts", accounts("b")),
            Batch("usage", usage(2)),
        ],
    )
    assert result.version == store.workspace(workspace).version == 1
    assert ids(store, workspace) == ["a", "b"]
    assert [row["row_id"] for row in held(store, workspace, "usage")] == [1, 2, 3, 4]


def test_row_numbers_go_on_and_are_never_taken_from_the_batch(store, workspace):
    forged = usage(2).add_column(0, "row_id", pa.array([70, 70]))
    for frame, mode in ((usage(3), "append"), (forged, "append")):
        store.commit(workspace, [Batch("usage", frame, mode)])
    assert [row["row_id"] for row in held(store, workspace, "usage")] == [1, 2, 3, 4, 5]
    store.commit(workspace, [Batch("usage", usage(2), "replace")])
    assert [row["row_id"] for row in held(store, workspace, "usage")] == [1, 2]


def test_many_small_files_are_merged_without_losing_a_row(store, workspace):
    for number in range(MAX_FILES + 3):
        frame = usage(2, user=f"{number}-")
        if number % 2:
            frame = frame.append_column("x_source", pa.array(["s"] * 2))
        store.commit(workspace, [Batch("usage", frame)])
    assert len(store.facts(workspace).files["usage"]) <= MAX_FILES
    rows = held(store, workspace, "usage")
    assert sorted(row["row_id"] for row in rows) == list(range(1, 2 * (MAX_FILES + 3) + 1))
    assert len({row["user_id"] for row in rows}) == 2 * (MAX_FILES + 3)
    assert sum(row["x_source"] == "s" for row in rows) == 2 * ((MAX_FILES + 3) // 2)


def test_the_same_file_again_stores_nothing(store, workspace):
    def batch(mode="append", sha="f1", signature="m1", ids=("a",)):
        return Batch("accounts", accounts(*ids), mode, "a.csv", sha, {}, signature)

    first = store.commit(workspace, [batch()])
    again = store.commit(workspace, [batch()])
    assert (first.version, first.duplicate_of) == (1, None)
    assert (again.version, again.duplicate_of, again.batches[0].duplicate_of) == (1, 1, 1)
    assert store.commit(workspace, [batch("replace")]).duplicate_of == 1  # it is all there is already
    assert store.commit(workspace, [batch("upsert", signature="m2")]).version == 2  # other mapping: other rows
    assert store.commit(workspace, [batch("upsert")], force=True).version == 3
    assert store.commit(workspace, [batch(sha="f2", ids=("b",))]).version == 4
    assert store.commit(workspace, [batch("replace")]).version == 5  # not all there is any more
    assert ids(store, workspace) == ["a"]
    assert store.commit(workspace, [batch(sha="f2", ids=("b",))]).version == 6  # was replaced, so it counts again
    mixed = store.commit(workspace, [batch(), batch(sha="f3", ids=("c",))])
    assert (mixed.version, mixed.duplicate_of) == (7, None)
    assert [one.duplicate_of for one in mixed.batches] == [5, None]
    assert sorted(ids(store, workspace)) == ["a", "b", "c"]


def test_another_workspace_knows_nothing_of_it(store, workspace):
    other = store.create_workspace("Other").id
    batch = Batch("accounts", accounts("a"), source_sha256="f1")
    store.commit(workspace, [batch])
    assert store.facts(other).files == {}
    assert store.commit(other, [batch]).duplicate_of is None


def test_an_undone_file_can_be_imported_again(store, workspace):
    batch = Batch("accounts", accounts("a"), source_sha256="f1")
    store.commit(workspace, [batch])
    store.undo(workspace)
    assert store.commit(workspace, [batch]).duplicate_of is None
    assert ids(store, workspace) == ["a"]


def test_sources_without_a_hash_are_never_repetitions(store, workspace):
    for _ in range(2):
        store.commit(workspace, [Batch("usage", usage(1))])
    assert store.rows(workspace) == {"usage": 2}


def test_replace_by_nothing_needs_force(store, workspace):
    store.commit(workspace, [Batch("accounts", accounts("a"))])
    empty = Batch("accounts", accounts("a").slice(0, 0), "replace")
    with pytest.raises(DataProblem, match="force"):
        store.commit(workspace, [empty])
    store.commit(workspace, [empty], force=True)
    assert store.facts(workspace).files.get("accounts", ()) == ()


def test_rejected_rows_are_kept_even_when_nothing_was_accepted(store, workspace):
    rejected = pd.DataFrame({"row": [2, 7], "reason": ["no id", "no “id”, ação"], "name": ["x", 'a "b",\nc']})
    result = store.commit(
        workspace, [Batch("accounts", accounts("a").slice(0, 0), source_name="a.csv", rejected=rejected)]
    )
    path = result.batches[0].rejected_file
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    pd.testing.assert_frame_equal(pd.read_csv(path), rejected)
    (entry,) = store.history(workspace)
    assert (entry.imports[0].rows_rejected, entry.imports[0].rejected_file) == (2, path)


def test_reports_may_hold_numbers_of_numpy(store, workspace):
    report = {"rows_read": np.int64(3), "problems": [{"day": date(2024, 1, 1)}]}
    store.commit(workspace, [Batch("accounts", accounts("a"), report=report)])
    assert store.history(workspace)[0].imports[0].report == {"rows_read": 3, "problems": [{"day": "2024-01-01"}]}


def test_a_staged_file_of_the_right_shape_is_taken_over_untouched(store, workspace):
    staged = store.staging(".parquet")
    schema = snapshot_schema("accounts")
    pq.write_table(pa.Table.from_pylist([{"account_id": "a"}], schema=schema), staged)
    content = staged.read_bytes()
    store.commit(workspace, [Batch("accounts", staged)])
    (path,) = store.facts(workspace).files["accounts"]
    assert Path(path).read_bytes() == content
    assert not staged.exists()


def test_a_staged_file_of_another_shape_is_rewritten(store, workspace):
    store.commit(workspace, [Batch("usage", usage(1))])
    staged = store.staging(".parquet")
    pq.write_table(usage(3), staged, row_group_size=2)
    store.commit(workspace, [Batch("usage", staged)])
    assert [row["row_id"] for row in held(store, workspace, "usage")] == [1, 2, 3, 4]
    assert not staged.exists()


def test_a_staged_file_with_fitting_row_numbers_is_taken_over(store, workspace):
    staged = store.staging(".parquet")
    rows = pa.Table.from_pylist(
        [{"row_id": n, "account_id": "a", "used_on": date(2024, 1, 1)} for n in (1, 2, 3)],
        schema=snapshot_schema("usage"),
    )
    pq.write_table(rows, staged, row_group_size=2)
    content = staged.read_bytes()
    store.commit(workspace, [Batch("usage", staged)])
    (path,) = store.facts(workspace).files["usage"]
    assert Path(path).read_bytes() == content
    store.commit(workspace, [Batch("usage", usage(1))])
    assert [row["row_id"] for row in held(store, workspace, "usage")] == [1, 2, 3, 4]


def test_a_file_that_is_no_parquet_is_named(store, workspace):
    staged = store.staging(".parquet")
    staged.write_bytes(b"hello")
    with pytest.raises(DataProblem, match="cannot be read as Parquet"):
        store.commit(workspace, [Batch("accounts", staged)])


def test_facts_name_their_content(store, workspace):
    empty = store.facts(workspace)
    assert (empty.files, empty.imported_on) == ({}, None)
    store.commit(workspace, [Batch("accounts", accounts("a"))])
    first = store.facts(workspace)
    store.commit(workspace, [Batch("accounts", accounts("b"))])
    second = store.facts(workspace)
    assert len({empty.version, first.version, second.version}) == 3
    store.undo(workspace)
    assert store.facts(workspace).key == first.key
    assert store.facts(workspace, 1).key == first.key
    assert first.imported_on is not None
    with pytest.raises(DataProblem, match="no version 99"):
        store.facts(workspace, 99)


def test_a_missing_file_is_said_and_not_read_around(store, workspace):
    store.commit(workspace, [Batch("accounts", accounts("a"))])
    Path(store.facts(workspace).files["accounts"][0]).unlink()
    with pytest.raises(DataProblem, match="is gone"):
        store.facts(workspace)
