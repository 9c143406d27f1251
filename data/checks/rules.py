"""What rows of each canonical table must satisfy beyond their types."""

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.checks import alike, plausible
from data.checks.findings import Findings
from data.readers.typed import mask

Columns = dict[str, pa.Array]
_MAY_BE_NEGATIVE = {"invoices", "costs", "observations", "sentiment", "surveys"}
_ORDERED = (
    ("subscriptions", "started_on", "ended_on"),
    ("contacts", "opened_at", "first_response_at"),
    ("contacts", "opened_at", "solved_at"),
    ("referrals", "referred_on", "won_on"),
)
_ABOVE_ZERO = {
    ("contracts", "billing_months"),
    ("contracts", "term_months"),
    ("subscriptions", "billing_months"),
    ("fx_rates", "rate"),
}
_PARTS = (
    ("contact_totals", "abandoned", "offered"),
    ("contact_totals", "short_abandoned", "abandoned"),
    ("contact_totals", "handled", "offered"),
    ("contact_totals", "within_service_level", "offered"),
    ("usage_daily", "features_used", "features_available"),
)


def check(
    table: schema.Table,
    columns: Columns,
    findings: Findings,
    accounts: pa.Array | None,
    currencies: tuple[str, ...] | None = None,
    split: bool = False,
    held: pa.Table | None = None,
) -> None:
    """Run every rule on the typed columns of one table.

    Args:
        table: The canonical table.
        columns: Its typed columns.
        findings: Where problems go.
        accounts: The known ids, None when none are.
        currencies: Currencies that amounts can be converted from, None when that is not known.
        split: The rows feed other tables too, so an account may come with each of its subscriptions.
        held: Stretches of subscriptions that are known already.
    """
    _required(table, columns, findings)
    _signs(table, columns, findings)
    for name, before, after in _ORDERED:
        if name == table.name and before in columns and after in columns:
            _same_day(columns, before, after, findings)
            rows = mask(pc.less(columns[after], columns[before]))
            findings.reject(rows, after, "ends_before_start", f"not before {before}", _show(columns, before, after))
    for name, part, whole in _PARTS:
        if name == table.name and part in columns and whole in columns:
            rows = mask(pc.greater(columns[part], columns[whole]))
            findings.reject(rows, part, "more_than_whole", f"at most {whole}", _show(columns, part, whole))
    if table.name == "subscriptions":
        _subscriptions(columns, findings)
    if table.name in ("surveys", "sentiment"):
        _scales(columns, findings)
    _duplicates(table, columns, findings, split)
    if currencies is not None and "currency" in columns and table.name not in ("accounts", "fx_rates"):
        _currencies(columns, findings, currencies)
    if accounts is not None and table.name != "accounts":
        _accounts(columns, findings, accounts)
    if table.name == "accounts" and "account_id" in columns:
        alike.twins(columns["account_id"], findings, accounts)
    plausible.check(table, columns, findings, held)


def _same_day(columns: Columns, before: str, after: str, findings: Findings) -> None:
    """Ends given as days only, on the day of a start with a time, are taken at the start; changes `columns`."""
    start, end = columns[before], columns[after]
    if not pa.types.is_timestamp(end.type):
        return
    days = pc.floor_temporal(end, unit="day")
    if mask(pc.not_equal(end, days)).any():
        return
    rows = mask(pc.and_(pc.equal(pc.floor_temporal(start, unit="day"), days), pc.less(end, start)))
    if rows.any():
        columns[after] = pc.if_else(pa.array(rows), start, end)
        findings.assume(
            after, "days_only", int(rows.sum()), f"a time of day; ends on the day of {before} are taken at {before}"
        )


def _show(columns: Columns, *names: str) -> Callable[[int], Any]:
    def text(row: int) -> str:
        return " / ".join("" if (value := columns[name][row].as_py()) is None else str(value) for name in names)

    return text


def _required(table: schema.Table, columns: Columns, findings: Findings) -> None:
    for name in table.required:
        if name in columns:
            rows = mask(pc.is_null(columns[name])) & ~findings.rejected
            findings.reject(rows, name, "missing_required", "a value", lambda _: "")


def _signs(table: schema.Table, columns: Columns, findings: Findings) -> None:
    for name, values in columns.items():
        if name not in table.columns or not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
            continue
        if (table.name, name) in _ABOVE_ZERO:
            findings.reject(mask(pc.less_equal(values, 0)), name, "not_above_zero", "more than 0", _show(columns, name))
        elif table.name not in _MAY_BE_NEGATIVE:
            findings.reject(mask(pc.less(values, 0)), name, "negative", "0 or more", _show(columns, name))
        elif table.name == "costs":
            findings.warn(
                mask(pc.less(values, 0)),
                name,
                "negative",
                "0 or more; below 0 counts as money back",
                _show(columns, name),
            )


