"""The overview: what is going well, what is not, and what to look at next; all four objectives on one page."""

from dataclasses import dataclass
from math import isfinite

import pandas as pd
import streamlit as st

from kpis.kpi import OBJECTIVES
from ui import cards, draw, frames, header, link, loading, movements, notices, objective, verdict
from ui.charts import series, usual
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.objectives import FACES, HEADLINES
from ui.reading import Reading
from ui.telling import Teller
from ui.text import escaped
from words import formats

STRIP_ROWS = 8


@dataclass(frozen=True)
class Strip:
    """The usual-range strip, ready to be drawn; `outside` of `all` KPIs lie outside their range."""

    rows: int
    data: bytes
    says: str
    table: pd.DataFrame
    outside: int
    all: int


@dataclass(frozen=True)
class Page:
    """What the overview shows under one link, language and data version."""

    period: str
    caption: str
    verdict: verdict.Verdict
    cards: dict[str, tuple[cards.Card, str] | None]
    strip: Strip | None
    missed: list[tuple[str, str, str]]
    undecided: list[tuple[str, str, str]]
    dark: dict[str, tuple[str, ...]]


def show(here: Here) -> None:
    """Draw the overview."""
    with notices.caught():
        tell = here.tell
        if here.loaded.empty:
            header.head(here, tell.t("shell.welcome"), tell.t("shell.tagline"), controls=False)
            notices.nothing_yet(here)
            return
        with st.spinner(tell.t("shell.reading")):
            page = built(here.loaded, here.link, tell)
        header.head(here, tell.title_period(page.period), page.caption, spans=False)
        objective.say(page.verdict)
        _cards(here, page)
        grid = st.grid(columns=2, min_column_width=330, gap="small", border=True)
        with grid.cell():
            movements.show(here, page.period)
        with grid.cell():
            _strip(here, page)
        _missed(here, page)


def built(loaded: Loaded, state: Link | None = None, tell: Teller | None = None) -> Page:
    """The content of the overview, kept per data version, link and language."""
    return _built(loaded.scope, loaded, state or Link(), tell or Teller("en", loaded.currency))


@kept
def _built(scope: Scope, _loaded: Loaded, state: Link, tell: Teller) -> Page:
    everything = {name: objective.readings_of(_loaded, name, state) for name in OBJECTIVES}
    own = {str(o): [r for r in found.values() if r.kpi.objective == o] for o, found in everything.items()}
    lit = loading.lit(_loaded)
    first = next(iter(everything["retention"].values()))
    heads: dict[str, tuple[cards.Card, str] | None] = {}
    for name in OBJECTIVES:
        head = next(
            (everything[name][k] for k in HEADLINES[name] if k in everything[name] and everything[name][k].known), None
        )
        worst = verdict.worst(own[name])
        heads[name] = None if head is None else (cards.card(head, tell, "24"), below(head, worst, tell))
    flat = list({r.key: r for readings in own.values() for r in readings}.values())
    return Page(
        period=first.period,
        caption=_caption(_loaded, state, first, tell),
        verdict=verdict.overview_verdict(own, tell),
        cards=heads,
        strip=_strip_of(flat, tell),
        missed=_against_targets(flat, ("off", "near"), tell),
        undecided=_against_targets(flat, ("close",), tell),
        dark={k: needs for k, (on, needs) in lit.items() if not on},
    )


def _against_targets(readings: list[Reading], statuses: tuple[str, ...], tell: Teller) -> list[tuple[str, str, str]]:
    """Key, objective and words of the readings with one of the statuses."""
    return [
        (r.key, str(r.kpi.objective), f"{tell.beside_target(r)[0]} · {tell.target(r)} · {tell.status(r)}")
        for r in readings
        if r.known and r.status in statuses
    ]


def _caption(loaded: Loaded, state: Link, first: Reading, tell: Teller) -> str:
    words = [escaped(loaded.name)]
    active = loading.measures(loaded, ("closing_accounts",), first.period, state.grain, state.where)["closing_accounts"]
    if isfinite(active):
        words.append(tell.t("overview.accounts", n=int(active)))
    last = loading.periods(loaded, state.grain)[-1]
    if loaded.space.as_of is not None:
        day = formats.day(loaded.space.as_of, tell.locale)
        unjudged = not last.complete and last.id != first.period
        words.append(
            tell.t("overview.data_to_unfinished", day=day, period=tell.period(last.id))
            if unjudged
            else tell.t("overview.data_to", day=day)
        )
    if not first.complete:
        words.append(tell.t("objective.unfinished"))
    words += [f"{escaped(name)}: {escaped(', '.join(values))}" for name, values in state.where]
    return " · ".join(words)


def below(reading: Reading, worst: Reading | None, tell: Teller) -> str:
    """Under a headline KPI: its own status, its change and where that lies, and another KPI that missed by more."""
    lines = [tell.status(reading), ", ".join(s for s in (tell.change(reading), tell.variation(reading)) if s)]
    if worst is not None and worst.status in ("off", "near") and worst.status != reading.status:
        lines.append(tell.t("overview.missed_here", kpi=tell.short(worst.key), value=tell.beside_target(worst)[0]))
    return "  \n".join(line for line in lines if line)


