"""One theme of our own for every chart: colours per background, type, axes and language.

Streamlit's own chart theme stays off, so that a chart looks the same on screen and in an export.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import altair as alt

from words import formats

FONT = "Inter, sans-serif"


@dataclass(frozen=True)
class Palette:
    """The colours on one background. Role colours are for lines, status for words, gain and loss for bridges."""

    background: str
    text: str
    second: str
    ticks: str
    hairline: str
    band: str
    leading: str
    lagging: str
    lagging_text: str
    good: str
    near: str
    bad: str
    gain: str
    loss: str

    def line(self, role: str) -> str:
        """The colour of a line of this role."""
        return {"leading": self.leading, "lagging": self.lagging}.get(role, self.second)

    def label(self, role: str) -> str:
        """The colour of text of this role (a line may be paler than text may)."""
        return {"leading": self.leading, "lagging": self.lagging_text}.get(role, self.second)


PALETTES = {
    "light": Palette(
        background="#fbfbfa",
        text="#16211f",
        second="#5a6663",
        ticks="#6a7673",
        hairline="#e0e5e3",
        band="#e0e5e3",
        leading="#0f5c63",
        lagging="#c46a12",
        lagging_text="#9c5309",
        good="#18794e",
        near="#7d5a00",
        bad="#b42318",
        gain="#5c7699",
        loss="#8a4f7d",
    ),
    "dark": Palette(
        background="#0f1514",
        text="#e8eeec",
        second="#a4b2ae",
        ticks="#8e9c98",
        hairline="#26302e",
        band="#26302e",
        leading="#4fb3b0",
        lagging="#f0a35e",
        lagging_text="#f0a35e",
        good="#5fcf9a",
        near="#e8bd62",
        bad="#ff9184",
        gain="#8fa6c8",
        loss="#c690ba",
    ),
}


@dataclass(frozen=True)
class Look:
    """What a spec depends on besides its data: the background and the language."""

    theme: str = "light"
    locale: str = "en"

    @property
    def palette(self) -> Palette:
        """The colours of this background."""
        return PALETTES[self.theme]


def finish(
    chart: Any, look: Look, *, height: int | dict[str, int], padding: dict[str, int] | None = None
) -> dict[str, Any]:
    """An Altair chart as a Vega-Lite spec in our theme, as wide as its place, its data left out under a name."""
    sized = chart.properties(width="container", height=height)
    spec: dict[str, Any] = sized.to_dict(validate=False)
    spec.pop("$schema", None)
    spec["config"] = _config(look)
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    spec["padding"] = padding or {"left": 0, "right": 0, "top": 4, "bottom": 0}
    spec["background"] = "transparent"
    return spec


@cache
def _config(look: Look) -> dict[str, Any]:
    palette = look.palette
    axis = {
        "domain": False,
        "ticks": False,
        "gridColor": palette.hairline,
        "labelColor": palette.ticks,
        "labelFontSize": 11,
        "labelPadding": 6,
        "labelFlush": False,
        "title": None,
    }
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False},
        "text": {"fontSize": 11, "color": palette.text},
        "legend": {"disable": True},
        "locale": alt.Locale(
            number=formats.d3_number(look.locale),
            time=formats.d3_time(look.locale),
        ).to_dict(validate=False),
    }


def value_axis(look: Look, unit: str) -> dict[str, Any]:
    """The value axis of a unit: 3–5 ticks, in the words of the language.

    `unit` is that of a KPI; spans of time come as `s`, `min`, `h` or `d`, already converted.
    """
    nbsp = formats.NBSP
    if unit == "ratio":
        label = "format(datum.value, '.2~%')"
        label = f"replace({label}, '%', '{nbsp}%')" if look.locale == "es" else label
    elif unit == "money":
        label = "format(datum.value, '.4~s')"
        for letter, word in formats.axis_suffixes(look.locale).items():
            label = f"replace({label}, '{letter}', '{word}')"
    elif unit in dict(formats.SPANS):
        label = f"format(datum.value, ',.5~r') + '{nbsp}{unit}'"
    else:
        label = "format(datum.value, ',.5~r')"
    return {"tickCount": 4, "labelExpr": label}


def time_axis(look: Look, grain: str, *, few: bool = False) -> dict[str, Any]:
    """The time axis of a grain: few ticks, fewer on a phone or with `few`; times are UTC days.

    A tick that falls inside a period gets no label, or its label would come twice.
    """
    day, month, year = "utcdate(datum.value)", "utcmonth(datum.value)", "utcFormat(datum.value, '%y')"
    quarter, half = ("Q", "H") if look.locale == "en" else ("T", "S")
    labels = {
        "week": "utcFormat(datum.value, '%d %b')",
        "month": f"{day} > 1 ? '' : utcFormat(datum.value, '%b %y')",
        "quarter": f"{day} > 1 || {month} % 3 ? '' : '{quarter}' + utcquarter(datum.value) + ' ' + {year}",
        "half": f"{day} > 1 || {month} % 6 ? '' : '{half}' + ({month} < 6 ? 1 : 2) + ' ' + {year}",
        "year": f"{day} > 1 || {month} ? '' : utcFormat(datum.value, '%Y')",
    }
    count = {"expr": "width < 150 ? 1 : 2"} if few else {"expr": "width < 380 ? 3 : 6"}
    return {"tickCount": count, "labelExpr": labels[grain], "labelOverlap": "greedy", "labelSeparation": 6}
