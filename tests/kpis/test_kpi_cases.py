"""Every KPI worked out by hand at least once; the figures of the catalogue among them."""

from math import isnan, nan

import pandas as pd
import pytest

from kpis.catalogue import KPIS, kpi
from kpis.kpi import Parts, or_one, ratio
from kpis.table import kpi_table

# (KPI, measures, value, numerator, denominator)
CASES = [
    ("logo_churn", {"lost_accounts": 5, "opening_accounts": 100}, 0.05, 5, 100),
    # 11 cancellations of which one had joined in the month: only the 10 who were there at the opening count.
    ("logo_churn", {"lost_accounts": 10, "opening_accounts": 100}, 0.10, 10, 100),
    ("activity_churn", {"activity_lost_accounts": 12, "activity_opening_accounts": 80}, 0.15, 12, 80),
    # Opening 100, churn 10, contraction 10, expansion 10: gross 20 %, net 10 %.
    ("revenue_churn", {"churned_mrr": 10, "contraction_mrr": 10, "opening_mrr": 100}, 0.20, 20, 100),
    (
        "net_revenue_churn",
        {
            "churned_mrr": 10,
            "contraction_mrr": 10,
            "upsell_mrr": 4,
            "cross_sell_mrr": 3,
            "price_uplift_mrr": 2,
            "reactivation_mrr": 1,
            "opening_mrr": 100,
        },
        0.10,
        10,
        100,
    ),
    (
        "net_revenue_churn",
        {
            "churned_mrr": 1,
            "contraction_mrr": 2,
            "upsell_mrr": 10,
            "cross_sell_mrr": 20,
            "price_uplift_mrr": 40,
            "reactivation_mrr": 80,
            "opening_mrr": 1000,
        },
        -0.147,
        -147,
        1000,
    ),
    ("revenue_churn_lost", {"churned_mrr": 30, "opening_mrr": 400}, 0.075, 30, 400),
    ("contraction_rate", {"contraction_mrr": 6, "opening_mrr": 400}, 0.015, 6, 400),
    # Three customers paid 100, 200 and 300; now 150, 0 and 240, and a newcomer's 500 does not count.
    ("nrr", {"mrr_now_12m": 390, "mrr_then_12m": 600}, 0.65, 390, 600),
    ("grr", {"mrr_kept_12m": 340, "mrr_then_12m": 600}, 34 / 60, 340, 600),
    ("nrr_1m", {"mrr_now_1m": 612, "mrr_then_1m": 600}, 1.02, 612, 600),
    ("grr_1m", {"mrr_kept_1m": 594, "mrr_then_1m": 600}, 0.99, 594, 600),
    ("nrr_3m", {"mrr_now_3m": 660, "mrr_then_3m": 600}, 1.10, 660, 600),
    ("grr_3m", {"mrr_kept_3m": 570, "mrr_then_3m": 600}, 0.95, 570, 600),
    # 600 customer-months at risk and 15 losses: 2.5 % a month, 40 months.
    ("lifetime", {"opening_accounts_6m": 600, "lost_accounts_6m": 15}, 40.0, 600, 15),
    ("lifetime_median", {"lifetime_median": 31.5}, 31.5, 31.5, None),
    ("survival_12m", {"survival_12m": 0.8432}, 0.8432, 0.8432, None),
    ("survival_24m", {"survival_24m": 0.788736}, 0.788736, 0.788736, None),
    # ARPA 250, margin 80 %, 40 months: 200 a month at 2.5 % churn.
    (
        "ltv",
        {
            "closing_mrr": 25_000,
            "closing_accounts": 100,
            "gross_margin": 0.8,
            "lost_accounts_6m": 15,
            "opening_accounts_6m": 600,
        },
        8_000.0,
        200.0,
        0.025,
    ),
    # Without a margin it is revenue.
    (
        "ltv",
        {
            "closing_mrr": 25_000,
            "closing_accounts": 100,
            "gross_margin": nan,
            "lost_accounts_6m": 15,
            "opening_accounts_6m": 600,
        },
        10_000.0,
        250.0,
        0.025,
    ),
    ("ltv_realised", {"billed_to_date": 90_000, "gross_margin": 0.7, "billed_accounts": 30}, 2_100.0, 63_000, 30),
    ("ltv_realised", {"billed_to_date": 90_000, "gross_margin": nan, "billed_accounts": 30}, 3_000.0, 90_000, 30),
    ("health_score", {"health_points": 6_450, "health_accounts": 100}, 64.5, 6_450, 100),
    # 80 points on 300 and 40 points on 100 of MRR.
    ("health_score_mrr", {"health_mrr_points": 28_000, "health_mrr": 400}, 70.0, 28_000, 400),
    ("adoption", {"adoption_users": 36, "adoption_seats": 50}, 0.72, 36, 50),
    ("feature_adoption", {"features_used": 6, "features_available": 24}, 0.25, 6, 24),
    ("engagement", {"active_days": 220, "working_days": 440}, 0.5, 220, 440),
    # 3 users over 30 days: one every day, one on 12, one on 3.
    ("stickiness", {"user_days": 45, "user_day_slots": 90}, 0.5, 45, 90),
    ("renewal_rate", {"renewals_won": 45, "renewals_decided": 50}, 0.90, 45, 50),
    ("renewal_rate_value", {"renewal_kept_amount": 3.2e6, "renewal_due_amount": 4e6}, 0.80, 3.2e6, 4e6),
    ("nps", {"nps_promoters": 50, "nps_detractors": 20, "nps_answers": 100}, 30.0, 3_000, 100),
    ("nps", {"nps_promoters": 1, "nps_detractors": 2, "nps_answers": 4}, -25.0, -100, 4),
    # 50, 100, 70, 300 and 280 answers from 1 to 5.
    ("csat", {"csat_satisfied": 580, "csat_answers": 800}, 0.725, 580, 800),
    ("ces", {"ces_easy": 63, "ces_answers": 90}, 0.7, 63, 90),
    ("ces_mean", {"ces_score_sum": 495, "ces_scale_answers": 90}, 5.5, 495, 90),
    ("enps", {"enps_promoters": 25, "enps_detractors": 20, "enps_answers": 100}, 5.0, 500, 100),
    ("aht", {"handle_seconds": 668_205 + 99_153 + 198_306, "handled_contacts": 4_311}, 224.0, 965_664, 4_311),
    ("time_to_resolution", {"resolution_seconds": 7_200_000, "resolved_contacts": 250}, 28_800.0, 7_200_000, 250),
    ("time_to_resolution_median", {"time_to_resolution_seconds_median": 21_600}, 21_600.0, 21_600, None),
    ("time_to_resolution_p90", {"time_to_resolution_seconds_p90": 90_000}, 90_000.0, 90_000, None),
    ("first_response_time", {"first_response_seconds": 54_000, "responded_contacts": 60}, 900.0, 54_000, 60),
    ("first_response_time_median", {"first_response_seconds_median": 600}, 600.0, 600, None),
    ("first_response_time_p90", {"first_response_seconds_p90": 2_400}, 2_400.0, 2_400, None),
    ("wait_time", {"wait_seconds": 1_350, "wait_contacts": 20}, 67.5, 1_350, 20),
    ("service_level", {"service_level_met": 164, "service_level_offered": 200}, 0.82, 164, 200),
    ("solve_rate", {"contacts_solved_in_window": 92, "contacts_opened_known": 100}, 0.92, 92, 100),
    ("solve_flow", {"contacts_solved": 110, "contacts_opened": 100}, 1.10, 110, 100),
    ("abandonment", {"abandoned": 946, "short_abandoned": 0, "offered": 5_000}, 0.1892, 946, 5_000),
    # 60 gave up, 10 of them at once: 50 of 490.
    ("abandonment", {"abandoned": 60, "short_abandoned": 10, "offered": 500}, 50 / 490, 50, 490),
    ("fcr", {"first_contacts_fixed": 72, "first_contacts": 96}, 0.75, 72, 96),
    ("one_touch", {"one_touch_solved": 33, "one_touch_known": 60}, 0.55, 33, 60),
    ("sla_breach", {"sla_breached": 7}, 7.0, 7, None),
    ("sla_met", {"sla_met": 57, "sla_due": 60}, 0.95, 57, 60),
    ("contact_rate", {"contacts_opened": 150, "closing_accounts": 120}, 1.25, 150, 120),
    ("cs_feeling", {"feeling_points": 1_500, "feeling_accounts": 20}, 75.0, 1_500, 20),
    ("upsell", {"upsell_mrr": 350}, 350.0, 350, None),
    ("cross_sell", {"cross_sell_mrr": 60}, 60.0, 60, None),
    ("price_uplift", {"price_uplift_mrr": 45}, 45.0, 45, None),
    (
        "expansion_rate",
        {"upsell_mrr": 300, "cross_sell_mrr": 60, "price_uplift_mrr": 40, "opening_mrr": 20_000},
        0.02,
        400,
        20_000,
    ),
    ("expansion_one_off", {"one_off_expansion": 1_200}, 1_200.0, 1_200, None),
    ("referrals", {"referrals_received": 14}, 14.0, 14, None),
    ("referral_conversion", {"referrals_won": 4, "referrals_received": 16}, 0.25, 4, 16),
    ("referrer_share", {"referrer_accounts": 9, "closing_accounts": 120}, 0.075, 9, 120),
    ("referral_value", {"referral_value": 2_300}, 2_300.0, 2_300, None),
    ("at_seat_limit", {"seat_limit_accounts": 18, "seat_known_accounts": 90}, 0.2, 18, 90),
    ("promoter_share", {"promoter_accounts": 24, "nps_accounts": 50}, 0.48, 24, 50),
    # 100 customers at 100 a month and 50 at 600 a year.
    ("mrr", {"closing_mrr": 100 * 100 + 50 * 600 / 12}, 12_500.0, 12_500, None),
    ("arr", {"closing_mrr": 12_500}, 150_000.0, 150_000, None),
    ("new_mrr", {"new_mrr": 166.67}, 166.67, 166.67, None),
    ("reactivation_mrr", {"reactivation_mrr": 80}, 80.0, 80, None),
    ("contraction_mrr", {"contraction_mrr": 60}, 60.0, 60, None),
    ("churned_mrr", {"churned_mrr": 166.67}, 166.67, 166.67, None),
    ("arpa", {"closing_mrr": 12_500, "closing_accounts": 150}, 83 + 1 / 3, 12_500, 150),
    ("average_ticket", {"invoiced": 8_400, "invoice_count": 120}, 70.0, 8_400, 120),
    ("tcv_billed", {"billed_to_date": 90_000}, 90_000.0, 90_000, None),
    # Three years at 100,000 a year and 30,000 once.
    ("tcv_contract", {"contract_value": 3 * 100_000 + 30_000}, 330_000.0, 330_000, None),
    ("cac", {"acquisition_cost": 60_000, "new_accounts": 300}, 200.0, 60_000, 300),
    # CAC 200 against new customers of 50 a month at 80 %.
    (
        "cac_payback",
        {"acquisition_cost": 60_000, "new_accounts": 300, "new_mrr": 15_000, "gross_margin": 0.8},
        5.0,
        200.0,
        40.0,
    ),
    (
        "cac_payback",
        {"acquisition_cost": 60_000, "new_accounts": 300, "new_mrr": 15_000, "gross_margin": nan},
        4.0,
        200.0,
        50.0,
    ),
    # LTV 8,000 as above, CAC 2,000.
    (
        "ltv_cac",
        {
            "closing_mrr": 25_000,
            "closing_accounts": 100,
            "gross_margin": 0.8,
            "opening_accounts_6m": 600,
            "lost_accounts_6m": 15,
            "acquisition_cost": 60_000,
            "new_accounts": 30,
        },
        4.0,
        8_000.0,
        2_000.0,
    ),
    *(
        (
            "quick_ratio",
            {
                "new_mrr": gains[0],
                "reactivation_mrr": gains[1],
                "upsell_mrr": gains[2],
                "cross_sell_mrr": gains[3],
                "price_uplift_mrr": gains[4],
                "churned_mrr": lost[0],
                "contraction_mrr": lost[1],
            },
            value,
            sum(gains),
            sum(lost),
        )
        for gains, lost, value in [
            ((10, 2, 6, 4, 2), (3, 1), 6.0),
            ((10, 8, 4, 5, 3), (6, 4), 3.0),
            ((20, 1, 12, 4, 3), (5, 15), 2.0),
        ]
    ),
    ("overdue_amount", {"overdue_amount": 4_250}, 4_250.0, 4_250, None),
    ("overdue_count", {"overdue_count": 5}, 5.0, 5, None),
]


