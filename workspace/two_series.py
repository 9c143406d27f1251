"""Two columns of any file before the evidence engine: does the one move before the other?"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from data.checks.values import manner
from data.importing import inspect
from data.problems import DataProblem, did_you_mean
from data.readers import Assumed, RawTable, dates, numbers
from data.readers.typed import flat, trimmed
from kpis.evidence.grades import grade
from kpis.evidence.preparing import Series
from kpis.evidence.result import Evidence
from kpis.evidence.series import series_evidence


def two_series(path: Path, leading: str, lagging: str, month: str | None = None) -> Evidence:
    """What the months of a file say about two of its columns; the pair counts as declared, since somebody named it.

    Args:
        path: Any file Farol reads; its first table is taken.
        leading: Column that is thought to move first.
        lagging: Column that is thought to follow.
        month: Column with the month of each row, one row a month; without it rows are months in order, and the months
            of the year are those of a first row in January.

    Raises:
        DataProblem: the file cannot be read, a column is not there or holds no numbers, a month comes twice.
    """
    raw = inspect(path).tables[0]
    for name in (leading, lagging, *([month] if month else [])):
        if name not in raw.headers:
            raise DataProblem(
                "unknown_header",
                "{file} has no column {header!r}.{hint} It has: {present}.",
                file=path.name,
                header=name,
                hint=did_you_mean(name, raw.headers),
                present=", ".join(raw.headers[:40]),
            )
    frame = pd.DataFrame({name: _numbers(raw, name) for name in dict.fromkeys((leading, lagging))})
    first = 1
    if month:
        frame.index = pd.PeriodIndex(_months(raw, month), freq="M")
        frame = _one_a_month(frame, path.name)
        first = int(frame.index[0].month)  # type: ignore[union-attr]
    series = {name: Series(name, frame[name].to_numpy(dtype=float)) for name in (leading, lagging)}
    found = series_evidence([(leading, lagging)], series, first)
    return grade(found.values(), {(leading, lagging): 0})[0]


def _numbers(raw: RawTable, name: str) -> np.ndarray:
    typed = numbers.to_numbers(flat(raw.frame.column(name)), manner(raw, Assumed(), "UTC").dialect)
    if typed.bad.any():
        place = int(np.flatnonzero(typed.bad)[0])
        raise DataProblem(
            "column_not_numbers",
            "Column {column!r} holds {value!r} on row {row}, which is no number.",
            column=name,
            value=raw.frame.column(name)[place].as_py(),
            row=place + raw.first_row_number,
        )
    return np.asarray(pc.fill_null(typed.values, np.nan), dtype=float)


def _months(raw: RawTable, name: str) -> list[str]:
    style = manner(raw, Assumed(), "UTC").style
    typed = dates.to_dates(
        trimmed(flat(raw.frame.column(name))), dates.DateStyle(style.order, style.fallback, months=True)
    )
    if typed.bad.any() or typed.values.null_count:
        wrong = typed.bad | np.asarray(pc.is_null(typed.values))
        place = int(np.flatnonzero(wrong)[0])
        raise DataProblem(
            "column_not_months",
            "Column {column!r} holds {value!r} on row {row}, which is no month.",
            column=name,
            value=raw.frame.column(name)[place].as_py() or "",
            row=place + raw.first_row_number,
        )
    return [f"{day:%Y-%m}" for day in typed.values.to_pylist()]


def _one_a_month(frame: pd.DataFrame, file: str) -> pd.DataFrame:
    """Rows in order of time, a gap where a month is not there."""
    if frame.index.has_duplicates:
        twice = str(frame.index[frame.index.duplicated()][0])
        raise DataProblem(
            "month_twice", "{file} has several rows for {month}. Give one row for each month.", file=file, month=twice
        )
    frame = frame.sort_index()
    return frame.reindex(pd.period_range(frame.index[0], frame.index[-1], freq="M"))
