"""The customers there are: segment, terms, first seats, and the month each one starts."""

from datetime import date

import numpy as np

from data.sample import names
from data.sample.names import SMB, STARTUP
from data.sample.world import NEVER, TAIL, World, stream

# Per segment: Enterprise, Mid-market, SMB, Startup.
SEATS_MEDIAN = (170.0, 52.0, 14.0, 5.0)
SEATS_SPREAD = (0.32, 0.36, 0.4, 0.3)
SEATS_FLOOR = (30, 12, 4, 3)
JOINING_SEASON = np.array([0.6, 0.8, 1.2, 1.1, 1.1, 1.0, 0.9, 1.1, 1.25, 1.2, 1.15, 0.6])


def found(accounts: int, months: int, seed: int, end: date) -> World:
    """Draw the customers of the company; `end` is the last day of data."""
    random = stream(seed, "found")
    tests = max(1, accounts // 150)
    n = accounts + tests
    last = np.datetime64(end, "D")
    month0 = last.astype("datetime64[M]") - (months - 1)
    shares = np.cumsum(np.floor(np.array(names.SEGMENT_SHARES) * accounts)).astype(int)
    segment = np.searchsorted(shares[:-1], np.arange(n), side="right")
    segment[:accounts] = random.permutation(segment[:accounts])
    segment[accounts:] = SMB
    opening = (np.arange(n) < round(accounts * 0.47)) | (np.arange(n) >= accounts)

    month = np.arange(1, months)
    weight = (1 + 0.012 * month) * JOINING_SEASON[(month0 + month).astype(int) % 12]
    if len(weight):
        weight[-1] *= end.day / 30.0
    start = np.zeros(n, dtype=int)
    joining = np.flatnonzero(~opening)
    start[joining] = np.sort(random.choice(month, len(joining), p=weight / weight.sum())) if months > 1 else 0
    billing_day = random.choice([1, 5, 10, 15, 20], n, p=[0.5, 0.15, 0.2, 0.1, 0.05])
    billing_day = np.where((segment == STARTUP) | (start == months - 1), np.minimum(billing_day, 5), billing_day)
    billing_day = np.minimum(billing_day, max(end.day, 1))

    term = np.empty(n, dtype=int)
    billing = np.empty(n, dtype=int)
    for index, (terms, odds, cycles, cycle_odds) in enumerate(
        (
            ((12, 24, 36), (0.7, 0.2, 0.1), (12, 3, 1), (0.35, 0.35, 0.3)),
            ((12, 24), (0.9, 0.1), (12, 3, 1), (0.15, 0.3, 0.55)),
            ((12, 3), (0.6, 0.4), (12, 1), (0.2, 0.8)),
            ((3, 12), (0.85, 0.15), (1,), (1.0,)),
        )
    ):
        mine = segment == index
        term[mine] = random.choice(terms, mine.sum(), p=odds)
        billing[mine] = random.choice(cycles, mine.sum(), p=cycle_odds)
    billing = np.where(billing > term, 1, billing)
    age = np.minimum(random.exponential(20, n).astype(int) + 1, 70)
    contract_month = np.where(opening, -age, start)
    notice_days = np.array([90, 60, 30, 30])[segment]

    tried = np.full(n, NEVER)
    lost_trials = (random.random(n) < 0.03) & ~opening & (start < months - 1) & (segment >= SMB)
    tried[lost_trials] = start[lost_trials]
    start[lost_trials] = NEVER
    shock = random.normal(0, 1, months + TAIL)
    spread = np.exp(np.array(SEATS_SPREAD)[segment] * random.normal(size=n))
    first_seats = np.maximum(np.round(np.array(SEATS_MEDIAN)[segment] * spread), np.array(SEATS_FLOOR)[segment])
    return World(
        seed=seed, customers=accounts, tests=tests, months=months, end=last, month0=month0, segment=segment,
        opening=opening, start=start, tried=tried, contract_month=contract_month, term=term, billing=billing,
        billing_day=billing_day, notice_days=notice_days, first_seats=first_seats, shock=shock,
    )  # fmt: skip
