"""The state database: its migrations make what the models say, and never touch the canonical tables."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

import data.schema
import data.store.migrations as migrations
from data.problems import DataProblem
from data.store import Store
from data.store.database import Database
from data.store.models import StateModel


@pytest.fixture
def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


def test_head_is_the_newest_revision(database):
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]
    assert database.revision() == migrations.HEAD


def test_migrations_make_exactly_the_models(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrations.VERSION_TABLE})
        assert compare_metadata(context, StateModel.metadata) == []


def test_state_and_canonical_tables_are_apart(database):
    canonical = set(data.schema.tables())
    assert canonical <= set(SQLModel.metadata.tables)
    assert not canonical & set(StateModel.metadata.tables)
    assert not set(StateModel.metadata.tables) & set(SQLModel.metadata.tables)
    assert set(sa.inspect(database.engine).get_table_names()) == {*StateModel.metadata.tables, migrations.VERSION_TABLE}


def test_sqlite_is_opened_for_durability(database):
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_an_error_in_a_migration_leaves_a_home_that_can_be_opened(tmp_path, monkeypatch):
    original = DefaultImpl.create_table
    made = []

    def fails_at_the_third(operations, *arguments, **named):
        made.append(arguments)
        if len(made) == 3:
            raise sa.exc.OperationalError("CREATE TABLE", None, OSError("disk I/O error"))
        return original(operations, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(DefaultImpl, "create_table", fails_at_the_third)
        with pytest.raises(DataProblem, match="disk I/O error"):
            Store(tmp_path)
    with sa.create_engine(f"sqlite:///{tmp_path / 'state.db'}").connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    assert Store(tmp_path).workspaces() == []


def test_a_home_made_by_a_newer_version_is_left_alone(store):
    with store._database.write() as session:
        session.execute(sa.text(f"UPDATE {migrations.VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(DataProblem, match="revision 9999"):
        Store(store.home)


@pytest.mark.parametrize("url", ["nonsense", "no_such_engine://host/db", "sqlite:////no/such/folder/state.db"])
def test_an_unusable_address_is_said_without_its_secrets(tmp_path, url):
    with pytest.raises(DataProblem) as caught:
        Store(tmp_path, url)
    assert caught.value.id in ("state_url_unusable", "state_unreachable")


def test_the_environment_says_where(tmp_path, monkeypatch):
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "a home with spaces, ação & 50%?#"))
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    store = Store()
    assert store.create_workspace("w").id == "w"
    assert (store.home / "state.db").exists()
    assert store.home == tmp_path / "a home with spaces, ação & 50%?#"
    monkeypatch.setenv("FAROL_DATABASE_URL", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert Store().workspaces() == []
    assert (tmp_path / "elsewhere.db").exists()


def test_a_home_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataProblem, match="FAROL_HOME"):
        Store(tmp_path / "file" / "home")
