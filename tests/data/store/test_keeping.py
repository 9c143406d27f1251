"""Looking after stored data through the terminal: from an import to its replay, backup, restore and erasure."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
import workspace as farol
from data.store import Store
from terminal import saying
from workspace.home import _store

ACCOUNTS = "account_id,name,created_on\nC-1001,Ana,2024-01-01\nC-1002,Bia,2024-02-01\n"
SUBS = (
    "subscription_id,account_id,started_on,amount,currency\n"
    "S1,C-1001,2024-01-01,50,BRL\nS2,C-1002,2024-02-01,70,BRL\nS3,C-1002,2024-13-01,70,BRL\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    monkeypatch.setattr(saying, "LOCALE", "en")
    Store(tmp_path / "home").create_workspace("acme")
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "subscriptions.csv").write_text(SUBS, encoding="utf-8")
    _store.cache_clear()
    return tmp_path


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli.app, [str(one) for one in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def answer(*arguments: object) -> list[dict]:
    return json.loads(run(*arguments, "--json")[1])


def test_from_import_to_replay_backup_and_erasure(home: Path) -> None:
    assert run("import", home / "accounts.csv", "-w", "acme")[0] == 0
    assert run("import", home / "subscriptions.csv", "-w", "acme")[0] == 1
    newest, oldest = answer("history", "-w", "acme")
    assert (newest["can"], oldest["can"]) == (["undo", "replay"], ["undo", "replay"])
    (file,) = newest["files"]
    assert (file["file"], file["rows_accepted"], file["rows_rejected"]) == ("subscriptions.csv", 2, 1)
    assert file["original"]
    assert file["mapping"]["started_on"] == "started_on"
    (home / "accounts.csv").unlink()  # what was kept is what counts

    assert answer("replay", "--import", 1, "-w", "acme") == [{"version": 3}]
    assert farol.Workspace.open("acme").store.rows("acme") == {"accounts": 2, "subscriptions": 2}
    assert answer("undo", "--import", 2, "-w", "acme") == [{"version": 4}]
    assert run("redo", "--import", 2, "-w", "acme")[1] == "Brought back. Version 5 is in force.\n"
    code, _, why = run("replay", "--import", 9, "-w", "acme")
    assert (code, why) == (2, "There is no import 9.\n")

    out = home / "backup.zip"
    assert answer("backup", out, "-w", "acme")[0]["workspaces"] == ["acme"]
    assert run("restore", out)[0] == 2
    assert answer("restore", out, "--workspace-name", "beside")[0]["name"] == "beside"
    assert answer("restore", out, "--mend") == [{"mended": 0}]

    (would,) = answer("erase", "--account", "C-1002", "-w", "acme", "--dry-run")
    assert (would["rows"], would["version"]) == ({"accounts": 1, "subscriptions": 1}, None)
    assert answer("erase", "--account", "C-1002", "-w", "acme")[0]["version"] == 6
    assert run("erase", "--account", "C-1002", "-w", "acme")[0] == 2
    held = farol.keeping.overview(farol.Workspace.open("acme"))
    assert [(one.table, one.rows, str(one.first)) for one in held] == [
        ("accounts", 1, "2024-01-01"),
        ("subscriptions", 1, "2024-01-01"),
    ]
    assert farol.keeping.overview(farol.Workspace.open("beside"))[0].rows == 2
    assert run("sweep")[0] == 0


def test_files_with_private_columns_are_not_kept(home: Path) -> None:
    mapping = {
        "tables": {"accounts": {"columns": {"account_id": {"from": "account_id", "as": "pseudonym"}}}},
        "drop": ["name"],
    }
    (home / "mapping.json").write_text(json.dumps(mapping))
    assert run("import", home / "accounts.csv", "-w", "acme", "--mapping", home / "mapping.json")[0] in (0, 1)
    (entry,) = answer("history", "-w", "acme")
    assert entry["can"] == ["undo"]
    assert not entry["files"][0]["original"]
    for path in (home / "home").rglob("*"):
        assert path.is_dir() or b"C-1001" not in path.read_bytes(), path
    (done,) = answer("erase", "--account", "C-1001", "-w", "acme")
    assert done["rows"] == {"accounts": 1}


def test_a_fresh_home_is_restored_without_a_sample(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import", home / "accounts.csv", "-w", "acme")
    run("backup", home / "b.zip")
    monkeypatch.setenv("FAROL_HOME", str(home / "fresh"))
    assert [one["name"] for one in answer("restore", home / "b.zip")] == ["acme"]
    assert [one["name"] for one in answer("workspaces")] == ["acme"]


def test_a_lost_file_stops_numbers_and_not_the_ways_out(home: Path) -> None:
    run("import", home / "accounts.csv", "-w", "acme")
    run("backup", home / "b.zip")
    run("import", home / "subscriptions.csv", "-w", "acme")
    for path in (home / "home" / "snapshots" / "acme" / "subscriptions").glob("*"):
        path.unlink()
    code, _, why = run("kpis", "-w", "acme")
    assert code == 2
    assert "A stored file of subscriptions is gone or damaged" in why
    assert str(home) not in why
    assert run("history", "-w", "acme")[0] == 0
    assert answer("replay", "--import", 2, "-w", "acme") == [{"version": 3}]
    assert run("kpis", "-w", "acme", "--kpi", "nrr")[0] == 0
