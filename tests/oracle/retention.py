"""Retention: churn of customers and of revenue, cohorts, lifetimes, renewals."""

import numpy as np
import pandas as pd

from .book import whole_months_before
from .context import Context, Piece, piece
from .days import Period, months_back
from .frames import converted, word

MONEY = 1e-6
MONTH_DAYS = 365.25 / 12


def movements(context: Context) -> pd.DataFrame:
    """The bridge, account by account and period by period."""
    return context.at_closings(lambda p: context.book.movements(p.opening, p.closing))


def churn_pieces(moved: pd.DataFrame) -> dict[str, Piece]:
    """The churn family, from the bridge."""
    moved = moved.copy()
    moved["gone"] = moved["churned"] + moved["contraction"]
    moved["grown"] = moved["upsell"] + moved["cross_sell"] + moved["uplift"]
    moved["net_gone"] = moved["gone"] - moved["grown"] - moved["reactivation"]
    scales = {"num_scale": MONEY, "den_scale": MONEY}
    return {
        "logo_churn": piece(moved, "lost", "was_active"),
        "revenue_churn": piece(moved, "gone", "opening", **scales),
        "revenue_churn_lost": piece(moved, "churned", "opening", **scales),
        "contraction_rate": piece(moved, "contraction", "opening", **scales),
        "net_revenue_churn": piece(moved, "net_gone", "opening", **scales),
        "expansion_rate": piece(moved, "grown", "opening", **scales),
    }


def cohort(context: Context, months: int, gross: bool) -> Piece:
    """NRR or GRR over so many months, by the cohort active that long before the closing day."""
    frames, too_early = [], set()
    for p in context.periods:
        then_day = months_back(p.closing, months)
        if then_day < context.book.earliest_start:
            too_early.add(p.id)
            continue
        then = context.book.mrr(then_day)
        now = context.book.mrr(p.closing).reindex(then.index).fillna(0).astype("int64")
        kept = then.where(then < now, now) if gross else now
        frames.append(pd.DataFrame({"account_id": then.index, "num": kept.values, "den": then.values, "period": p.id}))
    empty = pd.DataFrame(columns=["account_id", "num", "den", "period"])
    rows = pd.concat(frames, ignore_index=True) if frames else empty
    return Piece(rows, num_scale=MONEY, den_scale=MONEY, no_value=frozenset(too_early))


def lifetime(context: Context) -> Piece:
    """Σ active at opening ÷ Σ lost over the last six whole months, in months."""
    known: dict[tuple, pd.DataFrame] = {}
    frames, too_early = [], set()
    first_month = context.book.earliest_start.replace(day=1)
    for p in context.periods:
        months = whole_months_before(p.closing, 6)
        if months[0][0] < first_month:
            too_early.add(p.id)
            continue
        for start, last in months:
            if (start, last) not in known:
                known[start, last] = context.book.movements(start - pd.Timedelta(days=1), last)
            frames.append(known[start, last].assign(period=p.id))
    columns = ["account_id", "was_active", "lost", "period"]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
    made = piece(rows, "was_active", "lost")
    return Piece(made.rows, no_value=frozenset(too_early))


def lives(context: Context, closing: pd.Timestamp) -> pd.DataFrame:
    """One life per account, in days of tenure: entry (late entry), exit, and whether the exit is a departure."""
    book = context.book
    created = {}
    if context.has("accounts"):
        created = context.tables["accounts"].set_index("account_id")["created_on"].dropna().to_dict()
    out = []
    for account, stretches in book.stretches.items():
        past = [(start, end) for start, end in stretches if start <= closing]
        if not past:
            continue
        first, end = past[0][0], past[-1][1]
        left = end <= closing
        born = first
        if account in created and created[account] < first and first == book.earliest_start:
            born = created[account]
        exit_day = end if left else closing
        out.append((account, (first - born).days, (exit_day - born).days, left))
    return pd.DataFrame(out, columns=["account_id", "entry", "exit", "event"])


