"""Parquet, as text like everything else."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.problems import DataProblem, Problem
from data.readers.filling import TAIL_RECORDS
from data.readers.layout import unique_names
from data.readers.raw import MAX_CELLS, MAX_COLUMNS, Assumed, RawTable


def read_parquet(data: memoryview, name: str) -> RawTable:
    """A Parquet file; refused by declared rows × columns before anything is unpacked.

    Raises:
        DataProblem: the file is broken or too large.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(data)))
        if file.metadata.num_columns > MAX_COLUMNS:
            raise DataProblem("too_many_columns", "A table may have {limit} columns.", limit=MAX_COLUMNS)
        if file.metadata.num_rows * max(file.metadata.num_columns, 1) > MAX_CELLS:
            raise DataProblem("too_large", "A table may have {limit} cells.", limit=MAX_CELLS)
        table = _flattened(file.read())
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError) as error:
        raise DataProblem("broken_parquet", "{name} cannot be read as Parquet.", name=name) from error
    names = unique_names(table.column_names, table.num_columns)
    columns: dict[str, pa.ChunkedArray] = {}
    unreadable = []
    for position, column in enumerate(names):
        try:
            columns[column] = _text(table.column(position))
        except (pa.ArrowException, ValueError, OverflowError, TypeError):
            unreadable.append(column)
    result = raw_table(name, pa.table(columns), binary=True)
    if unreadable:
        expected = f"columns that can be written as text; {', '.join(unreadable)} cannot and are left out"
        params = {"columns": ", ".join(unreadable)}
        note = Problem(None, "unreadable_columns", len(unreadable), expected, severity="left_out", params=params)
        result.notes.append(note)
    return result


def _flattened(table: pa.Table) -> pa.Table:
    """Columns of records as a column for each field, `name.field`; one level."""
    return table.flatten() if any(pa.types.is_struct(field.type) for field in table.schema) else table


def raw_table(name: str, frame: pa.Table, header_row: int = 1, first: int = 2, binary: bool = False) -> RawTable:
    """A table of text from columns that have names already.

    Raises:
        DataProblem: there are no columns.
    """
    if frame.num_columns == 0:
        raise DataProblem("empty_file", "{name} holds no rows.", name=name)

    def shown(rows: pa.Table) -> list[str]:
        return ["\t".join("" if cell is None else str(cell) for cell in row.values())[:500] for row in rows.to_pylist()]

    preview = ("\t".join(frame.column_names)[:500], *shown(frame.slice(0, 20)))
    last = max(0, frame.num_rows - TAIL_RECORDS)
    tail = tuple((first + last + i, line) for i, line in enumerate(shown(frame.slice(last))))
    encoding = None if binary else "utf-8"
    assumed = Assumed(encoding=encoding, decimal=".", header_row=header_row)
    return RawTable(name, frame, header_row, first, preview, assumed, tail_lines=tail)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_duration(kind):
        column, kind = pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6), pa.float64()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        utc = pc.local_timestamp(column.cast(pa.timestamp("us", tz="UTC"), safe=False))
        return pc.binary_join_element_wise(utc.cast(pa.string()), "Z", "")
    if pa.types.is_floating(kind):
        return _floats(column)
    if pa.types.is_nested(kind):
        return pa.chunked_array([pa.array([_json(v) for v in column.to_pylist()], pa.string())])
    return column.cast(pa.string())


def _floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers without decimals, as ids kept as floats are written; not-a-number is missing."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 1e15))
    digits = pc.if_else(whole, column, pa.scalar(0, column.type)).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.if_else(whole, digits, column.cast(pa.string()))


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
