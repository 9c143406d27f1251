"""The simulated company behind the tables: who starts, leaves, grows, and how much they use.

Everything is held as arrays of accounts × months. Months 0 … `months` − 1 are in the data; a tail of
`TAIL` further months is simulated as well, so that some of today's accounts are already on their way
out. Departures, growth and late payment are drawn first, independently of anything a customer would
show; the known truths (`truths.py`) are then written into use and payment *before* those events.
"""

import zlib
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from data.sample import names
from data.sample.names import ENTERPRISE, MID_MARKET, SMB, STARTUP

TAIL = 8
NEVER = 10_000

ADDONS = ("Serra Insights", "Serra Fluxo")
CORE = "Serra Core"
METERED = "Serra API"

# Per segment: Enterprise, Mid-market, SMB, Startup.
SEATS_MEDIAN = (170.0, 52.0, 14.0, 5.0)
SEATS_SPREAD = (0.4, 0.4, 0.4, 0.3)
SEAT_PRICE = (168.0, 205.0, 235.0, 195.0)
LEAVING = (0.0070, 0.0108, 0.0175, 0.0210)  # per month at risk, spread over renewal dates
FAILING = (0.0, 0.0002, 0.0008, 0.0015)  # failed payment, any month
UPSELLING = (0.030, 0.027, 0.022, 0.022)
SHRINKING = (0.005, 0.007, 0.008, 0.019)
ATTACHING = (0.011, 0.010, 0.005, 0.002)
HELD_AT_START = (0.35, 0.25, 0.12, 0.04)
DROPPING = 0.006

# Seasons, January … December.
LEAVING_SEASON = np.array([1.35, 1.1, 1.0, 0.95, 0.95, 1.0, 0.9, 0.9, 0.95, 1.0, 1.0, 1.25])
JOINING_SEASON = np.array([0.6, 0.8, 1.2, 1.1, 1.1, 1.0, 0.9, 1.1, 1.25, 1.2, 1.15, 0.6])

# Use before a notice (months before, change of the share of seats in use).
DECLINE = {-6: -0.02, -5: -0.06, -4: -0.14, -3: -0.25, -2: -0.22, -1: -0.18, 0: -0.24, 1: -0.32, 2: -0.36, 3: -0.38}
FAREWELL = {1: -0.12, 2: -0.22, 3: -0.28, 4: -0.3}
FALSE_ALARM = {0: -0.06, 1: -0.15, 2: -0.22, 3: -0.17, 4: -0.1, 5: -0.04}
PRESSURE = {-4: 0.76, -3: 0.85, -2: 0.95, -1: 0.97}


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own per purpose, so that adding one never changes another."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


