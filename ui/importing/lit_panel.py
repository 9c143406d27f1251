"""Step 4: the KPIs that would light up, with their values, before anything is stored."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from kpis.kpi import OBJECTIVES
from ui import cards, link, notices
from ui.here import Here
from ui.importing import wording
from ui.importing.trial import Light
from ui.objectives import FACES
from ui.reference import settings
from ui.telling import Teller
from ui.text import escaped
from workspace import own_kpis

MOST_DARK, MOST_METRICS = 4, 6


def show(here: Here, lights: Sequence[Light], tell: Teller, metrics: Sequence[str]) -> None:
    """A card for each objective: lit ones first with their latest value, then what the others need.

    `metrics` are those of the company's own that the rows name: they light up nothing by themselves.
    """
    lit = sum(one.lit for one in lights)
    fresh = sum(one.new for one in lights)
    said = here.tell.t("import.lit_says", n=fresh, lit=lit)
    st.markdown(f"### 4 · {here.tell.t('import.lit_title')} :small[:gray[{said}]]", anchors=False)
    table, more = best_next(lights)
    if more:
        name = wording.table(table, here.tell)
        st.caption(f":material/arrow_forward: {here.tell.t('import.next_table', table=escaped(name), n=more)}")
    if metrics:
        st.caption(f":material/add_chart: {own_metrics(metrics, here)} {here.tell.t('import.own_metrics_later')}")
    grid = st.grid(columns=4, min_column_width=230, gap="small")
    for objective in OBJECTIVES:
        mine = [one for one in lights if one.kpi.objective == objective]
        with grid.cell(), st.container(border=True, key=f"lit_{objective}", gap="xxsmall", height="stretch"):
            count = here.tell.t("import.lit_n", n=sum(one.lit for one in mine))
            name = here.tell.t(f"shell.{objective}")
            st.markdown(f"**{FACES[objective].icon} {name}** :small[:gray[{count}]]")
            for one in mine:
                if one.lit:
                    _line(lit_words(one, tell, mine), tell.value(one.value, one.kpi.unit))
            _dark(here, [one for one in mine if not one.lit])


def own_metrics(names: Sequence[str], here: Here) -> str:
    """How many metrics of the company's own came, and the first of them by name, as Markdown-safe words."""
    shown = ", ".join(escaped(own_kpis.metric_words(name)) for name in names[:MOST_METRICS])
    more = " …" if len(names) > MOST_METRICS else ""
    return here.tell.t("import.own_metrics", n=len(names), names=shown + more)


def make_kpis(names: Sequence[str], here: Here) -> None:
    """The metrics that came, with the way to where KPIs are made of them."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="import_own_metrics"):
        st.markdown(f":material/add_chart: {own_metrics(names, here)}", width="content")
        if st.button(here.tell.t("import.own_metrics_make", n=len(names)), icon=":material/add:", key="import_make"):
            st.session_state[settings.ASKED] = "own"
            st.switch_page("pages/reference/settings.py", query_params=link.query(here.link))


def best_next(lights: Sequence[Light]) -> tuple[str, int]:
    """The table that alone would light up the most KPIs, and how many; an empty name where none would."""
    found: Counter[str] = Counter()
    for one in lights:
        if not one.lit and one.needs:
            found.update(set.intersection(*({way.partition(".")[0] for way in need.split("|")} for need in one.needs)))
    return max(found.items(), key=lambda pair: pair[1], default=("", 0))


def lit_words(one: Light, tell: Teller, beside: Sequence[Light]) -> str:
    """The name of a lit KPI, green where it is new; whole where the short name stands for several."""
    twins = sum(tell.short(other.kpi.key) == tell.short(one.kpi.key) for other in beside if other.lit) > 1
    name = tell.name(one.kpi.key) if twins else tell.short(one.kpi.key)
    icon = ":green[:material/lightbulb:]" if one.new else ":gray[:material/lightbulb:]"
    return f"{icon} {name}"


def _line(left: str, right: str) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="top", gap="xsmall"):
        st.markdown(left, width="stretch")
        st.markdown(f"**{right}**", width="content")


def _dark(here: Here, dark: Sequence[Light]) -> None:
    """What is not lit, grouped by what it needs."""
    groups: dict[tuple[str, ...], list[Light]] = {}
    for one in dark:
        groups.setdefault(one.needs, []).append(one)
    ranked = sorted(groups.items(), key=lambda pair: -len(pair[1]))
    for needs, ones in ranked[:MOST_DARK]:
        different = list(dict.fromkeys(here.tell.short(one.kpi.key) for one in ones))
        names = ", ".join(different[:3]) + (" …" if len(different) > 3 else "")
        st.caption(f":material/lightbulb_2: {names}: {notices.needed(needs, here)}")


def doors(here: Here, keys: Sequence[str], objective_of: dict[str, str]) -> None:
    """Links to the KPIs that have lit up, in the objectives' order."""
    grid = st.grid(columns=4, min_column_width=200, gap="small")
    for objective in OBJECTIVES:
        mine = [key for key in keys if objective_of[key] == objective]
        if mine:
            with grid.cell(), st.container(key=f"panel_done_{objective}", gap="xxsmall"):
                st.page_link(
                    cards.PAGES[objective],
                    label=f"**{escaped(here.tell.t(f'shell.{objective}'))}**",
                    icon=FACES[objective].icon,
                    query_params=link.query(link.opened(here.link, "")),
                )
                for key in mine:
                    st.page_link(
                        cards.PAGES[objective],
                        label=escaped(here.tell.name(key) if _twin(key, mine, here) else here.tell.short(key)),
                        icon=":material/lightbulb:",
                        query_params=link.query(link.opened(here.link, key)),
                    )


def _twin(key: str, keys: Sequence[str], here: Here) -> bool:
    """Whether the short name of a KPI stands for another one of these, too."""
    return sum(here.tell.short(one) == here.tell.short(key) for one in keys) > 1
