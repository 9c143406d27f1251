"""The same invoices in every way people write them: identical rows, or a question; never a silent wrong value."""

import csv
import io
import itertools
import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.importing import Prepared, inspect, prepare
from data.problems import DataProblem
from data.readers import Assumed

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")
DELIMITERS = (",", ";", "\t", "|")
NUMBERS = ("1,234.56", "1.234,56")
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y")
MATRIX = list(itertools.product(ENCODINGS, DELIMITERS, NUMBERS, DATES))
HEADER = ["invoice_id", "account_id", "issued_on", "amount"]
ASKS = {"issued_on": {"ambiguous_dates", "mixed_dates"}, "amount": {"ambiguous_decimal", "mixed_decimal"}}
Row = tuple[str, str, date, float]

PROVABLE: list[Row] = [
    ("F-001", "São José & Filhos", date(2024, 1, 31), 1234.56),
    ("F-002", 'Peña "El Niño"', date(2024, 2, 3), -7.5),
    ("F-003", "Açaí; Cia, Ltda | SA", date(2024, 12, 25), 1000000.0),
    ("F-004", "Müller", date(2023, 7, 4), 0.99),
]
DAYS_TO_TWELVE: list[Row] = [
    ("F-001", "São José", date(2024, 1, 2), 1234.56),
    ("F-002", "Peña", date(2024, 3, 4), 20.5),
    ("F-003", "Açaí", date(2024, 12, 11), 3.25),
]
THOUSANDS: list[Row] = [
    ("F-001", "São José", date(2024, 1, 31), 1234.0),
    ("F-002", "Peña", date(2024, 3, 24), 2500.0),
    ("F-003", "Açaí", date(2024, 12, 11), 3125.0),
]


def number(value: float, style: str, manner: str = "plain") -> str:
    text = f"{abs(value):,.2f}" if manner != "whole" else f"{abs(value):,.0f}"
    if style == "1.234,56":
        text = text.translate(str.maketrans(",.", ".,"))
    if manner == "sign":
        return f"R$\u00a0{text}" if value >= 0 else f"(R$\u00a0{text})"
    if manner == "code":
        return f"{text} BRL" if value >= 0 else f"-{text} BRL"
    if manner == "minus":
        return text if value >= 0 else f"{text}-"
    return text if value >= 0 else f"-{text}"


def written(rows: list[Row], encoding: str, delimiter: str, style: str, dates: str, manner: str = "plain") -> bytes:
    stream = io.StringIO()
    quoting = csv.QUOTE_ALL if manner == "quoted" else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting)
    writer.writerow(HEADER)
    for invoice, account, day, amount in rows:
        writer.writerow([invoice, account, day.strftime(dates), number(amount, style, manner)])
    return stream.getvalue().encode(encoding)


def brought_in(content: bytes, assumed: Assumed | None = None) -> Prepared:
    [one] = prepare(inspect(content, "invoices.csv", assumed), assumed=assumed)
    return one


def rows_of(one: Prepared) -> list[Row]:
    return [tuple(row[name] for name in HEADER) for row in one.accepted.to_pylist()]  # type: ignore[misc]


def asked(one: Prepared, column: str | None = None) -> set[str]:
    return {p.problem for p in one.checked.problems if p.severity == "assumed" and p.column in (column, None)}


def silent(one: Prepared, rows: list[Row]) -> list[str]:
    """Cells that differ from what was written without a question about their column."""
    wanted = {row[0]: row for row in rows}
    wrong = []
    for row in rows_of(one):
        for place, column in enumerate(HEADER):
            known = row[0] in wanted and row[place] == wanted[row[0]][place]
            if not known and not (asked(one, column) & ASKS.get(column, set())):
                wrong.append(f"{row[0]} {column}: {row[place]!r}")
    return wrong


