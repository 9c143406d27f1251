"""The tidy table: reasons, intervals, completeness, breakdowns."""

import warnings
from math import isnan, nan
from time import perf_counter

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from kpis.catalogue import KPIS, UnknownKpi
from kpis.table import COLUMNS, NEVER_ROLL_UP, kpi_table

NUMBERS = ["value", "numerator", "denominator", "n", "low", "high"]
EVERY_MEASURE = sorted({name for one in KPIS for name in one.measures} - {"gross_margin"})


def frame(*rows, **measures):
    """A cube without dimensions: one row per mapping, 2024-01 on, each complete unless it says otherwise."""
    rows = rows or (measures,)
    return pd.DataFrame(
        [{"period": f"2024-{month:02d}", "complete": True, **row} for month, row in enumerate(rows, start=1)]
    )


def only(key, **measures):
    """The one row of a KPI."""
    table = kpi_table(frame(**measures), [key])
    assert len(table) == 1
    return table.iloc[0]


def test_columns_and_order():
    table = kpi_table(frame({"closing_mrr": 5}, {"closing_mrr": 7}), ["arr", "mrr"])
    assert list(table.columns) == ["kpi", "period", *COLUMNS]
    assert list(table["kpi"]) == ["arr", "arr", "mrr", "mrr"]
    assert list(table["period"]) == ["2024-01", "2024-02"] * 2
    assert list(table["value"]) == [60, 84, 5, 7]
    assert table["complete"].dtype == bool
    assert all(pd.api.types.is_float_dtype(table[name]) for name in NUMBERS)
    assert len(kpi_table(frame(closing_mrr=5))) == len(KPIS)
    assert list(kpi_table(frame(closing_mrr=5), []).columns) == ["kpi", "period", *COLUMNS]


def test_an_unknown_key_or_dimension_is_refused():
    with pytest.raises(UnknownKpi):
        kpi_table(frame(closing_mrr=5), ["mmr"])
    with pytest.raises(ValueError, match="no dimension segment"):
        kpi_table(frame(closing_mrr=5), ["mrr"], by=["segment"])


@pytest.mark.parametrize(
    ("key", "measures", "reason"),
    [
        ("logo_churn", {"lost_accounts": 0, "opening_accounts": 0}, "no_opening_customers"),
        ("activity_churn", {"activity_lost_accounts": 0, "activity_opening_accounts": 0}, "no_opening_customers"),
        ("revenue_churn", {"churned_mrr": 0, "contraction_mrr": 0, "opening_mrr": 0}, "no_opening_customers"),
        ("lifetime", {"opening_accounts_6m": 100, "lost_accounts_6m": 0}, "no_losses"),
        ("lifetime", {"opening_accounts_6m": 0, "lost_accounts_6m": 0}, "no_opening_customers"),
        ("nrr", {"mrr_now_12m": 0, "mrr_then_12m": 0}, "no_customers"),
        ("nrr", {"mrr_now_12m": nan, "mrr_then_12m": nan, "closing_accounts": 5}, "no_history"),
        ("nrr", {"mrr_now_12m": nan, "mrr_then_12m": nan, "closing_accounts": nan}, "not_loaded"),
        ("nrr", {}, "not_loaded"),
        ("grr_3m", {"closing_accounts": 5}, "no_history"),
        ("lifetime", {"closing_accounts": 5}, "no_history"),
        ("activity_churn", {"invoice_count": 5}, "no_history"),
        ("activity_churn", {}, "not_loaded"),
        ("health_score", {"closing_accounts": 5}, "no_scores"),
        ("health_score", {"health_points": 0, "health_accounts": 0}, "no_scores"),
        ("health_score", {}, "not_loaded"),
        ("lifetime_median", {"survival_accounts": 5}, "median_not_reached"),
        ("survival_12m", {"survival_accounts": 5}, "curve_too_short"),
        ("survival_24m", {"survival_accounts": 0}, "no_customers"),
        ("survival_24m", {}, "not_loaded"),
        ("first_response_time_median", {"responded_contacts": 0}, "no_contacts"),
        ("first_response_time_p90", {}, "not_loaded"),
        ("time_to_resolution_median", {"resolved_contacts": 0}, "no_contacts"),
        ("nps", {"nps_promoters": 0, "nps_detractors": 0, "nps_answers": 0}, "no_answers"),
        ("csat", {"csat_satisfied": 0, "csat_answers": 0}, "no_answers"),
        ("aht", {"handle_seconds": 0, "handled_contacts": 0}, "no_contacts"),
        ("abandonment", {"abandoned": 3, "short_abandoned": 3, "offered": 3}, "no_contacts"),
        ("sla_met", {"sla_met": 0, "sla_due": 0}, "no_deadlines"),
        ("renewal_rate", {"renewals_won": 0, "renewals_decided": 0}, "no_renewals"),
        ("adoption", {"adoption_users": 0, "adoption_seats": 0}, "no_seats"),
        ("feature_adoption", {"features_used": 0, "features_available": 0}, "no_features"),
        ("engagement", {"active_days": 0, "working_days": 0}, "no_customers"),
        ("stickiness", {"user_days": 0, "user_day_slots": 0}, "no_use"),
        ("cs_feeling", {"feeling_points": 0, "feeling_accounts": 0}, "no_ratings"),
        ("referral_conversion", {"referrals_won": 0, "referrals_received": 0}, "no_referrals"),
        ("promoter_share", {"promoter_accounts": 0, "nps_accounts": 0}, "no_answers"),
        ("average_ticket", {"invoiced": 0, "invoice_count": 0}, "no_invoices"),
        ("ltv_realised", {"billed_to_date": 0, "billed_accounts": 0}, "no_invoices"),
        ("cac", {"acquisition_cost": 500, "new_accounts": 0}, "no_new_customers"),
        ("cac_payback", {"acquisition_cost": 500, "new_accounts": 0, "new_mrr": 0}, "no_new_customers"),
        (
            "cac_payback",
            {"acquisition_cost": 500, "new_accounts": 5, "new_mrr": 50, "gross_margin": 0.0},
            "no_denominator",
        ),
        ("mrr", {}, "not_loaded"),
    ],
)
def test_no_value_comes_with_its_reason(key, measures, reason):
    row = only(key, **measures)
    assert row["reason"] == reason
    assert isnan(row["value"])
    assert isnan(row["low"])
    assert row["badge"] is None


