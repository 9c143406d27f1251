"""Templates to fill in: for each canonical table, its headers and one example row, as CSV."""

import csv
import io
import zipfile
from datetime import date, datetime
from typing import Any

from data import schema
from data.mapping.mapping import known_table


def template_tables() -> tuple[str, ...]:
    """Names of the tables that have a template, in the order people meet them."""
    return tuple(schema.tables())


def template(table: str) -> bytes:
    """The template of one table as CSV with a byte-order mark, which spreadsheets need.

    Raises:
        DataProblem: there is no such table.
    """
    columns = known_table(table).columns.values()
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    writer.writerow([_written(column.example) for column in columns])
    return lines.getvalue().encode("utf-8-sig")


def all_templates() -> bytes:
    """Every template in one ZIP archive, each in a file named after its table."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        for table in template_tables():
            files.writestr(zipfile.ZipInfo(f"{table}.csv"), template(table))
    return archive.getvalue()


def column_facts(table: str) -> list[dict[str, Any]]:
    """The columns of one table: name, required (bool), key (bool), type, unit (or None), meaning, example.

    Raises:
        DataProblem: there is no such table.
    """
    known = known_table(table)
    return [
        {
            "name": column.name,
            "required": column.required,
            "key": column.name in known.key,
            "type": column.type.__name__,
            "unit": column.unit,
            "meaning": column.meaning,
            "example": _written(column.example),
        }
        for column in known.columns.values()
    ]


def _written(example: Any) -> str:
    if example is None:
        return ""
    if isinstance(example, bool):
        return "true" if example else "false"
    if isinstance(example, datetime):
        return example.strftime("%Y-%m-%d %H:%M")
    if isinstance(example, date):
        return example.isoformat()
    return f"{example:g}" if isinstance(example, float) and abs(example) < 1e6 else str(example)
