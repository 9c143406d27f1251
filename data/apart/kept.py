"""What the child left on disk, as the app sees it: rows in files, and a folder that goes when nobody needs it."""

import mmap
import os
import shutil
import weakref
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


class Folder:
    """A folder of results; removed when the last reading that came from it is forgotten."""

    def __init__(self, path: Path) -> None:
        """Make the folder; nobody else may look into it."""
        path.mkdir(mode=0o700, parents=True)
        self.path = path
        self._made = 0
        self._gone = weakref.finalize(self, shutil.rmtree, str(path), ignore_errors=True)

    def fresh(self) -> "Folder":
        """A new folder within, for one step, that goes when its results are forgotten. This one counts as in use."""
        self._made += 1
        os.utime(self.path)
        return Folder(self.path / str(self._made))


@dataclass(frozen=True)
class Kept:
    """Typed rows in a Parquet file, read when asked for and only as far as asked.

    Attributes:
        path: The file.
        mapped: The columns that were mapped; a table without a key is kept as it will be stored, with all of them.
        holds: What keeps the file there.
    """

    path: Path
    mapped: tuple[str, ...]
    holds: Any = field(default=None, compare=False, repr=False)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns and types."""
        return pq.read_schema(self.path)

    @cached_property
    def num_rows(self) -> int:
        """How many rows there are."""
        return int(pq.read_metadata(self.path).num_rows)

    @property
    def column_names(self) -> list[str]:
        """The columns that were mapped."""
        return list(self.mapped)

    def select(self, names: list[str]) -> pa.Table:
        """Some columns, read into memory."""
        return pq.read_table(self.path, columns=names)

    def column(self, name: str) -> pa.ChunkedArray:
        """One column, read into memory."""
        return self.select([name]).column(0)

    __getitem__ = column

    def whole(self) -> pa.Table:
        """All rows of the mapped columns, read into memory."""
        return self.select(self.column_names)

    def filter(self, rows: Any) -> pa.Table:
        """The rows where a mask is true, read into memory."""
        return self.whole().filter(rows)

    def to_pylist(self) -> list[dict[str, Any]]:
        """All rows of the mapped columns as plain values."""
        return self.whole().to_pylist()


def write_text(table: pa.Table, path: Path) -> None:
    """Write a table as an Arrow file that can be looked at without being read."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1 << 20)


def open_text(path: Path) -> pa.Table:
    """A table of text on disk: mapped, so that only what is looked at comes into memory.

    Raises:
        pa.ArrowException, OSError: it is no such file.
    """
    return open_mapped(path)[0]


def open_mapped(path: Path) -> tuple[pa.Table, mmap.mmap]:
    """The same with its mapping, whose pages can be given back.

    Raises:
        pa.ArrowException, OSError: it is no such file.
    """
    with path.open("rb") as file:
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise OSError(f"{path.name} is empty") from error
    found = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))).read_all()
    found.validate()
    return found, mapped


def give_back(mapped: mmap.mmap | None) -> None:
    """Let go of the pages that were looked at; they come back when they are looked at again."""
    if mapped is not None and hasattr(mapped, "madvise"):
        mapped.madvise(mmap.MADV_DONTNEED)
