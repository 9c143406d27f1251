"""The last button: store all rows or none, then say what lit up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

import workspace
from data import schema
from data.problems import DataProblem
from ui import link
from ui.here import Here
from ui.importing import lit_panel, state, target, wording
from ui.importing.matching import Matched, signature
from ui.importing.target import Target
from ui.importing.trial import Light, Trial, lines_ready
from ui.text import escaped
from workspace import Workspace

MODES = ("append", "upsert", "replace")


@dataclass(frozen=True)
class Outcome:
    """What an import brought."""

    name: str
    rows: int
    rejected: int
    lit: tuple[str, ...]
    duplicate_of: int | None
    workspace: str = ""
    undone: bool = False
    metrics: tuple[str, ...] = ()


def mode_in_force(trial: Trial) -> str:
    """What was chosen, else: update where rows are here already, add where they are new."""
    return state.mode("upsert" if trial.held else "append")


def choose_mode(here: Here, trial: Trial, mode: str) -> None:
    """How the rows come in, with what it means for these rows."""
    tell, key = here.tell, "import_mode_choice"
    if st.session_state.get(key) != mode:
        st.session_state[key] = mode
    st.segmented_control(
        tell.t("import.mode"),
        MODES,
        key=key,
        required=True,
        format_func=lambda one: tell.t(f"import.mode_{one}"),
        on_change=lambda: state.choose_mode(st.session_state[key]),
    )
    st.caption(mode_words(here, trial, mode))


def mode_words(here: Here, trial: Trial, mode: str) -> str:
    """What the mode does with these rows, and what stands in its way."""
    why = blocked(trial, mode)
    if why:
        return f":orange[:material/warning:] {here.tell.t(f'import.blocked_{why}')}"
    said = here.tell.t(f"import.mode_{mode}_says")
    if trial.held:
        said += " " + here.tell.t("import.held", n=sum(trial.held.values()))
    return said


def blocked(trial: Trial, mode: str) -> str:
    """Why this mode cannot be used; empty when it can."""
    names = [one.table for one in trial.rows]
    if mode == "append" and trial.held:
        return "append"
    if mode == "replace" and len(set(names)) < len(names):
        return "replace"
    if mode == "upsert" and any(not schema.tables()[name].key for name in names):
        return "upsert"
    return ""


def button(here: Here, chosen: Target, trial: Trial, found: dict[str, Matched], lights: Sequence[Light]) -> None:
    """The one primary button; it says the result."""
    mode = mode_in_force(trial)
    pressed = st.button(
        here.tell.t(f"import.bring_{mode}", n=trial.accepted) if trial.accepted else here.tell.t("import.nothing_yet"),
        type="primary",
        icon=":material/check:",
        disabled=not trial.accepted or bool(blocked(trial, mode)),
        key="import_bring_in",
    )
    if pressed:
        bring_in(here, chosen, trial, found, lights, mode)


def bring_in(
    here: Here,
    chosen: Target,
    trial: Trial,
    found: dict[str, Matched],
    lights: Sequence[Light],
    mode: str,
    force: bool = False,
) -> None:
    """Store the rows; a new workspace that got none is taken away again."""
    store, born = chosen.space.store, None
    try:
        with st.spinner(here.tell.t("import.storing")):
            if chosen.new:
                born = store.create_workspace(chosen.name).id
            space = Workspace(store, born or chosen.space.id)
            uploads = [piece.upload for piece in trial.pieces]
            result = workspace.store_rows(space, uploads, trial.prepared, mode, force)
            _remember(store, space.id, trial, found)
    except DataProblem as problem:
        if born is not None:
            store.delete_workspace(born)
        state.set_trouble(problem)
        st.rerun()
    lit = tuple(one.kpi.key for one in lights if one.new)
    stored = iter(result.batches)
    fresh = [[next(stored).duplicate_of is None for _ in each] for each in trial.prepared]
    rows = sum(lines_ready(each) for each, new in zip(trial.prepared, fresh, strict=True) if any(new))
    state.start_over(
        Outcome(
            chosen.name,
            rows,
            trial.rejected,
            lit,
            result.duplicate_of,
            space.id,
            metrics=_unused(trial, Workspace(store, space.id)),
        )
    )
    target.forget()
    link.change(workspace=space.id)
    st.rerun()


def _unused(trial: Trial, space: Workspace) -> tuple[str, ...]:
    """The metrics the rows name of which no KPI of the company's own is made yet."""
    return tuple(name for name in trial.metrics if name not in space.own.measured)


def _remember(store: Any, workspace_id: str, trial: Trial, found: dict[str, Matched]) -> None:
    """Keep the mapping of files that somebody has settled by hand, for the next file with the same headers."""
    for piece in trial.pieces:
        if found[piece.id].changed:
            store.save_mapping(workspace_id, signature(piece.raw), found[piece.id].mapping.to_json())


def trouble(here: Here) -> None:
    """Why the last attempt was refused, and the way out."""
    problem = state.trouble()
    if problem is None:
        return
    with st.container(border=True, key="import_trouble", gap="xsmall"):
        st.markdown(f":red[:material/error:] {wording.refusal(problem, here.tell)}")
        if problem.id == "keys_repeated":
            st.button(
                here.tell.t("import.use_upsert"),
                on_click=_update_instead,
                key="import_use_upsert",
            )
        else:
            st.button(here.tell.t("import.understood"), on_click=state.set_trouble, args=(None,), key="import_ok")


def _update_instead() -> None:
    state.choose_mode("upsert")
    state.set_trouble(None)


def _take_back(store: Any, outcome: Outcome) -> None:
    """Undo the import just made."""
    try:
        store.undo(outcome.workspace)
    except DataProblem as problem:
        state.set_trouble(problem)
        return
    state.start_over(replace(outcome, undone=True))


def done(here: Here) -> None:
    """What the last import brought, with the ways on."""
    outcome: Outcome | None = state.done()
    if outcome is None:
        return
    tell = here.tell
    with st.container(border=True, key="import_done", gap="xsmall"):
        if outcome.duplicate_of is not None:
            st.markdown(f"## {tell.t('import.done_again')}", anchors=False)
            st.markdown(tell.t("import.done_again_says", n=outcome.duplicate_of))
            return
        if outcome.undone:
            st.markdown(f"## {tell.t('import.undone')}", anchors=False)
            st.markdown(tell.t("import.undone_says"))
            return
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            title = f"## :green[:material/check_circle:] {tell.t('import.done', n=outcome.rows)}"
            st.markdown(title, width="content", anchors=False)
            st.button(
                tell.t("import.undo_now"),
                icon=":material/undo:",
                type="tertiary",
                on_click=_take_back,
                args=(here.loaded.space.store, outcome),
                key="import_undo_now",
            )
        said = [tell.t("import.done_where", name=escaped(outcome.name))]
        if outcome.lit:
            said.append(tell.t("import.done_lit", n=len(outcome.lit)))
        elif not outcome.metrics:
            said.append(tell.t("import.done_none_new"))
        said += [tell.t("import.done_rejected", n=outcome.rejected)] if outcome.rejected else []
        st.markdown(" ".join(said))
        if outcome.metrics:
            lit_panel.make_kpis(outcome.metrics, here)
        if outcome.lit:
            lit_panel.doors(here, outcome.lit, {key: here.loaded.catalogue.kpi(key).objective for key in outcome.lit})
        else:
            st.page_link("pages/start/overview.py", label=tell.t("shell.overview"), icon=":material/space_dashboard:")
