"""How the relationship feels: the latest valid rating of each account at closing, on 0–100."""

import sqlalchemy as sa

from data.measures.elements import AddDays, ToInteger
from data.measures.lines import Lines, family, owner
from data.measures.measure import MILLION, Context, Measure, table

VALID_DAYS = 90

MEASURES = (
    Measure(
        "feeling_points", "Latest valid rating per account at closing, on 0–100", "stock", "points", ("sentiment",)
    ),
    Measure("feeling_accounts", "Accounts with a valid rating at closing", "stock", "count", ("sentiment",)),
)


def lines(context: Context) -> tuple[Lines, ...]:
    """One line per account and period: the customer's rating where there is one, else the CSM's.

    Only ratings of the 90 days up to the closing day (included) are valid; ratings of the same day are averaged.
    """
    return (Lines("sentiment", latest(context), ("feeling_points", "feeling_accounts")),)


def latest(context: Context) -> sa.Subquery:
    """The rating that counts per account and period; `feeling_points` in millionths."""
    s, calendar = table("sentiment").c, context.calendar
    position = (s.score - s.scale_min) * 100.0 / (s.scale_max - s.scale_min)
    ratings = (
        sa.select(owner(s.account_id), s.rated_on, s.rater, ToInteger(position * float(MILLION)).label("points"))
        .where(s.scale_max > s.scale_min)
        .subquery()
    )
    r = ratings.c
    valid = sa.and_(r.rated_on <= calendar.c.closes_on, r.rated_on > AddDays(calendar.c.closes_on, -VALID_DAYS))
    rated = sa.select(calendar.c.no, *r).join_from(ratings, calendar, valid).subquery()
    days = (
        sa.select(
            rated.c.no,
            rated.c.account_id,
            sa.func.max(sa.case((rated.c.rater == "customer", rated.c.rated_on))).label("customer_on"),
            sa.func.max(sa.case((rated.c.rater == "csm", rated.c.rated_on))).label("csm_on"),
        )
        .group_by(rated.c.no, rated.c.account_id)
        .subquery()
    )
    chosen = sa.or_(
        sa.and_(rated.c.rater == "customer", rated.c.rated_on == days.c.customer_on),
        sa.and_(rated.c.rater == "csm", days.c.customer_on.is_(None), rated.c.rated_on == days.c.csm_on),
    )
    same = sa.and_(rated.c.no == days.c.no, rated.c.account_id == days.c.account_id, chosen)
    mean = sa.cast(sa.func.sum(rated.c.points), sa.Double) / sa.func.count()
    return (
        sa.select(
            rated.c.no,
            rated.c.account_id,
            rated.c.account_id.label("id"),
            rated.c.rated_on.label("day"),
            rated.c.rater,
            sa.func.count().label("ratings"),
            ToInteger(mean).label("feeling_points"),
            sa.literal_column("1", sa.Integer).label("feeling_accounts"),
        )
        .join_from(rated, days, same)
        .group_by(rated.c.no, rated.c.account_id, rated.c.rated_on, rated.c.rater)
        .subquery()
    )


FAMILY = family("sentiment", MEASURES, lines)
