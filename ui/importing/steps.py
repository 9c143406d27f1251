"""The four steps as cards, and the choice of which table of the upload is shown below them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from ui import draw
from ui.here import Here
from ui.importing import counts, wording
from ui.importing.matching import Matched
from ui.importing.pieces import Piece
from ui.importing.trial import Light, Trial, lines_aside

GOOD, LOOK = ":green[:material/check_circle: {}]", ":yellow[:material/error: {}]"


def caption(here: Here, pieces: Sequence[Piece], found: Mapping[str, Matched]) -> str:
    """What the files feed, how many lines were read, and that nothing is stored yet."""
    tell = here.tell
    tables = dict.fromkeys(name for piece in pieces for name in found[piece.id].mapping.tables)
    rows = sum(piece.raw.frame.num_rows for piece in pieces)
    parts = [wording.listed(tables, tell), tell.t("import.lines_read", n=rows), tell.t("import.nothing_stored")]
    return wording.capital(" · ".join(part for part in parts if part))


def cards(
    here: Here, pieces: Sequence[Piece], found: Mapping[str, Matched], trial: Trial, lights: Sequence[Light]
) -> None:
    """Read, match, check, light up: each with its result."""
    tell = here.tell
    columns = sum(len(piece.raw.headers) for piece in pieces)
    used = sum(bool(row.target) for piece in pieces for row in found[piece.id].rows)
    waiting_answers = sum(not answer for m in found.values() for _, answer in m.questions)
    asked = waiting_answers + sum(
        len(m.missing) + sum(row.doubtful for row in m.rows) + (not m.mapping.tables) for m in found.values()
    )
    matched = tell.t("import.matched", n=used, all=columns)
    fresh = sum(one.new for one in lights)
    waiting = sum(not one.ready for one in found.values())
    if trial.problem is not None or not trial.accepted:
        checked = LOOK.format(tell.t("import.not_ready"))
    elif waiting:
        checked = LOOK.format(tell.t("import.stay_out", n=waiting))
    elif trial.rejected:
        checked = LOOK.format(tell.t("import.rows_to_fix", n=trial.rejected))
    elif warned := sum(p.severity == "warning" for one in trial.rows for p in one.checked.problems):
        checked = LOOK.format(tell.t("import.to_read", n=warned))
    else:
        checked = GOOD.format(tell.t("import.nothing_to_fix"))
    metrics = len(trial.metrics)
    none = f":gray[:material/lightbulb_2: {tell.t('import.no_new_kpis')}]"
    if metrics:
        none = f":blue[:material/add_chart: {tell.t('import.own_metrics_n', n=metrics)}]"
    shown = [
        ("read", GOOD.format(tell.t("import.data_rows", n=sum(piece.raw.frame.num_rows for piece in pieces)))),
        ("match", (LOOK if asked else GOOD).format(matched)),
        ("check", checked),
        ("light", f":blue[:material/lightbulb: {tell.t('import.lit_kpis', n=fresh)}]" if fresh else none),
    ]
    grid = st.grid(columns=4, min_column_width=150, gap="small")
    for number, (name, result) in enumerate(shown, 1):
        with grid.cell(), st.container(border=True, key=f"import_step_{name}", gap="xxsmall", height="stretch"):
            st.caption(f"{number} {tell.t(f'import.step_{name}')}")
            st.markdown(f"**{result}**")


def choose_piece(here: Here, pieces: Sequence[Piece], found: Mapping[str, Matched], trial: Trial) -> Piece:
    """The piece shown below: the one chosen, else the first that needs an eye, else the first."""
    if len(pieces) == 1:
        return pieces[0]
    known = {piece.id: piece for piece in pieces}
    start = next((piece.id for piece in pieces if not found[piece.id].ready), pieces[0].id)
    key = "import_piece"
    if st.session_state.get(key) not in known:
        st.session_state[key] = start

    def said(id: str) -> str:
        one = found[id]
        feeds = wording.listed(one.mapping.tables, here.tell) or here.tell.t("import.feeds_nothing")
        aside = lines_aside(trial.of(known[id]))
        more = "" if one.ready else here.tell.t("import.state_check")
        more = here.tell.t("import.rows_to_fix", n=aside) if aside else more
        return f"{known[id].file} → {feeds}" + (f" · {more}" if more else "")

    chosen = st.selectbox(here.tell.t("import.shown"), list(known), key=key, format_func=said)
    return known[chosen]


def overview(here: Here, pieces: Sequence[Piece], trial: Trial) -> None:
    """Where every row of several files goes, before one of them is looked at."""
    if len(pieces) > 1 and trial.rows:
        with st.container(border=True, key="import_overview", gap="xsmall"):
            st.markdown(f"##### {here.tell.t('import.overview')}", anchors=False)
            st.caption(here.tell.t("import.overview_says"))
            out = [(one.file, one.raw.frame.num_rows) for one in pieces if not trial.of(one)]
            frame = counts.table(trial.rows, here.tell, out)
            st.dataframe(frame, hide_index=True, width="stretch", column_config=draw.localized(frame))
