"""The oracle: every KPI, value by value, from raw tables."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from . import money, retention, service, use, voice
from .context import Context, Piece, piece
from .days import periods
from .frames import Policies, Tables, cut, first_observed, latest_observed, load, typed, without_tests
from .health import Health

__all__ = ["KEYS", "Oracle", "Policies", "load", "oracle", "typed"]

# fmt: off
KEYS = (
    "logo_churn", "activity_churn", "revenue_churn", "revenue_churn_lost", "contraction_rate",
    "net_revenue_churn", "nrr", "nrr_1m", "nrr_3m", "grr", "grr_1m", "grr_3m", "lifetime", "lifetime_median",
    "survival_12m", "survival_24m", "ltv", "ltv_realised", "health_score", "health_score_mrr", "adoption",
    "feature_adoption", "engagement", "stickiness", "renewal_rate", "renewal_rate_value", "nps", "csat",
    "ces", "ces_mean", "enps", "aht", "time_to_resolution", "time_to_resolution_median",
    "time_to_resolution_p90", "first_response_time", "first_response_time_median", "first_response_time_p90",
    "wait_time", "service_level", "solve_rate", "solve_flow", "abandonment", "fcr", "one_touch", "sla_breach",
    "sla_met", "contact_rate", "cs_feeling", "upsell", "cross_sell", "price_uplift", "expansion_rate",
    "expansion_one_off", "referrals", "referral_conversion", "referrer_share", "referral_value",
    "at_seat_limit", "promoter_share", "mrr", "arr", "new_mrr", "reactivation_mrr", "contraction_mrr",
    "churned_mrr", "arpa", "average_ticket", "tcv_billed", "tcv_contract", "cac", "cac_payback", "ltv_cac",
    "quick_ratio", "overdue_amount", "overdue_count",
)
# fmt: on
COLUMNS = ["kpi", "period", "group", "value", "numerator", "denominator"]
MISSING = ""


class Slices:
    """The groups asked for: one for everything, or one per value of an account attribute."""

    def __init__(self, context: Context, by: str | None) -> None:
        """Find each account's group; accounts without the attribute are in the group ''."""
        self.by = by
        self.of: dict[str, str] = {}
        self.names: Sequence[str | None] = [None]
        if by is not None:
            known = context.tables["accounts"].set_index("account_id")[by].dropna().astype(str).to_dict()
            self.of = {a: known.get(a, MISSING) for a in context.all_accounts}
            self.names = sorted(set(self.of.values()))

    def split(self, rows: pd.DataFrame) -> Iterable[tuple[str | None, pd.DataFrame]]:
        """The rows of each group; the company row is in the total only."""
        if self.by is None:
            yield None, rows
            return
        group = rows["account_id"].map(self.of)
        for name in self.names:
            yield name, rows[group == name]


def summed(made: Piece, context: Context, slices: Slices) -> list[dict]:
    """Σ numerator and Σ denominator of a piece, by group and period, and their value."""
    out = []
    for group, rows in slices.split(made.rows):
        sums = rows.groupby("period")[["num", "den"] if made.ratio else ["num"]].sum()
        for p in context.periods:
            num = float(sums["num"].get(p.id, 0)) * made.num_scale
            den = float(sums["den"].get(p.id, 0)) if made.ratio else np.nan
            value = num * made.times
            if made.ratio:
                value = value / (den * made.den_scale) if den > 0 and den >= made.least_answers else np.nan
                den *= made.den_scale
            if p.id in made.no_value:
                value = num = den = np.nan
            out.append({"period": p.id, "group": group, "value": value, "numerator": num, "denominator": den})
    return out


def quantiles(rows: pd.DataFrame, share: float, context: Context, slices: Slices) -> list[dict]:
    """A percentile of rows (linear between order statistics), by group and period."""
    out = []
    for group, some in slices.split(rows):
        by_period = {p: g["num"].to_numpy(dtype=float) for p, g in some.groupby("period")}
        for p in context.periods:
            values = by_period.get(p.id, np.array([]))
            value = float(np.quantile(values, share)) if len(values) else np.nan
            out.append(
                {"period": p.id, "group": group, "value": value, "numerator": np.nan, "denominator": len(values)}
            )
    return out


def lifetimes(lives: dict[str, pd.DataFrame], slices: Slices) -> dict[str, list[dict]]:
    """Median lifetime and survival as known at each closing, by group."""
    out: dict[str, list[dict]] = {"lifetime_median": [], "survival_12m": [], "survival_24m": []}
    for period, known in lives.items():
        for group, some in slices.split(known):
            for key, value in retention.survival_values(some).items():
                row = {"period": period, "group": group, "value": value, "numerator": np.nan, "denominator": np.nan}
                out[key].append(row)
    return out


def acquisition(context: Context, moved: pd.DataFrame, slices: Slices) -> dict[str, list[dict]]:
    """CAC and its payback: costs by what costs carry, against the new accounts of the group."""
    costs = money.acquisition_costs(context)
    margin = 1.0 if context.policies.gross_margin is None else context.policies.gross_margin
    cut_by = slices.by in ("segment", "channel")
    carried = set(context.tables["costs"][slices.by].dropna()) if cut_by else set()
    out: dict[str, list[dict]] = {"cac": [], "cac_payback": []}
    for group, accounts in slices.split(moved):
        new = accounts.groupby("period")[["new_account", "new"]].sum()
        some = costs[costs[slices.by] == group] if cut_by else costs
        spent = some.groupby("period")["money"].sum()
        for p in context.periods:
            cost = float(spent.get(p.id, 0)) * 1e-6
            count, mrr = float(new["new_account"].get(p.id, 0)), float(new["new"].get(p.id, 0)) * 1e-6 * margin
            told = slices.by is None or group in carried
            for key, den in (("cac", count), ("cac_payback", mrr)):
                value = cost / den if told and den > 0 else np.nan
                out[key].append({"period": p.id, "group": group, "value": value, "numerator": cost, "denominator": den})
    return out


