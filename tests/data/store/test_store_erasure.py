"""After an erasure, no byte of the account is left under the home, and everything else is as it was."""

import gzip
import io
import json
import os
import time
import zipfile
from datetime import date, datetime

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.problems import DataProblem
from data.store import Batch, Store
from data.store.mentions import in_file, is_distinctive

ID = "C-1042"
DAY = date(2024, 3, 1)


def tables(ids):
    """Every way to name an account; `ids` are the accounts that have rows."""
    each = list(enumerate(ids))
    following = [*ids[1:], ids[0]]
    columns = {
        "accounts": {
            "account_id": ids,
            "name": [f"Company {n}" for n, _ in each],
            "parent_account_id": pa.nulls(len(ids), pa.string()),
            "x_code": [str(n) for n, _ in each],
        },
        "subscriptions": {
            "subscription_id": [f"S{n}" for n, _ in each],
            "started_on": [DAY for _ in each],
            "account_id": ids,
            "amount": [10.0 + n for n, _ in each],
        },
        "usage": {"account_id": ids * 3, "used_on": [DAY] * 3 * len(ids), "events": [n for n, _ in each] * 3},
        "contacts": {
            "contact_id": [f"T{n}" for n, _ in each],
            "opened_at": [datetime(2024, 3, 1) for _ in each],
            "account_id": ids,
        },
        "referrals": {
            "referral_id": [f"R{n}" for n, _ in each],
            "referrer_account_id": ids,
            "referred_account_id": following,
            "referred_on": [DAY for _ in each],
        },
    }
    return {name: pa.table(found) for name, found in columns.items()}


def everything_under(home):
    found = {}
    for path in home.rglob("*"):
        if path.is_file():
            found[path] = path.read_bytes()
            if path.suffix == ".parquet" and "cache" not in path.parts:
                found[path] += repr(pq.read_table(path).to_pydict()).encode()
    return found


def rows(store, workspace, table):
    return [r for path in store.facts(workspace).files.get(table, ()) for r in pq.read_table(path).to_pylist()]


@pytest.fixture
def filled(store, workspace, tmp_path):
    """Three accounts in two imports with originals and rejected rows, one of them undone and redone."""
    ids = ["A-1", ID, "C-10421"]
    path = tmp_path / "all.csv.gz"
    path.write_bytes(gzip.compress(("\n".join(ids)).encode()))
    rejected = pd.DataFrame({"row": [2, 3], "account_id": [ID, "A-1"], "reason": ["bad", "bad"]})
    report = {"problems": [{"examples": [{"row": 2, "value": ID}]}]}
    batches = [
        Batch(name, frame, source_name=f"{ID}.csv", report=report, rejected=rejected, original=path)
        for name, frame in tables(ids).items()
    ]
    store.commit(workspace, batches)
    free = tmp_path / "free.csv"
    free.write_bytes(b"account_id,parent\nA-2,\n")
    late = pa.Table.from_pylist(
        [
            {"account_id": "A-2", "name": f"Was {ID} once", "parent_account_id": ID, "x_code": f"see {ID}."},
            {"account_id": "A-1", "name": "Renamed", "parent_account_id": None, "x_code": None},
        ]
    )
    costs = pa.table({"spent_on": [DAY], "amount": [5.0], "kind": ["cs"]})
    late_file = tmp_path / "late.csv"
    late_file.write_bytes(f"account_id,parent\nA-2,{ID}\n".encode())
    batches = [Batch("accounts", late, "upsert", original=late_file), Batch("costs", costs, original=free)]
    store.commit(workspace, batches)
    store.undo(workspace)
    store.redo(workspace)
    store.save_settings(workspace, {"note": f"call {ID}"})
    store.save_target(workspace, "nps", None, ("csm", ID), 4)
    panels = store.home / "cache" / "panels" / workspace
    panels.mkdir(parents=True)
    (panels / "one.parquet").write_bytes(ID.encode())
    staged = store.staging(".csv")
    staged.write_bytes(ID.encode())
    os.utime(staged, (time.time() - 3600,) * 2)
    return store, workspace


