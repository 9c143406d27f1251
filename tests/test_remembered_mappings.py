"""A mapping that was given once is used again for the next file with the same headers."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import cli
import workspace as farol
from data.store import Store

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
    Store(tmp_path / "home").create_workspace("Other")  # so that no sample has to be made
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


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(cli.app, [*arguments, "--json"])
    assert result.exit_code == 2, result.output
    return json.loads(result.stdout)["error"]


def test_a_header_that_is_gone_is_said_before_a_file_feeds_another_table(home: Path) -> None:
    columns = {"subscription_id": "Code", "account_id": "Cust", "started_on": "From", "ended_on": "Until"}
    mapping = {"tables": {"subscriptions": {"columns": columns | {"amount": "Price"}}}}
    (home / "mapping.json").write_text(json.dumps(mapping))
    (home / "first.csv").write_text("Code,Cust,From,Until,Price\nS1,A,2024-01-01,2024-12-31,120\n")
    (home / "second.csv").write_text("Code,Cust,From,End date,Price\nS2,B,2024-01-01,2024-12-31,120\n")
    run("import", str(home / "first.csv"), "--workspace", "w", "--mapping", str(home / "mapping.json"))
    message = refused("import", str(home / "second.csv"), "--workspace", "w")
    assert "Until is gone" in message
    assert set(farol.Workspace.open("w").facts.files) == {"subscriptions"}


def test_a_file_that_still_feeds_the_same_table_is_matched_anew_and_says_so(home: Path) -> None:
    columns = {"subscription_id": "subscription id", "account_id": "customer id", "started_on": "start date"}
    mapping = {"tables": {"subscriptions": {"columns": columns | {"amount": "mrr", "plan": "plan"}}}}
    (home / "mapping.json").write_text(json.dumps(mapping))
    (home / "first.csv").write_text("subscription id,customer id,start date,mrr,plan\nS1,A,2024-01-01,10,Pro\n")
    (home / "second.csv").write_text("subscription id,customer id,start date,mrr\nS2,A,2024-01-01,20\n")
    run("import", str(home / "first.csv"), "--workspace", "w", "--mapping", str(home / "mapping.json"))
    report = run("import", str(home / "second.csv"), "--workspace", "w")[0]
    assert (report["table"], report["rows_accepted"]) == ("subscriptions", 1)
    (said,) = [p for p in report["problems"] if p["problem"] == "matched_anew"]
    assert said["params"] == {"headers": "plan"}


@pytest.mark.parametrize("body", ["[1]", '{"tables": [1]}', '{"tables": {"accounts": 3}}', "3", "{"])
def test_a_mapping_file_of_another_form_is_refused(home: Path, body: str) -> None:
    (home / "mapping.json").write_text(body)
    (home / "first.csv").write_text("account_id,name\nA,x\n")
    assert "mapping" in refused("import", str(home / "first.csv"), "--mapping", str(home / "mapping.json"))
