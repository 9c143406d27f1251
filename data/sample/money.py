"""Subscriptions, contracts, renewals and invoices of the simulated company."""

import numpy as np
import pandas as pd

from data.sample import names
from data.sample.accounts import account_ids
from data.sample.frames import canonical
from data.sample.names import ENTERPRISE, MID_MARKET, SMB, STARTUP
from data.sample.world import ADDONS, CORE, METERED, NEVER, World

NO_DAY = np.datetime64("NaT")
_STATUS = np.array(["active", "paused", "unpaid"], dtype=object)

# Chance that the invoice of a month is still unpaid at its end, by months before the event.
LATE_BEFORE_NOTICE = {-1: 0.75, -2: 0.6, -3: 0.22, 0: 0.6, 1: 0.5, 2: 0.5}
LATE_BEFORE_SHRINKING = {-1: 0.7, -2: 0.55, -3: 0.2}
LATE = (0.03, 0.035, 0.05, 0.06)


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
        kind = np.where(np.isnan(discount), None, np.where(welcome, "temporary", "permanent"))
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
                cancel_reason=np.where(last, reason[account], None),
                voluntary=np.where(last, ~world.involuntary[account], None),
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


def renewals(world: World) -> pd.DataFrame:
    """One row per end of a term: renewed, churned, or pending when due in the next 120 days."""
    random = world.random("renewals")
    ids, mrr = account_ids(world), world.mrr()
    month = np.arange(1, world.span)
    due = ((month - world.contract_month[:, None]) % world.term[:, None] == 0) & (month > world.start[:, None])
    due &= month <= world.leave[:, None]
    due &= (np.arange(world.n) < world.customers + world.tests)[:, None]
    account, index = np.nonzero(due)
    at = month[index]
    due_on = world.day(at, world.billing_day[account])
    before, after = mrr[account, at - 1], mrr[account, at]
    left = world.leave[account] == at
    decided = np.where(left, world.notice[account], due_on - random.integers(0, 46, len(at)))
    decided = np.maximum(decided, world.start_day[account] + 1)
    late = ~left & (random.random(len(at)) < 0.06)
    decided = np.where(late, due_on + random.integers(1, 30, len(at)), decided)
    known = decided <= world.end
    keep = (due_on <= world.end + 120) & (before > 0) & (known | (due_on > world.end - 45))
    amount = np.round(before * world.term[account], 2)
    renewed = np.where(left | ~known, np.nan, np.round(after * world.term[account], 2))
    renewed = np.where(known & ~left & (after == 0), amount, renewed)
    outcome = np.where(~known, "pending", np.where(left, "churned", "renewed"))
    rows = np.flatnonzero(keep)
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
        renewed_amount=renewed[rows],
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


def _late_odds(world: World) -> np.ndarray:
    """Accounts × months: chance that an invoice of that month is still unpaid at the month's end."""
    odds = np.repeat(np.array(LATE)[world.segment][:, None], world.span, axis=1)
    young = np.flatnonzero(world.segment == STARTUP)
    shrinking = np.nonzero(world.shrunk[young])
    events = [
        (young[shrinking[0]], shrinking[1], LATE_BEFORE_SHRINKING),
        (young, world.notice_month[young], LATE_BEFORE_NOTICE),
    ]
    for rows, at, shape in events:
        for offset, chance in shape.items():
            where = at + offset
            inside = (where >= 0) & (where < world.span)
            cells = (rows[inside], where[inside])
            odds[cells] = np.maximum(odds[cells], chance)
    return odds


def invoices(world: World) -> pd.DataFrame:
    """Recurring invoices by billing cycle, adjustments inside a cycle, set-up fees and services."""
    random = world.random("invoices")
    ids, mrr, months = account_ids(world), world.mrr()[:, : world.months], world.months
    month = np.arange(months)
    phase = (month - world.contract_month[:, None]) % world.billing[:, None]
    odds = _late_odds(world)
    parts: list[tuple[np.ndarray, ...]] = []

    account, at = np.nonzero((phase == 0) & (mrr > 0))
    parts.append((account, at, mrr[account, at] * world.billing[account], np.full(len(at), "recurring", dtype=object)))
    change = np.zeros_like(mrr)
    change[:, 1:] = np.where((mrr[:, 1:] > 0) & (mrr[:, :-1] > 0), mrr[:, 1:] - mrr[:, :-1], 0)
    account, at = np.nonzero((phase > 0) & (np.abs(change) > 1))
    amount = change[account, at] * (world.billing[account] - phase[account, at])
    parts.append((account, at, amount, np.where(amount < 0, "credit", "recurring").astype(object)))
    joined = np.flatnonzero(~world.opening & (world.start < months) & (world.segment <= MID_MARKET))
    fee = mrr[joined, world.start[joined]] * random.uniform(1, 2, len(joined))
    parts.append((joined, world.start[joined], fee, np.full(len(joined), "one_off", dtype=object)))
    rate = np.array([0.02, 0.012, 0.004, 0.0])[world.segment][:, None]
    account, at = np.nonzero((random.random(mrr.shape) < rate) & (mrr > 0) & (month > world.start[:, None]))
    service = np.round(random.lognormal(8.6, 0.5, len(at)), -2)
    parts.append((account, at, service, np.full(len(at), "one_off", dtype=object)))

    account, at, amount, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
    amount = np.round(amount.astype(float), 2)
    issued = world.day(at, world.billing_day[account])
    issued = np.maximum(issued, np.where(at == world.start[account], world.start_day[account], issued))
    keep = (issued <= world.end) & (amount != 0)
    account, at, amount, kind, issued = (x[keep] for x in (account, at, amount, kind, issued))
    due = issued + np.array([30, 20, 10, 10])[world.segment[account]]
    on_time = due - random.integers(-1, 9, len(due))
    closing = (world.month0 + at + 1).astype("datetime64[D]") - 1
    late = random.random(len(due)) < odds[account, at]
    lag = np.where(random.random(len(due)) < 0.7, random.integers(2, 18, len(due)), random.integers(18, 60, len(due)))
    paid = np.where(late, np.maximum(closing, due) + lag, np.maximum(on_time, issued))
    lost = late & (world.involuntary[account]) & (at >= world.leave[account] - 2)
    credit = kind == "credit"
    paid = np.where(credit, issued, paid)
    void = (random.random(len(due)) < 0.004) & ~credit
    open_ = ((paid > world.end) | lost) & ~void
    status = np.where(void, "void", np.where(open_, "open", "paid")).astype(object)
    order = np.lexsort((np.arange(len(due)), account, issued))
    year = issued.astype("datetime64[Y]").astype(int) + 1970
    number = np.arange(1, len(due) + 1)
    return canonical(
        "invoices",
        len(due),
        invoice_id=[f"F-{y}-{i:06d}" for y, i in zip(year[order], number, strict=True)],
        account_id=ids[account[order]],
        issued_on=issued[order],
        amount=amount[order],
        due_on=due[order],
        paid_on=np.where(open_ | void, NO_DAY, paid)[order],
        status=status[order],
        kind=kind[order],
        currency="BRL",
    )


def _numbered(prefix: str, count: int) -> np.ndarray:
    return np.array([f"{prefix}{i:05d}" for i in range(1, count + 1)], dtype=object)


__all__ = ["ENTERPRISE", "SMB", "contracts", "effective_days", "invoices", "plan_names", "renewals", "subscriptions"]
