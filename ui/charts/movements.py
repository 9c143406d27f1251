"""The MRR bridge: horizontal bars of changes, opening and closing as text."""

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from ui.charts.theme import Look, finish

DATA = "steps"


def steps(
    changes: list[tuple[str, str, float, str]], opening: tuple[str, str], closing: tuple[str, str]
) -> pd.DataFrame:
    """Rows for `waterfall` from (label, text, change, sign) in order; `opening` and `closing` are (label, text).

    Every bar starts where the one before ended; the closing bar is the net change.
    """
    rows, at = [{"label": opening[0], "text": opening[1], "from": 0.0, "to": 0.0, "kind": "opening"}], 0.0
    for label, text, change, kind in changes:
        rows.append({"label": label, "text": text, "from": at, "to": at + change, "kind": kind})
        at += change
    rows.append({"label": closing[0], "text": closing[1], "from": 0.0, "to": at, "kind": "closing"})
    frame = pd.DataFrame(rows)
    frame["order"] = range(len(frame))
    frame["end"] = frame[["from", "to"]].max(axis=1)
    return frame


@cache
def waterfall(look: Look, rows: int) -> dict[str, Any]:
    """Bars of changes from a zero that means "as at the opening"; gain and loss in their own two colours."""
    palette = look.palette
    order = alt.EncodingSortField(field="order", order="ascending")
    base = alt.Chart(alt.NamedData(DATA)).encode(
        y=alt.Y(
            "label:N",
            sort=order,
            axis=alt.Axis(labelColor=palette.text, labelFontSize=12, labelLimit=130, labelPadding=8),
            scale=alt.Scale(paddingInner=0.28, paddingOuter=0.1),
        )
    )
    span = alt.Scale(nice=False, zero=True, range=[0, {"expr": "width - 118"}])  # type: ignore[list-item]
    colour = alt.Scale(
        domain=["opening", "gain", "loss", "closing"],
        range=[palette.second, palette.gain, palette.loss, palette.second],
    )
    tip = [alt.Tooltip("label:N", title=" "), alt.Tooltip("text:N", title="  ")]
    chart = alt.layer(
        base.mark_bar(cornerRadius=2).encode(
            x=alt.X("from:Q", scale=span, axis=None), x2="to:Q", color=alt.Color("kind:N", scale=colour), tooltip=tip
        ),
        alt.Chart(alt.NamedData(DATA))
        .transform_filter("datum.kind == 'opening'")
        .mark_rule(color=palette.ticks, strokeWidth=1.2)
        .encode(x=alt.X("from:Q", scale=span, axis=None)),
        base.mark_text(align="left", dx=7, fontSize=12, fontWeight=600).encode(
            x=alt.X("end:Q", scale=span, axis=None), text="text:N", tooltip=tip
        ),
    )
    return finish(chart, look, height=34 * rows)
