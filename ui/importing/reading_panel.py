"""Step 1: the first lines of the file as they are, and what was assumed to read them; each can be changed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from ui.here import Here
from ui.importing import state, wording
from ui.importing.matching import Matched
from ui.importing.pieces import Piece
from ui.importing.trial import Trial
from ui.text import escaped

SHOWN, WIDTH, MOST_HEADER_LINES = 12, 160, 30
_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 (BOM)",
    "cp1252": "Windows-1252",
    "latin-1": "ISO-8859-1",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
}
_OFFERED = ("utf-8", "cp1252", "latin-1", "utf-16")
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_NUMBERS = {",": "1.234,56", ".": "1,234.56"}


def show(here: Here, piece: Piece, found: Matched, trial: Trial) -> None:
    """Both cards, side by side where there is room."""
    grid = st.grid(columns=5, min_column_width=150, gap="small")
    with grid.cell(column_span=3), st.container(border=True, key="import_lines", gap="xsmall", height="stretch"):
        st.markdown(f"##### 1 · {here.tell.t('import.looks')}", anchors=False)
        st.code(preview(piece), language=None)
        st.caption(notes(here, piece))
    with grid.cell(column_span=2), st.container(border=True, key="import_assumed", gap="xsmall", height="stretch"):
        st.markdown(f"##### {here.tell.t('import.assumed')}", anchors=False)
        st.caption(here.tell.t("import.assumed_says"))
        _assumptions(here, piece, found, trial)
        if piece.problem is not None:
            st.caption(f":red[:material/error: {wording.refusal(piece.problem, here.tell)}]")


def preview(piece: Piece) -> str:
    """The first lines with their numbers; what cannot be printed is left out."""
    shown = piece.raw.preview_lines[:SHOWN]
    width = len(str(len(shown)))
    lines = ("".join(c for c in line if c.isprintable() or c == "\t")[:WIDTH] for line in shown)
    return "\n".join(f"{number:>{width}}  {line}" for number, line in enumerate(lines, 1))


def notes(here: Here, piece: Piece) -> str:
    """What the header is, and what was set aside while reading."""
    tell, raw = here.tell, piece.raw
    first = tell.t("import.header_at", n=raw.header_row) if raw.header_row else tell.t("import.header_none")
    more = [f"{wording.finding(note, tell)} ({note.count})" for note in raw.notes if note.problem != "no_header"]
    return " ".join([f":material/visibility: {first}", *(escaped(one) + "." for one in more)])


def _assumptions(here: Here, piece: Piece, found: Matched, trial: Trial) -> None:
    tell, raw = here.tell, piece.raw
    assumed = next((one.checked.assumed for one in trial.of(piece)), raw.assumed)
    grid = st.grid(columns=2, min_column_width=130, gap="small")

    def choice(name: str, options: Sequence[Any], value: Any, shown: Callable[[Any], str]) -> None:
        with grid.cell():
            _select(here, piece, name, list(dict.fromkeys([*options, value])), value, shown)

    if raw.assumed.encoding is not None:
        choice("encoding", _OFFERED, raw.assumed.encoding, lambda e: _ENCODINGS.get(e, str(e)))
    if raw.assumed.delimiter is not None:
        named = {sign: tell.t(f"import.separator_{name}") for sign, name in _SEPARATORS.items()}
        choice("delimiter", list(_SEPARATORS), raw.assumed.delimiter, lambda d: named.get(d, repr(d)))
    choice("decimal", list(_NUMBERS), assumed.decimal or ".", lambda d: _NUMBERS.get(d, str(d)))
    orders = {order: tell.t(f"import.dates_{order}") for order in ("dmy", "mdy", "ymd")}
    if assumed.date_order is not None:
        choice("date_order", list(orders), assumed.date_order, lambda o: orders.get(o, str(o)))
    if raw.assumed.header_row is not None:
        lines = range(min(MOST_HEADER_LINES, max(len(raw.preview_lines), raw.header_row)) + 1)
        words = {0: tell.t("import.header_no_line")}
        choice("header_row", lines, raw.header_row, lambda n: words.get(n) or tell.t("import.line", n=n))
    _last_day(here, piece, found, trial, grid)


def _select(here: Here, piece: Piece, name: str, options: list[Any], value: Any, shown: Callable[[Any], str]) -> None:
    key = f"import_{name}_{piece.id}"
    if st.session_state.get(key) != value:
        st.session_state[key] = value

    def write() -> None:
        state.edit(piece.id, lambda edits: edits.with_pair("assumed", name, st.session_state[key]))

    st.selectbox(here.tell.t(f"import.{name}"), options, key=key, format_func=shown, on_change=write)


def _last_day(here: Here, piece: Piece, found: Matched, trial: Trial, grid: Any) -> None:
    """What an end date means: asked where there is one, with what makes us ask."""
    ends = found.mapping.tables.get("subscriptions")
    if ends is None or "ended_on" not in ends.columns:
        return
    tell, key = here.tell, f"import_last_day_{piece.id}"
    with_it = ends.columns["ended_on"].unit == "last_day"
    if st.session_state.get(key) != with_it:
        st.session_state[key] = with_it
    with grid.cell():
        st.selectbox(
            tell.t("import.last_day"),
            [False, True],
            key=key,
            format_func=lambda last: tell.t("import.last_day_with" if last else "import.last_day_without"),
            on_change=lambda: state.edit(piece.id, lambda edits: replace(edits, last_day=bool(st.session_state[key]))),
        )
    asked = [p for one in trial.of(piece) for p in one.checked.problems if p.problem == "looks_like_last_day"]
    if asked and not with_it:
        st.caption(f":orange[:material/help:] {tell.t('import.last_day_says', n=asked[0].count)}")
