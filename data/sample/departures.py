"""Who leaves, who comes back, who pauses; all of it independent of what customers do."""

import numpy as np

from data.sample import names
from data.sample.founding import SEATS_MEDIAN
from data.sample.names import SMB
from data.sample.world import NEVER, World

# Per segment: Enterprise, Mid-market, SMB, Startup.
LEAVING = (0.0108, 0.0098, 0.0160, 0.0220)  # per month at risk, spread over renewal dates
FAILING = (0.0, 0.0002, 0.0008, 0.0015)  # failed payment, any month
LEAVING_SEASON = np.array([1.35, 1.1, 1.0, 0.95, 0.95, 1.0, 0.9, 0.9, 0.95, 1.0, 1.0, 1.25])


def _quota(chance: np.ndarray, draw: np.ndarray, segment: np.ndarray, carry: np.ndarray) -> np.ndarray:
    """Who is hit: as many per segment as expected (fractions carried over), likelier ones first.

    Keeping to the expected number makes small companies look like large ones: rates are steady and
    only who and when is left to chance.
    """
    hit = np.zeros(len(chance), dtype=bool)
    for index in range(len(carry)):
        mine = np.flatnonzero((segment == index) & (chance > 0))
        carry[index] += chance[mine].sum()
        count = min(int(carry[index]), len(mine))
        carry[index] -= count
        if count:
            order = np.argsort(np.log(draw[mine]) / chance[mine], kind="stable")
            hit[mine[order[-count:]]] = True
    return hit


def depart(world: World) -> None:
    """Draw who leaves and when: at renewal dates mostly, more so in months of a shared shock."""
    random = world.random("departures")
    n, span = world.n, world.span
    leave = np.full(n, NEVER)
    involuntary = np.zeros(n, dtype=bool)
    small = (np.array(SEATS_MEDIAN)[world.segment] / world.first_seats) ** 0.9
    rate = np.array(LEAVING)[world.segment] * small * np.exp(0.25 * random.normal(size=n))
    failing = np.array(FAILING)[world.segment]
    season = LEAVING_SEASON[world.month_of_year] * np.exp(0.6 * world.shock - 0.18)
    draws, failures = random.random((n, span)), random.random((n, span))
    real = np.arange(n) < world.customers
    carry = random.random(len(names.SEGMENTS))
    for month in range(2, span):
        here = (leave == NEVER) & (month > world.start) & real
        due = (month - world.contract_month) % world.term == 0
        chance = np.where(here & due, 1 - np.exp(-rate * world.term * season[month]), 0.0)
        leaves = _quota(chance, draws[:, month], world.segment, carry)
        fails = here & ~leaves & (month >= world.start + 4) & (failures[:, month] < failing)
        leave[leaves | fails] = month
        involuntary[fails] = True
    world.leave, world.involuntary = leave, involuntary

    ahead = np.where(involuntary, random.integers(3, 13, n), world.notice_days + random.integers(0, 21, n))
    notice = world.leave_day - ahead
    earliest = world.start_day + random.integers(3, 20, n)
    notice = np.minimum(np.maximum(notice, earliest), world.leave_day - 1)
    notice[leave == NEVER] = np.datetime64("NaT")
    world.notice = notice
    month = notice.astype("datetime64[M]").astype(float) - float(world.month0.astype(int))
    world.notice_month = np.where(leave == NEVER, NEVER, np.nan_to_num(month, nan=0)).astype(int)

    back = leave + random.integers(3, 9, n)
    returns = (random.random(n) < 0.13) & (leave < world.months) & (back < world.months - 1)
    world.back = np.where(returns, back, NEVER)

    paused = np.zeros((n, span), dtype=bool)
    pausing = (random.random(n) < 0.03) & (world.segment >= SMB) & real & (world.start < NEVER)
    first = world.start + 4 + random.integers(0, max(world.months - 6, 1), n)
    length = random.integers(1, 3, n)
    month_index = np.arange(span)
    inside = (month_index >= first[:, None]) & (month_index < (first + length)[:, None])
    clear = (first + length + 7 < np.minimum(world.notice_month, NEVER)) & (first + length < world.months)
    paused[:] = inside & (pausing & clear)[:, None]
    world.paused = paused
