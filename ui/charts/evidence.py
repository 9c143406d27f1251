"""Charts of the evidence: the map of pairs, strength by lead, where leavers stood, two series with one shifted."""

from functools import cache
from typing import Any

import altair as alt

from ui.charts.theme import Look, finish, time_axis

DATA = "points"
MAP_COLUMNS = ("row", "row_order", "column", "column_order", "pair", "grade", "top", "bottom", "says", "chosen")
LEAD_COLUMNS = ("lead", "value", "low", "high", "best", "text", "tip")
TENTH_COLUMNS = ("tenth", "share", "tip")
OVERLAY_COLUMNS = ("start", "kind", "value", "tip")
PICK = "pick"
_GRADES = ("strong", "likely", "weak", "no_sign", "not_enough_data", "mirror")


@cache
def lead_map(look: Look, rows: int, columns: int) -> dict[str, Any]:
    """Indicators down, outcomes across; each cell says sign, lead and grade in text, so that colour is never needed."""
    palette = look.palette
    fill = {
        "strong": (palette.leading, 1.0),
        "likely": (palette.leading, 0.62),
        "weak": (palette.leading, 0.16),
        "mirror": (palette.lagging, 0.18),
        "no_sign": (palette.background, 0.0),
        "not_enough_data": (palette.background, 0.0),
    }
    dark_text = {grade: palette.background if grade == "strong" else palette.text for grade in _GRADES}
    for grade in ("no_sign", "not_enough_data"):
        dark_text[grade] = palette.second
    x = alt.X(
        "column:N",
        sort=alt.EncodingSortField(field="column_order", order="ascending"),
        axis=alt.Axis(
            orient="top", labelAngle=0, labelFontSize=12, labelFontWeight=600, labelColor=palette.text, labelLimit=120
        ),
        scale=alt.Scale(paddingInner=0.06, paddingOuter=0.02),
    )
    y = alt.Y(
        "row:N",
        sort=alt.EncodingSortField(field="row_order", order="ascending"),
        axis=alt.Axis(labelFontSize=12, labelColor=palette.text, labelLimit=130, labelPadding=8),
        scale=alt.Scale(paddingInner=0.12, paddingOuter=0.02),
    )
    base = alt.Chart(alt.NamedData(DATA)).encode(x=x, y=y, tooltip=[alt.Tooltip("says:N", title=" ")])
    colour = alt.Scale(domain=list(_GRADES), range=[fill[g][0] for g in _GRADES])
    shade = alt.Scale(domain=list(_GRADES), range=[fill[g][1] for g in _GRADES])
    pick = alt.selection_point(name=PICK, fields=["pair"], on="click", clear=False)
    cells = (
        base.mark_rect(cornerRadius=4, cursor="pointer")
        .encode(color=alt.Color("grade:N", scale=colour), fillOpacity=alt.Opacity("grade:N", scale=shade, legend=None))
        .add_params(pick)
    )
    edges = base.mark_rect(cornerRadius=4, fillOpacity=0, strokeWidth=1).encode(
        stroke=alt.value(palette.hairline),
        strokeDash=alt.condition("datum.grade == 'not_enough_data'", alt.value([3, 3]), alt.value([1, 0])),
    )
    chosen = base.transform_filter("datum.chosen").mark_rect(
        cornerRadius=4, fillOpacity=0, stroke=palette.text, strokeWidth=2.2
    )
    tone = alt.Color("grade:N", scale=alt.Scale(domain=list(_GRADES), range=[dark_text[g] for g in _GRADES]))
    top = (
        base.transform_filter("datum.bottom != ''")
        .mark_text(fontSize=12, fontWeight=600, dy=-7)
        .encode(text="top:N", color=tone)
    )
    low = base.transform_filter("datum.bottom != ''").mark_text(fontSize=10, dy=8).encode(text="bottom:N", color=tone)
    one = base.transform_filter("datum.bottom == ''").mark_text(fontSize=11).encode(text="top:N", color=tone)
    chart = alt.layer(cells, edges, chosen, top, low, one).resolve_scale(color="independent")
    return finish(chart, look, height=42 * rows + 8)


