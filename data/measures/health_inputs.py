"""What a health score is made of, per account at the closing of a calendar month.

These are states and means of single accounts, not sums: they are asked for on the month panel, and
only for scoring. Absent values stay missing. What the panel has already under another name (open
contacts past their deadline, overdue money, latest rating) is added by `with_derived`.
Reading 41 of docs/readings.md and the preset table say what each is for.
"""

from collections.abc import Container
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import AddDays, DaysBetween, total
from data.measures.lines import exact
from data.measures.measure import MILLION, Context, Family, Measure, table
from data.measures.recurring import account_ids, first_day_without, terms
from data.measures.surveys import csat_answers, last_answers, relationship_nps
from data.measures.usage import Use, use_days

NPS_DAYS = 180
CSAT_DAYS = 90


def _input(name: str, meaning: str, unit: str, *needs: str) -> Measure:
    return Measure(name, meaning, "state", unit, needs)


MEASURES = (
    _input("health_active_users", "Active users of the month", "count", "usage|usage_daily"),
    _input("health_seats", "Seats at closing", "count", "usage_daily.seats|subscriptions.seats|accounts.seats"),
    _input("health_active_days", "Days with use in the month, active at closing or not", "days", "usage|usage_daily"),
    _input("health_features_used", "Features used in the month", "count", "usage.feature|usage_daily.features_used"),
    _input("health_features_available", "Features available", "count", "usage.feature|usage_daily.features_available"),
    _input("usage_fed", "1 once the account has been seen in the usage feed, else 0", "count", "usage|usage_daily"),
    _input("health_nps_mean", "Mean of respondents' last NPS answers of 180 days", "points", "surveys"),
    _input("health_nps_age_days", "Days since the newest of them", "days", "surveys"),
    _input("health_csat_satisfied_90d", "Satisfied CSAT answers of 90 days", "count", "surveys"),
    _input("health_csat_answers_90d", "CSAT answers of 90 days", "count", "surveys"),
    _input(
        "health_tenure_days", "Days since the first active day, or since creation", "days", "subscriptions|accounts"
    ),
    _input("health_notice_given", "1 when notice has been given, else 0", "count", "subscriptions"),
)
DERIVED = ("sla_open", "overdue_mrr_amount", "health_overdue_count", "health_feeling", "contacts_fed", "invoices_fed")


def _usage_fed(context: Context) -> sa.Select[Any]:
    """First day of each account in the usage feed."""
    columns = [
        sa.select(table(name).c.account_id, table(name).c.used_on)
        for name in ("usage", "usage_daily")
        if context.has(name)
    ]
    rows = sa.union_all(*columns).subquery() if len(columns) > 1 else columns[0].subquery()
    return sa.select(rows.c.account_id, sa.func.min(rows.c.used_on).label("since")).group_by(rows.c.account_id)


def _nps(context: Context) -> sa.Select[Any]:
    answers, calendar = relationship_nps(), context.calendar
    recent = sa.and_(answers.c.day > AddDays(calendar.c.closes_on, -NPS_DAYS), answers.c.day <= calendar.c.closes_on)
    seen = sa.select(calendar.c.no, calendar.c.closes_on, *answers.c).join_from(answers, calendar, recent)
    last = last_answers(seen.where(answers.c.account_id != "").subquery(), "no")
    mean = sa.cast(sa.func.sum(exact(last.c.score)), sa.Double) / sa.func.count() / float(MILLION)
    age = sa.func.min(DaysBetween(last.c.day, last.c.closes_on))
    return sa.select(last.c.no, last.c.account_id, mean.label("mean"), age.label("age")).group_by(
        last.c.no, last.c.account_id
    )


def _csat(context: Context) -> sa.Select[Any]:
    answers, calendar = csat_answers(context), context.calendar
    recent = sa.and_(answers.c.day > AddDays(calendar.c.closes_on, -CSAT_DAYS), answers.c.day <= calendar.c.closes_on)
    return (
        sa.select(
            calendar.c.no,
            answers.c.account_id,
            total(answers.c.csat_satisfied).label("satisfied"),
            total(answers.c.csat_answers).label("answers"),
        )
        .join_from(answers, calendar, recent)
        .where(answers.c.account_id != "")
        .group_by(calendar.c.no, answers.c.account_id)
    )


def _notices(context: Context) -> sa.Select[Any]:
    rows, calendar = table("subscriptions"), context.calendar
    ends = first_day_without(context)
    in_force = sa.and_(rows.c.started_on <= calendar.c.closes_on, sa.or_(ends.is_(None), ends > calendar.c.closes_on))
    given = sa.and_(in_force, rows.c.cancelled_on <= calendar.c.closes_on)
    return sa.select(calendar.c.no, rows.c.account_id).join_from(rows, calendar, given).distinct()