@pytest.mark.parametrize(("key", "measures", "value", "numerator", "denominator"), CASES)
def test_worked_by_hand(key, measures, value, numerator, denominator):
    one = kpi(key)
    assert set(one.measures) == set(measures)
    parts = one.parts(measures)
    assert parts.numerator == pytest.approx(numerator)
    assert parts.denominator == (None if denominator is None else pytest.approx(denominator))
    assert parts.value == pytest.approx(value)
    assert one.value(measures) == pytest.approx(value)


@pytest.mark.parametrize(("key", "measures", "value", "numerator", "denominator"), CASES)
def test_the_table_says_the_same(key, measures, value, numerator, denominator):
    frame = pd.DataFrame([{"period": "2024-12", "complete": True, **measures}])
    row = kpi_table(frame, [key]).iloc[0]
    assert row["reason"] is None
    assert row["value"] == pytest.approx(value)
    assert row["numerator"] == pytest.approx(numerator)
    assert isnan(row["denominator"]) if denominator is None else row["denominator"] == pytest.approx(denominator)


@pytest.mark.parametrize(("key", "measures", "value", "numerator", "denominator"), CASES)
def test_series_give_what_scalars_give(key, measures, value, numerator, denominator):
    one = kpi(key)
    twice = {name: pd.Series([number, number], index=["a", "b"], dtype=float) for name, number in measures.items()}
    values = one.value(twice)
    assert list(values.index) == ["a", "b"]
    assert list(values) == pytest.approx([value, value])


def test_every_kpi_has_a_case():
    assert {case[0] for case in CASES} == {one.key for one in KPIS}


@pytest.mark.parametrize("kind", [float, lambda n: pd.Series([n]), lambda n: pd.Series([n]).to_numpy()])
def test_dividing_by_zero_gives_nothing_in_any_form(kind):
    assert pd.isna(ratio(kind(5.0), kind(0.0))).all() if hasattr(kind(0.0), "shape") else isnan(ratio(5.0, 0.0))
    assert isnan(Parts(5, 0).value)
    assert Parts(0).value == 0


def test_a_missing_margin_leaves_revenue():
    assert or_one(nan) == 1.0
    assert or_one(0.8) == 0.8
    assert list(or_one(pd.Series([nan, 0.5]))) == [1.0, 0.5]
    assert list(or_one(pd.Series([nan, 0.5]).to_numpy())) == [1.0, 0.5]