LTV = {
    "closing_mrr": 25_000,
    "closing_accounts": 100,
    "gross_margin": 0.8,
    "opening_accounts_6m": 600,
    "lost_accounts_6m": 15,
    "acquisition_cost": 60_000,
    "new_accounts": 30,
}


@pytest.mark.parametrize(
    ("zero", "reason"),
    [
        ("closing_accounts", "no_customers"),
        ("opening_accounts_6m", "no_opening_customers"),
        ("lost_accounts_6m", "no_losses"),
        ("new_accounts", "no_new_customers"),
        ("acquisition_cost", "no_costs"),
    ],
)
def test_composites_name_the_part_that_is_empty(zero, reason):
    emptied = {**LTV, zero: 0, **({"lost_accounts_6m": 0} if zero == "opening_accounts_6m" else {})}
    assert only("ltv_cac", **emptied)["reason"] == reason
    if zero in ("closing_accounts", "opening_accounts_6m", "lost_accounts_6m"):
        assert only("ltv", **emptied)["reason"] == reason


def test_composites_name_the_table_that_is_missing():
    assert only("ltv_cac", **{**LTV, "acquisition_cost": nan})["reason"] == "not_loaded"
    assert only("ltv_cac", **{**LTV, "lost_accounts_6m": nan})["reason"] == "no_history"
    assert only("ltv_cac", **LTV)["value"] == 4.0


def test_known_elsewhere_and_missing_here_is_not_a_missing_table():
    table = kpi_table(frame({"csat_satisfied": 3, "csat_answers": 4}, {"csat_satisfied": None}), ["csat"])
    assert list(table["reason"]) == [None, "no_data"]


def test_history_is_missing_in_the_first_periods_only():
    table = kpi_table(
        frame(
            {"mrr_now_1m": None, "mrr_then_1m": None, "closing_accounts": 3},
            {"mrr_now_1m": 9, "mrr_then_1m": 10, "closing_accounts": 3},
        ),
        ["nrr_1m"],
    )
    assert list(table["reason"]) == ["no_history", None]
    assert table["value"][1] == 0.9


def test_there_is_no_health_score_by_week():
    cube = frame(health_points=500, health_accounts=10).assign(period="2024-W03")
    row = kpi_table(cube, ["health_score"]).iloc[0]
    assert row["reason"] == "not_by_week"
    assert isnan(row["value"])
    assert only("health_score", health_points=500, health_accounts=10)["value"] == 50


def test_few_employees_stay_unrecognised():
    row = only("enps", enps_promoters=2, enps_detractors=1, enps_answers=4)
    assert row["reason"] == "too_few_answers"
    assert isnan(row["value"])
    assert isnan(row["numerator"])
    assert isnan(row["low"])
    assert isnan(row["high"])
    assert row["n"] == row["denominator"] == 4
    assert only("enps", enps_promoters=2, enps_detractors=1, enps_answers=5)["value"] == 20
    assert only("enps", enps_promoters=0, enps_detractors=0, enps_answers=0)["reason"] == "no_answers"


