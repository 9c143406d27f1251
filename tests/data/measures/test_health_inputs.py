"""What a health score is made of, worked by hand, on both engines."""

from datetime import date, datetime

import pandas as pd

from data.measures import FAMILIES, health_inputs
from data.panel import build_panel
from tests.data.engines import both, context, facts

ROWS = {
    "accounts": [{"account_id": "a", "created_on": date(2023, 12, 31), "seats": 10}, {"account_id": "b"}],
    "subscriptions": [
        {"subscription_id": "s1", "account_id": "a", "started_on": date(2024, 1, 1), "amount": 10.0,
         "cancelled_on": date(2024, 3, 5), "ended_on": date(2024, 9, 1)},
        {"subscription_id": "s2", "account_id": "b", "started_on": date(2024, 2, 10), "amount": 20.0},
    ],
    "usage": [
        {"account_id": "a", "used_on": date(2024, 2, 1), "user_id": "u1", "feature": "x"},
        {"account_id": "a", "used_on": date(2024, 2, 3), "user_id": "u2", "feature": "x"},
        {"account_id": "b", "used_on": date(2024, 1, 30), "user_id": "u1", "feature": "y"},
    ],
    "surveys": [
        {"response_id": "1", "kind": "nps", "responded_at": datetime(2024, 1, 5, 9), "score": 4.0, "scale_min": 0.0,
         "scale_max": 10.0, "account_id": "a", "respondent_id": "p"},
        {"response_id": "2", "kind": "nps", "responded_at": datetime(2024, 2, 5, 9), "score": 8.0, "scale_min": 0.0,
         "scale_max": 10.0, "account_id": "a", "respondent_id": "p"},
        {"response_id": "3", "kind": "nps", "responded_at": datetime(2024, 2, 7, 9), "score": 9.0, "scale_min": 0.0,
         "scale_max": 10.0, "account_id": "a", "respondent_id": "q"},
        {"response_id": "4", "kind": "csat", "responded_at": datetime(2024, 1, 1, 9), "score": 5.0, "scale_min": 1.0,
         "scale_max": 5.0, "account_id": "a"},
        {"response_id": "5", "kind": "csat", "responded_at": datetime(2024, 2, 1, 9), "score": 3.0, "scale_min": 1.0,
         "scale_max": 5.0, "account_id": "a"},
    ],
}  # fmt: skip


def inputs():
    return both(ROWS, "month", None, date(2024, 8, 31), (health_inputs.FAMILY,))


def test_use_and_seats_at_closing():
    february = inputs()["a", "2024-02"]
    assert (february["health_active_users"], february["health_seats"], february["health_active_days"]) == (2, 10, 2)
    assert (february["health_features_used"], february["health_features_available"]) == (1, 2)
    march = inputs()["a", "2024-03"]
    assert (march["health_active_users"], march["health_active_days"], march["usage_fed"]) == (0, 0, 1)
    assert inputs()["a", "2024-01"]["usage_fed"] == 0


def test_active_days_are_known_before_an_account_is_active():
    january = inputs()["b", "2024-01"]
    assert (january["health_active_days"], january["usage_fed"], january["health_active_users"]) == (1, 1, None)


def test_answers_expire_and_missing_stays_missing():
    found = inputs()
    assert found["a", "2024-01"]["health_nps_mean"] == 4.0
    assert (found["a", "2024-02"]["health_nps_mean"], found["a", "2024-02"]["health_nps_age_days"]) == (8.5, 22)
    assert found["a", "2024-07"]["health_nps_mean"] == 8.5
    assert found["a", "2024-08"]["health_nps_mean"] is None
    assert found["b", "2024-02"]["health_nps_mean"] is None
    csat = [
        (found["a", month][f"health_csat_{name}_90d"])
        for month in ("2024-03", "2024-04")
        for name in ("satisfied", "answers")
    ]
    assert csat == [0, 1, 0, 1]
    february = found["a", "2024-02"]
    assert (february["health_csat_satisfied_90d"], february["health_csat_answers_90d"]) == (1, 2)


def test_tenure_and_notice():
    found = inputs()
    assert found["a", "2024-01"]["health_tenure_days"] == 30
    assert [found["a", month]["health_notice_given"] for month in ("2024-02", "2024-03")] == [0, 1]
    assert found["b", "2024-03"]["health_notice_given"] == 0


def test_derived_inputs_stand_beside_the_panel():
    given = facts({**ROWS, "sentiment": [{"account_id": "a", "rated_on": date(2024, 2, 1), "rater": "csm", "score": 4.0,
                                          "scale_min": 1.0, "scale_max": 5.0}]})  # fmt: skip
    panel = build_panel(given, "month", as_of=date(2024, 3, 31), families=(*FAMILIES, health_inputs.FAMILY))
    frame = health_inputs.with_derived(panel.frame, context(ROWS).loaded)
    row = frame[(frame["account_id"] == "a") & (frame["period"] == "2024-02")].iloc[0]
    assert row["health_feeling"] == 75.0
    assert (row["contacts_fed"], row["invoices_fed"]) == (0, 0)
    assert row["sla_open"] is pd.NA
    other = frame[(frame["account_id"] == "b") & (frame["period"] == "2024-02")].iloc[0]
    assert other["health_feeling"] is pd.NA
    assert set(health_inputs.DERIVED) <= set(frame.columns)
