"""The connections there are: how each one stands, and what can be done with it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st
from babel.dates import format_datetime

from data.store import ConnectionInfo
from ui.connecting import live, state
from ui.connecting.state import Said
from ui.here import Here
from ui.importing import wording
from ui.text import escaped
from workspace import connecting, refreshing

ICONS = {"postgresql": ":material/database:", "mysql": ":material/database:", "link": ":material/link:"}


def show(here: Here, number: int, info: ConnectionInfo) -> None:
    """One card."""
    tell, space = here.tell, here.loaded.space
    picked = space.store.picked(space.id, info.name)
    with st.container(border=True, key=f"connection_{number}", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"##### {ICONS[info.kind]} {escaped(info.name)}", width="content", anchors=False)
            _buttons(here, number, info, bool(picked))
        st.caption(_where(here, info))
        st.markdown(_state(here, info))
        if picked:
            lines = ", ".join(escaped(one.shown) for one in picked)
            does = "reads_live" if info.options.get("live") else "brings_in"
            st.caption(f"{tell.t(f'connections.{does}', n=len(picked))}: {lines}")


def _buttons(here: Here, number: int, info: ConnectionInfo, picked: bool) -> None:
    tell = here.tell
    with st.container(horizontal=True, width="content", gap="xsmall"):
        on = bool(info.options.get("live"))
        if picked and not on:
            st.button(
                tell.t("connections.refresh"),
                icon=":material/sync:",
                key=f"connection_refresh_{number}",
                on_click=lambda: state.attempt(lambda: refreshed(here, info.name)),
            )
        st.button(
            tell.t("connections.tables"),
            icon=":material/table_view:",
            key=f"connection_tables_{number}",
            on_click=state.open_one,
            args=("" if state.opened() == info.name else info.name,),
        )
        st.button(
            tell.t("connections.test"),
            icon=":material/network_check:",
            type="tertiary",
            key=f"connection_test_{number}",
            on_click=lambda: state.attempt(lambda: _tried(here, info.name)),
        )
        if on or (picked and info.kind == "postgresql"):
            live.switch(here, number, info)
        if picked and info.kind != "link" and not on:
            st.button(
                tell.t("connections.whole"),
                icon=":material/restart_alt:",
                type="tertiary",
                help=tell.t("connections.whole_says"),
                key=f"connection_whole_{number}",
                on_click=lambda: state.attempt(lambda: refreshed(here, info.name, whole=True)),
            )
        with st.popover(tell.t("connections.remove"), type="tertiary", key=f"connection_remove_{number}"):
            st.markdown(tell.t("connections.remove_says", name=escaped(info.name)))
            st.button(
                tell.t("connections.remove_button"),
                key=f"connection_remove_sure_{number}",
                on_click=lambda: state.attempt(lambda: _removed(here, info.name)),
            )


def refreshed(here: Here, name: str, whole: bool = False) -> Said:
    """Refresh one connection and say what came."""
    reports = refreshing.refresh(here.loaded.space, [name], whole=whole, shared=state.shared())
    failed = [report["error"] for report in reports if report["error"]]
    if failed:
        return Said(connecting.as_problem(failed[0]))
    rows = sum(report["rows_accepted"] for report in reports)
    return Said(sentence="refreshed" if rows else "unchanged", name=name, count=rows, reports=tuple(reports))


def _tried(here: Here, name: str) -> Said:
    tried = connecting.probe(here.loaded.space, name, state.shared())
    return Said(sentence="tried_write" if tried.may_write else "tried", name=name, count=tried.tables)


def _removed(here: Here, name: str) -> Said:
    connecting.remove(here.loaded.space, name)
    state.open_one("")
    return Said(sentence="removed", name=name)


def _where(here: Here, info: ConnectionInfo) -> str:
    kind = here.tell.t(f"connections.kind_{info.kind}")
    place = info.host if info.kind == "link" else f"{info.user}@{info.host}:{info.port}/{info.database}"
    secret = f" · {escaped(info.secret)}" if info.secret else ""
    return f"{kind} · {escaped(place)}{secret}"


def _state(here: Here, info: ConnectionInfo) -> str:
    tell = here.tell
    when = tell.t("connections.last", when=_moment(here, info.refreshed_at)) if info.refreshed_at else ""
    if info.options.get("live"):
        when = tell.t("connections.live_is")
        if not info.error:
            return f":green[:material/sensors: {when}]"
    if info.error:
        told = f":red[:material/error:] {wording.refusal(connecting.as_problem(info.error), tell)}"
        return f"{told} {when or tell.t('connections.never')}"
    if info.refreshed_at:
        return f":green[:material/check_circle:] {when}"
    return f":gray[:material/schedule:] {tell.t('connections.never')}"


def _moment(here: Here, when: datetime) -> str:
    zone = ZoneInfo(here.loaded.space.settings["timezone"])
    return escaped(format_datetime(when.astimezone(zone), "medium", locale=here.locale))