@cache
def by_lead(look: Look, none: float, titles: tuple[str, str]) -> dict[str, Any]:
    """Strength by months before, with intervals; bars start where there is no link, `none` (50 or 0)."""
    palette = look.palette
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X(
            "lead:O",
            sort="descending",
            axis=alt.Axis(
                labelAngle=0, title=titles[0], titleColor=palette.second, titleFontSize=11, titleFontWeight="normal"
            ),
            scale=alt.Scale(paddingInner=0.4),
        ),
        tooltip=[alt.Tooltip("tip:N", title=" ")],
    )
    scale = alt.Scale(zero=False, nice=False, padding=14)
    y = alt.Y("value:Q", scale=scale, axis=alt.Axis(tickCount=4))
    colour = alt.condition("datum.best", alt.value(palette.leading), alt.value(palette.ticks))
    chart = alt.layer(
        base.mark_bar(opacity=0.85).encode(y=y, y2=alt.Y2(datum=none), color=colour),
        base.mark_rule(strokeWidth=1.4, color=palette.text).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"),
        alt.Chart(alt.NamedData(DATA)).mark_rule(color=palette.ticks, strokeWidth=1).encode(y=alt.datum(none)),
        base.mark_text(fontSize=11, fontWeight=600, dy=-8, color=palette.text).encode(
            y=alt.Y("high:Q", scale=scale), text="text:N"
        ),
    )
    return finish(chart, look, height=230, padding={"left": 0, "right": 4, "top": 10, "bottom": 2})


@cache
def tenths(look: Look, titles: tuple[str, str]) -> dict[str, Any]:
    """Where those with the event stood among comparable accounts; by chance each tenth would hold one in ten."""
    palette = look.palette
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X(
            "tenth:O",
            axis=alt.Axis(
                labelAngle=0, title=titles[0], titleColor=palette.second, titleFontSize=11, titleFontWeight="normal"
            ),
            scale=alt.Scale(paddingInner=0.15),
        ),
        tooltip=[alt.Tooltip("tip:N", title=" ")],
    )
    axis = alt.Axis(tickCount=4, labelExpr="format(datum.value, '~%')")
    chart = alt.layer(
        base.mark_bar(color=palette.lagging, opacity=0.9).encode(y=alt.Y("share:Q", axis=axis)),
        alt.Chart(alt.NamedData(DATA)).mark_rule(color=palette.text, strokeDash=[4, 3]).encode(y=alt.datum(0.1)),
    )
    return finish(chart, look, height=230, padding={"left": 0, "right": 4, "top": 10, "bottom": 2})


@cache
def overlay(look: Look, names: tuple[str, str]) -> dict[str, Any]:
    """Two company series, each on its own scale; the indicator dashed, moved later by its lead."""
    palette = look.palette
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X("start:T", scale=alt.Scale(type="utc", nice=False), axis=alt.Axis(**time_axis(look, "month"))),
        tooltip=[alt.Tooltip("tip:N", title=" ")],
    )

    def line(kind: str, colour: str, dash: list[int]) -> alt.Chart:
        y = alt.Y("value:Q", scale=alt.Scale(zero=False, nice=False, padding=10), axis=None)
        return (
            base.transform_filter(f"datum.kind == '{kind}'")
            .mark_line(color=colour, strokeWidth=2, strokeDash=dash, point={"size": 14, "color": colour})
            .encode(y=y)
        )

    lines = alt.layer(line("lagging", palette.lagging, [1, 0]), line("leading", palette.leading, [5, 4])).resolve_scale(
        y="independent"
    )
    return finish(lines, look, height=230, padding={"left": 0, "right": 4, "top": 10, "bottom": 2})
