"""How sure a KPI is that is made of accounts: which interval suits it, and why there is none.

Each account is one case, however many answers, contacts or seats it brings: what happens inside an account goes
together. Measured on 2,000 companies of 100 accounts with skewed amounts (lognormal, σ = 1), a nominal 95 % held
97.6–97.8 % for losses (shares), 95.3 % for net retention and 93.6–94.7 % for means, adoption and times. The plain
bootstrap held 85–97 % for losses and 82–93 % for net retention: few accounts leave, and those few carry the error.
"""

from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kpis.intervals import Bounds, bootstrap_ratio, ratio_over_accounts, share_over_accounts, wilson
from kpis.kpi import Kpi
from kpis.table import NEVER_ROLL_UP

Why = Literal["total", "product", "company", "rows", "no_account", "few_accounts", "few_events"]
Floats = NDArray[np.float64]

FEWEST_ACCOUNTS = 10
FEWEST_EVENTS = 10  # accounts with something above the line; resampling fewer goes wild
WIDEST_BELOW = 0.3  # relative error of the sum below the line: with more, a ratio has no sensible interval
_WITHOUT_ACCOUNT = 0.1  # part of the sum below the line that may belong to no account

# Shares of amounts lost or kept: almost all or nothing per account, and few accounts lose.
SHARES = frozenset({"revenue_churn", "revenue_churn_lost", "grr", "grr_1m", "grr_3m", "renewal_rate_value"})
RETAINED = frozenset({"nrr", "nrr_1m", "nrr_3m"})  # what is kept, and what was added to it
LOST_NET = frozenset({"net_revenue_churn"})  # 1 − retained
INVERSE = frozenset({"lifetime"})  # 1 ÷ a proportion of counts


@dataclass(frozen=True)
class Sureness:
    """Intervals per column, the accounts they rest on, and why there is none ("" where there is)."""

    low: Floats
    high: Floats
    accounts: Floats
    why: NDArray[np.object_]


def never(one: Kpi) -> Why | None:
    """Why a KPI can have no interval over accounts whatever the data are; None when it can."""
    if one.company_only:
        return "company"
    if NEVER_ROLL_UP.intersection(one.measures):
        return "rows"
    if one.parts(dict.fromkeys(one.measures, 1.0)).denominator is None:
        return "total"
    return None


def sureness(one: Kpi, numerators: Floats, denominators: Floats, without_account: NDArray[np.bool_]) -> Sureness:
    """The interval of Σ numerators ÷ Σ denominators per column.

    Args:
        one: the KPI; it decides which interval.
        numerators: accounts × columns, 0 where an account has no part.
        denominators: the same shape.
        without_account: rows that are no account (answers and contacts nobody is named for); together they count as
            one more case as long as they are at most a tenth of the sum below the line.
    """
    y, x = numerators, denominators
    part = (y != 0) | (x != 0)
    accounts = part[~without_account].sum(axis=0).astype(float)
    why = np.full(y.shape[1], "", dtype=object)
    with np.errstate(divide="ignore", invalid="ignore"):
        nobody = x[without_account].sum(axis=0) / x.sum(axis=0)
        shaky = np.sqrt(np.square(np.where(part, x - x.sum(axis=0) / part.sum(axis=0), 0.0)).sum(axis=0)) / x.sum(
            axis=0
        )
    low, high = _bounds(one.key, y, x)
    if one.unit == "ratio" and one.key not in RETAINED | LOST_NET:
        high = np.where((y <= x).all(axis=0), np.minimum(high, 1.0), high)
    steady = SHARES | INVERSE  # their intervals widen with it by themselves
    why[~np.isfinite(low) | ~np.isfinite(high) | (shaky > WIDEST_BELOW) & (one.key not in steady)] = "few_events"
    why[nobody > _WITHOUT_ACCOUNT] = "no_account"
    why[accounts < FEWEST_ACCOUNTS] = "few_accounts"
    return Sureness(np.where(why == "", low, nan), np.where(why == "", high, nan), accounts, why)


def _bounds(key: str, y: Floats, x: Floats) -> Bounds:
    if key in SHARES:
        return share_over_accounts(y, x)
    if key in RETAINED:
        return _retained(y, x)
    if key in LOST_NET:
        low, high = _retained(x - y, x)
        return Bounds(1 - high, 1 - low)
    if key in INVERSE:
        low, high = wilson(x.sum(axis=0), y.sum(axis=0))
        with np.errstate(divide="ignore"):
            return Bounds(1 / high, np.where(low > 0, 1 / low, nan))
    return _mean(y, x)


def _retained(y: Floats, x: Floats) -> Bounds:
    """Σ y ÷ Σ x as what was kept of each account plus what was added, their errors squared and added.

    The first is a share with few losers, the second a skewed mean; taken as independent.
    Source: Zou and Donner 2008.
    """
    kept = np.minimum(y, x)
    lost, added = share_over_accounts(kept, x), _mean(y - kept, x)
    share, more = ratio_over_accounts(kept, x).value, ratio_over_accounts(y - kept, x).value
    low = share + more - np.hypot(share - lost.low, more - added.low)
    return Bounds(low, share + more + np.hypot(lost.high - share, added.high - more))


def _mean(y: Floats, x: Floats) -> Bounds:
    """The bootstrap; with too few accounts above the line for it, that of a share where it is one, else none.

    Never below 0 where no account is.
    """
    few = (y != 0).sum(axis=0) < FEWEST_EVENTS
    drawn, share = bootstrap_ratio(y, x), share_over_accounts(y, x)
    low, high = (np.where(few, rare, usual) for rare, usual in zip(share, drawn, strict=True))
    return Bounds(np.where((y >= 0).all(axis=0), np.maximum(low, 0.0), low), high)


def product(values: Floats, parts: list[tuple[Floats, Bounds]]) -> Bounds:
    """Interval of a product of independent positive numbers from theirs, on the logarithm.

    Source: Zou and Donner 2008.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        down = sum(np.square(np.log(value / bounds.low)) for value, bounds in parts)
        up = sum(np.square(np.log(bounds.high / value)) for value, bounds in parts)
    return Bounds(values * np.exp(-np.sqrt(down)), values * np.exp(np.sqrt(up)))
