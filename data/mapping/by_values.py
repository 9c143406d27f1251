"""A required column that no name gives away, found by its values when only one column can be it."""

import re

import pyarrow as pa

from data import schema
from data.mapping.mapping import Match, Source, TableMapping
from data.mapping.matching import repeats
from data.readers import dates, numbers
from data.readers.raw import RawTable

SURE = 0.5
_FEWEST = 3  # values, before they say anything
_SHORT_ID = re.compile(r"^\S{1,60}$")


def filled(raw: RawTable, name: str, body: TableMapping, lacking: tuple[str, ...]) -> tuple[TableMapping, list[Match]]:
    """The table with what its values give away: a day, an amount of money, an id without repeats.

    A column is taken only where exactly one unused column can be it; whose customer a row is about is never guessed.
    """
    table = schema.tables()[name]
    columns, matches = dict(body.columns), []
    used = {header for source in columns.values() for header in source.headers}
    for column in lacking:
        spec = table.columns[column]
        could = {"date": _is_day, "datetime": _is_day}.get(spec.type.__name__)
        if spec.unit == "money":
            could = _is_money
        elif table.key == (column,) and column != "account_id":
            could = _is_id
        if could is None:
            continue
        found = [header for header in raw.headers if header not in used and could(raw, header)]
        if len(found) == 1:
            used.add(found[0])
            columns[column] = Source((found[0],))
            matches.append(Match(name, column, (found[0],), SURE, "by_values"))
    return TableMapping(columns, body.constants, body.rows), matches


def _is_day(raw: RawTable, header: str) -> bool:
    texts = pa.array(raw.sample(header), pa.string())
    if len(texts) < _FEWEST or not numbers.to_numbers(texts).bad.all():
        return False
    return not dates.to_datetimes(texts).bad.any()


def _is_money(raw: RawTable, header: str) -> bool:
    """Numbers with two decimals or a currency sign somewhere, none of them a percentage."""
    texts = raw.sample(header)
    if len(texts) < _FEWEST or numbers.to_numbers(pa.array(texts, pa.string())).bad.any():
        return False
    return any(re.search(r"[.,]\d{2}$|[$€£]", text) for text in texts) and not any("%" in text for text in texts)


def _is_id(raw: RawTable, header: str) -> bool:
    texts = raw.sample(header)
    if len(texts) < _FEWEST or not all(_SHORT_ID.match(text.strip()) for text in texts) or repeats(raw, header):
        return False
    return not _is_day(raw, header) and not _is_money(raw, header) and not any("@" in text for text in texts)
