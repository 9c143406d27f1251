"""Invoices (and orders): void out, credits subtracted and not counted, net of tax, at dated rates."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import DayLiteral, PeriodStart
from data.measures.lines import Lines, amount, count, family, owner
from data.measures.measure import Context, Measure, dated_rate, events, millionths, table
from data.measures.recurring import terms

_NEEDS = ("invoices",)

MEASURES = (
    Measure("invoiced", "Invoiced in the period, credits subtracted", "event", "money", _NEEDS),
    Measure("invoice_count", "Invoices or orders of the period, credits not counted", "event", "count", _NEEDS),
    Measure("billed_to_date", "Invoiced up to the closing day, paid or not", "stock", "money", _NEEDS),
    Measure("billed_accounts", "Accounts ever invoiced up to the closing day", "stock", "count", _NEEDS),
    Measure(
        "one_off_expansion",
        "One-off and shop revenue of the period from accounts that were customers before",
        "event",
        "money",
        (*_NEEDS, "invoices.kind|invoices"),
    ),
    Measure("overdue_amount", "Issued, unpaid and past due at closing", "stock", "money", (*_NEEDS, "invoices.due_on")),
    Measure("overdue_count", "Invoices unpaid and past due at closing", "stock", "count", (*_NEEDS, "invoices.due_on")),
)


def lines(context: Context) -> tuple[Lines, ...]:
    """Invoices by the day they were issued, everything issued so far, and what is past due at closing."""
    return _issued(context), _billed(context), _overdue(context)


def valid() -> ColumnElement[bool]:
    """Not void."""
    return sa.func.coalesce(table("invoices").c.status, "open") != "void"


def credit() -> ColumnElement[bool]:
    """A credit note: of that kind, or below 0."""
    i = table("invoices").c
    return sa.or_(sa.func.coalesce(i.kind, "") == "credit", i.amount < 0)


def value(context: Context) -> ColumnElement[Any]:
    """Amount in millionths at the rate of the day of issue; credits below 0."""
    i = table("invoices").c
    signed = sa.case((credit(), -sa.func.abs(i.amount)), else_=i.amount)
    return millionths(signed, dated_rate(context, i.currency, i.issued_on))


def _shown() -> list[Any]:
    i = table("invoices").c
    known = (i.kind, i.status, i.amount, i.currency, i.due_on, i.paid_on)
    return [i.invoice_id.label("id"), owner(i.account_id), i.issued_on.label("day"), *known]


def _first_active(context: Context) -> sa.Select[Any]:
    rows = terms(context)
    return sa.select(rows.c.account_id, sa.func.min(rows.c.first_active_on).label("first_active_on")).group_by(
        rows.c.account_id
    )


def _issued(context: Context) -> Lines:
    i = table("invoices").c
    ordered_on = sa.case((sa.not_(credit()), i.issued_on))
    first_order_on = sa.func.min(ordered_on).over(partition_by=i.account_id)
    columns = [
        *_shown(),
        credit().label("is_credit"),
        first_order_on.label("first_order_on"),
        value(context).label("invoiced"),
    ]
    rows = events(context, i.issued_on, *columns, where=valid())
    first = context.shared("first_active", _first_active)
    every_invoice = not context.has("subscriptions") and not context.has("invoices.kind")
    one_off: ColumnElement[bool] = sa.true() if every_invoice else rows.c.kind == "one_off"
    before = sa.or_(rows.c.first_order_on < rows.c.day, first.c.first_active_on < rows.c.day)
    charged = sa.not_(rows.c.is_credit)
    issued = sa.select(
        *rows.c,
        count(charged).label("invoice_count"),
        amount(sa.and_(charged, one_off, before), rows.c.invoiced).label("one_off_expansion"),
    ).join_from(rows, first, first.c.account_id == rows.c.account_id, isouter=True)
    return Lines("invoices", issued.subquery(), ("invoiced", "invoice_count", "one_off_expansion"))


def _billed(context: Context) -> Lines:
    i, calendar = table("invoices").c, context.calendar
    oldest_first = sa.func.row_number().over(
        partition_by=i.account_id, order_by=[count(credit()), i.issued_on, i.invoice_id]
    )
    first = sa.and_(oldest_first == 1, sa.not_(credit()))
    adds = [value(context).label("billed_to_date"), count(first).label("billed_accounts")]
    billed = sa.select(*_shown(), *adds).where(valid()).subquery()
    so_far = billed.c.day <= calendar.c.closes_on
    rows = sa.select(calendar.c.no, *billed.c).join_from(billed, calendar, so_far).subquery()
    names = ("billed_to_date", "billed_accounts")
    return Lines("invoices", rows, names, totals=_running(context, billed, names))


def _running(context: Context, rows: sa.Subquery, names: tuple[str, ...]) -> sa.Subquery:
    """Sums of rows up to each closing, per account; days before the first period count from the first on."""
    calendar = context.calendar
    dated = (
        sa.select(
            rows.c.account_id, PeriodStart(rows.c.day, context.grain).label("starts_on"), *(rows.c[n] for n in names)
        )
        .where(rows.c.day <= DayLiteral(context.periods[-1].closing))
        .subquery()
    )
    numbered = (
        sa.select(dated.c.account_id, sa.func.coalesce(calendar.c.no, 0).label("no"), *(dated.c[n] for n in names))
        .join_from(dated, calendar, calendar.c.starts_on == dated.c.starts_on, isouter=True)
        .subquery()
    )
    step_keys = (numbered.c.account_id, numbered.c.no)
    steps = sa.select(*step_keys, *(sa.func.sum(numbered.c[n]).label(n) for n in names)).group_by(*step_keys).subquery()
    accounts = sa.select(steps.c.account_id).distinct().subquery()
    grid = sa.select(accounts.c.account_id, calendar.c.no).join_from(accounts, calendar, sa.true()).subquery()
    same = sa.and_(steps.c.account_id == grid.c.account_id, steps.c.no == grid.c.no)
    window: dict[str, Any] = {"partition_by": grid.c.account_id, "order_by": grid.c.no}
    sums = [sa.cast(sa.func.sum(sa.func.coalesce(steps.c[n], 0)).over(**window), sa.BigInteger).label(n) for n in names]
    return sa.select(grid.c.account_id, grid.c.no, *sums).join_from(grid, steps, same, isouter=True).subquery()


def _overdue(context: Context) -> Lines:
    i, calendar = table("invoices").c, context.calendar
    said_paid = sa.and_(i.paid_on.is_(None), sa.func.coalesce(i.status, "open") == "paid")
    late = (
        sa.select(*_shown(), value(context).label("overdue_amount"), count(sa.true()).label("overdue_count"))
        .where(valid(), sa.not_(credit()), sa.not_(said_paid))
        .where(i.due_on.is_not(None), sa.or_(i.paid_on.is_(None), i.paid_on > i.due_on))
        .subquery()
    )
    closes_on = calendar.c.closes_on
    unpaid = sa.or_(late.c.paid_on.is_(None), late.c.paid_on > closes_on)
    past_due = sa.and_(late.c.due_on < closes_on, late.c.day <= closes_on, unpaid)
    rows = sa.select(calendar.c.no, *late.c).join_from(late, calendar, past_due).subquery()
    return Lines("invoices", rows, ("overdue_amount", "overdue_count"))


FAMILY = family("invoices", MEASURES, lines)