def _first_active(context: Context) -> sa.Select[Any]:
    rows = terms(context)
    first = sa.func.min(rows.c.first_active_on).label("since")
    return sa.select(rows.c.account_id, first).group_by(rows.c.account_id)


class _Inputs:
    """One join of all accounts and periods with what is loaded."""

    def __init__(self, context: Context) -> None:
        self.context = context
        ids, calendar = account_ids(context), context.calendar
        base = sa.select(ids.c.account_id, calendar.c.no, calendar.c.closes_on)
        self.base = base.join_from(ids, calendar, sa.true()).cte("health_base")
        self.source: Any = self.base
        self.values: dict[str, ColumnElement[Any]] = {}

    def by_period(self, rows: Any) -> Any:
        same = sa.and_(rows.c.no == self.base.c.no, rows.c.account_id == self.base.c.account_id)
        self.source = sa.join(self.source, rows, same, isouter=True)
        return rows.c

    def by_account(self, rows: Any) -> Any:
        self.source = sa.join(self.source, rows, rows.c.account_id == self.base.c.account_id, isouter=True)
        return rows.c

    def select(self) -> sa.Select[Any]:
        kinds: dict[str, Any] = {"health_nps_mean": sa.Double()}
        columns = (
            sa.cast(self.values.get(m.name, sa.null()), kinds.get(m.name, sa.BigInteger())).label(m.name)
            for m in MEASURES
        )
        return sa.select(self.base.c.account_id, self.base.c.no, *columns).select_from(self.source)


def _build(context: Context) -> sa.Select[Any]:
    inputs = _Inputs(context)
    since = []
    if context.has("usage|usage_daily"):
        _add_usage(context, inputs)
    if context.has("surveys"):
        answers = inputs.by_period(_nps(context).subquery())
        csat = inputs.by_period(_csat(context).subquery())
        inputs.values |= {
            "health_nps_mean": answers.mean,
            "health_nps_age_days": answers.age,
            "health_csat_satisfied_90d": csat.satisfied,
            "health_csat_answers_90d": csat.answers,
        }
    if context.has("subscriptions"):
        notices = inputs.by_period(_notices(context).subquery())
        inputs.values["health_notice_given"] = sa.case((notices.account_id.is_not(None), 1), else_=0)
        since.append(inputs.by_account(_first_active(context).subquery()).since)
    since.append(inputs.by_account(table("accounts").alias("owners")).created_on)
    started = sa.func.coalesce(*since) if len(since) > 1 else since[0]
    inputs.values["health_tenure_days"] = DaysBetween(started, inputs.base.c.closes_on)
    return inputs.select()


def _add_usage(context: Context, inputs: _Inputs) -> None:
    use = Use(context)
    values = {
        "users": use.users,
        "seats": use.accounts.c.seats,
        "used": use.features_used,
        "available": use.features_available,
    }
    columns = (value.label(name) for name, value in values.items())
    held = sa.select(use.accounts.c.no, use.accounts.c.account_id, *columns).select_from(use.source).subquery()
    of_active = inputs.by_period(held)
    days = inputs.by_period(use_days(context)).days
    fed = inputs.by_account(_usage_fed(context).subquery()).since
    inputs.values |= {
        "health_active_users": of_active.users,
        "health_seats": of_active.seats,
        "health_features_used": of_active.used,
        "health_features_available": of_active.available,
        "health_active_days": sa.func.coalesce(days, 0),
        "usage_fed": sa.case((fed <= inputs.base.c.closes_on, 1), else_=0),
    }


FAMILY = Family("health_inputs", MEASURES, _build, absent_is_zero=False)


def with_derived(frame: pd.DataFrame, loaded: Container[str]) -> pd.DataFrame:
    """A month panel with the health inputs that it holds under another name, and flags for the feeds loaded.

    Adds sla_open, overdue_mrr_amount (unit of overdue_amount), health_overdue_count, health_feeling
    (0–100, missing without a valid rating), contacts_fed and invoices_fed.
    """
    points, raters = frame["feeling_points"].astype("Float64"), frame["feeling_accounts"]
    return frame.assign(
        sla_open=frame["sla_breached"],
        overdue_mrr_amount=frame["overdue_amount"],
        health_overdue_count=frame["overdue_count"],
        health_feeling=points.where(raters > 0),
        contacts_fed=int("contacts" in loaded),
        invoices_fed=int("invoices" in loaded),
    )
