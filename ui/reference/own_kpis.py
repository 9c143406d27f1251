"""Settings of the company's own KPIs: those there are, what the data offer, and a form that shows before it saves."""

import re
from functools import partial

import streamlit as st

from kpis.kpi import OBJECTIVES
from kpis.own import DIRECTIONS, LONGEST_NAME, LONGEST_SAYS, ROLES, SHARE, UNITS, Definition, plain
from kpis.own_formula import LONGEST, OwnProblem
from ui.here import Here
from ui.measure_names import alike, formula_words, measure_name, metric_part, told_apart
from ui.reference import own_preview
from ui.reference.saving import saved
from ui.text import escaped
from words import LANGUAGES, catalogue, formats
from workspace import own_kpis, own_units

FIELDS = ("name", "objective", "role", "direction", "unit", "formula", "says")
_BLANK = {
    "name": "",
    "objective": "retention",
    "role": "leading",
    "direction": "up",
    "unit": "count",
    "formula": "",
    "says": "",
}
_EDITED, _INSERT = "own_edited", "own_insert"
_UNIT_CHOSEN, _UNIT_OF = "own_unit_chosen", "own_unit_of"  # by hand; for which formula and data it was chosen else


def show(here: Here) -> None:
    """The form at the left; at the right the KPIs there are, and the metrics found in the data."""
    st.caption(here.tell.t("own.says"))
    grid = st.grid(columns=2, min_column_width=300, gap="small")
    with grid.cell(), st.container(border=True, key="own_form", gap="small"):
        _form(here)
    with grid.cell(), st.container(gap="small"):
        with st.container(border=True, key="own_list", gap="xsmall"):
            _list(here)
        with st.container(border=True, key="own_found", gap="small"):
            _found(here)


def _held(here: Here) -> dict[str, Definition]:
    return {one.key: one for one in here.loaded.space.own.definitions}


def _key(field: str) -> str:
    return f"own_{field}"


def _fill(values: dict[str, str], key: str = "") -> None:
    """Put values into the form; `key` is that of the KPI that is changed, none for a new one."""
    st.session_state[_EDITED] = key
    st.session_state[_UNIT_CHOSEN] = bool(values["formula"])
    for field in FIELDS:
        st.session_state[_key(field)] = values[field]


def _typed(here: Here) -> Definition:
    """What the form holds."""
    values = {field: str(st.session_state[_key(field)] or "") for field in FIELDS}
    return Definition(_edited(here), **values | {"name": " ".join(values["name"].split())})


def _edited(here: Here) -> str:
    key = str(st.session_state.get(_EDITED, ""))
    return key if key in _held(here) else ""


# The form


def _form(here: Here) -> None:
    tell, edited = here.tell, _edited(here)
    for field in FIELDS:
        st.session_state.setdefault(_key(field), _BLANK[field])
    title = tell.t("own.change", name=escaped(_held(here)[edited].name)) if edited else tell.t("own.new")
    st.markdown(f"##### {title}", anchors=False)
    st.text_input(tell.t("own.name"), key=_key("name"), max_chars=LONGEST_NAME)
    st.text_area(
        tell.t("own.formula"), key=_key("formula"), max_chars=LONGEST, height=90, help=tell.t("own.formula_says")
    )
    names = _measures(here)
    st.selectbox(
        tell.t("own.insert"),
        list(names),
        index=None,
        key=_INSERT,
        format_func=lambda name: f"{names.get(name, name)} · {name}",
        placeholder=tell.t("own.insert_says"),
        on_change=_insert,
    )
    _propose_unit(here)
    _choices(here)
    st.text_input(tell.t("own.explanation"), key=_key("says"), max_chars=LONGEST_SAYS)
    one = _typed(here)
    keys = [kpi.key for kpi in here.loaded.catalogue.kpis if kpi.key != edited]
    others = {word(key, locale) for key in keys for locale in LANGUAGES for word in (catalogue.name, catalogue.short)}
    problems = own_kpis.checked(here.loaded.space, one, others)
    if one.name or one.formula:
        for problem in problems:
            st.markdown(f":red[:material/error:] {said(problem, here, names, one.formula)}")
        if one.formula and not {p.id for p in problems} - {"no_name", "name_taken", "name_not_plain", "says_not_plain"}:
            own_preview.show(here, one)
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            tell.t("own.save") if edited else tell.t("own.add"),
            type="primary",
            key="own_save",
            disabled=bool(problems),
            on_click=saved(partial(_save, here)),
        )
        if edited or one.formula or one.name:
            st.button(tell.t("own.cancel"), key="own_cancel", on_click=partial(_fill, _BLANK))


