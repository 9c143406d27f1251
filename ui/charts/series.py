"""One KPI over time: the large chart, the panel chart, the segment chart and the sparkline.

Data columns (one row per period, see `points`): `start` day, `closed` value of whole periods,
`open` value of an unfinished one (joined to the last whole one), `low`/`high` interval, `target`,
`other` a line to compare with, `ahead` a forecast with `ahead_low`/`ahead_high` (joined to the last whole one too),
and the texts of the label and the tooltip.
"""

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from ui.charts.theme import Look, finish, time_axis, value_axis

DATA = "points"
COLUMNS = (
    "start",
    "closed",
    "open",
    "low",
    "high",
    "target",
    "other",
    "ahead",
    "ahead_low",
    "ahead_high",
    "label",
    "tip",
    "t_period",
    "t_value",
    "t_range",
    "t_target",
)


def points(frame: pd.DataFrame, *, scale: float = 1.0, joined: bool = True) -> pd.DataFrame:
    """Columns for the specs below from `start, value, low, high, complete, target, label, …` in order of time.

    `scale` divides the values (3600 for hours). Gaps stay gaps. Without `joined` no line leads to an unfinished value.
    `tip` marks the last whole period ("end") and the unfinished one ("open"), where the label and the hollow point go,
    and the last month of a forecast ("ahead"): rows whose `forecast` is true have value, low and high of a look ahead.
    """
    out = pd.DataFrame({"start": pd.to_datetime(frame["start"]).dt.strftime("%Y-%m-%d")}, index=frame.index)
    whole = frame["complete"].astype(bool)
    foreseen = frame["forecast"].astype(bool) if "forecast" in frame else pd.Series(False, index=frame.index)
    value = (frame["value"].astype(float) / scale).mask(foreseen)
    out["closed"] = value.where(whole)
    last = out["closed"].last_valid_index()
    unfinished = value.notna() & ~whole
    joint = pd.Series(out.index == last, index=out.index) & bool(unfinished.any())
    out["open"] = value.where(unfinished | joint if joined else unfinished)
    for name in ("low", "high", "target", "other"):
        out[name] = frame[name].astype(float) / scale if name in frame else float("nan")
    start = value.where(pd.Series(out.index == last, index=out.index) & bool(foreseen.any()))
    for name, source in (("ahead", "value"), ("ahead_low", "low"), ("ahead_high", "high")):
        out[name] = (frame[source].astype(float) / scale).where(foreseen, start)
    out.loc[~whole, ["low", "high"]] = float("nan")
    out["label"] = frame["label"]
    out["tip"] = ""
    if last is not None:
        out.loc[last, "tip"] = "end"
    if unfinished.any():
        out.loc[unfinished[unfinished].index[-1], "tip"] = "open"
    if foreseen.any():
        out.loc[foreseen[foreseen].index[-1], "tip"] = "ahead"
    for name in ("t_period", "t_value", "t_range", "t_target"):
        out[name] = frame.get(name, "")
    return out[list(COLUMNS)]


