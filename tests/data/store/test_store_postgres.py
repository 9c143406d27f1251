"""The same store with its state in PostgreSQL: the tests of the other modules, on a private server."""

import pytest

from data.store import Store
from tests.data.store.test_store_backup import *  # noqa: F403
from tests.data.store.test_store_commit import *  # noqa: F403
from tests.data.store.test_store_concurrency import *  # noqa: F403
from tests.data.store.test_store_erasure import *  # noqa: F403
from tests.data.store.test_store_history import *  # noqa: F403
from tests.data.store.test_store_preferences import *  # noqa: F403
from tests.data.store.test_store_rebuild import *  # noqa: F403
from tests.data.store.test_store_sweep import *  # noqa: F403

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def database(postgres):
    return postgres.new_database()


@pytest.fixture
def store(tmp_path, monkeypatch, postgres, database):
    monkeypatch.delenv("FAROL_HOME", raising=False)
    monkeypatch.setenv("FAROL_DATABASE_URL", database.render_as_string(hide_password=False))
    postgres.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", database=database.database)
    opened = Store(tmp_path / "home")
    yield opened
    opened.close()


def test_the_state_is_in_postgres(store, postgres):
    assert store._database.engine.dialect.name == "postgresql"
    assert not (store.home / "state.db").exists()