def _choices(here: Here) -> None:
    """Objective, role, unit and direction, two beside each other."""
    tell = here.tell
    grid = st.grid(columns=2, min_column_width=130, gap="small")
    listed = {
        "objective": (OBJECTIVES, lambda name: tell.t(f"shell.{name}")),
        "role": (ROLES, lambda name: tell.t(f"objective.{name}")),
        "unit": (UNITS, lambda name: tell.t(f"own.unit_{name}")),
        "direction": (DIRECTIONS, lambda name: tell.t(f"own.direction_{name}")),
    }
    for field, (options, word) in listed.items():
        with grid.cell():
            label = tell.t("settings.tab_labels" if field == "role" else f"own.{field}")
            says = tell.t("own.unit_says") if field == "unit" else None
            chosen = _unit_chosen if field == "unit" else None
            st.selectbox(label, options, key=_key(field), format_func=word, help=says, on_change=chosen)


def _unit_chosen() -> None:
    st.session_state[_UNIT_CHOSEN] = True


def _propose_unit(here: Here) -> None:
    """The unit that goes with the formula, until one is chosen by hand."""
    formula = str(st.session_state[_key("formula")] or "")
    asked = (formula, here.loaded.scope.workspace, here.loaded.scope.data)
    if st.session_state.get(_UNIT_CHOSEN) or st.session_state.get(_UNIT_OF) == asked:
        return
    st.session_state[_UNIT_OF] = asked
    st.session_state[_key("unit")] = own_units.likely(here.loaded.space, formula)


def _measures(here: Here) -> dict[str, str]:
    """Every measure a formula may name, in words, in their order."""
    tell = here.tell
    found = {name: measure_name(name, tell) for name in own_kpis.built_in()}
    for metric in own_kpis.metrics(here.loaded.space):
        words = own_kpis.metric_words(metric.name)
        parts = own_kpis.of_metrics([metric])
        found |= {name: metric_part(words, name.removeprefix(metric.measure), tell) for name in parts}
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold()))


def _insert() -> None:
    """Put the measure that was picked at the end of the formula."""
    picked = st.session_state[_INSERT]
    if picked:
        st.session_state[_key("formula")] = f"{st.session_state[_key('formula')]} {picked}".strip()
        st.session_state[_INSERT] = None


def _save(here: Here) -> None:
    own_kpis.save(here.loaded.space, _typed(here))
    _fill(_BLANK)


def said(problem: OwnProblem, here: Here, names: dict[str, str], formula: str) -> str:
    """What is in the way and what to do, as Markdown-safe words; `names` are the measures that may be meant."""
    tell, params = here.tell, dict(problem.params)
    near = params.pop("hints", ())
    if problem.id == "unknown_measure":
        near = dict.fromkeys((*near, *alike(params["name"], formula, names)))
    hints = [f"{names.get(hint, hint)} ({hint})" for hint in near]
    names = told_apart(names)
    for name in ("first", "second"):
        if name in params:
            params[name] = names.get(params[name], params[name])
    if "possible" in params:
        params["possible"] = ", ".join(tell.t(f"own.unit_{unit}") for unit in params["possible"])
        params["unit"] = tell.t(f"own.unit_{params['unit']}")
    words = tell.t(
        f"own.problem_{problem.id}", **{k: escaped(v) if isinstance(v, str) else v for k, v in params.items()}
    )
    return f"{words} {tell.t('own.did_you_mean', names=escaped(', '.join(hints)))}" if hints else words


# What there is


