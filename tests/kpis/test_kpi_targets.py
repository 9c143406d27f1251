"""Status against a target, which target applies, and what to prefill."""

from math import nan

import pytest

from kpis.catalogue import kpi
from kpis.targets import Target, applicable, status, suggestion

NRR, CHURN = kpi("nrr"), kpi("logo_churn")


@pytest.mark.parametrize(
    ("key", "value", "target", "expected"),
    [
        ("nrr", 1.02, 1.00, "on"),
        ("nrr", 1.00, 1.00, "on"),
        ("nrr", 0.96, 1.00, "near"),
        ("nrr", 0.94, 1.00, "off"),
        ("logo_churn", 0.020, 0.020, "on"),
        ("logo_churn", 0.010, 0.020, "on"),
        ("logo_churn", 0.0209, 0.020, "near"),
        ("logo_churn", 0.0211, 0.020, "off"),
        ("nps", 96.0, 100.0, "near"),
        ("mrr", 95.0, 100.0, "near"),
        ("nps", -10.4, -10.0, "near"),
        ("nps", -11.0, -10.0, "off"),
        ("nps", -9.0, -10.0, "on"),
        ("net_revenue_churn", 0.001, 0.0, "off"),
        ("net_revenue_churn", -0.001, 0.0, "on"),
        ("aht", 200.0, 224.0, None),
        ("price_uplift", 200.0, 224.0, None),
        ("nrr", None, 1.0, None),
        ("nrr", nan, 1.0, None),
        ("nrr", 1.0, None, None),
        ("nrr", 1.0, nan, None),
    ],
)
def test_status(key, value, target, expected):
    assert status(kpi(key), value, target) == expected


def test_a_miss_within_the_interval_is_too_close_to_call():
    nrr, churn = kpi("nrr"), kpi("logo_churn")
    assert status(nrr, 0.9, 1.0, 0.85, 1.0) == status(churn, 0.05, 0.02, 0.02, 0.09) == "close"
    assert status(nrr, 0.9, 1.0, 0.85, 0.99) == "off"
    assert status(nrr, 1.01, 1.0, 0.9, 1.1) == "on"
    assert status(nrr, 0.99, 1.0, 0.98, 0.995) == "near"


TARGETS = [
    Target("nrr", 1.00),
    Target("nrr", 1.01, period="month"),
    Target("nrr", 1.02, period="2024"),
    Target("nrr", 1.03, period="2024-Q4"),
    Target("nrr", 1.04, period="2024-12"),
    Target("nrr", 1.05, period="2024-H2"),
    Target("nrr", 1.10, segment="segment=SMB"),
    Target("logo_churn", 0.02),
]


@pytest.mark.parametrize(
    ("period", "segment", "value"),
    [
        ("2024-12", "", 1.04),
        ("2024-11", "", 1.03),
        ("2024-10", "", 1.03),
        ("2024-09", "", 1.05),
        ("2024-07", "", 1.05),
        ("2024-06", "", 1.02),
        ("2024-01", "", 1.02),
        ("2023-12", "", 1.01),
        ("2025-01", "", 1.01),
        ("2024-Q4", "", 1.03),
        ("2024-Q3", "", 1.05),
        ("2024-Q2", "", 1.02),
        ("2024-H1", "", 1.02),
        ("2024-H2", "", 1.05),
        ("2024", "", 1.02),
        ("2023", "", 1.00),
        ("2023-Q4", "", 1.00),
        ("2024-W50", "", 1.02),
        ("2023-W50", "", 1.00),
        ("2024-12", "segment=SMB", 1.10),
    ],
)
def test_the_closest_target_applies(period, segment, value):
    found = applicable(TARGETS, NRR, period, segment)
    assert found is not None
    assert found.value == value


def test_the_first_of_equally_close_targets_applies():
    assert applicable([Target("nrr", 1.0), Target("nrr", 2.0)], NRR, "2024-12") == Target("nrr", 1.0)
    assert applicable([Target("nrr", 2.0), Target("nrr", 1.0)], NRR, "2024-12") == Target("nrr", 2.0)


@pytest.mark.parametrize(
    ("closer", "wider", "period"),
    [
        ("2024-12", "2024-Q4", "2024-12"),
        ("2024-Q4", "2024-H2", "2024-12"),
        ("2024-H2", "2024", "2024-12"),
        ("2024", "month", "2024-12"),
        ("month", "", "2024-12"),
        ("2024-Q1", "2024-H1", "2024-01"),
        ("2024-W50", "2024", "2024-W50"),
        ("2024", "week", "2024-W01"),
        ("week", "", "2024-W01"),
        ("year", "", "2024"),
        ("half", "", "2024-H1"),
    ],
)
def test_closer_goes_before_wider(closer, wider, period):
    targets = [Target("nrr", 2.0, period=wider), Target("nrr", 1.0, period=closer)]
    found = applicable(targets, NRR, period)
    assert found is not None
    assert found.value == 1
    assert applicable(targets[:1], NRR, period) == targets[0]


def test_other_segments_and_kpis_have_no_target():
    assert applicable(TARGETS, NRR, "2024-12", "segment=Enterprise") is None
    assert applicable(TARGETS, kpi("grr"), "2024-12") is None
    assert applicable([Target("nrr", 1.0, period="2024-Q1")], NRR, "2024-04") is None
    assert applicable([Target("nrr", 1.0, period="2024-Q2")], NRR, "2024-03") is None
    assert applicable([Target("nrr", 1.0, period="2024-12")], NRR, "2024-Q4") is None
    assert applicable([Target("nrr", 1.0, period="quarter")], NRR, "2024-12") is None
    assert applicable([Target("nrr", 1.0, period="2024-W50")], NRR, "2024-12") is None
    assert applicable([Target("nrr", 1.0, period="2024-W49")], NRR, "2024-W50") is None
    assert applicable([Target("nrr", 1.0, period="2023")], NRR, "2024-W01") is None
    assert applicable([Target("nrr", 1.0, period="2025")], NRR, "2024-W52") is None
    assert applicable([Target("nrr", 1.0, period="2024-01")], NRR, "2024-W01") is None
    assert applicable([Target("nrr", 1.0, period="2024-H1")], NRR, "2024-W01") is None
    with pytest.raises(ValueError, match="is not a period"):
        applicable(TARGETS, NRR, "December")


def test_what_is_prefilled_is_the_median_of_the_last_year():
    assert suggestion([99.0, *[0.0123] * 7, *[0.0187] * 5]) == 0.012
    assert suggestion([None, nan, 1.04, 1.06]) == 1.1
    assert suggestion([12_345.0]) == 12_000
    assert suggestion([-15.4]) == -15
    assert suggestion([0.0]) == 0
    assert suggestion([None, nan]) is None
    assert suggestion([]) is None
