"""Whether a difference is more than luck."""

from math import isnan, nan

import numpy as np
import pytest
from scipy.stats import t as student
from statsmodels.stats.proportion import confint_proportions_2indep

from kpis.catalogue import kpi
from kpis.change import change, usual_difference
from kpis.intervals import wilson


def row(value, low=nan, high=nan, complete=True, reason=None):
    """A row of the KPI table, as far as a comparison reads it."""
    return {"value": value, "low": low, "high": high, "complete": complete, "reason": reason}


def share(successes, trials):
    """A row with a proportion and its interval."""
    return row(successes / trials, *map(float, wilson(successes, trials)))


def test_few_departures_more_or_less_are_luck():
    found = change(kpi("logo_churn"), share(7, 100), share(5, 100))
    assert found.difference == pytest.approx(0.02)
    assert found.relative == pytest.approx(0.4)
    assert (found.outside, found.good, found.method) == (False, False, "intervals")
    theirs = confint_proportions_2indep(7, 100, 5, 100, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx(theirs)
    assert found.reason is None


def test_many_departures_more_are_not():
    found = change(kpi("logo_churn"), share(70, 1_000), share(30, 1_000))
    assert (found.outside, found.good) == (True, False)
    found = change(kpi("logo_churn"), share(30, 1_000), share(70, 1_000))
    assert (found.outside, found.good) == (True, True)
    assert found.high < 0


def test_nps_uses_its_interval():
    now, before = row(30.0, 15.0, 45.0), row(10.0, -8.0, 28.0)
    found = change(kpi("nps"), now, before)
    assert found.low == pytest.approx(20 - np.hypot(15, 18))
    assert found.high == pytest.approx(20 + np.hypot(15, 18))
    assert (found.outside, found.good, found.method) == (False, True, "intervals")


def test_without_an_interval_the_past_says_what_is_usual():
    past = [1.0, -2.0, 0.0, 2.0, -1.0, 3.0, -3.0, 0.0]
    half = student.ppf(0.975, 7) * 1.4826 * 1.5
    assert usual_difference(past) == pytest.approx(half)
    assert usual_difference([*past, None, nan]) == pytest.approx(half)
    assert usual_difference(past[:7]) is None
    found = change(kpi("mrr"), row(110.0), row(100.0), past)
    assert (found.low, found.high) == (pytest.approx(10 - half), pytest.approx(10 + half))
    assert (found.outside, found.good, found.method) == (True, True, "history")
    assert change(kpi("mrr"), row(104.0), row(100.0), past).outside is False
    growing = [step + 50 for step in past]  # steady growth is not spread
    assert usual_difference(growing) == pytest.approx(half)
    assert usual_difference([0.0] * 8) == 0
    assert change(kpi("mrr"), row(100.0), row(100.0), [0.0] * 8).outside is False


def test_an_interval_that_only_touches_zero_is_luck():
    rising, falling = row(2.0, 1.0, 3.0), row(0.0, -1.0, 1.0)
    found = change(kpi("nps"), row(1.0, 0.0, 2.0), row(0.0, 0.0, 0.0))
    assert (found.low, found.outside) == (0.0, False)
    found = change(kpi("nps"), row(0.0, 0.0, 0.0), row(1.0, 0.0, 2.0))
    assert (found.high, found.outside) == (0.0, False)
    assert change(kpi("nps"), rising, falling).outside is True


def test_survival_curves_share_customers_and_are_held_against_the_past():
    found = change(kpi("survival_12m"), row(0.8, 0.7, 0.9), row(0.7, 0.6, 0.8))
    assert (found.method, found.outside) == ("none", None)


def test_proportions_that_are_not_counts_fall_back_on_the_past():
    found = change(kpi("csat"), row(0.8), row(0.7), [0.01, -0.01] * 4)
    assert (found.method, found.outside) == ("history", True)


def test_the_same_accounts_in_both_periods_say_what_changed_and_the_past_what_is_usual():
    now, before = row(1.10) | {"step_low": 0.02, "step_high": 0.06}, row(1.06)
    found = change(kpi("nrr"), now, before)
    assert (found.low, found.high, found.outside, found.method) == (0.02, 0.06, True, "accounts")
    assert change(kpi("nrr"), now | {"step_low": -0.01}, before).outside is False
    swings = [0.05, -0.05] * 5  # all accounts move that much every month: no luck of the draw, and yet nothing new
    assert change(kpi("nrr"), now, before, swings).outside is False
    assert change(kpi("nrr"), now, before, [0.001, -0.001] * 5).outside is True


def test_nothing_known_about_what_is_usual():
    found = change(kpi("mrr"), row(110.0), row(100.0))
    assert (found.difference, found.outside, found.method) == (10, None, "none")
    assert isnan(found.low)
    assert isnan(found.high)


def test_what_cannot_be_compared():
    for now, before, reason in [
        (row(nan, reason="no_answers"), row(1.0), "no_value"),
        (row(1.0), row(nan, reason="not_loaded"), "no_value"),
        (row(1.0, complete=False), row(2.0), "incomplete"),
        (row(1.0), row(2.0, complete=False), "incomplete"),
    ]:
        found = change(kpi("mrr"), now, before)
        assert found.reason == reason
        assert isnan(found.difference)
        assert isnan(found.relative)
        assert isnan(found.low)
        assert isnan(found.high)
        assert (found.outside, found.good, found.method) == (None, None, "none")


def test_no_direction_no_judgement():
    assert change(kpi("aht"), row(240.0), row(224.0)).good is None
    assert change(kpi("mrr"), row(100.0), row(100.0)).good is None
    assert change(kpi("aht"), row(240.0), row(224.0)).difference == 16


def test_relative_change():
    assert isnan(change(kpi("mrr"), row(5.0), row(0.0)).relative)
    assert change(kpi("net_revenue_churn"), row(-0.01), row(-0.02)).relative == pytest.approx(0.5)


def test_where_mostly_nothing_happens_a_single_event_is_not_more_than_normal() -> None:
    """Six quiet months of ten: the median deviation alone would be 0 or next to it."""
    history = [0.0, 0.0, 3.0, -3.0, 0.0, 0.0, 2.0, -2.0, 0.0, 0.0]
    half = usual_difference(history)
    assert half == pytest.approx(2.2621571628 * 26**0.5 / 3)  # t of 9 degrees × sample standard deviation
    assert usual_difference([0.0] * 8) == 0
