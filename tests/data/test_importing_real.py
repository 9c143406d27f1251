"""Files of the world outside, where they are at hand; skipped, with the reason, where they are not."""

import json
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from data.importing import Known, inspect, prepare
from data.problems import DataProblem
from data.readers import read

HERE = Path(os.environ.get("FAROL_TRY_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
pytestmark = pytest.mark.skipif(not HERE.is_dir(), reason="no data to try with: set FAROL_TRY_DATA to their folder")


def prepared(path, mapping=None, **how):
    return {one.table: one for one in prepare(inspect(HERE / "real" / path), mapping, **how)}


def test_call_centre_by_suggestion():
    fed = prepared("callcenter_pwc/call_center_pwc.csv")
    calls, answers = fed["contacts"].accepted, fed["surveys"].accepted
    assert calls.num_rows == 5000
    assert fed["surveys"].report()["rows_rejected"] == 0
    assert pc.sum(calls["abandoned"]).as_py() == 946
    assert pc.sum(calls["fixed"]).as_py() == 3646
    answered = calls.filter(pc.equal(calls["abandoned"], False))
    assert pc.mean(answered["queue_seconds"]).as_py() == pytest.approx(67.5207, abs=5e-5)
    assert pc.mean(answered["handle_seconds"]).as_py() == pytest.approx(224.9228, abs=5e-5)
    assert answers.num_rows == 4054
    assert pc.mean(answers["score"]).as_py() == pytest.approx(3.4036, abs=5e-5)
    assert set(answers["scale_max"].to_pylist()) == {5.0}


def test_daily_totals_with_numbered_days():
    with pytest.raises(DataProblem, match="row_number_from"):
        prepared("callcenter_daily/call_center_daily.csv")
    upload = inspect(HERE / "real/callcenter_daily/call_center_daily.csv")
    mapping = upload.suggestions[0].to_json()
    mapping["tables"]["contact_totals"]["columns"]["day"] = {"row_number_from": "2020-01-01"}
    totals = prepare(upload, mapping)[0].accepted
    assert (pc.sum(totals["offered"]).as_py(), pc.sum(totals["abandoned"]).as_py()) == (248_373, 27_139)


def test_subscribers_of_a_telecom_become_accounts():
    accounts = prepared("telco/Telco-Customer-Churn.csv")["accounts"]
    assert accounts.accepted.num_rows == 7043
    assert pc.sum(pc.equal(accounts.accepted["x_churn"], "Yes")).as_py() == 1869


def test_a_software_company():
    subscriptions = prepared("ravenstack/ravenstack_subscriptions.csv")["subscriptions"]
    frame = subscriptions.accepted.to_pandas()
    closing = pd.Timestamp(2024, 12, 31).date()
    active = (
        (frame.started_on <= closing)
        & (frame.ended_on.isna() | (frame.ended_on > closing))
        & (frame.status == "active")
    )
    assert frame.loc[active, "amount"].sum() == 10_159_608
    assert set(frame.billing_months) == {1.0}
    tickets = prepared("ravenstack/ravenstack_support_tickets.csv")
    assert tickets["surveys"].accepted.num_rows == 1175
    assert tickets["contacts"].accepted.num_rows == 2000
    with pytest.raises(DataProblem, match="Import subscriptions first"):
        prepared("ravenstack/ravenstack_feature_usage.csv")
    known = Known(subscriptions=subscriptions.accepted.select(["subscription_id", "account_id"]))
    usage = prepared("ravenstack/ravenstack_feature_usage.csv", known=known)["usage"]
    assert usage.accepted.num_rows == 25_000
    assert pa.types.is_date(usage.accepted.schema.field("used_on").type)


def test_purchases_in_fixed_columns():
    mapping = {
        "tables": {
            "invoices": {
                "columns": {
                    "invoice_id": {"row_number_from": "P-"},
                    "account_id": "column_1",
                    "issued_on": "column_3",
                    "amount": "column_5",
                }
            }
        }
    }
    invoices = prepared("cdnow/CDNOW_sample.txt", mapping)["invoices"].accepted
    assert invoices.num_rows == 6919
    assert pc.sum(invoices["amount"]).as_py() == pytest.approx(244_091.94)
    assert len(invoices["account_id"].unique()) == 2357


def test_portuguese_files_need_no_mapping():
    assert prepared("ptbr_crm/clientes.csv")["accounts"].accepted.num_rows == 500
    assert prepared("ptbr_crm/transacoes.csv")["invoices"].accepted.num_rows == 22_688
    assert prepared("teomewhy/clientes.csv")["accounts"].accepted.num_rows == 4593


def _records(folder):
    return sorted((HERE / "messy" / folder).glob("*.csv")) if HERE.is_dir() else []


@pytest.mark.parametrize("path", _records("csv_spectrum"), ids=lambda path: path.stem)
def test_spectrum(path):
    expected = json.loads(path.with_name(f"{path.stem}.expected.json").read_text(encoding="utf-8"))
    got = [
        {key: (value or "").replace("\r\n", "\n") for key, value in row.items()}
        for row in read(path)[0].frame.to_pylist()
    ]
    assert got == [{key: str(value).replace("\r\n", "\n") for key, value in row.items()} for row in expected]


@pytest.mark.parametrize("path", _records("pollock_polluted"), ids=lambda path: path.stem)
def test_polluted(path):
    wanted = json.loads(path.with_name(f"{path.name}.parameters.json").read_text(encoding="utf-8"))
    if not path.stat().st_size:
        with pytest.raises(DataProblem):
            read(path)
        return
    raw = read(path)[0]
    assert raw.frame.num_columns == wanted["n_columns"]
    assert raw.assumed.delimiter == wanted["delimiter"]
    if wanted["header_lines"] == 1:
        assert raw.headers == wanted["column_names"]


@pytest.mark.parametrize("path", _records("exports") + _records("csvkit"), ids=lambda path: path.stem)
def test_exports_raise_nothing_but_data_problems(path):
    try:
        rows = prepare(inspect(path))
    except DataProblem:
        return
    for one in rows:
        json.dumps(one.report())
