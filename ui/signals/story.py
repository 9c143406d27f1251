"""One pair in words: what was found, how sure, what kind of link, what to mind and what would settle it."""

import math
from typing import Any

import streamlit as st

from kpis.evidence.grades import Verdict
from kpis.evidence.result import Evidence
from ui.here import Here
from ui.signals.board import DOTS, warns
from ui.telling import Teller
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
        grade = f"{DOTS.get(one.grade, '')} {words.grade_word(one.grade, tell.locale)}".strip()
        st.markdown(f"**{grade}**", width="content")
    st.markdown(f"**{escaped(words.headline(words.params(one), tell.locale))}**")
    if sure := words.how_sure(words.params(one), tell.locale):
        st.markdown(f":gray[{escaped(sure)}]")
    if one.refusal is not None:
        st.markdown(escaped(words.remark("why", one.refusal.id, one.refusal.params, tell.locale)))
    if says := words.tag_says(one.tag, tell.locale):
        st.markdown(f"**{words.tag_word(one.tag or '', tell.locale)}.** {escaped(says)}")
    holds = st.empty()
    if verdict.other is not None:
        st.markdown(_second(verdict.other, tell))
    notes = [words.remark("warn", w.id, w.params, tell.locale) for w in one.warnings]
    if verdict.conflict is not None:
        notes.append(words.remark("warn", verdict.conflict.id, verdict.conflict.params, tell.locale))
    cases = found.events.get(one.lagging, 0)
    if one.level == "account" and warns(one) and one.n < cases:
        notes.append(tell.t("evidence.known_for", n=one.n, of=cases))
    if one.family == "exploratory":
        notes.append(tell.t("evidence.warn_unplanned"))
    if notes:
        st.markdown("\n".join(f"- {escaped(note)}" for note in notes))
    if settle := settles(here, one, found):
        st.markdown(f"**{tell.t('evidence.settle')}** {settle}")
    if warns(one):
        st.caption(tell.t("evidence.not_said"))
    return holds


def _second(other: Evidence, tell: Teller) -> str:
    """What the other kind of evidence says, in short where it says nothing."""
    if other.refusal is None:
        return f"**{tell.t('evidence.second')}** {escaped(words.told(other, tell.locale))}"
    why = words.remark("why", other.refusal.id, other.refusal.params, tell.locale)
    id = "evidence.second_accounts" if other.level == "account" else "evidence.second_short"
    return f"**{tell.t(id)}** {escaped(why)}"


def settles(here: Here, one: Evidence, found: LeadMap) -> str:
    """What would let more be said: the cases or months the next grade asks for, or other data; empty for the best."""
    if one.refusal is not None:
        return _missing(here, one, found)
    if one.grade == "no_sign":
        return here.tell.t("evidence.settle_no_sign")
    wanted = next(((grade, n) for grade, n in (EVENTS if one.level == "account" else MONTHS) if one.n < n), None)
    if one.family == "exploratory" or wanted is None:
        return ""
    grade, more = words.grade_word(wanted[0], here.locale), wanted[1] - one.n
    if one.level == "series":
        return here.tell.t("evidence.settle_months", n=more, grade=grade)
    return here.tell.t("evidence.settle_events", n=more, grade=grade) + _pace(here, one, more, found)


def _missing(here: Here, one: Evidence, found: LeadMap) -> str:
    """What a pair that could not be tested waits for."""
    refusal = one.refusal
    if refusal is None:
        return ""
    if refusal.id in ("few_events", "few_months"):
        more = max(int(refusal.params["needed"]) - int(refusal.params["n"]), 1)
        if refusal.id == "few_months":
            return here.tell.t("evidence.settle_first_months", n=more)
        return here.tell.t("evidence.settle_first", n=more) + _pace(here, one, more, found)
    return here.tell.t(f"evidence.settle_{refusal.id}")


def _pace(here: Here, one: Evidence, more: int, found: LeadMap) -> str:
    """In how many months so many cases come together at the pace so far; empty without any case."""
    pace = found.events.get(one.lagging, 0) / found.months if found.months else 0.0
    return " " + here.tell.t("evidence.settle_pace", n=math.ceil(more / pace)) if pace > 0 else ""
