"""Live through a connection: the same numbers as the copy, from a role that can be held to reading."""

from pathlib import Path

import pandas as pd
import pytest

from data.problems import DataProblem
from data.sample import as_arrow, generate
from data.store import Batch, ConnectionInfo, Store
from tests.engines import loading
from workspace import Workspace, connecting, living

KEYS = ("nrr", "grr", "logo_churn", "csat", "arpa")


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    store = Store(tmp_path / "home")
    return Workspace(store, store.create_workspace("acme").id)


@pytest.mark.slow
def test_the_numbers_are_those_of_the_copy(postgres_db, space):
    rows = {name: as_arrow(name, frame) for name, frame in generate(30, 14).items()}
    loading.load(postgres_db.admin, rows, "theirs")
    user = postgres_db.info.user
    postgres_db.run(f"GRANT USAGE ON SCHEMA theirs TO {user}", f"GRANT ALL ON ALL TABLES IN SCHEMA theirs TO {user}")
    space.store.commit(space.id, [Batch(name, table) for name, table in rows.items()])
    connecting.add(space, postgres_db.info)
    copied = Workspace(space.store, space.id)
    there = living.live(space, "crm")
    keys = [key for key in KEYS if key in set(copied.lit()["kpi"])]
    assert len(keys) >= 3
    ours, theirs = (one.table(tuple(keys), grain="month").reset_index(drop=True) for one in (copied, there))
    assert ours["value"].notna().sum() > 20
    pd.testing.assert_frame_equal(theirs.astype({"period": str}), ours.astype({"period": str}))
    with pytest.raises(Exception, match="read-only"), there.facts.source.engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM theirs.accounts")


def test_what_cannot_be_live_is_said(postgres_db, space):
    connecting.add(space, postgres_db.info)
    with pytest.raises(DataProblem) as refused:
        living.live(space, "crm")
    assert refused.value.id == "live_no_tables"
    connecting.add(space, ConnectionInfo("my", "mysql", "127.0.0.1", 1, "d", "u", "", {"tls": "off"}))
    with pytest.raises(DataProblem) as refused:
        living.live(space, "my")
    assert refused.value.id == "live_only_postgresql"
