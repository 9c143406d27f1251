"""Weights of the health score that the data would rather have: suggested, never applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit, stdtrit

from kpis.evidence.backtest import MAIN, Cuts, cuts, first_test_month
from kpis.evidence.history import AccountMonths, Flags, Floats, Outcome
from kpis.evidence.influence import clustered_error, plain_auc
from kpis.evidence.result import Remark
from kpis.evidence.risksets import event_grid
from kpis.evidence.scoring import FEWEST_EVENTS

FEWEST_DEPARTURES = 20
PRIOR_DEPARTURES = 50  # the current weights count as much as so many departures
STEP = 5  # percent
_RIDGE = 2.0
_GAIN_CONFIDENCE = 0.90


@dataclass(frozen=True)
class Suggestion:
    """Suggested weights, or why there are none.

    Attributes:
        weights: percent by input, multiples of 5 that sum to 100; empty when nothing is suggested.
        current: the current weights in percent.
        gain: AUC in the test period minus that of the current weights; NaN when not tried.
        low: lower end of the gain's 90 % interval.
        high: upper end.
        departures: distinct accounts that left in the part of time the weights were fitted on.
        refusal: why nothing is suggested.
    """

    weights: dict[str, float] = field(default_factory=dict)
    current: dict[str, float] = field(default_factory=dict)
    gain: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    departures: int = 0
    refusal: Remark | None = None


def suggest(
    history: AccountMonths, outcome: Outcome, points: Mapping[str, Floats], current: Mapping[str, float]
) -> Suggestion:
    """Suggest weights from who left within three months.

    Args:
        history: accounts by month; not at risk once notice is given.
        outcome: departures, in the month of the decision.
        points: for each input accounts × months of 0–100 points as known then, high is healthy, NaN when missing.
        current: weight of each input; those of `points`.

    Fitted on the first two thirds of time, less three months so that no look ahead reaches into the test;
    tried on the last third.
    """
    names = sorted(points)
    total = sum(current[name] for name in names)
    now = np.array([current[name] / total for name in names])
    said = dict(zip(names, (100 * now).tolist(), strict=True))
    events, _ = event_grid(history, outcome)
    start = first_test_month(history.months)
    past, test = (cuts(history, events, *span, MAIN) for span in ((0, start), (start, history.months)))
    seen = [(cut.left & cut.at_risk).any(axis=0).sum() for cut in (past, test)]
    if seen[0] < FEWEST_DEPARTURES or seen[1] < FEWEST_EVENTS:
        refusal = Remark("few_events", {"n": int(seen[0]), "needed": FEWEST_DEPARTURES, "tested": int(seen[1])})
        return Suggestion(current=said, departures=int(seen[0]), refusal=refusal)
    fitted = _fit(np.stack([_by_month(points[name], past) for name in names], axis=-1), past)
    if fitted is None:
        return Suggestion(current=said, departures=int(seen[0]), refusal=Remark("no_signal"))
    trust = seen[0] / (seen[0] + PRIOR_DEPARTURES)
    proposed = _rounded(100 * (trust * fitted + (1 - trust) * now)) / 100
    gain, low, high = _gain([points[name] for name in names], proposed, now, test)
    refusal_or_none = None if low > 0 else Remark("no_gain")
    weights = dict(zip(names, (100 * proposed).round().tolist(), strict=True)) if low > 0 else {}
    return Suggestion(weights, said, gain, low, high, int(seen[0]), refusal_or_none)


def _by_month(points: Floats, cut: Cuts) -> Floats:
    """One input in standard deviations within each month; 0 (like everybody) where missing."""
    values = np.where(cut.at_risk, points[:, list(cut.months)].T, np.nan)
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = np.where(known, values, 0.0) - np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count
    centred = np.where(known, centred, 0.0)
    spread = np.sqrt(np.square(centred).sum(axis=1, keepdims=True) / count)
    scaled: Floats = centred / np.where(spread > 1e-9, spread, 1.0)
    return scaled


def _fit(inputs: Floats, cut: Cuts) -> Floats | None:
    """Shares of the inputs from a ridge logistic regression in which health never raises the risk."""
    from scipy.optimize import minimize  # slow to import, seldom needed

    x, y = inputs[cut.at_risk], cut.left[cut.at_risk].astype(float)
    width = x.shape[1]

    def loss(beta: Floats) -> tuple[float, Floats]:
        score = beta[0] + x @ beta[1:]
        value = np.logaddexp(0, score).sum() - y @ score + _RIDGE / 2 * beta[1:] @ beta[1:]
        wrong = expit(score) - y
        return float(value), np.concatenate([[wrong.sum()], x.T @ wrong + _RIDGE * beta[1:]])

    start = np.concatenate([[np.log(y.mean() / (1 - y.mean()))], np.zeros(width)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None), *[(None, 0.0)] * width])
    health = -found.x[1:]
    return health / health.sum() if health.sum() > 1e-6 else None


def _rounded(percent: Floats) -> Floats:
    """Multiples of 5 that sum to 100; those that lose most by rounding down are rounded up."""
    steps = percent / STEP
    whole = np.floor(steps + 1e-9)
    missing = round(100 / STEP - whole.sum())
    whole[np.argsort(-(steps - whole), kind="stable")[:missing]] += 1
    rounded: Floats = whole * STEP
    return rounded


def _gain(points: list[Floats], proposed: Floats, now: Floats, test: Cuts) -> tuple[float, float, float]:
    """AUC of the proposed weights minus that of the current ones, with its 90 % interval, clustered by account."""
    stacked = np.stack([grid[:, list(test.months)].T for grid in points], axis=-1)
    both = [plain_auc(_risk(stacked, weights, test.at_risk, proposed, now), test.left) for weights in (proposed, now)]
    (new, new_shares, n), (old, old_shares, _) = both
    error = float(clustered_error((new_shares - old_shares)[None], np.array([n]))[0])
    half = float(stdtrit(max(n - 1, 1), 0.5 + _GAIN_CONFIDENCE / 2)) * error
    return new - old, new - old - half, new - old + half


def _risk(stacked: Floats, weights: Floats, at_risk: Flags, *all_weights: Floats) -> Floats:
    """−score: Σ weight × points ÷ Σ weight over known inputs; NaN unless every one of the weightings has a score."""
    known = ~np.isnan(stacked)
    usable = at_risk & np.all([(known * one).sum(axis=-1) > 0 for one in all_weights], axis=0)
    total = (known * weights).sum(axis=-1)
    score = (np.where(known, stacked, 0.0) * weights).sum(axis=-1) / np.where(total > 0, total, 1.0)
    return np.where(usable, -score, np.nan)
