"""One KPI large: the number, its past, how it is made, by attribute, and who is behind it."""

from dataclasses import dataclass
from math import isfinite

import pandas as pd
import streamlit as st

from kpis.explain import explain
from ui import ahead, breakdown, cards, draw, evidence, frames, header, link, loading, panels
from ui.charts import series
from ui.here import Here
from ui.link import Link
from ui.loading import Loaded, Scope, kept
from ui.measure_names import measure_name
from ui.reading import Reading, year_of
from ui.reference import inputs
from ui.telling import Teller
from ui.text import escaped
from words import catalogue, formats


def show(here: Here, objective: str, reading: Reading) -> None:
    """The whole page of one KPI."""
    tell = here.tell
    back = link.query(link.opened(here.link, ""))
    with st.container(key="back"):
        st.page_link(
            cards.PAGES[objective], label=tell.t(f"shell.{objective}"), icon=":material/arrow_back:", query_params=back
        )
    side = tell.t(f"objective.direction_{reading.kpi.direction}")
    about = [catalogue.explain(reading.key, here.locale), tell.t(f"objective.{reading.role}").lower(), side]
    header.head(
        here, tell.name(reading.key), " · ".join(a for a in [*about, header.filter_words(here)] if a), breakdown=True
    )
    grid = st.grid(columns=3, min_column_width=240, gap="small", border=True)
    with grid.cell():
        _hero(here, reading)
    with grid.cell(column_span=2):
        _history(here, reading)
    _made(here, reading)
    breakdown.show(here, objective, reading)
    evidence.show(here, objective, reading)


def _hero(here: Here, reading: Reading) -> None:
    tell, unit = here.tell, reading.kpi.unit
    with st.container(key="hero", gap="xsmall"):
        unfinished = "" if reading.complete else f" · {tell.t('objective.unfinished')}"
        st.markdown(f":gray[{tell.title_period(reading.period)}{unfinished}]", anchors=False)
        if not reading.known:
            st.markdown(f"### {tell.t('objective.no_value')}", anchors=False)
            st.markdown(f":gray[{tell.reason(reading)}]")
            return
        with st.container(key="hero_value"):
            st.markdown(tell.value(reading.value, unit))
        if reading.status:
            st.markdown(f"{tell.status(reading)} :gray[· {tell.target(reading)}]")
        for label, value in facts(here, reading):
            with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
                st.markdown(f":gray[{label}]", width="content")
                st.markdown(f"**{value}**", width="content")
        notes = [_variation_words(here, reading), tell.badge(reading), *_sureness(here, reading)]
        if any(notes):
            st.markdown(":gray[" + " ".join(n for n in notes if n) + "]")


def facts(here: Here, reading: Reading) -> list[tuple[str, str]]:
    """The small figures beside the number: range, changes, mean of a year, periods inside target."""
    tell, unit, found = here.tell, reading.kpi.unit, []
    if isfinite(reading.low) and isfinite(reading.high):
        found.append((tell.t("objective.likely_range"), tell.range(reading.low, reading.high, unit)))
    rests = tell.rests_on(reading.kpi, reading.n, reading.accounts)
    if rests:
        found.append((tell.t("objective.rests"), rests))
    rows = reading.history.set_index("period")
    ids, values = list(rows.index), rows["value"].astype(float).to_list()
    at = ids.index(reading.period) if reading.period in ids else -1
    for back in dict.fromkeys((1, year_of(reading.period))):
        if at - back >= 0 and isfinite(values[at - back]) and reading.complete:
            before = formats.period_in_sentence(ids[at - back], here.locale, year=back > 1)
            found.append(
                (tell.t("objective.against", period=before), tell.signed(reading.value - values[at - back], unit))
            )
    past = rows[rows["complete"].astype(bool)].iloc[: at + 1].tail(year_of(reading.period))
    parts = past["numerator"].astype(float).sum(), past["denominator"].astype(float).sum()
    if len(past) > 2 and parts[1] and unit in ("ratio", "points", "seconds") and reading.kpi.interval is not None:
        found.append((tell.t("objective.pooled", n=len(past)), tell.value(parts[0] / parts[1], unit)))
    if reading.status:
        inside = past["value"].astype(float).dropna()
        good = (inside <= reading.target) if reading.kpi.direction == "down" else (inside >= reading.target)
        found.append(
            (tell.t("objective.inside_target"), tell.t("objective.n_of_m", n=int(good.sum()), all=len(inside)))
        )
    if reading.usual is not None:
        found.append((tell.t("objective.usual_range"), tell.range(*reading.usual, unit)))
    return found


def _variation_words(here: Here, reading: Reading) -> str:
    if reading.change is None:
        return ""
    if reading.change.outside is None:
        return here.tell.t("objective.too_short_to_say")
    id = "objective.is_beyond_variation" if reading.change.outside else "objective.is_within_variation"
    return here.tell.t(id, period=here.tell.against(reading))


def _sureness(here: Here, reading: Reading) -> list[str]:
    """What one must know to read the range: why there is none, a miss that may be none, few cases, a running month."""
    tell, said = here.tell, []
    if reading.no_range:
        said.append(tell.t(f"objective.no_range_{reading.no_range}"))
    if reading.status == "close":
        said.append(tell.t("objective.close_says"))
    if reading.few:
        said.append(tell.t("objective.small_sample", n=reading.few))
    if not reading.complete and reading.builds_up:
        said.append(tell.t("objective.running"))
    return said


