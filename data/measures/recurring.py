"""Recurring money by day: the rows of `subscriptions` under the policies, and their state on the days that matter.

Shared by the families that read MRR or ask who is active. Readings 7, 8 and 10 of docs/readings.md.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import DayLiteral, ToInteger, total
from data.measures.measure import MILLION, MONTH_ENDS, Context, millionths, rate, table

_NOTHING = sa.literal_column("0", sa.BigInteger)


STATE_DAYS = ("opens_on", "closes_on", "back_1m", "back_3m", "back_12m", *(f"month_end_{n}" for n in range(MONTH_ENDS)))


def _state_days(context: Context) -> sa.Select[Any]:
    calendar = context.calendar
    days = sa.union_all(*(sa.select(calendar.c[name].label("day")) for name in STATE_DAYS)).subquery()
    earliest = context.earliest.get("subscriptions", context.as_of)
    return sa.select(days.c.day).where(days.c.day >= DayLiteral(earliest)).distinct()


def mrr(context: Context) -> ColumnElement[Any]:
    """MRR of a subscription row in integer millionths, rounded once; 0 for what does not count as recurring."""
    rows = table("subscriptions")
    policies = context.policies
    discount: ColumnElement[Any] = sa.func.coalesce(rows.c.discount, 0.0)
    if policies.discounts == "permanent_only":
        discount = sa.case((rows.c.discount_kind == "temporary", 0.0), else_=discount)
    monthly = (rows.c.amount - discount) / sa.func.coalesce(rows.c.billing_months, 1.0)
    unpaid_states = ["trial", "free"] if policies.paused == "still" else ["trial", "free", "paused"]
    nothing: ColumnElement[bool] = sa.func.coalesce(rows.c.status, "active").in_(unpaid_states)
    if policies.metered == "out":
        nothing = sa.or_(nothing, sa.func.coalesce(rows.c.is_metered, sa.false()) == sa.true())
    return sa.case((nothing, _NOTHING), else_=millionths(monthly, rate(policies, rows.c.currency)))


def first_day_without(context: Context) -> ColumnElement[Any]:
    """The day a row stops counting: its end, or its cancellation where that is when churn is recognised."""
    rows = table("subscriptions")
    if context.policies.churn_recognised == "end_of_paid_period":
        return rows.c.ended_on
    earlier = sa.or_(rows.c.ended_on.is_(None), rows.c.cancelled_on < rows.c.ended_on)
    return sa.case((sa.and_(rows.c.cancelled_on.is_not(None), earlier), rows.c.cancelled_on), else_=rows.c.ended_on)


def _terms(context: Context) -> sa.Select[Any]:
    rows = table("subscriptions")
    product = sa.func.coalesce(rows.c.product, "")
    if context.policies.netting == "account":
        line: ColumnElement[Any] = sa.literal("", sa.String)
    else:
        line = sa.func.first_value(product).over(
            partition_by=rows.c.subscription_id, order_by=[rows.c.started_on, product.desc()]
        )
    lasting = (
        sa.select(
            rows.c.account_id,
            line.label("line"),
            rows.c.started_on,
            first_day_without(context).label("ended_on"),
            mrr(context).label("mrr"),
            rows.c.status,
            rows.c.plan,
            ToInteger(rows.c.quantity * float(MILLION)).label("quantity"),
        )
    ).subquery()
    real = sa.or_(lasting.c.ended_on.is_(None), lasting.c.ended_on > lasting.c.started_on)
    paid_from = sa.case((sa.and_(real, lasting.c.mrr > 0), lasting.c.started_on))
    with_first = (
        sa.select(*lasting.c, sa.func.min(paid_from).over(partition_by=lasting.c.account_id).label("first_active_on"))
        .where(real)
        .subquery()
    )
    counts: ColumnElement[bool] = with_first.c.mrr > 0
    if context.policies.paid_to_free == "stays":
        free = sa.and_(with_first.c.status == "free", with_first.c.started_on >= with_first.c.first_active_on)
        counts = sa.or_(counts, free)
    return sa.select(*(c for c in with_first.c if c.name != "status")).where(counts)


def terms(context: Context) -> sa.CTE:
    """Rows that make an account active, with their line, MRR and the account's first_active_on."""
    return context.shared("terms", _terms)


def _line_states(context: Context) -> sa.Select[Any]:
    rows, days = terms(context), context.shared("state_days", _state_days)
    in_force = sa.and_(rows.c.started_on <= days.c.day, sa.or_(rows.c.ended_on.is_(None), rows.c.ended_on > days.c.day))
    described = sa.and_(rows.c.plan.is_not(None), rows.c.quantity.is_not(None))
    return (
        sa.select(
            days.c.day,
            rows.c.account_id,
            rows.c.line,
            total(rows.c.mrr).label("mrr"),
            sa.func.count().label("held"),
            sa.func.count(sa.case((described, 1))).label("described"),
            sa.func.min(rows.c.plan).label("least_plan"),
            sa.func.max(rows.c.plan).label("greatest_plan"),
            total(rows.c.quantity).label("quantity"),
            sa.func.min(rows.c.first_active_on).label("first_active_on"),
        )
        .join_from(rows, days, in_force)
        .group_by(days.c.day, rows.c.account_id, rows.c.line)
    )


def line_states(context: Context) -> sa.CTE:
    """Product lines in force on each day that matters: day, account_id, line, mrr, held (rows) and their terms."""
    return context.shared("line_states", _line_states)


def _account_states(context: Context) -> sa.Select[Any]:
    lines = line_states(context)
    return sa.select(lines.c.day, lines.c.account_id, total(lines.c.mrr).label("mrr")).group_by(
        lines.c.day, lines.c.account_id
    )


def account_states(context: Context) -> sa.CTE:
    """Active accounts on each day that matters: day, account_id, mrr."""
    return context.shared("account_states", _account_states)


def _account_ids(context: Context) -> sa.Select[Any]:
    columns = []
    for name in (
        "accounts",
        "subscriptions",
        "contracts",
        "churn_events",
        "renewals",
        "invoices",
        "usage",
        "usage_daily",
        "contacts",
        "surveys",
        "sentiment",
        "referrals",
        "observations",
        "monthly",
    ):
        if not context.has(name):
            continue
        own = ("referrer_account_id", "referred_account_id") if name == "referrals" else ("account_id",)
        columns += [table(name).c[column] for column in own]
    if not columns:
        columns = [table("accounts").c.account_id]
    found = sa.union_all(*(sa.select(column.label("account_id")) for column in columns)).subquery()
    known = sa.and_(found.c.account_id.is_not(None), found.c.account_id != "")
    return sa.select(found.c.account_id).where(known).distinct()


def account_ids(context: Context) -> sa.CTE:
    """Every account of the workspace: those of the accounts table and every id that occurs in another."""
    return context.shared("account_ids", _account_ids)


def _active(context: Context) -> sa.Select[Any]:
    if not context.has("subscriptions"):
        ids, calendar = account_ids(context), context.calendar
        return sa.select(ids.c.account_id, calendar.c.no, _NOTHING.label("mrr")).join_from(ids, calendar, sa.true())
    states, calendar = account_states(context), context.calendar
    return sa.select(states.c.account_id, calendar.c.no, states.c.mrr).join_from(
        states, calendar, calendar.c.closes_on == states.c.day
    )


def active(context: Context) -> sa.CTE:
    """Accounts active at closing: account_id, no, mrr. Without a subscriptions table, all accounts with MRR 0."""
    return context.shared("active", _active)
