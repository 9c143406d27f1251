"""Use of the product: users, seats, active days, features."""

from functools import cached_property

import pandas as pd

from .context import Context, Piece
from .days import DAY, Period, period_of
from .frames import by_account

SEAT_WINDOW = pd.Timedelta(days=62)


class Use:
    """What accounts did with the product, asked by stretch of days."""

    def __init__(self, context: Context) -> None:
        """Keep the tables; without one of them it is as if it had no rows."""
        self.context = context
        empty = pd.DataFrame(columns=["account_id", "used_on", "user_id", "feature", "events"])
        self.usage = context.tables.get("usage", empty)
        columns = ["account_id", "used_on", "active_users", "seats", "events", "features_used", "features_available"]
        self.daily = context.tables.get("usage_daily", pd.DataFrame(columns=columns))
        self.usage, self.daily = (f.sort_values("used_on", kind="stable") for f in (self.usage, self.daily))
        self.loaded = context.has("usage") or context.has("usage_daily")

    def within(self, frame: pd.DataFrame, start: pd.Timestamp, closing: pd.Timestamp) -> pd.DataFrame:
        """Rows of a use table (in order of day) from `start` to `closing`, both days counted."""
        if frame.empty:
            return frame
        first, last = frame["used_on"].searchsorted(start, "left"), frame["used_on"].searchsorted(closing, "right")
        return frame.iloc[first:last]

    def users(self, start: pd.Timestamp, closing: pd.Timestamp) -> dict[str, float]:
        """Active users by account; accounts without use are not in it."""
        rows = self.within(self.usage, start, closing)
        rows = rows[rows["user_id"].notna()]
        by_name = rows.groupby("account_id")["user_id"].nunique()
        busiest = self.within(self.daily, start, closing).groupby("account_id")["active_users"].max().dropna()
        return {**by_account(busiest), **by_account(by_name)}

    def seats(self, closing: pd.Timestamp) -> dict[str, float]:
        """Seats by account on a day: from daily use, else from subscriptions in force, else from the account."""
        found: dict[str, float] = {}
        if self.context.has("accounts"):
            accounts = self.context.tables["accounts"]
            found |= by_account(accounts.dropna(subset="seats").set_index("account_id")["seats"])
        if self.context.has("subscriptions"):
            rows = self.context.book.in_force(closing).dropna(subset="seats")
            found |= by_account(rows.groupby("account_id")["seats"].sum())
        recent = self.within(self.daily, closing - SEAT_WINDOW + DAY, closing).dropna(subset="seats")
        found |= by_account(recent.groupby("account_id")["seats"].last())
        return found

    @cached_property
    def days(self) -> pd.DataFrame:
        """The distinct days each account used the product."""
        daily = self.daily
        daily = daily[(daily["events"] > 0) | (daily["active_users"] > 0)]
        both = pd.concat([self.usage[["account_id", "used_on"]], daily[["account_id", "used_on"]]])
        return both.drop_duplicates().sort_values("used_on", kind="stable")

    def active_days(self, start: pd.Timestamp, closing: pd.Timestamp) -> dict[str, int]:
        """Days with use by account."""
        return by_account(self.within(self.days, start, closing).groupby("account_id").size())

    @cached_property
    def first_seen_features(self) -> pd.Series:
        """The first day each feature was used by anyone."""
        return self.usage[self.usage["feature"].notna()].groupby("feature")["used_on"].min()

    def features(self, start: pd.Timestamp, closing: pd.Timestamp) -> tuple[dict, dict, int]:
        """Features used by account, features available by account where known, and those anyone ever used."""
        rows = self.within(self.usage, start, closing)
        used = rows[rows["feature"].notna()].groupby("account_id")["feature"].nunique().to_dict()
        daily = self.within(self.daily, start, closing)
        known = daily[daily["features_available"].notna()].groupby("account_id")["features_available"].last()
        most = daily.groupby("account_id")["features_used"].max().dropna()
        from_daily = {a: (most[a], known[a]) for a in known.index if a in most.index}
        return used, from_daily, int((self.first_seen_features <= closing).sum())


def pieces(context: Context, use: Use) -> dict[str, Piece]:
    """Adoption, feature adoption, engagement, stickiness and accounts at their seat limit."""
    if not use.loaded:
        return {}

    def adoption(p: Period) -> pd.DataFrame:
        users, seats = use.users(p.start, p.closing), use.seats(p.closing)
        rows = [(a, users.get(a, 0), seats[a]) for a in sorted(context.active(p)) if seats.get(a, 0) > 0]
        frame = pd.DataFrame(rows, columns=["account_id", "num", "den"])
        frame["full"] = (frame["num"] * 10 >= frame["den"] * 9).astype(int)
        return frame

    def features(p: Period) -> pd.DataFrame:
        used, from_daily, ever = use.features(p.start, p.closing)
        rows = [(a, *from_daily.get(a, (used.get(a, 0), ever))) for a in sorted(context.active(p))]
        return pd.DataFrame(rows, columns=["account_id", "num", "den"])

    def engagement(p: Period) -> pd.DataFrame:
        days = use.active_days(p.start, p.closing)
        rows = [(a, days.get(a, 0), p.working_days) for a in sorted(context.active(p))]
        return pd.DataFrame(rows, columns=["account_id", "num", "den"])

    adopted = context.at_closings(adoption)
    out = {
        "adoption": Piece(adopted[["account_id", "period", "num", "den"]]),
        "at_seat_limit": Piece(adopted.assign(num=adopted["full"], den=1)),
        "feature_adoption": Piece(context.at_closings(features)),
        "engagement": Piece(context.at_closings(engagement)),
    }
    if context.has("usage"):
        out["stickiness"] = Piece(stickiness(context))
    return out


def stickiness(context: Context) -> pd.DataFrame:
    """Users summed over days against the period's users times its days, by account."""
    rows = context.tables["usage"]
    rows = rows[rows["user_id"].notna()][["account_id", "user_id", "used_on"]].drop_duplicates()
    rows["period"] = period_of(rows["used_on"], context.periods)
    rows = rows[rows["period"].notna()]
    by = rows.groupby(["account_id", "period"])
    out = pd.DataFrame({"num": by.size(), "distinct": by["user_id"].nunique()}).reset_index()
    days = {p.id: p.days for p in context.periods}
    out["den"] = out["distinct"] * out["period"].map(days)
    return out[["account_id", "period", "num", "den"]]
