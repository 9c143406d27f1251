"""Segment by segment: where the link of a pair holds, where it does not, and where too few cases say neither."""

import streamlit as st

import workspace
from kpis.evidence.result import Evidence
from ui.here import Here
from ui.loading import Loaded, Scope, Where, kept
from ui.signals.board import MIRRORS, cell
from ui.text import escaped
from ui.verdict import listed
from words import evidence as words

SHOWN = ("weak", "likely", "strong")


def found(here: Here, one: Evidence) -> dict[str, Evidence]:
    """The pair in each segment by itself; {} where there are none, or the pair is not about accounts."""
    if one.level != "account" or one.refusal is not None:
        return {}
    segments = _found(here.loaded.scope, here.loaded, one.leading, one.lagging, here.link.where)
    return segments if len(segments) > 1 else {}


@kept
def _found(scope: Scope, _loaded: Loaded, leading: str, lagging: str, where: Where) -> dict[str, Evidence]:
    return workspace.by_segment(_loaded.space, leading, lagging, dict(where))


def holding(segments: dict[str, Evidence], sign: int) -> list[str]:
    """Segments in which the link shows by itself, in the same direction."""
    return [name for name, e in segments.items() if e.grade in SHOWN and e.sign == sign and e.tag not in MIRRORS]


def sentence(here: Here, segments: dict[str, Evidence]) -> None:
    """Where it holds, where not, and where it cannot be said, in words."""
    tell = here.tell
    signs = [e.sign for e in segments.values() if e.grade in SHOWN]
    sign = max(set(signs), key=signs.count) if signs else 0
    yes = holding(segments, sign)
    few = [name for name, e in segments.items() if e.refusal is not None]
    no = [name for name in segments if name not in (*yes, *few)]
    parts = []
    for id, names in (("holds_in", yes), ("holds_not", no), ("holds_few", few)):
        if names:
            parts.append(tell.t(f"evidence.{id}", segments=escaped(listed(names, tell))))
    st.markdown(" ".join(parts))


def show(here: Here, segments: dict[str, Evidence]) -> None:
    """One card for each segment."""
    tell = here.tell
    st.markdown(f"### {tell.t('evidence.segments')}", anchors=False)
    st.caption(tell.t("evidence.segments_says"))
    grid = st.grid(columns=4, min_column_width=200, gap="small", border=True)
    for number, (name, each) in enumerate(segments.items()):
        with grid.cell(), st.container(key=f"leads_segment_{number}", gap="xxsmall"):
            st.markdown(f"**{escaped(name)}**")
            st.markdown(" ".join(part for part in cell(each, tell) if part))
            st.caption(escaped(words.told(each, tell.locale)))