def _cards(here: Here, page: Page) -> None:
    tell = here.tell
    grid = st.grid(columns=4, min_column_width=240, gap="small", border=True, key="cards")
    for name, found in page.cards.items():
        with grid.cell(), st.container(key=f"card_{name}", gap="xxsmall", height="stretch"):
            st.markdown(f"**{FACES[name].icon} {tell.t(f'shell.{name}')}**")
            if found is None:
                st.markdown(f":gray[{tell.t('overview.dark_objective')}]")
            else:
                card, below = found
                st.caption(card.title)
                st.markdown(card.words.split("\n")[0] + f"\n\n{below or formats.NBSP}")
                if card.sure:
                    st.caption(card.sure)
                if card.spark is not None:
                    draw.chart(series.sparkline(here.look), series.DATA, card.spark, card.says)
            st.page_link(
                cards.PAGES[name],
                label=tell.t("overview.open", objective=tell.t(f"shell.{name}")),
                icon=":material/arrow_forward:",
                icon_position="right",
                query_params=link.query(link.opened(here.link, "")),
            )


def _strip_of(readings: list[Reading], tell: Teller) -> Strip | None:
    fit = [r for r in readings if r.known and r.usual is not None and r.kpi.unit not in ("money", "count", "months")]
    if not fit:
        return None
    outside = [r for r in fit if r.outside]
    rank = {"bad": 0, "good": 1, "plain": 2}
    shown = sorted(outside, key=lambda r: rank[r.tone])[:STRIP_ROWS]
    heads = [key for keys in HEADLINES.values() for key in keys]
    rest = [r for r in fit if r not in shown and not r.outside]
    rest.sort(key=lambda r: heads.index(r.key) if r.key in heads else len(heads))
    shown += rest[: max(STRIP_ROWS - len(shown), min(2, len(rest)))]
    rows, names = [], tell.short_names(r.key for r in shown)
    for order, r in enumerate(shown):
        at = max(-usual.REACH, min(usual.REACH, _place(r)))
        words = (tell.usual(r), tell.usual(r, short=True))
        value = tell.value(r.value, r.kpi.unit)
        rows.append((names[r.key], order, at, not r.outside, r.tone, value, *words))
    data = pd.DataFrame(rows, columns=list(usual.COLUMNS))
    table = data[["name", "value", "words"]].rename(
        columns={
            "name": tell.t("objective.column_name"),
            "value": tell.t("objective.column_value"),
            "words": tell.t("objective.column_usual"),
        }
    )
    says = tell.t(
        "overview.strip_alt", n=len(outside), all=len(fit), names=verdict.listed([r[0] for r in rows if not r[3]], tell)
    )
    return Strip(len(rows), frames.arrow(data), says, table, len(outside), len(fit))


def _place(reading: Reading) -> float:
    """Where the value lies when its usual range runs from −1 to 1."""
    low, high = reading.usual or (reading.value, reading.value)
    middle, half = (low + high) / 2, (high - low) / 2
    return (reading.value - middle) / half if half else float(reading.value > middle) - float(reading.value < middle)


def _strip(here: Here, page: Page) -> None:
    tell, strip = here.tell, page.strip
    with st.container(key="strip", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"##### {tell.t('overview.strip')}", width="content", anchors=False)
            if strip is not None:
                draw.behind(tell, "strip", lambda: strip.table, "usual.csv")
        if strip is None:
            st.caption(tell.t("overview.strip_too_short"))
            return
        st.caption(tell.t("overview.strip_says", n=strip.outside, all=strip.all, period=tell.period(page.period)))
        draw.chart(usual.strip(here.look, strip.rows), usual.DATA, strip.data, strip.says)


def _missed(here: Here, page: Page) -> None:
    """What is off target, then what is too close to call, each a link to the KPI."""
    tell = here.tell
    with st.container(border=True, key="missed", gap="xsmall"):
        said = "nothing_missed" if here.loaded.scope.targets else "no_targets"
        counts = {"missed": len(page.missed), "undecided": len(page.undecided)}
        titles = [tell.t(f"overview.{id}", n=n) for id, n in counts.items() if n] or [tell.t(f"overview.{said}")]
        st.markdown(f"##### {' · '.join(titles)}", anchors=False)
        if not any(counts.values()) and not here.loaded.scope.targets:
            st.caption(tell.t("overview.set_targets"))
            st.page_link(
                "pages/reference/settings.py", label=tell.t("overview.set_targets_step"), icon=":material/flag:"
            )
        grid = st.grid(columns=2, min_column_width=330, gap="xsmall")
        for key, place, words in page.missed + page.undecided:
            with grid.cell(), st.container(horizontal=True, vertical_alignment="center", gap="small"):
                cards.opener(here.link, place, key, tell.short(key))
                st.markdown(words, width="content")
        if page.dark:
            dark = {o: sum(here.loaded.catalogue.kpi(k).objective == o for k in page.dark) for o in OBJECTIVES}
            said = ", ".join(f"{tell.t(f'shell.{o}')} {n}" for o, n in dark.items() if n)
            st.caption(tell.t("overview.dark", n=len(page.dark), where=said))
