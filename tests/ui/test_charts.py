"""Charts: pure specs without data, in our theme and language, that Vega-Lite accepts."""

import json
from datetime import date
from math import inf, nan

import altair as alt
import pandas as pd
import pyarrow as pa
import pytest

from ui import breakdown, frames
from ui.charts import cohorts, movements, series, usual
from ui.charts.theme import PALETTES, Look

LOOKS = [Look(theme, locale) for theme in ("light", "dark") for locale in ("en", "pt_BR", "es")]
SPECS = {
    "line": lambda look: series.line(
        look, "ratio", "leading", "month", band=True, zoom=True, titles=("a", "b", "c", "d")
    ),
    "ahead": lambda look: series.line(look, "ratio", "lagging", "month", band=True, zoom=True, ahead=True),
    "money": lambda look: series.line(look, "money", "lagging", "quarter"),
    "hours": lambda look: series.line(look, "h", "leading", "week"),
    "spark": series.sparkline,
    "segment": lambda look: series.segment(look, "points", "lagging", "half", (0.0, 5.0)),
    "bridge": lambda look: movements.waterfall(look, 8),
    "strip": lambda look: usual.strip(look, 6),
    "cohorts": lambda look: cohorts.heatmap(look, 6),
}


def strings(node: object) -> list[str]:
    if isinstance(node, dict):
        return [s for v in node.values() for s in strings(v)]
    if isinstance(node, list):
        return [s for v in node for s in strings(v)]
    return [node] if isinstance(node, str) else []


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.theme}-{look.locale}")
@pytest.mark.parametrize("name", SPECS)
def test_specs_hold_no_data_and_speak_the_language(name: str, look: Look) -> None:
    spec = SPECS[name](look)
    assert "datasets" not in spec
    assert "values" not in json.dumps(spec)
    assert spec["width"] == "container"
    assert spec["config"]["font"].startswith("Inter")
    assert spec["config"]["locale"]["number"]["decimal"] == ("." if look.locale == "en" else ",")
    assert len(spec["config"]["locale"]["time"]["months"]) == 12


@pytest.mark.parametrize("name", SPECS)
def test_specs_are_what_vega_lite_takes(name: str) -> None:
    alt.LayerChart.from_dict({"data": {"name": "x"}, **SPECS[name](Look("light", "es"))})


@pytest.mark.parametrize("name", SPECS)
def test_only_colours_of_the_background_in_force(name: str) -> None:
    other = set(vars(PALETTES["light"]).values()) - set(vars(PALETTES["dark"]).values())
    used = set(strings(SPECS[name](Look("dark", "en"))))
    assert not used & other


def test_the_same_question_gives_the_same_object() -> None:
    assert SPECS["line"](Look("light", "en")) is SPECS["line"](Look("light", "en"))


def test_roles_and_status_never_share_a_colour() -> None:
    for palette in PALETTES.values():
        families = [{palette.leading, palette.lagging, palette.lagging_text}, {palette.good, palette.near, palette.bad}]
        families.append({palette.gain, palette.loss})
        assert sum(map(len, families)) == len(set().union(*families))


def frame(values: list[float], complete: list[bool]) -> pd.DataFrame:
    starts = [date(2026, m, 1) for m in range(1, len(values) + 1)]
    return pd.DataFrame(
        {"start": starts, "value": values, "complete": complete, "low": 0.0, "high": 1.0, "label": "x", "t_period": "p"}
    )


def test_an_unfinished_period_is_dotted_from_the_last_whole_one() -> None:
    found = series.points(frame([1.0, 2.0, 3.0], [True, True, False]))
    assert found["start"].tolist() == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert found["closed"].tolist()[:2] == [1.0, 2.0]
    assert pd.isna(found["closed"].iloc[2])
    assert found["open"].tolist()[1:] == [2.0, 3.0]
    assert found["tip"].tolist() == ["", "end", "open"]
    assert pd.isna(found["low"].iloc[2])


def test_a_forecast_fans_out_from_the_last_whole_period() -> None:
    rows = frame([1.0, 2.0, 0.5, 2.5], [True, True, False, False]).assign(forecast=[False, False, False, True])
    rows.loc[3, ["low", "high"]] = [2.0, 3.0]
    found = series.points(rows)
    for name, last in (("ahead", 2.5), ("ahead_low", 2.0), ("ahead_high", 3.0)):
        assert found[name].tolist()[1::2] == [2.0, last]
        assert found[name].isna().tolist() == [True, False, True, False]
    assert found["closed"].isna().tolist() == [False, False, True, True]
    assert found["open"].tolist()[1:3] == [2.0, 0.5]
    assert found["tip"].tolist() == ["", "end", "open", "ahead"]
    alone = series.points(rows, joined=False)
    assert alone["open"].isna().tolist() == [True, True, False, True]


def test_whole_periods_only_have_no_dotted_line() -> None:
    found = series.points(frame([1.0, float("nan"), 3.0], [True, True, True]), scale=2)
    assert found["open"].isna().all()
    assert found["tip"].tolist() == ["", "", "end"]
    assert found["closed"].iloc[2] == 1.5


def test_the_bridge_steps_close() -> None:
    found = movements.steps(
        [("New", "+5", 5.0, "gain"), ("Churned", "−7", -7.0, "loss")], ("Opening", "100"), ("Closing", "98")
    )
    assert found["from"].tolist() == [0, 0, 5, 0]
    assert found["to"].tolist() == [0, 5, -2, -2]
    assert found["end"].tolist() == [0, 5, 5, 0]


def test_data_travel_as_arrow() -> None:
    read = pa.ipc.open_stream(frames.arrow(frame([1.0], [True]))).read_all()
    assert read.num_rows == 1


def test_the_scale_of_segments_holds_every_value_drawn() -> None:
    segments = pd.Series([40.0] * 60 + [-62.0, 95.0, nan, inf])
    bottom, top = breakdown.extent(segments, pd.Series([35.0, nan]), 1.0)
    assert bottom < -62.0
    assert 95.0 < top < 120.0
    assert breakdown.extent(pd.Series([0.02, 0.9]), pd.Series([0.1]), 1.0)[0] == 0.0
    assert breakdown.extent(pd.Series([7200.0]), pd.Series([3600.0]), 3600.0) == pytest.approx((0.94, 2.06))
    assert breakdown.extent(pd.Series(dtype=float), pd.Series([nan]), 1.0)[1] > 1.0
