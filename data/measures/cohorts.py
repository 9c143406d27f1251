"""Cohorts (MRR now of the accounts active 1, 3 or 12 months ago) and the losses of the last six whole months.

Readings 11 and 12 of docs/readings.md: without the history there is no value.
"""

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.calendar import month_ends
from data.measures.elements import count_where, sum_where, total
from data.measures.measure import MONTH_ENDS, Context, Family, Measure
from data.measures.recurring import account_states

BACK = (1, 3, 12)

COHORTS = tuple(
    Measure(f"mrr_{name}_{back}m", meaning.format(back=back), "trailing", "money", ("subscriptions",))
    for back in BACK
    for name, meaning in (
        ("then", "MRR {back} months before the closing day"),
        ("now", "MRR at closing of the accounts active {back} months before"),
        ("kept", "The smaller of MRR now and MRR {back} months before, account by account"),
    )
) + tuple(
    Measure(f"accounts_then_{back}m", f"Accounts active {back} months before", "trailing", "count", ("subscriptions",))
    for back in BACK
)
TRAILING = tuple(
    Measure(name, meaning, "trailing", "count", ("subscriptions",))
    for name, meaning in (
        ("lost_accounts_6m", "Accounts lost in the last six whole months, month by month"),
        ("opening_accounts_6m", "Accounts active at the opening of each of the last six whole months"),
    )
)


def _number(number: int) -> ColumnElement[Any]:
    return sa.literal_column(str(number), sa.Integer)


def _cohorts(context: Context) -> sa.Select[Any]:
    states, calendar = account_states(context), context.calendar
    days = {0: calendar.c.closes_on, **{back: calendar.c[f"back_{back}m"] for back in BACK}}
    days_back = sa.union_all(
        *(sa.select(calendar.c.no, _number(back).label("back"), day.label("day")) for back, day in days.items())
    ).subquery()
    by_account = sa.select(days_back.c.no, states.c.account_id)
    for back in (0, *BACK):
        by_account = by_account.add_columns(
            sum_where(days_back.c.back == back, states.c.mrr).label(f"mrr_{back}"),
            count_where(days_back.c.back == back).label(f"active_{back}"),
        )
    found = (
        by_account.join_from(states, days_back, days_back.c.day == states.c.day)
        .group_by(days_back.c.no, states.c.account_id)
        .subquery()
    )
    zero, one = sa.literal_column("0", sa.BigInteger), sa.literal_column("1", sa.BigInteger)
    columns = []
    for back in BACK:
        then, now, was = found.c[f"mrr_{back}"], found.c.mrr_0, found.c[f"active_{back}"] > 0
        columns += [
            then.label(f"mrr_then_{back}m"),
            sa.case((was, now), else_=zero).label(f"mrr_now_{back}m"),
            sa.case((sa.and_(was, now < then), now), (was, then), else_=zero).label(f"mrr_kept_{back}m"),
            sa.case((was, one), else_=zero).label(f"accounts_then_{back}m"),
        ]
    return sa.select(found.c.account_id, found.c.no, *columns)


def _cohorts_first(context: Context) -> Mapping[str, int]:
    earliest = context.earliest.get("subscriptions")
    first: dict[str, int] = {}
    for back in BACK:
        days = [getattr(period, f"back_{back}m") for period in context.periods]
        number = sum(1 for day in days if earliest is None or day < earliest)
        first |= {f"mrr_{name}_{back}m": number for name in ("then", "now", "kept")} | {
            f"accounts_then_{back}m": number
        }
    return first


def _trailing(context: Context) -> sa.Select[Any]:
    states, calendar = account_states(context), context.calendar
    ends = [calendar.c[f"month_end_{back}"] for back in range(MONTH_ENDS)]
    months = sa.union(
        *(
            sa.select(ends[0].label("run"), later.label("month"), earlier.label("before"))
            for later, earlier in pairwise(ends)
        )
    ).cte("months_of_run")
    month_sides = sa.union(
        sa.select(months.c.month, _number(0).label("side"), months.c.before.label("day")),
        sa.select(months.c.month, _number(1), months.c.month),
    ).subquery()
    both = (
        sa.select(
            month_sides.c.month,
            states.c.account_id,
            count_where(month_sides.c.side == 0).label("was"),
            count_where(month_sides.c.side == 1).label("now"),
        )
        .join_from(states, month_sides, month_sides.c.day == states.c.day)
        .group_by(month_sides.c.month, states.c.account_id)
        .subquery()
    )
    lost = sa.and_(both.c.was > 0, both.c.now == 0)
    summed = (
        sa.select(
            months.c.run,
            both.c.account_id,
            count_where(lost).label("lost_accounts_6m"),
            total(both.c.was).label("opening_accounts_6m"),
        )
        .join_from(both, months, months.c.month == both.c.month)
        .where(both.c.was > 0)
        .group_by(months.c.run, both.c.account_id)
        .subquery()
    )
    return sa.select(
        summed.c.account_id, calendar.c.no, summed.c.lost_accounts_6m, summed.c.opening_accounts_6m
    ).join_from(summed, calendar, calendar.c.month_end_0 == summed.c.run)


def _trailing_first(context: Context) -> Mapping[str, int]:
    earliest = context.earliest.get("subscriptions")
    starts = [month_ends(period.closing, MONTH_ENDS)[-1] + timedelta(days=1) for period in context.periods]
    number = sum(1 for start in starts if earliest is None or start < earliest.replace(day=1))
    return {measure.name: number for measure in TRAILING}


FAMILY = Family("cohorts", COHORTS, _cohorts, _cohorts_first)
TRAILING_FAMILY = Family("trailing", TRAILING, _trailing, _trailing_first)
