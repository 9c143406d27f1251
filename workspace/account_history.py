"""What is put before the evidence engine: a workspace's accounts by month, its indicators and its outcomes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.calendar import Period
from data.departures import departures, notices, terms
from data.measures.observed import PREFIX
from kpis.catalogue import Catalogue
from kpis.evidence.accounts import Indicator
from kpis.evidence.history import YEAR, AccountMonths, Outcome, account_months, decisions
from kpis.kpi import Kpi
from kpis.table import NEVER_ROLL_UP
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

_HISTORIES = Kept(8)


@dataclass(frozen=True)
class History:
    """Accounts by whole month, as the engine takes them: tidy rows, one for each account and month.

    Attributes:
        frame: account_id, month (index), at_risk, segment, tenure (months, NaN unknown), and every measure with
            money in currency units.
        arranged: The same for the engine.
        months: The whole months.
        decided: For accounts that left: account_id, month index of the decision, source.
        noticed: Accounts that have given notice and have not left yet.
    """

    frame: pd.DataFrame
    arranged: AccountMonths
    months: tuple[Period, ...]
    decided: pd.DataFrame
    noticed: frozenset[str] = frozenset()


def history(workspace: Workspace, where: Mapping[str, Sequence[str]] = NO_FILTER) -> History:
    """Accounts by whole month under the filters in force."""
    frozen = tuple(sorted((name, tuple(values)) for name, values in where.items()))
    key = (workspace.key, workspace.policies, workspace.health_preset, frozen)
    return _HISTORIES.get(key, lambda: _history(workspace, where))


def _history(workspace: Workspace, where: Mapping[str, Sequence[str]]) -> History:
    built = workspace.panel("month")
    months = tuple(period for period in built.periods if period.complete)
    index = {period.id: number for number, period in enumerate(months)}
    names = [SEGMENT] if SEGMENT in workspace.dimensions else []
    attributes = workspace.attributes(dict.fromkeys([*names, *where])).set_index("account_id")
    accounts, periods = built.frame["account_id"].astype(str), built.frame["period"].astype(str)
    places = periods.map(index)
    wanted = (accounts != "") & places.notna()
    for name, values in where.items():
        wanted &= accounts.isin(attributes.index[attributes[name].isin(values)])
    frame = in_currency(built.frame[wanted])
    frame = frame.assign(account_id=accounts[wanted], period=periods[wanted], month=places[wanted].astype(int))
    frame = frame.assign(**{name: frame["account_id"].map(attributes[name]) for name in names}).reset_index(drop=True)
    if frame.empty:
        return History(frame, account_months([], [], []), months, pd.DataFrame(columns=["account_id", "month"]))
    began = terms(workspace.facts)
    opened = pd.Series([pd.Timestamp(period.start) for period in months] + [pd.Timestamp(months[-1].end)])
    age = opened.reindex(frame["month"]).to_numpy() - frame["account_id"].map(began["started_on"]).to_numpy()
    tenure = age / np.timedelta64(1, "D") / _TENURE_DAYS
    decided = _decided(workspace, frame, months)
    noticed = notices(workspace.facts)
    # In that month or before; a company where nobody has given notice has no dates to map.
    told = noticed.reindex(frame["account_id"]).to_numpy() < opened.reindex(frame["month"] + 1).to_numpy()
    at_risk = (number(frame, "opening_accounts") > 0) & ~_leaving(frame, decided) & ~told
    segment = frame[SEGMENT] if names else None
    frame = frame.assign(at_risk=at_risk.to_numpy(), tenure=np.where(tenure < 0, np.nan, tenure))
    arranged = account_months(
        frame["account_id"],
        frame["month"],
        frame["at_risk"],
        None if segment is None else segment.astype(object).where(segment.notna(), None),
        frame["tenure"],
        len(months),
        *_turn(frame, opened, began),
    )
    return History(frame, arranged, months, decided, frozenset(noticed.index))


def _leaving(frame: pd.DataFrame, decided: pd.DataFrame) -> pd.Series:
    """Rows of accounts between their decision to leave and the end, whichever of their stays it was."""
    both = frame[["account_id", "month"]].reset_index().merge(decided, on="account_id", suffixes=("", "_decided"))
    rows = both.loc[(both["month"] > both["month_decided"]) & (both["month"] <= both["left"]), "index"]
    return pd.Series(frame.index.isin(rows), frame.index)


def _turn(frame: pd.DataFrame, opened: pd.Series, began: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Whole months since the account's terms last turned, by calendar month, and how many months they have.

    Terms that fit into a year more than once turn as often; all others, and those nobody told of, once a year. Without
    a contract, bills further apart than a month stand for the length. NaN where no day or no length is known.
    """
    whole = began["term_months"].where(began["term_months"] >= 1).clip(upper=YEAR).round()
    billed = began["billing_months"].where(began["billing_months"] > 1).clip(upper=YEAR).round()
    day, told = (frame["account_id"].map(one) for one in (began["turns_on"], whole))
    month = opened.dt.month.reindex(frame["month"]).to_numpy()
    turn = (month - day.dt.month) % YEAR % told.where(YEAR % told == 0, YEAR)
    return turn, told.fillna(frame["account_id"].map(billed))


