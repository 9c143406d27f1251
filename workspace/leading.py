"""Does it lead: the indicators and outcomes of one workspace put before the evidence engine."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.calendar import Period
from data.store import folders
from kpis.catalogue import Catalogue
from kpis.evidence.accounts import account_evidence, evidence_map
from kpis.evidence.grades import Changed, Declared, Verdict, grade, verdict
from kpis.evidence.history import Floats
from kpis.evidence.preparing import Series
from kpis.evidence.result import Evidence
from kpis.evidence.scoring import change_from_baseline
from kpis.evidence.series import series_evidence
from kpis.evidence.standing import standing
from kpis.kpi import Kpi
from workspace import pairs, remembered
from workspace.account_history import (
    OUTCOMES,
    SEGMENT,
    History,
    account_outcome,
    history,
    indicator,
    ingredients,
    leading_kpis,
    number,
)
from workspace.kept import Kept
from workspace.numbers import NO_FILTER, Workspace

# Company outcomes tried beside those of the declared map. Outcomes over several months overlap and fake a lead.
_SERIES_OUTCOMES = frozenset({"nrr_1m", "grr_1m", "contraction_rate"})
_SERIES_VARIANTS = frozenset(
    {"time_to_resolution_median", "time_to_resolution_p90", "ces_mean", "health_score_mrr"}
) | {
    *("first_response_time_median", "first_response_time_p90", "sla_breach", "overdue_count", "referrer_share")
}  # other readings of an indicator that is tried already

_READING_STEPS, _SERIES_STEPS = 8, 5  # of the progress, beside one for each indicator

_TESTS = Kept(16)  # what was computed
_MAPS = Kept(16)  # the same, graded by the map in force

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


def lead_map(
    workspace: Workspace,
    where: Mapping[str, Sequence[str]] = NO_FILTER,
    progress: Progress = lambda share, what: None,
) -> LeadMap:
    """Every indicator against every outcome, under the filters in force; kept until something it depends on changes.

    Most changes of the declared map only grade again what was tested.

    Args:
        workspace: Whose data.
        where: Account attribute → values, as everywhere.
        progress: Told the share done and the key of the indicator at work; "" for the company's months.
    """
    catalogue = workspace.catalogue
    declared = tuple((pair.names, pair.sign, pair.since) for pair in (*catalogue.pairs, *catalogue.removed))
    key = (*_key(workspace, where), len(catalogue.pairs), declared)
    return _MAPS.get(key, lambda: _graded(catalogue, **_tests(workspace, where, progress)))


def lead_map_at_hand(workspace: Workspace, where: Mapping[str, Sequence[str]] = NO_FILTER) -> LeadMap | None:
    """The map if what it needs is in memory; never tests anything."""
    return None if _TESTS.peek(_key(workspace, where)) is None else lead_map(workspace, where)


def _key(workspace: Workspace, where: Mapping[str, Sequence[str]]) -> tuple[Any, ...]:
    """What the tests depend on: the data, how they are counted, and what the map asks beside the usual."""
    frozen = tuple(sorted((name, tuple(values)) for name, values in where.items()))
    chosen = (workspace.policies, workspace.health_preset, workspace.settings["currency"])
    announcing, announced = _named(workspace.catalogue)
    usual = {kpi.key for kpi in workspace.catalogue.kpis if _usual(kpi)}
    asked = (tuple(sorted(announcing - usual)), tuple(sorted(announced)), tuple(sorted(_allowed(workspace.catalogue))))
    return (workspace.key, workspace.as_of, *chosen, asked, frozen)


def _named(catalogue: Catalogue) -> tuple[set[str], set[str]]:
    """Indicators and outcomes of the map, with those of pairs taken off it: they go on being tested."""
    said = (*catalogue.pairs, *catalogue.removed)
    return {pair.leading for pair in said}, {pair.lagging for pair in said}


def _usual(kpi: Kpi) -> bool:
    """Whether an indicator is tried without being on the map."""
    return kpi.role == "leading" and kpi.key not in _SERIES_VARIANTS


def _allowed(catalogue: Catalogue) -> frozenset[tuple[str, str]]:
    """Pairs that share ingredients and may stand, because the map says why."""
    known = [
        (pair, catalogue.kpi(pair.leading), catalogue.kpi(pair.lagging))
        for pair in (*catalogue.pairs, *catalogue.removed)
        if pair.leading in catalogue and pair.lagging in catalogue
    ]
    return frozenset(
        pair.names for pair, one, other in known if pair.rationale and ingredients(one) & ingredients(other)
    )


def _tests(workspace: Workspace, where: Mapping[str, Sequence[str]], progress: Progress) -> dict[str, Any]:
    """The fields of a map before it is graded: from memory, from the home's cache, or computed."""
    key = _key(workspace, where)

    def test() -> dict[str, Any]:
        return _test(workspace, where, progress)

    def kept() -> dict[str, Any]:
        if workspace.live is not None or workspace.empty:
            return test()
        folder = folders.panels(workspace.store.home, workspace.id).parents[1] / "evidence" / workspace.id
        return remembered.kept(folder, key, test)

    found: dict[str, Any] = _TESTS.get(key, kept)
    return found


