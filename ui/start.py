"""The start of the server, before the first visitor.

Streamlit treats a folder called `pages` as its own kind of menu until a run has called
`st.navigation`; the first visitor who asked for `/retention` would be told that there is no such
page. Calling it once at the start settles that. The first workspace is opened beside it, so that
nobody waits longer than needed for imports or for the sample company.

Streamlit collects garbage after every run, which walks every object there is: some 150 ms a run
for the libraries alone. What is loaded by then never goes away, so it is taken out of the walk.
"""

import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_LOG = logging.getLogger("farol")
_SOMEBODY = threading.Event()


def visited() -> bool:
    """True while the app is drawn for a visitor, False while the server starts."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return False
    _SOMEBODY.set()
    return True


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Settle the menu before visitors come in, and begin to open the first workspace."""
    _settle_menu()
    threading.Thread(target=_open_first, name="warm-up", daemon=True).start()
    yield


def _settle_menu() -> None:
    chatter = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    chatter.disabled = True  # it warns that nobody is visiting, which is so
    st.navigation([st.Page(_nothing, title="Farol")])
    chatter.disabled = False


def _nothing() -> None:
    """A page that is never shown."""


def _open_first() -> None:
    from ui import loading, overview

    try:
        loaded = loading.load("")
        if not loaded.empty:
            loading.lit(loaded)
            if not _SOMEBODY.is_set():  # else their page, whichever it is, goes first
                overview.built(loaded)
    except Exception:
        _LOG.exception("The first workspace could not be opened; the first visitor is told why")
    gc.collect()
    gc.freeze()
