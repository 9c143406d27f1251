"""New rows against those held: days that would count twice, values an update would clear."""

import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import workspace as farol
from data.checks import held


@pytest.fixture
def bring(tmp_path, monkeypatch):
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)

    def bring(mode="append", **files):
        paths = []
        for name, text in files.items():
            path = tmp_path / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        return farol.import_files(paths, "held", mode=mode, home=tmp_path / "home")

    return bring


def warned(reports, problem):
    return [p for report in reports for p in report["problems"] if p["problem"] == problem]


MARCH = "account_id,used_on,feature\nA,2024-03-01,x\nA,2024-03-01,y\nA,2024-03-02,x\nB,2024-03-02,x\n"


def test_days_that_are_here_already_are_said(bring):
    assert warned(bring(usage=MARCH), "overlaps_held") == []
    (one,) = warned(
        bring(usage="account_id,used_on,feature\nA,2024-03-02,z\nB,2024-03-02,z\nB,2024-03-03,z\n"), "overlaps_held"
    )
    assert (one["column"], one["count"], one["severity"]) == ("used_on", 2, "warning")
    assert "from 2024-03-02 to 2024-03-02" in one["expected"]


def test_new_days_and_other_accounts_are_not(bring):
    bring(usage=MARCH)
    assert warned(bring(usage="account_id,used_on,feature\nA,2024-03-03,x\nB,2024-03-01,x\n"), "overlaps_held") == []


def test_the_whole_again_in_place_of_what_is_held_is_fine(bring):
    bring(usage=MARCH)
    assert warned(bring("replace", usage=MARCH + "C,2024-03-09,x\n"), "overlaps_held") == []


HEADER = "subscription_id,account_id,started_on,amount,ended_on,plan\n"


def test_values_an_update_clears_are_said_by_column(bring):
    bring(
        subscriptions=HEADER
        + "S1,A,2024-01-01,5,2024-06-01,Pro\nS2,B,2024-01-01,5,2024-06-01,Pro\nS3,C,2024-01-01,5,,Pro\n"
    )
    reports = bring(
        "upsert",
        subscriptions=HEADER + "S1,A,2024-01-01,5,,Pro\nS2,B,2024-01-01,5,2024-07-01,\nS3,C,2024-01-01,5,,Pro\n",
    )
    found = {one["column"]: one for one in warned(reports, "values_cleared")}
    assert {column: one["count"] for column, one in found.items()} == {"ended_on": 1, "plan": 1}
    assert "S1" in found["ended_on"]["expected"]
    assert "S2" in found["plan"]["expected"]


def test_a_column_left_out_clears_nothing(bring):
    bring(subscriptions=HEADER + "S1,A,2024-01-01,5,2024-06-01,Pro\n")
    reports = bring("upsert", subscriptions="subscription_id,account_id,started_on,amount\nS1,A,2024-01-01,6\n")
    assert warned(reports, "values_cleared") == []


def test_millions_of_rows_are_compared_quickly(tmp_path):
    rows, rng = 2_000_000, np.random.default_rng(5)
    day = pa.array((rng.integers(0, 365, rows) + 19_723).astype(np.int32)).cast(pa.date32())
    ids = pa.array(np.char.add("A", rng.integers(0, 2000, rows).astype(str)))
    path = tmp_path / "held.parquet"
    pq.write_table(pa.table({"account_id": ids, "used_on": day}), path)
    begun = time.monotonic()
    found = held.days_held("usage", path, [str(path)])
    assert time.monotonic() - begun < 10
    assert found is not None
    assert found.count > 600_000
