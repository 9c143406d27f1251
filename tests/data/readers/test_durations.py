"""Durations in seconds."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.durations import to_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:02:14", 134),
        ("26:00:00", 93600),
        ("2:14", 134),
        ("1 day, 02:03:04", 93784),
        ("1.02:03:04", 93784),
        ("2h 5min", 7500),
        ("2 horas e 5 minutos", 7500),
        ("45", 45),
        ("45.5", 45.5),
        ("PT2M5S", 125),
        ("3 min", 180),
        ("0:00:00.5", 0.5),
    ],
)
def test_many_ways(text, seconds):
    assert to_seconds(pa.array([text])).values.to_pylist() == [seconds]


@pytest.mark.parametrize("text", ["x", "00:61:00", "1:2:3:4", "5 apples", "12:99"])
def test_what_is_no_duration_is_bad(text):
    assert to_seconds(pa.array([text])).bad.tolist() == [True]


def test_missing_is_null():
    typed = to_seconds(pa.array(["", None, "-", "00:00:01"]))
    assert typed.values.to_pylist() == [None, None, None, 1.0]
    assert not typed.bad.any()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_round_trip(values):
    texts = [f"{v // 3600}:{v // 60 % 60:02d}:{v % 60:02d}" for v in values]
    assert to_seconds(pa.array(texts)).values.to_pylist() == values
