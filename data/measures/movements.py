"""Movements of accounts and MRR: closing compared with opening at the grain asked for.

Per account the bridge closes exactly: opening + new + reactivation + upsell + cross-sell + uplift
− contraction − churned = closing. Readings 8 to 10 of docs/readings.md.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import DaysBetween, sum_where, total
from data.measures.measure import Context, Family, Measure
from data.measures.recurring import line_states, terms

GAP_DAYS = 90
_ZERO = sa.literal_column("0", sa.BigInteger)
_ONE = sa.literal_column("1", sa.BigInteger)
_NEEDS = ("subscriptions",)


def _measure(name: str, meaning: str, kind: str, unit: str) -> Measure:
    return Measure(name, meaning, kind, unit, _NEEDS)


MEASURES = (
    _measure("opening_accounts", "Accounts active on the day before the period", "stock", "count"),
    _measure("closing_accounts", "Accounts active on the last day of the period", "stock", "count"),
    _measure("lost_accounts", "Accounts active at opening and not at closing", "movement", "count"),
    _measure(
        "new_accounts", "Accounts active at closing that were never active up to the opening", "movement", "count"
    ),
    _measure(
        "reactivated_accounts", "Accounts active at closing, not at opening, and active before", "movement", "count"
    ),
    _measure("opening_mrr", "MRR on the day before the period", "stock", "money"),
    _measure("closing_mrr", "MRR on the last day of the period", "stock", "money"),
    _measure("new_mrr", "Closing MRR of new accounts", "movement", "money"),
    _measure("reactivation_mrr", "Closing MRR of accounts that came back", "movement", "money"),
    _measure("upsell_mrr", "Increase on product lines held at opening", "movement", "money"),
    _measure("cross_sell_mrr", "MRR of product lines not held at opening", "movement", "money"),
    _measure("price_uplift_mrr", "Increase on the same product, plan and quantity", "movement", "money"),
    _measure("contraction_mrr", "Decrease and dropped lines of accounts that stayed", "movement", "money"),
    _measure("churned_mrr", "Opening MRR of accounts lost", "movement", "money"),
)


def _lines(context: Context) -> sa.Select[Any]:
    """Product lines at both ends of each period they are held at either end of."""
    states, calendar = line_states(context), context.calendar
    ends = ((0, calendar.c.opens_on), (1, calendar.c.closes_on))
    sides = sa.union_all(
        *(
            sa.select(calendar.c.no, sa.literal_column(str(side), sa.Integer).label("side"), day.label("day"))
            for side, day in ends
        )
    ).subquery()

    def at(side: int, column: str) -> ColumnElement[Any]:
        return sum_where(sides.c.side == side, states.c[column])

    def same(function: Any, column: str, side: int) -> ColumnElement[Any]:
        return function(sa.case((sides.c.side == side, states.c[column])))

    return (
        sa.select(
            sides.c.no,
            states.c.account_id,
            states.c.line,
            at(0, "mrr").label("opening"),
            at(1, "mrr").label("closing"),
            at(0, "held").label("opening_held"),
            at(1, "held").label("closing_held"),
            at(0, "quantity").label("opening_quantity"),
            at(1, "quantity").label("closing_quantity"),
            total(states.c.held - states.c.described).label("undescribed"),
            sa.func.min(states.c.least_plan).label("least_plan"),
            sa.func.max(states.c.greatest_plan).label("greatest_plan"),
            sa.func.min(states.c.first_active_on).label("first_active_on"),
        )
        .join_from(states, sides, sides.c.day == states.c.day)
        .group_by(sides.c.no, states.c.account_id, states.c.line)
    )


def _accounts(context: Context) -> sa.Select[Any]:
    """Accounts at both ends of each period, with the differences of their lines."""
    lines = context.shared("movement_lines", _lines)
    grew = sa.and_(lines.c.opening_held > 0, lines.c.closing > lines.c.opening)
    uplift = sa.and_(
        lines.c.undescribed == 0,
        lines.c.least_plan == lines.c.greatest_plan,
        lines.c.opening_held == lines.c.closing_held,
        lines.c.opening_quantity == lines.c.closing_quantity,
    )
    growth = lines.c.closing - lines.c.opening
    return sa.select(
        lines.c.no,
        lines.c.account_id,
        total(lines.c.opening).label("opening"),
        total(lines.c.closing).label("closing"),
        total(lines.c.opening_held).label("opening_held"),
        total(lines.c.closing_held).label("closing_held"),
        sum_where(sa.and_(grew, sa.not_(uplift)), growth).label("upsell"),
        sum_where(sa.and_(grew, uplift), growth).label("uplift"),
        sum_where(lines.c.opening_held == 0, lines.c.closing).label("cross_sell"),
        sum_where(lines.c.closing < lines.c.opening, lines.c.opening - lines.c.closing).label("contraction"),
        sa.func.min(lines.c.first_active_on).label("first_active_on"),
    ).group_by(lines.c.no, lines.c.account_id)


def _returns(context: Context) -> sa.Select[Any]:
    """Last day of the life before the period and first day of the one in it, per account and period."""
    rows, calendar = terms(context), context.calendar
    before = rows.c.started_on <= calendar.c.opens_on
    return (
        sa.select(
            calendar.c.no,
            rows.c.account_id,
            sa.func.max(sa.case((before, rows.c.ended_on))).label("left_on"),
            sa.func.min(sa.case((sa.not_(before), rows.c.started_on))).label("back_on"),
        )
        .join_from(rows, calendar, rows.c.started_on <= calendar.c.closes_on)
        .group_by(calendar.c.no, rows.c.account_id)
    )


def _visits(context: Context) -> sa.Select[Any]:
    """Accounts that joined and left inside a period: their MRR on the day they joined."""
    rows, calendar, lines = terms(context), context.calendar, context.shared("movement_lines", _lines)
    inside = sa.and_(rows.c.started_on >= calendar.c.starts_on, rows.c.ended_on <= calendar.c.closes_on)
    held = sa.exists().where(lines.c.no == calendar.c.no, lines.c.account_id == rows.c.account_id)
    stays = sa.select(calendar.c.no, rows.c.account_id, rows.c.started_on, rows.c.mrr, rows.c.first_active_on)
    stays = stays.join_from(rows, calendar, inside).where(sa.not_(held))
    visits = stays.subquery()
    first = sa.func.min(visits.c.started_on).over(partition_by=[visits.c.no, visits.c.account_id]).label("joined_on")
    days = sa.select(*visits.c, first).subquery()
    return (
        sa.select(
            days.c.no,
            days.c.account_id,
            total(days.c.mrr).label("mrr"),
            sa.func.min(days.c.first_active_on).label("first_active_on"),
        )
        .where(days.c.started_on == days.c.joined_on)
        .group_by(days.c.no, days.c.account_id)
    )


def _sides(context: Context) -> sa.Subquery:
    """Per account and period: state at both ends, whether it came (and is new), stayed or left."""
    accounts = context.shared("movement_accounts", _accounts)
    columns = [
        "no",
        "account_id",
        "opening",
        "closing",
        "upsell",
        "uplift",
        "cross_sell",
        "contraction",
        "first_active_on",
    ]
    was, now = accounts.c.opening_held > 0, accounts.c.closing_held > 0
    flags = {
        "was": sa.case((was, _ONE), else_=_ZERO),
        "now": sa.case((now, _ONE), else_=_ZERO),
        "came": sa.case((was, _ZERO), else_=_ONE),
        "stayed": sa.case((sa.and_(was, now), _ONE), else_=_ZERO),
        "lost": sa.case((now, _ZERO), else_=_ONE),
        "came_mrr": sa.case((was, _ZERO), else_=accounts.c.closing),
        "lost_mrr": sa.case((now, _ZERO), else_=accounts.c.opening),
    }
    selects = [
        sa.select(*(accounts.c[name] for name in columns), *(value.label(name) for name, value in flags.items()))
    ]
    if context.policies.joined_and_left == "counted":
        visits = context.shared("visits", _visits)
        given = {"no": visits.c.no, "account_id": visits.c.account_id, "first_active_on": visits.c.first_active_on,
                 "came": _ONE, "lost": _ONE, "came_mrr": visits.c.mrr, "lost_mrr": visits.c.mrr}  # fmt: skip
        selects.append(sa.select(*(given.get(name, _ZERO).label(name) for name in [*columns, *flags])))
    return sa.union_all(*selects).subquery() if len(selects) > 1 else selects[0].subquery()


def _movements(context: Context) -> sa.Select[Any]:
    sides, calendar = _sides(context), context.calendar
    source = sides.join(calendar, calendar.c.no == sides.c.no)
    is_new: ColumnElement[bool] = sides.c.first_active_on > calendar.c.opens_on
    if context.policies.return_after_churn == "within_90_days_else_new":
        returns = context.shared("returns", _returns)
        source = source.join(
            returns, sa.and_(returns.c.no == sides.c.no, returns.c.account_id == sides.c.account_id), isouter=True
        )
        is_new = sa.or_(is_new, DaysBetween(returns.c.left_on, returns.c.back_on) > GAP_DAYS)
    stayed = sides.c.stayed == 1

    def came(new: bool, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return sa.case((sa.and_(sides.c.came == 1, is_new if new else sa.not_(is_new)), value), else_=_ZERO)

    def kept(value: ColumnElement[Any]) -> ColumnElement[Any]:
        return sa.case((stayed, value), else_=_ZERO)

    values = {
        "opening_accounts": sides.c.was,
        "closing_accounts": sides.c.now,
        "lost_accounts": sides.c.lost,
        "new_accounts": came(True, _ONE),
        "reactivated_accounts": came(False, _ONE),
        "opening_mrr": sides.c.opening,
        "closing_mrr": sides.c.closing,
        "new_mrr": came(True, sides.c.came_mrr),
        "reactivation_mrr": came(False, sides.c.came_mrr),
        "upsell_mrr": kept(sides.c.upsell),
        "cross_sell_mrr": kept(sides.c.cross_sell),
        "price_uplift_mrr": kept(sides.c.uplift),
        "contraction_mrr": kept(sides.c.contraction),
        "churned_mrr": sides.c.lost_mrr,
    }
    return sa.select(
        sides.c.account_id, sides.c.no, *(values[measure.name].label(measure.name) for measure in MEASURES)
    ).select_from(source)


FAMILY = Family("movements", MEASURES, _movements)
