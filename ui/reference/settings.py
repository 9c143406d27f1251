"""The settings page: the workspace, targets, policies, labels and the record of changes."""

import streamlit as st

from ui import notices
from ui.here import Here
from ui.reference import changes, head, labels, own_kpis, policies, saving, space, targets
from ui.text import escaped

SECTIONS = {
    "workspace": space.show,
    "targets": targets.show,
    "policies": policies.show,
    "labels": labels.show,
    "own": own_kpis.show,
    "changes": changes.show,
}


def show(here: Here) -> None:
    """Draw the page."""
    tell = here.tell
    with notices.caught():
        head.plain(here, tell.t("shell.settings"), tell.t("settings.says", name=escaped(here.loaded.name)))
        saving.outcome(here)
        tabs = st.tabs([tell.t(f"settings.tab_{name}") for name in SECTIONS], key="settings_tabs")
        for tab, section in zip(tabs, SECTIONS.values(), strict=True):
            with tab:
                section(here)