def test_what_belongs_to_the_company_is_not_cut():
    measures = {"acquisition_cost": 600, "new_accounts": 3}
    cube = frame(measures, measures).assign(segment="A")
    cut = kpi_table(cube, ["cac"], by=["segment"])
    assert set(cut["reason"]) == {"company_only"}
    assert all(pd.api.types.is_float_dtype(cut[name]) for name in NUMBERS)
    assert cut[["value", "numerator", "denominator", "n"]].isna().all().all()
    assert set(kpi_table(cube, ["cac"], filtered=["segment"])["reason"]) == {"company_only"}
    assert list(kpi_table(cube, ["cac"], by=["segment"], carried=["segment"])["value"]) == [200, 200]
    assert set(kpi_table(cube, ["cac"], by=["segment"], filtered=["plan"], carried=["segment"])["reason"]) == {
        "company_only"
    }
    assert list(kpi_table(cube, ["cac"])["value"]) == [200, 200]
    assert list(kpi_table(cube.assign(closing_mrr=1), ["mrr"], by=["segment"])["reason"]) == [None, None]


def test_proportions_of_counts_carry_wilson():
    row = only("logo_churn", lost_accounts=5, opening_accounts=100)
    low, high = proportion_confint(5, 100, method="wilson")
    assert (row["low"], row["high"], row["n"]) == (pytest.approx(low), pytest.approx(high), 100)
    assert isnan(only("csat", csat_satisfied=2.5, csat_answers=10)["low"])
    assert isnan(only("adoption", adoption_users=5, adoption_seats=10)["low"])


def test_nps_carries_its_own_interval():
    row = only("nps", nps_promoters=50, nps_detractors=20, nps_answers=100)
    p, d = 50.75 / 103, 20.75 / 103
    half = 1.959964 * ((p + d - (p - d) ** 2) / 103) ** 0.5
    assert row["low"] == pytest.approx(100 * (p - d - half), abs=1e-4)
    assert row["high"] == pytest.approx(100 * (p - d + half), abs=1e-4)


def test_survival_brings_its_interval():
    row = only("survival_12m", survival_12m=0.8, survival_12m_low=0.7, survival_12m_high=0.9, survival_accounts=40)
    assert (row["low"], row["high"], row["n"]) == (0.7, 0.9, 40)
    assert isnan(only("lifetime_median", lifetime_median=20.0, survival_accounts=40)["low"])


@pytest.mark.parametrize(
    ("key", "measures", "n"),
    [
        ("csat", {"csat_satisfied": 3, "csat_answers": 4}, 4),
        ("revenue_churn", {"churned_mrr": 1, "contraction_mrr": 1, "opening_mrr": 100, "opening_accounts": 7}, 7),
        ("ltv_cac", LTV, 30),
        ("ltv", LTV, 15),
        ("mrr", {"closing_mrr": 100, "closing_accounts": 7}, 7),
        ("nrr", {"mrr_now_12m": 1, "mrr_then_12m": 1, "accounts_then_12m": 6}, 6),
        ("time_to_resolution_median", {"time_to_resolution_seconds_median": 5, "resolved_contacts": 9}, 9),
    ],
)
def test_n_says_how_many_cases(key, measures, n):
    assert only(key, **measures)["n"] == n


def test_badges():
    assert only("ltv", **{**LTV, "gross_margin": nan})["badge"] == "without_margin"
    assert only("ltv", **LTV)["badge"] is None
    assert only("adoption", adoption_users=11, adoption_seats=10)["badge"] == "over_capacity"
    assert only("adoption", adoption_users=10, adoption_seats=10)["badge"] is None
    assert only("one_touch", one_touch_solved=1, one_touch_known=2)["badge"] == "proxy"
    assert only("solve_flow", contacts_solved=3, contacts_opened=2)["badge"] is None


def test_completeness():
    cube = frame(
        {"contacts_solved_in_window": 1, "contacts_opened_known": 2, "contacts_solved": 1, "contacts_opened": 2},
        {"contacts_solved_in_window": 1, "contacts_opened_known": 2, "contacts_solved": 1, "contacts_opened": 2},
        {"contacts_solved_in_window": 1, "contacts_opened_known": 2, "contacts_solved": 1, "contacts_opened": 2},
    ).assign(complete=[True, True, False], solve_mature=[True, False, True])
    assert list(kpi_table(cube, ["solve_rate"])["complete"]) == [True, False, False]
    assert list(kpi_table(cube, ["solve_flow"])["complete"]) == [True, True, False]
    assert list(kpi_table(cube.drop(columns="solve_mature"), ["solve_rate"])["complete"]) == [True, True, False]


