"""Settings of the workspace: name, currency, language, time zone, health preset; a new one, another one."""

import zoneinfo
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from kpis.health import presets
from ui import link
from ui.here import Here
from ui.reference.saving import saved, seeded
from words import LANGUAGES
from words.formats import currency_sign

CURRENCIES = ("BRL", "USD", "EUR", "GBP", "ARS", "CLP", "COP", "MXN", "PEN", "UYU", "CAD", "CHF", "JPY", "AUD", "INR")


def show(here: Here) -> None:
    """Both cards."""
    grid = st.grid(columns=2, min_column_width=300, gap="small")
    with grid.cell(), st.container(border=True, key="settings_space", gap="small", height="stretch"):
        _this(here)
    with grid.cell(), st.container(border=True, key="settings_others", gap="small", height="stretch"):
        _others(here)


def _this(here: Here) -> None:
    tell, space = here.tell, here.loaded.space
    st.markdown(f"##### {tell.t('settings.this')}", anchors=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        key = f"settings_name_{space.id}"
        st.session_state.setdefault(key, here.loaded.name)
        st.text_input(tell.t("settings.name"), key=key, max_chars=100)
        st.button(
            tell.t("settings.rename"),
            key="settings_rename",
            on_click=saved(lambda: space.store.rename_workspace(space.id, st.session_state[key])),
        )

    current = {**space.settings, "health_preset": space.health_preset}

    def choice(name: str, options: Sequence[Any], shown: Callable[[Any], str]) -> None:
        key = seeded(f"settings_{name}_{space.id}", current[name])
        st.selectbox(
            tell.t(f"settings.{name}"),
            list(dict.fromkeys([*options, current[name]])),
            key=key,
            format_func=shown,
            on_change=saved(lambda: space.store.save_settings(space.id, {name: st.session_state[key]})),
            help=tell.t(f"settings.{name}_says"),
        )

    choice("currency", CURRENCIES, lambda c: f"{c} · {currency_sign(c, here.locale)}")
    choice("language", (None, *LANGUAGES), lambda code: LANGUAGES.get(code) or tell.t("settings.language_browser"))
    choice("timezone", sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone), lambda z: z)
    choice("health_preset", tuple(presets()), lambda name: tell.t(f"settings.preset_{name}"))


def _others(here: Here) -> None:
    tell = here.tell
    st.markdown(f"##### {tell.t('settings.others')}", anchors=False)
    known = dict(here.loaded.names)
    key = seeded("settings_switch", here.loaded.space.id)
    st.selectbox(
        tell.t("settings.switch"),
        list(known),
        key=key,
        format_func=lambda id: known.get(id, id),
        on_change=link.written("workspace", key),
    )
    st.text_input(tell.t("settings.new"), key="settings_new_name", max_chars=100)
    st.button(
        tell.t("settings.create"), key="settings_create", icon=":material/add:", on_click=saved(lambda: _create(here))
    )
    st.caption(tell.t("settings.new_says"))


def _create(here: Here) -> None:
    made = here.loaded.space.store.create_workspace(str(st.session_state["settings_new_name"]))
    st.session_state["settings_new_name"] = ""
    link.change(workspace=made.id)