@dataclass
class World:
    """The company as arrays. `n` accounts (test accounts last), `span` simulated months."""

    seed: int
    customers: int
    tests: int
    months: int
    end: np.datetime64
    month0: np.datetime64
    segment: np.ndarray
    opening: np.ndarray
    start: np.ndarray  # month index; NEVER for those who only tried
    tried: np.ndarray  # month index of a trial that led nowhere, else NEVER
    contract_month: np.ndarray
    term: np.ndarray
    billing: np.ndarray
    billing_day: np.ndarray
    notice_days: np.ndarray
    leave: np.ndarray = field(default_factory=lambda: np.empty(0))
    involuntary: np.ndarray = field(default_factory=lambda: np.empty(0))
    back: np.ndarray = field(default_factory=lambda: np.empty(0))
    notice: np.ndarray = field(default_factory=lambda: np.empty(0))  # days, NaT when none
    notice_month: np.ndarray = field(default_factory=lambda: np.empty(0))
    paused: np.ndarray = field(default_factory=lambda: np.empty(0))
    seats: np.ndarray = field(default_factory=lambda: np.empty(0))
    price: np.ndarray = field(default_factory=lambda: np.empty(0))
    discount: np.ndarray = field(default_factory=lambda: np.empty(0))
    addons: np.ndarray = field(default_factory=lambda: np.empty(0))  # [add-on, account, month], 0 = not held
    upsold: np.ndarray = field(default_factory=lambda: np.empty(0))
    shrunk: np.ndarray = field(default_factory=lambda: np.empty(0))
    adoption: np.ndarray = field(default_factory=lambda: np.empty(0))
    shock: np.ndarray = field(default_factory=lambda: np.empty(0))  # per month, shared by departures and CSAT

    @property
    def n(self) -> int:
        return len(self.segment)

    @property
    def span(self) -> int:
        return self.months + TAIL

    @property
    def incident(self) -> np.ndarray:
        """True for the two months in which the support queue broke down."""
        index = np.arange(self.months)
        return (index == self.months - 4) | (index == self.months - 3)

    @property
    def month_of_year(self) -> np.ndarray:
        return (self.month0 + np.arange(self.span)).astype(int) % 12

    @property
    def first_day(self) -> np.datetime64:
        return self.day(np.zeros(1, dtype=int), 1)[0]

    def day(self, month: np.ndarray, day_of_month: np.ndarray | int) -> np.ndarray:
        """The date of a month index and a day of the month (at most 28)."""
        return (self.month0 + np.minimum(month, 2 * NEVER)).astype("datetime64[D]") + (np.asarray(day_of_month) - 1)

    def random(self, name: str) -> np.random.Generator:
        return stream(self.seed, name)

    @property
    def start_day(self) -> np.ndarray:
        return np.where(self.opening, self.first_day, self.day(self.start, self.billing_day))

    @property
    def leave_day(self) -> np.ndarray:
        return self.day(self.leave, self.billing_day)

    @property
    def back_day(self) -> np.ndarray:
        return self.day(self.back, self.billing_day)

    def active(self) -> np.ndarray:
        """Accounts × months: paying (or paused) after the month's billing day."""
        month = np.arange(self.span)
        first = (month >= self.start[:, None]) & (month < self.leave[:, None])
        return first | (month >= self.back[:, None])

    def mrr(self) -> np.ndarray:
        """Accounts × months: net recurring amount a month, after the month's billing day."""
        amount = self.seats * self.price * (1 - self.discount) + self.addons.sum(axis=0)
        return amount * (self.active() & ~self.paused)


def make_world(accounts: int, months: int, seed: int, end: date) -> World:
    """Simulate the company. `end` is the last day of data."""
    world = _found(accounts, months, seed, end)
    _departures(world)
    _growth(world)
    _adoption(world)
    return world


def _found(accounts: int, months: int, seed: int, end: date) -> World:
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
    return World(
        seed=seed, customers=accounts, tests=tests, months=months, end=last, month0=month0, segment=segment,
        opening=opening, start=start, tried=tried, contract_month=contract_month, term=term, billing=billing,
        billing_day=billing_day, notice_days=notice_days, shock=shock,
    )  # fmt: skip


def _departures(world: World) -> None:
    """Draw who leaves and when: at renewal dates mostly, more so in months of a shared shock."""
    random = world.random("departures")
    n, span = world.n, world.span
    leave = np.full(n, NEVER)
    involuntary = np.zeros(n, dtype=bool)
    rate = np.array(LEAVING)[world.segment] * np.exp(0.25 * random.normal(size=n))
    failing = np.array(FAILING)[world.segment]
    season = LEAVING_SEASON[world.month_of_year] * np.exp(0.4 * world.shock - 0.08)
    draws, failures = random.random((n, span)), random.random((n, span))
    real = np.arange(n) < world.customers
    for month in range(2, span):
        here = (leave == NEVER) & (month > world.start) & real
        due = (month - world.contract_month) % world.term == 0
        leaves = here & due & (draws[:, month] < 1 - np.exp(-rate * world.term * season[month]))
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
    returns = (random.random(n) < 0.09) & (leave < world.months) & (back < world.months - 1)
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


def _growth(world: World) -> None:
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
    floor = np.array([30, 12, 4, 3])[segment]
    drawn = np.array(SEATS_MEDIAN)[segment] * np.exp(np.array(SEATS_SPREAD)[segment] * random.normal(size=n))
    seats[:, 0] = np.maximum(np.round(drawn), floor)
    more, less = random.uniform(0.1, 0.28, (n, span)), random.uniform(0.12, 0.3, (n, span))
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
    factor = 1_900_000 * world.customers / 300 / total if total > 0 else 1.0
    world.price = np.round(world.price * factor, 2)
    world.addons = np.round(world.addons * factor, 0)


def _adoption(world: World) -> None:
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
    use += np.select([age == 0, age == 1, age == 2], [-0.25, -0.14, -0.06], 0.0)

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


__all__ = ["ADDONS", "CORE", "ENTERPRISE", "METERED", "NEVER", "STARTUP", "World", "make_world", "stream"]