def test_finer_rows_are_summed_and_a_missing_dimension_is_a_group():
    cube = pd.DataFrame(
        {
            "segment": ["A", "B", None, "A", "B"],
            "plan": ["x", "x", None, "y", "y"],
            "period": ["2024-01"] * 5,
            "complete": True,
            "closing_mrr": pd.array([10, 20, None, 40, 80], dtype="Int64"),
            "contacts_opened": pd.array([1, 2, 4, 8, 16], dtype="Int64"),
            "gross_margin": 0.8,
        }
    )
    table = kpi_table(cube, ["mrr"], by=["segment"])
    assert list(table["segment"].fillna("—")) == ["A", "B", "—"]
    assert list(table["value"].fillna(-1)) == [50, 100, -1]
    assert table["reason"][2] == "no_data"
    assert kpi_table(cube, ["mrr"])["value"][0] == 150
    assert list(kpi_table(cube, ["mrr"], by=["plan", "segment"])["value"].fillna(-1)) == [10, 20, -1, 40, 80]
    assert kpi_table(cube, ["mrr"])["numerator"][0] == 150
    margin = kpi_table(cube.assign(billed_to_date=1, billed_accounts=1), ["ltv_realised"])
    assert margin["value"][0] == 0.8


def test_sums_take_what_is_known_and_keep_the_order_of_the_cube():
    cube = pd.DataFrame(
        {
            "segment": pd.Categorical(["B", "B", "A"], categories=["A", "B", "unused"]),
            "period": ["2024-02", "2024-02", "2024-01"],
            "complete": True,
            "solve_mature": [False, True, True],
            "contacts_opened_known": pd.array([4, None, 2], dtype="Int64"),
            "contacts_solved_in_window": pd.array([1, None, 2], dtype="Int64"),
        }
    )
    table = kpi_table(cube, ["solve_rate"], by=["segment"])
    assert list(table["segment"]) == ["B", "A"]
    assert list(table["period"]) == ["2024-02", "2024-01"]
    assert list(table["value"]) == [0.25, 1]
    assert list(table["complete"]) == [False, True]


def test_parts_of_an_undefined_value_stay_visible():
    row = only("cac", acquisition_cost=500, new_accounts=0)
    assert (row["numerator"], row["denominator"], row["n"]) == (500, 0, 0)
    row = only("enps", enps_promoters=1, enps_detractors=0, enps_answers=5)
    assert (row["numerator"], row["n"]) == (100, 5)


def test_nothing_is_warned_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zeros = frame(dict.fromkeys(EVERY_MEASURE, 0), dict.fromkeys(EVERY_MEASURE, 5))
        assert len(kpi_table(zeros)) == 2 * len(KPIS)


def test_all_that_is_wrong_is_named():
    with pytest.raises(ValueError, match="no dimension plan, segment"):
        kpi_table(frame(closing_mrr=5), ["mrr"], by=["plan", "segment"])
    cube = frame({"survival_12m": 0.5, "lifetime_median": 9.0}, {}).assign(period="2024-01")
    with pytest.raises(ValueError, match="lifetime_median, survival_12m cannot be summed"):
        kpi_table(cube, ["lifetime_median", "survival_12m"])


def test_an_incomplete_row_makes_the_sum_incomplete():
    cube = frame({"closing_mrr": 1}, {"closing_mrr": 2}).assign(period="2024-01", complete=[True, False])
    assert list(kpi_table(cube, ["mrr"])["complete"]) == [False]


def test_medians_are_never_summed():
    cube = frame({"lifetime_median": 10.0}, {"lifetime_median": 20.0}).assign(period="2024-01")
    with pytest.raises(ValueError, match="lifetime_median cannot be summed"):
        kpi_table(cube, ["lifetime_median"])
    assert {"survival_12m", "first_response_seconds_p90"} <= NEVER_ROLL_UP


def test_the_whole_catalogue_is_fast():
    groups, months = 10, 36
    random = np.random.default_rng(5)
    cube = pd.DataFrame(
        [
            (f"s{group}", f"{2022 + month // 12}-{month % 12 + 1:02d}")
            for month in range(months)
            for group in range(groups)
        ],
        columns=["segment", "period"],
    ).assign(complete=True, gross_margin=nan)
    measures = {name: pd.array(random.integers(0, 1000, len(cube)), dtype="Int64") for name in EVERY_MEASURE}
    cube = pd.concat([cube, pd.DataFrame(measures)], axis=1)
    times = []
    for _ in range(3):
        start = perf_counter()
        table = kpi_table(cube, by=["segment"])
        times.append(perf_counter() - start)
    assert len(table) == len(KPIS) * groups * months
    assert min(times) < 0.5, f"{min(times):.3f} s; a few hundredths are usual"
