"""Intervals against statsmodels, by hand, and in simulation."""

import warnings
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from kpis.intervals import (
    Bounds,
    _pivots,
    _ratio_and_error,
    bootstrap_ratio,
    critical_value,
    difference,
    nps_interval,
    wilson,
)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 5_000), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_agrees_with_statsmodels(trials, data, confidence):
    successes = data.draw(st.integers(0, trials))
    theirs = proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
    assert tuple(wilson(successes, trials, confidence)) == pytest.approx(theirs, abs=1e-12)


def test_wilson_by_hand():
    # 5 of 100: Wilson 1927 with z = 1.96.
    low, high = wilson(5, 100)
    assert (low, high) == (pytest.approx(0.0215, abs=5e-5), pytest.approx(0.1118, abs=5e-5))
    assert wilson(0, 10).low == 0
    assert wilson(10, 10).high == 1


def test_wilson_takes_counts_only():
    low, high = wilson([1, 1.5, 5, -1, 0, np.nan, 3], [0, 10, 4, 10, 10.5, 10, 4])
    assert list(np.isnan(low)) == [True] * 6 + [False]
    assert list(np.isnan(high)) == [True] * 6 + [False]


def test_what_has_no_interval_gives_no_warning_either():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isnan(wilson(0, 0).low)
        assert isnan(nps_interval(0, 0, 0).high)
        assert isnan(wilson([None], [10]).low[0])
        assert isnan(wilson([1], [None]).low[0])
        assert isnan(nps_interval([None], [1], [2]).low[0])
        assert bootstrap_ratio([1.0, 2.0, 9.0]).low < 4
        assert bootstrap_ratio([0.0, 0.0, 0.0, 5.0], [0.0, 0.0, 0.0, 1.0]) == (5, 5)
        assert isnan(bootstrap_ratio([None, 1.0, 2.0], [1.0, None, 2.0]).low)


def test_wilson_ends_are_exact():
    assert list(wilson([0, 0], [1, 10_000]).low) == [0, 0]
    assert list(wilson([3, 77], [3, 77]).high) == [1, 1]


def test_critical_value():
    assert critical_value() == pytest.approx(1.959964, abs=1e-6)
    assert critical_value(0.9) == pytest.approx(1.644854, abs=1e-6)


def test_nps_interval_by_hand():
    # 6 promoters, 3 passives, 1 detractor of 10 become 6.75, 4.5 and 1.75 of 13.
    p, d = 6.75 / 13, 1.75 / 13
    half = 1.959964 * np.sqrt((p + d - (p - d) ** 2) / 13)
    low, high = nps_interval(6, 1, 10)
    assert low == pytest.approx(100 * (p - d - half), abs=1e-4)
    assert high == pytest.approx(100 * (p - d + half), abs=1e-4)
    assert nps_interval(6, 1, 10, 0.8).low > low


def test_nps_interval_stays_in_range_and_holds_the_value():
    low, high = nps_interval([1, 0, 500, 0, 0], [0, 1, 0, 500, 0], [1, 1, 500, 500, 0])
    assert (high[0], low[1]) == (100, -100)
    assert (high[2], low[3]) == (100, -100)
    assert low[2] > 97
    assert high[3] < -97
    assert isnan(low[4])
    assert isnan(high[4])


def test_nps_intervals_hold_the_truth_about_as_often_as_they_say():
    random = np.random.default_rng(3)
    for shares in [(0.5, 0.3, 0.2), (0.8, 0.15, 0.05), (0.2, 0.3, 0.5)]:
        answers = random.multinomial(40, shares, size=4_000)
        low, high = nps_interval(answers[:, 0], answers[:, 2], 40)
        truth = 100 * (shares[0] - shares[2])
        assert 0.93 <= ((low <= truth) & (truth <= high)).mean() <= 0.98


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_difference_of_proportions_is_newcombes(trials, before, data):
    now, then = data.draw(st.integers(0, trials)), data.draw(st.integers(0, before))
    ours = difference(now / trials, wilson(now, trials), then / before, wilson(then, before))
    theirs = confint_proportions_2indep(now, trials, then, before, method="newcomb", compare="diff")
    assert tuple(ours) == pytest.approx(theirs, abs=1e-9)


