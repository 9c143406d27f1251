"""What is refused before it is read: bombs say what they are in their first bytes, their directories or as they unpack.

Sizes that a file declares are looked at first and those met while unpacking second, so that no declaration is trusted.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from data.apart.limits import MEGABYTE, Limits
from data.problems import DataProblem

RATIO = 200  # text shrinks by 5 to 50 times; more than this is made to
_SMALL = 64 * MEGABYTE  # below this, nobody minds how it was packed
_CHUNK = 1 << 20
_ZIP, _GZIP, _PARQUET = b"PK\x03\x04", b"\x1f\x8b", b"PAR1"
_SHEETS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
_DEEPEST = 2
_MEMBERS = 10_000
_DECLARED = re.compile(rb"<\x00?!\x00?(?:D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E|E\x00?N\x00?T\x00?I\x00?T\x00?Y)")
_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff\xe0", b"GIF8", b"\xd0\xcf\x11\xe0")
_JSON = (".json", ".jsonl", ".ndjson")


def screen(path: Path, name: str, limits: Limits) -> None:
    """Refuse a file that would take too much, by what can be seen without reading it.

    Raises:
        DataProblem: it would, with what to do. A file that is not there or is broken is left to its reader.
    """
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as file:
        head = file.read(8)
        file.seek(0)
        if head.startswith(_ZIP):
            with suppress(zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
                _screen_zip(file, name, limits, _Budget(name, limits), 0)
        elif head.startswith(_GZIP):
            with suppress(zlib.error, EOFError):
                _screen_gzip(file, name, limits)
        elif head.startswith(_PARQUET):
            _screen_parquet(path, limits)
        elif not head.startswith(_BINARY) and not name.lower().endswith(_JSON):
            _screen_lines(file, name, limits)


def fits(rows: int, columns: int, limits: Limits) -> None:
    """Refuse a table with too many rows, columns or cells.

    Raises:
        DataProblem: it has.
    """
    if columns > limits.columns:
        raise DataProblem(
            "too_many_columns",
            "A table may have {limit} columns, not {width}.",
            limit=limits.columns,
            width=columns,
        )
    if rows > limits.rows:
        raise DataProblem(
            "too_many_rows",
            "A table may have {limit} rows; this one has {rows}. Split the file.",
            limit=limits.rows,
            rows=rows,
        )
    if rows * columns > limits.cells:
        raise DataProblem(
            "too_large",
            "A table may have {limit} cells; this one has {cells}.",
            limit=limits.cells,
            cells=rows * columns,
        )


class _Budget:
    """What an archive may still unpack to, all its members together."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._most = limits.unpacked_mb * MEGABYTE
        self._used = 0

    def take(self, unpacked: int) -> None:
        self._used += unpacked
        if self._used > self._most:
            raise _too_large(self._name, self._most)

    def check(self, packed: int, unpacked: int) -> None:
        if unpacked > self._most:
            raise _too_large(self._name, self._most)
        if unpacked > _SMALL and unpacked > RATIO * max(packed, 1):
            raise DataProblem(
                "archive_bomb",
                "{name} unpacks to more than {ratio} times its size, which no export does. Unpack it yourself and "
                "give the file within.",
                name=self._name,
                ratio=RATIO,
            )


def _too_large(name: str, most: int) -> DataProblem:
    return DataProblem("archive_too_large", "{name} unpacks to more than {limit} bytes.", name=name, limit=most)


def _screen_zip(file: BinaryIO, name: str, limits: Limits, budget: _Budget, depth: int) -> None:
    with zipfile.ZipFile(file) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        if len(members) > _MEMBERS:
            raise _too_large(name, limits.unpacked_mb * MEGABYTE)
        for info in members:
            budget.check(info.compress_size, info.file_size)
        budget.check(sum(info.compress_size for info in members), sum(info.file_size for info in members))
        sheets = any(info.filename in _SHEETS for info in members)
        for info in members:
            _screen_member(file, archive, info, name, limits, budget, depth, sheets)


def _screen_member(
    file: BinaryIO,
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    name: str,
    limits: Limits,
    budget: _Budget,
    depth: int,
    sheets: bool,
) -> None:
    """Unpack a member without keeping it; one that holds more than it declares is refused."""
    kept = bytearray()
    met = 0
    for chunk in _unpacked(file, archive, info):
        if met == 0:
            inner = not sheets and chunk.startswith((_ZIP, _GZIP))
            if inner and depth + 1 >= _DEEPEST:
                raise DataProblem("nested_archive", "The file is an archive within archives. Unpack it first.")
            if sheets and info.filename.lower().endswith((".xml", ".rels")) and _DECLARED.search(chunk):
                raise DataProblem(
                    "xml_entities",
                    "{name} defines entities of its own, as no spreadsheet program does. Save it again as XLSX or CSV.",
                    name=name,
                )
        met += len(chunk)
        budget.take(len(chunk))
        budget.check(info.compress_size, met)
        if inner:
            kept += chunk
        elif met > info.file_size:
            raise DataProblem("broken_archive", "{name} cannot be unpacked.", name=name)
    if kept.startswith(_ZIP):
        _screen_zip(io.BytesIO(kept), name, limits, budget, depth + 1)
    elif kept.startswith(_GZIP):
        _screen_gzip(io.BytesIO(kept), name, limits)


def _unpacked(file: BinaryIO, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member as they are, whatever the directory says of their number."""
    with archive.open(info):  # checks its own heading against the directory
        pass
    file.seek(info.header_offset + 26)
    lengths = file.read(4)
    file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), io.SEEK_CUR)
    left = info.compress_size
    if info.compress_type == zipfile.ZIP_STORED:
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
        return
    if info.compress_type != zipfile.ZIP_DEFLATED:
        with archive.open(info) as stream:
            yield from iter(lambda: stream.read(_CHUNK), b"")
        return
    inflate = zlib.decompressobj(-15)
    while left > 0 and not inflate.eof and (packed := file.read(min(_CHUNK, left))):
        left -= len(packed)
        place = file.tell()
        while packed:
            yield inflate.decompress(packed, _CHUNK)
            packed = inflate.unconsumed_tail
        file.seek(place)
    yield inflate.flush()


def _screen_gzip(file: BinaryIO, name: str, limits: Limits) -> None:
    budget = _Budget(name, limits)
    inflate = zlib.decompressobj(31)
    packed = unpacked = 0
    while chunk := file.read(_CHUNK):
        packed += len(chunk)
        while chunk:
            met = inflate.decompress(chunk, _CHUNK)
            unpacked += len(met)
            budget.take(len(met))
            budget.check(packed, unpacked)
            chunk = inflate.unconsumed_tail
            if inflate.eof:  # members may follow one another
                chunk, inflate = inflate.unused_data, zlib.decompressobj(31)


def _screen_parquet(path: Path, limits: Limits) -> None:
    try:
        found = pq.read_metadata(path, memory_map=True)
    except (pa.ArrowException, OSError, ValueError):
        return
    fits(found.num_rows, found.num_columns, limits)


def _screen_lines(file: BinaryIO, name: str, limits: Limits) -> None:
    """Refuse text whose first line, or any line, is longer than a line may be."""
    most, run = limits.line_mb * MEGABYTE, 0
    while chunk := file.read(4 * _CHUNK):
        place = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        run = run + len(chunk) if place < 0 else len(chunk) - place - 1
        if run > most:
            raise DataProblem(
                "line_too_long",
                "{name} has a line of more than {limit} MB. Rows of a table end in line breaks: export it again.",
                name=name,
                limit=limits.line_mb,
            )
