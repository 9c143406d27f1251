"""Contacts (tickets, calls, chats) and daily totals of telephone systems.

Spam and merged contacts are out everywhere. Solved = `solved_at` known and status not open or
pending. Daily totals count only on days on which no contact has `abandoned` known.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from data.measures.elements import DayOf, SecondsBetween
from data.measures.lines import Lines, amount, company, count, exact, family, owner
from data.measures.measure import Context, Measure, events, table

DIMENSIONS = ("channel", "category")
_DAY = 86_400


def _measure(
    name: str, meaning: str, *needs: str, unit: str = "count", kind: str = "event", by: Any = DIMENSIONS
) -> Measure:
    return Measure(name, meaning, kind, unit, needs or ("contacts",), company_row=True, dimensions=by)


_HANDLE = "contacts.handle_seconds|contacts.talk_seconds|contact_totals.handle_seconds"
_WAIT = ("contacts.abandoned|contact_totals.queue_seconds", "contacts.queue_seconds|contact_totals.queue_seconds")
_LEVEL = (
    "contacts.abandoned|contact_totals.within_service_level",
    "contacts.queue_seconds|contact_totals.within_service_level",
)
_ABANDONED = "contacts.abandoned|contact_totals.abandoned"
_FIRST = ("contacts.first_contact", "contacts.fixed")
_TOUCH = ("contacts.solved_at", "contacts.agent_replies")

MEASURES = (
    _measure("contacts_opened", "Contacts opened in the period"),
    _measure("contacts_opened_known", "Contacts opened in the period, without those solved at an unknown time"),
    _measure("contacts_solved", "Contacts solved in the period", "contacts.solved_at"),
    _measure(
        "contacts_solved_in_window",
        "Contacts opened in the period and solved within the solve window",
        "contacts.solved_at",
    ),
    _measure(
        "resolution_seconds",
        "From opening to the last solve, of contacts solved in the period",
        "contacts.solved_at",
        unit="seconds",
    ),
    _measure("resolved_contacts", "Contacts solved in the period, with a known time", "contacts.solved_at"),
    _measure(
        "first_response_seconds",
        "From opening to the first human reply, of contacts opened in the period",
        "contacts.first_response_at",
        unit="seconds",
    ),
    _measure("responded_contacts", "Contacts opened in the period and replied to", "contacts.first_response_at"),
    _measure("unanswered_contacts", "Contacts opened in the period without a reply", "contacts.first_response_at"),
    _measure("handle_seconds", "Handle time: talk, hold and wrap-up", _HANDLE, unit="seconds"),
    _measure("handled_contacts", "Contacts with a handle time", _HANDLE),
    _measure("wait_seconds", "Time in the queue of answered contacts", *_WAIT, unit="seconds"),
    _measure("wait_contacts", "Answered contacts with a known time in the queue", *_WAIT),
    _measure("service_level_met", "Contacts answered within the service level seconds", *_LEVEL),
    _measure("service_level_offered", "Contacts offered, without short abandoned ones and unknown waits", *_LEVEL),
    _measure("offered", "Contacts that are known to have been answered or abandoned", _ABANDONED),
    _measure("abandoned", "Contacts that gave up in the queue", _ABANDONED),
    _measure("short_abandoned", "Contacts that gave up within the short seconds", _ABANDONED),
    _measure("first_contacts", "First contacts about an issue with a known outcome", *_FIRST),
    _measure("first_contacts_fixed", "First contacts about an issue that fixed it", *_FIRST),
    _measure("one_touch_solved", "Contacts solved with at most one reply and never reopened", *_TOUCH),
    _measure("one_touch_known", "Contacts solved in the period with a known number of replies", *_TOUCH),
    _measure("sla_due", "Contacts whose deadline fell in the period", "contacts.sla_due_at"),
    _measure("sla_met", "Contacts solved by a deadline that fell in the period", "contacts.sla_due_at"),
    _measure("sla_breached", "Contacts open past their deadline at closing", "contacts.sla_due_at", kind="stock"),
)


def lines(context: Context) -> tuple[Lines, ...]:
    """Contacts by the day they were opened, solved and due, contacts past due at closing, and daily totals."""
    found = []
    if context.has("contacts"):
        found += [_opened(context), _solved(context), _due(context), _breached(context)]
    if context.has("contact_totals") or not found:
        found.append(_daily_totals(context))
    return tuple(found)


def counted(contacts: Any) -> ColumnElement[bool]:
    """Neither spam nor merged into another contact."""
    return sa.and_(sa.func.coalesce(contacts.c.is_spam, sa.false()).is_(sa.false()), contacts.c.merged_into.is_(None))


def solved(contacts: Any) -> ColumnElement[bool]:
    """Solved at a known time, and not open again."""
    reopened = sa.func.coalesce(contacts.c.status, "").in_(("open", "pending"))
    return sa.and_(contacts.c.solved_at.is_not(None), sa.not_(reopened))


def solved_unknown_when(contacts: Any) -> ColumnElement[bool]:
    """Said to be solved, but not when: left out of everything that needs a time."""
    return sa.and_(sa.func.coalesce(contacts.c.status, "") == "solved", contacts.c.solved_at.is_(None))


def first_response(contacts: Any) -> ColumnElement[Any]:
    """Seconds from opening to the first human reply."""
    return SecondsBetween(contacts.c.opened_at, contacts.c.first_response_at)


def resolution(contacts: Any) -> ColumnElement[Any]:
    """Seconds from opening to the last solve."""
    return SecondsBetween(contacts.c.opened_at, contacts.c.solved_at)


def _shown(contacts: Any, day: Any, *more: str) -> list[Any]:
    names = ("channel", "category", "status", "opened_at", *more)
    return [
        contacts.c.contact_id.label("id"),
        owner(contacts.c.account_id),
        day.label("day"),
        *(contacts.c[name] for name in names),
    ]


def _opened(context: Context) -> Lines:
    contacts = table("contacts")
    c, policies = contacts.c, context.policies
    talk = c.talk_seconds + sa.func.coalesce(c.hold_seconds, 0.0) + sa.func.coalesce(c.wrap_up_seconds, 0.0)
    handle = sa.func.coalesce(c.handle_seconds, talk)
    was_abandoned, was_answered = c.abandoned.is_(sa.true()), c.abandoned.is_(sa.false())
    is_short = sa.and_(was_abandoned, sa.func.coalesce(c.queue_seconds < policies.short_seconds, sa.false()))
    waited = sa.and_(was_answered, c.queue_seconds.is_not(None))
    in_window = SecondsBetween(c.opened_at, c.solved_at) <= policies.solve_window_days * _DAY
    first = sa.and_(c.first_contact.is_(sa.true()), c.fixed.is_not(None))
    replied = c.first_response_at.is_not(None)
    adds = {
        "contacts_opened": count(sa.true()),
        "contacts_opened_known": count(sa.not_(solved_unknown_when(contacts))),
        "contacts_solved_in_window": count(sa.and_(solved(contacts), in_window)),
        "first_response_seconds": amount(replied, exact(first_response(contacts))),
        "responded_contacts": count(replied),
        "unanswered_contacts": count(sa.not_(replied)),
        "handle_seconds": amount(handle.is_not(None), exact(handle)),
        "handled_contacts": count(handle.is_not(None)),
        "wait_seconds": amount(waited, exact(c.queue_seconds)),
        "wait_contacts": count(waited),
        "service_level_met": count(sa.and_(waited, c.queue_seconds <= policies.service_level_seconds)),
        "service_level_offered": count(sa.or_(waited, sa.and_(was_abandoned, sa.not_(is_short)))),
        "offered": count(c.abandoned.is_not(None)),
        "abandoned": count(was_abandoned),
        "short_abandoned": count(is_short),
        "first_contacts": count(first),
        "first_contacts_fixed": count(sa.and_(first, c.fixed.is_(sa.true()))),
    }
    day = DayOf(c.opened_at)
    more = ("first_response_at", "solved_at", "queue_seconds", "first_contact", "fixed")
    measured = [c.abandoned.label("gave_up"), handle.label("handle_time")]
    columns = [*_shown(contacts, day, *more), *measured, *(value.label(name) for name, value in adds.items())]
    return Lines("contacts", events(context, day, *columns, where=counted(contacts)), tuple(adds), DIMENSIONS)


def _solved(context: Context) -> Lines:
    contacts = table("contacts")
    c = contacts.c
    known = c.agent_replies.is_not(None)
    once = sa.and_(known, c.agent_replies <= 1, sa.func.coalesce(c.reopens, 0) == 0)
    adds = {
        "contacts_solved": count(sa.true()),
        "resolution_seconds": exact(resolution(contacts)),
        "resolved_contacts": count(sa.true()),
        "one_touch_solved": count(once),
        "one_touch_known": count(known),
    }
    day = DayOf(c.solved_at)
    columns = [*_shown(contacts, day, "solved_at", "agent_replies", "reopens"), *(v.label(n) for n, v in adds.items())]
    where = sa.and_(counted(contacts), solved(contacts))
    return Lines("contacts", events(context, day, *columns, where=where), tuple(adds), DIMENSIONS)


def _due(context: Context) -> Lines:
    contacts = table("contacts")
    in_time = sa.and_(solved(contacts), contacts.c.solved_at <= contacts.c.sla_due_at)
    adds = {"sla_due": count(sa.true()), "sla_met": count(in_time)}
    day = DayOf(contacts.c.sla_due_at)
    columns = [*_shown(contacts, day, "sla_due_at", "solved_at"), *(v.label(n) for n, v in adds.items())]
    where = sa.and_(counted(contacts), sa.not_(solved_unknown_when(contacts)))
    return Lines("contacts", events(context, day, *columns, where=where), tuple(adds), DIMENSIONS)


def _breached(context: Context) -> Lines:
    contacts, calendar = table("contacts"), context.calendar
    c = contacts.c
    due_on = DayOf(c.sla_due_at)
    solved_on = sa.case((solved(contacts), DayOf(c.solved_at)))
    late = (
        sa.select(
            *_shown(contacts, due_on, "sla_due_at", "solved_at"),
            DayOf(c.opened_at).label("opened_on"),
            solved_on.label("solved_on"),
        )
        .where(counted(contacts), sa.not_(solved_unknown_when(contacts)), c.sla_due_at.is_not(None))
        .where(sa.or_(solved_on.is_(None), solved_on > due_on))
        .subquery()
    )
    still_open = sa.or_(late.c.solved_on.is_(None), late.c.solved_on > calendar.c.closes_on)
    rows = (
        sa.select(calendar.c.no, *late.c, sa.literal_column("1", sa.Integer).label("sla_breached"))
        .join_from(
            late, calendar, sa.and_(late.c.day <= calendar.c.closes_on, late.c.opened_on <= calendar.c.closes_on)
        )
        .where(still_open)
        .subquery()
    )
    return Lines("contacts", rows, ("sla_breached",), DIMENSIONS)


def _daily_totals(context: Context) -> Lines:
    totals, contacts = table("contact_totals"), table("contacts")
    t = totals.c
    seen = (
        sa.select(DayOf(contacts.c.opened_at).label("day"))
        .where(counted(contacts), contacts.c.abandoned.is_not(None))
        .distinct()
        .subquery()
    )
    unseen = t.day.not_in(sa.select(seen.c.day))
    short = sa.func.coalesce(t.short_abandoned, 0) if context.policies.short_seconds > 0 else sa.literal_column("0")
    handled = sa.and_(t.handle_seconds.is_not(None), t.handled.is_not(None))
    waited = sa.and_(t.queue_seconds.is_not(None), t.handled.is_not(None))
    leveled = t.within_service_level.is_not(None)
    known = t.abandoned.is_not(None)
    adds = {
        "offered": amount(known, t.offered),
        "abandoned": amount(known, t.abandoned),
        "short_abandoned": amount(known, short),
        "handle_seconds": amount(handled, exact(t.handle_seconds)),
        "handled_contacts": amount(handled, t.handled),
        "wait_seconds": amount(waited, exact(t.queue_seconds)),
        "wait_contacts": amount(waited, t.handled),
        "service_level_met": amount(leveled, t.within_service_level),
        "service_level_offered": amount(leveled, t.offered - short),
    }
    columns = [
        sa.cast(t.row_id, sa.String).label("id"),
        company(),
        t.day,
        t.channel,
        sa.cast(sa.null(), sa.String).label("category"),
        t.within_service_level,
        *(value.label(name) for name, value in adds.items()),
    ]
    return Lines("contact_totals", events(context, t.day, *columns, where=unseen), tuple(adds), DIMENSIONS)


FAMILY = family("contacts", MEASURES, lines)
