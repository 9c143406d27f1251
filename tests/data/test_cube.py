"""The cube says what the panel says, summed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.cube import build_cube, query_cube
from data.problems import DataProblem

ATTRIBUTES = pd.DataFrame({"account_id": ["a", "b", "c"], "segment": ["SMB", "Big", "SMB"], "region": ["S", None, "N"]})


def panel(**measures):
    keys = [(account, period) for account in ("", "a", "b", "c") for period in ("2024-01", "2024-02")]
    frame = pd.DataFrame(keys, columns=["account_id", "period"]).astype("category")
    return frame.assign(**{name: pd.array(values, dtype="Int64") for name, values in measures.items()})


PANEL = panel(mrr=[0, 0, 1, 2, 3, 4, 5, 6], cost=[9, 8, None, None, None, None, None, None], empty=[None] * 8)


def listed(frame, *columns):
    return frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).values.tolist()


def test_the_company_row_is_in_totals():
    cube = build_cube(PANEL, ATTRIBUTES, ("segment",))
    assert listed(query_cube(cube), "period", "mrr", "cost", "empty") == [
        ["2024-01", 9, 9, None], ["2024-02", 12, 8, None],
    ]  # fmt: skip


def test_the_company_row_stands_alone_in_a_breakdown():
    cube = build_cube(PANEL, ATTRIBUTES, ("segment", "region"))
    assert listed(query_cube(cube, by=("segment",), periods=["2024-01"]), "segment", "mrr", "cost") == [
        ["Big", 3, None], ["SMB", 6, None], [None, 0, 9],
    ]  # fmt: skip
    assert listed(query_cube(cube, by=("region",), periods=["2024-02"]), "region", "mrr") == [
        ["", 4], ["N", 6], ["S", 2], [None, 0],
    ]  # fmt: skip


def test_a_filter_leaves_the_company_row_out_and_says_so():
    cube = build_cube(PANEL, ATTRIBUTES, ("segment",))
    found = query_cube(cube, where={"segment": "SMB"}, periods=["2024-02"])
    assert listed(found, "period", "mrr", "cost") == [["2024-02", 8, None]]
    assert found.attrs["left_out"] == {"cost": 8}
    both = query_cube(cube, where={"segment": ["SMB", "Big"]}, measures=("mrr",))
    assert listed(both, "period", "mrr") == [["2024-01", 9], ["2024-02", 12]]
    assert list(both.columns) == ["period", "mrr"]


def test_nothing_selected_is_an_empty_table():
    found = query_cube(build_cube(PANEL, ATTRIBUTES, ("segment",)), where={"segment": "None of these"})
    assert found.empty
    assert list(found.columns) == ["period", "mrr", "cost", "empty"]


def test_an_empty_panel_is_an_empty_cube():
    cube = build_cube(PANEL.iloc[:0], ATTRIBUTES, ("segment",))
    assert cube.empty
    assert query_cube(cube, by=("segment",)).empty


def test_an_unknown_dimension_is_named():
    with pytest.raises(DataProblem, match=r"segmnt.*segment"):
        build_cube(PANEL, ATTRIBUTES, ("segmnt",))
    with pytest.raises(DataProblem, match="region"):
        query_cube(build_cube(PANEL, ATTRIBUTES, ("segment",)), by=("region",))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-(2**60), 2**60)), min_size=8, max_size=8), st.data())
def test_any_partition_and_the_company_row_sum_to_the_total(values, data):
    labels = data.draw(st.lists(st.sampled_from(["x", "y", None]), min_size=3, max_size=3))
    attributes = ATTRIBUTES.assign(segment=labels)
    values = [None if value is None else value // 8 for value in values]
    cube = build_cube(panel(m=values), attributes, ("segment", "region"))
    total = dict(listed(query_cube(cube), "period", "m"))
    for by in (("segment",), ("region",), ("segment", "region")):
        parts = query_cube(cube, by=by)
        sums = parts.groupby("period", observed=False)["m"].sum(min_count=1)
        assert {period: None if value is pd.NA else value for period, value in sums.items()} == total


def test_sums_are_exact_beyond_doubles():
    large = 2**55 + 1
    cube = build_cube(panel(m=[large] + [0] * 7), ATTRIBUTES, ())
    assert query_cube(cube)["m"].iloc[0] == large
    assert query_cube(cube)["m"].to_numpy(np.int64).dtype == np.int64
