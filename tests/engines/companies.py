"""The companies that engines are compared on: the sample company with all its tables, and one made of edges."""

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data import sample
from data.facts import Facts
from data.schema import tables
from tests.data.engines import ARROW
from tests.oracle import hostile

COMPANIES = ("sample", "hostile")
AS_OF = {"sample": date(2025, 9, 17), "hostile": date(2024, 10, 10)}


def arrow_tables(company: str) -> dict[str, pa.Table]:
    """Committed rows by canonical table, typed as the store types them."""
    frames = sample.generate(accounts=300) if company == "sample" else hostile.company(seed=1)
    return {name: _typed(name, frame) for name, frame in frames.items()}


def _typed(name: str, frame: pd.DataFrame) -> pa.Table:
    columns = {}
    for column in tables()[name].columns.values():
        if column.name not in frame:
            continue
        values, kind = frame[column.name], ARROW[column.type]
        if column.type in (int, float):
            array = pa.array(pd.to_numeric(values).astype("Float64")).cast(kind)
        elif pa.types.is_temporal(kind):
            array = pa.array(pd.to_datetime(values).astype("datetime64[us]")).cast(kind)
        else:
            array = pa.array(values.astype(object).where(values.notna(), None), kind)
        columns[column.name] = array
    if "row_id" in tables()[name].sql.c:
        columns["row_id"] = pa.array(range(len(frame)), pa.int64())
    return pa.table(columns)


def written(rows: dict[str, pa.Table], folder: Path, imported_on: date) -> Facts:
    """Facts in Parquet files."""
    files = {}
    for name, table in rows.items():
        path = folder / f"{name}.parquet"
        pq.write_table(table, path)
        files[name] = (str(path),)
    return Facts(files, folder.name, imported_on)
