"""Rows that stay out and columns that feed nothing: kept as they were, to be corrected and sent again."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.checks.findings import Findings
from data.checks.privacy import neutral, pseudonyms
from data.checks.shaping import Shaped
from data.checks.values import Manner
from data.mapping.mapping import Mapping
from data.mapping.names import normalised
from data.problems import Problem
from data.readers.raw import RawTable
from data.readers.typed import TEXT_NULLS, flat, is_missing, trimmed

REASON_COLUMNS = ("farol_row", "farol_reason")
READ_COLUMN = "farol_read"  # how the file was read, where rows that come back alone could not prove it
_OWN = (*REASON_COLUMNS, READ_COLUMN)
_READ_AS = "{decimal} {order}"
_REASONS = {
    "too_many_cells": ("more cells than the header has", "as many cells as the header has"),
    "too_few_cells": ("fewer cells than the header has", "as many cells as the header has"),
    "odd_quotes": ("quotes that do not pair", "quotes in pairs"),
}


def extra_headers(raw: RawTable, mapping: Mapping) -> list[str]:
    """Headers of the file that arrive in no column and are not dropped: kept beside the others."""
    arrived = {header for body in mapping.tables.values() for header in body.kept} | mapping.private
    return [header for header in raw.headers if header not in arrived and header not in _OWN]


def extras(raw: RawTable, headers: list[str]) -> dict[str, pa.Array]:
    """Those columns as text under `x_` names."""
    found: dict[str, pa.Array] = {}
    for header in headers:
        slug = "x_" + (normalised(header).replace(" ", "_") or "column")
        name, number = slug, 2
        while name in found:
            name, number = f"{slug}_{number}", number + 1
        texts = trimmed(flat(raw.frame.column(header)))
        gone = pa.array(is_missing(texts, TEXT_NULLS))
        found[name] = pc.if_else(gone, pa.scalar(None, texts.type), texts).cast(pa.string())
    return found


def with_members(shaped: Shaped | None, findings: Findings) -> tuple[np.ndarray, int, int]:
    """Rows rejected after the steps, and how many rows of the file were left out and merged into accepted ones."""
    out = findings.rejected & ~findings.left_out
    if shaped is None:
        return out, int(findings.left_out.sum()), 0
    sizes = shaped.sizes
    merged = sizes[~out & ~findings.left_out] - 1
    return out, shaped.left_out + int(sizes[findings.left_out].sum()), int(merged.sum())


def rejected(
    raw: RawTable,
    out: np.ndarray,
    findings: Findings,
    shaped: Shaped | None,
    mapping: Mapping,
    key: bytes | None,
    how: Manner,
) -> pa.Table:
    """The rows that stay out: line, reason, how they are read where it matters, then the columns as they were.

    Every row of a group is there; of a row taken apart only the cell in question is filled. Dropped columns are
    blank, pseudonyms stand in theirs, and what a spreadsheet would run stands behind an apostrophe.
    """
    positions = np.flatnonzero(out)
    reasons = np.asarray(findings.reasons(positions), dtype=object)
    if shaped is None:
        rows, cells = positions, np.full(len(positions), "", dtype=object)
    else:
        pairs = np.flatnonzero(out[shaped.target])
        rows, cells = shaped.source[pairs], shaped.cell[pairs]
        reasons = reasons[np.searchsorted(positions, shaped.target[pairs])]
    frame = raw.frame.take(pa.array(rows)) if len(rows) else raw.frame.schema.empty_table()
    lines = pa.array(rows + raw.first_row_number, pa.int64())
    if raw.row_numbers is not None:
        lines = flat(raw.row_numbers).take(pa.array(rows)).cast(pa.int64())
    pseudonymous = {header for body in mapping.tables.values() for header in body.pseudonyms}
    apart = set(shaped.apart) if shaped else set()
    columns: dict[str, pa.Array] = {}
    for name in raw.headers:
        if name in _OWN:
            continue
        texts = flat(frame.column(name)).cast(pa.string())
        if name in mapping.drop:
            texts = pa.nulls(len(texts), pa.string())
        elif name in pseudonymous:
            texts = pseudonyms(texts, key)
        if name in apart:
            texts = pc.if_else(pa.array(cells == name), texts, pa.scalar(None, pa.string()))
        columns[_free(_neutral(name), columns)] = neutral(texts)
    read_as = _read_as(how)
    said = {READ_COLUMN: pa.array([read_as] * len(lines), pa.string())} if read_as else {}
    whole = pa.table(
        {REASON_COLUMNS[0]: lines, REASON_COLUMNS[1]: pa.array(list(reasons), pa.string())} | said | columns
    )
    if not raw.broken:
        return whole
    count = len(raw.broken)
    texts = pa.nulls(count, pa.string())
    if not mapping.private:  # nobody can tell which cell of such a line is which
        texts = neutral(pa.array([text for _, text, _ in raw.broken], pa.string()))
    lost = {
        REASON_COLUMNS[0]: pa.array([line for line, _, _ in raw.broken], pa.int64()),
        REASON_COLUMNS[1]: pa.array([f"{_REASONS[why][0]} [{why}]" for _, _, why in raw.broken], pa.string()),
    }
    if read_as:
        lost[READ_COLUMN] = pa.array([read_as] * count, pa.string())
    lost |= {name: texts if i == 0 else pa.nulls(count, pa.string()) for i, name in enumerate(columns)}
    return pa.concat_tables([whole, pa.table(lost)])


def _read_as(how: Manner) -> str:
    """How the file writes numbers and dates, where another file could be read otherwise; else ''."""
    decimal, order = how.dialect.decimal or how.dialect.fallback, how.style.order or how.style.fallback
    return "" if (decimal, order) in ((".", "dmy"), (".", "ymd")) else _READ_AS.format(decimal=decimal, order=order)


def as_read_before(raw: RawTable, how: Manner) -> Manner:
    """The manner for rejected rows that come back: where they prove nothing, that of the file they came from."""
    if READ_COLUMN not in raw.headers or not set(REASON_COLUMNS) <= set(raw.headers):
        return how
    said = next((text.split() for text in raw.sample(READ_COLUMN)), [])
    if len(said) != 2 or said[0] not in (".", ",") or said[1] not in ("dmy", "mdy", "ymd"):
        return how
    order = "dmy" if said[1] == "ymd" else said[1]
    return replace(how, dialect=replace(how.dialect, fallback=said[0]), style=replace(how.style, fallback=order))


def broken(raw: RawTable, private: bool) -> list[Problem]:
    """Lines that do not fit the header, as a problem; without their text where the file has private columns."""
    if not raw.broken:
        return []
    problems = []
    for reason, (_, expected) in _REASONS.items():
        lines = [(line, text) for line, text, why in raw.broken if why == reason]
        examples = [{"row": line, "value": "" if private else text[:200]} for line, text in lines[:5]]
        if lines:
            problems.append(Problem(None, reason, len(lines), expected, examples))
    return problems


def _neutral(name: str) -> str:
    return str(neutral(pa.array([name], pa.string()))[0].as_py())


def _free(name: str, taken: dict[str, pa.Array]) -> str:
    while name in taken:
        name += " "
    return name
