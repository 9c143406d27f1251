"""The head of a page without periods: title, what it is about, language and workspace, and one action."""

from collections.abc import Callable

import streamlit as st

from ui import header
from ui.here import Here


def plain(here: Here, title: str, caption: str, action: Callable[[], None] | None = None) -> None:
    """Title (Markdown-safe) at the left, the controls at the right; on a phone they take their own line."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom", gap="small"):
        with st.container(width="content", gap="xxsmall"):
            st.title(title, anchor=False)
            st.caption(caption)
        with st.container(horizontal=True, width="content", gap="xsmall", vertical_alignment="center"):
            label = here.locale[:2].upper()
            with st.popover(label, icon=":material/translate:", key="more", help=here.tell.t("shell.language")):
                header._more(here)
            if action is not None:
                action()
