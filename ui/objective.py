"""An objective's page: verdict, cards, leading beside lagging, every indicator, and what has no data yet."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from kpis.kpi import OBJECTIVES
from ui import cards, cohorts, detail, header, link, loading, movements, notices, panels, verdict
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.objectives import FACES, first, indicators
from ui.reading import Reading, judged_period, read, year_of
from ui.signals import headline, labels
from ui.telling import Teller
from words import formats
from workspace.ranges import with_ranges

CARDS, CHARTS = 4, 3


@dataclass(frozen=True)
class Page:
    """What an objective's page shows under one link, language and data version."""

    period: str
    readings: dict[str, Reading]
    verdict: verdict.Verdict
    cards: list[cards.Card]
    leading: list[panels.Panel]
    lagging: list[panels.Panel]
    table: pd.DataFrame
    dark: dict[str, tuple[str, ...]]


def show(here: Here, objective: str) -> None:
    """Draw the page, or one KPI large when the link names one."""
    with notices.caught():
        if here.loaded.empty:
            header_only(here, objective)
            notices.nothing_yet(here)
            return
        with st.spinner(here.tell.t("shell.reading")):
            page = built(here, objective)
        if here.link.kpi in page.readings:
            detail.show(here, objective, _large(here.loaded.scope, here.loaded, objective, here.link))
        else:
            notices.gone(here)
            _whole(here, objective, page)


def header_only(here: Here, objective: str) -> None:
    """Title and question, without controls that would have nothing to control."""
    title, question = here.tell.t(f"shell.{objective}"), here.tell.t(f"objective.question_{objective}")
    header.head(here, title, question, controls=False)


def built(here: Here, objective: str) -> Page:
    """The page's content, kept per data version and link."""
    return _built(here.loaded.scope, here.loaded, objective, here.link, here.tell)


@kept
def _built(scope: Scope, _loaded: Loaded, objective: str, state: Link, tell: Teller) -> Page:
    readings = readings_of(_loaded, objective, state)
    shown = {k: r for k, r in readings.items() if r.history["value"].notna().any()}
    face = FACES[objective]
    lit = loading.lit(_loaded)
    roles = {k: r.role for k, r in shown.items()}

    def charts(role: str, wanted: tuple[str, ...]) -> list[panels.Panel]:
        keys = first(tuple(k for k, r in roles.items() if r == role), wanted, CHARTS)
        return [panels.panel(shown[k], role, tell, state.span) for k in keys]

    return Page(
        period=next(iter(readings.values())).period if readings else "",
        readings=readings,
        verdict=verdict.objective_verdict([r for r in shown.values() if r.kpi.objective == objective], tell),
        cards=[cards.card(shown[k], tell, "24") for k in first(tuple(shown), face.cards, CARDS)],
        leading=charts("leading", face.leading),
        lagging=charts("lagging", face.lagging),
        table=_table(shown, tell),
        dark={k: lit[k][1] for k in readings if k not in shown},
    )


@kept
def _large(scope: Scope, _loaded: Loaded, objective: str, state: Link) -> Reading:
    """The reading of the one KPI that the link shows large, with an interval in every period."""
    return readings_of(_loaded, objective, state, only=state.kpi)[state.kpi]


def readings_of(loaded: Loaded, objective: str, state: Link, only: str = "") -> dict[str, Reading]:
    """The readings of every KPI of an objective under a link, with their intervals in the period shown.

    With `only` one KPI, with its interval in every period.
    """
    chosen = indicators(next(o for o in OBJECTIVES if o == objective), loaded.catalogue)
    periods = loading.periods(loaded, state.grain)
    period = judged_period(periods, state.period)
    chosen = tuple(pair for pair in chosen if only in ("", pair[0].key))
    keys = [kpi.key for kpi, _ in chosen]
    table = loading.table(loaded, keys, state.grain, where=state.where)
    back = year_of(period) if state.compare == "year" else 1
    periods_meant = None if only else (period,)
    table = with_ranges(loaded.space, table, state.grain, "", dict(state.where), periods_meant, back)
    targets = loading.targets(loaded, keys, period, state.where)
    return read(table, periods, period, dict(chosen), targets, state.compare)


def _table(readings: dict[str, Reading], tell: Teller) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for r in readings.values():
        known = r.history[r.history["complete"].astype(bool)]["value"].astype(float)
        rows.append(
            {
                "key": r.key,
                "name": tell.name(r.key),
                "value": cards.text_value(r, tell),
                "change": tell.change(r).split(" ·")[0] if r.change else formats.DASH,
                "line": [float(v) for v in known.tail(12).dropna()],
                "target": tell.value(r.target, r.kpi.unit) if r.status else formats.DASH,
                "status": tell.t(f"objective.status_{r.status}") if r.status else "",
                "usual": tell.usual(r),
                "role": tell.t(f"objective.{r.role}"),
            }
        )
    return pd.DataFrame(rows)


def _whole(here: Here, objective: str, page: Page) -> None:
    tell = here.tell
    head = [tell.title_period(page.period), tell.t(f"objective.question_{objective}"), header.filter_words(here)]
    header.head(here, tell.t(f"shell.{objective}"), " · ".join(h for h in head if h))
    say(page.verdict)
    if not page.cards:
        notices.dark(here, objective, page.dark, all_dark=True)
        return
    sentence, found = headline.place(), headline.known(here)
    headline.fill(here, objective, sentence, found)
    cards.row(here, objective, page.cards)
    grid = st.grid(columns=2, min_column_width=330, gap="small", border=True)
    with grid.cell():
        panels.column(here, objective, "leading", page.leading, page.readings)
    with grid.cell():
        panels.column(here, objective, "lagging", page.lagging, page.readings)
    if objective in ("retention", "financial"):
        with st.container(border=True):
            movements.show(here, page.period)
    if objective == "retention":
        cohorts.show(here)
    _all(here, objective, page)
    labels.show(here, objective, page.readings)
    notices.dark(here, objective, page.dark)
    if found is None:  # not tested yet: the page stands, the sentence comes when it is known
        headline.fill(here, objective, sentence, headline.afterwards(here))


def say(said: verdict.Verdict) -> None:
    """Draw a verdict: the headline, and the sentence under it."""
    with st.container(key="verdict", gap="xxsmall"):
        st.markdown(f"## {said.headline}", anchors=False)
        if said.detail:
            st.markdown(said.detail)


def _all(here: Here, objective: str, page: Page) -> None:
    """Every indicator in a table; choosing a row opens it large."""
    if page.table.empty:
        return
    tell = here.tell
    key = f"all_{objective}"

    def choose() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        if rows:
            link.change(kpi=str(page.table["key"].iloc[rows[0]]))

    with st.container(border=True, key="everything", gap="xsmall"):
        st.markdown(f"##### {tell.t('objective.all_title', n=len(page.table))}", anchors=False)
        st.caption(tell.t("objective.all_says"))
        st.dataframe(
            page.table,
            hide_index=True,
            width="stretch",
            height=min(430, 40 + 36 * len(page.table)),
            column_order=["name", "value", "change", "line", "target", "status", "usual", "role"],
            column_config={
                name: st.column_config.Column(tell.t(f"objective.column_{name}"))
                for name in ("name", "value", "change", "target", "status", "usual", "role")
            }
            | {"status": st.column_config.Column(tell.t("objective.column_status"), width=140)}
            | {"line": st.column_config.LineChartColumn(tell.t("objective.column_line"), color="gray", width=100)},
            key=key,
            on_select=choose,
            selection_mode="single-row",
        )
