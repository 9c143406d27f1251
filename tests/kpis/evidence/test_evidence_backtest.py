"""Health score: backtest by hand and in simulated companies; suggested weights under their rules."""

import numpy as np
import pytest

from kpis.evidence.backtest import backtest, cuts, first_test_month, why_moved
from kpis.evidence.history import Outcome, account_months
from kpis.evidence.influence import plain_auc
from kpis.evidence.weights import _rounded, suggest


def simulated(accounts=400, months=36, strength=1.2, seed=1, inputs=3):
    """Accounts of which the first input tells, one to three months ahead; the others say nothing."""
    random = np.random.default_rng(seed)
    points = np.clip(60 + 20 * random.normal(size=(inputs, accounts, months)), 0, 100)
    hazard = np.full((accounts, months), 0.02)
    worry = (60 - points[0]) / 20
    hazard[:, 1:] *= np.exp(
        strength * (0.5 * worry[:, :-1] + 0.5 * np.roll(worry, 1, axis=1)[:, :-1]) - strength**2 / 4
    )
    left = random.random((accounts, months)) < hazard
    end = np.where(left.any(axis=1), left.argmax(axis=1), months)
    risk = np.arange(months) <= end[:, None]
    ids, places = np.repeat(np.arange(accounts), months), np.tile(np.arange(months), accounts)
    history = account_months(ids, places, risk.ravel())
    order = np.argsort(np.arange(accounts).astype(str), kind="stable")  # the history sorts ids as text
    who = np.flatnonzero(end < months)
    return history, Outcome("churn", who, end[who]), points[:, order]


def test_cuts_look_only_ahead_and_never_beyond_the_data():
    history = account_months(np.repeat(["a", "b"], 9), np.tile(np.arange(9), 2), np.ones(18))
    events = np.zeros((2, 9), dtype=bool)
    events[0, 7] = True
    found = cuts(history, events, 3, 9, 3)
    assert found.months == (3, 4, 5)
    assert found.left.tolist() == [[False, False], [True, False], [True, False]]
    assert first_test_month(36) == 24
    # Fitting ends so early that no look ahead reaches into the test.
    assert cuts(history, events, 0, 6, 3).months == (0, 1, 2)


def test_plain_auc_by_hand():
    values = np.array([[5, 1, 2, 3, 4, 6], [1, 2, 3, 4, 5, 6]], dtype=float)
    case = np.array([[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]], dtype=bool)
    auc, shares, n = plain_auc(values, case)
    assert auc == pytest.approx((4 / 5 + 5 / 5) / 2)
    assert n == 2
    assert shares.sum() == pytest.approx(0)


def test_the_error_of_an_auc_counts_both_sides():
    """Against DeLong's components, written out."""
    values = np.array([[3.0, 6, 9, 1, 2, 4, 5, 5, 7, 8]])
    case = np.array([[1, 1, 1, 0, 0, 0, 0, 0, 0, 0]], dtype=bool)
    cases, others = values[case], values[~case]
    wins = (cases[:, None] > others) + 0.5 * (cases[:, None] == others)
    auc, shares, _ = plain_auc(values, case)
    assert auc == pytest.approx(wins.mean())
    expected = np.concatenate([(wins.mean(axis=1) - auc) / 3, (wins.mean(axis=0) - auc) / 7])
    assert shares == pytest.approx(expected)


def test_a_score_that_tells_is_seen_to():
    history, outcome, points = simulated()
    found = backtest(history, outcome, points[0])
    assert [lead.months for lead in found.auc] == [1, 3, 6]
    assert found.auc[0].low > 0.5
    assert found.auc[0].estimate > found.auc[2].estimate
    assert found.bands[0].share > found.bands[-1].share
    assert [band.of for band in found.bands] == [part.of for part in found.bands]
    assert sum(part.of for part in found.bins) == sum(band.of for band in found.bands)
    assert found.worst[0].count <= found.worst[1].count
    assert found.worst[1].share > 0.25
    assert found.lead[0].share > found.lead[4].share
    assert np.diff(found.months).tolist() == [3] * (len(found.months) - 1)
    assert found.first_month == 24


def test_a_score_that_says_nothing():
    history, outcome, points = simulated(seed=2)
    found = backtest(history, outcome, points[1], edited_later=True, sentiment=True)
    assert all(lead.low <= 0.5 <= lead.high for lead in found.auc)
    assert [warning.id for warning in found.warnings] == [
        "action_hides_signal",
        "edited_later",
        "sentiment_after_notice",
    ]


def test_too_few_departures_are_said():
    history, outcome, points = simulated(accounts=40, seed=3)
    found = backtest(history, outcome, points[0])
    assert found.refusal.id == "few_events"
    assert suggest(history, outcome, {"a": points[0]}, {"a": 1.0}).refusal.id == "few_events"


def test_weights_move_to_the_input_that_tells():
    history, outcome, points = simulated(accounts=900, strength=1.5)
    found = suggest(history, outcome, dict(zip("abc", points, strict=True)), {"a": 20, "b": 40, "c": 40})
    assert found.refusal is None
    assert sum(found.weights.values()) == 100
    assert all(weight % 5 == 0 for weight in found.weights.values())
    assert found.weights["a"] >= 60
    assert found.low > 0
    trust = found.departures / (found.departures + 50)
    assert found.weights["a"] <= 100 * trust + 20 * (1 - trust) + 5


def test_no_weights_without_a_gain():
    history, outcome, points = simulated(strength=0.0, seed=4)
    found = suggest(history, outcome, dict(zip("abc", points, strict=True)), {"a": 20, "b": 40, "c": 40})
    assert found.weights == {}
    assert found.refusal.id in ("no_gain", "no_signal")


def test_an_input_that_works_the_wrong_way_gets_no_weight():
    history, outcome, points = simulated(accounts=900, strength=1.5)
    wrong = dict(zip("abc", [points[0], 100 - points[0], points[2]], strict=True))
    found = suggest(history, outcome, wrong, {"a": 34, "b": 33, "c": 33})
    assert found.weights["b"] <= 33 * 50 / (50 + found.departures) + 5


def test_rounding_to_five_percent():
    assert _rounded(np.array([33.4, 33.3, 33.3])).tolist() == [35, 35, 30]
    assert _rounded(np.array([50.0, 25, 25])).tolist() == [50, 25, 25]


def test_why_a_score_moved():
    moved = why_moved(
        {"use": 30, "nps": 20, "old": 5, "same": 1}, {"use": 12, "nps": 22, "new": 4, "old": np.nan, "same": 1}
    )
    assert moved == [("use", -18), ("old", -5), ("new", 4), ("nps", 2)]
    assert sum(step for _, step in moved) == (12 + 22 + 4 + 1) - (30 + 20 + 5 + 1)
