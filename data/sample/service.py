"""Contacts with support, and the telephone system's daily totals of the early months."""

import numpy as np
import pandas as pd

from data.sample import names
from data.sample.accounts import account_ids
from data.sample.frames import canonical, unless
from data.sample.world import World

RATE = (5.2, 2.6, 1.4, 1.0)  # contacts a month, per segment
CHANNELS = ("email", "chat", "phone")
EMAIL, CHAT, PHONE = range(3)
# Median first reply, resolution and handling in seconds, per channel.
REPLY = (17_000.0, 95.0, 0.0)
RESOLUTION = (54_000.0, 14_000.0, 8_000.0)
HANDLING = (620.0, 540.0, 300.0)
DEADLINE_HOURS = (72, 48, 48)


def telephone_switch(world: World) -> int:
    """The month from which calls are recorded one by one; before it there are daily totals only."""
    return world.months // 3


def contacts(world: World) -> pd.DataFrame:
    """Tickets, chats and calls, oldest first.

    During the incident replies and solutions take longer, fewer contacts are fixed at once and more
    callers give up. Apart from that, service has nothing to do with who leaves.
    """
    random = world.random("contacts")
    n, months = world.n, world.months
    eager = np.exp(random.normal(-0.05, 0.35, n)) * np.array(RATE)[world.segment]
    season = np.array([0.9, 0.9, 1.08, 1.0, 1.03, 1.0, 0.95, 1.04, 1.05, 1.06, 1.02, 0.8])
    rate = eager[:, None] * season[world.month_of_year[:months]] * (world.active() & ~world.paused)[:, :months]
    fresh = (np.arange(months) - np.where(world.opening, -12, world.start)[:, None]).clip(-1, 12)
    rate = rate * np.where(fresh <= 2, 1.5, 1.0) * np.where(world.incident, 1.12, 1.0)
    account, month = np.nonzero(np.ones((n, months), dtype=bool))
    count = random.poisson(rate).ravel()
    account, month = np.repeat(account, count), np.repeat(month, count)

    length = ((world.month0 + month + 1).astype("datetime64[D]") - world.day(month, 1)).astype(int)
    day = world.day(month, 1) + (random.random(len(month)) * length).astype(int)
    monday = np.where(
        np.is_busday(day) | (random.random(len(day)) < 0.15), day, np.busday_offset(day, 0, roll="backward")
    )
    day = monday.astype("datetime64[D]")
    second = np.clip(random.normal(13.2, 2.6, len(day)), 7.5, 19.9) * 3600
    opened = day.astype("datetime64[s]") + second.astype(int)
    gone = (day >= world.leave_day[account]) & (day < world.back_day[account])
    keep = (day >= world.start_day[account]) & ~gone & (day <= world.end) & (day >= world.first_day)
    account, month, opened = account[keep], month[keep], opened[keep]
    order = np.argsort(opened, kind="stable")
    account, month, opened = account[order], month[order], opened[order]
    rows = len(account)

    bad = world.incident[month]
    channel = random.choice(3, rows, p=[0.44, 0.3, 0.26])
    recorded = month >= telephone_switch(world)
    call = (channel == PHONE) & recorded
    gave_up = call & (random.random(rows) < np.where(bad, 0.1, 0.052))
    queue = np.where(call, np.round(random.exponential(np.where(bad, 24.0, 10.0), rows) + 1), np.nan)
    queue = np.where(gave_up, np.round(random.exponential(55, rows) + 2), queue)
    spam = (random.random(rows) < 0.006) & ~gave_up
    unlinked = spam | (random.random(rows) < np.where(gave_up, 0.5, 0.02))

    reply = np.array(REPLY)[channel] * random.lognormal(0, 0.7, rows) * np.where(bad, 1.75, 1.0)
    reply = np.where(channel == PHONE, np.nan_to_num(queue, nan=11.0), reply)
    ignored = (channel == EMAIL) & (random.random(rows) < 0.006) & ~spam
    unanswered = gave_up | spam | ignored
    solving = reply + np.array(RESOLUTION)[channel] * random.lognormal(0, 0.95, rows) * np.where(bad, 1.4, 1.0)
    stuck = random.random(rows) < 0.004  # weeks late, a few for good
    never = stuck & (random.random(rows) < 0.1)
    solving = np.where(stuck, random.uniform(15, 60, rows) * 86_400, solving)
    solving = np.where(ignored, 10 * 86_400, solving)  # closed by the system
    limit = (world.end + 1).astype("datetime64[s]")
    nothing = np.datetime64("NaT")
    first_reply = opened + np.round(reply).astype("timedelta64[s]")
    first_reply = np.where(unanswered | (first_reply >= limit), nothing, first_reply)
    solved = opened + np.round(solving).astype("timedelta64[s]")
    unsolved = never | gave_up | spam | (solved >= limit) | (np.isnat(first_reply) & ~ignored)
    solved = np.where(unsolved, nothing, solved)
    status = np.where(~unsolved, "solved", np.where(random.random(rows) < 0.6, "open", "pending")).astype(object)
    status[gave_up | spam] = None

    at_first = random.random(rows) < 0.8
    fixed = random.random(rows) < np.where(bad, 0.655, 0.755)
    asked = (random.random(rows) < 0.7) & ~unsolved
    replies = np.where(fixed & at_first, 1, 1 + random.poisson(1.5, rows))
    reopened = np.where(fixed, 0, random.binomial(1, 0.22, rows))
    handling = np.array(HANDLING)[channel] * random.lognormal(-0.06, 0.4, rows) * np.where(bad, 1.06, 1.0)
    talk = np.round(handling * random.uniform(0.62, 0.78, rows))
    hold = np.round(handling * random.uniform(0.04, 0.12, rows))
    handled = ~unsolved & (call | (channel != PHONE)) & (random.random(rows) < 0.97)
    hours = np.array(DEADLINE_HOURS)[channel]
    deadline = np.where(gave_up | spam, nothing, opened + (hours * 3600).astype("timedelta64[s]"))

    number = np.array([f"T-{i:06d}" for i in range(1, rows + 1)], dtype=object)
    merged = np.full(rows, None, dtype=object)
    same = np.lexsort((np.arange(rows), account))
    double = np.flatnonzero((random.random(rows) < 0.007) & (np.arange(rows) > 0))
    follows = account[same[double]] == account[same[double - 1]]
    target = same[double - 1]
    ok = follows & ~spam[same[double]] & ~gave_up[same[double]] & ~unlinked[target] & ~unlinked[same[double]]
    merged[same[double[ok]]] = number[target[ok]]
    category = np.array(names.CATEGORIES, dtype=object)[
        random.choice(len(names.CATEGORIES), rows, p=names.CATEGORY_SHARES)
    ]
    return canonical(
        "contacts",
        rows,
        contact_id=number,
        opened_at=opened,
        account_id=unless(unlinked, account_ids(world)[account]),
        channel=np.array(CHANNELS, dtype=object)[channel],
        category=unless(gave_up | spam, category),
        status=status,
        first_response_at=first_reply,
        solved_at=solved,
        reopens=np.where(unsolved, 0, reopened),
        agent_replies=np.where(unanswered, 0, replies),
        handle_seconds=np.where(handled & ~call, np.round(handling), np.nan),
        talk_seconds=np.where(handled & call, talk, np.nan),
        hold_seconds=np.where(handled & call, hold, np.nan),
        wrap_up_seconds=np.where(handled & call, np.round(handling - talk - hold).clip(5), np.nan),
        queue_seconds=queue,
        abandoned=unless(~call, gave_up),
        first_contact=unless(~asked, at_first),
        fixed=unless(~asked, fixed),
        sla_due_at=deadline,
        is_spam=spam,
        merged_into=merged,
    )


def contact_totals(world: World, contacts: pd.DataFrame) -> pd.DataFrame:
    """Daily telephone figures for the months before calls were recorded one by one."""
    random = world.random("contact_totals")
    opened = contacts["opened_at"].to_numpy().astype("datetime64[D]")
    until = world.day(np.array([telephone_switch(world)]), 1)[0]
    calls = opened[(contacts["channel"].to_numpy() == "phone") & (opened < until)]
    days, handled = np.unique(calls, return_counts=True)
    gave_up = random.binomial(handled, 0.06)
    short = random.binomial(gave_up, 0.15)
    return canonical(
        "contact_totals",
        len(days),
        day=days,
        offered=handled + gave_up,
        channel="phone",
        abandoned=gave_up,
        short_abandoned=short,
        handled=handled,
        handle_seconds=np.round(random.gamma(np.maximum(handled, 1) * 6.0, HANDLING[PHONE] / 6.0)),
        queue_seconds=np.round(random.gamma(np.maximum(handled, 1) * 1.0, 12.0)) + handled,
        within_service_level=random.binomial(handled, 0.81),
    )
