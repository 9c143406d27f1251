"""Which KPIs are lit, and which table or column a dark one is waiting for."""

from typing import TYPE_CHECKING

import pandas as pd

from data import facts, measures
from data.facts import Facts
from kpis.table import NEVER_ROLL_UP

if TYPE_CHECKING:
    from workspace.numbers import Workspace

# What is computed from rows or scores: the declared measure that is known where those are.
STANDS_ON = {
    **dict.fromkeys(("lifetime_median", "survival_12m", "survival_24m"), "closing_accounts"),
    **dict.fromkeys(("health_points", "health_accounts"), "closing_accounts"),
    **dict.fromkeys(("health_mrr_points", "health_mrr"), "closing_mrr"),
    **{f"first_response_seconds_{share}": "first_response_seconds" for share in ("median", "p90")},
    **{f"time_to_resolution_seconds_{share}": "resolution_seconds" for share in ("median", "p90")},
}

RECENT = 3  # months in which most of what never rolls up has a value, if it has one at all


def lit(workspace: "Workspace") -> pd.DataFrame:
    """Every KPI: kpi, lit (it has a value in some month) and needs (tables or columns still missing)."""
    declared = measures.all_measures() | workspace.own.declared
    valued = set() if workspace.empty else _valued(workspace)
    found = []
    for one in workspace.catalogue.kpis:
        known = [declared[name] for name in (STANDS_ON.get(name, name) for name in one.measures) if name in declared]
        needs = [need for measure in known for need in measure.needs]
        missing = tuple(need for need in dict.fromkeys(needs) if not _has(workspace.facts, need))
        found.append({"kpi": one.key, "lit": one.key in valued, "needs": missing})
    return pd.DataFrame(found)


def _valued(workspace: "Workspace") -> set[str]:
    """KPIs with a value in some month: sums at once, what never rolls up in the last months before all."""
    slow = {one.key for one in workspace.catalogue.kpis if NEVER_ROLL_UP.intersection(one.measures)}
    whole = [one.id for one in workspace.periods() if one.complete]
    found: set[str] = set()
    for asked, start in (
        ([one.key for one in workspace.catalogue.kpis if one.key not in slow], None),
        (sorted(slow), whole[-RECENT:][0] if whole else None),
        (sorted(slow), None),
    ):
        keys = [key for key in asked if key not in found]
        table = workspace.table(keys, start=start) if keys else pd.DataFrame({"value": [], "kpi": []})
        found |= set(table.loc[table["value"].notna(), "kpi"])
    return found


def _has(found: Facts, need: str) -> bool:
    return any(facts.has_values(found, name) for name in need.split("|"))
