"""A workspace's own KPIs: the definitions it keeps, with the measures its data have for them; adding and changing."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from data.facts import AnyFacts
from data.measures import FAMILIES, observed
from data.measures.measure import Measure
from data.measures.observed import Metric
from data.panel import Panel, build_panel
from data.policies import Policies
from kpis.kpi import Kpi
from kpis.own import LONGEST_NAME, MOST, Definition, Ingredient, key_for, kpi, plain, problems, read
from kpis.own_formula import OwnProblem

if TYPE_CHECKING:
    from workspace.numbers import Workspace

SETTING = "own_kpis"
TRIED = "own_tried"  # the key of a definition that has none yet
READINGS = ("ratio", "sum", "average", "latest")
_NAMES = re.compile(rf"{observed.PREFIX}[a-z0-9_]+")
_SUFFIXES = ("", "_upper", "_of", "_rows", "_last", "_accounts")
# Answers of employees are shown from five on and only together: no formula may take them apart.
_APART = ("enps_",)
_COMPANY = ("acquisition_cost",)
_YOUNG = ("contacts_solved_in_window",)
_HEALTH = {"health_points": Ingredient("points", by_week=False), "health_accounts": Ingredient("count", by_week=False)}


@dataclass(frozen=True)
class Own:
    """The own KPIs of a workspace on its data.

    Attributes:
        definitions: as kept, those that cannot stand included.
        facts: the data whose metrics are looked up when a formula names one.
    """

    definitions: tuple[Definition, ...]
    facts: AnyFacts = field(compare=False, repr=False)

    @property
    def key(self) -> tuple[Any, ...]:
        """All that values depend on, for caches: a KPI that was only renamed keeps its own."""
        return tuple((one.key, one.objective, one.role, one.unit, one.formula) for one in self.definitions)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that the data hold."""
        return observed.metrics(self.facts)[: observed.MOST]

    @cached_property
    def _named(self) -> frozenset[str]:
        """Names of observed measures in the formulas, whether the data have them or not."""
        return frozenset(name for one in self.definitions for name in _NAMES.findall(one.formula))

    @cached_property
    def ingredients(self) -> dict[str, Ingredient]:
        """What the formulas may be made of: an observed measure that the data do not have (any more) waits for them."""
        waiting = {name: Ingredient() for name in self._named}
        return built_in() | waiting | (of_metrics(self.metrics) if self._named else {})

    @cached_property
    def _standing(self) -> dict[str, Kpi | OwnProblem]:
        found: dict[str, Kpi | OwnProblem] = {}
        for one in self.definitions:
            try:
                found[one.key] = kpi(one, self.ingredients)
            except OwnProblem as problem:
                found[one.key] = problem
        return found

    @property
    def kpis(self) -> tuple[Kpi, ...]:
        """Those whose formula can stand."""
        return tuple(one for one in self._standing.values() if isinstance(one, Kpi))

    @property
    def broken(self) -> dict[str, OwnProblem]:
        """What is in the way of the others, by key."""
        return {key: one for key, one in self._standing.items() if isinstance(one, OwnProblem)}

    @cached_property
    def observed(self) -> dict[str, str]:
        """The metric by name of the measure, for the measures of metrics that some formula names."""
        if not self._named:
            return {}
        found = {one.measure + suffix: one.name for one in self.metrics for suffix in _SUFFIXES}
        used = {found[name] for name in self._named if name in found}
        return {measure: metric for measure, metric in found.items() if metric in used}

    @property
    def measured(self) -> tuple[str, ...]:
        """Metrics that the panel must have."""
        return tuple(dict.fromkeys(self.observed.values()))

    @cached_property
    def declared(self) -> dict[str, Measure]:
        """How the observed measures in the formulas are declared; a metric the data do not have needs observations."""
        waiting = {name: Measure(name, name, "event", "points", ("observations",)) for name in self._named}
        return waiting | {one.name: one for one in observed.family(self.measured).measures}

    def names(self) -> dict[str, tuple[str, str]]:
        """Name and explanation by key, as plain words, observed measures included."""
        found = {one.key: (one.name, one.says) for one in self.definitions}
        return found | {one: (metric_words(metric), "") for one, metric in self.observed.items()}


def of(workspace: "Workspace") -> Own:
    """The own KPIs of a workspace."""
    return Own(read(workspace.settings[SETTING]), workspace.facts)


