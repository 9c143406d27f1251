"""Files in a form of their own: a column per month, a row per line of an order, a row per account without dates."""

import re
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data.mapping.mapping import Match, Source, TableMapping
from data.mapping.names import normalised, synonyms, variants, words
from data.mapping.questions import ANSWER, Question
from data.mapping.steps import SumBy, Unpivot
from data.readers import dates, numbers
from data.readers.raw import RawTable
from data.readers.typed import mask

_FEWEST_MONTHS = 3
_AGAIN = re.compile(r" \(\d+\)$")
_MONTHLY = ("monthly", "monthly_cents")
_CHURNED = frozenset(
    ["churn", "churned", "churn flag", "is churned", "cancelado", "cancelou", "saiu", "baja", "is churn"]
)
_LOOKED_AT = 50_000


def months_in(raw: RawTable) -> dict[str, date]:
    """Headers that read as a month (or as a day of one), each with its first day; numbers below them.

    A word common to all of them (`MRR Jan/24`) is passed over. Fewer than three, or the same month twice: none.
    """
    found: dict[str, date] = {}
    for header in raw.headers:
        plain = _AGAIN.sub("", header)  # a header that comes twice is numbered when read
        texts = pa.array([plain, re.sub(r"^[^\W\d]+[\s:_-]+(?=.*\d)", "", plain)], pa.string())
        typed = dates.to_dates(texts, dates.DateStyle(months=True))
        month = next((day for day in typed.values.to_pylist() if day is not None), None)
        if month is not None and 1990 <= month.year <= 2100 and not header.strip().isdigit():
            found[header] = month.replace(day=1)
    if len(found) < _FEWEST_MONTHS or len(set(found.values())) < len(found):
        return {}
    filled = [pa.array(raw.sample(header), pa.string()) for header in found]
    if any(len(texts) and float(numbers.to_numbers(texts).bad.mean()) > 0.1 for texts in filled):
        return {}
    return found


def unpivoted(raw: RawTable, months: dict[str, date], account: Source) -> tuple[TableMapping, list[Match], Question]:
    """`monthly` from a file with one column per month, and the question what its cells hold."""
    name, value = (_free(word, raw.headers) for word in ("month", "value"))
    body = TableMapping(
        {
            "account_id": account,
            "month": Source((name,), values=tuple((header, day.isoformat()) for header, day in months.items())),
            "mrr": Source((value,)),
        },
        {},
        (Unpivot(tuple(months), name, value),),
    )
    matches = [Match("monthly", column, tuple(months), 0.7, "unpivoted") for column in ("month", "mrr")]
    days = sorted(months.values())
    question = Question(
        "monthly_matrix",
        "monthly",
        {"mrr": {}, "other": {"tables": {"monthly": {"columns": {"mrr": None}}}}},
        "mrr",
        params={"count": len(months), "first": f"{days[0]:%Y-%m}", "last": f"{days[-1]:%Y-%m}"},
        sure=0.7,
    )
    return body, matches, question


def summed_lines(raw: RawTable, table: str, body: TableMapping, key: str) -> tuple[TableMapping, Question] | None:
    """The table with its lines added up, where a key comes on several lines of one customer and day; else None.

    Where the amount is the same on every line of each key it is the total, repeated: it is then taken once.
    """
    amount, ids = body.columns.get("amount"), body.columns.get(key)
    if amount is None or ids is None or len(ids.headers) != 1 or len(amount.headers) != 1 or body.rows:
        return None
    header, money = ids.headers[0], amount.headers[0]
    same = [h for column in ("account_id", "issued_on") if (s := body.columns.get(column)) for h in s.headers]
    frame = raw.frame.select(list(dict.fromkeys([header, money, *same]))).slice(0, _LOOKED_AT)
    kept = frame.filter(pc.not_equal(pc.utf8_trim_whitespace(pc.fill_null(frame.column(header), "")), ""))
    counted = kept.group_by([header]).aggregate(
        [(h, "count_distinct") for h in dict.fromkeys([money, *same])] + [([], "count_all")]
    )
    several = counted.filter(pc.greater(counted.column("count_all"), 1))
    if not several.num_rows or several.num_rows < 0.02 * counted.num_rows:
        return None
    if any(_share(pc.less_equal(several.column(f"{h}_count_distinct"), 1)) < 0.95 for h in same if h != header):
        return None
    repeated = _share(pc.less_equal(several.column(f"{money}_count_distinct"), 1)) == 1
    other = _another_number(raw, {header, money, *same}) if repeated else None
    once = {"rows": [{"sum_by": [header], "sum": [other]}]} if other else None
    summed = {"rows": [{"sum_by": [header], "sum": [money]}]}
    options: dict[str, Any] = {"sum": {"tables": {table: summed}}}
    if once:
        options["once"] = {"tables": {table: once}}
    options["keep"] = {"tables": {table: {"rows": None}}}
    default = "once" if once else "keep" if repeated else "sum"
    chosen = {"once": SumBy((header,), (other or "",)), "sum": SumBy((header,), (money,))}.get(default)
    question = Question(
        "sum_lines",
        table,
        options,
        default,
        params={"key": header, "amount": money, "count": several.num_rows},
        sure=0.6 if repeated else 0.8,
    )
    return TableMapping(body.columns, body.constants, (chosen,) if chosen else ()), question


