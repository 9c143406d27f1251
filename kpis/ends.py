"""What a KPI cannot go beyond."""

from collections.abc import Sequence
from math import inf

from kpis.kpi import Kpi
from kpis.over_accounts import SHARES

_SCORES = frozenset({"health_score", "health_score_mrr", "cs_feeling"})  # 0 to 100
_CURVES = frozenset({"survival_12m", "survival_24m"})


def natural_ends(one: Kpi, past: Sequence[float]) -> tuple[float, float]:
    """Lower and upper end: 0 and 1 for a proportion, ±100 for an NPS, 0 and 100 for a score, 0 where never below."""
    if one.interval == "nps":
        return -100.0, 100.0
    low = 0.0 if all(not value < 0 for value in past) else -inf
    if one.interval == "wilson" or one.key in SHARES | _CURVES:
        return low, 1.0
    return low, 100.0 if one.key in _SCORES else inf
