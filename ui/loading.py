"""The only place that touches `workspace`: opening it, and reading from it under a key that names the data version.

Reads are cheap because the workspace keeps its results by (data version, policies, …). What a page
makes of them is kept with `kept`, whose first argument must be a `Scope`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import pandas as pd
import streamlit as st

import workspace
from data.measures import all_measures
from data.measures.observed import PREFIX
from kpis.catalogue import Catalogue
from kpis.kpi import Kpi
from kpis.own import Definition
from kpis.targets import Target, applicable
from ui.connecting.state import shared
from ui.link import Link
from ui.telling import Teller
from words import catalogue

Where = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Scope:
    """Everything the numbers of a workspace depend on: part of every cache key."""

    workspace: str
    data: str
    policies: str
    targets: tuple[Target, ...]
    labels: tuple[tuple[str, str, str], ...]
    own: tuple[Definition, ...] = ()


# Keeps what a page makes of its numbers. Keys are scope, link and language, written out.
kept = st.cache_resource(max_entries=400, show_spinner=False, hash_funcs={Scope: repr, Link: repr, Teller: repr})


@dataclass(frozen=True)
class Loaded:
    """An open workspace at one version, with the key of that version; `names` are (id, name) of all workspaces.

    `stranger` is the workspace a link asked for when there is none of that name.
    """

    space: Any
    scope: Scope
    names: tuple[tuple[str, str], ...]
    stranger: str = ""

    @property
    def empty(self) -> bool:
        """True when nothing was ever imported."""
        return bool(self.space.empty)

    @property
    def name(self) -> str:
        """The workspace's name (data: escape it in Markdown)."""
        return str(self.space.info.name)

    @property
    def currency(self) -> str:
        """The reporting currency."""
        return str(self.space.settings["currency"])

    @property
    def catalogue(self) -> Catalogue:
        """The KPIs, declared pairs and labels in force."""
        found: Catalogue = self.space.catalogue
        return found


def load(asked: str) -> Loaded:
    """The workspace a link asks for, else the first there is; at the data version of this moment."""
    spaces = workspace.list_workspaces()
    names = tuple((w.id, w.name) for w in spaces)
    known = any(asked in pair for pair in names)
    space = workspace.keeping.open_anyway(
        asked if known else first_of([(w.id, w.name) for w in spaces if w.version or live(w.id)] or names),
        shared=shared(),
    )
    settings = space.settings
    targets = tuple(
        Target(t.kpi, t.value, t.period, "" if t.segment is None else "=".join(t.segment))
        for t in space.store.targets(space.id)
    )
    labels = tuple(sorted((k, o, str(role)) for (k, o), role in space.labels.items()))
    choices = repr((space.policies, settings["health_preset"], settings["currency"], settings["declared_map"]))
    own = space.own
    catalogue.call_own(own.names())
    scope = Scope(space.id, str(space.facts.key), choices, targets, labels, own.definitions)
    return Loaded(space, scope, names, "" if known else asked)


def live(workspace_id: str) -> bool:
    """Whether the numbers of a workspace come live from a connection."""
    return any(info.options.get("live") for info in workspace.open_store().connections(workspace_id))


def stored(loaded: Loaded) -> Loaded:
    """The same workspace on what was imported, where it is live."""
    return replace(
        loaded, space=loaded.space.stored, scope=replace(loaded.scope, data=str(loaded.space.stored.facts.key))
    )


def first_of(names: Sequence[tuple[str, str]]) -> str:
    """The workspace shown when a link names none: the newest with data that is not the sample, else the sample."""
    own = [id for id, name in names if name != workspace.SAMPLE]
    return own[-1] if own else names[0][0] if names else workspace.SAMPLE


def table(loaded: Loaded, keys: Sequence[str], grain: str, *, by: str = "", where: Where = ()) -> pd.DataFrame:
    """The tidy KPI table over all periods, period and group as plain text."""
    found = loaded.space.table(tuple(keys), grain=grain, by=(by,) if by else (), where=dict(where))
    return found.astype({"period": str, **({by: object} if by else {})})


def measures(loaded: Loaded, names: Sequence[str], period: str, grain: str, where: Where) -> dict[str, float]:
    """The measures of one period by name; NaN where one is missing."""
    return measures_of(loaded.space, names, period, grain, where)


