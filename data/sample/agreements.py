"""Contracts signed and renewals that came or will come due."""

import numpy as np
import pandas as pd

from data.sample.accounts import account_ids
from data.sample.frames import NO_DAY, canonical
from data.sample.names import MID_MARKET
from data.sample.world import NEVER, World


def renewals(world: World) -> pd.DataFrame:
    """One row per end of a term so far, and the next one ahead of every account.

    Ahead, the outcome is known where a notice was given or the renewal was signed early; else pending.
    """
    random = world.random("renewals")
    ids, mrr = account_ids(world), world.mrr()[:, : world.months]
    month = np.arange(1, world.months + 37)
    due = ((month - world.contract_month[:, None]) % world.term[:, None] == 0) & (month > world.start[:, None])
    due &= month <= world.leave[:, None]
    days = world.day(month[None, :], world.billing_day[:, None])
    due &= (days <= world.end) | (np.cumsum(due & (days > world.end), axis=1) == 1)
    account, index = np.nonzero(due)
    at, last = month[index], world.months - 1
    due_on = days[account, index]
    before, after = mrr[account, np.minimum(at - 1, last)], mrr[account, np.minimum(at, last)]
    left = world.leave[account] == at
    ahead = due_on > world.end
    decided = np.where(left, world.notice[account], due_on - random.integers(0, 46, len(at)))
    late = ~left & (random.random(len(at)) < 0.06)
    decided = np.where(late, due_on + random.integers(1, 30, len(at)), decided)
    decided = np.maximum(decided, world.start_day[account] + 1)
    known = (decided <= world.end) & (left | ~ahead | (random.random(len(at)) < 0.5))
    amount = np.round(before * world.term[account], 2)
    renewed = np.where((after > 0) & ~ahead, np.round(after * world.term[account], 2), amount)
    outcome = np.where(~known, "pending", np.where(left, "churned", "renewed"))
    rows = np.flatnonzero(before > 0)
    rows = rows[np.lexsort((account[rows], due_on[rows]))]
    return canonical(
        "renewals",
        len(rows),
        renewal_id=_numbered("R-", len(rows)),
        account_id=ids[account[rows]],
        due_on=due_on[rows],
        due_amount=amount[rows],
        outcome=outcome[rows].astype(object),
        decided_on=np.where(known, decided, NO_DAY)[rows],
        renewed_amount=np.where(known & ~left, renewed, np.nan)[rows],
        currency="BRL",
    )


def contracts(world: World) -> pd.DataFrame:
    """Signed contracts, one per term, of accounts with yearly or longer terms."""
    random = world.random("contracts")
    ids, mrr = account_ids(world), world.mrr()
    signs = (world.term >= 12) & (world.start < NEVER)
    month = np.arange(-72, world.months)
    begins = (month - world.contract_month[:, None]) % world.term[:, None] == 0
    begins &= (month >= world.contract_month[:, None]) & (month < world.leave[:, None]) & signs[:, None]
    account, index = np.nonzero(begins)
    at = month[index]
    starts = world.day(at, world.billing_day[account])
    amount = mrr[account, np.maximum(at, world.start[account])]
    first = at == world.contract_month[account]
    fee = np.where(
        first & (world.segment[account] <= MID_MARKET), np.round(amount * random.uniform(1, 2, len(at)), -2), 0
    )
    keep = (starts <= world.end) & (amount > 0)
    rows = np.flatnonzero(keep)
    rows = rows[np.lexsort((account[rows], starts[rows]))]
    cycle = world.billing[account[rows]]
    return canonical(
        "contracts",
        len(rows),
        contract_id=_numbered("K-", len(rows)),
        account_id=ids[account[rows]],
        starts_on=starts[rows],
        recurring_amount=np.round(amount[rows] * cycle, 2),
        billing_months=cycle,
        term_months=world.term[account[rows]],
        one_off_fees=np.where(fee[rows] > 0, fee[rows], np.nan),
        signed_on=starts[rows] - random.integers(1, 30, len(rows)),
        currency="BRL",
    )


def _numbered(prefix: str, count: int) -> np.ndarray:
    return np.array([f"{prefix}{i:05d}" for i in range(1, count + 1)], dtype=object)
