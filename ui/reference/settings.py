"""The settings page: the workspace, targets, policies, labels and the record of changes."""

import streamlit as st

from ui import notices
from ui.here import Here
from ui.reference import changes, head, labels, own_kpis, policies, saving, space, targets
from ui.signals import map_editor
from ui.text import escaped

SECTIONS = {
    "workspace": space.show,
    "targets": targets.show,
    "policies": policies.show,
    "labels": labels.show,
    "map": map_editor.show,
    "own": own_kpis.show,
    "changes": changes.show,
}
TABS, ASKED = "settings_tabs", "settings_asked"


def show(here: Here) -> None:
    """Draw the page."""
    tell = here.tell
    with notices.caught():
        head.plain(here, tell.t("shell.settings"), tell.t("settings.says", name=escaped(here.loaded.name)))
        saving.outcome(here)
        asked = st.session_state.pop(ASKED, None)
        if asked in SECTIONS:
            st.session_state[TABS] = tell.t(f"settings.tab_{asked}")
        tabs = st.tabs([tell.t(f"settings.tab_{name}") for name in SECTIONS], key=TABS, on_change="rerun")
        for tab, (name, section) in zip(tabs, SECTIONS.items(), strict=True):
            with tab:
                if tab.open or name != "map":  # the map asks the data, which takes seconds
                    section(here)
