"""What is possible but unlikely: stretches that overlap, amounts far out, days far ahead or long ago. Rows go in."""

from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data import schema
from data.checks.findings import Findings
from data.readers.typed import mask

Columns = dict[str, pa.Array]
LONG_AGO = date(1990, 1, 1)
AHEAD, PLANNED_AHEAD = timedelta(days=366), timedelta(days=3660)
_PLANNED = {"ended_on", "due_on", "sla_due_at", "valid_from", "cancelled_on", "decided_on", "starts_on"}
ENOUGH, SPREADS, LEAST_DECADES = 30, 6.0, 1.5
_AMOUNTS = {
    "subscriptions": "amount",
    "contracts": "recurring_amount",
    "renewals": "due_amount",
    "invoices": "amount",
    "costs": "amount",
    "monthly": "mrr",
}
_APART = ("currency", "kind", "channel")
_OVERLAP = """
select _row from (
    select _row, started_on, max(coalesce(ended_on, date '9999-12-31')) over (
        partition by {keys} order by started_on, _row rows between unbounded preceding and 1 preceding
    ) as before
    from stretches where {given} and (ended_on is null or ended_on > started_on)
) where before > started_on
"""
_ACROSS = """
select distinct s._row from stretches s join held h
    on h.subscription_id = s.subscription_id
    and cast(h.started_on as date) < coalesce(s.ended_on, date '9999-12-31')
    and s.started_on < coalesce(cast(h.ended_on as date), date '9999-12-31')
where not exists (
    select 1 from stretches k
    where k.subscription_id = h.subscription_id and k.started_on = cast(h.started_on as date)
) and (s.ended_on is null or s.ended_on > s.started_on)
"""


def check(
    table: schema.Table,
    columns: Columns,
    findings: Findings,
    held: pa.Table | None = None,
    today: date | None = None,
) -> None:
    """Remark on rows that look odd.

    Args:
        table: The canonical table.
        columns: Its typed columns.
        findings: Where remarks go.
        held: Stretches of subscriptions that are known already; a row with the key of one stands for it.
        today: The day that is today; that of the machine when left out.
    """
    _days(table, columns, findings, today or date.today())
    _amounts(table, columns, findings)
    if table.name == "subscriptions":
        _overlaps(columns, findings, held)


def _days(table: schema.Table, columns: Columns, findings: Findings, today: date) -> None:
    for name, values in columns.items():
        spec = table.columns.get(name)
        if spec is None or spec.type not in (date, datetime) or values.null_count == len(values):
            continue
        last = today + (PLANNED_AHEAD if name in _PLANNED else AHEAD)

        def shown(row: int, values: pa.Array = values) -> str:
            return str(values[row].as_py())

        ahead = mask(pc.greater(values, pa.scalar(last).cast(values.type)))
        expected = f"a day that is not far ahead; these come after {last.isoformat()}"
        findings.warn(ahead, name, "far_future", expected, shown, {"limit": last.isoformat()})
        ago = mask(pc.less(values, pa.scalar(LONG_AGO).cast(values.type)))
        findings.warn(ago, name, "long_ago", f"a day since {LONG_AGO.year}", shown, {"limit": str(LONG_AGO.year)})


