"""What only a person can tell about a file: each question with the answer that is taken until somebody changes it."""

import re
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
from words import catalogue, formats

_MONTH = re.compile(r"^\d{4}-\d{2}$")
FIRST_DAY, MONTHS_BACK = date(1990, 1, 1), 180


def show(here: Here, piece: Piece, found: Matched) -> None:
    """The card; nothing when there is nothing to ask."""
    if not found.questions:
        return
    tell = here.tell
    waiting = sum(not answer for _, answer in found.questions)
    with st.container(border=True, key="import_questions", gap="small"):
        mark = ":orange[:material/help:] " if waiting else ""
        st.markdown(f"##### {mark}{tell.t('import.questions', n=len(found.questions))}", anchors=False)
        unanswered = "open" if found.ready else "needed"
        st.caption(tell.t(f"import.questions_{unanswered if waiting else 'says'}"))
        for number, (question, answer) in enumerate(found.questions):
            _ask(here, piece, question, answer, f"import_question_{piece.id}_{question.table}_{question.id}_{number}")


def _ask(here: Here, piece: Piece, question: Question, answer: str, key: str) -> None:
    """The options to choose from, and where one of them is a day or month, a place to say which."""
    options = list(question.options)
    typed = answer if answer and answer not in options else ""
    label = sentence(here, question)
    if options == [ANSWER]:
        _typed(here, piece, question, typed, f"{key}_typed", label)
        return
    chosen = ANSWER if typed else answer or None
    opened = f"{key}_open"
    if st.session_state.get(opened) and not typed:
        chosen = ANSWER
    if st.session_state.get(key) != chosen or key not in st.session_state:
        st.session_state[key] = chosen

    def write() -> None:
        picked = st.session_state[key] or ""
        st.session_state[opened] = picked == ANSWER
        _answer(piece, question, "" if picked == ANSWER else picked)

    st.radio(
        label,
        options,
        key=key,
        format_func=lambda option: option_words(here, question, option),
        on_change=write,
        horizontal=True,
    )
    if chosen == ANSWER:
        _typed(here, piece, question, typed, f"{key}_typed", "")


def _typed(here: Here, piece: Piece, question: Question, answer: str, key: str, label: str) -> None:
    """A day, or a month chosen from a list."""
    name = label or here.tell.t(f"import.choose_{question.kind}")
    if label:  # a label of its own would be no wider than the field
        st.markdown(label)
    if question.kind == "month":
        months = last_months(date.today())
        held = answer[:7] if answer else None
        if held is not None and held not in months:
            months = [held, *months]
        if st.session_state.get(key) != held or key not in st.session_state:
            st.session_state[key] = held
        st.selectbox(
            name,
            months,
            key=key,
            format_func=lambda month: formats.period(month, here.locale),
            placeholder=here.tell.t("import.choose_month"),
            label_visibility="collapsed",
            width=260,
            on_change=lambda: _answer(piece, question, st.session_state[key] or ""),
        )
        return
    st.date_input(
        name,
        value=_day(answer),
        min_value=FIRST_DAY,
        key=key,
        width=260,
        format="YYYY-MM-DD",
        label_visibility="collapsed",
        on_change=lambda: _answer(piece, question, st.session_state[key].isoformat() if st.session_state[key] else ""),
    )


def last_months(today: date) -> list[str]:
    """Months to choose from as 2024-03, this one first."""
    return [
        f"{(month := today.year * 12 + today.month - 1 - back) // 12}-{month % 12 + 1:02d}"
        for back in range(MONTHS_BACK)
    ]


def _day(answer: str) -> date | None:
    try:
        return date.fromisoformat(answer)
    except ValueError:
        return None


def _answer(piece: Piece, question: Question, answer: str) -> None:
    state.edit(piece.id, lambda edits: edits.with_pair("answers", f"{question.table}|{question.id}", answer))


def sentence(here: Here, question: Question) -> str:
    """The question as a Markdown-safe sentence, in English where the catalogue does not know it."""
    id = f"import.q_{question.id}"
    if not catalogue.has(id, here.locale):
        return escaped(question)
    params = {name: _said(value, here.locale) for name, value in question.params.items()}
    return here.tell.t(id, **params, table=escaped(wording.table(table_of(question.table), here.tell)))


def _said(value: Any, locale: str) -> Any:
    """A parameter of a question: numbers as they are, months in words, texts harmless."""
    if isinstance(value, int | float):
        return value
    return formats.period_in_sentence(value, locale, year=True) if _MONTH.match(str(value)) else escaped(value)


def option_words(here: Here, question: Question, option: str) -> str:
    """An answer in words."""
    if option == ANSWER:
        return here.tell.t(f"import.choose_{question.kind}")
    for id in (f"import.q_{question.id}_{option}", f"import.q_{option}"):
        if catalogue.has(id, here.locale):
            return here.tell.t(id)
    return option.replace("_", " ")
