"""Canonical frames: columns in schema order, one pandas dtype per canonical type, and their Arrow form."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from data.schema import tables

ARROW = {
    "str": pa.string(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "float": pa.float64(),
    "int": pa.int64(),
    "bool": pa.bool_(),
}


NO_DAY = np.datetime64("NaT")


def unless(mask: np.ndarray, values: Any) -> np.ndarray:
    """The values as objects, None where the mask is true."""
    out = np.empty(len(mask), dtype=object)
    out[:] = values
    out[mask] = None
    return out


def _typed(values: Any, kind: str, rows: int) -> pd.Series:
    if values is None:
        values = np.full(rows, None, dtype=object)
    elif np.isscalar(values):
        values = np.full(rows, values, dtype=object if isinstance(values, str) else None)
    if kind in ("date", "datetime"):
        unit = "D" if kind == "date" else "s"
        if isinstance(values, np.ndarray) and values.dtype.kind == "O":
            values = pd.to_datetime(pd.Series(values, dtype=object)).to_numpy()
        return pd.Series(np.asarray(values).astype(f"datetime64[{unit}]").astype("datetime64[s]"))
    if kind == "int":
        return pd.Series(values).astype("Int64")
    if kind == "float":
        return pd.Series(values).astype("float64")
    if kind == "bool":
        return pd.Series(values).astype("boolean")
    return pd.Series(values, dtype=object)


def canonical(table: str, rows: int, **columns: Any) -> pd.DataFrame:
    """Build a frame with every column of a canonical table, in schema order.

    Args:
        table: Name of the canonical table.
        rows: Number of rows.
        columns: Arrays of that length, or a scalar for all rows. Columns left out are empty.

    Returns:
        Dates and datetimes are datetime64[s], integers Int64, booleans boolean, text object.
    """
    declared = tables()[table].columns
    unknown = set(columns) - set(declared)
    if unknown:
        raise KeyError(f"{table} has no column {sorted(unknown)}")
    return pd.DataFrame({c.name: _typed(columns.get(c.name), c.type.__name__, rows) for c in declared.values()})


def as_arrow(table: str, frame: pd.DataFrame) -> pa.Table:
    """The frame of a canonical table in snapshot types: text, date32, timestamp, double, int64, bool."""
    declared = tables()[table].columns
    schema = pa.schema([(c.name, ARROW[c.type.__name__]) for c in declared.values()])
    return pa.Table.from_pandas(frame[list(declared)], schema=schema, preserve_index=False)
