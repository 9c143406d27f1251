"""Cohorts and trailing months, worked by hand, on both engines."""

from datetime import date

import pytest

from data.measures import activity, cohorts
from data.policies import Policies
from tests.data.engines import both
from tests.data.measures.test_movements import MILLION, row

FAMILIES = (cohorts.FAMILY, cohorts.TRAILING_FAMILY)

ROWS = [
    row("s1", "a", (2024, 1, 1), (2024, 6, 1), 10),
    row("s1", "a", (2024, 6, 1), None, 15),
    row("s2", "b", (2024, 2, 10), (2024, 7, 1), 20),
    row("s3", "c", (2024, 6, 15), None, 40),
]


def found(grain="month", as_of=date(2025, 6, 30), rows=ROWS):
    return both({"subscriptions": rows}, grain, None, as_of, FAMILIES)


def test_a_cohort_never_counts_new_customers():
    june, july = found()["a", "2024-06"], found()["b", "2024-07"]
    assert (june["mrr_then_3m"], june["mrr_now_3m"], june["mrr_kept_3m"]) == (10 * MILLION, 15 * MILLION, 10 * MILLION)
    assert (july["mrr_then_1m"], july["mrr_now_1m"], july["mrr_kept_1m"]) == (20 * MILLION, 0, 0)
    assert found()["c", "2024-06"]["mrr_now_1m"] == 0


def test_without_the_history_there_is_no_value():
    panel = found()
    assert panel["a", "2024-01"]["mrr_then_1m"] is None
    assert panel["a", "2024-02"]["mrr_then_1m"] == 10 * MILLION
    assert panel["c", "2024-12"]["mrr_then_12m"] is None
    assert panel["c", "2025-01"]["mrr_then_12m"] == 0
    assert panel["a", "2025-01"]["mrr_kept_12m"] == 10 * MILLION


def test_an_incomplete_month_looks_back_from_its_closing_day():
    rows = [row("s1", "a", (2024, 1, 20), (2024, 3, 10), 10)]
    panel = found(as_of=date(2024, 3, 15), rows=[*rows, row("s2", "b", (2024, 3, 15), None, 1)])
    assert panel["a", "2024-03"]["mrr_then_1m"] == 10 * MILLION
    assert panel["a", "2024-03"]["mrr_now_1m"] == 0


def test_six_months_count_each_month():
    panel = found()
    assert panel["a", "2024-05"]["opening_accounts_6m"] is None
    assert (panel["a", "2024-06"]["opening_accounts_6m"], panel["a", "2024-06"]["lost_accounts_6m"]) == (5, 0)
    assert (panel["b", "2024-07"]["opening_accounts_6m"], panel["b", "2024-07"]["lost_accounts_6m"]) == (5, 1)
    assert (panel["b", "2025-01"]["opening_accounts_6m"], panel["b", "2025-01"]["lost_accounts_6m"]) == (0, 0)


@pytest.mark.parametrize(("grain", "period"), [("week", "2024-W40"), ("quarter", "2024-Q3"), ("half", "2024-H2")])
def test_six_months_are_whole_months_at_every_grain(grain, period):
    panel = found(grain)
    expected = {"2024-W40": (4, 1), "2024-Q3": (4, 1), "2024-H2": (1, 1)}[period]
    assert (panel["b", period]["opening_accounts_6m"], panel["b", period]["lost_accounts_6m"]) == expected


def order(number, account, day, **more):
    return {"invoice_id": f"o{number}", "account_id": account, "issued_on": day, "amount": 10.0, **more}


def test_activity_of_a_shop():
    orders = [
        order(1, "a", date(2024, 1, 1)), order(2, "a", date(2024, 3, 31)), order(3, "b", date(2024, 3, 30)),
        order(4, "b", date(2024, 6, 30), status="void"), order(5, "b", date(2024, 6, 29), amount=-5.0),
        order(6, "c", date(2024, 5, 5)), order(7, "a", date(2024, 7, 1)),
    ]  # fmt: skip
    panel = both({"invoices": orders}, "month", Policies(inactivity_days=90), date(2024, 7, 31), (activity.FAMILY,))
    assert panel["a", "2024-03"]["activity_opening_accounts"] is None
    assert panel["a", "2024-04"] == {"activity_opening_accounts": 1, "activity_lost_accounts": 0}
    assert panel["b", "2024-06"] == {"activity_opening_accounts": 1, "activity_lost_accounts": 1}
    assert panel["a", "2024-06"] == {"activity_opening_accounts": 1, "activity_lost_accounts": 1}
    assert panel["c", "2024-06"] == {"activity_opening_accounts": 1, "activity_lost_accounts": 0}
    assert panel["a", "2024-07"] == {"activity_opening_accounts": 0, "activity_lost_accounts": 0}
