"""Five million rows are committed as columns: quickly, and without a second copy in memory."""

import resource
import sys
import time

import numpy as np
import pyarrow as pa
import pytest

from data.store import Batch

ROWS = 5_000_000


def usage(rows):
    chance = np.random.default_rng(1)
    accounts = pa.array([f"C-{number}" for number in range(10_000)])
    users = pa.array([f"user-{number}" for number in range(100_000)])
    return pa.table(
        {
            "account_id": accounts.take(pa.array(chance.integers(0, 10_000, rows))),
            "used_on": pa.array(chance.integers(19_000, 20_000, rows).astype("int32")).cast(pa.date32()),
            "user_id": users.take(pa.array(chance.integers(0, 100_000, rows))),
        }
    )


def peak_megabytes():
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


@pytest.mark.slow
def test_five_million_rows(store, workspace):
    frame = usage(ROWS)
    store.commit(workspace, [Batch("usage", frame.slice(0, 1000))])  # imports and first allocations
    before, start = peak_megabytes(), time.perf_counter()
    store.commit(workspace, [Batch("usage", frame)])
    assert time.perf_counter() - start < 30
    assert peak_megabytes() - before < 200
    assert store.rows(workspace) == {"usage": ROWS + 1000}


@pytest.mark.slow
def test_a_million_keys_are_updated_in_bounded_memory(store, workspace):
    def invoices(first, count):
        return pa.table(
            {
                "invoice_id": [f"F-{number}" for number in range(first, first + count)],
                "account_id": ["a"] * count,
                "issued_on": pa.array([19_000] * count, pa.int32()).cast(pa.date32()),
                "amount": np.ones(count),
            }
        )

    store.commit(workspace, [Batch("invoices", invoices(0, 1_000_000))])
    start = time.perf_counter()
    store.commit(workspace, [Batch("invoices", invoices(900_000, 200_000), "upsert")])
    assert time.perf_counter() - start < 30
    assert store.rows(workspace) == {"invoices": 1_100_000}
