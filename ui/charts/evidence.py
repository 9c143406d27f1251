"""Charts of the evidence: the map of pairs, strength by lead, where leavers stood, two series with one shifted."""

from functools import cache
from typing import Any

import altair as alt

from ui.charts.theme import Look, finish, time_axis

DATA = "points"
MAP_COLUMNS = (
    *("row", "row_order", "column", "column_order", "pair", "grade", "says", "chosen"),
    *("top", "bottom"),  # the lines of a cell; `bottom` is empty where one line says it all
    *("top_short", "bottom_short"),  # the same on a phone
)
LEAD_COLUMNS = ("lead", "value", "low", "high", "best", "chosen", "text", "tip")
TENTH_COLUMNS = ("tenth", "share", "tip")
SHARE_COLUMNS = ("order", "label", "share", "low", "high", "text", "tip")
OVERLAY_COLUMNS = ("start", "end", "kind", "value", "mean", "tip")  # kind: lagging, leading, or ahead (a band)
PICK = "pick"
_PHONE = 330  # pixels of cells under which texts are short
_GRADES = ("strong", "likely", "weak", "no_sign", "not_enough_data", "mirror")


@cache
def lead_map(look: Look, rows: int, columns: int) -> dict[str, Any]:
    """Indicators down, outcomes across; each cell says sign, lead and grade in text, so that colour is never needed."""
    palette = look.palette
    under = palette.background
    fill = {
        "strong": palette.leading,
        "likely": _mixed(palette.leading, under, 0.6),
        "weak": _mixed(palette.leading, under, 0.16),
        "mirror": _mixed(palette.lagging, under, 0.18),
        "no_sign": under,
        "not_enough_data": under,
    }
    dark_text = {grade: palette.background if grade == "strong" else palette.text for grade in _GRADES}
    for grade in ("no_sign", "not_enough_data"):
        dark_text[grade] = palette.second
    narrow = f"width < {_PHONE}"
    last = "lastindexof(datum.label, ' ')"
    lines = f"[slice(datum.label, 0, {last}), slice(datum.label, {last} + 1)]"
    x = alt.X(
        "column:N",
        sort=alt.EncodingSortField(field="column_order", order="ascending"),
        axis=alt.Axis(
            orient="top",
            labelAngle=0,
            labelFontSize={"expr": f"{narrow} ? 9.5 : 12"},
            labelFontWeight=600,
            labelColor=palette.text,
            labelLimit={"expr": f"{narrow} ? width / {columns} - 3 : 140"},
            labelLineHeight=13,
            labelPadding=19,
            labelExpr=f"{narrow} ? split(split(datum.label, '|')[0], ' ') : split(datum.label, '|')",
        ),
        scale=alt.Scale(paddingInner=0.06, paddingOuter=0.02),
    )
    y = alt.Y(
        "row:N",
        sort=alt.EncodingSortField(field="row_order", order="ascending"),
        axis=alt.Axis(
            labelFontSize={"expr": f"{narrow} ? 10.5 : 12"},
            labelColor=palette.text,
            labelLimit={"expr": f"{narrow} ? 84 : 210"},
            labelLineHeight=11,
            labelPadding={"expr": f"{narrow} ? 4 : 8"},
            labelExpr=f"{narrow} && length(datum.label) > 14 && {last} > 0 ? {lines} : datum.label",
        ),
        scale=alt.Scale(paddingInner=0.12, paddingOuter=0.02),
    )
    base = alt.Chart(alt.NamedData(DATA)).encode(x=x, y=y, tooltip=[alt.Tooltip("says:N", title=" ")])
    colour = alt.Scale(domain=list(_GRADES), range=[fill[g] for g in _GRADES])
    pick = alt.selection_point(name=PICK, fields=["pair"], on="click", clear=False)
    cells = (
        base.mark_rect(cornerRadius=4, cursor="pointer").encode(fill=alt.Fill("grade:N", scale=colour)).add_params(pick)
    )
    few = "datum.grade == 'not_enough_data'"
    edges = base.transform_filter(f"!({few})").mark_rect(cornerRadius=4, fillOpacity=0, stroke=palette.hairline)
    dashed = base.transform_filter(few).mark_rect(
        cornerRadius=4, fillOpacity=0, stroke=palette.ticks, strokeOpacity=0.7, strokeDash=[3, 3]
    )
    chosen = base.transform_filter("datum.chosen").mark_rect(
        cornerRadius=4, fillOpacity=0, stroke=palette.text, strokeWidth=2.2
    )
    tone = alt.Color("grade:N", scale=alt.Scale(domain=list(_GRADES), range=[dark_text[g] for g in _GRADES]))
    two = base.transform_filter("datum.bottom != ''")
    top = two.mark_text(fontSize=12, fontWeight=600, dy=-7, text=_either("top")).encode(color=tone)
    low = two.mark_text(fontSize={"expr": f"{narrow} ? 9 : 10"}, dy=8, text=_either("bottom")).encode(color=tone)
    one = (
        base.transform_filter("datum.bottom == ''")
        .mark_text(
            fontSize={"expr": f"{narrow} ? 9.5 : 11"},
            lineHeight=11,
            text={"expr": f"{narrow} ? split(datum.top_short, ' ') : datum.top"},
            dy={"expr": f"{narrow} ? -5.5 * (length(split(datum.top_short, ' ')) - 1) : 0"},
        )
        .encode(color=tone)
    )
    chart = alt.layer(cells, edges, dashed, chosen, top, low, one).resolve_scale(
        color="independent", fill="independent"
    )
    return finish(chart, look, height=42 * rows + 8)


