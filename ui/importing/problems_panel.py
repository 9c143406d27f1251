"""Step 3: what the checks found, with lines and examples; rows that stay aside can be taken home."""

from typing import Any

import pandas as pd
import streamlit as st

from data.problems import Problem
from ui import draw
from ui.here import Here
from ui.importing import counts, reasons, wording
from ui.importing.pieces import Piece
from ui.importing.trial import Trial, lines_aside, lines_ready
from ui.text import escaped

TOLD = ("no_rate", "churn_disagrees")  # said in full before anything else: numbers are not right until somebody acts
ASKED = ("to_confirm",)  # the page asks them as questions


def show(here: Here, piece: Piece, trial: Trial) -> None:
    """The card."""
    tell, rows = here.tell, trial.of(piece)
    rejected, ready = lines_aside(rows), lines_ready(rows)
    found = [problem for one in rows for problem in one.checked.problems if problem.problem not in ASKED]
    with st.container(border=True, key="import_problems", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            warned = sum(problem.severity == "warning" for problem in found)
            calm = tell.t("import.to_read", n=warned) if warned else tell.t("import.nothing_to_fix")
            title = tell.t("import.rows_to_fix", n=rejected) if rejected else calm
            st.markdown(f"##### 3 · {title}", width="content", anchors=False)
            if rejected:
                _download(here, piece, trial)
        said = tell.t("import.aside", n=ready) if rejected else tell.t("import.all_ready", n=ready)
        st.caption(said)
        st.caption("  \n".join(counts.sentences(rows, tell)))
        if found:
            rows_column: dict[Any, Any] = {tell.t("import.rows"): st.column_config.NumberColumn(format="localized")}
            st.dataframe(table(found, here), hide_index=True, width="stretch", column_config=rows_column)


def table(found: list[Problem], here: Here) -> pd.DataFrame:
    """One row for each problem: what, how many rows, where, what was found and what was expected."""
    tell = here.tell
    order = {"rejected": 0, "warning": 1, "assumed": 2, "left_out": 3}
    about_file = {(p.problem, repr(p.examples)): p for p in found if p.column is None}  # once, whatever it feeds
    ranked = sorted(
        [*(p for p in found if p.column is not None), *about_file.values()],
        key=lambda problem: (order[problem.severity], -problem.count),
    )
    return pd.DataFrame(
        {
            tell.t("import.problem"): [wording.finding(p, tell) for p in ranked],
            tell.t("import.rows"): [p.count for p in ranked],
            tell.t("import.what_happens"): [tell.t(f"import.severity_{p.severity}") for p in ranked],
            tell.t("import.lines"): [wording.lines(p) for p in ranked],
            tell.t("import.column"): [wording.column(p.column or "", tell) for p in ranked],
            tell.t("import.found"): [wording.found(p) for p in ranked],
            tell.t("import.expected"): [wording.expected(p, tell) for p in ranked],
        }
    )


def _download(here: Here, piece: Piece, trial: Trial) -> None:
    rows, tell = trial.of(piece), here.tell
    stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in piece.file.rsplit(".", 1)[0])[:60]
    st.download_button(
        tell.t("import.download_rejected", n=sum(one.rejected.num_rows for one in rows)),
        lambda: draw.csv(reasons.frame(rows, tell)),
        file_name=f"{stem or 'rows'}_rejected.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"import_rejected_{piece.id}",
    )


def told(here: Here, trial: Trial) -> None:
    """What makes numbers wrong until somebody acts, in full, whichever file it came with."""
    tell = here.tell
    found = {(p.problem, repr(p.params)): p for one in trial.rows for p in one.checked.problems if p.problem in TOLD}
    for number, problem in enumerate(found.values()):
        with st.container(border=True, key=f"import_told_{number}", gap="xxsmall"):
            st.markdown(f"**:orange[:material/warning:] {escaped(wording.finding(problem, tell))}**")
            if problem.problem == "churn_disagrees":
                _churn(here, problem)
            else:
                st.markdown(escaped(wording.expected(problem, tell)))


def _churn(here: Here, problem: Problem) -> None:
    """What each source says about who left, how far they agree, and which one the KPIs follow."""
    tell, params = here.tell, problem.params
    said = [
        tell.t(f"import.churn_{name}", n=params[name])
        for name in ("subscriptions", "events", "marks", "agree")
        if isinstance(params.get(name), int)
    ]
    st.markdown(tell.t("import.churn_says") + "\n" + "\n".join(f"- {one}" for one in said))
    st.caption(tell.t("import.churn_follows"))


def refused(here: Here, trial: Trial) -> None:
    """Why the rows cannot be checked at all."""
    if trial.problem is not None:
        with st.container(border=True, key="import_refused", gap="xsmall"):
            st.markdown(f"##### 3 · {here.tell.t('import.cannot_check')}", anchors=False)
            st.markdown(f":red[:material/error:] {wording.refusal(trial.problem, here.tell)}")


def name(piece: Piece) -> str:
    """The name of a piece, harmless in Markdown."""
    return escaped(piece.file)
