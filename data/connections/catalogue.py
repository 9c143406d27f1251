"""What a database offers: tables and views the role may read, their columns, and which column tells what is new."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from data.connections.database import LIMITS, Limits
from data.problems import DataProblem, did_you_mean

Kind = Literal["whole", "float", "bool", "date", "time", "instant", "text", "binary"]
MOST_RELATIONS = 2_000
_POSTGRES: dict[str, Kind] = {
    "int2": "whole", "int4": "whole", "int8": "whole", "float4": "float", "float8": "float", "bool": "bool",
    "date": "date", "timestamp": "time", "timestamptz": "instant", "bytea": "binary",
}  # fmt: skip
_MYSQL: dict[str, Kind] = {
    "tinyint": "whole", "smallint": "whole", "mediumint": "whole", "int": "whole", "year": "whole", "bigint": "whole",
    "float": "float", "double": "float", "date": "date", "datetime": "time", "timestamp": "instant",
    "binary": "binary", "varbinary": "binary", "tinyblob": "binary", "blob": "binary", "mediumblob": "binary",
    "longblob": "binary", "geometry": "binary", "point": "binary", "bit": "binary",
}  # fmt: skip
_CHANGED = re.compile(
    r"(?i)^(.*_)?(updated|modified|changed|last_?modified|last_?updated|atualizado|alterado|actualizado|modificado)"
    r"(_?(at|on|date|time|ts|em|el|timestamp))?$|^systemmodstamp$|^lastmodifieddate$|^data_(de_)?atualizacao$"
)


@dataclass(frozen=True)
class SourceColumn:
    """A column at the source. `kind` `binary` is not brought in."""

    name: str
    type: str
    kind: Kind

    @property
    def grows(self) -> bool:
        """Whether it may tell what is new: a time, a day or a whole number."""
        return self.kind in ("whole", "date", "time", "instant")


@dataclass(frozen=True)
class Relation:
    """A table or view. `rows` is the server's estimate, None when it has none."""

    schema: str
    name: str
    is_view: bool
    rows: int | None
    columns: tuple[SourceColumn, ...] = field(default=())

    @property
    def shown(self) -> str:
        """The name as people see it."""
        return f"{self.schema}.{self.name}"

    @property
    def suggested_cursor(self) -> str:
        """The column that seems to be set whenever a row changes; "" when none does."""
        found = [c.name for c in self.columns if c.kind in ("time", "instant") and _CHANGED.match(c.name)]
        return found[0] if found else ""

    def source(self) -> sa.FromClause:
        """The relation in a select, every name quoted."""
        columns: list[Any] = [sa.column(sa.sql.quoted_name(c.name, True)) for c in self.columns]
        schema = sa.sql.quoted_name(self.schema, True)
        return sa.table(sa.sql.quoted_name(self.name, True), *columns, schema=schema)


def relations(connection: sa.Connection, limits: Limits = LIMITS) -> list[Relation]:
    """Every table and view the role may read, by name, with its columns; the system's own are left out."""
    rows = _postgres(connection) if connection.dialect.name == "postgresql" else _mysql(connection)
    found: dict[tuple[str, str], Relation] = {}
    columns: dict[tuple[str, str], list[SourceColumn]] = {}
    for schema, name, is_view, estimate, column, type_name, kind in rows:
        key = (str(schema), str(name))
        found.setdefault(
            key, Relation(*key, bool(is_view), None if estimate is None or estimate < 0 else int(estimate))
        )
        columns.setdefault(key, []).append(SourceColumn(str(column), str(type_name), kind))
    return [
        Relation(one.schema, one.name, one.is_view, one.rows, tuple(columns[key][: limits.columns]))
        for key, one in sorted(found.items())[:MOST_RELATIONS]
    ]


def find(offered: list[Relation], schema: str, name: str) -> Relation:
    """A relation of the catalogue.

    Raises:
        DataProblem: there is none of that name.
    """
    for one in offered:
        if (one.schema, one.name) == (schema, name):
            return one
    wanted = f"{schema}.{name}"
    raise DataProblem(
        "source_table_unknown",
        "There is no table or view {name} that may be read.{hint}",
        name=wanted,
        hint=did_you_mean(wanted, [one.shown for one in offered]),
    )