def beside(built: Panel, own: Own, grain: str, policies: Policies, as_of: date | None) -> Panel:
    """A panel with the measures of the metrics that own formulas name."""
    measured = build_panel(own.facts, grain, policies, as_of, [observed.family(own.measured)]).frame
    joined = built.frame.merge(measured, on=["account_id", "period"], how="left", validate="one_to_one")
    return Panel(joined, built.periods, built.as_of)


def built_in() -> dict[str, Ingredient]:
    """The measures that formulas may be made of, without those of the data's own metrics."""
    found = {
        one.name: Ingredient(one.unit, one.name in _COMPANY, mature=one.name in _YOUNG)
        for family in FAMILIES
        for one in family.measures
        if not one.name.startswith(_APART)
    }
    return found | _HEALTH


def of_metrics(metrics: Iterable[Metric]) -> dict[str, Ingredient]:
    """The measures of the data's own metrics; a metric whose rows name no account is the company's."""
    found = {}
    for metric in metrics:
        for one in observed.family([metric.name]).measures:
            found[one.name] = Ingredient("count" if one.unit == "count" else "", company=not metric.owned)
    return found


def metric_words(metric: str) -> str:
    """A metric's name as plain words."""
    return plain(metric.replace("_", " "), LONGEST_NAME) or "metric"


def formula_of(metric: Metric, reading: str) -> str:
    """The formula that reads a metric: ratio, sum, average of its rows, latest value of each account."""
    name = metric.measure
    return {
        "ratio": f"{name}_upper ÷ {name}_of",
        "sum": name,
        "average": f"{name} ÷ {name}_rows",
        "latest": f"{name}_last",
    }[reading]


def checked(workspace: "Workspace", one: Definition, names: Iterable[str]) -> tuple[OwnProblem, ...]:
    """All that is in the way of a definition; `names` are those of the other KPIs."""
    found = problems(one, built_in() | of_metrics(metrics(workspace)), names)
    full = not one.key and len(workspace.own.definitions) >= MOST
    return (*found, *([OwnProblem("too_many_kpis", most=MOST)] if full else []))


def metrics(workspace: "Workspace") -> tuple[Metric, ...]:
    """The metrics of the data, those with most rows first; no more than are read."""
    return observed.metrics(workspace.facts)[: observed.MOST]


def more_metrics(workspace: "Workspace") -> bool:
    """Whether the data have more metrics than are read."""
    return len(observed.metrics(workspace.facts)) > observed.MOST


def save(workspace: "Workspace", one: Definition) -> Definition:
    """Add a definition (its key is empty) or change the one of its key; the change is recorded.

    Returns:
        The definition with its key.
    """
    held = _held(workspace)
    if not one.key:
        key = key_for(one.name, {*held, *ever(workspace)})
        one = replace(one, key=key)
    _keep(workspace, held | {one.key: one})
    return one


def delete(workspace: "Workspace", key: str) -> None:
    """Take a definition away; its targets and labels stay, for when it is brought back."""
    held = _held(workspace)
    held.pop(key, None)
    _keep(workspace, held)


def bring_back(workspace: "Workspace", key: str) -> None:
    """Put a deleted definition back as it was last."""
    past = ever(workspace)
    if key in past:
        _keep(workspace, _held(workspace) | {key: past[key]})


def ever(workspace: "Workspace") -> dict[str, Definition]:
    """Every definition there ever was, as it was last, from the record of changes."""
    found: dict[str, Definition] = {}
    for change in reversed(workspace.store.changes(workspace.id, "setting")):
        if change.name == SETTING:
            found |= {one.key: one for record in (change.before, change.after) for one in read(record)}
    return found


def deleted(workspace: "Workspace") -> tuple[Definition, ...]:
    """Definitions that were taken away and can be brought back."""
    held = _held(workspace)
    return tuple(one for key, one in ever(workspace).items() if key not in held)


def _held(workspace: "Workspace") -> dict[str, Definition]:
    """What is stored at this moment, whatever was stored when the workspace was opened."""
    return {one.key: one for one in read(workspace.store.settings(workspace.id)[SETTING])}


def _keep(workspace: "Workspace", held: Mapping[str, Definition]) -> None:
    workspace.store.save_settings(workspace.id, {SETTING: [one.record() for one in held.values()]})
