"""What a file was read with, each as a control; those that nothing proves stand out as questions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from data.problems import Problem
from ui.here import Here
from ui.importing import state, wording
from ui.importing.matching import Matched
from ui.importing.pieces import Edits, Piece
from ui.importing.trial import Trial
from ui.text import escaped

MOST_HEADER_LINES, MOST_JOINED = 30, 4
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
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "spaces": "spaces"}
_NUMBERS = {",": "1.234,56", ".": "1,234.56"}
_QUOTES = {'"': '"…"', "'": "'…'"}
DOUBTS = {
    "encoding": ("guessed_encoding",),
    "decimal": ("ambiguous_decimal", "mixed_decimal"),
    "date_order": ("ambiguous_dates", "mixed_dates", "short_years"),
    "header_row": ("no_header",),
    "header_rows": ("joined_header",),
    "units": ("units_row",),
    "table": ("several_tables",),
    "delimiter": ("columns_by_place",),
    "quote": ("single_quotes",),
}
_TOTALS = ("subtotal", "footer", "total")


def show(here: Here, piece: Piece, found: Matched, trial: Trial) -> None:
    """All of them; what only odd files need is there only for them."""
    tell, raw = here.tell, piece.raw
    problems = [*raw.notes, *(problem for one in trial.of(piece) for problem in one.checked.problems)]
    doubts = unproven(problems)
    assumed = next((one.checked.assumed for one in trial.of(piece)), raw.assumed)
    grid = st.grid(columns=2, min_column_width=130, gap="small")

    def choice(name: str, options: Sequence[Any], value: Any, shown: Callable[[Any], str]) -> None:
        with grid.cell():
            _select(here, piece, name, list(dict.fromkeys([*options, value])), value, shown, name in doubts)

    if raw.assumed.encoding is not None:
        choice("encoding", _OFFERED, raw.assumed.encoding, lambda e: _ENCODINGS.get(e, str(e)))
    if raw.assumed.delimiter is not None:
        named = {sign: tell.t(f"import.separator_{name}") for sign, name in _SEPARATORS.items()}
        choice("delimiter", list(_SEPARATORS)[:4], raw.assumed.delimiter, lambda d: named.get(d, repr(d)))
    choice("decimal", list(_NUMBERS), assumed.decimal or ".", lambda d: _NUMBERS.get(d, str(d)))
    orders = {order: tell.t(f"import.dates_{order}") for order in ("dmy", "mdy", "ymd")}
    if assumed.date_order is not None:
        choice("date_order", list(orders), assumed.date_order, lambda o: orders.get(o, str(o)))
    if raw.assumed.header_row is not None:
        lines = range(min(MOST_HEADER_LINES, max(len(raw.preview_lines), raw.header_row)) + 1)
        words = {0: tell.t("import.header_no_line")}
        choice("header_row", lines, raw.header_row, lambda n: words.get(n) or tell.t("import.line", n=n))
    _odd(here, piece, problems, choice)
    _last_day(here, piece, found, trial, grid)
    for problem in doubts.values():
        st.caption(f":orange[:material/help:] {escaped(_doubt(problem, here))}")


def unproven(problems: Sequence[Problem]) -> dict[str, Problem]:
    """What nothing in the file proves, by the field of `Assumed` that settles it."""
    found: dict[str, Problem] = {}
    for name, ids in DOUBTS.items():
        first = next((problem for problem in problems if problem.problem in ids), None)
        if first is not None:
            found[name] = first
    return found


def _doubt(problem: Problem, here: Here) -> str:
    """Why it is a question: in words made for it, else what was found and what is expected."""
    tell, id = here.tell, f"import.doubt_{problem.problem}"
    said = f"{wording.finding(problem, tell)}: {wording.expected(problem, tell)}."
    if wording.told(id, problem.params, tell):
        said = tell.t(id, **problem.params)
    return f"{wording.column(problem.column, tell)}: {said}" if problem.column else said


def _odd(here: Here, piece: Piece, problems: Sequence[Problem], choice: Callable[..., None]) -> None:
    """What only some files need: header over several lines, units, quotes, several tables, totals, fixed widths."""
    tell, found = here.tell, piece.raw.assumed
    chosen = dict(state.edits()[piece.id].assumed) if piece.id in state.edits() else {}
    yes = {False: tell.t("import.no"), True: tell.t("import.yes")}
    if (found.header_rows or 0) > 1 or "header_rows" in chosen:
        choice(
            "header_rows", range(1, MOST_JOINED + 1), found.header_rows or 1, lambda n: tell.t("import.n_lines", n=n)
        )
    if found.units or "units" in chosen:
        choice("units", [False, True], bool(found.units), lambda on: yes[bool(on)])
    if found.quote not in (None, '"') or "quote" in chosen:
        choice("quote", list(_QUOTES), found.quote or '"', lambda q: _QUOTES.get(q, str(q)))
    if found.table is not None or "table" in chosen:
        words = {0: tell.t("import.table_one"), None: tell.t("import.table_one")}
        value = found.table or 0
        choice("table", [0, value], value, lambda n: words.get(n) or tell.t("import.table_n", n=n))
    totals = any(reason in _TOTALS for _, _, reason in piece.raw.left_out)
    if totals or found.keep_totals or any(one.problem in _TOTALS for one in problems):
        words = {False: tell.t("import.totals_out"), True: tell.t("import.totals_in")}
        choice("keep_totals", [False, True], bool(found.keep_totals), lambda on: words[bool(on)])
    if found.starts is not None or found.delimiter == "spaces" or "starts" in chosen:
        _starts(here, piece)


def _select(
    here: Here, piece: Piece, name: str, options: list[Any], value: Any, shown: Callable[[Any], str], doubtful: bool
) -> None:
    key = f"import_{name}_{piece.id}"
    if st.session_state.get(key) != value or key not in st.session_state:
        st.session_state[key] = value

    def write() -> None:
        state.edit(piece.id, lambda edits: edits.with_pair("assumed", name, st.session_state[key]))

    label = here.tell.t(f"import.{name}")
    mark = ":orange[:material/help:] " if doubtful else ""
    st.selectbox(f"{mark}{label}", options, key=key, format_func=shown, on_change=write)


def _starts(here: Here, piece: Piece) -> None:
    """Where the columns of a fixed-width file start, as numbers with commas; the first character is 1."""
    key, now = f"import_starts_{piece.id}", piece.raw.assumed.starts or ()
    text = ", ".join(str(one + 1) for one in now)
    if key not in st.session_state:
        st.session_state[key] = text

    def write() -> None:
        parts = str(st.session_state[key]).replace(";", ",").split(",")
        places = sorted({int(part) - 1 for part in parts if part.strip().isdigit() and int(part) > 0})
        left = dict(state.edits().get(piece.id, Edits()).assumed)
        left.pop("starts", None)
        if places:
            left["starts"] = tuple(places)
        state.edit(piece.id, lambda edits: replace(edits, assumed=tuple(left.items())))

    st.text_input(
        here.tell.t("import.starts"),
        key=key,
        on_change=write,
        placeholder="1, 9, 17",
        help=here.tell.t("import.starts_says"),
    )


def _last_day(here: Here, piece: Piece, found: Matched, trial: Trial, grid: Any) -> None:
    """What an end date means: asked where there is one, with what makes us ask."""
    ends = found.mapping.tables.get("subscriptions")
    if ends is None or "ended_on" not in ends.columns or any(one.id == "last_day" for one, _ in found.questions):
        return
    tell, key = here.tell, f"import_last_day_{piece.id}"
    with_it = ends.columns["ended_on"].unit == "last_day"
    if st.session_state.get(key) != with_it:
        st.session_state[key] = with_it
    asked = [p for one in trial.of(piece) for p in one.checked.problems if p.problem == "looks_like_last_day"]
    mark = ":orange[:material/help:] " if asked and not with_it else ""
    with grid.cell():
        st.selectbox(
            f"{mark}{tell.t('import.last_day')}",
            [False, True],
            key=key,
            format_func=lambda last: tell.t("import.last_day_with" if last else "import.last_day_without"),
            on_change=lambda: state.edit(piece.id, lambda edits: replace(edits, last_day=bool(st.session_state[key]))),
        )
    if asked and not with_it:
        st.caption(f":orange[:material/help:] {tell.t('import.last_day_says', n=asked[0].count)}")
