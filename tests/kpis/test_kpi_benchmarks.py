"""Orientation ranges come in the KPI's own unit, or not at all."""

import pytest

from kpis import benchmarks
from kpis.benchmarks import orientation, orientations
from kpis.catalogue import KPIS, kpi


def test_every_row_names_a_kpi_or_the_bridge():
    assert {row["key"] for row in benchmarks._rows()} - {one.key for one in KPIS} == {"mrr_bridge"}


@pytest.mark.parametrize(
    ("key", "low", "typical", "high"),
    [
        ("logo_churn", 0.01, 0.03, 0.05),
        ("nps", 20, 36, 50),
        ("lifetime", 20, 33, 100),
        ("aht", 240, 360, 600),
        ("time_to_resolution", 8 * 3600, 24 * 3600, 72 * 3600),
        ("quick_ratio", 1, 2, 4),
        ("net_revenue_churn", -0.008, -0.001, 0.004),
    ],
)
def test_in_our_units(key, low, typical, high):
    found = orientation(kpi(key))[0]
    assert (found.low, found.typical, found.high) == (low, typical, high)
    assert found.kpi == key
    assert found.source


def test_all_that_is_said_about_a_range():
    row = orientations(kpi("quick_ratio"))[0]
    assert row.context == "orientation only; growth-stage SaaS"
    assert row.source.startswith("Mamoon Hamid")
    assert (row.kpi, row.grain, row.verified) == ("quick_ratio", "", True)
    assert orientations(kpi("ltv"))[0].grain == ""


def test_minutes_and_hours_are_converted_row_by_row():
    hours, minutes = orientation(kpi("first_response_time"))
    assert (hours.low, hours.high) == (3600, 12 * 3600)
    assert (minutes.low, minutes.high) == (60, 3600)


def test_monthly_ranges_hold_for_months_only():
    assert len(orientation(kpi("logo_churn"))) == 2
    assert orientation(kpi("logo_churn"), "quarter") == ()
    assert orientation(kpi("logo_churn"))[0].grain == "month"
    assert len(orientation(kpi("nrr"), "quarter")) == 3


def test_figures_in_another_unit_are_not_compared():
    assert orientation(kpi("overdue_amount")) == ()
    assert orientation(kpi("referrals")) == ()
    row = orientations(kpi("overdue_amount"))[0]
    assert (row.low, row.typical, row.high, row.verified) == (None, None, None, False)
    assert orientation(kpi("mrr")) == ()
    assert orientations(kpi("stickiness")) == ()
    assert orientations(kpi("nps"))[0].verified