def named(offered: list[Relation], name: str) -> Relation:
    """A relation by what people call it: `schema.table`, or the table alone where that is clear."""
    same = [one for one in offered if name in (one.shown, one.name)]
    if len(same) == 1:
        return same[0]
    schema, _, table = name.rpartition(".")
    return find(offered, schema, table)


def count(connection: sa.Connection, relation: Relation) -> int:
    """How many rows there are, counted."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(relation.source())).scalar() or 0)


def _postgres(connection: sa.Connection) -> list[tuple[Any, ...]]:
    def of(name: str, *columns: str) -> sa.TableClause:
        return sa.table(name, *map(sa.column, columns), schema="pg_catalog")

    c = of("pg_class", "oid", "relname", "relkind", "reltuples", "relnamespace", "relispartition")
    n = of("pg_namespace", "oid", "nspname")
    a = of("pg_attribute", "attrelid", "attname", "atttypid", "atttypmod", "attnum", "attisdropped")
    t = of("pg_type", "oid", "typname", "typbasetype")
    base = t.alias("base")
    select = (
        sa.select(
            n.c.nspname,
            c.c.relname,
            c.c.relkind.in_(("v", "m")),
            sa.case((c.c.relkind.in_(("r", "p", "m")), sa.cast(c.c.reltuples, sa.BigInteger))),
            a.c.attname,
            sa.func.format_type(a.c.atttypid, a.c.atttypmod),
            sa.func.coalesce(base.c.typname, t.c.typname),
        )
        .select_from(
            c.join(n, n.c.oid == c.c.relnamespace)
            .join(a, sa.and_(a.c.attrelid == c.c.oid, a.c.attnum > 0, sa.not_(a.c.attisdropped)))
            .join(t, t.c.oid == a.c.atttypid)
            .outerjoin(base, base.c.oid == t.c.typbasetype)
        )
        .where(
            c.c.relkind.in_(("r", "p", "v", "m", "f")),
            sa.not_(c.c.relispartition),
            n.c.nspname != "information_schema",
            n.c.nspname.not_like("pg\\_%"),
            sa.func.has_schema_privilege(n.c.oid, "USAGE"),
            sa.func.has_table_privilege(c.c.oid, "SELECT"),
        )
        .order_by(n.c.nspname, c.c.relname, a.c.attnum)
    )
    return [(*row[:6], _POSTGRES.get(row[6], "text")) for row in connection.execute(select)]


def _mysql(connection: sa.Connection) -> list[tuple[Any, ...]]:
    def of(name: str, *columns: str) -> sa.TableClause:
        return sa.table(name, *map(sa.column, columns), schema="information_schema")

    tables = of("tables", "table_schema", "table_name", "table_type", "table_rows")
    columns = of("columns", "table_schema", "table_name", "column_name", "data_type", "column_type", "ordinal_position")
    same = sa.and_(columns.c.table_schema == tables.c.table_schema, columns.c.table_name == tables.c.table_name)
    select = (
        sa.select(
            tables.c.table_schema,
            tables.c.table_name,
            tables.c.table_type,
            tables.c.table_rows,
            columns.c.column_name,
            columns.c.column_type,
            columns.c.data_type,
        )
        .select_from(tables.join(columns, same))
        .where(
            tables.c.table_schema == sa.func.database(),
            tables.c.table_type.in_(("BASE TABLE", "VIEW", "SYSTEM VERSIONED")),
        )
        .order_by(tables.c.table_name, columns.c.ordinal_position)
    )
    found = []
    for schema, name, kind, estimate, column, full, type_name in connection.execute(select):
        view = kind == "VIEW"
        big = type_name == "bigint" and "unsigned" in str(full)
        mine: Kind = "text" if big else _MYSQL.get(str(type_name).lower(), "text")
        found.append((schema, name, view, None if view else estimate, column, full, mine))
    return found
