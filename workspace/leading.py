"""Does it lead: the indicators and outcomes of one workspace put before the evidence engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.calendar import Period
from data.departures import departures, first_starts
from data.store import folders
from kpis import catalogue
from kpis.evidence.accounts import Indicator, account_evidence, evidence_map
from kpis.evidence.grades import Verdict, grade, verdict
from kpis.evidence.history import AccountMonths, Outcome, account_months, decisions
from kpis.evidence.preparing import Series
from kpis.evidence.result import Evidence
from kpis.evidence.series import series_evidence
from kpis.evidence.standing import standing
from kpis.kpi import Kpi
from kpis.table import NEVER_ROLL_UP
from workspace import remembered
from workspace.frames import in_currency
from workspace.kept import Kept
from workspace.numbers import NO_FILTER, Workspace

SEGMENT = "segment"  # the attribute accounts are compared within, where they have it
CARRIED_MONTHS = 3  # an answer or rating stands for its account until a newer one, at most this long
_ANSWERS = frozenset({"nps", "csat", "ces", "ces_mean", "cs_feeling", "promoter_share"})
_SAME_BY_ACCOUNT = frozenset({"health_score_mrr", "ces_mean", "referrer_share", "overdue_count"})  # others say it
_TENURE_DAYS = 365.25 / 12
_ACCOUNT_SUMS = ("upsell_mrr", "cross_sell_mrr", "price_uplift_mrr")
# What the health score is made of: a pair of it and one of these shares ingredients.
_HEALTH = frozenset(
    {
        *("adoption_users", "adoption_seats", "active_days", "working_days", "features_used", "features_available"),
        *("nps_promoters", "nps_detractors", "nps_answers", "csat_satisfied", "csat_answers"),
        *("overdue_amount", "overdue_count", "feeling_points", "feeling_accounts"),
    }
)
# Company outcomes tried beside those of the declared map. Outcomes over several months overlap and fake a lead.
_SERIES_OUTCOMES = frozenset({"nrr_1m", "grr_1m", "contraction_rate"})
_SERIES_VARIANTS = frozenset(
    {"time_to_resolution_median", "time_to_resolution_p90", "ces_mean", "health_score_mrr"}
) | {
    *("first_response_time_median", "first_response_time_p90", "sla_breach", "overdue_count", "referrer_share")
}  # other readings of an indicator that is tried already

_SERIES_STEPS = 9  # of the progress, beside one for each indicator

_MAPS = Kept(16)
_HISTORIES = Kept(8)

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class LeadMap:
    """What the data of a workspace say about indicators and outcomes.

    Attributes:
        verdicts: One for each pair that was tried, declared pairs first in the order of the map.
        months: Whole months looked at.
        first: The first of them, as a period id; "" without data.
        last: The last of them.
        events: For outcomes that happen to accounts: how many accounts had one.
        found: The evidence of both kinds, pair by pair, as graded.
    """

    verdicts: tuple[Verdict, ...]
    months: int
    first: str
    last: str
    events: Mapping[str, int]
    found: tuple[Evidence, ...] = ()

    @property
    def span(self) -> tuple[str, str]:
        """The first and the last of the months."""
        return self.first, self.last

    def pair(self, leading: str, lagging: str) -> Verdict | None:
        """The verdict on one pair; None when it was not tried."""
        return next((v for v in self.verdicts if (v.shown.leading, v.shown.lagging) == (leading, lagging)), None)


@dataclass(frozen=True)
class History:
    """Accounts by whole month, as the engine takes them: tidy rows, one for each account and month.

    Attributes:
        frame: account_id, month (index), at_risk, segment, tenure (months, NaN unknown), and every measure with
            money in currency units.
        arranged: The same for the engine.
        months: The whole months.
        decided: For accounts that left: account_id, month index of the decision, source.
    """

    frame: pd.DataFrame
    arranged: AccountMonths
    months: tuple[Period, ...]
    decided: pd.DataFrame


def lead_map(
    workspace: Workspace,
    where: Mapping[str, Sequence[str]] = NO_FILTER,
    progress: Progress = lambda share, what: None,
) -> LeadMap:
    """Every indicator against every outcome, under the filters in force; kept until something it depends on changes.

    Args:
        workspace: Whose data.
        where: Account attribute → values, as everywhere.
        progress: Told the share done and the key of the indicator at work; "" for the company's months.
    """
    key = _key(workspace, where)

    def test() -> dict[str, Any]:
        found = _lead_map(workspace, where, progress)
        return {name: getattr(found, name) for name in ("months", "first", "last", "events", "found")}

    def kept() -> LeadMap:
        if workspace.live is not None or workspace.empty:
            return _lead_map(workspace, where, progress)
        folder = folders.panels(workspace.store.home, workspace.id).parents[1] / "evidence" / workspace.id
        told = remembered.kept(folder, key, test)
        return LeadMap(_verdicts(told["found"]), **told | {"found": tuple(told["found"])})

    return _MAPS.get(key, kept)


def lead_map_at_hand(workspace: Workspace, where: Mapping[str, Sequence[str]] = NO_FILTER) -> LeadMap | None:
    """The map if it is in memory; never tests anything."""
    found: LeadMap | None = _MAPS.peek(_key(workspace, where))
    return found


def _key(workspace: Workspace, where: Mapping[str, Sequence[str]]) -> tuple[Any, ...]:
    frozen = tuple(sorted((name, tuple(values)) for name, values in where.items()))
    declared = tuple((pair.leading, pair.lagging, pair.sign) for pair in catalogue.declared_map())
    chosen = (workspace.policies, workspace.health_preset, workspace.settings["currency"])
    return (workspace.facts.key, workspace.as_of, *chosen, declared, frozen)


def _declared() -> dict[tuple[str, str], int]:
    """The declared pairs in the order of the map, each with the sign that is expected."""
    return {(p.leading, p.lagging): 1 if p.sign == "+" else -1 for p in catalogue.declared_map()}


def _lead_map(workspace: Workspace, where: Mapping[str, Sequence[str]], progress: Progress) -> LeadMap:
    declared = _declared()
    seen = history(workspace, where)
    if not seen.months or seen.frame.empty:
        return LeadMap((), len(seen.months), "", "", {})
    indicators = [indicator(seen, kpi) for kpi in leading_kpis(seen.frame)]
    outcomes = [outcome for key in OUTCOMES if (outcome := account_outcome(seen, key)) is not None]
    steps = len(indicators) + _SERIES_STEPS

    def told(done: int) -> None:
        progress(done / steps, indicators[done].key if done < len(indicators) else "")

    found = evidence_map(seen.arranged, outcomes, indicators, told)
    found += _series(workspace, where, seen, declared).values()
    graded = grade(found, declared)
    events = {outcome.key: len(set(np.asarray(outcome.accounts, dtype=str))) for outcome in outcomes}
    return LeadMap(_verdicts(graded), len(seen.months), seen.months[0].id, seen.months[-1].id, events, tuple(graded))


def _verdicts(graded: Sequence[Evidence]) -> tuple[Verdict, ...]:
    """Both kinds of evidence put together, declared pairs first in the order of the map."""
    by_level = {
        level: {(e.leading, e.lagging): e for e in graded if e.level == level} for level in ("account", "series")
    }
    names = dict.fromkeys(name for name in _declared() if any(name in kept for kept in by_level.values()))
    names |= dict.fromkeys((one.leading, one.lagging) for one in graded)
    return tuple(verdict(by_level["account"].get(name), by_level["series"].get(name)) for name in names)


def history(workspace: Workspace, where: Mapping[str, Sequence[str]] = NO_FILTER) -> History:
    """Accounts by whole month under the filters in force."""
    frozen = tuple(sorted((name, tuple(values)) for name, values in where.items()))
    key = (workspace.facts.key, workspace.policies, workspace.health_preset, frozen)
    return _HISTORIES.get(key, lambda: _history(workspace, where))


def _history(workspace: Workspace, where: Mapping[str, Sequence[str]]) -> History:
    built = workspace.panel("month")
    months = tuple(period for period in built.periods if period.complete)
    index = {period.id: number for number, period in enumerate(months)}
    frame = in_currency(built.frame).astype({"account_id": str})
    frame = frame.assign(period=frame["period"].astype(str))
    frame = frame[(frame["account_id"] != "") & frame["period"].isin(index)]
    names = [SEGMENT] if SEGMENT in workspace.dimensions else []
    attributes = workspace.attributes(dict.fromkeys([*names, *where]))
    frame = frame.merge(attributes, on="account_id", how="left").copy()  # the merge leaves it in pieces
    for name, values in where.items():
        frame = frame[frame[name].isin(values)]
    frame = frame.assign(month=frame["period"].map(index)).reset_index(drop=True)
    if frame.empty:
        return History(frame, account_months([], [], []), months, pd.DataFrame(columns=["account_id", "month"]))
    starts = first_starts(workspace.facts).set_index("account_id")["started_on"]
    opened = pd.Series([pd.Timestamp(period.start) for period in months])
    age = opened.reindex(frame["month"]).to_numpy() - frame["account_id"].map(starts).to_numpy()
    tenure = age / np.timedelta64(1, "D") / _TENURE_DAYS
    decided = _decided(workspace, frame, months)
    notice = frame["account_id"].map(decided.set_index("account_id")["month"].groupby(level=0).min())
    again = frame["account_id"].map(frame[_number(frame, "lost_accounts") > 0].groupby("account_id")["month"].max())
    before = notice.isna() | (frame["month"] <= notice) | (frame["month"] > again)
    at_risk = (_number(frame, "opening_accounts") > 0) & before
    segment = frame[SEGMENT] if names else None
    frame = frame.assign(at_risk=at_risk.to_numpy(), tenure=np.where(tenure < 0, np.nan, tenure))
    arranged = account_months(
        frame["account_id"],
        frame["month"],
        frame["at_risk"],
        None if segment is None else segment.astype(object).where(segment.notna(), None),
        frame["tenure"],
        len(months),
    )
    return History(frame, arranged, months, decided)


def _number(frame: pd.DataFrame, name: str) -> pd.Series:
    """A measure as floats; NaN throughout where it is absent."""
    return frame[name].astype(float) if name in frame else pd.Series(np.nan, index=frame.index)


def _decided(workspace: Workspace, frame: pd.DataFrame, months: tuple[Period, ...]) -> pd.DataFrame:
    """Departures with the month in which they were decided: the notice, else the end less the notice period."""
    left = frame.loc[_number(frame, "lost_accounts") > 0, ["account_id", "month"]]
    starts = pd.Series([pd.Timestamp(period.start) for period in months])
    left = left.assign(flagged=starts.reindex(left["month"]).to_numpy())
    ends = departures(workspace.facts).rename(columns={"month": "flagged"})
    both = left.merge(ends, on=["account_id", "flagged"], how="left")
    notice = both["cancelled_on"].where(~(both["cancelled_on"] > both["ended_on"]))
    day, source = decisions(
        notice.to_numpy(dtype="datetime64[D]"),
        both["ended_on"].to_numpy(dtype="datetime64[D]"),
        both["notice_days"].astype(float).to_numpy(),
        both["flagged"].to_numpy(dtype="datetime64[D]"),
    )
    decided = np.searchsorted(starts.to_numpy(dtype="datetime64[D]"), day, side="right") - 1
    told = pd.DataFrame({"account_id": both["account_id"], "month": decided, "left": both["month"], "source": source})
    return told[told["month"] >= 0].reset_index(drop=True)


def leading_kpis(frame: pd.DataFrame) -> list[Kpi]:
    """The indicators that exist per account in these data, in screen order."""
    told = {pair.leading for pair in catalogue.declared_map()}
    return [
        kpi
        for kpi in catalogue.KPIS
        if (kpi.role == "leading" or kpi.key in told)
        and not kpi.company_only
        and kpi.key not in _SAME_BY_ACCOUNT
        and not NEVER_ROLL_UP.intersection(kpi.measures)
        and set(kpi.measures) <= set(frame.columns)
        and frame[list(kpi.measures)].notna().any().all()
    ]


def indicator(seen: History, kpi: Kpi) -> Indicator:
    """A KPI of every account and month; answers stand until a newer one, for at most three months."""
    measures = {name: _number(seen.frame, name) for name in kpi.measures}
    values = pd.Series(np.asarray(kpi.value(measures), dtype=float), index=seen.frame.index)
    if kpi.key in _ANSWERS:
        ordered = values.groupby(seen.frame["account_id"], sort=False)
        values = ordered.ffill(limit=CARRIED_MONTHS)
    return Indicator(kpi.key, values.to_numpy(), _ingredients(kpi))


def _ingredients(kpi: Kpi) -> frozenset[str]:
    more = _HEALTH if kpi.key.startswith("health_score") else frozenset()
    return frozenset(kpi.measures) | more


def _departures(seen: History) -> pd.Series:
    return _number(seen.frame, "lost_accounts")


def _sum_of(*names: str) -> Callable[[History], pd.Series]:
    return lambda seen: pd.concat([_number(seen.frame, name) for name in names], axis=1).sum(axis=1)


def _lost_renewals(seen: History) -> pd.Series:
    return _number(seen.frame, "renewals_decided") - _number(seen.frame, "renewals_won")


@dataclass(frozen=True)
class _Happening:
    """How an outcome shows in an account's month: `amount` above 0."""

    amount: Callable[[History], pd.Series]
    needs: tuple[str, ...]
    recurrent: bool = True
    kpi_sign: int = 1
    by_decision: bool = False  # dated by the decision to leave


