"""Bringing in and refreshing: only what changed, nothing twice, nothing lost, nothing half."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from data.connections import HostRules
from data.problems import DataProblem
from data.store import ConnectionInfo, ImportInfo, PickedTable, Store
from workspace import Workspace, connecting, refresh_plan, refreshing
from workspace.bringing_in import check, look, store_rows

ACCOUNTS = (
    "CREATE TABLE shop_customers (account_id varchar(20) PRIMARY KEY, name varchar(50), segment varchar(20),"
    " created_on date, updated_at timestamp(6) NULL)",
    "INSERT INTO shop_customers VALUES ('C1', 'Ana', 'SMB', '2024-01-05', '2024-06-01 10:00:00'),"
    " ('C2', 'Bia', 'SMB', '2024-02-05', '2024-06-02 10:00:00'),"
    " ('C3', 'Caio', 'Large', '2024-03-05', '2024-06-03 10:00:00')",
    "CREATE TABLE shop_usage (account_id varchar(20), used_on date, feature varchar(20), events int)",
    "INSERT INTO shop_usage VALUES ('C1', '2024-06-01', 'reports', 3), ('C2', '2024-06-02', 'reports', 4)",
)


@pytest.fixture
def shop(source):
    """The shop's tables; roles of the source may read them."""
    source.run(*ACCOUNTS)
    if source.info.kind == "postgresql":
        source.run(f"GRANT SELECT ON shop_customers, shop_usage TO {source.info.user}")
    return source


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    store = Store(tmp_path / "home")
    return Workspace(store, store.create_workspace("acme").id)


def again(space: Workspace) -> Workspace:
    return Workspace(space.store, space.id)


def rows(space: Workspace, table: str, columns: str = "*"):
    files = list(again(space).facts.files.get(table, ()))
    if not files:
        return []
    with duckdb.connect() as engine:
        return sorted(engine.execute(f"SELECT {columns} FROM read_parquet(?)", [files]).fetchall(), key=str)


def connected(space: Workspace, shop, *tables: str, cursor: bool = True) -> Workspace:
    connecting.add(space, shop.info)
    schema = "public" if shop.info.kind == "postgresql" else shop.info.database
    peeked = connecting.peek(space, "crm", [f"{schema}.{table}" for table in tables])
    connecting.pick(space, "crm", peeked, None if cursor else lambda relation: "")
    return space


def refreshed(space: Workspace, **how):
    return {report["table"]: report for report in refreshing.refresh(again(space), **how)}


def test_from_a_database_to_trusted_rows_and_only_what_changed(shop, space):
    connected(space, shop, "shop_customers", "shop_usage")
    picked = {one.table: one for one in space.store.picked(space.id, "crm")}
    assert picked["shop_customers"].tables == ("accounts",)
    assert picked["shop_customers"].cursor == "updated_at"
    assert picked["shop_usage"].tables == ("usage",)

    first = refreshed(space)
    assert {table: (r["mode"], r["rows_accepted"], r["error"]) for table, r in first.items()} == {
        "accounts": ("replace", 3, None),
        "usage": ("replace", 2, None),
    }
    assert rows(space, "accounts", "account_id, name, created_on::VARCHAR") == [
        ("C1", "Ana", "2024-01-05"), ("C2", "Bia", "2024-02-05"), ("C3", "Caio", "2024-03-05")
    ]  # fmt: skip

    assert {r["mode"] for r in refreshed(space).values()} == {"unchanged"}
    assert space.store.workspace(space.id).version == 1

    shop.run(
        "UPDATE shop_customers SET name = 'Bia B', updated_at = '2024-06-04 10:00:00' WHERE account_id = 'C2'",
        "INSERT INTO shop_customers VALUES ('C4', 'Davi', 'SMB', '2024-06-05', '2024-06-05 10:00:00')",
        "INSERT INTO shop_usage VALUES ('C1', '2024-06-03', 'export', 1)",
    )
    second = refreshed(space)
    assert (second["accounts"]["mode"], second["accounts"]["rows_read"]) == ("upsert", 3)  # C3 is within the overlap
    assert (second["usage"]["mode"], second["usage"]["rows_read"]) == ("replace", 3)
    assert [name for (name,) in rows(space, "accounts", "name")] == ["Ana", "Bia B", "Caio", "Davi"]
    assert len(rows(space, "usage")) == 3
    assert {r["mode"] for r in refreshed(space).values()} == {"unchanged"}
    info = space.store.connection(space.id, "crm")
    assert info.error is None
    assert info.refreshed_at is not None


@pytest.mark.slow
def test_what_was_deleted_goes_with_the_next_whole_reading(shop, space):
    connected(space, shop, "shop_customers")
    refreshed(space)
    shop.run("DELETE FROM shop_customers WHERE account_id = 'C1'")
    assert refreshed(space)["accounts"]["mode"] == "unchanged"  # nothing new, and what is gone has no mark
    report = refreshed(space, whole=True)["accounts"]
    assert (report["mode"], report["rows_removed"]) == ("replace", 1)
    assert [one for (one,) in rows(space, "accounts", "account_id")] == ["C2", "C3"]


