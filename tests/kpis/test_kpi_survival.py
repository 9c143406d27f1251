"""Kaplan–Meier by hand and against statsmodels."""

import warnings
from math import exp, isnan, log, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from kpis.survival import DAYS_PER_MONTH, MEASURES, kaplan_meier, lifetime_measures, summary


def test_by_hand_with_censoring():
    # Six lives: gone at 2, 3, 3 and 7; still here at 3 and 5.
    curve = kaplan_meier([0] * 6, [2, 3, 3, 3, 5, 7], [1, 1, 1, 0, 0, 1])
    assert list(curve.times) == [2, 3, 7]
    assert list(curve.at_risk) == [6, 5, 1]
    assert list(curve.events) == [1, 2, 1]
    assert list(curve.survival) == pytest.approx([5 / 6, 5 / 6 * 3 / 5, 0])
    assert list(curve.variance) == pytest.approx([1 / 30, 1 / 30 + 2 / 15, np.inf])
    assert curve.lives == 6
    assert curve.followed_to == 7
    assert curve.median == 3


def test_between_steps_and_beyond():
    curve = kaplan_meier([0, 0, 0, 0], [10, 20, 30, 40], [True, True, False, False])
    assert curve.at(0) == 1
    assert curve.at(9.9) == 1
    assert curve.at(10) == 0.75
    assert curve.at(19) == 0.75
    assert curve.at(20) == 0.5
    assert curve.at(40) == 0.5
    assert isnan(curve.at(40.1))
    assert curve.median == 20
    assert isnan(kaplan_meier([0, 0, 0], [10, 20, 30], [True, False, False]).median)


def test_exactly_half_is_the_median_whatever_the_rounding():
    # 0.9 × 8/9 × 7/8 × 6/7 × 5/6 is 0.5, give or take the last bit.
    curve = kaplan_meier(np.zeros(10), np.arange(1, 11), [1] * 5 + [0] * 5)
    assert curve.median == 5


def test_by_hand_with_late_entry():
    # The first life comes into view at 4, so it is not at risk when the second leaves at 3.
    curve = kaplan_meier([4, 0, 0], [9, 3, 6], [1, 1, 1])
    assert list(curve.times) == [3, 6, 9]
    assert list(curve.at_risk) == [2, 2, 1]
    assert list(curve.survival) == pytest.approx([0.5, 0.25, 0])
    # Coming into view at the very time somebody leaves is too late to be at risk then.
    assert list(kaplan_meier([3, 0], [9, 3], [1, 1]).at_risk) == [1, 1]


def test_interval_by_hand():
    curve = kaplan_meier([0] * 10, range(1, 11), [1, 0, 1, 0, 1, 0, 0, 0, 0, 0])
    share = 9 / 10 * 7 / 8 * 5 / 6
    error = sqrt(1 / 90 + 1 / 56 + 1 / 30) / log(share)
    low, high = curve.interval(6)
    assert curve.at(6) == pytest.approx(share)
    assert low == pytest.approx(share ** exp(-1.959964 * error))
    assert high == pytest.approx(share ** exp(1.959964 * error))
    assert low < share < high
    assert all(isnan(end) for end in curve.interval(0.5))
    assert all(isnan(end) for end in curve.interval(10.5))
    narrow = curve.interval(6, confidence=0.8)
    assert low < narrow.low < share < narrow.high < high


def test_interval_at_the_first_step_and_at_the_end():
    curve = kaplan_meier([0, 0, 0], [1, 5, 5], [1, 0, 0])
    low, high = curve.interval(1)
    assert 0 < low < 2 / 3 < high < 1
    assert curve.interval(5) == (low, high)
    assert kaplan_meier([None, 0.0], [None, 5.0], [False, True]).lives == 1


def test_nothing_is_warned_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curve = kaplan_meier([0, 0], [1, 2], [1, 1])
        assert curve.at_risk.dtype == curve.events.dtype == float
        assert all(isnan(end) for end in curve.interval(2))


def test_no_interval_where_everybody_has_left():
    curve = kaplan_meier([0, 0], [1, 2], [1, 1])
    assert curve.at(2) == 0
    assert all(isnan(end) for end in curve.interval(2))


