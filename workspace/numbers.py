"""The numbers of one workspace at one data version: panels and cubes from `data`, values from `kpis`."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from data import cube as cubes
from data import facts
from data.calendar import GRAINS, Period, periods
from data.facts import AnyFacts, Facts
from data.panel import Panel, build_panel
from data.policies import Policies
from data.problems import DataProblem, did_you_mean
from data.store import Store, folders
from kpis import health
from kpis.catalogue import KPIS, Catalogue, UnknownKpi
from kpis.kpi import Kpi
from kpis.own import Definition
from kpis.table import kpi_table
from workspace import at_grain, cuts, lighting, own_kpis, pairs, panels, scored
from workspace.frames import as_records, chosen_periods, in_currency, needed, stated
from workspace.home import open_store
from workspace.kept import Kept
from workspace.policy_reach import touching
from workspace.view import View

if TYPE_CHECKING:
    from workspace.living import Live

NO_FILTER: Mapping[str, Sequence[str]] = {}

_PANELS = Kept(24)
_CUBES = Kept(400)
_FRAMES = Kept(400)


class Workspace:
    """One workspace at one data version: read its numbers, change its settings, bring in more data."""

    def __init__(self, store: Store, workspace_id: str, seen: AnyFacts | None = None) -> None:
        """`seen` are other facts than the stored ones: a preview of what an import would bring, or live ones."""
        self.store = store
        self.info = store.workspace(workspace_id)
        self.id = workspace_id
        self.facts = cast(Facts, seen or store.facts(workspace_id))
        self._preview = seen is not None
        self.trouble: DataProblem | None = None  # why there are no facts: a stored file is gone, a source is away
        self.live: Live | None = None  # where the numbers come from a connection
        self.stored = self  # the same workspace on what was imported

    @classmethod
    def open(cls, name: str, home: Path | None = None) -> "Workspace":
        """Open a workspace by name or id; an empty home first gets the sample company.

        Raises:
            DataProblem: there is no workspace of that name.
        """
        store = open_store(home)
        found = store.find_workspace(name)
        if found is None:
            known = [info.name for info in store.workspaces()]
            hint = did_you_mean(name, known)
            raise DataProblem(
                "workspace_unknown",
                "There is no workspace {name!r}.{hint} There is: {known}.",
                name=name,
                hint=hint,
                known=", ".join(known),
            )
        return cls(store, found.id)

    # What is chosen

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Settings with defaults filled in."""
        return self.store.settings(self.id)

    @cached_property
    def policies(self) -> Policies:
        """The policies in force."""
        stored = dict(self.settings["policies"])
        shared = {"currency": self.settings["currency"], "timezone": self.settings["timezone"]}
        return self._with(Policies(), {**stored, **shared})

    def policies_with(self, changes: Mapping[str, str]) -> Policies:
        """The policies in force with some tried otherwise.

        Raises:
            DataProblem: no such policy, or no such value.
        """
        return self._with(self.policies, changes)

    @staticmethod
    def _with(policies: Policies, changes: Mapping[str, Any]) -> Policies:
        for name, value in changes.items():
            policies = policies.with_set(name, "" if value is None else str(value))
        return policies

    @property
    def health_preset(self) -> str:
        """Name of the health preset in force."""
        chosen = self.settings["health_preset"]
        return chosen if chosen in health.presets() else health.DEFAULT_PRESET

    @cached_property
    def labels(self) -> dict[tuple[str, str], Any]:
        """Leading/lagging labels the workspace has changed: (kpi, objective) → role."""
        return self.store.labels(self.id)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The KPIs, declared pairs and labels in force."""
        on_map, taken_off = pairs.in_force(self.settings["declared_map"])
        return Catalogue((*KPIS, *self.own.kpis), pairs=on_map, removed=taken_off, labels=self.labels)

    @cached_property
    def own(self) -> own_kpis.Own:
        """The KPIs of the company's own."""
        return own_kpis.of(self)

    def trying(self, one: Definition) -> "Workspace":
        """The same data with one definition in place of the own ones, to see it before it is saved."""
        tried = copy(self)
        tried.__dict__.pop("catalogue", None)
        tried.__dict__["own"] = own_kpis.Own((replace(one, key=one.key or own_kpis.TRIED),), self.facts)
        return tried

    @property
    def key(self) -> tuple[Any, ...]:
        """What identifies the data and the own definitions in caches."""
        return self.facts.key, self.own.key

    def kpi(self, key: str) -> Kpi:
        """The KPI of a key.

        Raises:
            DataProblem: there is none, with keys that look like it.
        """
        try:
            return self.catalogue.kpi(key)
        except UnknownKpi as unknown:
            raise DataProblem("kpi_unknown", "{message}", message=str(unknown)) from None

    @cached_property
    def span(self) -> tuple[date | None, date | None]:
        """First day of the first period, and the as-of day; None without data."""
        return facts.observed_span(self.facts)

    @property
    def as_of(self) -> date | None:
        """The latest observed day in the data; None without data."""
        return self.span[1]

    @property
    def empty(self) -> bool:
        """True when nothing was ever observed."""
        return self.as_of is None

    @cached_property
    def known_accounts(self) -> int:
        """How many accounts there are, whether or not anything about them has a date; 0 without the table."""
        if "accounts" not in self.facts.tables():
            return 0
        return int(self.facts.answers(["SELECT count(DISTINCT account_id) FROM accounts"])[0][0][0])

    @cached_property
    def dimensions(self) -> dict[str, list[str]]:
        """Account attributes that numbers can be broken down by, with their values."""
        return facts.dimensions(self.facts)

    @cached_property
    def row_dimensions(self) -> tuple[str, ...]:
        """Dimensions that answers and contacts carry themselves (journey stage, category, …)."""
        return cuts.of_rows(self.facts)

    def cuts(self, key: str) -> tuple[str, ...]:
        """The dimensions a KPI can be cut by: account attributes, or those its rows carry."""
        return cuts.possible(self.facts, self.kpi(key), tuple(self.dimensions))

    # Numbers

    def panel(self, grain: str = "month", as_of: date | None = None, policies: Policies | None = None) -> Panel:
        """Measures per account and period: health and the metrics of the own KPIs included."""
        chosen = policies or self.policies
        built = self._built_in_panel(grain, as_of, chosen)
        if not self.own.measured:
            return built
        key = (self.facts.key, grain, as_of or self.as_of, chosen, self.health_preset, self.own.measured)
        return _PANELS.get(key, lambda: own_kpis.beside(built, self.own, grain, chosen, as_of))

    def _built_in_panel(self, grain: str, as_of: date | None, chosen: Policies) -> Panel:
        preset = self.health_preset
        key = (self.facts.key, grain, as_of or self.as_of, chosen, preset)
        if self._preview:
            return _PANELS.get(key, lambda: self._panel(grain, as_of, chosen, preset))
        return _PANELS.get(key, lambda: self._stored_panel(key, lambda: self._panel(grain, as_of, chosen, preset)))

    def _stored_panel(self, key: tuple[Any, ...], build: Callable[[], Panel]) -> Panel:
        """The panel of a key from the home's cache; built, and put there, when it is not in it."""
        first, seen, grain = self.span[0], key[2], key[1]
        if first is None or seen < first or grain not in GRAINS:
            return build()
        folder = folders.panels(self.store.home, self.id)
        return panels.kept(folder, key, periods(first, seen, grain), seen, build)

    def _panel(self, grain: str, as_of: date | None, policies: Policies, preset: str) -> Panel:
        built = build_panel(self.facts, grain, policies, as_of)
        if grain == "week" or not built.periods:
            return built
        if grain == "month":
            inputs = scored.inputs(self.facts, built, as_of, policies)
            return Panel(built.frame.join(health.scores(inputs, preset)), built.periods, built.as_of)
        return scored.at_last_month(built, self._built_in_panel("month", as_of, policies))

    def health(self, period: str, as_of: date | None = None) -> pd.DataFrame:
        """Health scores of the accounts active at the close of a month, with every input's points and share."""
        built = self.panel("month", as_of)
        frame = scored.inputs(self.facts, built, as_of, self.policies)
        scores = health.health_scores(frame, self.health_preset)
        return scores[scores["period"].astype(str) == period].reset_index(drop=True)

    def periods(self, grain: str = "month", as_of: date | None = None) -> tuple[Period, ...]:
        """The periods of the data at a grain.

        Raises:
            DataProblem: no such grain.
        """
        if grain not in GRAINS:
            raise DataProblem(
                "grain_unknown", "{grain!r} is not one of {grains}.", grain=grain, grains=", ".join(GRAINS)
            )
        return self.panel(grain, as_of).periods

    def cube(self, view: View, policies: Policies | None = None, only: Collection[str] | None = None) -> pd.DataFrame:
        """Measures per dimensions in play and period, money in currency units, one row per group and period.

        Columns: view.by, period, complete, solve_mature, then every measure, or `only` some.
        """
        self._check(view)
        chosen = policies or self.policies
        built = self.panel(view.grain, view.as_of, chosen)
        key = (self.key, view.grain, view.as_of or self.as_of, chosen, self.health_preset, view.dims)
        cube = _CUBES.get(key, lambda: cubes.build_cube(built.frame, self.attributes(view.dims), view.dims))
        wanted = [p.id for p in chosen_periods(built.periods, view.start, view.end)]
        asked = None if only is None else [name for name in built.frame.columns[2:] if name in only]
        frame = cubes.query_cube(cube, view.by, view.filters, wanted, asked)
        frame = in_currency(frame)
        by_id = {p.id: p for p in built.periods}
        ids = frame["period"].astype(str)
        frame["complete"] = ids.map(lambda i: by_id[i].complete).to_numpy(dtype=bool)
        mature = pd.Timedelta(days=chosen.solve_window_days)
        last = pd.Timestamp(built.as_of) if built.as_of else pd.NaT
        frame["solve_mature"] = ids.map(lambda i: pd.Timestamp(by_id[i].closing) + mature <= last).to_numpy(dtype=bool)
        frame["gross_margin"] = np.nan if chosen.gross_margin is None else chosen.gross_margin
        return frame

    def attributes(self, dims: Iterable[str]) -> pd.DataFrame:
        """account_id and the asked attributes of every account in the accounts table."""
        return facts.attributes(self.facts, tuple(dims))

    def _check(self, view: View) -> None:
        self.periods(view.grain)
        for name in view.dims:
            if name not in self.dimensions:
                hint = did_you_mean(name, list(self.dimensions))
                raise DataProblem(
                    "dimension_unknown",
                    "Accounts have no attribute {name!r} to break down or filter by.{hint}",
                    name=name,
                    hint=hint,
                )

    def table(
        self,
        keys: Iterable[str] | None = None,
        grain: str = "month",
        start: str | None = None,
        end: str | None = None,
        by: Sequence[str] = (),
        where: Mapping[str, Sequence[str]] = NO_FILTER,
        as_of: date | None = None,
        policies: Policies | None = None,
    ) -> pd.DataFrame:
        """The tidy KPI table: one row per KPI, period and group, with `unit` beside the columns of `kpi_table`.

        Raises:
            DataProblem: unknown KPI, grain, period, dimension.
        """
        chosen_kpis = self.catalogue.kpis if keys is None else [self.kpi(key) for key in keys]
        wanted = tuple(one.key for one in chosen_kpis)
        frozen = tuple(sorted((name, tuple(values)) for name, values in where.items()))
        view = View(grain, start, end, tuple(by), frozen, as_of)
        chosen = policies or self.policies
        key = (self.key, view, chosen, self.health_preset, wanted)
        return _FRAMES.get(key, lambda: self._table(wanted, view, chosen))

    def _table(self, keys: tuple[str, ...], view: View, policies: Policies) -> pd.DataFrame:
        if set(view.by) & set(self.row_dimensions):
            return self._row_table(keys, view, policies)
        costs = tuple(key for key in keys if cuts.COST in self.kpi(key).measures)
        cut = cuts.cost_cut(self.facts, view.dims) if costs else None
        if cut is None:
            return self._account_table(keys, view, policies)
        cube = self.cube(view, policies, needed(map(self.kpi, costs)))
        cube = cuts.with_costs(cube, cut, view.by, view.filters, self.facts, view.grain, policies, view.as_of)
        cut_costs = kpi_table(cube, costs, view.by, filtered=view.filters, carried=(cut,), catalogue=self.catalogue)
        both = self._with_units(cut_costs)
        if len(costs) < len(keys):
            others = self._account_table(tuple(key for key in keys if key not in costs), view, policies)
            both = pd.concat([others, both])
        place = both["kpi"].map({key: number for number, key in enumerate(keys)})
        return both.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)

    def _row_table(self, keys: tuple[str, ...], view: View, policies: Policies) -> pd.DataFrame:
        """The table by a dimension that rows carry themselves, for the KPIs that can be cut by it."""
        self._check(replace(view, by=()))
        dimension = view.by[0]
        if len(view.by) > 1:
            raise DataProblem("one_cut", "{name} can only be cut by alone.", name=dimension)
        built = self.panel(view.grain, view.as_of, policies)
        wanted = chosen_periods(built.periods, view.start, view.end)
        cube = cuts.row_cube(built, dimension, wanted, self._within(view), self.facts, view.grain, policies, view.as_of)
        possible = cuts.carried_by(cube, [self.kpi(key) for key in keys])
        if not possible:
            raise DataProblem(
                "not_carried", "{kpis} cannot be cut by {name}.", kpis=", ".join(keys[:5]), name=dimension
            )
        return self._with_units(kpi_table(cube, possible, view.by, filtered=view.filters, catalogue=self.catalogue))

    def _within(self, view: View) -> frozenset[str] | None:
        """Ids of the accounts that the filters leave; None without filters."""
        if not view.where:
            return None
        frame = self.attributes(name for name, _ in view.where)
        for name, values in view.where:
            frame = frame[frame[name].isin(values)]
        return frozenset(frame["account_id"])

    def _with_units(self, table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(unit=table["kpi"].map({key: self.kpi(key).unit for key in set(table["kpi"])}))

    def _account_table(self, keys: tuple[str, ...], view: View, policies: Policies) -> pd.DataFrame:
        cube = self.cube(view, policies, needed(map(self.kpi, keys)))
        extra = {name for key in keys for name in self.kpi(key).measures} - set(cube.columns)
        cube = at_grain.beside(self, cube, extra, view, policies)
        return self._with_units(kpi_table(cube, keys, view.by, filtered=view.filters, catalogue=self.catalogue))

    def records(self, keys: Iterable[str] | None = None, **view: Any) -> list[dict[str, Any]]:
        """The KPI table as the terminal face prints it (fields of cli.md), missing values as None."""
        table = self.table(keys, **view)
        by = tuple(view.get("by") or ())
        policies = view.get("policies") or self.policies
        shared = {
            "filters": {name: list(values) for name, values in (view.get("where") or {}).items()},
            "as_of": str(view.get("as_of") or self.as_of),
        }
        choices = stated(policies)
        found = []
        for row in as_records(table):
            groups = {name: row.pop(name) for name in by}
            key = row.pop("kpi")
            behind = {name: choices[name] for name in touching(self.kpi(key))}
            found.append({"kpi": key, "period": row.pop("period"), "by": groups, **row, **shared, "policies": behind})
        return found

    def lit(self) -> pd.DataFrame:
        """Every KPI: kpi, lit (it has a value in some period) and needs (tables or columns still missing)."""
        return _FRAMES.get((self.key, "lit", self.policies), lambda: lighting.lit(self))

    def history(self) -> list[dict[str, Any]]:
        """What was imported, undone and redone, newest first: version, when, action, who, tables and rows."""
        return [
            {
                "version": entry.version,
                "when": entry.created_at.isoformat(timespec="seconds"),
                "action": entry.action,
                "who": entry.actor,
                "imports": [f"{one.source_name} → {one.table} ({one.rows_accepted})" for one in entry.imports],
            }
            for entry in self.store.history(self.id)
        ]
