"""After an erasure every KPI is what it would be if the account had never been imported."""

from pathlib import Path

import pandas as pd

from data.sample import as_arrow, generate
from data.store import Batch, Store
from workspace import Workspace

OWNERS = ("account_id", "referrer_account_id", "referred_account_id")


def without(frame: pd.DataFrame, account: str) -> pd.DataFrame:
    for name in OWNERS:
        if name in frame:
            frame = frame[~(frame[name] == account).fillna(False)]
    return frame.reset_index(drop=True)


def test_kpis_are_those_of_the_data_without_the_account(tmp_path: Path) -> None:
    store = Store(tmp_path / "home", f"sqlite:///{tmp_path / 'state.db'}")
    tables = generate(20, 10)
    account = str(tables["subscriptions"]["account_id"].iloc[0])
    whole = store.create_workspace("whole").id
    never = store.create_workspace("never").id
    store.commit(whole, [Batch(name, as_arrow(name, frame)) for name, frame in tables.items()])
    store.commit(never, [Batch(name, as_arrow(name, without(frame, account))) for name, frame in tables.items()])
    assert store.rows(whole) != store.rows(never)
    store.erase(whole, account)
    assert store.rows(whole) == store.rows(never)
    found, wanted = (Workspace(store, id).table() for id in (whole, never))
    assert len(found) > 100
    pd.testing.assert_frame_equal(found, wanted)
    store.close()
