"""Health in the panel: scored by month, and carried to coarser grains as a closing state."""

from datetime import date

import pandas as pd

from data import facts
from data.facts import Facts
from data.measures import health_inputs
from data.panel import Panel, build_panel
from data.policies import Policies
from workspace.frames import HEALTH

FROM_PANEL = (
    "closing_accounts",
    "closing_mrr",
    "working_days",
    "feeling_points",
    "feeling_accounts",
    "sla_breached",
    "overdue_amount",
    "overdue_count",
)


def inputs(found: Facts, built: Panel, as_of: date | None, policies: Policies) -> pd.DataFrame:
    """What a health score is made of, per row of a month panel and with its index."""
    states = build_panel(found, "month", policies, as_of, [health_inputs.FAMILY]).frame
    fed = frozenset(name for name in ("contacts", "invoices") if facts.has_values(found, name))
    named = built.frame[["account_id", "period", *FROM_PANEL]]
    joined = named.merge(states, on=["account_id", "period"], how="left").set_axis(built.frame.index)
    return health_inputs.with_derived(joined, fed)


def at_last_month(built: Panel, months: Panel) -> Panel:
    """A panel of a coarser grain with the health of each period's last month."""
    last_month = {one.closing.strftime("%Y-%m"): one.id for one in built.periods}
    known = months.frame[["account_id", "period", *HEALTH]]
    known = known.assign(period=known["period"].astype(str).map(last_month)).dropna(subset=["period"])
    text = {"account_id": str, "period": str}
    keys = built.frame[["account_id", "period"]].astype(text)
    scores = keys.merge(known.astype(text), on=["account_id", "period"], how="left")[list(HEALTH)]
    return Panel(pd.concat([built.frame, scores], axis=1), built.periods, built.as_of)
