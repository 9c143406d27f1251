"""What winning customers cost: sales and marketing costs, and rewards for referrals, on the company row."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import AddMonths, DayLiteral
from data.measures.lines import Lines, company, family
from data.measures.measure import Context, Measure, dated_rate, events, millionths, table

DIMENSIONS = ("segment", "channel")
ACQUISITION = ("sales", "marketing")

MEASURES = (
    Measure(
        "acquisition_cost",
        "Sales and marketing costs, and rewards for referrals, of the period (moved by the lag of the policy)",
        "event",
        "money",
        ("costs",),
        company_row=True,
        dimensions=DIMENSIONS,
    ),
)


def lines(context: Context) -> tuple[Lines, ...]:
    """Costs by the day they were spent, rewards by the day they were given (else the referral was won)."""
    return _spent(context), _rewarded(context)


def _counted_on(context: Context, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day a cost counts on: with a lag of L months, L months after it was spent."""
    lag = context.policies.cac_lag_months
    return AddMonths(day, sa.literal_column(str(lag), sa.Integer)) if lag else day


def _spent(context: Context) -> Lines:
    k = table("costs").c
    columns = [
        sa.cast(k.row_id, sa.String).label("id"),
        company(),
        k.spent_on.label("day"),
        *(k.kind, k.segment, k.channel, k.amount, k.currency),
        millionths(k.amount, dated_rate(context, k.currency, k.spent_on)).label("acquisition_cost"),
    ]
    rows = events(context, _counted_on(context, k.spent_on), *columns, where=k.kind.in_(ACQUISITION))
    return Lines("costs", rows, ("acquisition_cost",), DIMENSIONS)


def _rewarded(context: Context) -> Lines:
    r = table("referrals").c
    given_on = sa.func.coalesce(r.rewarded_on, r.won_on)
    nothing = sa.cast(sa.null(), sa.String)
    columns = [
        r.referral_id.label("id"),
        company(),
        given_on.label("day"),
        sa.literal_column("'reward'", sa.String).label("kind"),
        *(nothing.label(name) for name in DIMENSIONS),
        *(r.reward_cost.label("amount"), r.currency),
        millionths(r.reward_cost, dated_rate(context, r.currency, given_on)).label("acquisition_cost"),
    ]
    given = sa.and_(r.reward_cost.is_not(None), given_on <= DayLiteral(context.as_of))
    rows = events(context, _counted_on(context, given_on), *columns, where=given)
    return Lines("referrals", rows, ("acquisition_cost",), DIMENSIONS)


FAMILY = family("costs", MEASURES, lines)
