"""Opening a database to read, and only to read: the host checked, the session and every transaction read-only.

Four things keep a source from being written through us, whatever its role may do: the session starts with
read-only transactions as its default; each transaction says so itself; only selects that we build from names of
the catalogue are run (a text is refused before it leaves); and roles that a read-only transaction does not bind
(superusers, roles that may write files or run programs on the server) are refused.
"""

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from data.connections.hosts import HostRules, resolved
from data.connections.problems import failed
from data.connections.secret import Secret, resolve
from data.problems import DataProblem
from data.store.connections import ConnectionInfo

CA = "FAROL_TLS_CA"


@dataclass(frozen=True)
class Limits:
    """How long and how much. `seconds` bounds a whole reading, `statement_seconds` each answer of the server."""

    connect_seconds: int = 10
    statement_seconds: int = 120
    lock_seconds: int = 10
    seconds: int = 3600
    rows: int = 200_000_000
    cells: int = 600_000_000
    bytes: int = 8 * 1024**3
    columns: int = 2_000


LIMITS = Limits()


@contextmanager
def reading(info: ConnectionInfo, rules: HostRules, limits: Limits = LIMITS) -> Iterator[sa.Connection]:
    """One read-only transaction with one view of the whole database; everything is closed on leaving.

    Raises:
        DataProblem: it cannot be opened or read, in words and without the secret.
    """
    secret = resolve(info.secret)
    engine = engine_for(info, rules, limits)
    try:
        with engine.connect() as connection, connection.begin():
            _refuse_mighty(connection)
            yield connection
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise failed(error, secret, info.host, info.user, info.database) from None
    except engine.dialect.loaded_dbapi.Error as error:
        raise failed(error, secret, info.host, info.user, info.database) from None
    finally:
        engine.dispose()


def engine_for(info: ConnectionInfo, rules: HostRules, limits: Limits = LIMITS, texts: bool = False) -> sa.Engine:
    """An engine whose every session and transaction is read-only and bound by the limits; nothing is pooled.

    Its URL holds neither host nor password. `texts` lets whoever builds its own selects as text (the engine of
    live measures) run them; the transaction is read-only all the same.
    """
    secret = resolve(info.secret)
    if info.kind == "postgresql":
        engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=lambda: _postgresql(info, secret, rules, limits),
            poolclass=sa.NullPool,
            use_native_hstore=False,
        )
    elif info.kind == "mysql":
        engine = sa.create_engine(
            "mysql+pymysql://", creator=lambda: _mysql(info, secret, rules, limits), poolclass=sa.NullPool
        )
        sa.event.listen(engine, "begin", _begin_mysql)
    else:
        raise DataProblem("connection_not_a_database", "{name} is no database.", name=info.name)
    if not texts:
        sa.event.listen(engine, "before_cursor_execute", _only_selects)
    return engine


def _postgresql(info: ConnectionInfo, secret: Secret, rules: HostRules, limits: Limits) -> Any:
    import psycopg

    port = info.port or 5432
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": limits.statement_seconds * 1000,
        "lock_timeout": limits.lock_seconds * 1000,
        "idle_in_transaction_session_timeout": max(limits.statement_seconds, 60) * 5000,
        "TimeZone": "UTC",
        "DateStyle": "ISO",
        "IntervalStyle": "postgres",
    }
    tls = info.options.get("tls", "verify")
    options: dict[str, Any] = {
        "host": info.host,  # the name a certificate must carry; the address is the one that was checked
        "hostaddr": resolved(info.host, port, rules, "database"),
        "port": port,
        "dbname": info.database,
        "user": info.user,
        "password": secret.reveal(),
        "passfile": os.devnull,  # what else lies on this machine is not for this connection
        "gssencmode": "disable",
        "sslmode": {"verify": "verify-full", "require": "require", "off": "disable"}[tls],
        "connect_timeout": limits.connect_seconds,
        "application_name": "Farol",
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }
    if tls == "verify":
        options["sslrootcert"] = os.environ.get(CA) or "system"
    if tls == "off":
        options["require_auth"] = "!password"  # never in the clear
    connection = psycopg.connect(**options, prepare_threshold=None)
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


