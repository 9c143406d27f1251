"""The catalogue: every KPI there is, in screen order, and how each objective sees it."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from kpis import expansion, financial, quality, retention
from kpis.kpi import OBJECTIVES, Kpi, Objective, Role

KPIS: tuple[Kpi, ...] = retention.KPIS + quality.KPIS + expansion.KPIS + financial.KPIS

WAIT_MONTHS = 6  # of new data before a pair that was changed after looking counts like one declared beforehand

Labels = Mapping[tuple[str, str], Role]  # (KPI key, objective) → role a workspace has chosen


class UnknownKpi(KeyError):
    """A key that names no KPI; says which keys look like it."""

    def __init__(self, key: str, among: Iterable[str]) -> None:
        self.key = key
        self.suggestions = tuple(get_close_matches(key, list(among), n=3))
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
        rationale: why, in one sentence; "" when nobody said.
        source: where the opinion comes from.
        change: what a workspace did to it; "" for a pair as the default has it.
        since: the last whole month of data when it was added or removed or its sign was turned: up to there the
            answer could be looked at before the question was put. "" when it could not.
    """

    leading: str
    lagging: str
    objective: Objective
    sign: str
    lead_months: tuple[int, int]
    rationale: str
    source: str
    change: Literal["", "added", "changed", "removed"] = ""
    since: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """Indicator and outcome."""
        return self.leading, self.lagging

    @property
    def counts_from(self) -> str:
        """The month (2026-04) whose data make the change count like one made beforehand; "" from the start."""
        return counts_from(self.since) if self.since else ""

    def waits(self, last: str) -> bool:
        """Whether too few months are new since it was changed, the data ending with the month `last`."""
        return last < self.counts_from


def counts_from(since: str) -> str:
    """The month whose data make a change count in full that was made when the data ended with the month `since`."""
    months = int(since[:4]) * 12 + int(since[5:]) - 1 + WAIT_MONTHS
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


@cache
def default_pairs() -> tuple[Pair, ...]:
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


@dataclass(frozen=True)
class Catalogue:
    """The KPIs, declared pairs and labels in force: the built-in ones, or those with what a workspace has added.

    Attributes:
        kpis: every KPI, in screen order.
        pairs: the declared map of leading and lagging KPIs; a key may name a KPI that is gone.
        labels: (KPI key, objective) → role a workspace has chosen.
        removed: pairs a workspace took off the map.
    """

    kpis: tuple[Kpi, ...] = KPIS
    pairs: tuple[Pair, ...] = field(default_factory=default_pairs)
    labels: Labels = field(default_factory=dict)
    removed: tuple[Pair, ...] = ()

    @cached_property
    def _by_key(self) -> dict[str, Kpi]:
        return {kpi.key: kpi for kpi in self.kpis}

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def kpi(self, key: str) -> Kpi:
        """The KPI of a key.

        Raises:
            UnknownKpi: when there is none, with keys that look like it.
        """
        try:
            return self._by_key[key]
        except KeyError:
            raise UnknownKpi(key, self._by_key) from None

    def role(self, kpi: Kpi, objective: Objective) -> Role:
        """Leading, lagging or neither, as an objective sees a KPI.

        What the workspace has chosen goes first, then the home label, then the declared map: a KPI that
        announces an outcome of another objective is leading there.
        """
        return self.labels.get((kpi.key, objective)) or self.usual_role(kpi, objective)

    def usual_role(self, kpi: Kpi, objective: Objective) -> Role:
        """The role without what the workspace has chosen."""
        foreign = objective != kpi.objective and kpi.key in self._foreign(objective)
        return "leading" if foreign else kpi.role

    def page(self, objective: Objective) -> tuple[Kpi, ...]:
        """The KPIs of an objective's page: its own in screen order, then those from elsewhere that lead there.

        A label that a workspace has given to a foreign KPI brings it onto the page.
        """
        labelled = {key for (key, place), chosen in self.labels.items() if place == objective and chosen != "neither"}
        return self._page(objective, labelled)

    def usual_page(self, objective: Objective) -> tuple[Kpi, ...]:
        """The KPIs of an objective's page without what the workspace has chosen."""
        return self._page(objective, set())

    def _page(self, objective: Objective, labelled: set[str]) -> tuple[Kpi, ...]:
        own = [kpi for kpi in self.kpis if kpi.objective == objective]
        shown = self._foreign(objective) | labelled
        return (*own, *(kpi for kpi in self.kpis if kpi.key in shown and kpi not in own))

    def _foreign(self, objective: Objective) -> set[str]:
        """Keys from other objectives that the declared map sees leading an outcome of this one."""
        leading = {pair.leading for pair in self.pairs if pair.objective == objective}
        return {key for key in leading if key in self and self.kpi(key).objective != objective}


BUILT_IN = Catalogue()


def kpi(key: str) -> Kpi:
    """The built-in KPI of a key; raises `UnknownKpi`."""
    return BUILT_IN.kpi(key)