def _test(workspace: Workspace, where: Mapping[str, Sequence[str]], progress: Progress) -> dict[str, Any]:
    progress(0.0, "")
    seen = history(workspace, where)
    if not seen.months or seen.frame.empty:
        return {"months": len(seen.months), "first": "", "last": "", "events": {}, "found": []}
    indicators = [indicator(seen, kpi) for kpi in leading_kpis(workspace.catalogue, seen.frame).values()]
    outcomes = [outcome for key in OUTCOMES if (outcome := account_outcome(seen, key)) is not None]
    steps = _READING_STEPS + len(indicators) + _SERIES_STEPS

    def told(done: int) -> None:
        progress((_READING_STEPS + done) / steps, indicators[done].key if done < len(indicators) else "")

    found = evidence_map(seen.arranged, outcomes, indicators, told)
    found += _series(workspace, where, seen).values()
    events = {outcome.key: len(set(np.asarray(outcome.accounts, dtype=str))) for outcome in outcomes}
    span = {"first": seen.months[0].id, "last": seen.months[-1].id}
    return {"months": len(seen.months), **span, "events": events, "found": found}


def _graded(
    catalogue: Catalogue, found: Sequence[Evidence], months: int, first: str, last: str, events: Mapping[str, int]
) -> LeadMap:
    declared, changed = _declared(catalogue, last)
    graded = grade(found, declared, changed)
    return LeadMap(_verdicts(graded, declared), months, first, last, events, tuple(graded))


def _declared(catalogue: Catalogue, last: str) -> tuple[Declared, Changed]:
    """The declared pairs in the order of the map with the sign that is expected, and what was changed after looking."""
    signs = {pair.names: 1 if pair.sign == "+" else -1 for pair in catalogue.pairs}
    return signs, pairs.changed((*catalogue.pairs, *catalogue.removed), last)


def _verdicts(graded: Sequence[Evidence], declared: Iterable[tuple[str, str]]) -> tuple[Verdict, ...]:
    """Both kinds of evidence put together, declared pairs first in the order of the map."""
    by_level = {
        level: {(e.leading, e.lagging): e for e in graded if e.level == level} for level in ("account", "series")
    }
    names = dict.fromkeys(name for name in declared if any(name in kept for kept in by_level.values()))
    names |= dict.fromkeys((one.leading, one.lagging) for one in graded)
    return tuple(verdict(by_level["account"].get(name), by_level["series"].get(name)) for name in names)


def _series(workspace: Workspace, where: Mapping[str, Sequence[str]], seen: History) -> dict[tuple[str, str], Evidence]:
    """The same questions put to the company's monthly series."""
    announcing, named = _named(workspace.catalogue)
    announced = named | _SERIES_OUTCOMES
    wanted = [k.key for k in workspace.catalogue.kpis if _usual(k) or k.key in announced | announcing]
    series = company_series(workspace, where, seen.months, wanted)
    leading = [key for key in series if _usual(workspace.kpi(key)) or key in announcing]
    lagging = [key for key in series if key in announced]
    both = [(one, other) for one in leading for other in lagging if one != other]
    return series_evidence(both, series, seen.months[0].start.month, _allowed(workspace.catalogue))


