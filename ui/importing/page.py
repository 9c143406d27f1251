"""The import page: files → read → match → check → light up → one button."""

from collections.abc import Sequence

import streamlit as st

from ui import notices
from ui.here import Here
from ui.importing import (
    columns_panel,
    committing,
    history,
    lit_panel,
    problems_panel,
    progress,
    questions_panel,
    reading_panel,
    state,
    steps,
    target,
    templates_panel,
    trial,
    wording,
)
from ui.importing.matching import Matched, matched, signature
from ui.importing.pieces import TYPES, Edits, Piece, Refused, read
from ui.importing.target import Target
from ui.importing.trial import Light, Trial
from ui.reference import head
from ui.telling import Teller
from ui.text import escaped


def show(here: Here) -> None:
    """Draw the page."""
    with notices.caught():
        top = st.container(gap="small")
        sent = _uploader(here)
        bar = progress.Bar(here)
        limit = int(st.get_option("server.maxUploadSize"))
        with st.spinner(here.tell.t("import.reading")):
            pieces, refused = read(sent, state.edits(), state.kept(), limit, bar.read)
        bar.gone()
        if pieces:
            _work(here, top, pieces)
        else:
            with top:
                head.plain(here, here.tell.t("import.title"), here.tell.t("import.says"))
                committing.trouble(here)
                committing.done(here)
        _refusals(here, refused)
        templates_panel.show(here)
        history.show(here)


def _uploader(here: Here) -> Sequence[st.runtime.uploaded_file_manager.UploadedFile]:
    sent = st.file_uploader(
        here.tell.t("import.files"),
        type=TYPES,
        accept_multiple_files=True,
        key=state.uploader_key(),
        help=here.tell.t("import.files_help"),
    )
    return sent or []


def _refusals(here: Here, refused: Sequence[Refused]) -> None:
    for number, one in enumerate(refused):
        with st.container(border=True, key=f"import_unread_{number}", gap="xxsmall"):
            st.markdown(f"**{escaped(one.file)}**")
            st.markdown(f":red[:material/error:] {wording.refusal(one.problem, here.tell)}")


def _work(here: Here, top: st.delta_generator.DeltaGenerator, pieces: list[Piece]) -> None:
    """Everything between the upload and the button."""
    chosen = target.current(here)
    edits = [state.edits().get(piece.id, Edits()) for piece in pieces]
    remembered = {} if chosen.new else chosen.space.store.mappings(chosen.space.id)
    found = [matched(p, e, remembered.get(signature(p.raw))) for p, e in zip(pieces, edits, strict=True)]
    tried, lights = _tried(here, chosen, pieces, found, edits)
    by_id = {piece.id: one for piece, one in zip(pieces, found, strict=True)}
    with top:
        title = escaped(pieces[0].file) if len(pieces) == 1 else here.tell.t("import.n_tables", n=len(pieces))
        head.plain(
            here,
            title,
            steps.caption(here, pieces, by_id),
            action=lambda: committing.button(here, chosen, tried, by_id, lights),
        )
        committing.trouble(here)
        steps.cards(here, pieces, by_id, tried, lights)
    problems_panel.told(here, tried)
    target.choose(here, chosen)
    mode = committing.mode_in_force(tried)
    if tried.accepted and (mode != "append" or not (chosen.new or chosen.space.empty)):
        committing.choose_mode(here, tried, mode)
    steps.overview(here, pieces, tried)
    piece = steps.choose_piece(here, pieces, by_id, tried)
    reading_panel.show(here, piece, by_id[piece.id], tried)
    questions_panel.show(here, piece, by_id[piece.id])
    columns_panel.show(here, piece, by_id[piece.id])
    problems_panel.refused(here, tried)
    if tried.of(piece):
        problems_panel.show(here, piece, tried)
    if lights:
        tell = Teller(here.locale, str(chosen.space.settings["currency"]))
        lit_panel.show(here, lights, tell, tried.metrics)


def _tried(
    here: Here, chosen: Target, pieces: list[Piece], found: list[Matched], edits: list[Edits]
) -> tuple[Trial, list[Light]]:
    """The checks and the preview, kept until something they depend on changes."""
    files = tuple(
        (p.upload.sha256, repr(m.mapping.to_json()), repr(e.assumed))
        for p, m, e in zip(pieces, found, edits, strict=True)
    )
    key = (chosen.new or chosen.space.id, str(chosen.space.facts.key), repr(chosen.space.settings), files)
    bar = progress.Bar(here)
    with st.spinner(here.tell.t("import.checking")):
        tried = state.worked("trial", key, lambda: trial.attempt(chosen, pieces, found, edits, bar.checked))
    bar.gone()
    if not tried.accepted:
        return tried, []
    mode = committing.mode_in_force(tried)
    with st.spinner(here.tell.t("import.lighting")):
        return tried, state.worked("lights", (key, mode), lambda: trial.lights(chosen, tried, mode))
