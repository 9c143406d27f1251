"""Numbers come back as they were, in every way of writing them."""

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.numbers import Dialect, to_numbers, to_whole_numbers


def read(*texts, **how):
    return to_numbers(pa.array(texts, pa.string()), **how)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234.5", 1234.5),
        ("1,234.5", 1234.5),
        ("$1,234.50", 1234.5),
        ("US$ 12.5", 12.5),
        ("12.5 EUR", 12.5),
        ("(3.50)", -3.5),
        ("-$3.5", -3.5),
        ("3.5-", -3.5),
        ("−3.5", -3.5),
        ("45.5%", 0.455),
        ("1.03006E+13", 1.03006e13),
        (" 7.5 ", 7.5),
        (".5", 0.5),
        ("1'234.5", 1234.5),
    ],
)
def test_with_a_decimal_dot(text, value):
    assert read(text, "0.25").values[0].as_py() == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,56", 1234.56),
        ("R$ 1.234,56", 1234.56),
        ("12,5", 12.5),
        ("1 234,5", 1234.5),
        ("1.234.567", 1234567),
        ("45,5%", 0.455),
    ],
)
def test_with_a_decimal_comma(text, value):
    typed = read(text, "0,25")
    assert typed.values[0].as_py() == pytest.approx(value)
    assert typed.facts["decimal"] == ","


@pytest.mark.parametrize("text", ["abc", "1.2.3", "12..5", "1,2,3", "--4", "(4", "inf", "1e999", "0x10", "1_000", "١٢"])
def test_what_is_no_number_is_bad_and_not_zero(text):
    typed = read(text)
    assert typed.bad[0]
    assert typed.values[0].as_py() is None


@pytest.mark.parametrize("text", ["", None, "N/A", "-", "não informado", "s/d", "null", "#N/D", "nan"])
def test_missing_is_null_and_not_bad(text):
    typed = read(text, "1")
    assert not typed.bad[0]
    assert typed.values[0].as_py() is None


def test_a_value_against_its_column_is_bad():
    assert list(read("1,5", "2,5", "12.34").bad) == [False, False, True]


def test_what_could_be_either_is_said():
    assert read("1.234").assumed == [("ambiguous_decimal", ".")]
    assert read("1.234", dialect=Dialect(fallback=",")).values[0].as_py() == 1234
    assert read("1.234", "1.5").assumed == []


def test_whole_numbers():
    typed = to_whole_numbers(pa.array(["1", "2.0", "2.5", "9007199254740993"]))
    assert typed.values.to_pylist() == [1, 2, None, None]
    assert list(typed.bad) == [False, False, True, True]
    assert to_whole_numbers(pa.array(["9007199254740993"])).values[0].as_py() == 9007199254740993


def written(value: float, decimal: str, thousands: str, sign: str) -> str:
    text = f"{abs(value):,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    return ("-" if value < 0 else "") + sign + text


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=30),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", ""), (",", ""), (".", "'")]),
    st.sampled_from(["", "R$ ", "$", "€ "]),
)
def test_round_trip_in_every_dialect(cents, dialect, sign):
    values = [cent / 100 for cent in cents]
    typed = read(*[written(value, dialect[0], dialect[1], sign) for value in values])
    assert not typed.bad.any()
    assert all(math.isclose(a, b, abs_tol=1e-9) for a, b in zip(typed.values.to_pylist(), values, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=10))
def test_any_text_is_a_number_missing_or_bad(texts):
    typed = read(*texts)
    for text, value, bad in zip(texts, typed.values.to_pylist(), typed.bad, strict=True):
        assert value is None or (not bad and any(c.isdigit() for c in text))
