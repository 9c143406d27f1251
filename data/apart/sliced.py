"""Checks of big tables, slice by slice: the same answer as the whole, without holding its typed columns.

Only where each row stands for itself. What is decided over a whole column (a decimal sign, an order of dates, a
scale) must be plain in every slice and the same; else the table is checked whole.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.apart.abreast import ABREAST, abreast
from data.apart.kept import give_back
from data.apart.writing import Writer
from data.checks import Checked
from data.checks import apply as apply_whole
from data.checks.applying import found_manner
from data.mapping import Mapping
from data.problems import Problem
from data.readers import RawTable

FROM_ROWS = 500_000
SLICE = 250_000
EXAMPLES = 5
TABLES = ("usage", "usage_daily")
_BODY = {"columns", "constants"}
_SOURCE = {"from", "values", "as", "times", "lookup"}
_BY_ROW = {
    "missing_required", "negative", "more_than_whole", "unknown_account", "unknown_account_near", "far_future",
    "long_ago", "not_a_date", "not_a_number", "not_a_whole_number",
}  # fmt: skip


def apply(
    raw: RawTable, mapping: Mapping, path: Path, *, say: Callable[[str, float], None], **how: Any
) -> list[Checked]:
    """What `data.checks.apply` gives; the accepted rows of a big plain table are in a file (`Kept`)."""
    if raw.frame.num_rows >= FROM_ROWS and _plain(raw, mapping):
        found = _by_slices(raw, mapping, path, say, how)
        if found is not None:
            return [found]
        path.unlink(missing_ok=True)
    return apply_whole(raw, mapping, **how)


def _plain(raw: RawTable, mapping: Mapping) -> bool:
    """Whether each row can be told by itself, as far as the mapping says; what is unknown here is not."""
    body = mapping.to_json()
    tables = body.get("tables", {})
    if set(body) != {"tables"} or len(tables) != 1 or not set(tables) <= set(TABLES):
        return False
    if bool(raw.broken or raw.left_out) or bool(getattr(mapping, "private", None)) or "farol_row" in raw.headers:
        return False
    (one,) = tables.values()
    sources = [source for source in one.get("columns", {}).values() if isinstance(source, dict)]
    return set(one) <= _BODY and all(set(source) <= _SOURCE and source.get("as") != "pseudonym" for source in sources)


def _slices(raw: RawTable) -> Iterator[RawTable]:
    for header in raw.headers:
        raw.sample(header)  # what a slice is taken for is what the whole is
    for start in range(0, raw.frame.num_rows, SLICE):
        numbers = None if raw.row_numbers is None else raw.row_numbers.slice(start, SLICE)
        rows = raw.frame.slice(start, SLICE)
        yield replace(raw, frame=rows, row_numbers=numbers, first_row_number=raw.first_row_number + start, notes=[])


def _by_slices(
    raw: RawTable, mapping: Mapping, path: Path, say: Callable[[str, float], None], how: dict[str, Any]
) -> Checked | None:
    """The whole from its slices; None as soon as one of them needs the others to be understood."""
    (name,) = mapping.tables
    numbers = _numbers(mapping, name)
    writer, merged = Writer(name, path), _Merged()
    rejected: list[pa.Table] = []
    hashes: list[np.ndarray] = []
    signs = {",": False, ".": False}
    done = 0
    manner = found_manner(raw, **{name: how[name] for name in ("assumed", "zone") if name in how})
    with ThreadPoolExecutor(ABREAST) as pool:

        def check(rows: RawTable) -> tuple[Checked, np.ndarray | None, dict[str, bool]]:
            one = apply_whole(rows, mapping, how=manner, **how)[0]
            return one, _hashes(one), _signs(rows, numbers, signs)

        try:
            for one, keys, met in abreast(pool, check, _slices(raw)):
                signs = {sign: there or met[sign] for sign, there in signs.items()}
                if not merged.add(one) or all(signs.values()):
                    return None
                writer.add(one.accepted)
                if one.rejected.num_rows:
                    rejected.append(one.rejected)
                if keys is not None:
                    hashes.append(keys)
                done += one.rows_read
                give_back(getattr(raw, "mapped", None))
                say("checking", 0.05 + 0.85 * done / raw.frame.num_rows)
        finally:
            kept = writer.close()
    if hashes and _twice(np.concatenate(hashes)):
        return None
    first = merged.first
    assert first is not None  # noqa: S101 - for the type checker
    return replace(
        first,
        accepted=kept,  # type: ignore[arg-type]
        rejected=pa.concat_tables(rejected) if rejected else first.rejected.slice(0, 0),
        rows_read=raw.frame.num_rows,
        problems=[*raw.notes, *merged.problems],
    )


class _Merged:
    """The problems of all slices as those of one table."""

    def __init__(self) -> None:
        self.first: Checked | None = None
        self.problems: list[Problem] = []

    def add(self, one: Checked) -> bool:
        """Take in a slice; False when it cannot be told by itself, or was read otherwise than those before."""
        if any(problem.problem not in _BY_ROW or problem.severity == "assumed" for problem in one.problems):
            return False
        if one.rows_left_out or one.rows_merged or one.rows_made:
            return False
        self.first = self.first or one
        before, now = self.first.assumed, one.assumed
        if (before.decimal, before.date_order) != (now.decimal, now.date_order):
            return False
        place = 0
        for problem in one.problems:
            same = [i for i, held in enumerate(self.problems) if _alike(held, problem)]
            if not same:
                self.problems.insert(place, replace(problem))
                place += 1
                continue
            held = self.problems[same[0]]
            held.count += problem.count
            held.examples = [*held.examples, *problem.examples][:EXAMPLES]
            place = same[0] + 1
        return True


def _alike(one: Problem, other: Problem) -> bool:
    names = ("column", "problem", "expected", "severity", "params")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _numbers(mapping: Mapping, name: str) -> list[str]:
    """Headers that feed numbers."""
    columns = schema.tables()[name].columns
    return [
        header
        for column, source in mapping.tables[name].columns.items()
        if columns[column].type in (int, float)
        for header in source.headers
    ]


def _signs(rows: RawTable, headers: list[str], known: dict[str, bool]) -> dict[str, bool]:
    """Which of comma and dot occur in numbers: with both about, which is decimal is for the whole column to say."""
    return {
        sign: there or any(pc.any(pc.match_substring(rows.frame.column(header), sign)).as_py() for header in headers)
        for sign, there in known.items()
    }


def _hashes(one: Checked) -> np.ndarray | None:
    """A number for each key of the accepted rows, None where rows have no key."""
    keys = schema.tables()[one.table].key
    if not keys or not one.accepted.num_rows:
        return None
    names = ", ".join(f'"{name}"' for name in keys)
    with duckdb.connect() as engine:
        engine.register("keys", one.accepted.select(list(keys)))
        every = f"select hash({names}) as h from keys"  # noqa: S608 - names of the schema
        return np.asarray(engine.execute(every).fetchnumpy()["h"])


def _twice(hashes: np.ndarray) -> bool:
    hashes.sort()
    return bool((hashes[1:] == hashes[:-1]).any())
