"""Likely ranges of values that are made of accounts, worked out only for the KPIs and periods on screen.

The KPI table brings the intervals that counts alone can give (proportions, NPS, survival). What is a ratio of amounts
or a mean needs the accounts themselves: the panel, taken apart once per call and kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.cube import UNKNOWN
from data.measures.measure import COMPANY
from data.panel import Panel
from kpis.ends import natural_ends
from kpis.explain import formula_text
from kpis.intervals import Bounds, bootstrap_ratio, linear_difference, ratio_over_accounts, wilson
from kpis.kpi import Kpi
from kpis.over_accounts import INVERSE, Sureness, never, product, sureness
from kpis.table import CONSTANT
from workspace.frames import in_currency
from workspace.kept import Kept
from workspace.numbers import NO_FILTER, Workspace

COLUMNS = ("low", "high", "accounts", "no_range", "step_low", "step_high")
_PRODUCTS = frozenset({"ltv"})  # ARPA × margin × lifetime
_RANGES = Kept(200)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Asked:
    """What the ranges depend on besides the data; `lag` is how far back the compared period lies."""

    keys: tuple[str, ...]
    grain: str
    by: str
    where: tuple[tuple[str, tuple[str, ...]], ...]
    periods: tuple[str, ...] | None
    lag: int


@dataclass(frozen=True)
class _Group:
    """Accounts of one group in the panel: measures as accounts × periods, and which rows are no account."""

    measures: dict[str, Floats]
    nobody: NDArray[np.bool_]


def with_ranges(
    space: Workspace,
    table: pd.DataFrame,
    grain: str = "month",
    by: str = "",
    where: Mapping[str, Sequence[str]] = NO_FILTER,
    periods: Iterable[str] | None = None,
    lag: int = 1,
) -> pd.DataFrame:
    """A KPI table with `low` and `high` filled in where a value is made of accounts.

    Args:
        space: the workspace the table came from.
        table: as `Workspace.table` gives it for the same grain, dimension and filters.
        grain: of the table.
        by: the dimension it is broken down by; by what rows carry themselves there is no interval over accounts.
        where: filters on accounts.
        periods: the only periods worth the work; None takes all.
        lag: periods between those that are compared.

    Returns:
        The table with more columns: `accounts` behind the interval (NaN when it is not made of accounts), `no_range`
        (an id of `over_accounts.Why`, None where there is an interval or no value), and `step_low` and `step_high`, the
        interval of the difference from `lag` periods before, the same accounts in both.
    """
    known = table["value"].notna().to_numpy()
    lacking = {one.key: one for one in map(space.kpi, dict.fromkeys(table["kpi"])) if one.interval is None}
    never_any = {key: "rows" if by and by not in space.dimensions else never(one) for key, one in lacking.items()}
    keys = tuple(key for key, why in never_any.items() if why is None)
    frozen = tuple(sorted((name, tuple(values)) for name, values in where.items()))
    asked = _Asked(keys, grain, by, frozen, None if periods is None else tuple(periods), lag)
    formulas = tuple(formula_text(lacking[key]) for key in keys)  # a company may rewrite a KPI of its own
    settled = (space.facts.key, space.policies, space.health_preset, formulas)
    ranges = _RANGES.get((settled, asked), lambda: _ranges(space, asked))
    found = pd.DataFrame({"kpi": table["kpi"].astype(str), "period": table["period"].astype(str)})
    found["group"] = table[by].map(_group_id) if by else ""
    found = found.merge(ranges, on=["kpi", "period", "group"], how="left", validate="many_to_one")
    found["no_range"] = found["no_range"].astype(object).where(found["no_range"].notna(), found["kpi"].map(never_any))
    parts = found[["upper", "lower"]].to_numpy(dtype=float), table[["numerator", "denominator"]].to_numpy(dtype=float)
    apart = found["accounts"].notna().to_numpy() & ~np.isclose(*parts, rtol=1e-6, atol=1e-9).all(axis=1)
    for name in ("low", "high", "accounts", "step_low", "step_high"):
        found[name] = found[name].where(known & ~apart)
    why = np.where(np.isnan(parts[0]).any(axis=1), "rows", "product")
    found["no_range"] = found["no_range"].mask(apart, pd.Series(why, found.index)).replace("", None).where(known, None)
    own = ~table["kpi"].isin(list(lacking)).to_numpy()
    columns = {name: found[name].set_axis(table.index) for name in COLUMNS}
    return table.assign(**columns | {name: columns[name].where(~own, table[name]) for name in ("low", "high")})


def _group_id(name: object) -> str:
    """A group as text: what has no account apart from accounts without a value."""
    return "-" if name is None or name != name else f"={name}"


def _ranges(space: Workspace, asked: _Asked) -> pd.DataFrame:
    """By KPI, period and group: the ends, the accounts, why not, the step, and the sums that were divided."""
    chosen = [space.kpi(key) for key in asked.keys]
    ids = [period.id for period in space.panel(asked.grain).periods]
    wanted = [at for at, period in enumerate(ids) if asked.periods is None or period in asked.periods]
    places = sorted({at - back for at in wanted for back in (0, asked.lag) if at >= back})
    periods, groups = [ids[at] for at in places], _groups(space, chosen, asked, places)
    blocks = [
        _block(one, group, places, asked.lag).assign(kpi=one.key, period=periods, group=name)
        for name, group in groups.items()
        for one in chosen
    ]
    columns = ["kpi", "period", "group", *COLUMNS, "upper", "lower"]
    return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=columns).astype({"kpi": object})


def _block(one: Kpi, group: _Group, places: Sequence[int], lag: int) -> pd.DataFrame:
    """The columns of one KPI in one group, a row per period."""
    measures = {name: group.measures[name] for name in one.measures}
    if one.key in _PRODUCTS:
        sure, upper, lower = _product(one, measures, group.nobody)
        step = Bounds(np.full(len(upper), nan), np.full(len(upper), nan))
    else:
        parts = one.parts(measures)
        y, x = np.asarray(parts.numerator, dtype=float), np.asarray(parts.denominator, dtype=float)
        sure, upper, lower = sureness(one, y, x, group.nobody), y.sum(axis=0), x.sum(axis=0)
        step = _steps(one, y, x, sure, places, lag)
    with np.errstate(divide="ignore", invalid="ignore"):
        least, most = natural_ends(one, (upper / lower).tolist())
    low, high = np.clip(sure.low, least, most), np.clip(sure.high, least, most)
    ends = {"low": low, "high": high, "accounts": sure.accounts, "no_range": sure.why}
    return pd.DataFrame(ends | {"step_low": step.low, "step_high": step.high, "upper": upper, "lower": lower})


def _groups(space: Workspace, chosen: Sequence[Kpi], asked: _Asked, places: list[int]) -> dict[str, _Group]:
    """The panel's accounts by group, filtered as the cube filters them, at some of its periods."""
    panel = space.panel(asked.grain)
    accounts = panel.frame["account_id"].cat.categories.astype(str).to_numpy()
    nobody = accounts == COMPANY
    kept = np.ones(len(accounts), dtype=bool)
    names = tuple(dict.fromkeys((*((asked.by,) if asked.by else ()), *(name for name, _ in asked.where))))
    attributes = space.attributes(names).drop_duplicates("account_id").set_index("account_id").reindex(accounts)
    for name, values in asked.where:
        kept &= ~nobody & attributes[name].fillna(UNKNOWN).astype(str).isin(values).to_numpy()
    labels = np.full(len(accounts), "", dtype=object)
    if asked.by:
        labels[:] = [_group_id(name) for name in attributes[asked.by].fillna(UNKNOWN).astype(str)]
        labels[nobody] = _group_id(None)
    needed = dict.fromkeys(name for one in chosen for name in one.measures)
    margin = nan if space.policies.gross_margin is None else space.policies.gross_margin
    shape = (len(accounts), len(places))
    measures = {name: np.full(shape, margin if name == "gross_margin" else nan) for name in needed}
    measures |= _by_period(panel, [name for name in needed if name in panel.frame], places)
    return {
        label: _Group(
            {name: values[kept & (labels == label)] for name, values in measures.items()},
            nobody[kept & (labels == label)],
        )
        for label in dict.fromkeys(labels[kept])
    }


