"""Row steps executed: the rows of a file chosen, joined or taken apart before columns are read, none lost unsaid."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.checks.sums import added_up
from data.checks.values import Manner
from data.mapping.mapping import TableMapping
from data.mapping.names import normalised, synonyms
from data.mapping.steps import LatestBy, Only, Split, SumBy, Unpivot
from data.problems import Problem
from data.readers import dates, numbers
from data.readers.raw import RawTable
from data.readers.typed import TEXT_NULLS, Typed, flat, is_missing, mask, trimmed

EXAMPLES = 5


@dataclass
class Refused:
    """Rows that a step found fault with: a mask, the column, problem and expectation, and the text of each row."""

    rows: np.ndarray
    column: str
    problem: str
    expected: str
    texts: np.ndarray


@dataclass
class Shaped:
    """The rows after the steps, and where each came from.

    Attributes:
        raw: The rows as text; `row_numbers` are lines of the file (the first one of a group).
        source: Row of the file for each pair of a row read and a row made of it.
        target: Row after the steps for each such pair.
        cell: The column a row was taken from, for each pair, where columns were taken apart; "" elsewhere.
        apart: The columns taken apart.
        plain: Columns that steps have written, as numbers with a decimal point.
        left_out: Rows of the file that were chosen not to come in.
        made: Rows there are more of because columns were taken apart.
        problems: What steps have to say.
        refused: Rows that must stay out.
        facts: Decimal signs and date orders found on the way.
    """

    raw: RawTable
    source: np.ndarray
    target: np.ndarray
    cell: np.ndarray
    apart: tuple[str, ...] = ()
    plain: frozenset[str] = frozenset()
    left_out: int = 0
    made: int = 0
    problems: list[Problem] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def sizes(self) -> np.ndarray:
        """Of how many pairs each row after the steps consists."""
        return np.bincount(self.target, minlength=self.raw.frame.num_rows)


def shape(raw: RawTable, table: str, body: TableMapping, how: Manner, private: set[str], keep: list[str]) -> Shaped:
    """Run the steps of one table on the rows of a file.

    Args:
        raw: The file as read.
        table: The canonical table it feeds.
        body: Its mapping, headers spelled as in the file.
        how: How numbers and dates of the file are written.
        private: Headers whose values must not be shown.
        keep: Headers wanted afterwards that the mapping does not name.
    """
    wanted = {*body.headers, *keep}
    frame = raw.frame.select([header for header in raw.headers if header in wanted])
    count = raw.frame.num_rows
    lines = raw.row_numbers
    if lines is None:
        lines = pa.array(np.arange(count) + raw.first_row_number, pa.int64())
    start = np.arange(count)
    first = replace(raw, frame=frame, row_numbers=flat(lines), _samples={})
    shaped = Shaped(first, start, start, np.full(count, "", dtype=object))
    money = _currency_headers(table, body, raw.headers)
    for step in body.rows:
        if isinstance(step, Only):
            _choose(shaped, step, private)
        elif isinstance(step, SumBy):
            _sum(shaped, step, how, private, body, keep, money)
        elif isinstance(step, LatestBy):
            _newest(shaped, step, how, private, body, keep)
        elif isinstance(step, Unpivot):
            _take_apart(shaped, step)
        else:
            _split(shaped, step, private)
    return shaped


def _texts(shaped: Shaped, header: str) -> pa.Array:
    return trimmed(flat(shaped.raw.frame.column(header)))


def _lines(shaped: Shaped) -> pa.Array:
    """The line of each row: given from the start, and carried through every step."""
    return flat(shaped.raw.row_numbers) if shaped.raw.row_numbers is not None else pa.nulls(0, pa.int64())


def _choose(shaped: Shaped, step: Only, private: set[str]) -> None:
    found = []
    for header, values in step.values:
        wanted = pa.array([value.strip().casefold() for value in values], pa.string())
        encoded = pc.dictionary_encode(pc.fill_null(_texts(shaped, header), ""))
        meant = pa.array([text.casefold() for text in encoded.dictionary.to_pylist()], pa.string())
        found.append(mask(pc.is_in(meant, value_set=wanted).take(encoded.indices)))
    out = np.array(np.any(found, axis=0) if step.inverted else ~np.all(found, axis=0))
    headers = ", ".join(step.headers)
    listed = "; ".join(", ".join(values) for _, values in step.values)
    expected = f"rows without {listed} in {headers}" if step.inverted else f"only rows with {listed} in {headers}"
    said = {"headers": headers, "values": listed}
    show = None if set(step.headers) & private else step.headers[0]
    problem = "rows_without" if step.inverted else "rows_only"
    _leave_out(shaped, out, step.headers[0], problem, expected, said, show)


def _leave_out(
    shaped: Shaped, out: np.ndarray, column: str, problem: str, expected: str, params: dict[str, Any], show: str | None
) -> None:
    """Set rows aside, say so, and renumber what is left."""
    if not out.any():
        return
    gone = int(out[shaped.target].sum())
    shaped.left_out += gone
    _say(shaped, np.flatnonzero(out), column, problem, gone, expected, "left_out", params, show)
    keep = ~out
    renumbered = np.cumsum(keep) - 1
    stay = keep[shaped.target]
    shaped.source, shaped.cell = shaped.source[stay], shaped.cell[stay]
    shaped.target = renumbered[shaped.target[stay]]
    _take(shaped, np.flatnonzero(keep))
    for refused in shaped.refused:
        refused.rows, refused.texts = refused.rows[keep], refused.texts[keep]


def _take(shaped: Shaped, rows: np.ndarray) -> None:
    places = pa.array(rows)
    raw = shaped.raw
    shaped.raw = replace(raw, frame=raw.frame.take(places), row_numbers=_lines(shaped).take(places), _samples={})


def _say(
    shaped: Shaped,
    rows: np.ndarray,
    column: str | None,
    problem: str,
    count: int,
    expected: str,
    severity: Any,
    params: dict[str, Any],
    show: str | None,
) -> None:
    examples = []
    for row in rows[:EXAMPLES]:
        value = shaped.raw.frame.column(show)[int(row)].as_py() if show else None
        examples.append({"row": _lines(shaped)[int(row)].as_py(), "value": (value or "")[:200]})
    shaped.problems.append(Problem(column, problem, count, expected, examples, severity, params))


def _groups(shaped: Shaped, keys: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The group of each row, numbered by first appearance, and the first row of each; a blank key groups nothing."""
    parts = [pc.fill_null(_texts(shaped, key), "") for key in keys]
    parts = [pc.if_else(pa.array(is_missing(part, TEXT_NULLS)), pa.scalar("", part.type), part) for part in parts]
    joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "\x1f")
    blank = np.all([mask(pc.equal(part, "")) for part in parts], axis=0)
    codes = np.asarray(pc.dictionary_encode(joined).indices, dtype=np.int64)
    codes = np.where(blank, len(codes) + np.arange(len(codes)), codes)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[inverse], first[order]


