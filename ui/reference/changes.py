"""The record of what was changed in the settings, newest first."""

from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st
from babel.dates import format_datetime

from ui.here import Here

MOST = 100


def show(here: Here) -> None:
    """The table."""
    tell, space = here.tell, here.loaded.space
    found = space.store.changes(space.id)[:MOST]
    if not found:
        st.caption(tell.t("settings.no_changes"))
        return
    zone = ZoneInfo(space.settings["timezone"])
    shown = {
        tell.t("settings.when"): [
            format_datetime(one.changed_at.astimezone(zone), "medium", locale=here.locale) for one in found
        ],
        tell.t("settings.what"): [tell.t(f"settings.kind_{one.kind}") for one in found],
        tell.t("settings.which"): [one.name for one in found],
        tell.t("settings.before"): [written(_without(one.before, one.after)) for one in found],
        tell.t("settings.after"): [written(_without(one.after, one.before)) for one in found],
        tell.t("settings.who"): [one.actor for one in found],
    }
    st.dataframe(pd.DataFrame(shown), hide_index=True, width="stretch")


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
