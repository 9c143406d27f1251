"""A source of each kind with awkward values, and a role that may do more than read."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from data.connections import HostRules
from data.store import ConnectionInfo
from tests.services import Server

SECRET = "FAROL_SECRET_TEST"
PASSWORD = "p@ss/w:rd %41+&'x"
OPEN = HostRules()

POSTGRES = (
    "CREATE TABLE customers (account_id text PRIMARY KEY, name text, created_on date, seats int, is_test boolean,"
    " score numeric(30,10), rating float8, updated_at timestamptz, wall timestamp, picture bytea, doc jsonb)",
    "INSERT INTO customers VALUES"
    " ('007', 'Ana; \"--', '2024-02-29', 5, false, 12345678901234567890.1234567891, 0.1,"
    " '2024-03-01 12:00:00.123456-03', '2024-03-01 09:00:00', '\\x00', '{\"a\": 1}'),"
    " ('008', NULL, 'infinity', NULL, true, 'NaN', 'NaN', '2024-03-02 00:00:00+00', NULL, NULL, NULL)",
    "CREATE TABLE audit (said text)",
    "CREATE FUNCTION written() RETURNS int LANGUAGE plpgsql VOLATILE AS"
    " $$ BEGIN INSERT INTO audit VALUES ('x'); RETURN 1; END $$",
    "CREATE VIEW sly AS SELECT account_id, written() AS w FROM customers",
    'CREATE VIEW "Odd % ""name"" :x" AS SELECT account_id AS "The %s id"":y" FROM customers',
)
MARIADB = (
    "CREATE TABLE customers (account_id varchar(20) PRIMARY KEY, name text, created_on date, seats int,"
    " is_test boolean, score decimal(30,10), rating double, updated_at timestamp(6) NULL, wall datetime,"
    " picture blob, doc json)",
    "SET sql_mode = ''",
    "SET time_zone = '-03:00'",
    "INSERT INTO customers VALUES"
    " ('007', 'Ana; \"--', '2024-02-29', 5, false, 12345678901234567890.1234567891, 0.1,"
    " '2024-03-01 12:00:00.123456', '2024-03-01 09:00:00', x'00', '{\"a\": 1}'),"
    " ('008', NULL, '0000-00-00', NULL, true, NULL, NULL, '2024-03-01 21:00:00', NULL, NULL, NULL)",
    "CREATE TABLE audit (said text)",
    "CREATE FUNCTION written() RETURNS int NOT DETERMINISTIC MODIFIES SQL DATA"
    " BEGIN INSERT INTO audit VALUES ('x'); RETURN 1; END",
    "CREATE VIEW sly AS SELECT account_id, written() AS w FROM customers",
    'CREATE VIEW `Odd % "name" :x` AS SELECT account_id AS `The %s id":y` FROM customers',
)


@dataclass(frozen=True)
class Source:
    """A database with its connection, and how its administrator speaks to it."""

    info: ConnectionInfo
    run: Callable[..., None]
    admin: sa.URL

    def values(self, query: str) -> list[tuple[object, ...]]:
        """What the administrator reads."""
        engine = sa.create_engine(self.admin, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]


def postgres_source(server: Server) -> Source:
    """A fresh PostgreSQL database, and a role that may change everything in it."""
    admin = server.new_database()
    role = f"writer_{admin.database}"
    quoted = PASSWORD.replace("'", "''")
    server.execute(
        f"CREATE ROLE {role} LOGIN PASSWORD '{quoted}'".replace("%", "%%"),
        *(statement.replace("%", "%%") for statement in POSTGRES),
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT ALL ON SCHEMA public TO {role}",
        database=admin.database,
    )
    return _source(server, admin, "postgresql", role)


def mariadb_source(server: Server) -> Source:
    """A fresh MariaDB database, and a user that may change everything in it."""
    admin = server.new_database()
    role = f"w_{admin.database}"
    quoted = PASSWORD.replace("'", "''")
    server.execute(
        f"CREATE USER {role} IDENTIFIED BY '{quoted}'".replace("%", "%%"),
        *(statement.replace("%", "%%") for statement in MARIADB),
        f"GRANT ALL ON {admin.database}.* TO {role}",
        database=admin.database,
    )
    return _source(server, admin, "mysql", role)


def _source(server: Server, admin: sa.URL, kind: str, role: str) -> Source:
    info = ConnectionInfo(
        "crm", kind, "127.0.0.1", admin.port, str(admin.database), role, f"env:{SECRET}", {"tls": "off", "live": False}
    )
    return Source(info, lambda *statements: server.execute(*statements, database=admin.database), admin)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """The password, where the reference says."""
    monkeypatch.setenv(SECRET, PASSWORD)
    return PASSWORD


@pytest.fixture(params=["postgres", pytest.param("mariadb", marks=pytest.mark.slow)])
def source(request: pytest.FixtureRequest, secret: str) -> Source:
    """A source of each kind."""
    server = request.getfixturevalue(request.param)
    return (postgres_source if request.param == "postgres" else mariadb_source)(server)


@pytest.fixture
def postgres_db(postgres: Server, secret: str) -> Source:
    """A PostgreSQL source."""
    return postgres_source(postgres)