def by_key(rows: list[dict]) -> dict[tuple, float]:
    """Values by group and period."""
    return {(r["group"], r["period"]): r["value"] for r in rows}


def composed(out: dict[str, list[dict]], policies: Policies) -> None:
    """LTV = ARPA × margin × lifetime, and LTV ÷ CAC."""
    margin = 1.0 if policies.gross_margin is None else policies.gross_margin
    if "arpa" in out and "lifetime" in out:
        life = by_key(out["lifetime"])
        out["ltv"] = [
            {
                **r,
                "value": r["value"] * margin * life[r["group"], r["period"]],
                "numerator": np.nan,
                "denominator": np.nan,
            }
            for r in out["arpa"]
        ]
    if "ltv" in out and "cac" in out:
        cost = by_key(out["cac"])
        out["ltv_cac"] = []
        for r in out["ltv"]:
            spent = cost[r["group"], r["period"]]
            out["ltv_cac"].append({**r, "value": r["value"] / spent if spent > 0 else np.nan})


class Oracle:
    """One question (tables, as-of date, grain, policies), answered for any slices."""

    def __init__(
        self, tables: Tables, as_of: object = None, grain: str = "month", policies: Policies | None = None
    ) -> None:
        """See the tables as they were on the as-of date, and lay out the periods."""
        self.policies = policies or Policies()
        seen = without_tests(typed(tables))
        day = pd.Timestamp(as_of).normalize() if as_of is not None else latest_observed(seen)  # type: ignore[arg-type]
        seen = cut(seen, day)
        spans = periods(first_observed(seen), day, grain)
        self.context = Context(seen, self.policies, day, grain, spans)
        self.used = use.Use(self.context)

    @cached_property
    def moved(self) -> pd.DataFrame | None:
        """The bridge by account and period, where there are subscriptions."""
        return retention.movements(self.context) if self.context.has("subscriptions") else None

    @cached_property
    def made(self) -> dict[str, Piece]:
        """Every KPI that is a sum over accounts."""
        context, moved = self.context, self.moved
        out = retention.pieces(context, moved) | money.pieces(context, moved) | use.pieces(context, self.used)
        return out | voice.pieces(context) | service.pieces(context)

    @cached_property
    def health(self) -> dict[str, Piece]:
        """Mean health score and its MRR-weighted mean, at the last calendar month of each period; none by week."""
        if self.moved is None or self.context.grain == "week":
            return {}
        asked = Health(self.context, self.used)
        rows = self.context.at_closings(lambda p: asked.scores(p.closing))
        by_mrr = piece(rows, "score_mrr", "mrr", num_scale=1e-6, den_scale=1e-6)
        return {"health_score": piece(rows, "score", "one"), "health_score_mrr": by_mrr}

    @cached_property
    def lives(self) -> dict[str, pd.DataFrame]:
        """The lives of accounts as known at each closing."""
        return {p.id: retention.lives(self.context, p.closing) for p in self.context.periods}

    def answer(self, by: str | None = None, keys: Iterable[str] | None = None) -> pd.DataFrame:
        """Value, numerator and denominator by KPI, period and group."""
        context, slices = self.context, Slices(self.context, by)
        wanted = list(keys) if keys is not None else list(KEYS)
        made = self.made | (self.health if any(k.startswith("health") for k in wanted) else {})
        out = {key: summed(p, context, slices) for key, p in made.items()}
        if context.has("contacts"):
            for name, rows in (
                ("time_to_resolution", service.resolution_times(context)),
                ("first_response_time", service.response_times(context)),
            ):
                out[f"{name}_median"] = quantiles(rows, 0.5, context, slices)
                out[f"{name}_p90"] = quantiles(rows, 0.9, context, slices)
        if self.moved is not None:
            if {"lifetime_median", "survival_12m", "survival_24m"} & set(wanted):
                out |= lifetimes(self.lives, slices)
            if context.has("costs"):
                out |= acquisition(context, self.moved, slices)
        composed(out, self.policies)
        dark = [{"period": p.id, "group": g, "value": np.nan} for g in slices.names for p in context.periods]
        frames = [pd.DataFrame(out.get(key, dark)).assign(kpi=key) for key in wanted]
        return pd.concat(frames, ignore_index=True).reindex(columns=COLUMNS)


def oracle(
    tables: Tables,
    as_of: object = None,
    grain: str = "month",
    by: str | None = None,
    keys: Iterable[str] | None = None,
    policies: Policies | None = None,
) -> pd.DataFrame:
    """Every KPI asked for, by period and group; value is NaN where there is none.

    `tables` are canonical tables (as `load` reads them, or small frames made by hand); `by` is a column of
    accounts, '' being the group of accounts without it, and None the total. Money is in currency units.
    """
    return Oracle(tables, as_of, grain, policies).answer(by, keys)