def test_an_undo_takes_the_mark_back_with_the_rows(shop, space):
    connected(space, shop, "shop_customers")
    refreshed(space)
    shop.run("INSERT INTO shop_customers VALUES ('C4', 'Davi', 'SMB', '2024-06-05', '2024-06-05 10:00:00')")
    refreshed(space)
    space.store.undo(space.id)
    assert len(rows(space, "accounts")) == 3
    assert refreshed(space)["accounts"]["mode"] == "upsert"
    assert len(rows(space, "accounts")) == 4
    space.store.undo(space.id)
    space.store.undo(space.id)
    assert rows(space, "accounts") == []
    assert refreshed(space)["accounts"]["mode"] == "replace"
    assert len(rows(space, "accounts")) == 4


def test_a_reading_that_is_missing_in_between_is_noticed():
    """Steps count the readings since the last whole one: a gap means that rows may be missing."""
    info, pick = ConnectionInfo("crm", "mysql"), PickedTable("s", "t")
    now = datetime.now(UTC)

    def made(*steps: int) -> list[tuple[datetime, ImportInfo]]:
        said = [{"name": "crm", "source": "s.t", "whole": step == 0, "step": step, "mark": str(step)} for step in steps]
        return [(now, ImportInfo(1, "accounts", "upsert", "", "", "", 1, 0, None, {"connection": one})) for one in said]

    past = refresh_plan._past(info, pick, made(0, 1, 2, 0, 1))
    assert past is not None
    assert past.report["mark"] == "1"
    assert refresh_plan._past(info, pick, made(0, 1, 3)) is None
    assert refresh_plan._past(info, pick, made(1, 2)) is None


@pytest.mark.slow
def test_back_and_forth_is_a_change_each_time(shop, space):
    connected(space, shop, "shop_customers", cursor=False)
    refreshed(space)
    for segment in ("Large", "SMB", "Large"):
        shop.run(f"UPDATE shop_customers SET segment = '{segment}' WHERE account_id = 'C1'")
        assert refreshed(space)["accounts"]["mode"] == "replace"
        assert rows(space, "accounts", "account_id, segment")[0] == ("C1", segment)


@pytest.mark.slow
def test_rows_of_other_files_stay(shop, space):
    upload = look(b"account_id,name,segment,created_on\nX9,From a file,SMB,2024-01-01\n", "more.csv", store=space.store)
    store_rows(space, [upload], check(space, [upload]))
    connected(space, shop, "shop_customers", cursor=False)
    assert refreshed(space)["accounts"]["mode"] == "upsert"
    assert [one for (one,) in rows(space, "accounts", "account_id")] == ["C1", "C2", "C3", "X9"]


@pytest.mark.slow
def test_a_table_without_a_key_is_not_mixed_with_files(shop, space):
    upload = look(b"account_id,used_on,feature,events\nC1,2024-01-01,a,1\n", "usage.csv", ["usage"], store=space.store)
    store_rows(space, [upload], check(space, [upload]))
    connected(space, shop, "shop_usage")
    (report,) = refreshing.refresh(again(space))
    assert report["error"]["id"] == "connection_table_taken"
    assert len(rows(space, "usage")) == 1


@pytest.mark.slow
def test_a_source_that_fails_leaves_everything_and_says_so(shop, space):
    connected(space, shop, "shop_customers", "shop_usage")
    refreshed(space)
    before, version = rows(space, "accounts"), space.store.workspace(space.id).version
    shop.run("INSERT INTO shop_customers VALUES ('C4', 'D', 'SMB', '2024-06-05', '2024-06-05 10:00:00')")
    shop.run("DROP TABLE shop_usage")
    (report,) = refreshing.refresh(again(space))
    assert report["error"]["id"] in ("source_table_unknown", "connection_gone")
    assert rows(space, "accounts") == before
    assert space.store.workspace(space.id).version == version
    assert space.store.connection(space.id, "crm").error["id"] == report["error"]["id"]


@pytest.mark.slow
def test_an_emptied_or_broken_source_does_not_empty_ours(shop, space):
    connected(space, shop, "shop_customers", cursor=False)
    refreshed(space)
    shop.run("DELETE FROM shop_customers")
    (report,) = refreshing.refresh(again(space))
    assert report["error"]["id"] == "refresh_would_lose"
    assert len(rows(space, "accounts")) == 3


def test_two_refreshes_at_once(shop, space):
    connected(space, shop, "shop_customers", "shop_usage")
    found, problems = [], []

    def run() -> None:
        try:
            found.append(refreshed(space))
        except DataProblem as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert all(report["error"] is None for each in found for report in each.values())
    assert len(rows(space, "accounts")) == 3
    assert len(rows(space, "usage")) == 2
    assert space.store.workspace(space.id).version == 1


@pytest.mark.slow
def test_a_connection_refused_by_the_rules_is_not_reached(shop, space, monkeypatch):
    connected(space, shop, "shop_customers")
    monkeypatch.setenv("FAROL_DENIED_HOSTS", "127.0.0.0/8")
    (report,) = refreshing.refresh(again(space))
    assert report["error"]["id"] == "host_refused_denied"
    assert HostRules.from_environment().denied == ("127.0.0.0/8",)