def _amounts(table: schema.Table, columns: Columns, findings: Findings) -> None:
    """Amounts thirty times the usual and beyond six spreads, on a scale of decades, within currency and kind."""
    name = _AMOUNTS.get(table.name)
    if name is None or name not in columns:
        return
    values = np.abs(np.array(pc.fill_null(columns[name].cast(pa.float64()), np.nan), dtype=float))
    if "billing_months" in columns:
        months = np.array(pc.fill_null(columns["billing_months"].cast(pa.float64()), 1.0), dtype=float)
        values = values / np.where(months > 0, months, 1.0)
    counted = np.isfinite(values) & (values > 0) & ~findings.rejected & ~findings.left_out
    parts = [pc.fill_null(columns[part].cast(pa.string()), "") for part in _APART if part in columns]
    group = np.zeros(findings.count, dtype=np.int64)
    if parts:
        joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "\x1f")
        group = np.asarray(pc.dictionary_encode(joined).indices, dtype=np.int64)
    out = np.zeros(findings.count, dtype=bool)
    usual: tuple[float, float] | None = None
    logs = np.log10(np.where(counted, values, 1.0))
    for one in np.unique(group[counted]):
        mine = np.flatnonzero(counted & (group == one))
        if len(mine) < ENOUGH:
            continue
        middle = float(np.median(logs[mine]))
        spread = 1.4826 * float(np.median(np.abs(logs[mine] - middle)))
        far = logs[mine] - middle > max(LEAST_DECADES, SPREADS * spread)
        if far.any():
            out[mine[far]] = True
            low, high = np.percentile(values[mine[~far]], [5, 95])
            usual = (low, high) if usual is None else (min(usual[0], low), max(usual[1], high))
    if usual is not None:
        low, high = (f"{end:.10g}" for end in (_rounded(usual[0]), _rounded(usual[1])))
        expected = f"an amount like the others; most are between {low} and {high}"
        findings.warn(out, name, "far_out", expected, _shown(columns, name), {"low": low, "high": high})


def _rounded(value: float) -> float:
    return round(value, 2 if value < 1000 else 0)


def _shown(columns: Columns, *names: str) -> Any:
    def text(row: int) -> str:
        return " / ".join("" if (value := columns[name][row].as_py()) is None else str(value) for name in names)

    return text


def _overlaps(columns: Columns, findings: Findings, held: pa.Table | None) -> None:
    """Stretches of one subscription, or of one product of an account, that are in force at the same time."""
    if "subscription_id" not in columns or "account_id" not in columns or "started_on" not in columns:
        return
    count = findings.count
    names = ["subscription_id", "account_id", "product", "currency", "started_on", "ended_on"]
    frame = pa.table(
        {name: columns[name] for name in names if name in columns}
        | {name: pa.nulls(count, kind) for name, kind in _missing(columns).items()}
        | {"_row": pa.array(np.arange(count))}
    )
    open_rows = ~findings.rejected & ~findings.left_out
    if not open_rows.all():
        frame = frame.filter(pa.array(open_rows))
    show = _shown(columns, *[n for n in ("subscription_id", "started_on", "ended_on") if n in columns])
    with duckdb.connect() as engine:
        engine.register("stretches", frame)
        same = _rows(engine, "subscription_id", "true", count)
        expected = "stretches of a subscription that follow one another; where they overlap, both count"
        findings.warn(same, "started_on", "overlapping", expected, show)
        if held is not None and {"started_on", "ended_on"} <= set(held.column_names):
            engine.register("held", held)
            across = _numbered(engine.execute(_ACROSS).fetchnumpy()["_row"], count) & ~same
            expected = (
                "stretches that follow those of the same subscription held already; where they overlap, both count"
            )
            findings.warn(across, "started_on", "overlapping_held", expected, show)
        if "product" not in columns:
            return
        other = _rows(engine, "account_id, product, currency", "product is not null", count) & ~same
        if other.sum() <= 0.1 * max(1, frame.num_rows):  # more, and it is how this company sells
            expected = "one subscription at a time for each product of an account; where two overlap, both count"
            findings.warn(other, "started_on", "overlapping_product", expected, show)


def _missing(columns: Columns) -> dict[str, pa.DataType]:
    kinds = {"product": pa.string(), "currency": pa.string(), "ended_on": pa.date32()}
    return {name: kind for name, kind in kinds.items() if name not in columns}


def _rows(engine: duckdb.DuckDBPyConnection, keys: str, given: str, count: int) -> np.ndarray:
    return _numbered(engine.execute(_OVERLAP.format(keys=keys, given=given)).fetchnumpy()["_row"], count)


def _numbered(found: Any, count: int) -> np.ndarray:
    rows = np.zeros(count, dtype=bool)
    rows[np.asarray(found, dtype=np.int64)] = True
    return rows
