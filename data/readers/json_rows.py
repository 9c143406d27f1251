"""JSON lines, one JSON list of objects, or an object that holds one: objects as rows, numbers as they are written."""

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from data.problems import DataProblem, Problem
from data.readers.columnar import raw_table
from data.readers.encodings import as_utf8, find_encoding
from data.readers.filling import limit
from data.readers.layout import unique_names
from data.readers.raw import MAX_COLUMNS, Assumed, RawTable


class _Written(float):
    """A number that remembers how it was written, so that `12.50` and `1e5` stay so."""

    text: str


def _number(text: str) -> _Written:
    number = _Written(text)
    number.text = text
    return number


def looks_like_json(head: bytes) -> bool:
    """Whether a file starts like JSON rows."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"{":
        return start[1:].lstrip()[:1] in (b'"', b"}")
    return start[:1] == b"[" and start[1:].lstrip()[:1] == b"{"


def read_json(data: memoryview, name: str, assumed: Assumed | None = None) -> RawTable:
    """JSON rows; objects within are flattened one level as `name.field`, deeper ones and lists stay JSON.

    Raises:
        DataProblem: the text is not JSON, or not objects; it names the line.
    """
    encoding = (assumed.encoding if assumed else None) or find_encoding(data)
    text = bytes(as_utf8(data, encoding)).decode("utf-8")
    records, lines, notes = _records(text, name)
    if not records or not all(isinstance(record, dict) for record in records):
        raise DataProblem("broken_json", "{name} must hold one JSON object for each row.", name=name)
    rows = [_flat(record) for record in records]
    names = list(dict.fromkeys(key for row in rows for key in row))
    if not names:
        raise DataProblem("empty_file", "{name} holds no rows.", name=name)
    if len(names) > MAX_COLUMNS:
        raise DataProblem(
            "too_many_columns", "A table may have {limit} columns, not {width}.", limit=MAX_COLUMNS, width=len(names)
        )
    limit(len(rows), len(names))
    columns = [pa.array([_text(row.get(key)) for row in rows], pa.string()) for key in names]
    result = raw_table(name, pa.table(columns, names=unique_names(names, len(names))), header_row=0, first=1)
    result.notes += notes
    if lines != list(range(1, len(lines) + 1)):
        result.first_row_number, result.row_numbers = lines[0], pa.array(lines, pa.int64())
    return result


def _records(text: str, name: str) -> tuple[list[Any], list[int], list[Problem]]:
    """The objects, the line (or place in the list) of each, and notes."""
    notes: list[Problem] = []
    try:
        whole = _load(text)
    except (ValueError, RecursionError):
        records, lines = _by_line(text, name)
        return records, lines, notes
    if isinstance(whole, dict):
        lists = [key for key, value in whole.items() if _is_rows(value)]
        if len(lists) == 1 and not any(key.casefold().endswith("id") for key in whole):
            expected = f"rows at the top; those under {lists[0]!r} are taken"
            notes.append(Problem(None, "rows_within", 1, expected, [], "assumed", {"key": lists[0]}))
            whole = whole[lists[0]]
        else:
            whole = [whole]
    if not isinstance(whole, list):
        raise DataProblem("broken_json", "{name} must hold one JSON object for each row.", name=name)
    return whole, list(range(1, len(whole) + 1)), notes


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _by_line(text: str, name: str) -> tuple[list[Any], list[int]]:
    records, lines = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append(_load(line))
        except (ValueError, RecursionError) as error:
            raise DataProblem(
                "broken_json_line", "Line {line} of {name} is not JSON.", line=number, name=name
            ) from error
        lines.append(number)
    return records, lines


def _load(text: str) -> Any:
    return json.loads(text, parse_float=_number, object_pairs_hook=_pairs)


def _pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a name that comes twice keeps both values."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        name, number = key, 2
        while name in found:
            name, number = f"{key} ({number})", number + 1
        found[name] = value
    return found


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value:
            row.update({f"{key}.{inner}": deep for inner, deep in value.items() if f"{key}.{inner}" not in record})
        else:
            row[key] = value
    return row


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return _sound(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Written):
        return value.text
    return _sound(json.dumps(value, ensure_ascii=False)) if isinstance(value, dict | list) else str(value)


def _sound(text: str | None) -> str | None:
    """Text without halves of characters, which no file can hold."""
    return None if text is None else text.encode("utf-8", errors="replace").decode("utf-8")
