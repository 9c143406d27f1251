"""A workspace that is live: the numbers of the copy, read again, kept while the source is away, and switched off."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import cli
from data.departures import departures, terms
from data.problems import DataProblem
from data.sample import as_arrow, generate
from data.store import Batch, ConnectionInfo, PickedTable, Store
from terminal import saying
from tests.data.connections.sources import Source
from tests.engines import loading
from workspace import Workspace, connecting, keeping, living, refreshing

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    monkeypatch.setattr(saying, "LOCALE", "en")
    store = Store(tmp_path / "home")
    return Workspace(store, store.create_workspace("acme").id)


def small(source: Source, space: Workspace) -> None:
    """Two customers with one subscription each, under names and words of their own; picked, and not live yet."""
    source.run(
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.clients (id text, company text, tier text, picture bytea)",
        "INSERT INTO shop.clients VALUES ('1', 'A', 'Gold', NULL), ('2', 'B', 'Gold', NULL)",
        "CREATE TABLE shop.subs (sub text, client text, start date, fim date, price numeric, state text)",
        "INSERT INTO shop.subs VALUES ('s1', '1', '2024-01-10', NULL, 100, 'Ativa'),"
        " ('s2', '2', '2024-01-20', '2024-03-05', 50, 'CANCELED')",
        f"GRANT USAGE ON SCHEMA shop TO {source.info.user}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {source.info.user}",
    )
    connecting.add(space, source.info)
    columns = {
        "subscription_id": "sub", "account_id": "client", "started_on": "start", "ended_on": "fim", "amount": "price",
        "status": "state",
    }  # fmt: skip
    clients = {"tables": {"accounts": {"columns": {"account_id": "id", "name": "company"}}}}
    subs = {"tables": {"subscriptions": {"columns": columns}}}
    picks = [
        PickedTable("shop", "clients", clients, ("accounts",)),
        PickedTable("shop", "subs", subs, ("subscriptions",)),
    ]
    space.store.save_picked(space.id, "crm", picks)


def mrr(space: Workspace) -> dict[str, float]:
    table = space.table(("mrr",))
    return dict(zip(table["period"].astype(str), table["value"], strict=True))


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli.app, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_their_names_and_words_are_read_as_an_import_would(postgres_db, space):
    small(postgres_db, space)
    living.switch_on(space, "crm")
    there = living.opened(space)
    assert there.live.connection == "crm"
    assert there.stored is space
    assert there.dimensions["x_tier"] == ["Gold"]
    assert "x_picture" not in there.facts.relations["accounts"].columns
    (words,) = there.facts.answers(["SELECT status FROM subscriptions ORDER BY subscription_id"])
    assert [row[0] for row in words] == ["active", "cancelled"]
    assert mrr(there) == {"2024-01": 150.0, "2024-02": 150.0, "2024-03": 100.0}
    assert refreshing.refresh(space) == []
    copied = space.store
    living.switch_off(space, "crm")
    refreshing.refresh(space)
    back = living.opened(Workspace(copied, space.id))
    assert back.live is None
    assert mrr(back) == mrr(there)
    assert back.dimensions == there.dimensions


def test_imported_rows_do_not_count_and_count_again(postgres_db, space):
    small(postgres_db, space)
    row = {"subscription_id": ["x"], "account_id": ["9"], "started_on": [datetime(2024, 2, 1)], "amount": [7.0]}
    table = pa.table(row).set_column(2, "started_on", pa.array([datetime(2024, 2, 1).date()]))
    space.store.commit(space.id, [Batch("subscriptions", table)])
    living.switch_on(space, "crm")
    opened = keeping.open_anyway("acme")
    assert set(mrr(opened).values()) == {150.0, 100.0}
    assert set(mrr(opened.stored).values()) == {7.0}
    living.switch_off(space, "crm")
    assert set(mrr(keeping.open_anyway("acme")).values()) == {7.0}
    said = space.store.changes(space.id)
    assert [one.after["options"]["live"] for one in said if one.kind == "connection"][:2] == [False, True]


def test_read_again_after_the_interval_or_when_asked(postgres_db, space):
    small(postgres_db, space)
    living.switch_on(space, "crm", minutes=5)
    first = living.opened(space)
    postgres_db.run("UPDATE shop.subs SET price = 200 WHERE sub = 's1'")
    soon = first.live.read_at + timedelta(minutes=4)
    same = living.opened(space, now=lambda: soon)
    assert same.facts is first.facts
    assert mrr(same)["2024-01"] == 150.0
    later = first.live.read_at + timedelta(minutes=6)
    newer = living.opened(space, now=lambda: later)
    assert newer.live.read_at == later
    assert mrr(newer)["2024-01"] == 250.0
    postgres_db.run("UPDATE shop.subs SET price = 300 WHERE sub = 's1'")
    living.read_again(newer)
    assert mrr(living.opened(space, now=lambda: later + timedelta(seconds=1)))["2024-01"] == 350.0


def test_a_source_that_goes_away_leaves_what_was_read(postgres_db, space, monkeypatch):
    small(postgres_db, space)
    living.switch_on(space, "crm", minutes=5)
    shown = mrr(living.opened(space))
    postgres_db.run("ALTER TABLE shop.subs RENAME TO gone")
    at = datetime.now(UTC) + timedelta(minutes=6)
    kept = living.opened(space, now=lambda: at)
    assert kept.live.problem is not None
    assert kept.live.problem.id == "source_table_unknown"
    assert kept.live.read_at < at
    assert mrr(kept) == shown
    with pytest.raises(DataProblem):
        kept.panel("week")
    postgres_db.run("ALTER TABLE shop.gone RENAME TO subs")
    assert living.opened(space, now=lambda: at + timedelta(seconds=30)).live.problem is not None
    assert living.opened(space, now=lambda: at + timedelta(seconds=90)).live.problem is None
    monkeypatch.setenv("FAROL_SECRET_TEST", "wr0ng!pass")
    living.read_again(space)
    assert living.opened(space).live.problem.id == "connection_denied"
    living._READINGS.drop(living._place(space))  # another process, which never read it
    away = keeping.open_anyway("acme")
    assert away.empty
    assert away.trouble.id == "connection_denied"
    assert away.live.read_at is None
    assert "wr0ng" not in str(away.trouble)
    assert away.stored.trouble is None
    code, said, err = run("kpis", "-w", "acme", "--kpi", "mrr")
    assert (code, said) == (2, "")
    assert "did not let" in err


def test_a_statement_that_takes_too_long_is_said(postgres_db, space, monkeypatch):
    small(postgres_db, space)
    postgres_db.run(
        "CREATE VIEW shop.slow AS SELECT s.*, (SELECT max(g) FROM generate_series(1, 40000000) AS g) AS w"
        " FROM shop.subs s",
        f"GRANT SELECT ON shop.slow TO {postgres_db.info.user}",
    )
    picks = space.store.picked(space.id, "crm")
    slowed = PickedTable("shop", "slow", {"tables": {"subscriptions": {"columns": {
        **picks[1].mapping["tables"]["subscriptions"]["columns"], "product": "w"}}}}, ("subscriptions",))  # fmt: skip
    space.store.save_picked(space.id, "crm", [picks[0], slowed])
    short = living.connections.Limits(statement_seconds=1)
    monkeypatch.setattr(living.connections, "LIMITS", short)
    with pytest.raises(DataProblem) as refused:
        living.switch_on(space, "crm")
    assert refused.value.id == "live_timeout"
    assert living.switched(space) is None


@pytest.mark.parametrize(
    ("change", "id"),
    [
        ({"rows": [{"only": {"state": ["Ativa"]}}]}, "live_mapping"),
        ({"constants": {"currency": "BRL"}}, "live_mapping"),
        ({"columns": {"amount": {"from": "price", "as": "cents"}}}, "live_mapping"),
        ({"columns": {"plan": ["state", "sub"]}}, "live_mapping"),
        ({"columns": {"ended_on": "state"}}, "live_column_type"),
    ],
)
def test_what_a_database_cannot_follow_is_refused(postgres_db, space, change, id):
    small(postgres_db, space)
    clients, subs = space.store.picked(space.id, "crm")
    body = subs.mapping["tables"]["subscriptions"]
    body |= {**change, "columns": body["columns"] | change.get("columns", {})}
    space.store.save_picked(space.id, "crm", [clients, PickedTable("shop", "subs", subs.mapping, ("subscriptions",))])
    with pytest.raises(DataProblem) as refused:
        living.switch_on(space, "crm")
    assert refused.value.id == id
    assert living.opened(space) is space


def test_keys_that_come_twice_are_refused(postgres_db, space):
    small(postgres_db, space)
    postgres_db.run("INSERT INTO shop.subs SELECT * FROM shop.subs WHERE sub = 's1'")
    with pytest.raises(DataProblem) as refused:
        living.switch_on(space, "crm")
    assert refused.value.id == "live_twice"
    assert refused.value.params["count"] == 1


@pytest.mark.parametrize("id", ["", " 2", "2 "])
def test_accounts_that_no_import_would_take_as_they_are_are_refused(postgres_db, space, id):
    small(postgres_db, space)
    postgres_db.run(f"INSERT INTO shop.subs VALUES ('s3', '{id}', '2024-02-01', NULL, 1, 'Ativa')")
    with pytest.raises(DataProblem) as refused:
        living.switch_on(space, "crm")
    assert (refused.value.id, refused.value.params["count"]) == ("live_blank", 1)


def test_a_superuser_and_other_databases_are_refused(postgres_db, space):
    small(postgres_db, space)
    postgres_db.run(f"ALTER ROLE {postgres_db.info.user} SUPERUSER")
    with pytest.raises(DataProblem) as refused:
        living.switch_on(space, "crm")
    assert refused.value.id == "connection_role_too_strong"
    connecting.add(space, ConnectionInfo("my", "mysql", "127.0.0.1", 1, "d", "u", "", {"tls": "off"}))
    with pytest.raises(DataProblem) as refused:
        living.switch_on(space, "my")
    assert refused.value.id == "live_only_postgresql"


@pytest.mark.slow
def test_the_terminal_on_a_live_workspace_says_what_the_copy_says(postgres_db, space):
    rows = {name: as_arrow(name, frame) for name, frame in generate(60, 24).items()}
    loading.load(postgres_db.admin, rows, "theirs")
    user = postgres_db.info.user
    postgres_db.run(f"GRANT USAGE ON SCHEMA theirs TO {user}", f"GRANT SELECT ON ALL TABLES IN SCHEMA theirs TO {user}")
    space.store.commit(space.id, [Batch(name, table) for name, table in rows.items()])
    copied = Workspace(space.store, space.id)
    last = copied.periods()[-2].id
    commands = {
        "kpis": ("kpis", "-w", "acme", "--kpi", "nrr", "--kpi", "csat", "--by", "segment", "--json"),
        "accounts": ("accounts", "-w", "acme", "--kpi", "nrr", "--period", last, "--json"),
        "evidence": ("evidence", "-w", "acme", "--all", "--json"),
    }
    before = {name: run(*command) for name, command in commands.items()}
    picks = [
        PickedTable("theirs", name, {"tables": {name: {"columns": {one: one for one in table.column_names}}}}, (name,))
        for name, table in rows.items()
    ]
    connecting.add(space, postgres_db.info)
    space.store.save_picked(space.id, "crm", picks)
    code, said, err = run("connections", "live", "crm", "-w", "acme", "--minutes", "60", "--json")
    assert code == 0, err
    assert json.loads(said) == [{"connection": "crm", "live": True, "minutes": 60}]
    assert json.loads(run("connections", "list", "-w", "acme", "--json")[1])[0]["live"] is True
    there = living.opened(copied)
    assert there.live is not None
    pd.testing.assert_frame_equal(departures(there.facts), departures(copied.facts))
    pd.testing.assert_frame_equal(terms(there.facts), terms(copied.facts))
    after = {name: run(*command) for name, command in commands.items()}
    for name in commands:
        assert after[name][0] == before[name][0] == 0, after[name][2]
        assert json.loads(after[name][1]) == json.loads(before[name][1]), name
        assert len(json.loads(before[name][1])) > 5
    assert run("connections", "live", "crm", "-w", "acme", "--off")[0] == 0
    assert living.opened(copied) is copied
