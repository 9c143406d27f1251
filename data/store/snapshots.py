"""Snapshot files: immutable Parquet under their own hash, one or more per table and version."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.problems import DataProblem
from data.store import durable
from data.store.layout import ROW_ID, canonical_table, fit, stored_schema

SUFFIX = ".parquet"
SLICE_ROWS = 250_000  # rows of a row group, and of the pieces a large table is written in


@dataclass(frozen=True)
class Stored:
    """A snapshot file: its name in the table's folder, its rows, its greatest row number (0 where rows have keys)."""

    file: str
    rows: int
    last_row_id: int = 0


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file.

    Raises:
        DataProblem: it is not one.
    """
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise DataProblem(
            "parquet_unreadable", "The file {file} cannot be read as Parquet: {why}", file=path.name, why=str(error)
        ) from error


def schema_of(frame: pa.Table | Path) -> pa.Schema:
    """The columns of a table in memory or in a file."""
    if isinstance(frame, pa.Table):
        return frame.schema
    with open_parquet(frame) as file:
        return file.schema_arrow


def row_count(frame: pa.Table | Path) -> int:
    """The rows of a table in memory or in a file."""
    if isinstance(frame, pa.Table):
        return frame.num_rows
    with open_parquet(frame) as file:
        return file.metadata.num_rows


def typed(table: str, frame: pa.Table | Path) -> pa.Table | Path:
    """The rows with the columns they have, in stored types; as they are where these fit already.

    Raises:
        DataProblem: columns or values that the table cannot hold.
    """
    given = schema_of(frame)
    names = {name.lower() for name in given.names}
    schema = pa.schema([field for field in stored_schema(table, given) if field.name in names])
    if {field.name: field.type for field in schema} == {field.name: field.type for field in given}:
        return frame
    return fit(table, pq.read_table(frame) if isinstance(frame, Path) else frame, schema)


def pieces(frame: pa.Table | Path) -> Iterator[pa.Table]:
    """The rows in pieces, without ever holding a file whole."""
    if isinstance(frame, pa.Table):
        for start in range(0, frame.num_rows, SLICE_ROWS):
            yield frame.slice(start, SLICE_ROWS)
        return
    with open_parquet(frame) as file:
        for batch in file.iter_batches(SLICE_ROWS):
            yield pa.Table.from_batches([batch])


def store_frame(folder: Path, table: str, frame: pa.Table | Path, first_row_id: int) -> Stored:
    """Store rows as a snapshot; tables without a key are numbered from `first_row_id` on.

    A Parquet file that already has the stored shape (and numbers) is linked in as it is; its values are not read.
    """
    schema = stored_schema(table, schema_of(frame))
    numbered = ROW_ID in schema.names
    if isinstance(frame, Path) and _fits_as_is(frame, table, schema, first_row_id):
        rows = row_count(frame)
        name = durable.adopt(folder, SUFFIX, frame)
    else:
        rows = row_count(frame)
        numbered_pieces = _number(pieces(frame), first_row_id) if numbered else pieces(frame)
        name = store_pieces(folder, table, numbered_pieces, schema)
    return Stored(name, rows, first_row_id + rows - 1 if numbered else 0)


def store_as_is(folder: Path, table: str, frame: pa.Table | Path) -> str:
    """Store rows in stored types with the columns they have and no more, and return the file's name."""
    if isinstance(frame, Path):
        return durable.adopt(folder, SUFFIX, frame)
    return store_pieces(folder, table, pieces(frame), frame.schema)


def row_ids(path: Path) -> tuple[int, int] | None:
    """The smallest and the greatest row number in a file; None where rows have keys, or there are none."""
    with open_parquet(path) as file:
        metadata = file.metadata
        if ROW_ID not in file.schema_arrow.names or not metadata.num_rows:
            return None
        place = file.schema_arrow.names.index(ROW_ID)
        found = [metadata.row_group(group).column(place).statistics for group in range(metadata.num_row_groups)]
    return min(one.min for one in found), max(one.max for one in found)


def store_pieces(folder: Path, table: str, rows: Iterable[pa.Table], schema: pa.Schema) -> str:
    """Write pieces one by one into one snapshot file and return its name."""

    def fill(stream: BinaryIO) -> None:
        with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            for piece in rows:
                writer.write_table(fit(table, piece, schema), row_group_size=SLICE_ROWS)

    return durable.place(folder, SUFFIX, fill)


def _number(rows: Iterable[pa.Table], first: int) -> Iterator[pa.Table]:
    for piece in rows:
        numbers = pa.array(np.arange(first, first + piece.num_rows, dtype=np.int64))
        kept = piece.drop_columns([ROW_ID]) if ROW_ID in piece.schema.names else piece
        yield kept.add_column(0, pa.field(ROW_ID, pa.int64(), nullable=False), numbers)
        first += piece.num_rows


def _fits_as_is(path: Path, table: str, schema: pa.Schema, first_row_id: int) -> bool:
    """Whether a file has exactly the stored columns and types, no empty required value, and the right row numbers."""
    with open_parquet(path) as file:
        metadata = file.metadata
        if not file.schema_arrow.equals(schema):
            return False
        required = set(canonical_table(table).required)
        for group in range(metadata.num_row_groups):
            for index in range(metadata.num_columns):
                column = metadata.row_group(group).column(index)
                statistics = column.statistics
                if column.path_in_schema in required and (statistics is None or statistics.null_count != 0):
                    return False
                if column.path_in_schema == ROW_ID:
                    last = first_row_id + metadata.row_group(group).num_rows - 1
                    if statistics is None or (statistics.min, statistics.max) != (first_row_id, last):
                        return False
                    first_row_id = last + 1
    return True
