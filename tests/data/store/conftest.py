"""A fresh home and one workspace."""

import pytest

from data.store import Store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.delenv("FAROL_HOME", raising=False)
    monkeypatch.delenv("FAROL_DATABASE_URL", raising=False)
    opened = Store(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def workspace(store):
    return store.create_workspace("Acme").id
