"""The first thing read: what to watch, how early it shows, and whom to call first; or that nothing warns here."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from kpis.evidence.grades import Verdict
from kpis.evidence.result import Evidence
from ui import link
from ui.here import Here
from ui.signals import story
from ui.signals.board import BY, DOTS, MIRRORS, outcomes, warns
from ui.signals.warned import ANCHOR, Warned
from ui.telling import Teller
from ui.text import escaped
from ui.verdict import listed as joined
from words import evidence as words
from workspace import LeadMap


@dataclass(frozen=True)
class Fact:
    """A question, its answer in a few words, and what the answer rests on (Markdown-safe)."""

    label: str
    value: str
    detail: str


def show(here: Here, verdict: Verdict, found: LeadMap, objective: str, best: str) -> Any:
    """The answer for the open pair; gives back the place for whom to call, None where nothing warns.

    `best` is the strongest pair of the map.
    """
    with st.container(border=True, key="leads_answer", gap="xsmall"):
        if not warns(verdict.shown):
            _none(here, verdict.shown, found, objective, best)
            return None
        grid = st.grid(columns=3, min_column_width=240, gap="small")
        for number, fact in enumerate((watched(verdict.shown, here.tell), early(verdict.shown, here.tell))):
            with grid.cell():
                _fact(fact, number)
        with grid.cell():
            place = st.empty()
        with place.container():  # who that is takes a moment the first time
            _fact(Fact(here.tell.t("evidence.answer_call"), "…", f":gray[{here.tell.t('evidence.answer_looking')}]"), 2)
        return place


def fill(here: Here, one: Evidence, place: Any, listed: Warned | None) -> None:
    """Whom to call first, once it is known who shows the warning now."""
    with place.container():
        _fact(called(one, listed, here.loaded.catalogue.kpi(one.leading).unit, here.tell), 3)


def _fact(fact: Fact, number: int) -> None:
    with st.container(key=f"answer_{number}", gap="xxsmall"):
        with st.container(key=f"step_answer_{number}", gap=None):
            st.caption(fact.label)
            st.markdown(fact.value)
        st.markdown(fact.detail)


def watched(one: Evidence, tell: Teller) -> Fact:
    """The indicator, which end of it comes first, and how sure that is."""
    label = tell.t("evidence.answer_watch", outcome=escaped(words.outcome_word(one.lagging, tell.locale)))
    sure = f"{DOTS[one.grade]} {words.grade_word(one.grade, tell.locale)}"
    if one.grade == "weak":
        sure += f", {tell.t('evidence.answer_luck')}"
    cases = (
        words.events(one.lagging, one.n, tell.locale)
        if one.level == "account"
        else tell.t("evidence.n_months", n=one.n)
    )
    end = tell.t("evidence.answer_low" if one.sign < 0 else "evidence.answer_high")
    return Fact(label, escaped(tell.short(one.leading)), f"{end} · {sure} · {escaped(cases)}")


def early(one: Evidence, tell: Teller) -> Fact:
    """How many months before, and from when it can be seen."""
    lead, from_ = (tell.t("evidence.n_months", n=n or 0) for n in (one.lead_months, one.visible_from))
    if one.tag == "risk_profile":
        said = tell.t("evidence.answer_profile_says", at=lead)
        return Fact(tell.t("evidence.answer_early"), tell.t("evidence.answer_profile"), said)
    by_notice = one.level == "account" and one.lagging in words.BY_NOTICE
    value = tell.t("evidence.answer_before_notice" if by_notice else "evidence.answer_before", n=one.lead_months)
    longer = bool(one.visible_from) and one.visible_from != one.lead_months
    said = tell.t("evidence.visible", **{"from": from_, "at": lead}) if longer else tell.t("evidence.answer_strongest")
    return Fact(tell.t("evidence.answer_early"), value, said)


def called(one: Evidence, listed: Warned | None, unit: str, tell: Teller) -> Fact:
    """The first account of the list with its money, and the whole list in one line; `unit` is the indicator's."""
    label = tell.t("evidence.answer_call")
    if listed is None:
        return Fact(label, tell.t("evidence.answer_company"), tell.t("evidence.answer_company_says"))
    if listed.frame.empty:
        return Fact(label, tell.t("evidence.answer_nobody"), tell.t("evidence.answer_nobody_says"))
    first = listed.frame.iloc[0]
    money = tell.t("evidence.answer_money", money=tell.full(float(first["mrr"]), "money"))
    stands = "evidence.place_low" if one.sign < 0 else "evidence.place_high"
    value = tell.value(float(first["value"]), unit)
    why = tell.t(stands, indicator=tell.short(one.leading), value=value, n=round(float(first["place"]) * 100))
    if listed.moved:
        why += f" {tell.t('evidence.answer_moved_down' if one.sign < 0 else 'evidence.answer_moved_up')}"
    rest = tell.t("evidence.answer_all", n=len(listed.frame), money=tell.value(listed.mrr, "money"))
    return Fact(label, escaped(listed.first), f"**{escaped(money)}** · {escaped(why)}  \n[{escaped(rest)}](#{ANCHOR})")


def _none(here: Here, one: Evidence, found: LeadMap, objective: str, best: str) -> None:
    """Nothing warns: of the open pair alone, with the way to the strongest; or anywhere, with what would settle it."""
    tell = here.tell
    strongest = found.pair(*best.split(BY, 1)) if best else None
    if strongest is not None and warns(strongest.shown):
        names = {
            "indicator": escaped(tell.short(one.leading)),
            "outcome": escaped(words.outcome_word(one.lagging, tell.locale)),
        }
        id = "answer_none_here" if one.refusal is None else "answer_unknown_here"
        st.markdown(f"## {tell.t(f'evidence.{id}', **names)}", anchors=False)
        pair = f"{tell.short(strongest.shown.leading)} → {words.outcome_word(strongest.shown.lagging, tell.locale)}"
        label = tell.t("evidence.answer_best", pair=escaped(pair))
        st.button(label, key="leads_best", type="tertiary", icon=":material/arrow_forward:", on_click=_opener(best))
        return
    st.markdown(f"## {tell.t('evidence.answer_none')}", anchors=False)
    shown = [v.shown for v in found.verdicts if v.shown.lagging in outcomes(objective, here.loaded.catalogue)]
    few = sum(e.refusal is not None or e.grade == "not_enough_data" for e in shown)
    late = sum(e.refusal is None and e.grade in DOTS and e.tag in MIRRORS for e in shown)
    counts = {"sign": len(shown) - few - late, "few": few, "late": late}
    parts = [tell.t(f"evidence.answer_none_{name}", n=n) for name, n in counts.items() if n]
    why = "" if one.refusal is None else words.remark("why", one.refusal.id, one.refusal.params, tell.locale)
    said = f"{tell.t('evidence.answer_none_tried', n=len(shown))} {joined(parts, tell)}."
    st.markdown(f"{said} {escaped(why)}".strip())
    if settle := story.settles(here, one, found):
        st.markdown(f"**{tell.t('evidence.settle')}** {settle}")


def _opener(pair: str) -> Any:
    return lambda: link.change(pair=pair, shift="")
