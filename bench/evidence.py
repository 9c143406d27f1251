"""How long evidence takes: series pairs, accounts, a map, forecasts. `python -m bench.evidence` prints CPU seconds.

The figures in `TARGETS` are those promised on two cores; they are printed, never asserted against a clock.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

import data.sample
import workspace
from bench.evidence_accounts import company
from kpis.evidence.accounts import account_evidence
from kpis.evidence.backtest import backtest
from kpis.evidence.forecast import forecast
from kpis.evidence.preparing import Series
from kpis.evidence.series import series_evidence

TARGETS = {
    "150 series pairs × 9,999 permutations, n = 60, CPU s": 2.0,
    "5,000 accounts × 36 months × 15 indicators, CPU s": 2.0,
    "50,000 accounts × 36 months × 15 indicators, CPU s": 10.0,
    "whole map of the sample company with 5,000 accounts, CPU s": 5.0,
}


def best_of(times: int, work: Callable[[], object]) -> float:
    """The least processor time of some runs, in seconds: what others do on the machine does not count."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def series_pairs(months: int = 60) -> Callable[[], object]:
    """Fifteen indicators against ten outcomes."""
    random = np.random.default_rng(1)
    series = {f"x{number}": Series(f"x{number}", random.standard_normal(months).cumsum()) for number in range(15)}
    series |= {f"y{number}": Series(f"y{number}", random.standard_normal(months).cumsum()) for number in range(10)}
    names = [(f"x{one}", f"y{other}") for one in range(15) for other in range(10)]
    return lambda: series_evidence(names, series, first_month=1)


def accounts(count: int) -> Callable[[], object]:
    """Fifteen indicators against one outcome."""
    one = company("null", count, 1, indicators=15)
    return lambda: account_evidence(one.history, one.outcome, one.indicators)


def whole_map(accounts: int = 5_000) -> float:
    """Processor time of the map of the sample company, nothing kept but the months of its accounts; in seconds."""
    tables = data.sample.generate(accounts, 36)
    with (
        tempfile.TemporaryDirectory(prefix="farol-bench-") as home,
        mock.patch.dict(os.environ, {"FAROL_DATABASE_URL": ""}),
        mock.patch.object(data.sample, "generate", return_value=tables),
    ):
        opened = workspace.Workspace.open("sample", Path(home))
        opened.panel("month")
        return best_of(1, lambda: workspace.lead_map(opened))


def figures(times: int = 3) -> list[tuple[str, float]]:
    """Every figure by name."""
    pairs, smaller, larger, whole = TARGETS
    one = company("null", 5_000, 1)
    grid = one.history.matrix(one.indicators[0].values)
    path = np.exp(0.01 * np.arange(60) + 0.01 * np.random.default_rng(2).standard_normal(60))
    return [
        (pairs, best_of(times, series_pairs())),
        (smaller, best_of(times, accounts(5_000))),
        (larger, best_of(1, accounts(50_000))),
        (whole, whole_map()),
        (
            "backtest of a score, 5,000 accounts × 36 months, CPU s",
            best_of(times, lambda: backtest(one.history, one.outcome, grid)),
        ),
        ("forecast of 60 months, CPU s", best_of(times, lambda: forecast(path, "money"))),
    ]


def main() -> None:
    """Print the table."""
    for name, seconds in figures():
        promised = (
            f"at most {TARGETS[name]:g}: {'met' if seconds <= TARGETS[name] else 'MISSED'}" if name in TARGETS else ""
        )
        print(f"{name:<60}{seconds:>8.2f}  {promised}".rstrip())


if __name__ == "__main__":
    main()
