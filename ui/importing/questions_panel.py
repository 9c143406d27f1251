"""What only a person can tell about a file: each question with the answer that is taken until somebody changes it."""

from datetime import date
from typing import Any

import streamlit as st

from data.mapping.mapping import table_of
from data.mapping.questions import ANSWER, Question
from ui.here import Here
from ui.importing import state, wording
from ui.importing.matching import Matched
from ui.importing.pieces import Piece
from ui.text import escaped
from words import catalogue

FIRST_DAY = date(2000, 1, 1)


def show(here: Here, piece: Piece, found: Matched) -> None:
    """The card; nothing when there is nothing to ask."""
    if not found.questions:
        return
    tell = here.tell
    with st.container(border=True, key="import_questions", gap="small"):
        st.markdown(f"##### {tell.t('import.questions', n=len(found.questions))}", anchors=False)
        st.caption(tell.t("import.questions_says"))
        for number, (question, answer) in enumerate(found.questions):
            _ask(here, piece, question, answer, number)


def _ask(here: Here, piece: Piece, question: Question, answer: str, number: int) -> None:
    key = f"import_question_{piece.id}_{question.table}_{question.id}_{number}"
    label = sentence(here, question)
    if question.kind != "choice":
        _ask_day(here, piece, question, answer, key, label)
        return
    if st.session_state.get(key) != (answer or None):
        st.session_state[key] = answer or None
    st.radio(
        label,
        list(question.options),
        key=key,
        format_func=lambda option: option_words(here, question, option),
        on_change=lambda: _answer(piece, question, st.session_state[key] or ""),
        horizontal=True,
    )


def _ask_day(here: Here, piece: Piece, question: Question, answer: str, key: str, label: str) -> None:
    taken = [option for option in question.options if option != ANSWER]
    if answer in taken:
        st.markdown(f"{label} **{option_words(here, question, answer)}**")
    st.date_input(
        label,
        value=date.fromisoformat(answer) if _is_day(answer) else None,
        min_value=FIRST_DAY,
        key=key,
        width=260,
        label_visibility="collapsed" if answer in taken else "visible",
        on_change=lambda: _answer(piece, question, _typed(question, st.session_state[key])),
    )


def _typed(question: Question, day: date | None) -> str:
    if day is None:
        return ""
    return f"{day:%Y-%m}" if question.kind == "month" else day.isoformat()


def _is_day(answer: str) -> bool:
    try:
        date.fromisoformat(answer)
    except ValueError:
        return False
    return True


def _answer(piece: Piece, question: Question, answer: str) -> None:
    state.edit(piece.id, lambda edits: edits.with_pair("answers", f"{question.table}|{question.id}", answer))


def sentence(here: Here, question: Question) -> str:
    """The question as a Markdown-safe sentence, in English where the catalogue does not know it."""
    id = f"import.q_{question.id}"
    if not catalogue.has(id, here.locale):
        return escaped(question)
    params: dict[str, Any] = {k: v if isinstance(v, int | float) else escaped(v) for k, v in question.params.items()}
    return here.tell.t(id, **params, table=escaped(wording.table(table_of(question.table), here.tell)))


def option_words(here: Here, question: Question, option: str) -> str:
    """An answer in words."""
    for id in (f"import.q_{question.id}_{option}", f"import.q_{option}"):
        if catalogue.has(id, here.locale):
            return here.tell.t(id)
    return option.replace("_", " ")
