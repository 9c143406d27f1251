"""How accounts grow and shrink: seats, prices and add-ons, month by month."""

import numpy as np

from data.sample.names import MID_MARKET, SMB
from data.sample.world import ADDONS, NEVER, World

# Per segment: Enterprise, Mid-market, SMB, Startup.
SEAT_PRICE = (168.0, 205.0, 235.0, 195.0)
UPSELLING = (0.041, 0.037, 0.029, 0.025)
SHRINKING = (0.005, 0.007, 0.008, 0.019)
ATTACHING = (0.015, 0.013, 0.006, 0.002)
HELD_AT_START = (0.35, 0.25, 0.12, 0.04)
DROPPING = 0.006
LATEST_MRR = 1_900_000  # in the last whole month, for 300 customers


def expand(world: World) -> None:
    """Seats, prices, add-ons month by month; nothing changes from the month of a notice on."""
    random = world.random("growth")
    n, span = world.n, world.span
    month = np.arange(span)
    segment, start = world.segment, np.where(world.start == NEVER, world.tried, world.start)
    age = month - start[:, None]
    steady = (age >= 3) & (month < world.notice_month[:, None]) & ~world.paused
    steady[:, 1:] &= ~world.paused[:, :-1]

    rate = np.array(UPSELLING)[segment] * np.exp(0.35 * random.normal(size=n))
    up = (random.random((n, span)) < rate[:, None]) & steady
    careful = np.isin(segment, (SMB, MID_MARKET))
    up &= ~(careful[:, None] & (month >= world.notice_month[:, None] - 7))
    down = (random.random((n, span)) < np.array(SHRINKING)[segment][:, None]) & steady & ~up
    for events, gap in ((up, 6), (down, 6)):
        last = np.full(n, -gap)
        for m in range(span):
            keep = events[:, m] & (m - last >= gap)
            events[:, m] = keep
            last[keep] = m

    seats = np.empty((n, span), dtype=np.int64)
    seats[:, 0] = world.first_seats
    more, less = random.uniform(0.12, 0.32, (n, span)), random.uniform(0.12, 0.3, (n, span))
    for m in range(1, span):
        now = seats[:, m - 1]
        grown = np.where(up[:, m], np.maximum(np.round(now * more[:, m]), 1), 0)
        cut = np.where(down[:, m], np.maximum(np.round(now * less[:, m]), 1), 0)
        cut = np.where(now - cut < 2, 0, cut)
        down[:, m] &= cut > 0
        back = np.where(world.back == m, np.round(now * 0.3), 0)
        seats[:, m] = np.maximum(now + grown - cut - back, 2)
    world.seats, world.upsold, world.shrunk = seats, up, down

    inflation = 1 + random.uniform(0.038, 0.058, span)
    clause = random.random(n) < 0.85
    list_price = 1.004 ** np.clip(start, 0, span)
    first_price = np.array(SEAT_PRICE)[segment] * np.exp(0.15 * random.normal(size=n)) * list_price
    anniversary = ((month - world.contract_month[:, None]) % 12 == 0) & (age > 0) & clause[:, None]
    anniversary &= month < world.notice_month[:, None]
    growth = np.cumprod(np.where(anniversary, inflation, 1.0), axis=1)
    permanent = np.where(random.random(n) < 0.22, random.choice([0.05, 0.08, 0.1, 0.12], n), 0.0)
    welcome = (random.random(n) < 0.06) & ~world.opening & (permanent == 0)
    world.discount = np.where(welcome[:, None] & (age >= 0) & (age < 3), 0.15, permanent[:, None])

    addons = np.zeros((len(ADDONS), n, span))
    for k in range(len(ADDONS)):
        share = np.exp(random.normal(np.log(0.13), 0.25, n))
        held = random.random(n) < np.array(HELD_AT_START)[segment] * (1.0, 0.6)[k]
        attach = random.random((n, span)) < np.array(ATTACHING)[segment][:, None] * (1.0, 0.8)[k]
        drop = random.random((n, span)) < DROPPING
        since = np.where(held, 0, NEVER)
        value = np.where(held, share * seats[:, 0] * first_price, 0.0)
        dropped = np.zeros(n, dtype=bool)
        for m in range(span):
            begins = attach[:, m] & steady[:, m] & (since == NEVER) & ~dropped
            stops = drop[:, m] & steady[:, m] & (since < m - 3)
            since = np.where(begins, m, np.where(stops, NEVER, since))
            dropped |= stops
            asked = share * seats[:, m] * first_price * growth[:, m]
            value = np.where(begins, asked, np.where(stops, 0.0, value))
            value = np.where(anniversary[:, m] & ~begins, value * inflation[m], value)
            addons[k, :, m] = value
    world.addons, world.price = addons, first_price[:, None] * growth

    anchor = max(world.months - 2, 0)
    total = world.mrr()[: world.customers, anchor].sum()
    factor = LATEST_MRR * world.customers / 300 / total if total > 0 else 1.0
    world.price = np.round(world.price * factor, 2)
    world.addons = np.round(world.addons * factor, 0)
