"""Health scores by hand, input by input."""

from math import isnan, nan

import numpy as np
import pandas as pd
import pytest

from kpis.health import INPUTS, MEASURES, HealthInput, band, health_scores, movement, preset_inputs, presets, scores

FULL = {
    "account_id": "C-1",
    "period": "2024-12",
    "closing_accounts": 1,
    "closing_mrr": 1_000.0,
    "working_days": 20,
    "health_active_users": 14,
    "health_seats": 20,
    "health_active_days": 10,
    "health_nps_mean": 8.5,
    "health_nps_age_days": 10,
    "health_csat_satisfied_90d": 8,
    "health_csat_answers_90d": 10,
    "sla_open": 1,
    "overdue_mrr_amount": 250.0,
    "health_overdue_count": 1,
    "health_feeling": 60.0,
    "health_features_used": 6,
    "health_features_available": 20,
    "health_tenure_days": 400,
    "health_notice_given": 0,
}


def one(preset="balanced", **changes):
    """The score of one account and month, with some facts changed (None takes a column away)."""
    facts = {name: value for name, value in {**FULL, **changes}.items() if value is not None}
    return health_scores(pd.DataFrame([facts]), preset).iloc[0]


def inputs_of(preset):
    return {found.key: found for found in preset_inputs(preset)}


def test_presets():
    assert set(presets()) == {"balanced", "sensedata_like", "product_led"}
    for name, inputs in presets().items():
        assert sum(found.weight for found in inputs) == 100, name
        for found in inputs:
            assert found.key in INPUTS
            at = [value for value, _ in found.breakpoints]
            assert at == sorted(set(at))
            assert all(0 <= points <= 100 for _, points in found.breakpoints)
    assert preset_inputs("default") == preset_inputs("balanced")
    with pytest.raises(ValueError, match=r"no health preset “other”.*balanced, sensedata_like, product_led"):
        preset_inputs("other")
    nps = inputs_of("balanced")["nps_account"]
    assert (nps.weight, nps.expiry_days) == (15, 180)
    assert nps.measure == "mean 0-10 score of the account, last 180 days"
    assert nps.missing_rule == "no answer = missing; half weight after 90 days"
    assert inputs_of("balanced")["overdue"].expiry_days is None


def test_points_lie_on_straight_lines_and_are_flat_outside():
    adoption = inputs_of("balanced")["adoption"]
    assert list(adoption.points([-5, 0, 15, 30, 45, 60, 70, 80, 250])) == [0, 0, 15, 30, 50, 70, 85, 100, 100]
    assert isnan(adoption.points([nan])[0])
    overdue = inputs_of("balanced")["overdue"]
    assert list(overdue.points([0, 0.25, 0.5, 1, 2, 9])) == [100, 80, 60, 30, 0, 0]


def test_by_hand():
    row = one()
    # 14 of 20 seats is 70 %: 85 points. No earlier months: no trend. NPS 8.5: 77.5 points.
    # 8 of 10 satisfied; the portfolio is this one account, so the pull changes nothing: 80 %, 66.67 points.
    # One open breach: 60. A quarter of a month's MRR overdue: 80. Feeling 60.
    assert row["value_adoption"] == 70
    assert row["points_adoption"] == 85
    assert isnan(row["points_usage_trend"])
    assert row["points_nps_account"] == 77.5
    assert row["value_csat"] == pytest.approx(80)
    assert row["points_csat"] == pytest.approx(66.6667, abs=1e-4)
    assert row["points_sla_open"] == 60
    assert row["points_overdue"] == 80
    assert row["points_cs_feeling"] == 60
    total = 25 * 85 + 15 * 77.5 + 10 * (200 / 3) + 10 * 60 + 10 * 80 + 10 * 60
    assert row["health_score"] == pytest.approx(total / 80)
    assert row["coverage"] == pytest.approx(0.8)
    assert not row["provisional"]
    assert not row["onboarding"]
    assert not row["notice"]
    assert row["contribution_adoption"] == pytest.approx(25 * 85 / 80)
    assert isnan(row["contribution_usage_trend"])


def test_contributions_sum_to_the_score():
    row = one()
    found = sum(row[name] for name in row.index if name.startswith("contribution_") and not isnan(row[name]))
    assert found == pytest.approx(row["health_score"])


def test_the_other_presets():
    row = one("sensedata_like")
    # 10 of 20 working days: 50 %, 85 points. NPS 77.5. One overdue invoice 60. One open breach 60.
    assert row["points_engagement"] == 85
    assert row["points_overdue_count"] == 60
    assert row["health_score"] == pytest.approx((40 * 85 + 20 * 77.5 + 20 * 60 + 20 * 60) / 100)
    assert row["coverage"] == 1
    row = one("product_led")
    assert row["points_active_days"] == 85
    assert row["value_breadth"] == 30
    assert row["points_breadth"] == 70
    assert one(preset_inputs("balanced"))["health_score"] == one()["health_score"]


