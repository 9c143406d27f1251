"""One pair in words: what was found, how sure, what kind of link, what to mind and what would settle it."""

import math
from typing import Any

import streamlit as st

from kpis.evidence.grades import Verdict
from kpis.evidence.result import Evidence
from ui.here import Here
from ui.signals.board import DOTS
from ui.text import escaped
from words import evidence as words
from workspace import LeadMap

EVENTS = (("likely", 20), ("strong", 50))
MONTHS = (("likely", 36), ("strong", 48))


def show(here: Here, verdict: Verdict, found: LeadMap) -> Any:
    """The card; gives back the place for where the link holds, which is known later."""
    tell, one = here.tell, verdict.shown
    title = f"{tell.short(one.leading)} → {words.outcome_word(one.lagging, tell.locale)}"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"##### {escaped(title)}", anchors=False, width="content")
        st.markdown(
            f"**{DOTS.get(one.grade, '')} {words.grade_word(one.grade, tell.locale)}**".strip(), width="content"
        )
    st.markdown(f"**{escaped(words.headline(words.params(one), tell.locale))}**")
    if sure := words.how_sure(words.params(one), tell.locale):
        st.markdown(f":gray[{escaped(sure)}]")
    if one.refusal is not None:
        st.markdown(escaped(words.remark("why", one.refusal.id, one.refusal.params, tell.locale)))
    if says := words.tag_says(one.tag, tell.locale):
        st.markdown(f"**{words.tag_word(one.tag or '', tell.locale)}.** {escaped(says)}")
    holds = st.empty()
    if verdict.other is not None:
        other = words.told(verdict.other, tell.locale)
        st.markdown(f"**{tell.t('evidence.second')}** {escaped(other)}")
    notes = [words.remark("warn", w.id, w.params, tell.locale) for w in one.warnings]
    if verdict.conflict is not None:
        notes.append(words.remark("warn", verdict.conflict.id, verdict.conflict.params, tell.locale))
    cases = found.events.get(one.lagging, 0)
    if one.level == "account" and one.refusal is None and 0 < one.n < cases:
        notes.append(tell.t("evidence.known_for", n=one.n, of=cases))
    if one.family == "exploratory":
        notes.append(tell.t("evidence.warn_unplanned"))
    if notes:
        st.markdown("\n".join(f"- {escaped(note)}" for note in notes))
    if settle := settles(here, one, found):
        st.markdown(f"**{tell.t('evidence.settle')}** {settle}")
    st.caption(tell.t("evidence.not_said"))
    return holds


def settles(here: Here, one: Evidence, found: LeadMap) -> str:
    """How many more cases the next grade asks for, and when they would be there at the pace so far; else empty."""
    steps = EVENTS if one.level == "account" else MONTHS
    if one.family == "exploratory" or one.grade == "strong" or (one.refusal is None and one.grade == "no_sign"):
        return ""
    if one.refusal is not None and not one.refusal.id.startswith("few_"):
        return ""
    wanted = next(((grade, n) for grade, n in steps if one.n < n), None)
    if wanted is None:
        return ""
    grade, more = words.grade_word(wanted[0], here.locale), wanted[1] - one.n
    if one.level == "series":
        return here.tell.t("evidence.settle_months", n=more, grade=grade)
    pace = found.events.get(one.lagging, 0) / found.months if found.months else 0.0
    said = here.tell.t("evidence.settle_events", n=more, grade=grade)
    return said + (" " + here.tell.t("evidence.settle_pace", n=math.ceil(more / pace)) if pace > 0 else "")
