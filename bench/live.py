"""What a live PostgreSQL costs against the embedded engine: the same company, the same panel, in one run.

`python -m bench.live --url postgresql+psycopg://…` with the address of an empty scratch database whose role may
create tables. Fails when the panels differ in any cell.
"""

import argparse
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from bench import company
from data.engines.live import LiveFacts, LiveTable
from data.engines.postgres import PostgresSource
from data.panel import build_panel
from tests.engines import loading


def run(url: sa.URL, accounts: int, months: int, usage_rows: int) -> list[tuple[str, float]]:
    """Every figure by name."""
    with tempfile.TemporaryDirectory(prefix="farol-bench-") as folder:
        facts = company.write(Path(folder), accounts, months, usage_rows)
        rows = loading.rows_of(facts)
        loading.load(url, rows, "bench")
        engine = sa.create_engine(url)
        source = PostgresSource(engine, "bench", "bench", timeout_seconds=600)
        live = LiveFacts(source, {name: LiveTable(name) for name in rows}, "bench", facts.imported_on)
        took, panels = [], []
        for one in (facts, live):
            build_panel(one, "quarter", families=())  # what is loaded is asked once per data version, not per panel
            begun = time.perf_counter()
            panels.append(build_panel(one, "month").frame)
            took.append(time.perf_counter() - begun)
        engine.dispose()
        if not panels[0].equals(panels[1]):
            raise SystemExit("The two panels differ.")
        return [
            ("rows at the source", sum(table.num_rows for table in rows.values())),
            ("rows over the wire", len(panels[1])),
            ("measures", len(panels[1].columns) - 2),
            ("panel, embedded, s", took[0]),
            ("panel, PostgreSQL, s", took[1]),
            ("PostgreSQL ÷ embedded", took[1] / took[0]),
        ]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--accounts", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--usage-rows", type=int, default=1_000_000)
    given = parser.parse_args()
    for name, value in run(sa.make_url(given.url), given.accounts, given.months, given.usage_rows):
        print(f"{name:<28}{value:>14,.2f}")


if __name__ == "__main__":
    main()