OUTCOMES: dict[str, _Happening] = {
    "logo_churn": _Happening(_departures, ("lost_accounts",), recurrent=False, by_decision=True),
    "revenue_churn": _Happening(
        _sum_of("churned_mrr", "contraction_mrr"), ("churned_mrr", "contraction_mrr"), by_decision=True
    ),
    "contraction_rate": _Happening(_sum_of("contraction_mrr"), ("contraction_mrr",)),
    "renewal_rate": _Happening(_lost_renewals, ("renewals_decided", "renewals_won"), kpi_sign=-1, by_decision=True),
    "expansion_rate": _Happening(_sum_of(*_ACCOUNT_SUMS), _ACCOUNT_SUMS),
    "upsell": _Happening(_sum_of("upsell_mrr"), ("upsell_mrr",)),
    "cross_sell": _Happening(_sum_of("cross_sell_mrr"), ("cross_sell_mrr",)),
    "referrals": _Happening(_sum_of("referrals_received"), ("referrals_received",)),
}


def account_outcome(seen: History, key: str) -> Outcome | None:
    """The events of an outcome, each in the month of its decision; None where the data do not hold it."""
    what, frame = OUTCOMES[key], seen.frame
    if any(name not in frame or frame[name].isna().all() for name in what.needs):
        return None
    happened = frame.loc[what.amount(seen).to_numpy(dtype=float) > 0, ["account_id", "month"]]
    sources = np.full(len(happened), "")
    if what.by_decision:
        told = seen.decided.rename(columns={"month": "decided"}).drop_duplicates(["account_id", "left"])
        both = happened.merge(told, left_on=["account_id", "month"], right_on=["account_id", "left"], how="left")
        happened = happened.assign(month=both["decided"].fillna(both["month"]).astype(int).to_numpy())
        sources = both["source"].fillna("").to_numpy(dtype=str)
    return Outcome(
        key,
        happened["account_id"].to_numpy(dtype=str),
        happened["month"].to_numpy(),
        sources if (sources != "").any() else (),
        what.recurrent,
        frozenset(what.needs) if key != "referrals" else frozenset({"referrals_received"}),
        what.kpi_sign,
        departure=what.by_decision,
    )


