"""Live on screen: the switch and what it means, how old the numbers are, and what to do while the source is away."""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st
from babel.dates import format_datetime, format_time

from data.store import ConnectionInfo
from ui.connecting import state
from ui.connecting.state import Said
from ui.here import Here
from ui.importing import wording
from ui.text import escaped
from workspace import living

CONNECTIONS = "pages/start/connections.py"
USUAL_MINUTES = 15


# Above the pages


def age(here: Here) -> None:
    """One line above the numbers of a live workspace: from where, as of when, what is wrong, and reading them again."""
    live, tell = here.loaded.space.live, here.tell
    if live is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="live_age"):
        said = tell.t("connections.live_age", name=escaped(live.connection), when=moment(here, live.read_at))
        if live.problem is None:
            st.caption(f":material/sensors: {said}", width="content")
        else:
            why = wording.refusal(live.problem, tell)
            st.markdown(f":orange[:material/cloud_off:] {said} {tell.t('connections.live_old')} {why}", width="stretch")
        _again(here)


def away(here: Here) -> None:
    """In place of the numbers: the source cannot be read, and nothing of it is kept."""
    tell, space = here.tell, here.loaded.space
    with st.container(border=True, key="live_away", gap="xsmall"):
        name = escaped(space.live.connection)
        st.markdown(f"## {tell.t('connections.live_away', name=name)}", anchors=False)
        st.markdown(wording.refusal(space.trouble, tell))
        st.markdown(tell.t("connections.live_away_says"))
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            _again(here)
            st.page_link(CONNECTIONS, label=tell.t("connections.live_away_step"), icon=":material/cable:")


def beside(here: Here, page: str) -> None:
    """On the pages about stored rows: they do not count while the workspace is live."""
    live = here.loaded.space.live
    if live is not None and page in ("import", "stored"):
        said = here.tell.t("connections.live_beside", name=escaped(live.connection))
        st.caption(f":material/sensors: {said}")


def _again(here: Here) -> None:
    st.button(
        here.tell.t("connections.live_again"),
        icon=":material/sync:",
        type="tertiary",
        key="live_again",
        on_click=living.read_again,
        args=(here.loaded.space,),
    )


# On the connections page


def switch(here: Here, number: int, info: ConnectionInfo) -> None:
    """The switch of one connection whose tables are picked."""
    tell = here.tell
    if info.options.get("live"):
        with st.popover(tell.t("connections.live_off"), icon=":material/sensors_off:", key=f"live_off_{number}"):
            st.markdown(tell.t("connections.live_off_says"))
            st.button(
                tell.t("connections.live_off"),
                key=f"live_off_sure_{number}",
                on_click=lambda: state.attempt(lambda: off(here, info.name)),
            )
        return
    with st.popover(tell.t("connections.live_on"), icon=":material/sensors:", key=f"live_on_{number}"):
        explain(here)
        minutes = interval(here, f"live_minutes_{number}")
        st.button(
            tell.t("connections.live_on"),
            type="primary",
            key=f"live_on_sure_{number}",
            on_click=lambda: state.attempt(lambda: on(here, info.name, minutes)),
        )


def explain(here: Here) -> None:
    """What live means, what it costs, and who may connect."""
    for name in ("live_says", "live_cost", "live_reader"):
        st.markdown(here.tell.t(f"connections.{name}"))


def interval(here: Here, key: str) -> int:
    """How old numbers may become."""
    return int(
        st.selectbox(
            here.tell.t("connections.live_minutes"),
            living.MINUTES,
            index=living.MINUTES.index(USUAL_MINUTES),
            format_func=lambda n: here.tell.t(f"connections.live_every_{n}"),
            key=key,
        )
    )


def on(here: Here, name: str, minutes: int) -> Said:
    """Switch live on and say so."""
    living.switch_on(here.loaded.space, name, minutes, state.shared())
    return Said(sentence="live", name=name)


def off(here: Here, name: str) -> Said:
    """Switch live off and say so."""
    living.switch_off(here.loaded.space, name)
    return Said(sentence="live_off", name=name)


def moment(here: Here, when: datetime | None) -> str:
    """A time of today, else the day with it, in the workspace's time zone."""
    if when is None:
        return "–"
    zone = ZoneInfo(here.loaded.space.settings["timezone"])
    there = when.astimezone(zone)
    if there.date() == datetime.now(zone).date():
        return escaped(format_time(there, "short", locale=here.locale))
    return escaped(format_datetime(there, "short", locale=here.locale))
