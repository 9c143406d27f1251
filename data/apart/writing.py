"""Accepted rows as Parquet, in the shape in which they will be stored wherever that is known already."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data import schema
from data.apart.kept import Kept
from data.store.layout import ROW_ID, fit, stored_schema

GROUP_ROWS = 250_000


class Writer:
    """Rows of one canonical table, written piece by piece.

    A table without a key is written whole, with row numbers from 1, so that a store that holds none of its rows can
    take the file as it is. One with a key keeps to its mapped columns: an update leaves the others alone.
    """

    def __init__(self, table: str, path: Path) -> None:
        self._table = table
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._shape: pa.Schema | None = None
        self._mapped: tuple[str, ...] = ()
        self._rows = 0

    def add(self, rows: pa.Table) -> None:
        """Write more rows; all pieces have the same columns."""
        if self._writer is None:
            self._mapped = tuple(rows.column_names)
            keyed = bool(schema.tables()[self._table].key)
            shape = rows.schema if keyed else stored_schema(self._table, rows.schema)
            self._shape = None if keyed else shape
            self._writer = pq.ParquetWriter(self._path, shape, compression="zstd", **_encoded(shape))
        if self._shape is not None:
            if ROW_ID in self._shape.names:
                numbers = np.arange(self._rows + 1, self._rows + 1 + rows.num_rows, dtype=np.int64)
                rows = rows.add_column(0, pa.field(ROW_ID, pa.int64(), nullable=False), pa.array(numbers))
            rows = fit(self._table, rows, self._shape)
        self._rows += rows.num_rows
        self._writer.write_table(rows, row_group_size=GROUP_ROWS)

    def close(self) -> Kept:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
        return Kept(self._path, self._mapped)


def _encoded(shape: pa.Schema) -> dict[str, Any]:
    """Row numbers as differences: every one differs, so that a dictionary of them only costs time and room."""
    if ROW_ID not in shape.names:
        return {}
    others = [name for name in shape.names if name != ROW_ID]
    return {"use_dictionary": others, "column_encoding": {ROW_ID: "DELTA_BINARY_PACKED"}}


def write_accepted(table: str, rows: pa.Table | Iterable[pa.Table], path: Path) -> Kept:
    """Write accepted rows."""
    writer = Writer(table, path)
    for piece in [rows] if isinstance(rows, pa.Table) else rows:
        writer.add(piece)
    return writer.close()
