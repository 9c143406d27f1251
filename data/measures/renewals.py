"""Renewals, counted in the period they were due once that day has come.

Open renewals are pending, and count as lost once the days of grace after their due day are over.
"""

import sqlalchemy as sa

from data.measures.elements import AddDays, DayLiteral
from data.measures.lines import Lines, amount, count, family, owner
from data.measures.measure import Context, Measure, dated_rate, events, millionths, table

MEASURES = (
    Measure(
        "renewals_decided", "Renewals due in the period and decided, or lost by grace", "event", "count", ("renewals",)
    ),
    Measure("renewals_won", "Renewals due in the period and renewed", "event", "count", ("renewals",)),
    Measure("renewals_pending", "Renewals due in the period and still open", "event", "count", ("renewals",)),
    Measure("renewal_due_amount", "Amount due of the decided renewals", "event", "money", ("renewals",)),
    Measure("renewal_kept_amount", "Amount renewed, at most the amount due", "event", "money", ("renewals",)),
)


def lines(context: Context) -> tuple[Lines, ...]:
    """One line per renewal that came due."""
    renewals = table("renewals")
    r = renewals.c
    as_of = DayLiteral(context.as_of)
    outcome = sa.func.coalesce(r.outcome, "pending")
    on_time = sa.or_(r.decided_on.is_(None), r.decided_on <= as_of)
    known = sa.and_(outcome.in_(("renewed", "churned")), on_time)
    won = sa.and_(outcome == "renewed", on_time)
    decided = sa.or_(known, AddDays(r.due_on, context.policies.renewal_grace_days) < as_of)
    rate = dated_rate(context, r.currency, r.due_on)
    renewed = sa.func.coalesce(r.renewed_amount, r.due_amount)
    kept = sa.case((renewed < r.due_amount, renewed), else_=r.due_amount)
    adds = {
        "renewals_decided": count(decided),
        "renewals_won": count(won),
        "renewals_pending": count(sa.not_(decided)),
        "renewal_due_amount": amount(decided, millionths(r.due_amount, rate)),
        "renewal_kept_amount": amount(won, millionths(kept, rate)),
    }
    columns = [
        r.renewal_id.label("id"),
        owner(r.account_id),
        r.due_on.label("day"),
        outcome.label("outcome"),
        *(r.decided_on, r.due_amount, r.renewed_amount, r.currency),
        *(value.label(name) for name, value in adds.items()),
    ]
    return (Lines("renewals", events(context, r.due_on, *columns), tuple(adds)),)


FAMILY = family("renewals", MEASURES, lines)
