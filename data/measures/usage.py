"""Use of the product: users against seats, active days, features, stickiness.

Everything but stickiness is over accounts active at closing. Readings 14 to 18 of docs/readings.md.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import AddDays, PeriodStart, total
from data.measures.measure import Context, Family, Measure, events, table
from data.measures.recurring import active, first_day_without

SEATS_KNOWN_FOR_DAYS = 62
_ZERO = sa.literal_column("0", sa.BigInteger)
_ONE = sa.literal_column("1", sa.BigInteger)
_USE = "usage|usage_daily"
_SEATS = "usage_daily.seats|subscriptions.seats|accounts.seats"
_FEATURES = "usage.feature|usage_daily.features_available"


MEASURES = (
    Measure("adoption_users", "Active users of accounts with known seats", "distinct", "count", (_USE, _SEATS)),
    Measure("adoption_seats", "Seats at closing, where known", "stock", "count", (_USE, _SEATS)),
    Measure("seat_limit_accounts", "Accounts using 90 % of their seats or more", "distinct", "count", (_USE, _SEATS)),
    Measure("seat_known_accounts", "Accounts with known seats", "stock", "count", (_USE, _SEATS)),
    Measure("features_used", "Features used in the period", "distinct", "count", (_USE, _FEATURES)),
    Measure("features_available", "Features available", "stock", "count", (_USE, _FEATURES)),
    Measure("active_days", "Days with use in the period", "event", "days", (_USE,)),
    Measure("working_days", "Mondays to Fridays of the period, per active account", "event", "days", (_USE,)),
)
STICKINESS = (
    Measure("user_days", "Distinct users summed over the days of the period", "distinct", "count", ("usage.user_id",)),
    Measure("user_day_slots", "Days of the period × its distinct users", "distinct", "count", ("usage.user_id",)),
)


def _used(context: Context) -> sa.Select[Any]:
    """Distinct account, user (missing where unknown) and day."""
    usage = table("usage")
    rows = events(context, usage.c.used_on, usage.c.account_id, usage.c.user_id)
    return sa.select(rows.c.no, rows.c.account_id, rows.c.user_id, rows.c.event_day).distinct()


def used(context: Context) -> sa.CTE:
    """Who used the product when: no, account_id, user_id, event_day."""
    return context.shared("used", _used)


def _named_users(context: Context) -> sa.Select[Any]:
    rows = used(context)
    keys = (rows.c.no, rows.c.account_id)
    people = (
        sa.select(*keys, sa.func.count().label("days"))
        .where(rows.c.user_id.is_not(None))
        .group_by(*keys, rows.c.user_id)
        .subquery()
    )
    counts = (sa.func.count().label("users"), total(people.c.days).label("user_days"))
    return sa.select(people.c.no, people.c.account_id, *counts).group_by(people.c.no, people.c.account_id)


def named_users(context: Context) -> sa.CTE:
    """Distinct users by their ids: no, account_id, users, user_days."""
    return context.shared("named_users", _named_users)


def _daily(context: Context) -> sa.Select[Any]:
    daily = table("usage_daily")
    names = ("active_users", "features_used", "features_available")
    rows = events(context, daily.c.used_on, daily.c.account_id, *(daily.c[name] for name in names))
    last = sa.case((rows.c.features_available.is_not(None), rows.c.event_day))
    last_known = sa.func.max(last).over(partition_by=[rows.c.no, rows.c.account_id]).label("features_known_on")
    days = sa.select(*rows.c, last_known).subquery()
    available = sa.case((days.c.event_day == days.c.features_known_on, days.c.features_available))
    return sa.select(
        days.c.no,
        days.c.account_id,
        sa.func.max(days.c.active_users).label("busiest"),
        sa.func.max(days.c.features_used).label("features_used"),
        sa.func.max(available).label("features_available"),
    ).group_by(days.c.no, days.c.account_id)


def daily(context: Context) -> sa.CTE:
    """Daily totals by period: no, account_id, busiest (users), features_used (most), features_available (last)."""
    return context.shared("daily", _daily)


def _use_days(context: Context) -> sa.Select[Any]:
    found = []
    if context.has("usage"):
        rows = used(context)
        found.append(sa.select(rows.c.no, rows.c.account_id, rows.c.event_day))
    if context.has("usage_daily") or not found:
        totals = table("usage_daily")
        some = sa.or_(totals.c.events > 0, totals.c.active_users > 0)
        days = events(context, totals.c.used_on, totals.c.account_id, where=some)
        found.append(sa.select(days.c.no, days.c.account_id, days.c.event_day))
    distinct = sa.union(*found).subquery() if len(found) > 1 else found[0].distinct().subquery()
    return sa.select(distinct.c.no, distinct.c.account_id, sa.func.count().label("days")).group_by(
        distinct.c.no, distinct.c.account_id
    )


def use_days(context: Context) -> sa.CTE:
    """Distinct days with use: no, account_id, days."""
    return context.shared("use_days", _use_days)


def _daily_seats(context: Context) -> sa.Select[Any]:
    rows, calendar = table("usage_daily"), context.calendar
    starts = sa.select(
        rows.c.account_id, rows.c.used_on, PeriodStart(rows.c.used_on, context.grain).label("start")
    ).where(rows.c.seats.is_not(None))
    known = starts.subquery()
    last = (
        sa.select(known.c.account_id, sa.func.max(known.c.used_on).label("last_on"))
        .group_by(known.c.account_id, known.c.start)
        .subquery()
    )
    recent = sa.and_(
        last.c.last_on <= calendar.c.closes_on,
        last.c.last_on > AddDays(calendar.c.closes_on, -SEATS_KNOWN_FOR_DAYS),
    )
    newest = (
        sa.select(calendar.c.no, last.c.account_id, sa.func.max(last.c.last_on).label("last_on"))
        .join_from(last, calendar, recent)
        .group_by(calendar.c.no, last.c.account_id)
        .subquery()
    )
    same = sa.and_(rows.c.account_id == newest.c.account_id, rows.c.used_on == newest.c.last_on)
    return (
        sa.select(newest.c.no, newest.c.account_id, sa.func.max(rows.c.seats).label("seats"))
        .join_from(newest, rows, same)
        .group_by(newest.c.no, newest.c.account_id)
    )


def _subscription_seats(context: Context) -> sa.Select[Any]:
    rows, calendar = table("subscriptions"), context.calendar
    ends = first_day_without(context)
    in_force = sa.and_(rows.c.started_on <= calendar.c.closes_on, sa.or_(ends.is_(None), ends > calendar.c.closes_on))
    return (
        sa.select(calendar.c.no, rows.c.account_id, total(rows.c.seats).label("seats"))
        .join_from(rows, calendar, in_force)
        .where(rows.c.seats.is_not(None))
        .group_by(calendar.c.no, rows.c.account_id)
    )


def _seats(context: Context) -> sa.Select[Any]:
    """Seats of accounts active at closing, from the best source each has."""
    accounts, owners = active(context), table("accounts")
    source: Any = accounts
    known: list[ColumnElement[Any]] = []
    for name, build in (("usage_daily", _daily_seats), ("subscriptions", _subscription_seats)):
        if context.has(f"{name}.seats"):
            rows = context.shared(f"{name}_seats", build)
            same = sa.and_(rows.c.no == accounts.c.no, rows.c.account_id == accounts.c.account_id)
            source = sa.join(source, rows, same, isouter=True)
            known.append(rows.c.seats)
    source = sa.join(source, owners, owners.c.account_id == accounts.c.account_id, isouter=True)
    known.append(owners.c.seats)
    seats = sa.func.coalesce(*known) if len(known) > 1 else known[0]
    return sa.select(accounts.c.no, accounts.c.account_id, seats.label("seats")).select_from(source)


def seats(context: Context) -> sa.CTE:
    """Seats at closing of active accounts: no, account_id, seats (missing where unknown)."""
    return context.shared("seats", _seats)


def _features_seen(context: Context) -> sa.Select[Any]:
    usage = table("usage")
    rows = events(context, usage.c.used_on, usage.c.account_id, usage.c.feature, where=usage.c.feature.is_not(None))
    distinct = sa.select(rows.c.no, rows.c.account_id, rows.c.feature).distinct().subquery()
    return sa.select(distinct.c.no, distinct.c.account_id, sa.func.count().label("features")).group_by(
        distinct.c.no, distinct.c.account_id
    )


def _features_ever(context: Context) -> sa.Select[Any]:
    usage, calendar = table("usage"), context.calendar
    first = (
        sa.select(sa.func.min(usage.c.used_on).label("first_on"))
        .where(usage.c.feature.is_not(None))
        .group_by(usage.c.feature)
        .subquery()
    )
    return (
        sa.select(calendar.c.no, sa.func.count().label("features"))
        .join_from(first, calendar, first.c.first_on <= calendar.c.closes_on)
        .group_by(calendar.c.no)
    )


class Use:
    """Use of each account active at closing, as columns to select from one join."""

    def __init__(self, context: Context) -> None:
        """Join what is loaded; what is not contributes nothing."""
        self.accounts = seats(context)
        self.source: Any = self.accounts
        nothing: ColumnElement[Any] = sa.literal_column("NULL", sa.BigInteger)
        named = daily_users = nothing
        if context.has("usage.user_id"):
            named = self._join(named_users(context)).users
        most = available = nothing
        if context.has("usage_daily"):
            totals = self._join(daily(context))
            daily_users, most, available = totals.busiest, totals.features_used, totals.features_available
        self.days = sa.func.coalesce(self._join(use_days(context)).days, 0)
        self.users = sa.func.coalesce(named, daily_users, 0)
        seen = ever = nothing
        if context.has("usage.feature"):
            seen = self._join(context.shared("features_seen", _features_seen)).features
            everywhere = context.shared("features_ever", _features_ever)
            self.source = sa.join(self.source, everywhere, everywhere.c.no == self.accounts.c.no, isouter=True)
            ever = everywhere.c.features
        given = sa.and_(most.is_not(None), available.is_not(None))
        self.features_used = sa.case((given, most), else_=sa.func.coalesce(seen, 0))
        self.features_available = sa.case((given, available), else_=sa.func.coalesce(ever, 0))

    def _join(self, rows: sa.CTE) -> Any:
        same = sa.and_(rows.c.no == self.accounts.c.no, rows.c.account_id == self.accounts.c.account_id)
        self.source = sa.join(self.source, rows, same, isouter=True)
        return rows.c


def _usage(context: Context) -> sa.Select[Any]:
    use, calendar = Use(context), context.calendar
    accounts = use.accounts
    known = accounts.c.seats > 0
    at_limit = sa.and_(known, use.users * 10 >= accounts.c.seats * 9)
    values = {
        "adoption_users": sa.case((known, use.users), else_=_ZERO),
        "adoption_seats": sa.case((known, accounts.c.seats), else_=_ZERO),
        "seat_limit_accounts": sa.case((at_limit, _ONE), else_=_ZERO),
        "seat_known_accounts": sa.case((known, _ONE), else_=_ZERO),
        "features_used": use.features_used,
        "features_available": use.features_available,
        "active_days": use.days,
        "working_days": calendar.c.working_days,
    }
    columns = [sa.cast(values[measure.name], sa.BigInteger).label(measure.name) for measure in MEASURES]
    source = sa.join(use.source, calendar, calendar.c.no == accounts.c.no)
    return sa.select(accounts.c.account_id, accounts.c.no, *columns).select_from(source)


def _stickiness(context: Context) -> sa.Select[Any]:
    users, calendar = named_users(context), context.calendar
    slots = sa.cast(users.c.users * calendar.c.days, sa.BigInteger)
    return sa.select(users.c.account_id, users.c.no, users.c.user_days, slots.label("user_day_slots")).join_from(
        users, calendar, calendar.c.no == users.c.no
    )


FAMILY = Family("usage", MEASURES, _usage)
STICKINESS_FAMILY = Family("stickiness", STICKINESS, _stickiness)