def _history(here: Here, reading: Reading) -> None:
    tell = here.tell
    look = ahead.ahead(reading, tell, here.link.grain)
    data, unit = frames.points(reading, tell, here.link.span, look.rows)
    banded = bool(reading.history["low"].notna().any())
    words = [tell.unit(reading) if unit == reading.kpi.unit else tell.t(f"objective.unit_{unit}")]
    words += [tell.t("objective.dashed_target")] if isfinite(reading.target) else []
    words += [tell.t("objective.pale_band")] if banded else []
    words += [frames.unfinished_words(reading, tell, here.link.span)]
    words += [tell.t("objective.grey_ahead")] if look.says else []
    with st.container(key="history", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"##### {tell.t('objective.history')}", width="content", anchors=False)
            draw.behind(tell, "history", lambda: history_table(here, reading, look.rows), f"{reading.key}.csv")
        st.caption(" · ".join(w for w in words if w) + ". " + tell.t("objective.zoom_says"), help=look.why or None)
        spec = series.line(
            here.look,
            unit,
            reading.role,
            here.link.grain,
            height=300,
            band=banded,
            zoom=True,
            ahead=bool(look.says),
            titles=panels.titles(tell),
        )
        says = f"{frames.described(reading, tell, here.link.span)} {look.says}".strip()
        draw.chart(spec, series.DATA, data, says, key="large")
        if look.says:
            st.caption(look.says)


def history_table(here: Here, reading: Reading, look: pd.DataFrame) -> pd.DataFrame:
    """The KPI's periods with value, parts, interval and cases, newest first, as written; months ahead on top."""
    tell, unit = here.tell, reading.kpi.unit
    rows = pd.concat([reading.history.assign(forecast=False), look.assign(forecast=True)]).iloc[::-1]
    parts_unit = "money" if unit == "money" else "count"
    periods = [formats.period(p, here.locale, short=True) for p in rows["period"]]
    return pd.DataFrame(
        {
            tell.t("shell.period"): [
                tell.t("objective.forecast_of", period=p) if foreseen else p
                for p, foreseen in zip(periods, rows["forecast"], strict=True)
            ],
            tell.t("objective.column_value"): [tell.full(v, unit) for v in rows["value"]],
            tell.t("objective.numerator"): [tell.full(v, parts_unit) for v in rows["numerator"]],
            tell.t("objective.denominator"): [tell.full(v, "count") for v in rows["denominator"]],
            tell.t("objective.likely_range"): [
                tell.range(a, b, unit) if isfinite(a) and isfinite(b) else formats.DASH
                for a, b in zip(rows["low"].astype(float), rows["high"].astype(float), strict=True)
            ],
            tell.t("objective.rests"): [
                tell.rests_on(reading.kpi, n, behind) or formats.DASH
                for n, behind in zip(rows["n"].astype(float), rows["accounts"].astype(float), strict=True)
            ],
        }
    )


@dataclass(frozen=True)
class Step:
    """One number of the formula: operator and name above, the number below."""

    label: str
    value: str


@kept
def _steps(
    scope: Scope, _loaded: Loaded, _reading: Reading, key: str, period: str, state: Link, tell: Teller
) -> list[Step]:
    """The formula with the numbers of the period in it, the result last."""
    reading = _reading
    found = loading.measures(_loaded, reading.kpi.measures, reading.period, state.grain, state.where)
    if len(reading.kpi.measures) == 1 and not isfinite(found[reading.kpi.measures[0]]):
        found[reading.kpi.measures[0]] = reading.numerator
    said = []
    for part in explain(reading.kpi, found).parts:
        if part.measure == "gross_margin" and not isfinite(part.value):
            continue
        if part.measure is None:
            value = formats.decimal(part.value, 6, tell.locale)
            said.append(Step(f"{part.operator} {part.opening}{value}{part.closing}".strip(), value))
            continue
        value = tell.full(part.value, loading.unit_of(part.measure, reading.kpi))
        name = measure_name(part.measure, tell)
        said.append(Step(f"{part.operator} {part.opening}{name}{part.closing}".strip(), value))
    said.append(Step(f"= {tell.short(reading.key)}", tell.value(reading.value, reading.kpi.unit)))
    return said


def _made(here: Here, reading: Reading) -> None:
    if not reading.known:
        return
    tell = here.tell
    with st.container(border=True, key="made", gap="xsmall"):
        st.markdown(f"##### {tell.t('objective.made', period=tell.title_period(reading.period))}", anchors=False)
        made = _steps(here.loaded.scope, here.loaded, reading, reading.key, reading.period, here.link, tell)
        grid = st.grid(columns=min(len(made), 5), min_column_width=150, gap="small")
        for number, one in enumerate(made):
            with grid.cell(), st.container(key=f"step_{number}", gap=None):
                st.caption(escaped(one.label))
                st.markdown(one.value)
        words = [catalogue.explain(reading.key, here.locale), tell.t("objective.whole_numbers")]
        if isfinite(reading.accounts):
            words.append(tell.t("objective.rests_on_accounts", n=int(reading.accounts)))
        elif reading.kpi.interval is not None and isfinite(reading.n):
            words.append(tell.t("objective.rests_on", n=int(reading.n)))
        st.caption(" ".join(words))
        policies = inputs.policies_said(reading.kpi, here.loaded, tell)
        if policies:
            st.caption(f"{tell.t('objective.policies')} {policies}")
