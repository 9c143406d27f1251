"""Recurring revenue, expansion, invoices, contracts, referrals and what customers cost to win."""

import pandas as pd

from .context import COMPANY, Context, Piece, piece
from .days import Period, period_of
from .frames import by_account, converted, word

MONEY = 1e-6


def bridge_pieces(moved: pd.DataFrame) -> dict[str, Piece]:
    """MRR, its movements, ARPA and the quick ratio."""
    moved = moved.copy()
    moved["gained"] = moved[["new", "reactivation", "upsell", "cross_sell", "uplift"]].sum(axis=1)
    moved["gone"] = moved["churned"] + moved["contraction"]
    names = {
        "mrr": "closing",
        "new_mrr": "new",
        "reactivation_mrr": "reactivation",
        "contraction_mrr": "contraction",
        "churned_mrr": "churned",
        "upsell": "upsell",
        "cross_sell": "cross_sell",
        "price_uplift": "uplift",
    }
    out = {key: piece(moved, column, num_scale=MONEY) for key, column in names.items()}
    out["arr"] = piece(moved, "closing", num_scale=MONEY, times=12.0)
    out["arpa"] = piece(moved, "closing", "is_active", num_scale=MONEY)
    out["quick_ratio"] = piece(moved, "gained", "gone", num_scale=MONEY, den_scale=MONEY)
    return out


def invoice_rows(context: Context) -> pd.DataFrame:
    """Invoices that are not void, with `net` (credits negative, in millionths), `credit` and `counted`."""
    rows = context.tables["invoices"]
    rows = rows[word(rows["status"]) != "void"].copy()
    rows["credit"] = (word(rows["kind"]) == "credit") | (rows["amount"] < 0)
    money = converted(rows["amount"], rows["currency"], rows["issued_on"], context.tables, context.policies)
    rows["net"] = money.where(~rows["credit"], -money.abs())
    rows["counted"] = (~rows["credit"]).astype(int)
    return rows


def invoice_pieces(context: Context) -> dict[str, Piece]:
    """Average ticket, billed to date, realised LTV, one-off expansion and what is overdue."""
    rows = invoice_rows(context)
    issued = rows.assign(period=period_of(rows["issued_on"], context.periods))
    issued = issued[issued["period"].notna()]
    margin = 1.0 if context.policies.gross_margin is None else context.policies.gross_margin

    def to_date(p: Period) -> pd.DataFrame:
        seen = rows[rows["issued_on"] <= p.closing]
        return seen.groupby("account_id").agg(net=("net", "sum"), counted=("counted", "max")).reset_index()

    def overdue(p: Period) -> pd.DataFrame:
        paid = (rows["paid_on"] <= p.closing) | ((word(rows["status"]) == "paid") & rows["paid_on"].isna())
        late = (rows["due_on"] < p.closing) & (rows["issued_on"] <= p.closing) & ~paid & ~rows["credit"]
        return rows.loc[late, ["account_id", "net", "counted"]]

    billed, late = context.at_closings(to_date), context.at_closings(overdue)
    return {
        "average_ticket": piece(issued, "net", "counted", num_scale=MONEY),
        "tcv_billed": piece(billed, "net", num_scale=MONEY),
        "ltv_realised": piece(billed, "net", "counted", num_scale=MONEY, times=margin),
        "expansion_one_off": piece(one_off(context, issued, rows), "net", num_scale=MONEY),
        "overdue_amount": piece(late, "net", num_scale=MONEY),
        "overdue_count": piece(late, "counted"),
    }


