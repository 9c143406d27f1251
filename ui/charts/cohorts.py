"""Cohort retention: who became a customer when, and how many of them are still here."""

from functools import cache
from typing import Any

import altair as alt

from ui.charts.theme import Look, finish

DATA = "cohorts"
COLUMNS = ("cohort", "order", "age", "kept", "text", "tip")


@cache
def heatmap(look: Look, rows: int, titles: tuple[str, str, str] = ("", "", "")) -> dict[str, Any]:
    """One row per cohort, one column per period since it began, the share kept in colour and in figures.

    `titles` are the words for cohort, periods since and share kept in the tooltip.
    """
    palette = look.palette
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X(
            "age:O", axis=alt.Axis(orient="top", labelAngle=0, labelOverlap=True), scale=alt.Scale(paddingInner=0.06)
        ),
        y=alt.Y(
            "cohort:N",
            sort=alt.EncodingSortField(field="order", order="ascending"),
            axis=alt.Axis(labelColor=palette.text, labelLimit=110),
            scale=alt.Scale(paddingInner=0.08),
        ),
        tooltip=[
            alt.Tooltip("cohort:N", title=titles[0]),
            alt.Tooltip("age:O", title=titles[1]),
            alt.Tooltip("tip:N", title=titles[2]),
        ],
    )
    colour = alt.Scale(domain=[0.4, 1.0], clamp=True, range=[palette.hairline, palette.leading], interpolate="lab")
    ink = alt.when("datum.kept > 0.72").then(alt.value(palette.background)).otherwise(alt.value(palette.text))
    chart = alt.layer(
        base.mark_rect(cornerRadius=2).encode(color=alt.Color("kept:Q", scale=colour)),
        base.transform_calculate(shown="width < 520 ? '' : datum.text")
        .mark_text(fontSize=10)
        .encode(text="shown:N", color=ink),
    )
    return finish(chart, look, height=26 * rows + 24)
