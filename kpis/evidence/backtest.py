"""Would the health score have told: the score as it was known then, against who left afterwards.

The last third of time is looked at; a score is never compared with what happened before it.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from kpis.evidence.comparing import HORIZONS, Comparison
from kpis.evidence.history import AccountMonths, Flags, Floats, Outcome
from kpis.evidence.influence import clustered_error, plain_auc
from kpis.evidence.ranking import place
from kpis.evidence.result import Lead, Remark
from kpis.evidence.risksets import event_grid, risk_sets
from kpis.evidence.scoring import FEWEST_EVENTS, interval
from kpis.health import BANDS
from kpis.intervals import wilson

LOOK_AHEAD = (1, 3, 6)  # months
MAIN = 3
WORST = (0.10, 0.20)
BINS = 5
TEST_SHARE = 3  # the last of so many parts of time


@dataclass(frozen=True)
class Share:
    """A share of cases with its Wilson interval.

    Attributes:
        low_end: lower end of the scores counted, −inf for none (in `worst`: the share looked at).
        high_end: upper end, inf for none.
        count: cases that count.
        of: all cases.
        share: count ÷ of; NaN when there are none.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    low_end: float
    high_end: float
    count: int
    of: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Backtest:
    """How a score did.

    Attributes:
        auc: by months ahead, in `LOOK_AHEAD`: chance that who left had the lower score of two; with intervals.
        bands: departures within three months by band, lowest first.
        worst: share of departures that were in the worst tenth and the worst fifth.
        bins: departures within three months by fifth of the scores, lowest first.
        lead: share of departures that were in the worst fifth, by months before the event.
        departures: distinct accounts that left within three months of a tested month.
        first_month: first month tested.
        months: cut-off months for bands, worst and bins: as far apart as the look ahead, so that no departure
            counts twice.
        refusal: why there is no backtest; None when there is.
        warnings: what a reader must know.
    """

    auc: tuple[Lead, ...] = ()
    bands: tuple[Share, ...] = ()
    worst: tuple[Share, ...] = ()
    bins: tuple[Share, ...] = ()
    lead: tuple[Share, ...] = ()
    departures: int = 0
    first_month: int = 0
    months: tuple[int, ...] = ()
    refusal: Remark | None = None
    warnings: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Cuts:
    """Accounts at risk at some months, and whether they left within a number of months after.

    Attributes:
        months: the cut-off months whose look ahead lies wholly in the data.
        at_risk: cut-offs × accounts.
        left: cut-offs × accounts.
    """

    months: tuple[int, ...]
    at_risk: Flags
    left: Flags


def first_test_month(months: int) -> int:
    """Where the last third of time begins."""
    return months - months // TEST_SHARE


def cuts(history: AccountMonths, events: Flags, start: int, end: int, ahead: int) -> Cuts:
    """Every month from `start` whose look ahead ends before `end`.

    Who leaves in the cut-off month itself is not looked at: it is known already.
    """
    months = tuple(range(start, end - ahead))
    left = [events[:, month + 1 : month + 1 + ahead].any(axis=1) for month in months]
    risk = [history.at_risk[:, month] & ~events[:, month] for month in months]
    shape = (len(months), len(history.accounts))
    return Cuts(months, np.array(risk, dtype=bool).reshape(shape), np.array(left, dtype=bool).reshape(shape))


