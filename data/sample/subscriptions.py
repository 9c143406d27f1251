"""The subscriptions table: core, add-ons, a metered product, trials and pauses."""

import numpy as np
import pandas as pd

from data.sample import names
from data.sample.accounts import account_ids
from data.sample.frames import NO_DAY, canonical, unless
from data.sample.names import MID_MARKET
from data.sample.world import ADDONS, CORE, METERED, NEVER, World

_STATUS = np.array(["active", "paused", "unpaid"], dtype=object)


def states(world: World) -> np.ndarray:
    """Accounts × months: 0 active, 1 paused, 2 unpaid (the last month before a failed payment ends it)."""
    state = world.paused.astype(np.int8)
    failing = np.flatnonzero(world.involuntary & (world.leave < NEVER))
    state[failing, np.minimum(world.leave[failing] - 1, world.span - 1)] = 2
    return state


def effective_days(world: World) -> np.ndarray:
    """Accounts × months: the day from which a month's terms apply."""
    days = world.day(np.arange(world.span)[None, :], world.billing_day[:, None])
    days[world.opening, 0] = world.first_day
    return days


def _stretches(world: World, on: np.ndarray, terms: list[np.ndarray]) -> pd.DataFrame:
    """Rows of constant terms: account, month, life (1 or 2), start and end day (NaT while open)."""
    days = effective_days(world)
    on = on & (days <= world.end)
    before = np.zeros_like(on)
    before[:, 1:] = on[:, :-1]
    change = on & ~before
    for term in terms:
        differs = np.zeros_like(on)
        differs[:, 1:] = term[:, 1:] != term[:, :-1]
        change |= on & differs
    account, month = np.nonzero(change)
    life = np.where(month >= world.back[account], 2, 1)
    started = days[account, month]
    # The stretch ends where the next begins, or on the first month in which the line is off.
    off = ~on & (days <= world.end)
    after = np.arange(on.shape[1])[None, :]
    next_off = np.where(off, after, NEVER)[:, ::-1]
    next_off = np.minimum.accumulate(next_off, axis=1)[:, ::-1]
    stop = next_off[account, month]
    follows = np.full(len(account), NEVER)
    if len(account) > 1:
        same = account[1:] == account[:-1]
        follows[:-1] = np.where(same, month[1:], NEVER)
    until = np.minimum(stop, follows)
    ended = np.where(until < NEVER, days[account, np.minimum(until, on.shape[1] - 1)], NO_DAY)
    return pd.DataFrame({"account": account, "month": month, "life": life, "started": started, "ended": ended})


def subscriptions(world: World) -> pd.DataFrame:
    """One row per stretch of constant terms: core, add-ons, a metered product, trials and pauses."""
    random = world.random("subscriptions")
    ids = account_ids(world)
    active, state = world.active(), states(world)
    plans = plan_names(world)
    reason = np.array(names.REASONS, dtype=object)[random.choice(len(names.REASONS), world.n, p=names.REASON_SHARES)]
    reason = np.where(world.involuntary, "Payment failed", reason)
    parts = []

    core = _stretches(world, active, [world.seats, world.price, world.discount, state.astype(int)])
    lines = [(CORE, "", core)]
    for k, product in enumerate(ADDONS):
        held = active & (world.addons[k] > 0)
        lines.append((product, f"-{'IF'[k]}", _stretches(world, held, [world.addons[k], state.astype(int)])))
    for product, mark, rows in lines:
        account, month = rows["account"].to_numpy(), rows["month"].to_numpy()
        cycle = world.billing[account]
        leaving = (world.notice[account] <= world.end) & (rows["life"].to_numpy() == 1)
        last = leaving & ((rows["ended"].to_numpy() == world.leave_day[account]) | rows["ended"].isna().to_numpy())
        if product == CORE:
            seats = world.seats[account, month]
            amount = seats * world.price[account, month] * cycle
            share = world.discount[account, month]
            discount = np.where(share > 0, np.round(amount * share, 2), np.nan)
            welcome = share == 0.15
        else:
            seats = np.full(len(account), np.nan)
            amount = world.addons[ADDONS.index(product)][account, month] * cycle
            discount, welcome = np.full(len(account), np.nan), np.zeros(len(account), dtype=bool)
        kind = unless(np.isnan(discount), np.where(welcome, "temporary", "permanent"))
        again = np.where(rows["life"].to_numpy() == 2, "-2", "").astype(object)
        parts.append(
            canonical(
                "subscriptions",
                len(rows),
                subscription_id="S" + pd.Series(ids[account]).str[1:].to_numpy(object) + mark + again,
                started_on=rows["started"].to_numpy(),
                account_id=ids[account],
                amount=np.round(amount, 2),
                ended_on=rows["ended"].to_numpy(),
                product=product,
                plan=plans[account],
                notice_days=world.notice_days[account],
                billing_months=cycle,
                quantity=np.where(np.isnan(seats), 1, seats),
                seats=pd.array(seats, dtype="Float64").astype("Int64") if product == CORE else None,
                discount=discount,
                discount_kind=kind,
                currency="BRL",
                status=_STATUS[state[account, month]],
                is_metered=False,
                cancelled_on=np.where(last, world.notice[account], NO_DAY),
                cancel_reason=unless(~last, reason[account]),
                voluntary=unless(~last, ~world.involuntary[account]),
            )
        )
    parts.append(_metered(world, random, ids, plans))
    parts.append(_trials(world, random, ids, plans))
    out = pd.concat([p for p in parts if len(p)], ignore_index=True)
    return out.sort_values(["subscription_id", "started_on"], kind="stable", ignore_index=True)


