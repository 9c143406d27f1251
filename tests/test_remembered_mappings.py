"""A mapping that was given once is used again for the next file with the same headers."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import cli
import workspace as farol

MAPPING = {
    "tables": {
        "invoices": {
            "columns": {
                "invoice_id": "Ref",
                "account_id": "Who",
                "issued_on": "When",
                "amount": {"from": "What", "as": "cents"},
            }
        }
    }
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*arguments: str) -> list[dict]:
    result = CliRunner().invoke(cli.app, [*arguments, "--json"])
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def test_the_next_file_of_the_same_source_needs_no_mapping(home: Path) -> None:
    (home / "mapping.json").write_text(json.dumps(MAPPING))
    (home / "first.csv").write_text("Ref,Who,When,What\nR1,A,2025-01-03,1000\n")
    (home / "second.csv").write_text("When,Ref,Who,What,Note\n2025-02-03,R2,B,2500,new\n")
    run("import", str(home / "first.csv"), "--workspace", "w", "--mapping", str(home / "mapping.json"))
    report = run("import", str(home / "second.csv"), "--workspace", "w")[0]
    assert (report["table"], report["rows_accepted"], report["unmapped"]) == ("invoices", 1, ["Note"])
    space = farol.Workspace.open("w")
    rows = pd.concat([pd.read_parquet(path) for path in space.facts.files["invoices"]])
    assert sorted(rows["amount"]) == [10.0, 25.0]


def test_what_is_said_now_goes_before_what_was_said_then(home: Path) -> None:
    (home / "mapping.json").write_text(json.dumps(MAPPING))
    (home / "first.csv").write_text("Ref,Who,When,What\nR1,A,2025-01-03,1000\n")
    other = json.loads(json.dumps(MAPPING))
    other["tables"]["invoices"]["columns"]["amount"] = "What"
    (home / "other.json").write_text(json.dumps(other))
    run("import", str(home / "first.csv"), "--workspace", "w", "--mapping", str(home / "mapping.json"))
    (home / "second.csv").write_text("Ref,Who,When,What\nR2,A,2025-01-04,7\n")
    run("import", str(home / "second.csv"), "--workspace", "w", "--mapping", str(home / "other.json"))
    rows = pd.concat([pd.read_parquet(path) for path in farol.Workspace.open("w").facts.files["invoices"]])
    assert sorted(rows["amount"]) == [7.0, 10.0]