def _subscriptions(columns: Columns, findings: Findings) -> None:
    if "discount" in columns and "amount" in columns:
        rows = mask(pc.greater(columns["discount"], columns["amount"]))
        findings.reject(
            rows, "discount", "discount_above_amount", "at most the amount", _show(columns, "discount", "amount")
        )
    if "status" in columns:
        ended = (
            mask(pc.is_valid(columns["ended_on"])) if "ended_on" in columns else np.zeros(findings.count, dtype=bool)
        )
        cancelled = mask(pc.equal(columns["status"], "cancelled"))
        findings.warn(
            cancelled & ~ended,
            "ended_on",
            "cancelled_without_end",
            "an end date: without one these rows count as still running",
            _show(columns, "status"),
        )
        meant = pa.array(cancelled & ended)  # a stretch that has ended was in force until its end
        columns["status"] = pc.if_else(meant, pa.scalar("active"), columns["status"])
    if "ended_on" in columns:
        ends = columns["ended_on"].drop_null()
        if len(ends) >= 5:
            last_days = float(mask(pc.equal(pc.day(pc.add(ends, pa.scalar(86_400, pa.duration("s")))), 1)).mean())
            if last_days >= 0.6:
                findings.assume(
                    "ended_on",
                    "looks_like_last_day",
                    round(last_days * len(ends)),
                    "the first day without it, but most are ends of a month: "
                    'if they are the last day with it, map {"as": "last_day"}',
                )


def _scales(columns: Columns, findings: Findings) -> None:
    low, high, score = columns.get("scale_min"), columns.get("scale_max"), columns.get("score")
    if low is None or high is None or score is None:
        return
    findings.reject(
        mask(pc.greater_equal(low, high)),
        "scale_max",
        "scale_reversed",
        "above scale_min",
        _show(columns, "scale_min", "scale_max"),
    )
    outside = mask(pc.or_kleene(pc.less(score, low), pc.greater(score, high)))
    findings.reject(
        outside,
        "score",
        "outside_scale",
        "between scale_min and scale_max",
        _show(columns, "score", "scale_min", "scale_max"),
    )


def _currencies(columns: Columns, findings: Findings, known: tuple[str, ...]) -> None:
    """Amounts in a currency without a rate count one for one: they go in, and somebody must hear of it."""
    texts = pc.utf8_upper(pc.utf8_trim_whitespace(columns["currency"]))
    columns["currency"] = texts
    rows = mask(pc.is_valid(texts)) & ~mask(pc.is_in(texts, value_set=pa.array(known, pa.string())))
    if not rows.any():
        return
    named = ", ".join(sorted(set(texts.filter(pa.array(rows)).to_pylist()))[:12])
    findings.warn(
        rows,
        "currency",
        "no_rate",
        f"an exchange rate for {named}: until one is set (Settings, Policies, Exchange rates) these amounts count "
        f"one for one as {known[0]}",
        _show(columns, "currency"),
        {"currencies": named, "reporting": known[0]},
    )


def _duplicates(table: schema.Table, columns: Columns, findings: Findings, split: bool) -> None:
    """Keep the first row of a key; with millions of rows, one pass of hashes tells that there are no others."""
    if not table.key or any(name not in columns for name in table.key):
        return
    open_rows = ~findings.rejected & ~findings.left_out
    frame = pa.table({name: columns[name] for name in table.key} | {"_row": pa.array(np.arange(findings.count))})
    if not open_rows.all():
        frame = frame.filter(pa.array(open_rows))
    keys = ", ".join(f'"{name}"' for name in table.key)
    with duckdb.connect() as engine:
        engine.register("keys", frame)
        every = f"select hash({keys}) as h from keys"  # noqa: S608 - names of the schema
        hashes = np.sort(engine.execute(every).fetchnumpy()["h"])
        if not len(hashes) or not (hashes[1:] == hashes[:-1]).any():
            return
        ranked = f"select _row, row_number() over (partition by {keys} order by _row) as n from keys"  # noqa: S608
        later = engine.execute(f"select _row from ({ranked}) where n > 1").fetchnumpy()["_row"]  # noqa: S608
    rows = np.zeros(findings.count, dtype=bool)
    rows[np.asarray(later, dtype=np.int64)] = True
    if split and table.name == "accounts":
        findings.leave_out(
            rows, table.key[0], "account_again", "one row for each account; the first row says what it is"
        )
        return
    what = " and ".join(table.key)
    findings.reject(
        rows, table.key[0], "duplicate_key", f"each {what} once; the first row is kept", _show(columns, *table.key)
    )


def _accounts(columns: Columns, findings: Findings, accounts: pa.Array) -> None:
    for name in ("account_id", "referrer_account_id"):
        if name in columns:
            alike.unknown(columns[name], name, findings, accounts, _show(columns, name))
