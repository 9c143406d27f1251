"""Empty, partial and wrong: what is true, why, and one next step."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from data.problems import DataProblem
from kpis.own import PREFIX
from ui import link, text
from ui.here import Here
from ui.reference import inputs
from words import catalogue
from workspace import own_kpis

_LOG = logging.getLogger("farol")
IMPORT = "pages/start/import_page.py"
STORED = "pages/reference/data.py"


def nothing_yet(here: Here) -> None:
    """A workspace that is empty, or knows its accounts and nothing with a date: what would light most of it up."""
    tell, accounts = here.tell, here.loaded.space.known_accounts
    with st.container(border=True, key="nothing_yet"), st.container(horizontal=True, gap="large"):
        with st.container(width=460):
            st.markdown(f"## {tell.t('shell.empty_title')}", anchors=False)
            st.markdown(tell.t("shell.empty_undated", n=accounts) if accounts else tell.t("shell.empty_why"))
            if st.button(tell.t("shell.empty_step"), type="primary", icon=":material/upload_file:", key="bring_in"):
                st.switch_page(IMPORT, query_params=link.query(here.link))
        with st.container(width="stretch", gap="xsmall"):
            for name in ("subscriptions", "usage", "contacts"):
                st.markdown(f":material/lightbulb: {tell.t(f'shell.empty_{name}')}")


def dark(here: Here, objective: str, missing: Mapping[str, tuple[str, ...]], *, all_dark: bool = False) -> None:
    """KPIs without data: which table or column would light each up; open when there is nothing else to see."""
    if not missing:
        return
    tell = here.tell
    with st.expander(
        tell.t("objective.dark_title", n=len(missing)),
        icon=":material/lightbulb_2:",
        expanded=all_dark,
        key=f"dark_{objective}",
    ):
        lines = [f"- **{tell.name(key)}**: {needed(needs, here)}" for key, needs in missing.items()]
        st.markdown("\n".join(lines))
        st.page_link(IMPORT, label=tell.t("objective.dark_step"), icon=":material/upload_file:")


def needed(needs: tuple[str, ...], here: Here) -> str:
    """What a KPI waits for, in words: the usage table, or the column abandoned of contacts."""
    return inputs.needed(needs, here.tell)


def gone(here: Here) -> None:
    """Say so where the link names a KPI of the company's own that was deleted; what it was called is on record."""
    key = here.link.kpi
    if not key.startswith(PREFIX) or key in here.loaded.catalogue:
        return
    past = own_kpis.ever(here.loaded.space).get(key)
    with st.container(border=True, key="gone"):
        name = text.escaped(past.name if past is not None else key)
        st.markdown(f":material/link_off: {here.tell.t('own.gone', name=name)}")


def lost(here: Here) -> None:
    """A stored file is gone or damaged: no number is shown, and where it can be mended."""
    tell, problem = here.tell, here.loaded.space.trouble
    id = f"measures.table_{problem.params['table']}"
    table = tell.t(id) if catalogue.has(id, here.locale) else text.escaped(problem.params["table"])
    with st.container(border=True, key="lost", gap="xsmall"):
        st.markdown(f"## {tell.t('data.trouble')}", anchors=False)
        st.markdown(tell.t("data.trouble_says", table=table))
        st.page_link(STORED, label=tell.t("data.trouble_here"), icon=":material/database:")


@contextmanager
def caught() -> Iterator[None]:
    """A problem with the data or the request becomes a sentence; anything else goes to the log and is said softly."""
    try:
        yield
    except DataProblem as problem:
        id = f"problems.{problem.id}"
        known = catalogue.has(id, text.language())
        params = {k: text.escaped(v) for k, v in problem.params.items()}
        _say(text.t(id, **params) if known else text.escaped(problem))
    except Exception:  # stops and reruns of Streamlit are no exceptions in this sense and pass
        _LOG.exception("A page failed")
        _say(text.t("shell.failed"))


def _say(sentence: str) -> None:
    with st.container(border=True, key="problem"):
        st.markdown(f":red[:material/cloud_off:] {sentence}")
        with suppress(StreamlitAPIException):  # there is no menu yet where the workspace itself cannot be opened
            st.page_link(
                "pages/start/overview.py", label=text.t("shell.back_to_overview"), icon=":material/arrow_back:"
            )
