"""The history of stored data: each import with where it came from, and taking back, bringing back, reading again."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from babel.dates import format_datetime

from data.store import HistoryEntry, ImportInfo
from ui.here import Here
from ui.importing import wording
from ui.reference.data_saying import tried, zone
from ui.text import escaped
from workspace import keeping

FIRST = 12
ICONS = {"undo": ":material/undo:", "redo": ":material/redo:", "replay": ":material/replay:"}


def show(here: Here) -> None:
    """The versions, newest first."""
    tell, space = here.tell, here.loaded.space
    entries = space.store.history(space.id)
    if not entries:
        st.markdown(tell.t("data.empty"))
        return
    st.caption(tell.t("data.history_says"))
    key = f"data_shown_{space.id}"
    shown = st.session_state.get(key, FIRST)
    for entry in entries[:shown]:
        _entry(here, entry, entries)
    if len(entries) > shown:
        st.button(tell.t("data.more"), key="data_more", type="tertiary", on_click=_more, args=(key, shown + FIRST))


def _more(key: str, shown: int) -> None:
    st.session_state[key] = shown


def _entry(here: Here, entry: HistoryEntry, entries: Sequence[HistoryEntry]) -> None:
    tell = here.tell
    with st.container(border=True, key=f"data_version_{entry.version}", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(width="content", gap="xxsmall"):
                st.markdown(f"**{tell.t(f'data.action_{entry.action}')}**{_standing(here, entry)}")
                st.caption(_when(here, entry))
            with st.container(horizontal=True, width="content", gap="xsmall"):
                for name in keeping.abilities(entry, entries):
                    _button(here, name, entry.version)
        for number, one in enumerate(entry.imports):
            _file(here, entry, number, one)


def _standing(here: Here, entry: HistoryEntry) -> str:
    if entry.action not in keeping.REPLAYED:
        return ""
    word = here.tell.t("data.in_force" if entry.in_force else "data.not_in_force")
    return f" · :green[:material/check: {word}]" if entry.in_force else f" · :gray[{word}]"


def _when(here: Here, entry: HistoryEntry) -> str:
    tell = here.tell
    said = [
        format_datetime(entry.created_at.astimezone(zone(here)), "medium", locale=here.locale),
        tell.t("data.version", version=entry.version),
    ]
    said += [tell.t("data.by", who=escaped(entry.actor))] if entry.actor else []
    said += [tell.t("data.stands_for", version=entry.replays)] if entry.replays else []
    return " · ".join(said)


def _button(here: Here, name: str, version: int) -> None:
    tell, space = here.tell, here.loaded.space

    def act() -> str:
        if name == "replay":
            made = keeping.replay(space.store, space.id, version)
        else:
            made = getattr(space.store, name)(space.id, of=version)
        return tell.t(f"data.done_{name}", version=made)

    st.button(
        tell.t(f"data.{name}"),
        icon=ICONS[name],
        type="tertiary",
        key=f"data_{name}_{version}",
        help=tell.t("data.replay_says") if name == "replay" else None,
        on_click=tried(act),
    )


def _file(here: Here, entry: HistoryEntry, number: int, one: ImportInfo) -> None:
    tell = here.tell
    key = f"{entry.version}_{number}"
    said = tell.t(
        "data.fed", file=escaped(one.source_name), table=escaped(wording.table(one.table, tell)), n=one.rows_accepted
    )
    if one.rows_rejected:
        said += f" · :orange[{tell.t('data.rejected', n=one.rows_rejected)}]"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(said, width="content")
        path = one.rejected_file
        if path is not None and path.is_file():
            st.download_button(
                tell.t("data.rejected_download"),
                path.read_bytes,
                file_name=f"rejected-{entry.version}-{one.table}.csv",
                mime="text/csv",
                icon=":material/download:",
                type="tertiary",
                key=f"data_rejected_{key}",
                on_click="ignore",
            )
        mapping = (one.report or {}).get("mapping") or {}
        if mapping:
            with st.popover(tell.t("data.mapping"), type="tertiary", key=f"data_mapping_{key}"):
                shown = {
                    wording.table(one.table, tell): list(mapping),
                    one.source_name: list(map(str, mapping.values())),
                }
                st.dataframe(pd.DataFrame(shown), hide_index=True)
