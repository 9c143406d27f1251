"""The record of what was changed in the settings, newest first."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st
from babel.dates import format_datetime

from data.store.preferences import ChangeInfo
from kpis.kpi import OBJECTIVES, Kpi
from kpis.own import read
from ui.here import Here
from ui.link import GRAINS
from workspace import own_kpis

MOST = 100
Names = Mapping[str, str]  # of the company's own KPIs there are and were, by key


def show(here: Here) -> None:
    """The table."""
    tell, space = here.tell, here.loaded.space
    found = space.store.changes(space.id)[:MOST]
    if not found:
        st.caption(tell.t("settings.no_changes"))
        return
    names = {key: one.name for key, one in own_kpis.ever(space).items()}
    zone = ZoneInfo(space.settings["timezone"])
    shown = {
        tell.t("settings.when"): [
            format_datetime(one.changed_at.astimezone(zone), "medium", locale=here.locale) for one in found
        ],
        tell.t("settings.what"): [tell.t(f"settings.kind_{one.kind}") for one in found],
        tell.t("settings.which"): [_named(here, one, names) for one in found],
        tell.t("settings.before"): [_value(here, one, one.before, one.after) for one in found],
        tell.t("settings.after"): [_value(here, one, one.after, one.before) for one in found],
        tell.t("settings.who"): [one.actor for one in found],
    }
    st.dataframe(pd.DataFrame(shown), hide_index=True, width="stretch")


def _kpi(here: Here, one: ChangeInfo) -> Kpi | None:
    """The KPI a target or a label is about, where the catalogue knows it."""
    key = one.name.partition("/")[0]
    known = one.kind in ("target", "label") and key in here.loaded.catalogue
    return here.loaded.catalogue.kpi(key) if known else None


def _named(here: Here, one: ChangeInfo, names: Names) -> str:
    """What was changed: a KPI by its name, the period or objective of it in words, all else as recorded."""
    tell, kpi = here.tell, _kpi(here, one)
    key, *parts = one.name.split("/")
    if _of_own(one):
        changed = _without(one.after, one.before) or _without(one.before, one.after) or []
        return " · ".join([tell.t("settings.tab_own"), *dict.fromkeys(each.name for each in read(changed))])
    name = tell.short(key) if kpi is not None else names.get(key, "") if one.kind in ("target", "label") else ""
    if not name:
        return one.name
    words = {scope: tell.t(f"settings.scope_{scope}") for scope in GRAINS if scope != "week"}
    words |= {objective: tell.t(f"shell.{objective}") for objective in OBJECTIVES}
    return " · ".join([name, *(words.get(part, part) for part in parts)])


def _value(here: Here, one: ChangeInfo, value: Any, other: Any) -> str:
    """A value before or after, in the unit of its KPI."""
    if _of_own(one):
        return _defined(here, _without(value, other), _without(other, value))
    kpi = _kpi(here, one)
    if kpi is not None and one.kind == "target" and isinstance(value, int | float):
        return here.tell.full(float(value), kpi.unit)
    if one.kind == "label" and value in ("leading", "lagging"):
        return here.tell.t(f"objective.{value}")
    return written(_without(value, other))


def _of_own(one: ChangeInfo) -> bool:
    """Whether KPIs of the company's own were added, changed or deleted."""
    return one.kind == "setting" and one.name == own_kpis.SETTING


def _defined(here: Here, value: Any, other: Any) -> str:
    """Definitions by name, with what differs from the other side; one that is only on this side with its formula."""
    tell, others, shown = here.tell, {one.key: one for one in read(other)}, []
    choices = {"objective": "shell.", "role": "objective.", "unit": "own.unit_", "direction": "own.direction_"}
    labels = {"formula": "own.formula", "says": "own.explanation", "role": "settings.tab_labels"}
    for one in read(value):
        was = others.get(one.key)
        fields = [name for name in ("formula", *choices, "says") if was and getattr(one, name) != getattr(was, name)]
        told = []
        for name in fields if was else ["formula"]:
            said = getattr(one, name)
            said = tell.t(f"{choices[name]}{said}") if name in choices else said
            told.append(f"{tell.t(labels.get(name, f'own.{name}'))}: {said or '–'}")
        shown.append(" · ".join([one.name, *told]))
    return "; ".join(shown)[:300] or "–"


def _without(value: Any, other: Any) -> Any:
    """Of a list, what the other one does not have: all the rest was not changed."""
    if not isinstance(value, list):
        return value
    return [one for one in value if one not in (other if isinstance(other, list) else [])]


def written(value: Any) -> str:
    """A recorded value as text."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return "; ".join(written(one) for one in value)[:300] or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} = {one}" for name, one in value.items())[:300] or "–"
    return f"{value:g}" if isinstance(value, float) else str(value)[:300]
