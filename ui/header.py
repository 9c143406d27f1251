"""The head of a page: title, what it is about, and the controls of what is shown."""

from collections.abc import Sequence

import streamlit as st

from ui import link, loading, text
from ui.here import Here
from words import LANGUAGES, formats


def head(
    here: Here,
    title: str,
    caption: str,
    *,
    spans: bool = True,
    breakdown: bool = False,
    controls: bool = True,
    periods: bool = True,
) -> None:
    """Title at the left, controls at the right; on a phone the controls take their own line.

    Without `controls` only the language is offered: there is nothing to filter. Without `periods` only filters by
    account are: what is shown does not depend on a period.
    """
    if here.loaded.stranger:
        asked, shown = text.escaped(here.loaded.stranger), text.escaped(here.loaded.name)
        st.caption(f":material/info: {here.tell.t('shell.stranger', asked=asked, shown=shown)}")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom", gap="small"):
        with st.container(width="content", gap="xxsmall"):
            st.title(title, anchor=False)
            st.caption(caption)
        with st.container(horizontal=True, width="content", gap="xsmall", vertical_alignment="center"):
            if controls and periods:
                if spans:
                    _choice(here, "span", link.SPANS)
                else:
                    _choice(here, "grain", ("month", "quarter"))
            if controls and (periods or loading.dimensions(here.loaded)):
                with st.popover(_filter_label(here), icon=":material/tune:", key="filters"):
                    if periods:
                        _period_filters(here, grain=spans)
                    _filters(here, breakdown=breakdown)
            with st.popover(
                here.locale[:2].upper(), icon=":material/translate:", key="more", help=here.tell.t("shell.language")
            ):
                _more(here)


def _filter_label(here: Here) -> str:
    count = len(here.link.where)
    return here.tell.t("shell.filters_n", n=count) if count else here.tell.t("shell.filters")


def _choice(here: Here, part: str, options: Sequence[str], *, label: bool = False) -> None:
    key = link.seed(f"w_{part}_{len(options)}", getattr(here.link, part))  # other options, another widget
    st.segmented_control(
        here.tell.t(f"shell.{part}"),
        list(dict.fromkeys([*options, getattr(here.link, part)])),
        key=key,
        required=True,
        format_func=lambda o: here.tell.t(f"shell.{part}_{o}"),
        on_change=link.written(part, key),
        label_visibility="visible" if label else "collapsed",
    )


def _period_filters(here: Here, *, grain: bool) -> None:
    periods = [p.id for p in loading.periods(here.loaded, here.link.grain)][::-1]
    key = link.seed("w_period", here.link.period if here.link.period in periods else "")
    st.selectbox(
        here.tell.t("shell.period"),
        ["", *periods],
        key=key,
        format_func=lambda p: formats.period(p, here.locale) if p else here.tell.t("shell.period_latest"),
        on_change=link.written("period", key),
    )
    if grain:
        _choice(here, "grain", link.GRAINS, label=True)
    _choice(here, "compare", link.COMPARE, label=True)


def _filters(here: Here, *, breakdown: bool) -> None:
    found = loading.dimensions(here.loaded)
    if breakdown and found:
        key = link.seed("w_by", here.link.by if here.link.by in found else "")
        st.selectbox(
            here.tell.t("shell.by"),
            ["", *found],
            key=key,
            format_func=lambda d: dimension(here, d) if d else here.tell.t("shell.by_none"),
            on_change=link.written("by", key),
        )
    for name, values in found.items():
        key = link.seed(f"w_f_{name}", list(dict(here.link.where).get(name, ())))
        st.multiselect(
            text.escaped(dimension(here, name)),
            values,
            key=key,
            placeholder=here.tell.t("shell.everything"),
            on_change=link.filtered(name, key),
        )


def _more(here: Here) -> None:
    key = link.seed("w_lang", here.locale)
    st.segmented_control(
        here.tell.t("shell.language"),
        list(LANGUAGES),
        key=key,
        required=True,
        format_func=LANGUAGES.__getitem__,
        on_change=link.written("lang", key),
    )
    spaces = dict(here.loaded.names)
    if len(spaces) > 1:
        key = link.seed("w_workspace", here.loaded.space.id)
        st.selectbox(
            here.tell.t("shell.workspace"),
            list(spaces),
            key=key,
            format_func=lambda w: spaces.get(w, w),
            on_change=link.written("workspace", key),
        )
    st.caption(here.tell.t("shell.link_says"))


def dimension(here: Here, name: str) -> str:
    """The name of an account attribute: translated where it is one of ours, else as it is."""
    id = f"measures.dimension_{name}"
    return here.tell.t(id) if text.catalogue.has(id, here.locale) else name.removeprefix("x_").replace("_", " ")


def filter_words(here: Here) -> str:
    """The filters in force as Markdown-safe words, empty without filters."""
    return " · ".join(
        f"{text.escaped(dimension(here, name))}: {text.escaped(', '.join(values))}" for name, values in here.link.where
    )
