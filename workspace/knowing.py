"""What a workspace holds already, as far as new rows are checked against it: ids, currencies, ideas of churn."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data import schema
from data.apart import Kept
from data.checks import churn, held
from data.facts import connect
from data.importing import Known, Prepared
from data.problems import Problem
from workspace.numbers import Workspace

_STRETCH = ("subscription_id", "account_id", "started_on", "ended_on")
_SAYS = {"subscriptions": churn.ended, "churn_events": churn.departed, "accounts": churn.marked}
_NAMES = {"subscriptions": "subscriptions", "churn_events": "events", "accounts": "marks"}


def known(workspace: Workspace) -> Known:
    """Account ids (test accounts too), subscriptions, currencies with a rate, and the key of pseudonyms."""
    with connect(workspace.facts) as cursor:
        accounts = _held(cursor, "accounts", "account_id")["account_id"]
        pairs = _held(cursor, "subscriptions", "subscription_id, account_id, started_on, ended_on")
        dated = [code for (code,) in cursor.sql("SELECT DISTINCT currency FROM fx_rates").fetchall() if code]
    policies = workspace.policies
    currencies = dict.fromkeys([policies.currency, *(code for code, _ in policies.rates), *dated])
    return Known(
        accounts.combine_chunks() if len(accounts) else None,
        pairs if pairs.num_rows else None,
        tuple(currencies),
        workspace.store.pseudonym_key(workspace.id),
    )


def with_new(known: Known, prepared: Iterable[Prepared]) -> Known:
    """The same with the rows of files that were checked before."""
    accounts, pairs, currencies = known.accounts, known.subscriptions, known.currencies or ()
    for one in prepared:
        if one.table == "accounts":
            new = one.accepted["account_id"].combine_chunks()
            accounts = new if accounts is None else pa.concat_arrays([accounts, new])
        if one.table == "subscriptions":
            names = [name for name in _STRETCH if name in one.accepted.column_names]
            new_pairs = one.accepted.select(names)
            pairs = new_pairs if pairs is None else pa.concat_tables([pairs, new_pairs], promote_options="permissive")
        if one.table == "fx_rates":
            currencies = tuple(dict.fromkeys([*currencies, *one.accepted["currency"].to_pylist()]))
    return replace(known, accounts=accounts, subscriptions=pairs, currencies=currencies)


def compare_churn(workspace: Workspace, prepared: Sequence[Sequence[Prepared]]) -> None:
    """Say so on the first table concerned where new and held rows have two truths about churn."""
    rows = [one for each in prepared for one in each if one.table in _SAYS]
    if not rows:
        return
    said: dict[str, set[str] | None] = {}
    there: set[str] = set()
    with connect(workspace.facts) as cursor:
        for name, says in _SAYS.items():
            parts = [one.accepted for one in rows if one.table == name]
            whole = [part.select(list(part.column_names)) for part in parts]
            if _exists(cursor, name):
                whole.append(_held(cursor, name, "*"))
            whole = [part for part in whole if part.num_rows]
            if whole:
                together = pa.concat_tables(whole, promote_options="permissive")
                said[_NAMES[name]] = says(together)
                if name != "churn_events":
                    there |= set(together["account_id"].to_pylist())
    problem: Problem | None = churn.disagreement(said, there or None)
    if problem is not None:
        order = ("churn_events", "accounts", "subscriptions")
        min(rows, key=lambda one: order.index(one.table)).checked.problems.append(problem)


def compare_held(workspace: Workspace, prepared: Sequence[Sequence[Prepared]], mode: str | None = None) -> None:
    """Say on each table what adding its rows counts twice and what updating with them clears.

    `mode` is how they will come in; None while nobody has chosen.
    """
    for one in (one for each in prepared for one in each):
        files = workspace.facts.files.get(one.table, ())
        rows = one.accepted.path if isinstance(one.accepted, Kept) else one.accepted
        if mode in (None, "append") and (twice := held.days_held(one.table, rows, files)) is not None:
            one.checked.problems.append(twice)
        if mode in (None, "upsert"):
            one.checked.problems.extend(held.cleared(one.table, rows, files))


def beside(files: Sequence[str], new: Any, table: str, path: Path) -> list[str]:
    """Files of the rows held that an update with `new` leaves as they are; all of them where the table has no key.

    Args:
        files: Parquet files of the table.
        new: The new rows.
        table: The canonical table.
        path: A file to write.
    """
    keys = list(schema.tables()[table].key)
    if not files or not keys:
        return list(files)
    rows = pa.concat_tables([pq.read_table(file) for file in files], promote_options="permissive")
    fresh = new.select(keys).cast(pa.schema([rows.schema.field(key) for key in keys]))
    pq.write_table(rows.join(fresh, keys=keys, join_type="left anti"), path)
    return [str(path)]


def _exists(cursor: Any, name: str) -> bool:
    found = cursor.execute(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = 'raw' AND table_name = ?", [name]
    ).fetchall()  # to the end: a cursor does nothing else before
    return bool(found)


def _held(cursor: Any, name: str, columns: str) -> pa.Table:
    """Rows as stored, test accounts too; the empty view where nothing is."""
    table = name
    if _exists(cursor, name):
        table = f"raw.{name}"
        there = {row[0] for row in cursor.execute(f"DESCRIBE {table}").fetchall()}
        if "ended_on" in columns and "ended_on" not in there:
            columns = columns.replace("ended_on", "CAST(NULL AS DATE) AS ended_on")
    return cursor.sql(f"SELECT {columns} FROM {table}").to_arrow_table()  # noqa: S608 - names of the schema
