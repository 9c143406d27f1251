"""Cuts by what rows carry themselves: costs by segment or channel, answers by journey stage, contacts by category.

Everything else is cut by attributes of accounts. A cut by a row's own column exists only for the
measures whose rows have it.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from data import facts, measures, rows
from data.calendar import Period
from data.facts import Facts
from data.panel import Panel
from data.policies import Policies
from kpis.kpi import Kpi
from workspace.frames import in_currency

COST = "acquisition_cost"
COST_CUTS = ("segment", "channel")
ROW_DIMENSIONS: dict[str, tuple[str, str]] = {
    "journey_stage": ("surveys", "journey_stage"),
    "touchpoint": ("surveys", "touchpoint"),
    "survey_channel": ("surveys", "channel"),
    "contact_category": ("contacts", "category"),
    "contact_channel": ("contacts", "channel"),
}


def of_rows(found: Facts) -> tuple[str, ...]:
    """The dimensions that rows of these facts carry themselves."""
    return tuple(
        name for name, (table, column) in ROW_DIMENSIONS.items() if facts.has_values(found, f"{table}.{column}")
    )


def possible(found: Facts, one: Kpi, accounts: Sequence[str]) -> tuple[str, ...]:
    """The dimensions a KPI can be cut by, given the attributes of accounts."""
    if COST in one.measures:
        return tuple(name for name in accounts if name in COST_CUTS and facts.has_values(found, f"costs.{name}"))
    if one.company_only:
        return ()
    declared = measures.all_measures()
    of_family = {measure.name: family.name for family in measures.FAMILIES for measure in family.measures}
    carried = [
        name
        for name in of_rows(found)
        for family, column in [ROW_DIMENSIONS[name]]
        if all(of_family.get(m) == family and column in declared[m].dimensions for m in one.measures)
    ]
    return (*accounts, *carried)


def cost_cut(found: Facts, dims: Sequence[str]) -> str | None:
    """The one dimension that costs can be cut by along with accounts, None when they cannot."""
    cut = dims[0] if len(dims) == 1 and dims[0] in COST_CUTS else None
    return cut if cut and facts.has_values(found, f"costs.{cut}") else None


def with_costs(
    cube: pd.DataFrame,
    cut: str,
    by: Sequence[str],
    where: Mapping[str, Sequence[str]],
    found: Facts,
    grain: str,
    policies: Policies,
    as_of: date | None,
) -> pd.DataFrame:
    """A cube whose acquisition cost is what was spent on each group: costs that name no group are in totals only.

    A group that no cost ever names has no value; one that is named has 0 in a period without costs.
    """
    spent = rows.narrow_panel(found, "costs", cut, grain, policies, as_of).dropna(subset=[cut])
    spent = spent.assign(period=spent["period"].astype(str))
    named = set(spent[cut])
    if cut in where:
        spent = spent[spent[cut].isin(where[cut])]
        named &= set(where[cut])
    keys = [cut, "period"] if by else ["period"]
    sums = in_currency(spent.groupby(keys)[[COST]].sum().reset_index())
    cube = cube.drop(columns=COST, errors="ignore").assign(period=cube["period"].astype(str))
    cube = cube.merge(sums, on=keys, how="left")
    known = cube[cut].isin(named) if by else pd.Series(bool(named), index=cube.index)
    cube[COST] = cube[COST].fillna(0.0).where(known)
    return cube


def row_cube(
    built: Panel,
    dimension: str,
    wanted: Sequence[Period],
    accounts: frozenset[str] | None,
    found: Facts,
    grain: str,
    policies: Policies,
    as_of: date | None,
) -> pd.DataFrame:
    """Measures per value of a row's own column and period, for some accounts or all (None), the company row included.

    Columns: the dimension (missing = not recorded), period, complete, solve_mature, the measures that carry it.
    """
    family, column = ROW_DIMENSIONS[dimension]
    narrow = rows.narrow_panel(found, family, column, grain, policies, as_of).rename(columns={column: dimension})
    if accounts is not None:
        narrow = narrow[narrow["account_id"].isin(accounts)]
    by_id = {period.id: period for period in wanted}
    narrow = narrow[narrow["period"].isin(by_id)]
    measured = [name for name in narrow.columns if name not in ("account_id", "period", dimension)]
    cube = narrow.groupby([dimension, "period"], dropna=False)[measured].sum(min_count=1).reset_index()
    cube = in_currency(cube)
    last = pd.Timestamp(built.as_of) if built.as_of else pd.NaT
    mature = pd.Timedelta(days=policies.solve_window_days)
    cube["complete"] = [by_id[name].complete for name in cube["period"]]
    cube["solve_mature"] = [pd.Timestamp(by_id[name].closing) + mature <= last for name in cube["period"]]
    cube["gross_margin"] = np.nan if policies.gross_margin is None else policies.gross_margin
    return cube


def carried_by(cube: pd.DataFrame, kpis: Sequence[Kpi]) -> tuple[str, ...]:
    """Keys of the KPIs whose measures a row cube has."""
    return tuple(one.key for one in kpis if set(one.measures) <= set(cube.columns))