def _by_period(panel: Panel, names: list[str], places: list[int]) -> dict[str, Floats]:
    """Measures of some periods as accounts × periods, money in currency units, 0 where an account has no part."""
    frame, ids = panel.frame, [period.id for period in panel.periods]
    column = np.full(len(ids) + 1, -1)  # the last is for what is in none of the periods
    column[places] = np.arange(len(places))
    of_account = frame["account_id"].cat.codes.to_numpy()
    of_period = column[frame["period"].cat.set_categories(ids).cat.codes.to_numpy()]
    rows = np.flatnonzero(of_period >= 0)
    values = in_currency(frame[names].iloc[rows])
    found = {name: np.zeros((len(frame["account_id"].cat.categories), len(places))) for name in names}
    for name in names:
        found[name][of_account[rows], of_period[rows]] = values[name].fillna(0.0)
    return found


def _steps(one: Kpi, y: Floats, x: Floats, sure: Sureness, places: Sequence[int], lag: int) -> Bounds:
    """The interval of each period's difference from `lag` periods before; NaN where either has none.

    `places` are the places of the columns among all periods.
    """
    low, high = np.full((2, len(places)), nan)
    pairs = [(at, places.index(place - lag)) for at, place in enumerate(places) if place - lag in places]
    pairs = [pair for pair in pairs if all(sure.why[at] == "" for at in pair)]
    if pairs and one.key not in INVERSE:
        now, before = (ratio_over_accounts(y[:, list(at)], x[:, list(at)]) for at in zip(*pairs, strict=True))
        changed = [at for at, _ in pairs]
        low[changed], high[changed] = linear_difference(now, before)
    return Bounds(low, high)


def _product(one: Kpi, measures: Mapping[str, Floats], nobody: NDArray[np.bool_]) -> tuple[Sureness, Floats, Floats]:
    """The lifetime value: ARPA by the bootstrap, lifetime by Wilson's interval, the margin taken as known."""
    sums = {name: values[0] if name in CONSTANT else values.sum(axis=0) for name, values in measures.items()}
    whole = one.parts(sums)
    revenue, accounts = measures["closing_mrr"], measures["closing_accounts"]
    per_account = sureness(one, revenue, accounts, nobody)
    lost, there = sums["lost_accounts_6m"], sums["opening_accounts_6m"]
    rate = wilson(lost, there)
    with np.errstate(divide="ignore", invalid="ignore"):
        life = Bounds(1 / rate.high, np.where(rate.low > 0, 1 / rate.low, nan))
        found = product(
            np.asarray(whole.value, dtype=float),
            [(revenue.sum(axis=0) / accounts.sum(axis=0), bootstrap_ratio(revenue, accounts)), (there / lost, life)],
        )
    why = np.where((per_account.why == "") & ~np.isfinite(found.low), "few_events", per_account.why)
    low, high = (np.where(why == "", end, nan) for end in found)
    sure = Sureness(low, high, per_account.accounts, why)
    return sure, np.asarray(whole.numerator, dtype=float), np.asarray(whole.denominator, dtype=float)
