"""Product use: daily totals for every account, user by user for the smallest ones."""

import numpy as np
import pandas as pd

from data.sample import names
from data.sample.accounts import account_ids
from data.sample.frames import canonical
from data.sample.names import STARTUP
from data.sample.world import World


def _quiet_days(days: np.ndarray) -> np.ndarray:
    """How lively a day is, 0–1: weekends and the turn of the year are quiet."""
    month = days.astype("datetime64[M]").astype(int) % 12
    day = (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
    holidays = ((month == 11) & (day >= 22)) | ((month == 0) & (day <= 4))
    return np.where(holidays, 0.6, 1.0) * np.where(np.is_busday(days), 1.0, 0.07)


def usage(world: World, plans: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Daily use of every account while it is a customer.

    Startup accounts are tracked user by user as well; their daily totals count exactly those users.

    Returns:
        The frames of `usage` and `usage_daily`.
    """
    random = world.random("use")
    available = np.array([names.FEATURES_AVAILABLE[p] for p in plans])
    breadth = np.clip(random.normal(0.62, 0.12, world.n), 0.25, 0.95)
    active = world.active() & ~world.paused
    daily: list[tuple[np.ndarray, ...]] = []
    users: list[tuple[np.ndarray, ...]] = []
    for month in range(world.months):
        here = np.flatnonzero(active[:, month] | (active[:, month - 1] if month else False))
        if not len(here):
            continue
        share = world.adoption[here, month]
        active_users = np.maximum(np.round(share * world.seats[here, month]), 1).astype(int)
        first = (world.month0 + month).astype("datetime64[D]")
        days = np.arange(first, min((world.month0 + month + 1).astype("datetime64[D]"), world.end + 1))
        new_terms = days[None, :] >= (first + world.billing_day[here] - 1)[:, None]
        if month == 0:
            new_terms |= world.opening[here][:, None]
        on = np.where(new_terms, active[here, month][:, None], active[here, max(month - 1, 0)][:, None])
        lively = _quiet_days(days)
        chance = np.clip(0.28 + 0.8 * share, 0.05, 0.98)[:, None] * lively[None, :]
        used = on & (random.random(on.shape) < chance)
        row, column = np.nonzero(used)
        seats = np.where(
            new_terms[row, column], world.seats[here[row], month], world.seats[here[row], max(month - 1, 0)]
        )
        busy = np.is_busday(days)[column]
        ratio = np.clip(1 - 0.15 * np.abs(random.normal(size=len(row))), 0.35, 1) * np.where(busy, 1.0, 0.3)
        count = np.clip(np.round(active_users[row] * ratio), 1, seats).astype(int)
        noise = np.clip(random.normal(1, 0.12, len(row)), 0.6, 1.4)
        features = available[here[row]] * breadth[here[row]] * (0.5 + 0.6 * share[row]) * noise
        features = np.clip(np.round(features), 1, available[here[row]]).astype(int)

        small = np.flatnonzero(world.segment[here[row]] == STARTUP)
        most = np.minimum(active_users[row[small]], seats[small])
        which = np.repeat(np.arange(len(small)), most)
        user = np.arange(len(which)) - np.repeat(np.cumsum(most) - most, most)
        odds = np.where(busy[small], 0.72, 0.3)
        seen = (random.random(len(which)) < odds[which]) | (user == 0)
        which, user = which[seen], user[seen]
        feature = np.minimum(random.geometric(0.34, len(which)) - 1, len(names.FEATURES) - 1)
        count[small] = np.bincount(which, minlength=len(small))
        pairs = np.unique(which * len(names.FEATURES) + feature) // len(names.FEATURES)
        features[small] = np.bincount(pairs, minlength=len(small))
        events = random.poisson(8, len(which)) + 1
        total = random.poisson(count * 9.0) + count
        total[small] = np.bincount(which, weights=events, minlength=len(small)).astype(int)
        users.append((here[row[small[which]]], days[column[small[which]]], user, feature, events))
        daily.append((here[row], days[column], count, seats, total, features))

    ids = account_ids(world)
    account, day, user, feature, events = _joined(users, 5)
    user_ids = np.array([f"-u{i:03d}" for i in range(int(user.max(initial=0)) + 1)], dtype=object)
    by_user = canonical(
        "usage",
        len(account),
        account_id=ids[account],
        used_on=day.astype("datetime64[D]"),
        user_id=ids[account] + user_ids[user],
        feature=np.array(names.FEATURES, dtype=object)[feature],
        events=events,
    )
    account, day, count, seats, total, features = _joined(daily, 6)
    by_day = canonical(
        "usage_daily",
        len(account),
        account_id=ids[account],
        used_on=day.astype("datetime64[D]"),
        active_users=count,
        seats=seats,
        events=total,
        features_used=features,
        features_available=available[account],
    )
    return by_user, by_day


def _joined(parts: list[tuple[np.ndarray, ...]], width: int) -> list[np.ndarray]:
    if not parts:
        return [np.empty(0, dtype=int) for _ in range(width)]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]
