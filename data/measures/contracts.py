"""Value of the contracts in force at closing."""

import sqlalchemy as sa

from data.measures.elements import AddMonths
from data.measures.lines import Lines, family, owner
from data.measures.measure import Context, Measure, dated_rate, millionths, table

MEASURES = (
    Measure(
        "contract_value",
        "Recurring amount over the whole term plus one-off fees, of contracts in force at closing",
        "stock",
        "money",
        ("contracts",),
    ),
)


def lines(context: Context) -> tuple[Lines, ...]:
    """One line per contract and period at whose closing it is in force.

    A contract is in force from its start for `term_months` months, at the rate of its first day.
    """
    k, calendar = table("contracts").c, context.calendar
    total = k.recurring_amount * k.term_months / k.billing_months + sa.func.coalesce(k.one_off_fees, 0.0)
    contracts = sa.select(
        k.contract_id.label("id"),
        owner(k.account_id),
        k.starts_on.label("day"),
        AddMonths(k.starts_on, k.term_months).label("ends_on"),
        *(k.recurring_amount, k.billing_months, k.term_months, k.one_off_fees, k.currency),
        millionths(total, dated_rate(context, k.currency, k.starts_on)).label("contract_value"),
    ).subquery()
    closes_on = calendar.c.closes_on
    in_force = sa.and_(contracts.c.day <= closes_on, closes_on < contracts.c.ends_on)
    rows = sa.select(calendar.c.no, *contracts.c).join_from(contracts, calendar, in_force).subquery()
    return (Lines("contracts", rows, ("contract_value",)),)


FAMILY = family("contracts", MEASURES, lines)
