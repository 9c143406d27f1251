"""Puts committed rows into a PostgreSQL schema as an application would hold them: native types, its own names."""

import io
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import sqlalchemy as sa

from data.facts import Facts

_TYPES = ((pa.types.is_boolean, "boolean"), (pa.types.is_integer, "bigint"), (pa.types.is_floating, "double precision"),
          (pa.types.is_date, "date"), (pa.types.is_timestamp, "timestamp"))  # fmt: skip


def quoted(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def load(url: sa.URL, tables: Mapping[str, pa.Table], schema: str = "public") -> None:
    """Create the tables in a schema and fill them."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        with driver.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
            for name, rows in tables.items():
                columns = ", ".join(f"{quoted(field.name)} {_type(field.type)}" for field in rows.schema)
                cursor.execute(f"CREATE TABLE {quoted(schema)}.{quoted(name)} ({columns})")
                text = io.BytesIO()
                pa_csv.write_csv(rows, text, pa_csv.WriteOptions(include_header=False))
                with cursor.copy(f"COPY {quoted(schema)}.{quoted(name)} FROM STDIN (FORMAT csv)") as into:
                    into.write(text.getvalue())
                cursor.execute(f"ANALYZE {quoted(schema)}.{quoted(name)}")
    engine.dispose()


def _type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind) and kind.tz:
        return "timestamptz"
    return next((name for test, name in _TYPES if test(kind)), "text")


def rows_of(facts: Facts) -> dict[str, pa.Table]:
    """The committed rows of every table, as they lie in the files."""
    return {
        name: pa.concat_tables([pq.read_table(path) for path in facts.files[name]], promote_options="default")
        for name in facts.tables()
    }
