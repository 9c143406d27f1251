"""A workspace on live facts tells the numbers of the same workspace on imported rows."""

from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

import workspace
from data.engines.live import LiveFacts, LiveTable
from data.engines.postgres import PostgresSource
from tests.engines import loading
from tests.services import Server
from workspace import behind
from workspace.numbers import Workspace


@pytest.mark.slow
def test_every_kpi_is_the_same_on_live_facts(postgres: Server, tmp_path: Path) -> None:
    imported = workspace.Workspace.open("sample", tmp_path)
    rows = loading.rows_of(imported.facts)
    url = postgres.new_database()
    loading.load(url, {f"app_{name}": table for name, table in rows.items()})
    engine = sa.create_engine(url)
    there = {name: LiveTable(f"app_{name}") for name in rows}
    zone = imported.settings["timezone"]
    facts = LiveFacts(PostgresSource(engine, "sample", timezone=zone), there, "now", imported.facts.imported_on)
    live = Workspace(imported.store, imported.id, seen=facts)
    assert live.span == imported.span
    assert live.dimensions == imported.dimensions
    assert live.row_dimensions == imported.row_dimensions
    last = imported.periods()[-2].id
    for asked in (
        {},
        {"grain": "quarter", "by": ("segment",)},
        {"by": ("plan",), "where": {"segment": ["SMB"]}, "start": imported.periods()[-4].id},
        {"as_of": imported.periods()[-5].closing, "start": imported.periods()[-9].id},
        {"keys": ["csat"], "by": ("journey_stage",), "start": imported.periods()[-4].id},
    ):
        here, there_ = imported.table(**asked), live.table(**asked)
        assert here["value"].notna().any()
        differing = here[~((here["value"] == there_["value"]) | (here["value"].isna() & there_["value"].isna()))]
        assert differing.empty, differing.join(there_["value"].rename("live")).to_string()
        pd.testing.assert_frame_equal(here, there_, check_exact=True)
    for one in (behind.accounts(imported, "nrr", last), behind.evidence(imported, "contacts_opened", last)):
        assert len(one)
    pd.testing.assert_frame_equal(behind.accounts(imported, "nrr", last), behind.accounts(live, "nrr", last))
    pd.testing.assert_frame_equal(imported.health(last), live.health(last), check_exact=True)
    engine.dispose()
