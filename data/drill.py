"""The rows behind a number: contacts, answers, invoices … each with what it adds to a measure in a period.

Families that sum lines list those very lines; MRR lists subscription rows; any other measure lists
accounts with what each adds. The contributions sum to the measure of the panel, filtered alike.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.calendar import Period, parse
from data.facts import Cursor
from data.measures import (
    FAMILIES,
    contacts,
    contracts,
    costs,
    invoices,
    needs,
    observed,
    referrals,
    renewals,
    sentiment,
    surveys,
)
from data.measures.elements import DayLiteral
from data.measures.lines import SCALED, Lines
from data.measures.measure import COMPANY, MILLION, Context, Family, Measure, table
from data.measures.recurring import first_day_without, mrr
from data.panel import run
from data.policies import Policies
from data.problems import DataProblem, did_you_mean
from data.rows import EVERYTHING, Where, among, attributes_of
from data.schema import tables

SOURCES: Mapping[str, Callable[[Context], Sequence[Lines]]] = {
    module.FAMILY.name: module.lines
    for module in (contacts, surveys, renewals, invoices, referrals, costs, contracts, sentiment)
}
NO_METRICS: Mapping[str, str] = {}
# MRR that single subscription rows make up, and the side of the period they are in force on.
_MRR_ROWS = {
    "opening_mrr": "opening",
    "churned_mrr": "opening",
    "closing_mrr": "closing",
    "new_mrr": "closing",
    "reactivation_mrr": "closing",
}
_BESIDE = ("opening_mrr", "closing_mrr")
_INTERNAL = (
    "no",
    "event_day",
    "is_credit",
    "is_won",
    "given",
    "first_order_on",
    "points",
    "good",
    "opened_on",
    "solved_on",
)
_FIRST = ("table", "id", "account_id", "date")


def evidence_rows(
    connection: Cursor,
    measure: str,
    period: Period,
    where: Where = EVERYTHING,
    policies: Policies | None = None,
    as_of: date | None = None,
    metrics: Mapping[str, str] = NO_METRICS,
) -> pd.DataFrame:
    """The rows behind a measure in a period, those that add most first.

    Args:
        metrics: metrics of the company's own that are measures too: name in the data by name of the measure.
        where: values to keep by account attribute; rows without an account are left out then.
        as_of: the day the connection sees; missing = the period's closing day, or the latest day seen.

    Returns:
        Columns: table (canonical table of the row), id, account_id ('' = company row), date, the columns that
        explain the row, and contribution: it sums to the measure, in plain units (money in currency units).

    Raises:
        DataProblem: there is no such measure.
    """
    family, one = _declared(measure, metrics)
    context = _context(connection, family, period, policies or Policies(), as_of)
    accounts = attributes_of(where)
    kept = among(accounts, where)
    frames = []
    for source, rows in _sources(context, family, one, metrics):
        select = sa.select(*rows.c)
        if kept:
            select = select.join_from(rows, accounts, accounts.c.account_id == rows.c.account_id).where(*kept)
        found = run(connection, select).to_pandas()
        if len(found):
            found.insert(0, "table", source)
            frames.append(found)
    if not frames:
        return pd.DataFrame(columns=[*_FIRST, "contribution"])
    listed = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    scale = MILLION if one.unit in SCALED else 1
    for name in (*_BESIDE, "contribution"):
        if name in listed:
            listed[name] = listed[name].astype("float64") / scale if scale > 1 else listed[name]
    order = [*_FIRST, *(name for name in listed.columns if name not in (*_FIRST, "contribution")), "contribution"]
    size = listed["contribution"].abs()
    listed = listed.assign(size=size).sort_values(["size", "table", "id"], ascending=[False, True, True])
    return listed[order].reset_index(drop=True)


def _declared(name: str, metrics: Mapping[str, str]) -> tuple[Family, Measure]:
    families = [*FAMILIES, observed.family([metrics[name]])] if name in metrics else FAMILIES
    known = {measure.name: (family, measure) for family in families for measure in family.measures}
    if name not in known:
        raise DataProblem(
            "measure_unknown", "There is no measure {name!r}.{hint}", name=name, hint=did_you_mean(name, known)
        )
    return known[name]


def _context(connection: Cursor, family: Family, period: Period, policies: Policies, as_of: date | None) -> Context:
    """What a family needs to know, for one period, asked of the connection itself."""
    names = tuple(dict.fromkeys((*tables(), *needs((family,)))))
    loaded = frozenset(name for name, there in zip(names, _values(connection, names), strict=True) if there)
    earliest = {}
    subscriptions = table("subscriptions")
    first = run(connection, sa.select(sa.func.min(subscriptions.c.started_on).label("day"))).column("day")[0].as_py()
    if first is not None:
        earliest["subscriptions"] = first
    orders = sa.select(sa.func.min(table("invoices").c.issued_on).label("day"))
    first = run(connection, orders.where(invoices.valid(), sa.not_(invoices.credit()))).column("day")[0].as_py()
    if first is not None:
        earliest["orders"] = first
    seen = as_of or (period.closing if not period.complete else _latest(connection) or period.closing)
    return Context(parse(period.id)[0], (period,), policies, seen, loaded, earliest)


def _values(connection: Cursor, names: Sequence[str]) -> Sequence[bool]:
    """Whether each table or "table.column" holds values."""
    questions: list[ColumnElement[Any]] = []
    for name in names:
        owner, _, column = name.partition(".")
        there = sa.exists().select_from(table(owner))
        questions.append(there.where(table(owner).c[column].is_not(None)) if column else there)
    found = run(connection, sa.select(*(question.label(f"n{no}") for no, question in enumerate(questions))))
    return [found.column(no)[0].as_py() for no in range(len(names))]


def _latest(connection: Cursor) -> date | None:
    """The latest observed day that the connection sees."""
    days = [
        sa.select(sa.cast(sa.func.max(one.sql.c[name]), sa.Date).label("day"))
        for one in tables().values()
        for name in one.observed
    ]
    every = sa.union_all(*days).subquery()
    return run(connection, sa.select(sa.func.max(every.c.day).label("day"))).column("day")[0].as_py()


def _sources(
    context: Context, family: Family, one: Measure, metrics: Mapping[str, str]
) -> list[tuple[str, sa.Subquery]]:
    """Where the rows of a measure come from: table name, and id, account_id, date, explaining columns, contribution."""
    if not context.has(*one.needs):
        return []
    if family.name == observed.NAME:
        return [("observations", _listed(observed.lines(context, metrics[one.name]), one))]
    if family.name in SOURCES:
        listing = [line for line in SOURCES[family.name](context) if one.name in line.measures]
        return [(line.table, _listed(line, one)) for line in listing]
    if one.name in _MRR_ROWS and context.policies.joined_and_left == "ignored":
        return [("subscriptions", _subscription_rows(context, family, one))]
    return [("accounts", _account_rows(context, family, one))]


def _listed(line: Lines, one: Measure) -> sa.Subquery:
    rows = line.rows.c
    hidden = {*_INTERNAL, *line.measures, "id", "account_id", "day"}
    shown = [column for column in rows if column.name not in hidden]
    named = [rows.id, rows.account_id, rows.day.label("date")]
    return sa.select(*named, *shown, rows[one.name].label("contribution")).where(rows[one.name] != 0).subquery()


def _subscription_rows(context: Context, family: Family, one: Measure) -> sa.Subquery:
    """Subscription rows in force on the opening or closing day of the accounts that have the measure."""
    s = table("subscriptions").c
    day = DayLiteral(getattr(context.periods[0], _MRR_ROWS[one.name]))
    ends_on = first_day_without(context)
    accounts = family.build(context).subquery()
    concerned = sa.select(accounts.c.account_id).where(accounts.c[one.name] != 0)
    return (
        sa.select(
            s.subscription_id.label("id"),
            s.account_id,
            s.started_on.label("date"),
            *(s.product, s.plan, s.status, s.ended_on, s.amount, s.discount, s.billing_months, s.currency),
            mrr(context).label("contribution"),
        )
        .where(s.started_on <= day, sa.or_(ends_on.is_(None), ends_on > day), mrr(context) != 0)
        .where(s.account_id.in_(concerned))
        .subquery()
    )


def _account_rows(context: Context, family: Family, one: Measure) -> sa.Subquery:
    """Accounts with what each adds; none in a period for which the measure has no value."""
    rows = family.build(context).subquery()
    beside = [rows.c[name] for name in _BESIDE if name in rows.c and name != one.name and one.unit == "money"]
    has_value = family.first_no(context).get(one.name, 0) == 0
    period = context.periods[0]
    return (
        sa.select(
            rows.c.account_id.label("id"),
            sa.func.coalesce(rows.c.account_id, COMPANY).label("account_id"),
            DayLiteral(period.closing).label("date"),
            *beside,
            rows.c[one.name].label("contribution"),
        )
        .where(rows.c[one.name] != 0, sa.true() if has_value else sa.false())
        .subquery()
    )
