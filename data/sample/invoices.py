"""The invoices table, with the late payments that come before some departures and contractions."""

import numpy as np
import pandas as pd

from data.sample.accounts import account_ids
from data.sample.frames import NO_DAY, canonical
from data.sample.names import MID_MARKET, STARTUP
from data.sample.world import World

# Chance that the invoice of a month is still unpaid at its end, by months before the event.
LATE_BEFORE_NOTICE = {-1: 0.75, -2: 0.6, -3: 0.22, 0: 0.6, 1: 0.5, 2: 0.5}
LATE_BEFORE_SHRINKING = {-1: 0.7, -2: 0.55, -3: 0.2}
LATE = (0.03, 0.035, 0.045, 0.04)


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
