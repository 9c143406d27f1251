"""Personal data: which columns are kept nowhere, and where a pseudonym stands for each value."""

from dataclasses import replace

import streamlit as st

from ui.here import Here
from ui.importing import state
from ui.importing.matching import Matched, can_hide, personal
from ui.importing.pieces import Edits, Piece
from ui.text import escaped


def show(here: Here, piece: Piece, found: Matched) -> None:
    """Two choices of columns, closed until somebody opens them; open where values look like people's."""
    tell, raw = here.tell, piece.raw
    chosen = dict(state.edits().get(piece.id, Edits()).privacy)
    suspects = [header for header in personal(raw) if header not in chosen]
    with st.expander(tell.t("import.private"), icon=":material/shield_person:", expanded=bool(suspects or chosen)):
        st.caption(tell.t("import.private_says"))
        if suspects:
            st.caption(f":orange[:material/help:] {tell.t('import.private_seen', what=escaped(', '.join(suspects)))}")
        grid = st.grid(columns=2, min_column_width=260, gap="small")
        hidden = set(can_hide(found)) | {header for header, kind in chosen.items() if kind == "pseudonym"}
        with grid.cell():
            _choice(here, piece, "drop", list(raw.headers), chosen)
        with grid.cell():
            _choice(here, piece, "pseudonym", [header for header in raw.headers if header in hidden], chosen)


def _choice(here: Here, piece: Piece, kind: str, headers: list[str], chosen: dict[str, str]) -> None:
    key = f"import_private_{kind}_{piece.id}"
    now = [header for header in headers if chosen.get(header) == kind]
    if st.session_state.get(key) != now:
        st.session_state[key] = now

    def write() -> None:
        picked = st.session_state[key]

        def change(edits: Edits) -> Edits:
            others = [
                (header, is_kind) for header, is_kind in edits.privacy if is_kind != kind and header not in picked
            ]
            return replace(edits, privacy=(*others, *((header, kind) for header in picked)))

        state.edit(piece.id, change)

    st.multiselect(
        here.tell.t(f"import.private_{kind}"),
        headers,
        key=key,
        on_change=write,
        help=here.tell.t(f"import.private_{kind}_help"),
        placeholder=here.tell.t("import.private_none"),
    )
