"""The book of subscriptions: what an account pays on a day, and how that moved between two days."""

from decimal import Decimal

import pandas as pd

from .days import DAY
from .frames import Policies, Tables, millionths, settings_rate, true, word

FREE = ("trial", "free", "paused")
MOVEMENTS = ("new", "reactivation", "upsell", "cross_sell", "uplift", "contraction", "churned")


def row_mrr(row: object, policies: Policies) -> int:
    """MRR of one subscription row, in millionths; 0 for trial, free, paused and metered rows."""
    if row.state in FREE or row.metered:  # type: ignore[attr-defined]
        return 0

    def number(value: float, default: float) -> Decimal:
        return Decimal(repr(float(default if pd.isna(value) else value)))

    net = number(row.amount, 0) - number(row.discount, 0)  # type: ignore[attr-defined]
    rate = Decimal(repr(float(settings_rate(row.currency, policies))))  # type: ignore[attr-defined]
    return max(0, millionths(net / number(row.billing_months, 1) * rate))  # type: ignore[attr-defined]


class Book:
    """Subscription rows with their MRR and product line, asked day by day."""

    def __init__(self, tables: Tables, policies: Policies) -> None:
        """Give every row its MRR and its line, and find when each account first paid."""
        rows = tables["subscriptions"].copy()
        rows["state"] = word(rows["status"])
        rows["metered"] = true(rows["is_metered"])
        rows["mrr"] = pd.Series([row_mrr(r, policies) for r in rows.itertuples()], index=rows.index, dtype="int64")
        first = rows.sort_values("started_on", kind="stable").groupby("subscription_id", sort=False)["product"]
        line = first.apply(lambda products: products.iloc[0] if products.iloc[0] is not None else "")
        rows["line"] = rows["subscription_id"].map(line)
        rows["ends"] = rows["ended_on"].fillna(pd.Timestamp("2200-01-01"))
        self.rows = rows
        self.earliest_start = rows["started_on"].min()
        paying = rows[(rows["mrr"] > 0) & (rows["ends"] > rows["started_on"])]
        self.first_active_day = paying.groupby("account_id")["started_on"].min()
        self.stretches = {a: _merged(g) for a, g in paying.groupby("account_id")}
        self._days: dict[pd.Timestamp, pd.DataFrame] = {}
        self._lines: dict[pd.Timestamp, dict] = {}

    def in_force(self, day: pd.Timestamp) -> pd.DataFrame:
        """Rows that apply on a day, whatever they are worth."""
        return self.rows[(self.rows["started_on"] <= day) & (day < self.rows["ends"])]

    def paying(self, day: pd.Timestamp) -> pd.DataFrame:
        """Rows that apply on a day with MRR above 0."""
        if day not in self._days:
            rows = self.in_force(day)
            self._days[day] = rows[rows["mrr"] > 0]
        return self._days[day]

    def mrr(self, day: pd.Timestamp) -> pd.Series:
        """MRR by account on a day, in millionths; only active accounts are in it."""
        return self.paying(day).groupby("account_id")["mrr"].sum()

    def active(self, day: pd.Timestamp) -> set[str]:
        """The accounts active on a day."""
        return set(self.paying(day)["account_id"])

    def lines(self, day: pd.Timestamp) -> dict[tuple[str, str], dict]:
        """What each account's product lines look like on a day: MRR and, where all known, plans, rows, quantity."""
        if day not in self._lines:
            held: dict[tuple[str, str], list] = {}
            for row in self.paying(day).itertuples():
                held.setdefault((str(row.account_id), str(row.line)), []).append(row)
            out = {}
            for key, rows in held.items():
                plans, quantities = [r.plan for r in rows], [r.quantity for r in rows]
                terms = (min(plans), max(plans), len(rows), sum(quantities)) if self._known(plans, quantities) else None
                out[key] = {"mrr": sum(r.mrr for r in rows), "terms": terms}
            self._lines[day] = out
        return self._lines[day]

    @staticmethod
    def _known(plans: list, quantities: list) -> bool:
        """Whether every row of a line says its plan and quantity."""
        return not any(pd.isna(p) for p in plans) and not any(pd.isna(q) for q in quantities)

    def movements(self, opening: pd.Timestamp, closing: pd.Timestamp) -> pd.DataFrame:
        """One row per account active at either end: its MRR at both, what moved, and whether it came or left."""
        then, now = self.mrr(opening), self.mrr(closing)
        lines_then, lines_now = self.lines(opening), self.lines(closing)
        held: dict[str, set[str]] = {}
        for account, line in [*lines_then, *lines_now]:
            held.setdefault(account, set()).add(line)
        out = []
        for account in sorted(set(then.index) | set(now.index)):
            row = dict.fromkeys(MOVEMENTS, 0)
            was, is_now = int(then.get(account, 0)), int(now.get(account, 0))
            if was == 0:
                first_time = self.first_active_day[account] > opening
                row["new" if first_time else "reactivation"] = is_now
            elif is_now == 0:
                row["churned"] = was
            else:
                for line in held[account]:
                    a, b = lines_then.get((account, line)), lines_now.get((account, line))
                    change = (b["mrr"] if b else 0) - (a["mrr"] if a else 0)
                    if change < 0:
                        row["contraction"] -= change
                    elif a is None:
                        row["cross_sell"] += change
                    elif change > 0:
                        same = a["terms"] is not None and b is not None and a["terms"] == b["terms"]
                        row["uplift" if same else "upsell"] += change
            out.append({"account_id": account, "opening": was, "closing": is_now, **row})
        frame = pd.DataFrame(out, columns=["account_id", "opening", "closing", *MOVEMENTS])
        frame["was_active"] = (frame["opening"] > 0).astype(int)
        frame["is_active"] = (frame["closing"] > 0).astype(int)
        frame["lost"] = ((frame["opening"] > 0) & (frame["closing"] == 0)).astype(int)
        frame["new_account"] = (frame["new"] > 0).astype(int)
        return frame


def _merged(rows: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """The stretches of days with MRR of one account, as (first day, first day without)."""
    out: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    for start, end in sorted(zip(rows["started_on"], rows["ends"], strict=True)):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def whole_months_before(closing: pd.Timestamp, count: int) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """(first, last) day of the last `count` calendar months that ended on or before a day."""
    first_of_next = (closing + DAY).replace(day=1)  # the month before this one is whole
    out = []
    for k in range(count, 0, -1):
        start = first_of_next - pd.DateOffset(months=k)
        out.append((start, start + pd.DateOffset(months=1) - DAY))
    return out