MANNERS = ("plain", "quoted", "sign", "code", "minus")
SOME = [(way, MANNERS[i % 5]) for i, way in enumerate(MATRIX) if i % 4 == i // 24 % 4]
STYLES = [(DELIMITERS[i % 4], *way) for i, way in enumerate(itertools.product(NUMBERS, DATES))]


def check_provable(way: tuple[str, str, str, str], manner: str) -> None:
    one = brought_in(written(PROVABLE, *way, manner))
    assert rows_of(one) == PROVABLE, (way, manner)
    assert asked(one) - {"guessed_encoding"} == set(), (way, manner)
    assert ("guessed_encoding" in asked(one)) == (not way[0].startswith("utf"))


def test_what_proves_itself_is_read_the_same_everywhere() -> None:
    for way, manner in SOME:
        check_provable(way, manner)
    assert {x for way, _ in SOME for x in way} == {*ENCODINGS, *DELIMITERS, *NUMBERS, *DATES}


@pytest.mark.slow
@pytest.mark.parametrize("manner", MANNERS)
def test_what_proves_itself_is_read_the_same_in_the_whole_matrix(manner: str) -> None:
    for way in MATRIX:
        check_provable(way, manner)


@pytest.mark.parametrize(("delimiter", "style", "dates"), STYLES)
def test_days_up_to_twelve_are_asked_about_and_the_answer_settles_them(delimiter: str, style: str, dates: str) -> None:
    content = written(DAYS_TO_TWELVE, "utf-8", delimiter, style, dates)
    one = brought_in(content)
    assert not silent(one, DAYS_TO_TWELVE)
    assert ("ambiguous_dates" in asked(one, "issued_on")) == (dates != "%Y-%m-%d")
    answer = {"%Y-%m-%d": "ymd", "%d/%m/%Y": "dmy", "%m/%d/%Y": "mdy"}[dates]
    settled = brought_in(content, Assumed(date_order=answer))
    assert rows_of(settled) == DAYS_TO_TWELVE
    assert not asked(settled)


@pytest.mark.parametrize(("delimiter", "style", "dates"), STYLES)
def test_bare_thousands_are_asked_about_and_the_answer_settles_them(delimiter: str, style: str, dates: str) -> None:
    content = written(THOUSANDS, "utf-8", delimiter, style, dates, "whole")
    one = brought_in(content)
    assert not silent(one, THOUSANDS)
    assert "ambiguous_decimal" in asked(one, "amount")
    settled = brought_in(content, Assumed(decimal="," if style == "1.234,56" else "."))
    assert rows_of(settled) == THOUSANDS
    assert not asked(settled)


@pytest.mark.parametrize("style", NUMBERS)
def test_percentages(style: str) -> None:
    texts = ["12.5%", "7%", "0.25%"] if style == "1,234.56" else ["12,5%", "7%", "0,25%"]
    body = "".join(f"M{i};churn;2024-01-{13 + i};{text}\n" for i, text in enumerate(texts))
    [one] = prepare(inspect(f"id;metric;observed_on;numerator\n{body}".encode(), "observations.csv"))
    assert [row["numerator"] for row in one.accepted.to_pylist()] == [0.125, 0.07, 0.0025]


amounts = st.one_of(
    st.integers(-9_999_999, 9_999_999).map(lambda cents: cents / 100), st.integers(1, 999).map(lambda n: n * 1000.0)
)
row = st.tuples(
    st.sampled_from(["São José", "Peña, SA", "Açaí; Cia", 'o "Bom"', "Ltda | ME", "Müller"]),
    st.dates(date(2015, 1, 1), date(2026, 12, 31)),
    amounts,
)


def never_silently_wrong(body: list[tuple[str, date, float]], way: tuple[str, str, str, str], manner: str) -> str:
    """`same`, `asked` or `refused`; fails on a silent wrong value."""
    rows = [(f"F-{i:03}", account, day, amount) for i, (account, day, amount) in enumerate(body)]
    encoding, delimiter, style, dates = way
    try:
        one = brought_in(written(rows, encoding, delimiter, style, dates, manner))
    except DataProblem:
        return "refused"
    assert not silent(one, rows)
    if one.rejected.num_rows:
        return "refused"
    return "same" if rows_of(one) == rows else "asked"


@settings(max_examples=12, deadline=None)
@given(
    st.lists(row, min_size=2, max_size=8),
    st.sampled_from(MATRIX),
    st.sampled_from(["plain", "quoted", "sign", "code", "minus", "whole"]),
)
def test_no_invoice_is_silently_wrong(
    body: list[tuple[str, date, float]], way: tuple[str, str, str, str], manner: str
) -> None:
    if manner == "whole":
        body = [(account, day, float(round(amount))) for account, day, amount in body]
    never_silently_wrong(body, way, manner)


@pytest.mark.slow
def test_no_invoice_is_silently_wrong_in_any_of_the_ways() -> None:
    chance = random.Random(7)
    verdicts: dict[str, int] = {}
    for way, manner in itertools.product(MATRIX, ["plain", "quoted", "sign", "code", "minus", "whole"]):
        for _ in range(3):
            body = [
                (
                    chance.choice(["São José", "Peña, SA", "Açaí; Cia", "Müller"]),
                    date.fromordinal(chance.randint(736_000, 739_000)),
                    float(chance.randint(1, 9)) * 1000.0 if manner == "whole" else chance.randint(-99999, 999999) / 100,
                )
                for _ in range(chance.randint(1, 9))
            ]
            verdict = never_silently_wrong(body, way, manner)
            verdicts[verdict] = verdicts.get(verdict, 0) + 1
    print(verdicts)
    assert verdicts["same"] > verdicts.get("refused", 0)
