"""What the terminal says: exit codes, refusals in words, and never a traceback."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

import cli
from data.store import Batch, Store
from terminal import saying

SUBS = "subscription_id,account_id,started_on,amount,currency\n1,A,2024-01-01,5,USD\n2,B,2024-01-01,7,BRL\n"
FIELDS = {
    *("file", "table", "mode", "version", "rows_read", "rows_accepted", "rows_rejected", "duplicate_of", "assumed"),
    *("mapping", "unmapped", "problems", "rejected_file", "kpis_lit", "kpis_dark"),
}


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    monkeypatch.setattr(saying, "LOCALE", "en")
    Store(tmp_path / "home").create_workspace("Other")  # so that no sample has to be made
    (tmp_path / "subscriptions.csv").write_text(SUBS, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli.app, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_an_import_from_trial_to_undo(terminal: Path) -> None:
    path = str(terminal / "subscriptions.csv")
    code, said, _ = run("import", path, "-w", "acme", "--dry-run")
    assert code == 1
    assert "2 of 2 rows would come in" in said
    assert "an exchange rate for USD" in said
    assert "acme" not in run("workspaces")[1]

    code, said, _ = run("import", path, "-w", "acme", "--json")
    report = json.loads(said)[0]
    assert code == 1
    assert set(report) >= FIELDS
    assert report["problems"][0]["params"] == {"currencies": "USD", "reporting": "BRL"}

    assert "already imported as version 1; nothing stored" in run("import", path, "-w", "acme")[1]
    assert "subscriptions.csv → subscriptions (2)" in run("history", "-w", "acme")[1]
    assert run("undo", "-w", "acme")[:2] == (0, "The last import is taken back; version 2 is in force.\n")
    assert run("undo", "-w", "acme")[0] == 2


def test_rates_that_are_set_are_not_asked_for(terminal: Path) -> None:
    path = terminal / "rates.csv"
    path.write_text("currency,valid_from,rate\nUSD,2024-01-01,5.1\n", encoding="utf-8")
    code, said, _ = run("import", str(terminal / "subscriptions.csv"), str(path), "-w", "acme", "--json")
    assert {report["table"] for report in json.loads(said)} == {"subscriptions", "fx_rates"}
    assert code in (0, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("kpis", "-w", "nope"), "There is no workspace 'nope'"),
        (("import", "{home}"), "is a folder"),
        (("import", "{home}/nothing.csv"), "There is no file"),
        (("import", "{home}/subscriptions.csv", "--mode", "merge"), "not one of append, replace, upsert"),
        (("import", "{home}/subscriptions.csv", "--table", "subs"), "There is no table 'subs'"),
        (("import", "{home}/subscriptions.csv", "--set", "plan"), "should look like NAME=VALUE"),
    ],
)
def test_refusals(terminal: Path, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run(*(one.format(home=terminal) for one in arguments))
    assert code == 2
    assert said in err
    assert out == ""


def test_refusals_speak_the_language_of_the_terminal(terminal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saying, "LOCALE", "pt_BR")
    assert "é uma pasta" in run("import", str(terminal))[2]


@pytest.mark.parametrize(("locale", "heading"), [("en", "in force"), ("pt_BR", "em vigor"), ("es", "en vigor")])
def test_the_history_has_headings_in_the_language_of_the_terminal(
    terminal: Path, monkeypatch: pytest.MonkeyPatch, locale: str, heading: str
) -> None:
    space = Store(terminal / "home").create_workspace("acme").id
    rows = pa.table({"account_id": ["A"]})
    Store(terminal / "home").commit(space, [Batch("accounts", rows, source_name="a.csv")])
    monkeypatch.setattr(saying, "LOCALE", locale)
    headings, line = run("history", "-w", "acme")[1].splitlines()
    assert heading in headings
    assert "in_force" not in headings
    assert "a.csv → accounts (1)" in line
    assert line.index("✓") == headings.index(heading)