def backtest(
    history: AccountMonths, outcome: Outcome, score: Floats, edited_later: bool = False, sentiment: bool = False
) -> Backtest:
    """Try a score on the last third of time.

    Args:
        history: accounts by month, without the running month; not at risk once notice is given.
        outcome: departures, in the month of the decision.
        score: accounts × months as it was known at the end of each month, high is healthy, NaN when missing.
        edited_later: whether scores were computed or changed after the fact.
        sentiment: whether the score holds a CSM's own rating, which may be typed after the notice.
    """
    events, _ = event_grid(history, outcome)
    start = first_test_month(history.months)
    main = cuts(history, events, start, history.months, MAIN)
    known = ~np.isnan(score[:, list(main.months)].T) & main.at_risk
    departures = int((main.left & known).any(axis=0).sum())
    if departures < FEWEST_EVENTS:
        reason = Remark("few_events", {"n": departures, "needed": FEWEST_EVENTS})
        return Backtest(departures=departures, first_month=start, refusal=reason)
    apart = list(range(0, len(main.months), MAIN))
    values = np.where(known, score[:, list(main.months)].T, np.nan)[apart]
    left = main.left[apart]
    warnings = [Remark("action_hides_signal")]
    warnings += [Remark("edited_later")] * edited_later + [Remark("sentiment_after_notice")] * sentiment
    return Backtest(
        auc=tuple(_auc(history, events, score, start, ahead) for ahead in LOOK_AHEAD),
        bands=_by_range(values, left, (-np.inf, *BANDS, np.inf)),
        worst=_worst(values, left),
        bins=_by_range(values, left, _edges(values)),
        lead=_lead_curve(history, outcome, score),
        departures=departures,
        first_month=start,
        months=tuple(main.months[place_] for place_ in apart),
        warnings=tuple(warnings),
    )


def _auc(history: AccountMonths, events: Flags, score: Floats, start: int, ahead: int) -> Lead:
    """Chance that who left had the lower score, among accounts of the same month."""
    cut = cuts(history, events, start, history.months, ahead)
    if not cut.months:
        return Lead(ahead, float("nan"))
    values = np.where(cut.at_risk, -score[:, list(cut.months)].T, np.nan)
    auc, shares, n = plain_auc(values, cut.left)
    if n < FEWEST_EVENTS:
        return Lead(ahead, float("nan"), n=n)
    error = float(clustered_error(shares[None], np.array([n]))[0])
    return Lead(ahead, auc, error, *interval(auc, error, n), n=n)


def _share(low_end: float, high_end: float, count: int, of: int) -> Share:
    low, high = wilson(count, of)
    return Share(low_end, high_end, count, of, count / of if of else float("nan"), float(low), float(high))


def _by_range(values: Floats, left: Flags, edges: tuple[float, ...]) -> tuple[Share, ...]:
    """Departures among accounts whose score is at least one edge and below the next."""
    found = []
    for low, high in itertools.pairwise(edges):
        inside = (values >= low) & (values < high)
        found.append(_share(low, high, int((left & inside).sum()), int(inside.sum())))
    return tuple(found)


def _edges(values: Floats) -> tuple[float, ...]:
    """Fifths of the scores; fewer where many scores are equal."""
    inner = np.unique(np.nanquantile(values, np.arange(1, BINS) / BINS))
    return (-np.inf, *(float(edge) for edge in inner), np.inf)


def _worst(values: Floats, left: Flags) -> tuple[Share, ...]:
    """Departures that were among the lowest scores of their month."""
    placed = place(values, left).percentile + 0.5
    known = left & ~np.isnan(placed)
    return tuple(_share(share, share, int((placed[known] <= share).sum()), int(known.sum())) for share in WORST)


def _lead_curve(history: AccountMonths, outcome: Outcome, score: Floats) -> tuple[Share, ...]:
    """Departures of all times in the worst fifth, one to six months before; `low_end` is the months before."""
    sets = risk_sets(history, outcome)
    placed = place(Comparison(history, sets).gather(score), sets.case).percentile + 0.5
    known = sets.case & ~np.isnan(placed)
    return tuple(
        _share(horizon, horizon, int((one[there] <= WORST[1]).sum()), int(there.sum()))
        for horizon, one, there in zip(HORIZONS, placed, known, strict=True)
    )


def why_moved(before: dict[str, float], after: dict[str, float]) -> list[tuple[str, float]]:
    """What each input added to the change of a score between two dates, the largest first; they sum to the change.

    Args:
        before: contribution of each input to the earlier score; NaN or absent when it was missing.
        after: the same for the later score.
    """
    keys = sorted({*before, *after})
    moved = [(key, _or_nothing(after.get(key)) - _or_nothing(before.get(key))) for key in keys]
    return sorted((one for one in moved if one[1] != 0), key=lambda one: -abs(one[1]))


def _or_nothing(contribution: float | None) -> float:
    """A missing input contributes nothing to a score (which is a mean over the inputs there are)."""
    return 0.0 if contribution is None or np.isnan(contribution) else contribution
