"""Dates and times come back as they were; what is ambiguous is said."""

from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.dates import DateStyle, to_dates, to_datetimes


def days(*texts, **how):
    return to_dates(pa.array(texts, pa.string()), DateStyle(**how))


def times(*texts, **how):
    return to_datetimes(pa.array(texts, pa.string()), DateStyle(**how))


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05",
        "05/03/2024",
        "5/3/2024",
        "05-03-2024",
        "05.03.2024",
        "05/03/24",
        "2024/03/05",
        "20240305",
        "5 de março de 2024",
        "5 mar 2024",
        "05-mar-2024",
        "5-Mar-24",
        "March 5, 2024",
        "Mar 5 2024",
        "5 de marzo de 2024",
        "mar., 05/03/2024"[6:],
        "2024-03-05 23:59:59",
        "2024-03-05T10:00",
        "05/03/2024 16:30",
        "Tue, 5 Mar 2024",
    ],
)
def test_one_day_in_many_ways(text):
    assert days(text).values.to_pylist() == [date(2024, 3, 5)]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-05 09:30", datetime(2024, 3, 5, 9, 30)),
        ("2024-03-05T09:30:15.250", datetime(2024, 3, 5, 9, 30, 15, 250000)),
        ("05/03/2024, 16:30", datetime(2024, 3, 5, 16, 30)),
        ("05/03/2024 16:30:10", datetime(2024, 3, 5, 16, 30, 10)),
        ("05/03/2024 4:30 PM", datetime(2024, 3, 5, 16, 30)),
        ("05/03/2024 12:05 a.m.", datetime(2024, 3, 5, 0, 5)),
        ("Mar 5, 2024 4:30 PM", datetime(2024, 3, 5, 16, 30)),
        ("2024-03-05T12:00:00Z", datetime(2024, 3, 5, 9, 0)),
        ("2024-03-05 12:00:00+02:00", datetime(2024, 3, 5, 7, 0)),
        ("2024-03-05", datetime(2024, 3, 5)),
    ],
)
def test_moments(text, moment):
    assert times(text).values.to_pylist() == [moment]


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "31/04/2024",
        "2023-02-29",
        "13/13/2024",
        "2024-13-01",
        "soon",
        "2024",
        "1/2",
        "0001-01-01",
        "12:30",
        "05/03/2024 25:00",
        "05/03/2024 13:00 PM",
        "05/03/024",
        "123456789012345",
    ],
)
def test_what_is_no_day_is_bad(text):
    typed = times(text)
    assert typed.bad.tolist() == [True]
    assert typed.values.to_pylist() == [None]


def test_day_first_unless_the_values_prove_otherwise():
    assert days("01/02/2024").values.to_pylist() == [date(2024, 2, 1)]
    assert days("01/02/2024").assumed == [("ambiguous_dates", "dmy")]
    assert days("01/02/2024", "12/31/2024").values.to_pylist() == [date(2024, 1, 2), date(2024, 12, 31)]
    assert days("01/02/2024", "31/12/2024").assumed == []
    assert days("01/02/2024", order="mdy").values.to_pylist() == [date(2024, 1, 2)]


def test_far_future_means_open_ended():
    typed = days("2024-01-01", "9999-12-31")
    assert typed.values.to_pylist() == [date(2024, 1, 1), None]
    assert not typed.bad.any()
    assert typed.assumed == [("open_ended", "9999")]


def test_months_alone_only_where_they_are_allowed():
    assert days("2024-03", "mar/2024", "Mar-24", "03/2024", months=True).values.to_pylist() == [date(2024, 3, 1)] * 4
    assert days("2024-03").bad.all()


def test_counts_of_days_and_seconds():
    assert days("45356", "45357").values.to_pylist() == [date(2024, 3, 5), date(2024, 3, 6)]
    assert times("1709632800", zone="UTC").values.to_pylist() == [datetime(2024, 3, 5, 10)]


def test_zones_follow_the_calendar():
    typed = times("2018-01-15T12:00:00Z", "2018-07-15T12:00:00Z", zone="America/Sao_Paulo")
    assert [moment.hour for moment in typed.values.to_pylist()] == [10, 9]


STYLES = ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%B %d, %Y"]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.dates(date(1970, 1, 1), date(2068, 12, 31)), min_size=1, max_size=30),
    st.sampled_from([*STYLES, "%d/%m/%y"]),
)
def test_days_round_trip(values, style):
    typed = days(*[value.strftime(style) for value in values], order="dmy")
    assert typed.values.to_pylist() == values


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)), min_size=1, max_size=30),
    st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y, %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %H:%M:%S"]
    ),
)
def test_moments_round_trip(values, style):
    values = [value.replace(microsecond=0) for value in values]
    typed = times(*[value.strftime(style) for value in values], order="mdy" if style.startswith("%m") else "dmy")
    assert typed.values.to_pylist() == values


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.text(max_size=24) | st.from_regex(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}", fullmatch=True),
        min_size=1,
        max_size=8,
    )
)
def test_any_text_is_a_day_missing_or_bad(texts):
    typed = days(*texts)
    assert len(typed.values) == len(texts)
    assert not any(bad and value is not None for bad, value in zip(typed.bad, typed.values.to_pylist(), strict=True))
