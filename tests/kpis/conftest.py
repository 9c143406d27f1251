"""What the tests of formulas share."""

import pytest

from kpis import benchmarks, catalogue, health


@pytest.fixture(autouse=True)
def tables_read_afresh():
    """Forget the tables read before, so that every test sees them read by the code under test."""
    for table in (benchmarks._rows, catalogue.default_pairs, health.presets):
        table.cache_clear()
