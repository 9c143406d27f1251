"""Activity of customers without a subscription, such as those of a shop: who ordered in the last N days.

Orders are invoices that are neither void nor credits. Reading 37 of docs/readings.md.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from data.measures.elements import AddDays
from data.measures.invoices import credit, valid
from data.measures.measure import Context, Family, Measure, table

MEASURES = (
    Measure("activity_opening_accounts", "Accounts with a recent order at opening", "stock", "count", ("invoices",)),
    Measure("activity_lost_accounts", "Of those, without one at closing", "movement", "count", ("invoices",)),
)


def _activity(context: Context) -> sa.Select[Any]:
    invoices, calendar = table("invoices"), context.calendar
    days = context.policies.inactivity_days
    orders = (
        sa.select(invoices.c.account_id, invoices.c.issued_on).where(valid(), sa.not_(credit())).distinct().subquery()
    )
    order = orders.c.issued_on
    after_opening = AddDays(calendar.c.opens_on, -days)
    at_opening = sa.and_(order > after_opening, order <= calendar.c.opens_on)
    at_closing = order > AddDays(calendar.c.closes_on, -days)
    found = (
        sa.select(
            calendar.c.no,
            orders.c.account_id,
            sa.func.max(sa.case((at_opening, 1), else_=0)).label("was"),
            sa.func.max(sa.case((at_closing, 1), else_=0)).label("now"),
        )
        .join_from(orders, calendar, sa.and_(order > after_opening, order <= calendar.c.closes_on))
        .group_by(calendar.c.no, orders.c.account_id)
        .subquery()
    )
    lost = sa.case((sa.and_(found.c.was == 1, found.c.now == 0), 1), else_=0)
    columns = {"activity_opening_accounts": found.c.was, "activity_lost_accounts": lost}
    casts = (sa.cast(value, sa.BigInteger).label(name) for name, value in columns.items())
    return sa.select(found.c.account_id, found.c.no, *casts)


def _first_no(context: Context) -> Mapping[str, int]:
    """The first period whose window at opening lies wholly within the orders."""
    first, days = context.earliest.get("orders"), context.policies.inactivity_days
    starts = [period.opening - timedelta(days=days - 1) for period in context.periods]
    number = sum(1 for start in starts if first is None or start < first)
    return {measure.name: number for measure in MEASURES}


FAMILY = Family("activity", MEASURES, _activity, _first_no)