def _mixed(colour: str, under: str, share: float) -> str:
    """A colour at this opacity over another one."""
    over, below = (bytes.fromhex(one.removeprefix("#")) for one in (colour, under))
    return "#" + bytes(round(share * a + (1 - share) * b) for a, b in zip(over, below, strict=True)).hex()


def _either(name: str) -> dict[str, str]:
    """The text of a cell's line: its short form where the map is narrow."""
    return {"expr": f"width < {_PHONE} ? datum.{name}_short : datum.{name}"}


@cache
def by_lead(look: Look, none: float, titles: tuple[str, str], *, pick: bool = False) -> dict[str, Any]:
    """Strength by months before, with intervals; bars start where there is no link, `none` (50 or 0).

    With `pick` the whole column over a bar can be clicked; the chosen one is framed.
    """
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
    pale = _mixed(palette.leading, palette.background, 0.4)
    colour = alt.condition("datum.best", alt.value(palette.leading), alt.value(pale))
    layers = [
        base.mark_bar().encode(y=y, y2=alt.Y2(datum=none), color=colour),
        base.mark_rule(strokeWidth=4, color=palette.background).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"),
        base.mark_rule(strokeWidth=1.4, color=palette.text).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"),
        alt.Chart(alt.NamedData(DATA)).mark_rule(color=palette.ticks, strokeWidth=1).encode(y=alt.datum(none)),
        base.mark_text(fontSize=11, fontWeight=600, dy=-8, color=palette.text).encode(
            y=alt.Y("high:Q", scale=scale), text="text:N"
        ),
    ]
    if pick:
        chosen = alt.selection_point(name=PICK, fields=["lead"], on="click", clear=False)
        column = base.encode(y=alt.value(0), y2=alt.value("height"))
        layers.append(
            base.transform_filter("datum.chosen")
            .mark_bar(fillOpacity=0, stroke=palette.text, strokeWidth=2)
            .encode(y=y, y2=alt.Y2(datum=none))
        )
        layers.append(
            column.mark_rect(fillOpacity=0, cursor="pointer", width={"band": 1.6}).add_params(chosen)  # type: ignore[arg-type]
        )
    return finish(alt.layer(*layers), look, height=290, padding={"left": 0, "right": 4, "top": 10, "bottom": 2})


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
    return finish(chart, look, height=290, padding={"left": 0, "right": 4, "top": 10, "bottom": 2})


@cache
def shares(look: Look, title: str) -> dict[str, Any]:
    """Shares of cases from 0, with intervals, in the order given; the value stands above."""
    palette = look.palette
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X(
            "label:N",
            sort=alt.EncodingSortField(field="order", order="ascending"),
            axis=alt.Axis(
                labelAngle=0, title=title, titleColor=palette.second, titleFontSize=11, titleFontWeight="normal"
            ),
            scale=alt.Scale(paddingInner=0.4),
        ),
        tooltip=[alt.Tooltip("tip:N", title=" ")],
    )
    axis = alt.Axis(tickCount=4, labelExpr="format(datum.value, '~%')")
    chart = alt.layer(
        base.mark_bar(color=palette.ticks, opacity=0.85).encode(y=alt.Y("share:Q", axis=axis)),
        base.mark_rule(strokeWidth=1.4, color=palette.text).encode(y="low:Q", y2="high:Q"),
        base.mark_text(fontSize=11, fontWeight=600, dy=-8, color=palette.text).encode(y="high:Q", text="text:N"),
    )
    return finish(chart, look, height=240, padding={"left": 0, "right": 4, "top": 12, "bottom": 2})


@cache
def overlay(look: Look, flipped: bool) -> dict[str, Any]:
    """Two company series, each on its own scale; the indicator dashed, upside down when `flipped`.

    The months for which only the indicator is known are a shaded band with its end written over it.
    """
    palette = look.palette
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X("start:T", scale=alt.Scale(type="utc", nice=False), axis=alt.Axis(**time_axis(look, "month")))
    )
    tip = [alt.Tooltip("tip:N", title=" ")]

    def line(kind: str, colour: str, dash: list[int], reverse: bool) -> Any:
        scale = alt.Scale(zero=False, nice=False, padding=10, reverse=reverse)
        own = base.transform_filter(f"datum.kind == '{kind}'")
        return alt.layer(
            own.mark_line(color=colour, strokeWidth=2, strokeDash=dash).encode(
                y=alt.Y("mean:Q", scale=scale, axis=None)
            ),
            own.mark_circle(color=colour, size=16, opacity=0.55).encode(
                y=alt.Y("value:Q", scale=scale, axis=None), tooltip=tip
            ),
        )

    ahead = base.transform_filter("datum.kind == 'ahead'")
    band = ahead.mark_rect(color=palette.leading, opacity=0.12).encode(x2="end:T")
    label = ahead.mark_text(align="right", baseline="bottom", dy=-4, fontSize=11, color=palette.second).encode(
        x="end:T", y=alt.value(0), text="tip:N"
    )
    lines = alt.layer(
        alt.layer(band, label),
        line("lagging", palette.lagging, [1, 0], False),
        line("leading", palette.leading, [5, 4], flipped),
    ).resolve_scale(y="independent")
    return finish(lines, look, height=240, padding={"left": 0, "right": 4, "top": 18, "bottom": 2})
