"""The state database: opening it, bringing it up to date, and transactions.

SQLite (the default) runs in WAL with `synchronous=FULL`: an acknowledged commit survives a power cut.
Every write starts with `BEGIN IMMEDIATE`, so that two writers queue instead of failing half way.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from data.problems import DataProblem
from data.store.migrations import HEAD, VERSION_TABLE
from data.store.models import StateModel

BUSY_SECONDS = 30
_LOCK_NUMBER = 0x6661_726F_6C  # "farol": the advisory lock of migrations on PostgreSQL
_migrating = threading.Lock()  # Alembic keeps its context in module globals


class Database:
    """Connections to the state database; safe to share between threads."""

    def __init__(self, url: str | sa.URL) -> None:
        """Open and migrate.

        Raises:
            DataProblem: no driver for the URL, the database cannot be reached, or a newer Farol made it.
        """
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = self.engine.execution_options(farol_writes=True)
        try:
            self._prepare()
        except sa.exc.OperationalError as error:
            raise _unreachable(self.engine, error) from error

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One view of the state; versions, once there, never change.

        Raises:
            DataProblem: the database does not answer.
        """
        try:
            with Session(self.engine) as session:
                yield session
        except sa.exc.OperationalError as error:
            raise _unreachable(self.engine, error) from error

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: all of it is committed on leaving, or nothing.

        Raises:
            DataProblem: another process held the database for longer than `BUSY_SECONDS`.
        """
        try:
            with Session(self._writer, expire_on_commit=False) as session, session.begin():
                yield session
        except sa.exc.OperationalError as error:
            raise _unreachable(self.engine, error) from error

    def one_view(self, session: Session) -> None:
        """Make all reads of a session, which has not read yet, see the same moment (SQLite's always do)."""
        if not self.is_sqlite:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})

    def forget_traces(self) -> None:
        """Write the database anew, so that nothing deleted or overwritten can be read from its files any more.

        On PostgreSQL this frees the old rows for reuse; its own logs and backups are its administrator's.
        """
        plain = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with plain.connect() as connection:
            if not self.is_sqlite:
                for table in StateModel.metadata.sorted_tables:
                    connection.exec_driver_sql(f"VACUUM FULL {table.name}")
                return
        with self.engine.connect() as connection:
            _outside_transaction(connection, "VACUUM")
            deadline = time.monotonic() + BUSY_SECONDS
            while _fetched(connection, "PRAGMA wal_checkpoint(TRUNCATE)")[0][0] and time.monotonic() < deadline:
                time.sleep(0.05)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def revision(self) -> str | None:
        """The revision the database is at, None when it is new."""
        with self.engine.connect() as connection:
            return _revision(connection)

    def _prepare(self) -> None:
        if self.is_sqlite:
            _switch_to_wal(self.engine)
        if self.revision() == HEAD:
            return
        with _migrating, self.engine.connect() as plain:
            connection = plain.execution_options(farol_writes=True)
            if self.is_sqlite:  # outside a transaction: batch migrations rebuild tables others point at
                _outside_transaction(connection, "PRAGMA foreign_keys=OFF")
            try:
                migrate(connection)
            finally:
                if self.is_sqlite:
                    _outside_transaction(connection, "PRAGMA foreign_keys=ON")


def migrate(connection: sa.Connection, revision: str = "head") -> None:
    """Bring the schema to `revision` in one transaction; whoever comes second waits, and then has nothing to do.

    Raises:
        DataProblem: the database is at a revision this Farol does not know.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_NUMBER)))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except CommandError as error:
            raise DataProblem(
                "state_from_newer_version",
                "The state database is at revision {revision}, which this version of Farol does not know. "
                "Update Farol, or point it to another home.",
                revision=_revision(connection),
            ) from error


def _engine(url: str | sa.URL) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        options = {"connect_args": {"timeout": BUSY_SECONDS}} if parsed.get_backend_name() == "sqlite" else {}
        engine = sa.create_engine(parsed, json_serializer=_to_json, **options)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise DataProblem(
            "state_url_unusable",
            "The address of the state database cannot be used: {why}. Check FAROL_DATABASE_URL and its driver.",
            why=type(error).__name__ if isinstance(error, sa.exc.ArgumentError) else str(error),
        ) from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _on_connect)
        sa.event.listen(engine, "begin", _on_begin)
    return engine


def _to_json(value: Any) -> str:
    """JSON of reports and settings; numbers of numpy and dates are welcome."""
    return json.dumps(value, default=lambda other: other.item() if hasattr(other, "item") else str(other))


def _on_connect(connection, record) -> None:  # type: ignore[no-untyped-def]
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own would not cover DDL
    for pragma in ("foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("farol_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _outside_transaction(connection: sa.Connection, statement: str) -> None:
    _fetched(connection, statement)


def _fetched(connection: sa.Connection, statement: str) -> list[tuple[int, ...]]:
    return connection.connection.driver_connection.execute(statement).fetchall()  # type: ignore[union-attr]


def _switch_to_wal(engine: sa.Engine) -> None:
    """Switch the journal; SQLite refuses at once, without waiting, while another process does the same."""
    deadline = time.monotonic() + BUSY_SECONDS
    with engine.connect() as connection:
        while True:
            try:
                return _outside_transaction(connection, "PRAGMA journal_mode=WAL")
            except engine.dialect.loaded_dbapi.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise sa.exc.OperationalError("PRAGMA journal_mode=WAL", None, error) from error
                time.sleep(0.02)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))).scalar()


def _unreachable(engine: sa.Engine, error: sa.exc.OperationalError) -> DataProblem:
    return DataProblem(
        "state_unreachable",
        "The state database ({where}) did not answer: {why}. Try again; if that fails, check disk, rights, network.",
        where=engine.url.database or engine.dialect.name,
        why=str(error.orig).strip(" \n.?"),
    )