def company_series(
    workspace: Workspace, where: Mapping[str, Sequence[str]], months: Sequence[Period], keys: Sequence[str]
) -> dict[str, Series]:
    """KPIs of the company by whole month, with the cases behind each value; those without any value are left out."""
    ids = [period.id for period in months]
    table = workspace.table(keys, "month", ids[0], ids[-1], where=where)
    found: dict[str, Series] = {}
    for key, block in table.groupby("kpi", sort=False):
        kpi, rows = workspace.kpi(str(key)), block.set_index("period").reindex(ids)
        values = rows["value"].astype(float)
        if values.notna().sum() == 0:
            continue
        counted = kpi.interval is not None or bool(kpi.n)
        cases = rows["n"].astype(float).to_numpy() if counted and rows["n"].notna().any() else None
        found[kpi.key] = Series(kpi.key, values.to_numpy(), cases, ingredients(kpi))
    return found


def by_segment(
    workspace: Workspace, leading: str, lagging: str, where: Mapping[str, Sequence[str]] = NO_FILTER
) -> dict[str, Evidence]:
    """The same pair in each segment by itself, corrected for how many there are; {} without segments.

    Only outcomes that happen to accounts can be compared this way. A pair that nobody declared, or not before the data
    could be looked at, is never above weak here either.
    """
    values = workspace.dimensions.get(SEGMENT, []) if lagging in OUTCOMES else []
    chosen = where.get(SEGMENT) or values
    found: dict[str, Evidence] = {}
    signs, changed = _declared(workspace.catalogue, pairs.last_month(workspace))
    declared = {(leading, lagging): 0} if (leading, lagging) in signs.keys() - changed.keys() else {}
    for value in chosen if len(chosen) > 1 else ():
        seen = history(workspace, {**where, SEGMENT: [value]})
        kpi = leading_kpis(workspace.catalogue, seen.frame).get(leading)
        outcome = account_outcome(seen, lagging) if kpi is not None else None
        if kpi is not None and outcome is not None:
            found[value] = account_evidence(seen.arranged, outcome, [indicator(seen, kpi)])[leading]
    graded = grade(found.values(), declared)
    return dict(zip(found, graded, strict=True))


def standing_now(workspace: Workspace, leading: str, where: Mapping[str, Sequence[str]] = NO_FILTER) -> pd.DataFrame:
    """Where each account stands in the last whole month, for accounts that can still have the event.

    Columns: account_id, name, segment (where there is one), mrr (at the close, in the reporting currency), value (the
    indicator), place (share of comparable accounts below, 0–1), moved (the same for the change from its own past;
    NaN with too little of it). Left out: accounts whose value is not known, and those that have given notice already.
    """
    seen = history(workspace, where)
    kpi = leading_kpis(workspace.catalogue, seen.frame).get(leading)
    if kpi is None:
        return pd.DataFrame(columns=["account_id", "name", "mrr", "value", "place", "moved"])
    values = np.asarray(indicator(seen, kpi).values, dtype=float)
    grid = seen.arranged.matrix(values)
    place, moved = (standing(seen.arranged, values, change=change) for change in (False, True))
    own = np.where(np.isnan(place), np.nan, _latest(grid))
    ends = (float(np.nanmin(own)), float(np.nanmax(own))) if np.isfinite(own).any() else (0.0, 0.0)
    told = pd.DataFrame(
        {
            "account_id": seen.arranged.accounts.astype(str),
            "place": _on_its_side(place, own, *ends),
            "moved": _on_its_side(moved, _latest(change_from_baseline(grid)), 0.0, 0.0),
        }
    )
    last = seen.frame["month"] == len(seen.months) - 1
    now = pd.DataFrame(
        {
            "account_id": seen.frame.loc[last, "account_id"],
            "mrr": number(seen.frame, "closing_mrr")[last],
            "value": values[last.to_numpy()],
        }
    )
    names = ["name", *([SEGMENT] if SEGMENT in workspace.dimensions else [])]
    frame = told.merge(now, on="account_id").merge(workspace.attributes(names), on="account_id", how="left")
    frame = frame[frame["place"].notna() & ~frame["account_id"].isin(seen.noticed)]
    return frame[["account_id", *names, "mrr", "value", "place", "moved"]].reset_index(drop=True)


def _latest(grid: Floats) -> Floats:
    return grid[:, -1] if grid.shape[1] else np.full(len(grid), np.nan)


def _on_its_side(place: Floats, own: Floats, low: float, high: float) -> Floats:
    """Places kept at the middle or below up to `low`, at the middle or above from `high`.

    Among many equal values, what comparable accounts have in common alone would lift an account with the lowest value
    of all into the top fifth, and one that did not move among those that rose.
    """
    place = np.where(own <= low, np.minimum(place, 0.5), place)
    return np.where(own >= high, np.maximum(place, 0.5), place)
