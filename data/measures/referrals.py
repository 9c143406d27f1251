"""Referrals, counted for the account that made them in the period they were made."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import DayLiteral, total
from data.measures.invoices import credit, valid, value
from data.measures.lines import Lines, amount, count, family, owner
from data.measures.measure import Context, Measure, dated_rate, events, millionths, table
from data.measures.recurring import active, terms

_NEEDS = ("referrals",)

MEASURES = (
    Measure("referrals_received", "Referrals made in the period", "event", "count", _NEEDS),
    Measure("referrals_won", "Referrals made in the period that became customers", "event", "count", _NEEDS),
    Measure("referral_value", "Value of the referrals made in the period and won", "event", "money", _NEEDS),
    Measure("referrer_accounts", "Accounts active at closing that referred in the period", "distinct", "count", _NEEDS),
)


def lines(context: Context) -> tuple[Lines, ...]:
    """Referrals by the day they were made, and active accounts that made any."""
    made = _made(context)
    return Lines("referrals", made, ("referrals_received", "referrals_won", "referral_value")), _referrers(
        context, made
    )


def won(context: Context) -> ColumnElement[bool]:
    """Won, as known on the as-of day."""
    r = table("referrals").c
    dated = sa.and_(r.won_on.is_not(None), r.won_on <= DayLiteral(context.as_of))
    return sa.or_(sa.func.coalesce(r.status, "") == "won", dated)


def _first_mrr(context: Context) -> sa.Select[Any]:
    """MRR of each account on its first active day."""
    rows = terms(context)
    on_first_day = rows.c.started_on == rows.c.first_active_on
    return (
        sa.select(rows.c.account_id, total(rows.c.mrr).label("first_mrr"))
        .where(on_first_day)
        .group_by(rows.c.account_id)
    )


def _first_invoice(context: Context) -> sa.Select[Any]:
    """Amount of each account's first invoice (same day: the greatest id)."""
    i = table("invoices").c
    oldest_first = sa.func.row_number().over(partition_by=i.account_id, order_by=[i.issued_on, i.invoice_id.desc()])
    ranked = (
        sa.select(i.account_id, value(context).label("first_invoice"), oldest_first.label("rank"))
        .where(valid(), sa.not_(credit()))
        .subquery()
    )
    return sa.select(ranked.c.account_id, ranked.c.first_invoice).where(ranked.c.rank == 1)


def _made(context: Context) -> sa.Subquery:
    r = table("referrals").c
    rate = dated_rate(context, r.currency, r.referred_on)
    columns = [
        r.referral_id.label("id"),
        owner(r.referrer_account_id),
        r.referred_on.label("day"),
        *(r.referred_account_id, r.status, r.won_on, r.value, r.currency),
        won(context).label("is_won"),
        millionths(r.value, rate).label("given"),
    ]
    rows = events(context, r.referred_on, *columns)
    first_mrr, first_invoice = context.shared("first_mrr", _first_mrr), context.shared("first_invoice", _first_invoice)
    worth = sa.func.coalesce(rows.c.given, first_mrr.c.first_mrr, first_invoice.c.first_invoice)
    return (
        sa.select(
            *rows.c,
            count(sa.true()).label("referrals_received"),
            count(rows.c.is_won).label("referrals_won"),
            amount(rows.c.is_won, worth).label("referral_value"),
        )
        .join_from(rows, first_mrr, first_mrr.c.account_id == rows.c.referred_account_id, isouter=True)
        .join(first_invoice, first_invoice.c.account_id == rows.c.referred_account_id, isouter=True)
        .subquery()
    )


def _referrers(context: Context, made: sa.Subquery) -> Lines:
    customers = active(context)
    same = sa.and_(customers.c.no == made.c.no, customers.c.account_id == made.c.account_id)
    rows = (
        sa.select(
            made.c.no,
            made.c.account_id,
            made.c.account_id.label("id"),
            sa.func.max(made.c.day).label("day"),
            sa.func.count().label("referrals"),
            count(sa.func.count() > 0).label("referrer_accounts"),
        )
        .join_from(made, customers, same)
        .group_by(made.c.no, made.c.account_id)
        .subquery()
    )
    return Lines("referrals", rows, ("referrer_accounts",))


FAMILY = family("referrals", MEASURES, lines)
