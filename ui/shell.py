"""The shell around every page: page config, menu, logo and the few lines of CSS."""

from typing import Any

import streamlit as st

from ui import notices
from ui.connecting import live
from ui.here import Here, on_stored
from ui.objectives import FACES

WITHOUT_NUMBERS = ("import", "connections", "stored", "settings")
CARD, STEP, SEGMENT = (f'[class*="st-key-{name}_"]' for name in ("card", "step", "segment"))
TEXT = ':is([data-testid="stMarkdownContainer"], [data-testid="stCaptionContainer"])'
LINK = '[data-testid="stPageLink-NavLink"]'
CSS = f"""
<style>
.stMainBlockContainer {{max-width: 1320px; margin: 0 auto;}}
@media (max-width: 640px) {{.stMainBlockContainer {{padding-left: 1rem; padding-right: 1rem;}}}}
:is({CARD}, [class*="st-key-panel_"], .st-key-missed, .st-key-back) {LINK} {{padding: 0; background: transparent;}}
:is({CARD}, {STEP}, {SEGMENT}, .st-key-verdict, .st-key-missed, .st-key-hero) {TEXT} {{margin-bottom: 0;}}
:is({STEP}, {SEGMENT}, .st-key-verdict, .st-key-missed, .st-key-hero) p {{margin-bottom: 0;}}
{CARD} .stMarkdown p {{margin-bottom: 0; font-size: 13px;}}
{CARD} .stMarkdown p:first-child:not(:only-child) {{font-size: 25px; font-weight: 700; line-height: 1.35;}}
{CARD} .stMarkdown p > strong {{font-size: 15px; font-weight: 600;}}
{CARD} > :last-child {{margin-top: auto;}}
.st-key-hero_value p {{font-size: 46px; line-height: 1.15; font-weight: 700; letter-spacing: -0.02em;}}
{STEP} [data-testid="stMarkdownContainer"] p {{font-size: 21px; font-weight: 700;}}
[data-testid="stElementToolbar"] button[aria-label="Download as CSV"] {{display: none;}}
[data-testid="stBaseButton-primary"] {{color: ON_PRIMARY;}}
</style>
"""


def configure() -> None:
    """Page config: served from this machine alone, the menu's rarely used entries left out."""
    st.set_page_config(
        page_title="Farol", page_icon="static/icon.svg", layout="wide", initial_sidebar_state="collapsed"
    )


def run(here: Here) -> None:
    """The page asked for; where a stored file is lost or a source away, only those that show no numbers."""
    chosen, space = menu(here), here.loaded.space
    if chosen.url_path in WITHOUT_NUMBERS:
        if chosen.url_path != "settings" or space.trouble is not None:
            on_stored(here)
        live.beside(here, chosen.url_path)
        chosen.run()
    elif space.trouble is None:
        live.age(here)
        chosen.run()
    elif space.live is not None:
        live.away(here)
    else:
        notices.lost(here)


def menu(here: Here) -> Any:
    """The pages in their sections, in the language in force; returns the one to run."""
    tell = here.tell
    objectives = [
        st.Page(f"pages/objectives/{name}.py", title=tell.t(f"shell.{name}"), icon=face.icon, url_path=name)
        for name, face in FACES.items()
    ]
    start_pages = [
        st.Page(
            "pages/start/overview.py", title=tell.t("shell.overview"), icon=":material/space_dashboard:", default=True
        )
    ]
    data = [
        ("start/import_page", "import", ":material/upload_file:"),
        ("start/connections", "connections", ":material/cable:"),
        ("reference/definitions", "definitions", ":material/menu_book:"),
        ("reference/data", "stored", ":material/database:"),
        ("reference/settings", "settings", ":material/settings:"),
    ]
    pages = {
        "": start_pages,
        tell.t("shell.objectives"): objectives,
        tell.t("shell.evidence"): [
            st.Page(
                "pages/signals/lead_lag.py",
                title=tell.t("shell.lead_lag"),
                icon=":material/visibility:",
                url_path="lead_lag",
            ),
            st.Page(
                "pages/signals/health_backtest.py",
                title=tell.t("shell.health_backtest"),
                icon=":material/history_toggle_off:",
                url_path="health_backtest",
            ),
        ],
        tell.t("shell.data"): [
            st.Page(f"pages/{path}.py", title=tell.t(f"shell.{name}"), icon=icon, url_path=name)
            for path, name, icon in data
        ],
    }
    chosen = st.navigation(pages, position="top")
    st.logo("static/logo.svg", size="large")
    st.html(CSS.replace("ON_PRIMARY", here.look.palette.background))
    return chosen