def test_nobody_in_view():
    for curve in (kaplan_meier([], [], []), kaplan_meier([5.0], [5.0], [False])):
        assert curve.lives == 0
        assert isnan(curve.at(0))
        assert isnan(curve.median)
        assert all(isnan(end) for end in curve.interval(1))


lives = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 30), st.booleans()).map(
        lambda life: (life[0], life[0] + life[1], life[2])
    ),
    min_size=2,
    max_size=60,
).filter(lambda rows: any(row[2] for row in rows))


@settings(max_examples=80, deadline=None)
@given(lives)
def test_agrees_with_statsmodels(rows):
    entry, leave, event = (np.array(column) for column in zip(*rows, strict=True))
    for start in (np.zeros_like(entry), entry):
        curve = kaplan_meier(start, leave, event)
        theirs = SurvfuncRight(leave, event.astype(int), entry=start if start.any() else None)
        ours = [curve.at(time) for time in theirs.surv_times]
        np.testing.assert_allclose(ours, theirs.surv_prob, atol=1e-12)
        inside = (theirs.surv_prob > 1e-9) & (theirs.surv_prob < 1)
        steps = np.searchsorted(curve.times, theirs.surv_times[inside], side="right") - 1
        errors = np.sqrt(curve.variance[steps]) * theirs.surv_prob[inside]
        np.testing.assert_allclose(errors, theirs.surv_prob_se[inside], atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(lives)
def test_laws_of_the_curve(rows):
    entry, leave, event = (np.array(column) for column in zip(*rows, strict=True))
    curve = kaplan_meier(entry, leave, event)
    assert ((curve.survival >= 0) & (curve.survival <= 1)).all()
    assert (np.diff(curve.survival) <= 0).all()
    assert (curve.at_risk >= curve.events).all()
    shuffled = kaplan_meier(entry[::-1], leave[::-1], event[::-1])
    np.testing.assert_array_equal(curve.survival, shuffled.survival)
    # Without late entry and with everybody gone, the curve is the plain share still here.
    gone = kaplan_meier(np.zeros_like(leave), leave, np.ones_like(event))
    np.testing.assert_allclose(gone.survival, [(leave > time).mean() for time in gone.times], atol=1e-12)


def test_measures_by_group():
    days = [round(months * DAYS_PER_MONTH) for months in (3, 6, 13, 30)]
    frame = pd.DataFrame(
        {
            "entry_days": [0] * 8,
            "exit_days": days + days,
            "event": [True, True, False, False, False, False, False, False],
            "segment": ["A"] * 4 + ["B"] * 3 + [None],
        }
    )
    found = lifetime_measures(frame, by=["segment"])
    assert list(found["segment"].fillna("—")) == ["A", "B", "—"]
    assert list(found["survival_accounts"]) == [4, 3, 1]
    assert list(found["survival_events"]) == [2, 0, 0]
    assert found["lifetime_median"][0] == pytest.approx(6, abs=0.02)
    assert isnan(found["lifetime_median"][1])
    assert list(found["survival_12m"]) == [0.5, 1, 1]
    assert found["survival_24m"][0] == 0.5
    assert isnan(found["survival_24m"][1])
    assert found["survival_24m"][2] == 1
    assert 0 < found["survival_12m_low"][0] < 0.5 < found["survival_12m_high"][0] < 1
    by_size = frame.assign(size=pd.Categorical(["l"] * 4 + ["s"] * 4, categories=["s", "m", "l"]))
    assert list(lifetime_measures(by_size, by=["size"])["size"]) == ["s", "l"]
    whole = lifetime_measures(frame)
    assert whole.loc[0, "survival_accounts"] == 8
    assert set(whole.columns) == set(summary(frame)) == MEASURES
    assert list(lifetime_measures(frame.iloc[:0], by=["segment"]).columns) == list(found.columns)


def test_twelve_months_are_365_days_and_a_quarter():
    # A customer who left on day 365 is gone at 12 months; one who left on day 366 is not.
    frame = pd.DataFrame(
        {"entry_days": [0, 0, 0, 0], "exit_days": [365, 366, 800, 800], "event": [True, True, False, False]}
    )
    assert summary(frame)["survival_12m"] == 0.75
    assert summary(frame)["survival_24m"] == 0.5
    assert summary(frame)["lifetime_median"] == pytest.approx(366 / 365.25 * 12)