def _series(
    workspace: Workspace,
    where: Mapping[str, Sequence[str]],
    seen: History,
    declared: Mapping[tuple[str, str], int],
) -> dict[tuple[str, str], Evidence]:
    """The same questions put to the company's monthly series."""
    announced = {lagging for _, lagging in declared} | _SERIES_OUTCOMES
    announcing = {leading for leading, _ in declared}
    wanted = [k for k in catalogue.KPIS if k.role == "leading" or k.key in announced | announcing]
    series = company_series(workspace, where, seen.months, [k.key for k in wanted if k.key not in _SERIES_VARIANTS])
    leading = [key for key in series if known_role(key) == "leading" or key in announcing]
    lagging = [key for key in series if key in announced]
    pairs = [pair for pair in declared if set(pair) <= set(series)]
    pairs += [(one, other) for one in leading for other in lagging if one != other and (one, other) not in declared]
    first = seen.months[0].start.month
    return series_evidence(pairs, series, first, frozenset(declared))


def known_role(key: str) -> str:
    """The role of a KPI at home."""
    return catalogue.kpi(key).role


def company_series(
    workspace: Workspace, where: Mapping[str, Sequence[str]], months: Sequence[Period], keys: Sequence[str]
) -> dict[str, Series]:
    """KPIs of the company by whole month, with the cases behind each value; those without any value are left out."""
    ids = [period.id for period in months]
    table = workspace.table(keys, "month", ids[0], ids[-1], where=where)
    found: dict[str, Series] = {}
    for key, block in table.groupby("kpi", sort=False):
        kpi, rows = catalogue.kpi(str(key)), block.set_index("period").reindex(ids)
        values = rows["value"].astype(float)
        if values.notna().sum() == 0:
            continue
        counted = kpi.interval is not None or bool(kpi.n)
        cases = rows["n"].astype(float).to_numpy() if counted and rows["n"].notna().any() else None
        found[kpi.key] = Series(kpi.key, values.to_numpy(), cases, _ingredients(kpi))
    return found


