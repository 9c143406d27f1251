"""Answers to surveys: NPS, CSAT, CES and employee NPS.

NPS and employee NPS take one answer per respondent and period, the last one (ties: greatest id);
answers without a respondent all count. NPS reads relationship surveys only. Answers without a
score, or on a scale that a reading does not cover, are left out.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import DayOf, ToInteger
from data.measures.lines import Lines, amount, company, count, exact, family, owner
from data.measures.measure import Context, Measure, events, table

DIMENSIONS = ("journey_stage", "touchpoint", "channel")
# Satisfied answers counted from the top of the scale, by number of points; ten and eleven points follow a policy.
SATISFIED = {2: 1, 3: 1, 4: 2, 5: 2, 7: 2}
SATISFIED_OF_100 = 75
PROMOTER, DETRACTOR = 9, 6


def _measure(name: str, meaning: str, unit: str = "count", kind: str = "distinct", by: Any = ()) -> Measure:
    return Measure(name, meaning, kind, unit, ("surveys",), company_row=True, dimensions=by)


MEASURES = (
    _measure("nps_promoters", "Respondents of the period whose last answer was 9 or 10"),
    _measure("nps_passives", "Respondents of the period whose last answer was 7 or 8"),
    _measure("nps_detractors", "Respondents of the period whose last answer was 6 or less"),
    _measure("nps_answers", "Respondents of the period to relationship NPS surveys"),
    _measure("csat_satisfied", "CSAT answers of the period that say satisfied", kind="event", by=DIMENSIONS),
    _measure("csat_answers", "CSAT answers of the period, neutral ones included", kind="event", by=DIMENSIONS),
    _measure("ces_easy", "CES answers of the period that found it easy", kind="event", by=DIMENSIONS),
    _measure("ces_answers", "CES answers of the period", kind="event", by=DIMENSIONS),
    _measure("ces_score_sum", "Sum of the CES scores on the most used scale", "points", "event", DIMENSIONS),
    _measure("ces_scale_answers", "CES answers on the most used scale", kind="event", by=DIMENSIONS),
    _measure("enps_promoters", "Employees of the period whose last answer was 9 or 10"),
    _measure("enps_passives", "Employees of the period whose last answer was 7 or 8"),
    _measure("enps_detractors", "Employees of the period whose last answer was 6 or less"),
    _measure("enps_answers", "Employees who answered in the period"),
    Measure(
        "promoter_accounts",
        "Accounts whose respondents' last NPS answers of the last 12 months average 9 or more",
        "trailing",
        "count",
        ("surveys",),
    ),
    Measure("nps_accounts", "Accounts that answered NPS in the last 12 months", "trailing", "count", ("surveys",)),
)


def lines(context: Context) -> tuple[Lines, ...]:
    """Last answers per respondent for NPS, every answer for CSAT and CES, accounts by their mean NPS answer."""
    return (_nps(context), _enps(context), _csat(context), _ces(context), _promoters(context))


def _kind(kind: str, *conditions: Any) -> sa.Subquery:
    """Scored answers of a kind, with the points of their scale and the score turned so that high is good."""
    surveys = table("surveys")
    s = surveys.c
    return (
        sa.select(
            s.response_id.label("id"),
            owner(s.account_id) if kind != "enps" else company(),
            DayOf(s.responded_at).label("day"),
            s.responded_at,
            s.respondent_id,
            s.score,
            s.label,
            s.scale_min,
            s.scale_max,
            *(s[name] for name in DIMENSIONS),
            s.comment,
            (s.scale_max - s.scale_min + 1).label("points"),
            sa.case((s.higher_is_better.is_(sa.false()), s.scale_min + s.scale_max - s.score), else_=s.score).label(
                "good"
            ),
        )
        .where(s.kind == kind, s.score.is_not(None), s.scale_max > s.scale_min, *conditions)
        .subquery()
    )


def relationship_nps() -> sa.Subquery:
    """Relationship NPS answers on 0–10 or 1–10: id, account_id, day, responded_at, respondent_id, score …"""
    s = table("surveys").c
    not_transactional = sa.func.coalesce(s.is_transactional, sa.false()).is_(sa.false())
    return _kind("nps", not_transactional, _zero_or_one_to_ten(s))


def _zero_or_one_to_ten(s: Any) -> ColumnElement[bool]:
    return sa.and_(s.scale_max == 10, s.scale_min.in_((0, 1)))


def last_answers(answers: sa.FromClause, *keys: str) -> sa.Subquery:
    """The last answer of each respondent within the keys (ties: greatest id); anonymous answers are all kept."""
    person = sa.case(
        (answers.c.respondent_id.is_(None), sa.literal_column("'answer '", sa.String) + answers.c.id),
        else_=sa.literal_column("'person '", sa.String) + answers.c.respondent_id,
    )
    newest_first = sa.func.row_number().over(
        partition_by=[answers.c.account_id, person, *(answers.c[key] for key in keys)],
        order_by=[answers.c.responded_at.desc(), answers.c.id.desc()],
    )
    ranked = sa.select(*answers.c, newest_first.label("rank")).subquery()
    kept = [column for column in ranked.c if column.name != "rank"]
    return sa.select(*kept).where(ranked.c.rank == 1).subquery()


def _bands(prefix: str, answers: sa.Subquery) -> Lines:
    score = answers.c.score
    adds = {
        f"{prefix}_promoters": count(score >= PROMOTER),
        f"{prefix}_passives": count(sa.and_(score > DETRACTOR, score < PROMOTER)),
        f"{prefix}_detractors": count(score <= DETRACTOR),
        f"{prefix}_answers": count(sa.true()),
    }
    rows = sa.select(*answers.c, *(value.label(name) for name, value in adds.items())).subquery()
    return Lines("surveys", rows, tuple(adds))


def _nps(context: Context) -> Lines:
    answers = relationship_nps()
    return _bands("nps", last_answers(events(context, answers.c.day, *answers.c), "no"))


def _enps(context: Context) -> Lines:
    answers = _kind("enps", _zero_or_one_to_ten(table("surveys").c))
    return _bands("enps", last_answers(events(context, answers.c.day, *answers.c), "no"))


def csat_answers(context: Context) -> sa.Subquery:
    """CSAT answers on a known scale: id, account_id, day …, csat_satisfied and csat_answers (1 each)."""
    answers = _kind("csat")
    a = answers.c
    top = sa.case(
        *((a.points == points, top) for points, top in SATISFIED.items()),
        (a.points.in_((10, 11)), 11 - context.policies.csat_ten_point_cut),
    )
    of_100 = sa.and_(a.scale_min.in_((0, 1)), a.scale_max == 100)
    least = sa.case((of_100, SATISFIED_OF_100), else_=a.scale_max - top + 1)
    adds = {"csat_satisfied": count(a.good >= least), "csat_answers": count(sa.true())}
    columns = (value.label(name) for name, value in adds.items())
    return sa.select(*a, *columns).where(least.is_not(None)).subquery()


def _csat(context: Context) -> Lines:
    answers = csat_answers(context)
    rows = events(context, answers.c.day, *answers.c)
    return Lines("surveys", rows, ("csat_satisfied", "csat_answers"), DIMENSIONS)


def _ces(context: Context) -> Lines:
    answers = _kind("ces")
    a = answers.c
    usual = context.shared("ces_scale", lambda _: _most_used_scale())
    top = sa.case((a.points == 7, 3), (a.points == 5, 2), else_=ToInteger(a.points * 0.4))
    on_scale = sa.and_(
        a.scale_min == sa.select(usual.c.scale_min).scalar_subquery(),
        a.scale_max == sa.select(usual.c.scale_max).scalar_subquery(),
    )
    adds = {
        "ces_easy": count(a.good >= a.scale_max - top + 1),
        "ces_answers": count(sa.true()),
        "ces_score_sum": amount(on_scale, exact(a.score)),
        "ces_scale_answers": count(on_scale),
    }
    columns = [*a, *(value.label(name) for name, value in adds.items())]
    return Lines("surveys", events(context, a.day, *columns), tuple(adds), DIMENSIONS)


def _most_used_scale() -> sa.Select[Any]:
    answers = _kind("ces")
    scale = (answers.c.scale_min, answers.c.scale_max)
    used = sa.select(*scale).group_by(*scale)
    return used.order_by(sa.func.count().desc(), answers.c.scale_max.desc(), answers.c.scale_min.desc()).limit(1)


def _promoters(context: Context) -> Lines:
    answers, calendar = relationship_nps(), context.calendar
    in_year = sa.and_(answers.c.day > calendar.c.back_12m, answers.c.day <= calendar.c.closes_on)
    trailing = (
        sa.select(calendar.c.no, *answers.c).join_from(answers, calendar, in_year).where(answers.c.account_id != "")
    )
    last = last_answers(trailing.subquery(), "no")
    score = sa.func.sum(exact(last.c.score))
    people = sa.func.count()
    rows = (
        sa.select(
            last.c.no,
            last.c.account_id,
            last.c.account_id.label("id"),
            sa.func.max(last.c.day).label("day"),
            people.label("respondents"),
            count(score >= PROMOTER * 1_000_000 * people).label("promoter_accounts"),
            sa.literal_column("1", sa.Integer).label("nps_accounts"),
        )
        .group_by(last.c.no, last.c.account_id)
        .subquery()
    )
    return Lines("surveys", rows, ("promoter_accounts", "nps_accounts"))


FAMILY = family("surveys", MEASURES, lines)
