"""Intervals of KPIs made of accounts: which suits which, when there is none, and what they hold."""

import numpy as np
import pytest

from kpis.catalogue import KPIS, kpi
from kpis.intervals import bootstrap_ratio, share_over_accounts, wilson
from kpis.over_accounts import LOST_NET, never, sureness


def sure(key, y, x, nobody=None):
    """The interval of one column."""
    y, x = (np.asarray(part, dtype=float).reshape(len(part), -1) for part in (y, x))
    return sureness(kpi(key), y, x, np.zeros(len(y), bool) if nobody is None else np.asarray(nobody))


def sizes(seed, n=60):
    return np.random.default_rng(seed).lognormal(0, 0.6, n)


def test_totals_quantiles_and_company_figures_never_have_one():
    whys = {one.key: never(one) for one in KPIS}
    assert {key for key, why in whys.items() if why == "company"} == {"enps", "cac", "cac_payback", "ltv_cac"}
    assert whys["mrr"] == whys["referrals"] == "total"
    assert whys["time_to_resolution_p90"] == "rows"
    assert whys["nrr"] is whys["ltv"] is whys["aht"] is None


def test_losses_by_shares_means_by_the_bootstrap():
    x = sizes(1)
    lost = x * (np.arange(60) < 3)
    found = sure("revenue_churn", lost, x)
    assert (found.low, found.high) == tuple(share_over_accounts(lost, x))
    assert found.accounts == 60
    times = x * np.random.default_rng(2).lognormal(5, 0.5, 60)
    found = sure("aht", times, x)
    assert (found.low, found.high) == tuple(bootstrap_ratio(times, x))


def test_retention_is_what_was_kept_and_what_was_added():
    x = sizes(3)
    random = np.random.default_rng(4)
    y = x * np.where(random.random(60) < 0.1, 0, 1 + 0.3 * (random.random(60) < 0.4))
    kept = np.minimum(y, x)
    nrr, grr, more = sure("nrr", y, x), sure("grr", kept, x), sure("expansion_rate", y - kept, x)
    whole, share = y.sum() / x.sum(), kept.sum() / x.sum()
    gained = whole - share
    assert nrr.low[0] == pytest.approx(whole - np.hypot(share - grr.low[0], gained - more.low[0]))
    assert nrr.high[0] == pytest.approx(whole + np.hypot(grr.high[0] - share, more.high[0] - gained))
    (net,) = LOST_NET
    lost = sure(net, x - y, x)
    assert (lost.low[0], lost.high[0]) == pytest.approx((1 - nrr.high[0], 1 - nrr.low[0]))


def test_lifetime_turns_the_interval_of_the_churn_over():
    there, gone = np.full(100, 6.0), np.array([1.0] * 12 + [0.0] * 88)
    found = sure("lifetime", there, gone)
    low, high = wilson(12, 600)
    assert (found.low[0], found.high[0]) == pytest.approx((1 / float(high), 1 / float(low)))


@pytest.mark.parametrize(
    ("y", "x", "nobody", "why"),
    [
        ([5.0] * 9, [1.0] * 9, [False] * 9, "few_accounts"),
        ([5.0] * 9 + [0.0] * 20, [1.0] * 9 + [0.0] * 20, [False] * 29, "few_accounts"),
        ([0.0] * 40 + [7.0] * 4, [1.0] * 44, [False] * 44, "few_events"),  # 4 accounts, more than 1 each
        ([5.0, 6.0] * 20, [1.0] * 39 + [50.0], [False] * 40, "few_events"),  # one account is most of it
        ([5.0, 6.0] * 20 + [30.0], [1.0] * 40 + [6.0], [False] * 40 + [True], "no_account"),
        ([5.0, 6.0] * 20 + [20.0], [1.0] * 40 + [4.0], [False] * 40 + [True], ""),
    ],
)
def test_why_there_is_none(y, x, nobody, why):
    found = sure("contact_rate", y, x, nobody)
    assert found.why.tolist() == [why]
    assert np.isfinite(found.low[0]) == (why == "")


def test_a_share_of_use_stays_a_share():
    slots = np.full(12, 10.0)
    used = slots - (np.arange(12) < 2)
    assert sure("feature_adoption", used, slots).high[0] == 1
    assert sure("adoption", used + 3 * (np.arange(12) == 11), slots).high[0] > 1  # one account is over its seats


def test_nobody_lost_is_not_certainty():
    x = sizes(5, 100)
    found = sure("grr_1m", x, x)
    assert found.high[0] == 1
    assert 0.9 < found.low[0] < 0.98


@pytest.mark.slow
def test_intervals_hold_what_they_say():
    """100 accounts with lognormal amounts (σ = 1); 2,000 companies. A nominal 95 % holds 93–98 %."""
    n, random = 100, np.random.default_rng(7)

    def worlds(n):
        x = random.lognormal(0, 1, n)
        seats = np.maximum(1, np.round(20 * x))
        contacts = random.poisson(random.lognormal(1, 0.8, n)).astype(float)
        stays = np.where(random.random(n) < 0.1, 0, 1 + (random.random(n) < 0.3) * random.exponential(0.3, n))
        yield "arpa", x, np.ones(n)
        yield "adoption", random.binomial(seats.astype(int), random.beta(4, 2, n)), seats
        yield "aht", random.gamma(np.maximum(contacts, 1e-9), 300 * random.lognormal(0, 0.5, n)), contacts
        yield "revenue_churn_lost", x * (random.random(n) < 0.05), x
        yield "grr", x * np.where(random.random(n) < 0.12, 0, 1), x
        yield "nrr", x * stays, x

    truth = {key: np.sum(y) / np.sum(x) for key, y, x in worlds(1_000_000)}
    held = dict.fromkeys(truth, 0)
    for _ in range(2000):
        for key, y, x in worlds(n):
            found = sure(key, y, x)
            held[key] += bool(found.low[0] <= truth[key] <= found.high[0])
    shares = {key: round(count / 2000, 3) for key, count in held.items()}
    print(shares)
    assert all(0.93 <= share <= 0.985 for share in shares.values()), shares
