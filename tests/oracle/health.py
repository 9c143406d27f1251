"""Health score, balanced preset, account by account at the closing of a calendar month."""

import numpy as np
import pandas as pd

from .context import COMPANY, DAYS_90, Context
from .days import DAY
from .frames import word
from .money import invoice_rows
from .service import overdue_contacts
from .use import Use
from .voice import csat_rows, feelings, last_answers, nps_rows

CURVES: dict[str, tuple[list[float], list[float]]] = {
    "adoption": ([0, 30, 60, 80], [0, 30, 70, 100]),
    "usage_trend": ([0, 0.5, 0.8, 1.0, 1.1], [0, 20, 50, 80, 100]),
    "nps_account": ([0, 6, 7, 8, 9, 10], [0, 30, 50, 65, 90, 100]),
    "csat": ([50, 70, 85, 95], [0, 40, 80, 100]),
    "sla_open": ([0, 1, 2, 4], [100, 60, 30, 0]),
    "overdue": ([0, 0.5, 1, 2], [100, 60, 30, 0]),
    "cs_feeling": ([0, 100], [0, 100]),
}
WEIGHTS = {
    "adoption": 25.0,
    "usage_trend": 20.0,
    "nps_account": 15.0,
    "csat": 10.0,
    "sla_open": 10.0,
    "overdue": 10.0,
    "cs_feeling": 10.0,
}


class Health:
    """The inputs and the score of accounts, asked by closing day."""

    def __init__(self, context: Context, use: Use) -> None:
        """Prepare the rows the inputs are read from, once."""
        self.context, self.use = context, use
        first_days = pd.concat([use.usage[["account_id", "used_on"]], use.daily[["account_id", "used_on"]]])
        self.first_in_feed = first_days.groupby("account_id")["used_on"].min().to_dict() if len(first_days) else {}
        self.nps = nps_rows(context) if context.has("surveys") else None
        self.csat = csat_rows(context) if context.has("surveys") else None
        self.invoices = invoice_rows(context) if context.has("invoices") else None

    def inputs(self, closing: pd.Timestamp) -> dict[str, dict[str, float]]:
        """The raw inputs by name, then by account; an account an input is missing for is not in it."""
        active = sorted(self.context.book.active(closing))
        out = {
            "adoption": self.adoption(active, closing),
            "usage_trend": self.usage_trend(active, closing),
            "csat": self.csat_shares(active, closing),
            "overdue": self.overdue(active, closing),
        }
        if self.nps is not None:
            out["nps_account"] = {a: mean for a, (mean, _) in self.nps_means(closing).items()}
        if self.context.has("contacts"):
            late = overdue_contacts(self.context, closing)["account_id"].value_counts().to_dict()
            out["sla_open"] = {a: late.get(a, 0) for a in active}
        if self.context.has("sentiment"):
            out["cs_feeling"] = feelings(self.context, closing)
        return out

    def adoption(self, active: list[str], closing: pd.Timestamp) -> dict[str, float]:
        """Active users of the month in percent of seats; missing without seats or outside the feed."""
        if not self.use.loaded:
            return {}
        users, seats = self.use.users(closing.replace(day=1), closing), self.use.seats(closing)
        in_feed = {a for a, day in self.first_in_feed.items() if day <= closing}
        return {a: 100 * users.get(a, 0) / seats[a] for a in active if seats.get(a, 0) > 0 and a in in_feed}

    def usage_trend(self, active: list[str], closing: pd.Timestamp) -> dict[str, float]:
        """Active days of the month against the account's own mean two to six months before.

        A month is seen from the one of the account's first row in the feed on, used or not.
        """
        month = closing.replace(day=1)
        now = self.use.active_days(month, closing) if self.use.loaded else {}
        past = []
        for k in range(2, 7):
            start = month - pd.DateOffset(months=k)
            end = start + pd.DateOffset(months=1) - DAY
            past.append((end, self.use.active_days(start, end) if self.use.loaded else {}))
        out = {}
        for account in active:
            first = self.first_in_feed.get(account)
            seen = [days.get(account, 0) for end, days in past if first is not None and end >= first]
            if len(seen) >= 2 and sum(seen) > 0:
                out[account] = now.get(account, 0) / (sum(seen) / len(seen))
        return out

    def nps_means(self, closing: pd.Timestamp) -> dict[str, tuple[float, int]]:
        """By account: mean of respondents' last answers in 180 days, and the age in days of the newest."""
        if self.nps is None:
            return {}
        days = self.nps["responded_at"].dt.normalize()
        recent = self.nps[(days > closing - pd.Timedelta(days=180)) & (days <= closing)]
        recent = last_answers(recent[recent["account_id"] != COMPANY], [])
        by = recent.groupby("account_id")
        means, newest = by["score"].mean().to_dict(), by["responded_at"].max().dt.normalize().to_dict()
        return {str(account): (mean, (closing - newest[account]).days) for account, mean in means.items()}

    def csat_shares(self, active: list[str], closing: pd.Timestamp) -> dict[str, float]:
        """Satisfied share of 90 days in percent, pulled to the portfolio's with three pseudo-answers."""
        if self.csat is None:
            return {}
        days = self.csat["responded_at"].dt.normalize()
        recent = self.csat[(days > closing - pd.Timedelta(days=DAYS_90)) & (days <= closing)]
        recent = recent[recent["account_id"].isin(active)]
        if recent.empty:
            return {}
        portfolio = recent["good"].sum() / len(recent)
        sums = recent.groupby("account_id").agg(good=("good", "sum"), n=("answers", "sum"))
        return (100 * (sums["good"] + 3 * portfolio) / (sums["n"] + 3)).to_dict()

    def overdue(self, active: list[str], closing: pd.Timestamp) -> dict[str, float]:
        """Overdue amount in months of MRR; 0 where nothing is overdue."""
        if self.invoices is None:
            return {}
        rows = self.invoices
        paid = (rows["paid_on"] <= closing) | ((word(rows["status"]) == "paid") & rows["paid_on"].isna())
        late = rows[(rows["due_on"] < closing) & (rows["issued_on"] <= closing) & ~paid & ~rows["credit"]]
        owed, mrr = late.groupby("account_id")["net"].sum().to_dict(), self.context.book.mrr(closing)
        return {a: owed.get(a, 0) / mrr[a] for a in active}

    def scores(self, closing: pd.Timestamp) -> pd.DataFrame:
        """Score, one and MRR by account active at closing that has at least one input."""
        inputs, mrr = self.inputs(closing), self.context.book.mrr(closing)
        ages = {a: age for a, (_, age) in self.nps_means(closing).items()}
        out = []
        for account in sorted(mrr.index):
            points = weights = 0.0
            for name, values in inputs.items():
                if account not in values:
                    continue
                weight = WEIGHTS[name]
                if name == "nps_account" and ages[account] > 90:
                    weight /= 2
                points += weight * float(np.interp(values[account], *CURVES[name]))
                weights += weight
            if weights > 0:
                score = points / weights
                out.append((account, score, 1, score * mrr[account], mrr[account]))
        return pd.DataFrame(out, columns=["account_id", "score", "one", "score_mrr", "mrr"])