def _in_groups(shaped: Shaped, group: np.ndarray, first: np.ndarray) -> None:
    """Carry what was refused so far from rows to their groups."""
    for refused in shaped.refused:
        refused.rows, refused.texts = _per_group(refused.rows, refused.texts, group, len(first))


def _per_group(rows: np.ndarray, texts: np.ndarray, group: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    found, said = np.zeros(count, dtype=bool), np.full(count, "", dtype=object)
    positions = np.flatnonzero(rows)[::-1]
    found[group[positions]] = True
    said[group[positions]] = texts[positions]
    return found, said


def _sum(
    shaped: Shaped, step: SumBy, how: Manner, private: set[str], body: TableMapping, keep: list[str], money: list[str]
) -> None:
    group, first = _groups(shaped, step.keys)
    count, before = len(first), shaped.raw.frame.num_rows
    frame, keys = shaped.raw.frame, ", ".join(step.keys)
    _in_groups(shaped, group, first)
    made: dict[str, pa.Array] = {}
    for header in step.sums:
        typed = _numbers(shaped, header, how)
        if typed.bad.any():
            texts = _shown(shaped, header, private)
            refused = _per_group(typed.bad, texts, group, count)
            expected = "numbers in every row of its key, to be added up"
            shaped.refused.append(Refused(refused[0], header, "not_a_number", expected, refused[1]))
        there = mask(pc.is_valid(typed.values))
        values = np.asarray(pc.fill_null(typed.values, 0.0), dtype=float)
        made[header] = added_up(values[there], group[there], count)
        some, whole = np.bincount(group[there], minlength=count), np.bincount(group, minlength=count)
        gaps = (some > 0) & (some < whole) & (np.bincount(group[typed.bad], minlength=count) == 0)
        if gaps.any():
            _say(
                shaped,
                first[gaps],
                header,
                "summed_with_blanks",
                int(gaps.sum()),
                "a number in every row that is added up; the ones there are were added",
                "warning",
                {},
                None,
            )
    for header in money:
        if header in frame.column_names and header not in step.sums and header not in step.keys:
            _, several = _first_values(shaped, header, group, first, fold=True)
            if several.any():
                texts = np.full(count, "", dtype=object)
                texts[several] = _both(shaped, header, group, first, several, private)
                expected = "one currency for the rows of a key: different ones cannot be added up"
                shaped.refused.append(Refused(several, header, "mixed_currencies", expected, texts))
    wanted = {h for source in body.columns.values() for h in source.every_header} | set(keep)
    columns: dict[str, pa.Array] = {}
    for header in frame.column_names:
        if header in made:
            columns[header] = made[header]
            continue
        places, several = first, np.zeros(count, dtype=bool)
        if header not in step.keys:
            places, several = _first_values(shaped, header, group, first)
        if several.any() and header in wanted and header not in money:
            show = None if header in private else header
            _say(
                shaped,
                first[several],
                header,
                "differs_within_key",
                int(several.sum()),
                f"one value for each {keys}; where rows of a key differ, the first is taken",
                "warning",
                {"keys": keys},
                show,
            )
        columns[header] = flat(frame.column(header)).take(pa.array(places))
    if count < before:
        shaped.problems.append(
            Problem(
                None,
                "summed",
                before - count,
                f"one row for each {keys}: {before} rows were added up to {count}",
                [],
                "assumed",
                {"keys": keys, "rows": before, "groups": count},
            )
        )
    lines = _lines(shaped).take(pa.array(first))
    shaped.raw = replace(shaped.raw, frame=pa.table(columns), row_numbers=lines, _samples={})
    shaped.target = group[shaped.target]
    shaped.plain |= frozenset(step.sums)


def _numbers(shaped: Shaped, header: str, how: Manner) -> Typed:
    dialect = numbers.Dialect(".", ".") if header in shaped.plain else how.dialect
    typed = numbers.to_numbers(flat(shaped.raw.frame.column(header)), dialect)
    if header not in shaped.plain:
        shaped.facts += list(typed.facts.items())
    for assumption, detail in typed.assumed:
        expected = f"a decimal sign; nothing proves it, so {detail!r} is taken"
        count = shaped.raw.frame.num_rows
        shaped.problems.append(Problem(header, assumption, count, expected, [], "assumed", {"detail": detail}))
    return typed


def _shown(shaped: Shaped, header: str, private: set[str]) -> np.ndarray:
    if header in private:
        return np.full(shaped.raw.frame.num_rows, "", dtype=object)
    return np.asarray(pc.fill_null(_texts(shaped, header), "").to_pylist(), dtype=object)


def _first_values(
    shaped: Shaped, header: str, group: np.ndarray, first: np.ndarray, fold: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The row of the first value of each group, and where a group has several different ones."""
    texts = _texts(shaped, header)
    there = np.flatnonzero(~is_missing(texts, TEXT_NULLS))
    places, several = first.copy(), np.zeros(len(first), dtype=bool)
    groups, at = np.unique(group[there], return_index=True)
    places[groups] = there[at]
    values = pc.utf8_upper(texts) if fold else texts
    codes = np.asarray(pc.fill_null(pc.dictionary_encode(values).indices, -1), dtype=np.int64)
    differ = codes[there] != codes[places[group[there]]]
    several[group[there[differ]]] = True
    return places, several


def _both(
    shaped: Shaped, header: str, group: np.ndarray, first: np.ndarray, several: np.ndarray, private: set[str]
) -> np.ndarray:
    if header in private:
        return np.full(int(several.sum()), "", dtype=object)
    wanted = np.flatnonzero(several[group])
    found: dict[int, dict[str, None]] = {}
    texts = _texts(shaped, header).take(pa.array(wanted)).to_pylist()
    for row, text in zip(wanted, texts, strict=True):
        if text:
            found.setdefault(int(group[row]), {})[text] = None
    said = [" / ".join(found.get(int(one), {})) for one in np.flatnonzero(several)]
    return np.asarray(said, dtype=object)


def _newest(
    shaped: Shaped, step: LatestBy, how: Manner, private: set[str], body: TableMapping, keep: list[str]
) -> None:
    group, first = _groups(shaped, step.keys)
    count = len(first)
    several = np.bincount(group, minlength=count) > 1
    if not several.any():
        return
    moments = _moments(shaped, step.order, how)
    unclear = mask(pc.is_null(moments)) & several[group]
    values = np.asarray(pc.fill_null(moments, 0.0), dtype=float)
    order = np.lexsort((np.arange(len(values)), values, group))
    newest = np.full(count, -np.inf)
    np.maximum.at(newest, group, values)
    latest = values == newest[group]
    refused, texts = _per_group(unclear, _shown(shaped, step.order, private), group, count)
    tied = _tied(shaped, group, latest, count, body, keep) & ~refused
    best = np.empty(count, dtype=np.int64)
    best[group[order[::-1]]] = order[::-1]  # the first row of the newest wins over the later writes of older ones
    rows = np.flatnonzero(latest)[::-1]
    best[group[rows]] = rows
    _in_groups(shaped, group, first)
    expected = f"a time in {step.order} that tells which row of the key is the newest"
    _say_older(shaped, step, group, latest, refused)
    for found, problem, said in (
        (refused, "no_newest", texts),
        (tied, "tied_newest", np.where(tied, _shown(shaped, step.order, private)[best], "")),
    ):
        if found.any():
            shaped.refused.append(Refused(found, step.order, problem, expected, said))
    stay = latest | refused[group]
    kept = stay[shaped.target]
    shaped.left_out += int((~kept).sum())
    shaped.source, shaped.cell = shaped.source[kept], shaped.cell[kept]
    shaped.target = group[shaped.target[kept]]
    _take(shaped, best)


def _say_older(shaped: Shaped, step: LatestBy, group: np.ndarray, latest: np.ndarray, refused: np.ndarray) -> None:
    older = np.flatnonzero(~latest & ~refused[group])
    if len(older):
        gone = int(np.isin(shaped.target, older).sum())
        keys = ", ".join(step.keys)
        expected = f"the newest row of each {keys} by {step.order}; older ones are left out"
        _say(shaped, older, step.order, "older_version", gone, expected, "left_out", {"keys": keys}, None)


def _moments(shaped: Shaped, header: str, how: Manner) -> pa.Array:
    """Times as microseconds, or numbers; null where they cannot be read."""
    texts = flat(shaped.raw.frame.column(header))
    typed = dates.to_datetimes(texts, how.style)
    if typed.bad.any():
        counted = numbers.to_numbers(texts, how.dialect)
        if not counted.bad.any():
            return counted.values
    shaped.facts += list(typed.facts.items())
    for assumption, detail in typed.assumed:
        if assumption == "ambiguous_dates":
            expected = f"an order of day and month; nothing proves it, so {detail} is taken"
            params = {"detail": str(detail)}
            shaped.problems.append(Problem(header, assumption, len(texts), expected, [], "assumed", params))
    return pc.cast(pc.cast(typed.values, pa.timestamp("us")).cast(pa.int64()), pa.float64(), safe=False)


def _tied(
    shaped: Shaped, group: np.ndarray, latest: np.ndarray, count: int, body: TableMapping, keep: list[str]
) -> np.ndarray:
    """Groups whose newest rows say different things at the same time."""
    tied = np.zeros(count, dtype=bool)
    rows = np.flatnonzero(latest)
    doubled = np.bincount(group[rows], minlength=count) > 1
    rows = rows[doubled[group[rows]]]
    if not len(rows):
        return tied
    wanted = {h for source in body.columns.values() for h in source.every_header} | set(keep)
    for header in shaped.raw.frame.column_names:
        if header in wanted:
            texts = pc.fill_null(_texts(shaped, header).take(pa.array(rows)), "")
            codes = np.asarray(pc.dictionary_encode(texts).indices, dtype=np.int64)
            expected = np.zeros(count, dtype=np.int64)
            expected[group[rows[::-1]]] = codes[::-1]
            tied[group[rows[codes != expected[group[rows]]]]] = True
    return tied


def _take_apart(shaped: Shaped, step: Unpivot) -> None:
    frame, count = shaped.raw.frame, shaped.raw.frame.num_rows
    cells = [_texts(shaped, header) for header in step.columns]
    filled = np.stack([~is_missing(cell) for cell in cells], axis=1)
    empty = np.array(~filled.any(axis=1))
    _leave_out(shaped, empty, step.name, "no_cells", "a value in one of the columns; blank cells are no row", {}, None)
    rows, columns = np.nonzero(filled)
    values = flat(pa.chunked_array(cells)).take(pa.array(columns * count + rows))
    renumbered = np.cumsum(~empty) - 1
    rows = renumbered[rows]
    frame = shaped.raw.frame
    headings = pa.array(step.columns, pa.string()).take(pa.array(columns))
    others = {h: flat(frame.column(h)).take(pa.array(rows)) for h in frame.column_names if h not in step.columns}
    order = np.argsort(shaped.target, kind="stable")
    sizes = np.bincount(shaped.target, minlength=frame.num_rows)
    starts = np.cumsum(sizes) - sizes
    repeated = sizes[rows]
    target = np.repeat(np.arange(len(rows)), repeated)
    offset = np.arange(len(target)) - np.repeat(np.cumsum(repeated) - repeated, repeated)
    shaped.made += len(target) - len(shaped.target)
    shaped.source = shaped.source[order][np.repeat(starts[rows], repeated) + offset]
    shaped.target = target
    shaped.cell = np.asarray(step.columns, dtype=object)[columns][target]
    shaped.apart = step.columns
    for refused in shaped.refused:
        refused.rows, refused.texts = refused.rows[rows], refused.texts[rows]
    lines = _lines(shaped).take(pa.array(rows))
    made = pa.table(others | {step.name: headings, step.value: values})
    shaped.raw = replace(shaped.raw, frame=made, row_numbers=lines, _samples={})


def _split(shaped: Shaped, step: Split, private: set[str]) -> None:
    texts = _texts(shaped, step.header)
    listed = mask(pc.match_substring(texts, step.by))
    if not listed.any():
        return
    rows = np.flatnonzero(listed)
    parts = [[p.strip() for p in text.split(step.by) if p.strip()] for text in texts.take(pa.array(rows)).to_pylist()]
    firsts = pa.array([part[0] if part else None for part in parts], texts.type)
    more = rows[np.array([len(part) > 1 for part in parts], dtype=bool)]
    if len(more):
        show = None if step.header in private else step.header
        expected = "one entry; where a cell lists several, the first is taken"
        _say(shaped, more, step.header, "first_of_list", len(more), expected, "assumed", {}, show)
    taken = pc.replace_with_mask(texts, pa.array(listed), firsts)
    frame = shaped.raw.frame
    frame = frame.set_column(frame.column_names.index(step.header), step.header, taken)
    shaped.raw = replace(shaped.raw, frame=frame, _samples={})


def _currency_headers(table: str, body: TableMapping, headers: list[str]) -> list[str]:
    """The columns that say the currency of a row."""
    if "currency" in body.columns:
        return list(body.columns["currency"].headers)
    names = {form for form, known in synonyms(table).items() if known.column == "currency"} | {"currency", "moeda"}
    return [header for header in headers if normalised(header) in names]
