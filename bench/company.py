"""A seeded company of any size, written straight to Parquet: for measuring, not for showing."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.facts import Facts

FIRST = date(2022, 1, 1)
FEATURES = 20
SEGMENTS, REGIONS = ("SMB", "Mid", "Enterprise"), ("S", "SE", "NE", "N")


def write(folder: Path, accounts: int, months: int, usage_rows: int, seed: int = 7) -> Facts:
    """Accounts, subscriptions, usage, invoices, contacts and surveys of a company.

    Accounts join over the first two thirds, change their price, add a product, leave and come back.
    """
    rng = np.random.default_rng(seed)
    days = int(months * 365.25 / 12)
    ids = np.array([f"C-{number:06d}" for number in range(accounts)])
    seats = rng.integers(1, 60, accounts)
    tables = {
        "accounts": {
            "account_id": ids,
            "segment": np.array(SEGMENTS)[rng.integers(0, 3, accounts)],
            "region": np.array(REGIONS)[rng.integers(0, 4, accounts)],
            "seats": seats,
        },
        "subscriptions": _subscriptions(rng, ids, days),
        "usage": _usage(rng, ids, seats, days, usage_rows),
        "invoices": _invoices(rng, ids, days),
        "contacts": _contacts(rng, ids, days),
        "surveys": _surveys(rng, ids, days),
    }
    files = {}
    for name, columns in tables.items():
        path = folder / f"{name}.parquet"
        pq.write_table(pa.table(columns), path)
        files[name] = (str(path),)
    return Facts(files, f"bench-{accounts}-{months}-{usage_rows}-{seed}", FIRST + timedelta(days=days - 1))


def _days(numbers: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    start = np.datetime64(FIRST, "D")
    return pa.array(start + numbers.astype("timedelta64[D]"), pa.date32(), mask=missing)


def _times(numbers: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    start = np.datetime64(FIRST, "us")
    return pa.array(start + (numbers * 1e6).astype("timedelta64[us]"), pa.timestamp("us"), mask=missing)


def _subscriptions(rng: np.random.Generator, ids: np.ndarray, days: int) -> dict[str, object]:
    count = len(ids)
    joined = rng.integers(0, days * 2 // 3, count)
    changed = joined + rng.integers(60, 400, count)
    left = np.where(rng.random(count) < 0.35, changed + rng.integers(30, 500, count), 10**6)
    back = np.where(rng.random(count) < 0.2, left + rng.integers(30, 200, count), 10**6)
    added = np.where(rng.random(count) < 0.3, joined + rng.integers(30, 300, count), 10**6)
    price = rng.integers(50, 3000, count).astype(float)
    quantity = rng.integers(1, 30, count).astype(float)
    more = np.where(rng.random(count) < 0.5, quantity, quantity + rng.integers(1, 5, count))
    core, plus = np.full(count, "Core"), np.full(count, "Plus")
    stretches = [
        (core, joined, np.minimum(changed, left), price, quantity),
        (core, changed, left, np.round(price * rng.uniform(0.8, 1.3, count), 2), more),
        (plus, added, np.minimum(added + 300, left), np.round(price * 0.25, 2), quantity),
        (core, back, np.full(count, 10**6), price, quantity),
    ]
    kept = [(start < days) & (start < end) for _, start, end, _, _ in stretches]
    prefix = ["S", "S", "P", "R"]
    end = np.concatenate([end[k] for (_, _, end, _, _), k in zip(stretches, kept, strict=True)])
    return {
        "subscription_id": np.concatenate([np.char.add(p, ids[k]) for p, k in zip(prefix, kept, strict=True)]),
        "account_id": np.concatenate([ids[k] for k in kept]),
        "started_on": _days(np.concatenate([s[1][k] for s, k in zip(stretches, kept, strict=True)])),
        "ended_on": _days(np.minimum(end, days + 400), end >= 10**6),
        "amount": np.concatenate([s[3][k] for s, k in zip(stretches, kept, strict=True)]),
        "product": np.concatenate([s[0][k] for s, k in zip(stretches, kept, strict=True)]),
        "plan": np.full(len(end), "Pro"),
        "quantity": np.concatenate([s[4][k] for s, k in zip(stretches, kept, strict=True)]),
    }


def _usage(rng: np.random.Generator, ids: np.ndarray, seats: np.ndarray, days: int, rows: int) -> dict[str, object]:
    owner = np.sort(rng.integers(0, len(ids), rows)).astype(np.int32)
    person = (rng.random(rows) * seats[owner]).astype(np.int32)
    names = np.array([f"u{number}" for number in range(int(seats.max()))])
    features = np.array([f"feature {number}" for number in range(FEATURES)])
    return {
        "row_id": np.arange(rows),
        "account_id": pa.DictionaryArray.from_arrays(owner, ids).cast(pa.string()),
        "used_on": _days(rng.integers(0, days, rows)),
        "user_id": pa.DictionaryArray.from_arrays(person, names).cast(pa.string()),
        "feature": pa.DictionaryArray.from_arrays(rng.integers(0, FEATURES, rows).astype(np.int32), features).cast(
            pa.string()
        ),
    }


def _invoices(rng: np.random.Generator, ids: np.ndarray, days: int) -> dict[str, object]:
    rows = len(ids) * 12
    issued = rng.integers(0, days, rows)
    return {
        "invoice_id": np.array([f"F{number}" for number in range(rows)]),
        "account_id": ids[rng.integers(0, len(ids), rows)],
        "issued_on": _days(issued),
        "due_on": _days(issued + 30),
        "paid_on": _days(issued + rng.integers(5, 80, rows), rng.random(rows) < 0.1),
        "amount": np.round(rng.uniform(20, 3000, rows), 2),
    }


def _contacts(rng: np.random.Generator, ids: np.ndarray, days: int) -> dict[str, object]:
    rows = len(ids) * 10
    opened = rng.uniform(0, days * 86_400, rows)
    return {
        "contact_id": np.array([f"T{number}" for number in range(rows)]),
        "opened_at": _times(opened),
        "account_id": ids[rng.integers(0, len(ids), rows)],
        "channel": np.array(["phone", "email", "chat"])[rng.integers(0, 3, rows)],
        "solved_at": _times(opened + rng.exponential(90_000, rows), rng.random(rows) < 0.1),
        "handle_seconds": np.round(rng.exponential(240, rows)),
        "abandoned": rng.random(rows) < 0.1,
        "queue_seconds": np.round(rng.exponential(20, rows)),
    }


def _surveys(rng: np.random.Generator, ids: np.ndarray, days: int) -> dict[str, object]:
    rows = len(ids) * 4
    return {
        "response_id": np.array([f"A{number}" for number in range(rows)]),
        "kind": np.array(["nps", "csat"])[rng.integers(0, 2, rows)],
        "responded_at": _times(rng.uniform(0, days * 86_400, rows)),
        "account_id": ids[rng.integers(0, len(ids), rows)],
        "respondent_id": np.array([f"u{number}" for number in range(50)])[rng.integers(0, 50, rows)],
        "score": rng.integers(0, 11, rows).astype(float),
        "scale_min": np.zeros(rows),
        "scale_max": np.full(rows, 10.0),
    }