def _mysql(info: ConnectionInfo, secret: Secret, rules: HostRules, limits: Limits) -> Any:
    import pymysql

    port = info.port or 3306
    address = resolved(info.host, port, rules, "database")
    tls = info.options.get("tls", "verify")
    encrypted: dict[str, Any] = {"ssl": _tls(tls)} if tls != "off" else {"ssl_disabled": True}
    connection = pymysql.connect(
        host=info.host,
        port=port,
        user=info.user,
        password=secret.reveal(),
        database=info.database,
        charset="utf8mb4",
        local_infile=False,  # a server may not ask for files of this machine
        read_timeout=limits.statement_seconds,
        write_timeout=limits.connect_seconds,
        connect_timeout=limits.connect_seconds,
        auth_plugin_map={} if tls != "off" else {"mysql_clear_password": _NeverInTheClear, "dialog": _NeverInTheClear},
        program_name="Farol",
        defer_connect=True,
        **encrypted,
    )
    wire = socket.create_connection((address, port), limits.connect_seconds)
    try:
        connection.connect(wire)
        if tls != "off" and not isinstance(connection._sock, ssl.SSLSocket):
            raise ssl.SSLError("the server offers no encryption")
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET SESSION time_zone = '+00:00'")
            cursor.execute(f"SET SESSION lock_wait_timeout = {int(limits.lock_seconds)}")
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {int(limits.lock_seconds)}")
            cursor.execute(f"SET SESSION net_write_timeout = {int(max(limits.statement_seconds, 60))}")
            seconds = int(limits.seconds)  # these count the whole answer, sending it included
            if "mariadb" in str(connection.server_version).lower():
                cursor.execute(f"SET SESSION max_statement_time = {seconds}")
            else:
                cursor.execute(f"SET SESSION max_execution_time = {seconds * 1000}")
    except BaseException:
        wire.close()
        raise
    return connection


class _NeverInTheClear:
    """In place of the plugins that would send the password as it is over a wire that is not encrypted."""

    def __init__(self, connection: Any) -> None:
        """As the driver wants it."""

    def authenticate(self, packet: Any) -> Any:
        """Refuse."""
        raise ssl.SSLError("the server asks for the password in the clear")


def _tls(mode: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=os.environ.get(CA) or None)
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _begin_mysql(connection: sa.Connection) -> None:
    cursor = connection.connection.cursor()
    cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    cursor.close()


def _only_selects(
    connection: sa.Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    """Refuse whatever is not a select built from parts: a text never runs."""
    compiled = getattr(context, "compiled", None)
    built = getattr(compiled, "statement", None)
    if not isinstance(built, sa.Select | sa.CompoundSelect):
        raise DataProblem("connection_only_reads", "Connections only read tables and views that were picked.")


def _refuse_mighty(connection: sa.Connection) -> None:
    """Refuse roles that could act outside a read-only transaction through a function of a view."""
    if connection.dialect.name == "postgresql":
        powers = ("pg_execute_server_program", "pg_write_server_files", "pg_read_server_files")
        roles = sa.table("pg_roles", sa.column("rolname"), sa.column("rolsuper"), schema="pg_catalog")
        member = sa.func.pg_has_role(roles.c.rolname, "MEMBER")
        mighty = sa.or_(
            sa.and_(roles.c.rolname == sa.func.current_user(), roles.c.rolsuper),
            sa.and_(roles.c.rolname.in_(powers), member),
        )
        found = connection.execute(sa.select(sa.func.count()).select_from(roles).where(mighty)).scalar()
    else:
        granted = sa.table("user_privileges", sa.column("privilege_type"), schema="information_schema")
        mighty = granted.c.privilege_type.in_(("SUPER", "FILE"))
        found = connection.execute(sa.select(sa.func.count()).select_from(granted).where(mighty)).scalar()
    if found:
        raise DataProblem(
            "connection_role_too_strong",
            "This user may do anything on the server, more than a read-only transaction can hold back. Make one that "
            "may read the tables you need, and nothing else, and connect with that.",
        )


def may_write(connection: sa.Connection) -> bool:
    """Whether the role could change some table: allowed, as nothing is changed through us, but worth saying."""
    if connection.dialect.name == "postgresql":
        classes = sa.table(
            "pg_class", sa.column("oid"), sa.column("relkind"), sa.column("relnamespace"), schema="pg_catalog"
        )
        spaces = sa.table("pg_namespace", sa.column("oid"), sa.column("nspname"), schema="pg_catalog")
        query = (
            sa.select(sa.literal(1))
            .select_from(classes.join(spaces, spaces.c.oid == classes.c.relnamespace))
            .where(
                classes.c.relkind.in_(("r", "p")),
                spaces.c.nspname.notin_(("pg_catalog", "information_schema")),
                sa.func.has_table_privilege(classes.c.oid, "INSERT, UPDATE, DELETE"),
            )
        )
        return connection.execute(query.limit(1)).first() is not None
    found = []
    for name in ("user_privileges", "schema_privileges", "table_privileges"):
        granted = sa.table(name, sa.column("privilege_type"), schema="information_schema")
        writes = granted.c.privilege_type.in_(("INSERT", "UPDATE", "DELETE", "CREATE", "DROP"))
        found.append(connection.execute(sa.select(sa.func.count()).select_from(granted).where(writes)).scalar() or 0)
    return any(found)


def deadline(limits: Limits) -> Callable[[], None]:
    """A check to call between batches: it refuses when the whole reading has taken too long."""
    end = time.monotonic() + limits.seconds

    def check() -> None:
        if time.monotonic() > end:
            raise DataProblem(
                "connection_too_slow",
                "The reading took longer than {limit} minutes and was stopped; nothing was stored. Pick a smaller "
                "table or view, or a column that tells what is new.",
                limit=limits.seconds // 60,
            )

    return check
