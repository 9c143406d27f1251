"""The definitions page: every KPI of the catalogue, by objective, with today's numbers in its formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from kpis.benchmarks import orientation
from kpis.kpi import OBJECTIVES, Kpi
from kpis.own_formula import Formula
from ui import cards, link, loading, notices
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.measure_names import formula_words
from ui.objectives import FACES
from ui.reading import judged_period
from ui.reference import head, inputs, settings
from ui.telling import Teller
from ui.text import escaped, folded
from words import catalogue
from workspace.policy_reach import touching

_QUERY = "definitions_query"


@dataclass(frozen=True)
class Entry:
    """One KPI as the page tells it: its lines are Markdown-safe, `search` is what the search box looks through."""

    key: str
    objective: str
    name: str
    says: str
    lit: bool
    lines: tuple[str, ...]
    search: str


def show(here: Here) -> None:
    """Draw the page; the KPI named in the link comes first, open."""
    tell = here.tell
    with notices.caught():
        says = tell.t("definitions.says", n=len(here.loaded.catalogue.kpis))
        head.plain(here, tell.t("shell.definitions"), says, partial(_make, here))
        entries = _entries(here.loaded.scope, here.loaded, here.link, here.locale, tell)
        opened = next((one for one in entries if one.key == here.link.kpi), None)
        if opened is not None:
            _open(here, opened)
        asked = st.text_input(
            tell.t("definitions.search"),
            key=_QUERY,
            icon=":material/search:",
            placeholder=tell.t("definitions.example"),
        )
        found = matching(entries, asked or "")
        if not found:
            st.caption(tell.t("definitions.none", asked=escaped(asked)))
        for objective in OBJECTIVES:
            _section(here, objective, [one for one in found if one.objective == objective])


def _make(here: Here) -> None:
    """The way to where a company defines its own."""
    if st.button(here.tell.t("own.make"), icon=":material/add:", key="definitions_make"):
        st.session_state[settings.ASKED] = "own"
        st.switch_page("pages/reference/settings.py", query_params=link.query(here.link))


def matching(entries: Sequence[Entry], asked: str) -> list[Entry]:
    """The entries that hold every word asked for, whatever its case and accents."""
    words = folded(asked).split()
    return [one for one in entries if all(word in one.search for word in words)]


def _section(here: Here, objective: str, found: Sequence[Entry]) -> None:
    if not found:
        return
    lit = here.tell.t("definitions.lit_n", n=sum(one.lit for one in found), all=len(found))
    name = here.tell.t(f"shell.{objective}")
    st.markdown(f"### {FACES[objective].icon} {name} :small[:gray[{lit}]]", anchors=False)
    for one in found:
        icon = ":material/lightbulb:" if one.lit else ":material/lightbulb_2:"
        label = f"**{escaped(one.name)}**  :gray[{escaped(one.says)}]"
        with st.expander(label, icon=icon, key=f"def_{one.key}"):
            _body(here, one)


def _open(here: Here, one: Entry) -> None:
    with st.container(border=True, key="definition_open", gap="xsmall"):
        st.markdown(f"## {escaped(one.name)}", anchors=False)
        st.markdown(escaped(one.says))
        _body(here, one)
        back = link.query(link.opened(here.link, ""))
        st.page_link(
            "pages/reference/definitions.py",
            label=here.tell.t("definitions.all"),
            icon=":material/menu_book:",
            query_params=back,
        )


def _body(here: Here, one: Entry) -> None:
    st.markdown("\n".join(f"- {line}" for line in one.lines))
    if one.lit:
        st.page_link(
            cards.PAGES[one.objective],
            label=here.tell.t("definitions.open"),
            icon=":material/show_chart:",
            query_params=link.query(link.opened(here.link, one.key)),
        )


@kept
def _entries(scope: Scope, _loaded: Loaded, state: Link, locale: str, _tell: Teller) -> list[Entry]:
    periods = loading.periods(_loaded, "month")
    period = judged_period(periods, state.period)
    lit = loading.lit(_loaded)
    values = _values(_loaded, period) if period else {}
    names = tuple({name for one in _loaded.catalogue.kpis for name in one.measures})
    measures = loading.measures(_loaded, names, period, "month", ()) if period else {}
    return [_entry(one, _loaded, _tell, lit[one.key], period, values, measures) for one in _loaded.catalogue.kpis]


def _values(loaded: Loaded, period: str) -> dict[str, tuple[float, float]]:
    """Value and numerator of each KPI in a month."""
    table = loading.table(loaded, tuple(one.key for one in loaded.catalogue.kpis), "month")
    block = table[table["period"].astype(str) == period]
    rows = zip(block["kpi"], block["value"], block["numerator"], strict=True)
    return {str(key): (_number(value), _number(part)) for key, value, part in rows}


def _number(value: float | None) -> float:
    return float("nan") if value is None or value != value else float(value)


def _entry(
    one: Kpi,
    loaded: Loaded,
    tell: Teller,
    light: tuple[bool, tuple[str, ...]],
    period: str,
    values: dict[str, tuple[float, float]],
    measures: dict[str, float],
) -> Entry:
    name, says = tell.name(one.key), catalogue.explain(one.key, tell.locale)
    formula = formula_words(one, tell)
    lines = [f"**{tell.t('definitions.formula')}** {escaped(formula)}"]
    lines += inputs.today(one, tell, period, values.get(one.key), measures)
    lines.append(f"**{tell.t('definitions.undefined')}** {undefined(one, tell)}")
    lines.append(f"**{tell.t('definitions.inputs')}** {inputs.of(one, tell)}")
    lines.append(f"**{tell.t('definitions.lit')}** {_lit(light, tell)}")
    if touching(one):
        lines.append(f"**{tell.t('definitions.policies')}** {inputs.policies_said(one, loaded, tell)}")
    lines.append(f"**{tell.t('definitions.roles')}** {_roles(one, loaded, tell)}")
    lines += [f":gray[**{tell.t('definitions.orientation')}** {line}]" for line in orientation_lines(one, tell)]
    source = one.source or tell.t("own.source")
    lines.append(f":gray[**{tell.t('definitions.source')}** {escaped(source)}]")
    search = folded(" ".join([one.key, one.key.replace("_", " "), name, says, formula]))
    return Entry(one.key, one.objective, name, says, light[0], tuple(lines), search)


def undefined(one: Kpi, tell: Teller) -> str:
    """When there is no value, from the reasons the catalogue gives."""
    reasons = [reason for _, reason in one.zeros] + ([one.empty] if one.empty != "no_denominator" else [])
    reasons += ["too_few_answers"] * bool(one.minimum) + ["not_by_week"] * (not one.by_week)
    divided = isinstance(one.formula, Formula) and bool(one.formula.denominator)
    reasons = list(dict.fromkeys(reasons)) or ["no_denominator" if divided else "not_loaded"]
    said = " ".join(tell.t(f"reasons.{reason}") for reason in reasons)
    return f"{escaped(one.undefined.capitalize())}" if tell.locale == "en" and one.undefined else said


def _lit(light: tuple[bool, tuple[str, ...]], tell: Teller) -> str:
    on, needs = light
    if on:
        return f":green[:material/lightbulb: {tell.t('definitions.is_lit')}]"
    return f":material/lightbulb_2: {inputs.needed(needs, tell)}"


def _roles(one: Kpi, loaded: Loaded, tell: Teller) -> str:
    said = []
    for objective in OBJECTIVES:
        if one in loaded.catalogue.page(objective):
            seen = tell.t(f"objective.{loaded.catalogue.role(one, objective)}").lower()
            said.append(f"{tell.t(f'shell.{objective}')}: {seen}")
    return " · ".join(said)


def orientation_lines(one: Kpi, tell: Teller) -> list[str]:
    """What others report, as a hint: range, whom it was measured on, and who says so."""
    said = []
    for found in orientation(one):
        if found.low is not None and found.high is not None:
            shown = escaped(tell.range(found.low, found.high, one.unit))
            said.append(f"{shown} · {escaped(found.context)} · {escaped(found.source)}")
    return said