def snapshot(raw: RawTable, body: TableMapping) -> Question | None:
    """For a list of accounts with what each pays and no dates: for which month that holds."""
    account = body.columns.get("account_id")
    known = synonyms("subscriptions")
    paid = next(
        (
            (header, known[form].tag)
            for header in raw.headers
            for form in variants(header)
            if form in known and known[form].column == "amount" and known[form].tag in _MONTHLY
        ),
        None,
    )
    if account is None or paid is None:
        return None
    header, tag = paid
    amount: Any = {"from": header, "as": "cents"} if tag == "monthly_cents" else header
    table: dict[str, Any] = {
        "columns": {"account_id": account.to_json(), "mrr": amount},
        "constants": {"month": ANSWER},
    }
    gone = next((h for h in raw.headers if normalised(h) in _CHURNED and _flag(raw, h)), None)
    if gone is not None:
        left = sorted({text.strip() for text in raw.sample(gone) if words("boolean").get(normalised(text)) == "true"})
        if left:
            table["rows"] = [{"without": {gone: left}}]
    options: dict[str, Any] = {"none": {}, ANSWER: {"tables": {"monthly": table}}}
    return Question("snapshot_month", "monthly", options, "none", "month", {"column": header})


def ends_of_months(raw: RawTable, table: str, body: TableMapping) -> Question | None:
    """For ends that are mostly ends of a month: whether they are the last day with the subscription."""
    source = body.columns.get("ended_on")
    if source is None or source.unit is not None or len(source.headers) != 1:
        return None
    days = dates.to_dates(pa.array(raw.sample(source.headers[0]), pa.string())).values.drop_null()
    if len(days) < 2:
        return None
    after = pc.add(days, pa.scalar(86_400, pa.duration("s")))
    last = int(mask(pc.equal(pc.day(after), 1)).sum())
    if last < (0.6 if len(days) >= 5 else 1.0) * len(days):
        return None
    meant = {"tables": {table: {"columns": {"ended_on": {"from": source.headers[0], "as": "last_day"}}}}}
    return Question(
        "last_day",
        table,
        {"first_without": {}, "last_with": meant},
        "first_without",
        params={"column": source.headers[0], "count": last, "of": len(days)},
        sure=0.4,
    )


def first_day() -> Question:
    """For daily totals that do not say their days: the day of the first row."""
    patch = {"tables": {"contact_totals": {"columns": {"day": {"row_number_from": ANSWER}}}}}
    return Question("first_day", "contact_totals", {ANSWER: patch}, "", "date")


def whole_numbers(table: str, column: str, source: Source) -> Question:
    """For amounts taken for cents because all are whole numbers: whether they are."""
    header = source.headers[0]
    plain: Any = {"from": header} if source.times is None else {"from": header, "times": source.times}
    return Question(
        "in_cents",
        table,
        {"cents": {}, "units": {"tables": {table: {"columns": {column: plain}}}}},
        "cents",
        params={"column": header},
        sure=0.75,
    )


def _free(word: str, headers: list[str]) -> str:
    while word in headers:
        word += "_"
    return word


def _share(flags: pa.ChunkedArray) -> float:
    return float(pc.mean(flags.cast(pa.float64())).as_py() or 0.0)


def _another_number(raw: RawTable, taken: set[str]) -> str | None:
    for header in raw.headers:
        texts = pa.array(raw.sample(header), pa.string())
        if header not in taken and len(texts) and not numbers.to_numbers(texts).bad.any():
            return header
    return None


def _flag(raw: RawTable, header: str) -> bool:
    texts = raw.sample(header)
    return bool(texts) and all(normalised(text) in words("boolean") for text in texts)
