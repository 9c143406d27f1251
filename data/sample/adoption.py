"""The share of seats in use, with the known truths written in before notices and upsells."""

import numpy as np

from data.sample.names import MID_MARKET, SMB
from data.sample.world import NEVER, World

# Months before (−) or after the event → change of the share of seats in use (PRESSURE: its level).
DECLINE = {-6: -0.02, -5: -0.06, -4: -0.14, -3: -0.25, -2: -0.22, -1: -0.18, 0: -0.24, 1: -0.32, 2: -0.36, 3: -0.38}
FAREWELL = {1: -0.12, 2: -0.22, 3: -0.28, 4: -0.3}
FALSE_ALARM = {0: -0.06, 1: -0.15, 2: -0.22, 3: -0.17, 4: -0.1, 5: -0.04}
PRESSURE = {-4: 0.76, -3: 0.85, -2: 0.95, -1: 0.97}


def adopt(world: World) -> None:
    """The share of seats in use, with the truths written in before notices and upsells."""
    random = world.random("adoption")
    n, span = world.n, world.span
    month = np.arange(span)
    base = np.clip(random.normal(0.66, 0.085, n), 0.42, 0.86)
    noise = np.empty((n, span))
    noise[:, 0] = random.normal(0, 0.045, n)
    for m in range(1, span):
        noise[:, m] = 0.55 * noise[:, m - 1] + random.normal(0, 0.038, n)
    season = np.zeros(12)
    season[[11, 0, 1]] = (-0.025, -0.045, -0.01)
    use = base[:, None] + noise + season[world.month_of_year]
    start = np.where(world.opening, -12, world.start)
    age = month - start[:, None]
    use += np.select([age == 0, age == 1, age == 2], [-0.1, -0.05, -0.02], 0.0)

    def bend(rows: np.ndarray, at: np.ndarray, shape: dict[int, float], size: np.ndarray) -> None:
        for offset, change in shape.items():
            where = at + offset
            inside = (where >= 0) & (where < span)
            use[rows[inside], where[inside]] += change * size[inside]

    dips_at, dips_in = np.nonzero(random.random((n, span)) < 0.009)
    bend(dips_at, dips_in, FALSE_ALARM, random.uniform(0.4, 1.1, len(dips_at)))

    leavers = np.flatnonzero(world.notice_month < NEVER)
    warned = np.isin(world.segment[leavers], (SMB, MID_MARKET)) & ~world.involuntary[leavers]
    warned &= random.random(len(leavers)) < 0.9
    jitter = random.choice([-1, 0, 1], len(leavers), p=[0.12, 0.76, 0.12])
    size = random.uniform(0.65, 1.3, len(leavers))
    at = world.notice_month[leavers]
    bend(leavers[warned], (at + jitter)[warned], DECLINE, size[warned])
    bend(leavers[~warned], at[~warned], FAREWELL, size[~warned])

    full_at, full_in = np.nonzero(world.upsold & (random.random((n, span)) < 0.7))
    near_at, near_in = np.nonzero((random.random((n, span)) < 0.006) & (age >= 4))
    near = ~(np.isin(world.segment[near_at], (SMB, MID_MARKET)) & (world.notice_month[near_at] - near_in < 8))
    rows, at = np.concatenate([full_at, near_at[near]]), np.concatenate([full_in, near_in[near]])
    for offset, level in PRESSURE.items():
        inside = at + offset >= 0
        cells = (rows[inside], (at + offset)[inside])
        use[cells] = np.maximum(use[cells], level + random.normal(0, 0.02, inside.sum()))
    world.adoption = np.clip(use, 0.04, 1.0)
