"""A fresh home and one workspace; state in SQLite, or in the PostgreSQL database that FAROL_TEST_DATABASE_URL names.

That database is emptied before every test.
"""

import os

import pytest
import sqlalchemy as sa

from data.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.delenv("FAROL_HOME", raising=False)
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    url = os.environ.get("FAROL_TEST_DATABASE_URL")
    if url:
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        engine.dispose()
        monkeypatch.setenv("FAROL_DATABASE_URL", url)
    opened = Store(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def workspace(store):
    return store.create_workspace("Acme").id
