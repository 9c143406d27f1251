"""How fast the engine is: the panel against straight SQL and plain pandas, and the cube.

All in one run on one machine, so that the ratios mean something where the seconds do not. The three
ways must give the same numbers, or the run fails. `python -m bench.bench --help` for sizes.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import company, evidence, imports, straight
from bench.page import warm_pages
from data.cube import build_cube, query_cube
from data.measures import FAMILIES, movements, usage
from data.panel import build_panel
from kpis.catalogue import BUILT_IN
from kpis.kpi import Objective

COMPARED = (movements.FAMILY, usage.FAMILY, usage.STICKINESS_FAMILY)
TARGETS = {
    "panel ÷ straight SQL": ("at most", 1.5),
    "pandas ÷ panel": ("at least", 1.5),
    "cube query p95, ms": ("at most", 10.0),
    "warm retention page, CPU ms": ("at most", 80.0),
    "warm quality page, CPU ms": ("at most", 80.0),
    "warm expansion page, CPU ms": ("at most", 80.0),
    "warm financial page, CPU ms": ("at most", 80.0),
    **imports.TARGETS,
}


def timed(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """The median of seconds of some runs, and the last result."""
    seconds, result = [], None
    for _ in range(times):
        result = None
        gc.collect()
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), result


def same(panel: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether the panel, without its company row, says what another reduction says."""
    mine = panel[panel["account_id"] != ""]
    names = [*straight.MOVES, *straight.USE]
    return bool((mine[names].to_numpy(np.int64) == other[names].to_numpy(np.int64)).all())


def page_measures(objective: Objective, panel: pd.DataFrame) -> list[str]:
    """The measures that the KPIs of an objective's page are told from: what a screen asks of the cube."""
    wanted = {name for kpi in BUILT_IN.page(objective) for name in kpi.measures}
    return [name for name in panel.columns if name in wanted]


def cube_queries(
    panel: pd.DataFrame, attributes: pd.DataFrame, times: int, measures: list[str] | None = None
) -> tuple[float, float, int]:
    """Seconds to build a cube of two dimensions, the 95th percentile of its queries in ms, and its rows.

    `measures` are those asked for, None asks for every one.
    """
    seconds, cube = timed(lambda: build_cube(panel, attributes, ("segment", "region")), 3)
    asked: list[dict[str, Any]] = [
        {},
        {"by": ("segment",)},
        {"by": ("region",), "where": {"segment": "SMB"}},
        {"by": ("segment", "region"), "periods": list(cube["period"].cat.categories[-12:])},
        {"where": {"region": ["S", "N"]}},
    ]
    took = []
    for number in range(times):
        start = time.perf_counter()
        query_cube(cube, **asked[number % len(asked)], measures=measures)
        took.append(time.perf_counter() - start)
    return seconds, float(np.percentile(took, 95) * 1000), len(cube)


def run(accounts: int, months: int, usage_rows: int, times: int, sheet_rows: int) -> list[tuple[str, float]]:
    """Every figure by name, in the order of the table."""
    with tempfile.TemporaryDirectory(prefix="farol-bench-") as folder:
        facts = company.write(Path(folder), accounts, months, usage_rows)
        panel_seconds, panel = timed(lambda: build_panel(facts, "month", families=COMPARED), times)
        sql_seconds, by_sql = timed(lambda: straight.in_sql(facts.files, panel.periods), times)
        pandas_seconds, by_pandas = timed(lambda: straight.in_pandas(facts.files, panel.periods), 1)
        if not (same(panel.frame, by_sql) and same(panel.frame, by_pandas)):
            raise SystemExit("The three ways do not give the same numbers.")
        rows = len(panel.frame)
        full_seconds, full = timed(lambda: build_panel(facts, "month"), 1)
        attributes = pd.read_parquet(facts.files["accounts"][0])
        cube_seconds, p95, cube_rows = cube_queries(full.frame, attributes, 200)
        _, page_p95, _ = cube_queries(full.frame, attributes, 200, page_measures("retention", full.frame))
    pages = warm_pages(15)
    return [
        ("rows of the panel", rows),
        ("panel, s", panel_seconds),
        ("straight SQL, s", sql_seconds),
        ("pandas, s", pandas_seconds),
        ("panel ÷ straight SQL", panel_seconds / sql_seconds),
        ("pandas ÷ panel", pandas_seconds / panel_seconds),
        ("whole panel (every measure), s", full_seconds),
        ("measures of the whole panel", len({m.name for family in FAMILIES for m in family.measures})),
        ("cube build, s", cube_seconds),
        ("rows of the cube", cube_rows),
        ("cube query, every measure, p95, ms", p95),
        ("cube query p95, ms", page_p95),
        *((f"warm {page} page, CPU ms", milliseconds) for page, milliseconds in pages.items()),
        *imports.run(usage_rows, times, sheet_rows),
        *evidence.figures(),
    ]


def main() -> None:
    """Print the table, with each target met or missed: a busy machine misses some, which is no failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--usage-rows", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--sheet-rows", type=int, default=100_000)
    given = parser.parse_args()
    print(f"{given.accounts:,} accounts, {given.months} months, {given.usage_rows:,} usage rows")
    for name, value in run(given.accounts, given.months, given.usage_rows, given.times, given.sheet_rows):
        rule, limit = TARGETS.get(name, ("", 0.0))
        met = value <= limit if rule == "at most" else value >= limit
        verdict = f"{rule} {limit:g}: {'met' if met else 'MISSED'}" if rule else ""
        print(f"{name:<52}{value:>12,.2f}  {verdict}".rstrip())


if __name__ == "__main__":
    main()
