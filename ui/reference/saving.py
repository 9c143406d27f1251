"""Saving a choice from a widget's callback: what is refused is said on the next run, nothing is half saved."""

from collections.abc import Callable

import streamlit as st

from data.problems import DataProblem
from ui.here import Here
from ui.importing.wording import refusal

_REFUSED, _SAVED = "settings_refused", "settings_saved"


def saved(act: Callable[[], object]) -> Callable[[], None]:
    """A callback that saves and remembers how it went."""

    def write() -> None:
        try:
            act()
            st.session_state[_REFUSED], st.session_state[_SAVED] = None, True
        except DataProblem as problem:
            st.session_state[_REFUSED], st.session_state[_SAVED] = problem, False

    return write


def outcome(here: Here) -> None:
    """One line: what was refused and why, or that the last change is saved."""
    problem = st.session_state.pop(_REFUSED, None)
    if problem is not None:
        with st.container(border=True, key="settings_refused_note"):
            st.markdown(f":red[:material/error:] {refusal(problem, here.tell)}")
    elif st.session_state.pop(_SAVED, False):
        st.caption(f":green[:material/check: {here.tell.t('settings.saved')}]")


def seeded(key: str, value: object) -> str:
    """Give a widget the value that is stored, before it is drawn, and return its key."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    return key