def test_a_feed_without_rows_is_nothing_and_no_feed_is_missing():
    assert one(health_active_users=nan, usage_fed=1)["points_adoption"] == 0
    assert isnan(one(health_active_users=nan, usage_fed=0)["points_adoption"])
    assert isnan(one(health_active_users=nan)["points_adoption"])
    assert isnan(one(usage_fed=0)["points_adoption"])
    assert isnan(one(health_active_users=None)["points_adoption"])
    assert isnan(one(health_seats=0)["points_adoption"])
    assert isnan(one(health_seats=nan)["points_adoption"])
    assert one(sla_open=nan, contacts_fed=1)["points_sla_open"] == 100
    assert isnan(one(sla_open=nan)["points_sla_open"])
    assert one(overdue_mrr_amount=nan, invoices_fed=1)["points_overdue"] == 100
    assert isnan(one(overdue_mrr_amount=nan)["points_overdue"])
    assert one("sensedata_like", health_overdue_count=nan, invoices_fed=1)["points_overdue_count"] == 100
    assert one("sensedata_like", health_active_days=nan, usage_fed=1)["points_engagement"] == 0
    assert isnan(one("product_led", health_features_available=nan)["points_breadth"])


def test_small_numbers_count_as_well():
    assert one(health_seats=1, health_active_users=1)["value_adoption"] == 100
    assert one(closing_mrr=0.5, overdue_mrr_amount=0.25)["value_overdue"] == 0.5
    assert one(health_csat_satisfied_90d=1, health_csat_answers_90d=1)["value_csat"] == 100


def test_answers_without_an_expiry_never_age():
    lasting = HealthInput("cs_feeling", 1.0, ((0, 0), (100, 100)), None, "", "")
    row = one((lasting,), health_feeling_age_days=999)
    assert row["health_score"] == row["points_cs_feeling"] == 60


def test_without_a_flag_a_feed_is_there_when_anybody_has_rows():
    both = pd.DataFrame([FULL, {**FULL, "account_id": "C-2", "health_active_users": nan}])
    assert list(health_scores(both)["points_adoption"]) == [85, 0]


def test_old_answers_weigh_half_then_expire():
    fresh, old, gone = (one(health_nps_age_days=age) for age in (90, 91, 181))
    rest = 25 * 85 + 10 * (200 / 3) + 10 * 60 + 10 * 80 + 10 * 60
    assert fresh["health_score"] == pytest.approx((rest + 15 * 77.5) / 80)
    assert old["health_score"] == pytest.approx((rest + 7.5 * 77.5) / 72.5)
    assert old["coverage"] == pytest.approx(0.8)
    assert old["contribution_nps_account"] == pytest.approx(7.5 * 77.5 / 72.5)
    assert gone["health_score"] == pytest.approx(rest / 65)
    assert gone["coverage"] == pytest.approx(0.65)
    assert one(health_nps_age_days=180)["points_nps_account"] == 77.5
    assert isnan(one(health_feeling_age_days=91)["points_cs_feeling"])
    assert one(health_feeling_age_days=90)["points_cs_feeling"] == 60


def test_few_satisfaction_answers_are_pulled_to_the_portfolio():
    panel = pd.DataFrame(
        [
            {**FULL, "health_csat_satisfied_90d": 0, "health_csat_answers_90d": 1},
            {**FULL, "account_id": "C-2", "health_csat_satisfied_90d": 9, "health_csat_answers_90d": 9},
            {**FULL, "account_id": "C-3", "health_csat_satisfied_90d": 0, "health_csat_answers_90d": 0},
            {**FULL, "account_id": "C-4", "health_csat_satisfied_90d": nan, "health_csat_answers_90d": nan},
            # Gone by the closing: not part of the portfolio.
            {**FULL, "account_id": "C-5", "closing_accounts": 0, "health_csat_answers_90d": 90},
            # Another month has a portfolio of its own.
            {**FULL, "period": "2024-11", "health_csat_satisfied_90d": 1, "health_csat_answers_90d": 2},
        ]
    )
    values = health_scores(panel)["value_csat"]
    assert values[0] == pytest.approx(100 * (0 + 3 * 0.9) / 4)
    assert values[1] == pytest.approx(100 * (9 + 3 * 0.9) / 12)
    assert isnan(values[2])
    assert isnan(values[3])
    assert values[4] == pytest.approx(100 * (1 + 3 * 0.5) / 5)


def months(*days, **changes):
    """One account with so many active days a month, from January on (None: not in the feed yet)."""
    return pd.DataFrame(
        [
            {
                **FULL,
                "period": f"2024-{month:02d}",
                "health_active_days": nan if used is None else used,
                "usage_fed": used is not None,
                **changes,
            }
            for month, used in enumerate(days, start=1)
        ]
    )


def test_usage_trend_against_the_own_baseline():
    trend = health_scores(months(10, 20, 10, 10, 10, 5, 8, 6))["value_usage_trend"]
    assert all(isnan(value) for value in trend[:3])  # at most one month two or more months back
    assert trend[3] == pytest.approx(10 / 15)  # April against January and February
    assert trend[4] == pytest.approx(10 / (40 / 3))
    assert trend[7] == pytest.approx(6 / (55 / 5))  # August against February to June
    assert health_scores(months(10, 10, 10, 11))["points_usage_trend"][3] == 100
    assert health_scores(months(10, 10, 10, 9))["points_usage_trend"][3] == pytest.approx(65)


