"""Odd rows go in and are remarked on; usual ones are not."""

from datetime import date

import numpy as np
import pytest

from data.checks import Known
from data.importing import inspect, prepare

STRETCHES = "subscription_id,account_id,started_on,ended_on,amount,product\n"


def remarks(text, name, **known):
    found = prepare(inspect(text.encode(), name), known=Known(**known))[0]
    return {p.problem: p for p in found.checked.problems if p.severity in ("warning", "rejected")}, found


def invoices(amounts, more=""):
    text = "invoice_id,account_id,issued_on,amount,currency\n"
    return text + "".join(f"{i},A,2024-01-01,{amount},BRL\n" for i, amount in enumerate(amounts)) + more


def test_stretches_of_a_subscription_that_overlap():
    rows = (
        "S,A,2024-01-01,2024-03-01,10,P\nS,A,2024-02-01,,12,P\nT,B,2024-01-01,2024-03-01,10,P\nT,B,2024-03-01,,12,P\n"
    )
    found, _ = remarks(STRETCHES + rows, "subscriptions.csv")
    assert found["overlapping"].count == 1
    assert found["overlapping"].examples == [{"row": 3, "value": "S / 2024-02-01 / None"}] or found[
        "overlapping"
    ].examples == [{"row": 3, "value": "S / 2024-02-01 / "}]


def test_an_open_stretch_before_another_overlaps_it_even_with_one_between():
    rows = "S,A,2024-01-01,,10,P\nS,A,2024-02-01,2024-03-01,12,P\nS,A,2024-05-01,,12,P\n"
    found, _ = remarks(STRETCHES + rows, "subscriptions.csv")
    assert [one["row"] for one in found["overlapping"].examples] == [3, 4]


def test_the_same_product_twice_is_remarked_only_where_it_is_rare():
    usual = "".join(f"S{i},A{i},2024-01-01,,10,P\n" for i in range(30))
    found, _ = remarks(STRETCHES + usual + "X,A3,2024-05-01,,10,P\n", "subscriptions.csv")
    assert [one["row"] for one in found["overlapping_product"].examples] == [32]
    twice = "".join(f"T{i},A{i},2024-05-01,,10,P\n" for i in range(30))
    assert "overlapping_product" not in remarks(STRETCHES + usual + twice, "subscriptions.csv")[0]
    follows = "X,A3,2024-05-01,,10,Q\n"
    assert not remarks(STRETCHES + usual + follows, "subscriptions.csv")[0]


def test_an_amount_far_out_with_the_usual_range():
    usual = [100 + i for i in range(50)]
    found, prepared = remarks(invoices([*usual, 12_000]), "invoices.csv")
    problem = found["far_out"]
    assert (problem.count, problem.examples[0]["row"], problem.severity) == (1, 52, "warning")
    assert problem.params == {"low": "102.45", "high": "146.55"}
    assert prepared.accepted.num_rows == 51


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5])
def test_skewed_amounts_are_not_far_out(sigma):
    amounts = np.round(np.exp(np.random.default_rng(7).normal(6, sigma, 2000)), 2)
    assert "far_out" not in remarks(invoices(amounts), "invoices.csv")[0]


def test_few_amounts_prove_nothing():
    assert "far_out" not in remarks(invoices([1] * 20 + [100_000]), "invoices.csv")[0]


def test_yearly_amounts_are_compared_by_month():
    rows = "".join(f"S{i},A{i},2024-01-01,10,1\n" for i in range(40)) + "Y,B,2024-01-01,360,36\n"
    found, _ = remarks("subscription_id,account_id,started_on,amount,billing_months\n" + rows, "subscriptions.csv")
    assert "far_out" not in found


def test_days_far_ahead_or_long_ago():
    ahead = date.today().year + 3
    text = f"account_id,created_on\nA,{ahead}-01-01\nB,1969-12-31\nC,2024-01-01\n"
    found, prepared = remarks(text, "accounts.csv")
    assert found["far_future"].examples[0]["row"] == 2
    assert found["long_ago"].examples[0]["row"] == 3
    assert prepared.accepted.num_rows == 3
    planned = f"renewal_id,account_id,due_on,due_amount\n1,A,{ahead}-01-01,10\n"
    assert not remarks(planned, "renewals.csv")[0]


def test_usage_of_a_subscription_nobody_knows_is_refused_by_name():
    import pyarrow as pa

    pairs = pa.table({"subscription_id": ["S1"], "account_id": ["A1"]})
    text = "subscription_id,usage_date,feature\nS1,2024-01-01,f\nS9,2024-01-01,f\n"
    found, prepared = remarks(text, "feature_usage.csv", subscriptions=pairs)
    assert prepared.accepted["account_id"].to_pylist() == ["A1"]
    assert found["unknown_subscription"].examples == [{"row": 3, "value": "S9"}]
    assert "missing_required" not in found
