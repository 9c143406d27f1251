"""The mapping as a file: taken home, and used for another file."""

import json
from dataclasses import replace

import streamlit as st

from ui.here import Here
from ui.importing import state, wording
from ui.importing.matching import Matched
from ui.importing.pieces import Edits, Piece

LARGEST = 1_000_000  # characters of a mapping file


def show(here: Here, piece: Piece, found: Matched) -> None:
    """A small menu: save the mapping in force, use one from a file, go back to what was found."""
    tell, edits = here.tell, state.edits().get(piece.id, Edits())
    with st.popover(tell.t("import.mapping_file"), icon=":material/swap_horiz:", type="tertiary"):
        st.caption(tell.t("import.mapping_file_says"))
        if found.mapping.tables:
            st.download_button(
                tell.t("import.mapping_save"),
                json.dumps(found.mapping.to_json(), ensure_ascii=False, indent=1),
                file_name="mapping.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
                key=f"import_mapping_save_{piece.id}",
            )
        key = f"import_mapping_given_{piece.id}"
        st.file_uploader(
            tell.t("import.mapping_use"), type=["json"], key=key, on_change=_use, args=(piece, key), max_upload_size=1
        )
        if edits.given:
            st.button(
                tell.t("import.mapping_forget"),
                key=f"import_mapping_forget_{piece.id}",
                on_click=lambda: state.edit(piece.id, lambda held: replace(held, given="")),
            )
    if found.problem is not None:
        st.caption(f":red[:material/error: {wording.refusal(found.problem, tell)}]")


def _use(piece: Piece, key: str) -> None:
    sent = st.session_state.get(key)
    text = sent.getvalue()[:LARGEST].decode("utf-8-sig", errors="replace") if sent else ""
    state.edit(piece.id, lambda held: replace(Edits(assumed=held.assumed, privacy=held.privacy), given=text))
