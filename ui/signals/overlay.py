"""The company's months: the outcome beside the indicator moved later, and what already lies ahead."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from kpis.evidence.result import Evidence
from ui import draw, frames, link, loading
from ui.charts import evidence as charts
from ui.here import Here
from ui.loading import Loaded, Scope, Where, kept
from ui.signals.board import pair_id
from ui.telling import Teller
from ui.text import escaped
from words import formats

SHIFTS = tuple(range(7))
_MEAN = 3  # months of the lines


@dataclass(frozen=True)
class Overlaid:
    """The two series ready to be drawn, and the months for which only the indicator is known ("" for none)."""

    data: bytes
    ahead: int
    first: str
    last: str


def shift_of(here: Here, one: Evidence) -> int:
    """By how many months the indicator is moved: the link's choice, else the lead."""
    return int(here.link.shift) if here.link.shift else one.lead_months or 0


def move(one: Evidence, months: int) -> None:
    """Write another shift into the link, with the pair it belongs to; the lead itself is the default."""
    shift = "" if months == (one.lead_months or 0) else str(months)
    link.change(pair=pair_id(one.leading, one.lagging), shift=shift)


def show(here: Here, one: Evidence) -> None:
    """The chart, what it shows, and the choice of months for the keyboard and the phone."""
    tell, shift = here.tell, shift_of(here, one)
    st.markdown(f"##### {tell.t('evidence.overlay')}", anchors=False)
    drawn = _overlaid(here.loaded.scope, here.loaded, one.leading, one.lagging, shift, here.link.where, tell)
    if drawn is None:
        st.caption(tell.t("reasons.no_data"))
        return
    flipped = one.link_sign < 0
    leading, lagging = tell.short(one.leading), tell.short(one.lagging)
    moved = tell.t("evidence.overlay_moved", n=shift, leading=leading) if shift else leading
    if flipped:
        moved += f", {tell.t('evidence.overlay_flipped')}"
    st.markdown(f":small[:orange[**—** {escaped(lagging)}]]  \n:small[:blue[**- -** {escaped(moved)}]]")
    said = [f"{lagging}; {moved}.", tell.t("evidence.overlay_says")]
    if drawn.ahead:
        names = {"leading": leading, "lagging": lagging, "first": drawn.first, "last": drawn.last}
        said.append(tell.t("evidence.overlay_ahead", n=drawn.ahead, **names))
    draw.chart(charts.overlay(here.look, flipped), charts.DATA, drawn.data, " ".join(said))
    st.caption(escaped(" ".join(said[:0:-1])))
    key = link.seed(f"w_leads_shift_{pair_id(one.leading, one.lagging)}", shift)
    st.segmented_control(
        tell.t("evidence.shift"),
        SHIFTS,
        key=key,
        required=True,
        format_func=str,
        on_change=lambda: move(one, st.session_state[key]),
    )


@kept
def _overlaid(
    scope: Scope, _loaded: Loaded, leading: str, lagging: str, shift: int, where: Where, tell: Teller
) -> Overlaid | None:
    table = loading.table(_loaded, (leading, lagging), "month", where=where)
    table = table[table["complete"].astype(bool)]
    lines = {key: _line(table[table["kpi"] == key], moved) for key, moved in ((lagging, 0), (leading, shift))}
    if any(line.empty for line in lines.values()):
        return None
    rows = []
    for kind, key in (("lagging", lagging), ("leading", leading)):
        unit = _loaded.catalogue.kpi(key).unit
        line = lines[key]
        for at, value, mean in zip(_months(line), line["value"], line["mean"], strict=True):
            if pd.isna(value) and pd.isna(mean):
                continue
            own = at - shift if kind == "leading" else at
            tip = f"{tell.short(key)} · {formats.period(str(own), tell.locale)}: {tell.value(value, unit)}"
            if own != at:
                tip += f" · {tell.t('evidence.overlay_at', month=formats.period_in_sentence(str(at), tell.locale))}"
            rows.append((_day(at), "", kind, value, mean, tip))
    known, until = (_months(lines[key])[-1] for key in (lagging, leading))
    ahead = max((until - known).n, 0)
    first, last = (formats.period_in_sentence(str(at), tell.locale, year=True) for at in (known + 1, until))
    if ahead:
        label = tell.t("evidence.overlay_until", month=last)
        rows.append((_day(known), _day(until), "ahead", None, None, label))
    frame = pd.DataFrame(rows, columns=list(charts.OVERLAY_COLUMNS))
    return Overlaid(frames.arrow(frame), ahead, first if ahead else "", last if ahead else "")


def _line(block: pd.DataFrame, moved: int) -> pd.DataFrame:
    """Value and mean of three months by month, `moved` months later; a month without value stays a gap."""
    months = pd.PeriodIndex(block["period"].astype(str), freq="M") + moved
    values = pd.Series(block["value"].astype(float).to_numpy(), index=months).sort_index()
    if values.notna().sum() == 0:
        return pd.DataFrame(columns=["value", "mean"])
    values = values.loc[values.first_valid_index() : values.last_valid_index()]
    values = values.reindex(pd.period_range(values.index[0], values.index[-1], freq="M"))
    return pd.DataFrame({"value": values, "mean": values.rolling(_MEAN).mean()})


def _months(line: pd.DataFrame) -> list[pd.Period]:
    return list(pd.PeriodIndex(line.index))


def _day(at: pd.Period) -> str:
    return str(at.start_time.date())
