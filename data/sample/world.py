"""The simulated company behind the tables, as arrays of accounts × months."""

import zlib
from dataclasses import dataclass, field

import numpy as np

TAIL = 8  # months simulated beyond the data, so that some of today's accounts are already on their way out
NEVER = 10_000  # the month index of what does not happen

ADDONS = ("Serra Insights", "Serra Fluxo")
CORE = "Serra Core"
METERED = "Serra API"


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own per purpose, so that adding one never changes another."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def even(random: np.random.Generator, groups: np.ndarray) -> np.ndarray:
    """Numbers in (0, 1), evenly spread within every group: chance decides who, not how many.

    It makes the monthly figures of a small company as steady as those of a large one.
    """
    order = np.lexsort((random.random(len(groups)), groups))
    _, first, size = np.unique(groups[order], return_index=True, return_counts=True)
    rank = np.empty(len(groups))
    rank[order] = np.arange(len(groups)) - np.repeat(first, size)
    sizes = np.empty(len(groups))
    sizes[order] = np.repeat(size, size)
    return (rank + random.uniform(0.001, 0.999, len(groups))) / sizes


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
    first_seats: np.ndarray
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
