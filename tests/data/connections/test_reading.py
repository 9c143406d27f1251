"""What is read arrives exact, and nothing can be written through us, whatever the role may do."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from data.connections import Limits, copy, count, engine_for, may_write, named, reading, relations
from data.connections.catalogue import SourceColumn
from data.problems import DataProblem
from tests.data.connections.sources import OPEN


def test_tables_and_views_with_their_columns(source):
    with reading(source.info, OPEN) as connection:
        offered = relations(connection)
        assert [(one.name, one.is_view) for one in offered if one.name != "sly"] == [
            ('Odd % "name" :x', True), ("audit", False), ("customers", False)
        ]  # fmt: skip
        customers = named(offered, "customers")
        kinds = {column.name: column.kind for column in customers.columns}
        assert kinds == {
            "account_id": "text", "name": "text", "created_on": "date", "seats": "whole", "score": "text",
            "is_test": "bool" if source.info.kind == "postgresql" else "whole", "rating": "float",
            "updated_at": "instant", "wall": "time", "picture": "binary", "doc": "text",
        }  # fmt: skip
        assert customers.suggested_cursor == "updated_at"
        assert count(connection, customers) == 2
        assert may_write(connection)
        with pytest.raises(DataProblem, match="customers"):
            named(offered, "custmers")


def test_values_arrive_exact(source, tmp_path):
    path = tmp_path / "c.parquet"
    with reading(source.info, OPEN) as connection:
        relation = named(relations(connection), "customers")
        copied = copy(connection, relation, path, cursor="updated_at")
    first, second = sorted(pq.read_table(path).to_pylist(), key=lambda row: row["account_id"])
    assert first["account_id"] == "007"
    assert first["name"] == 'Ana; "--'
    assert first["created_on"] == date(2024, 2, 29)
    assert first["score"] == "12345678901234567890.1234567891"
    assert first["rating"] == 0.1
    assert first["updated_at"] == datetime(2024, 3, 1, 15, 0, 0, 123456, tzinfo=UTC)
    assert first["wall"] == datetime(2024, 3, 1, 9)
    assert first["doc"] == '{"a": 1}'
    assert "picture" not in first
    assert copied.left_out == ("picture",)
    assert copied.mark == "2024-03-02T00:00:00+00:00"
    assert second["name"] is None
    infinity = date(9999, 12, 31) if source.info.kind == "postgresql" else None
    assert second["created_on"] == infinity
    assert second["seats"] is None


def test_odd_names_are_quoted(source, tmp_path):
    path = tmp_path / "odd.parquet"
    with reading(source.info, OPEN) as connection:
        odd = named(relations(connection), 'Odd % "name" :x')
        assert copy(connection, odd, path).rows == 2
    assert pq.read_table(path).column_names == ['The %s id":y']


def test_only_what_is_new_is_read_again_with_a_little_of_the_past(source, tmp_path):
    with reading(source.info, OPEN) as connection:
        relation = named(relations(connection), "customers")
        whole = copy(connection, relation, tmp_path / "1", cursor="updated_at")
        again = copy(connection, relation, tmp_path / "2", cursor="updated_at", since=whole.mark)
    assert (whole.rows, again.rows) == (2, 1)
    assert again.fingerprint == whole.tail
    source.run("UPDATE customers SET seats = 9 WHERE account_id = '008'")
    with reading(source.info, OPEN) as connection:
        changed = copy(connection, relation, tmp_path / "3", cursor="updated_at", since=whole.mark)
    assert changed.fingerprint != whole.tail


def test_rows_without_a_cursor_value_are_always_read(source, tmp_path):
    source.run("INSERT INTO customers (account_id) VALUES ('009')")
    with reading(source.info, OPEN) as connection:
        relation = named(relations(connection), "customers")
        copied = copy(connection, relation, tmp_path / "1", cursor="updated_at", since="2030-01-01T00:00:00+00:00")
    assert pq.read_table(copied.path)["account_id"].to_pylist() == ["009"]


def test_a_clock_in_the_future_does_not_hide_what_comes_after(source, tmp_path):
    source.run("UPDATE customers SET updated_at = '2037-01-01 00:00:00', wall = '9000-01-01' WHERE account_id = '008'")
    with reading(source.info, OPEN) as connection:
        relation = named(relations(connection), "customers")
        marks = [copy(connection, relation, tmp_path / name, cursor=name).mark for name in ("updated_at", "wall")]
    assert all(mark < datetime.now(UTC).isoformat() for mark in marks)


def test_too_much_is_refused_and_leaves_no_file(source, tmp_path):
    with reading(source.info, OPEN) as connection:
        relation = named(relations(connection), "customers")
        for limits in (Limits(rows=1), Limits(cells=15), Limits(bytes=10), Limits(seconds=-1)):
            with pytest.raises(DataProblem) as refused:
                copy(connection, relation, tmp_path / "c", limits=limits)
            assert refused.value.id in ("source_table_too_large", "connection_too_slow")
    assert not list(tmp_path.iterdir())


WRITES = (
    "INSERT INTO audit VALUES ('x')",
    "UPDATE customers SET name = 'x'",
    "DELETE FROM customers",
    "DROP TABLE audit",
    "CREATE TABLE more (a int)",
    "TRUNCATE customers",
)
POSTGRES_WRITES = (
    "WITH x AS (DELETE FROM customers RETURNING *) SELECT * FROM x",
    "SELECT written()",
    "SELECT * FROM sly",
    "SELECT 1; DELETE FROM customers",
    "SELECT 1; COMMIT; DELETE FROM customers",
    "COMMIT; DELETE FROM customers",
    "SELECT account_id INTO more FROM customers",
    "SET TRANSACTION READ WRITE",
    "SELECT set_config('transaction_read_only', 'off', true)",
    "SELECT nextval('counter')",
    "SELECT * FROM customers FOR UPDATE",
    "COPY audit FROM STDIN",
)
MYSQL_WRITES = (
    "SELECT written()",
    "SELECT * FROM sly",
    "SELECT 1; DELETE FROM customers",
    "REPLACE INTO audit VALUES ('x')",
    "SELECT * FROM customers INTO OUTFILE '/tmp/farol_test_out'",
    "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE audit",
)


def state(source):
    return source.values("SELECT count(*), min(name) FROM customers") + source.values("SELECT count(*) FROM audit")


def test_nothing_is_written_through_the_session_itself(source):
    """Every way is tried on the very session, past our own guard: the role may write, the transaction may not."""
    source.run("CREATE SEQUENCE counter")
    before = state(source)
    writes = WRITES + (POSTGRES_WRITES if source.info.kind == "postgresql" else MYSQL_WRITES)
    for write in writes:
        with pytest.raises(DataProblem), reading(source.info, OPEN) as connection:  # noqa: PT012
            cursor = connection.connection.cursor()
            cursor.execute(write)
            cursor.fetchall()
            connection.connection.commit()
            pytest.fail(f"went through: {write}")
    assert state(source) == before


def test_the_same_role_could_write_without_us(source):
    """Otherwise the test above proves nothing."""
    import os

    url = source.admin.set(username=source.info.user, password=os.environ["FAROL_SECRET_TEST"])
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO audit VALUES ('x')")
    assert source.values("SELECT count(*) FROM audit") == [(1,)]


def test_texts_are_refused_before_they_leave(source):
    for text in ("SELECT 1", "DELETE FROM customers"):
        with pytest.raises(DataProblem) as refused, reading(source.info, OPEN) as connection:
            connection.exec_driver_sql(text)
        assert refused.value.id == "connection_only_reads"
        with pytest.raises(DataProblem) as refused, reading(source.info, OPEN) as connection:
            connection.execute(sa.text(text))
        assert refused.value.id == "connection_only_reads"


def test_a_view_that_writes_is_refused_and_said(source, tmp_path):
    before = state(source)
    with pytest.raises(DataProblem) as refused, reading(source.info, OPEN) as connection:  # noqa: PT012
        known = named(relations(connection), "customers")  # MariaDB does not even offer a view that writes
        copy(connection, replace(known, name="sly", columns=known.columns[:1]), tmp_path / "c")
        copy(connection, replace(known, name="sly", columns=(SourceColumn("w", "int", "whole"),)), tmp_path / "c")
    assert refused.value.id == "connection_read_only"
    assert state(source) == before
    assert not list(tmp_path.iterdir())


def test_an_engine_for_live_measures_reads_only_too(source):
    before = state(source)
    engine = engine_for(source.info, OPEN, texts=True)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM customers").scalar() == 2
        with pytest.raises(sa.exc.SQLAlchemyError):
            connection.exec_driver_sql("DELETE FROM customers")
    assert state(source) == before
    assert str(engine.url) in ("postgresql+psycopg://", "mysql+pymysql://")


def test_mighty_roles_are_refused(source):
    from urllib.parse import unquote

    info = replace(source.info, user=source.admin.username, secret="env:FAROL_SECRET_ADMIN")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAROL_SECRET_ADMIN", unquote(str(source.admin.password)))
        with pytest.raises(DataProblem) as refused, reading(info, OPEN):
            pass
    assert refused.value.id == "connection_role_too_strong"


def test_a_statement_that_takes_too_long_is_stopped(postgres_db, tmp_path):
    postgres_db.run("CREATE VIEW slow AS SELECT account_id, pg_sleep(20)::text FROM customers",
                    f"GRANT SELECT ON slow TO {postgres_db.info.user}")  # fmt: skip
    with pytest.raises(DataProblem) as refused, reading(postgres_db.info, OPEN, Limits(statement_seconds=1)) as c:
        copy(c, named(relations(c), "slow"), tmp_path / "c")
    assert refused.value.id == "connection_slow"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"user": "nobody"}, "connection_denied"),
        ({"database": "nowhere"}, "connection_no_database"),
        ({"port": 1}, "connection_unreachable"),
        ({"host": "no-such-host.invalid"}, "host_unknown"),
        ({"options": {"tls": "verify"}}, "connection_tls"),
        ({"options": {"tls": "require"}}, "connection_tls"),
    ],
)
def test_what_goes_wrong_is_said(source, change, problem):
    with pytest.raises(DataProblem) as refused, reading(replace(source.info, **change), OPEN):
        pass
    allowed = {problem, "connection_denied"} if "database" in change else {problem}
    assert refused.value.id in allowed, str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