def _list(here: Here) -> None:
    tell, own = here.tell, here.loaded.space.own
    st.markdown(f"##### {tell.t('own.title', n=len(own.definitions))}", anchors=False)
    if not own.definitions:
        st.caption(tell.t("own.none"))
    broken, kpis = own.broken, {one.key: one for one in own.kpis}
    for one in own.definitions:
        made = kpis.get(one.key)
        formula = one.formula if made is None else formula_words(made, tell)
        where = f"{tell.t(f'shell.{one.objective}')} · {tell.t(f'objective.{one.role}').lower()}"
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xsmall"
        ):
            st.markdown(f"**{escaped(one.name)}** :gray[{where}]  \n:small[:gray[{escaped(formula)}]]", width="stretch")
            with st.container(horizontal=True, width="content", gap="xsmall"):
                values = {field: getattr(one, field) for field in FIELDS}
                st.button(
                    "",
                    icon=":material/edit:",
                    help=tell.t("own.edit", name=escaped(one.name)),
                    type="tertiary",
                    key=f"own_edit_{one.key}",
                    on_click=partial(_fill, values, one.key),
                )
                st.button(
                    "",
                    icon=":material/delete:",
                    help=tell.t("own.delete", name=escaped(one.name)),
                    type="tertiary",
                    key=f"own_delete_{one.key}",
                    on_click=saved(partial(own_kpis.delete, here.loaded.space, one.key)),
                )
        if one.key in broken:
            st.caption(f":material/error: {said(broken[one.key], here, {}, one.formula)}")
    gone = own_kpis.deleted(here.loaded.space)
    if gone:
        st.caption(tell.t("own.deleted"))
    for one in gone:
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xsmall"
        ):
            st.markdown(f":gray[{escaped(one.name)}]", width="stretch")
            st.button(
                tell.t("own.bring_back"),
                icon=":material/undo:",
                type="tertiary",
                key=f"own_back_{one.key}",
                on_click=saved(partial(own_kpis.bring_back, here.loaded.space, one.key)),
            )


def _take(here: Here, values: dict[str, str]) -> None:
    """Put a metric into the form: a ratio is a share only where its numbers are parts of wholes."""
    if values["unit"] == SHARE and own_units.likely(here.loaded.space, values["formula"]) != "ratio":
        values = values | {"unit": "count"}
    _fill(values)


def _found(here: Here) -> None:
    """The metrics of the data, each ready to be made a KPI."""
    tell, own, found = here.tell, here.loaded.space.own, own_kpis.metrics(here.loaded.space)
    st.markdown(f"##### {tell.t('own.found')}", anchors=False)
    if not found:
        st.caption(tell.t("own.found_none"))
    for number, metric in enumerate(found):
        words = own_kpis.metric_words(metric.name)
        days = [formats.day(day, tell.locale, year=True) for day in (metric.first, metric.last)]
        notes = [tell.t("own.metric_says", n=metric.rows, first=days[0], last=days[1])]
        parts = set(own_kpis.of_metrics([metric]))
        users = [escaped(one.name) for one in own.definitions if parts & set(re.findall(r"\w+", one.formula))]
        notes += [tell.t("own.metric_used", names=", ".join(users))] if users else []
        notes += [tell.t("own.metric_company")] if not metric.owned else []
        notes += [tell.t("own.metric_huge", n=metric.too_large)] if metric.too_large else []
        st.markdown(f"**{escaped(metric.name[:80])}**  \n:small[:gray[{' '.join(notes)}]]")
        readings = own_kpis.READINGS if metric.lower else own_kpis.READINGS[1:]
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            reading = st.selectbox(
                tell.t("own.read_as"),
                readings,
                key=f"own_reading_{number}_{metric.measure}",
                format_func=lambda name: tell.t(f"own.reading_{name}"),
            )
            values = _BLANK | {
                "name": plain(words[:1].upper() + words[1:], LONGEST_NAME),
                "formula": own_kpis.formula_of(metric, reading),
                "unit": SHARE if reading == "ratio" else "points" if reading == "average" else "count",
            }
            st.button(tell.t("own.take"), key=f"own_take_{metric.measure}", on_click=partial(_take, here, values))
    if own_kpis.more_metrics(here.loaded.space):
        st.caption(tell.t("own.more", n=len(found)))
