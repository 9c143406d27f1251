"""Measures that never roll up, computed at the grain and for the groups asked for, beside a cube's sums."""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from data import cube as cubes
from data import facts, rows
from data.policies import Policies
from kpis.survival import lifetime_measures
from kpis.table import NEVER_ROLL_UP
from workspace.frames import chosen_periods
from workspace.kept import Kept
from workspace.view import View

if TYPE_CHECKING:
    from workspace.numbers import Workspace

SURVIVAL = frozenset({"lifetime_median", "survival_12m", "survival_24m"})

_STRETCHES = Kept(24)


def beside(
    workspace: "Workspace", cube: pd.DataFrame, wanted: Collection[str], view: View, policies: Policies
) -> pd.DataFrame:
    """The cube with those of the wanted measures that never roll up; as it is when none is wanted."""
    never = NEVER_ROLL_UP.intersection(wanted) if len(cube) else frozenset()
    if never - SURVIVAL:
        cube = _joined(cube, view, _quantiles(workspace, view))
    if never & SURVIVAL:
        cube = _joined(cube, view, _survival(workspace, view, policies))
    return cube


def _joined(cube: pd.DataFrame, view: View, more: pd.DataFrame) -> pd.DataFrame:
    left = cube.assign(period=cube["period"].astype(str))
    return left.merge(more, on=[*view.by, "period"], how="left")


def _quantiles(workspace: "Workspace", view: View) -> pd.DataFrame:
    built = workspace.panel(view.grain, view.as_of)
    wanted = chosen_periods(built.periods, view.start, view.end)
    with facts.connect(workspace.facts, built.as_of) as cursor:
        return rows.quantiles(cursor, wanted, view.by, view.filters)


def _survival(workspace: "Workspace", view: View, policies: Policies) -> pd.DataFrame:
    built = workspace.panel(view.grain, view.as_of, policies)
    active = _stretches(workspace, built.as_of, policies)
    if view.dims:
        shown = workspace.attributes(view.dims).fillna(cubes.UNKNOWN)
        active = active.merge(shown, on="account_id", how="left").fillna(dict.fromkeys(view.dims, cubes.UNKNOWN))
    for name, values in view.where:
        active = active[active[name].isin(values)]
    found = [
        lifetime_measures(rows.lives_at(active, period.closing), view.by).assign(period=period.id)
        for period in chosen_periods(built.periods, view.start, view.end)
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=[*view.by, "period"])


def _stretches(workspace: "Workspace", as_of: date | None, policies: Policies) -> pd.DataFrame:
    """When each account was active: the one query behind the lives at every closing."""

    def compute() -> pd.DataFrame:
        with facts.connect(workspace.facts, as_of) as cursor:
            return rows.stretches(cursor, policies)

    return _STRETCHES.get((workspace.facts.key, as_of, policies), compute)
