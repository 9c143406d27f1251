"""Parquet and JSON lines, as text like everything else."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data.problems import DataProblem
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
        table = file.read()
        columns = [_text(table.column(i)) for i in range(table.num_columns)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataProblem("broken_parquet", "{name} cannot be read as Parquet.", name=name) from error
    return _raw(name, pa.table(columns, names=unique_names(table.column_names, table.num_columns)))


def read_json_lines(data: memoryview, name: str) -> RawTable:
    """JSON lines, or one JSON list of objects.

    Raises:
        DataProblem: the text is not JSON, or not objects.
    """
    try:
        text = bytes(data).decode("utf-8-sig")
        if text.lstrip().startswith("["):
            records = json.loads(text)
        else:
            records = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise DataProblem("broken_json", "{name} cannot be read as JSON lines.", name=name) from error
    if not records or not all(isinstance(record, dict) for record in records):
        raise DataProblem("broken_json", "{name} must hold one JSON object for each row.", name=name)
    names = list(dict.fromkeys(key for record in records for key in record))[:MAX_COLUMNS]
    if not names:
        raise DataProblem("empty_file", "{name} holds no rows.", name=name)
    columns = [pa.array([_json_text(record.get(key)) for record in records], pa.string()) for key in names]
    return _raw(name, pa.table(columns, names=unique_names(names, len(names))), header_row=0, first=1)


def _raw(name: str, frame: pa.Table, header_row: int = 1, first: int = 2) -> RawTable:
    if frame.num_columns == 0:
        raise DataProblem("empty_file", "{name} holds no rows.", name=name)
    stream = io.StringIO()
    stream.write("\t".join(frame.column_names) + "\n")
    for record in frame.slice(0, 20).to_pylist():
        stream.write("\t".join("" if cell is None else str(cell) for cell in record.values()) + "\n")
    preview = tuple(line[:500] for line in stream.getvalue().splitlines())
    return RawTable(
        name, frame, header_row, first, preview, Assumed(encoding="utf-8", decimal=".", header_row=header_row)
    )


def _json_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_duration(kind):
        column, kind = pc.divide(column.cast(pa.duration("us")).cast(pa.int64()).cast(pa.float64()), 1e6), pa.float64()
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pc.strftime(column.cast(pa.timestamp("us", tz="UTC")), "%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_nested(kind):
        return pa.chunked_array([pa.array([_json_text(_plain(v)) for v in column.to_pylist()], pa.string())])
    return column.cast(pa.string())


def _plain(value: Any) -> Any:
    return None if value is None else json.loads(json.dumps(value, default=str))
