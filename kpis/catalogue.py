"""The catalogue: every KPI there is, in screen order, and how each objective sees it."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from kpis import expansion, financial, quality, retention
from kpis.kpi import OBJECTIVES, Kpi, Objective, Role

KPIS: tuple[Kpi, ...] = retention.KPIS + quality.KPIS + expansion.KPIS + financial.KPIS

Overrides = Mapping[tuple[str, str], Role]  # (KPI key, objective) → role a workspace has chosen

_BY_KEY = {kpi.key: kpi for kpi in KPIS}
_NO_OVERRIDES: Overrides = {}


class UnknownKpi(KeyError):
    """A key that names no KPI; says which keys look like it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.suggestions = tuple(get_close_matches(key, _BY_KEY, n=3))
        super().__init__(key)

    def __str__(self) -> str:
        hint = f" Did you mean {', '.join(self.suggestions)}?" if self.suggestions else ""
        return f"There is no KPI “{self.key}”.{hint}"


@dataclass(frozen=True)
class Pair:
    """One row of the declared map: a leading KPI and what it is thought to announce.

    Attributes:
        leading: key of the KPI that is thought to move first.
        lagging: key of the KPI that follows.
        objective: the objective whose page shows the pair.
        sign: "+" when both move the same way, "-" when they move apart.
        lead_months: fewest and most months of lead that are plausible.
        rationale: why, in one sentence.
        source: where the opinion comes from.
    """

    leading: str
    lagging: str
    objective: Objective
    sign: str
    lead_months: tuple[int, int]
    rationale: str
    source: str


def kpi(key: str) -> Kpi:
    """The KPI of a key.

    Raises:
        UnknownKpi: when there is none, with keys that look like it.
    """
    try:
        return _BY_KEY[key]
    except KeyError:
        raise UnknownKpi(key) from None


@cache
def declared_map() -> tuple[Pair, ...]:
    """The default pairs of leading and lagging KPIs; priors, and that is the point of testing them."""
    with (Path(__file__).parent / "declared_map.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            Pair(
                row["leading"],
                row["lagging"],
                next(name for name in OBJECTIVES if name == row["objective"]),
                row["sign"],
                (int(row["lead_months_low"]), int(row["lead_months_high"])),
                row["rationale"],
                row["source"],
            )
            for row in csv.DictReader(lines)
        )


def role(kpi: Kpi, objective: Objective, overrides: Overrides = _NO_OVERRIDES) -> Role:
    """Leading, lagging or neither, as an objective sees a KPI.

    What the workspace has chosen goes first, then the home label, then the declared map: a KPI that
    announces an outcome of another objective is leading there.
    """
    chosen = overrides.get((kpi.key, objective))
    if chosen is not None:
        return chosen
    if objective == kpi.objective:
        return kpi.role
    return "leading" if kpi.key in _foreign(objective) else kpi.role


def page(objective: Objective, overrides: Overrides = _NO_OVERRIDES) -> tuple[Kpi, ...]:
    """The KPIs of an objective's page: its own in screen order, then those from elsewhere that lead there.

    A label that a workspace has given to a foreign KPI brings it onto the page.
    """
    own = [kpi for kpi in KPIS if kpi.objective == objective]
    labelled = [key for (key, place), chosen in overrides.items() if place == objective and chosen != "neither"]
    foreign = [kpi for kpi in KPIS if kpi.key in {*_foreign(objective), *labelled} and kpi not in own]
    return (*own, *foreign)


def _foreign(objective: Objective) -> frozenset[str]:
    """Keys from other objectives that the declared map sees leading an outcome of this one."""
    pairs = [pair for pair in declared_map() if pair.objective == objective]
    return frozenset(pair.leading for pair in pairs if _BY_KEY[pair.leading].objective != objective)
