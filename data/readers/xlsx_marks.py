"""What an XLSX shows beyond bare values: cells with errors, padded numbers such as 00042, and percentages."""

import html
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_BUILT_IN = {9: "0%", 10: "0.00%"}
_CHUNK = 1 << 20
_MOST = 1 << 29  # bytes of one sheet; beyond that cells keep their bare values
_ERROR = b't="e"'
_PLACE = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_STYLE = re.compile(rb'\ss="(\d{1,9})"')


@dataclass
class Marks:
    """Marks of one sheet by (row, column), both from 0. A format is `%` or the number of digits to pad to."""

    errors: list[tuple[int, int]] = field(default_factory=list)
    formats: dict[tuple[int, int], str | int] = field(default_factory=dict)


def read_marks(data: memoryview) -> dict[str, Marks]:
    """Marks by the name of the sheet; empty for other spreadsheets and where the file cannot be followed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            if "xl/workbook.xml" not in book.namelist():
                return {}
            styles = _styles(book)
            return {name: _marks(book, path, styles) for name, path in _sheets(book).items()}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError):
        return {}


def shown(value: Any, mark: str | int) -> Any:
    """The text that a number with such a format shows."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if mark == "%":
        percent = (Decimal(repr(value)) * 100).normalize()
        return f"{percent:f}%"
    whole = isinstance(value, int) or value.is_integer()
    return f"{int(value):0{mark}d}" if whole and 0 <= value < 1e15 else value


def _part(book: zipfile.ZipFile, path: str) -> bytes:
    with book.open(path) as stream:
        return stream.read(1 << 24)


def _attribute(tag: bytes, name: bytes) -> str:
    match = re.search(rb"[\s:]" + name + rb'\s*=\s*"([^"]*)"', tag)
    return html.unescape(match[1].decode("utf-8", errors="replace")) if match else ""


def _sheets(book: zipfile.ZipFile) -> dict[str, str]:
    """Path of each sheet by its name."""
    targets = {
        _attribute(tag, b"Id"): _attribute(tag, b"Target")
        for tag in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", _part(book, "xl/_rels/workbook.xml.rels"))
    }
    found, members = {}, set(book.namelist())
    for tag in re.findall(rb"<(?:\w+:)?sheet\b[^>]*>", _part(book, "xl/workbook.xml")):
        target = targets.get(_attribute(tag, b"id"), "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path in members:
            found[_attribute(tag, b"name")] = path
    return found


def _styles(book: zipfile.ZipFile) -> dict[int, str | int]:
    """Style number → percent or digits to pad to."""
    if "xl/styles.xml" not in book.namelist():
        return {}
    text = _part(book, "xl/styles.xml")
    codes = dict(_BUILT_IN)
    for tag in re.findall(rb"<(?:\w+:)?numFmt\b[^>]*>", text):
        codes[int(_attribute(tag, b"numFmtId") or -1)] = _attribute(tag, b"formatCode")
    found: dict[int, str | int] = {}
    cells = re.search(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", text, re.DOTALL)
    for style, tag in enumerate(re.findall(rb"<(?:\w+:)?xf\b[^>]*>", cells[0]) if cells else ()):
        code = codes.get(int(_attribute(tag, b"numFmtId") or 0), "").split(";")[0]
        if "%" in code:
            found[style] = "%"
        elif re.fullmatch(r"0{2,15}", code):
            found[style] = len(code)
    return found


def _marks(book: zipfile.ZipFile, path: str, styles: dict[int, str | int]) -> Marks:
    marks = Marks()
    wanted = [_ERROR, *(f's="{style}"'.encode() for style in styles)]
    pattern = re.compile(rb"\s(?:" + b"|".join(wanted) + rb")[^<>]*>")
    carried, seen = b"", 0
    with book.open(path) as stream:
        while (chunk := stream.read(_CHUNK)) and seen < _MOST:
            seen += len(chunk)
            text = carried + chunk
            cut = text.rfind(b"<")
            text, carried = (text[:cut], text[cut:]) if cut > 0 else (text, b"")
            for match in pattern.finditer(text):
                _take(text[text.rfind(b"<", 0, match.start()) : match.end()], styles, marks)
    return marks


def _take(tag: bytes, styles: dict[int, str | int], marks: Marks) -> None:
    place = _PLACE.match(tag)
    if place is None:
        return
    column = 0
    for letter in place[1]:
        column = column * 26 + letter - 64
    at = (int(place[2]) - 1, column - 1)
    if _ERROR in tag:
        marks.errors.append(at)
    style = _STYLE.search(tag)
    if style and int(style[1]) in styles:
        marks.formats[at] = styles[int(style[1])]