def by_segment(
    workspace: Workspace, leading: str, lagging: str, where: Mapping[str, Sequence[str]] = NO_FILTER
) -> dict[str, Evidence]:
    """The same pair in each segment by itself, corrected for how many there are; {} without segments.

    Only outcomes that happen to accounts can be compared this way.
    """
    values = workspace.dimensions.get(SEGMENT, []) if lagging in OUTCOMES else []
    chosen = where.get(SEGMENT) or values
    found: dict[str, Evidence] = {}
    for value in chosen if len(chosen) > 1 else ():
        seen = history(workspace, {**where, SEGMENT: [value]})
        kpi = next((one for one in leading_kpis(seen.frame) if one.key == leading), None) if len(seen.frame) else None
        outcome = account_outcome(seen, lagging) if len(seen.frame) else None
        if kpi is not None and outcome is not None:
            found[value] = account_evidence(seen.arranged, outcome, [indicator(seen, kpi)])[leading]
    graded = grade(found.values(), {(leading, lagging): 0})
    return dict(zip(found, graded, strict=True))


def standing_now(workspace: Workspace, leading: str, where: Mapping[str, Sequence[str]] = NO_FILTER) -> pd.DataFrame:
    """Where each account stands in the last whole month, for accounts that can still have the event.

    Columns: account_id, name, segment (where there is one), mrr (at the close, in the reporting currency), value (the
    indicator), place (share of comparable accounts below, 0–1), moved (the same for the change from its own past;
    NaN with too little of it). Accounts whose value is not known are left out.
    """
    seen = history(workspace, where)
    kpi = next((one for one in leading_kpis(seen.frame) if one.key == leading), None) if len(seen.frame) else None
    if kpi is None:
        return pd.DataFrame(columns=["account_id", "name", "mrr", "value", "place", "moved"])
    values = np.asarray(indicator(seen, kpi).values, dtype=float)
    told = pd.DataFrame(
        {
            "account_id": seen.arranged.accounts.astype(str),
            "place": standing(seen.arranged, values),
            "moved": standing(seen.arranged, values, change=True),
        }
    )
    last = seen.frame["month"] == len(seen.months) - 1
    now = pd.DataFrame(
        {
            "account_id": seen.frame.loc[last, "account_id"],
            "mrr": _number(seen.frame, "closing_mrr")[last],
            "value": values[last.to_numpy()],
        }
    )
    names = ["name", *([SEGMENT] if SEGMENT in workspace.dimensions else [])]
    frame = told.merge(now, on="account_id").merge(workspace.attributes(names), on="account_id", how="left")
    frame = frame[frame["place"].notna()]
    return frame[["account_id", *names, "mrr", "value", "place", "moved"]].reset_index(drop=True)
