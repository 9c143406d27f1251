"""Where we are: the workspace, link, language and look of this run. Settled once by `app.py`, anew on every run."""

from dataclasses import dataclass, replace

import streamlit as st

from ui import link, loading, text
from ui.charts.theme import Look
from ui.link import Link
from ui.loading import Loaded
from ui.telling import Teller

_KEY = "here"


@dataclass(frozen=True)
class Here:
    """What every screen starts from."""

    loaded: Loaded
    link: Link
    tell: Teller
    look: Look

    @property
    def locale(self) -> str:
        """The language in force."""
        return self.tell.locale


def settle() -> Here:
    """Read the link, open the workspace, choose the language; write the link back.

    The sample company's own language is no wish of the reader's: there the browser decides.
    """
    state = link.current()
    loaded = loading.load(state.workspace)
    state = _without_strangers(state, loaded)
    if len(loaded.names) > 1 and not state.workspace:  # the newest one may be another tomorrow, the link must not be
        state = replace(state, workspace=loaded.space.id)
    settings = loaded.space.settings
    preferred = "" if settings.get("sample") else str(settings.get("language") or "")
    locale = text.use_language(state.lang, preferred)
    theme = "dark" if st.context.theme.type == "dark" else "light"
    here = Here(loaded, state, Teller(locale, loaded.currency), Look(theme, locale))
    st.session_state[_KEY] = here
    link.hold(state)
    return here


def get() -> Here:
    """What this run has settled."""
    return st.session_state[_KEY] if _KEY in st.session_state else settle()


def on_stored(here: Here) -> Here:
    """The same place on what was imported, where the workspace is live: for pages that are about stored rows."""
    if here.loaded.space.live is not None:
        here = replace(here, loaded=loading.stored(here.loaded))
        st.session_state[_KEY] = here
    return here


def _without_strangers(state: Link, loaded: Loaded) -> Link:
    """The link without dimensions, values and KPIs that this workspace does not know."""
    if loaded.space.trouble is not None:  # nothing is known of them at the moment
        return replace(state, workspace="" if loaded.stranger else state.workspace)
    known = loading.dimensions(loaded)
    where = tuple((name, tuple(v for v in values if v in known[name])) for name, values in state.where if name in known)
    by = state.by if state.by in known or state.by in loaded.space.row_dimensions else ""
    workspace = "" if loaded.stranger else state.workspace
    return replace(state, where=tuple((n, v) for n, v in where if v), by=by, workspace=workspace)
