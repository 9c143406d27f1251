"""Referrals, the channel that brought each account, costs, and two metrics of the company's own."""

import numpy as np
import pandas as pd

from data.sample import names
from data.sample.accounts import account_ids
from data.sample.frames import canonical, unless
from data.sample.world import NEVER, World

REFERRAL = names.CHANNELS.index("Referral")


def referrals(world: World, surveys: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Referrals, most of them one to three months after a promoter's answer.

    Returns:
        The frame of `referrals` and the channel of every account; an account came by referral exactly
        when a won referral names it (or when it was referred before the data begin).
    """
    random = world.random("referrals")
    ids = account_ids(world)
    codes = pd.Series(np.arange(world.n), index=ids)
    happy = surveys[(surveys["kind"] == "nps") & (surveys["score"] >= 9) & surveys["account_id"].notna()]
    asked = happy["responded_at"].to_numpy().astype("datetime64[D]")
    account = happy["account_id"].map(codes).to_numpy().astype(int)
    chosen = random.random(len(account)) < 0.12
    account, day = account[chosen], asked[chosen] + random.integers(20, 95, chosen.sum())
    others = np.nonzero((random.random((world.n, world.months)) < 0.0015) & world.active()[:, : world.months])
    account = np.concatenate([account, others[0]])
    day = np.concatenate([day, world.day(others[1], 1) + random.integers(0, 28, len(others[0]))])
    there = (day < world.leave_day[account]) & (day <= world.end) & (account < world.customers)
    there &= day >= world.start_day[account]
    account, day = account[there], day[there]
    order = np.lexsort((account, day))
    account, day = account[order], day[order]

    channel = random.choice(len(names.CHANNELS), world.n, p=names.CHANNEL_SHARES)
    channel[world.customers :] = 0
    won_by = np.full(len(day), -1)
    hopeful = np.flatnonzero((channel == REFERRAL) & ~world.opening)
    hopeful = hopeful[np.lexsort((hopeful, world.start_day[hopeful]))]
    for new in hopeful:
        starts = world.day(np.minimum(world.start[new], world.tried[new])[None], world.billing_day[new])[0]
        low, high = np.searchsorted(day, [starts - 120, starts - 14])
        free = [i for i in range(low, high) if won_by[i] < 0 and account[i] != new]
        if free and world.start[new] < NEVER:
            won_by[free[int(random.integers(0, len(free)))]] = new
        else:
            channel[new] = 0
    won = won_by >= 0
    starts = np.where(won, world.start_day[np.maximum(won_by, 0)], np.datetime64("NaT"))
    won &= starts <= world.end
    lost = ~won & ((day < world.end - 90) | (random.random(len(day)) < 0.3))
    reward = won & (random.random(len(day)) < 0.8)
    paid = starts + random.integers(5, 40, len(day))
    reward &= paid <= world.end
    frame = canonical(
        "referrals",
        len(day),
        referral_id=np.array([f"I-{i:04d}" for i in range(1, len(day) + 1)], dtype=object),
        referrer_account_id=ids[account],
        referred_on=day,
        referred_account_id=unless(~won, ids[np.maximum(won_by, 0)]),
        status=np.where(won, "won", np.where(lost, "lost", "open")).astype(object),
        won_on=np.where(won, starts, np.datetime64("NaT")),
        reward_cost=np.where(reward, random.choice([500.0, 800.0, 1200.0], len(day)), np.nan),
        rewarded_on=np.where(reward, paid, np.datetime64("NaT")),
        currency="BRL",
    )
    return frame, np.array(names.CHANNELS, dtype=object)[channel]


def costs(world: World) -> pd.DataFrame:
    """Monthly costs by kind, channel and segment, in step with the size of the company."""
    random = world.random("costs")
    size = world.mrr()[: world.customers, : world.months].sum(axis=0)
    trend = np.polyval(np.polyfit(np.arange(world.months), size, 1), np.arange(world.months)).clip(size.min())
    days = world.day(
        np.arange(world.months),
        min(5, int((world.end - world.day(np.array([world.months - 1]), 1)[0]).astype(int)) + 1),
    )
    season = np.array([0.85, 0.9, 1.05, 1.0, 1.05, 1.0, 0.95, 1.0, 1.1, 1.1, 1.1, 0.9])[
        world.month_of_year[: world.months]
    ]
    by_segment = np.array([0.36, 0.35, 0.22, 0.07])
    plan: list[tuple[str, str | None, str | None, float, np.ndarray]] = []
    for kind, level, by_channel in (
        ("sales", 0.19, np.array([0.28, 0.42, 0.14, 0.06, 0.10])),
        ("marketing", 0.12, np.array([0.45, 0.12, 0.1, 0.05, 0.28])),
    ):
        for channel, share in zip(names.CHANNELS, by_channel, strict=True):
            for segment, part in zip(names.SEGMENTS, by_segment, strict=True):
                plan.append((kind, channel, segment, level * share * part, season))
    for kind, level in (("cs", 0.085), ("cogs", 0.215)):
        for segment, part in zip(names.SEGMENTS, (0.42, 0.33, 0.18, 0.07), strict=True):
            plan.append((kind, None, segment, level * part, np.ones(world.months)))
    plan.append(("other", None, None, 0.12, np.ones(world.months)))
    parts = []
    for kind, spent_in, spent_for, level, wave in plan:
        amount = np.round(level * trend * wave * random.lognormal(-0.005, 0.1, world.months), 2)
        parts.append(
            canonical(
                "costs", world.months, spent_on=days, amount=amount, kind=kind, channel=spent_in, segment=spent_for,
                currency="BRL",
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True).sort_values("spent_on", kind="stable", ignore_index=True)


def observations(world: World) -> pd.DataFrame:
    """Two metrics of the company's own: onboarding on time (by account) and business reviews held."""
    random = world.random("observations")
    ids = account_ids(world)
    joined = np.flatnonzero(~world.opening & (world.start < world.months))
    day = world.start_day[joined] + 45
    keep = (day <= world.end) & (day < world.leave_day[joined])
    joined, day = joined[keep], day[keep]
    month = np.arange(world.months - 1)
    large = world.active()[: world.customers, : world.months - 1] & (world.segment[: world.customers, None] <= 1)
    planned = np.maximum(np.round(large.sum(axis=0) / 3), 1)
    held = random.binomial(planned.astype(int), 0.8)
    parts = [
        canonical(
            "observations",
            len(joined),
            metric="onboarding_on_time",
            observed_on=day,
            numerator=(random.random(len(joined)) < 0.78).astype(float),
            denominator=1.0,
            account_id=ids[joined],
        ),
        canonical(
            "observations",
            len(month),
            metric="business_reviews_held",
            observed_on=world.day(month, 28),
            numerator=held.astype(float),
            denominator=planned,
        ),
    ]
    out = pd.concat(parts, ignore_index=True)
    return out.sort_values(["metric", "observed_on", "account_id"], kind="stable", ignore_index=True)
