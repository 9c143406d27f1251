"""The connections page: what there is, what happened last, the tables of the one that is open, adding another."""

import pandas as pd
import streamlit as st

from ui import notices
from ui.connecting import adding, cards, picking, state
from ui.connecting.state import Said
from ui.here import Here
from ui.importing import target, wording
from ui.reference import head
from ui.text import escaped
from workspace import connecting


def show(here: Here) -> None:
    """Draw the page."""
    tell, space = here.tell, here.loaded.space
    with notices.caught():
        head.plain(here, tell.t("connections.title"), tell.t("connections.says"))
        if target.is_sample(space):
            st.markdown(f":orange[:material/warning:] {tell.t('connections.sample')}")
        _said(here)
        known = connecting.listed(space)
        if not known:
            st.markdown(tell.t("connections.none"))
        for number, info in enumerate(known):
            cards.show(here, number, info)
            if state.opened() == info.name:
                with notices.caught():
                    picking.show(here, info)
        adding.show(here, first=not known)


def _said(here: Here) -> None:
    said, tell = state.said(), here.tell
    if said is None:
        return
    with st.container(border=True, key="connection_said", gap="xsmall"):
        if said.problem is not None:
            st.markdown(f":red[:material/error:] {wording.refusal(said.problem, tell)}")
            return
        sentence = tell.t(f"connections.said_{said.sentence}", name=escaped(said.name), n=said.count)
        icon = ":orange[:material/warning:]" if said.sentence == "tried_write" else ":green[:material/check_circle:]"
        st.markdown(f"{icon} {sentence}")
        if said.reports:
            st.dataframe(came(here, said), hide_index=True, width="stretch")


def came(here: Here, said: Said) -> pd.DataFrame:
    """What a refresh brought, by source and table."""
    tell = here.tell
    return pd.DataFrame(
        {
            tell.t("connections.theirs"): [report["source"] for report in said.reports],
            tell.t("connections.ours"): [wording.table(report["table"], tell) for report in said.reports],
            tell.t("connections.how"): [tell.t(f"connections.mode_{report['mode']}") for report in said.reports],
            tell.t("connections.came"): [report["rows_accepted"] for report in said.reports],
            tell.t("connections.aside"): [report["rows_rejected"] for report in said.reports],
            tell.t("connections.gone"): [report["rows_removed"] for report in said.reports],
        }
    )