def plan_names(world: World) -> np.ndarray:
    """The plan of each account."""
    upper = world.random("plans").random(world.n) < 0.4
    table = np.array(names.PLANS, dtype=object)
    return table[world.segment, upper.astype(int)]


def _metered(world: World, random: np.random.Generator, ids: np.ndarray, plans: np.ndarray) -> pd.DataFrame:
    chosen = np.flatnonzero((random.random(world.n) < 0.15) & (world.segment <= MID_MARKET) & (world.start < NEVER))
    amount = np.round(random.lognormal(5.8, 0.5, len(chosen)), 2)
    gone = (world.leave_day <= world.end)[chosen]
    return canonical(
        "subscriptions",
        len(chosen),
        subscription_id="S" + pd.Series(ids[chosen], dtype=object).str[1:].to_numpy(object) + "-A",
        started_on=world.start_day[chosen],
        account_id=ids[chosen],
        amount=amount,
        ended_on=np.where(gone, world.leave_day[chosen], NO_DAY),
        product=METERED,
        plan=plans[chosen],
        billing_months=1,
        quantity=1,
        currency="BRL",
        status="active",
        is_metered=True,
        cancelled_on=np.where(gone, world.notice[chosen], NO_DAY),
    )


def _trials(world: World, random: np.random.Generator, ids: np.ndarray, plans: np.ndarray) -> pd.DataFrame:
    """Fourteen or thirty days before a paid start, for some; a few trials lead nowhere."""
    month = np.minimum(world.start, world.tried)
    paid = world.day(month, world.billing_day)
    days = random.choice([14, 30], world.n)
    begins = np.where(world.tried < NEVER, paid, paid - days)
    ends = np.where(world.tried < NEVER, paid + days, paid)
    chosen = (random.random(world.n) < 0.35) & (world.segment >= MID_MARKET) & ~world.opening
    chosen = (chosen | (world.tried < NEVER)) & (begins >= world.first_day) & (begins <= world.end)
    rows = np.flatnonzero(chosen)
    seats = world.seats[rows, np.minimum(month[rows], world.span - 1)]
    price = world.price[rows, np.minimum(month[rows], world.span - 1)]
    return canonical(
        "subscriptions",
        len(rows),
        subscription_id="S" + pd.Series(ids[rows], dtype=object).str[1:].to_numpy(object),
        started_on=begins[rows],
        account_id=ids[rows],
        amount=np.round(seats * price * world.billing[rows], 2),
        ended_on=np.where(ends[rows] <= world.end, ends[rows], NO_DAY),
        product=CORE,
        plan=plans[rows],
        billing_months=world.billing[rows],
        quantity=seats,
        seats=seats,
        currency="BRL",
        status="trial",
        is_metered=False,
    )
