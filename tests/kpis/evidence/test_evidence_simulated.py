"""What the engine promises, where the truth is known: sizes, power, directions, leaks, coverage (fixed seeds).

The same simulations, larger, make the tables of docs/evidence.md (`make evidence-tables`).
"""

import pytest

from bench import evidence_tables as tables

pytestmark = pytest.mark.slow

FEWER = {
    "series-size": lambda: tables.series_size(300),
    "series-direction": tables.series_direction,
    "series-power": lambda: tables.series_power(200),
    "whole-company": lambda: tables.whole_company(20),
    "account-size": lambda: tables.account_size(24),
    "account-power": lambda: tables.account_power(80),
    "account-leaks": lambda: tables.account_leaks(40),
    "account-coverage": lambda: tables.account_coverage(60),
}


@pytest.mark.parametrize("name", tables.TABLES)
def test_promises(name):
    rows = FEWER[name]()
    print("\n".join(row.line() for row in rows))
    assert rows
    assert [row.line() for row in rows if not row.met] == []
