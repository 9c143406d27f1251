"""Would the health score have told: the score as it was known at each close, against who decided to leave after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.calendar import Period
from kpis import health
from kpis.evidence.backtest import Backtest, backtest, why_moved
from kpis.evidence.weights import Suggestion, suggest
from workspace import scored
from workspace.account_history import account_outcome, history
from workspace.kept import Kept
from workspace.numbers import NO_FILTER, Workspace

_TESTED = Kept(8)
_SCORES = Kept(4)


@dataclass(frozen=True)
class ScoreTested:
    """The backtest of the health score, what weights the data suggest, and the months both stand on.

    Attributes:
        backtest: how the score did in the last third of time; None where there are no departures to look at.
        suggestion: weights, or why there are none; None likewise.
        months: the whole months.
    """

    backtest: Backtest | None
    suggestion: Suggestion | None
    months: tuple[Period, ...]


def score_tested(workspace: Workspace, where: Mapping[str, Sequence[str]] = NO_FILTER) -> ScoreTested:
    """Try the workspace's health score on its own departures, under the filters in force."""
    frozen = tuple(sorted((name, tuple(values)) for name, values in where.items()))
    return _TESTED.get((*_key(workspace), frozen), lambda: _tested(workspace, where))


def health_by_month(workspace: Workspace) -> pd.DataFrame:
    """Health scores of every account and month, with each input's points and contribution (`kpis.health`)."""
    return _SCORES.get(_key(workspace), lambda: _scores(workspace))


def score_moved(workspace: Workspace, account: str, before: str, after: str) -> tuple[float, float, dict[str, float]]:
    """The score of an account at two closes, and what each input added to the change; they sum to it.

    Args:
        account: account id.
        before: id of the earlier month.
        after: id of the later month.

    Returns:
        Both scores (NaN where there is none) and the parts, the largest first.
    """
    frame = health_by_month(workspace)
    frame = frame[frame["account_id"].astype(str) == account]
    rows = [frame[frame["period"].astype(str) == period] for period in (before, after)]
    names = [name for name in frame.columns if name.startswith("contribution_")]
    parts = [
        {n.removeprefix("contribution_"): float(row[n].iloc[0]) for n in names} if len(row) else {} for row in rows
    ]
    first, last = (float(row["health_score"].iloc[0]) if len(row) else float("nan") for row in rows)
    return first, last, dict(why_moved(*parts))


def _key(workspace: Workspace) -> tuple[object, ...]:
    return (workspace.facts.key, workspace.as_of, workspace.policies, workspace.health_preset)


def _scores(workspace: Workspace) -> pd.DataFrame:
    built = workspace.panel("month")
    return health.health_scores(
        scored.inputs(workspace.facts, built, None, workspace.policies), workspace.health_preset
    )


def _tested(workspace: Workspace, where: Mapping[str, Sequence[str]]) -> ScoreTested:
    seen = history(workspace, where)
    outcome = account_outcome(seen, "logo_churn") if len(seen.frame) else None
    if outcome is None:
        return ScoreTested(None, None, seen.months)
    inputs = health.preset_inputs(workspace.health_preset)
    scores = health_by_month(workspace).astype({"account_id": str, "period": str})
    names = ["health_score", *(f"points_{one.key}" for one in inputs)]
    both = seen.frame[["account_id", "period"]].merge(
        scores[["account_id", "period", *names]], on=["account_id", "period"], how="left"
    )
    grids = {name: seen.arranged.matrix(both[name].to_numpy(dtype=float)) for name in names}
    points = {one.key: grids[f"points_{one.key}"] for one in inputs if np.isfinite(grids[f"points_{one.key}"]).any()}
    weights = {one.key: one.weight for one in inputs if one.key in points}
    tried = backtest(seen.arranged, outcome, grids["health_score"], sentiment="cs_feeling" in points)
    suggestion = suggest(seen.arranged, outcome, points, weights) if points else None
    return ScoreTested(tried, suggestion, seen.months)
