"""Pairs of monthly company series whose truth is known: unrelated in thirteen ways, leading, mirrored, reversed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]  # indicator, outcome
World = Callable[[np.random.Generator, int], Pair]

_SHAPE = np.array([0, 0.2, 0.4, 0.2, 0, -0.4, -0.8, -0.4, 0, 0.6, 1.6, 3.5])  # a busy year's end


def autoregressive(random: np.random.Generator, months: int, share: float) -> Floats:
    """Unit-variance noise that keeps a share of its last value."""
    noise = random.standard_normal(months)
    for month in range(1, months):
        noise[month] = share * noise[month - 1] + np.sqrt(1 - share**2) * noise[month]
    return noise


def independent(random: np.random.Generator, months: int) -> Pair:
    return random.standard_normal(months), random.standard_normal(months)


def ar_half(random: np.random.Generator, months: int) -> Pair:
    return autoregressive(random, months, 0.5), autoregressive(random, months, 0.5)


def ar_eight(random: np.random.Generator, months: int) -> Pair:
    return autoregressive(random, months, 0.8), autoregressive(random, months, 0.8)


def random_walk(random: np.random.Generator, months: int) -> Pair:
    return random.standard_normal(months).cumsum(), random.standard_normal(months).cumsum()


def drifting_walk(random: np.random.Generator, months: int) -> Pair:
    return (0.5 + random.standard_normal(months)).cumsum(), (0.5 + random.standard_normal(months)).cumsum()


def trends(random: np.random.Generator, months: int) -> Pair:
    line = np.arange(months) / 6
    return line + random.standard_normal(months), -line + random.standard_normal(months)


def bent_trends(random: np.random.Generator, months: int) -> Pair:
    bend = np.maximum(np.arange(months) - months // 2, 0) / 3
    return bend + random.standard_normal(months), bend + random.standard_normal(months)


def shared_season(random: np.random.Generator, months: int) -> Pair:
    wave = 2 * np.sin(2 * np.pi * np.arange(months) / 12)
    later = np.roll(wave, 2)
    return wave + random.standard_normal(months), later + random.standard_normal(months)


def spiky_season(random: np.random.Generator, months: int) -> Pair:
    shape = np.resize(_SHAPE, months)
    return shape + random.standard_normal(months), shape + random.standard_normal(months)


def level_break(random: np.random.Generator, months: int) -> Pair:
    broken = 3.0 * (np.arange(months) >= months // 2)
    return broken + random.standard_normal(months), broken + random.standard_normal(months)


def heavy_tails(random: np.random.Generator, months: int) -> Pair:
    return random.standard_t(3, months), random.standard_t(3, months)


def binomial(random: np.random.Generator, months: int) -> Pair:
    return random.binomial(120, 0.03, months) / 120, random.binomial(80, 0.6, months) / 80


def all_together(random: np.random.Generator, months: int) -> Pair:
    """Persistent noise, a trend, a spiky season that varies by year, a level break and heavy tails at once."""
    broken = 2.0 * (np.arange(months) >= months // 2)
    years = months // 12 + 1

    def one() -> Floats:
        season = np.resize(_SHAPE, months) * np.repeat(random.uniform(0.7, 1.3, years), 12)[:months]
        return (
            autoregressive(random, months, 0.5)
            + np.arange(months) / 12
            + season
            + broken
            + 0.4 * random.standard_t(3, months)
        )

    return one(), one()


UNRELATED: dict[str, World] = {
    "independent": independent,
    "AR 0.5": ar_half,
    "AR 0.8": ar_eight,
    "random walk": random_walk,
    "walk with drift": drifting_walk,
    "opposite trends": trends,
    "bent trends": bent_trends,
    "season, shifted": shared_season,
    "spiky season": spiky_season,
    "level break": level_break,
    "heavy tails": heavy_tails,
    "binomial": binomial,
    "all together": all_together,
}


def shared_outlier(random: np.random.Generator, months: int) -> Pair:
    """Unrelated but for one freak month, which the outcome meets two months later."""
    x, y = random.standard_normal(months).cumsum(), random.standard_normal(months).cumsum()
    freak = int(random.integers(months // 3, 2 * months // 3))
    x[freak] += 12
    y[freak + 2] += 12
    return x, y


def leading(random: np.random.Generator, months: int, beta: float, lag: int, season: bool = True) -> Pair:
    """Monthly changes of the outcome follow those of the indicator `lag` months later; `beta` is their correlation."""
    x = random.standard_normal(months + lag)
    y = beta * x[:months] + np.sqrt(1 - beta**2) * random.standard_normal(months)
    shape = np.resize(_SHAPE, months) if season else np.zeros(months)
    return x[lag:].cumsum() + shape, y.cumsum() + shape


def coincident(random: np.random.Generator, months: int) -> Pair:
    """Both move in the same month."""
    return leading(random, months, 0.8, 0)


def reverse(random: np.random.Generator, months: int) -> Pair:
    """The "outcome" comes two months before the "indicator"."""
    x, y = leading(random, months, 0.8, 2)
    return y, x


def transfer_function(random: np.random.Generator, months: int) -> Pair:
    """A leading indicator and sales as in Box and Jenkins' series M: sales answer three months later, then fade.

    Differences: indicator an MA(1) with −0.45; sales 4.7 · B³ ÷ (1 − 0.72 B) of it plus an MA(1) noise.
    """
    noise = random.standard_normal(months + 20) * 0.28
    x = noise.copy()
    x[1:] -= 0.45 * noise[:-1]
    own = random.standard_normal(months + 20) * 0.21
    answer = np.zeros(months + 20)
    for month in range(3, months + 20):
        answer[month] = 0.72 * answer[month - 1] + 4.7 * x[month - 3]
    y = answer + own
    return x[20:].cumsum(), y[20:].cumsum()
