"""The declared map in words: which indicators may lead to which outcome, editable, and what being on it costs."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

import workspace
from kpis.catalogue import Pair, counts_from
from kpis.kpi import OBJECTIVES, Kpi, Objective
from ui import link
from ui.here import Here
from ui.reference.saving import saved
from ui.signals.board import BY
from ui.signals.pair_words import as_default, found_words, lead_words, sign_words, source, title, why_words
from ui.text import escaped
from words import formats
from workspace import LeadMap, pairs
from workspace.account_history import ingredients

_OBJECTIVE, _EDITING, _ADDING, _DONE = "map_objective", "map_editing", "map_adding", "map_done"
_LEADING, _LAGGING, _SIGN, _LEAD, _WHY = "map_leading", "map_lagging", "map_sign", "map_lead", "map_why"
SIGNS = ("-", "+")


def show(here: Here) -> None:
    """Draw the section."""
    tell = here.tell
    st.caption(tell.t("pairs.says"))
    found = _tested(here)
    _meaning(here, found)
    objective = _bar(here)
    _done(here)
    if st.session_state.get(_ADDING):
        _add(here, objective, found)
    catalogue = here.loaded.catalogue
    here_on = [pair for pair in catalogue.pairs if pair.objective == objective]
    if not here_on:
        st.caption(tell.t("pairs.none"))
    for pair in here_on:
        _line(here, pair, found)
    taken_off = [pair for pair in catalogue.removed if pair.objective == objective]
    if taken_off:
        st.markdown(f"##### {tell.t('pairs.removed', n=len(taken_off))}", anchors=False)
    for pair in taken_off:
        _taken_off(here, pair)


def _tested(here: Here) -> LeadMap | None:
    """What the data say about every pair, without filters; None without data."""
    if here.loaded.empty:
        return None
    place, tell = st.empty(), here.tell

    def progress(share: float, what: str) -> None:
        name = tell.short(what) if what else tell.t("evidence.company_months")
        place.progress(min(share, 1.0), text=tell.t("evidence.testing", what=name))

    found = workspace.lead_map(here.loaded.space, progress=progress)
    place.empty()
    return found


# What it means


def _meaning(here: Here, found: LeadMap | None) -> None:
    """Two cells: what being on the map does and costs, and why to choose before looking."""
    tell, catalogue = here.tell, here.loaded.catalogue
    grid = st.grid(columns=2, min_column_width=300, gap="small", border=True)
    with grid.cell(), st.container(key="map_cost", gap="xxsmall"):
        st.markdown(f"##### {tell.t('pairs.n_on_map', n=len(catalogue.pairs))}", anchors=False)
        st.markdown(tell.t("pairs.together"))
        if found is not None:
            _costs(here, found)
    with grid.cell(), st.container(key="map_first", gap="xxsmall"):
        st.markdown(f"##### {tell.t('pairs.first')}", anchors=False)
        st.markdown(tell.t("pairs.first_says"))
        last = found.last if found is not None else ""
        if last:
            st.caption(tell.t("pairs.data_until", last=_month(here, last), until=_month(here, counts_from(last))))
        else:
            st.caption(tell.t("pairs.no_data"))


def _costs(here: Here, found: LeadMap) -> None:
    """The smallest p that the pairs tested ask for, and what one more would; and how many are tried beside them."""
    tell, catalogue = here.tell, here.loaded.catalogue
    counted = pairs.counted(found.found, catalogue, found.last)
    for level, n in counted.items():
        if n:
            asked = ((1, n), (min(2, n), n), (1, n + 1))
            p, second, more = (formats.decimal(pairs.needed(*one), 4, tell.locale, keep=True) for one in asked)
            said = tell.t(f"pairs.cost_{level}", n=n, p=p, second=second, more=more)
            st.markdown(f":small[{said}]", help=tell.t("pairs.p_is"))
    if not any(counted.values()):
        st.caption(tell.t("pairs.cost_none"))
    still = sum(pair.waits(found.last) for pair in catalogue.removed)
    if still:
        st.caption(tell.t("pairs.cost_removed", n=still))
    on_map = {pair.names for pair in catalogue.pairs}
    tried = {(one.leading, one.lagging) for one in found.found if one.refusal is None}
    st.caption(tell.t("pairs.rest_says", n=len(tried - on_map)))


def _month(here: Here, id: str) -> str:
    return formats.period_in_sentence(id, here.locale, year=True)


# The list


def _bar(here: Here) -> Objective:
    """Which objective, adding, and the way back to the default."""
    tell = here.tell
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
        chosen = st.segmented_control(
            tell.t("settings.objective"),
            OBJECTIVES,
            default=OBJECTIVES[0],
            key=_OBJECTIVE,
            required=True,
            format_func=lambda name: tell.t(f"shell.{name}"),
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, width="content", gap="small", vertical_alignment="center"):
            changes = len(pairs.entries(here.loaded.space))
            if changes:
                st.caption(tell.t("pairs.reset_says", n=changes), width="content")
                act = partial(pairs.reset, here.loaded.space)
                on_click = _acted(here, tell.t("pairs.done_reset"), act)
                st.button(tell.t("pairs.reset"), key="map_reset", type="tertiary", on_click=on_click)
            st.button(tell.t("pairs.add"), key="map_add", icon=":material/add:", on_click=partial(_toggle, _ADDING))
    return next(name for name in OBJECTIVES if name == chosen)


def _toggle(key: str, value: Any = True) -> None:
    st.session_state[key] = None if st.session_state.get(key) == value else value


def _acted(here: Here, said: str, act: Callable[[], object]) -> Callable[[], None]:
    """A callback that changes the map and remembers how to undo it."""
    space = here.loaded.space

    def do() -> None:
        before = pairs.entries(space)
        act()
        after = pairs.entries(space)
        changed = {names: before.get(names) for names in {**before, **after} if before.get(names) != after.get(names)}
        st.session_state[_DONE] = (space.id, said, changed) if changed else None
        st.session_state[_EDITING] = st.session_state[_ADDING] = None

    return saved(do)


def _done(here: Here) -> None:
    """What was done last, with the way back."""
    id, said, changed = st.session_state.get(_DONE) or ("", "", {})
    space = here.loaded.space
    if id != space.id:
        return

    def undo() -> None:
        pairs.restore(space, changed)
        st.session_state[_DONE] = None

    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="map_done_note"):
        st.markdown(f":green[:material/check:] {said}", width="content")
        undone = here.tell.t("pairs.undo")
        st.button(undone, key="map_undo", type="tertiary", icon=":material/undo:", on_click=saved(undo))


def _line(here: Here, pair: Pair, found: LeadMap | None) -> None:
    tell, id = here.tell, BY.join(pair.names)
    with st.container(border=True, key=f"map_pair_{id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(gap="xxsmall", width="stretch"):
                sign, lead = sign_words(here, pair.sign), lead_words(here, pair.lead_months)
                expected = tell.t("pairs.expected", sign=sign, lead=lead)
                st.markdown(f"**{title(here, pair)}** · {expected}{_badge(here, pair)}")
                if pair.rationale:
                    st.markdown(f":small[:gray[{escaped(why_words(here, pair))}]]", help=source(here, pair))
            with st.container(gap="xxsmall", width=310):
                _says(here, pair, found)
            with st.container(horizontal=True, gap="xxsmall", width="content"):
                if pair.leading in here.loaded.catalogue and pair.lagging in here.loaded.catalogue:
                    edit = partial(_toggle, _EDITING, id)
                    _icon(f"map_edit_{id}", ":material/edit:", tell.t("pairs.edit"), edit)
                done = tell.t("pairs.done_remove", pair=title(here, pair))
                remove = _acted(here, done, partial(pairs.remove, here.loaded.space, pair.names))
                _icon(f"map_remove_{id}", ":material/close:", tell.t("pairs.remove"), remove)
        if st.session_state.get(_EDITING) == id:
            _edit(here, pair)


def _icon(key: str, icon: str, says: str, act: Callable[[], None]) -> None:
    st.button("", key=key, icon=icon, type="tertiary", help=says, on_click=act, width=36)


def _badge(here: Here, pair: Pair) -> str:
    return f" :small[:orange[{here.tell.t(f'pairs.badge_{pair.change}')}]]" if pair.change else ""


def _says(here: Here, pair: Pair, found: LeadMap | None) -> None:
    """What the data say today, with what a reader must know."""
    tell, catalogue = here.tell, here.loaded.catalogue
    gone = [key for key in pair.names if key not in catalogue]
    if gone:
        st.markdown(f":orange[:material/hourglass_empty: {tell.t('pairs.gone', key=escaped(', '.join(gone)))}]")
        return
    if found is None:
        return
    verdict = found.pair(*pair.names)
    notes = []
    if pair.waits(found.last):
        notes.append(tell.t(f"pairs.after_{pair.change}", until=_month(here, pair.counts_from)))
    if verdict is None:
        st.markdown(f":small[:gray[{tell.t('pairs.not_tested')}. {tell.t('pairs.no_values')}]]")
    else:
        one = verdict.shown
        said = found_words(here, one)
        if one.lead_months and not pair.lead_months[0] <= one.lead_months <= pair.lead_months[1]:
            said += f" ({tell.t('pairs.outside', lead=lead_words(here, pair.lead_months))})"
        if any(warning.id == "unexpected_sign" for warning in one.warnings):
            notes.append(tell.t("pairs.other_way"))
        if one.refusal is None:
            opened = link.query(replace(here.link, pair=BY.join(pair.names), kpi=""))
            st.page_link("pages/signals/lead_lag.py", label=said, query_params=opened)
        else:
            st.markdown(f":small[:gray[{said}]]")
    for note in notes:
        st.markdown(f":small[:orange[:material/info: {note}]]")


def _taken_off(here: Here, pair: Pair) -> None:
    tell, id = here.tell, BY.join(pair.names)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"map_off_{id}"):
        said = f":gray[{title(here, pair)}]"
        if pair.waits(pairs.last_month(here.loaded.space)):
            said += f"  \n:small[{tell.t('pairs.after_removed', until=_month(here, pair.counts_from))}]"
        st.markdown(said, width="stretch")
        done = tell.t("pairs.done_put_back", pair=title(here, pair))
        st.button(
            tell.t("pairs.put_back"),
            key=f"map_put_back_{id}",
            type="tertiary",
            icon=":material/undo:",
            on_click=_acted(here, done, partial(pairs.put_back, here.loaded.space, pair.names)),
        )


# Adding and changing


def _edit(here: Here, pair: Pair) -> None:
    """The expected sign, lead and reason of one pair."""
    tell, id = here.tell, BY.join(pair.names)
    keys = {name: f"{name}_{id}" for name in (_SIGN, _LEAD, _WHY)}
    _expected(here, keys, pair.sign, pair.lead_months, why_words(here, pair) if pair.rationale else "")

    def act() -> None:
        typed = st.session_state[keys[_WHY]]
        why = pair.rationale if as_default(pair) and typed.strip() == why_words(here, pair) else typed
        pairs.change(here.loaded.space, pair.names, st.session_state[keys[_SIGN]], st.session_state[keys[_LEAD]], why)

    with st.container(horizontal=True, gap="small"):
        done = tell.t("pairs.done_change", pair=title(here, pair))
        st.button(tell.t("pairs.save"), key=f"map_save_{id}", type="primary", on_click=_acted(here, done, act))
        st.button(tell.t("pairs.cancel"), key=f"map_cancel_{id}", on_click=partial(_toggle, _EDITING, id))


def _expected(here: Here, keys: Mapping[str, str], sign: str, lead: tuple[int, int], why: str) -> None:
    """The three questions about a pair; widgets keep what was typed while the form is open."""
    tell = here.tell
    for name, value in ((_SIGN, sign), (_LEAD, lead), (_WHY, why)):
        st.session_state.setdefault(keys[name], value)
    grid = st.grid(columns=2, min_column_width=260, gap="small")
    with grid.cell():
        st.radio(
            tell.t("pairs.add_sign"),
            SIGNS,
            key=keys[_SIGN],
            format_func=lambda one: tell.t("pairs.same_way" if one == "+" else "pairs.apart"),
        )
    with grid.cell():
        st.slider(tell.t("pairs.add_lead"), 1, pairs.LONGEST_LEAD, key=keys[_LEAD])
    st.text_area(
        tell.t("pairs.add_why"),
        key=keys[_WHY],
        max_chars=pairs.LONGEST_WHY,
        height=80,
        help=tell.t("pairs.add_why_says"),
    )


def _add(here: Here, objective: Objective, found: LeadMap | None) -> None:
    """A form for one more pair; says beforehand what would be refused, and what the data were asked already."""
    tell, catalogue = here.tell, here.loaded.catalogue
    with st.container(border=True, key="map_add_form", gap="small"):
        grid = st.grid(columns=2, min_column_width=260, gap="small")
        leads = sorted(catalogue.kpis, key=lambda one: one.role != "leading")
        with grid.cell():
            leading = _picked(here, "pairs.add_indicator", leads, _LEADING)
        with grid.cell():
            outcomes = [one for one in pairs.possible_outcomes(catalogue.kpis, objective) if one is not leading]
            lagging = _picked(here, "pairs.add_outcome", outcomes, f"{_LAGGING}_{objective}")
        sign = "+" if leading is None or lagging is None or leading.direction == lagging.direction else "-"
        names = (leading.key if leading else "", lagging.key if lagging else "")
        keys = {name: f"{name}_new_{BY.join(names)}" for name in (_SIGN, _LEAD, _WHY)}
        _expected(here, keys, sign, (1, 3), "")
        known = any(pair.names == names for pair in catalogue.pairs)
        if leading is not None and lagging is not None:
            _beforehand(here, leading, lagging, known, found)

        def act() -> None:
            state = st.session_state
            pairs.add(here.loaded.space, names, objective, state[keys[_SIGN]], state[keys[_LEAD]], state[keys[_WHY]])

        title = " ▸ ".join(escaped(tell.short(key)) for key in names if key)
        with st.container(horizontal=True, gap="small"):
            st.button(
                tell.t("pairs.add_button"),
                key="map_add_save",
                type="primary",
                disabled=known or not all(names),
                on_click=_acted(here, tell.t("pairs.done_add", pair=title), act),
            )
            st.button(tell.t("pairs.cancel"), key="map_add_cancel", on_click=partial(_toggle, _ADDING))


def _picked(here: Here, label: str, kpis: list[Kpi], key: str) -> Kpi | None:
    by_key = {one.key: one for one in kpis}
    chosen = st.selectbox(
        here.tell.t(label),
        list(by_key),
        index=None,
        key=key,
        format_func=here.tell.name,
        placeholder=here.tell.t("pairs.choose"),
    )
    return by_key.get(chosen or "")


def _beforehand(here: Here, leading: Kpi, lagging: Kpi, known: bool, found: LeadMap | None) -> None:
    tell = here.tell
    if known:
        st.caption(tell.t("pairs.add_known"))
        return
    if ingredients(leading) & ingredients(lagging):
        st.caption(f":orange[{tell.t('pairs.add_shares')}]")
    verdict = found.pair(leading.key, lagging.key) if found is not None else None
    if verdict is not None and verdict.shown.refusal is None:
        said = tell.t("pairs.add_seen", found=found_words(here, verdict.shown))
        st.caption(f":orange[{said}]")