def measures_of(space: Any, names: Sequence[str], period: str, grain: str, where: Where) -> dict[str, float]:
    """The same of a workspace that is not the one on screen."""
    cube = space.cube(workspace.View(grain=grain, start=period, end=period, where=where))
    row = cube[cube["period"].astype(str) == period]
    return {n: float(row[n].iloc[0]) if n in row and len(row) and pd.notna(row[n].iloc[0]) else nan for n in names}


def periods(loaded: Loaded, grain: str) -> tuple[Any, ...]:
    """The periods of the data at a grain; none without data."""
    return () if loaded.empty else tuple(loaded.space.periods(grain))


def dimensions(loaded: Loaded) -> dict[str, list[str]]:
    """Account attributes with their values."""
    return {} if loaded.empty else {name: [str(v) for v in values] for name, values in loaded.space.dimensions.items()}


def cuts(loaded: Loaded, key: str) -> list[str]:
    """The dimensions a KPI can be cut by: account attributes, or those its rows carry."""
    return [] if loaded.empty else list(loaded.space.cuts(key))


def lit(loaded: Loaded) -> dict[str, tuple[bool, tuple[str, ...]]]:
    """Per KPI whether it has a value in some period, and the tables or columns still missing."""
    frame = loaded.space.lit()
    return {str(k): (bool(on), tuple(n)) for k, on, n in zip(frame["kpi"], frame["lit"], frame["needs"], strict=True)}


def targets(loaded: Loaded, keys: Sequence[str], period: str, where: Where) -> dict[str, float]:
    """The targets that fit a period and the filters in force; a filter without targets of its own has none."""
    segment = _segment(where)
    if segment is None or not period:
        return {}
    found = {key: applicable(loaded.scope.targets, loaded.catalogue.kpi(key), period, segment) for key in keys}
    return {key: target.value for key, target in found.items() if target is not None}


def _segment(where: Where) -> str | None:
    if not where:
        return ""
    one = len(where) == 1 and len(where[0][1]) == 1
    return f"{where[0][0]}={where[0][1][0]}" if one else None


def accounts(loaded: Loaded, key: str, period: str, where: Where) -> pd.DataFrame:
    """Who is behind a number, by account."""
    return workspace.accounts(loaded.space, key, period, dict(where))


def rows_behind(loaded: Loaded, measure: str, period: str, where: Where) -> pd.DataFrame:
    """The contacts, answers, invoices … behind a measure."""
    return workspace.evidence(loaded.space, measure, period, dict(where))


def life_of_accounts(loaded: Loaded, where: Where) -> pd.DataFrame:
    """Account, month and whether it was a customer at the month's close, for whole months."""
    frame = loaded.space.panel("month").frame
    if "closing_accounts" not in frame:
        return pd.DataFrame({"account_id": [], "period": [], "closing_accounts": []})
    frame = frame[["account_id", "period", "closing_accounts"]].astype({"account_id": str, "period": str})
    chosen = accounts_within(loaded, where)
    return frame if chosen is None else frame[frame["account_id"].isin(chosen)]


def accounts_within(loaded: Loaded, where: Where) -> set[str] | None:
    """Ids of the accounts that the filters leave; None without filters."""
    if not where:
        return None
    frame = loaded.space.attributes(tuple(name for name, _ in where))
    for name, values in where:
        frame = frame[frame[name].isin(values)]
    return set(frame["account_id"].astype(str))


def unit_of(measure: str, one: Kpi | None = None) -> str:
    """The unit a measure is written in; a measure that the engine does not declare takes its KPI's."""
    if measure == "gross_margin":
        return "ratio"
    declared = all_measures().get(measure)
    if declared is None and measure.startswith(PREFIX) and one is not None and one.unit in ("money", "seconds"):
        return "count" if measure.endswith(("_rows", "_accounts")) else one.unit
    if declared is None:
        return one.unit if one is not None and len(one.measures) == 1 else "count"
    return declared.unit if declared.unit in ("money", "seconds") else "count"


def numerator_unit(one: Kpi) -> str:
    """The unit of a KPI's numerator: that of its first measure."""
    return unit_of(one.measures[0], one)
