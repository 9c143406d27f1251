"""What the evidence engine answers: one record per pair, with reasons as ids and never as sentences."""

from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any, Literal

Grade = Literal["strong", "likely", "weak", "no_sign", "not_enough_data"]
Level = Literal["account", "series"]
Family = Literal["declared", "exploratory"]
Tag = Literal[
    "early_warning", "risk_profile", "already_leaving", "leads", "moves_together", "reacts", "influence_each_other"
]

GRADES: tuple[Grade, ...] = ("not_enough_data", "no_sign", "weak", "likely", "strong")  # from least to most
CONFIDENCE = 0.95  # of every interval here


@dataclass(frozen=True)
class Remark:
    """A reason or a warning: an id that has words elsewhere, and what fills them in."""

    id: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lead:
    """The strength of a link at one lead.

    Attributes:
        months: how many months the indicator lies before the outcome.
        estimate: AUC (accounts) or partial correlation (series); NaN when it could not be computed.
        error: standard error of the estimate.
        low: lower end of the 95 % interval.
        high: upper end.
        z: score statistic under no link (accounts only, else NaN).
        n: events (accounts) or months (series) behind it.
    """

    months: int
    estimate: float
    error: float = nan
    low: float = nan
    high: float = nan
    z: float = nan
    n: int = 0


@dataclass(frozen=True)
class Evidence:
    """What the data say about one indicator and one outcome.

    Attributes:
        leading: key of the indicator.
        lagging: key of the outcome.
        level: "account" or "series".
        grade: set by `grades.grade`; before that "not_enough_data" when refused, else "no_sign".
        tag: what kind of link; None without one.
        lead_months: months before the outcome at which the link is strongest; None when nothing leads.
        visible_from: the most months before at which it already stands out, contiguous to the strongest.
        estimate: AUC or r at the strongest lead; NaN when refused.
        low: lower end of its 95 % interval.
        high: upper end.
        p: probability of a link at least this strong at any lead if there were none.
        q: p after Benjamini–Hochberg over the pairs of its family; NaN before `grades.grade`.
        n: distinct accounts with the event behind the estimate, or months.
        periods: distinct months with an event (accounts), or months (series).
        detectable: smallest AUC (above ½) or |r| that would have stood out.
        by_lead: strength by lead, in order of months.
        family: whether the pair was declared beforehand.
        refusal: why nothing was computed; None when it was.
        warnings: what a reader must know.
        checks: named conditions of the grades that were looked at (`recent_same_sign`, `drop_two`, `direction`, …).
        change: the same on the change from the account's own baseline (accounts only).
        change_p: its p; NaN when it could not be computed.
        reverse: strength of the outcome before the indicator (series only).
        reverse_p: its p.
        tenths: accounts only: departures in each tenth of comparable accounts, lowest values first, at the strongest
            lead; empty when refused.
        months_named: series only: positions of the two months that carry the link most.
        outcome_sign: accounts only: +1 when the event raises the outcome's KPI (a departure raises churn), −1 when it
            lowers it (a lost renewal lowers the renewal rate).
    """

    leading: str
    lagging: str
    level: Level
    grade: Grade = "no_sign"
    tag: Tag | None = None
    lead_months: int | None = None
    visible_from: int | None = None
    estimate: float = nan
    low: float = nan
    high: float = nan
    p: float = nan
    q: float = nan
    n: int = 0
    periods: int = 0
    detectable: float = nan
    by_lead: tuple[Lead, ...] = ()
    family: Family = "exploratory"
    refusal: Remark | None = None
    warnings: tuple[Remark, ...] = ()
    checks: dict[str, bool] = field(default_factory=dict)
    change: tuple[Lead, ...] = ()
    change_p: float = nan
    reverse: tuple[Lead, ...] = ()
    reverse_p: float = nan
    tenths: tuple[int, ...] = ()
    months_named: tuple[int, ...] = ()
    outcome_sign: int = 1

    @property
    def effect(self) -> float:
        """The estimate as a distance from no link: AUC − ½ or r; positive when high values come with the outcome."""
        return self.estimate - 0.5 if self.level == "account" else self.estimate

    @property
    def sign(self) -> int:
        """+1 when high values come with the outcome, −1 when low values do, 0 when nothing was computed."""
        return 0 if not isfinite(self.effect) else int(self.effect > 0) - int(self.effect < 0)

    @property
    def link_sign(self) -> int:
        """The sign between the indicator and the outcome's KPI, so that accounts and series can be compared."""
        return self.sign * self.outcome_sign

    def record(self) -> dict[str, Any]:
        """The fields of one object of `evidence --json`, without its sentence; NaN becomes None."""
        account = self.level == "account"
        return {
            "leading": self.leading,
            "lagging": self.lagging,
            "level": self.level,
            "grade": self.grade,
            "tag": self.tag,
            "lead_months": self.lead_months,
            "visible_from": self.visible_from,
            "auc" if account else "r": _known(self.estimate),
            "low": _known(self.low),
            "high": _known(self.high),
            "p": _known(self.p),
            "q": _known(self.q),
            "n_events" if account else "n_months": self.n,
            "detectable": _known(self.detectable),
            "warnings": [remark.id for remark in (*([self.refusal] if self.refusal else []), *self.warnings)],
        }


def refused(leading: str, lagging: str, level: Level, reason: str, **params: Any) -> Evidence:
    """An answer that says why there is none."""
    n = int(params.get("n", 0))
    return Evidence(leading, lagging, level, grade="not_enough_data", refusal=Remark(reason, params), n=n)


def _known(number: float) -> float | None:
    return float(number) if isfinite(number) else None