def number(frame: pd.DataFrame, name: str) -> pd.Series:
    """A measure as floats; NaN throughout where it is absent."""
    return frame[name].astype(float) if name in frame else pd.Series(np.nan, index=frame.index)


def _decided(workspace: Workspace, frame: pd.DataFrame, months: tuple[Period, ...]) -> pd.DataFrame:
    """Departures with the month in which they were decided: the notice, else the end less the notice period."""
    left = frame.loc[number(frame, "lost_accounts") > 0, ["account_id", "month"]]
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


def leading_kpis(catalogue: Catalogue, frame: pd.DataFrame) -> dict[str, Kpi]:
    """The indicators that exist per account in these data by key, in screen order."""
    if frame.empty:
        return {}
    told = {pair.leading for pair in (*catalogue.pairs, *catalogue.removed)}
    return {
        kpi.key: kpi
        for kpi in catalogue.kpis
        if (kpi.key in told or (kpi.role == "leading" and kpi.key not in _SAME_BY_ACCOUNT))
        and not kpi.company_only
        and not NEVER_ROLL_UP.intersection(kpi.measures)
        and set(kpi.measures) <= set(frame.columns)
        and frame[list(kpi.measures)].notna().any().all()
    }


def indicator(seen: History, kpi: Kpi) -> Indicator:
    """A KPI of every account and month; answers stand until a newer one, for at most three months."""
    measures = {name: number(seen.frame, name) for name in kpi.measures}
    values = pd.Series(np.asarray(kpi.value(measures), dtype=float), index=seen.frame.index)
    if kpi.key in _ANSWERS or _observed_state(kpi):
        ordered = values.groupby(seen.frame["account_id"], sort=False)
        values = ordered.ffill(limit=CARRIED_MONTHS)
    return Indicator(kpi.key, values.to_numpy(), ingredients(kpi))


def _observed_state(kpi: Kpi) -> bool:
    """Whether a KPI of the company's own is read off rows that stand until newer ones: a ratio, a mean or a state."""
    alone = all(name.startswith(PREFIX) for name in kpi.measures)
    return alone and (len(kpi.measures) > 1 or kpi.measures[0].endswith("_last"))


def ingredients(kpi: Kpi) -> frozenset[str]:
    more = _HEALTH if any(name.startswith("health_") for name in kpi.measures) else frozenset()
    return frozenset(kpi.measures) | more


def _departures(seen: History) -> pd.Series:
    return number(seen.frame, "lost_accounts")


def _sum_of(*names: str) -> Callable[[History], pd.Series]:
    return lambda seen: pd.concat([number(seen.frame, name) for name in names], axis=1).sum(axis=1)


def _lost_renewals(seen: History) -> pd.Series:
    return number(seen.frame, "renewals_decided") - number(seen.frame, "renewals_won")


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
