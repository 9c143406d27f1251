"""Companies of accounts whose truth is known: nothing there, confounded, warned, always different, leaking."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpis.evidence.accounts import Indicator
from kpis.evidence.history import AccountMonths, Outcome, account_months

Floats = NDArray[np.float64]

NOTHING = (
    *("null", "trend", "season", "shock", "segment", "segment, mostly zero", "tenure", "recurrent, loyal buyers"),
    *("yearly terms", "yearly terms, mostly zero", "yearly terms, day unknown", "yearly and monthly terms"),
)
_DECIDED = 8  # months into a yearly term
_SEGMENT_RISK = np.array([2.0, 1.0, 0.5])
_BURN_IN = 6


@dataclass(frozen=True)
class Company:
    """A simulated company: its accounts, the outcome, and indicators that are alike in truth."""

    history: AccountMonths
    outcome: Outcome
    indicators: list[Indicator]


def _noise(random: np.random.Generator, shape: tuple[int, ...], keep: float) -> Floats:
    """Unit-variance noise along the last axis that keeps a share of its last value."""
    noise = random.standard_normal(shape)
    for month in range(1, shape[-1]):
        noise[..., month] = keep * noise[..., month - 1] + np.sqrt(1 - keep**2) * noise[..., month]
    return noise


def company(
    world: str,
    accounts: int,
    seed: int,
    indicators: int = 1,
    months: int = 36,
    hazard: float = 0.015,
    beta: float = 0.0,
    lead: int = 3,
    keep: float = 0.5,
) -> Company:
    """Simulate accounts month by month.

    Args:
        world: one of `NOTHING`, or "warned" (the hazard rises with −β · the indicator `lead` months before),
            "static" (the indicator is a trait that raises the hazard), "leak" (it falls in the last `lead` months).
        accounts: how many, ever; seven in ten are there from the start.
        seed: of the random numbers.
        indicators: how many, independent of each other; β acts through the first.
        months: months of data.
        hazard: usual share leaving in a month.
        beta: strength, in standard deviations of the indicator.
        lead: months before the event.
        keep: autocorrelation of the indicator.
    """
    random = np.random.default_rng([seed, accounts, months])
    joined = np.where(random.random(accounts) < 0.7, 0, random.integers(0, months, accounts))
    age = np.where(joined == 0, random.integers(0, 36, accounts), 0)
    segment = random.integers(0, 3, accounts)
    time = np.arange(months)
    tenure = age[:, None] + time - joined[:, None]
    trait = random.standard_normal((indicators, accounts, 1))
    values = _noise(random, (indicators, accounts, months + _BURN_IN), keep)[..., _BURN_IN:]
    if world == "static":
        values = np.sqrt(0.7) * trait + np.sqrt(0.3) * values
    elif world in ("null", "recurrent, loyal buyers"):
        values = np.sqrt(0.5) * trait + np.sqrt(0.5) * values
    risk = np.full((accounts, months), hazard)
    term = np.where((segment == 0) & (world == "yearly and monthly terms"), 1, 12)[:, None]
    turn = tenure % 12
    values, risk = _confounded(world, values, risk, segment, tenure, time)
    if world == "warned":
        risk[:, lead:] *= np.exp(-beta * values[0, :, : months - lead] - beta**2 / 2)
    if world == "static":
        risk *= np.exp(-beta * trait[0] - beta**2 / 2)
    if world.startswith("recurrent"):
        risk *= random.gamma(0.7, 1 / 0.7, (accounts, 1)) * 2
    happens = (random.random((accounts, months)) < risk) & (tenure >= 0)
    recurrent = world.startswith("recurrent")
    end = np.where(happens.any(axis=1), happens.argmax(axis=1), months)
    at_risk = (tenure >= 0) & (recurrent | (time <= end[:, None]))
    if world == "leak":
        before = end[:, None] - time
        values = values - 3.0 * ((before >= 1) & (before <= lead))
    values = np.where(at_risk, values, np.nan)
    ids, places = np.repeat(np.arange(accounts), months), np.tile(time, accounts)
    alive = at_risk.ravel()
    history = account_months(ids[alive], places[alive], at_risk.ravel()[alive], segment[ids[alive]],
                             tenure.ravel()[alive], months,
                             None if world.endswith("unknown") else turn.ravel()[alive],
                             np.broadcast_to(term, tenure.shape).ravel()[alive])  # fmt: skip
    who, when = np.nonzero(happens & at_risk)
    outcome = Outcome("churn", who, when, recurrent=recurrent)
    return Company(
        history, outcome, [Indicator(f"indicator {number}", one.ravel()[alive]) for number, one in enumerate(values)]
    )


def _confounded(
    world: str, values: Floats, risk: Floats, segment: NDArray[np.int64], tenure: NDArray[np.int64], time: Floats
) -> tuple[Floats, Floats]:
    """Something that moves the indicator and, by itself, the hazard."""
    if world == "trend":
        return values + 0.1 * time, risk * np.exp(0.05 * (time - time.mean()))
    if world == "season":
        wave = np.cos(2 * np.pi * time / 12)
        return values + 2 * wave, risk * np.exp(0.9 * np.roll(wave, 2))
    if world == "shock":
        struck = np.isin(time, [15, 16, 17]), np.isin(time, [17, 18, 19])
        return values - 3 * struck[0], risk * np.where(struck[1], 4, 0.8)
    if world.startswith("segment"):
        shifted = values - 1.5 * _SEGMENT_RISK[segment][:, None]
        if world.endswith("zero"):  # few accounts have any, more in the risky segment
            shifted = np.maximum(values - 1.6 + 0.6 * _SEGMENT_RISK[segment][:, None], 0.0)
        return shifted, risk * _SEGMENT_RISK[segment][:, None]
    if world.startswith("yearly"):  # leaving is decided at one point of the term; use and invoices follow it as well
        followed, decided = values + 1.5 * np.cos(2 * np.pi * tenure / 12), np.where(tenure % 12 == _DECIDED, 12, 0)
        if world.endswith("zero"):  # few accounts owe anything, most of them after the yearly invoice
            followed = np.maximum(values - np.where(tenure % 12 <= 1, 1.0, 2.2), 0.0)
        elif world.endswith("unknown"):  # few accounts have any, at any time
            followed = np.maximum(values - 2.2, 0.0)
        elif world.endswith("monthly terms"):  # a third of the accounts: used alike all year, and left at any time
            monthly = (segment == 0)[:, None]
            followed, decided = np.where(monthly, values, followed), np.where(monthly, 1, decided)
        return followed, decided * risk
    if world == "tenure":
        young = np.exp(-np.maximum(tenure, 0) / 8)
        return values - 2.5 * young, risk * (0.6 + 2.4 * young)
    return values, risk
