"""One KPI in one period, read against its past and its target; from the tidy KPI table, no Streamlit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Protocol

import pandas as pd

from kpis.change import Change, change
from kpis.ends import natural_ends
from kpis.intervals import SMALL_SAMPLE
from kpis.kpi import Kpi
from kpis.targets import status
from ui.usual import usual_range

# These gather all history up to the period, so they drift as it grows: no range of theirs is usual.
CUMULATIVE = ("lifetime_median", "survival_12m", "survival_24m", "ltv_realised", "tcv_billed")
BUILDS_UP = ("health_score", "health_score_mrr", "adoption", "feature_adoption")


class PeriodLike(Protocol):
    """What is needed of a period."""

    id: str
    start: Any
    end: Any
    opening: Any
    closing: Any
    complete: bool


@dataclass(frozen=True)
class Reading:
    """A value and everything said about it. `history` is the KPI's table by period, oldest first.

    `value` is NaN exactly where `reason` says why; `status` is on, close (missed, but its interval holds the target),
    near, off or "" (no target). `low` and `high` are NaN where there is no interval, and then `no_range` may say why;
    `accounts` are those behind an interval over accounts.
    An unfinished period has no status, interval or usual range: it is not compared as if whole.
    `usual` is the range of the periods before; `change` is against `before_period` and None when
    there is nothing to compare with.
    """

    kpi: Kpi
    role: str
    period: str
    value: float
    numerator: float
    denominator: float
    n: float
    low: float
    high: float
    accounts: float
    no_range: str
    complete: bool
    reason: str
    badge: str
    before_period: str
    before: float
    change: Change | None
    target: float
    status: str
    usual: tuple[float, float] | None
    history: pd.DataFrame

    @property
    def key(self) -> str:
        """The KPI's key."""
        return self.kpi.key

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.value == self.value

    @property
    def builds_up(self) -> bool:
        """Whether it rests on use that adds up over a period, so that a running one looks low."""
        return self.key in BUILDS_UP

    @property
    def few(self) -> int:
        """The cases its interval rests on where they are fewer than 30; else 0."""
        cases = self.accounts if isfinite(self.accounts) else self.n
        return int(cases) if isfinite(self.low) and cases < SMALL_SAMPLE else 0

    @property
    def outside(self) -> str:
        """above, below or nothing: where the value lies against its usual range."""
        if not self.known or self.usual is None:
            return ""
        return "above" if self.value > self.usual[1] else "below" if self.value < self.usual[0] else ""

    @property
    def tone(self) -> str:
        """good or bad when outside the usual range on the side that is good or bad; else plain."""
        if not self.outside or self.kpi.direction == "neither":
            return "plain"
        return "good" if (self.outside == "above") == (self.kpi.direction == "up") else "bad"

    @property
    def moved(self) -> bool:
        """Whether it changed by more than normal variation."""
        return self.change is not None and self.change.outside is True


def read(
    table: pd.DataFrame,
    periods: Sequence[PeriodLike],
    period: str,
    roles: Mapping[Kpi, str],
    targets: Mapping[str, float],
    compare: str = "previous",
) -> dict[str, Reading]:
    """A reading by KPI key of a tidy table without breakdown, in the order of `roles`.

    `targets` are the targets of that period, in the KPI's unit.
    """
    order = {p.id: i for i, p in enumerate(periods)}
    starts = {p.id: p.start for p in periods}
    here = order.get(period, -1)
    lag = year_of(period) if compare == "year" else 1
    found: dict[str, Reading] = {}
    named = {kpi.key: kpi for kpi in roles}
    for name, block in table.groupby("kpi", sort=False):
        one = named.get(str(name))
        if one is not None:
            block = block[block["period"].isin(order)]
            block = block.assign(order=block["period"].map(order), start=block["period"].map(starts))
            block = block.sort_values("order")
            target = targets.get(one.key, nan)
            found[one.key] = _reading(one, block, periods, here, lag, roles[one], target)
    return {key: found[key] for key in named if key in found}


def _reading(
    one: Kpi, block: pd.DataFrame, periods: Sequence[PeriodLike], here: int, lag: int, role: str, target: float
) -> Reading:
    records: Any = block.to_dict("records")
    rows: dict[int, dict[str, Any]] = {int(r["order"]): r for r in records}
    now, before = rows.get(here), rows.get(here - lag)

    def number(row: Mapping[str, Any] | None, name: str) -> float:
        return nan if row is None or row.get(name) is None else float(row[name])

    past = [number(r, "value") for o, r in rows.items() if o < here and r["complete"]]
    steps = [
        number(r, "value") - number(rows[o - lag], "value")
        for o, r in rows.items()
        if o < here and o - lag in rows and r["complete"]
    ][-24:]
    moved = change(one, now, before, [s for s in steps if isfinite(s)]) if now and before else None
    value, judged = number(now, "value"), bool(now and now["complete"])
    low, high = (number(now, end) if judged else nan for end in ("low", "high"))
    reason = now.get("reason") if now else "no_data"
    badge = now.get("badge") if now else None
    no_range = now.get("no_range") if now else None
    return Reading(
        kpi=one,
        role=role,
        period=periods[here].id if here >= 0 else "",
        value=value,
        numerator=number(now, "numerator"),
        denominator=number(now, "denominator"),
        n=number(now, "n"),
        low=low,
        high=high,
        accounts=number(now, "accounts"),
        no_range=no_range if isinstance(no_range, str) else "",
        complete=judged,
        reason=reason if isinstance(reason, str) else "",
        badge=badge if isinstance(badge, str) else "",
        before_period=periods[here - lag].id if 0 <= here - lag < len(periods) else "",
        before=number(before, "value"),
        change=moved if moved and moved.reason is None else None,
        target=target,
        status=(status(one, value, target, low, high) or "") if judged else "",
        usual=usual_range(past, natural_ends(one, past)) if judged and one.key not in CUMULATIVE else None,
        history=block,
    )


def year_of(period: str) -> int:
    """How many periods of this one's grain make a year."""
    _, _, part = period.partition("-")
    return 1 if not part else {"Q": 4, "H": 2, "W": 52}.get(part[0], 12)


def judged_period(periods: Sequence[PeriodLike], asked: str) -> str:
    """The period asked for, else the last whole one, else the last there is; "" without periods."""
    ids = [p.id for p in periods]
    if asked in ids:
        return asked
    whole = [p.id for p in periods if p.complete]
    return whole[-1] if whole else ids[-1] if ids else ""
