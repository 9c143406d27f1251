"""Settings of targets: those there are, and a form for one more, prefilled from the workspace's own last year."""

from functools import partial
from typing import Any

import streamlit as st

from kpis.benchmarks import orientation
from kpis.kpi import Kpi
from kpis.targets import suggestion
from ui import header, loading
from ui.here import Here
from ui.reference.saving import saved
from ui.telling import Teller
from ui.text import escaped
from words import formats

SCOPES = ("month", "quarter", "half", "year", "")  # the prefill comes from months
_KPI, _VALUE, _SCOPE, _DIM, _OF = "target_kpi", "target_value", "target_scope", "target_dimension", "target_segment"


def show(here: Here) -> None:
    """The form, then the targets in force."""
    grid = st.grid(columns=2, min_column_width=300, gap="small")
    with grid.cell(), st.container(border=True, key="targets_form", gap="small", height="stretch"):
        _form(here)
    with grid.cell(), st.container(border=True, key="targets_list", gap="xxsmall", height="stretch"):
        _list(here)


def _form(here: Here) -> None:
    tell = here.tell
    st.markdown(f"##### {tell.t('settings.target_set')}", anchors=False)
    key = st.selectbox(
        tell.t("settings.target_kpi"),
        [one.key for one in here.loaded.catalogue.kpis if one.direction != "neither"],
        key=_KPI,
        format_func=tell.name,
    )
    one = here.loaded.catalogue.kpi(key)
    segment = _segment(here)
    scope = st.selectbox(
        tell.t("settings.target_scope"),
        SCOPES,
        key=_SCOPE,
        format_func=lambda s: tell.t(f"settings.scope_{s or 'all'}"),
    )
    hint = suggested(here, one, segment)
    size, sign = sized(one, hint, tell)
    held = stored(here, key, scope, segment)
    start = held if held is not None else hint
    widget = f"{_VALUE}_{key}_{scope}_{segment}_{here.loaded.scope.data}"
    if widget not in st.session_state:
        st.session_state[widget] = None if start is None else round(start * size, 4)
    side = "down" if one.direction == "down" else "up"
    st.number_input(tell.t(f"settings.target_{side}", unit=sign).replace(" ()", ""), key=widget, placeholder="–")
    st.caption(said(one, hint, tell))
    st.button(
        tell.t("settings.target_save"),
        type="primary",
        key="target_save",
        on_click=saved(partial(_save, here, key, scope, segment, widget, size)),
        disabled=st.session_state[widget] is None,
    )


def _segment(here: Here) -> tuple[str, str] | None:
    """The whole company, or one value of an attribute."""
    tell, found = here.tell, loading.dimensions(here.loaded)
    if not found:
        return None
    dimension = st.selectbox(
        tell.t("settings.target_for"),
        ["", *found],
        key=_DIM,
        format_func=lambda name: header.dimension(here, name) if name else tell.t("settings.whole_company"),
    )
    if not dimension:
        return None
    value = st.selectbox(tell.t("settings.target_segment"), found[dimension], key=f"{_OF}_{dimension}")
    return (dimension, str(value))


def suggested(here: Here, one: Kpi, segment: tuple[str, str] | None) -> float | None:
    """The median of the workspace's own last twelve whole months; None without any."""
    if here.loaded.empty:
        return None
    where = ((segment[0], (segment[1],)),) if segment else ()
    table = loading.table(here.loaded, (one.key,), "month", where=where)
    return suggestion([float(v) for v in table.loc[table["complete"].astype(bool), "value"].astype(float)])


def sized(one: Kpi, hint: float | None, tell: Teller) -> tuple[float, str]:
    """What a stored value is multiplied by to be typed, and the unit beside it: percent, hours, the currency."""
    if one.unit == "ratio":
        return 100.0, "%"
    if one.unit == "seconds":
        unit = formats.span_unit(hint or 3600.0)
        return 1.0 / dict(formats.SPANS)[unit], unit
    if one.unit == "money":
        return 1.0, formats.currency_sign(tell.currency, tell.locale)
    return 1.0, tell.t(f"objective.unit_{one.unit}") if one.unit in ("months", "days") else ""


def said(one: Kpi, hint: float | None, tell: Teller) -> str:
    """Where the number in the form comes from, and what others report, in grey."""
    words = (
        tell.t("settings.own_year", value=tell.value(hint, one.unit))
        if hint is not None
        else tell.t("settings.no_year")
    )
    for found in orientation(one)[:1]:
        if found.low is not None and found.high is not None:
            shown = tell.range(found.low, found.high, one.unit)
            words += "  \n" + tell.t("settings.orientation", range=escaped(shown), source=escaped(found.source))
    return words


def stored(here: Here, key: str, scope: str, segment: tuple[str, str] | None) -> float | None:
    """The target in force for exactly this KPI, scope and segment."""
    place = "=".join(segment) if segment else ""
    found = (t.value for t in here.loaded.scope.targets if (t.kpi, t.period, t.segment) == (key, scope, place))
    return next(found, None)


def _save(here: Here, key: str, scope: str, segment: tuple[str, str] | None, widget: str, size: float) -> None:
    typed = st.session_state[widget]
    if typed is not None:
        value = round(float(typed) / size, 12)
        here.loaded.space.store.save_target(here.loaded.space.id, key, scope or None, segment, value)


def _list(here: Here) -> None:
    tell = here.tell
    targets = here.loaded.space.store.targets(here.loaded.space.id)
    st.markdown(f"##### {tell.t('settings.targets', n=len(targets))}", anchors=False)
    st.caption(tell.t("settings.targets_says"))
    for number, one in enumerate(targets):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xsmall"
        ):
            st.markdown(words(one, here), width="stretch")
            st.button(
                tell.t("settings.remove"),
                type="tertiary",
                icon=":material/close:",
                key=f"target_remove_{number}_{one.kpi}",
                on_click=saved(partial(_remove, here, one)),
            )


def words(one: Any, here: Here) -> str:
    """One target as a line."""
    tell = here.tell
    try:
        found = here.loaded.catalogue.kpi(one.kpi)
        side, value = ("down" if found.direction == "down" else "up"), tell.value(one.value, found.unit)
        shown = tell.t(f"objective.target_{side}", target=value)
    except KeyError:  # a KPI of an older catalogue
        shown = f"{one.value:g}"
    place = ""
    if one.segment:
        place = f" · {escaped(header.dimension(here, one.segment[0]))}: {escaped(one.segment[1])}"
    scope = (
        f" · {tell.t(f'settings.scope_{one.period}') if one.period in SCOPES else escaped(one.period)}"
        if one.period
        else ""
    )
    return f"**{escaped(tell.short(one.kpi))}** {shown}:gray[{place}{scope}]"


def _remove(here: Here, one: Any) -> None:
    here.loaded.space.store.save_target(here.loaded.space.id, one.kpi, one.period or None, one.segment, None)