def one_off(context: Context, issued: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """One-off invoices of accounts that were active or had been invoiced on an earlier day."""
    kind = word(issued["kind"])
    everything = not context.has("subscriptions") and bool((word(rows["kind"]) == "").all())
    some = issued[(kind == "one_off") | everything]
    some = some[~some["credit"]]
    first_invoice = rows[~rows["credit"]].groupby("account_id")["issued_on"].min()
    earlier = [invoice < day for invoice, day in zip(_days(some, first_invoice), some["issued_on"], strict=True)]
    if context.has("subscriptions"):
        firsts = _days(some, context.book.first_active_day)
        paid = [first < day for first, day in zip(firsts, some["issued_on"], strict=True)]
        earlier = [a or b for a, b in zip(earlier, paid, strict=True)]
    return some[pd.Series(earlier, index=some.index, dtype=bool)]


def _days(rows: pd.DataFrame, first: pd.Series) -> list[pd.Timestamp]:
    """The day known of each row's account; NaT (before no day) where there is none."""
    days = first.to_dict()
    return [days.get(account, pd.NaT) for account in rows["account_id"]]


def contract_piece(context: Context) -> Piece:
    """Value of the contracts in force at closing: the recurring amount over the whole term, and the fees."""
    rows = context.tables["contracts"].copy()
    value = rows["recurring_amount"] * rows["term_months"] / rows["billing_months"] + rows["one_off_fees"].fillna(0)
    rows["value"] = converted(value, rows["currency"], rows["starts_on"], context.tables, context.policies)
    rows["ends"] = [
        start + pd.DateOffset(months=int(months))
        for start, months in zip(rows["starts_on"], rows["term_months"], strict=True)
    ]

    def describe(p: Period) -> pd.DataFrame:
        return rows.loc[(rows["starts_on"] <= p.closing) & (p.closing < rows["ends"]), ["account_id", "value"]]

    return piece(context.at_closings(describe), "value", num_scale=MONEY)


def referral_rows(context: Context) -> pd.DataFrame:
    """Referrals received in a period, by the account that referred, with what was won and its value."""
    rows = context.tables["referrals"].rename(columns={"referrer_account_id": "account_id"})
    rows["period"] = period_of(rows["referred_on"], context.periods)
    rows = rows[rows["period"].notna()].copy()
    rows["received"] = 1
    rows["won"] = ((word(rows["status"]) == "won") | rows["won_on"].notna()).astype(int)
    given = converted(rows["value"], rows["currency"], rows["referred_on"], context.tables, context.policies)
    first_invoice: dict[str, int] = {}
    if context.has("invoices"):
        invoices = invoice_rows(context)
        ordered = invoices[~invoices["credit"]].sort_values(["issued_on", "invoice_id"])
        first_invoice = by_account(ordered.groupby("account_id")["net"].first())

    def first_period_value(account: str) -> int:
        if context.has("subscriptions") and account in context.book.first_active_day.index:
            return int(context.book.mrr(context.book.first_active_day[account])[account])
        return first_invoice.get(account, 0)

    rows["worth"] = 0
    told, won = rows["value"].notna(), rows["won"] == 1
    rows.loc[won & told, "worth"] = given[won & told]
    rows.loc[won & ~told, "worth"] = [first_period_value(a) for a in rows.loc[won & ~told, "referred_account_id"]]
    return rows


def referral_pieces(context: Context) -> dict[str, Piece]:
    """Referrals received, won, their value, and the share of active accounts that referred."""
    rows = referral_rows(context)
    referring = {p: set(g["account_id"]) for p, g in rows.groupby("period")}

    def describe(p: Period) -> pd.DataFrame:
        active = sorted(context.active(p))
        return pd.DataFrame(
            {"account_id": active, "num": [int(a in referring.get(p.id, ())) for a in active], "den": 1}
        )

    return {
        "referrals": piece(rows, "received"),
        "referral_conversion": piece(rows, "won", "received"),
        "referral_value": piece(rows, "worth", num_scale=MONEY),
        "referrer_share": Piece(context.at_closings(describe)),
    }


def acquisition_costs(context: Context) -> pd.DataFrame:
    """Sales and marketing costs and referral rewards by period, with the segment and channel a cost row carries."""
    costs = context.tables["costs"]
    costs = costs[word(costs["kind"]).isin(["sales", "marketing"])].copy()
    costs["money"] = converted(costs["amount"], costs["currency"], costs["spent_on"], context.tables, context.policies)
    parts = [costs[["spent_on", "money", "segment", "channel"]]]
    if context.has("referrals"):
        rewards = context.tables["referrals"]
        rewards = rewards[rewards["reward_cost"].notna()].copy()
        rewards["spent_on"] = rewards["rewarded_on"].fillna(rewards["won_on"])
        rewards = rewards[rewards["spent_on"].notna()]
        rewards["money"] = converted(
            rewards["reward_cost"], rewards["currency"], rewards["spent_on"], context.tables, context.policies
        )
        parts.append(rewards[["spent_on", "money"]].assign(segment=None, channel=None))
    rows = pd.concat(parts, ignore_index=True)
    counted_on = rows["spent_on"]
    if context.policies.cac_lag_months:
        counted_on = counted_on + pd.DateOffset(months=context.policies.cac_lag_months)
    rows["period"] = period_of(counted_on, context.periods)
    rows["account_id"] = COMPANY
    return rows[rows["period"].notna()]


def pieces(context: Context, moved: pd.DataFrame | None) -> dict[str, Piece]:
    """Every money KPI that is a sum over accounts."""
    out: dict[str, Piece] = {}
    if moved is not None:
        out |= bridge_pieces(moved)
    if context.has("invoices"):
        out |= invoice_pieces(context)
    if context.has("contracts"):
        out["tcv_contract"] = contract_piece(context)
    if context.has("referrals"):
        out |= referral_pieces(context)
    return out