def test_usage_trend_is_missing_before_the_feed_and_without_any_use():
    trend = health_scores(months(None, None, 10, 10, 10, 10))["value_usage_trend"]
    assert all(isnan(value) for value in trend[:5])
    assert trend[5] == 1
    assert isnan(health_scores(months(0, 0, 5, 5))["value_usage_trend"][3])
    assert health_scores(months(1, 0, 5, 5))["value_usage_trend"][3] == 10
    assert health_scores(months(5, 5, 5, 0))["points_usage_trend"][3] == 0


def test_usage_trend_skips_months_that_are_not_in_the_panel():
    panel = months(10, 10, 10, 10, 10).drop(index=[2])
    trend = health_scores(panel)["value_usage_trend"]
    assert trend.iloc[-1] == 1
    two = pd.concat([months(10, 20, 10, 10), months(2, 2, 2, 4, account_id="C-2")], ignore_index=True)
    found = health_scores(two.iloc[::-1])
    assert list(found[found["period"] == "2024-04"]["value_usage_trend"]) == pytest.approx([2, 10 / 15])


def test_flags():
    assert one(health_tenure_days=89)["onboarding"]
    assert not one(health_tenure_days=90)["onboarding"]
    assert one(health_notice_given=1)["notice"]
    exactly_half = one(sla_open=None, overdue_mrr_amount=None, health_feeling=nan)
    assert exactly_half["coverage"] == 0.5
    assert not exactly_half["provisional"]
    assert one(health_seats=nan)["provisional"]  # no behaviour input
    assert one(health_seats=nan)["coverage"] == pytest.approx(0.55)
    few = one(health_nps_mean=nan, health_feeling=nan, health_csat_answers_90d=0)
    assert few["coverage"] == pytest.approx(0.45)
    assert few["provisional"]
    half = one("sensedata_like", sla_open=None, health_overdue_count=None, health_nps_mean=nan)
    assert half["coverage"] == pytest.approx(0.4)
    assert half["provisional"]
    assert not one("sensedata_like", sla_open=None, health_overdue_count=None)["provisional"]


def test_only_active_accounts_and_those_without_input_have_no_score():
    assert health_scores(pd.DataFrame([{**FULL, "closing_accounts": 0}])).empty
    bare = {name: FULL[name] for name in ("account_id", "period", "closing_accounts", "closing_mrr")}
    active_last = pd.DataFrame([{**FULL, "closing_accounts": 0}, {**FULL, "account_id": "C-2"}])
    found = health_scores(active_last)
    assert list(found.columns[:3]) == ["row", "account_id", "period"]
    assert list(found[["row", "account_id", "period"]].iloc[0]) == [1, "C-2", "2024-12"]
    assert list(found.index) == [0]
    row = health_scores(pd.DataFrame([bare])).iloc[0]
    assert isnan(row["health_score"])
    assert row["coverage"] == 0
    assert row["provisional"]
    assert health_scores(pd.DataFrame([FULL]).iloc[:0]).empty
    assert isnan(one(closing_mrr=0)["points_overdue"])


def test_measures_for_the_cube():
    bare = {"account_id": "C-3", "period": "2024-12", "closing_accounts": 1, "closing_mrr": 9.0, "working_days": 20}
    gone = {**FULL, "account_id": "C-2", "closing_accounts": 0}
    panel = pd.DataFrame([gone, FULL, bare], index=["x", "y", "z"]).assign(usage_fed=[1, 1, 0])
    panel[["sla_open", "overdue_mrr_amount"]] = nan
    found = scores(panel)
    assert list(found.columns) == list(MEASURES)
    assert list(found.index) == ["x", "y", "z"]
    score = health_scores(panel).iloc[0]["health_score"]
    assert list(found.loc["y"]) == pytest.approx([score, 1, score * 1_000, 1_000])
    assert found.loc[["x", "z"]].isna().all().all()
    assert scores(panel, "sensedata_like").loc["y", "health_points"] != score


def test_nullable_columns_are_read():
    panel = pd.DataFrame([FULL, {**FULL, "account_id": "C-2", "health_nps_mean": None}])
    nullable = panel.convert_dtypes()
    nullable["account_id"] = nullable["account_id"].astype("category")
    nullable["period"] = nullable["period"].astype("category")
    np.testing.assert_allclose(health_scores(nullable)["health_score"], health_scores(panel)["health_score"])


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0, "at_risk"), (49.9, "at_risk"), (50, "watch"), (74.9, "watch"), (75, "healthy"), (100, "healthy")],
)
def test_bands(score, expected):
    assert band(score) == expected


def test_why_a_score_moved():
    before, after = one(), one(health_active_users=7, health_nps_mean=nan)
    moved = movement(before, after)
    assert set(moved) == set(inputs_of("balanced"))
    assert sum(moved.values()) == pytest.approx(after["health_score"] - before["health_score"])
    assert moved["adoption"] < 0
    assert moved["nps_account"] == pytest.approx(-before["contribution_nps_account"])
    assert moved["usage_trend"] == 0
