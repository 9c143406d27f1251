"""Many rows of a key to one: summed, or the newest kept."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.checks.currencies import SIGNS
from data.checks.shaped import Refused, Shaped, lines_of, say, take, texts_of
from data.checks.sums import added_up
from data.checks.values import Manner
from data.mapping.mapping import TableMapping
from data.mapping.names import normalised, synonyms
from data.mapping.steps import LatestBy, SumBy
from data.problems import Problem
from data.readers import dates, numbers
from data.readers.typed import TEXT_NULLS, Typed, flat, is_missing, mask


def _groups(shaped: Shaped, keys: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The group of each row, numbered by first appearance, and the first row of each; a blank key groups nothing."""
    parts = [pc.fill_null(texts_of(shaped, key), "") for key in keys]
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


def sum_rows(
    shaped: Shaped, step: SumBy, how: Manner, private: set[str], body: TableMapping, keep: list[str], money: list[str]
) -> None:
    """Add up the rows of each key; a group with an unreadable number or several currencies is refused."""
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
        made[header] = _with_signs(
            shaped, header, private, added_up(values[there], group[there], count), group, typed.bad
        )
        some, whole = np.bincount(group[there], minlength=count), np.bincount(group, minlength=count)
        gaps = (some > 0) & (some < whole) & (np.bincount(group[typed.bad], minlength=count) == 0)
        if gaps.any():
            say(
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
            say(
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
    lines = lines_of(shaped).take(pa.array(first))
    shaped.raw = replace(shaped.raw, frame=pa.table(columns), row_numbers=lines, _samples={})
    shaped.target = group[shaped.target]
    shaped.plain |= frozenset(step.sums)


def _with_signs(
    shaped: Shaped, header: str, private: set[str], sums: pa.Array, group: np.ndarray, bad: np.ndarray
) -> pa.Array:
    """The sums with the currency that was written beside their parts; different ones in a group are refused."""
    texts = texts_of(shaped, header)
    encoded = pc.dictionary_encode(pc.fill_null(texts, ""))
    signs = [SIGNS.get(sign, sign) for sign in numbers.signs_beside(encoded.dictionary)]
    if not any(signs):
        return sums
    names = sorted({sign for sign in signs if sign})
    place = np.array([names.index(sign) if sign else -1 for sign in signs], dtype=np.int64)[
        np.asarray(encoded.indices, dtype=np.int64)
    ]
    signed, count = (place >= 0) & ~bad, len(sums)
    low, high = np.full(count, len(names)), np.full(count, -1)
    np.minimum.at(low, group[signed], place[signed])
    np.maximum.at(high, group[signed], place[signed])
    several = (high >= 0) & (low != high)
    if several.any():
        shown = np.full(count, "", dtype=object)
        if header not in private:
            shown[several] = [
                f"{names[one]} / {names[other]}" for one, other in zip(low[several], high[several], strict=True)
            ]
        expected = "one currency for the rows of a key: different ones cannot be added up"
        shaped.refused.append(Refused(several, header, "mixed_currencies", expected, shown))
    beside = pa.array([names[one] if one >= 0 else None for one in high], pa.string())
    joined = pc.binary_join_element_wise(beside, sums.cast(pa.string()), " ")
    return pc.if_else(pc.is_valid(beside), joined, sums.cast(pa.string()))


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
    return np.asarray(pc.fill_null(texts_of(shaped, header), "").to_pylist(), dtype=object)


def _first_values(
    shaped: Shaped, header: str, group: np.ndarray, first: np.ndarray, fold: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The row of the first value of each group, and where a group has several different ones."""
    texts = texts_of(shaped, header)
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
    texts = texts_of(shaped, header).take(pa.array(wanted)).to_pylist()
    for row, text in zip(wanted, texts, strict=True):
        if text:
            found.setdefault(int(group[row]), {})[text] = None
    said = [" / ".join(found.get(int(one), {})) for one in np.flatnonzero(several)]
    return np.asarray(said, dtype=object)


def keep_newest(
    shaped: Shaped, step: LatestBy, how: Manner, private: set[str], body: TableMapping, keep: list[str]
) -> None:
    """Keep the newest row of each key; a key whose newest row cannot be told is refused whole."""
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
    take(shaped, best)


def _say_older(shaped: Shaped, step: LatestBy, group: np.ndarray, latest: np.ndarray, refused: np.ndarray) -> None:
    older = np.flatnonzero(~latest & ~refused[group])
    if len(older):
        gone = int(np.isin(shaped.target, older).sum())
        keys = ", ".join(step.keys)
        expected = f"the newest row of each {keys} by {step.order}; older ones are left out"
        say(shaped, older, step.order, "older_version", gone, expected, "left_out", {"keys": keys}, None)


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
            texts = pc.fill_null(texts_of(shaped, header).take(pa.array(rows)), "")
            codes = np.asarray(pc.dictionary_encode(texts).indices, dtype=np.int64)
            expected = np.zeros(count, dtype=np.int64)
            expected[group[rows[::-1]]] = codes[::-1]
            tied[group[rows[codes != expected[group[rows]]]]] = True
    return tied


def currency_headers(table: str, body: TableMapping, headers: list[str]) -> list[str]:
    """The columns that say the currency of a row."""
    if "currency" in body.columns:
        return list(body.columns["currency"].headers)
    names = {form for form, known in synonyms(table).items() if known.column == "currency"} | {"currency", "moeda"}
    return [header for header in headers if normalised(header) in names]
