"""Health score: from what is known about an account to 0–100 points, and why.

Each preset (health_presets.csv) lists inputs with a weight and breakpoints joined by straight lines,
flat outside. The score is Σ weight × points ÷ Σ weight over the inputs an account *has*: an account
without surveys is not punished for it, but its coverage says so.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DEFAULT_PRESET = "balanced"
MEASURES = ("health_points", "health_accounts", "health_mrr_points", "health_mrr")
BANDS = (50, 75)  # below the first: at risk; from the second on: healthy
ONBOARDING_DAYS = 90
ENOUGH_COVERAGE = 0.5
NPS_FRESH_DAYS = 90  # older answers weigh half
CSAT_PSEUDO_ANSWERS = 3
BEHAVIOUR = frozenset({"adoption", "usage_trend", "engagement", "active_days", "breadth"})

_TREND_MONTHS = range(2, 7)  # the baseline is months t−6 … t−2
_TREND_SEEN = 2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HealthInput:
    """One input of a preset.

    Attributes:
        key: id of the input, one of `INPUTS`.
        weight: its weight when the account has it.
        breakpoints: (value, points) pairs, values ascending; values of ratios are in percent.
        expiry_days: age at which an answer stops counting, None when it cannot age.
        measure: what the value is, in words.
        missing_rule: when the input is missing, in words.
    """

    key: str
    weight: float
    breakpoints: tuple[tuple[float, float], ...]
    expiry_days: int | None
    measure: str
    missing_rule: str

    def points(self, values: Any) -> Floats:
        """Points of values by the breakpoints; NaN where the value is missing."""
        at, points = zip(*self.breakpoints, strict=True)
        return np.interp(np.asarray(values, dtype=float), at, points)


@cache
def presets() -> dict[str, tuple[HealthInput, ...]]:
    """The presets by name, each with its inputs."""
    found: dict[str, tuple[HealthInput, ...]] = {}
    with (Path(__file__).parent / "health_presets.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            found[row["preset"]] = (*found.get(row["preset"], ()), _input(row))
    return found


def _input(row: Mapping[str, str]) -> HealthInput:
    pairs = (pair.split(":") for pair in row["breakpoints_value_to_score"].split())
    return HealthInput(
        row["input"],
        float(row["weight"]),
        tuple((float(value), float(points)) for value, points in pairs),
        int(row["expiry_days"]) if row["expiry_days"] else None,
        row["measure"],
        row["missing_rule"],
    )


def preset_inputs(name: str) -> tuple[HealthInput, ...]:
    """The inputs of a preset; "default" is the balanced one.

    Raises:
        ValueError: when there is no such preset, naming those there are.
    """
    known = presets()
    if name != "default" and name not in known:
        raise ValueError(f"There is no health preset “{name}”. There are {', '.join(known)}.")
    return known.get(name, known[DEFAULT_PRESET])


def health_scores(panel: pd.DataFrame, preset: str | tuple[HealthInput, ...] = DEFAULT_PRESET) -> pd.DataFrame:
    """Score every account active at the closing of every month.

    Args:
        panel: one row per account and month: account_id, period ("2024-12"), closing_accounts (1 when active),
            closing_mrr, working_days and the health inputs (`health_*`, `sla_open`, `overdue_mrr_amount` in the
            unit of closing_mrr). Flags `usage_fed`, `contacts_fed` and `invoices_fed` say whether that feed is
            there; without the flag it is when any value of its measure is known. Columns may be absent.
        preset: name of a preset, or its inputs.

    Returns:
        One row per account active at a closing: row (its position in the panel), account_id, period,
        health_score (NaN without any input),
        coverage (share of the preset's weight that is known), provisional, onboarding, notice, closing_mrr, and for
        each input value_<key>, points_<key> and contribution_<key> (they sum to the score; NaN when missing).
    """
    inputs = preset_inputs(preset) if isinstance(preset, str) else preset
    facts = _Facts(panel)
    active = facts["closing_accounts"] > 0
    columns: dict[str, Any] = {}
    weighted, weights = np.zeros(len(panel)), np.zeros(len(panel))
    known_weight, behaviour = np.zeros(len(panel)), np.zeros(len(panel), dtype=bool)
    for one in inputs:
        value = INPUTS[one.key](facts, one)
        points = one.points(value)
        known = ~np.isnan(points)
        weight = np.where(known, one.weight * _freshness(facts, one), 0.0)
        weighted += np.where(known, points, 0.0) * weight
        weights += weight
        known_weight += np.where(known, one.weight, 0.0)
        behaviour |= known & (one.key in BEHAVIOUR)
        columns |= {f"value_{one.key}": value, f"points_{one.key}": points, f"contribution_{one.key}": weight}
    total = np.where(weights > 0, weights, nan)
    for one in inputs:
        columns[f"contribution_{one.key}"] *= columns[f"points_{one.key}"] / total
    coverage = known_weight / sum(one.weight for one in inputs)
    frame = pd.DataFrame(
        {
            "row": np.arange(len(panel)),
            "account_id": panel["account_id"].array,
            "period": panel["period"].array,
            "health_score": weighted / total,
            "coverage": coverage,
            "provisional": (coverage < ENOUGH_COVERAGE) | ~behaviour,
            "onboarding": facts["health_tenure_days"] < ONBOARDING_DAYS,
            "notice": facts["health_notice_given"] > 0,
            "closing_mrr": facts["closing_mrr"],
            **columns,
        }
    )
    return frame[active].reset_index(drop=True)


def scores(panel: pd.DataFrame, preset: str | tuple[HealthInput, ...] = DEFAULT_PRESET) -> pd.DataFrame:
    """The measures of the health KPIs (`MEASURES`) for the rows of a month panel, with its index.

    NaN where an account is not active or has no input; money in the unit of closing_mrr.
    """
    found = health_scores(panel, preset).set_index("row")
    known = found[found["health_score"].notna()]
    measures = pd.DataFrame(
        {
            "health_points": known["health_score"],
            "health_accounts": 1.0,
            "health_mrr_points": known["health_score"] * known["closing_mrr"],
            "health_mrr": known["closing_mrr"],
        }
    )
    return measures.reindex(range(len(panel))).set_axis(panel.index)


def band(score: float) -> str:
    """ "at_risk" below 50, "watch" from 50, "healthy" from 75."""
    return "at_risk" if score < BANDS[0] else "watch" if score < BANDS[1] else "healthy"


def movement(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, float]:
    """How much each input moved an account's score between two rows of `health_scores`; they sum to the difference.

    An input that came or went counts with all of its contribution.
    """
    before, after = dict(before), dict(after)  # rows of a frame too
    names = [name for name in after if name.startswith("contribution_")]
    both = ((name, _or_zero(after[name]) - _or_zero(before[name])) for name in names)
    return {name.removeprefix("contribution_"): moved for name, moved in both}


def _or_zero(value: float) -> float:
    return 0.0 if value is None or np.isnan(value) else float(value)


class _Facts:
    """The panel's columns as floats; NaN throughout where a column is absent."""

    def __init__(self, panel: pd.DataFrame) -> None:
        self.panel = panel

    def __getitem__(self, name: str) -> Floats:
        if name not in self.panel.columns:
            return np.full(len(self.panel), nan)
        return self.panel[name].to_numpy(dtype=float, na_value=nan)

    def fed(self, flag: str, measure: str) -> Floats:
        """A measure whose feed is there: without rows it is 0; without the feed it is missing."""
        values = self[measure]
        there = self[flag] > 0 if flag in self.panel.columns else ~np.isnan(values).all()
        return np.where(there, np.nan_to_num(values, nan=0.0), nan)


def _freshness(facts: _Facts, one: HealthInput) -> Floats | float:
    """1, or a half where the account's NPS answers are old."""
    return np.where(facts["health_nps_age_days"] > NPS_FRESH_DAYS, 0.5, 1.0) if one.key == "nps_account" else 1.0


def _percent(numerator: Floats, denominator: Floats) -> Floats:
    return 100 * numerator / np.where(denominator > 0, denominator, nan)


def _adoption(facts: _Facts, one: HealthInput) -> Floats:
    return _percent(facts.fed("usage_fed", "health_active_users"), facts["health_seats"])


def _active_days(facts: _Facts, one: HealthInput) -> Floats:
    return _percent(facts.fed("usage_fed", "health_active_days"), facts["working_days"])


def _breadth(facts: _Facts, one: HealthInput) -> Floats:
    return _percent(facts["health_features_used"], facts["health_features_available"])


def _nps(facts: _Facts, one: HealthInput) -> Floats:
    return _fresh(facts, one, facts["health_nps_mean"], "health_nps_age_days")


def _feeling(facts: _Facts, one: HealthInput) -> Floats:
    return _fresh(facts, one, facts["health_feeling"], "health_feeling_age_days")


def _fresh(facts: _Facts, one: HealthInput, values: Floats, age: str) -> Floats:
    """Values that have not expired; an unknown age is taken as fresh."""
    return np.where(facts[age] > one.expiry_days, nan, values) if one.expiry_days is not None else values


def _csat(facts: _Facts, one: HealthInput) -> Floats:
    """Satisfied answers in percent, pulled towards the month's portfolio mean by three pseudo-answers."""
    satisfied, answers = facts["health_csat_satisfied_90d"], facts["health_csat_answers_90d"]
    active = facts["closing_accounts"] > 0
    counted = pd.DataFrame({"satisfied": np.where(active, satisfied, nan), "answers": np.where(active, answers, nan)})
    month = counted.groupby(pd.factorize(facts.panel["period"])[0]).transform("sum")
    mean = (month["satisfied"] / month["answers"].where(month["answers"] > 0)).to_numpy()
    pulled = 100 * (satisfied + CSAT_PSEUDO_ANSWERS * mean) / (answers + CSAT_PSEUDO_ANSWERS)
    return np.where(answers > 0, pulled, nan)


def _sla_open(facts: _Facts, one: HealthInput) -> Floats:
    return facts.fed("contacts_fed", "sla_open")


def _overdue(facts: _Facts, one: HealthInput) -> Floats:
    mrr = facts["closing_mrr"]
    return facts.fed("invoices_fed", "overdue_mrr_amount") / np.where(mrr > 0, mrr, nan)


def _overdue_count(facts: _Facts, one: HealthInput) -> Floats:
    return facts.fed("invoices_fed", "health_overdue_count")


def _usage_trend(facts: _Facts, one: HealthInput) -> Floats:
    """Active days over the account's own mean of months t−6 … t−2 in which it was in the feed.

    Missing with fewer than two such months, or without any use in them.
    """
    now = facts.fed("usage_fed", "health_active_days")
    if not len(now):
        return now
    codes, ids = pd.factorize(facts.panel["period"])
    months = pd.PeriodIndex([str(one) for one in ids], freq="M").astype("int64").to_numpy()[codes]
    accounts = pd.factorize(facts.panel["account_id"])[0]
    column = months - months.min() + max(_TREND_MONTHS)
    history = np.full((accounts.max() + 1, column.max() + 1), nan)
    history[accounts, column] = now
    before = np.stack([history[accounts, column - back] for back in _TREND_MONTHS])
    seen = (~np.isnan(before)).sum(axis=0)
    used = np.nansum(before, axis=0)
    return now * seen / np.where((seen >= _TREND_SEEN) & (used > 0), used, nan)


INPUTS: dict[str, Callable[[_Facts, HealthInput], Floats]] = {
    "adoption": _adoption,
    "usage_trend": _usage_trend,
    "engagement": _active_days,
    "active_days": _active_days,
    "breadth": _breadth,
    "nps_account": _nps,
    "csat": _csat,
    "sla_open": _sla_open,
    "overdue": _overdue,
    "overdue_count": _overdue_count,
    "cs_feeling": _feeling,
}