def test_difference_by_hand():
    # Newcombe 1998, table II (a): 56 of 70 against 48 of 80.
    low, high = difference(0.8, wilson(56, 70), 0.6, wilson(48, 80))
    assert (low, high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))
    assert isnan(difference(0.8, Bounds(np.nan, np.nan), 0.6, Bounds(0.5, 0.7)).low)


def test_bootstrap_of_a_mean_is_near_students_interval_for_normal_data():
    values = np.random.default_rng(1).normal(100, 15, 400)
    low, high = bootstrap_ratio(values)
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert low == pytest.approx(values.mean() - 1.966 * error, abs=0.2 * error)
    assert high == pytest.approx(values.mean() + 1.966 * error, abs=0.2 * error)
    assert bootstrap_ratio(values, confidence=0.8).low > low


def test_bootstrap_leans_towards_the_long_tail():
    values = np.random.default_rng(2).lognormal(3, 1.2, 150)
    low, high = bootstrap_ratio(values)
    assert low < values.mean() < high
    assert high - values.mean() > 1.2 * (values.mean() - low)


def test_ratio_and_its_error_by_hand():
    # Accounts with y = 1, 4, 7 and x = 1, 2, 3: ratio 2, residuals −1, 0, 1.
    y, x = np.array([1.0, 4.0, 7.0]), np.array([1.0, 2.0, 3.0])
    sums = np.array([[y.sum(), x.sum(), y @ y, x @ y, x @ x]])
    ratio, error = _ratio_and_error(sums, 3)
    assert ratio[0] == 2
    assert error[0] == pytest.approx(np.sqrt(3 / 2 * 2) / 6)
    # A thousandth of the money has a thousandth of the error.
    small = sums * np.array([1e-3, 1, 1e-6, 1e-3, 1])
    assert _ratio_and_error(small, 3)[1][0] == pytest.approx(error[0] / 1_000)
    # The usual standard error of a mean, when every x is 1.
    ones = np.array([[y.sum(), 3.0, y @ y, y.sum(), 3.0]])
    assert _ratio_and_error(ones, 3)[1][0] == pytest.approx(y.std(ddof=1) / np.sqrt(3))


def test_bootstrap_makes_every_draw():
    values = np.random.default_rng(6).normal(5, 1, 50)
    sums = np.column_stack([values, np.ones(50), values**2, values, np.ones(50)])
    pivots = _pivots(sums, float(values.mean()))
    assert len(pivots) == 1999
    assert abs(np.median(pivots)) < 0.1
    assert pivots.std() == pytest.approx(1.02, abs=0.06)


def test_bootstrap_of_a_ratio_scales_and_ignores_order_and_gaps():
    random = np.random.default_rng(4)
    seats = random.integers(1, 50, 200).astype(float)
    users = random.binomial(seats.astype(int), 0.6).astype(float)
    low, high = bootstrap_ratio(users, seats)
    assert low < users.sum() / seats.sum() < high
    order = random.permutation(200)
    assert bootstrap_ratio(users[order], seats[order]) == (low, high)
    assert bootstrap_ratio([*users, np.nan, 3], [*seats, 4, np.nan]) == (low, high)
    assert tuple(bootstrap_ratio(10 * users, seats)) == pytest.approx((10 * low, 10 * high))
    assert bootstrap_ratio(seats * 0.5, seats) == (pytest.approx(0.5), pytest.approx(0.5))


def test_bootstrap_without_enough():
    assert bootstrap_ratio([1.0, 2.0, 3.0]).low < 2
    for arguments in [([],), ([1.0, 2.0],), ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]), ([np.nan] * 5,)]:
        assert all(isnan(end) for end in bootstrap_ratio(*arguments))


def test_bootstrap_covers_skewed_means_better_than_the_normal_interval():
    random = np.random.default_rng(8)
    truth, held, normal = np.exp(0.5), 0, 0
    for _ in range(150):
        values = random.lognormal(0, 1, 60)
        low, high = bootstrap_ratio(values)
        held += low <= truth <= high
        normal += abs(values.mean() - truth) <= 1.96 * values.std(ddof=1) / np.sqrt(60)
    assert held / 150 >= 0.9
    assert held >= normal
