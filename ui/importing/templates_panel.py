"""Templates to download, for those whose systems export nothing that fits."""

from typing import Any

import pandas as pd
import streamlit as st

from ui.here import Here
from ui.importing import wording
from ui.telling import Teller
from words import catalogue
from workspace.templates import all_templates, column_facts, template, template_tables


def show(here: Here) -> None:
    """Choose a table, see its columns, take its template home."""
    tell = here.tell
    with st.expander(tell.t("import.templates"), icon=":material/description:", key="import_templates"):
        st.caption(tell.t("import.templates_says"))
        table = st.selectbox(
            tell.t("import.table"),
            template_tables(),
            key="import_template_table",
            format_func=lambda name: wording.table(name, tell),
            width=320,
        )
        with st.container(horizontal=True, gap="small"):
            st.download_button(
                tell.t("import.template_one", table=wording.table(table, tell)),
                template(table),
                file_name=f"{table}.csv",
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                key="import_template_one",
            )
            st.download_button(
                tell.t("import.template_all"),
                all_templates(),
                file_name="farol-templates.zip",
                mime="application/zip",
                icon=":material/folder_zip:",
                type="tertiary",
                on_click="ignore",
                key="import_template_all",
            )
        facts = column_facts(table)
        shown = {
            tell.t("import.farol_column"): [fact["name"] for fact in facts],
            tell.t("import.required"): ["✓" if fact["required"] else "" for fact in facts],
            tell.t("import.example"): [fact["example"] for fact in facts],
            tell.t("import.meaning"): [_meaning(fact, tell) for fact in facts],
        }
        st.dataframe(pd.DataFrame(shown), hide_index=True, width="stretch")


def _meaning(fact: dict[str, Any], tell: Teller) -> str:
    """What a column means; in other languages than English its name in words."""
    return str(fact["meaning"]) if tell.locale == catalogue.DEFAULT else wording.column(fact["name"], tell)
