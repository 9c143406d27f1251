# ruff: noqa: S608 (identifiers come from the schema or are quoted; engines cannot bind identifiers)
"""The canonical tables as seen on a day, as SQL text: one definition for every engine.

The embedded engine makes views of it. A live engine gets it as common table expressions in front of
each query, so that nothing is ever created where the data live.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from data.schema import Table, tables

EXTRA = "x_"
TEST_ACCOUNTS = "test_accounts"

# What later became of a row seen on the as-of day: the date it happened, and the state it leaves behind.
_LATER: dict[str, dict[str, tuple[str, str] | None]] = {
    "subscriptions": {"ended_on": None, "cancelled_on": None},
    "contacts": {"first_response_at": None, "solved_at": ("status", "open")},
    "invoices": {"paid_on": ("status", "open")},
    "renewals": {"decided_on": ("outcome", "pending")},
    "referrals": {"won_on": ("status", "open")},
}
_OWNER = {"referrals": "referrer_account_id"}
_SEEN = {"renewals": ()}  # plans: a renewal is seen before it is decided
_ABOVE_ZERO = {
    "contracts": ("billing_months", "term_months"),
    "subscriptions": ("billing_months",),
    "fx_rates": ("rate",),
}
_FROM_MONTHLY = ("subscription_id", "started_on", "account_id", "amount", "ended_on")


@dataclass(frozen=True)
class Spelling:
    """How an engine writes what engines write differently.

    Attributes:
        types: its name of each Python type of the schema.
        mark: what stands around identifiers.
        by_code_point: what follows a text for it to compare by code point, as the embedded engine does.
        backslashes: whether a backslash in a literal means something.
    """

    types: Mapping[type, str]
    mark: str = '"'
    by_code_point: str = ""
    backslashes: bool = False

    def name(self, name: str) -> str:
        """A quoted identifier."""
        return self.mark + name.replace(self.mark, self.mark * 2) + self.mark

    def text(self, value: str) -> str:
        """A text literal."""
        if self.backslashes:
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return "'" + value.replace("'", "''") + "'"

    def cast(self, expression: str, kind: type) -> str:
        """An expression as a type of the schema."""
        return f"CAST({expression} AS {self.types[kind]}){self.by_code_point if kind is str else ''}"


DUCKDB = Spelling(
    {str: "VARCHAR", date: "DATE", datetime: "TIMESTAMP", float: "DOUBLE", int: "BIGINT", bool: "BOOLEAN"}
)
POSTGRESQL = Spelling(
    {str: "TEXT", date: "DATE", datetime: "TIMESTAMP", float: "DOUBLE PRECISION", int: "BIGINT", bool: "BOOLEAN"},
    by_code_point=' COLLATE "C"',
)
SPARK = Spelling(
    {str: "STRING", date: "DATE", datetime: "TIMESTAMP_NTZ", float: "DOUBLE", int: "BIGINT", bool: "BOOLEAN"},
    mark="`",
    backslashes=True,
)


@dataclass(frozen=True)
class Relation:
    """Where the rows of a canonical table come from.

    Attributes:
        sql: the relation, quoted; its rows are called `r`.
        columns: an expression on `r` for each canonical column that is there, and for extra ones (x_…).
        unchecked: rows no import has checked: those without a required value, or with a length or rate that
            is not above zero, are left out, as an import would reject them.
    """

    sql: str
    columns: Mapping[str, str] = field(default_factory=dict)
    unchecked: bool = False


def typed_columns(table: Table) -> dict[str, type]:
    """Every canonical column of a table with its type, the row number included."""
    numbered = {"row_id": int} if "row_id" in table.sql.c else {}
    return {**{column.name: column.type for column in table.columns.values()}, **numbered}


def definitions(
    relations: Mapping[str, Relation], spelling: Spelling, as_of: date | None, test_accounts: str | None
) -> dict[str, str]:
    """A select per canonical table, in an order in which each needs only those before it.

    Tables without a relation are empty. Test accounts and their rows are left out. With an as-of day, rows
    that were not known then are left out and what happened later is unknown.

    Args:
        test_accounts: the relation with the ids (account_id) of test accounts; None = there are none.
    """
    found = {}
    for table in tables().values():
        found[table.name] = _definition(table, relations.get(table.name), spelling, as_of, test_accounts)
    if "monthly" in relations and "subscriptions" not in relations:
        found["subscriptions"] = _subscriptions_from_monthly(spelling)
    return {"monthly": found.pop("monthly"), **found}


def sound(table: Table, relation: Relation) -> list[str]:
    """Conditions that rows no import has checked must meet, over the rows `r` of a relation."""
    held = [f"{relation.columns[name]} IS NOT NULL" for name in table.required if name in relation.columns]
    lengths = [relation.columns[name] for name in _ABOVE_ZERO.get(table.name, ()) if name in relation.columns]
    return held + [f"coalesce({length} > 0, true)" for length in lengths]


def _definition(
    table: Table, relation: Relation | None, spelling: Spelling, as_of: date | None, test_accounts: str | None
) -> str:
    kinds = typed_columns(table)
    if relation is None:
        parts = [f"{spelling.cast('NULL', kind)} AS {spelling.name(name)}" for name, kind in kinds.items()]
        return f"SELECT {', '.join(parts)} WHERE 1 = 0"
    given = relation.columns
    day = f"DATE '{as_of}'"
    later = _LATER.get(table.name, {}) if as_of else {}
    ahead = {name: f"CAST({given[name]} AS DATE) > {day}" for name in later if name in given}
    states = {state[0]: (state[1], name) for name, state in later.items() if name in given and state is not None}
    parts = []
    for name, kind in kinds.items():
        value = given.get(name) or spelling.cast("NULL", kind)
        if name in ahead:
            value = f"CASE WHEN {ahead[name]} THEN NULL ELSE {value} END"
        elif name in states and name in given:
            state, happened = states[name]
            value = f"CASE WHEN {ahead[happened]} THEN '{state}' ELSE {value} END"
        parts.append(f"{value} AS {spelling.name(name)}")
    parts += [f"{given[name]} AS {spelling.name(name)}" for name in given if name.startswith(EXTRA)]
    conditions = sound(table, relation) if relation.unchecked else []
    owner = _OWNER.get(table.name, "account_id")
    if test_accounts is not None and owner in given:
        conditions.append(f"NOT EXISTS (SELECT 1 FROM {test_accounts} AS t WHERE t.account_id = {given[owner]})")
    seen = [given[name] for name in _SEEN.get(table.name, table.observed) if name in given]
    if as_of and seen:
        days = ", ".join(f"CAST({moment} AS DATE)" for moment in seen)
        first = f"least({days})" if len(seen) > 1 else days
        conditions.append(f"coalesce({first}, {day}) <= {day}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join(parts)} FROM {relation.sql} AS r{where}"


def _subscriptions_from_monthly(spelling: Spelling) -> str:
    """Subscriptions told from one MRR per account and month: a stretch of one month each."""
    kinds = typed_columns(tables()["subscriptions"])
    nothing = [
        f"{spelling.cast('NULL', kind)} AS {spelling.name(name)}"
        for name, kind in kinds.items()
        if name not in _FROM_MONTHLY
    ]
    first = "date_trunc('month', month)"
    return (
        f"SELECT account_id AS subscription_id, CAST({first} AS DATE) AS started_on, account_id, mrr AS amount, "
        f"CAST({first} + INTERVAL '1 month' AS DATE) AS ended_on, {', '.join(nothing)} "
        "FROM monthly WHERE mrr IS NOT NULL"
    )