def test_no_byte_is_left_and_no_undo_brings_it_back(filled):
    store, workspace = filled
    assert any(ID.encode() in data for data in everything_under(store.home).values())
    planned = store.erase(workspace, ID, dry_run=True)
    assert planned.rows == {"accounts": 1, "contacts": 1, "referrals": 2, "subscriptions": 1, "usage": 3}
    assert (planned.version, planned.originals, planned.rejected, planned.mentions) == (None, 2, 1, 3)
    assert store.workspace(workspace).version == 4
    done = store.erase(workspace, f" {ID} ", actor="ana")
    assert done.rows == planned.rows
    assert done.version == 5
    for path, data in everything_under(store.home).items():
        for encoding in ("utf-8", "utf-16-le"):
            assert ID.encode(encoding) not in data.replace(b"C-10421", b""), path
    for _ in range(2):
        store.undo(workspace)
        left = repr([rows(store, workspace, name) for name in store.facts(workspace).files])
        assert ID not in left.replace("C-10421", "")
    for _ in range(2):
        store.redo(workspace)
    store.undo(workspace, of=1)
    store.redo(workspace, of=1)
    found = {row["account_id"]: row for row in rows(store, workspace, "accounts")}
    assert set(found) == {"A-1", "A-2", "C-10421"}
    assert (found["A-2"]["name"], found["A-2"]["parent_account_id"]) == ("Was [erased] once", None)
    assert found["A-2"]["x_code"] == "see [erased]."
    assert found["C-10421"]["name"] == "Company 2"
    assert [row["referral_id"] for row in rows(store, workspace, "referrals")] == ["R2"]
    with pytest.raises(DataProblem, match="Nothing of an account"):
        store.erase(workspace, ID)


def test_the_record_says_that_it_took_place_and_not_of_whom(filled):
    store, workspace = filled
    store.erase(workspace, ID, actor="ana")
    (note,) = store.changes(workspace, "erasure")
    assert note.actor == "ana"
    assert len(note.after["account"]) == 64
    assert note.after["rows"]["accounts"] >= 1
    assert store.history(workspace)[0].action == "erase"
    imports = [one for entry in store.history(workspace) for one in entry.imports]
    assert all(one.source_name in ("[erased].csv", "") for one in imports)
    kept = [one.original.name for one in imports if one.original]
    assert len(kept) == 1  # the file without the account
    assert json.loads(json.dumps(imports[0].report)) == {} or "[erased]" in json.dumps(imports[-1].report)


def test_short_ids_are_taken_from_account_columns_alone(store, workspace):
    rows_ = [{"account_id": "42", "name": "a"}, {"account_id": "7", "name": "42", "parent_account_id": "42"}]
    invoices = [{"invoice_id": "42", "account_id": "7", "issued_on": DAY, "amount": 42.0}]
    store.commit(
        workspace, [Batch("accounts", pa.Table.from_pylist(rows_)), Batch("invoices", pa.Table.from_pylist(invoices))]
    )
    store.erase(workspace, "42")
    (left,) = rows(store, workspace, "accounts")
    assert (left["account_id"], left["name"], left["parent_account_id"]) == ("7", "42", None)
    assert rows(store, workspace, "invoices")[0]["invoice_id"] == "42"
    assert not is_distinctive("42")
    assert not is_distinctive("acme")
    assert is_distinctive("C-1042")


def test_an_import_at_the_same_moment_repeats_itself(filled, monkeypatch):
    store, workspace = filled
    from data.store import erasure

    publish, other = erasure._publish, Store(store.home)

    def slowly(*arguments):
        monkeypatch.setattr(erasure, "_publish", publish)
        other.commit(workspace, [Batch("usage", pa.table({"account_id": [ID, "A-1"], "used_on": [DAY] * 2}))])
        return publish(*arguments)

    monkeypatch.setattr(erasure, "_publish", slowly)
    done = store.erase(workspace, ID)
    assert done.rows["usage"] == 4
    assert {row["account_id"] for row in rows(store, workspace, "usage")} == {"A-1", "C-10421"}


def test_other_workspaces_are_left_alone(filled):
    store, workspace = filled
    other = store.create_workspace("Other").id
    store.commit(other, [Batch("accounts", pa.table({"account_id": [ID]}))])
    store.erase(workspace, ID)
    assert [row["account_id"] for row in rows(store, other, "accounts")] == [ID]


def test_a_lost_file_stands_in_no_erasures_way(filled):
    store, workspace = filled
    next((store.home / "snapshots" / workspace / "usage").glob("*")).unlink()
    assert "usage" not in store.erase(workspace, ID).rows
    for path, data in everything_under(store.home).items():
        assert ID.encode() not in data.replace(b"C-10421", b""), path


def test_packed_files_are_looked_through(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<t>{ID}</t>" + "x" * 500)
    outer = tmp_path / "a.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("book.xlsx", inner.getvalue())
    assert in_file(outer, [ID])
    assert not in_file(outer, ["C-9999"])
    pq.write_table(pa.table({"a": [ID] * 3, "n": [1, 2, 3]}), tmp_path / "a.parquet")
    assert in_file(tmp_path / "a.parquet", [ID])
    assert not in_file(tmp_path / "a.parquet", ["C-9999"])
    (tmp_path / "b").write_bytes(b"PK\x03\x04 broken")
    assert in_file(tmp_path / "b", ["C-9999"])
    (tmp_path / "c").write_text(ID, encoding="utf-16")
    assert in_file(tmp_path / "c", [ID])
