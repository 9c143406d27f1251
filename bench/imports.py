"""How fast a big file comes in, and how little memory that takes: against the engine's bare copy of the same file.

`python -m bench.imports --help` for sizes. The file is made up from a seed, in a temporary folder.
"""

import argparse
import gc
import logging
import os
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from openpyxl import Workbook

import workspace
from data import apart
from data.store import Store
from workspace import Workspace

TARGETS = {
    "import ÷ bare copy": ("at most", 1.5),
    "memory of a child, MB": ("at most", 600.0),
}


class Peaks(logging.Handler):
    """Hears how much memory each child took at most."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.steps: dict[str, list[tuple[float, float, int]]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a step: its seconds, seconds of processors and megabytes."""
        if isinstance(record.args, tuple) and len(record.args) == 4:
            step, seconds, busy, megabytes = record.args
            self.steps.setdefault(str(step), []).append((float(str(seconds)), float(str(busy)), int(str(megabytes))))

    def take(self) -> dict[str, list[tuple[float, float, int]]]:
        """What was heard since the last time."""
        heard, self.steps = self.steps, {}
        return heard


def usage(path: Path, rows: int, seed: int = 7) -> None:
    """Write rows of use as a CSV file: about 52 bytes each."""
    chance = np.random.default_rng(seed)
    days = np.datetime64("2023-01-01") + np.sort(chance.integers(0, 900, rows)).astype("timedelta64[D]")
    accounts = pa.array([f"ACC-{number:06d}" for number in range(10_000)])
    users = pa.array([f"user-{number:06d}@example" for number in range(200_000)])
    features = pa.array(["reports", "dashboards", "exports", "api", "alerts", "search"])
    table = pa.table(
        {
            "account_id": accounts.take(pa.array(chance.integers(0, len(accounts), rows))),
            "used_on": pa.array(days).cast(pa.date32()),
            "user_id": users.take(pa.array(chance.integers(0, len(users), rows))),
            "feature": features.take(pa.array(chance.integers(0, len(features), rows))),
            "events": chance.integers(1, 40, rows),
        }
    )
    arrow_csv.write_csv(table, path, arrow_csv.WriteOptions(quoting_style="none"))


def spreadsheet(path: Path, rows: int) -> None:
    """Write invoices as a spreadsheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("invoices")
    sheet.append(["invoice_id", "account_id", "issued_on", "amount", "status"])
    for number in range(rows):
        day = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        sheet.append([f"F-{number}", f"ACC-{number % 900:06d}", day, number % 977 + 0.5, "paid"])
    book.save(path)


def bare_copy(source: Path, target: Path) -> tuple[float, float]:
    """Seconds of the engine alone, from CSV to Parquet: on the clock, and of processors."""
    start, busy = time.perf_counter(), time.process_time()
    with duckdb.connect() as engine:
        engine.execute(f"copy (from read_csv('{source}')) to '{target}' (format parquet)")
    return time.perf_counter() - start, time.process_time() - busy


def brought_in(source: Path, home: Path) -> tuple[float, float, int]:
    """Seconds from a file to a committed snapshot, of processors in this process alone, and its rows."""
    store = Store(home)
    space = Workspace(store, store.create_workspace(f"bench {time.monotonic_ns()}").id)
    start, busy = time.perf_counter(), time.process_time()
    upload = workspace.look(source, store=store)
    prepared = workspace.check(space, [upload])
    workspace.store_rows(space, [upload], prepared)
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    stored = sum(store.rows(space.id).values())
    store.close()
    return seconds, busy, stored


def run(rows: int, times: int, sheet_rows: int) -> list[tuple[str, float]]:
    """Every figure by name, in the order of the table."""
    peaks = Peaks()
    log = logging.getLogger("data.apart.asking")
    log.addHandler(peaks)
    log.setLevel(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="farol-bench-") as folder:
        place = Path(folder)
        source = place / "usage.csv"
        usage(source, rows)
        gc.collect()
        apart.look(b"account_id,used_on\nA,2024-01-01\n", "usage.csv", None, None, place / "first")  # libraries loaded
        peaks.take()
        ratios, copies, imports = [], [], []
        steps: dict[str, list[tuple[float, float, int]]] = {}
        busy_ratios: list[float] = []
        for _ in range(times):  # side by side, so that what else the machine does meets both
            copied, busy_copying = bare_copy(source, place / "copy.parquet")
            seconds, busy, stored = brought_in(source, place / "home")
            if stored != rows or pq.read_metadata(place / "copy.parquet").num_rows != rows:
                raise SystemExit("Not every row came in.")
            copies.append(copied)
            imports.append(seconds)
            ratios.append(seconds / copied)
            heard = peaks.take()
            busy_ratios.append((busy + sum(one[1] for each in heard.values() for one in each)) / busy_copying)
            for step, each in heard.items():
                steps.setdefault(step, []).extend(each)
        sheet = place / "invoices.xlsx"
        spreadsheet(sheet, sheet_rows)
        sheet_seconds, _, stored = brought_in(sheet, place / "home")
        if stored != sheet_rows:
            raise SystemExit("Not every row of the spreadsheet came in.")
        of_sheet = peaks.take()
        size = os.stat(source).st_size
    found = {step: np.median([one[0] for one in each]) for step, each in steps.items()}
    return [
        ("rows brought in", rows),
        ("file, MB", size / 1e6),
        ("bare copy, s", float(np.median(copies))),
        ("import, s", float(np.median(imports))),
        ("of it looking, s", float(found["look"])),
        ("of it checking, s", float(found["check"])),
        ("import ÷ bare copy", float(np.median(ratios))),
        ("the same in time of processors", float(np.median(busy_ratios))),
        ("memory of a child, MB", max(one[2] for each in steps.values() for one in each)),
        ("rows of a spreadsheet", sheet_rows),
        ("spreadsheet, s", sheet_seconds),
        ("memory for a spreadsheet, MB", max(one[2] for each in of_sheet.values() for one in each)),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--sheet-rows", type=int, default=100_000)
    asked = parser.parse_args()
    for name, value in run(asked.rows, asked.times, asked.sheet_rows):
        kind, target = TARGETS.get(name, ("", 0.0))
        print(f"{name:32} {value:14,.2f}   {f'{kind} {target:g}' if kind else ''}")


if __name__ == "__main__":
    main()
