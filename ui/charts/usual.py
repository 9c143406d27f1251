"""The usual-range strip: every KPI on one axis where −1 to 1 is its usual range."""

from functools import cache
from typing import Any

import altair as alt

from ui.charts.theme import Look, finish

DATA = "kpis"
REACH = 3.2
_TWO_LINES = "split(replace(datum.label, ' (', '|('), '|')"  # what stands in brackets on a line of its own
COLUMNS = ("name", "order", "at", "inside", "tone", "value", "words", "short")


@cache
def strip(look: Look, rows: int) -> dict[str, Any]:
    """A grey bar for the usual range, a dot inside it or a diamond outside; value and words at the right.

    Data columns: `name`, `order`, `at` (−1 and 1 are the ends of the usual range, cut at ±REACH),
    `inside`, `tone` (bad, good or plain), `value`, `words` and, for narrow screens, `short`.
    """
    palette = look.palette
    tones = alt.Scale(domain=["bad", "good", "plain"], range=[palette.bad, palette.good, palette.second])
    base = alt.Chart(alt.NamedData(DATA)).encode(
        y=alt.Y(
            "name:N",
            sort=alt.EncodingSortField(field="order", order="ascending"),
            axis=alt.Axis(
                labelColor=palette.text,
                labelFontSize=12,
                labelLimit=162,
                labelExpr=_TWO_LINES,
                labelPadding=8,
            ),
        )
    )
    scale = alt.Scale(
        domain=[-REACH, REACH], nice=False, range=[4, {"expr": "width < 260 ? width - 118 : width - 200"}]
    )  # type: ignore[list-item]
    band = base.transform_calculate(low="-1", high="1", middle="0")
    tip = [alt.Tooltip("name:N", title=" "), alt.Tooltip("value:N", title="  "), alt.Tooltip("words:N", title="   ")]
    at = alt.X("at:Q", scale=scale, axis=None)
    tone = alt.Color("tone:N", scale=tones)
    right = {"expr": "width < 260 ? width - 50 : width - 142"}
    chart = alt.layer(
        band.mark_bar(height=11, cornerRadius=5, color=palette.band).encode(
            x=alt.X("low:Q", scale=scale, axis=None), x2="high:Q", tooltip=tip
        ),
        band.mark_tick(color=palette.ticks, opacity=0.5, height=11, thickness=1).encode(
            x=alt.X("middle:Q", scale=scale, axis=None)
        ),
        base.transform_filter("datum.inside").mark_circle(size=74, opacity=1).encode(x=at, color=tone, tooltip=tip),
        base.transform_filter("!datum.inside")
        .mark_point(shape="diamond", filled=True, size=92, opacity=1)
        .encode(x=at, color=tone, tooltip=tip),
        base.mark_text(align="right", fontSize=12, fontWeight=600, x=right).encode(text="value:N", color=tone),  # type: ignore[arg-type]
        base.transform_calculate(shown="width < 260 ? datum.short : datum.words")
        .mark_text(align="left", fontSize=11, dx=7, x=right)  # type: ignore[arg-type]
        .encode(text="shown:N", color=tone),
    )
    return finish(chart, look, height=31 * rows)
