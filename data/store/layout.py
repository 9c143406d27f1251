"""The shape of a snapshot: canonical columns in Arrow types, extra columns as text, row numbers where no key is."""

from collections.abc import Iterable
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from data.problems import DataProblem, did_you_mean
from data.schema import Table, tables

EXTRA = "x_"
ROW_ID = "row_id"
ARROW_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    date: pa.date32(),
    datetime: pa.timestamp("us"),
    float: pa.float64(),
    int: pa.int64(),
    bool: pa.bool_(),
}


def canonical_table(name: str) -> Table:
    """The declaration of a table.

    Raises:
        DataProblem: there is no such table.
    """
    found = tables().get(name)
    if found is None:
        raise DataProblem(
            "unknown_table", "There is no table {name!r}.{hint}", name=name, hint=did_you_mean(name, tables())
        )
    return found


def snapshot_schema(table: str, extra: Iterable[str] = ()) -> pa.Schema:
    """The Arrow types of a snapshot: row number where the table has no key, all canonical columns, extra columns."""
    declared = canonical_table(table)
    fields = [] if declared.key else [pa.field(ROW_ID, pa.int64(), nullable=False)]
    fields += [pa.field(c.name, ARROW_TYPES[c.type]) for c in declared.columns.values()]
    return pa.schema(fields + [pa.field(name, pa.string()) for name in sorted(extra)])


def stored_schema(table: str, given: pa.Schema) -> pa.Schema:
    """The schema that columns as `given` are stored with: extra columns in lower case, as the engine ignores case.

    Raises:
        DataProblem: a column that is neither canonical nor extra, the same name twice (case aside), a required
            column missing, a date or time where the type cannot be kept.
    """
    declared = canonical_table(table)
    names = [name for name in given.names if name != ROW_ID]
    unknown = [name for name in names if name not in declared.columns and not name.lower().startswith(EXTRA)]
    if unknown:
        raise DataProblem(
            "unknown_columns",
            "Table {table} has no column {columns}. Map them to canonical columns or keep them as extra columns (x_…).",
            table=table,
            columns=", ".join(unknown),
        )
    lowered = [name.lower() for name in names]
    twice = sorted({name for name in lowered if lowered.count(name) > 1})
    if twice:
        raise DataProblem(
            "columns_twice", "Table {table} got column {columns} twice. Map one.", table=table, columns=", ".join(twice)
        )
    missing = [name for name in declared.required if name not in names]
    if missing:
        raise DataProblem(
            "columns_missing",
            "Table {table} needs column {columns}, which the data do not have.",
            table=table,
            columns=", ".join(missing),
        )
    for name in names:
        kind = given.field(name).type
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            raise DataProblem(
                "time_with_zone",
                "Column {column} of {table} carries the zone {zone}; turn it into the workspace's wall-clock time.",
                table=table,
                column=name,
                zone=kind.tz,
            )
    return snapshot_schema(table, (name for name in lowered if name.startswith(EXTRA)))


def fit(table: str, rows: pa.Table | pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """The rows in the order and types of `schema`, columns it has more filled with nothing; no copy where they fit.

    Raises:
        DataProblem: a value that the type cannot hold, or nothing where a value is required.
    """
    required = set(canonical_table(table).required)
    places = {name.lower(): place for place, name in enumerate(rows.schema.names)}
    columns = []
    for field in schema:
        if field.name not in places:
            columns.append(pa.nulls(rows.num_rows, field.type))
            continue
        column = rows.column(places[field.name])
        if column.type != field.type:
            try:
                options = pc.CastOptions(field.type, allow_time_truncate=pa.types.is_timestamp(field.type))
                column = pc.cast(column, options=options)
            except pa.ArrowException as error:
                raise DataProblem(
                    "values_unfit",
                    "Column {column} of {table} holds values that are not {type}: {why}",
                    table=table,
                    column=field.name,
                    type=str(field.type),
                    why=str(error),
                ) from error
        if field.name in required and column.null_count:
            raise DataProblem(
                "required_values_missing",
                "Column {column} of {table} is required, and {count} rows have no value.",
                table=table,
                column=field.name,
                count=column.null_count,
            )
        if pa.types.is_floating(field.type) and pc.any(pc.invert(pc.is_finite(column))).as_py():
            raise DataProblem(
                "values_not_finite",
                "Column {column} of {table} holds values that are not numbers (NaN or infinity). Leave them empty.",
                table=table,
                column=field.name,
            )
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)
