"""Putting charts and tables on screen: cached specs with their data beside them."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from ui.telling import Teller


def chart(spec: Mapping[str, Any], name: str, data: bytes, says: str, *, key: str | None = None) -> None:
    """Draw a spec with its data; `says` is the chart in one sentence, for readers who hear it."""
    with st.container(key=key) if key else st.container(gap=None):
        st.vega_lite_chart({**spec, "datasets": {name: data}}, theme=None, width="stretch", alt=says)


def behind(tell: Teller, key: str, frame: Callable[[], pd.DataFrame], file_name: str) -> None:
    """The table behind a chart, in a popover that is filled only when it is open, with its CSV."""
    box = st.popover(
        tell.t("objective.as_table"), icon=":material/table:", type="tertiary", key=f"behind_{key}", on_change="rerun"
    )
    if box.open:
        with box:
            shown = frame()
            st.dataframe(shown, hide_index=True, width=min(620, 120 * len(shown.columns)))
            st.download_button(
                tell.t("objective.download"),
                csv(shown),
                file_name=file_name,
                mime="text/csv",
                icon=":material/download:",
                key=f"csv_{key}",
                on_click="ignore",
            )


def localized(frame: pd.DataFrame) -> dict[Any, Any]:
    """Column settings that write every number of a table as the reader's language does."""
    return {name: st.column_config.NumberColumn(format="localized") for name in frame.select_dtypes("number").columns}


def csv(frame: pd.DataFrame) -> bytes:
    """A frame as CSV for spreadsheets; text that a spreadsheet would run as a formula is quoted harmless."""
    safe = frame.rename(columns=_harmless)
    for name in safe.select_dtypes(include=["object", "string"]).columns:
        safe[name] = safe[name].map(_harmless)
    return safe.to_csv(index=False).encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    """Spreadsheets skip leading blanks, and some read the wide forms of = + - @ as these."""
    live = isinstance(value, str) and (value[:1] in ("\t", "\r", "\n") or value.lstrip()[:1] in tuple("=+-@＝＋－＠"))
    return "'" + value if live else value
