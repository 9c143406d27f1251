"""Step 2: which column is which, the doubtful ones on top; the table, too, can be chosen."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from data import schema
from data.mapping.mapping import table_of
from ui.here import Here
from ui.importing import mapping_file, private_panel, row_steps, state, wording
from ui.importing.matching import (
    NUMBER,
    NUMBERED_DAYS,
    NUMBERED_KEYS,
    ColumnRow,
    Matched,
    could_feed,
    keeps_extras,
    options,
)
from ui.importing.pieces import Edits, Piece
from ui.text import escaped

MOST_ASKED = 8
NOTHING = "-"  # an empty cell would read as a value that is missing


def show(here: Here, piece: Piece, found: Matched) -> None:
    """The card."""
    tell = here.tell
    doubtful = [row for row in found.rows if row.doubtful]
    with st.container(border=True, key="import_columns", gap="xsmall"):
        st.markdown(f"##### 2 · {tell.t('import.columns')}", anchors=False)
        _recognised(here, found)
        asked = len(doubtful) + len(found.missing)
        if found.mapping.tables:
            st.caption(tell.t("import.columns_asked", n=asked) if asked else tell.t("import.columns_sure"))
        _tables(here, piece, found)
        if not found.mapping.tables:
            foreign = found.mapping.foreign
            said = tell.t(f"import.foreign_{foreign}" if foreign else "import.no_table")
            st.markdown(f":orange[:material/help:] {said}")
            mapping_file.show(here, piece, found)
            return
        grid = st.grid(columns=3, min_column_width=200, gap="small")
        asked_above = {"contact_totals.day"} if any(one.id == "first_day" for one, _ in found.questions) else set()
        for target in [one for one in found.missing if one not in asked_above][:MOST_ASKED]:
            with grid.cell():
                _missing(here, piece, found, target)
        for row in doubtful[:MOST_ASKED]:
            with grid.cell():
                _doubtful(here, piece, found, row)
        _editor(here, piece, found)
        _constants(here, found)
        _rows(here, found)
        private_panel.show(here, piece, found)
        mapping_file.show(here, piece, found)


def _recognised(here: Here, found: Matched) -> None:
    """A known export, said first, with what to know about it."""
    name, notes = row_steps.recognised(found.mapping, here.tell)
    if name:
        st.markdown(f":blue[:material/verified:] {here.tell.t('import.recognised', name=escaped(name))}")
        if notes:
            st.caption(escaped(notes))


def _rows(here: Here, found: Matched) -> None:
    """What happens to the rows before the columns are read."""
    said = row_steps.sentences(found.mapping, here.tell)
    if said:
        st.markdown(f"**{here.tell.t('import.rows_say')}**")
        st.markdown("\n".join(f"- {one}" for one in said))


def _tables(here: Here, piece: Piece, found: Matched) -> None:
    key, tables = f"import_tables_{piece.id}", list(found.mapping.tables)
    if st.session_state.get(key) != tables:
        st.session_state[key] = tables

    def write() -> None:
        state.edit(piece.id, lambda edits: _fed(edits, tuple(st.session_state[key])))

    st.multiselect(
        here.tell.t("import.tables"),
        [*tables, *(name for name in schema.tables() if name not in set(map(table_of, tables)))],
        key=key,
        format_func=lambda name: wording.table(name, here.tell),
        on_change=write,
        placeholder=here.tell.t("import.tables_none"),
    )
    for name in could_feed(piece, found) if tables else ():
        st.button(
            here.tell.t("import.also_use", table=wording.table(name, here.tell)),
            icon=":material/add:",
            type="tertiary",
            key=f"import_also_{name}_{piece.id}",
            on_click=state.edit,
            args=(piece.id, partial(_also, tables=(*tables, name))),
        )


def _fed(edits: Edits, tables: tuple[str, ...]) -> Edits:
    """Other tables: what was chosen for columns, and answers about tables that are gone, no longer hold."""
    answers = tuple((id, answer) for id, answer in edits.answers if id.partition("|")[0] in tables)
    return replace(edits, tables=tables, targets=(), shared=(), answers=answers)


def _also(edits: Edits, tables: tuple[str, ...]) -> Edits:
    return replace(edits, tables=tables)


def _said(here: Here, found: Matched, target: str) -> str:
    """A canonical column as options show it: with its table only where there are several."""
    if not target:
        return here.tell.t("import.keep_extra" if keeps_extras(found.mapping.tables) else "import.keep_nothing")
    return wording.target(target, here.tell, with_table=len(found.mapping.tables) > 1)


def _doubtful(here: Here, piece: Piece, found: Matched, row: ColumnRow) -> None:
    key = f"import_col_{piece.id}_{row.header}"
    if st.session_state.get(key) != row.target:
        st.session_state[key] = row.target

    def write() -> None:
        state.edit(piece.id, lambda edits: edits.with_pair("targets", row.header, st.session_state[key]))

    st.selectbox(
        here.tell.t("import.is_what", header=escaped(row.header)),
        options(found.mapping.tables),
        key=key,
        format_func=lambda target: _said(here, found, target),
        on_change=write,
        help=escaped(", ".join(row.samples)) or None,
    )


def _missing(here: Here, piece: Piece, found: Matched, target: str) -> None:
    """A required column that nothing feeds: a column of the file, or one value for every row."""
    tell, key = here.tell, f"import_missing_{piece.id}_{target}"
    headers = {row.header: row for row in found.rows}
    numbered = [NUMBER] if target.rpartition(".")[2] in NUMBERED_KEYS else []

    def write() -> None:
        chosen = st.session_state[key]
        if chosen in headers:
            state.edit(piece.id, lambda edits: edits.with_pair("shared", target, chosen))
        elif chosen:
            state.edit(piece.id, lambda edits: edits.with_pair("constants", target, str(chosen).strip()))

    st.selectbox(
        f":orange[:material/priority_high:] {tell.t('import.missing', column=_said(here, found, target))}",
        [*numbered, *headers],
        index=None,
        key=key,
        format_func=lambda one: tell.t("import.number_rows") if one == NUMBER else one,
        placeholder=tell.t("import.missing_days" if target in NUMBERED_DAYS else "import.missing_says"),
        accept_new_options=True,
        on_change=write,
    )


def _editor(here: Here, piece: Piece, found: Matched) -> None:
    """All columns in one table, where the canonical column can be changed."""
    tell, rows = here.tell, found.rows
    extras = keeps_extras(found.mapping.tables)
    frame = pd.DataFrame(
        {
            "header": [row.header for row in rows],
            "target": [row.target or NOTHING for row in rows],
            "state": [_state(row, tell) for row in rows],
            "samples": [list(row.samples) for row in rows],
            "sure": [None if row.sure is None else round(row.sure * 100) for row in rows],
            "how": [wording.how(row, tell, extras) for row in rows],
        }
    )
    key = f"import_editor_{piece.id}_{hash((tuple(rows), here.locale))}"

    def write() -> None:
        changed: dict[int, dict[str, Any]] = st.session_state[key]["edited_rows"]
        for number, cells in changed.items():
            _chosen(piece, rows[int(number)].header, str(cells.get("target") or NOTHING).removeprefix(NOTHING))

    column = st.column_config
    columns: dict[Any, Any] = {
        "header": column.TextColumn(tell.t("import.your_column"), width="medium"),
        "state": column.TextColumn("", width="small"),
        "samples": column.ListColumn(tell.t("import.samples"), width="medium"),
        "target": column.SelectboxColumn(
            tell.t("import.farol_column"),
            options=[one or NOTHING for one in options(found.mapping.tables)],
            required=True,
            format_func=lambda target: _said(here, found, str(target).removeprefix(NOTHING)),
            width="medium",
        ),
        "sure": column.ProgressColumn(
            tell.t("import.how_sure"), min_value=0, max_value=100, format="%d%%", width="small"
        ),
        "how": column.TextColumn(tell.t("import.how_we_know"), width="large"),
    }
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        width="stretch",
        on_change=write,
        disabled=["header", "state", "samples", "sure", "how"],
        column_config=columns,
    )


def _chosen(piece: Piece, header: str, target: str) -> None:
    state.edit(piece.id, lambda edits: edits.with_pair("targets", header, target))


def _state(row: ColumnRow, tell: Any) -> str:
    return f"! {tell.t('import.state_check')}" if row.doubtful else "✓" if row.target else "·"


def _constants(here: Here, found: Matched) -> None:
    said = [
        f"{wording.column(column, here.tell)} = {value}"
        for body in found.mapping.tables.values()
        for column, value in body.constants.items()
    ]
    said += [
        f"{wording.column(column, here.tell)} = {_numbered(source.row_number_from)}"
        for body in found.mapping.tables.values()
        for column, source in body.columns.items()
        if source.row_number_from
    ]
    if said:
        st.caption(here.tell.t("import.constants", what=escaped(", ".join(said))))


def _numbered(start: str) -> str:
    """The first values of rows that are numbered: days after a first one, or a prefix with numbers."""
    try:
        first = date.fromisoformat(start)
    except ValueError:
        return f"{start}1, {start}2 …"
    return f"{first.isoformat()}, {(first + timedelta(days=1)).isoformat()} …"
