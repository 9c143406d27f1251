"""Who is compared with whom: for each month with an event, those who had it and others at risk that month."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpis.evidence.history import AccountMonths, Flags, Ints, Outcome
from kpis.evidence.seeds import generator

MOST_EVENTS = 2_000
CONTROLS = 20  # per event, when there are more than can be used
ENOUGH_ROWS = 20_000  # everybody is used up to so many
BETWEEN_EVENTS = 6  # months: at most one recurrent event per account in so many


@dataclass(frozen=True)
class RiskSets:
    """The compared accounts, one line per month with events, padded at the end.

    Attributes:
        month: month of each line.
        account: position of the account, −1 for padding; lines × rows.
        case: whether the account had the event that month.
        events: all events kept (before the cap), as accounts × months.
        recurrent: whether an account can have the event again.
        capped: True when only some of the events are used.
        merged: events left out because the account had one less than six months before.
    """

    month: Ints
    account: Ints
    case: Flags
    events: Flags
    recurrent: bool
    capped: bool
    merged: int

    @property
    def present(self) -> Flags:
        """Which rows are no padding."""
        return self.account >= 0

    def random(self) -> np.random.Generator:
        """Random numbers seeded by who had the event and when."""
        return generator(self.month, self.account, self.case)


def event_grid(history: AccountMonths, outcome: Outcome) -> tuple[Flags, int]:
    """Events as accounts × months, and how many were left out as too close to the one before.

    Events of unknown accounts and outside the months are left out.
    """
    grid = np.zeros(history.at_risk.shape, dtype=bool)
    ids, months = np.asarray(outcome.accounts, dtype=str), np.asarray(outcome.months, dtype=float)
    if not len(history.accounts) or not len(ids):
        return grid, 0
    places = np.minimum(np.searchsorted(history.accounts, ids), len(history.accounts) - 1)
    good = (history.accounts[places] == ids) & (months >= 0) & (months < history.months)
    grid[places[good], months[good].astype(np.int64)] = True
    if not outcome.recurrent:
        return grid, 0
    before, kept = int(grid.sum()), np.zeros_like(grid)
    last = np.full(len(grid), -BETWEEN_EVENTS)
    for month in range(history.months):
        now = grid[:, month] & (month - last >= BETWEEN_EVENTS)
        kept[:, month] = now
        last[now] = month
    return kept, before - int(kept.sum())


def risk_sets(history: AccountMonths, outcome: Outcome) -> RiskSets:
    """Choose the accounts to compare: at most 2,000 events, and others of the same month.

    Everybody at risk is used where that is at most 20,000 rows in all; else a random part of each month,
    never fewer than 20 for each event: its errors are then at most some 3 % larger than with everybody.
    """
    events, merged = event_grid(history, outcome)
    others = history.at_risk & ~events
    if outcome.recurrent:
        for later in range(1, BETWEEN_EVENTS):
            others[:, later:] &= ~events[:, : events.shape[1] - later]
    where_account, where_month = np.nonzero(events)
    random = generator(events.shape, where_account, where_month)
    capped = len(where_account) > MOST_EVENTS
    if capped:
        chosen = np.sort(random.choice(len(where_account), MOST_EVENTS, replace=False))
        where_account, where_month = where_account[chosen], where_month[chosen]
    months = np.unique(where_month)
    room = ENOUGH_ROWS // max(len(months), 1)
    lines = []
    for month in months:
        cases = where_account[where_month == month]
        rest = np.flatnonzero(others[:, month])
        most = max(room, CONTROLS * len(cases))
        if len(rest) > most:
            rest = np.sort(random.choice(rest, most, replace=False))
        lines.append((cases, rest))
    width = max((len(cases) + len(rest) for cases, rest in lines), default=0)
    account = np.full((len(lines), width), -1, dtype=np.int64)
    case = np.zeros((len(lines), width), dtype=bool)
    for line, (cases, rest) in enumerate(lines):
        account[line, : len(cases) + len(rest)] = np.concatenate([cases, rest])
        case[line, : len(cases)] = True
    return RiskSets(months, account, case, events, outcome.recurrent, capped, merged)


def shuffled_cases(sets: RiskSets, draws: int) -> tuple[Ints, Ints]:
    """Cases chosen at random, as flat positions in lines × rows (cases × draws), and where each account's begin.

    A terminal event is given to others of the same line. For a recurrent outcome whole accounts change
    places: all events of an account go to one account that is present in all of their lines.
    """
    random, width = sets.random(), sets.account.shape[1]
    chosen: list[NDArray[np.int64]] = []
    if not sets.recurrent:
        for line, (cases, rows) in enumerate(zip(sets.case.sum(axis=1), sets.present.sum(axis=1), strict=True)):
            chosen.append(line * width + _distinct(random, draws, int(rows), int(cases)).T)
        drawn = np.concatenate(chosen)
        return drawn, np.arange(len(drawn))
    lines_of, rows_of = np.nonzero(sets.case)
    owners = sets.account[lines_of, rows_of]
    place = np.full((len(sets.month), int(sets.account.max()) + 1), -1, dtype=np.int64)
    here = np.nonzero(sets.present)
    place[here[0], sets.account[here]] = here[1]
    for owner in np.unique(owners):
        lines = lines_of[owners == owner]
        able = np.flatnonzero((place[lines] >= 0).all(axis=0))
        chosen.append(lines[:, None] * width + place[lines[:, None], random.choice(able, draws)])
    starts = np.cumsum([0, *(len(part) for part in chosen[:-1])])
    return np.concatenate(chosen), starts


def _distinct(random: np.random.Generator, draws: int, rows: int, cases: int) -> Ints:
    """So many different ones of `rows` places, draws × cases; every choice is equally likely."""
    if 2 * cases > rows:
        return np.argpartition(random.random((draws, rows)), cases - 1, axis=1)[:, :cases]
    found = np.sort(random.integers(0, rows, (draws, cases)), axis=1)
    while True:  # what was drawn twice is drawn again
        twice = np.zeros(found.shape, dtype=bool)
        twice[:, 1:] = found[:, 1:] == found[:, :-1]
        again = np.count_nonzero(twice)
        if not again:
            return found
        found[twice] = random.integers(0, rows, again)
        found.sort(axis=1)
