"""Step 1: the file as it is, start and end, and what was assumed to read it; each can be changed."""

import streamlit as st

from ui.here import Here
from ui.importing import assumptions, lines, wording
from ui.importing.matching import Matched
from ui.importing.pieces import Piece
from ui.importing.trial import Trial
from ui.text import escaped

SAID_ELSEWHERE = ("no_header", "title_lines", "joined_header", "units_row", "footer", "subtotal")


def show(here: Here, piece: Piece, found: Matched, trial: Trial) -> None:
    """Both cards, side by side where there is room."""
    grid = st.grid(columns=5, min_column_width=150, gap="small")
    with grid.cell(column_span=3), st.container(border=True, key="import_lines", gap="xsmall", height="stretch"):
        st.markdown(f"##### 1 · {here.tell.t('import.looks')}", anchors=False)
        st.code(lines.shown(piece.raw), language=None)
        st.caption(notes(here, piece))
    with grid.cell(column_span=2), st.container(border=True, key="import_assumed", gap="xsmall", height="stretch"):
        st.markdown(f"##### {here.tell.t('import.assumed')}", anchors=False)
        st.caption(here.tell.t("import.assumed_says"))
        assumptions.show(here, piece, found, trial)
        if piece.problem is not None:
            st.caption(f":red[:material/error:] {wording.refusal(piece.problem, here.tell)}")


def notes(here: Here, piece: Piece) -> str:
    """What the header is, which lines are no rows, and what else was noticed while reading."""
    tell, raw = here.tell, piece.raw
    doubtful = {problem.problem for problem in assumptions.unproven(raw.notes).values()}
    more = [
        f"{wording.finding(note, tell)} ({note.count})."
        for note in raw.notes
        if note.problem not in SAID_ELSEWHERE and note.problem not in doubtful
    ]
    return ":material/visibility: " + " ".join([*lines.said(raw, tell), *(escaped(one) for one in more)])
