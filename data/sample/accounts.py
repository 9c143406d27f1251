"""The accounts table: who the customers are."""

import numpy as np
import pandas as pd

from data.sample import names
from data.sample.frames import canonical, unless
from data.sample.names import ENTERPRISE
from data.sample.world import NEVER, World


def account_ids(world: World) -> np.ndarray:
    """Account ids, C-1001 onwards."""
    return np.array([f"C-{1001 + i}" for i in range(world.n)], dtype=object)


def accounts(world: World, plans: np.ndarray, channels: np.ndarray) -> pd.DataFrame:
    """One row per customer, then the test accounts.

    Args:
        plans: The plan of each account.
        channels: The channel that brought each account.
    """
    random = world.random("accounts")
    n, ids = world.n, account_ids(world)
    titles, industries = names.company_names(random, n)
    titles[world.customers :] = [f"Serra Cloud (teste {i + 1})" for i in range(world.tests)]
    first = np.minimum(np.where(world.opening, np.maximum(world.contract_month, -70), world.start), world.tried)
    created = world.day(first, world.billing_day) - random.integers(0, 45, n)
    known = np.minimum(max(world.months - 1, 0), np.where(world.leave < NEVER, np.maximum(world.leave - 1, 0), NEVER))
    known = np.where(world.back < world.months, world.months - 1, known)
    seats = world.seats[np.arange(n), known]

    team = names.CSMS[: int(np.clip(world.customers // 38, 4, len(names.CSMS)))]
    csm = np.array(team, dtype=object)[random.integers(0, len(team), n)]
    csm = unless(random.random(n) < 0.02, csm)
    heads = np.flatnonzero((world.segment == ENTERPRISE) & (np.arange(n) < world.customers))
    parent = np.full(n, None, dtype=object)
    children = np.flatnonzero(
        (random.random(n) < 0.05) & (world.segment != ENTERPRISE) & (np.arange(n) < world.customers)
    )
    if len(heads):
        parent[children] = ids[random.choice(heads, len(children))]
    region = np.array(names.REGIONS, dtype=object)[random.choice(len(names.REGIONS), n, p=names.REGION_SHARES)]
    return canonical(
        "accounts",
        n,
        account_id=ids,
        name=titles,
        created_on=created,
        segment=np.array(names.SEGMENTS, dtype=object)[world.segment],
        plan=plans,
        industry=unless(random.random(n) < 0.015, industries),
        country="BR",
        region=region,
        csm=csm,
        channel=channels,
        currency="BRL",
        seats=seats,
        parent_account_id=parent,
        is_test=np.arange(n) >= world.customers,
    )