@cache
def line(
    look: Look,
    unit: str,
    role: str,
    grain: str,
    *,
    height: int = 150,
    band: bool = False,
    zoom: bool = False,
    cut: bool = False,
    ahead: bool = False,
    titles: tuple[str, str, str, str] = ("", "", "", ""),
) -> dict[str, Any]:
    """A line with its target dashed, an unfinished period dotted, the value at the end and a hover rule.

    With `ahead` the months of a forecast follow: a grey band around a pale dashed line, its last value at the end.
    With `cut` the value scale runs from the parameter `bottom` to `top` and lines beyond are cut off.
    `titles` are the words for period, value, range and target in the tooltip.
    """
    palette = look.palette
    colour, room = palette.line(role), "(width < 150 ? 40 : 56)" if cut else "66"
    clip = zoom or cut
    ends = {"domainMin": {"expr": "bottom"}, "domainMax": {"expr": "top"}} if cut else {}
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X(
            "start:T",
            scale=alt.Scale(type="utc", nice=False, range=[0, {"expr": f"width - {room}"}]),  # type: ignore[list-item]
            axis=alt.Axis(**time_axis(look, grain, few=cut)),
        )
    )

    axis = alt.Axis(**value_axis(look, unit))

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", scale=alt.Scale(zero=False, nice=False, padding=8, **ends), axis=axis)  # type: ignore[arg-type]

    layers = []
    if band:
        layers.append(base.mark_area(color=colour, opacity=0.13, clip=clip).encode(y=y("low"), y2="high:Q"))
    if ahead:
        foreseen = base.transform_filter("isValid(datum.ahead)")
        layers += [
            foreseen.mark_area(color=palette.ticks, opacity=0.2, clip=clip).encode(y=y("ahead_low"), y2="ahead_high:Q"),
            foreseen.mark_line(color=palette.second, strokeWidth=1.4, strokeDash=[3, 3], opacity=0.8, clip=clip).encode(
                y=y("ahead")
            ),
            base.transform_filter("datum.tip == 'ahead'")
            .mark_text(align="left", dx=6, fontSize=11, color=palette.second)
            .encode(y=y("ahead"), text="label:N"),
        ]
    last = base if ahead else alt.Chart(alt.NamedData(DATA)).encode(x=alt.value({"expr": f"width - {room}"}))
    layers += [
        base.mark_line(color=palette.ticks, strokeDash=[5, 4], strokeWidth=1.2, clip=clip).encode(y=y("target")),
        base.mark_line(color=palette.ticks, strokeWidth=1.2, opacity=0.55, clip=clip).encode(y=y("other")),
        base.mark_line(color=colour, strokeWidth=2, clip=clip).encode(y=y("closed")),
        base.mark_line(color=colour, strokeWidth=1.6, strokeDash=[1, 3], strokeCap="round", clip=clip).encode(
            y=y("open")
        ),
        base.transform_filter("datum.tip == 'open'")
        .mark_point(color=colour, fill=palette.background, size=34, strokeWidth=1.6, opacity=1, clip=clip)
        .encode(y=y("open")),
        base.transform_filter("datum.tip == 'end'")
        .mark_circle(color=colour, size=34, opacity=1, clip=clip)
        .encode(y=y("closed")),
        last.transform_filter("datum.tip == 'end'")
        .mark_text(
            align="right" if ahead else "left",
            dx=-2 if ahead else 8,
            dy=-14 if ahead else 0,
            fontSize=11 if cut else 12,
            fontWeight=600,
            color=palette.label(role),
        )
        .encode(y=y("closed"), text="label:N"),
    ]
    hover = alt.selection_point(
        name="hover", fields=["start"], nearest=True, on="pointermove", clear="pointerout", empty=False
    )
    shown = [alt.Tooltip("t_period:N", title=titles[0]), alt.Tooltip("t_value:N", title=titles[1])]
    shown += [alt.Tooltip("t_range:N", title=titles[2])] if titles[2] else []
    shown += [alt.Tooltip("t_target:N", title=titles[3])] if titles[3] else []
    layers += [
        base.mark_rule(color=palette.ticks, strokeWidth=1)
        .encode(opacity=alt.when(hover).then(alt.value(0.7)).otherwise(alt.value(0)), tooltip=shown)
        .add_params(hover),
        base.transform_filter(hover).mark_circle(color=colour, size=48, opacity=1).encode(y=y("closed")),
    ]
    chart = alt.layer(*layers)
    if zoom:
        chart = chart.add_params(
            alt.selection_interval(
                name="window",
                bind="scales",
                encodings=["x"],
                zoom="wheel![event.altKey]",
                translate="[pointerdown[event.altKey], window:pointerup] > window:pointermove!",
            )
        )
    return finish(chart, look, height=height, padding={"left": 0, "right": 2, "top": 8, "bottom": 2})


@cache
def sparkline(look: Look, *, height: int = 40) -> dict[str, Any]:
    """A grey line with its target dashed and a dot at the end; no axes."""
    palette = look.palette
    base = alt.Chart(alt.NamedData(DATA)).encode(
        x=alt.X("start:T", axis=None, scale=alt.Scale(type="utc", nice=False, range=[2, {"expr": "width - 6"}]))  # type: ignore[list-item]
    )

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=5))

    tip = [alt.Tooltip(f"t_{name}:N", title=" " * (at + 1)) for at, name in enumerate(("period", "value", "range"))]
    chart = alt.layer(
        base.mark_line(color=palette.ticks, strokeDash=[3, 3], strokeWidth=1, opacity=0.8).encode(y=y("target")),
        base.mark_line(color=palette.second, strokeWidth=1.6).encode(y=y("closed")),
        base.transform_filter("datum.tip == 'end'")
        .mark_circle(color=palette.second, size=34, opacity=1)
        .encode(y=y("closed")),
        base.mark_rule(strokeWidth=8, opacity=0).encode(tooltip=tip),
    )
    return finish(chart, look, height=height, padding={"left": 0, "right": 0, "top": 0, "bottom": 0})


@cache
def _segment(look: Look, unit: str, role: str, grain: str, titles: tuple[str, str]) -> dict[str, Any]:
    spec = line(look, unit, role, grain, height=112, cut=True, titles=(*titles, "", ""))
    return {**spec, "params": spec.get("params", [])}


def segment(
    look: Look, unit: str, role: str, grain: str, extent: tuple[float, float], *, titles: tuple[str, str] = ("", "")
) -> dict[str, Any]:
    """One segment beside the whole company (grey), on the scale `extent` that all segments share."""
    spec = _segment(look, unit, role, grain, titles)
    ends = [{"name": "bottom", "value": extent[0]}, {"name": "top", "value": extent[1]}]
    return {**spec, "params": [*spec["params"], *ends]}
