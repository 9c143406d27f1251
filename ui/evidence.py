"""Who and what is behind a number: accounts, and the contacts, answers or invoices, summing to it."""

from dataclasses import dataclass
from math import isclose, isfinite, nan

import pandas as pd
import streamlit as st

from data.problems import DataProblem
from ui import draw, header, loading
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.measure_names import measure_name
from ui.reading import Reading
from ui.telling import Teller
from words import formats

MOST_SHOWN = 2000


@dataclass(frozen=True)
class Behind:
    """A list and what it sums to; `column` is the summed column, `whole` the number it must meet (NaN: unknown).

    `upper` counts the rows that are in the upper part of the formula; the others are in the lower part only.
    """

    frame: pd.DataFrame
    column: str
    total: float
    whole: float
    unit: str
    upper: int
    unlinked: int = 0  # 1 when rows without an account are among the rows: they are no account

    @property
    def closes(self) -> bool:
        """Whether the list sums to the number."""
        return isfinite(self.whole) and isclose(self.total, self.whole, rel_tol=1e-9, abs_tol=0.005)


def show(here: Here, objective: str, reading: Reading) -> None:
    """The panel: accounts first, rows of one measure on request."""
    if not reading.known:
        return
    tell = here.tell
    with st.container(border=True, key="evidence", gap="xsmall"):
        found = _accounts(
            here.loaded.scope, here.loaded, reading.key, reading.period, here.link, reading.numerator, tell
        )
        title = tell.t("objective.behind", n=found.upper) if found.upper else tell.t("objective.no_account")
        st.markdown(f"##### {title}", anchors=False)
        lower = len(found.frame) - found.upper - found.unlinked
        if lower:
            st.caption(tell.t("objective.behind_lower", n=lower))
        measures = [m for m in reading.kpi.measures if m != "gross_margin"]
        choice = "accounts"
        if measures:
            choice = st.selectbox(
                tell.t("objective.behind_what"),
                ["accounts", *measures],
                format_func=lambda m: tell.t("objective.accounts") if m == "accounts" else measure_name(m, tell),
                key=f"behind_{reading.key}",
                width=320,
            )
        if choice != "accounts":
            rows = _rows(here.loaded.scope, here.loaded, choice, reading.period, here.link, tell)
            if rows is None:
                st.caption(tell.t("objective.no_rows_behind"))
                return
            found = rows
        _list(here, reading, choice, found)


def _list(here: Here, reading: Reading, choice: str, found: Behind) -> None:
    tell = here.tell
    shown = found.frame.head(MOST_SHOWN)
    worded = shown.select_dtypes(include=["object", "string"]).columns
    dashed = {name: shown[name].astype(object).where(shown[name].notna(), formats.DASH) for name in worded}
    shown = shown.assign(**dashed)
    names = {name: _heading(here, name) for name in shown.columns}
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=min(420, 38 + 35 * max(len(shown), 1)),
        column_config={
            name: (
                st.column_config.NumberColumn(names[name], format="localized")
                if pd.api.types.is_numeric_dtype(shown[name])
                else st.column_config.Column(names[name])
            )
            for name in shown.columns
        },
    )
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        what = measure_name(found.column, tell) if choice != "accounts" else tell.t("objective.numerator").lower()
        total = tell.full(found.total, found.unit)
        if not isfinite(found.total):
            st.caption(tell.t("objective.product_says"))
        elif found.closes:
            said = tell.t("objective.sums_to", total=total, what=what)
            if choice == "accounts" and reading.kpi.interval == "nps":
                said = f"{said} :gray[{tell.t('objective.nps_says')}]"
            st.markdown(f":material/check: {said}", width="content")
        else:
            st.caption(tell.t("objective.sums_short", total=total, whole=tell.full(found.whole, found.unit)))
        st.download_button(
            tell.t("objective.download_n", n=len(found.frame)),
            lambda: draw.csv(found.frame.rename(columns=names)),
            file_name=f"{reading.key}_{reading.period}.csv",
            mime="text/csv",
            icon=":material/download:",
            key=f"download_{reading.key}_{choice}",
            on_click="ignore",
        )


def _heading(here: Here, name: str) -> str:
    if name == "name":
        return here.tell.t("objective.column_account")
    known = {"account_id", "numerator", "denominator", "contribution"}
    if name in known:
        return here.tell.t(f"objective.column_{name}")
    return header.dimension(here, name) if name in here.loaded.space.dimensions else measure_name(name, here.tell)


@kept
def _accounts(
    scope: Scope, _loaded: Loaded, key: str, period: str, state: Link, numerator: float, tell: Teller
) -> Behind:
    frame = loading.accounts(_loaded, key, period, state.where)
    total = float(frame["numerator"].sum()) if len(frame) and frame["numerator"].notna().any() else nan
    measures = [c for c in _loaded.catalogue.kpi(key).measures if c in frame]
    parts = [c for c in ("numerator", "denominator") if frame[c].notna().any()]
    parts = [c for c in parts if not any(frame[m].astype(float).equals(frame[c]) for m in measures)]
    rest = [c for c in frame.columns if c not in (*measures, "name", "account_id", "numerator", "denominator")]
    upper = frame["numerator"].fillna(0) != 0
    nobody = frame["account_id"].astype(str) == ""
    names = frame["name"].astype(object).where(~nobody, tell.t("objective.no_account")).fillna(frame["account_id"])
    shown = frame.assign(name=names)[["name", *parts, *measures, *rest, "account_id"]]
    unit = loading.numerator_unit(_loaded.catalogue.kpi(key))
    counted = int((upper & ~nobody).sum() if upper.any() else (~nobody).sum())
    return Behind(shown, "numerator", total, numerator, unit, counted, int(nobody.sum()))


@kept
def _rows(scope: Scope, _loaded: Loaded, measure: str, period: str, state: Link, tell: Teller) -> Behind | None:
    try:
        frame = loading.rows_behind(_loaded, measure, period, state.where)
    except DataProblem:
        return None
    whole = loading.measures(_loaded, (measure,), period, state.grain, state.where)[measure]
    total = float(frame["contribution"].sum()) if "contribution" in frame else nan
    return Behind(frame, measure, total, whole, loading.unit_of(measure), len(frame))
