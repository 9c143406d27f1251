"""What an action on stored data did, or why it was refused: remembered by its callback, said on the next run."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import streamlit as st

from data.problems import DataProblem
from ui.here import Here
from ui.importing.wording import refusal

_DONE, _REFUSED = "data_done", "data_refused"


def tried(act: Callable[[], str]) -> Callable[[], None]:
    """A callback that acts and remembers the sentence (Markdown-safe) to say, or the refusal."""

    def press() -> None:
        try:
            st.session_state[_DONE], st.session_state[_REFUSED] = act(), None
        except DataProblem as problem:
            st.session_state[_DONE], st.session_state[_REFUSED] = "", problem

    return press


def outcome(here: Here) -> None:
    """One line on what the last action did."""
    done, problem = st.session_state.pop(_DONE, ""), st.session_state.pop(_REFUSED, None)
    if problem is not None:
        with st.container(border=True, key="data_refused_note"):
            st.markdown(f":red[:material/error:] {refusal(problem, here.tell)}")
    elif done:
        with st.container(border=True, key="data_done_note"):
            st.markdown(f":material/check_circle: {done}")


def zone(here: Here) -> ZoneInfo:
    """The workspace's time zone."""
    return ZoneInfo(here.loaded.space.settings["timezone"])