def survival(some: pd.DataFrame) -> list[tuple[int, float]]:
    """The Kaplan–Meier curve as (days, share still here from that day on)."""
    entry, leave, event = some["entry"].to_numpy(), some["exit"].to_numpy(), some["event"].to_numpy(dtype=bool)
    share, curve = 1.0, []
    for day in np.unique(leave[event]):
        at_risk = ((entry < day) & (leave >= day)).sum()
        departures = (event & (leave == day)).sum()
        share *= 1 - departures / at_risk
        curve.append((int(day), share))
    return curve


def survival_values(some: pd.DataFrame) -> dict[str, float]:
    """Median lifetime in months and the share still here after 12 and 24 months; NaN where not reached."""
    curve = survival(some)
    reached = [day for day, share in curve if share <= 0.5 + 1e-12]
    out = {"lifetime_median": reached[0] / MONTH_DAYS if reached else np.nan}
    for months in (12, 24):
        days = months * MONTH_DAYS
        followed = len(some) > 0 and some["exit"].max() >= days
        before = [share for day, share in curve if day <= days]
        out[f"survival_{months}m"] = (before[-1] if before else 1.0) if followed else np.nan
    return out


def activity_churn(context: Context) -> Piece:
    """Churn by inactivity: accounts with an order in the N days to the opening and none in those to the closing."""
    invoices = context.tables["invoices"]
    credit = (word(invoices["kind"]) == "credit") | (invoices["amount"] < 0)
    orders = invoices[(word(invoices["status"]) != "void") & ~credit]
    window = pd.Timedelta(days=context.policies.inactivity_days)
    first_order = orders["issued_on"].min()

    def buyers(day: pd.Timestamp) -> set[str]:
        return set(orders.loc[(orders["issued_on"] > day - window) & (orders["issued_on"] <= day), "account_id"])

    def describe(p: Period) -> pd.DataFrame:
        was = sorted(buyers(p.opening))
        now = buyers(p.closing)
        return pd.DataFrame({"account_id": was, "num": [int(a not in now) for a in was], "den": 1})

    early = {p.id for p in context.periods if not p.opening - window + pd.Timedelta(days=1) >= first_order}
    return Piece(context.at_closings(describe), no_value=frozenset(early))


def renewals(context: Context) -> dict[str, Piece]:
    """Renewals where they were due; pending ones count as lost once the grace is over."""
    rows = context.dated("renewals", "due_on")
    rows["account_id"] = rows["account_id"].astype(object)
    outcome = word(rows["outcome"])
    decided_in_time = rows["decided_on"].isna() | (rows["decided_on"] <= context.as_of)
    won = (outcome == "renewed") & decided_in_time
    lost = (outcome == "churned") & decided_in_time
    grace = pd.Timedelta(days=context.policies.renewal_grace_days)
    lapsed = ~won & ~lost & (rows["due_on"] + grace < context.as_of)
    rows["decided"] = (won | lost | lapsed).astype(int)
    rows["won"] = won.astype(int)
    due = converted(rows["due_amount"], rows["currency"], rows["due_on"], context.tables, context.policies)
    renewed = rows["renewed_amount"].fillna(rows["due_amount"])
    kept = converted(renewed, rows["currency"], rows["due_on"], context.tables, context.policies)
    rows["due"] = due * rows["decided"]
    rows["kept"] = np.minimum(kept, due) * rows["won"]
    return {
        "renewal_rate": piece(rows, "won", "decided"),
        "renewal_rate_value": piece(rows, "kept", "due", num_scale=MONEY, den_scale=MONEY),
    }


def pieces(context: Context, moved: pd.DataFrame | None) -> dict[str, Piece]:
    """Every retention KPI that is a sum over accounts."""
    out: dict[str, Piece] = {}
    if moved is not None:
        out |= churn_pieces(moved)
        for months, suffix in ((12, ""), (1, "_1m"), (3, "_3m")):
            out[f"nrr{suffix}"] = cohort(context, months, gross=False)
            out[f"grr{suffix}"] = cohort(context, months, gross=True)
        out["lifetime"] = lifetime(context)
    if context.has("invoices"):
        out["activity_churn"] = activity_churn(context)
    if context.has("renewals"):
        out |= renewals(context)
    return out
