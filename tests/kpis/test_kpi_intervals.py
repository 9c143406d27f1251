"""Intervals against statsmodels and SciPy, by hand, and in simulation."""

import warnings
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap
from scipy.stats import t as student
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from kpis.intervals import (
    Bounds,
    _pivots,
    bootstrap_ratio,
    critical_value,
    difference,
    linear_difference,
    linear_ratio,
    nps_interval,
    ratio_over_accounts,
    share_over_accounts,
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
        assert bootstrap_ratio([1.0, 2.0, 9.0]).low[0] < 4
        assert isnan(bootstrap_ratio([0.0, 0.0, 0.0, 5.0], [0.0, 0.0, 0.0, 1.0]).low[0])
        assert isnan(bootstrap_ratio([None, 1.0, 2.0], [1.0, None, 2.0]).low[0])


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
    # Accounts with y = 1, 4, 7 and x = 1, 2, 3: ratio 2, residuals −1, 0, 1; the fourth account has no part.
    y, x = np.array([1.0, 4.0, 7.0, 0.0]), np.array([1.0, 2.0, 3.0, 0.0])
    found = ratio_over_accounts(y, x)
    assert (found.value[0], found.n[0]) == (2, 3)
    assert found.residual[:, 0].tolist() == [-1, 0, 1, 0]
    assert found.error[0] == pytest.approx(np.sqrt(3 / 2 * 2) / 6)
    # A thousandth of the money has a thousandth of the error.
    assert ratio_over_accounts(y / 1_000, x).error[0] == pytest.approx(found.error[0] / 1_000)
    # The usual standard error of a mean, when every x is 1.
    assert ratio_over_accounts(y[:3]).error[0] == pytest.approx(y[:3].std(ddof=1) / np.sqrt(3))
    low, high = linear_ratio(y[:3])
    assert (low[0], high[0]) == pytest.approx(student.interval(0.95, 2, 4, y[:3].std(ddof=1) / np.sqrt(3)))


def test_bootstrap_makes_every_draw():
    pivots = _pivots(ratio_over_accounts(np.random.default_rng(6).normal(5, 1, 50)))
    assert pivots.shape == (1999, 1)
    assert abs(np.median(pivots)) < 0.1
    assert pivots.std() == pytest.approx(1.02, abs=0.06)


def test_bootstrap_spreads_as_scipys_does():
    random = np.random.default_rng(11)
    seats = random.integers(1, 50, 120).astype(float)
    users = random.binomial(seats.astype(int), random.beta(4, 2, 120)).astype(float)
    theirs = bootstrap(
        (users, seats), lambda y, x, axis: y.sum(axis=axis) / x.sum(axis=axis), paired=True, n_resamples=4000, rng=1
    )
    low, high = bootstrap_ratio(users, seats)
    assert (high - low)[0] == pytest.approx(float(np.ptp(theirs.confidence_interval)), rel=0.08)
    assert ratio_over_accounts(users, seats).error[0] == pytest.approx(float(theirs.standard_error), rel=0.05)


def test_columns_are_drawn_apart_and_large_companies_without_drawing():
    random = np.random.default_rng(12)
    values = random.lognormal(3, 1, (150, 3))
    together, alone = bootstrap_ratio(values), bootstrap_ratio(values[:, 1])
    assert (together.low[1], together.high[1]) == (alone.low[0], alone.high[0])
    many = random.lognormal(3, 1, 2001)
    drawn, straight = bootstrap_ratio(many[:2000]), linear_ratio(many[:2000])
    assert (drawn.low[0], drawn.high[0]) == pytest.approx((straight.low[0], straight.high[0]), rel=0.02)
    assert bootstrap_ratio(many) == linear_ratio(many)


def test_a_share_of_equal_accounts_is_a_proportion():
    gone = np.array([1.0] * 3 + [0.0] * 97)
    assert [float(end[0]) for end in share_over_accounts(gone, np.ones(100))] == pytest.approx(
        tuple(map(float, wilson(3, 100))), rel=0.05
    )
    # Nobody left: Wilson's of 0 in as many accounts as the sizes are worth, (Σ x)² ÷ Σ x².
    sizes = np.array([1.0, 2.0, 3.0, 4.0])
    low, high = share_over_accounts(np.zeros(4), sizes)
    z = critical_value() ** 2
    assert (low[0], high[0]) == (0, pytest.approx(z / (100 / 30 + z)))
    assert share_over_accounts(sizes, sizes).high[0] == 1
    assert isnan(share_over_accounts(sizes * 1.1, sizes).low[0])


def test_what_the_same_accounts_share_cancels_in_a_difference():
    random = np.random.default_rng(13)
    before = random.lognormal(3, 1, 100)
    now = before * 1.1
    low, high = linear_difference(ratio_over_accounts(now), ratio_over_accounts(before))
    steps = now - before
    half = student.ppf(0.975, 99) * steps.std(ddof=1) / 10  # the paired t interval
    assert (low[0], high[0]) == pytest.approx((steps.mean() - half, steps.mean() + half))


def test_bootstrap_of_a_ratio_scales_and_ignores_order_and_gaps():
    random = np.random.default_rng(4)
    seats = random.integers(1, 50, 200).astype(float)
    users = random.binomial(seats.astype(int), 0.6).astype(float)
    low, high = bootstrap_ratio(users, seats)
    assert low < users.sum() / seats.sum() < high
    order = random.permutation(200)
    assert bootstrap_ratio(users[order], seats[order]) == (low, high)
    gaps = bootstrap_ratio([*users, np.nan, 3], [*seats, 4, np.nan])  # other draws, the same accounts
    assert (gaps.low[0], gaps.high[0]) == pytest.approx((low[0], high[0]), rel=0.005)
    tenfold = bootstrap_ratio(10 * users, seats)
    assert (tenfold.low[0], tenfold.high[0]) == pytest.approx((10 * low[0], 10 * high[0]))
    assert [float(end[0]) for end in bootstrap_ratio(seats * 0.5, seats)] == pytest.approx([0.5, 0.5])


def test_bootstrap_without_enough():
    assert bootstrap_ratio([1.0, 2.0, 3.0]).low[0] < 2
    for arguments in [([],), ([1.0, 2.0],), ([1.0, 2.0, 3.0], [0.0, 0.0, 0.0]), ([np.nan] * 5,)]:
        assert all(isnan(end[0]) for end in bootstrap_ratio(*arguments))


@pytest.mark.slow
def test_difference_over_accounts_is_quiet_when_nothing_changed():
    """100 skewed accounts, two months: 3 % leave, amounts wander a little. Held 0.972 (ARPA) and 0.988 (losses)."""
    random, held = np.random.default_rng(21), {"mean": 0, "lost": 0}
    for _ in range(600):
        before = random.lognormal(0, 1, 100)
        moved = before * np.exp(np.where(random.random(100) < 0.3, random.normal(0, 0.05, 100), 0))
        now = np.where(random.random(100) < 0.03, random.lognormal(0, 1, 100), moved)
        pairs = {
            "mean": (ratio_over_accounts(now), ratio_over_accounts(before)),
            "lost": tuple(ratio_over_accounts(one * (random.random(100) < 0.03), one) for one in (now, before)),
        }
        for name, pair in pairs.items():
            low, high = linear_difference(*pair)
            held[name] += bool(low[0] <= 0 <= high[0])
    assert all(0.93 <= count / 600 <= 1 for count in held.values()), held
