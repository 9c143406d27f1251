"""Any file to tables of text: look at what it is, unpack it, hand it to its reader."""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from data.problems import DataProblem, Problem, did_you_mean
from data.readers.columnar import read_parquet
from data.readers.delimited import read_delimited
from data.readers.json_rows import looks_like_json, read_json
from data.readers.raw import MAX_BYTES, Assumed, RawTable
from data.readers.spreadsheets import read_spreadsheet

_MARKUP = re.compile(
    rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<(?:!--|(?:!doctype|\?xml|html|head|body|meta|style|table)\b)",
    re.IGNORECASE,
)
_UNPACK_LIMIT = 4 * 1024**3
_MEMBERS = 50
_SHEETS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")


def read(source: str | Path | bytes, name: str | None = None, assumed: Assumed | None = None) -> list[RawTable]:
    """Read a file, given by path or as bytes, into tables of text.

    Args:
        source: Path, or the bytes of an upload.
        name: Name shown to people; the path's own name when left out.
        assumed: What to use instead of what would be found.

    Raises:
        DataProblem: the file cannot be read; the message says what to do.
    """
    if isinstance(source, bytes):
        data, shown = memoryview(source), name or "upload"
    else:
        path = Path(source)
        data, shown = _map(path), name or path.name
    if len(data) > MAX_BYTES:
        raise DataProblem("too_large_file", "{name} is larger than {limit} bytes.", name=shown, limit=MAX_BYTES)
    if not len(data):
        raise DataProblem("empty_file", "{name} is empty.", name=shown)
    return _read(data, shown, assumed, depth=0)


def open_bytes(path: Path) -> memoryview:
    """The bytes of a file without copying them into memory."""
    return _map(path)


def _map(path: Path) -> memoryview:
    try:
        if path.is_dir():
            raise DataProblem("is_a_folder", "{path} is a folder. Name the files in it.", path=str(path))
        if not path.is_file():
            raise DataProblem("no_such_file", "There is no file {path}.", path=str(path))
        if path.stat().st_size == 0:
            return memoryview(b"")
        return memoryview(pa.memory_map(str(path)).read_buffer())
    except (OSError, ValueError) as error:
        raise DataProblem("unreadable_file", "{path} cannot be opened.", path=str(path)) from error


def _read(data: memoryview, name: str, assumed: Assumed | None, depth: int) -> list[RawTable]:
    head = bytes(data[:8])
    suffix = name.lower().rsplit(".", 1)[-1]
    if head[:4] == b"PK\x03\x04":
        return _read_zip(data, name, assumed, depth)
    if head[:2] == b"\x1f\x8b":
        return _read(
            memoryview(_gunzip(data, name)), name.removesuffix(".gz").removesuffix(".GZ"), assumed, _deeper(depth)
        )
    if head[:4] == b"PAR1":
        return [read_parquet(data, name)]
    if head == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return read_spreadsheet(data, name, assumed)
    if suffix in ("pdf", "docx", "pptx", "png", "jpg", "jpeg", "gif") or head[:4] in (
        b"%PDF",
        b"\x89PNG",
        b"\xff\xd8\xff\xe0",
        b"GIF8",
    ):
        raise DataProblem(
            "not_a_table",
            "{name} is not a table Farol can read. Give CSV, TSV, XLSX, XLS, ODS, Parquet or JSON lines.",
            name=name,
        )
    if _MARKUP.match(bytes(data[:2048]).replace(b"\0", b"")):
        raise DataProblem(
            "html_table",
            "{name} is a web page (HTML or XML) under the name of a spreadsheet. Open it in a spreadsheet program, "
            "save it as XLSX and bring that.",
            name=name,
        )
    if suffix in ("jsonl", "ndjson", "json") or looks_like_json(bytes(data[:4096])):
        return [read_json(data, name, assumed)]
    return read_delimited(data, name, assumed)


def _deeper(depth: int) -> int:
    if depth >= 2:
        raise DataProblem("nested_archive", "The file is an archive within archives. Unpack it first.")
    return depth + 1


def _gunzip(data: memoryview, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return _bounded(iter(lambda: stream.read(1 << 22), b""), name)
    except (OSError, EOFError, zlib.error) as error:
        raise DataProblem("broken_archive", "{name} cannot be unpacked.", name=name) from error


def _bounded(chunks: Iterator[bytes], name: str) -> bytes:
    parts = bytearray()
    for chunk in chunks:
        parts += chunk
        if len(parts) > _UNPACK_LIMIT:
            raise DataProblem(
                "archive_too_large", "{name} unpacks to more than {limit} bytes.", name=name, limit=_UNPACK_LIMIT
            )
    return bytes(parts)


def _read_zip(data: memoryview, name: str, assumed: Assumed | None, depth: int) -> list[RawTable]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            if any(info.filename in _SHEETS for info in members):
                return read_spreadsheet(data, name, assumed)
            members = [m for m in members if not _hidden(m.filename)]
            if len(members) > _MEMBERS and (assumed is None or assumed.sheet is None):
                raise DataProblem(
                    "too_many_members",
                    "{name} holds more than {limit} files. Unpack it first.",
                    name=name,
                    limit=_MEMBERS,
                )
            wanted = assumed.sheet if assumed else None
            if wanted is not None and wanted not in [m.filename for m in members]:
                raise DataProblem(
                    "unknown_sheet",
                    "{name} has no file {sheet!r}.{hint}",
                    name=name,
                    sheet=wanted,
                    hint=did_you_mean(wanted, [m.filename for m in members]),
                )
            chosen = [info for info in members if wanted in (None, info.filename)]
            tables, refusals = _read_members(archive, chosen, name, assumed, depth)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error, ValueError) as error:
        raise DataProblem("broken_archive", "{name} cannot be unpacked.", name=name) from error
    if not tables:
        raise refusals[0] if refusals else DataProblem("empty_file", "{name} holds no tables.", name=name)
    tables[0].notes += [
        Problem(None, "member_left_out", 1, str(refusal), [], "left_out", {"why": str(refusal)}) for refusal in refusals
    ]
    return tables


def _hidden(name: str) -> bool:
    """Files that systems put into archives for themselves."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith((".", "__"))


def _read_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], name: str, assumed: Assumed | None, depth: int
) -> tuple[list[RawTable], list[DataProblem]]:
    """The tables of the files of an archive, and why others of them are left out."""
    tables: list[RawTable] = []
    refusals: list[DataProblem] = []
    for info in members:
        try:
            tables += _read_member(archive, info, name, assumed, depth)
        except DataProblem as problem:
            if problem.id in ("archive_too_large", "nested_archive", "too_large", "too_large_file"):
                raise
            refusals.append(problem)
    return tables, refusals


def _read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, assumed: Assumed | None, depth: int
) -> list[RawTable]:
    with archive.open(info) as stream:
        content = _bounded(iter(lambda: stream.read(1 << 22), b""), name)
    inner = replace(assumed, sheet=None) if assumed else None
    tables = _read(memoryview(content), info.filename, inner, _deeper(depth)) if content else []
    for table in tables:
        table.assumed = replace(table.assumed, sheet=info.filename)
        table.name = f"{name} · {table.name}"
    return tables
