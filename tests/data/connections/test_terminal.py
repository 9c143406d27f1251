"""Connections from the terminal: add, look, pick, refresh; exit codes as promised."""

import json

import pytest
from typer.testing import CliRunner

import cli
from data.store import Store
from terminal import saying


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli.app, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_from_an_address_to_a_refresh_by_schedule(postgres_db, tmp_path, monkeypatch):
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    monkeypatch.setattr(saying, "LOCALE", "en")
    Store(tmp_path / "home").create_workspace("acme")
    source = postgres_db
    source.run(
        "CREATE TABLE accounts (account_id text, name text, created_on date)",
        "INSERT INTO accounts VALUES ('1', 'A', '2024-01-01'), ('2', 'B', '2024-01-02')",
        f"GRANT SELECT ON accounts TO {source.info.user}",
    )
    url = f"postgresql://{source.info.user}@127.0.0.1:{source.info.port}/{source.info.database}"
    add = ("connections", "add", "crm", "--url", url, "--secret", source.info.secret, "--tls", "off", "-w", "acme")
    code, said, _ = run(*add, "--json")
    assert code == 0
    assert json.loads(said)[0]["secret"] == source.info.secret
    code, _, said = run(*add)
    assert code == 2
    assert "already a connection" in said
    code, said, _ = run("connections", "test", "crm", "-w", "acme", "--json")
    assert code == 0
    assert "public.accounts" in {row["source"] for row in json.loads(said)}
    code, _, said = run("refresh", "-w", "acme")
    assert (code, "Nothing is picked from crm" in said) == (2, True)
    code, said, _ = run("connections", "pick", "crm", "--table", "accounts", "-w", "acme", "--json")
    assert json.loads(said) == [{"source": "public.accounts", "tables": ["accounts"], "cursor": ""}]
    code, said, _ = run("refresh", "-w", "acme", "--json")
    report = json.loads(said)[0]
    assert (report["mode"], report["rows_accepted"]) == ("replace", 2)
    assert code == (1 if report["problems"] else 0)
    code, said, _ = run("refresh", "-w", "acme")
    assert code == 0
    assert "unchanged" in said
    source.run("DROP TABLE accounts")
    code, said, err = run("refresh", "-w", "acme", "--connection", "crm", "--json")
    assert code == 2
    assert json.loads(said)[0]["error"]["id"] == "source_table_unknown"
    assert "public.accounts" in err
    assert run("refresh", "-w", "acme", "--connection", "nobody")[0] == 2
    assert run("connections", "remove", "crm", "-w", "acme")[0] == 0
    assert run("connections", "list", "-w", "acme", "--json")[1] == "[]\n"


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@h/d", "https://h/x.csv?token=hunter2"])
def test_a_password_in_an_address_is_refused(url, tmp_path, monkeypatch):
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    Store(tmp_path / "home").create_workspace("acme")
    for form in ([], ["--json"]):
        code, said, err = run("connections", "add", "crm", "--url", url, "-w", "acme", *form)
        assert code == 2
        assert "hunter2" not in said + err


def test_live_measures_are_asked_for_by_the_name_of_the_connection(tmp_path, monkeypatch):
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    Store(tmp_path / "home").create_workspace("acme")
    code, _, said = run("kpis", "-w", "acme", "--live", "nobody")
    assert (code, "nobody" in said) == (2, True)
